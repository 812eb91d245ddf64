import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { halved } from '../../../../src/main/codec/large/halve.ts';
import { rowsOf } from '../../../../src/main/codec/large/rows.ts';
import { needsBigTiff, pyramidSizes } from '../../../../src/main/codec/large/tiff.ts';
import { writeRows } from '../../../../src/main/codec/large/write.ts';
import { Random } from '../../../support/random.ts';
import { temporaryFolder } from '../files.ts';

const file = temporaryFolder();

const noise = (width: number, height: number) => ({
  width,
  height,
  data: Float32Array.from(new Random(1).numbers(3 * width * height, 0, 1)),
});

/** Every directory's tags with their types, counts and first values, by the specifications and nothing else. */
function directories(bytes: Buffer) {
  expect(bytes.toString('latin1', 0, 2)).toBe('II');
  const big = bytes.readUInt16LE(2) === 43;
  if (!big) expect(bytes.readUInt16LE(2)).toBe(42);
  else expect([bytes.readUInt16LE(4), bytes.readUInt16LE(6)]).toEqual([8, 0]);
  const place = (at: number) => (big ? Number(bytes.readBigUInt64LE(at)) : bytes.readUInt32LE(at));
  const sizes: Record<number, number> = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 16: 8 };
  const found: Map<number, { type: number; count: number; values: number[] }>[] = [];
  for (let at = place(big ? 8 : 4); at !== 0;) {
    expect(at % 2).toBe(0);
    const count = big ? Number(bytes.readBigUInt64LE(at)) : bytes.readUInt16LE(at);
    const tags = new Map<number, { type: number; count: number; values: number[] }>();
    let last = 0;
    for (let k = 0; k < count; k++) {
      const entry = at + (big ? 8 : 2) + k * (big ? 20 : 12);
      const [tag, type] = [bytes.readUInt16LE(entry), bytes.readUInt16LE(entry + 2)];
      expect(tag).toBeGreaterThan(last);
      last = tag;
      const n = place(entry + 4);
      const field = entry + (big ? 12 : 8);
      const from = sizes[type]! * n > (big ? 8 : 4) ? place(field) : field;
      expect(from + sizes[type]! * n).toBeLessThanOrEqual(bytes.length);
      const values = Array.from({ length: n }, (_, i) => {
        const value = from + i * sizes[type]!;
        if (type === 3) return bytes.readUInt16LE(value);
        if (type === 4) return bytes.readUInt32LE(value);
        if (type === 5) return bytes.readUInt32LE(value) / bytes.readUInt32LE(value + 4);
        return type === 16 ? Number(bytes.readBigUInt64LE(value)) : bytes[value]!;
      });
      tags.set(tag, { type, count: n, values });
    }
    found.push(tags);
    at = place(at + (big ? 8 : 2) + count * (big ? 20 : 12));
  }
  return { big, found };
}

