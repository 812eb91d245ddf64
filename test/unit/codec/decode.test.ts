import { createHash } from 'node:crypto';
import { chmod, mkdir, open, readFile, writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeImage, type DecodedImage, type DecodeOptions } from '../../../src/main/codec/decode.ts';
import { resizePicture, toBytes, toPicture } from '../../../src/main/codec/picture.ts';
import { MadderError } from '../../../src/shared/errors.ts';
import {
  adobeRgbProfile,
  avifClaiming,
  gifClaiming,
  image8,
  jpegClaiming,
  pngClaiming,
  pngOfEqualRows,
  temporaryFolder,
  tiffClaiming,
  webpClaiming,
} from './files.ts';

const file = temporaryFolder();

/** Red, green and blue of the pixel at column x, row y. */
function pixel({ rgb, width }: { rgb: Uint8Array | Uint16Array; width: number }, x: number, y: number): number[] {
  return [...rgb.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)];
}

async function refusal(path: string, options?: DecodeOptions): Promise<MadderError> {
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

  it.each(['png', 'webp', 'tiff'] as const)('obeys the orientation of a %s too', async (format) => {
    const path = file(`turned.${format}`);
    await image8(6, 4, 3, (x, y) => (x === 0 && y === 0 ? 255 : 0))
      .withMetadata({ orientation: 6 })
      .toFormat(format, { lossless: true })
      .toFile(path);
    const image = await decodeImage(path);
    expect([image.width, image.height]).toEqual([4, 6]);
    expect(pixel(image, 3, 0)).toEqual([255, 255, 255]);
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
    await sharp(file('rgb16.png')).toColourspace('rgb16').tiff({ compression: 'deflate' }).toFile(file('rgb16.tif'));
    expect([...(await decodeImage(file('rgb16.tif'))).rgb]).toEqual([...values]);
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

  it('converts Adobe RGB to sRGB', async () => {
    await writeFile(file('adobe.icc'), adobeRgbProfile());
    const colours = [200, 80, 60, 90, 180, 70, 128, 128, 128, 30, 60, 220];
    // What Adobe RGB (1998) has for these sRGB colours.
    const linear = (v: number) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const encode = (v: number) => 255 * v ** (256 / 563);
    const expected = [0, 3, 6, 9].flatMap((i) => {
      const [r, g, b] = colours.slice(i, i + 3).map((v) => linear(v / 255)) as [number, number, number];
      return [0.71513 * r + 0.28487 * g, g, 0.04116 * g + 0.95884 * b].map(encode);
    });
    const pixels = sharp(Uint8Array.from(colours), { raw: { width: 4, height: 1, channels: 3 } });
    pixels.withIccProfile(file('adobe.icc'));
    await pixels.clone().png().toFile(file('adobe.png'));
    await pixels.clone().tiff({ compression: 'lzw' }).toFile(file('adobe.tif'));
    for (const name of ['adobe.png', 'adobe.tif']) {
      const stored = await sharp(file(name), { ignoreIcc: true }).raw().toBuffer();
      stored.forEach((v, i) => expect(Math.abs(v - expected[i]!)).toBeLessThanOrEqual(1));
      const image = await decodeImage(file(name));
      expect(image.notes).toEqual(['The colours were converted to sRGB from Adobe RGB (1998).']);
      colours.forEach((v, i) => expect(Math.abs(image.rgb[i]! - v)).toBeLessThanOrEqual(2));
    }
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
    await sharp(file('palette.png')).gif().toFile(file('palette.gif'));
    expect(pixel(await decodeImage(file('palette.gif')), 2, 1)).toEqual([0, 0, 255]);
    await image8(16, 16, 1, (x) => 10 * x)
      .toColourspace('b-w')
      .jpeg({ quality: 100 })
      .toFile(file('grey.jpg'));
    expect((await sharp(file('grey.jpg')).metadata()).channels).toBe(1);
    for (const v of pixel(await decodeImage(file('grey.jpg')), 9, 3)) expect(Math.abs(v - 90)).toBeLessThanOrEqual(2);
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
    [9000, 3],
  ])('reads a picture of %i x %i', async (width, height) => {
    const path = file(`${width}x${height}.png`);
    await image8(width, height, 3, () => 77)
      .png()
      .toFile(path);
    const image = await decodeImage(path);
    expect([image.width, image.height, image.rgb.length]).toEqual([width, height, 3 * width * height]);
  });

  it.each([8, 10] as const)('reads AVIF of %i bits', async (bitdepth) => {
    const path = file(`deep${bitdepth}.avif`);
    await image8(32, 16, 3, (x, _y, c) => 60 + 4 * x + 10 * c)
      .avif({ lossless: true, bitdepth })
      .toFile(path);
    const image = await decodeImage(path);
    expect(image.rgb).toBeInstanceOf(bitdepth > 8 ? Uint16Array : Uint8Array);
    const scale = bitdepth > 8 ? 257 : 1;
    pixel(image, 20, 9).forEach((v, c) => expect(Math.abs(v / scale - (140 + 10 * c))).toBeLessThanOrEqual(2));
  });

  it('leaves further channels aside', async () => {
    const extra = { raw: { width: 4, height: 3, channels: 1 } } as const;
    await image8(4, 3, 4, (x, y, c) => (c === 3 ? 100 + y : 50 * x + c))
      .joinChannel(Buffer.alloc(12, 7), extra)
      .tiff({ compression: 'lzw' })
      .toFile(file('five.tif'));
    const image = await decodeImage(file('five.tif'));
    expect(image.rgb).toHaveLength(36);
    expect(pixel(image, 3, 1)).toEqual([150, 151, 152]);
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

describe('longSide', () => {
  /** Hills and stripes: smooth enough for lossy formats, fine enough to tell filters apart. */
  const hills = (x: number, y: number, c: number) =>
    128 + 90 * Math.sin(x / (9 + c)) * Math.cos(y / 14) + 20 * ((x >> 2) % 2);

  it.each([
    ['png', 100, 1],
    ['png', 97, 2],
    ['tiff', 33, 2],
    ['jpeg', 100, 4],
    ['jpeg', 40, 4],
    ['webp', 50, 4],
  ] as const)('shrinks a %s to %i px as resizePicture does', async (format, longSide, tolerance) => {
    const path = file(`hills.${format}`);
    await image8(400, 300, 3, hills)
      .withMetadata({ orientation: 6 })
      .toFormat(format, { quality: 98, ...(format === 'jpeg' ? { chromaSubsampling: '4:4:4' } : {}) })
      .toFile(path);
    const whole = await decodeImage(path);
    const small = await decodeImage(path, { longSide });
    expect(small).toMatchObject({ width: Math.round(longSide * 0.75), height: longSide, sha256: whole.sha256 });
    expect(small.original).toEqual({ width: 300, height: 400 });
    const expected = toBytes(await resizePicture(toPicture(whole), small.width, small.height));
    const differences = [...small.rgb].map((v, i) => Math.abs(v - expected[i]!));
    expect(differences.reduce((a, b) => a + b, 0) / differences.length).toBeLessThan(tolerance);
  });

  it('leaves smaller pictures as they are', async () => {
    await image8(40, 30, 3, hills).png().toFile(file('little.png'));
    const whole = await decodeImage(file('little.png'));
    expect(await decodeImage(file('little.png'), { longSide: 40 })).toEqual(whole);
    expect(await decodeImage(file('little.png'), { longSide: 500 })).toEqual(whole);
  });

  it('keeps 16 bits, profiles and opacity', async () => {
    const values = Uint16Array.from({ length: 3 * 64 * 64 }, () => 30_001);
    await sharp(values, { raw: { width: 64, height: 64, channels: 3 } })
      .toColourspace('rgb16')
      .png()
      .toFile(file('deep.png'));
    expect(pixel(await decodeImage(file('deep.png'), { longSide: 16 }), 3, 3)).toEqual([30_001, 30_001, 30_001]);
    await image8(400, 300, 3, (_x, _y, c) => 200 - 60 * c)
      .withIccProfile('p3')
      .jpeg({ quality: 98 })
      .toFile(file('p3.jpg'));
    const p3 = await decodeImage(file('p3.jpg'), { longSide: 50 });
    pixel(p3, 20, 20).forEach((v, c) => expect(Math.abs(v - (200 - 60 * c))).toBeLessThanOrEqual(2));
    await image8(64, 64, 4, (x, _y, c) => (c < 3 ? 90 : x < 32 ? 255 : 51))
      .png()
      .toFile(file('glassy.png'));
    const glassy = await decodeImage(file('glassy.png'), { longSide: 8 });
    [255, 255, 255, 255, 51, 51, 51, 51].forEach((v, x) => {
      expect(Math.abs(glassy.alpha![8 * 4 + x]! - v)).toBeLessThanOrEqual(x === 3 || x === 4 ? 20 : 3);
    });
    for (let x = 0; x < 8; x++) for (const v of pixel(glassy, x, 4)) expect(Math.abs(v - 90)).toBeLessThanOrEqual(3);
  });

  it('shrinks even the narrowest to at least one pixel', async () => {
    await image8(9000, 3, 3, () => 77)
      .png()
      .toFile(file('ribbon.png'));
    const ribbon = await decodeImage(file('ribbon.png'), { longSide: 90 });
    expect([ribbon.width, ribbon.height, ...pixel(ribbon, 40, 0)]).toEqual([90, 1, 77, 77, 77]);
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
    expect((await refusal(file('drawing.png'))).message).toContain('SVG');
    await writeFile(file('phone.heic'), Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1'));
    expect((await refusal(file('phone.heic'))).message).toContain('HEIC');
  });

  it('recognises text by its beginning, however much of it there is', async () => {
    const letter = await open(file('letter.jpg'), 'w');
    await letter.write('Dear painter, ');
    await letter.truncate(1.9e9);
    await letter.close();
    const before = process.resourceUsage().maxRSS;
    expect((await refusal(file('letter.jpg'))).message).toContain('not a picture');
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(50_000);
  });

  const noise = (x: number, y: number, c: number) => (x * 7919 + y * 104_729 + c * 1299 + ((x * y) % 251)) % 256;
  const noisy = () => image8(48, 40, 3, noise);
  const animated = async () => {
    const frames = await Promise.all(
      [0, 1, 2].map((k) =>
        image8(24, 20, 3, (x, y, c) => noise(x + k, y, c))
          .png()
          .toBuffer(),
      ),
    );
    return sharp(frames, { join: { animated: true } });
  };
  const kinds: readonly (readonly [string, () => Promise<Buffer>])[] = [
    ['JPEG', () => noisy().jpeg().toBuffer()],
    ['progressive JPEG', () => noisy().jpeg({ progressive: true }).toBuffer()],
    ['PNG', () => noisy().png().toBuffer()],
    ['interlaced PNG', () => noisy().png({ progressive: true }).toBuffer()],
    ['palette PNG', () => noisy().png({ palette: true }).toBuffer()],
    ['WebP', () => noisy().webp().toBuffer()],
    ['lossless WebP', () => noisy().webp({ lossless: true }).toBuffer()],
    ['GIF', () => noisy().gif().toBuffer()],
    ['TIFF', () => noisy().tiff({ compression: 'none' }).toBuffer()],
    ['TIFF of LZW strips', () => noisy().tiff({ compression: 'lzw' }).toBuffer()],
    [
      'tiled TIFF',
      () => noisy().tiff({ compression: 'deflate', tile: true, tileWidth: 16, tileHeight: 16 }).toBuffer(),
    ],
    ['AVIF', () => noisy().avif().toBuffer()],
    ['animated GIF', async () => (await animated()).gif().toBuffer()],
    ['animated WebP', async () => (await animated()).webp().toBuffer()],
  ];

  // A cut behind the last pixel of the frame that is used costs nothing, so that may be accepted.
  it.each(kinds)('never takes a part of a %s for the whole', async (name, make) => {
    const bytes = await make();
    const path = file('cut');
    await writeFile(path, bytes);
    const whole = [await decodeImage(path), await decodeImage(path, { longSide: 11 })] as const;
    const cuts = [
      ...Array.from({ length: 30 }, (_, k) => Math.ceil((bytes.length * (k + 0.5)) / 30)),
      bytes.length - 1,
    ];
    let refused = 0;
    for (const cut of cuts) {
      await writeFile(path, bytes.subarray(0, cut));
      for (const [options, expected] of [
        [{}, whole[0]],
        [{ longSide: 11 }, whole[1]],
      ] as const) {
        const outcome: unknown = await decodeImage(path, options).catch((e: unknown) => e);
        if (outcome instanceof MadderError) {
          expect(outcome.message).toMatch(/damaged|not a picture/);
          refused++;
        } else {
          expect((outcome as DecodedImage).rgb, `${name} cut at ${cut}`).toEqual(expected.rgb);
        }
      }
    }
    expect(refused).toBeGreaterThan(name === 'animated GIF' ? 15 : 50);
  });

  it('refuses a JPEG that lacks pixels although it ends well', async () => {
    for (const progressive of [false, true]) {
      const bytes = await image8(400, 300, 3, noise).jpeg({ progressive }).toBuffer();
      const half = bytes.subarray(0, bytes.length / 2);
      await writeFile(file('half.jpg'), Buffer.concat([half, Buffer.from([0xff, 0xd9])]));
      expect((await refusal(file('half.jpg'))).message).toContain('damaged');
      expect((await refusal(file('half.jpg'), { longSide: 50 })).message).toContain('damaged');
      await writeFile(file('zeros.jpg'), Buffer.concat([half, new Uint8Array(bytes.length - half.length)]));
      expect((await refusal(file('zeros.jpg'))).message).toContain('damaged');
    }
    await writeFile(file('claims.jpg'), await jpegClaiming(16_000, 16_000));
    expect((await refusal(file('claims.jpg'))).message).toContain('damaged');
  });

  it('refuses a GIF whose pixels are damaged', async () => {
    const bytes = await image8(400, 300, 3, noise).gif().toBuffer();
    await writeFile(file('zeros.gif'), bytes.fill(0, bytes.length / 2));
    expect((await refusal(file('zeros.gif'))).message).toContain('damaged');
  });

  it('takes a JPEG with harmless bytes between its segments', async () => {
    const bytes = await image8(64, 48, 3, noise).jpeg({ progressive: true }).toBuffer();
    await writeFile(file('clean.jpg'), bytes);
    const frame = bytes.indexOf(Buffer.from([0xff, 0xc2]));
    for (const at of [frame, bytes.length - 2]) {
      const extra = Buffer.concat([bytes.subarray(0, at), Buffer.from([1, 2, 3, 4, 5]), bytes.subarray(at)]);
      await writeFile(file('extra.jpg'), extra);
      expect((await decodeImage(file('extra.jpg'))).rgb).toEqual((await decodeImage(file('clean.jpg'))).rgb);
    }
  });

  it('refuses pictures of no size', async () => {
    for (const [name, bytes] of Object.entries({
      'none.png': pngClaiming(0, 0),
      'none.gif': gifClaiming(0, 0),
      'none.tif': tiffClaiming(0, 0),
      'none.jpg': await jpegClaiming(64, 0),
      'none.avif': await avifClaiming(0, 0),
    })) {
      await writeFile(file(name), bytes);
      expect((await refusal(file(name))).message).toContain('damaged');
    }
  });

  it('refuses decompression bombs at once', async () => {
    for (const [name, bytes, words] of [
      ['claim.png', pngClaiming(60_000, 60_000), '60000 x 60000 pixels; the limit is 268 megapixels'],
      ['real.png', pngOfEqualRows(new Uint8Array(90_000), 30_000), '30000 x 30000 pixels; the limit'],
      ['claim.tif', tiffClaiming(60_000, 60_000), '60000 x 60000 pixels; the limit'],
      ['claim.gif', gifClaiming(65_535, 65_535), '65535 x 65535 pixels; the limit'],
      ['claim.webp', await webpClaiming(16_383, 16_383), '16383 x 16383 pixels; the limit'],
      ['absurd.webp', await webpClaiming(60_000, 60_000), 'damaged'],
      ['claim.avif', await avifClaiming(60_000, 60_000), '60000 x 60000 pixels; the limit'],
      ['claim.jpg', await jpegClaiming(65_500, 65_500), '65500 x 65500 pixels; the limit'],
    ] as const) {
      await writeFile(file(name), bytes);
      const start = performance.now();
      expect((await refusal(file(name))).message).toContain(words);
      expect((await refusal(file(name), { longSide: 100 })).message).toContain(words);
      expect(performance.now() - start).toBeLessThan(2000);
    }
  });

  it('says which size would fit', async () => {
    expect((await refusal(file('claim.png'))).message).toContain('make it 16370 x 16370 pixels or smaller');
    await image8(40, 30, 3, () => 0)
      .png()
      .toFile(file('small.png'));
    const { message } = await refusal(file('small.png'), { maxPixels: 1199 });
    expect(message).toContain('(40 x 30 pixels; the limit is 1199 pixels); make it 39 x 29 pixels or smaller');
    await image8(3, 9000, 3, () => 0)
      .png()
      .toFile(file('pole.png'));
    expect((await refusal(file('pole.png'), { maxPixels: 100 })).message).toContain('make it 1 x 100 pixels');
  });
});
