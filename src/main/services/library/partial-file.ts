import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** Bytes [begin, end) of a file. */
export interface Range {
  readonly begin: number;
  readonly end: number;
}

/** What tells whether a file behind an address is still the one of before. */
export interface FileIdentity {
  readonly url: string;
  /** Bytes; undefined as long as the server does not say. */
  readonly size?: number | undefined;
  readonly etag?: string | undefined;
  readonly lastModified?: string | undefined;
}

const stateSchema = z.strictObject({
  version: z.literal(1),
  url: z.string(),
  size: z.int().nonnegative().optional(),
  etag: z.string().optional(),
  lastModified: z.string().optional(),
  /** Bytes fetched so far, also of attempts whose pieces were not kept. */
  transferred: z.int().nonnegative(),
  /** What the data file holds, one range after the other. */
  ranges: z.array(z.tuple([z.int().nonnegative(), z.int().nonnegative()])),
});

interface Segment extends Range {
  /** Where the range lies in the data file. */
  readonly at: number;
  end: number;
}

/** What a killed download loses at most, bytes. */
const FLUSH_BYTES = 4 * 1024 * 1024;

/**
 * The pieces of a file that were fetched so far, in the order in which they came, so that a download that is interrupted
 * by whatever means goes on where it was. The data is flushed before the list of what it holds is written: pieces that a
 * power failure takes are never counted.
 */
export class PartialFile {
  readonly #folder: string;
  readonly #data: FileHandle;
  #identity: FileIdentity;
  #segments: Segment[] = [];
  #length = 0;
  #unflushed = 0;
  transferred = 0;

  private constructor(folder: string, data: FileHandle, identity: FileIdentity) {
    this.#folder = folder;
    this.#data = data;
    this.#identity = identity;
  }

  /** Opens what the folder holds, or begins anew where that is nothing usable. The folder is made. */
  static async open(folder: string, url: string): Promise<PartialFile> {
    await mkdir(folder, { recursive: true });
    const state = await readState(join(folder, STATE));
    const usable = state?.url === url ? state : undefined;
    const data = await open(join(folder, DATA), usable ? 'r+' : 'w+').catch(() => open(join(folder, DATA), 'w+'));
    const partial = new PartialFile(folder, data, { url });
    if (!usable) return partial;
    const { size, etag, lastModified, transferred, ranges } = usable;
    const whole = ranges.reduce((sum, [begin, end]) => sum + end - begin, 0);
    if ((await data.stat()).size < whole) return partial;
    partial.#identity = { url, size, etag, lastModified };
    partial.transferred = transferred;
    for (const [begin, end] of ranges) {
      partial.#segments.push({ begin, end, at: partial.#length });
      partial.#length += end - begin;
    }
    return partial;
  }

  get identity(): FileIdentity {
    return this.#identity;
  }

  /** Bytes that are there. */
  get kept(): number {
    return this.#length;
  }

  /** Forgets all pieces; those that follow belong to this file. */
  async reset(identity: FileIdentity): Promise<void> {
    this.#segments = [];
    this.#length = 0;
    this.#identity = identity;
    await this.#data.truncate(0);
    await this.flush();
  }

  /** The parts of a range that are not there, in order. */
  missing({ begin, end }: Range): Range[] {
    const gaps: Range[] = [];
    let position = begin;
    for (const segment of [...this.#segments].sort((a, b) => a.begin - b.begin)) {
      if (segment.end <= position || segment.begin >= end) continue;
      if (segment.begin > position) gaps.push({ begin: position, end: segment.begin });
      position = segment.end;
    }
    if (position < end) gaps.push({ begin: position, end });
    return gaps;
  }

  /** Adds a piece that is missing. */
  async append(begin: number, bytes: Uint8Array): Promise<void> {
    let done = 0;
    while (done < bytes.byteLength) {
      const { bytesWritten } = await this.#data.write(bytes, done, bytes.byteLength - done, this.#length + done);
      done += bytesWritten;
    }
    const last = this.#segments.at(-1);
    const end = begin + bytes.byteLength;
    if (last?.end === begin) last.end = end;
    else this.#segments.push({ begin, end, at: this.#length });
    this.#length += bytes.byteLength;
    this.transferred += bytes.byteLength;
    this.#unflushed += bytes.byteLength;
    if (this.#unflushed >= FLUSH_BYTES) await this.flush();
  }

  /** The bytes of a range that is there. @throws RangeError where it is not */
  async read({ begin, end }: Range): Promise<Uint8Array> {
    const bytes = new Uint8Array(end - begin);
    for (const segment of this.#segments) {
      const from = Math.max(begin, segment.begin);
      const to = Math.min(end, segment.end);
      let position = from;
      while (position < to) {
        const at = segment.at + position - segment.begin;
        const { bytesRead } = await this.#data.read(bytes, position - begin, to - position, at);
        if (bytesRead === 0) throw new RangeError('the file of fetched pieces is shorter than it was');
        position += bytesRead;
      }
    }
    if (this.missing({ begin, end }).length > 0) throw new RangeError(`the range ${begin}-${end} was not fetched`);
    return bytes;
  }

  /** SHA-256 of a range that is there, hexadecimal. */
  async sha256(range: Range): Promise<string> {
    const hash = createHash('sha256');
    for (let begin = range.begin; begin < range.end; begin += FLUSH_BYTES) {
      hash.update(await this.read({ begin, end: Math.min(begin + FLUSH_BYTES, range.end) }));
    }
    return hash.digest('hex');
  }

  /** Writes down what is there. */
  async flush(): Promise<void> {
    await this.#data.datasync();
    const { url, size, etag, lastModified } = this.#identity;
    const ranges = this.#segments.map(({ begin, end }): [number, number] => [begin, end]);
    const { transferred } = this;
    const state: z.input<typeof stateSchema> = { version: 1, url, size, etag, lastModified, transferred, ranges };
    const temporary = join(this.#folder, `${STATE}.tmp`);
    await writeFile(temporary, JSON.stringify(state));
    await rename(temporary, join(this.#folder, STATE));
    this.#unflushed = 0;
  }

  /** Writes down what is there, as far as there is room, and closes. */
  async close(): Promise<void> {
    if (this.#length === 0) return this.remove();
    await this.flush().catch(() => {});
    await this.#data.close();
  }

  /** Closes and removes everything. */
  async remove(): Promise<void> {
    await this.#data.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

const DATA = 'data';
const STATE = 'state.json';

async function readState(path: string): Promise<z.output<typeof stateSchema> | undefined> {
  try {
    return stateSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}
