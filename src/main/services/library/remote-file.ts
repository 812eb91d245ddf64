import { setTimeout as delay } from 'node:timers/promises';
import { MadderError } from '../../../shared/errors.ts';
import { checkRange, type ByteSource } from '../../formats/byte-source.ts';
import { httpGet, HttpProblem, type HttpOptions, type HttpResponse } from './http.ts';
import { PartialFile, type FileIdentity, type Range } from './partial-file.ts';

export interface RemoteFileOptions extends Omit<HttpOptions, 'headers'> {
  /** Attempts without progress before an address is given up (5). */
  readonly tries?: number;
  /** Wait before the second attempt, ms; each further one waits twice as long (500). */
  readonly backoffMs?: number;
  /** Called before anything but the file's beginning is fetched; may refuse a file of this size by throwing. */
  readonly checkSize?: (size: number) => void;
  /** Called where the server sends the whole file instead of parts, each time it begins; the size where it says it. */
  readonly onWhole?: (size: number | undefined) => void;
  /** Called for every piece that comes in. */
  readonly onBytes?: (bytes: number) => void;
  /** Something a person should know, one sentence. */
  readonly onNote?: (note: string) => void;
}

/** Fetched to begin with: the table of contents of many a file. */
const FIRST_BYTES = 64 * 1024;
/** Fetched where less is asked for: sizes of tensors are read in many small steps. */
const LEAST_BYTES = 4 * 1024;
/** Attempts are counted anew after this much. */
const PROGRESS_BYTES = 64 * 1024;
const LONGEST_WAIT_MS = 30_000;

/**
 * A file behind a web address, fetched in parts as they are asked for and kept on disk. Servers that do not send parts
 * give the whole file at once.
 */
export class RemoteFile implements ByteSource {
  readonly #url: string;
  readonly #partial: PartialFile;
  readonly #options: RemoteFileOptions;
  #size = 0;
  /** Where the address led the last time: asking there again saves a detour. */
  #shortcut: string | undefined;

  private constructor(url: string, partial: PartialFile, options: RemoteFileOptions) {
    this.#url = url;
    this.#partial = partial;
    this.#options = options;
  }

  /**
   * @param folder where the pieces are kept; those of an earlier attempt are used if the file is still the same
   * @throws HttpProblem where the address does not give the file
   */
  static async open(url: string, folder: string, options: RemoteFileOptions = {}): Promise<RemoteFile> {
    const partial = await PartialFile.open(folder, url);
    const file = new RemoteFile(url, partial, options);
    try {
      await file.#begin();
      return file;
    } catch (error) {
      // A file that was refused is no use later; one that could not be had may be.
      await (error instanceof MadderError ? partial.remove() : partial.close());
      throw error;
    }
  }

  get size(): number {
    return this.#size;
  }

  /** Bytes fetched so far, in this attempt and those before it. */
  get transferred(): number {
    return this.#partial.transferred;
  }

