import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MadderError } from '../../../shared/errors.ts';
import { recipeSchema, type Recipe } from '../../../shared/recipe.ts';
import { floatTensor } from '../../../shared/tensor.ts';
import { fileSource, type ByteSource } from '../../formats/byte-source.ts';
import { indexSafetensors, safetensorsPieces } from '../../formats/safetensors.ts';
import type { Later } from '../optimizers/optimizer.ts';
import type { RunState } from './run.ts';

const FILE = 'checkpoint.safetensors';
const VERSION = '1';
/** Time between checkpoints, ms: what a killed run loses at most, one evaluation aside ... */
const INTERVAL_MS = 5000;
/** ... and as a multiple of what the last one took, where the run had to wait for it. */
const WAITED_INTERVAL = 10;
/** Larger states would take too much memory twice. */
const COPIED_BYTES = 256e6;

export interface CheckpointerOptions {
  readonly onWritten?: (state: { total: number; seconds: number }) => void;
  /** The state could not be written, for instance because the disk is full; the one of before is still there. */
  readonly onFailed?: (error: MadderError) => void;
  /** Time between checkpoints, ms (5000). */
  readonly intervalMs?: number;
  /** States up to this size, bytes, are copied, so that the run goes on while they are written (256 MB). */
  readonly copiedBytes?: number;
}

/**
 * Keeps a run's latest state in a folder. The state is copied at once and written in the background, at most every few
 * seconds; the run waits for the writing of very large ones. They are written beside the file of before, flushed, and renamed over it, so that whenever the process dies a whole one is there.
 */
export class Checkpointer {
  readonly #folder: string;
  readonly #options: CheckpointerOptions;
  /** When there may be another one. */
  #due: number;
  #writing: Promise<void> | undefined;

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
    if (this.#writing || now < this.#due) return;
    this.#due = now + this.#interval;
    const current = await state();
    const { total } = current;
    const pieces = encode(current);
    const size = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
    const isCopied = size <= (this.#options.copiedBytes ?? COPIED_BYTES);
    this.#writing = writeAtomically(join(this.#folder, FILE), isCopied ? pieces.map((piece) => piece.slice()) : pieces)
      .then(() => this.#options.onWritten?.({ total, seconds: (performance.now() - now) / 1000 }))
      .catch((cause: unknown) => this.#options.onFailed?.(notWritten(this.#folder, cause)))
      .finally(() => (this.#writing = undefined));
    if (isCopied) return;
    await this.#writing;
    const end = performance.now();
    this.#due = Math.max(this.#due, end + WAITED_INTERVAL * (end - now));
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
    const { optimizer, best, recipe, firstLoss, ...rest } = stored;
    // One by one: all of them together may be more than one buffer holds.
    const vectors: Record<string, Float32Array> = {};
    for (const { name, begin, end } of tensors.values()) {
      const bytes = await source.read(begin, end);
      vectors[name] = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
    }
    return {
      ...rest,
      firstLoss: firstLoss ?? undefined,
      recipe: recipeSchema.parse(recipe),
      best: { ...best, loss: best.loss ?? Infinity },
      optimizer: { ...optimizer, vectors },
    };
  });

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
};

/** The pieces of a file; those of vectors are views of the live ones. */
function encode({ optimizer, ...rest }: RunState): Uint8Array[] {
  const { vectors, ...numbers } = optimizer;
  const tensors = new Map(Object.entries(vectors).map(([name, data]) => [name, floatTensor([data.length], data)]));
  return safetensorsPieces(tensors, { version: VERSION, state: JSON.stringify({ ...rest, optimizer: numbers }) });
}

/** Writes a file whole or not at all, and durably: data first, then the name, then the folder that holds the name. */
export async function writeAtomically(path: string, bytes: Uint8Array | readonly Uint8Array[]): Promise<void> {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx');
    try {
      for (const piece of bytes instanceof Uint8Array ? [bytes] : bytes) await file.writeFile(piece);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  // Windows cannot open folders; there, the rename itself is as durable as it gets.
  const folder = await open(dirname(path)).catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}
