import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Recipe } from '../../src/shared/recipe.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const madder = join(root, 'dist/src/main/shells/cli/madder.js');
const lake = join(root, 'resources/samples/photos/lake.jpg');
const harbour = join(root, 'resources/samples/photos/harbour.jpg');
const glass = join(root, 'resources/samples/paintings/stained-glass.jpg');
const vgg19 = join(root, 'test/golden/data/vgg19-thin-maxpool.weights.safetensors');
const alexnet = join(root, 'test/golden/data/alexnet-thin.weights.safetensors');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'madder-recipes-'));
});
afterAll(() => rm(folder, { recursive: true }));
const file = (name: string) => join(folder, name);

/** Runs the built command as a person would, on the processor: that repeats a picture byte for byte. */
async function stylize(...args: string[]) {
  const all = [madder, 'stylize', ...args, '--device', 'cpu', '--threads', '1'];
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, all, { cwd: folder });
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout, err: stderr };
  }
}

const small = ['--size', '64', '--iterations', '4'];
const recipeIn = async (name: string) => JSON.parse(await readFile(file(name), 'utf8')) as Recipe;
const same = async (a: string, b: string) => (await readFile(file(a))).equals(await readFile(file(b)));

describe('stylize --recipe', () => {
  it('repeats a picture from the recipe that it carries, and from the file', async () => {
    const first = await stylize(
      lake,
      '-s',
      glass,
      '-o',
      'a.png',
      ...small,
      '--init',
      'noise',
      '--save-recipe',
      'a.json',
    );
    expect(first.code).toBe(0);
    expect(await stylize('--recipe', 'a.png', '-o', 'b.png')).toMatchObject({ code: 0 });
    expect(await stylize('--recipe', 'a.json', '-o', 'c.png', '--save-recipe', 'c.json')).toMatchObject({ code: 0 });
    expect(await same('a.png', 'b.png')).toBe(true);
    expect(await same('a.png', 'c.png')).toBe(true);
    expect(await same('a.json', 'c.json')).toBe(true);
  });

  it('repeats one whose faders moved', async () => {
    const recipe = await recipeIn('a.json');
    const timeline = [{ evaluation: 2, weights: { content: 5, styleLayers: { relu1_1: 0 } } }];
    await writeFile(file('moved.json'), JSON.stringify({ ...recipe, timeline }));
    await stylize('--recipe', 'moved.json', '-o', 'moved.png');
    await stylize('--recipe', 'moved.png', '-o', 'moved-again.png');
    expect(await same('moved.png', 'moved-again.png')).toBe(true);
    const pixels = async (name: string) => (await readFile(file(name))).subarray(-4000);
    expect((await pixels('moved.png')).equals(await pixels('a.png'))).toBe(false);
  });

  it('repeats one through masks, which keep a part of the photo', async () => {
    const columns = (from: number, to: number) =>
      sharp(
        Uint8Array.from({ length: 64 }, (_, x) => (x >= from && x < to ? 255 : 0)),
        {
          raw: { width: 64, height: 1, channels: 1 },
        },
      ).toColourspace('b-w');
    await columns(0, 20).toFile(file('sky.png'));
    await columns(40, 64).toFile(file('stays.png'));
    const masks = ['--style-mask', '2=sky.png', '--photo-mask', 'stays.png'];
    const painted = await stylize(lake, '-s', glass, '-s', harbour, ...masks, '-o', 'masked.png', ...small);
    expect(painted).toMatchObject({ code: 0 });
    expect(await stylize('--recipe', 'masked.png', '-o', 'masked-again.png')).toMatchObject({ code: 0 });
    expect(await same('masked.png', 'masked-again.png')).toBe(true);
    const right = async (path: string) => {
      const { data, info } = await sharp(path)
        .resize(64, 43, { fit: 'fill', fastShrinkOnLoad: false })
        .removeAlpha()
        .raw()
        .toBuffer({ resolveWithObject: true });
      return data.filter((_, i) => (i / info.channels) % info.width >= 44);
    };
    const [photo, kept] = [await right(lake), await right(file('masked.png'))];
    // Two programs have shrunk the photo.
    const most = kept.reduce((max, v, i) => Math.max(max, Math.abs(v - photo[i]!)), 0);
    expect(most).toBeLessThanOrEqual(4);
    expect(await stylize(lake, '-s', glass, '--style-mask', '2=sky.png', '-o', 'no.png')).toMatchObject({
      code: 1,
      err: expect.stringContaining('--style-mask 2=sky.png is for style 2 of 1'),
    });
  });

  it.each(['luminance', 'match'])("repeats a picture in the photo's colours (%s)", async (colour) => {
    const name = (suffix: string) => `${colour}${suffix}`;
    await stylize(lake, '-s', glass, '-o', name('.png'), ...small, '--colour', colour, '--save-recipe', name('.json'));
    expect(await recipeIn(name('.json'))).toMatchObject({ colour });
    expect(await stylize('--recipe', name('.png'), '-o', name('-again.png'))).toMatchObject({ code: 0 });
    expect(await same(name('.png'), name('-again.png'))).toBe(true);
  });

  it('repeats a picture that was painted by its spectrum and moved at random', async () => {
    const moving = ['--parameterization', 'fourier', '--jitter', '4', '--rotate', '5', '--seed', '4'];
    expect(
      await stylize(lake, '-s', glass, '-o', 'moving.png', ...small, ...moving, '--save-recipe', 'moving.json'),
    ).toMatchObject({ code: 0 });
    expect(await recipeIn('moving.json')).toMatchObject({
      parameterization: { kind: 'fourier', decay: 1 },
      transforms: { jitter: 4, scale: 0, rotate: 5 },
    });
    expect(await stylize('--recipe', 'moving.png', '-o', 'moving-again.png')).toMatchObject({ code: 0 });
    expect(await same('moving.png', 'moving-again.png')).toBe(true);
    const { err } = await stylize('--recipe', 'moving.png', '-o', 'turned.png', '--rotate', '9');
    expect(err).toMatch(/Your settings replace the recipe's in: transforms;/);
  });

  it('opens recipes of earlier versions', async () => {
    for (const name of ['version-0', 'version-1-early']) {
      await copyFile(join(root, 'test/fixtures/recipes', `${name}.json`), file(`${name}.json`));
      expect(await stylize('--recipe', `${name}.json`, '-o', `${name}.png`)).toMatchObject({ code: 0 });
    }
    expect(await same('version-0.png', 'version-1-early.png')).toBe(true);
  });

  it('says what is changed beside it', async () => {
    const { code, err } = await stylize(
      '--recipe',
      'a.json',
      '-o',
      'changed.jpg',
      '--seed',
      '3',
      '--save-recipe',
      'd.json',
    );
    expect(code).toBe(0);
    expect(err).toMatch(/Your settings replace the recipe's in: seed;/);
    expect(await recipeIn('d.json')).toMatchObject({ ...(await recipeIn('a.json')), seed: 3 });
  });

  it('lets the picture go without it when told to', async () => {
    await stylize(lake, '-s', glass, '-o', 'bare.png', ...small, '--no-recipe');
    const { code, err } = await stylize('--recipe', 'bare.png', '-o', 'never.png');
    expect(code).toBe(1);
    expect(err).toMatch(/carries no recipe/);
    // Reading and writing are different matters.
    await stylize('--recipe', 'a.png', '--no-recipe', '-o', 'bare-again.png');
    expect((await stylize('--recipe', 'bare-again.png', '-o', 'never.png')).err).toMatch(/carries no recipe/);
  });

  it.each([
    ['another photo', ['--recipe', 'a.json', harbour], /harbour\.jpg \([0-9a-f]{8}\) is none of the recipe's pictures/],
    ['a preset as well', ['--recipe', 'a.json', '--preset', 'gatys-2015'], /either --recipe or --preset/],
    ['nothing to paint', [], /Give a photo and at least one painting/],
    [
      'weights for styles that there are not',
      ['--recipe', 'a.json', '--style-weight', '1', '--style-weight', '2'],
      /2 times for 1/,
    ],
    ['a colour that there is not', [lake, '-s', glass, '--colour', 'sepia'], /style, luminance, match/],
    ['a recipe file that exists', ['--recipe', 'a.json', '--save-recipe', 'a.json'], /a\.json exists already/],
    ['its own picture as the output', ['--recipe', 'a.png', '-o', 'a.png', '--overwrite'], /one of the pictures that/],
  ])('refuses %s', async (_name, args, words) => {
    const { code, err } = await stylize(...args, ...(args.includes('-o') ? [] : ['-o', 'never.png']));
    expect(code).toBe(1);
    expect(err).toMatch(words);
    expect(err.trim().split('\n')).toHaveLength(1);
    expect(existsSync(file('never.png'))).toBe(false);
  });

  it('never writes over a picture that the recipe found', async () => {
    await copyFile(harbour, file('mine.jpg'));
    await stylize('mine.jpg', '-s', glass, '-o', 'e.png', ...small, '--save-recipe', 'e.json');
    const { code, err } = await stylize('--recipe', 'e.json', '-o', 'mine.jpg', '--overwrite');
    expect(code).toBe(1);
    expect(err).toMatch(/one of the pictures that/);
    expect((await readFile(file('mine.jpg'))).equals(await readFile(harbour))).toBe(true);
  });

  it('leaves nothing but what was asked for', async () => {
    expect((await readdir(folder)).filter((name) => /tmp|\.run$/.test(name))).toEqual([]);
  });
});

describe('presets', () => {
  it('are listed, for people and for programs', async () => {
    const list = async (...args: string[]) =>
      (await promisify(execFile)(process.execPath, [madder, 'presets', ...args])).stdout;
    expect(await list()).toMatch(/^gentle\n {2}Gentle\. .*\n/);
    expect(await list()).toMatch(/\ngatys-2015\n {2}Gatys 2015\. .*\n {2}for vgg19\n/);
    const lines = (await list('--json'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(lines).toHaveLength(11);
    expect(lines[5]).toMatchObject({ type: 'preset', id: 'gatys-2015', preset: { version: 1, name: 'Gatys 2015' } });
  });

  it('set everything that is not said otherwise', async () => {
    const args = [
      lake,
      '-s',
      glass,
      '-n',
      vgg19,
      '--preset',
      'Nakano 2019, VGG-19',
      ...small,
      '--save-recipe',
      'f.json',
    ];
    const { code, err } = await stylize(...args, '-o', 'f.png');
    expect(err).not.toMatch(/assumed/);
    expect(code).toBe(0);
    expect(await recipeIn('f.json')).toMatchObject({
      objective: { normalization: 'mean', style: 4e6, styleLayers: { conv1_1: 1 } },
      schedule: { size: 64, side: 'short', levels: [{ factor: 1, evaluations: 4 }] },
    });
  });

  it('name the layers that a network lacks', async () => {
    const { code, err } = await stylize(lake, '-s', glass, '-n', alexnet, '--preset', 'gatys-2015', '-o', 'never.png');
    expect(code).toBe(1);
    expect(err).toMatch(/does not have \(relu1_1, .*made for vgg19/);
  });
});
