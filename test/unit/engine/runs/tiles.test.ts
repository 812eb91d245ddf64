import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Picture } from '../../../../src/main/codec/picture.ts';
import { loadNetwork } from '../../../../src/main/engine/networks/load.ts';
import type { Network } from '../../../../src/main/engine/networks/network.ts';
import { applyRewrites } from '../../../../src/main/engine/networks/rewrites/apply.ts';
import { Checkpointer, readCheckpoint } from '../../../../src/main/engine/runs/checkpoint.ts';
import { RunControl } from '../../../../src/main/engine/runs/control.ts';
import { run, type RunOptions, type RunState, type RunTile } from '../../../../src/main/engine/runs/run.ts';
import { GraphSession } from '../../../../src/main/engine/runtime/session.ts';
import type { Recipe } from '../../../../src/shared/recipe.ts';
import { goldenFile, hash, noisy, runRecipe, waves } from '../../../support/run-recipe.ts';

const SIZE = { width: 800, height: 600 };

let vgg: Network;
let photo: Picture;
let painting: Picture;
beforeAll(async () => {
  vgg = await loadNetwork(goldenFile('vgg16-thin.weights.safetensors'));
  photo = waves(SIZE.width, SIZE.height);
  painting = noisy(700, 640, 3);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const recipe = (changes: Parameters<typeof runRecipe>[2] = {}): Recipe =>
  runRecipe(photo, painting, {
    objective: {
      ...{ style: 1, content: 0.1, variation: 0.5 },
      styleLayers: { relu1_1: 1, relu2_1: 1, relu3_1: 1 },
      contentLayers: { relu3_3: 1 },
    },
    schedule: {
      size: 800,
      levels: [
        { factor: 0.25, evaluations: 2 },
        { factor: 1, evaluations: 3 },
      ],
    },
    optimizer: { kind: 'adam' },
    ...changes,
  });

const paint = (changes: Parameters<typeof recipe>[0] = {}, options: RunOptions = {}, network = vgg) => {
  const images = new Map([
    [hash('a'), photo],
    [hash('b'), painting],
  ]);
  return run(recipe(changes), { images, networks: { style: network } }, { threads: 1, ...options });
};

/** Memory beyond what this process has: enough for tiles of the picture, and not for the whole of it. */
const TIGHT = 330e6;
const tight = () => process.memoryUsage.rss() + TIGHT;

const distance = (a: Picture, b: Picture): number =>
  Math.sqrt(a.data.reduce((sum, v, i) => sum + (v - b.data[i]!) ** 2, 0) / a.data.length);

describe('a run that does not fit into memory', () => {
  it.each([
    ['pixels', {}],
    ['a spectrum, moved at random', { parameterization: { kind: 'fourier' }, transforms: { jitter: 3, rotate: 2 } }],
    ['brightness alone', { colour: 'luminance' }],
  ])('is painted in tiles and gives the same picture: %s', async (_name, changes) => {
    const tiles: RunTile[] = [];
    const whole = await paint(changes, { onTile: () => expect.unreachable() });
    const tiled = await paint(changes, { memoryBytes: tight(), onTile: (tile) => tiles.push(tile) });
    expect(tiles.length).toBeGreaterThan(10);
    expect(new Set(tiles.map(({ level }) => level))).toEqual(new Set([1]));
    expect(tiles.at(-1)).toMatchObject({ level: 1, evaluation: 2 });
    expect(tiles.at(-1)!.tile).toBe(tiles.at(-1)!.tiles - 1);
    // Adam divides by the gradient's size, which makes much of the rounding of pixels that hardly have a gradient.
    expect(distance(tiled.picture, whole.picture)).toBeLessThan(1e-3);
    expect(tiled.loss / whole.loss).toBeCloseTo(1, 3);
  });

  it('keeps fewer curvature pairs where all do not fit, and goes on from its checkpoint in the same way', async () => {
    const optimizer = { kind: 'lbfgs', history: 100 };
    const states: RunState[] = [];
    const memoryBytes = tight() + 150e6;
    const straight = await paint(
      { optimizer },
      { memoryBytes, onIteration: ({ state }) => void states.push(structuredClone(state() as RunState)) },
    );
    const offered = states.find((state) => state.level === 1)!;
    expect(offered.optimizer.vectors['s0']).toBeInstanceOf(Uint16Array);
    const folder = mkdtempSync(join(tmpdir(), 'madder-tiles-'));
    await new Checkpointer(folder, { intervalMs: 0, copiedBytes: 0 }).offer(() => offered);
    const middle = (await readCheckpoint(folder))!;
    rmSync(folder, { recursive: true });
    expect(middle).toEqual(offered);
    const resumed = await paint({ optimizer }, { memoryBytes: tight() + 150e6, from: middle });
    expect(distance(resumed.picture, straight.picture)).toBeLessThan(1e-3);
    expect(straight.recipe.optimizer).toMatchObject({ history: 100 });
  });

  it('stops between two tiles, before its first evaluation as well', async () => {
    for (const at of [0, 12]) {
      const control = new RunControl();
      let seen = 0;
      const result = await paint(
        { schedule: { size: 800, levels: [{ factor: 1, evaluations: 4 }] } },
        { memoryBytes: tight(), control, onTile: () => void (seen++ === at && control.stop()) },
      );
      expect(result).toMatchObject({ completed: false });
      expect(seen).toBe(at + 1);
      expect(result.picture).toMatchObject(SIZE);
    }
  });

  it('rests between two tiles while it is paused', async () => {
    let seen = 0;
    let resting = 0;
    const control: RunControl = new RunControl((paused) => {
      if (!paused) return;
      resting = seen;
      setTimeout(() => control.resume(), 100);
    });
    const result = await paint(
      { schedule: { size: 800, levels: [{ factor: 1, evaluations: 2 }] } },
      { memoryBytes: tight(), control, onTile: () => void (++seen === 9 && control.pause()) },
    );
    expect(resting).toBe(9);
    expect(seen).toBeGreaterThan(10);
    expect(result).toMatchObject({ completed: true, evaluations: 2 });
  });

  it('weighs a term that its tiles lack from the next evaluation on', async () => {
    const control = new RunControl();
    const objective = { ...recipe().objective, variation: 0 };
    const result = await paint(
      { objective, schedule: { size: 800, levels: [{ factor: 1, evaluations: 3 }] } },
      {
        memoryBytes: tight(),
        control,
        onProgress: ({ evaluation }) => void (evaluation === 1 && control.changeWeights({ variation: 2 })),
      },
    );
    expect(result.terms.map(({ kind }) => kind)).toContain('variation');
    expect(result.recipe.timeline).toEqual([{ evaluation: 1, weights: { variation: 2 } }]);
  });

  it('is refused with figures, or with the node that cannot be painted in tiles, before it begins', async () => {
    const onProgress = () => expect.unreachable();
    await expect(paint({}, { memoryBytes: 50e6, onProgress })).rejects.toThrow(
      /800 x 600 px does not fit into 0\.1 GB of memory.*choose a smaller size or more memory/,
    );
    const smoothed = applyRewrites(vgg, [{ smoothing: { over: 'all' } }]);
    await expect(paint({}, { memoryBytes: tight(), onProgress }, smoothed)).rejects.toThrow(/largest.*in tiles/);
  });

  it('looks at smaller pieces when memory runs out, and says so', async () => {
    const whole = await paint();
    const original = GraphSession.prototype.run;
    let failures = 2;
    vi.spyOn(GraphSession.prototype, 'run').mockImplementation(function (this: GraphSession, feeds) {
      // Only the last level is so large.
      const large = Object.values(feeds).some(({ dims }) => dims[1] === 3 && dims[2]! * dims[3]! > 100_000);
      if (large && failures-- > 0) return Promise.reject(new Error('Failed to allocate memory for requested buffer'));
      return original.call(this, feeds);
    });
    const [notes, tiles]: [string[], RunTile[]] = [[], []];
    const result = await paint({}, { onNote: (note) => notes.push(note), onTile: (tile) => tiles.push(tile) });
    expect(notes).toEqual(Array(2).fill('Memory ran out; the picture is looked at in smaller pieces from here on.'));
    expect(tiles.length).toBeGreaterThan(0);
    expect(distance(result.picture, whole.picture)).toBeLessThan(1e-3);
  });
});
