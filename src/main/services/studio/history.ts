/** Finished pictures: each in a folder of its own, with the 16-bit original and what the screen shows. */
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeImage } from '../../codec/encode.ts';
import { openPngRows, type FileRows } from '../../codec/large/read-png.ts';
import type { Picture } from '../../codec/picture.ts';
import { MadderError } from '../../../shared/errors.ts';
import type { Recipe } from '../../../shared/recipe.ts';
import { migrateRecipe } from '../../../shared/recipe-migrations.ts';
import { METHODS, type Result } from '../../../shared/studio/contract.ts';
import type { StudioDocument } from '../../../shared/studio/document.ts';
import type { StudioAsset } from '../../../shared/studio/program.ts';
import { migrateDocument } from './documents.ts';
import { versionIn, writeVersions } from './library.ts';
import type { Log } from './log.ts';
import { dataError, newId, readStored, setAside, writeStored } from './stored.ts';

const resultSchema = METHODS.snapshot.response.shape.results.element;

const ABOUT = 'about.json';
const MASTER = 'master.png';
const STAGED = '.new-';

/** What is known of a picture when it is finished. */
export interface Finished {
  readonly name: string;
  readonly picture: Picture;
  readonly completed: boolean;
  readonly seconds: number;
  readonly document: StudioDocument;
  readonly recipe: Recipe;
}

export interface HistoryOptions {
  /** Most bytes that are kept. */
  readonly cap: () => number;
  /** Pictures that are to be gone on with, and stay until then. */
  readonly needed: () => ReadonlySet<string>;
  readonly onResult: (result: Result) => void;
  readonly onGone: (ids: string[]) => void;
  readonly log: Log;
}

export class History {
  readonly #folder: string;
  readonly #options: HistoryOptions;
  /** Oldest first. */
  readonly #results: Map<string, Result>;
  /** The one that a window asked for last. */
  #shown: string | undefined;

  private constructor(folder: string, options: HistoryOptions, results: Map<string, Result>) {
    this.#folder = folder;
    this.#options = options;
    this.#results = results;
  }

  static async open(folder: string, options: HistoryOptions): Promise<History> {
    await mkdir(folder, { recursive: true });
    const results: Result[] = [];
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      if (name.startsWith(STAGED)) await rm(path, { recursive: true, force: true });
      if (!/^[A-Za-z0-9_-]+$/.test(name)) continue;
      const result = await readStored(join(path, ABOUT), resultOf, options.log);
      if (result?.id === name) results.push(result);
      else await setAside(path, options.log, 'its description is missing');
    }
    results.sort((a, b) => a.createdAt - b.createdAt);
    return new History(folder, options, new Map(results.map((result) => [result.id, result])));
  }

  /** Newest first. */
  get results(): Result[] {
    return [...this.#results.values()].reverse();
  }

  /** @throws MadderError `input` */
  get(id: string): Result {
    const result = this.#results.get(id);
    if (!result) throw new MadderError('input', 'That picture is no longer in the history.');
    return result;
  }

  /** @throws MadderError `output` where there is no room */
  async add({ picture, ...about }: Finished): Promise<Result> {
    const id = newId();
    const staged = join(this.#folder, `${STAGED}${id}`);
    const { width, height } = picture;
    try {
      await mkdir(staged, { recursive: true });
      await writeImage(join(staged, MASTER), picture, { depth: 16 });
      await writeVersions(staged, picture);
      const bytes = await sizeOf(staged);
      const result = resultSchema.parse({ id, createdAt: Date.now(), width, height, bytes, ...about });
      await writeStored(join(staged, ABOUT), result);
      await rename(staged, join(this.#folder, id));
      this.#results.set(id, result);
      this.#options.onResult(result);
      await this.prune(id);
      return result;
    } catch (error) {
      await rm(staged, { recursive: true, force: true });
      throw dataError(error);
    }
  }

  async rename(id: string, name: string): Promise<void> {
    const result = { ...this.get(id), name };
    await writeStored(join(this.#folder, id, ABOUT), result);
    this.#results.set(id, result);
    this.#options.onResult(result);
  }

  async delete(id: string): Promise<void> {
    this.get(id);
    await this.#remove([id]);
  }

  /**
   * The picture itself, as it was painted but for rounding to 16 bits, a block of rows at a time; close it after use.
   * @throws MadderError `input` where its file is damaged
   */
  async rows(id: string): Promise<FileRows> {
    const { name } = this.get(id);
    try {
      const source = await openPngRows(this.master(id));
      return {
        ...source,
        rows: async (from, to) => {
          try {
            return await source.rows(from, to);
          } catch (cause) {
            throw damaged(name, cause);
          }
        },
      };
    } catch (cause) {
      throw damaged(name, cause);
    }
  }

  /** The file that holds it. @throws MadderError `input` */
  master(id: string): string {
    return join(this.#folder, this.get(id).id, MASTER);
  }

  asset(kind: 'result' | 'result-thumbnail', id: string): StudioAsset | undefined {
    if (!this.#results.has(id)) return undefined;
    if (kind === 'result') this.#shown = id;
    return versionIn(join(this.#folder, id), kind === 'result' ? 'picture' : 'thumbnail');
  }

  /** Removes the oldest pictures until the rest keeps to the cap; never the one that is shown, nor `kept`. */
  async prune(kept?: string): Promise<void> {
    const cap = this.#options.cap();
    let total = [...this.#results.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    const gone: string[] = [];
    const needed = this.#options.needed();
    for (const { id, bytes } of this.#results.values()) {
      if (total <= cap) break;
      if (id === kept || id === this.#shown || needed.has(id)) continue;
      gone.push(id);
      total -= bytes;
    }
    if (gone.length > 0) await this.#remove(gone);
  }

  async #remove(ids: string[]): Promise<void> {
    for (const id of ids) this.#results.delete(id);
    this.#options.onGone(ids);
    for (const id of ids) {
      // Renamed first: whatever interrupts this, nothing half removed is found at the next start.
      const doomed = join(this.#folder, `${STAGED}${id}`);
      await rename(join(this.#folder, id), doomed);
      await rm(doomed, { recursive: true, force: true });
    }
  }
}

function resultOf(value: unknown): Result {
  const fields = value as Record<string, unknown>;
  return resultSchema.parse({
    ...fields,
    document: migrateDocument(fields['document']),
    recipe: migrateRecipe(fields['recipe']),
  });
}

const damaged = (name: string, cause: unknown): MadderError =>
  new MadderError('input', `The file of "${name}" in the history is damaged; paint it again by its recipe.`, { cause });

async function sizeOf(folder: string): Promise<number> {
  const sizes = (await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size);
  return (await Promise.all(sizes)).reduce((a, b) => a + b, 0);
}
