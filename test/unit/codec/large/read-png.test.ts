import { readFile, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { openPngRows } from '../../../../src/main/codec/large/read-png.ts';
import { pictureOf, rowsOf } from '../../../../src/main/codec/large/rows.ts';
import { writeRows } from '../../../../src/main/codec/large/write.ts';
import { toBytes, toWords, type Picture } from '../../../../src/main/codec/picture.ts';
import { Random } from '../../../support/random.ts';
import { temporaryFolder } from '../files.ts';

const file = temporaryFolder();

function noise(width: number, height: number, alpha: boolean): Picture {
  const random = new Random(width * height);
  const data = Float32Array.from(random.numbers(3 * width * height, 0, 1));
  return { width, height, data, ...(alpha ? { alpha: Float32Array.from(random.numbers(width * height, 0, 1)) } : {}) };
}

const depths = fc.constantFrom(8 as const, 16 as const);
const side = fc.integer({ min: 1, max: 40 });
const values = (picture: Picture, depth: 8 | 16) => (depth === 16 ? toWords : toBytes)(picture, picture.alpha);

describe('openPngRows', () => {
  it('reads what writeRows has written, in blocks of any size, some of which are passed over', async () => {
    await fc.assert(
      fc.asyncProperty(
        side,
        side,
        fc.boolean(),
        depths,
        side,
        side,
        async (width, height, alpha, depth, from, step) => {
          const picture = noise(width, height, alpha);
          await writeRows(file('own.png'), rowsOf(picture), { quality: 90, depth });
          const source = await openPngRows(file('own.png'));
          expect([source.width, source.height, source.transparent]).toEqual([width, height, alpha]);
          const inner = rowsOf(picture);
          for (let y = Math.min(from, height); y < height; y += step) {
            const to = Math.min(height, y + step);
            const wanted = await inner.rows(y, to);
            const found = await source.rows(y, to);
            expect(found.length).toBe(wanted.length);
            const scale = depth === 16 ? 65_535 : 255;
            expect(found.every((value, i) => value === Math.fround(Math.floor(wanted[i]! * scale + 0.5) / scale))).toBe(
              true,
            );
          }
          await source.close();
        },
      ),
      { numRuns: 60 },
    );
  });

  it('undoes every filter that another encoder chooses', async () => {
    const width = 200;
    const height = 160;
    const smooth = Float32Array.from({ length: 3 * width * height }, (_, i) => {
      const [x, y] = [i % width, Math.floor(i / width) % height];
      return y < 40 ? x / width : y < 80 ? y / height : 0.5 + 0.4 * Math.sin(x / 9 + y / 7) * Math.cos(i / 3000);
    });
    const picture = { width, height, data: smooth };
    for (const depth of [8, 16] as const) {
      const raw = { width, height, channels: 3 } as const;
      const png = sharp(values(picture, depth), { raw }).toColourspace(depth === 16 ? 'rgb16' : 'srgb');
      await writeFile(file('other.png'), await png.png({ adaptiveFiltering: true }).toBuffer());
      const source = await openPngRows(file('other.png'));
      expect(values(await pictureOf(source), depth)).toEqual(values(picture, depth));
      await source.close();
    }
  });

  it('finds damage, and files of another kind', async () => {
    await writeRows(file('whole.png'), rowsOf(noise(300, 300, false)), { quality: 90, depth: 16 });
    const whole = await readFile(file('whole.png'));
    const attempt = async (bytes: Uint8Array) => {
      await writeFile(file('damaged.png'), bytes);
      const source = await openPngRows(file('damaged.png'));
      try {
        return await source.rows(0, 300);
      } finally {
        await source.close();
      }
    };
    expect((await attempt(whole)).length).toBe(3 * 300 * 300);
    await expect(attempt(whole.subarray(0, whole.length >> 1))).rejects.toThrow(/ends too early/);
    const flipped = Buffer.from(whole);
    flipped[whole.length >> 1]! ^= 1;
    await expect(attempt(flipped)).rejects.toThrow();
    const shorter = Buffer.from(whole);
    shorter.writeUInt32BE(299, 20);
    await expect(attempt(shorter)).rejects.toThrow(/header .* damaged/);
    const palette = await sharp({ create: { width: 4, height: 4, channels: 3, background: 'red' } })
      .png({ palette: true })
      .toBuffer();
    await expect(attempt(palette)).rejects.toThrow(/not a PNG file of RGB/);
    await expect(attempt(Buffer.from('no picture'))).rejects.toThrow(/not a PNG file of RGB/);
  });

  it('is closed in the middle, and gives no row twice', async () => {
    const source = await openPngRows(file('whole.png'));
    await source.rows(10, 20);
    await expect(Promise.resolve(source.rows(5, 30))).rejects.toThrow(/row 5 was read before/);
    await source.close();
    await source.close();
  });
});
