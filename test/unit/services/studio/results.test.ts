import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeImage } from '../../../../src/main/codec/decode.ts';
import { pictureOf } from '../../../../src/main/codec/large/rows.ts';
import { toPicture, type Picture } from '../../../../src/main/codec/picture.ts';
import { profileName } from '../../../../src/main/codec/profile.ts';
import { prepareRun } from '../../../../src/main/services/painter.ts';
import { readRecipe } from '../../../../src/main/services/recipes.ts';
import { requestOf } from '../../../../src/main/services/studio/documents.ts';
import { History } from '../../../../src/main/services/studio/history.ts';
import { Log } from '../../../../src/main/services/studio/log.ts';
import type { ExportOptions, Result } from '../../../../src/shared/studio/contract.ts';
import type { StudioDocument } from '../../../../src/shared/studio/document.ts';
import { PLAIN_EXPORT } from '../../../support/export-options.ts';
import { adobeRgbProfile } from '../../codec/files.ts';
import { added, file, newFolder, pictureFile, TestStudio, tinyDocument } from './studio-kit.ts';

/** A photo with a profile, turned, that says where it was taken. */
const photoFile = () =>
  pictureFile('camera.jpg', {
    save: (image) =>
      image
        .withMetadata({
          orientation: 6,
          icc: profileFile,
          exif: {
            IFD0: { Make: 'ACME', Copyright: 'Ada' },
            IFD2: { LensModel: 'f50' },
            IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 3230/100', GPSLongitude: '7/1 8/1 9/1' },
          },
        })
        .jpeg({ quality: 95 }),
  });
const profileFile = file('adobe.icc');

let studio: TestStudio;
let result: Result;
let document: StudioDocument;
beforeAll(async () => {
  await writeFile(profileFile, adobeRgbProfile());
  studio = await TestStudio.open({ exportFolder: file('exports') });
  const photo = await added(studio, await photoFile(), 'Camera 1.jpg');
  document = { ...(await tinyDocument(studio, { colour: 'match', seed: 5 })), photo };
  const { job } = await studio.do('start', { document });
  await studio.reaches(job, 'done');
  result = studio.of('result').at(-1)!.result;
});

const exported = async (options: Partial<ExportOptions>, path?: string) =>
  (await studio.do('exportResult', {
    ...{ result: result.id, options: { ...PLAIN_EXPORT, ...options } },
    ...(path ? { path } : {}),
  }))!;

const greatest = (a: Picture, b: Picture) =>
  a.data.reduce((most, value, i) => Math.max(most, Math.abs(value - b.data[i]!)), 0);
const mean = (a: Picture, b: Picture) =>
  a.data.reduce((sum, value, i) => sum + Math.abs(value - b.data[i]!), 0) / a.data.length;

const master = async () => toPicture(await decodeImage(join(studio.folder, 'history', result.id, 'master.png')));

