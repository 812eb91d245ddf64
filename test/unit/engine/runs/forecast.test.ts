import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadNetwork } from '../../../../src/main/engine/networks/load.ts';
import type { Network } from '../../../../src/main/engine/networks/network.ts';
import { forecast, type ForecastOptions } from '../../../../src/main/engine/runs/forecast.ts';
import { MemoryPlanner } from '../../../../src/main/engine/runs/memory.ts';
import { shapeOf } from '../../../../src/main/engine/runs/targets.ts';
import { recipeSchema, type Recipe } from '../../../../src/shared/recipe.ts';

const recipe = (size: number, more: object = {}): Recipe =>
  recipeSchema.parse({
    version: 1,
    content: { sha256: 'a'.repeat(64), name: 'a', width: 4000, height: 3000 },
    styles: [{ image: { sha256: 'b'.repeat(64), name: 'b', width: 4, height: 3 } }],
    networks: { style: { id: 'v', sha256: 'c'.repeat(64) } },
    objective: { style: 1, content: 1, styleLayers: { relu1_1: 1, relu3_1: 1 }, contentLayers: { relu2_1: 1 } },
    schedule: {
      size,
      levels: [
        { factor: 0.5, evaluations: 9 },
        { factor: 1, evaluations: 5 },
      ],
    },
    optimizer: { kind: 'lbfgs', history: 10 },
    init: { kind: 'content' },
    ...more,
  });

let style: Network;
beforeAll(async () => {
  style = await loadNetwork(
    fileURLToPath(new URL('../../../golden/data/vgg16-thin.weights.safetensors', import.meta.url)),
  );
});
const BASE = 200e6;
const planOf = (value: Recipe, memoryBytes: number, more: Partial<ForecastOptions> = {}) =>
  forecast(value, { style }, { provider: 'cpu', memoryBytes, base: BASE, ...more });

describe('what a run would take', () => {
  it('is what its own planner plans', () => {
    for (const memoryBytes of [2e9, 3e9, 6e9, 40e9]) {
      const { levels } = planOf(recipe(4000), memoryBytes);
      const planner = new MemoryPlanner(recipe(4000), {}, memoryBytes, 0, BASE);
      levels.forEach(({ width, height, pairs, tiles }) => {
        const plan = planner.plan(shapeOf(recipe(4000), { networks: { style }, painted: undefined }), {
          width,
          height,
        });
        expect(plan.tileBytes === undefined).toBe(tiles === null);
        expect(plan.optimizer).toMatchObject({ history: pairs });
      });
      expect(levels.map(({ width, height }) => [width, height])).toEqual([
        [2000, 1500],
        [4000, 3000],
      ]);
      expect(levels.every(({ bytes }) => bytes <= memoryBytes)).toBe(true);
    }
  });

  it('is more pieces and fewer pairs with less memory, and one piece with enough', () => {
    const [little, some, much] = [1.6e9, 3e9, 60e9].map((bytes) => planOf(recipe(4000), bytes).levels.at(-1)!);
    expect(little!.tiles!.looks).toBeGreaterThan(some!.tiles!.looks);
    expect(little!.tiles!.coverage).toBeGreaterThan(1);
    expect(little!.pairs).toBeLessThan(some!.pairs!);
    expect(much).toMatchObject({ tiles: null, pairs: 10 });
  });

  it('has room on the disk for checkpoints, the photo’s features and the result', () => {
    const plane = 12 * 12e6;
    // Result, twice point and gradient, and pairs in single precision, one more than are kept.
    expect(planOf(recipe(4000), 60e9).diskBytes).toBe((1 + 2 * 2 + 11 * 2) * plane);
    // Adam's five vectors.
    expect(planOf(recipe(4000, { optimizer: { kind: 'adam' } }), 60e9).diskBytes).toBe((1 + 2 * 5) * plane);
    const { diskBytes, levels } = planOf(recipe(4000), 1.6e9);
    const features = diskBytes - (1 + 2 * 2 + levels.at(-1)!.pairs! + 1) * plane;
    // relu2_1 at half the size, most of which does not fit into an eighth of the tiles' memory; pairs are in half precision.
    const channels = style.layers.find(({ name }) => name === 'relu2_1')!.channels!;
    const all = channels * plane * (1 / 12);
    expect(features).toBeGreaterThan(0);
    expect(features).toBeLessThan(all);
  });

  it('is refused with the memory that would do, and the side that does', () => {
    const { refused } = planOf(recipe(40_000), 2e9, { leastSide: 64 });
    expect(refused!.message).toMatch(/^A picture of 40000 x 30000 px does not fit into 2\.0 GB of memory/);
    const { leastBytes, side } = refused!;
    expect(planOf(recipe(40_000), leastBytes!).refused).toBeUndefined();
    expect(planOf(recipe(40_000), 0.9 * leastBytes!).refused).toBeDefined();
    expect(planOf(recipe(side!), 2e9).refused).toBeUndefined();
    // Six halvings, in octaves, of what lies between 64 and 40000.
    expect(planOf(recipe(Math.round(1.15 * side!)), 2e9).refused).toBeDefined();
    expect(planOf(recipe(40_000), 2e9).refused).toMatchObject({ side: null });
    expect(planOf(recipe(40_000), 2e9, { leastSide: 30_000 }).refused).toMatchObject({ side: null });
  });
});
