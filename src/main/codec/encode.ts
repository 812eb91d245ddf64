import { readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import sharp from 'sharp';
import { MadderError } from '../../shared/errors.ts';
import { outputFormat, type OutputFormat } from './formats.ts';
import { checkCancelled } from './large/blocks.ts';
import { rowsOf } from './large/rows.ts';
import { writeRows } from './large/write.ts';
import {
  checkOutput,
  flushFolder,
  refusal,
  temporaryBeside,
  writeError,
  writeFlushed,
  type OutputOptions,
} from './output.ts';
import { overWhite, type Picture } from './picture.ts';
import { pixelSource, withProfileFile } from './pixels.ts';

export interface WriteOptions extends OutputOptions {
  /** 1 to 100 for JPEG and WebP; the others lose nothing. */
  readonly quality?: number;
  /** Pixels per inch on paper; nothing is said of it when missing. */
  readonly dpi?: number;
  /** ICC profile of RGB values that the colours are converted to; sRGB when missing. */
  readonly profile?: Uint8Array;
  readonly metadata?: {
    /** An XMP packet, UTF-8 text. */
    readonly xmp?: string;
    /** EXIF data, a TIFF structure. TIFF files hold no more of it than the author and the like. */
    readonly exif?: Uint8Array;
  };
  /** Written a block of rows at a time; where it is missing, that depends on the size. TIFF files always are. */
  readonly streamed?: boolean;
  /** Told how much is done, in [0,1], from 0 upwards; 1 is the verified file in its place. */
  readonly onProgress?: (fraction: number) => void;
  /** Ends the work: at the next block of rows, a few megabytes, or before the next step where the picture is written whole. */
  readonly signal?: AbortSignal;
}

/** High enough that no one sees blocks in a painting's texture. */
const QUALITY = 95;

/** Larger pictures are written a block of rows at a time; JPEG files are a little smaller where they are written whole. */
const STREAMED_PIXELS = 50e6;

/** What of the work encoding is where a picture is written whole; the rest is reading the file again. */
const ENCODED = 0.7;

/**
 * Writes a picture in the format of the path's suffix, as 8-bit sRGB unless told otherwise, with its profile; on white
 * where the format knows no opacity. The file appears complete or not at all: it is written beside its place, flushed, read back, and only then
 * renamed over what was there and looked at once more. Large pictures and all TIFF files are written by `writeRows`, which holds little of them.
 * @throws MadderError `output`, one sentence; a file that existed is then untouched
 */
export async function writeImage(path: string, picture: Picture, options: WriteOptions = {}): Promise<void> {
  const { signal, onProgress } = options;
  const large = picture.width * picture.height > STREAMED_PIXELS;
  // TIFF files always are: libvips puts none of what EXIF data say of author and rights into them.
  if (outputFormat(path)?.name === 'tiff' || (options.streamed ?? large)) {
    return writeRows(path, rowsOf(picture), { quality: QUALITY, ...options });
  }
  const target = await checkOutput(path, options, picture);
  checkCancelled(path, signal);
  onProgress?.(0);
  const bytes = await encode(path, picture, outputFormat(path)!, options);
  checkCancelled(path, signal);
  onProgress?.(ENCODED);
  const temporary = temporaryBeside(target);
  try {
    await writeFlushed(temporary, bytes);
    await verify(temporary, bytes, picture, options.depth ?? 8);
    checkCancelled(path, signal);
    await rename(temporary, target);
    await flushFolder(dirname(target));
    await sameBytes(target, bytes);
    onProgress?.(1);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    if (cause instanceof MadderError) throw cause;
    throw writeError(path, cause);
  }
}

async function encode(
  path: string,
  picture: Picture,
  format: OutputFormat,
  options: WriteOptions,
): Promise<Uint8Array> {
  const { data, alpha } = picture;
  if (!data.every(Number.isFinite) || !(alpha?.every(Number.isFinite) ?? true)) {
    throw refusal(path, 'was not written: the picture holds undefined values', 'start again with other settings');
  }
  const { quality = QUALITY, depth = 8, dpi, metadata = {} } = options;
  const seen = format.opacity ? picture : overWhite(picture);
  try {
    return await withProfileFile(options.profile, async (profile) => {
      const image = await pixelSource(seen, { depth, exif: metadata.exif, convert: profile !== undefined });
      if (profile !== undefined) image.withIccProfile(profile);
      else if (depth === 16) image.keepIccProfile();
      else image.withIccProfile('srgb');
      if (metadata.exif) image.keepExif();
      if (dpi !== undefined) image.withDensity(dpi);
      if (metadata.xmp !== undefined) image.withXmp(metadata.xmp);
      switch (format.name) {
        case 'png':
          // Noise, which 16 bits mostly are, gets hardly smaller by trying harder.
          image.png(depth === 16 ? { compressionLevel: 3 } : {});
          break;
        case 'jpeg':
          image.jpeg({ quality, chromaSubsampling: '4:4:4' });
          break;
        case 'webp':
          // Exact: colours under full transparency stay, for those who change the opacity later.
          image.webp({ quality, smartSubsample: true, exact: true });
      }
      return image.toBuffer();
    });
  } catch (cause) {
    throw refusal(path, 'could not be encoded', 'choose another format or size', cause);
  }
}

/** Reads the file back: what the disk returns must be what was written, and the whole picture. */
async function verify(path: string, written: Uint8Array, { width, height }: Picture, depth: 8 | 16): Promise<void> {
  const bytes = await sameBytes(path, written);
  const metadata = await sharp(bytes, { limitInputPixels: false }).metadata();
  if (metadata.depth !== (depth === 16 ? 'ushort' : 'uchar')) throw new Error(`the file does not hold ${depth} bits`);
  const { info } = await sharp(bytes, { failOn: 'error', limitInputPixels: false })
    .raw()
    .toBuffer({ resolveWithObject: true });
  if (info.width !== width || info.height !== height) {
    throw new Error(`the file holds ${info.width} x ${info.height} pixels instead of ${width} x ${height}`);
  }
}

/** Not by libvips, which may keep a file open that Windows then refuses to rename. */
async function sameBytes(path: string, written: Uint8Array): Promise<Uint8Array> {
  const bytes = await readFile(path);
  if (!bytes.equals(written)) throw new Error('the file does not hold what was written');
  return bytes;
}
