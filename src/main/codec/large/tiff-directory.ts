import type { AppendFile } from './append-file.ts';

/** Types of values (TIFF 6.0, 2; BigTIFF adds LONG8), with their bytes. */
export const BYTE = { id: 1, bytes: 1 } as const;
export const ASCII = { id: 2, bytes: 1 } as const;
export const SHORT = { id: 3, bytes: 2 } as const;
export const LONG = { id: 4, bytes: 4 } as const;
export const RATIONAL = { id: 5, bytes: 8 } as const;
export const UNDEFINED = { id: 7, bytes: 1 } as const;
export const LONG8 = { id: 16, bytes: 8 } as const;

type Type = typeof BYTE | typeof ASCII | typeof SHORT | typeof LONG | typeof RATIONAL | typeof UNDEFINED | typeof LONG8;

export interface Entry {
  readonly tag: number;
  readonly type: Type;
  /** Bytes of BYTE, ASCII and UNDEFINED; numbers of the others; numerators of RATIONAL, in 1000ths. */
  readonly values: readonly number[] | Uint8Array;
}

/** Where the parts of a directory differ between TIFF and BigTIFF. */
interface Form {
  readonly count: number;
  readonly entry: number;
  readonly offset: number;
}

const CLASSIC: Form = { count: 2, entry: 12, offset: 4 };
const BIG: Form = { count: 8, entry: 20, offset: 8 };

/** Parts that rationals are counted in. */
const RATIONAL_PARTS = 1000;

/** Length of a file's header: what `headerOf` returns. */
export const HEADER_BYTES = { classic: 8, big: 16 } as const;

/** The file's first bytes, little-endian: 42, or 43 where places have 64 bits. */
export function headerOf(big: boolean, firstDirectory: number): Uint8Array {
  const header = Buffer.alloc(big ? HEADER_BYTES.big : HEADER_BYTES.classic);
  header.write('II', 0, 'latin1');
  if (big) {
    header.writeUInt16LE(43, 2);
    header.writeUInt16LE(8, 4);
    header.writeBigUInt64LE(BigInt(firstDirectory), 8);
  } else {
    header.writeUInt16LE(42, 2);
    header.writeUInt32LE(firstDirectory, 4);
  }
  return header;
}

/**
 * Writes directories one behind the other, each with its longer values before it.
 * @param directories of pages, the picture itself first
 * @returns where the first is
 */
export async function appendDirectories(
  file: AppendFile,
  big: boolean,
  directories: readonly (readonly Entry[])[],
): Promise<number> {
  const form = big ? BIG : CLASSIC;
  // From the last to the first, since each says where the next one is; 0 ends them.
  let next = 0;
  for (const entries of directories.toReversed()) next = await appendDirectory(file, form, entries, next);
  return next;
}

async function appendDirectory(file: AppendFile, form: Form, entries: readonly Entry[], next: number): Promise<number> {
  const sorted = [...entries].sort((a, b) => a.tag - b.tag);
  const table = Buffer.alloc(form.count + form.entry * sorted.length + form.offset);
  const number = (value: number, at: number): void => {
    if (form.offset === 8) table.writeBigUInt64LE(BigInt(value), at);
    else table.writeUInt32LE(value, at);
  };
  if (form.count === 8) table.writeBigUInt64LE(BigInt(sorted.length));
  else table.writeUInt16LE(sorted.length);
  for (const [k, { tag, type, values }] of sorted.entries()) {
    const at = form.count + k * form.entry;
    table.writeUInt16LE(tag, at);
    table.writeUInt16LE(type.id, at + 2);
    number(values.length, at + 4);
    const bytes = bytesOf(type, values);
    const field = at + 4 + form.offset;
    if (bytes.length <= form.offset) table.set(bytes, field);
    else {
      await align(file);
      number(await file.append(bytes), field);
    }
  }
  number(next, table.length - form.offset);
  await align(file);
  return file.append(table);
}

/** Places of values are even (TIFF 6.0, 2), and better still multiples of what is longest in them. */
async function align(file: AppendFile): Promise<void> {
  const missing = (8 - (file.length % 8)) % 8;
  if (missing > 0) await file.append(new Uint8Array(missing));
}

function bytesOf(type: Type, values: readonly number[] | Uint8Array): Uint8Array {
  if (values instanceof Uint8Array) return values;
  const bytes = Buffer.alloc(type.bytes * values.length);
  values.forEach((value, i) => {
    const at = type.bytes * i;
    if (type === SHORT) bytes.writeUInt16LE(value, at);
    else if (type === LONG8) bytes.writeBigUInt64LE(BigInt(value), at);
    else if (type === RATIONAL) {
      bytes.writeUInt32LE(value, at);
      bytes.writeUInt32LE(RATIONAL_PARTS, at + 4);
    } else bytes.writeUInt32LE(value, at);
  });
  return bytes;
}

/** A number as RATIONAL wants it. */
export const rational = (value: number): number => Math.round(value * RATIONAL_PARTS);
