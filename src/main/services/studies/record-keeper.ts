import { mkdir } from 'node:fs/promises';
import { MadderError } from '../../../shared/errors.ts';
import { writeRecord, type StudyRecord } from './record.ts';

/** Makes a folder of a study where it is missing. @throws MadderError `output` */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new MadderError('output', `The folder ${folder} could not be made (${code}); choose another one.`, { cause });
  }
}

/** Writes a record that changes often: one write at a time, and of those that wait only the newest. */
export class RecordKeeper {
  readonly #file: string;
  #next: StudyRecord | undefined;
  #writing: Promise<void> | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  /** Resolves when this record, or a newer one, is on the disk. @throws MadderError `output` */
  keep(record: StudyRecord): Promise<void> {
    this.#next = record;
    return (this.#writing ??= this.#write());
  }

  async #write(): Promise<void> {
    try {
      while (this.#next) {
        const next = this.#next;
        this.#next = undefined;
        await writeRecord(this.#file, next);
      }
    } finally {
      this.#writing = undefined;
    }
  }
}
