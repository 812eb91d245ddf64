import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { readNeeded } from '../../../../src/main/engine/networks/outline.ts';
import { findStateDict } from '../../../../src/main/engine/networks/state-dict-finder.ts';
import { recognise } from '../../../../src/main/engine/networks/architectures/recognise.ts';
import { StateDict } from '../../../../src/main/engine/networks/architectures/state-dict.ts';
import { memorySource } from '../../../../src/main/formats/byte-source.ts';
import { writeSafetensors } from '../../../../src/main/formats/safetensors.ts';
import { readTensor, readWeightsIndex } from '../../../../src/main/formats/weights-file.ts';
import { MadderError } from '../../../../src/shared/errors.ts';
import { IMAGENET_NORMALIZATION } from '../../../../src/shared/network-manifest.ts';
import { floatTensor, type Tensor } from '../../../../src/shared/tensor.ts';
import {
  bytes,
  checkpointPath,
  dict,
  floats,
  global,
  reduce,
  storage,
  tensor,
  torchZip,
} from '../../formats/checkpoint-bytes.ts';
import { thirdPartyPath } from './golden.ts';

/** The names of a thin VGG, as they would be without anything around them. */
const NAMES = ['features.0.weight', 'features.0.bias', 'features.2.weight', 'features.2.bias'];
const shapes: readonly (readonly number[])[] = [[4, 3, 3, 3], [4], [4, 4, 3, 3], [4]];

/** A file with a thin VGG behind each prefix, its first bias telling which; and other tensors. */
function fileOf(prefixes: readonly string[], others: Readonly<Record<string, readonly number[]>> = {}): Uint8Array {
  const tensors = new Map<string, Tensor>();
  prefixes.forEach((prefix, p) => {
    NAMES.forEach((name, i) => {
      const size = shapes[i]!.reduce((n, d) => n * d, 1);
      tensors.set(prefix + name, floatTensor(shapes[i]!, new Float32Array(size).fill(p + 1)));
    });
  });
  for (const [name, values] of Object.entries(others)) tensors.set(name, floatTensor([values.length], values));
  return writeSafetensors(tensors);
}

async function find(file: Uint8Array) {
  const source = memorySource(file);
  return findStateDict(await readWeightsIndex(source, 'thin.pth'), source, 'thin.pth');
}

