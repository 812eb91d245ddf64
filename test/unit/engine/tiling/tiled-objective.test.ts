import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadNetwork } from '../../../../src/main/engine/networks/load.ts';
import type { Network } from '../../../../src/main/engine/networks/network.ts';
import { applyRewrites } from '../../../../src/main/engine/networks/rewrites/apply.ts';
import { gramInput, type NetworkUse, type ObjectiveShape } from '../../../../src/main/engine/objective/assemble.ts';
import {
  measureStatistics,
  mixStatistics,
  PictureObjective,
  type Evaluation,
  type RunSize,
  type Statistics,
} from '../../../../src/main/engine/objective/objective.ts';
import { Regions } from '../../../../src/main/engine/objective/regions.ts';
import { seeGrey } from '../../../../src/main/engine/runs/colour.ts';
import { noisePicture } from '../../../../src/main/engine/runs/random.ts';
import { FeatureStore } from '../../../../src/main/engine/tiling/feature-store.ts';
import { measureGrams, TiledObjective, type TiledOptions } from '../../../../src/main/engine/tiling/tiled-objective.ts';
import { Tiling } from '../../../../src/main/engine/tiling/tiling.ts';
import { recognise } from '../../../../src/main/engine/networks/architectures/recognise.ts';
import { StateDict } from '../../../../src/main/engine/networks/architectures/state-dict.ts';
import { IMAGENET_NORMALIZATION } from '../../../../src/shared/network-manifest.ts';
import { floatTensor, type Tensor } from '../../../../src/shared/tensor.ts';
import { squeezenet } from '../../../support/network-shapes.ts';
import { Random } from '../../../support/random.ts';
import type { Rewrite } from '../../../../src/shared/rewrites.ts';
import type { Normalization } from '../../../../src/shared/objective.ts';

const golden = (name: string) =>
  fileURLToPath(new URL(`../../../golden/data/${name}.weights.safetensors`, import.meta.url));
const THREADS = { threads: 1 };
const BLOCKED = { blockedLayout: true };
const WEIGHTS = { style: 1, content: 0.3, variation: 0.5, variationL1: 0.2, styleLayers: {}, contentLayers: {} };
const ALL_TERMS = { quadratic: true, l1: true };
const NONE = { quadratic: false, l1: false };

/** Shapes and noise. */
function picture({ width, height }: RunSize, seed: number): Float32Array {
  const noise = noisePicture(3 * width * height, seed);
  return noise.map(
    (v, i) => 0.5 + 0.3 * Math.sin((i % width) / (4 + seed)) * Math.cos(i / width / 9) + 0.3 * (v - 0.5),
  );
}

const opened = async (name: string, rewrites: readonly Rewrite[] = []): Promise<Network> =>
  applyRewrites(name === 'squeezenet' ? thinSqueezeNet() : await loadNetwork(golden(name)), rewrites);

/** SqueezeNet 1.1 with a quarter of its channels and random weights: its poolings are rounded up. */
function thinSqueezeNet(): Network {
  const random = new Random(11);
  const thin = (n: number) => (n === 3 ? 3 : n / 4);
  const tensors = [...squeezenet()].map(([name, [out, ...rest]]): [string, Tensor] => {
    const dims = [thin(out!), ...rest.map((n, i) => (i === 0 ? thin(n) : n))];
    const fan = dims.slice(1).reduce((a, b) => a * b, 1);
    const deviation = name.endsWith('bias') ? 0.01 : Math.sqrt(6 / fan);
    return [
      name,
      floatTensor(
        dims,
        Float32Array.from(random.numbers(dims[0]! * fan), (v) => v * deviation),
      ),
    ];
  });
  const state = new StateDict(new Map(tensors), 'thin SqueezeNet');
  const template = recognise(state).architecture.build(state, IMAGENET_NORMALIZATION);
  const rest = { id: 's', name: 'thin SqueezeNet', sha256: '0'.repeat(64), manifest: undefined as never };
  return { ...template, ...rest, identityGradient: new Set(), rewrites: [] };
}

const useOf = (network: Network, key = 'style', layers: Partial<NetworkUse> = {}): NetworkUse => ({
  key,
  network,
  style: Object.keys(network.styleLayers),
  content: Object.keys(network.contentLayers),
  ...layers,
});

/** ‖a − b‖ / ‖b‖ */
function distance(a: Float32Array, b: Float32Array): number {
  let [difference, norm] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    difference += (a[i]! - b[i]!) ** 2;
    norm += b[i]! ** 2;
  }
  return Math.sqrt(difference / norm);
}

