import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { writeImage } from '../../../src/main/codec/encode.ts';
import { readXmp } from '../../../src/main/codec/xmp.ts';
import { prepareRun, savePicture, type PaintRequest } from '../../../src/main/services/painter.ts';
import { checkRecipeFile, readRecipe, saveRecipe, type RepeatRequest } from '../../../src/main/services/recipes.ts';
import type { Recipe } from '../../../src/shared/recipe.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const lake = join(root, 'resources/samples/photos/lake.jpg');
const harbour = join(root, 'resources/samples/photos/harbour.jpg');
const glass = join(root, 'resources/samples/paintings/stained-glass.jpg');
const vgg16 = join(root, 'test/golden/data/vgg16-thin.weights.safetensors');
const vgg19 = join(root, 'test/golden/data/vgg19-thin-maxpool.weights.safetensors');

let base: string;
let folder: string;
let count = 0;
let recipe: Recipe;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'madder-recipes-'));
  const styles = [{ path: glass }];
  ({ recipe } = await prepareRun({ photo: lake, styles, network: vgg16, pooling: 'average', size: 64, iterations: 5 }));
});
afterAll(() => rm(base, { recursive: true }));
beforeEach(async () => {
  folder = join(base, String(count++));
  await mkdir(folder);
});

const picture = { width: 4, height: 3, data: new Float32Array(36).fill(0.5) };
const repeat = (changes: Partial<RepeatRequest> = {}) =>
  prepareRun({ recipe, file: join(folder, 'recipe.json'), styles: [], network: vgg16, ...changes });

describe('a recipe in files', () => {
  it('is saved complete, over what was there, and leaves nothing else', async () => {
    const file = join(folder, 'recipe.json');
    await writeFile(file, 'old');
    await saveRecipe(file, recipe);
    expect(await readRecipe(file)).toEqual(recipe);
    expect(await readdir(folder)).toEqual(['recipe.json']);
  });

  it('says in one sentence why it is not saved', async () => {
    await expect(saveRecipe(join(folder, 'nowhere', 'recipe.json'), recipe)).rejects.toThrow(/could not be written/);
    expect(() => checkRecipeFile(join(folder, 'recipe.txt'), false)).toThrow(/does not end in \.json/);
    expect(() => checkRecipeFile(join(folder, 'nowhere', 'a.json'), false)).toThrow(/folder that does not exist/);
    await writeFile(join(folder, 'mine.json'), '{}');
    expect(() => checkRecipeFile(join(folder, 'mine.json'), false)).toThrow(/exists already.*--overwrite/);
    expect(() => checkRecipeFile(join(folder, 'mine.json'), true)).not.toThrow();
  });

  it.each(['png', 'jpg', 'webp', 'tif'])('is carried by a .%s picture', async (suffix) => {
    const path = join(folder, `picture.${suffix}`);
    const saved = await savePicture({ path, inputs: [], overwrite: false }, picture, recipe);
    expect(saved).not.toHaveProperty('note');
    expect(await readRecipe(path)).toEqual(recipe);
  });

  it('is not carried by a JPEG that is too small for it, which is said', async () => {
    const styleLayers = { relu1_1: 1 / 3, relu2_1: 1 / 7, relu3_1: 1 / 9, relu4_1: 1 / 11 };
    const timeline = Array.from({ length: 400 }, (_, evaluation) => ({
      evaluation,
      weights: { style: 1 / 3, content: 1 / 7, variation: 1 / 9, variationL1: 1 / 11, styleLayers },
    }));
    const long = { ...recipe, timeline };
    const [jpeg, png] = [join(folder, 'long.jpg'), join(folder, 'long.png')];
    const saved = await savePicture({ path: jpeg, inputs: [], overwrite: false }, picture, long);
    expect(saved.note).toMatch(/does not carry its recipe: a JPEG holds 60 kB.*--save-recipe/);
    await expect(readRecipe(jpeg)).rejects.toThrow(/carries no recipe/);
    await savePicture({ path: png, inputs: [], overwrite: false }, picture, long);
    expect(await readRecipe(png)).toEqual(long);
  });

  it.each([
    ['a missing file', 'nowhere.json', undefined, /nowhere\.json could not be read/],
    ['a text', 'soup.json', 'soup', /is not JSON/],
    ['a missing picture', 'nowhere.png', undefined, /could not be read as a picture/],
    ['a text named .png', 'soup.png', 'soup', /could not be read as a picture/],
  ])('is not found in %s', async (_name, name, text, words) => {
    if (text !== undefined) await writeFile(join(folder, name), text);
    await expect(readRecipe(join(folder, name))).rejects.toThrow(words);
  });

  it('is not found in a picture without one, or with a broken one', async () => {
    const path = join(folder, 'picture.png');
    await writeImage(path, picture);
    expect(await readXmp(path)).toBeUndefined();
    await expect(readRecipe(path)).rejects.toThrow(/carries no recipe/);
    await writeImage(path, picture, { metadata: { xmp: '<!DOCTYPE a><a/>' } });
    await expect(readRecipe(path)).rejects.toThrow(/document type/);
  });
});

