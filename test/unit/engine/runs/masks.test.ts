import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resizePicture, type Picture } from '../../../../src/main/codec/picture.ts';
import { loadNetwork } from '../../../../src/main/engine/networks/load.ts';
import type { Network } from '../../../../src/main/engine/networks/network.ts';
import type { Plane } from '../../../../src/main/engine/objective/windows.ts';
import { RunControl } from '../../../../src/main/engine/runs/control.ts';
import {
  checkMasks,
  composite,
  masksBytes,
  readMask,
  regionsOf,
  sharesOf,
} from '../../../../src/main/engine/runs/masks.ts';
import { run, type RunOptions, type RunProgress, type RunState } from '../../../../src/main/engine/runs/run.ts';
import type { Recipe } from '../../../../src/shared/recipe.ts';
import { goldenFile, hash, imageOf, noisy, runRecipe, waves } from '../../../support/run-recipe.ts';

type Masked = Pick<Recipe, 'styles' | 'masks'>;

/** A recipe of so many styles with masks for some, by letter; `photo` is the photo's. */
function masked(styles: number, masks: Readonly<Record<string, number | 'photo'>>): Masked {
  return {
    styles: Array.from({ length: styles }, (_, i) => ({
      image: { ...imageOf('b', { width: 9, height: 9 }), name: `painting ${i}` },
      weight: 1,
      scale: 1,
    })),
    masks: Object.entries(masks).map(([letter, region]) => ({
      image: { ...imageOf(letter, { width: 9, height: 9 }), name: `mask ${letter}` },
      region: region === 'photo' ? { kind: 'photo' } : { kind: 'style', style: region },
    })),
  };
}

const flat = (value: number, width = 1, height = 1): Plane => ({
  width,
  height,
  data: new Float32Array(width * height).fill(value),
});

/** Shares at one point, where the masks have these values: of the regions, then of the photo. */
function sharesAt(recipe: Masked, values: Readonly<Record<string, number>>): number[] {
  const shares = sharesOf(recipe, ({ image }) => flat(values[image.sha256[0]!]!))!;
  return [...shares.regions.map(({ data }) => data[0]!), shares.photo?.data[0] ?? 0];
}

