import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import {
  documentOf,
  migrateDocument,
  picturesOf,
  requestOf,
  type Surroundings,
} from '../../../../src/main/services/studio/documents.ts';
import { recipeSchema, type Recipe } from '../../../../src/shared/recipe.ts';
import {
  DOCUMENT_VERSION,
  emptyDocument,
  masksOf,
  withPhoto,
  type StudioDocument,
  type StudioPicture,
} from '../../../../src/shared/studio/document.ts';
import { added, file, root, TestStudio } from './studio-kit.ts';

const FIXTURES = join(root, 'test/fixtures/documents');
const fixture = (version: number): Record<string, unknown> =>
  JSON.parse(readFileSync(join(FIXTURES, `version-${version}.json`), 'utf8')) as Record<string, unknown>;

const picture = (letter: string, name = `${letter}.png`, width = 600, height = 400): StudioPicture => ({
  sha256: letter.repeat(64),
  name,
  width,
  height,
});
const sky = picture('1', 'Mask of night.png');
const foreground = picture('2', 'Mask of the photo.png');
const masked: StudioDocument = {
  ...emptyDocument('madder-vgg'),
  photo: picture('a', 'lake.jpg'),
  styles: [
    { picture: picture('b', 'woodcut.jpg'), weight: 0, scale: 1, mask: picture('3') },
    { picture: picture('c', 'night.jpg'), weight: 1, scale: 1, mask: sky },
    { picture: picture('d', 'meadow.jpg'), weight: 0.5, scale: 2, mask: null },
  ],
  photoMask: foreground,
};
const surroundings: Surroundings = {
  original: (sha256) => `/library/${sha256[0]}`,
  manifest: () => ({ styleLayers: { relu1_1: 1 } }) as unknown as ReturnType<Surroundings['manifest']>,
};

describe('documents of every version', () => {
  it('are there, one of each', () => {
    const versions = Array.from({ length: DOCUMENT_VERSION }, (_, i) => `version-${i + 1}.json`);
    expect(readdirSync(FIXTURES).sort()).toEqual(versions);
  });

  it('of version 1 open without masks and are otherwise as they were', () => {
    const { version: _, styles, ...old } = fixture(1);
    expect(migrateDocument(fixture(1))).toEqual({
      ...old,
      version: DOCUMENT_VERSION,
      photoMask: null,
      styles: (styles as object[]).map((style) => ({ ...style, mask: null })),
    });
  });

  it('of version 2 open as they were', () => {
    expect(migrateDocument(fixture(2))).toEqual(fixture(2));
  });

  it('are refused in one sentence where their paintings are none', () => {
    expect(() => migrateDocument({ ...fixture(1), styles: 'none' })).toThrow(/^This document cannot be used: .*\.$/);
    expect(() => migrateDocument({ ...fixture(1), styles: [3] })).toThrow(/^This document cannot be used: .*\.$/);
  });
});

describe('masks of a document', () => {
  it('go into the run with their paintings, whose shares do not count then', () => {
    const { styles, photoMask } = requestOf(masked, surroundings);
    expect(photoMask).toBe('/library/2');
    expect(styles).toEqual([
      { path: '/library/b', weight: 1, scale: 1, mask: '/library/3' },
      { path: '/library/c', weight: 1, scale: 1, mask: '/library/1' },
      { path: '/library/d', weight: 0.5, scale: 2 },
    ]);
  });

  it('make up for a share of zero, without which a painting is left out', () => {
    const out = masked.styles.map((style) => ({ ...style, weight: 0 }));
    expect(requestOf({ ...masked, styles: out }, surroundings).styles.map(({ path }) => path)).toEqual([
      '/library/b',
      '/library/c',
    ]);
    const bare = out.map((style) => ({ ...style, mask: null }));
    expect(() => requestOf({ ...masked, styles: bare }, surroundings)).toThrow(/share of zero/);
  });

  it('count as used, so that the library keeps them', () => {
    const used = picturesOf(masked).map(({ sha256 }) => sha256[0]);
    expect(used).toEqual(expect.arrayContaining(['1', '2', '3']));
  });

  it('that the library no longer has stop a start with a sentence', () => {
    const without = { ...surroundings, original: (sha256: string) => (sha256[0] === '1' ? undefined : '/x') };
    expect(() => requestOf(masked, without)).toThrow('The picture "Mask of night.png" is not in the library');
  });

  it('stay when the photo is replaced by one of its shape, and go with another shape', () => {
    const again = withPhoto(masked, picture('e', 'retouched.jpg', 3000, 2001));
    expect(masksOf(again)).toEqual(masksOf(masked));
    const upright = withPhoto(masked, picture('e', 'upright.jpg', 400, 600));
    expect(masksOf(upright)).toEqual([]);
    expect(upright.styles.map(({ scale }) => scale)).toEqual([1, 1, 2]);
    expect(masksOf(withPhoto(masked, null))).toEqual([]);
  });
});

