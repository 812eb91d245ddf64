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
