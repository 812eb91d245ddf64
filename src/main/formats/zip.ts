import { inflateRawSync } from 'node:zlib';
import type { ByteSource } from './byte-source.ts';
import type { Budget } from './pickle.ts';
import { quoted, type Refuse } from './refusal.ts';

/**
 * The directory of a zip archive, read from its end so that the archive's data can stay where it is.
 * https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, sections 4.3 and 4.5.3 (zip64).
 */

/** Bytes of the records without their variable parts. */
const LOCAL = 30;
const ENTRY = 46;
const END = 22;
const LOCATOR = 20;
const END64 = 56;
const MAX_COMMENT = 0xffff;
const MAX_DIRECTORY = 2 ** 26;
/** Largest compressed entry that is read; PyTorch itself compresses nothing. */
const MAX_INFLATED = 2 ** 24;
/** What an entry costs in memory, its name aside. */
const ENTRY_COST = 256;
/** Local headers that lie closer than this are read at once. */
const MAX_SPAN = 2 ** 16;

const UNKNOWN_16 = 0xffff;
const UNKNOWN_32 = 0xffffffff;

export interface ZipEntry {
  readonly name: string;
  readonly stored: boolean;
  /** Bytes in the archive, and bytes once inflated. */
  readonly packed: number;
  readonly size: number;
  /** Where its local header begins. */
  readonly header: number;
}

export interface ZipDirectory {
  readonly entries: ReadonlyMap<string, ZipEntry>;
  /** Where the directory begins, hence where the data ends. */
  readonly begin: number;
}

/** Reads the directory. @throws what `refuse` throws where it is broken, encrypted, or names a file twice */
export async function readZipDirectory(source: ByteSource, budget: Budget, refuse: Refuse): Promise<ZipDirectory> {
  const { begin, size, count } = await readEnd(source, refuse);
  if (size > MAX_DIRECTORY) return refuse('its directory is implausibly large');
  const bytes = await source.read(begin, begin + size);
  const view = new DataView(bytes.buffer, bytes.byteOffset, size);
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + ENTRY > size || view.getUint32(at, true) !== 0x02014b50) return refuse('its directory is broken');
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((o) => view.getUint16(at + o, true)) as Triple;
    const next = at + ENTRY + nameBytes + extraBytes + commentBytes;
    if (next > size) return refuse('its directory is broken');
    budget.spend(ENTRY_COST + 2 * nameBytes);
    const name = TEXT.decode(bytes.subarray(at + ENTRY, at + ENTRY + nameBytes));
    const extra = bytes.subarray(at + ENTRY + nameBytes, at + ENTRY + nameBytes + extraBytes);
    const sizes = [24, 20, 42].map((o) => view.getUint32(at + o, true)) as Triple;
    const [inflated, packed, header] = widen(sizes, extra) ?? refuse(`its entry ${quoted(name)} has no size`);
    const method = view.getUint16(at + 10, true);
    if ((view.getUint16(at + 8, true) & 1) === 1) return refuse('it is encrypted');
    if (method !== 0 && method !== 8) return refuse(`its entry ${quoted(name)} is compressed in an unknown way`);
    if (method === 0 && packed !== inflated) return refuse(`its entry ${quoted(name)} contradicts its own size`);
    if (header + LOCAL + nameBytes + packed > begin) return refuse(`its entry ${quoted(name)} lies beyond the file`);
    if (entries.has(name)) return refuse(`it holds ${quoted(name)} twice`);
    entries.set(name, { name, stored: method === 0, packed, size: inflated, header });
    at = next;
  }
  if (at !== size) return refuse('its directory is broken');
  return { entries, begin };
}

type Triple = [number, number, number];
const TEXT = new TextDecoder();

/** Finds the end of the directory, and from it the directory: offset and size in bytes, number of entries. */
async function readEnd(source: ByteSource, refuse: Refuse) {
  const tail = await source.read(Math.max(0, source.size - END - MAX_COMMENT), source.size);
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  let at = tail.byteLength - END;
  while (
    at >= 0 &&
    !(view.getUint32(at, true) === 0x06054b50 && at + END + view.getUint16(at + 20, true) === tail.length)
  )
    at--;
  if (at < 0) return refuse('its end is missing, as after an interrupted download');
  const place = source.size - tail.byteLength + at;
  const disks = view.getUint32(at + 4, true);
  const counts = [8, 10].map((o) => view.getUint16(at + o, true));
  let [count, size, begin] = [counts[1]!, view.getUint32(at + 12, true), view.getUint32(at + 16, true)];
  let end = place;
  if (disks !== 0 || counts[0] !== count) return refuse('it is one part of several');

  const locator = at - LOCATOR;
  if (locator >= 0 && view.getUint32(locator, true) === 0x07064b50) {
    const wide = await readEnd64(source, Number(view.getBigUint64(locator + 8, true)), place - LOCATOR, refuse);
    const agrees = (narrow: number, wider: number, unknown: number) => narrow === unknown || narrow === wider;
    if (
      !agrees(count, wide.count, UNKNOWN_16) ||
      !agrees(size, wide.size, UNKNOWN_32) ||
      !agrees(begin, wide.begin, UNKNOWN_32)
    ) {
      return refuse('its two directories contradict each other');
    }
    ({ count, size, begin, end } = wide);
  }
  if (begin + size > end) return refuse('its directory lies beyond the file');
  return { begin, size, count };
}

