import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import sharp, { type FailOnOptions, type Metadata } from 'sharp';
import { MadderError } from '../../shared/errors.ts';
import { INPUT_FORMATS, recognise } from './formats.ts';
import { fitLongSide } from './picture.ts';
import { profileName } from './profile.ts';

/** A picture file's pixels, upright and in sRGB. */
export interface DecodedImage {
  /** Pixels, after the EXIF orientation was applied. */
  readonly width: number;
  readonly height: number;
  /** Size in the file, upright: larger than the above where `longSide` asked for less. */
  readonly original: { readonly width: number; readonly height: number };
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
  /**
   * Larger pictures are shrunk to this long side while they are read, so that PNG, JPEG and TIFF files of any size never
   * lie in memory whole. Lanczos on sRGB values, as resizePicture does, but on colours multiplied by their opacity.
   */
  readonly longSide?: number;
  /** The same for the number of pixels: larger pictures are shrunk to at most so many. */
  readonly fitPixels?: number;
  /** What the picture is called, in messages too, where its path says nothing to a person. */
  readonly name?: string;
}

/** 268 megapixels: beyond any camera, and below what makes the float picture exhaust a common machine. */
const MAX_PIXELS = 268_000_000;

/** Node reads files up to this size in one piece. */
const MAX_BYTES = 2 ** 31 - 1;

/** Enough of a file to recognise its format. */
const HEAD_BYTES = 64;

const FORMATS_ADVICE = 'use a JPEG, PNG, WebP, TIFF, GIF or AVIF file';

/**
 * Reads a picture: JPEG, PNG, WebP, TIFF, GIF or AVIF, of any bit depth and colour space (converted to sRGB by its
 * embedded profile), turned upright. Of several frames or pages the first is taken.
 * @throws MadderError `input`, one sentence naming the file, what is wrong with it and what to do
 */
export async function decodeImage(path: string, options: DecodeOptions = {}): Promise<DecodedImage> {
  const { maxPixels = MAX_PIXELS, longSide = Infinity, fitPixels = Infinity, name = path } = options;
  const bytes = await readPicture(path, name);
  const metadata = await readMetadata(name, bytes);
  const original = metadata.autoOrient;
  const pixels = original.width * original.height;
  if (pixels > maxPixels) throw tooLarge(name, original, maxPixels);
  const fitting = Math.floor(Math.max(original.width, original.height) * Math.sqrt(fitPixels / pixels));
  const side = Math.min(longSide, Math.max(1, fitting));
  const { width, height, rgb, alpha } = await readPixels(name, bytes, metadata, side);
  return {
    width,
    height,
    original,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    name: basename(name),
    rgb,
    ...(alpha ? { alpha } : {}),
    notes: notesOf(metadata),
  };
}

/**
 * What a picture file is, by its header: nothing is decoded.
 * @throws MadderError `input` as decodeImage does, but not for damage behind the header
 */
export async function identifyImage(path: string): Promise<Pick<DecodedImage, 'width' | 'height' | 'sha256' | 'name'>> {
  const bytes = await readPicture(path, path);
  const { width, height } = (await readMetadata(path, bytes)).autoOrient;
  return { width, height, sha256: createHash('sha256').update(bytes).digest('hex'), name: basename(path) };
}

/** Reads a file whose beginning announces a picture; of any other, however large, only that beginning is read. */
async function readPicture(path: string, name: string): Promise<Uint8Array> {
  try {
    const stats = await stat(path);
    if (stats.isDirectory()) throw refusal(name, 'is a folder', 'choose a picture inside it');
    // Devices and pipes may never end.
    if (!stats.isFile()) throw refusal(name, 'is not a file', 'choose a picture file');
    if (stats.size === 0) throw refusal(name, 'is empty', 'copy or download it again');
    if (stats.size > MAX_BYTES) throw refusal(name, 'is larger than 2 GB', 'save it in a compressed format');
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
      const kind = recognise(buffer.subarray(0, bytesRead));
      if (!kind) throw refusal(name, 'is not a picture that Madder can read', FORMATS_ADVICE);
      if (!kind.readable) {
        throw refusal(name, `is a ${kind.name} file, which Madder cannot read`, 'save it as JPEG or PNG');
      }
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof MadderError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw refusal(name, 'does not exist', 'check its name and folder', error);
    if (code === 'EACCES' || code === 'EPERM') {
      throw refusal(name, 'may not be read', 'change its permissions or choose another', error);
    }
    throw refusal(name, `could not be read (${code ?? String(error)})`, 'check the disk or choose another', error);
  }
}

async function readMetadata(path: string, bytes: Uint8Array): Promise<Metadata> {
  let metadata: Metadata;
  try {
    metadata = await sharp(bytes, { limitInputPixels: false }).metadata();
  } catch (cause) {
    throw damaged(path, cause);
  }
  if (metadata.format === 'jpeg' && !hasJpegEnd(bytes)) throw damaged(path, undefined);
  if (metadata.format === 'gif' && isEmptyGif(bytes)) throw damaged(path, undefined);
  if (INPUT_FORMATS.has(metadata.format)) return metadata;
  throw refusal(path, `is of a format that Madder does not read (${metadata.format})`, FORMATS_ADVICE);
}

/**
 * Whether anything ends the pixels of a JPEG file. Downloads that stopped may be full of zeros behind, which are valid
 * code for grey. Compressed pixels never look like the end marker, but a thumbnail before them has one too.
 */
