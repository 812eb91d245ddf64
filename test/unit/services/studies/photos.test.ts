import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeImage } from '../../../../src/main/codec/encode.ts';
import { findPhotos } from '../../../../src/main/services/studies/photos.ts';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'madder-photos-'));
  mkdirSync(join(folder, 'more'));
  for (let i = 0; i < 6; i++) {
    const data = new Float32Array(3 * 10 * 8).fill(i / 10);
    await writeImage(join(folder, i < 4 ? `${i}.png` : `more/${i}.png`), { width: 10, height: 8, data });
  }
  copyFileSync(join(folder, '0.png'), join(folder, 'copy.png'));
  writeFileSync(join(folder, 'broken.png'), 'not a picture');
  writeFileSync(join(folder, 'notes.txt'), 'text');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('findPhotos', () => {
  it('finds every picture of a folder and its folders once, in their order, and says what it left out', async () => {
    const { photos, notes } = await findPhotos([folder], 10, 1);
    expect(photos.map(({ name }) => name).filter((name) => !['0.png', 'copy.png'].includes(name))).toEqual([
      ...['1.png', '2.png', '3.png', '4.png', '5.png'],
    ]);
    expect(photos).toHaveLength(6);
    expect(photos[0]).toMatchObject({ width: 10, height: 8 });
    expect(notes).toEqual([
      expect.stringMatching(/broken\.png could not be read as a picture/),
      'There are 6 different photos instead of 10.',
    ]);
  });

  it('draws some by the seed', async () => {
    const names = async (seed: number) => (await findPhotos([folder], 3, seed)).photos.map(({ name }) => name);
    expect(await names(1)).toHaveLength(3);
    expect(await names(1)).toEqual(await names(1));
    const drawn = await Promise.all([1, 2, 3, 4, 5].map(async (seed) => (await names(seed)).join()));
    expect(new Set(drawn).size).toBeGreaterThan(1);
  });

  it('refuses what a person named and it cannot read, and less than two photos', async () => {
    const one = join(folder, '1.png');
    await expect(findPhotos([one, join(folder, 'broken.png')], 5, 0)).rejects.toThrow(/not a picture/);
    await expect(findPhotos([join(folder, 'none')], 5, 0)).rejects.toThrow(/could not be read/);
    await expect(findPhotos([one], 5, 0)).rejects.toThrow(/holds 1 photos; two or more/);
    await expect(findPhotos([one, one], 5, 0)).rejects.toThrow(/two or more/);
  });
});