describe('TIFF files', () => {
  it.each([false, true])('have the tags of the specification, 64-bit places: %s', async (bigTiff) => {
    await writeRows(file('a.tif'), rowsOf(noise(201, 99)), { quality: 95, depth: 16, dpi: 301.5, bigTiff });
    const bytes = await readFile(file('a.tif'));
    const { big, found } = directories(bytes);
    expect([big, found.length]).toEqual([bigTiff, 1]);
    const tags = found[0]!;
    const values = (tag: number) => tags.get(tag)!.values;
    expect([256, 257, 258, 259, 262, 277, 317].map(values)).toEqual([[201], [99], [16, 16, 16], [8], [2], [3], [2]]);
    expect([282, 283, 296].map(values)).toEqual([[301.5], [301.5], [2]]);
    expect(tags.get(273)!.type).toBe(bigTiff ? 16 : 4);
    expect(values(273).length).toBe(Math.ceil(99 / values(278)[0]!));
    values(273).forEach((offset, k) => expect(offset + values(279)[k]!).toBeLessThanOrEqual(bytes.length));
    expect(await sharp(file('a.tif')).metadata()).toMatchObject({ width: 201, height: 99, depth: 'ushort' });
  });

  it('have 64-bit places where noise would exceed 4 GB, and no sooner', () => {
    const details = { xmp: undefined, profile: new Uint8Array(3144) };
    const layout = { width: 20_000, channels: 3, depth: 16 } as const;
    expect(needsBigTiff({ ...layout, height: 35_000 }, false, details)).toBe(false);
    expect(needsBigTiff({ ...layout, height: 36_000 }, false, details)).toBe(true);
    expect(needsBigTiff({ ...layout, height: 28_000 }, true, details)).toBe(true);
    expect(needsBigTiff({ ...layout, height: 26_000 }, true, details)).toBe(false);
  });

  it('hold smaller pages as a pyramid, each half the one before', async () => {
    const data = new Float32Array(3 * 1100 * 700).map((_, i) => ((i % 1100) + Math.floor(i / 1100)) / 3300);
    await writeRows(file('p.tif'), rowsOf({ width: 1100, height: 700, data }), {
      quality: 95,
      pyramid: true,
      dpi: 300,
    });
    const { found } = directories(await readFile(file('p.tif')));
    const sizes = found.map((tags) => [256, 257].map((tag) => tags.get(tag)!.values[0]));
    expect(sizes).toEqual([
      [1100, 700],
      [550, 350],
      [275, 175],
      [138, 88],
    ]);
    expect(found.map((tags) => tags.get(254)!.values[0])).toEqual([0, 1, 1, 1]);
    for (const tags of found) expect([322, 323].map((tag) => tags.get(tag)!.values[0])).toEqual([256, 256]);
    const page = (k: number) => sharp(file('p.tif'), { page: k }).raw().toBuffer({ resolveWithObject: true });
    const whole = await page(0);
    const shrunk = await sharp(whole.data, { raw: whole.info }).resize(275, 175, { fit: 'fill' }).raw().toBuffer();
    const third = await page(2);
    third.data.forEach((v, i) => expect(Math.abs(v - shrunk[i]!)).toBeLessThanOrEqual(3));
  });

  it('have pyramids that end with one tile', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e5 }), fc.integer({ min: 1, max: 1e5 }), (width, height) => {
        const sizes = pyramidSizes(width, height);
        expect(sizes[0]).toEqual({ width, height });
        const last = sizes.at(-1)!;
        expect(Math.max(last.width, last.height)).toBeLessThanOrEqual(256);
        expect(Math.min(last.width, last.height)).toBeGreaterThanOrEqual(1);
        if (sizes.length > 1) expect(Math.max(sizes.at(-2)!.width, sizes.at(-2)!.height)).toBeGreaterThan(256);
      }),
    );
  });
});

describe('halved', () => {
  const layout = (channels: 3 | 4) => ({ width: 3, height: 3, channels, depth: 8 }) as const;

  it('takes means of four, of two and of one', () => {
    const pixels = Uint8Array.from([10, 20, 40, 30, 40, 60, 90, 90, 100].flatMap((v) => [v, 0, 255]));
    const half = halved({ pixels, rows: 3, width: 3 }, layout(3));
    expect([...half].filter((_, i) => i % 3 === 0)).toEqual([25, 50, 90, 100]);
    expect([...half].filter((_, i) => i % 3 === 2)).toEqual([255, 255, 255, 255]);
  });

  it('lets no colour show that cannot be seen', () => {
    const pixels = Uint16Array.from([200, 0, 0, 65_535, 60_000, 0, 0, 0, 200, 0, 0, 65_535, 60_000, 0, 0, 0]);
    expect([...halved({ pixels, rows: 2, width: 2 }, layout(4))]).toEqual([200, 0, 0, 32_768]);
    const hidden = Uint8Array.from([8, 8, 8, 0, 4, 4, 4, 0]);
    expect([...halved({ pixels: hidden, rows: 1, width: 2 }, layout(4))]).toEqual([6, 6, 6, 0]);
  });
});
