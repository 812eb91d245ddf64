import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeOnnx } from '../../../src/main/formats/onnx-codec.ts';
import { readOnnxFile } from '../../../src/main/formats/onnx-file.ts';
import type { OnnxModel } from '../../../src/main/formats/onnx.ts';
import { MadderError } from '../../../src/shared/errors.ts';
import { floatTensor } from '../../../src/shared/tensor.ts';

const root = mkdtempSync(join(tmpdir(), 'madder-onnx-'));
const folder = join(root, 'network');
mkdirSync(join(folder, 'sub'), { recursive: true });
afterAll(() => rmSync(root, { recursive: true }));

const weights = floatTensor([4], [1, 2, 3, 4]);
const model: OnnxModel = {
  opset: 17,
  producer: 'test',
  metadata: {},
  graph: {
    ...{ name: 'g', nodes: [], initializers: new Map([['w', weights]]), inputs: [] },
    outputs: [{ name: 'w', type: 'float32', dims: [4] }],
  },
};

/** Writes the model with its weights said to lie at `location` (which has to be two characters or padded by `./`). */
function fileFor(location: string): string {
  const { bytes } = writeOnnx(model, { externalFrom: 1 });
  // The codec names the place "w0"; the same message with another name needs other lengths, so patch them all.
  const patched = replaceText(bytes, 'w0', location);
  const path = join(folder, 'network.onnx');
  writeFileSync(path, patched);
  return path;
}

/** Replaces a text field inside nested messages: every enclosing length grows (all stay below 128). */
function replaceText(bytes: Uint8Array, from: string, to: string): Uint8Array {
  const find = Buffer.concat([Buffer.from([0x12, from.length]), Buffer.from(from)]);
  const at = Buffer.from(bytes).indexOf(find);
  const out = [...bytes.subarray(0, at), 0x12, to.length, ...Buffer.from(to), ...bytes.subarray(at + find.length)];
  const grow = (start: number, end: number): void => {
    for (let i = start; i < end;) {
      const wire = out[i]! & 7;
      if (wire !== 2) i += 2;
      else {
        const length = out[i + 1]!;
        if (i + 2 <= at && i + 2 + length > at) {
          out[i + 1] = length + to.length - from.length;
          return grow(i + 2, i + 2 + length);
        }
        i += 2 + length;
      }
    }
  };
  grow(0, bytes.length);
  return Uint8Array.from(out);
}

const data = new Uint8Array(weights.data.buffer);

describe('readOnnxFile', () => {
  it('reads weights from files beside the network', () => {
    writeFileSync(join(folder, 'weights.bin'), data);
    writeFileSync(join(folder, 'sub', 'w.bin'), data);
    for (const location of ['weights.bin', './weights.bin', 'sub/w.bin']) {
      expect(readOnnxFile(fileFor(location)).graph.initializers.get('w')).toEqual(weights);
    }
  });

  it('follows links inside the folder only', () => {
    writeFileSync(join(root, 'secret'), data);
    symlinkSync(join(root, 'secret'), join(folder, 'out'));
    symlinkSync(root, join(folder, 'up'));
    symlinkSync('weights.bin', join(folder, 'in'));
    expect(readOnnxFile(fileFor('in')).graph.initializers.get('w')).toEqual(weights);
    for (const location of ['out', 'up/secret']) expect(() => readOnnxFile(fileFor(location))).toThrow('outside');
  });

  it.each(['../secret', 'sub/../../secret', '/etc/passwd', 'C:\\secret', '..\\secret', '\\\\host\\file'])(
    'refuses the location %s',
    (location) => {
      expect(() => readOnnxFile(fileFor(location))).toThrow('outside its own folder');
      expect(() => readOnnxFile(fileFor(location))).toThrow(MadderError);
    },
  );

  it.each(['missing', 'sub', 'short'])('refuses weights in %s', (location) => {
    writeFileSync(join(folder, 'short'), data.subarray(1));
    expect(() => readOnnxFile(fileFor(location))).toThrow(MadderError);
    expect(() => readOnnxFile(fileFor(location))).toThrow(`its weights file "${location}"`);
  });

  it('says in one sentence what is wrong with a file', () => {
    const path = join(folder, 'broken.onnx');
    expect(() => readOnnxFile(path)).toThrow(`The network file "${path}" cannot be read: there is no such file.`);
    expect(() => readOnnxFile(folder)).toThrow('it is a folder');
    writeFileSync(path, '');
    expect(() => readOnnxFile(path)).toThrow(`The network file "${path}" is empty.`);
    writeFileSync(path, 'this is text');
    expect(() => readOnnxFile(path)).toThrow(`The file "${path}" is not a usable ONNX network: `);
  });
});
