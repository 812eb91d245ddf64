import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MadderError } from '../../../shared/errors.ts';

/** Folders and files of Madder's own in the library; no network's id begins like this. */
const OWN = '.madder-';

/** Where pieces of files are kept until they are networks. */
export const partialsFolder = (library: string): string => join(library, `${OWN}partial`);

/** The sentence for what could not be written into the library; errors that are no matter of the disk stay as they are. */
export function diskError(folder: string, cause: unknown): unknown {
  const { code } = cause as NodeJS.ErrnoException;
  const reasons: Readonly<Record<string, readonly [what: string, advice: string]>> = {
    ENOSPC: ['the disk is full', 'free some space'],
    EDQUOT: ['your share of the disk is used up', 'free some space'],
    EACCES: ['it may not be written to', 'change its permissions'],
    EPERM: ['it may not be written to', 'change its permissions'],
    EROFS: ['its disk cannot be written to', 'choose another folder with MADDER_LIBRARY'],
    ENOTDIR: ['it is not a folder', 'choose another folder with MADDER_LIBRARY'],
    EEXIST: ['it is not a folder', 'choose another folder with MADDER_LIBRARY'],
    EIO: ['its disk does not work', 'check it, or choose another folder with MADDER_LIBRARY'],
  };
  const [what, advice] = reasons[code ?? ''] ?? [];
  if (what === undefined) return cause;
  return new MadderError('output', `Nothing could be installed in ${folder} because ${what}; ${advice}.`, { cause });
}

/**
 * Puts files into a folder so that they are there whole or not at all: each is written beside its place and flushed,
 * `check` looks at them all, and only then they get their names, the last one last.
 * @param check is given the folder in which the files lie under their names
 */
export async function installFiles<T>(
  folder: string,
  files: readonly { readonly name: string; readonly bytes: Uint8Array }[],
  check: (staged: string) => Promise<T>,
): Promise<T> {
  await mkdir(folder, { recursive: true });
  const staged = join(folder, `${OWN}${randomBytes(6).toString('hex')}.tmp`);
  await mkdir(staged);
  try {
    for (const { name, bytes } of files) await writeFlushed(join(staged, name), bytes);
    const checked = await check(staged);
    // What is replaced is gone before its successor is there: whatever ends the program, nothing half new is left.
    for (const { name } of [...files].reverse()) await rm(join(folder, name), { force: true });
    for (const { name } of files) await rename(join(staged, name), join(folder, name));
    await flushFolder(folder);
    return checked;
  } finally {
    await rm(staged, { recursive: true, force: true });
  }
}

/** Removes what installations left that were ended by force. */
export async function removeLeftovers(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  const left = names.filter((name) => name.startsWith(OWN) && name.endsWith('.tmp'));
  for (const name of left) await rm(join(folder, name), { recursive: true, force: true });
  return left;
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

/** Makes renames outlive a power failure. Not every system can open folders; there it is up to the file system. */
async function flushFolder(path: string): Promise<void> {
  const folder = await open(path).catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}
