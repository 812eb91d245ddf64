import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { MadderError } from '../../../shared/errors.ts';

const PREFIX = 'features-';

/** Removes what stores of a process that was killed have left in a folder. */
export async function removeLeftFeatures(folder: string): Promise<void> {
  const left = (await readdir(folder)).filter((name) => name.startsWith(PREFIX));
  for (const name of left) await rm(join(folder, name), { recursive: true, force: true });
}

/** Where one tile's features lie in a layer's file. */
interface Place {
  readonly offset: number;
  readonly bytes: number;
}

export interface FeatureStoreOptions {
  /** Bytes that stay in memory; no limit when missing. What exceeds them goes to files. */
  readonly memory?: number;
  /** Where files go, in a folder of their own; needed where memory is limited. */
  readonly folder?: string;
}

/**
 * The photo's features at the content layers, tile by tile: in memory as far as they fit, the rest in files. They are
 * kept because computing them anew is a forward pass in every evaluation, and reading them is a hundred times faster.
 */
export class FeatureStore {
  readonly #folder: string;
  readonly #memory: number;
  #inMemory = 0;
  readonly #kept = new Map<string, Float32Array>();
  readonly #files = new Map<string, FileHandle>();
  readonly #places = new Map<string, Place>();
  readonly #ends = new Map<string, number>();

  constructor({ memory = Infinity, folder = '.' }: FeatureStoreOptions = {}) {
    this.#memory = memory;
    this.#folder = join(folder, `${PREFIX}${randomBytes(4).toString('hex')}`);
  }

  /**
   * Keeps a tile's features of a layer, in place of those that it had; they always have the same number of values.
   * @throws MadderError('output') where there is no room
   */
  async write(layer: string, tile: number, features: Float32Array): Promise<void> {
    const key = `${tile} ${layer}`;
    if (this.#kept.has(key) || this.#inMemory + features.byteLength <= this.#memory) {
      if (!this.#kept.has(key)) this.#inMemory += features.byteLength;
      this.#kept.set(key, features);
      return;
    }
    try {
      const file = this.#files.get(layer) ?? (await this.#create(layer));
      let place = this.#places.get(key);
      if (!place) {
        place = { offset: this.#ends.get(layer) ?? 0, bytes: features.byteLength };
        this.#places.set(key, place);
        this.#ends.set(layer, place.offset + place.bytes);
      }
      await file.write(new Uint8Array(features.buffer, features.byteOffset, place.bytes), 0, place.bytes, place.offset);
    } catch (cause) {
      const full = (cause as NodeJS.ErrnoException).code === 'ENOSPC';
      const reason = full ? 'the disk is full' : cause instanceof Error ? cause.message : String(cause);
      throw new MadderError(
        'output',
        `The photo's features could not be kept in ${this.#folder} (${reason}); make room there, or choose a smaller size.`,
        { cause },
      );
    }
  }

  /** A tile's features of a layer, as they were written. */
  async read(layer: string, tile: number): Promise<Float32Array> {
    const key = `${tile} ${layer}`;
    const kept = this.#kept.get(key);
    if (kept) return kept;
    const place = this.#places.get(key);
    const file = this.#files.get(layer);
    if (!place || !file) throw new Error(`no features of ${layer} were kept for tile ${tile}`);
    const features = new Float32Array(place.bytes / 4);
    const bytes = new Uint8Array(features.buffer);
    for (let done = 0; done < place.bytes;) {
      const { bytesRead } = await file.read(bytes, done, place.bytes - done, place.offset + done);
      if (bytesRead === 0) {
        throw new MadderError(
          'input',
          `The photo's features in ${this.#folder} are gone; leave that folder alone while the run goes on.`,
        );
      }
      done += bytesRead;
    }
    return features;
  }

  async release(): Promise<void> {
    this.#kept.clear();
    this.#inMemory = 0;
    if (this.#files.size === 0) return;
    for (const file of this.#files.values()) await file.close();
    this.#files.clear();
    this.#places.clear();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #create(layer: string): Promise<FileHandle> {
    await mkdir(this.#folder, { recursive: true });
    // Layers of ONNX files are called anything.
    const file = await open(join(this.#folder, `${this.#files.size}.features`), 'w+');
    this.#files.set(layer, file);
    return file;
  }
}
