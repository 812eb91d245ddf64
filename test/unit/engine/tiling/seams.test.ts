import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeImage } from '../../../../src/main/codec/decode.ts';
import { resizePicture, toPicture, type Picture } from '../../../../src/main/codec/picture.ts';
import { loadNetwork } from '../../../../src/main/engine/networks/load.ts';
import { ownInput, type ObjectiveShape } from '../../../../src/main/engine/objective/assemble.ts';
import {
  measureStatistics,
  PictureObjective,
  type RunSize,
  type Statistics,
} from '../../../../src/main/engine/objective/objective.ts';
import { Adam } from '../../../../src/main/engine/optimizers/adam.ts';
import { UNIT_BOX } from '../../../../src/main/engine/optimizers/optimizer.ts';
import { uniform } from '../../../../src/main/engine/runs/random.ts';
import { FeatureStore } from '../../../../src/main/engine/tiling/feature-store.ts';
import { TiledObjective } from '../../../../src/main/engine/tiling/tiled-objective.ts';
import { Tiling } from '../../../../src/main/engine/tiling/tiling.ts';

const sample = (path: string) => fileURLToPath(new URL(`../../../../resources/samples/${path}.jpg`, import.meta.url));
const SIZE = { width: 384, height: 256 };
const INNER = 64;
const STEPS = 12;
const THREADS = { threads: 1 };
const WEIGHTS = { style: 1, content: 0.1, variation: 0.02, variationL1: 0, styleLayers: {}, contentLayers: {} };

/** Columns at which one tile's own pixels end and another's begin. */
function bordersOf(tiling: Tiling, layer: string): number[] {
  const lefts = tiling.heaviest.plan.tiles.map(({ picture, own }) => {
    const of = own.get(ownInput({ network: 'style', layer }))!;
    return picture.left + of.left;
  });
  return [...new Set(lefts)].filter((left) => left > 0).sort((a, b) => a - b);
}

/**
 * How much more planes [3,H,W] change from column c − 1 to c than one column before and after: 1 where nothing is special.
 * For every column that has such neighbours; others are NaN.
 */
function steps(data: Float32Array, { width, height }: RunSize): Float64Array {
  const change = new Float64Array(width).fill(NaN);
  for (let x = 1; x < width; x++) {
    let sum = 0;
    for (let row = 0; row < 3 * height; row++) sum += Math.abs(data[row * width + x]! - data[row * width + x - 1]!);
    change[x] = sum;
  }
  return change.map((value, x) => (2 * value) / (change[x - 1]! + change[x + 1]!));
}

/** The mean at these columns, and the interval that 95 % of as many random columns have theirs in (bootstrap). */
function compared(values: Float64Array, columns: readonly number[]) {
  const usable = [...values.keys()].filter((x) => Number.isFinite(values[x]!));
  const mean = (at: readonly number[]) => at.reduce((sum, x) => sum + values[x]!, 0) / at.length;
  const next = uniform(7);
  const draws = Array.from({ length: 4000 }, () =>
    mean(columns.map(() => usable[Math.floor(next() * usable.length)]!)),
  ).sort((a, b) => a - b);
  return { mean: mean(columns), low: draws[100]!, high: draws[3899]! };
}

describe('tiles leave no seams', () => {
  let shape: ObjectiveShape;
  let layer: string;
  let grams: Statistics;
  let photo: Picture;
  let columns: number[];
  let tiling: Tiling;
  beforeAll(async () => {
    const network = await loadNetwork(
      fileURLToPath(new URL('../../../golden/data/vgg16-thin.weights.safetensors', import.meta.url)),
    );
    const style = ['relu1_1', 'relu2_1', 'relu3_1'];
    layer = style[0]!;
    const use = { key: 'style', network, style, content: ['relu2_1'] };
    shape = { networks: [use], variation: { quadratic: true, l1: false } };
    const painting = toPicture(await decodeImage(sample('paintings/night-impasto'), { longSide: 384 }));
    grams = await measureStatistics([{ ...use, content: [] }], painting.data, painting, THREADS);
    photo = await resizePicture(toPicture(await decodeImage(sample('photos/harbour'))), SIZE.width, SIZE.height);
    tiling = Tiling.of(shape, SIZE, INNER, { blockedLayout: true });
    columns = bordersOf(tiling, layer);
  });

  it('in the gradient and in the picture that comes of it: borders are columns like others', async () => {
    expect(columns.length).toBeGreaterThanOrEqual(4);
    const store = new FeatureStore({ memory: 1e8, folder: tmpdir() });
    const objective = await TiledObjective.create(
      shape,
      tiling,
      grams,
      photo.data,
      store,
      WEIGHTS,
      'relative',
      THREADS,
    );
    const adam = new Adam((x) => objective.evaluate(x), photo.data.slice(), { box: UNIT_BOX });
    for (let step = 0; step < STEPS; step++) await adam.step();
    const { gradient } = await objective.evaluate(adam.current);
    await objective.release();
    for (const data of [gradient, adam.current]) {
      const { mean, low, high } = compared(steps(data, SIZE), columns);
      expect(mean).toBeGreaterThan(low);
      expect(mean).toBeLessThan(high);
    }
  });

  it('and they would be seen: tiles that are painted each by itself have them', async () => {
    const result = new Float32Array(3 * SIZE.width * SIZE.height);
    const at = [0, ...columns, SIZE.width];
    for (const [i, left] of at.slice(0, -1).entries()) {
      const width = at[i + 1]! - left;
      const size = { width, height: SIZE.height };
      const piece = Float32Array.from({ length: 3 * width * SIZE.height }, (_, k) => {
        return photo.data[Math.floor(k / width) * SIZE.width + left + (k % width)]!;
      });
      const [use] = shape.networks;
      const content = await measureStatistics([{ ...use!, style: [] }], piece, size, THREADS);
      const targets = new Map([...grams, ...content]);
      const objective = await PictureObjective.create(shape, targets, size, WEIGHTS, 'relative', THREADS);
      const adam = new Adam((x) => objective.evaluate(x), piece, { box: UNIT_BOX });
      for (let step = 0; step < STEPS; step++) await adam.step();
      await objective.release();
      adam.current.forEach((v, k) => (result[Math.floor(k / width) * SIZE.width + left + (k % width)] = v));
    }
    const { mean, high } = compared(steps(result, SIZE), columns);
    expect(mean).toBeGreaterThan(high);
  });
});
