import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Picture } from '../../../../src/main/codec/picture.ts';
import { attack, perturbed, type Climb } from '../../../../src/main/engine/measures/attack.ts';
import { LayerDistance } from '../../../../src/main/engine/measures/layer-distance.ts';
import {
  measureRobustness,
  pairDistances,
  summarise,
  type MeasuredPhoto,
  type WorstCase,
} from '../../../../src/main/engine/measures/robustness.ts';
import { centreSquare } from '../../../../src/main/engine/measures/square.ts';
import { loadNetwork } from '../../../../src/main/engine/networks/load.ts';
import type { Network } from '../../../../src/main/engine/networks/network.ts';
import { noisePicture } from '../../../../src/main/engine/runs/random.ts';
import {
  isComplete,
  withFinding,
  type LayerMeasurement,
  type RobustnessSettings,
} from '../../../../src/shared/robustness.ts';
import { norm } from '../../../support/compare.ts';
import {
  largestSingularValue,
  LINEAR_LAYER,
  NO_NORMALIZATION,
  writeLinearNetwork,
} from '../../../support/linear-network.ts';
import { Random } from '../../../support/random.ts';
import { goldenPath } from '../networks/golden.ts';

const SIZE = 8;
const VALUES = 3 * SIZE * SIZE;
const CHANNELS = 6;

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'madder-robustness-'))));
afterAll(() => rmSync(folder, { recursive: true }));

async function linear(weight: Float32Array, channels: number, kernel: number): Promise<Network> {
  const path = join(folder, `linear-${channels}-${kernel}-${weight[0]}.onnx`);
  writeLinearNetwork(path, weight, channels, kernel);
  return loadNetwork(path, { normalization: NO_NORMALIZATION });
}

const random = (count: number, seed: number) => Float32Array.from(new Random(seed).numbers(count));
const difference = (a: Float32Array, b: Float32Array) => norm(a.map((v, i) => v - b[i]!));

const rowsOf = (weight: Float32Array, rows: number): Float64Array[] =>
  Array.from({ length: rows }, (_, c) =>
    Float64Array.from(weight.slice((c * weight.length) / rows, ((c + 1) * weight.length) / rows)),
  );

/** The matrix of a convolution without padding, for pictures of SIZE px. */
function convolutionMatrix(weight: Float32Array, channels: number, kernel: number): Float64Array[] {
  const places = SIZE - kernel + 1;
  const rows: Float64Array[] = [];
  for (let c = 0; c < channels; c++) {
    for (let place = 0; place < places ** 2; place++) {
      const row = new Float64Array(VALUES);
      for (let k = 0; k < 3 * kernel ** 2; k++) {
        const [plane, v, u] = [Math.floor(k / kernel ** 2), Math.floor(k / kernel) % kernel, k % kernel];
        const [y, x] = [Math.floor(place / places) + v, (place % places) + u];
        row[(plane * SIZE + y) * SIZE + x] = weight[c * 3 * kernel ** 2 + k]!;
      }
      rows.push(row);
    }
  }
  return rows;
}

/** Near middle grey, so that a small ball lies inside [0,1]. */
const grey = (seed: number, spread = 0.1): Picture => ({
  ...{ width: SIZE, height: SIZE },
  data: random(VALUES, seed).map((v) => 0.5 + spread * v),
});
const photos = (count: number, spread?: number): MeasuredPhoto[] =>
  Array.from({ length: count }, (_, i) => ({ key: `photo ${i}`, picture: grey(100 + i, spread) }));

const settings = (changes: Partial<RobustnessSettings> = {}): RobustnessSettings => ({
  ...{
    size: SIZE,
    epsilon: 0.1,
    steps: 20,
    stepLength: 1,
    restarts: 1,
    noiseDraws: 2,
    seed: 5,
    statistics: ['features'],
  },
  ...changes,
});

/** Rows of falling length, so that one direction is longest: an attack, like power iteration, turns towards it slowly. */
function weightsOf(channels: number, kernel: number): Float32Array {
  const row = 3 * kernel ** 2;
  return random(channels * row, 3).map((v, i) => v * 0.6 ** Math.floor(i / row));
}