describe('export', () => {
  for (const format of ['png', 'tiff', 'jpeg', 'webp'] as const) {
    for (const depth of [8, 16] as const) {
      for (const profile of ['srgb', 'photo'] as const) {
        it(`writes ${format} with ${depth} bits and the profile ${profile}`, async () => {
          const deep = format === 'png' || format === 'tiff';
          const done = await exported({ format, depth, profile, exif: true, recipe: true, dpi: 240 });
          const bytes = await readFile(done.path);
          const metadata = await sharp(bytes).metadata();
          expect(metadata).toMatchObject({
            format,
            width: 48,
            height: 64,
            depth: deep && depth === 16 ? 'ushort' : 'uchar',
          });
          expect(done).toMatchObject({ width: 48, height: 64, bytes: bytes.length, skipped: false });
          expect(done.notes.some((note) => /16 bits/.test(note))).toBe(depth === 16 && !deep);
          // WebP says it in its EXIF data only.
          if (format !== 'webp') expect(Math.round(metadata.density!)).toBe(240);
          expect(profileName(metadata.icc!)).toMatch(profile === 'srgb' ? /^sRGB/ : /^Adobe RGB/);
          expect(metadata.orientation ?? 1).toBe(1);
          if (format === 'tiff') expect(done.notes.join()).toMatch(/EXIF data cannot be written into TIFF/);
          else {
            const exif = metadata.exif!.toString('latin1');
            expect(exif).toContain('ACME');
            expect(exif).toContain('Ada');
            expect(exif).toContain('f50');
            expect(exif).not.toMatch(/%\x88|\x88%/);
          }
          expect(await readRecipe(done.path)).toEqual(result.recipe);
          const difference = [toPicture(await decodeImage(done.path)), await master()] as const;
          if (deep && profile === 'srgb') expect(greatest(...difference)).toBeLessThan(depth === 16 ? 1e-4 : 0.0021);
          else expect(mean(...difference)).toBeLessThan(deep ? 0.004 : 0.04);
        });
      }
    }
  }

  it('keeps the place where the photo was taken only when asked to', async () => {
    const { path } = await exported({ exif: true, removePosition: false });
    expect((await sharp(path).metadata()).exif!.toString('latin1')).toMatch(/%\x88/);
    const bare = await exported({ exif: false });
    expect((await sharp(bare.path).metadata()).exif?.toString('latin1') ?? '').not.toContain('ACME');
    await expect(readRecipe(bare.path)).rejects.toThrow(/carries no recipe/);
  });

  it('has the size in pixels, centimetres or inches', async () => {
    const sizes = [
      [{ unit: 'px', longSide: 32 }, 300, [24, 32]],
      [{ unit: 'inch', longSide: 0.5 }, 300, [113, 150]],
      [{ unit: 'cm', longSide: 2.54 }, 200, [150, 200]],
    ] as const;
    for (const [size, dpi, [width, height]] of sizes) {
      const done = await exported({ size, dpi });
      expect([done.width, done.height]).toEqual([width, height]);
      expect(await sharp(done.path).metadata()).toMatchObject({ width, height, density: dpi });
    }
    const large = await exported({ format: 'jpeg', size: { unit: 'px', longSide: 8400 }, dpi: 300 });
    expect(await sharp(large.path).metadata()).toMatchObject({ width: 6300, height: 8400, density: 300 });
    const request = { result: result.id, options: { ...PLAIN_EXPORT, size: { unit: 'px', longSide: 100_000 } } };
    expect(await studio.refused('exportResult', request)).toMatch(/too many .* choose at most \d+ on the long side/);
  });

  it('names files by the template and never replaces one silently', async () => {
    const folder = file('named');
    const { preferences } = await studio.do('snapshot', {});
    await studio.do('savePreferences', { preferences: { ...preferences, exportFolder: folder } });
    const name = async (options: Partial<ExportOptions>) => (await exported(options)).path.slice(folder.length + 1);
    expect(await name({ nameTemplate: '{photo} {style} {network} {size}' })).toBe(
      'Camera 1 Blocks madder-vgg 48x64.png',
    );
    expect(await name({ nameTemplate: '{date}' })).toMatch(/^\d{4}-\d\d-\d\d\.png$/);
    expect(await name({ nameTemplate: 'a', format: 'jpeg' })).toBe('a.jpg');
    expect(await name({ nameTemplate: 'a', format: 'jpeg' })).toBe('a-2.jpg');
    expect(await name({ nameTemplate: 'b {n}' })).toBe('b 1.png');
    expect(await name({ nameTemplate: 'b {n}' })).toBe('b 2.png');
    expect(await name({ nameTemplate: '../{nobody}/con:*' })).toBe('_{nobody}_con__.png');
    expect(await name({ nameTemplate: 'NUL' })).toBe('NUL_.png');
    expect(await name({ nameTemplate: ' .. ' })).toBe('painting.png');
    expect(await name({ nameTemplate: 'ä'.repeat(200) })).toBe(`${'ä'.repeat(100)}.png`);
    const before = await readFile(join(folder, 'a.jpg'));
    const skipped = await exported({ nameTemplate: 'a', format: 'jpeg', quality: 10, onConflict: 'skip' });
    expect(skipped).toMatchObject({ skipped: true, path: join(folder, 'a.jpg') });
    expect((await readFile(join(folder, 'a.jpg'))).equals(before)).toBe(true);
    const replaced = await exported({ nameTemplate: 'a', format: 'jpeg', quality: 10, onConflict: 'overwrite' });
    expect(replaced.path).toBe(join(folder, 'a.jpg'));
    expect(replaced.bytes).toBeLessThan(before.length);
    // The photo itself is nothing that its painting may replace.
    const source = join(folder, 'Camera 1.jpg');
    await writeFile(source, await readFile(await photoFile()));
    const options = { ...PLAIN_EXPORT, format: 'jpeg', onConflict: 'overwrite' };
    expect(await studio.refused('exportResult', { result: result.id, options })).toMatch(/made from/);
    expect(readdirSync(folder).filter((found) => extname(found) === '.tmp')).toEqual([]);
  });

  it('goes where the dialog said, in the format of the name', async () => {
    const folder = dirname(profileFile);
    const named = await exported({ format: 'png' }, join(folder, 'chosen.webp'));
    expect((await sharp(named.path).metadata()).format).toBe('webp');
    expect(named.notes.join()).toMatch(/as the name says/);
    expect((await exported({ format: 'tiff' }, join(folder, 'chosen.v2'))).path).toBe(join(folder, 'chosen.v2.tif'));
    const nowhere = { result: result.id, options: PLAIN_EXPORT, path: join(folder, 'nowhere', 'x.png') };
    expect(await studio.refused('exportResult', nowhere)).toMatch(/folder that does not exist/);
  });

  it('offers the file to a browser', async () => {
    const { folder } = studio;
    await studio.close();
    const browser = await TestStudio.open({ shell: 'browser', folder });
    const done = (await browser.do('exportResult', {
      result: result.id,
      options: { ...PLAIN_EXPORT, format: 'jpeg' },
    }))!;
    const asset = await browser.program.asset('download', done.download!);
    expect(asset).toEqual({ type: 'image/jpeg', content: done.path, fileName: 'Camera 1.jpg' });
    await browser.close();
    expect(existsSync(done.path)).toBe(false);
    studio = await TestStudio.open({ folder, exportFolder: file('exports') });
  });
});

