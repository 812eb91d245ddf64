import { open, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { decodeImage } from '../../../../src/main/codec/decode.ts';
import { writeImage } from '../../../../src/main/codec/encode.ts';
import { outputFormat } from '../../../../src/main/codec/formats.ts';
import { rowsOf, type RowSource } from '../../../../src/main/codec/large/rows.ts';
import { verifyFile, type Expected } from '../../../../src/main/codec/large/verify.ts';
import { checkWebpMemory } from '../../../../src/main/codec/large/webp.ts';
import { writeRows, type RowWriteOptions } from '../../../../src/main/codec/large/write.ts';
import { toBytes, toPicture, toWords, withOpacityOf, type Picture } from '../../../../src/main/codec/picture.ts';
import { srgbProfile } from '../../../../src/main/codec/pixels.ts';
import { MadderError } from '../../../../src/shared/errors.ts';
import { Random } from '../../../support/random.ts';
import { adobeRgbProfile, exifSaying, temporaryFolder } from '../files.ts';

vi.mock('node:fs/promises', { spy: true });
const real = await vi.importActual<typeof import('node:fs/promises')>('node:fs/promises');

const file = temporaryFolder();
const XMP = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><madder>récipe</madder></x:xmpmeta>';

function noise(width: number, height: number, alpha = false, seed = 1): Picture {
  const random = new Random(seed);
  const values = (count: number) => Float32Array.from({ length: count }, () => random.next());
  const data = values(3 * width * height);
  return { width, height, data, ...(alpha ? { alpha: values(width * height) } : {}) };
}

/** Colours that change slowly, as lossy formats keep them. */
const smooth = (width: number, height: number): Picture => ({
  width,
  height,
  data: Float32Array.from(
    { length: 3 * width * height },
    (_, i) => 0.5 + 0.4 * Math.sin(i / width / 30 + (i % width) / 70),
  ),
});

const write = (name: string, picture: Picture | RowSource, options: Partial<RowWriteOptions> = {}) =>
  writeRows(file(name), 'rows' in picture ? picture : rowsOf(picture), { quality: 95, ...options });

const leftovers = async () => (await readdir(dirname(file('x')))).filter((name) => name.endsWith('.tmp'));

async function refusal(attempt: Promise<unknown>): Promise<string> {
  const error: unknown = await attempt.then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(MadderError);
  expect((error as MadderError).kind).toBe('output');
  expect((error as MadderError).message).toMatch(/^The output ".*"[^.]*.*; .*\.$/);
  return (error as MadderError).message;
}

/** Changes what reaches the disk: `change` is called with every piece that is written. */
function onWrites(change: (piece: Uint8Array, count: number) => Uint8Array): void {
  vi.mocked(open).mockImplementation(async (...args: Parameters<typeof open>) => {
    const handle = await real.open(...args);
    const original = handle.write.bind(handle) as (b: Uint8Array, o: number, l: number, p: number) => Promise<unknown>;
    let count = 0;
    handle.write = ((bytes: Uint8Array, offset: number, length: number, position: number) => {
      const changed = change(bytes.subarray(offset, offset + length), count++);
      return original(changed, 0, changed.length, position);
    }) as typeof handle.write;
    return handle;
  });
}

beforeEach(() => {
  vi.mocked(open).mockReset().mockImplementation(real.open);
});

describe('writeRows', () => {
  it('keeps every value of PNG and TIFF at both depths, of any size, with and without opacity', async () => {
    const side = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(1, 2, 255, 256, 257, 300));
    const kind = fc.constantFrom({}, { bigTiff: true }, { pyramid: true }, { pyramid: true, bigTiff: true });
    const depths = fc.constantFrom(8 as const, 16 as const);
    await fc.assert(
      fc.asyncProperty(side, side, fc.boolean(), depths, kind, async (width, height, alpha, depth, options) => {
        const picture = noise(width, height, alpha, width * height);
        const name = Object.keys(options).length === 0 && width % 2 ? 'round.png' : 'round.tif';
        await write(name, picture, { depth, ...options });
        const decoded = await decodeImage(file(name));
        const back = withOpacityOf(toPicture(decoded), decoded);
        expect([back.width, back.height]).toEqual([width, height]);
        const values = depth === 16 ? toWords : toBytes;
        expect(values(back, back.alpha)).toEqual(values(picture, picture.alpha));
      }),
      { numRuns: 40 },
    );
    expect(await leftovers()).toEqual([]);
  });

  it.each([
    ['a.png', 8],
    ['a.png', 16],
    ['a.tif', 8],
    ['a.tif', 16],
    ['a.jpg', 8],
    ['a.webp', 8],
  ] as const)('has profile, resolution, XMP and EXIF inside %s with %i bits', async (name, depth) => {
    const metadata = { xmp: XMP, exif: await exifSaying({ Artist: 'Ada' }) };
    await write(name, smooth(301, 203), { depth, dpi: 254, metadata, profile: adobeRgbProfile() });
    const read = await sharp(file(name)).metadata();
    expect(read).toMatchObject({ width: 301, height: 203, depth: depth === 16 ? 'ushort' : 'uchar' });
    expect(read.icc?.equals(adobeRgbProfile())).toBe(true);
    expect(read.xmp?.toString()).toBe(XMP);
    if (!name.endsWith('.webp')) expect(read.density).toBe(254);
    const said = name.endsWith('.tif') ? await readFile(file(name)) : read.exif!;
    expect(said.includes('Ada\0')).toBe(true);
  });

  it('converts colours to a profile as the writer for small pictures does', async () => {
    for (const depth of [8, 16] as const) {
      const picture = noise(300, 200, true);
      await write('rows.png', picture, { depth, profile: adobeRgbProfile() });
      await writeImage(file('whole.png'), picture, { depth, profile: adobeRgbProfile() });
      const pixels = (name: string) =>
        sharp(file(name), { ignoreIcc: true })
          .toColourspace(depth === 16 ? 'rgb16' : 'srgb')
          .raw({ depth: depth === 16 ? 'ushort' : 'uchar' })
          .toBuffer();
      expect((await pixels('rows.png')).equals(await pixels('whole.png'))).toBe(true);
    }
  });

  it.each([
    [1, 1],
    [7, 9],
    [16, 16],
    [333, 8],
    [65_500, 17],
    [17, 65_500],
    [2000, 1100],
  ])('puts bands of %i x %i px together to one JPEG', async (width, height) => {
    const picture = smooth(width, height);
    await write('bands.jpg', picture, { quality: 90 });
    const raw = { width, height, channels: 3 as const };
    const whole = sharp(toBytes(picture), { raw }).jpeg({ quality: 90, chromaSubsampling: '4:4:4' });
    // The pixels are those that the encoder makes of the whole picture.
    const pixels = await sharp(await whole.toBuffer())
      .raw()
      .toBuffer();
    expect((await sharp(file('bands.jpg'), { failOn: 'warning' }).raw().toBuffer()).equals(pixels)).toBe(true);
  });

  it('puts what is transparent on white in JPEG, and keeps opacity in WebP', async () => {
    const data = new Float32Array(3 * 64 * 64).fill(0.2);
    const alpha = Float32Array.from({ length: 64 * 64 }, (_, i) => (i % 64 < 32 ? 0 : 1));
    await write('glass.jpg', { width: 64, height: 64, data, alpha });
    const { rgb } = await decodeImage(file('glass.jpg'));
    expect([rgb[3 * 8], rgb[3 * 56]]).toEqual([255, 51]);
    await write('glass.webp', { width: 64, height: 64, data, alpha }, { dpi: 300 });
    const webp = await decodeImage(file('glass.webp'));
    expect([webp.alpha![8], webp.alpha![56]]).toEqual([0, 255]);
  });

  it('asks for every row once, in blocks', async () => {
    const picture = noise(2048, 1500);
    const inner = rowsOf(picture);
    for (const name of ['once.png', 'once.tif', 'once.jpg', 'once.webp']) {
      const asked: number[] = [];
      const rows = (from: number, to: number) => {
        for (let y = from; y < to; y++) asked.push(y);
        return inner.rows(from, to);
      };
      const told: number[] = [];
      await write(name, { ...inner, rows }, { onProgress: (fraction) => told.push(fraction) });
      expect(asked).toEqual(Array.from({ length: 1500 }, (_, y) => y));
      expect(told[0]).toBe(0);
      expect(told.at(-1)).toBe(1);
      expect(told).toEqual([...told].sort((a, b) => a - b));
      expect(told.length).toBeGreaterThan(3);
    }
  });

  it('ends where it is cancelled, and leaves nothing behind', async () => {
    for (const name of ['cancelled.png', 'cancelled.tif', 'cancelled.jpg', 'cancelled.webp']) {
      const controller = new AbortController();
      let rows = 0;
      const source: RowSource = {
        width: 2048,
        height: 4096,
        transparent: false,
        rows: (from, to) => {
          rows = to;
          return new Float32Array(3 * 2048 * (to - from));
        },
      };
      const onProgress = (fraction: number) => (fraction > 0 ? controller.abort() : undefined);
      expect(await refusal(write(name, source, { signal: controller.signal, onProgress }))).toContain('cancelled');
      expect(rows).toBeLessThan(4096);
      expect((await readdir(dirname(file('x')))).filter((n) => n === name || n.endsWith('.tmp'))).toEqual([]);
    }
  });

  it.each(['full.png', 'full.tif', 'full.jpg', 'full.webp'])('says so where the disk is full (%s)', async (name) => {
    await writeFile(file(name), 'precious');
    let rows = 0;
    const source = rowsOf(noise(1000, 2500));
    const counted: RowSource = { ...source, rows: (from, to) => source.rows(from, (rows = to)) };
    onWrites((piece, count) => {
      if (count < 3) return piece;
      throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
    });
    expect(await refusal(write(name, counted, { depth: 8 }))).toContain('disk is full');
    expect(rows).toBeGreaterThan(0);
    expect(await readFile(file(name), 'utf8')).toBe('precious');
    expect(await leftovers()).toEqual([]);
  });

  it('writes all where the system takes less than it is given', async () => {
    onWrites((piece) => piece.subarray(0, Math.max(1, piece.length >> 1)));
    await write('short.tif', noise(300, 200), { depth: 16 });
    expect((await decodeImage(file('short.tif'))).width).toBe(300);
  });

  it('notices where the disk does not return what was written', async () => {
    for (const name of ['damaged.png', 'damaged.tif', 'damaged.jpg']) {
      onWrites((piece, count) => (count === 6 ? piece.map((byte, i) => (i === 5 ? byte ^ 1 : byte)) : piece));
      expect(await refusal(write(name, noise(1500, 1500)))).toContain('does not hold what was written');
      expect(await leftovers()).toEqual([]);
    }
  });

  it('refuses undefined values, wrong depths and what a format cannot be', async () => {
    const data = noise(20, 20).data.fill(NaN, 700, 701);
    expect(await refusal(write('nan.png', { width: 20, height: 20, data }))).toContain('undefined values');
    expect(await refusal(write('deep.jpg', noise(4, 4), { depth: 16 }))).toContain('16 bits');
    expect(await refusal(write('tiles.png', noise(4, 4), { pyramid: true }))).toContain('pyramid');
    const huge = (width: number): RowSource => ({
      width,
      height: 9,
      transparent: false,
      rows: () => new Float32Array(),
    });
    expect(await refusal(write('a.jpg', huge(65_536)))).toContain('65500 pixels a side');
    expect(await refusal(write('a.webp', huge(16_384)))).toContain('16383 pixels a side');
    expect(() => checkWebpMemory('a.webp', { width: 11_000, height: 10_000 }, true)).toThrow(/110 megapixels .*94/);
    checkWebpMemory('a.webp', { width: 11_000, height: 10_000 }, false);
    checkWebpMemory('a.webp', { width: 10_000, height: 9_000 }, true);
    const xmp = 'x'.repeat(70_000);
    expect(await refusal(write('long.jpg', noise(9, 9), { metadata: { xmp } }))).toContain('so long a recipe');
    expect(await leftovers()).toEqual([]);
  });

  it('keeps no file open, which Windows could not rename', async () => {
    if (process.platform !== 'linux') return;
    for (const name of ['open.png', 'open.webp', 'open.jpg']) await write(name, noise(300, 300));
    await write('open.tif', noise(300, 300), { pyramid: true });
    const targets = (await readdir('/proc/self/fd')).map((fd) => real.readlink(`/proc/self/fd/${fd}`).catch(() => ''));
    expect((await Promise.all(targets)).filter((path) => path.startsWith(dirname(file('x'))))).toEqual([]);
  });
});