describe('robustness of a linear layer', () => {
  // f(x) = W·x, so that the farthest f(x') is ε times W's largest singular value away, wherever x is.
  it.each([
    ['a matrix', CHANNELS, SIZE],
    ['a convolution of single pixels', CHANNELS, 1],
    ['a convolution of 3 x 3 pixels', 2, 3],
  ])('is the closed form within 2 %%: %s', async (_, channels, kernel) => {
    const weight = weightsOf(channels, kernel);
    const network = await linear(weight, channels, kernel);
    const subject = { key: 'linear', network, layers: [LINEAR_LAYER] };
    const [measured] = await measureRobustness([subject], photos(4), settings({ steps: 60 }));
    const largest = 0.1 * largestSingularValue(convolutionMatrix(weight, channels, kernel));
    for (const attacked of measured!.attacked) {
      expect(attacked).toBeGreaterThan(0.98 * largest);
      expect(attacked).toBeLessThan(1.0001 * largest);
    }
    const f = await LayerDistance.create(network, LINEAR_LAYER, 'features', SIZE);
    const values = [await f.at(grey(100).data), await f.at(grey(101).data)] as const;
    expect(measured!.pairs[0]).toBeCloseTo(difference(...values), 6);
    await f.release();
    const mean = measured!.pairs.reduce((a, b) => a + b, 0) / 6;
    const { robustness, between } = summarise(measured!, 0);
    expect(between.value).toBeCloseTo(mean, 9);
    expect(robustness.value / (largest / mean)).toBeCloseTo(1, 1);
    expect(robustness.low).toBeLessThanOrEqual(robustness.value);
    expect(robustness.high).toBeGreaterThanOrEqual(robustness.value);
  });

  it('is the closed form for the Gram matrix of one number too', async () => {
    // G = (w·x)², which moves farthest where w·x grows: (|w·x| + ε‖w‖)² − (w·x)². Starts on the other side end there.
    const weight = random(VALUES, 9);
    const network = await linear(weight, 1, SIZE);
    const few = photos(3);
    const subject = { key: 'linear', network, layers: [LINEAR_LAYER] };
    const [measured] = await measureRobustness([subject], few, settings({ statistics: ['gram'], restarts: 8 }));
    few.forEach(({ picture }, i) => {
      const f = Math.abs(picture.data.reduce((sum, v, k) => sum + v * weight[k]!, 0));
      const farthest = (f + 0.1 * norm(weight)) ** 2 - f ** 2;
      expect(measured!.attacked[i]! / farthest).toBeGreaterThan(0.98);
      expect(measured!.attacked[i]! / farthest).toBeLessThan(1.001);
    });
  });

  it('is what random noise does, where every direction counts the same', async () => {
    // f(x) = x: noise of norm ε moves it by ε, and so does the worst case.
    const identity = Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1);
    const subject = { key: 'linear', network: await linear(identity, 3, 1), layers: [LINEAR_LAYER] };
    const [measured] = await measureRobustness([subject], photos(3), settings());
    expect(summarise(measured!, 0).ratio.value).toBeCloseTo(1, 4);
    for (const noise of measured!.noise) expect(noise).toBeCloseTo(0.1, 5);
  });
});

