import { beforeAll, describe, expect, it } from 'vitest';
import { loadNetwork } from '../../../../src/main/engine/networks/load.ts';
import type { Network } from '../../../../src/main/engine/networks/network.ts';
import { applyRewrites } from '../../../../src/main/engine/networks/rewrites/apply.ts';
import { gramInput, type NetworkUse } from '../../../../src/main/engine/objective/assemble.ts';
import { measureStatistics, PictureObjective } from '../../../../src/main/engine/objective/objective.ts';
import { Regions } from '../../../../src/main/engine/objective/regions.ts';
import type { Plane } from '../../../../src/main/engine/objective/windows.ts';
import { seeGrey } from '../../../../src/main/engine/runs/colour.ts';
import { NORMALIZATIONS, type Normalization } from '../../../../src/shared/objective.ts';
import { goldenFile, noisy } from '../../../support/run-recipe.ts';

const WEIGHTS = { style: 1, content: 0, variation: 0, variationL1: 0, styleLayers: {}, contentLayers: {} };
const LAYERS = ['relu1_1', 'relu2_1', 'relu3_1'];
const SIZE = { width: 70, height: 53 };
const PICTURE = noisy(SIZE.width, SIZE.height, 3);

let vgg: Network;
beforeAll(async () => {
  vgg = await loadNetwork(goldenFile('vgg16-thin.weights.safetensors'));
});

const use = (network = vgg): NetworkUse => ({ key: 'n', network, style: LAYERS, content: [] });

/** A share by place, 0 to 1 along both sides. */
function plane(share: (x: number, y: number) => number, width = 35, height = 50): Plane {
  const data = Float32Array.from({ length: width * height }, (_, i) =>
    share(((i % width) + 0.5) / width, (Math.floor(i / width) + 0.5) / height),
  );
  return { width, height, data };
}

/** Grams of a painting, for a region or for the whole. */
async function target(seed: number, region?: number, network = vgg) {
  const painting = noisy(40, 48, seed);
  const grams = await measureStatistics([use(network)], painting.data, painting);
  return LAYERS.map((layer) => {
    const term = { network: 'n', layer };
    return [gramInput(term, region), grams.get(gramInput(term))!] as const;
  });
}

interface Posed {
  readonly shares?: readonly Plane[];
  readonly targets: readonly (readonly [string, Float32Array])[];
  readonly network?: Network;
  readonly normalization?: Normalization;
  readonly picture?: Float32Array;
}

async function evaluated({
  shares,
  targets,
  network = vgg,
  normalization = 'relative',
  picture = PICTURE.data,
}: Posed) {
  const shape = {
    networks: [use(network)],
    variation: { quadratic: false, l1: false },
    ...(shares ? { regions: new Regions(shares) } : {}),
  };
  const objective = await PictureObjective.create(shape, new Map(targets), SIZE, WEIGHTS, normalization, {
    threads: 1,
  });
  try {
    return await objective.evaluate(picture);
  } finally {
    await objective.release();
  }
}

function distance(a: Float32Array, b: Float32Array): number {
  const norm = (values: Float32Array) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));
  return norm(a.map((v, i) => v - b[i]!)) / norm(b);
}

