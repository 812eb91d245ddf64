/** What of a photo's EXIF data goes into a picture that was made from it. The format is TIFF's (TIFF 6.0, 2; EXIF 2.32, 4.6). */

const ORIENTATION = 0x0112;
const GPS = 0x8825;

/** Bytes per value by type; unknown types are taken to lie inside their entry. */
const SIZES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8] as const;

/**
 * A copy for another picture: the orientation is upright, since it was applied to the pixels; the thumbnail, which shows
 * the photo, is unlinked; and without `position` where the photo was taken is overwritten with zeros.
 * @param exif with or without the `Exif\0\0` that stands before it in JPEG files
 * @returns the TIFF structure, or undefined where it is damaged
 */
export function exifForResult(exif: Uint8Array, { position }: { readonly position: boolean }): Uint8Array | undefined {
  const prefixed = Buffer.from(exif.subarray(0, 6)).toString('latin1') === 'Exif\0\0';
  // A copy with a buffer of its own, which a slice of a Buffer would not be.
  const bytes = Uint8Array.from(exif.subarray(prefixed ? 6 : 0));
  const view = new DataView(bytes.buffer);
  try {
    const order = view.getUint16(0);
    const little = order === 0x4949;
    if ((!little && order !== 0x4d4d) || view.getUint16(2, little) !== 42) return undefined;
    const first = view.getUint32(4, little);
    const count = view.getUint16(first, little);
    for (let entry = first + 2, k = 0; k < count; k++) {
      const tag = view.getUint16(entry, little);
      if (tag === GPS && !position) {
        clear(bytes, view, view.getUint32(entry + 8, little), little);
        // Later entries and the link behind them move up; the table is one shorter.
        const left = view.getUint16(first, little) - 1;
        bytes.copyWithin(entry, entry + 12, first + 2 + 12 * (left + 1) + 4);
        view.setUint16(first, left, little);
        continue;
      }
      if (tag === ORIENTATION) view.setUint16(entry + 8, 1, little);
      entry += 12;
    }
    view.setUint32(first + 2 + 12 * view.getUint16(first, little), 0, little);
    return bytes;
  } catch {
    // A table that points outside: half of it is worth nothing, and where a place might be hidden, less than that.
    return undefined;
  }
}

/** Overwrites a table and everything that its entries point to. */
function clear(bytes: Uint8Array, view: DataView, at: number, little: boolean): void {
  const count = view.getUint16(at, little);
  const end = at + 2 + 12 * count + 4;
  if (end > bytes.length) throw new RangeError('outside');
  for (let entry = at + 2; entry < end - 4; entry += 12) {
    const size = (SIZES[view.getUint16(entry + 2, little)] ?? 1) * view.getUint32(entry + 4, little);
    if (size <= 4) continue;
    const from = view.getUint32(entry + 8, little);
    if (from + size > bytes.length) throw new RangeError('outside');
    bytes.fill(0, from, from + size);
  }
  bytes.fill(0, at, end);
}

const WIDTHS: ReadonlySet<number> = new Set([0x0100, 0xa002]);
const HEIGHTS: ReadonlySet<number> = new Set([0x0101, 0xa003]);
const EXIF_TABLE = 0x8769;
const [X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT] = [0x011a, 0x011b, 0x0128] as const;
const [SHORT, LONG, RATIONAL] = [3, 4, 5] as const;
/** Parts of a pixel per inch that resolutions are written in. */
const RESOLUTION_PARTS = 1000;

/** An empty TIFF structure. */
export const emptyExif = (): Uint8Array => Uint8Array.of(0x49, 0x49, 42, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0);

/**
 * A copy that says the size of the picture it goes with, where it said that of another, and its resolution.
 * @param exif a TIFF structure, as `exifForResult` returns it
 * @param dpi pixels per inch; where it is missing, what is said stays
 */
export function withExifSize(
  exif: Uint8Array,
  size: { readonly width: number; readonly height: number; readonly dpi: number | undefined },
): Uint8Array {
  const given = Uint8Array.from(exif);
  const little = given[0] === 0x49;
  const first = new DataView(given.buffer).getUint32(4, little);
  const below = setSides(given, first, size, little);
  if (below !== undefined) setSides(given, below, size, little);
  return size.dpi === undefined ? given : withResolution(given, first, size.dpi, little);
}