describe('an attack', () => {
  const weight = random(CHANNELS * VALUES, 3);
  const largest = largestSingularValue(rowsOf(weight, CHANNELS));
  /** ‖W(x − y)‖ and the gradient of half its square, in float64. */
  const climbFrom =
    (original: Float32Array): Climb =>
    async (picture) => {
      const moved = Array.from({ length: CHANNELS }, (_, c) =>
        picture.reduce((sum, v, i) => sum + weight[c * VALUES + i]! * (v - original[i]!), 0),
      );
      const gradient = picture.map((_, i) => moved.reduce((sum, m, c) => sum + m * weight[c * VALUES + i]!, 0));
      return { value: norm(moved), gradient };
    };

  const epsilons = fc.double({ min: 0.01, max: 3, noNaN: true });
  const seeds = fc.integer({ min: 0, max: 2 ** 31 });
  const spreads = fc.constantFrom(0, 0.1, 0.5);

  it('stays in the ball and in [0,1], and below the closed form', async () => {
    await fc.assert(
      fc.asyncProperty(
        epsilons,
        seeds,
        spreads,
        fc.integer({ min: 1, max: 8 }),
        async (epsilon, seed, spread, steps) => {
          const original = grey(seed, spread).data;
          const best = await attack(
            climbFrom(original),
            original,
            { epsilon, steps, stepLength: 1, restarts: 2 },
            (r) => seed + r,
          );
          for (const picture of [best.picture, perturbed(original, epsilon, seed)]) {
            expect(difference(picture, original)).toBeLessThanOrEqual(epsilon * (1 + 1e-6) + 1e-7);
            expect(picture.every((v) => v >= 0 && v <= 1)).toBe(true);
          }
          expect(best.value).toBeLessThanOrEqual(epsilon * largest * (1 + 1e-6));
          expect(best.value).toBeCloseTo((await climbFrom(original)(best.picture)).value, 9);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('finds no less in a larger ball', async () => {
    await fc.assert(
      fc.asyncProperty(epsilons, seeds, spreads, async (epsilon, seed, spread) => {
        const original = grey(seed, spread).data;
        const within = (radius: number) =>
          attack(climbFrom(original), original, { epsilon: radius, steps: 20, stepLength: 1, restarts: 1 }, () => seed);
        const [small, large] = [await within(epsilon), await within(1.5 * epsilon)];
        expect(large.value).toBeGreaterThanOrEqual(0.999 * small.value);
      }),
      { numRuns: 30 },
    );
  });

  it('finds no less with more steps of the same length, and with more restarts', async () => {
    await fc.assert(
      fc.asyncProperty(epsilons, seeds, fc.integer({ min: 1, max: 6 }), async (epsilon, seed, steps) => {
        const original = grey(seed).data;
        const found = async (more: { steps?: number; restarts?: number }) => {
          const all = { epsilon, steps, restarts: 1, stepLength: 0.25, ...more };
          return (await attack(climbFrom(original), original, all, (r) => seed + r)).value;
        };
        const plain = await found({});
        expect(await found({ steps: steps + 3 })).toBeGreaterThanOrEqual(plain);
        expect(await found({ restarts: 3 })).toBeGreaterThanOrEqual(plain);
      }),
      { numRuns: 30 },
    );
  });

  it('gets nowhere on a plateau', async () => {
    const flat: Climb = async (picture) => ({ value: 0, gradient: new Float32Array(picture.length) });
    const best = await attack(flat, grey(1).data, { epsilon: 1, steps: 5, stepLength: 1, restarts: 1 }, () => 1);
    expect(best.value).toBe(0);
  });
});

describe('measureRobustness', () => {
  let subjects: { key: string; network: Network; layers: string[] }[];
  beforeAll(async () => {
    const vgg = await loadNetwork(goldenPath('vgg16-thin.weights.safetensors'));
    const resnet = await loadNetwork(goldenPath('resnet18-thin.weights.safetensors'));
    subjects = [
      { key: 'vgg', network: vgg, layers: ['relu1_1', 'relu2_1'] },
      { key: 'resnet', network: resnet, layers: ['relu1'] },
    ];
  });
  const several = (size: number): MeasuredPhoto[] =>
    [1, 2, 3].map((i) => ({
      key: `${i}`,
      picture: { width: size, height: size, data: noisePicture(3 * size * size, i) },
    }));
  const both = settings({ size: 24, epsilon: 0.5, steps: 4, statistics: ['features', 'gram'] });
  const numbers = (all: readonly LayerMeasurement[]) => all.map(({ seconds: _, ...rest }) => rest);

  it('measures every statistic of every layer, worse than noise does', async () => {
    const measured = await measureRobustness(subjects, several(24), both);
    expect(measured.map((m) => `${m.network} ${m.layer} ${m.statistic}`)).toEqual([
      'vgg relu1_1 features',
      'vgg relu1_1 gram',
      'vgg relu2_1 features',
      'vgg relu2_1 gram',
      'resnet relu1 features',
      'resnet relu1 gram',
    ]);
    for (const m of measured) {
      expect(isComplete(m, 3)).toBe(true);
      m.attacked.forEach((a, i) => expect(a).toBeGreaterThan(m.noise[i]!));
      expect(summarise(m, 1).ratio.low).toBeGreaterThan(1);
    }
  });

  it('gives the same numbers when it is cancelled anywhere and gone on with from plain JSON', async () => {
    const straight = await measureRobustness(subjects, several(24), both);
    let state: LayerMeasurement[] = [];
    let attempts = 0;
    for (let finished = false; !finished; attempts++) {
      const controller = new AbortController();
      let left = 2;
      const from = JSON.parse(JSON.stringify(state)) as LayerMeasurement[];
      try {
        await measureRobustness(subjects, several(24), both, {
          from,
          signal: controller.signal,
          onFinding: (finding) => {
            state = withFinding(state, finding);
            // In the middle of the next attack.
            if (--left === 0) setTimeout(() => controller.abort(new Error('enough')), 5);
          },
        });
        finished = true;
      } catch (error) {
        expect((error as Error).message).toBe('enough');
      }
    }
    expect(attempts).toBeGreaterThan(3);
    expect(numbers(state)).toEqual(numbers(straight));
  });

  it('gives a photo the same number whatever others there are', async () => {
    const [first, second, third] = several(24) as [MeasuredPhoto, MeasuredPhoto, MeasuredPhoto];
    const one = { ...subjects[0]!, layers: ['relu2_1'] };
    const [all] = await measureRobustness([one], [first, second, third], both);
    const [some] = await measureRobustness([one], [third, first], both);
    expect(some!.attacked).toEqual([all!.attacked[2], all!.attacked[0]]);
    expect(some!.pairs[0]).toBeCloseTo(all!.pairs[1]!, 9);
  });

  it('shows the worst case, also of what was measured before', async () => {
    const one = [{ ...subjects[0]!, layers: ['relu2_1'] }];
    const features = { ...both, statistics: ['features' as const] };
    const from = await measureRobustness(one, several(24), features);
    const worst: WorstCase[] = [];
    const onWorstCase = (found: WorstCase) => void worst.push(found);
    const again = await measureRobustness(one, several(24), features, { from, onWorstCase });
    expect(again).toEqual(from);
    const { photo, original, attacked } = worst[0]!;
    expect(worst).toHaveLength(1);
    expect(from[0]!.attacked[photo]).toBe(Math.max(...from[0]!.attacked));
    expect(difference(attacked.data, original.data)).toBeCloseTo(0.5, 2);
    const f = await LayerDistance.create(subjects[0]!.network, 'relu2_1', 'features', 24);
    const moved = difference(await f.at(attacked.data), await f.at(original.data));
    expect(moved / from[0]!.attacked[photo]!).toBeCloseTo(1, 4);
    await f.release();
  });

  it('refuses one photo, photos that are all the same, and layers that are not there', async () => {
    const [photo] = several(24) as [MeasuredPhoto];
    await expect(measureRobustness(subjects, [photo], both)).rejects.toThrow(/two or more/);
    await expect(measureRobustness(subjects, [photo, photo], both)).rejects.toThrow(
      /relu1_1 of vgg sees no difference/,
    );
    const wrong = [{ ...subjects[0]!, layers: ['relu9_9'] }];
    await expect(measureRobustness(wrong, several(24), both)).rejects.toThrow(/no layer "relu9_9"/);
  });
});

describe('pairDistances', () => {
  it('is the same whatever fits into memory', async () => {
    const values = Array.from({ length: 7 }, (_, i) => random(5, i));
    const expected = values.flatMap((a, i) => values.slice(i + 1).map((b) => difference(a, b)));
    for (const held of [0, 20, 45, 60, 1000]) {
      const pairs = await pairDistances(7, async (i) => values[i]!, held);
      expect(pairs).toHaveLength(21);
      pairs.forEach((d, k) => expect(d).toBeCloseTo(expected[k]!, 6));
    }
  });
});

describe('centreSquare', () => {
  it('takes the middle of a wide and of a high picture', async () => {
    const ramp = (width: number, height: number): Picture => ({
      ...{ width, height },
      data: Float32Array.from({ length: 3 * width * height }, (_, i) => (i % width) / width),
    });
    const wide = await centreSquare(ramp(20, 10), 10);
    expect([...wide.data.subarray(0, 10)]).toEqual([...ramp(20, 10).data.subarray(5, 15)]);
    const high = await centreSquare(ramp(10, 21), 5);
    expect(high).toMatchObject({ width: 5, height: 5 });
    expect(high.data.every((v) => v >= 0 && v <= 1)).toBe(true);
  });
});