describe('regions', () => {
  it.each(NORMALIZATIONS)('that are one and everywhere change nothing (%s)', async (normalization) => {
    const without = await evaluated({ targets: await target(1), normalization });
    const white = await evaluated({ shares: [plane(() => 1)], targets: await target(1, 0), normalization });
    expect(white.terms.map(({ kind, layer }) => [kind, layer])).toEqual(
      without.terms.map(({ kind, layer }) => [kind, layer]),
    );
    white.terms.forEach(({ value }, i) => expect(Math.abs(value / without.terms[i]!.value - 1)).toBeLessThan(1e-5));
    expect(distance(white.gradient, without.gradient)).toBeLessThan(1e-5);
  });

  it('have Gram matrices of their own positions: elsewhere, the picture does not matter to them', async () => {
    // Black on the right half, where nothing is asked for.
    const shares = [plane((x) => (x < 0.5 ? 1 : 0), 70)];
    const other = noisy(SIZE.width, SIZE.height, 9).data;
    const far = PICTURE.data.map((v, i) => (i % SIZE.width >= 55 ? other[i]! : v));
    const targets = await target(1, 0);
    const [near, changed] = [await evaluated({ shares, targets }), await evaluated({ shares, targets, picture: far })];
    expect(changed.loss / near.loss).toBeCloseTo(1, 5);
    changed.gradient.forEach((g, i) => {
      if (i % SIZE.width >= 55) expect(g).toBe(0);
    });
    expect(near.gradient.some((g, i) => i % SIZE.width < 30 && g !== 0)).toBe(true);
  });

  it('pull on a position as strongly whatever their size', () => {
    const positions = { width: 35, height: 27 };
    const gram = Float32Array.of(3, 1, 1, 2);
    const pulls = [0.1, 0.9].map((edge) => {
      const at = new Regions([plane((x) => (x < edge ? 0.8 : 0), 70)]).at(vgg, 'relu2_1', SIZE, positions);
      const [balance] = at.balance('relative', [gram], 'relu2_1');
      return balance! * at.weights(0, { top: 5, left: 0, bottom: 6, right: 1 })[0]!;
    });
    // u · n / (H·W), n one by the squares of the target.
    for (const pull of pulls) expect(pull / (0.8 / 15 / (35 * 27))).toBeCloseTo(1, 5);
  });

  it('that are empty, or too small for a layer, ask for nothing', async () => {
    const [left, right] = [plane((x) => (x < 0.4 ? 1 : 0)), plane((x) => (x < 0.4 ? 0 : 1))];
    const targets = [...(await target(1, 0)), ...(await target(2, 1))];
    const two = await evaluated({ shares: [left, right], targets });
    // Not even a target of zeros is divided by.
    const black = (await target(1, 2)).map(([name, gram]) => [name, gram.map(() => 0)] as const);
    const speck = plane((x, y) => (Math.hypot(x - 0.5, y - 0.5) < 0.01 ? 0.2 : 0), 101, 101);
    for (const empty of [plane(() => 0), speck]) {
      const shares = [plane((x) => (x < 0.4 ? 1 : 0), empty.width, empty.height)];
      shares.push(
        plane((x) => (x < 0.4 ? 0 : 1), empty.width, empty.height),
        empty,
      );
      const again = await evaluated({ shares: shares.slice(0, 2), targets });
      const three = await evaluated({ shares, targets: [...targets, ...black] });
      expect(three.loss / again.loss).toBeCloseTo(1, 6);
      expect(distance(three.gradient, again.gradient)).toBeLessThan(1e-6);
    }
    expect(two.loss).toBeGreaterThan(0);
  });

  it('name the layer whose target is zero where they need it', async () => {
    const black = (await target(1, 0)).map(([name, gram]) => [name, gram.map(() => 0)] as const);
    await expect(evaluated({ shares: [plane(() => 0.5)], targets: black })).rejects.toThrow(/layer relu1_1 is zero/);
  });

  it.each<[string, (network: Network) => Network]>([
    ['seen in grey', seeGrey],
    ['in octaves', (network) => applyRewrites(network, [{ octaves: 2 }])],
    [
      'read through a softmax over channels',
      (network) => applyRewrites(network, [{ smoothing: { over: 'channels' } }]),
    ],
  ])('lie where a network sees them (%s)', (_, change) => {
    const edge = plane((x) => (x < 0.5 ? 1 : 0), 64, 1);
    const layer = (network: Network) => {
      const at = new Regions([edge]).at(network, 'relu2_1', { width: 64, height: 64 }, { width: 32, height: 32 });
      return [...at.weights(0, { top: 3, left: 0, bottom: 4, right: 32 })];
    };
    const [plain, changed] = [layer(vgg), layer(change(vgg))];
    expect(changed).toEqual(plain);
    // The window of relu2_1 has √52 px, 3.6 of them to either side of its centre.
    expect(plain[13]).toBeGreaterThan(plain[15]!);
    expect(plain[12]).toBe(plain[0]);
    expect(plain[18]).toBe(0);
  });

  it('are shared out evenly where a layer sees the whole picture', () => {
    const smoothed = applyRewrites(vgg, [{ smoothing: { over: 'all' } }]);
    const edge = plane((x) => (x < 0.5 ? 1 : 0), 64, 1);
    const at = new Regions([edge]).at(smoothed, 'relu3_1', { width: 64, height: 64 }, { width: 16, height: 16 });
    const row = at.weights(0, { top: 0, left: 0, bottom: 1, right: 16 });
    row.forEach((weight, x) => expect(weight).toBeCloseTo(x < 8 ? 1 / 128 : 0, 12));
  });
});
