import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { fileSource, memorySource } from '../../../src/main/formats/byte-source.ts';
import { float16ToFloat32, float32ToFloat16, isFloatType, toFloat32 } from '../../../src/main/formats/half.ts';
import { writeSafetensors } from '../../../src/main/formats/safetensors.ts';
import { readTensor, readWeightsIndex } from '../../../src/main/formats/weights-file.ts';
import type { TensorEntry } from '../../../src/main/formats/weights-index.ts';
import { MadderError } from '../../../src/shared/errors.ts';
import { floatTensor, numbersOf } from '../../../src/shared/tensor.ts';
import { thirdPartyPath } from '../engine/networks/golden.ts';
import {
  bytes,
  checkpointPath,
  dict,
  floats,
  global,
  integer,
  LEGACY_HEAD,
  list,
  little,
  ordered,
  pickled,
  reduce,
  storage,
  tensor,
  text,
  torchLegacy,
  torchZip,
  tuple,
  zip,
} from './checkpoint-bytes.ts';

const fixture = (name: string) => readFile(checkpointPath(name));

/** Every tensor of a file: its type, shape and numbers. */
async function contents(file: Uint8Array, name = 'thin.pth') {
  const source = memorySource(file);
  const index = await readWeightsIndex(source, name);
  const tensors: Record<string, { type: string; dims: readonly number[]; values: number[] }> = {};
  for (const [path, entry] of index.tensors) {
    const read = await readTensor(source, entry);
    const values = numbersOf(isFloatType(read.type) ? toFloat32(read) : read);
    tensors[path] = { type: read.type, dims: read.dims, values };
  }
  return { ...index, read: tensors };
}

async function refusalOf(file: Uint8Array, name = 'thin.pth'): Promise<string> {
  const error: unknown = await contents(file, name).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(MadderError);
  expect((error as MadderError).kind).toBe('network');
  return (error as MadderError).message;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) => new Uint8Array(buffer, byteOffset, byteLength);

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

