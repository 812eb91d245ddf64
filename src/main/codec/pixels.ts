/** Float pictures as what sharp takes, at both depths. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { toBytes, toWords, type Picture } from './picture.ts';
import { withPngChunks, type PngChunk } from './png-chunks.ts';

interface SourceOptions {
  readonly depth: 8 | 16;
  readonly exif: Uint8Array | undefined;
  /** Whether the colours will be converted to another profile. */
  readonly convert: boolean;
}

/**
 * The picture's pixels for sharp. EXIF data can only come in with a file, and so can the profile of 16-bit values, which
 * sharp would otherwise take for Display P3: such a picture goes through a PNG file in memory, uncompressed.
 */
export async function pixelSource(picture: Picture, { depth, exif, convert }: SourceOptions): Promise<Sharp> {
  const { width, height, alpha } = picture;
  const raw = { width, height, channels: alpha ? (4 as const) : (3 as const) };
  const deep = depth === 16;
  const image = sharp(deep ? toWords(picture, alpha) : toBytes(picture, alpha), { raw, limitInputPixels: false });
  if (!deep && !exif) return image;
  const chunks: PngChunk[] = [];
  if (deep) {
    const compressed = deflateSync(await srgbProfile());
    chunks.push({ type: 'iCCP', data: Buffer.concat([Buffer.from('sRGB\0\0', 'latin1'), compressed]) });
  }
  if (exif) chunks.push({ type: 'eXIf', data: exif });
  if (deep) image.toColourspace('rgb16');
  const png = withPngChunks(await image.png({ compressionLevel: 0 }).toBuffer(), chunks);
  // Values that stay sRGB must not go through a conversion, which would round them.
  const carried = sharp(png, { limitInputPixels: false, ignoreIcc: !convert });
  return deep ? carried.toColourspace('rgb16') : carried;
}

let srgb: Promise<Uint8Array> | undefined;

/** The profile that sharp calls sRGB. */
export const srgbProfile = (): Promise<Uint8Array> => (srgb ??= readSrgbProfile());

async function readSrgbProfile(): Promise<Uint8Array> {
  const pixel = sharp(new Uint8Array(3), { raw: { width: 1, height: 1, channels: 3 } });
  const { icc } = await sharp(await pixel.withIccProfile('srgb').png().toBuffer()).metadata();
  return icc!;
}

/** libvips reads profiles from files only. */
export async function withProfileFile<T>(
  profile: Uint8Array | undefined,
  use: (path: string | undefined) => Promise<T>,
): Promise<T> {
  if (!profile) return use(undefined);
  const folder = await mkdtemp(join(tmpdir(), 'madder-profile-'));
  try {
    const path = join(folder, 'profile.icc');
    await writeFile(path, profile);
    return await use(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
