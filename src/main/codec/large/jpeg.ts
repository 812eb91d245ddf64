import sharp from 'sharp';
import type { AppendFile } from './append-file.ts';
import { rowsPerBlock, type Blocks, type Layout } from './blocks.ts';
import type { FileDetails } from './details.ts';

/** Markers (ITU T.81, table B.1), their second bytes. */
const [SOI, EOI, SOS, DQT, DHT, DRI, SOF0, RST0, APP0, APP1, APP2] = [
  0xd8, 0xd9, 0xda, 0xdb, 0xc4, 0xdd, 0xc0, 0xd0, 0xe0, 0xe1, 0xe2,
] as const;

/** Without colours at half the resolution a unit of coding is a block of 8 x 8 px. */
const UNIT = 8;

/** Most units between two restarts, and most bytes of a segment behind its marker: both are written with 16 bits. */
const MAX_16 = 65_535;

/** Rows of the picture that make up one interval between restarts. */
function intervalRows(width: number): number {
  const across = Math.ceil(width / UNIT);
  return Math.min(rowsPerBlock(width, UNIT), UNIT * Math.floor(MAX_16 / across));
}

/**
 * Writes a baseline JPEG file (ITU T.81) whose bands of rows are encoded one at a time. Between two restart markers nothing
 * depends on what is before (F.1.1.5), so that the coded pixels of bands that were encoded by themselves, with the same tables, are
 * those of one picture. An encoder for whole pictures would want all of it, or all of its coefficients, in memory.
 * Memory: a few bands.
 * @param quality 1 to 100
 */
export async function writeJpeg(
  file: AppendFile,
  layout: Layout,
  blocks: Blocks,
  details: FileDetails,
  quality: number,
): Promise<void> {
  const { width, height } = layout;
  const rows = intervalRows(width);
  const units = (Math.ceil(width / UNIT) * rows) / UNIT;
  let tables: Buffer | undefined;
  for await (const { from, to, pixels } of blocks(rows)) {
    const band = parseJpeg(
      await sharp(pixels, { raw: { width, height: to - from, channels: 3 }, limitInputPixels: false })
        // Tables that suit the band would not suit the others.
        .jpeg({ quality, chromaSubsampling: '4:4:4', optimiseCoding: false })
        .toBuffer(),
    );
    const shared = sharedTables(band, height);
    if (!tables) {
      tables = shared;
      for (const segment of headSegments(details)) await file.append(segment);
      await file.append(shared);
      await file.append(segment(DRI, Uint8Array.of(units >> 8, units)));
      await file.append(band.scanHeader);
    } else {
      if (!shared.equals(tables)) throw new Error('the encoder changed its tables between two bands');
      await file.append(Uint8Array.of(0xff, RST0 + ((from / rows - 1) % 8)));
    }
    await file.append(band.coded);
  }
  await file.append(Uint8Array.of(0xff, EOI));
}

interface ParsedJpeg {
  /** Segments before the pixels, with their markers. */
  readonly segments: readonly Buffer[];
  /** The segment right before the pixels. */
  readonly scanHeader: Buffer;
  /** The coded pixels. */
  readonly coded: Buffer;
}

function parseJpeg(jpeg: Buffer): ParsedJpeg {
  const segments: Buffer[] = [];
  for (let at = 2; ;) {
    const end = at + 2 + jpeg.readUInt16BE(at + 2);
    const found = jpeg.subarray(at, end);
    if (found[1] === SOS) return { segments, scanHeader: found, coded: jpeg.subarray(end, -2) };
    segments.push(found);
    at = end;
  }
}

/** The tables and the frame's header, which say the height of the whole picture instead of the band's. */
function sharedTables({ segments }: ParsedJpeg, height: number): Buffer {
  const kept = segments.filter((found) => [DQT, DHT, SOF0].includes(found[1] as typeof DQT)).map((s) => Buffer.from(s));
  const frame = kept.find((found) => found[1] === SOF0);
  if (!frame) throw new Error('the encoder did not write a baseline JPEG');
  frame.writeUInt16BE(height, 5);
  return Buffer.concat(kept);
}

function headSegments({ profile, dpi, xmp, exif }: FileDetails): Buffer[] {
  // JFIF 1.02: dots per inch, or only that pixels are square.
  const density = Buffer.from('JFIF\0\x01\x02\x00\0\x01\0\x01\0\0', 'latin1');
  if (dpi !== undefined) {
    const rounded = Math.min(MAX_16, Math.max(1, Math.round(dpi)));
    density[7] = 1;
    density.writeUInt16BE(rounded, 8);
    density.writeUInt16BE(rounded, 10);
  }
  const head = [Buffer.of(0xff, SOI), segment(APP0, density)];
  if (exif) head.push(segment(APP1, named('Exif\0\0', exif)));
  // XMP part 3, 1.1.3.
  if (xmp !== undefined) head.push(segment(APP1, named('http://ns.adobe.com/xap/1.0/\0', Buffer.from(xmp))));
  // ICC.1:2022, B.4: numbered pieces.
  const length = MAX_16 - 2 - 14;
  const pieces = Math.ceil(profile.length / length);
  for (let k = 0; k < pieces; k++) {
    const piece = Buffer.concat([Uint8Array.of(k + 1, pieces), profile.subarray(k * length, (k + 1) * length)]);
    head.push(segment(APP2, named('ICC_PROFILE\0', piece)));
  }
  return head;
}

const named = (name: string, data: Uint8Array): Buffer => Buffer.concat([Buffer.from(name, 'latin1'), data]);

function segment(marker: number, data: Uint8Array): Buffer {
  const length = data.length + 2;
  if (length > MAX_16) throw new SegmentTooLong();
  return Buffer.concat([Uint8Array.of(0xff, marker, length >> 8, length), data]);
}

/** What a JPEG file cannot hold of EXIF data or an XMP packet: a segment has 64 KB. */
export class SegmentTooLong extends Error {}