describe('shares of the picture', () => {
  it('give the photo its mask first, then the styles theirs, and the rest to those without', () => {
    const recipe = masked(4, { c: 2, d: 'photo', e: 0 });
    expect(regionsOf(recipe)).toEqual([[0], [2], [1, 3]]);
    const close = (values: number[], expected: number[]) =>
      values.forEach((v, i) => expect(v).toBeCloseTo(expected[i]!, 6));
    close(sharesAt(recipe, { c: 0.5, d: 0, e: 0.25 }), [0.25, 0.5, 0.25, 0]);
    close(sharesAt(recipe, { c: 0.5, d: 0.2, e: 0.25 }), [0.2, 0.4, 0.2, 0.2]);
    // Together more than there is.
    close(sharesAt(recipe, { c: 1, d: 0.5, e: 0.25 }), [0.1, 0.4, 0, 0.5]);
    close(sharesAt(recipe, { c: 1, d: 1, e: 1 }), [0, 0, 0, 1]);
    // Where all styles have masks, what is left is the photo's.
    close(sharesAt(masked(2, { c: 0, d: 1 }), { c: 0.25, d: 0.5 }), [0.25, 0.5, 0.25]);
    close(sharesAt(masked(2, { c: 0, d: 1, e: 'photo' }), { c: 0.25, d: 0.5, e: 0.5 }), [0.125, 0.25, 0.625]);
    expect(sharesOf(masked(2, {}), () => flat(1))).toBeUndefined();
  });

  it('add up to 1 at every pixel, whatever the masks and their sizes', () => {
    const side = fc.integer({ min: 1, max: 9 });
    const mask = fc.tuple(side, side).chain(([width, height]) =>
      fc
        .array(fc.oneof(fc.constantFrom(0, 1), fc.float({ min: 0, max: 1, noNaN: true })), {
          minLength: width * height,
          maxLength: width * height,
        })
        .map((values): Plane => ({ width, height, data: Float32Array.from(values) })),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), mask, mask, mask, fc.boolean(), (styles, a, b, c, photo) => {
        const recipe = masked(styles, { a: 0, ...(styles > 1 ? { b: 1 } : {}), ...(photo ? { c: 'photo' } : {}) });
        const { regions, photo: kept } = sharesOf(recipe, ({ image }) => ({ a, b, c })[image.sha256[0]!]!)!;
        regions[0]!.data.forEach((_, i) => {
          const all = [...regions, ...(kept ? [kept] : [])].map(({ data }) => data[i]!);
          for (const share of all) expect(share >= 0 && share <= 1).toBe(true);
          expect(all.reduce((x, y) => x + y, 0)).toBeCloseTo(1, 6);
        });
      }),
    );
  });

  it('refuse masks that leave nothing to paint, or nothing to their own style', () => {
    const check = (recipe: Masked, values: Readonly<Record<string, number>>) =>
      checkMasks(recipe, ({ image }) => flat(values[image.sha256[0]!]!), { width: 20, height: 10 });
    expect(check(masked(1, {}), {})).toEqual([]);
    expect(check(masked(2, { c: 0 }), { c: 0.5 })).toEqual([]);
    expect(() => check(masked(1, { c: 'photo' }), { c: 1 })).toThrow(/whole picture to the photo, so there is nothing/);
    expect(() => check(masked(2, { c: 1 }), { c: 0 })).toThrow(
      'The mask mask c leaves no place for the style painting 1',
    );
    expect(() => check(masked(2, { c: 1 }), { c: 0.004 })).toThrow(/leaves no place/);
    expect(check(masked(3, { c: 1 }), { c: 1 })).toEqual([
      'The masks leave no place for the styles without one: painting 0, painting 2.',
    ]);
  });
});

describe('the memory of masks', () => {
  it('is that of four megapixels each at most, and of the regions made of them', () => {
    expect(masksBytes(masked(2, {}))).toBe(0);
    // A mask, two regions and the photo's share.
    expect(masksBytes(masked(2, { c: 0 }))).toBe(4 * 4 * 81);
    const [huge] = masked(2, { c: 0 }).masks;
    const image = { ...huge!.image, width: 20_000, height: 20_000 };
    expect(masksBytes({ ...masked(2, {}), masks: [{ ...huge!, image }] })).toBeCloseTo(4 * 4 * 4e6, -5);
  });
});

describe('a mask in a file', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'madder-masks-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('is how bright and opaque it is', async () => {
    const path = join(folder, 'mask.png');
    const pixels = [
      255, 255, 255, 255, 0, 0, 0, 255, 128, 128, 128, 255, 255, 255, 255, 51, 255, 0, 0, 255, 9, 9, 9, 0,
    ];
    const raw = { width: 3, height: 2, channels: 4 as const };
    await sharp(Uint8Array.from(pixels), { raw }).png().toFile(path);
    const { mask, original } = await readMask(path);
    expect([mask.width, mask.height]).toEqual([3, 2]);
    expect(original).toEqual({ width: 3, height: 2 });
    expect(mask.data[0]).toBe(1);
    [...mask.data].forEach((v, i) => expect(v).toBeCloseTo([1, 0, 128 / 255, 0.2, 0.299, 0][i]!, 6));
  });

  it('is kept at four megapixels, whatever its size', async () => {
    const path = join(folder, 'large.png');
    const large = { width: 3000, height: 2000, channels: 3 as const, background: '#fff' };
    await sharp({ create: large }).png({ compressionLevel: 1 }).toFile(path);
    const { mask, original } = await readMask(path);
    expect(original).toEqual({ width: 3000, height: 2000 });
    expect(mask.width * mask.height).toBeLessThanOrEqual(4e6);
    expect(mask.width).toBeGreaterThan(2400);
    expect(mask.data.every((v) => v === 1)).toBe(true);
  });
});