describe('a painted picture that comes back', () => {
  it('brings the document that repeats it', async () => {
    const { path } = await exported({ recipe: true });
    const { painted, picture } = await studio.program.upload(path, 'back.png');
    expect(picture).toMatchObject({ width: 48, height: 64 });
    expect(painted!.missing).toEqual([]);
    expect(painted!.document).toMatchObject({
      photo: document.photo,
      styles: document.styles,
      network: document.network,
    });
    const { networks } = await studio.do('snapshot', {});
    const request = requestOf(painted!.document, {
      original: (sha256) =>
        join(
          studio.folder,
          'library',
          sha256,
          readdirSync(join(studio.folder, 'library', sha256)).find((f) => f.startsWith('original'))!,
        ),
      manifest: (id) => networks.find((card) => card.id === id)?.manifest,
    });
    const { recipe } = await prepareRun(request);
    const text = (value: object) => JSON.stringify(value).replaceAll(/"name":"[^"]*"/g, '"name":""');
    expect(text(recipe)).toBe(text(result.recipe));

    const elsewhere = await TestStudio.open();
    const { painted: there } = await elsewhere.program.upload(path, 'back.png');
    expect(there).toMatchObject({ missing: ['Camera 1.jpg', 'Blocks.png'], document: { photo: null, styles: [] } });
    await elsewhere.close();
  });

  it('is a picture like any other where its recipe is damaged', async () => {
    const broken = await pictureFile('broken.png', {
      save: (image) =>
        image
          .withXmp(
            '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="r"><rdf:Description xmlns:m="urn:x-madder:1.0/" m:recipe="{"/></rdf:RDF></x:xmpmeta>',
          )
          .png(),
    });
    const { painted, notes } = await studio.program.upload(broken, 'broken.png');
    expect(painted).toBeUndefined();
    expect(notes.join()).toMatch(/recipe in the picture cannot be read/);
  });
});

