import { open, type FileHandle } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { crc32, createInflate, type Inflate } from 'node:zlib';
import { paethGuess } from './png.ts';
import type { RowSource } from './rows.ts';

/** How much of a file is read and unpacked at a time. */
const PIECE_BYTES = 2 ** 18;

/** Length of the signature and the header chunk. */
const HEAD_BYTES = 33;

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** A file's rows; close it after use. */
export interface FileRows extends RowSource {
  close(): Promise<void>;
}

/**
 * The rows of a PNG file (ISO/IEC 15948) from the top to the bottom, unpacked as they are asked for, for pictures of any size: RGB or
 * RGBA with 8 or 16 bits and not interlaced, as we write them. Values are those of the file, whatever profile it has. Rows that are
 * not asked for are passed over. Memory: a few pieces and the rows that are asked for.
 * @throws where the file is of another kind; what is asked for rejects where the file is damaged
 */
export async function openPngRows(path: string): Promise<FileRows> {
  const file = await open(path);
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    await file.read(head, 0, HEAD_BYTES, 0);
    const header = checkedHeader(head);
    const inflate = createInflate({ chunkSize: PIECE_BYTES });
    // What goes wrong is thrown where the rows are read.
    pipeline(Readable.from(compressedPieces(file)), inflate, () => {});
    const reader = new RowReader(header, inflate);
    return {
      ...{ width: header.width, height: header.height, transparent: header.channels === 4 },
      rows: (from, to) => reader.rows(from, to),
      async close() {
        inflate.destroy();
        await file.close();
      },
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

interface Header {
  readonly width: number;
  readonly height: number;
  readonly channels: 3 | 4;
  readonly depth: 8 | 16;
}

function checkedHeader(head: Buffer): Header {
  const [depth, colour, , , interlaced] = head.subarray(24, 29);
  const known = (depth === 8 || depth === 16) && (colour === 2 || colour === 6) && interlaced === 0;
  if (!head.subarray(0, 8).equals(SIGNATURE) || head.toString('latin1', 12, 16) !== 'IHDR' || !known) {
    throw new Error('the file is not a PNG file of RGB or RGBA rows');
  }
  if (crc32(head.subarray(12, 29)) !== head.readUInt32BE(29)) throw new Error('the header of the PNG file is damaged');
  return { width: head.readUInt32BE(16), height: head.readUInt32BE(20), channels: colour === 2 ? 3 : 4, depth };
}

/** What the IDAT chunks hold, a piece at a time, each chunk with its checksum checked. */
async function* compressedPieces(file: FileHandle): AsyncGenerator<Buffer> {
  const read = async (at: number, length: number): Promise<Buffer> => {
    const bytes = Buffer.alloc(length);
    const { bytesRead } = await file.read(bytes, 0, length, at);
    if (bytesRead < length) throw new Error('the PNG file ends too early');
    return bytes;
  };
  for (let at = HEAD_BYTES; ;) {
    const head = await read(at, 8);
    const [length, type] = [head.readUInt32BE(0), head.subarray(4)];
    at += 8;
    const name = type.toString('latin1');
    if (name === 'IEND') return;
    if (name === 'IDAT') {
      let crc = crc32(type);
      for (let done = 0; done < length; done += PIECE_BYTES) {
        const piece = await read(at + done, Math.min(PIECE_BYTES, length - done));
        crc = crc32(piece, crc);
        yield piece;
      }
      if ((await read(at + length, 4)).readUInt32BE() !== crc) throw new Error('the PNG file is damaged');
    }
    at += length + 4;
  }
}

class RowReader {
  readonly #header: Header;
  readonly #pieces: AsyncIterator<Buffer>;
  /** Of a pixel and of a row, bytes. */
  readonly #step: number;
  readonly #stride: number;
  #above: Uint8Array;
  #row = 0;
  #piece: Uint8Array = new Uint8Array();
  #at = 0;

  constructor(header: Header, inflate: Inflate) {
    this.#header = header;
    this.#pieces = inflate[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    this.#step = (header.channels * header.depth) / 8;
    this.#stride = header.width * this.#step;
    this.#above = new Uint8Array(this.#stride);
  }

  async rows(from: number, to: number): Promise<Float32Array> {
    const { width, channels, depth } = this.#header;
    if (from < this.#row) throw new Error(`row ${from} was read before`);
    while (this.#row < from) await this.#next();
    const count = (to - from) * width;
    const planes = new Float32Array(channels * count);
    for (let y = 0; y < to - from; y++) {
      const line = await this.#next();
      for (let c = 0; c < channels; c++) {
        const out = planes.subarray(c * count + y * width, c * count + (y + 1) * width);
        if (depth === 8) for (let x = 0, i = c; x < width; x++, i += channels) out[x] = line[i]! / 255;
        else {
          for (let x = 0, i = 2 * c; x < width; x++, i += 2 * channels)
            out[x] = ((line[i]! << 8) | line[i + 1]!) / 65_535;
        }
      }
    }
    return planes;
  }

  /** The next row, its filter undone; valid until the one after the next is read. */
  async #next(): Promise<Uint8Array> {
    const filter = (await this.#bytes(1))[0]!;
    const line = await this.#bytes(this.#stride);
    unfilter(filter, line, this.#above, this.#step);
    this.#above = line;
    this.#row++;
    return line;
  }

  async #bytes(length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length;) {
      if (this.#at === this.#piece.length) {
        const next = await this.#pieces.next();
        if (next.done) throw new Error('the PNG file has too few rows');
        [this.#piece, this.#at] = [next.value, 0];
      }
      const part = this.#piece.subarray(this.#at, this.#at + length - done);
      bytes.set(part, done);
      done += part.length;
      this.#at += part.length;
    }
    return bytes;
  }
}

/** Adds to every byte what its filter (9.2) took off: that on the left, that above, their mean, or the better guess of the three around. */
function unfilter(filter: number, line: Uint8Array, above: Uint8Array, step: number): void {
  switch (filter) {
    case 0:
      return;
    case 1:
      for (let i = step; i < line.length; i++) line[i]! += line[i - step]!;
      return;
    case 2:
      for (let i = 0; i < line.length; i++) line[i]! += above[i]!;
      return;
    case 3:
      for (let i = 0; i < step; i++) line[i]! += above[i]! >> 1;
      for (let i = step; i < line.length; i++) line[i]! += (line[i - step]! + above[i]!) >> 1;
      return;
    case 4:
      for (let i = 0; i < step; i++) line[i]! += above[i]!;
      for (let i = step; i < line.length; i++) line[i]! += paethGuess(line[i - step]!, above[i]!, above[i - step]!);
      return;
    default:
      throw new Error(`the PNG file has an unknown filter (${filter})`);
  }
}
