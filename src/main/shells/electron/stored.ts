import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { z } from 'zod';

/** Small things that the shell remembers, in a file each. One that cannot be read or written is not worth a word. */
export class Stored<T> {
  readonly #path: string;
  #value: T;

  constructor(path: string, schema: z.ZodType<T>, otherwise: T) {
    this.#path = path;
    try {
      this.#value = schema.parse(JSON.parse(readFileSync(path, 'utf8')));
    } catch {
      this.#value = otherwise;
    }
  }

  get value(): T {
    return this.#value;
  }

  set value(value: T) {
    this.#value = value;
    try {
      mkdirSync(dirname(this.#path), { recursive: true });
      writeFileSync(`${this.#path}.part`, JSON.stringify(value));
      renameSync(`${this.#path}.part`, this.#path);
    } catch {
      // Where the disk is full, the window opens in its usual place the next time.
    }
  }
}