describe('PyTorch checkpoints, zip and legacy', () => {
  it.each(['layouts.pth', 'layouts-legacy.pth'])('%s: tied, transposed, strided, expanded tensors', async (name) => {
    const { read } = await contents(await fixture(name));
    const values = Object.fromEntries(Object.entries(read).map(([path, t]) => [path, [t.dims, t.values]]));
    const at = (rows: readonly number[], columns: readonly number[]) =>
      rows.flatMap((r) => columns.map((c) => 6 * r + c));
    const permuted = range(4).flatMap((k) => range(2).flatMap((i) => range(3).map((j) => 12 * i + 4 * j + k)));
    expect(values).toEqual({
      plain: [[4, 6], range(24)],
      tied: [[4, 6], range(24)],
      transposed: [[6, 4], range(6).flatMap((c) => range(4).map((r) => 6 * r + c))],
      rows: [[2, 6], at([1, 2], range(6))],
      strided: [[2, 3], at([0, 2], [1, 3, 5])],
      permuted: [[4, 2, 3], permuted],
      expanded: [[3, 4], [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]],
      channels_last: [[2, 3, 2, 2], range(24)],
      scalar: [[], [7]],
      empty: [[0, 3], []],
      parameter: [[3], range(3)],
    }); // prettier-ignore
  });

  it.each(['types.pth', 'types-legacy.pth'])('%s: every element type', async (name) => {
    const { read } = await contents(await fixture(name));
    for (const [type, tensor] of Object.entries(read)) {
      const expected = type === 'bool' ? [1, 0, 1] : range(6);
      expect(tensor).toEqual({ type, dims: type === 'bool' ? [3] : [2, 3], values: expected });
    }
    expect(Object.keys(read)).toHaveLength(10);
  });

  it.each([
    ['training.pth', 'torch-zip'],
    ['training-legacy.th', 'torch-legacy'],
  ])('%s: weights beside an optimizer and settings', async (name, format) => {
    const index = await contents(await fixture(name));
    expect(index.format).toBe(format);
    expect(index.skipped).toEqual(['1 object of "argparse.Namespace"']);
    expect(index.unreadable).toEqual(new Map());
    const paths = Object.keys(index.read).sort();
    expect(paths).toHaveLength(12);
    expect(paths[0]).toBe('optimizer.state.0.momentum_buffer');
    expect(index.read['optimizer.state.0.momentum_buffer']!.values).toEqual(new Array(108).fill(1));
    expect(paths).toContain('state_dict.module.features.2.bias');
  });

  it.each(['protocol4.pt', 'protocol4-legacy.pt'])('%s: a later protocol, the same weights', async (name) => {
    const [{ read }, training] = [await contents(await fixture(name)), await contents(await fixture('training.pth'))];
    expect(Object.keys(read)).toHaveLength(6);
    // The training program took one step of size 0.1 along gradients of one.
    const [untrained, trained] = [
      read['state_dict.features.0.bias']!,
      training.read['state_dict.module.features.0.bias']!,
    ];
    trained.values.forEach((v, i) => expect(v).toBeCloseTo(untrained.values[i]! - 0.1, 6));
  });

  it.each(['robustness.pt', 'robustness-doubled.ckpt'])('%s: pickled with dill', async (name) => {
    const { read, skipped } = await contents(await fixture(name));
    expect(Object.keys(read)).toHaveLength(16);
    expect(skipped).toEqual(['1 object of "dill._dill._create_function"']);
  });

  const known = ['squeezenet1_1-zip.pth', 'squeezenet1_1-legacy.pth', 'squeezenet1_1.safetensors'].map(thirdPartyPath);
  it.skipIf(known.includes(undefined))('three files of SqueezeNet 1.1 (skipped without ../shared) agree', async () => {
    const [zipped, legacy, rounded] = await Promise.all(
      known.map(async (path) => {
        const source = memorySource(await readFile(path!));
        const { tensors } = await readWeightsIndex(source, 'squeezenet1_1');
        const read = async (entry: TensorEntry) => [entry.name, toFloat32(await readTensor(source, entry))] as const;
        return new Map(await Promise.all([...tensors.values()].map(read)));
      }),
    );
    expect([...legacy!.keys()]).toEqual([...zipped!.keys()]);
    expect([...rounded!.keys()].sort()).toEqual([...zipped!.keys()].sort());
    for (const [name, { dims, data }] of zipped!) {
      expect(legacy!.get(name)!.dims).toEqual(dims);
      expect(Buffer.compare(bytesOf(legacy!.get(name)!.data), bytesOf(data)), name).toBe(0);
      expect(rounded!.get(name)!.dims).toEqual(dims);
      const half = float16ToFloat32(float32ToFloat16(data));
      expect(Buffer.compare(bytesOf(half), bytesOf(rounded!.get(name)!.data)), name).toBe(0);
    }
  });

  const cifar = thirdPartyPath('resnet20-cifar10.th');
  it.skipIf(cifar === undefined)('a ResNet-20 of PyTorch 0.4 (skipped without ../shared) is read rightly', async () => {
    const source = await fileSource(cifar!);
    try {
      const { format, tensors } = await readWeightsIndex(source, 'resnet20.th');
      expect(format).toBe('torch-legacy');
      expect(tensors.size).toBe(97);
      const norms = [...tensors.values()].filter((t) => /bn.*(weight|running_var)$/.test(t.name));
      expect(norms).toHaveLength(38);
      for (const entry of tensors.values()) {
        const values = numbersOf(toFloat32(await readTensor(source, entry)));
        // What is read from the wrong place is neither small nor, for a variance, positive.
        expect(Math.max(...values.map(Math.abs)), entry.name).toBeLessThan(100);
        if (entry.name.endsWith('running_var')) expect(Math.min(...values), entry.name).toBeGreaterThan(0);
      }
    } finally {
      await source.close();
    }
  });
});