interface Case {
  readonly uses: readonly NetworkUse[];
  readonly size: RunSize;
  readonly inner: number;
  readonly normalization?: Normalization;
  readonly weights?: Partial<typeof WEIGHTS>;
  /** Every style in a region of its own, and a part of the picture that is no region's. */
  readonly masked?: boolean;
}

/** Three regions with soft and hard edges, and a fourth part, in planes of another size and shape than the picture. */
function threeRegions(): Regions {
  const size = { width: 93, height: 61 };
  const shares = [0, 1, 2].map((region) => ({
    ...size,
    data: Float32Array.from({ length: size.width * size.height }, (_, i) => {
      const [x, y] = [(i % size.width) / size.width, Math.floor(i / size.width) / size.height];
      const soft = Math.min(1, Math.max(0, 8 * (x - 0.4 + 0.2 * Math.sin(5 * y))));
      if (region === 0) return y < 0.75 ? 1 - soft : 0;
      return (region === 1) === y < 0.3 && y < 0.75 ? soft : 0;
    }),
  }));
  return new Regions(shares);
}

/** The same picture's loss and gradient, untiled and in tiles, with three mixed styles and every term. */
async function both({ uses, size, inner, normalization = 'relative', weights = {}, masked = false }: Case) {
  const shape: ObjectiveShape = {
    networks: uses,
    variation: ALL_TERMS,
    ...(masked ? { regions: threeRegions() } : {}),
  };
  const styleOnly = uses.map((use) => ({ ...use, content: [] }));
  const sizes = [size, { width: 211, height: 190 }, { width: 160, height: 203 }];
  const parts: { statistics: Statistics; weight: number }[] = [];
  for (const [i, fitted] of sizes.entries()) {
    const statistics = await measureStatistics(styleOnly, picture(fitted, 20 + i), fitted, THREADS);
    parts.push({ statistics, weight: i + 1 });
  }
  const names = uses.flatMap(({ key, style }) => style.map((layer) => ({ network: key, layer })));
  const grams = masked
    ? new Map(
        names.flatMap((term) =>
          parts.map(({ statistics }, r) => [gramInput(term, r), statistics.get(gramInput(term))!] as const),
        ),
      )
    : mixStatistics(parts);
  const photo = picture(size, 2);
  const x = picture(size, 5);
  const content = await measureStatistics(
    uses.map((use) => ({ ...use, style: [] })),
    photo,
    size,
    THREADS,
  );
  const all = { ...WEIGHTS, ...weights };
  const whole = await PictureObjective.create(
    shape,
    new Map([...grams, ...content]),
    size,
    all,
    normalization,
    THREADS,
  );
  const tiling = Tiling.of(shape, size, inner, BLOCKED);
  const tiled = await TiledObjective.create(
    shape,
    tiling,
    grams,
    photo,
    new FeatureStore(),
    all,
    normalization,
    THREADS,
  );
  try {
    return { expected: await whole.evaluate(x), actual: await tiled.evaluate(x), tiling };
  } finally {
    await whole.release();
    await tiled.release();
  }
}

function expectSame({ actual, expected }: { actual: Evaluation; expected: Evaluation }): void {
  expect(Math.abs(actual.loss / expected.loss - 1)).toBeLessThanOrEqual(1e-5);
  expect(distance(actual.gradient, expected.gradient)).toBeLessThanOrEqual(1e-5);
  expect(actual.terms.map(({ kind, network, layer }) => [kind, network, layer])).toEqual(
    expected.terms.map(({ kind, network, layer }) => [kind, network, layer]),
  );
  actual.terms.forEach(({ value }, i) => {
    expect(Math.abs(value / expected.terms[i]!.value - 1)).toBeLessThanOrEqual(1e-5);
  });
}

/** One network, one style, a photo and a picture, in tiles. */
async function simple(network: Network, options: TiledOptions = {}, given?: Tiling, store = new FeatureStore()) {
  const use = useOf(network, 'style', { style: ['relu1_1', 'relu3_1'], content: ['relu2_1'] });
  const size = { width: 150, height: 131 };
  const shape: ObjectiveShape = { networks: [use], variation: ALL_TERMS };
  const grams = await measureStatistics([{ ...use, content: [] }], picture(size, 8), size, THREADS);
  const tiling = given ?? Tiling.of(shape, size, 40, BLOCKED);
  const photo = picture(size, 2);
  const all = { ...THREADS, ...options };
  const tiled = await TiledObjective.create(shape, tiling, grams, photo, store, WEIGHTS, 'relative', all);
  return { tiled, tiling, x: picture(size, 5) };
}

