/**
 * The name that an ICC colour profile gives itself, such as `Display P3`; undefined where it cannot be read.
 * The tag table starts at byte 128 (ICC.1:2022, 7.3); names are `desc` (version 2, ASCII) or `mluc` (version 4, UTF-16).
 */
export function profileName(icc: Uint8Array): string | undefined {
  const view = new DataView(icc.buffer, icc.byteOffset, icc.byteLength);
  const text = (from: number, length: number) => new TextDecoder('latin1').decode(icc.subarray(from, from + length));
  try {
    const count = view.getUint32(128);
    for (let entry = 132; entry < 132 + 12 * Math.min(count, 100); entry += 12) {
      if (text(entry, 4) !== 'desc') continue;
      const tag = view.getUint32(entry + 4);
      if (text(tag, 4) === 'desc') return clean(text(tag + 12, view.getUint32(tag + 8)));
      if (text(tag, 4) !== 'mluc') return undefined;
      const [length, offset] = [view.getUint32(tag + 20), view.getUint32(tag + 24)];
      return clean(new TextDecoder('utf-16be').decode(icc.subarray(tag + offset, tag + offset + length)));
    }
  } catch {
    // A table that points outside the profile: the name is only for people to read, so a broken one has none.
  }
  return undefined;
}

const clean = (name: string): string | undefined => name.split('\0')[0]!.trim() || undefined;
