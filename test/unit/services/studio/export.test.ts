import { readdir, writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { rowsOf } from '../../../../src/main/codec/large/rows.ts';
import type { Picture } from '../../../../src/main/codec/picture.ts';
import { Exporter, type ExportContext } from '../../../../src/main/services/studio/export.ts';
import { exportOptionsSchema, type ExportOptions, type Result } from '../../../../src/shared/studio/contract.ts';
import { emptyDocument } from '../../../../src/shared/studio/document.ts';
import { exceededSide } from '../../../../src/shared/studio/export-plan.ts';
import { adobeRgbProfile, temporaryFolder } from '../../codec/files.ts';
import { PLAIN_EXPORT } from '../../../support/export-options.ts';
import { runRecipe, waves } from '../../../support/run-recipe.ts';

const file = temporaryFolder();
let folders = 0;

const OPTIONS: ExportOptions = { ...PLAIN_EXPORT, recipe: true, nameTemplate: 'picture' };

/** Large enough to be watched while it is written. */
const LARGE = { width: 3600, height: 2400 };
/** Rows that are the same, which costs little to make and to compress. */
const large: Picture = { ...LARGE, data: new Float32Array(3 * LARGE.width * LARGE.height) };
for (let x = 0; x < LARGE.width; x++) large.data[x] = x / LARGE.width;
for (let filled = LARGE.width; filled < large.data.length; filled *= 2) large.data.copyWithin(filled, 0, filled);

const resultOf = ({ width, height }: Pick<Picture, 'width' | 'height'>): Result => ({
  ...{ id: 'r', name: 'picture', createdAt: 0, width, height, bytes: 1, completed: true, seconds: 1 },
  document: emptyDocument('madder-vgg'),
  recipe: runRecipe(waves(30, 20), waves(8, 8)),
});

const closable = (picture: Picture) => ({ ...rowsOf(picture), close: async () => {} });

type Event = Parameters<ExportContext['onEvent']>[0];

function exporterOf(context: Partial<ExportContext> = {}) {
  const folder = file(`exports-${folders++}`);
  const events: Event[] = [];
  const exporter = new Exporter({
    rows: async () => closable(large),
    original: () => undefined,
    folder: () => folder,
    onEvent: (event) => events.push(event),
    ...context,
  });
  const names = async () => (await readdir(folder, { recursive: true }).catch(() => [])).sort();
  return { exporter, folder, events, names };
}

describe('exporting a large picture', () => {
  it('says how far it is, a few times a second', async () => {
    const { exporter, events, names } = exporterOf();
    const began = performance.now();
    const done = await exporter.export(resultOf(LARGE), { ...OPTIONS, depth: 16 }, { id: 'one' });
    const seconds = (performance.now() - began) / 1000;
    expect(done).toMatchObject({ ...LARGE, skipped: false });
    expect(await names()).toEqual(['picture.png']);
    expect(events.length).toBeGreaterThan(1);
    expect(events.length).toBeLessThanOrEqual(2 + 4 * seconds);
    expect(events[0]).toEqual({ type: 'exporting', export: 'one', fraction: 0 });
    const fractions = events.map(({ fraction }) => fraction);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(fractions.some((fraction) => fraction > 0 && fraction < 1)).toBe(true);
  });

  it('says how far it is where a small file is made of a large picture, and ends there', async () => {
    const small = { ...OPTIONS, size: { unit: 'px', longSide: 300 } } as const;
    const { exporter, events, names } = exporterOf({
      // Slow enough to be told of.
      rows: async () => ({
        ...closable(large),
        rows: async (from, to) => {
          await new Promise((resolve) => setTimeout(resolve, 150));
          return rowsOf(large).rows(from, to);
        },
      }),
    });
    expect(await exporter.export(resultOf(LARGE), small, { id: 'one' })).toMatchObject({ width: 300, height: 200 });
    expect(events.filter(({ fraction }) => fraction > 0 && fraction < 0.8).length).toBeGreaterThan(1);
    const ended = exporterOf({
      onEvent: ({ export: id, fraction }) => (fraction > 0 ? ended.exporter.cancel(id) : undefined),
    });
    expect(await ended.exporter.export(resultOf(LARGE), small, { id: 'two' })).toBeNull();
    expect([await names(), await ended.names()]).toEqual([['picture.png'], []]);
  });

  it('says nothing of an export that has no name', async () => {
    const { exporter, events } = exporterOf();
    await exporter.export(resultOf(LARGE), OPTIONS);
    expect(events).toEqual([]);
  });

  it.each(['png', 'tiff', 'jpeg', 'webp'] as const)('leaves no file where it is cancelled (%s)', async (format) => {
    const { exporter, names } = exporterOf({
      onEvent: ({ export: id, fraction }) => (fraction > 0 ? exporter.cancel(id) : undefined),
    });
    expect(await exporter.export(resultOf(LARGE), { ...OPTIONS, format }, { id: 'one' })).toBeNull();
    expect(await names()).toEqual([]);
  });

  it('leaves the file that was to be replaced, and nothing for a browser', async () => {
    const { exporter, folder, names } = exporterOf({
      onEvent: ({ export: id, fraction }) => (fraction > 0 ? exporter.cancel(id) : undefined),
    });
    await exporter.export(resultOf({ width: 30, height: 20 }), OPTIONS).catch(() => {});
    await writeFile(`${folder}/picture.png`, 'precious');
    const options = { ...OPTIONS, onConflict: 'overwrite' } as const;
    expect(await exporter.export(resultOf(LARGE), options, { id: 'one' })).toBeNull();
    expect(await names()).toEqual(['picture.png']);
    expect(
      await sharp(`${folder}/picture.png`)
        .metadata()
        .catch(() => 'precious'),
    ).toBe('precious');

    const downloads = file('downloads');
    const browser = exporterOf({
      downloads,
      onEvent: ({ export: id, fraction }) => (fraction > 0 ? browser.exporter.cancel(id) : undefined),
    });
    expect(await browser.exporter.export(resultOf(LARGE), OPTIONS, { id: 'one' })).toBeNull();
    expect(await readdir(downloads)).toEqual([]);
  });

  it('is cancelled while it waits for another one, and when the program closes', async () => {
    let reads = 0;
    const { exporter, names } = exporterOf({
      rows: async () => {
        reads++;
        return closable(large);
      },
    });
    const first = exporter.export(resultOf(LARGE), OPTIONS, { id: 'first' });
    const second = exporter.export(resultOf(LARGE), OPTIONS, { id: 'second' });
    exporter.cancel('second');
    exporter.cancel('nobody');
    expect(await second).toBeNull();
    expect(await first).toMatchObject(LARGE);
    expect(reads).toBe(1);
    const third = exporter.export(resultOf(LARGE), OPTIONS, { id: 'third' });
    await exporter.close();
    expect(await third).toBeNull();
    expect(await names()).toEqual(['picture.png']);
  });

  it('has recipe, resolution and the profile of the photo inside, in TIFF as a pyramid where that is asked for', async () => {
    const photo = file('photo.png');
    const image = sharp({ create: { width: 30, height: 20, channels: 3, background: 'red' } });
    await writeFile(file('adobe.icc'), adobeRgbProfile());
    await image.withIccProfile(file('adobe.icc')).png().toFile(photo);
    const { exporter } = exporterOf({ original: () => photo });
    for (const format of ['png', 'tiff', 'jpeg'] as const) {
      const options = { ...OPTIONS, format, depth: 16, profile: 'photo', pyramid: true, dpi: 254 } as const;
      const done = await exporter.export(resultOf(LARGE), options);
      const said = await sharp(done!.path).metadata();
      expect(said).toMatchObject({ ...LARGE, depth: format === 'jpeg' ? 'uchar' : 'ushort', density: 254 });
      expect(said.icc?.equals(adobeRgbProfile())).toBe(true);
      expect(said.xmp?.toString()).toContain('madder:recipe');
      expect(said.pages ?? 1).toBe(format === 'tiff' ? 5 : 1);
      expect(done!.notes.join()).toMatch(format === 'jpeg' ? /16 bits per colour; 8 were written/ : /^$/);
    }
  });

  it('refuses sides that a format cannot have before it reads the picture, and names others', async () => {
    const { exporter } = exporterOf({
      rows: () => Promise.reject(new Error('the picture was read')),
    });
    const long = resultOf({ width: 16_384, height: 3 });
    await expect(exporter.export(long, { ...OPTIONS, format: 'webp' })).rejects.toThrow(
      /cannot hold 16384 x 3 pixels \(16383 pixels a side\); choose \.png or \.tif\.$/,
    );
    const longer = resultOf({ width: 65_501, height: 3 });
    await expect(exporter.export(longer, { ...OPTIONS, format: 'jpeg' })).rejects.toThrow(/65500 pixels a side/);
  });
});

describe('the plan of an export', () => {
  it('knows which sides are too long for a format', () => {
    const picture = { width: 8192, height: 4096 };
    const own = { format: 'webp', size: { unit: 'own' }, dpi: 300 } as const;
    expect(exceededSide(picture, own)).toBeUndefined();
    const doubled = { ...own, size: { unit: 'px', longSide: 16_384 } } as const;
    expect(exceededSide(picture, doubled)).toBe(16_383);
    expect(exceededSide(picture, { ...doubled, format: 'jpeg' })).toBeUndefined();
    expect(exceededSide(picture, { ...own, format: 'jpeg', size: { unit: 'inch', longSide: 219 } })).toBe(65_500);
    expect(exceededSide(picture, { ...own, format: 'tiff', size: { unit: 'inch', longSide: 219 } })).toBeUndefined();
  });

  it('opens options of before, which know no pyramid', () => {
    const { pyramid: _, ...before } = OPTIONS;
    expect(exportOptionsSchema.parse(before)).toEqual(OPTIONS);
  });
});