describe('an objective in tiles', () => {
  it.each<[name: string, size: RunSize, inner: number, rewrites?: readonly Rewrite[], normalization?: Normalization]>([
    ['vgg19-thin-maxpool', { width: 301, height: 263 }, 64],
    ['vgg19-thin-maxpool', { width: 256, height: 272 }, 100, [], 'mean'],
    ['squeezenet', { width: 271, height: 302 }, 64],
    ['vgg16-thin', { width: 241, height: 230 }, 60, [{ pooling: { kind: 'l2' } }, { firstPadding: 'reflect' }], 'gatys2015'], // prettier-ignore
    ['vgg16-thin', { width: 230, height: 307 }, 80, [{ pooling: { kind: 'average' } }, { firstPadding: 'edge' }]],
    ['vgg16-thin', { width: 231, height: 207 }, 64, [{ smoothing: { over: 'channels', temperature: 2 } }]],
    ['alexnet-thin', { width: 291, height: 250 }, 64],
    ['googlenet-thin', { width: 303, height: 271 }, 64],
    ['cifar_resnet20-thin', { width: 203, height: 151 }, 50],
    ['resnet18-thin', { width: 611, height: 333 }, 128, [{ identityGradient: ['relu5_x'] }]],
    ['resnet50-thin', { width: 679, height: 470 }, 200],
    ['shufflenet_v2-thin', { width: 651, height: 320 }, 200],
    ['mobilenet_v2-thin', { width: 707, height: 330 }, 200],
  ])('has the loss and gradient of the untiled one: %s, %o', async (name, size, inner, rewrites, normalization) => {
    const uses = [useOf(await opened(name, rewrites))];
    const result = await both({ uses, size, inner, ...(normalization ? { normalization } : {}) });
    expect(result.tiling.parts[0]!.plan.tiles.length).toBeGreaterThan(1);
    expectSame(result);
  });

  it.each<[name: string, size: RunSize, inner: number, rewrites?: readonly Rewrite[], normalization?: Normalization]>([
    ['vgg19-thin-maxpool', { width: 301, height: 263 }, 64],
    ['vgg16-thin', { width: 417, height: 333 }, 64, [{ octaves: 2 }], 'mean'],
    ['squeezenet', { width: 271, height: 302 }, 64],
    ['vgg16-thin', { width: 231, height: 207 }, 64, [{ smoothing: { over: 'channels', temperature: 2 } }, { firstPadding: 'reflect' }]], // prettier-ignore
    ['resnet50-thin', { width: 679, height: 470 }, 200, [], 'gatys2015'],
    ['shufflenet_v2-thin', { width: 651, height: 320 }, 200],
  ])('is the untiled one where every style has a region of its own: %s, %o', async (...given) => {
    const [name, size, inner, rewrites, normalization] = given;
    const uses = [useOf(await opened(name, rewrites))];
    const result = await both({ uses, size, inner, masked: true, ...(normalization ? { normalization } : {}) });
    expect(result.tiling.parts.some(({ plan }) => plan.tiles.length > 1)).toBe(true);
    expectSame(result);
  });

  it('brings regions to networks that are seen in grey, each with layers of its own', async () => {
    const style = seeGrey(await opened('vgg16-thin'));
    const content = seeGrey(await opened('cifar_resnet20-thin'));
    const uses = [useOf(style, 'style', { content: [] }), useOf(content, 'content', { style: [] })];
    expectSame(await both({ uses, size: { width: 253, height: 241 }, inner: 70, masked: true }));
  });

  it('cuts every octave by itself', async () => {
    const network = await opened('vgg16-thin', [{ octaves: 2 }]);
    const layers = ['relu1_1', 'relu3_1', 'relu1_1/2', 'relu4_1/2'];
    const use = useOf(network, 'style', { style: layers, content: ['relu3_1', 'relu2_1/2'] });
    const result = await both({ uses: [use], size: { width: 417, height: 253 }, inner: 80 });
    const [whole, half] = ['relu1_1', 'relu1_1/2'].map((layer) =>
      result.tiling.parts.find((part) => part.shape.networks[0]?.style.includes(layer)),
    );
    expect(whole).not.toBe(half);
    expect(whole!.plan.tiles.length).toBeGreaterThan(half!.plan.tiles.length);
    expect(half!.plan.tiles.length).toBeGreaterThan(1);
    expectSame(result);
  });

  it('takes networks of their own for style and content, seen in grey, with faders', async () => {
    const style = seeGrey(await opened('vgg16-thin'));
    const content = seeGrey(await opened('cifar_resnet20-thin'));
    const uses = [useOf(style, 'style', { content: [] }), useOf(content, 'content', { style: [] })];
    const weights = { styleLayers: { style: { relu2_1: 0.3, relu1_1: 0 } } };
    expectSame(await both({ uses, size: { width: 253, height: 241 }, inner: 70, weights }));
  });

  it('measures paintings as they are measured whole', async () => {
    const use = useOf(await opened('vgg19-thin-maxpool'), 'style', { content: [] });
    const size = { width: 303, height: 222 };
    const painting = picture(size, 3);
    const whole = await measureStatistics([use], painting, size, THREADS);
    const tiling = Tiling.of({ networks: [use], variation: NONE }, size, 64, { ...BLOCKED, measureOnly: true });
    const grams = await measureGrams(tiling, painting, THREADS);
    expect([...grams.keys()].sort()).toEqual([...whole.keys()].sort());
    for (const [name, gram] of grams) expect(distance(gram, whole.get(name)!)).toBeLessThan(1e-5);
  });

  it('asks before each tile of both passes, and closes sessions that do not fit together', async () => {
    const network = await opened('vgg16-thin');
    const asked: string[] = [];
    const gate = async ({ tile, tiles }: { tile: number; tiles: number }) => void asked.push(`${tile}/${tiles}`);
    const { tiled, tiling, x } = await simple(network, { gate });
    const photo = tiling.parts[0]!.plan.tiles.length;
    expect(asked).toHaveLength(photo);
    const kept = await tiled.evaluate(x);
    await tiled.release();
    expect(asked.slice(photo)).toEqual(Array.from({ length: tiling.tiles }, (_, i) => `${i}/${tiling.tiles}`));

    const frugal = await simple(network, {}, new Tiling(tiling.size, tiling.parts, false));
    expect((await frugal.tiled.evaluate(x)).gradient).toEqual(kept.gradient);
    await frugal.tiled.release();
    const stop = async ({ tile }: { tile: number }) => {
      if (tile === 3) throw new Error('stopped');
    };
    await expect(simple(network, { gate: stop })).rejects.toThrow('stopped');
  });

  it('compares with another photo, kept on disk as in memory', async () => {
    const network = await opened('vgg16-thin');
    const folder = mkdtempSync(join(tmpdir(), 'madder-features-'));
    try {
      const [memory, disk] = [
        await simple(network),
        await simple(network, {}, undefined, new FeatureStore({ memory: 40_000, folder })),
      ];
      const x = memory.x;
      const other = picture(memory.tiling.size, 44);
      const before = (await memory.tiled.evaluate(x)).gradient.slice();
      expect((await disk.tiled.evaluate(x)).gradient).toEqual(before);
      for (const { tiled } of [memory, disk]) await tiled.compareWith(other);
      const after = await memory.tiled.evaluate(x);
      expect(after.gradient).not.toEqual(before);
      expect((await disk.tiled.evaluate(x)).gradient).toEqual(after.gradient);
      expect(readdirSync(folder)).toHaveLength(1);
      await memory.tiled.release();
      await disk.tiled.release();
      expect(readdirSync(folder)).toHaveLength(0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('says where the photo could not be kept', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'madder-features-')), 'file');
    writeFileSync(file, '');
    await expect(
      simple(await opened('vgg16-thin'), {}, undefined, new FeatureStore({ memory: 0, folder: file })),
    ).rejects.toThrow(/features could not be kept in .*make room/);
  });

  it('fits tiles into memory, and refuses with figures what cannot fit', async () => {
    const use = useOf(await opened('vgg19-thin-maxpool'));
    const shape: ObjectiveShape = { networks: [use], variation: ALL_TERMS };
    const size = { width: 4000, height: 3000 };
    const large = Tiling.fit(shape, size, 4e9, BLOCKED);
    const small = Tiling.fit(shape, size, 0.5e9, BLOCKED);
    expect(large.bytes).toBeLessThanOrEqual(4e9);
    expect(small.bytes).toBeLessThanOrEqual(0.5e9);
    expect(small.tiles).toBeGreaterThan(large.tiles);
    expect(small.coverage).toBeGreaterThan(large.coverage);
    expect(() => Tiling.fit(shape, size, 0.1e9, BLOCKED)).toThrow(/need 0\.\d GB of memory and 0\.1 GB are left/);
  });

  it.each<[rewrites: readonly Rewrite[], node: RegExp]>([
    [[{ smoothing: { over: 'all' } }], /ReduceMax \(node "relu\d_1\.largest"\) looks at the whole picture at once/],
  ])('refuses a network that looks at the whole picture, %o', async (rewrites, node) => {
    const use = useOf(await opened('vgg16-thin', rewrites));
    const shape: ObjectiveShape = { networks: [use], variation: ALL_TERMS };
    expect(() => Tiling.of(shape, { width: 500, height: 500 }, 100, BLOCKED)).toThrow(node);
  });
});
