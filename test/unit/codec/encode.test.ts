import { access, link, mkdir, open, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { decodeImage } from '../../../src/main/codec/decode.ts';
import { writeImage } from '../../../src/main/codec/encode.ts';
import { checkOutput, planOutput } from '../../../src/main/codec/output.ts';
import { toPicture, type Picture } from '../../../src/main/codec/picture.ts';
import { MadderError } from '../../../src/shared/errors.ts';
import { Random } from '../../support/random.ts';
import { exifSaying, temporaryFolder } from './files.ts';

vi.mock('node:fs/promises', { spy: true });

const file = temporaryFolder();

const noise = (width: number, height: number, seed = 1): Picture => ({
  width,
  height,
  data: Float32Array.from(new Random(seed).numbers(3 * width * height, 0, 1)),
});

async function refusal(attempt: Promise<unknown>, path: string): Promise<string> {
  const error: unknown = await attempt.then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(MadderError);
  expect((error as MadderError).kind).toBe('output');
  expect((error as MadderError).message).toContain(path);
  expect((error as MadderError).message).toMatch(/; .*\.$/);
  return (error as MadderError).message;
}

const leftovers = async (path: string) => (await readdir(dirname(path))).filter((name) => name.endsWith('.tmp'));

const real = await vi.importActual<typeof import('node:fs/promises')>('node:fs/promises');

/** Makes writing to files fail; the probe before is opened and closed but not written to. */
function failWrites(code: string): void {
  vi.mocked(open).mockImplementation(async (...args: Parameters<typeof open>) => {
    const handle = await real.open(...args);
    handle.writeFile = () => Promise.reject(Object.assign(new Error(`${code}: write failed`), { code }));
    return handle;
  });
}

beforeEach(() => {
  vi.mocked(open).mockReset().mockImplementation(real.open);
  vi.mocked(readFile).mockReset().mockImplementation(real.readFile);
});

describe('writeImage', () => {
  it('returns from PNG exactly to the nearest 1/255', async () => {
    const side = fc.integer({ min: 1, max: 24 });
    await fc.assert(
      fc.asyncProperty(side, side, fc.nat(), async (width, height, seed) => {
        const picture = noise(width, height, seed);
        await writeImage(file('round.png'), picture);
        const back = toPicture(await decodeImage(file('round.png')));
        expect([back.width, back.height]).toEqual([width, height]);
        back.data.forEach((v, i) => expect(v).toBe(Math.fround(Math.round(picture.data[i]! * 255) / 255)));
      }),
      { numRuns: 25 },
    );
  });

  it.each([
    ['a.png', 'png', 0.002],
    ['a.JPG', 'jpeg', 0.03],
    ['a.jpeg', 'jpeg', 0.03],
    ['a.webp', 'webp', 0.03],
    ['a.tif', 'tiff', 0.002],
    ['a.tiff', 'tiff', 0.002],
  ])('writes %s', async (name, format, tolerance) => {
    const [width, height] = [40, 30];
    const data = Float32Array.from({ length: 3 * width * height }, (_, i) => 0.2 + (0.6 * (i % width)) / width);
    await writeImage(file(name), { width, height, data });
    const metadata = await sharp(file(name)).metadata();
    expect(metadata).toMatchObject({ format, width, height, channels: 3, depth: 'uchar', hasProfile: true });
    const back = toPicture(await decodeImage(file(name)));
    const worst = back.data.reduce((w, v, i) => Math.max(w, Math.abs(v - data[i]!)), 0);
    expect(worst).toBeLessThan(tolerance);
    expect(await leftovers(file(name))).toEqual([]);
  });

  it.each([
    ['glass.png', 0.002],
    ['glass.tif', 0.002],
    ['glass.webp', 0.03],
  ])('keeps opacity in %s, and the colours under it', async (name, tolerance) => {
    const [width, height] = [40, 30];
    const data = Float32Array.from({ length: 3 * width * height }, (_, i) => 0.2 + (0.6 * (i % width)) / width);
    const alpha = Float32Array.from({ length: width * height }, (_, i) => Math.floor((5 * (i % width)) / width) / 4);
    await writeImage(file(name), { width, height, data, alpha });
    const back = await decodeImage(file(name));
    expect([...back.alpha!]).toEqual([...alpha].map((a) => Math.round(255 * a)));
    const worst = toPicture(back).data.reduce((w, v, i) => Math.max(w, Math.abs(v - data[i]!)), 0);
    expect(worst).toBeLessThan(tolerance);
  });

  it('puts what is transparent on white in JPEG', async () => {
    const data = new Float32Array(3 * 32 * 16).fill(0.2, 0, 512).fill(0.6, 512, 1024);
    const alpha = Float32Array.from({ length: 32 * 16 }, (_, i) => Math.floor((i % 32) / 16) / 2);
    await writeImage(file('glass.jpg'), { width: 32, height: 16, data, alpha });
    const { rgb, alpha: none } = await decodeImage(file('glass.jpg'));
    expect(none).toBeUndefined();
    for (const [x, colour] of [
      [4, [255, 255, 255]],
      [28, [153, 204, 127.5]],
    ] as const) {
      colour.forEach((v, c) => expect(Math.abs(rgb[3 * (8 * 32 + x) + c]! - v)).toBeLessThan(4));
    }
  });

  it('obeys the quality and stores XMP', async () => {
    const xmp = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><madder>recipe</madder></x:xmpmeta>';
    for (const suffix of ['png', 'jpg', 'webp', 'tif']) {
      await writeImage(file(`meta.${suffix}`), noise(64, 64), { quality: 30, metadata: { xmp } });
      const metadata = await sharp(file(`meta.${suffix}`)).metadata();
      expect(metadata.xmp?.toString(), suffix).toContain('<madder>recipe</madder>');
    }
    await writeImage(file('fine.jpg'), noise(64, 64), { quality: 100 });
    const sizes = await Promise.all(['meta.jpg', 'fine.jpg'].map(async (name) => (await readFile(file(name))).length));
    expect(sizes[0]!).toBeLessThan(sizes[1]! / 2);
  });

  it.each(['png', 'jpg', 'webp', 'tif'])('names the author and the rights in %s', async (suffix) => {
    const exif = await exifSaying({ Artist: 'Ada', Copyright: 'hers' });
    await writeImage(file(`author.${suffix}`), noise(20, 10), { metadata: { exif } });
    const bytes = await readFile(file(`author.${suffix}`));
    for (const word of ['Ada\0', 'hers\0']) expect(bytes.includes(word), word).toBe(true);
  });

  it('replaces an older file, through a link too', async () => {
    await writeFile(file('old.png'), 'old');
    await symlink(file('old.png'), file('link.png'));
    await writeImage(file('link.png'), noise(3, 2));
    expect((await decodeImage(file('old.png'))).width).toBe(3);
  });

  it.each([
    ['ENOSPC', 'disk is full'],
    ['EIO', 'EIO'],
  ])('leaves the existing file alone when writing fails with %s', async (code, words) => {
    const path = file('precious.png');
    await writeFile(path, 'precious');
    failWrites(code);
    expect(await refusal(writeImage(path, noise(8, 8)), path)).toContain(words);
    expect(await readFile(path, 'utf8')).toBe('precious');
    expect(await leftovers(path)).toEqual([]);
  });

  it('leaves the existing file alone when what was written cannot be read back', async () => {
    const path = file('precious.jpg');
    await writeFile(path, 'precious');
    vi.mocked(readFile).mockResolvedValueOnce(Buffer.from('garbage'));
    await refusal(writeImage(path, noise(8, 8)), path);
    expect(await real.readFile(path, 'utf8')).toBe('precious');
    expect(await leftovers(path)).toEqual([]);
  });

  it('looks at the file once more in its place', async () => {
    const path = file('swapped.png');
    vi.mocked(readFile).mockImplementationOnce(real.readFile).mockResolvedValueOnce(Buffer.from('garbage'));
    expect(await refusal(writeImage(path, noise(8, 8)), path)).toContain('does not hold what was written');
    expect(await leftovers(path)).toEqual([]);
  });

  it('writes to names of 255 bytes, of any letters', async () => {
    for (const name of [`${'ä'.repeat(125)}.webp`, '絵 画 – нева 🎨.png', '-dash.tif', ' blank .jpg']) {
      await writeImage(file(name), noise(4, 4));
      expect((await decodeImage(file(name))).name).toBe(name);
    }
  });

  it('refuses a picture of undefined values', async () => {
    const data = noise(2, 2).data.fill(NaN, 3, 4);
    expect(await refusal(writeImage(file('nan.png'), { width: 2, height: 2, data }), 'nan.png')).toContain('undefined');
  });
});

describe('checkOutput', () => {
  it('lists the suffixes it knows', async () => {
    for (const name of ['a.bmp', 'a', 'png']) {
      expect(await refusal(checkOutput(file(name)), name)).toContain('.png, .jpg, .jpeg, .webp, .tif, .tiff');
    }
  });

  it('refuses folders, missing folders and files in place of folders', async () => {
    await mkdir(file('gallery.png'));
    expect(await refusal(checkOutput(file('gallery.png')), 'gallery.png')).toContain('is a folder');
    expect(await refusal(checkOutput(file('none/a.png')), 'none')).toContain('does not exist');
    await writeFile(file('letter'), '');
    expect(await refusal(checkOutput(file('letter/a.png')), 'letter')).toContain('does not exist');
    expect(await refusal(checkOutput(file(`${'n'.repeat(300)}.png`)), 'nnn')).toContain('too long');
  });

  it.runIf(process.platform === 'linux')('refuses folders that cannot be written to', async () => {
    await refusal(checkOutput('/proc/a.png'), '/proc/a.png');
    expect(await refusal(checkOutput('/dev/null/a.png'), '/dev/null/a.png')).toContain('does not exist');
  });

  it.each([
    ['EACCES', 'may not be written to'],
    ['EROFS', 'cannot be written to'],
  ])('says so when making a file fails with %s', async (code, words) => {
    vi.mocked(open).mockRejectedValueOnce(Object.assign(new Error(code), { code }));
    expect(await refusal(checkOutput(file('a.png')), 'a.png')).toContain(words);
  });

  it('refuses a write-protected file', async () => {
    await writeFile(file('protected.png'), 'x');
    vi.mocked(access).mockRejectedValueOnce(Object.assign(new Error('EACCES'), { code: 'EACCES' }));
    expect(await refusal(checkOutput(file('protected.png')), 'protected.png')).toContain('write-protected');
  });

  it('never lets an input be overwritten, under whatever name', async () => {
    await writeFile(file('photo.png'), 'photo');
    await symlink(file('photo.png'), file('alias.png'));
    await link(file('photo.png'), file('second.png'));
    const inputs = [file('gone.png'), file('photo.png')];
    const detour = join(dirname(file('x')), '.', '..', basename(dirname(file('x'))), 'photo.png');
    for (const path of [file('photo.png'), file('alias.png'), file('second.png'), detour]) {
      expect(await refusal(checkOutput(path, { inputs }), path)).toContain('made from');
      await refusal(writeImage(path, noise(2, 2), { inputs }), path);
    }
    expect(await readFile(file('photo.png'), 'utf8')).toBe('photo');
  });

  it('refuses a link to nothing', async () => {
    await symlink(file('nothing.png'), file('dangling.png'));
    expect(await refusal(checkOutput(file('dangling.png')), 'dangling.png')).toContain('link to nothing');
  });

  it('refuses sizes that a format cannot hold, and writes those that it can', async () => {
    expect(await refusal(checkOutput(file('a.webp'), {}, { width: 17_000, height: 9 }), 'a.webp')).toContain('16383');
    await checkOutput(file('a.png'), {}, { width: 70_000, height: 9 });
    for (const [name, limit] of [
      ['wide.webp', 16_383],
      ['wide.jpg', 65_500],
    ] as const) {
      await writeImage(file(name), noise(limit, 1));
      expect(await refusal(writeImage(file(name), noise(limit + 1, 1)), name)).toContain(`${limit} pixels a side`);
      expect((await decodeImage(file(name))).width).toBe(limit);
    }
  });

  it('leaves nothing behind', async () => {
    await checkOutput(file('future.png'));
    expect(await readdir(dirname(file('x')))).not.toContain('future.png');
    expect(await leftovers(file('x'))).toEqual([]);
  });
});

describe('planOutput', () => {
  const plan = { width: 900, height: 600, transparent: false };

  it('says what a format cannot keep', () => {
    expect(planOutput('a.jpg', plan)).toEqual([]);
    expect(planOutput('a.JPEG', { ...plan, transparent: true }).join()).toMatch(/partly transparent.*white\.$/);
    for (const name of ['a.png', 'a.webp', 'a.tif'])
      expect(planOutput(name, { ...plan, transparent: true })).toEqual([]);
  });

  it('refuses what a format cannot hold at all', () => {
    expect(() => planOutput('a.webp', { ...plan, height: 16_384 })).toThrow(/16383 pixels a side/);
    expect(() => planOutput('a.bmp', plan)).toThrow(/does not end like a picture/);
  });
});
