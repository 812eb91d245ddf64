import sharp, { type SharpOptions } from 'sharp';
import type { OutputFormat } from '../formats.ts';
import type { Block, Blocks, Layout } from './blocks.ts';
import type { FileDetails } from './details.ts';
import { pyramidSizes } from './tiff.ts';

// Files that libvips keeps open for another look could not be renamed or removed on Windows.
sharp.cache({ files: 0 });

/** Rows at the top, in the middle and at the bottom: bands of JPEG's unit, so that errors of rounding can be averaged. */
const BAND = 8;

/** Columns over which a lossy picture is averaged before it is compared. */
const SEGMENT = 64;

/**
 * How far means of lossy pictures may lie from the source's, of 255: at full quality by format, and what each step below
 * adds. Noise of full colours comes nearest to it: WebP halves the resolution of colours and cuts what then lies outside.
 */
const LOSSY_ERROR = { jpeg: 16, webp: 64, perStep: 0.3 } as const;

/** Rows of a picture as they went into its file, by their first row's number. */
export type Samples = ReadonlyMap<number, Uint8Array | Uint16Array>;

/** The blocks, with copies of the rows that are compared with the file later. */
export function sampled(
  blocks: Blocks,
  { width, height, channels, depth }: Layout,
): { blocks: Blocks; samples: Samples } {
  const samples = new Map<number, Uint8Array | Uint16Array>();
  const values = width * channels;
  for (const top of [0, Math.floor(height / 2), height - 1]) {
    const from = top - (top % BAND);
    const length = values * Math.min(BAND, height - from);
    samples.set(from, depth === 16 ? new Uint16Array(length) : new Uint8Array(length));
  }
  const keep = ({ from, to, pixels }: Block): void => {
    for (const [first, sample] of samples) {
      const [begin, end] = [Math.max(from, first), Math.min(to, first + sample.length / values)];
      if (begin < end)
        sample.set(pixels.subarray((begin - from) * values, (end - from) * values), (begin - first) * values);
    }
  };
  return {
    samples,
    blocks: async function* (rows) {
      for await (const block of blocks(rows)) {
        keep(block);
        yield block;
      }
    },
  };
}

export interface Expected {
  readonly format: OutputFormat;
  readonly layout: Layout;
  readonly details: FileDetails;
  readonly samples: Samples;
  readonly pyramid: boolean;
  /** 1 to 100. */
  readonly quality: number;
}

/**
 * Opens a file with libvips, which did not write it but for the coding of JPEG and WebP, and compares size, depth, profile,
 * resolution, XMP and the sampled rows. PNG, JPEG and WebP are decoded down to their last row.
 * @throws where anything is otherwise than it should be
 */
export async function verifyFile(path: string, expected: Expected): Promise<void> {
  const { format, layout, details, pyramid } = expected;
  const metadata = await sharp(path, OPEN).metadata();
  const sizes = pyramid ? pyramidSizes(layout.width, layout.height) : [layout];
  const said = {
    format: metadata.format,
    width: metadata.width,
    height: metadata.height,
    channels: metadata.channels,
    depth: metadata.depth,
    pages: metadata.pages ?? 1,
  };
  const wanted = {
    format: format.name,
    width: layout.width,
    height: layout.height,
    channels: layout.channels,
    depth: layout.depth === 16 ? 'ushort' : 'uchar',
    pages: sizes.length,
  };
  for (const key of Object.keys(wanted) as (keyof typeof wanted)[]) {
    if (said[key] !== wanted[key]) throw new Error(`its ${key} is ${said[key]} instead of ${wanted[key]}`);
  }
  if (!metadata.icc?.equals(details.profile)) throw new Error('the file does not hold its profile');
  if (details.xmp !== undefined && metadata.xmp?.toString() !== details.xmp) {
    throw new Error('the file does not hold its XMP packet');
  }
  // In TIFF files EXIF data is not kept as a whole, and WebP says its resolution nowhere else.
  const exif = metadata.exif && withoutName(metadata.exif);
  if (details.exif && format.name !== 'tiff' && !exif?.equals(details.exif)) {
    throw new Error('the file does not hold its EXIF data');
  }
  // Formats round: PNG to pixels per metre, JPEG to whole ones per inch.
  const { density = 0 } = metadata;
  if (
    details.dpi !== undefined &&
    format.name !== 'webp' &&
    !(Math.abs(density - details.dpi) <= 1 + details.dpi / 1000)
  ) {
    throw new Error(`its resolution is ${density} instead of ${details.dpi}`);
  }
  for (const [from, sample] of expected.samples) await verifyRows(path, from, sample, expected);
  // Smaller pages: the last is read, for which all directories must be right.
  if (sizes.length > 1) {
    const { info } = await sharp(path, { ...OPEN, page: sizes.length - 1 })
      .raw()
      .toBuffer({ resolveWithObject: true });
    const last = sizes.at(-1)!;
    if (info.width !== last.width || info.height !== last.height) throw new Error('its last page has another size');
  }
}

/** libvips puts the name before EXIF data that JPEG has there. */
const withoutName = (exif: Buffer): Buffer => (exif.toString('latin1', 0, 6) === 'Exif\0\0' ? exif.subarray(6) : exif);

/** Profiles are not applied, and rows are read one after another, so that little is in memory. */
const OPEN = {
  failOn: 'error',
  limitInputPixels: false,
  unlimited: true,
  ignoreIcc: true,
  sequentialRead: true,
} as const satisfies SharpOptions;

async function verifyRows(
  path: string,
  from: number,
  sample: Uint8Array | Uint16Array,
  { format, layout, quality }: Expected,
): Promise<void> {
  const { width, channels, depth } = layout;
  const bytes = await sharp(path, OPEN)
    .extract({ left: 0, top: from, width, height: sample.length / (width * channels) })
    .toColourspace(depth === 16 ? 'rgb16' : 'srgb')
    .raw({ depth: depth === 16 ? 'ushort' : 'uchar' })
    .toBuffer();
  const read = depth === 16 ? new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2) : bytes;
  const { name } = format;
  const same =
    name === 'jpeg' || name === 'webp'
      ? meanError(read, sample, layout) <= LOSSY_ERROR[name] + LOSSY_ERROR.perStep * (100 - quality)
      : Buffer.compare(viewOf(read), viewOf(sample)) === 0;
  if (!same) throw new Error(`its rows from ${from} are not those of the picture`);
}

const viewOf = (pixels: Uint8Array | Uint16Array): Uint8Array =>
  new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);

/** The mean difference between means over segments of the rows, of 255. */
function meanError(
  read: Uint8Array | Uint16Array,
  sample: Uint8Array | Uint16Array,
  { width, channels }: Layout,
): number {
  if (read.length !== sample.length) return Infinity;
  const segments = Math.ceil(width / SEGMENT);
  const sums = new Float64Array(segments * channels);
  for (let i = 0; i < read.length; i++) {
    const x = Math.floor(i / channels) % width;
    sums[Math.floor(x / SEGMENT) * channels + (i % channels)]! += read[i]! - sample[i]!;
  }
  return sums.reduce((sum, value) => sum + Math.abs(value), 0) / read.length;
}