function hasJpegEnd(bytes: Uint8Array): boolean {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 2;
  while (at + 4 <= view.length) {
    const marker = view[at] === 0xff ? view[at + 1]! : 0;
    if (marker === 0xda) break;
    // Like libjpeg, over fill bytes and what does not belong there.
    at += marker === 0 || marker === 0xff ? 1 : 2 + view.readUInt16BE(at + 2);
  }
  return view.includes('\xff\xd9', at, 'latin1');
}

/** Whether a GIF file's canvas (GIF89a, 18) has no pixels: libvips makes one up. */
const isEmptyGif = (bytes: Uint8Array): boolean => bytes[6]! + bytes[7]! === 0 || bytes[8]! + bytes[9]! === 0;

async function readPixels(path: string, bytes: Uint8Array, metadata: Metadata, longSide: number) {
  // A picture that lacks pixels is an error in most formats; in these two it is a warning, as harmless things are.
  const strict = metadata.format === 'jpeg' || metadata.format === 'gif';
  try {
    return await decode(bytes, metadata, longSide, strict ? 'warning' : 'error');
  } catch (cause) {
    const harmless = (cause as Error).message.split('\n').every((line) => HARMLESS_IN_JPEG.test(line));
    if (metadata.format !== 'jpeg' || !harmless) throw damaged(path, cause);
  }
  return decode(bytes, metadata, longSide, 'error').catch((cause: unknown) => {
    throw damaged(path, cause);
  });
}

/** libjpeg's warnings that no pixel is lost by: some cameras leave bytes between segments, or number versions oddly. */
const HARMLESS_IN_JPEG =
  /\b\d{1,3} extraneous bytes|unknown JFIF revision|Adobe color transform|SOS parameters for sequential/i;

async function decode(bytes: Uint8Array, metadata: Metadata, longSide: number, failOn: FailOnOptions) {
  // From CMYK libvips comes to 8-bit sRGB whatever the depth was.
  const deep = metadata.depth !== 'uchar' && metadata.space !== 'cmyk';
  // Through a conversion from sRGB to sRGB 16-bit values come out rounded, the dark ones by much.
  const ignoreIcc = deep && isSrgb(metadata.icc);
  const pipeline = sharp(bytes, { failOn, limitInputPixels: false, ignoreIcc })
    .autoOrient()
    .toColourspace(deep ? 'rgb16' : 'srgb')
    .raw({ depth: deep ? 'ushort' : 'uchar' });
  // sharp converts 16-bit pictures that have a profile to Display P3 and leaves them there unless told otherwise.
  if (metadata.space === 'rgb16' && metadata.hasProfile && !ignoreIcc) {
    pipeline.withIccProfile('srgb', { attach: false });
  }
  const { width, height } = metadata.autoOrient;
  if (Math.max(width, height) > longSide) {
    // The last factor of two is left to the filter: JPEG's own shrinking is coarse, and WebP's is not used at all.
    pipeline.resize({ ...fitLongSide(width, height, longSide), fit: 'fill', fastShrinkOnLoad: false });
  }
  const { data, info } = await pipeline.toBuffer({ resolveWithObject: true });
  const pixels = deep
    ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2)
    : new Uint8Array(data.buffer, data.byteOffset, data.length);
  return { width: info.width, height: info.height, ...split(pixels, info.width * info.height, info.channels) };
}

/** Takes interleaved pixels with or without opacity apart, the colours in place: large pictures are held once. */
function split(pixels: Uint8Array | Uint16Array, count: number, channels: number) {
  if (channels === 3) return { rgb: pixels };
  const deep = pixels instanceof Uint16Array;
  const alpha = deep ? new Uint16Array(count) : new Uint8Array(count);
  const opaque = deep ? 65_535 : 255;
  let transparent = false;
  for (let i = 0; i < count; i++) {
    alpha[i] = pixels[channels * i + 3]!;
    if (alpha[i] !== opaque) transparent = true;
    pixels[3 * i] = pixels[channels * i]!;
    pixels[3 * i + 1] = pixels[channels * i + 1]!;
    pixels[3 * i + 2] = pixels[channels * i + 2]!;
  }
  const rgb = pixels.subarray(0, 3 * count);
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
  } else if (icc && !isSrgb(icc)) {
    notes.push(`The colours were converted to sRGB from ${profile ?? 'the embedded profile'}.`);
  } else if (space === 'cmyk') {
    notes.push('The colours were converted to sRGB from CMYK without a profile, so they are approximate.');
  }
  return notes;
}

/** Whether an embedded profile is sRGB, which files name in several ways. */
const isSrgb = (icc: Uint8Array | undefined): boolean =>
  icc !== undefined && (profileName(icc)?.startsWith('sRGB') ?? false);

/** The largest size of the same proportions is named, so that no one has to guess. */
function tooLarge(path: string, { width, height }: DecodedImage['original'], maxPixels: number): MadderError {
  const scale = Math.sqrt(maxPixels / (width * height));
  const narrow = Math.max(1, Math.floor(Math.min(width, height) * scale));
  const long = Math.floor(Math.min(Math.max(width, height) * scale, maxPixels / narrow));
  const fitting = width > height ? `${long} x ${narrow}` : `${narrow} x ${long}`;
  const limit = maxPixels < 1e6 ? `${maxPixels} pixels` : `${Math.floor(maxPixels / 1e6)} megapixels`;
  const size = `${width} x ${height} pixels`;
  return refusal(path, `is too large (${size}; the limit is ${limit})`, `make it ${fitting} pixels or smaller first`);
}

const damaged = (path: string, cause: unknown): MadderError =>
  refusal(path, 'is damaged or cut off', 'copy or download it again', cause);

const refusal = (path: string, what: string, advice: string, cause?: unknown): MadderError =>
  new MadderError('input', `The picture "${path}" ${what}; ${advice}.`, { cause });
