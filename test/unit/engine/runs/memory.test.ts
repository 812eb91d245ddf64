import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { loadNetwork } from '../../../../src/main/engine/networks/load.ts';
import type { ObjectiveShape } from '../../../../src/main/engine/objective/assemble.ts';
import { MemoryPlanner, usualMemory, wholeBytes } from '../../../../src/main/engine/runs/memory.ts';
import { recipeSchema, type Recipe } from '../../../../src/shared/recipe.ts';

const SIZE = { width: 2000, height: 1000 };
/** Of a pair at this size: two vectors of six million values. */
const PAIR = 2 * 4 * 6e6;
/** Photo and gradient; current point, trial, direction and two gradients. */
const VECTORS = 7 * 4 * 6e6;
/** Tiles do without the photo and without a gradient that is kept. */
const SPARED = 2 * 4 * 6e6;
/** Parts of all memory that are planned with, in one piece and in tiles. */
const [PLANNED, IN_TILES] = [0.95, 0.92];

const recipe = (history: number): Recipe =>
  recipeSchema.parse({
    version: 1,
    content: { sha256: 'a'.repeat(64), name: 'a', width: 4, height: 3 },
    styles: [{ image: { sha256: 'b'.repeat(64), name: 'b', width: 4, height: 3 } }],
    networks: { style: { id: 'v', sha256: 'c'.repeat(64) } },
    objective: { style: 1, content: 1, styleLayers: { relu1_1: 1 }, contentLayers: {} },
    schedule: { size: 4, levels: [{ factor: 1, evaluations: 5 }] },
    optimizer: { kind: 'lbfgs', history },
    init: { kind: 'content' },
  });

let shape: ObjectiveShape;
let whole: number;
beforeAll(async () => {
  const network = await loadNetwork(
    fileURLToPath(new URL('../../../golden/data/vgg16-thin.weights.safetensors', import.meta.url)),
  );
  const use = { key: 'style', network, style: ['relu1_1', 'relu3_1'], content: ['relu2_1'] };
  shape = { networks: [use], variation: { quadratic: true, l1: false } };
  whole = wholeBytes(shape, SIZE, {});
});

/** The plan where so much memory is left beside the process and the vectors, where that part of all memory is planned with. */
function planWith(free: number, history = 20, planned = recipe(history), part = PLANNED) {
  const rss = vi.spyOn(process.memoryUsage, 'rss').mockReturnValue(1e9);
  try {
    return new MemoryPlanner(planned, {}, (1e9 + VECTORS + free) / part).plan(shape, SIZE);
  } finally {
    rss.mockRestore();
  }
}

describe('the plan of a level', () => {
  it('paints in one piece what fits with all curvature pairs', () => {
    const { optimizer } = recipe(20);
    expect(planWith(whole + 20.1 * PAIR)).toEqual({ tileBytes: undefined, optimizer, lbfgs: {} });
  });

  it('keeps pairs in half precision before it drops any', () => {
    const { optimizer } = recipe(100);
    const plan = planWith(whole + 50.1 * PAIR, 100);
    expect(plan).toEqual({ tileBytes: undefined, optimizer, lbfgs: { pairPrecision: 'half' } });
  });

  it('drops pairs before it cuts the picture, down to two', () => {
    expect(planWith(whole + 1.1 * PAIR)).toMatchObject({ tileBytes: undefined, optimizer: { history: 2 } });
    expect(planWith(whole + 0.9 * PAIR).tileBytes).toBeDefined();
    expect(planWith(whole + 49.75 * PAIR, 100)).toMatchObject({
      tileBytes: undefined,
      optimizer: { history: 99 },
      lbfgs: { pairPrecision: 'half' },
      note: expect.stringMatching(/^At 2000 x 1000 px, 99 of the optimizer's 100 curvature pairs fit/) as string,
    });
  });

  it('leaves the pairs of the published L-BFGS as they were published', () => {
    const optimizer = { kind: 'lbfgs', history: 100, lineSearch: 'none' };
    const plan = planWith(whole + 50.1 * PAIR, 100, { ...recipe(100), optimizer } as Recipe);
    expect(plan).toMatchObject({ tileBytes: undefined, optimizer: { history: 50 }, lbfgs: {} });
  });

  it('gives tiles what pairs leave', () => {
    const plan = planWith(0.9 * whole, 4, recipe(4), IN_TILES);
    expect(plan).toMatchObject({ optimizer: { history: 4 }, lbfgs: { keepGradients: false } });
    expect(plan.tileBytes).toBeCloseTo(0.9 * whole - 4 * PAIR + SPARED, -1);
    const tight = planWith(12 * PAIR, 20, recipe(20), IN_TILES);
    expect(tight).toMatchObject({ optimizer: { history: 13 }, lbfgs: { keepGradients: false, pairPrecision: 'half' } });
    expect(tight.tileBytes).toBeCloseTo((12 - 13 / 2) * PAIR + SPARED, -1);
  });

  it('counts the vectors of a state that a run goes on from once', () => {
    const rss = vi.spyOn(process.memoryUsage, 'rss').mockReturnValue(1e9 + 500e6);
    const planner = new MemoryPlanner(recipe(20), {}, (1e9 + VECTORS + whole + 20.1 * PAIR) / PLANNED, 500e6);
    expect(planner.plan(shape, SIZE).tileBytes).toBeUndefined();
    rss.mockRestore();
  });

  it('refuses with figures what cannot fit', () => {
    expect(() => planWith(PAIR, 20, recipe(20), IN_TILES)).toThrow(
      /2000 x 1000 px does not fit into 1\.3 GB of memory: .* 2 curvature pairs and the photos take 1\.3 GB/,
    );
  });

  it('has a usual amount of memory, within what the computer has', () => {
    expect(usualMemory()).toBeGreaterThan(process.memoryUsage.rss());
  });
});