  /** Whether nothing of the file is missing. */
  get whole(): boolean {
    return this.missing([{ begin: 0, end: this.#size }]) === 0;
  }

  /** Bytes of the ranges that are still to be fetched. */
  missing(ranges: readonly Range[]): number {
    return ranges.flatMap((range) => this.#partial.missing(range)).reduce((sum, r) => sum + r.end - r.begin, 0);
  }

  /** Fetches what is missing of the ranges, in order. @throws HttpProblem where that fails in the end */
  async fetch(ranges: readonly Range[]): Promise<void> {
    for (const range of ranges) {
      for (const gap of this.#partial.missing(range)) await this.#fetch(gap);
    }
    await this.#partial.flush();
  }

  async read(begin: number, end: number): Promise<Uint8Array> {
    checkRange(begin, end, this.#size);
    const wider = { begin, end: Math.min(this.#size, Math.max(end, begin + LEAST_BYTES)) };
    if (this.#partial.missing({ begin, end }).length > 0) {
      for (const gap of this.#partial.missing(wider)) await this.#fetch(gap);
    }
    return this.#partial.read({ begin, end });
  }

  /** SHA-256 of the whole file, which must be there. */
  sha256(): Promise<string> {
    return this.#partial.sha256({ begin: 0, end: this.#size });
  }

  /** Keeps the pieces for another attempt. */
  close(): Promise<void> {
    return this.#partial.close();
  }

  /** Removes the pieces. */
  discard(): Promise<void> {
    return this.#partial.remove();
  }

  /** Asks for the file's beginning, which tells its size, whether it is the one of before, and whether parts can be had. */
  async #begin(): Promise<void> {
    const partial = this.#partial;
    const known = partial.missing({ begin: 0, end: 1 }).length === 0;
    const first = { begin: 0, end: known ? 1 : FIRST_BYTES };
    await this.#trying(async () => {
      const response = await this.#ask(first);
      try {
        const identity = identityOf(this.#url, response);
        if (response.status === 206) {
          const { size } = identity;
          if (size === undefined) throw new HttpProblem('does not say how long the file is', false);
          this.#options.checkSize?.(size);
          this.#size = size;
          await this.#adopt(identity);
          if (!known) await this.#keep(response, { begin: 0, end: Math.min(size, first.end) });
          return;
        }
        await this.#takeWhole(response, identity);
      } finally {
        response.cancel();
      }
    });
  }

  /** Pieces of another file are of no use. */
  async #adopt(identity: FileIdentity): Promise<void> {
    if (sameFile(this.#partial.identity, identity)) return;
    if (this.#partial.kept > 0) {
      this.#options.onNote?.('The file has changed since part of it was fetched; it is fetched anew.');
    }
    await this.#partial.reset(identity);
  }

  /** A server that ignores the range sends everything, from the start each time. */
  async #takeWhole(response: HttpResponse, identity: FileIdentity): Promise<void> {
    const { host } = new URL(response.url);
    if (identity.size !== undefined) this.#options.checkSize?.(identity.size);
    this.#options.onNote?.(`${host} does not send parts of files; the whole file is fetched.`);
    this.#options.onWhole?.(identity.size);
    await this.#partial.reset(identity);
    let position = 0;
    for await (const piece of response.body()) {
      await this.#append(position, piece);
      position += piece.byteLength;
    }
    if (position < (identity.size ?? 0)) throw new HttpProblem('broke off in the middle', true);
    this.#size = position;
    if (identity.size === undefined) this.#options.checkSize?.(position);
  }

  async #fetch({ begin, end }: Range): Promise<void> {
    let position = begin;
    await this.#trying(async () => {
      const response = await this.#ask({ begin: position, end });
      try {
        const identity = identityOf(this.#url, response);
        if (response.status !== 206 || !sameFile(this.#partial.identity, identity)) {
          throw new HttpProblem('does not send the same file any more', false);
        }
        position = await this.#keep(response, { begin: position, end }, (p) => (position = p));
      } finally {
        response.cancel();
      }
    });
  }

  /** Keeps the pieces of an answer that must be this range. */
  async #keep(response: HttpResponse, { begin, end }: Range, onPosition?: (position: number) => void): Promise<number> {
    const sent = /^bytes (\d+)-(\d+)\//.exec(response.headers['content-range'] ?? '');
    if (Number(sent?.[1]) !== begin || Number(sent?.[2]) >= end) {
      throw new HttpProblem('sends another part than was asked for', false);
    }
    let position = begin;
    for await (const piece of response.body()) {
      if (position + piece.byteLength > end) throw new HttpProblem('sends more than was asked for', false);
      await this.#append(position, piece);
      position += piece.byteLength;
      onPosition?.(position);
    }
    if (position < end) throw new HttpProblem('broke off in the middle', true);
    return position;
  }

  async #append(position: number, piece: Uint8Array): Promise<void> {
    await this.#partial.append(position, piece);
    this.#options.onBytes?.(piece.byteLength);
  }

  async #ask({ begin, end }: Range): Promise<HttpResponse> {
    const { signal, stallMs, proxyFor } = this.#options;
    const options = {
      headers: { range: `bytes=${begin}-${end - 1}` },
      ...(signal ? { signal } : {}),
      ...(stallMs === undefined ? {} : { stallMs }),
      ...(proxyFor ? { proxyFor } : {}),
    };
    if (this.#shortcut !== undefined) {
      try {
        return await httpGet(this.#shortcut, options);
      } catch (error) {
        // Such addresses are often valid for some minutes only.
        if (!(error instanceof HttpProblem) || error.transient) throw error;
        this.#shortcut = undefined;
      }
    }
    const response = await httpGet(this.#url, options);
    this.#shortcut = response.url === this.#url ? undefined : response.url;
    return response;
  }

  /** Tries again, waiting longer each time, as long as that may help. */
  async #trying(attempt: () => Promise<void>): Promise<void> {
    const { tries = 5, backoffMs = 500, signal, onNote } = this.#options;
    let failures = 0;
    for (;;) {
      const before = this.#partial.transferred;
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof HttpProblem) || !error.transient) throw error;
        failures = this.#partial.transferred - before >= PROGRESS_BYTES ? 1 : failures + 1;
        if (failures >= tries) throw error;
        const wait = Math.min(LONGEST_WAIT_MS, Math.max(error.retryAfterMs ?? 0, backoffMs * 2 ** (failures - 1)));
        onNote?.(`${new URL(this.#url).host} ${error.message}; trying again.`);
        await delay(wait, undefined, signal ? { signal } : {}).catch(() => signal?.throwIfAborted());
      }
    }
  }
}

function identityOf(url: string, { status, headers }: HttpResponse): FileIdentity {
  const range = /^bytes \d+-\d+\/(\d+)$/.exec(headers['content-range'] ?? '');
  const text = status === 206 ? range?.[1] : headers['content-length'];
  const size = text === undefined ? undefined : Number(text);
  return { url, size, etag: headers.etag, lastModified: headers['last-modified'] };
}

/** What one side does not say does not count. */
function sameFile(a: FileIdentity, b: FileIdentity): boolean {
  const agree = (x: string | number | undefined, y: string | number | undefined) =>
    x === undefined || y === undefined || x === y;
  if (a.size === undefined || a.size !== b.size) return false;
  return agree(a.etag, b.etag) && agree(a.lastModified, b.lastModified);
}