describe('a composite', () => {
  it('is exactly the photo where its share is 1, the picture where it is 0, and a mixture between', () => {
    const [picture, photo] = [noisy(40, 30, 1), noisy(40, 30, 2)];
    const share: Plane = {
      width: 20,
      height: 1,
      data: Float32Array.from({ length: 20 }, (_, x) => Math.min(1, Math.max(0, (x - 8) / 4))),
    };
    const result = composite(picture, photo, share, new Float32Array(picture.data.length));
    result.data.forEach((value, i) => {
      const x = i % 40;
      if (x >= 25) expect(value).toBe(photo.data[i]);
      else if (x <= 15) expect(value).toBe(picture.data[i]);
      else expect((value - picture.data[i]!) * (value - photo.data[i]!)).toBeLessThanOrEqual(0);
    });
  });
});

describe('a run through masks', () => {
  const photo = waves(64, 48);
  const [first, second] = [noisy(50, 60, 7), { ...noisy(40, 40, 8), data: noisy(40, 40, 8).data.map((v) => v ** 3) }];
  const images = new Map<string, Picture>([
    [hash('a'), photo],
    [hash('b'), first],
    [hash('c'), second],
  ]);
  /** From left to right: the first style, the second, and the photo from three quarters on; soft edges. */
  const masks = new Map<string, Plane>(
    Object.entries({ d: [-0.1, 0.375], e: [0.375, 0.75], f: [0.75, 1.1] }).map(([letter, [from, to]]) => [
      hash(letter),
      {
        width: 64,
        height: 1,
        data: Float32Array.from({ length: 64 }, (_, x) => {
          const at = (x + 0.5) / 64;
          return Math.min(1, Math.max(0, 0.5 + 16 * Math.min(at - from!, to! - at)));
        }),
      },
    ]),
  );
  const mask = (letter: string, region: object) => ({ image: imageOf(letter, { width: 64, height: 1 }), region });
  const recipe = (changes: Parameters<typeof runRecipe>[2] = {}): Recipe =>
    runRecipe(photo, first, {
      styles: [{ image: imageOf('b', first) }, { image: imageOf('c', second), weight: 0 }],
      masks: [mask('d', { kind: 'style', style: 0 }), mask('f', { kind: 'photo' })],
      ...changes,
    });
  const all = [mask('e', { kind: 'style', style: 1 }), ...recipe().masks];

  let vgg: Network;
  beforeAll(async () => {
    vgg = await loadNetwork(goldenFile('vgg16-thin.weights.safetensors'));
  });
  const painted = (given: Recipe, options: RunOptions = {}) =>
    run(given, { images, masks, networks: { style: vgg } }, { threads: 1, ...options });

  it.each([
    ['lbfgs', {}],
    ['adam, from noise', { optimizer: { kind: 'adam' }, init: { kind: 'noise' } }],
    ['a spectrum', { parameterization: { kind: 'fourier' } }],
    ['luminance', { colour: 'luminance' }],
    ['matched colours', { colour: 'match' }],
    ['the published optimizer', { optimizer: { kind: 'lbfgs', lineSearch: 'none' } }],
  ])('keeps the photo, in previews as in the result, and paints the rest (%s)', async (_name, changes) => {
    const previews: Picture[] = [];
    const given = recipe({ masks: all, ...changes });
    const { picture } = await painted(given, {
      onIteration: async (look) => void previews.push(await look.picture()),
    });
    for (const seen of [previews[0]!, previews.at(-1)!, picture]) {
      const { width, height } = seen;
      const same = await resizePicture(photo, width, height);
      let changed = 0;
      seen.data.forEach((value, i) => {
        // The soft edge of the photo's mask ends at 0.78125 of the width, within two of the mask's cells.
        if (((i % width) + 0.5) / width > 0.81) expect(value).toBe(same.data[i]);
        else if (Math.abs(value - same.data[i]!) > 0.02) changed++;
      });
      if (seen !== previews[0]) expect(changed).toBeGreaterThan(0.2 * seen.data.length);
    }
  });

  it('paints every part in its own style, and reports each layer once', async () => {
    const seen: RunProgress[] = [];
    const strong = {
      objective: { ...recipe().objective, style: 10, content: 0.01 },
      schedule: { size: 48, levels: [{ factor: 1, evaluations: 60 }] },
    };
    const { picture } = await painted(recipe({ masks: all, ...strong }), { onProgress: (p) => seen.push(p) });
    expect(seen.at(-1)!.terms.map(({ kind, layer }) => `${kind} ${layer}`)).toEqual([
      'style relu1_1',
      'style relu2_1',
      'style relu3_1',
      'content relu3_3',
    ]);
    const mean = (from: number, to: number, { width, data }: Picture) => {
      const values = data.filter((_, i) => i % width >= from * width && i % width < to * width);
      return values.reduce((a, b) => a + b, 0) / values.length;
    };
    // The first painting is middle grey, the second is dark.
    expect(mean(0, 0.35, picture) - mean(0.4, 0.72, picture)).toBeGreaterThan(0.1);
    const swapped = recipe({
      ...strong,
      masks: [mask('d', { kind: 'style', style: 1 }), mask('e', { kind: 'style', style: 0 }), all[2]],
    });
    const other = (await painted(swapped)).picture;
    expect(mean(0.4, 0.72, other) - mean(0, 0.35, other)).toBeGreaterThan(0.1);
  });

  it('gives what is left to the styles without a mask, by their weights', async () => {
    // The second style weighs nothing, and is the only one without a mask.
    await expect(painted(recipe())).rejects.toThrow(/weights of the styles are all zero/);
    const styles = [{ image: imageOf('b', first), weight: 0 }, { image: imageOf('c', second) }];
    await expect(painted(recipe({ styles }))).resolves.toMatchObject({ completed: true });
  });

  it('follows weights, and goes on from a state to the same picture', async () => {
    const control = new RunControl();
    let state: RunState | undefined;
    const whole = await painted(recipe({ masks: all }), {
      control,
      onProgress: ({ total }) => void (total === 4 && control.changeWeights({ style: 3 })),
      onIteration: async (look) => {
        const now = await look.state();
        if (!state && now.total >= 14) state = structuredClone(now);
      },
    });
    expect(whole.recipe.timeline).toEqual([{ evaluation: 4, weights: { style: 3 } }]);
    const resumed = await painted(whole.recipe, { from: state! });
    expect(resumed.picture.data).toEqual(whole.picture.data);
  });

  it('is the same in tiles', async () => {
    const given = recipe({ masks: all, schedule: { size: 800, levels: [{ factor: 1, evaluations: 2 }] } });
    const tiles: number[] = [];
    const losses: number[][] = [];
    for (const inPieces of [false, true]) {
      const seen: number[] = [];
      await painted(given, {
        onProgress: ({ loss }) => void seen.push(loss),
        onTile: ({ tiles: count }) => void tiles.push(count),
        ...(inPieces ? { memoryBytes: process.memoryUsage.rss() + 330e6 } : {}),
      });
      losses.push(seen);
    }
    expect(Math.max(...tiles)).toBeGreaterThan(1);
    losses[0]!.forEach((loss, i) => expect(Math.abs(losses[1]![i]! / loss - 1)).toBeLessThan(1e-5));
  });

  it('names a mask that is missing', async () => {
    const lost = recipe({ masks: [mask('0', { kind: 'photo' })] });
    await expect(painted(lost)).rejects.toThrow('The mask 0 of the recipe is missing; add it again.');
  });
});
