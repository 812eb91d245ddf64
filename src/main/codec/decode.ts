import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import sharp, { type Metadata } from 'sharp';
import { MadderError } from '../../shared/errors.ts';
import { INPUT_FORMATS } from './formats.ts';
import { profileName } from './profile.ts';

/** A picture file's pixels, upright and in sRGB. */
export interface DecodedImage {
  /** Pixels, after the EXIF orientation was applied. */
  readonly width: number;
  readonly height: number;
  /** SHA-256 of the file's bytes, hexadecimal. */
  readonly sha256: string;
  /** The file's name without its folder. */
  readonly name: string;
  /** [height, width, 3] interleaved sRGB: 0 to 65535 where the file holds more than 8 bits, otherwise 0 to 255. */
  readonly rgb: Uint8Array | Uint16Array;
  /** [height, width] opacity in the range of `rgb`, which is not multiplied by it; absent where everything is opaque. */
  readonly alpha?: Uint8Array | Uint16Array;
  /** What was done to the picture that a person may want to know, one sentence each. */
  readonly notes: readonly string[];
}

export interface DecodeOptions {
  /** Pictures of more pixels are refused before memory is asked for. */
  readonly maxPixels?: number;
}

/** 268 megapixels: beyond any camera, and below what makes the float picture exhaust a common machine. */
const MAX_PIXELS = 268_000_000;

/** Node reads files up to this size in one piece. */
const MAX_BYTES = 2 ** 31;

/**
 * Reads a picture: JPEG, PNG, WebP, TIFF, GIF or AVIF, of any bit depth and colour space (converted to sRGB by its
 * embedded profile), turned upright. Of several frames or pages the first is taken.
 * @throws MadderError `input`, one sentence naming the file, what is wrong with it and what to do
 */
export async function decodeImage(path: string, { maxPixels = MAX_PIXELS }: DecodeOptions = {}): Promise<DecodedImage> {
  const bytes = await readPicture(path);
  const metadata = await readMetadata(path, bytes);
  if (metadata.width * metadata.height > maxPixels) {
    const size = `${metadata.width} x ${metadata.height} pixels`;
    const limit = `${Math.floor(maxPixels / 1e6)} megapixels`;
    throw refusal(path, `is too large (${size}; the limit is ${limit})`, 'make it smaller first');
  }
  const { width, height, rgb, alpha } = await readPixels(path, bytes, metadata);
  return {
    width,
    height,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    name: basename(path),
    rgb,
    ...(alpha ? { alpha } : {}),
    notes: notesOf(metadata),
  };
}

