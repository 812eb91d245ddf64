import { createHash } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../../src/main/codec/decode.ts';
import { MadderError } from '../../../src/shared/errors.ts';
import { image8, pngClaiming, temporaryFolder } from './files.ts';

const file = temporaryFolder();

/** Red, green and blue of the pixel at column x, row y. */
function pixel({ rgb, width }: { rgb: Uint8Array | Uint16Array; width: number }, x: number, y: number): number[] {
  return [...rgb.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)];
}

async function refusal(path: string, options?: { maxPixels: number }): Promise<MadderError> {
  const error: unknown = await decodeImage(path, options).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(MadderError);
  const refused = error as MadderError;
  expect(refused.kind).toBe('input');
  expect(refused.message).toContain(path);
  expect(refused.message).toMatch(/^The picture .*; .*\.$/);
  return refused;
}

describe('pictures of every kind', () => {
  it('says what the file is', async () => {
    await image8(5, 3, 3, (x, y, c) => 40 * x + 10 * y + c)
      .png()
      .toFile(file('plain.png'));
    const image = await decodeImage(file('plain.png'));
    expect(image).toMatchObject({ width: 5, height: 3, name: 'plain.png', notes: [] });
    expect(image.sha256).toBe(
      createHash('sha256')
        .update(await readFile(file('plain.png')))
        .digest('hex'),
    );
    expect(image.rgb).toBeInstanceOf(Uint8Array);
    expect(pixel(image, 4, 2)).toEqual([180, 181, 182]);
    expect(image.alpha).toBeUndefined();
  });

  // Where the stored top left pixel appears once the picture is upright (TIFF 6.0 / EXIF 2.3, tag 274).
  it.each([
    [1, 0, 0],
    [2, 1, 0],
    [3, 1, 1],
    [4, 0, 1],
    [5, 0, 0],
    [6, 1, 0],
    [7, 1, 1],
    [8, 0, 1],
  ])('turns EXIF orientation %i upright', async (orientation, right, bottom) => {
    const [w, h] = [24, 16];
    const path = file(`orientation${orientation}.jpg`);
    // A red corner block on white, of whole JPEG blocks.
    await image8(w, h, 3, (x, y, c) => (x < 8 && y < 8 && c > 0 ? 0 : 255))
      .withMetadata({ orientation })
      .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
      .toFile(path);
    const image = await decodeImage(path);
    const [width, height] = orientation > 4 ? [h, w] : [w, h];
    expect([image.width, image.height]).toEqual([width, height]);
    for (const [x, y] of [
      [0, 0],
      [1, 0],
      [0, 1],
      [1, 1],
    ] as const) {
      const [, green] = pixel(image, x ? width - 1 : 0, y ? height - 1 : 0);
      expect(green! < 128, `corner ${x},${y}`).toBe(x === right && y === bottom);
    }
  });

  it('converts CMYK', async () => {
    const grey = image8(8, 8, 3, () => 128);
    await grey.clone().toColourspace('cmyk').jpeg({ quality: 100 }).toFile(file('cmyk.jpg'));
    await grey.clone().withIccProfile('cmyk').toColourspace('cmyk').jpeg({ quality: 100 }).toFile(file('cmyk-icc.jpg'));
    const bare = await decodeImage(file('cmyk.jpg'));
    expect(bare.notes.join()).toContain('approximate');
    const tagged = await decodeImage(file('cmyk-icc.jpg'));
    expect(tagged.notes).toHaveLength(1);
    for (const image of [bare, tagged]) {
      expect(image.rgb).toHaveLength(3 * 64);
      for (const v of pixel(image, 3, 3)) expect(Math.abs(v - 128)).toBeLessThan(24);
    }
  });

  it('keeps 16 bits of grey and of colour', async () => {
    const values = Uint16Array.from({ length: 12 }, (_, i) => 5957 * i + (i % 2 ? 0 : 3));
    await sharp(values, { raw: { width: 12, height: 1, channels: 1 } })
      .toColourspace('grey16')
      .png()
      .toFile(file('grey16.png'));
    const grey = await decodeImage(file('grey16.png'));
    expect(grey.rgb).toBeInstanceOf(Uint16Array);
    for (let i = 0; i < 12; i++) expect(pixel(grey, i, 0)).toEqual([values[i], values[i], values[i]]);

    await sharp(values, { raw: { width: 4, height: 1, channels: 3 } })
      .toColourspace('rgb16')
      .png()
      .toFile(file('rgb16.png'));
    expect([...(await decodeImage(file('rgb16.png'))).rgb]).toEqual([...values]);
  });

  it('converts Display P3 of 8 and of 16 bits to sRGB', async () => {
    const colours = [200, 80, 60, 90, 180, 70, 128, 128, 128];
    await sharp(Uint8Array.from(colours), { raw: { width: 3, height: 1, channels: 3 } })
      .withIccProfile('p3')
      .png()
      .toFile(file('p3.png'));
    const stored = await sharp(file('p3.png'), { ignoreIcc: true }).raw().toBuffer();
    expect(Math.abs(stored[0]! - 200)).toBeGreaterThan(5); // the file really holds other numbers
    const image = await decodeImage(file('p3.png'));
    colours.forEach((v, i) => expect(Math.abs(image.rgb[i]! - v)).toBeLessThanOrEqual(2));
    expect(image.notes.join()).toContain('P3');

    // sharp takes untagged 16-bit numbers for Display P3 when it is told to attach a profile.
    await sharp(
      Uint16Array.from(stored, (v) => v * 257),
      { raw: { width: 3, height: 1, channels: 3 } },
    )
      .toColourspace('rgb16')
      .withIccProfile('p3')
      .png()
      .toFile(file('p3-16.png'));
    const deep = await decodeImage(file('p3-16.png'));
    expect(deep.rgb).toBeInstanceOf(Uint16Array);
    colours.forEach((v, i) => expect(Math.abs(deep.rgb[i]! / 257 - v)).toBeLessThan(2));
  });

  it('says nothing of an sRGB profile and leaves the numbers alone', async () => {
    await image8(4, 4, 3, (x, y, c) => 60 * x + 9 * y + c)
      .withIccProfile('srgb')
      .png()
      .toFile(file('srgb.png'));
    const image = await decodeImage(file('srgb.png'));
    expect(image.notes).toEqual([]);
    expect(pixel(image, 3, 2)).toEqual([198, 199, 200]);
  });

  it('sets opacity aside and leaves the colours as they are', async () => {
    const rgba = image8(4, 2, 4, (x, y, c) => (c === 3 ? 60 * x + y : 200 - c));
    for (const name of ['alpha.png', 'alpha.webp']) {
      const path = file(name);
      await (name.endsWith('png') ? rgba.clone().png() : rgba.clone().webp({ lossless: true, exact: true })).toFile(
        path,
      );
      const image = await decodeImage(path);
      expect([...image.alpha!]).toEqual([0, 60, 120, 180, 1, 61, 121, 181]);
      expect(pixel(image, 0, 0)).toEqual([200, 199, 198]);
    }
    const opaque = file('opaque.png');
    await image8(4, 2, 4, (_x, _y, c) => (c === 3 ? 255 : 9))
      .png()
      .toFile(opaque);
    expect((await decodeImage(opaque)).alpha).toBeUndefined();
  });

  it('expands palettes and grey with opacity', async () => {
    await image8(4, 4, 3, (x, _y, c) => (c === x % 3 ? 255 : 0))
      .png({ palette: true })
      .toFile(file('palette.png'));
    expect(pixel(await decodeImage(file('palette.png')), 1, 2)).toEqual([0, 255, 0]);
    await image8(2, 1, 2, (x, _y, c) => (c === 0 ? 70 : 100 * x))
      .toColourspace('b-w')
      .png()
      .toFile(file('grey-alpha.png'));
    const grey = await decodeImage(file('grey-alpha.png'));
    expect(pixel(grey, 1, 0)).toEqual([70, 70, 70]);
    expect([...grey.alpha!]).toEqual([0, 100]);
  });

  it.each([
    [1, 1],
    [3, 9000],
  ])('reads a picture of %i x %i', async (width, height) => {
    const path = file(`${width}x${height}.png`);
    await image8(width, height, 3, () => 77)
      .png()
      .toFile(path);
    const image = await decodeImage(path);
    expect([image.width, image.height, image.rgb.length]).toEqual([width, height, 3 * width * height]);
  });

  it.each(['gif', 'webp'] as const)('takes the first frame of an animated %s', async (format) => {
    const frame = (v: number) =>
      image8(8, 6, 3, () => v)
        .png()
        .toBuffer();
    const frames = await Promise.all([250, 120, 10].map(frame));
    const path = file(`animated.${format}`);
    await sharp(frames, { join: { animated: true } })
      .toFormat(format)
      .toFile(path);
    const image = await decodeImage(path);
    expect([image.width, image.height]).toEqual([8, 6]);
    expect(pixel(image, 0, 0).every((v) => v > 240)).toBe(true);
    expect(image.notes).toEqual(['The file holds 3 frames; the first one is used.']);
  });
});

