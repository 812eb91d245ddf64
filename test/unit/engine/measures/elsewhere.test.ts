import fc from 'fast-check';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { jpegRoundTrip } from '../../../../src/main/codec/jpeg.ts';
import type { Picture } from '../../../../src/main/codec/picture.ts';
import { noisy, shifted } from '../../../../src/main/engine/measures/disturb.ts';
import { StyleMeter } from '../../../../src/main/engine/measures/elsewhere.ts';
import { loadNetwork } from '../../../../src/main/engine/networks/load.ts';
import type { Network } from '../../../../src/main/engine/networks/network.ts';
import { noisePicture } from '../../../../src/main/engine/runs/random.ts';
import { recipeSchema, type Recipe } from '../../../../src/shared/recipe.ts';

const golden = (name: string) => fileURLToPath(new URL(`../../../golden/data/${name}`, import.meta.url));
const hash = (letter: string) => letter.repeat(64);
const SIZE = { width: 40, height: 32 };
const photo: Picture = {
  ...SIZE,
  data: Float32Array.from({ length: 3 * 40 * 32 }, (_, i) => 0.5 + 0.3 * Math.sin(i / 9)),
};
const painting: Picture = { ...SIZE, data: noisePicture(3 * 40 * 32, 7) };
const image = (letter: string) => ({ sha256: hash(letter), name: letter, ...SIZE });

const recipe = (content = 'a', changes: Partial<Record<keyof Recipe, unknown>> = {}): Recipe =>
  recipeSchema.parse({
    version: 1,
    content: image(content),
    styles: [{ image: image('b') }],
    networks: { style: { id: 'other', sha256: hash('1') } },
    objective: { style: 1, content: 1, styleLayers: { nothing: 1 }, contentLayers: { nothing: 1 } },
    schedule: { size: 40, levels: [{ factor: 1, evaluations: 1 }] },
    optimizer: { kind: 'lbfgs' },
    init: { kind: 'content' },
    ...changes,
  });

describe('style distances of finished pictures', () => {
  let vgg: Network;
  beforeAll(async () => (vgg = await loadNetwork(golden('vgg16-thin.weights.safetensors'))));

  const images = new Map([
    [hash('a'), photo],
    [hash('b'), painting],
  ]);
  const meter = (layers: Record<string, number>, content = 'a') =>
    StyleMeter.create(recipe(content), images, vgg, layers, SIZE);

  it('are 0 for the painting itself, and the photo is measured beside it', async () => {
    const own = await meter({ relu1_1: 1, relu2_1: 1 });
    const found = await own.measure(painting, 1);
    expect(found.unchanged).toBe(0);
    expect(found.photo).toBe(await own.distance(photo));
    expect(found.photo).toBeGreaterThan(0);
    for (const name of ['shifted', 'jpeg', 'noisy'] as const) {
      expect(found[name]).toBeGreaterThan(0);
      expect(found[name]).toBeLessThan(found.photo!);
    }
    expect(await own.measure(painting, 1)).toEqual(found);
    expect((await own.measure(painting, 2)).noisy).not.toBe(found.noisy);
    await own.release();
  });

  it('are the mean over layers, by their weights alone', async () => {
    const [fine, coarse] = [await meter({ relu1_1: 3 }), await meter({ relu2_1: 0.5, relu1_1: 0 })];
    const both = await meter({ relu1_1: 1, relu2_1: 3 });
    const expected = 0.25 * (await fine.distance(photo)) + 0.75 * (await coarse.distance(photo));
    expect(await both.distance(photo)).toBeCloseTo(expected, 6);
    for (const each of [fine, coarse, both]) await each.release();
  });

  it('have no photo where the painting is the photo, as in textures', async () => {
    const texture = await meter({ relu1_1: 1 }, 'b');
    expect(await texture.measure(photo, 0)).not.toHaveProperty('photo');
    await texture.release();
  });

  it('need a layer that counts, and a known one', async () => {
    await expect(meter({ relu1_1: 0 })).rejects.toThrow(/No layer of .* has a weight/);
    await expect(meter({ relu9_9: 1 })).rejects.toThrow(/no layer "relu9_9"/);
  });
});

describe('disturbances', () => {
  const pictures = fc
    .record({ width: fc.integer({ min: 1, max: 7 }), height: fc.integer({ min: 1, max: 7 }), seed: fc.nat() })
    .map(({ width, height, seed }): Picture => ({ width, height, data: noisePicture(3 * width * height, seed) }));

  it('shift every value to the right and down, and repeat the edge', () => {
    fc.assert(
      fc.property(pictures, (picture) => {
        const { width, height, data } = picture;
        const moved = shifted(picture);
        for (let c = 0; c < 3; c++) {
          for (let y = 0; y < height; y++) {
            for (let x = 0; x < width; x++) {
              const from = c * width * height + Math.max(0, y - 1) * width + Math.max(0, x - 1);
              expect(moved.data[c * width * height + y * width + x]).toBe(data[from]);
            }
          }
        }
      }),
    );
  });

  it('add noise of the deviation, inside [0,1]', () => {
    const grey = { width: 100, height: 100, data: new Float32Array(30_000).fill(0.5) };
    const values = noisy(grey, 0.02, 3).data.map((v) => v - 0.5);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
    expect(Math.abs(mean)).toBeLessThan(0.001);
    expect(deviation).toBeCloseTo(0.02, 3);
    fc.assert(
      fc.property(pictures, fc.nat(), (picture, seed) => {
        for (const value of noisy(picture, 0.5, seed).data) expect(value >= 0 && value <= 1).toBe(true);
      }),
    );
  });

  it('save as JPEG: the size stays, even areas too, and fine patterns suffer the more the lower the quality', async () => {
    const even = { width: 17, height: 9, data: new Float32Array(3 * 17 * 9).fill(0.2) };
    const kept = await jpegRoundTrip(even, 75);
    expect(kept).toMatchObject({ width: 17, height: 9 });
    for (const value of kept.data) expect(value).toBeCloseTo(0.2, 1);
    const loss = async (quality: number) => {
      const { data } = await jpegRoundTrip(painting, quality);
      return data.reduce((sum, v, i) => sum + (v - painting.data[i]!) ** 2, 0);
    };
    expect(await loss(75)).toBeGreaterThan(await loss(95));
    expect(await loss(30)).toBeGreaterThan(await loss(75));
  });
});