async function readEnd64(source: ByteSource, begin: number, limit: number, refuse: Refuse) {
  if (!(begin + END64 <= limit)) return refuse('its directory lies beyond the file');
  const bytes = await source.read(begin, begin + END64);
  const view = new DataView(bytes.buffer, bytes.byteOffset, END64);
  if (view.getUint32(0, true) !== 0x06064b50) return refuse('its directory is broken');
  const [count, size, offset] = [32, 40, 48].map((o) => Number(view.getBigUint64(o, true))) as Triple;
  return { count, size, begin: offset, end: begin };
}

/** Sizes of 32 bits, each taken from the zip64 field where it does not fit; undefined where it is not there either. */
function widen(sizes: Triple, extra: Uint8Array): Triple | undefined {
  if (sizes.every((s) => s !== UNKNOWN_32)) return sizes;
  const view = new DataView(extra.buffer, extra.byteOffset, extra.byteLength);
  for (let at = 0; at + 4 <= extra.byteLength;) {
    const [id, length] = [view.getUint16(at, true), view.getUint16(at + 2, true)];
    const end = at + 4 + length;
    if (end > extra.byteLength) return undefined;
    if (id === 1) {
      let field = at + 4;
      const wide = sizes.map((s) => {
        if (s !== UNKNOWN_32) return s;
        field += 8;
        return field <= end ? Number(view.getBigUint64(field - 8, true)) : NaN;
      });
      return wide.every(Number.isSafeInteger) ? (wide as Triple) : undefined;
    }
    at = end;
  }
  return undefined;
}

/**
 * Where the data of entries begins, in the same order: behind local headers, which may be longer than the directory
 * says. @throws what `refuse` throws where a header is not the entry's, or its data reach into the directory
 */
export async function locateEntries(
  source: ByteSource,
  { begin: limit }: ZipDirectory,
  entries: readonly ZipEntry[],
  refuse: Refuse,
): Promise<number[]> {
  const headers = await readPieces(
    source,
    entries.map((e) => e.header),
    LOCAL,
  );
  return entries.map((entry, i) => {
    const header = headers[i]!;
    const view = new DataView(header.buffer, header.byteOffset, LOCAL);
    const method = entry.stored ? 0 : 8;
    if (view.getUint32(0, true) !== 0x04034b50 || view.getUint16(8, true) !== method) {
      return refuse(`its entry ${quoted(entry.name)} is not where its directory says`);
    }
    const begin = entry.header + LOCAL + view.getUint16(26, true) + view.getUint16(28, true);
    if (begin + entry.packed > limit) return refuse(`its entry ${quoted(entry.name)} lies beyond the file`);
    return begin;
  });
}

/** The bytes of an entry, at most `limit` of them. @throws what `refuse` throws where there are more, or they are broken */
export async function readEntry(
  source: ByteSource,
  directory: ZipDirectory,
  entry: ZipEntry,
  limit: number,
  refuse: Refuse,
): Promise<Uint8Array> {
  const most = entry.stored ? limit : Math.min(limit, MAX_INFLATED);
  if (entry.size > most || entry.packed > most) return refuse(`its entry ${quoted(entry.name)} is implausibly large`);
  const [begin] = (await locateEntries(source, directory, [entry], refuse)) as [number];
  const bytes = await source.read(begin, begin + entry.packed);
  if (entry.stored) return bytes;
  let inflated: Uint8Array;
  try {
    inflated = inflateRawSync(bytes, { maxOutputLength: Math.max(1, entry.size) });
  } catch {
    return refuse(`its entry ${quoted(entry.name)} cannot be inflated`);
  }
  return inflated.byteLength === entry.size
    ? inflated
    : refuse(`its entry ${quoted(entry.name)} contradicts its own size`);
}

/** Short pieces of a source that begin at the offsets given, read together where they lie close. */
export async function readPieces(
  source: ByteSource,
  offsets: readonly number[],
  length: number,
): Promise<Uint8Array[]> {
  const order = [...offsets.keys()].sort((a, b) => offsets[a]! - offsets[b]!);
  const pieces: Uint8Array[] = new Array<Uint8Array>(offsets.length);
  for (let first = 0; first < order.length;) {
    const begin = offsets[order[first]!]!;
    let last = first;
    while (last + 1 < order.length && offsets[order[last + 1]!]! + length - begin <= MAX_SPAN) last++;
    const bytes = await source.read(begin, offsets[order[last]!]! + length);
    for (const i of order.slice(first, last + 1)) {
      // A copy, so that a few bytes do not keep the whole span.
      pieces[i] = bytes.slice(offsets[i]! - begin, offsets[i]! - begin + length);
    }
    first = last + 1;
  }
  return pieces;
}