describe('verifyFile', () => {
  it('finds a file that is not what was meant', async () => {
    const picture = smooth(400, 300);
    const details = { profile: await srgbProfile(), dpi: 300, xmp: XMP, exif: undefined };
    const layout = { width: 400, height: 300, channels: 3, depth: 8 } as const;
    const rows = rowsOf(picture);
    const bytes = async (from: number, to: number) =>
      toBytes({ width: 400, height: to - from, data: await rows.rows(from, to) });
    for (const name of ['seen.png', 'seen.tif', 'seen.jpg', 'seen.webp']) {
      await write(name, picture, { dpi: 300, metadata: { xmp: XMP } });
      const samples = new Map([[296, await bytes(296, 300)]]);
      const expected: Expected = { format: outputFormat(name)!, layout, details, samples, pyramid: false, quality: 95 };
      await verifyFile(file(name), expected);
      const wrong: [Partial<Expected>, RegExp][] = [
        [{ layout: { ...layout, height: 299 } }, /height is 300 instead of 299/],
        [{ layout: { ...layout, channels: 4 } }, /channels/],
        [{ details: { ...details, profile: adobeRgbProfile() } }, /profile/],
        [{ details: { ...details, xmp: 'other' } }, /XMP/],
        [{ samples: new Map([[296, (await bytes(296, 300)).map((v) => 255 - v)]]) }, /rows from 296/],
      ];
      if (!name.endsWith('.webp'))
        wrong.push([{ details: { ...details, dpi: 240 } }, /resolution is 300 instead of 240/]);
      for (const [change, words] of wrong) {
        await expect(verifyFile(file(name), { ...expected, ...change })).rejects.toThrow(words);
      }
      const whole = await readFile(file(name));
      await writeFile(file(name), whole.subarray(0, whole.length >> 1));
      await expect(verifyFile(file(name), expected)).rejects.toThrow();
    }
  });
});