describe('repeating a recipe', () => {
  it('finds the samples, and is the same recipe', async () => {
    const repeated = await repeat();
    expect(repeated.recipe).toEqual(recipe);
    expect(Object.values(repeated.images).sort()).toEqual([glass, lake].sort());
    expect(repeated.networks).toEqual({ style: vgg16 });
    expect(repeated.notes).toEqual([]);
  });

  it('finds pictures and networks beside it, whatever they are called now', async () => {
    await copyFile(harbour, join(folder, 'holiday.jpg'));
    await copyFile(vgg16, join(folder, 'eye.safetensors'));
    const own = await prepareRun({ photo: join(folder, 'holiday.jpg'), styles: [{ path: glass }], network: vgg16 });
    const { network: _, ...request }: RepeatRequest = {
      recipe: { ...own.recipe, content: { ...own.recipe.content, name: 'earlier.jpg' } },
      file: join(folder, 'recipe.json'),
      styles: [],
      network: '',
    };
    const { images, networks } = await prepareRun(request);
    expect(images[own.recipe.content.sha256]).toBe(join(folder, 'holiday.jpg'));
    expect(networks.style).toBe(join(folder, 'eye.safetensors'));
  });

  it('takes the paths given, in any order', async () => {
    const moved = join(base, `moved-${count}.jpg`);
    await copyFile(lake, moved);
    const { images } = await repeat({ photo: glass, styles: [{ path: moved }] });
    expect(images[recipe.content.sha256]).toBe(moved);
    expect(images[recipe.styles[0]!.image.sha256]).toBe(glass);
  });

  it('names a picture that is missing, has changed, or does not belong', async () => {
    const unknown: Recipe = {
      ...recipe,
      content: { ...recipe.content, sha256: '1234abcd'.repeat(8), name: 'gone.jpg' },
    };
    await expect(repeat({ recipe: unknown })).rejects.toThrow(
      /picture gone\.jpg \(1234abcd\) is missing: it is neither in/,
    );
    await copyFile(harbour, join(folder, 'gone.jpg'));
    await expect(repeat({ recipe: unknown })).rejects.toThrow(
      /gone\.jpg \(1234abcd\).*gone\.jpg is another picture \([0-9a-f]{8}\)/,
    );
    await expect(repeat({ photo: harbour })).rejects.toThrow(
      /harbour\.jpg \([0-9a-f]{8}\) is none of .*lake\.jpg \([0-9a-f]{8}\)/,
    );
    // A name that leads elsewhere leads nowhere.
    const sly = { ...unknown, content: { ...unknown.content, name: '../../../etc/passwd' } };
    await expect(repeat({ recipe: sly })).rejects.toThrow(/is missing/);
  });

  it('names a network that is missing or has changed', async () => {
    const request: RepeatRequest = { recipe, file: join(folder, 'recipe.json'), styles: [] };
    await expect(prepareRun(request)).rejects.toThrow(
      /network vgg16-thin\.weights \([0-9a-f]{8}\) is missing: it is neither/,
    );
    const style = { ...recipe.networks.style, id: 'madder-vgg', sha256: 'f'.repeat(64) };
    const changed = { ...recipe, networks: { style } };
    await expect(prepareRun({ ...request, recipe: changed })).rejects.toThrow(/\(ffffffff\).*has changed \(1536b333\)/);
  });

  it('lets what is said beside it go before, and says so', async () => {
    const { recipe: changed, notes } = await repeat({
      network: vgg19,
      size: 32,
      layers: { relu1_1: 0.5 },
      styleScales: [2],
      init: 'noise',
      seed: 4,
      colour: 'luminance',
      optimizer: { kind: 'adam' },
    });
    expect(changed).toMatchObject({
      schedule: { size: 32, levels: recipe.schedule.levels },
      objective: { styleLayers: { ...recipe.objective.styleLayers, relu1_1: 0.5 } },
      styles: [{ scale: 2, weight: 1 }],
      init: { kind: 'noise' },
      seed: 4,
      colour: 'luminance',
      optimizer: { kind: 'adam', stepSize: 0.02 },
      networks: { style: { id: 'vgg19-thin-maxpool.weights', rewrites: [{ pooling: { kind: 'average' } }] } },
    });
    expect(notes.join(' ')).toMatch(
      /replace the recipe's in: size, style layers, colour, scales of the styles, optimizer, start, seed, network;/,
    );
  });

  it('refuses settings that do not fit', async () => {
    await expect(repeat({ layers: { relu9_9: 1 } })).rejects.toThrow(/no layer "relu9_9"/);
    await expect(repeat({ seed: -1 })).rejects.toThrow('These settings cannot be used: the seed must be at least 0.');
  });
});

