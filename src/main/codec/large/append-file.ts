import { createReadStream } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

/** How much of a file is read at a time where it is checked. */
const READ_BYTES = 2 ** 20;

/** What a file holds, for comparing it with what was written: its length and the CRC-32 of what is behind its head. */
export interface Digest {
  readonly bytes: number;
  readonly crc: number;
  readonly head: Uint8Array;
}

/**
 * A new file that is written from its beginning to its end, but for a head of a few bytes that is known last, such as
 * where a TIFF file's directory lies. What was written is remembered as a checksum, so that it need not be kept.
 */
export class AppendFile {
  readonly #file: FileHandle;
  readonly #headLength: number;
  #length: number;
  #crc = 0;

  private constructor(file: FileHandle, headLength: number) {
    this.#file = file;
    this.#headLength = headLength;
    this.#length = headLength;
  }

  /** @param headLength bytes that are left free for `finish` */
  static async create(path: string, headLength: number): Promise<AppendFile> {
    return new AppendFile(await open(path, 'wx'), headLength);
  }

  /** Bytes so far, the head included: where the next piece will lie. */
  get length(): number {
    return this.#length;
  }

  /** Writes all of the piece behind what is there. @returns where it begins */
  async append(piece: Uint8Array): Promise<number> {
    const at = this.#length;
    await this.#write(piece, at);
    this.#crc = crc32(piece, this.#crc);
    this.#length += piece.length;
    return at;
  }

  /** Writes the head and flushes the file to the disk. */
  async finish(head: Uint8Array): Promise<Digest> {
    if (head.length !== this.#headLength) throw new Error(`a head of ${head.length} bytes`);
    await this.#write(head, 0);
    await this.#file.sync();
    return { bytes: this.#length, crc: this.#crc, head };
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  /** The system may take less than it is given, as it does shortly before a disk is full. */
  async #write(piece: Uint8Array, at: number): Promise<void> {
    for (let done = 0; done < piece.length;) {
      done += (await this.#file.write(piece, done, piece.length - done, at + done)).bytesWritten;
    }
  }
}

/** @throws where the file does not hold what was written */
export async function checkDigest(path: string, written: Digest): Promise<void> {
  const { length } = written.head;
  let crc = 0;
  let head = Buffer.alloc(0);
  for await (const piece of createReadStream(path, { highWaterMark: READ_BYTES }) as AsyncIterable<Buffer>) {
    const missing = length - head.length;
    if (missing > 0) head = Buffer.concat([head, piece.subarray(0, missing)]);
    crc = crc32(piece.subarray(Math.max(0, missing)), crc);
  }
  const { size } = await stat(path);
  if (size !== written.bytes || crc !== written.crc || !head.equals(written.head)) {
    throw new Error('the file does not hold what was written');
  }
}