/** @returns where the table of EXIF's own entries is */
function setSides(
  bytes: Uint8Array,
  table: number,
  { width, height }: { readonly width: number; readonly height: number },
  little: boolean,
): number | undefined {
  const view = new DataView(bytes.buffer);
  // A table that lies outside, as programs leave behind that know nothing of it, says nothing of any size.
  if (table + 2 > bytes.length || table + 2 + 12 * view.getUint16(table, little) > bytes.length) return undefined;
  let below: number | undefined;
  for (let entry = table + 2, k = view.getUint16(table, little); k > 0; k--, entry += 12) {
    const tag = view.getUint16(entry, little);
    if (tag === EXIF_TABLE) below = view.getUint32(entry + 8, little);
    if (!WIDTHS.has(tag) && !HEIGHTS.has(tag)) continue;
    setEntry(view, entry, { tag, type: LONG, value: WIDTHS.has(tag) ? width : height }, little);
  }
  return below;
}

/** The first table anew behind everything, where it has room for more entries: they hold places, which do not change. */
function withResolution(given: Uint8Array, first: number, dpi: number, little: boolean): Uint8Array {
  const old = new DataView(given.buffer);
  const kept: Uint8Array[] = [];
  for (let entry = first + 2, k = old.getUint16(first, little); k > 0; k--, entry += 12) {
    const tag = old.getUint16(entry, little);
    if (tag !== X_RESOLUTION && tag !== Y_RESOLUTION && tag !== RESOLUTION_UNIT)
      kept.push(given.subarray(entry, entry + 12));
  }
  // Values begin at even places.
  const values = given.length + (given.length % 2);
  const table = values + 8;
  const bytes = new Uint8Array(table + 2 + 12 * (kept.length + 3) + 4);
  bytes.set(given);
  const view = new DataView(bytes.buffer);
  view.setUint32(values, Math.round(dpi * RESOLUTION_PARTS), little);
  view.setUint32(values + 4, RESOLUTION_PARTS, little);
  const added = [
    { tag: X_RESOLUTION, type: RATIONAL, value: values },
    { tag: Y_RESOLUTION, type: RATIONAL, value: values },
    // Inches.
    { tag: RESOLUTION_UNIT, type: SHORT, value: 2 },
  ].map((entry) => {
    const written = new Uint8Array(12);
    setEntry(new DataView(written.buffer), 0, entry, little);
    return written;
  });
  const tagOf = (entry: Uint8Array): number =>
    new DataView(entry.buffer, entry.byteOffset, entry.byteLength).getUint16(0, little);
  const entries = [...kept, ...added].sort((a, b) => tagOf(a) - tagOf(b));
  view.setUint32(4, table, little);
  view.setUint16(table, entries.length, little);
  entries.forEach((entry, k) => bytes.set(entry, table + 2 + 12 * k));
  return bytes;
}

/** Writes an entry of one value that lies in it, or of the place where its value lies. */
function setEntry(
  view: DataView,
  at: number,
  { tag, type, value }: { readonly tag: number; readonly type: number; readonly value: number },
  little: boolean,
): void {
  view.setUint16(at, tag, little);
  view.setUint16(at + 2, type, little);
  view.setUint32(at + 4, 1, little);
  view.setUint32(at + 8, 0, little);
  if (type === SHORT) view.setUint16(at + 8, value, little);
  else view.setUint32(at + 8, value, little);
}

/** Description, maker, model, program, time, artist and copyright: what TIFF has of its own to say in words (TIFF 6.0, 8). */
const WORDS: ReadonlySet<number> = new Set([0x010e, 0x010f, 0x0110, 0x0131, 0x0132, 0x013b, 0x8298]);

/** What a TIFF structure says of the whole picture in words: tags and their texts, with the zero at the end. */
export function exifWords(exif: Uint8Array): readonly (readonly [tag: number, text: Uint8Array])[] {
  const view = new DataView(exif.buffer, exif.byteOffset, exif.byteLength);
  const little = exif[0] === 0x49;
  const table = view.getUint32(4, little);
  const words: [number, Uint8Array][] = [];
  for (let entry = table + 2, k = view.getUint16(table, little); k > 0; k--, entry += 12) {
    const tag = view.getUint16(entry, little);
    // Type 2 is text.
    if (!WORDS.has(tag) || view.getUint16(entry + 2, little) !== 2) continue;
    const length = view.getUint32(entry + 4, little);
    const from = length <= 4 ? entry + 8 : view.getUint32(entry + 8, little);
    if (from + length <= exif.length) words.push([tag, exif.subarray(from, from + length)]);
  }
  return words;
}