describe('the history', () => {
  it('renames, gives thumbnails to presets, and deletes', async () => {
    await studio.do('renameResult', { result: result.id, name: 'Best one' });
    expect(studio.of('result').at(-1)!.result.name).toBe('Best one');
    const value = { version: 1 as const, name: 'From a picture', description: 'x' };
    const preset = await studio.do('savePreset', { id: null, value, result: result.id });
    expect(preset).toMatchObject({ id: 'from-a-picture', thumbnail: true });
    expect(await studio.program.asset('preset-thumbnail', preset.id)).toMatchObject({ type: 'image/jpeg' });
    expect((await studio.do('duplicatePreset', { id: preset.id, name: 'Copy' })).thumbnail).toBe(true);
    const { folder } = studio;
    await studio.close();
    studio = await TestStudio.open({ folder });
    expect((await studio.do('snapshot', {})).results[0]).toMatchObject({ name: 'Best one', recipe: result.recipe });
    await studio.do('deleteResult', { result: result.id });
    expect(studio.of('resultsGone').at(-1)!.results).toEqual([result.id]);
    expect(await studio.program.asset('result', result.id)).toBeUndefined();
    expect(readdirSync(join(folder, 'history'))).toEqual([]);
    await studio.close();
  });

  it('keeps to its cap, oldest first, but never loses what is shown or just made', async () => {
    const folder = newFolder();
    await mkdir(folder, { recursive: true });
    const gone: string[] = [];
    let cap = Infinity;
    const log = await Log.open();
    const needed = new Set<string>();
    const open = () =>
      History.open(folder, {
        cap: () => cap,
        needed: () => needed,
        onResult: () => {},
        onGone: (ids) => gone.push(...ids),
        log,
      });
    const history = await open();
    const picture: Picture = { width: 40, height: 30, data: new Float32Array(3600).map((_, i) => (i % 97) / 97) };
    const { name, recipe } = result;
    const add = async () => (await history.add({ name, picture, completed: true, seconds: 1, document, recipe })).id;
    const ids = [await add(), await add(), await add(), await add()];
    expect(new Set(history.results.map(({ bytes }) => bytes)).size).toBe(1);
    const [{ bytes }] = history.results as [Result];
    expect(bytes).toBeGreaterThan(1000);
    // The oldest one is on the screen.
    expect(history.asset('result', ids[0]!)).toBeDefined();
    cap = 3 * bytes;
    await history.prune();
    expect(gone).toEqual([ids[1]]);
    cap = 0;
    const last = await add();
    expect(gone).toEqual(ids.slice(1));
    expect(history.results.map(({ id }) => id)).toEqual([last, ids[0]]);
    const master = await history.rows(last);
    expect(greatest(await pictureOf(master), picture)).toBeLessThan(1e-4);
    await master.close();
    // What a render is to begin with stays until it has begun.
    needed.add(last);
    const newest = await add();
    expect(history.results.map(({ id }) => id)).toEqual([newest, last, ids[0]]);
    needed.clear();
    await history.prune(last);
    expect(history.results.map(({ id }) => id)).toEqual([last, ids[0]]);

    await writeFile(join(folder, last, 'about.json'), 'not JSON');
    const again = await open();
    expect(again.results.map(({ id }) => id)).toEqual([ids[0]]);
    expect(readdirSync(folder).some((found) => found.startsWith(`${last}.broken-`))).toBe(true);
  });
});
