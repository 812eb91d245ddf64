import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsync, openSync, renameSync, writev } from 'node:fs';
import { open, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { MadderError } from '../../../shared/errors.ts';
import { recipeSchema, type Recipe } from '../../../shared/recipe.ts';
import { floatTensor, type Tensor } from '../../../shared/tensor.ts';
import { fileSource, type ByteSource } from '../../formats/byte-source.ts';
import { indexSafetensors, safetensorsPieces } from '../../formats/safetensors.ts';
import type { TensorEntry } from '../../formats/weights-index.ts';
import type { Later } from '../optimizers/optimizer.ts';
import type { RunState } from './run.ts';

const FILE = 'checkpoint.safetensors';
/** Vectors of large states have files of their own: `vector-<name>-<random>.safetensors`. */
const VECTOR = 'vector-';
/** The name of the tensor in such a file: a pair's place among the others, which names it in the state, changes. */
const ALONE = 'vector';
const VERSION = '1';
/** Time between checkpoints, ms: what a killed run loses at most, one iteration aside. */
const INTERVAL_MS = 5000;
/** Larger states would take too much memory twice. */
const COPIED_BYTES = 256e6;
/** See `CheckpointerOptions.diskSpeed`. */
const DISK_SPEED = 100e6;
/** The part of an iteration's time for which the run may wait, so that no iteration is lost. */
const WAITING = 0.25;

export interface CheckpointerOptions {
  readonly onWritten?: (state: { total: number; seconds: number }) => void;
  /** The state could not be written, for instance because the disk is full; the one of before is still there. */
  readonly onFailed?: (error: MadderError) => void;
  /** Time between checkpoints, ms (5000). */
  readonly intervalMs?: number;
  /** States up to this size, bytes, are copied, so that the run goes on while they are written (256 MB). */
  readonly copiedBytes?: number;
  /** What the disk is expected to write in a second, flushed, bytes (100 MB). */
  readonly diskSpeed?: number;
}

/**
 * Keeps a run's latest state in a folder, at most every few seconds. The run waits while it is written where that takes little beside an
 * iteration; a state of usual size is copied otherwise, and written in the background. For a very large one the run always waits, and its
 * vectors have files of their own: curvature pairs, of which an iteration brings one, are added to those that lie there and not written
 * again. What is new is written beside what was there, flushed, and comes into force when the one file that tells of it is renamed, so
 * that whenever the process dies a whole state is there. The run never spends more than half of its time on waiting; an iteration that
 * takes longer than writing is never lost.
 */
export class Checkpointer {
  readonly #folder: string;
  readonly #options: CheckpointerOptions;
  /** When there may be another one. */
  #due: number;
  #writing: Promise<void> | undefined;
  /** When the run went on after the latest state was offered. */
  #wentOn = performance.now();
  /** Files of the curvature pairs that lie in the folder, by level and pair. */
  #pairs: ReadonlyMap<string, string> = new Map();

  constructor(folder: string, options: CheckpointerOptions = {}) {
    this.#folder = folder;
    this.#options = options;
    this.#due = performance.now() + this.#interval;
  }

  get #interval(): number {
    return this.#options.intervalMs ?? INTERVAL_MS;
  }

  /** Writes the state when it is time and no write is going on. Resolves once the state has been copied, or written. */
  async offer(state: () => Later<RunState>): Promise<void> {
    const now = performance.now();
    const iteration = (now - this.#wentOn) / 1000;
    if (!this.#writing && now >= this.#due) await this.#keep(state, now, iteration);
    this.#wentOn = performance.now();
  }

  /** @param iteration what the latest one took, seconds */
  async #keep(state: () => Later<RunState>, now: number, iteration: number): Promise<void> {
    this.#due = now + this.#interval;
    const current = await state();
    const { total } = current;
    const size = Object.values(current.optimizer.vectors).reduce((sum, vector) => sum + vector.byteLength, 0);
    const inOneFile = size <= (this.#options.copiedBytes ?? COPIED_BYTES);
    const waits = !inOneFile || size / (this.#options.diskSpeed ?? DISK_SPEED) <= WAITING * iteration;
    this.#writing = (inOneFile ? this.#writeWhole(current, waits) : this.#writeParts(current))
      .then(() => this.#options.onWritten?.({ total, seconds: (performance.now() - now) / 1000 }))
      .catch((cause: unknown) => this.#options.onFailed?.(notWritten(this.#folder, cause)))
      .finally(() => (this.#writing = undefined));
    if (!waits) return;
    await this.#writing;
    const end = performance.now();
    this.#due = Math.max(this.#due, end + (end - now));
  }

  /** @param waits whether the run does, so that what it lends does not change */
  async #writeWhole(state: RunState, waits: boolean): Promise<void> {
    const pieces = encode(state, state.optimizer.vectors);
    await writeAtomically(join(this.#folder, FILE), waits ? pieces : pieces.map((piece) => piece.slice()));
    await this.#removeOthers({});
  }

  /** The vectors that do not lie there yet, each in a file of its own, and then the file that names them all. */
  async #writeParts(state: RunState): Promise<void> {
    const { numbers, vectors } = state.optimizer;
    const files: Record<string, string> = {};
    const pairs = new Map<string, string>();
    const written: string[] = [];
    try {
      for (const [name, vector] of Object.entries(vectors)) {
        const pair = pairOf(name, numbers);
        const key = pair === undefined ? undefined : `${state.level} ${pair}`;
        let file = key === undefined ? undefined : this.#pairs.get(key);
        if (file === undefined) {
          file = `${VECTOR}${name}-${randomBytes(6).toString('hex')}.safetensors`;
          await writeAtomically(join(this.#folder, file), safetensorsPieces(new Map([[ALONE, tensorOf(vector)]])));
          written.push(file);
        }
        files[name] = file;
        if (key !== undefined) pairs.set(key, file);
      }
      await writeAtomically(join(this.#folder, FILE), encode(state, {}, files));
    } catch (error) {
      for (const file of written) await rm(join(this.#folder, file), { force: true });
      throw error;
    }
    this.#pairs = pairs;
    await this.#removeOthers(files);
  }

  /** Removes vectors that belong to states of before, and what processes that died left half written. */
  async #removeOthers(files: Readonly<Record<string, string>>): Promise<void> {
    const kept = new Set(Object.values(files));
    for (const name of await readdir(this.#folder)) {
      const isOld = name.startsWith(VECTOR) ? !kept.has(name) : name.startsWith(`${FILE}.`);
      if (isOld) await rm(join(this.#folder, name), { force: true });
    }
  }

  /** Waits for the write that is going on. */
  async settle(): Promise<void> {
    await this.#writing;
  }
}

/** The sentence for what could not be kept in a run's folder. */
export function notWritten(folder: string, cause: unknown): MadderError {
  const full = (cause as NodeJS.ErrnoException).code === 'ENOSPC';
  const reason = full ? 'the disk is full' : cause instanceof Error ? cause.message : String(cause);
  return new MadderError('output', `The run's progress could not be kept in ${folder} (${reason}); make room there.`, {
    cause,
  });
}

/** Whether a run left a state in its folder. */
export const hasCheckpoint = (folder: string): boolean => existsSync(join(folder, FILE));

/** The state that a run left in its folder, or undefined where it left none. @throws MadderError where it is damaged */
export const readCheckpoint = (folder: string): Promise<RunState | undefined> =>
  reading(folder, async (source, path) => {
    const { tensors, stored } = await readStored(source, path);
    const { optimizer, best, recipe, firstLoss, files, ...rest } = stored;
    // One by one: all of them together may be more than one buffer holds.
    const vectors: Record<string, Float32Array | Uint16Array> = {};
    for (const tensor of tensors.values()) vectors[tensor.name] = await readVector(source, tensor);
    for (const [name, file] of Object.entries(files ?? {})) vectors[name] = await readVectorFile(folder, file);
    return {
      ...rest,
      firstLoss: firstLoss ?? undefined,
      recipe: recipeSchema.parse(recipe),
      best: { ...best, loss: best.loss ?? Infinity },
      optimizer: { ...optimizer, vectors },
    };
  });

type TensorPlace = Pick<TensorEntry, 'type' | 'begin' | 'end'>;

async function readVector(source: ByteSource, { type, begin, end }: TensorPlace): Promise<Float32Array | Uint16Array> {
  const { buffer, byteOffset, byteLength } = await source.read(begin, end);
  return type === 'bfloat16'
    ? new Uint16Array(buffer, byteOffset, byteLength / 2)
    : new Float32Array(buffer, byteOffset, byteLength / 4);
}

async function readVectorFile(folder: string, file: string): Promise<Float32Array | Uint16Array> {
  const path = join(folder, basename(file));
  let source: ByteSource;
  try {
    source = await fileSource(path);
  } catch (error) {
    throw new MadderError('input', `${path} belongs to the run's progress and could not be read; begin the run anew.`, {
      cause: error,
    });
  }
  try {
    const tensor = (await indexSafetensors(source, path)).tensors.get(ALONE);
    if (!tensor) throw new MadderError('input', `${path} holds no vector; begin the run anew.`);
    return await readVector(source, tensor);
  } finally {
    await source.close();
  }
}

/** The recipe of the state that a run left in its folder; as `readCheckpoint`, without reading all of it. */
export const readCheckpointRecipe = (folder: string): Promise<Recipe | undefined> =>
  reading(folder, async (source, path) => recipeSchema.parse((await readStored(source, path)).stored.recipe));

/** Reads from a folder's checkpoint; undefined where there is none. */
async function reading<T>(folder: string, read: (source: ByteSource, path: string) => Promise<T>) {
  const path = join(folder, FILE);
  let source: ByteSource;
  try {
    source = await fileSource(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new MadderError('input', `${path} could not be read; check its permissions.`, { cause: error });
  }
  try {
    return await read(source, path);
  } finally {
    await source.close();
  }
}

async function readStored(source: ByteSource, path: string) {
  const { tensors, metadata } = await indexSafetensors(source, path);
  if (metadata['version'] !== VERSION || metadata['state'] === undefined) {
    throw new MadderError('input', `${path} is not a checkpoint of this version of Madder; begin the run anew.`);
  }
  return { tensors, stored: JSON.parse(metadata['state']) as StoredState };
}

/** A run's state as JSON: without the vectors, and null for what JSON cannot say. */
type StoredState = Omit<RunState, 'optimizer' | 'best' | 'firstLoss'> & {
  firstLoss: number | null;
  best: { loss: number | null; terms: RunState['best']['terms'] };
  optimizer: Omit<RunState['optimizer'], 'vectors'>;
  /** Files beside this one that hold vectors, by the vectors' names. */
  files?: Readonly<Record<string, string>>;
};

/** The pieces of a file; those of vectors are views of the live ones. */
function encode(
  { optimizer, ...rest }: RunState,
  vectors: RunState['optimizer']['vectors'],
  files?: StoredState['files'],
): Uint8Array[] {
  const { vectors: _, ...numbers } = optimizer;
  const tensors = new Map(Object.entries(vectors).map(([name, data]) => [name, tensorOf(data)]));
  const state = { ...rest, optimizer: numbers, ...(files ? { files } : {}) };
  return safetensorsPieces(tensors, { version: VERSION, state: JSON.stringify(state) });
}

const tensorOf = (data: Float32Array | Uint16Array): Tensor =>
  data instanceof Uint16Array ? { type: 'bfloat16', dims: [data.length], data } : floatTensor([data.length], data);

/** What tells a vector of a curvature pair from those of all other pairs of its level; undefined for other vectors. */
function pairOf(name: string, numbers: RunState['optimizer']['numbers']): string | undefined {
  const match = /^([sy])(\d+)$/.exec(name);
  const id = match && numbers['ids']?.[Number(match[2])];
  return match && id !== undefined && id !== null ? `${match[1]} ${id}` : undefined;
}

/**
 * Writes a file whole or not at all, and durably: data first, then the name, then the folder that holds the name. Only what waits for the
 * disk is asynchronous: between any two requests the engine's thread may be blocked for a whole evaluation.
 */
export async function writeAtomically(path: string, bytes: Uint8Array | readonly Uint8Array[]): Promise<void> {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    const file = openSync(temporary, 'wx');
    try {
      await writeAll(file, bytes instanceof Uint8Array ? [bytes] : bytes);
      await flush(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  // Windows cannot open folders; there, the rename itself is as durable as it gets.
  const folder = await open(dirname(path)).catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

const flush = promisify(fsync);
const write = promisify(writev);

/** In as few requests as the system allows: `writeFile` makes one for each half megabyte, 200 of them for 100 MB. */
async function writeAll(file: number, pieces: readonly Uint8Array[]): Promise<void> {
  let left = pieces.filter(({ byteLength }) => byteLength > 0);
  while (left.length > 0) {
    let { bytesWritten } = await write(file, left);
    left = left.flatMap((piece) => {
      const rest = piece.subarray(Math.min(bytesWritten, piece.byteLength));
      bytesWritten -= piece.byteLength - rest.byteLength;
      return rest.byteLength > 0 ? [rest] : [];
    });
  }
}
