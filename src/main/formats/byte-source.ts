import { open } from 'node:fs/promises';

/**
 * A file that can be read in pieces: on this computer, in memory, or behind a web address. Readers of weights take one,
 * so that a part of a large file can be fetched without the rest.
 */
export interface ByteSource {
  /** Bytes in the whole file. */
  readonly size: number;
  /** The bytes [begin, end), all of them. @throws RangeError where the range leaves the file */
  read(begin: number, end: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** A source over bytes in memory; what it returns are views. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.byteLength,
    read: (begin, end) => {
      checkRange(begin, end, bytes.byteLength);
      return Promise.resolve(bytes.subarray(begin, end));
    },
    close: () => Promise.resolve(),
  };
}

/** Node reads no more than 2 GB at once, bytes. */
const MOST_AT_ONCE = 2 ** 30;

/** A source over a file on this computer; close it after use. @throws what the system says where it cannot be opened */
export async function fileSource(path: string): Promise<ByteSource> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    return {
      size,
      read: async (begin, end) => {
        checkRange(begin, end, size);
        const bytes = new Uint8Array(end - begin);
        let done = 0;
        while (done < bytes.byteLength) {
          const wanted = Math.min(bytes.byteLength - done, MOST_AT_ONCE);
          const { bytesRead } = await handle.read(bytes, done, wanted, begin + done);
          if (bytesRead === 0) throw new RangeError(`the file ended at ${begin + done} while it was read`);
          done += bytesRead;
        }
        return bytes;
      },
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Throws a RangeError unless 0 <= begin <= end <= size. */
export function checkRange(begin: number, end: number, size: number): void {
  if (!(Number.isSafeInteger(begin) && Number.isSafeInteger(end) && 0 <= begin && begin <= end && end <= size)) {
    throw new RangeError(`the range ${begin}-${end} is not inside a file of ${size} bytes`);
  }
}
