import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { flushFolder, writeFlushed } from '../../codec/output.ts';
import { MadderError } from '../../../shared/errors.ts';
import { diskTrouble } from '../disk-trouble.ts';

/** Folders and files of Madder's own in the library; no network's id begins like this. */
const OWN = '.madder-';

/** Where pieces of files are kept until they are networks. */
export const partialsFolder = (library: string): string => join(library, `${OWN}partial`);

/** The sentence for what could not be written into the library; errors that are no matter of the disk stay as they are. */
export function diskError(folder: string, cause: unknown): unknown {
  const trouble = diskTrouble(cause, 'MADDER_LIBRARY');
  if (!trouble) return cause;
  const { what, advice } = trouble;
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
