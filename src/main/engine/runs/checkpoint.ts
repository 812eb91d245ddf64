import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MadderError } from '../../../shared/errors.ts';
import { recipeSchema } from '../../../shared/recipe.ts';
import { floatTensor } from '../../../shared/tensor.ts';
import { readSafetensors, writeSafetensors } from '../../formats/safetensors.ts';
import type { Later } from '../optimizers/optimizer.ts';
import type { RunState } from './run.ts';

const FILE = 'checkpoint.safetensors';
const VERSION = '1';
/** Time between checkpoints, ms: what a killed run loses at most, one evaluation aside. */
const INTERVAL_MS = 5000;

export interface CheckpointerOptions {
  readonly onWritten?: (state: { total: number; seconds: number }) => void;
  /** The state could not be written, for instance because the disk is full; the one of before is still there. */
  readonly onFailed?: (error: MadderError) => void;
  /** Time between checkpoints, ms (5000). */
  readonly intervalMs?: number;
}

/**
 * Keeps a run's latest state in a folder. The state is copied at once and written in the background, at most every few
 * seconds: beside the file of before, flushed, and renamed over it, so that whenever the process dies a whole one is there.
 */
export class Checkpointer {
  readonly #folder: string;
  readonly #options: CheckpointerOptions;
  #last = performance.now();
  #writing: Promise<void> | undefined;

  constructor(folder: string, options: CheckpointerOptions = {}) {
    this.#folder = folder;
    this.#options = options;
  }

  /** Writes the state when it is time and no write is going on. Resolves once the state has been copied. */
  async offer(state: () => Later<RunState>): Promise<void> {
    const now = performance.now();
    if (this.#writing || now - this.#last < (this.#options.intervalMs ?? INTERVAL_MS)) return;
    this.#last = now;
    const copied = await state();
    const { total } = copied;
    const bytes = encode(copied);
    this.#writing = writeAtomically(join(this.#folder, FILE), bytes)
      .then(() => this.#options.onWritten?.({ total, seconds: (performance.now() - now) / 1000 }))
      .catch((cause: unknown) => this.#options.onFailed?.(notWritten(this.#folder, cause)))
      .finally(() => (this.#writing = undefined));
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
export async function readCheckpoint(folder: string): Promise<RunState | undefined> {
  const path = join(folder, FILE);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new MadderError('input', `${path} could not be read; check its permissions.`, { cause: error });
  }
  const { tensors, metadata } = readSafetensors(bytes, path);
  if (metadata['version'] !== VERSION || metadata['state'] === undefined) {
    throw new MadderError('input', `${path} is not a checkpoint of this version of Madder; begin the run anew.`);
  }
  const { optimizer, best, recipe, firstLoss, ...rest } = JSON.parse(metadata['state']) as StoredState;
  return {
    ...rest,
    firstLoss: firstLoss ?? undefined,
    recipe: recipeSchema.parse(recipe),
    best: { ...best, loss: best.loss ?? Infinity },
    optimizer: {
      ...optimizer,
      vectors: Object.fromEntries([...tensors].map(([name, t]) => [name, t.data as Float32Array])),
    },
  };
}

/** A run's state as JSON: without the vectors, and null for what JSON cannot say. */
type StoredState = Omit<RunState, 'optimizer' | 'best' | 'firstLoss'> & {
  firstLoss: number | null;
  best: { loss: number | null; terms: RunState['best']['terms'] };
  optimizer: Omit<RunState['optimizer'], 'vectors'>;
};

function encode({ optimizer, ...rest }: RunState): Uint8Array {
  const { vectors, ...numbers } = optimizer;
  const tensors = new Map(Object.entries(vectors).map(([name, data]) => [name, floatTensor([data.length], data)]));
  return writeSafetensors(tensors, { version: VERSION, state: JSON.stringify({ ...rest, optimizer: numbers }) });
}

/** Writes a file whole or not at all, and durably: data first, then the name, then the folder that holds the name. */
export async function writeAtomically(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(bytes);
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
