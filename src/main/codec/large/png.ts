import { createDeflate, deflateSync, type Deflate } from 'node:zlib';
import { encodeChunk } from '../png-chunks.ts';
import type { AppendFile } from './append-file.ts';
import { rowsPerBlock, type Block, type Blocks, type Layout } from './blocks.ts';
import type { FileDetails } from './details.ts';

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** Bytes in a piece of compressed data, at most: other programs read whole pieces. */
const PIECE_BYTES = 2 ** 18;

const INCHES_PER_METRE = 1 / 0.0254;

/** Filter type 4 (ISO/IEC 15948, 9.2), which suits photos and paintings best where one serves all rows. */
const PAETH = 4;

/** Writes a PNG file (ISO/IEC 15948), rows as they come. Memory: a few blocks. */
export async function writePng(file: AppendFile, layout: Layout, blocks: Blocks, details: FileDetails): Promise<void> {
  await file.append(SIGNATURE);
  for (const [type, data] of headChunks(layout, details)) await file.append(encodeChunk({ type, data }));
  // Noise, which 16 bits mostly are, gets hardly smaller by trying harder.
  const deflate = createDeflate({ level: layout.depth === 16 ? 3 : 6, chunkSize: PIECE_BYTES });
  try {
    const compressed: Buffer[] = [];
    deflate.on('data', (piece: Buffer) => compressed.push(piece));
    const store = async () => {
      for (const data of compressed.splice(0)) await file.append(encodeChunk({ type: 'IDAT', data }));
    };
    const filter = rowFilter(layout);
    // One block is compressed by another thread while the next is made.
    let busy: Promise<void> = Promise.resolve();
    for await (const block of blocks(rowsPerBlock(layout.width))) {
      const filtered = filter(block);
      await busy;
      await store();
      busy = written(deflate, filtered);
      // It is awaited in the next turn, or not at all where that fails first.
      busy.catch(() => {});
    }
    await busy;
    await ended(deflate);
    await store();
  } finally {
    deflate.destroy();
  }
  await file.append(encodeChunk({ type: 'IEND', data: new Uint8Array() }));
}

const written = (deflate: Deflate, bytes: Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => {
    deflate.write(bytes, (error) => (error ? reject(error) : resolve()));
  });

const ended = (deflate: Deflate): Promise<void> =>
  new Promise((resolve, reject) => {
    deflate.once('error', reject).once('end', resolve).end();
  });

function headChunks(layout: Layout, { profile, dpi, xmp, exif }: FileDetails): [type: string, data: Uint8Array][] {
  const { width, height, channels, depth } = layout;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  // Colour type: RGB, or RGB with opacity.
  header.set([depth, channels === 4 ? 6 : 2, 0, 0, 0], 8);
  const chunks: [string, Uint8Array][] = [['IHDR', header]];
  const named = Buffer.from('ICC profile\0\0', 'latin1');
  chunks.push(['iCCP', Buffer.concat([named, deflateSync(profile)])]);
  if (dpi !== undefined) {
    const density = Buffer.alloc(9);
    density.writeUInt32BE(Math.round(dpi * INCHES_PER_METRE));
    density.writeUInt32BE(Math.round(dpi * INCHES_PER_METRE), 4);
    density[8] = 1;
    chunks.push(['pHYs', density]);
  }
  if (exif) chunks.push(['eXIf', exif]);
  // An uncompressed text without language (11.3.4.5), under the keyword of XMP part 3, 1.1.5.
  if (xmp !== undefined) chunks.push(['iTXt', Buffer.from(`XML:com.adobe.xmp\0\0\0\0\0${xmp}`)]);
  return chunks;
}

/** Filters blocks one after another: every byte becomes its difference to a guess from left, above and above left. */
function rowFilter({ width, channels, depth }: Layout): (block: Block) => Uint8Array {
  const step = (channels * depth) / 8;
  const stride = width * step;
  let above: Uint8Array = new Uint8Array(stride);
  return ({ from, to, pixels }) => {
    const bytes = pixels instanceof Uint16Array ? bigEndian(pixels) : pixels;
    const out = new Uint8Array((to - from) * (stride + 1));
    for (let row = 0; row < to - from; row++) {
      const line = bytes.subarray(row * stride, (row + 1) * stride);
      paeth(line, above, step, out.subarray(row * (stride + 1), (row + 1) * (stride + 1)));
      above = line;
    }
    return out;
  };
}

function paeth(line: Uint8Array, above: Uint8Array, step: number, out: Uint8Array): void {
  out[0] = PAETH;
  for (let i = 0; i < step; i++) out[i + 1] = line[i]! - above[i]!;
  for (let i = step; i < line.length; i++) {
    const [a, b, c] = [line[i - step]!, above[i]!, above[i - step]!];
    out[i + 1] = line[i]! - paethGuess(a, b, c);
  }
}

/** Which of left, above and above left is nearest to left + above - above left (9.4). */
export function paethGuess(a: number, b: number, c: number): number {
  const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

function bigEndian(words: Uint16Array): Uint8Array {
  const bytes = new Uint8Array(2 * words.length);
  for (let i = 0; i < words.length; i++) {
    bytes[2 * i] = words[i]! >> 8;
    bytes[2 * i + 1] = words[i]!;
  }
  return bytes;
}
