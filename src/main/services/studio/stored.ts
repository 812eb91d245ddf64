/** Files of a person's data folder: written whole or not at all, and read with distrust. */
import { randomBytes } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import { basename } from 'node:path';
import { writeAtomically } from '../../engine/runs/checkpoint.ts';
import { MadderError } from '../../../shared/errors.ts';
import { diskTrouble } from '../disk-trouble.ts';
import type { Log } from './log.ts';

/** Ids of jobs, results and presets; later ones sort behind earlier ones. */
export const newId = (): string => `${Date.now().toString(36)}-${randomBytes(4).toString('hex')}`;

/**
 * A JSON file's value, or undefined where there is none. A file that cannot be used is renamed, so that nothing
 * replaces what may be in it.
 * @param parse turns JSON into the value, or throws
 */
export async function readStored<T>(path: string, parse: (value: unknown) => T, log: Log): Promise<T | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') log.error(`${basename(path)} could not be read`, error);
    return undefined;
  }
  try {
    return parse(JSON.parse(text));
  } catch (error) {
    await setAside(path, log, error);
    return undefined;
  }
}

/** Gives a file or folder that cannot be used another name. */
export async function setAside(path: string, log: Log, why: unknown): Promise<void> {
  const aside = `${path}.broken-${newId()}`;
  log.error(`${basename(path)} cannot be used and was set aside as ${basename(aside)}`, why);
  await rename(path, aside).catch((error: unknown) => log.error('Nor could it be renamed', error));
}

/** @throws MadderError `output` */
export async function writeStored(path: string, value: unknown): Promise<void> {
  await writeBytes(path, new TextEncoder().encode(`${JSON.stringify(value, null, 1)}\n`));
}

/** @throws MadderError `output` */
export async function writeBytes(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeAtomically(path, bytes);
  } catch (cause) {
    throw dataError(cause);
  }
}

/** Makes a file that was copied outlive a power failure. */
export async function flush(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The sentence for what could not be kept in the data folder; errors that are no matter of the disk stay as they are. */
export function dataError(cause: unknown): unknown {
  const trouble = diskTrouble(cause, 'MADDER_DATA');
  if (!trouble) return cause;
  const { what, advice } = trouble;
  return new MadderError('output', `Madder's data folder could not be used because ${what}; ${advice}.`, { cause });
}

/** Writes a value that changes often: one write at a time, and of those that wait only the newest. */
export class Saver {
  readonly #path: string;
  #next: { readonly value: unknown } | undefined;
  #writing: Promise<void> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Resolves when this value, or a newer one, is on the disk. */
  save(value: unknown): Promise<void> {
    this.#next = { value };
    return (this.#writing ??= this.#write());
  }

  /** Waits for the writes that are due. */
  async settle(): Promise<void> {
    await this.#writing?.catch(() => {});
  }

  async #write(): Promise<void> {
    try {
      while (this.#next) {
        const { value } = this.#next;
        this.#next = undefined;
        await writeStored(this.#path, value);
      }
    } finally {
      this.#writing = undefined;
    }
  }
}
