import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadNetwork } from '../../../../src/main/engine/networks/load.ts';
import type { Network } from '../../../../src/main/engine/networks/network.ts';
import { noisePicture } from '../../../../src/main/engine/runs/random.ts';
import { run, type RunSnapshot, type RunState } from '../../../../src/main/engine/runs/run.ts';
import type { Picture } from '../../../../src/main/codec/picture.ts';
import { recipeSchema, type Recipe } from '../../../../src/shared/recipe.ts';

const golden = (name: string) => fileURLToPath(new URL(`../../../golden/data/${name}`, import.meta.url));
const hash = (letter: string) => letter.repeat(64);

let vgg: Network;
beforeAll(async () => (vgg = await loadNetwork(golden('vgg16-thin.weights.safetensors'))));

const photo: Picture = {
  width: 40,
  height: 32,
  data: Float32Array.from({ length: 3 * 40 * 32 }, (_, i) => 0.5 + 0.3 * Math.sin(i / 9) * Math.cos(i / 700)),
};
const painting: Picture = { width: 36, height: 40, data: noisePicture(3 * 36 * 40, 7) };
const images = new Map([
  [hash('a'), photo],
  [hash('b'), painting],
]);
const image = (letter: string, { width, height }: Picture) => ({ sha256: hash(letter), name: letter, width, height });

/** @param last evaluations at the full size, behind five at half of it */
const recipe = (last: number, changes: Partial<Record<keyof Recipe, unknown>>): Recipe =>
  recipeSchema.parse({
    version: 1,
    content: image('a', photo),
    styles: [{ image: image('b', painting) }],
    networks: { style: { id: 'v', sha256: hash('1') } },
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
    optimizer: { kind: 'lbfgs' },
    init: { kind: 'content' },
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