describe('the document of a recipe', () => {
  const recipe: Recipe = recipeSchema.parse({
    version: 1,
    content: picture('a', 'lake.jpg'),
    styles: ['b', 'c', 'd'].map((letter) => ({ image: picture(letter) })),
    masks: [
      { image: foreground, region: { kind: 'photo' } },
      { image: sky, region: { kind: 'style', style: 1 } },
      { image: picture('4', 'Mask of d.png'), region: { kind: 'style', style: 2 } },
    ],
    networks: { style: { id: 'madder-vgg', sha256: '0'.repeat(64) } },
    objective: { style: 1, content: 0.1, styleLayers: { relu1_1: 1 }, contentLayers: { relu2_2: 1 } },
    schedule: { size: 64, levels: [{ factor: 1, evaluations: 3 }] },
    optimizer: { kind: 'lbfgs' },
    init: { kind: 'content' },
  });
  const repeated = (known: (sha256: string) => boolean) => documentOf(recipe, known, () => 'madder-vgg');

  it('has its masks at their paintings', () => {
    const { document, missing } = repeated(() => true);
    expect(missing).toEqual([]);
    expect(document.photoMask).toEqual(foreground);
    expect(document.styles.map(({ mask }) => mask?.name ?? null)).toEqual([null, 'Mask of night.png', 'Mask of d.png']);
  });

  it('keeps each mask at its painting where another painting is missing', () => {
    const { document, missing } = repeated((sha256) => sha256[0] !== 'b');
    expect(missing).toEqual(['b.png']);
    expect(document.styles.map(({ picture: { name }, mask }) => [name, mask?.name])).toEqual([
      ['c.png', 'Mask of night.png'],
      ['d.png', 'Mask of d.png'],
    ]);
  });

  it('says which masks are missing', () => {
    const { document, missing } = repeated((sha256) => sha256[0] !== '1');
    expect(missing).toEqual(['Mask of night.png']);
    expect(document.styles[1]!.mask).toBeNull();
  });
});

describe('a picture of the library as a mask', () => {
  it('is in grey, small enough to be painted on, and made once', async () => {
    const studio = await TestStudio.open();
    const path = file('large.png');
    const left = { create: { width: 1500, height: 1000, channels: 3, background: 'white' } } as const;
    await sharp({ create: { ...left.create, width: 3000, background: 'black' } })
      .composite([{ input: left, left: 0, top: 0 }])
      .png()
      .toFile(path);
    const { sha256 } = await added(studio, path, 'large.png');
    const [mask, again] = await Promise.all([1, 2].map(() => studio.program.asset('mask', sha256)));
    expect(again).toEqual(mask);
    const image = sharp(mask!.content as string);
    expect(await image.metadata()).toMatchObject({ format: 'png', channels: 1, width: 2048, height: 683 });
    const data = await image.toColourspace('b-w').raw().toBuffer();
    expect([data[100], data[1900]]).toEqual([255, 0]);
    expect(await studio.program.asset('mask', 'f'.repeat(64))).toBeUndefined();
    await studio.close();
  });
});
