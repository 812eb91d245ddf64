import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync, constants } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll } from 'vitest';

/** A folder for the tests of one file, removed afterwards. The function returned names files in it. */
export function temporaryFolder(): (name: string) => string {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'madder-codec-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return (name) => join(folder, name);
}

/** A raw 8-bit image with `f` as its value at column x, row y, channel c. */
export function image8(
  width: number,
  height: number,
  channels: 1 | 2 | 3 | 4,
  f: (x: number, y: number, c: number) => number,
): Sharp {
  const data = new Uint8Array(width * height * channels);
  for (let i = 0; i < data.length; i++) {
    const pixel = Math.floor(i / channels);
    data[i] = f(pixel % width, Math.floor(pixel / width), i % channels);
  }
  return sharp(data, { raw: { width, height, channels } });
}

/** EXIF data of a photo that say so much in words, a TIFF structure. */
export async function exifSaying(words: Readonly<Record<string, string>>): Promise<Uint8Array> {
  const photo = image8(8, 8, 3, () => 128).withExif({ IFD0: words });
  const { exif } = await sharp(await photo.jpeg().toBuffer()).metadata();
  // Behind the `Exif\0\0` of JPEG files.
  return exif!.subarray(6);
}

/** CRC-32 as PNG chunks want it. */
function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let k = 0; k < 8; k++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, crc] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  crc.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, crc]);
}

/** A PNG file of a few bytes that claims to be a grey picture of any size. */
export const pngClaiming = (width: number, height: number): Buffer => png(width, height, 0, Buffer.from([0x78, 0x9c]));

/** A whole PNG file, small however large the picture is, whose rows all are `row`: RGB, or RGBA. */
export function pngOfEqualRows(row: Uint8Array, height: number, channels: 3 | 4 = 3): Buffer {
  const squeeze = (bytes: Uint8Array) => deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
  // Filter 2 stores the difference to the row above.
  const same = new Uint8Array(1 + row.length);
  same[0] = 2;
  const perBlock = Math.max(1, Math.floor(2 ** 20 / same.length));
  const rows = (count: number) => Buffer.concat(Array.from({ length: count }, () => same));
  const [block, blocks] = [squeeze(rows(perBlock)), Math.floor((height - 1) / perBlock)];
  const compressed = Buffer.concat([
    Buffer.from([0x78, 0x01]),
    squeeze(Buffer.concat([Buffer.from([0]), row])),
    ...Array.from({ length: blocks }, () => block),
    squeeze(rows((height - 1) % perBlock)),
    Buffer.from([3, 0]),
    adler32([0, ...row], height - 1, same.length),
  ]);
  return png(row.length / channels, height, channels === 3 ? 2 : 6, compressed);
}

/** Of `first`, followed by rows that are a 2 and zeros. */
function adler32(first: readonly number[], rows: number, length: number): Buffer {
  let [a, b] = [1, 0];
  for (const byte of first) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  for (let k = 0; k < rows; k++) {
    a = (a + 2) % 65_521;
    b = (b + length * a) % 65_521;
  }
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(b * 65_536 + a);
  return sum;
}

function png(width: number, height: number, colour: number, compressed: Uint8Array): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  header[9] = colour;
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const end = chunk('IEND', new Uint8Array());
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', compressed), end]);
}

/** A GIF file of a few bytes whose canvas and only frame claim any size up to 65535. */
export function gifClaiming(width: number, height: number): Buffer {
  const gif = Buffer.from('R0lGODlhAQABAIAAAAAAAP///ywAAAAAAQABAAACAkQBADs=', 'base64');
  for (const at of [6, gif.indexOf(0x2c) + 5]) {
    gif.writeUInt16LE(width, at);
    gif.writeUInt16LE(height, at + 2);
  }
  return gif;
}

/** A TIFF file of a few bytes that claims to be an uncompressed grey picture of any size. */
export function tiffClaiming(width: number, height: number): Buffer {
  const [SHORT, LONG] = [3, 4];
  const tags = [
    [256, LONG, width],
    [257, LONG, height],
    [258, SHORT, 8],
    [259, SHORT, 1],
    [262, SHORT, 1],
    [273, LONG, 8],
    [277, SHORT, 1],
    [278, LONG, height],
    [279, LONG, Math.min(width * height, 4e9)],
  ] as const;
  const tiff = Buffer.alloc(14 + 12 * tags.length);
  tiff.write('II*\0\x08', 0, 'latin1');
  tiff.writeUInt16LE(tags.length, 8);
  tags.forEach(([tag, type, value], i) => {
    tiff.writeUInt16LE(tag, 10 + 12 * i);
    tiff.writeUInt16LE(type, 12 + 12 * i);
    tiff.writeUInt32LE(1, 14 + 12 * i);
    tiff.writeUInt32LE(value, 18 + 12 * i);
  });
  return tiff;
}

