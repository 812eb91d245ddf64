import { crc32 } from 'node:zlib';

/** A chunk of a PNG file (ISO/IEC 15948, 5.3). */
export interface PngChunk {
  /** Four letters. */
  readonly type: string;
  readonly data: Uint8Array;
}

/** Length of the signature and the header chunk, which come first in every PNG file. */
const HEAD = 33;

/** A PNG file with more chunks behind its header, where colour profiles have to be. */
export function withPngChunks(png: Uint8Array, chunks: readonly PngChunk[]): Uint8Array {
  return Buffer.concat([png.subarray(0, HEAD), ...chunks.map(encodeChunk), png.subarray(HEAD)]);
}

/** A chunk with its length and its checksum. */
export function encodeChunk({ type, data }: PngChunk): Uint8Array {
  const bytes = Buffer.alloc(data.length + 12);
  bytes.writeUInt32BE(data.length);
  bytes.write(type, 4, 'latin1');
  bytes.set(data, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, -4)), data.length + 8);
  return bytes;
}
