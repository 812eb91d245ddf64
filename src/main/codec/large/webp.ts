import sharp from 'sharp';
import { refusal } from '../output.ts';
import type { AppendFile } from './append-file.ts';
import { rowsPerBlock, type Blocks, type Layout } from './blocks.ts';
import type { FileDetails } from './details.ts';

/** Flags of an extended file's header: the WebP container specification, "Extended File Format". */
const [PROFILE, ALPHA, EXIF, XMP] = [0x20, 0x10, 0x08, 0x04] as const;

/** The pixels' chunks; the others are written anew. */
const PIXELS: ReadonlySet<string> = new Set(['ALPH', 'VP8 ', 'VP8L']);

/** Memory that encoding takes, bytes per pixel: at 64 megapixels 28 were measured, and 33 with the portable codec. */
export const WEBP_BYTES = 34;

/** What the portable build of the codec can address, bytes, less a quarter for what is lost between its blocks. */
const PORTABLE_BYTES = 3 * 2 ** 30;

/**
 * Refuses what the portable codec, whose memory ends at 4 GB, could not encode.
 * @throws MadderError `output`, with the figures
 */
export function checkWebpMemory(
  path: string,
  { width, height }: { readonly width: number; readonly height: number },
  portable = 'emscripten' in sharp.versions,
): void {
  const most = Math.floor(PORTABLE_BYTES / WEBP_BYTES / 1e6);
  const megapixels = Math.ceil((width * height) / 1e6);
  if (!portable || megapixels <= most) return;
  throw refusal(
    path,
    `cannot be written with ${megapixels} megapixels here (the limit is ${most})`,
    'choose .png or .tif',
  );
}

/**
 * Writes a WebP file. Its encoder works on whole pictures, so this is the one format whose memory grows with the picture: the
 * pixels as bytes, and what the encoder makes of them.
 * @param quality 1 to 100
 */
export async function writeWebp(
  file: AppendFile,
  layout: Layout,
  blocks: Blocks,
  details: FileDetails,
  quality: number,
): Promise<void> {
  const { width, height, channels } = layout;
  const whole = new Uint8Array(width * height * channels);
  for await (const { from, pixels } of blocks(rowsPerBlock(width))) whole.set(pixels, from * width * channels);
  const encoded = await sharp(whole, { raw: { width, height, channels }, limitInputPixels: false })
    // Exact: colours under full transparency stay, for those who change the opacity later.
    .webp({ quality, smartSubsample: true, exact: true })
    .toBuffer();
  const chunks = [...headChunks(layout, details), ...pixelChunks(encoded), ...tailChunks(details)];
  const head = Buffer.from('RIFF\0\0\0\0WEBP', 'latin1');
  head.writeUInt32LE(
    chunks.reduce((sum, { length }) => sum + length, 4),
    4,
  );
  await file.append(head);
  for (const chunk of chunks) await file.append(chunk);
}

function headChunks({ width, height, channels }: Layout, details: FileDetails): Buffer[] {
  const header = Buffer.alloc(10);
  header[0] =
    PROFILE + (channels === 4 ? ALPHA : 0) + (details.exif ? EXIF : 0) + (details.xmp === undefined ? 0 : XMP);
  header.writeUIntLE(width - 1, 4, 3);
  header.writeUIntLE(height - 1, 7, 3);
  return [chunk('VP8X', header), chunk('ICCP', details.profile)];
}

function tailChunks({ exif, xmp }: FileDetails): Buffer[] {
  return [...(exif ? [chunk('EXIF', exif)] : []), ...(xmp === undefined ? [] : [chunk('XMP ', Buffer.from(xmp))])];
}

function pixelChunks(webp: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 12; at < webp.length;) {
    const length = webp.readUInt32LE(at + 4);
    const end = at + 8 + length + (length % 2);
    if (PIXELS.has(webp.toString('latin1', at, at + 4))) found.push(webp.subarray(at, end));
    at = end;
  }
  return found;
}

/** Padded to an even length. */
function chunk(type: string, data: Uint8Array): Buffer {
  const bytes = Buffer.alloc(8 + data.length + (data.length % 2));
  bytes.write(type, 0, 'latin1');
  bytes.writeUInt32LE(data.length, 4);
  bytes.set(data, 8);
  return bytes;
}