describe('checkpoints made by hand', () => {
  const two = tensor(storage('0', 4), [2], { offset: 1, strides: [2] });

  it('big-endian storages are turned round', async () => {
    const swapped = Uint8Array.from(floats(1, 2, 3, 4)).map((_, i, all) => all[4 * Math.floor(i / 4) + 3 - (i % 4)]!);
    const { read } = await contents(torchZip(dict(['w', two]), { 0: swapped }, 'big'));
    expect(read['w']!.values).toEqual([2, 4]);
    expect(await refusalOf(torchZip(dict(['w', two]), { 0: swapped }, 'middle'))).toMatch(/byte order "middle"/);
  });

  it('a compressed pickle is read, compressed tensors are refused', async () => {
    const data = pickled(dict(['w', two]));
    const parts = (compressed: boolean) => [
      { name: 'data.pkl', data, compressed: true },
      { name: 'data/0', data: floats(1, 2, 3, 4), compressed },
    ];
    expect((await contents(zip(parts(false)))).read['w']!.values).toEqual([2, 4]);
    expect(await refusalOf(zip(parts(true)))).toMatch(/its tensors are compressed; save it again with torch\.save\.$/);
  });

  it('views of storages in early legacy files are followed', async () => {
    const view = tuple(text('1'), integer(1), integer(2));
    const part = tensor(storage('0', 4, { view }), [2]);
    const { read } = await contents(
      torchLegacy(dict(['w', part], ['all', tensor(storage('0', 4), [4])]), { 0: floats(1, 2, 3, 4) }),
    );
    expect(read['w']!.values).toEqual([2, 3]);
    expect(read['all']!.values).toEqual([1, 2, 3, 4]);
    const beyond = tensor(storage('0', 4, { view: tuple(text('1'), integer(3), integer(2)) }), [1]);
    expect(await refusalOf(torchLegacy(beyond, { 0: floats(1, 2, 3, 4) }))).toMatch(/leaves the whole/);
  });

  it('tensors of the first versions, of Python 2, and parameters with attributes', async () => {
    const shape = tuple(integer(2));
    const first = reduce(
      global('torch._utils', '_rebuild_tensor'),
      storage('0', 2),
      integer(0),
      shape,
      tuple(integer(1)),
    );
    const own = (type: string) =>
      reduce(
        global('torch._tensor', '_rebuild_from_type_v2'),
        global('torch._utils', '_rebuild_tensor_v2'),
        global('torch', type),
        tuple(storage('0', 2), integer(0), shape, tuple(integer(1)), bytes('\x89'), ordered),
        dict(),
      );
    const parameter = reduce(global('torch._utils', '_rebuild_parameter'), own('Tensor'), bytes('\x88'), ordered);
    const object = bytes(
      '}(U\x03old',
      first,
      'K\x07',
      parameter,
      '\x8c\x03mod',
      own('Tensor'),
      'N',
      own('Tensor'),
      'u',
    );
    const { read, tensors } = await contents(torchLegacy(object, { 0: floats(5, 6) }));
    expect([...tensors.keys()]).toEqual(['old', '7', 'mod', '#3']);
    for (const { values } of Object.values(read)) expect(values).toEqual([5, 6]);
  });

  it('lists are walked, cycles end, and what is shared is listed once', async () => {
    const shared = bytes(dict(['w', two]), 'q\x05');
    const cyclic = bytes(']q\x06h\x06a', shared, 'ah\x05a', two, 'a');
    expect(Object.keys((await contents(torchZip(cyclic, { 0: floats(1, 2, 3, 4) }))).read)).toEqual(['3', '1.w']);
  });

  it('names that mean something to JavaScript are names', async () => {
    const object = dict(['__proto__', dict(['constructor', two])]);
    expect((await contents(torchZip(object, { 0: floats(1, 2, 3, 4) }))).tensors.has('__proto__.constructor')).toBe(
      true,
    );
    expect(({} as Record<string, unknown>)['w']).toBeUndefined();
  });

  it('a whole pickled network is refused by the name of its class', async () => {
    expect(await refusalOf(await fixture('module.pt'))).toMatch(
      /^thin\.pth holds its tensors in objects of "torch\.nn\.modules\.container\.Sequential", which Madder does not run; save/,
    );
    const old = bytes(
      tuple(text('module'), global('nets', 'Thin'), text('nets.py'), text('class Thin: ...')),
      'Q)\x81',
    );
    const saved = bytes(old, dict(['_parameters', dict(['w', two])]), 'b');
    expect(await refusalOf(torchLegacy(saved, { 0: floats(1, 2, 3, 4) }))).toMatch(/objects of "nets\.Thin"/);
  });

  it('tensors that only a program could make are told from others', async () => {
    const index = await contents(await fixture('unusual.pt'));
    expect(Object.keys(index.read)).toEqual(['uint16', 'plain']);
    expect(index.read['uint16']).toEqual({ type: 'uint16', dims: [3], values: [0, 1, 2] });
    expect(index.unreadable).toEqual(new Map([['own', '__main__.OwnTensor']]));
    expect(index.skipped).toEqual(['1 tensor of complex64', '1 object of "__main__.OwnTensor"']);
  });

  const weights = { 0: floats(1, 2, 3, 4) };
  it.each<[string, Uint8Array, RegExp]>([
    ['a tensor beyond its storage', tensor(storage('0', 4), [5]), /tensor "w" reaches beyond its data/],
    ['an offset beyond its storage', tensor(storage('0', 4), [1], { offset: 4 }), /reaches beyond/],
    ['strides beyond its storage', tensor(storage('0', 4), [2], { strides: [4] }), /reaches beyond/],
    ['a shape beyond all numbers', tensor(storage('0', 4), [2 ** 40, 2 ** 40], { strides: [0, 0] }), /reaches beyond/],
    ['a negative size', tensor(storage('0', 4), [-1]), /no valid shape/],
    ['too few strides', tensor(storage('0', 4), [2, 2], { strides: [1] }), /no valid shape/],
    ['storage that is missing', tensor(storage('1', 4), [4]), /the data "1" is missing|belongs to nothing/],
    ['storage that is cut off', tensor(storage('0', 5), [4]), /is cut off|another size/],
    ['storage of an unknown kind', tensor(storage('0', 4, { type: 'MagicStorage' }), [4]), /"torch\.MagicStorage"/],
    [
      'storage of impossible size',
      tensor(storage('0', 2 ** 53 - 1, { type: 'DoubleStorage' }), [4]),
      /impossible size/,
    ],
    ['an unknown reference', bytes(tuple(text('file'), text('/etc/passwd')), 'Q'), /in an unknown way/],
    ['a reference that is no tuple', bytes('P/etc/passwd\n'), /in an unknown way/],
  ])('%s is refused, in both formats', async (_, value, message) => {
    const object = dict(['w', value]);
    expect(await refusalOf(torchZip(object, weights))).toMatch(message);
    expect(await refusalOf(torchLegacy(object, weights))).toMatch(message);
  });

  it('a tensor that repetition makes larger than its file is refused before it is made', async () => {
    const endless = tensor(storage('0', 4), [2 ** 20, 2 ** 20], { strides: [0, 0] });
    expect(await refusalOf(torchZip(dict(['w', endless]), weights))).toMatch(
      /^The tensor "w" is larger than its file;/,
    );
  });

  it('legacy files that contradict themselves are refused', async () => {
    const object = pickled(dict(['w', two]));
    const keys = (...names: readonly string[]) => pickled(list(...names.map(text)));
    const data = bytes(little(4, 8), floats(1, 2, 3, 4));
    const cases: [Uint8Array, RegExp][] = [
      [bytes(LEGACY_HEAD, object, keys('0'), data.subarray(0, -1)), /it is cut off/],
      [bytes(LEGACY_HEAD, object), /it is cut off/],
      [bytes(LEGACY_HEAD, object, keys('0', '0'), data, data), /holds the same data twice/],
      [bytes(LEGACY_HEAD, object, keys('0', '1'), data, data), /"1" belongs to nothing/],
      [bytes(LEGACY_HEAD, object, keys(), data), /"0" is missing/],
      [bytes(LEGACY_HEAD, object, pickled(integer(3)), data), /does not say which data/],
      [bytes(LEGACY_HEAD, object, keys('0'), little(5, 8), floats(1, 2, 3, 4)), /another size than its tensors/],
      [bytes(LEGACY_HEAD.subarray(0, 15), pickled(integer(1002)), object), /unknown version/],
    ];
    for (const [file, message] of cases) expect(await refusalOf(file)).toMatch(message);
    expect((await contents(bytes(LEGACY_HEAD, object, keys('0'), data))).read['w']!.values).toEqual([2, 4]);
  });

  it('a pickle longer than what is read at first is read on', async () => {
    const history = dict(['source', text('x'.repeat(2 ** 21))], ['w', two]);
    expect((await contents(torchLegacy(history, weights))).read['w']!.values).toEqual([2, 4]);
  });
});

