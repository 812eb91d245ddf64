import { beforeAll, describe, expect, it } from 'vitest';
import { loadNetwork } from '../../../../src/main/engine/networks/load.ts';
import type { Network } from '../../../../src/main/engine/networks/network.ts';
import { run, type RunSnapshot, type RunState } from '../../../../src/main/engine/runs/run.ts';
import type { Picture } from '../../../../src/main/codec/picture.ts';
import type { Recipe } from '../../../../src/shared/recipe.ts';
import { goldenFile, hash, noisy, runRecipe, waves } from '../../../support/run-recipe.ts';

let vgg: Network;
beforeAll(async () => (vgg = await loadNetwork(goldenFile('vgg16-thin.weights.safetensors'))));

const photo = waves(40, 32);
const painting = noisy(36, 40, 7);
const images = new Map([
  [hash('a'), photo],
  [hash('b'), painting],
]);

/** @param last evaluations at the full size, behind five at half of it */
const recipe = (last: number, changes: Parameters<typeof runRecipe>[2]): Recipe =>
  runRecipe(photo, painting, {
    objective: {
      ...{ style: 1, content: 0.1 },
      styleLayers: { relu1_1: 1, relu2_1: 1 },
      contentLayers: { relu2_1: 1 },
    },
    schedule: {
      size: 40,
      levels: [
        { factor: 0.5, evaluations: 5 },
        { factor: 1, evaluations: last },
      ],
    },
    ...changes,
  });

const same = (a: Picture, b: Picture): boolean => Buffer.from(a.data.buffer).equals(Buffer.from(b.data.buffer));

describe('snapshots of a run', () => {
  it.each([
    ['L-BFGS', {}],
    ['published L-BFGS', { optimizer: { kind: 'lbfgs', lineSearch: 'none', history: 100 } }],
    ['Adam', { optimizer: { kind: 'adam' } }],
    ['transforms', { transforms: { jitter: 2 }, optimizer: { kind: 'lbfgs' } }],
    ['a spectrum', { parameterization: { kind: 'fourier' }, optimizer: { kind: 'adam', stepSize: 0.05 } }],
    ['brightness', { colour: 'luminance' }],
  ])('are the pictures of shorter runs, bit for bit (%s)', async (_, changes) => {
    const kept: RunSnapshot[] = [];
    const keep = async (snapshot: RunSnapshot) => void kept.push(snapshot);
    const assets = { images, networks: { style: vgg } };
    const after = [6, 7, 9, 12];
    const whole = await run(recipe(9, changes), assets, { threads: 1, snapshots: { after, keep } });
    expect(kept.map(({ total }) => total)).toEqual(after);
    expect(whole.evaluations).toBe(14);
    for (const { total, picture, loss } of kept) {
      const short = await run(recipe(total - 5, changes), assets, { threads: 1 });
      expect(picture).toMatchObject({ width: 40, height: 32 });
      expect(same(picture, short.picture)).toBe(true);
      expect(loss).toBe(short.loss);
    }
    const undisturbed = await run(recipe(9, changes), assets, { threads: 1 });
    expect(same(whole.picture, undisturbed.picture)).toBe(true);
  });

  it('have the size of their level, begin with the start and end before the last evaluation', async () => {
    const kept: RunSnapshot[] = [];
    const keep = async (snapshot: RunSnapshot) => void kept.push(snapshot);
    const assets = { images, networks: { style: vgg } };
    await run(recipe(3, { init: { kind: 'content' } }), assets, { snapshots: { after: [0, 2, 5, 8, 20], keep } });
    expect(kept.map(({ total, picture }) => [total, picture.width])).toEqual([
      [0, 20],
      [2, 20],
      [5, 40],
    ]);
    expect(kept[0]!.loss).toBe(Infinity);
  });

  it('are the same behind a checkpoint', async () => {
    const straight: RunSnapshot[] = [];
    const resumed: RunSnapshot[] = [];
    let state: RunState | undefined;
    const assets = { images, networks: { style: vgg } };
    await run(recipe(9, {}), assets, {
      threads: 1,
      snapshots: { after: [12], keep: async (snapshot) => void straight.push(snapshot) },
      onIteration: async (look) => void (state ??= structuredClone(await look.state())),
    });
    expect(state!.total).toBeLessThan(12);
    await run(recipe(9, {}), assets, {
      threads: 1,
      from: state!,
      snapshots: { after: [12], keep: async (snapshot) => void resumed.push(snapshot) },
    });
    expect(same(straight[0]!.picture, resumed[0]!.picture)).toBe(true);
  });
});