async function readPicture(path: string): Promise<Uint8Array> {
  try {
    const stats = await stat(path);
    if (stats.isDirectory()) throw refusal(path, 'is a folder', 'choose a picture inside it');
    // Devices and pipes may never end.
    if (!stats.isFile()) throw refusal(path, 'is not a file', 'choose a picture file');
    if (stats.size === 0) throw refusal(path, 'is empty', 'copy or download it again');
    if (stats.size > MAX_BYTES) throw refusal(path, 'is larger than 2 GB', 'save it in a compressed format');
    return await readFile(path);
  } catch (error) {
    if (error instanceof MadderError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw refusal(path, 'does not exist', 'check its name and folder', error);
    if (code === 'EACCES' || code === 'EPERM') {
      throw refusal(path, 'may not be read', 'change its permissions or choose another', error);
    }
    throw refusal(path, `could not be read (${code ?? String(error)})`, 'check the disk or choose another', error);
  }
}

async function readMetadata(path: string, bytes: Uint8Array): Promise<Metadata> {
  const formats = 'use a JPEG, PNG, WebP, TIFF, GIF or AVIF file';
  let metadata: Metadata;
  try {
    metadata = await sharp(bytes, { limitInputPixels: false }).metadata();
  } catch (cause) {
    if (isHeic(bytes)) throw refusal(path, 'is a HEIC picture, which Madder cannot read', 'save it as JPEG', cause);
    const unknown = String(cause).includes('unsupported image format');
    if (unknown) throw refusal(path, 'is not a picture that Madder can read, or is badly damaged', formats, cause);
    throw damaged(path, cause);
  }
  if (INPUT_FORMATS.has(metadata.format)) return metadata;
  throw refusal(path, `is of a format that Madder does not read (${metadata.format})`, formats);
}

async function readPixels(path: string, bytes: Uint8Array, metadata: Metadata) {
  // From CMYK libvips comes to 8-bit sRGB whatever the depth was.
  const deep = metadata.depth !== 'uchar' && metadata.space !== 'cmyk';
  const pipeline = sharp(bytes, { failOn: 'error', limitInputPixels: false })
    .autoOrient()
    .toColourspace(deep ? 'rgb16' : 'srgb')
    .raw({ depth: deep ? 'ushort' : 'uchar' });
  // sharp converts 16-bit pictures that have a profile to Display P3 and leaves them there unless told otherwise.
  if (metadata.space === 'rgb16' && metadata.hasProfile) pipeline.withIccProfile('srgb', { attach: false });
  try {
    const { data, info } = await pipeline.toBuffer({ resolveWithObject: true });
    const pixels = deep ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2) : new Uint8Array(data);
    return { width: info.width, height: info.height, ...split(pixels, info.width * info.height, info.channels) };
  } catch (cause) {
    throw damaged(path, cause);
  }
}

/** Takes interleaved pixels with or without opacity apart. */
function split(pixels: Uint8Array | Uint16Array, count: number, channels: number) {
  if (channels === 3) return { rgb: pixels };
  const empty = (length: number) => (pixels instanceof Uint16Array ? new Uint16Array(length) : new Uint8Array(length));
  const [rgb, alpha] = [empty(3 * count), empty(count)];
  const opaque = pixels instanceof Uint16Array ? 65_535 : 255;
  let transparent = false;
  for (let i = 0; i < count; i++) {
    rgb[3 * i] = pixels[4 * i]!;
    rgb[3 * i + 1] = pixels[4 * i + 1]!;
    rgb[3 * i + 2] = pixels[4 * i + 2]!;
    alpha[i] = pixels[4 * i + 3]!;
    if (alpha[i] !== opaque) transparent = true;
  }
  return transparent ? { rgb, alpha } : { rgb };
}

function notesOf(metadata: Metadata): string[] {
  const notes: string[] = [];
  const { pages = 1, space, icc, format } = metadata;
  const parts = format === 'tiff' || format === 'heif' ? 'pages' : 'frames';
  if (pages > 1) notes.push(`The file holds ${pages} ${parts}; the first one is used.`);
  const profile = icc && profileName(icc);
  if (space === 'grey16' && icc) {
    notes.push('The embedded grey profile was ignored, as for all 16-bit grey pictures.');
  } else if (icc && !(profile?.startsWith('sRGB') ?? false)) {
    notes.push(`The colours were converted to sRGB from ${profile ?? 'the embedded profile'}.`);
  } else if (space === 'cmyk') {
    notes.push('The colours were converted to sRGB from CMYK without a profile, so they are approximate.');
  }
  return notes;
}

/** Whether the bytes begin like a HEIC file, the format of phone cameras that needs a patented decoder. */
const isHeic = (bytes: Uint8Array): boolean =>
  /^ftyp(hei[cxms]|hev[cxms])/.test(new TextDecoder('latin1').decode(bytes.subarray(4, 12)));

const damaged = (path: string, cause: unknown): MadderError =>
  refusal(path, 'is damaged or cut off', 'copy or download it again', cause);

const refusal = (path: string, what: string, advice: string, cause?: unknown): MadderError =>
  new MadderError('input', `The picture "${path}" ${what}; ${advice}.`, { cause });
