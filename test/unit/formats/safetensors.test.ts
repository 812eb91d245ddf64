import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSafetensors, readSafetensorsFile, writeSafetensors } from '../../../src/main/formats/safetensors.ts';
import { floatTensor, intTensor, type Tensor } from '../../../src/shared/tensor.ts';

const every: readonly Tensor[] = [
  { type: 'float64', dims: [2], data: Float64Array.of(Math.PI, -0) },
  floatTensor([2, 1], [1.5, -2]),
  { type: 'float16', dims: [3], data: Uint16Array.of(0x3c00, 0xc000, 0x7c00) },
  { type: 'bfloat16', dims: [1], data: Uint16Array.of(0x3f80) },
  intTensor([-1, 2 ** 40]),
  { type: 'uint64', dims: [1], data: BigUint64Array.of(2n ** 63n) },
  { type: 'int32', dims: [1], data: Int32Array.of(-7) },
  { type: 'uint32', dims: [1], data: Uint32Array.of(7) },
  { type: 'int16', dims: [], data: Int16Array.of(-3) },
  { type: 'uint16', dims: [1], data: Uint16Array.of(3) },
  { type: 'int8', dims: [3], data: Int8Array.of(-1, 0, 1) },
  { type: 'uint8', dims: [0, 4], data: Uint8Array.of() },
  { type: 'bool', dims: [3], data: Uint8Array.of(1, 0, 1) },
];
const everyType = new Map(every.map((t) => [`a ${t.type}`, t]));

/** A file with any header and data. */
function file(header: unknown, data = new Uint8Array(0)): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}

const entry = (begin: number, end: number, shape = [(end - begin) / 4], dtype = 'F32') => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe('safetensors', () => {
  it('gives back what was written, of every element type', () => {
    const { tensors, metadata } = readSafetensors(writeSafetensors(everyType, { format: 'pt', note: 'ä "quoted"' }));
    expect(new Map([...tensors].sort())).toEqual(new Map([...everyType].sort()));
    expect(metadata).toEqual({ format: 'pt', note: 'ä "quoted"' });
  });

  it('gives back any shapes and numbers', () => {
    const tensor = fc.array(fc.nat(3), { maxLength: 4 }).map((dims) => {
      const size = dims.reduce((n, d) => n * d, 1);
      return floatTensor(
        dims,
        Array.from({ length: size }, (_, i) => i / 3),
      );
    });
    fc.assert(
      fc.property(fc.dictionary(fc.string(), tensor), (tensors) => {
        const map = new Map(Object.entries(tensors).filter(([name]) => name !== '__metadata__'));
        const read = readSafetensors(writeSafetensors(map)).tensors;
        expect(read.size).toBe(map.size);
        for (const [name, t] of map) expect(read.get(name)).toEqual(t);
      }),
      { numRuns: 50 },
    );
  });

  it('writes the same bytes whatever the order of the tensors', () => {
    expect(writeSafetensors(new Map([...everyType].reverse()))).toEqual(writeSafetensors(everyType));
  });

  it('reads aligned tensors as views and misaligned ones as copies', () => {
    const bytes = writeSafetensors(new Map([['w', floatTensor([2], [1, 2])]]));
    expect(readSafetensors(bytes).tensors.get('w')!.data.buffer).toBe(bytes.buffer);
    for (const shifted of [new Uint8Array(bytes.length + 1), Buffer.alloc(bytes.length + 1)]) {
      shifted.set(bytes, 1);
      const { data } = readSafetensors(shifted.subarray(1)).tensors.get('w')!;
      expect(data.buffer).not.toBe(shifted.buffer);
      expect([...data]).toEqual([1, 2]);
    }
  });

  const cut = writeSafetensors(new Map([['w', floatTensor([2], [1, 2])]]));
  const hugeHeader = new Uint8Array(16).fill(0xff);
  const refusals: [string, Uint8Array, RegExp][] = [
    ['an empty file', new Uint8Array(0), /only 0 bytes/],
    ['a header beyond the limit', hugeHeader, /beyond the limit of 100 MB/],
    ['a header beyond the file', cut.subarray(0, 20), /header is cut off/],
    ['a file that is cut off', cut.subarray(0, -1), /"w" ends beyond the file/],
    ['a header that is not JSON', file('{"a":'), /not JSON/],
    ['a header that is not an object', file('[1]'), /not a JSON object/],
    ['an entry that is not an object', file({ a: 1 }), /"a" is not an object/],
    ['an unknown element type', file({ a: entry(0, 4, [1], 'F8_E5M2') }, new Uint8Array(4)), /F8_E5M2/],
    ['a negative dimension', file({ a: entry(0, 4, [-1]) }, new Uint8Array(4)), /no valid shape/],
    ['offsets in the wrong order', file({ a: entry(4, 0, [1]) }, new Uint8Array(4)), /no valid place/],
    ['fractional offsets', file({ a: entry(0, 3.5, [1]) }, new Uint8Array(4)), /no valid place/],
    ['a size that does not fit', file({ a: entry(0, 4, [2]) }, new Uint8Array(4)), /takes 8 bytes, not 4/],
    ['overlapping tensors', file({ a: entry(0, 8), b: entry(4, 12) }, new Uint8Array(12)), /"b" overlaps/],
    ['a gap', file({ a: entry(4, 8) }, new Uint8Array(8)), /gap before/],
    ['data of no tensor', file({ a: entry(0, 4) }, new Uint8Array(8)), /4 bytes at its end/],
    ['metadata that is not text', file({ __metadata__: { a: 1 } }), /"a" is not a text/],
    ['metadata that is no list', file({ __metadata__: 'a' }), /metadata is not a list/],
  ];
  it.each(refusals)('refuses %s in one sentence that names the file', (_, bytes, message) => {
    const act = () => readSafetensors(bytes, 'thin.safetensors');
    expect(act).toThrow(expect.objectContaining({ name: 'MadderError', kind: 'network' }));
    expect(act).toThrow(message);
    expect(act).toThrow(/^thin\.safetensors is not a usable safetensors file: .*; download or export it again\.$/);
  });

  it('never fails on broken bytes with anything but a MadderError', () => {
    const whole = writeSafetensors(everyType, { format: 'pt' });
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (place, value) => {
        const bytes = whole.slice();
        bytes[place] = value;
        try {
          readSafetensors(bytes);
        } catch (error) {
          expect(error).toMatchObject({ name: 'MadderError' });
        }
      }),
      { numRuns: 500 },
    );
  });

  it('reads files, and says which one is missing', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'madder-'));
    try {
      const path = join(folder, 'w.safetensors');
      await writeFile(path, cut);
      expect([...(await readSafetensorsFile(path)).tensors.get('w')!.data]).toEqual([1, 2]);
      await expect(readSafetensorsFile(join(folder, 'none'))).rejects.toThrow(/none could not be read/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