describe('the state dict of a checkpoint', () => {
  it.each([
    [''],
    ['state_dict.'],
    ['module.'],
    ['model.net.'],
    ['state_dict.module.encoder_q.'],
    ['module.model.model.'],
    ['netG.backbone.'],
    ['student.module.backbone.'],
  ])('is found behind "%s"', async (prefix) => {
    const found = await find(fileOf([prefix], { 'optimizer.state.0.momentum_buffer': [1], 'scheduler.last': [2] }));
    expect(found.prefix).toBe(prefix);
    expect([...found.tensors.keys()].filter((name) => name.startsWith('features')).sort()).toEqual([...NAMES].sort());
    if (prefix !== '') expect(found.dropped).toEqual(['"optimizer" (1 tensor)', '"scheduler" (1 tensor)']);
  });

  it('is found under any name, beside an optimizer that holds more tensors', async () => {
    const state = Array.from({ length: 12 }, (_, i) => [`optimizer.state.${i}.exp_avg`, [i]] as const);
    expect((await find(fileOf(['my_painter.'], Object.fromEntries(state)))).prefix).toBe('my_painter.');
  });

  it('is the plain one, not an average of training steps', async () => {
    const prefixes = ['state_dict_ema.', 'model_ema.', 'state_dict.', 'teacher.'];
    expect((await find(fileOf(prefixes))).prefix).toBe('state_dict.');
    expect((await find(fileOf(['ema.']))).prefix).toBe('ema.');
  });

  it('of the robustness library is the network outside the attacker, with its normalization', async () => {
    const values = {
      'model.module.normalizer.new_mean': [0.5, 0.25, 0.125],
      'model.module.normalizer.new_std': [1, 2, 3],
    };
    const prefixes = ['model.module.attacker.model.', 'model.module.model.'];
    const found = await find(fileOf(prefixes, { ...values, 'model.module.attacker.normalize.new_mean': [9, 9, 9] }));
    expect(found.prefix).toBe('model.module.model.');
    expect(found.normalization).toEqual({ mean: [0.5, 0.25, 0.125], std: [1, 2, 3], channels: 'RGB', scale: 1 });
    expect(found.dropped).toEqual(['"model.module.attacker" (5 tensors)', '"model.module.normalizer" (2 tensors)']);
  });

  it.each([
    ['robustness.pt', 'model.module.model.'],
    ['robustness-doubled.ckpt', 'model.module.model.model.'],
  ])('%s, as its library saved it', async (name, prefix) => {
    const found = await find(await readFile(checkpointPath(name)));
    expect(found.prefix).toBe(prefix);
    expect(found.normalization).toMatchObject({ mean: [0.4717, 0.4499, 0.3837], std: [0.26, 0.2516, 0.2575] });
  });

  it.each<[string, Readonly<Record<string, readonly number[]>>]>([
    ['a deviation of zero', { 'normalizer.new_mean': [0, 0, 0], 'normalizer.new_std': [1, 0, 1] }],
    ['four channels', { 'normalizer.new_mean': [0, 0, 0, 0], 'normalizer.new_std': [1, 1, 1, 1] }],
    ['a missing deviation', { 'normalizer.new_mean': [0, 0, 0] }],
    ['numbers that are none', { mu: [NaN, 0, 0], sigma: [1, 1, 1] }],
  ])('has no normalization with %s', async (_, others) => {
    expect((await find(fileOf(['model.'], others))).normalization).toBeUndefined();
  });

  it('of an unknown network is shown without its wrappers', async () => {
    const names = ['block.weight', 'head.weight'];
    const tensors = new Map(names.map((n) => [`state_dict.module.${n}`, floatTensor([1], [1])]));
    const found = await find(writeSafetensors(new Map([...tensors, ['epoch', floatTensor([1], [1])]])));
    expect([...found.tensors.keys()].sort()).toEqual(names);
    expect(found.dropped).toEqual(['"epoch" (1 tensor)']);
  });

  it('is refused by name where a program would have to make its tensors', async () => {
    const weight = tensor(storage('0', 1), [1]);
    const made = reduce(global('quant.nets', 'Packed'), weight);
    const file = (inside: Uint8Array) => torchZip(dict(['state_dict', inside], ['other', weight]), { 0: floats(1) });
    const refused = find(file(dict(['fc.weight', weight], ['fc.packed', made])));
    await expect(refused).rejects.toThrow(/^thin\.pth holds its tensors in objects of "quant\.nets\.Packed"/);
    await expect(refused).rejects.toThrow(MadderError);
    const elsewhere = torchZip(dict(['state_dict', dict(['fc.weight', weight])], ['args', made]), { 0: floats(1) });
    expect((await find(elsewhere)).dropped).toEqual(['1 object of "quant.nets.Packed"']);
  });

  it('needs tensors', async () => {
    await expect(find(torchZip(dict(['epoch', bytes('K\x01')]), {}))).rejects.toThrow(/^thin\.pth holds no tensors/);
  });

  const cifar = thirdPartyPath('resnet20-cifar10.th');
  it.skipIf(cifar === undefined)('of a published ResNet-20 (skipped without ../shared) is found', async () => {
    const found = await find(await readFile(cifar!));
    expect(found.prefix).toBe('state_dict.module.');
    expect(found.dropped).toEqual([]);
    expect([...found.tensors.keys()].slice(0, 2)).toEqual(['conv1.weight', 'bn1.weight']);
  });
});

describe('reading what an architecture needs', () => {
  it('leaves out classifiers and optimizers', async () => {
    const file = await readFile(checkpointPath('training.pth'));
    const inner = memorySource(file);
    const index = await readWeightsIndex(inner, 'training.pth');
    const { tensors } = await findStateDict(index, inner, 'training.pth');
    const ranges: string[] = [];
    const source = { ...inner, read: (b: number, e: number) => (ranges.push(`${b}-${e}`), inner.read(b, e)) };
    const build = (weights: ReadonlyMap<string, Tensor>) => {
      const state = new StateDict(weights, 'training.pth');
      return recognise(state).architecture.build(state, IMAGENET_NORMALIZATION);
    };
    const read = await readNeeded(source, tensors, build);
    const needed = NAMES.map((name) => tensors.get(name)!);
    expect(ranges.sort()).toEqual(needed.map(({ begin, end }) => `${begin}-${end}`).sort());
    for (const name of NAMES) expect(read.get(name)).toEqual(await readTensor(inner, tensors.get(name)!));
    expect(build(read).graph.initializers.size).toBeGreaterThan(4);
  });

  it('refuses a tensor that is larger than its file before anything of its size is made', async () => {
    const endless = tensor(storage('0', 4), [2 ** 20, 2 ** 20], { strides: [0, 0] });
    const source = memorySource(torchZip(dict(['w', endless]), { 0: floats(1, 2, 3, 4) }));
    const { tensors } = await readWeightsIndex(source, 'thin.pth');
    const use = (weights: ReadonlyMap<string, Tensor>) => weights.get('w')!.data.length;
    await expect(readNeeded(source, tensors, use)).rejects.toThrow(/larger than its file/);
  });
});