describe('files that cannot be used', () => {
  it('names a missing file, a folder and an empty file', async () => {
    expect((await refusal(file('nowhere.png'))).message).toContain('does not exist');
    expect((await refusal(`${file('plain.png')}/inside.png`)).message).toContain('does not exist');
    await mkdir(file('folder.png'));
    expect((await refusal(file('folder.png'))).message).toContain('folder');
    await writeFile(file('empty.png'), '');
    expect((await refusal(file('empty.png'))).message).toContain('empty');
  });

  it.runIf(process.platform === 'linux')('does not wait for a device', async () => {
    expect((await refusal('/dev/zero')).message).toContain('not a file');
  });

  it.skipIf(process.getuid?.() === 0)('names a file that may not be read', async () => {
    await writeFile(file('secret.png'), 'x');
    await chmod(file('secret.png'), 0);
    expect((await refusal(file('secret.png'))).message).toContain('may not be read');
  });

  it('refuses what is no picture, whatever its suffix', async () => {
    await writeFile(file('text.jpg'), 'This is a letter, not a picture. '.repeat(40));
    expect((await refusal(file('text.jpg'))).message).toContain('not a picture');
    await writeFile(file('drawing.png'), '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
    expect((await refusal(file('drawing.png'))).message).toContain('svg');
    await writeFile(file('phone.heic'), Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1'));
    expect((await refusal(file('phone.heic'))).message).toContain('HEIC');
  });

  it.each(['jpeg', 'png', 'webp', 'gif', 'tiff', 'avif'] as const)('refuses a truncated %s', async (format) => {
    const noise = (x: number, y: number, c: number) => (x * 7919 + y * 104_729 + c * 1299 + ((x * y) % 251)) % 256;
    const bytes = await image8(64, 64, 3, noise).toFormat(format).toBuffer();
    for (const part of [0.4, 0.97]) {
      const path = file(`cut${part}.${format}`);
      await writeFile(path, bytes.subarray(0, Math.floor(bytes.length * part)));
      expect((await refusal(path)).message).toContain('damaged');
    }
  });

  it('refuses decompression bombs at once', async () => {
    await writeFile(file('bomb.png'), pngClaiming(60_000, 60_000));
    const start = performance.now();
    const { message } = await refusal(file('bomb.png'));
    expect(message).toContain('60000 x 60000 pixels');
    expect(performance.now() - start).toBeLessThan(2000);
    await image8(40, 30, 3, () => 0)
      .png()
      .toFile(file('small.png'));
    expect((await refusal(file('small.png'), { maxPixels: 1199 })).message).toContain('too large');
  });
});
