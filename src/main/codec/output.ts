/** Where pictures are written to: what may be there, what must not, and how a failure is said. */
import { randomBytes } from 'node:crypto';
import { access, constants, lstat, open, realpath, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MadderError } from '../../shared/errors.ts';
import { OUTPUT_SUFFIXES, outputFormat, type OutputFormat } from './formats.ts';

export interface OutputOptions {
  /** Files that must not be overwritten: the content and style images. */
  readonly inputs?: readonly string[];
  /** Bits per value: 16 in PNG and TIFF, 8 (the default) in all. */
  readonly depth?: 8 | 16;
  /** TIFF only: a pyramid in tiles, which viewers of large pictures open at once at every scale. */
  readonly pyramid?: boolean;
}

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
 * Checks, before hours of work, that a picture can be written here: the suffix is known and its format can be what is
 * asked for, the folder is there and can be written to, and neither a folder, a protected file nor an input is in the way.
 * @param size refused where the format cannot hold it
 * @returns the path to write to: the file that `path` leads to where it is a link
 * @throws MadderError `output`, one sentence
 */
export async function checkOutput(
  path: string,
  { inputs = [], depth = 8, pyramid = false }: OutputOptions = {},
  size?: { readonly width: number; readonly height: number },
): Promise<string> {
  const format = formatFor(path, size);
  if (depth === 16 && !format.deep) {
    throw refusal(path, 'cannot have 16 bits per colour', 'choose PNG or TIFF, or 8 bits');
  }
  if (pyramid && format.name !== 'tiff')
    throw refusal(path, 'cannot be a pyramid', 'choose .tif, or leave the pyramid out');
  const target = await realpath(path).catch(() => path);
  await checkTarget(path, target, inputs);
  await checkFolder(path, target);
  return target;
}

/**
 * The format of a path's suffix.
 * @param size refused where the format cannot hold it
 * @throws MadderError `output`, one sentence
 */
export function formatFor(path: string, size?: { readonly width: number; readonly height: number }): OutputFormat {
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

/** Writes a new file and flushes it to the disk. @throws where there is one already */
export async function writeFlushed(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes a rename outlive a power failure. Not every system can open folders; there it is up to the file system. */
export async function flushFolder(path: string): Promise<void> {
  const folder = await open(path).catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

/** Short whatever the picture's name is, because file systems limit the length of names. */
export const temporaryBeside = (path: string): string =>
  join(dirname(path), `.madder-${randomBytes(6).toString('hex')}.tmp`);

/** What a person is told when the file system refuses. */
export function writeError(path: string, cause: unknown): MadderError {
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

/** One sentence: what is wrong with the output, and what to do. */
export const refusal = (path: string, what: string, advice: string, cause?: unknown): MadderError =>
  new MadderError('output', `The output "${path}" ${what}; ${advice}.`, { cause });