/** An animated WebP file whose canvas claims any size that the format knows. */
export async function webpClaiming(width: number, height: number): Promise<Buffer> {
  const frames = await Promise.all(
    [1, 2].map((v) =>
      image8(8, 8, 3, (x) => v * x)
        .png()
        .toBuffer(),
    ),
  );
  const webp = await sharp(frames, { join: { animated: true } })
    .webp()
    .toBuffer();
  const canvas = webp.indexOf('VP8X') + 12;
  webp.writeUIntLE(width - 1, canvas, 3);
  webp.writeUIntLE(height - 1, canvas + 3, 3);
  return webp;
}

/** An AVIF file of a small picture whose container claims any size. */
export async function avifClaiming(width: number, height: number): Promise<Buffer> {
  const avif = await image8(16, 16, 3, (x) => 9 * x)
    .avif()
    .toBuffer();
  const extents = avif.indexOf('ispe') + 8;
  avif.writeUInt32BE(width, extents);
  avif.writeUInt32BE(height, extents + 4);
  return avif;
}

/** A JPEG file of a small picture whose header claims any size up to 65535. */
export async function jpegClaiming(width: number, height: number): Promise<Buffer> {
  const jpeg = await image8(64, 64, 3, (x) => 3 * x)
    .jpeg()
    .toBuffer();
  const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]));
  jpeg.writeUInt16BE(height, frame + 5);
  jpeg.writeUInt16BE(width, frame + 7);
  return jpeg;
}

/**
 * The Adobe RGB (1998) profile: its primaries adapted to D50 (Bruce Lindbloom's matrix), and a gamma of 2 + 51/256
 * (Adobe RGB (1998) Color Image Encoding, 4.3.4), as a version 2 matrix profile (ICC.1:2001-04, 6.3.1).
 */
export function adobeRgbProfile(): Buffer {
  const fixed = (...values: number[]) => {
    const bytes = Buffer.alloc(4 * values.length);
    values.forEach((v, i) => bytes.writeInt32BE(Math.round(v * 65_536), 4 * i));
    return bytes;
  };
  const xyz = (...values: number[]) => Buffer.concat([Buffer.from('XYZ \0\0\0\0', 'latin1'), fixed(...values)]);
  const name = 'Adobe RGB (1998)';
  const desc = Buffer.alloc(12 + name.length + 80);
  desc.write('desc', 0, 'latin1');
  desc.writeUInt32BE(name.length + 1, 8);
  desc.write(name, 12, 'latin1');
  const curve = Buffer.from('curv\0\0\0\0\0\0\0\x01\x02\x33\0\0', 'latin1');
  const tags: readonly (readonly [string, Buffer])[] = [
    ['desc', desc],
    ['cprt', Buffer.from('text\0\0\0\0none\0\0\0\0', 'latin1')],
    ['wtpt', xyz(0.9505, 1, 1.0891)],
    ['rXYZ', xyz(0.60974, 0.31111, 0.01947)],
    ['gXYZ', xyz(0.20528, 0.62567, 0.06087)],
    ['bXYZ', xyz(0.14919, 0.06322, 0.74457)],
    ['rTRC', curve],
    ['gTRC', curve],
    ['bTRC', curve],
  ];
  const table = Buffer.alloc(4 + 12 * tags.length);
  table.writeUInt32BE(tags.length);
  let at = 128 + table.length;
  const bodies = tags.map(([tag, data], i) => {
    table.write(tag, 4 + 12 * i, 'latin1');
    table.writeUInt32BE(at, 8 + 12 * i);
    table.writeUInt32BE(data.length, 12 + 12 * i);
    at += data.length;
    return data;
  });
  const header = Buffer.alloc(128);
  header.writeUInt32BE(at);
  header.writeUInt32BE(0x02100000, 8);
  header.write('mntrRGB XYZ ', 12, 'latin1');
  header.write('acsp', 36, 'latin1');
  fixed(0.9642, 1, 0.8249).copy(header, 68);
  return Buffer.concat([header, table, ...bodies]);
}
