import { randomBytes } from 'node:crypto';
import {
  access,
  constants,
  lstat,
  mkdtemp,
  open,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { deflateSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { MadderError } from '../../shared/errors.ts';
import { OUTPUT_SUFFIXES, outputFormat, type OutputFormat } from './formats.ts';
import { overWhite, toBytes, toWords, type Picture } from './picture.ts';
import { withPngChunks, type PngChunk } from './png-chunks.ts';

export interface OutputOptions {
  /** Files that must not be overwritten: the content and style images. */
  readonly inputs?: readonly string[];
}

export interface WriteOptions extends OutputOptions {
  /** 1 to 100 for JPEG and WebP; the others lose nothing. */
  readonly quality?: number;
  /** Bits per value: 16 in PNG and TIFF, 8 (the default) in all. */
  readonly depth?: 8 | 16;
  /** Pixels per inch on paper; nothing is said of it when missing. */
  readonly dpi?: number;
  /** ICC profile of RGB values that the colours are converted to; sRGB when missing. */
  readonly profile?: Uint8Array;
  readonly metadata?: {
    /** An XMP packet, UTF-8 text. */
    readonly xmp?: string;
    /** EXIF data, a TIFF structure. TIFF files hold only what is said of the whole picture, such as its author. */
    readonly exif?: Uint8Array;
  };
}

/** High enough that no one sees blocks in a painting's texture. */
const QUALITY = 95;

/** What planOutput has to know of a picture that does not exist yet. */
export interface PlannedPicture {
  readonly width: number;
  readonly height: number;
  /** Whether it will be partly transparent. */
  readonly transparent: boolean;
}

/**
 * What the format of the path's suffix cannot keep of a picture, one sentence each, for people to read before the work.
 * @throws MadderError `output`, one sentence, where the format is unknown or cannot hold the picture at all
 */
export function planOutput(path: string, picture: PlannedPicture): string[] {
  const format = formatFor(path, picture);
  if (!picture.transparent || format.opacity) return [];
  return ['The photo is partly transparent, which JPEG cannot be: the picture is put on white.'];
}

/**
 * Writes a picture in the format of the path's suffix, as 8-bit sRGB unless told otherwise, with its profile; on white
 * where the format knows no opacity. The file appears complete or not at all: it is written beside its place, flushed, read back, and only then
 * renamed over what was there and looked at once more.
 * @throws MadderError `output`, one sentence; a file that existed is then untouched
 */
export async function writeImage(path: string, picture: Picture, options: WriteOptions = {}): Promise<void> {
  const target = await checkOutput(path, options, picture);
  const bytes = await encode(path, picture, outputFormat(path)!, options);
  const temporary = temporaryBeside(target);
  try {
    await writeFlushed(temporary, bytes);
    await verify(temporary, bytes, picture, options.depth ?? 8);
    await rename(temporary, target);
    await flushFolder(dirname(target));
    await sameBytes(target, bytes);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw writeError(path, cause);
  }
}

/**
 * Checks, before hours of work, that a picture can be written here: the suffix is known, the folder is there and can be
 * written to, and neither a folder, a protected file nor an input is in the way.
 * @param size refused where the format cannot hold it
 * @returns the path to write to: the file that `path` leads to where it is a link
 * @throws MadderError `output`, one sentence
 */
export async function checkOutput(
  path: string,
  { inputs = [] }: OutputOptions = {},
  size?: { readonly width: number; readonly height: number },
): Promise<string> {
  formatFor(path, size);
  const target = await realpath(path).catch(() => path);
  await checkTarget(path, target, inputs);
  await checkFolder(path, target);
  return target;
}

function formatFor(path: string, size?: { readonly width: number; readonly height: number }): OutputFormat {
  const format = outputFormat(path);
  if (!format) {
    throw refusal(path, 'does not end like a picture', `choose one of ${OUTPUT_SUFFIXES.join(', ')}`);
  }
  if (size && Math.max(size.width, size.height) > format.maxSide) {
    const longest = `${format.maxSide} pixels a side`;
    throw refusal(path, `cannot hold ${size.width} x ${size.height} pixels (${longest})`, 'choose .png or .tif');
  }
  return format;
}

async function checkTarget(path: string, target: string, inputs: readonly string[]): Promise<void> {
  // As big integers: on Windows file numbers do not fit a double.
  const existing = await stat(target, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENAMETOOLONG') throw writeError(path, error);
  });
  if (!existing) {
    const link = await lstat(target).catch(() => undefined);
    if (link) throw refusal(path, 'is a link to nothing', 'choose another name or remove the link');
    return;
  }
  if (existing.isDirectory()) throw refusal(path, 'is a folder', 'add a file name to it');
  if (!existing.isFile()) throw refusal(path, 'is not an ordinary file', 'choose another name');
  for (const input of inputs) {
    const other = await stat(input, { bigint: true }).catch(() => undefined);
    if (other && other.ino === existing.ino && other.dev === existing.dev) {
      throw refusal(path, 'is one of the pictures that this one is made from', 'choose another name');
    }
  }
  try {
    await access(target, constants.W_OK);
  } catch (cause) {
    throw refusal(path, 'is write-protected', 'choose another name or change its permissions', cause);
  }
}

/** Permission bits do not tell about read-only disks, access lists and quotas, so a file is made and removed. */
async function checkFolder(path: string, target: string): Promise<void> {
  const folder = await stat(dirname(target)).catch(() => undefined);
  if (!folder?.isDirectory()) {
    throw refusal(path, 'is in a folder that does not exist', 'create the folder or choose another');
  }
  const probe = temporaryBeside(target);
  try {
    await (await open(probe, 'wx')).close();
    await rm(probe);
  } catch (cause) {
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
  if (depth === 16 && !format.deep) {
    throw refusal(path, 'cannot have 16 bits per colour', 'choose PNG or TIFF, or 8 bits');
  }
  const seen = format.opacity ? picture : overWhite(picture);
  try {
    return await withProfileFile(options.profile, async (profile) => {
      const image = await source(seen, { depth, exif: metadata.exif, convert: profile !== undefined });
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
          break;
        case 'tiff':
          image.tiff({
            compression: 'lzw',
            predictor: 'horizontal',
            // Pixels per millimetre.
            ...(dpi === undefined ? {} : { xres: dpi / 25.4, yres: dpi / 25.4, resolutionUnit: 'inch' }),
          });
      }
      return image.toBuffer();
    });
  } catch (cause) {
    throw refusal(path, 'could not be encoded', 'choose another format or size', cause);
  }
}

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
async function source(picture: Picture, { depth, exif, convert }: SourceOptions): Promise<Sharp> {
  const { width, height, alpha } = picture;
  const raw = { width, height, channels: alpha ? (4 as const) : (3 as const) };
  const deep = depth === 16;
  const image = sharp(deep ? toWords(picture, alpha) : toBytes(picture, alpha), { raw, limitInputPixels: false });
  if (!deep && !exif) return image;
  const chunks: PngChunk[] = [];
  if (deep) {
    const compressed = deflateSync(await (srgbProfile ??= readSrgbProfile()));
    chunks.push({ type: 'iCCP', data: Buffer.concat([Buffer.from('sRGB\0\0', 'latin1'), compressed]) });
  }
  if (exif) chunks.push({ type: 'eXIf', data: exif });
  if (deep) image.toColourspace('rgb16');
  const png = withPngChunks(await image.png({ compressionLevel: 0 }).toBuffer(), chunks);
  // Values that stay sRGB must not go through a conversion, which would round them.
  const carried = sharp(png, { limitInputPixels: false, ignoreIcc: !convert });
  return deep ? carried.toColourspace('rgb16') : carried;
}

let srgbProfile: Promise<Uint8Array> | undefined;

/** The profile that sharp calls sRGB. */
async function readSrgbProfile(): Promise<Uint8Array> {
  const pixel = sharp(new Uint8Array(3), { raw: { width: 1, height: 1, channels: 3 } });
  const { icc } = await sharp(await pixel.withIccProfile('srgb').png().toBuffer()).metadata();
  return icc!;
}

/** libvips reads profiles from files only. */
async function withProfileFile<T>(
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

async function writeFlushed(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
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

/** Makes a rename outlive a power failure. Not every system can open folders; there it is up to the file system. */
async function flushFolder(path: string): Promise<void> {
  const folder = await open(path).catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

/** Short whatever the picture's name is, because file systems limit the length of names. */
const temporaryBeside = (path: string): string => join(dirname(path), `.madder-${randomBytes(6).toString('hex')}.tmp`);

function writeError(path: string, cause: unknown): MadderError {
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  const reasons: Readonly<Record<string, readonly [what: string, advice: string]>> = {
    ENOSPC: ['could not be written because the disk is full', 'free some space or choose another disk'],
    EDQUOT: ['could not be written because your share of the disk is used up', 'free some space'],
    EACCES: ['is in a folder that may not be written to', 'choose another folder or change its permissions'],
    EPERM: ['is in a folder that may not be written to', 'choose another folder or change its permissions'],
    EROFS: ['is on a disk that cannot be written to', 'choose another folder'],
    ENOENT: ['is in a folder that cannot hold files', 'choose another folder'],
    ENAMETOOLONG: ['has too long a name', 'choose a shorter one'],
  };
  const [what, advice] = reasons[code] ?? [`could not be written (${code || String(cause)})`, 'choose another folder'];
  return refusal(path, what, advice, cause);
}

const refusal = (path: string, what: string, advice: string, cause?: unknown): MadderError =>
  new MadderError('output', `The output "${path}" ${what}; ${advice}.`, { cause });