describe('what a file is, its content decides', () => {
  const safetensors = writeSafetensors(new Map([['w', floatTensor([2], [1, 2])]]), { format: 'pt' });

  it('under any name', async () => {
    const index = await contents(safetensors, 'weights.pth');
    expect(index).toMatchObject({ format: 'safetensors', metadata: { format: 'pt' }, skipped: [] });
    expect(index.read['w']).toEqual({ type: 'float32', dims: [2], values: [1, 2] });
    expect((await contents(await fixture('layouts.pth'), 'a.safetensors')).format).toBe('torch-zip');
  });

  const tar = new Uint8Array(600);
  tar.set(bytes('ustar'), 257);
  it.each<[string, Uint8Array, RegExp]>([
    ['thin.pth', bytes(), /^thin\.pth is neither a safetensors file nor a PyTorch checkpoint/],
    ['thin.safetensors', bytes('abc'), /^thin\.safetensors is not a usable safetensors file: it is only 3 bytes long/],
    ['thin.pt', tar, /tar archive\); load and save it with a newer PyTorch\.$/],
    ['thin.pt', pickled(integer(1)), /is a Python pickle but no PyTorch checkpoint/],
    ['thin.pth', bytes('version https://git-lfs.github.com/spec/v1\noid'), /git lfs pull/],
    ['thin.pth', bytes('\n<!DOCTYPE html><html>'), /is a web page instead of weights/],
    ['thin.pth', zip([{ name: 'a/readme', data: bytes('x') }]), /a zip archive without the file "data\.pkl"/],
    [
      'thin.pt',
      zip(['n/data.pkl', 'n/constants.pkl'].map((name) => ({ name, data: pickled(integer(1)) }))),
      /TorchScript program; save the state_dict of its model with torch\.save, or export it to ONNX\.$/,
    ],
  ])('%s: %s', async (name, file, message) => {
    expect(await refusalOf(file, name)).toMatch(message);
  });

  it('reads no more of a file than its table of contents', async () => {
    let read = 0;
    const source = memorySource(await fixture('robustness-doubled.ckpt'));
    const large = torchZip(dict(['w', tensor(storage('0', 2 ** 18), [2 ** 18])]), { 0: new Uint8Array(2 ** 20) });
    for (const inner of [source, memorySource(large)]) {
      read = 0;
      await readWeightsIndex({ ...inner, read: (b, e) => ((read += e - b), inner.read(b, e)) }, 'x');
      expect(read).toBeLessThan(2 ** 17 + 2 ** 14);
    }
  });
});