describe('a recipe with masks', () => {
  /** Writes a mask: one value for each column of three. */
  const mask = async (name: string, columns: readonly number[]): Promise<string> => {
    const path = join(folder, name);
    const data = Float32Array.from({ length: 18 }, (_, i) => columns[i % 3]!);
    await writeImage(path, { width: 3, height: 2, data });
    return path;
  };
  const prepare = (changes: Partial<PaintRequest>) =>
    prepareRun({ photo: lake, styles: [{ path: glass }], network: vgg16, size: 64, ...changes });

  it('names its masks by content and region, and finds them again beside it', async () => {
    const [left, middle, right] = [
      await mask('left.png', [1, 0, 0]),
      await mask('middle.png', [0, 1, 0]),
      await mask('right.png', [0, 0, 1]),
    ];
    const styles = [{ path: glass }, { path: harbour, mask: middle }, { path: lake, mask: left }];
    const made = await prepare({ styles, photoMask: right });
    expect(made.recipe.masks).toMatchObject([
      { image: { name: 'middle.png', width: 3, height: 2 }, region: { kind: 'style', style: 1 } },
      { image: { name: 'left.png' }, region: { kind: 'style', style: 2 } },
      { image: { name: 'right.png' }, region: { kind: 'photo' } },
    ]);
    expect(made.recipe.masks.map(({ image }) => made.images[image.sha256])).toEqual([middle, left, right]);
    expect(made.notes.at(-1)).toBe('The masks leave no place for the styles without one: stained-glass.jpg.');

    const file = join(folder, 'recipe.json');
    await saveRecipe(file, made.recipe);
    await copyFile(harbour, join(folder, 'harbour.jpg'));
    const again = await prepareRun({ recipe: await readRecipe(file), file, styles: [], network: vgg16 });
    expect(again.recipe).toEqual(made.recipe);
    expect(again.images[made.recipe.masks[0]!.image.sha256]).toBe(middle);

    const moved = join(base, 'moved.png');
    await copyFile(middle, moved);
    await rm(middle);
    const lost = prepareRun({ recipe: made.recipe, file, styles: [], network: vgg16 });
    await expect(lost).rejects.toThrow(/picture middle\.png \([0-9a-f]{8}\) is missing/);
    const given = await prepareRun({ recipe: made.recipe, file, styles: [], masks: [moved], network: vgg16 });
    expect(given.images[made.recipe.masks[0]!.image.sha256]).toBe(moved);
  });

  it('is refused where nothing would be painted, or where the picture moves under its masks', async () => {
    const [white, black] = [await mask('white.png', [1, 1, 1]), await mask('black.png', [0, 0, 0])];
    await expect(prepare({ photoMask: white })).rejects.toThrow(/whole picture to the photo.*make room/);
    await expect(prepare({ styles: [{ path: glass, mask: black }, { path: harbour }] })).rejects.toThrow(
      /mask black\.png leaves no place for the style stained-glass\.jpg/,
    );
    await expect(prepare({ photoMask: black, transforms: { jitter: 2 } })).rejects.toThrow(
      'the transforms move the picture under its masks; use one or the other.',
    );
    await expect(prepare({ photoMask: join(folder, 'nowhere.png') })).rejects.toThrow(/nowhere\.png" does not exist/);
  });
});
