import { promisify } from 'node:util';
import { deflate } from 'node:zlib';
import { exifWords } from '../exif.ts';
import type { AppendFile } from './append-file.ts';
import { rowsPerBlock, type Blocks, type Layout } from './blocks.ts';
import type { FileDetails } from './details.ts';
import { halved } from './halve.ts';
import {
  appendDirectories,
  ASCII,
  BYTE,
  headerOf,
  HEADER_BYTES,
  LONG,
  LONG8,
  RATIONAL,
  rational,
  SHORT,
  UNDEFINED,
  type Entry,
} from './tiff-directory.ts';

const compress = promisify(deflate);

/** Side of a pyramid's tiles, px: what viewers of large pictures expect. */
export const TILE = 256;

/** Bytes of a strip before it is compressed, unless one row has more: programs unpack whole strips. */
const STRIP_BYTES = 2 ** 18;

/** Strips or tiles that are compressed at the same time: as many as Node has threads for it. */
const AT_ONCE = 4;

/** Places in a TIFF file have 32 bits. */
const CLASSIC_BYTES = 2 ** 32;

/** What the directories, texts and profile take at most beside 40 bytes for each strip or tile. */
const ROOM_BYTES = 2 ** 20;

export interface TiffOptions {
  /** Tiles instead of strips, and behind the picture itself its halves, quarters ... down to one tile, each as a page. */
  readonly pyramid: boolean;
  /** 64-bit places. */
  readonly big: boolean;
}

/** One of the sizes in a file. */
interface Level {
  readonly width: number;
  readonly height: number;
  readonly offsets: number[];
  readonly counts: number[];
}

/** Sizes of a pyramid, the picture first, each half the one before, odd sides rounded up, until one tile holds it. */
export function pyramidSizes(width: number, height: number): { readonly width: number; readonly height: number }[] {
  const sizes = [{ width, height }];
  for (let last = sizes[0]!; Math.max(last.width, last.height) > TILE; last = sizes.at(-1)!) {
    sizes.push({ width: Math.ceil(last.width / 2), height: Math.ceil(last.height / 2) });
  }
  return sizes;
}

/** Whether a file could become larger than 4 GB, were its pixels noise that cannot be compressed. */
export function needsBigTiff(
  { width, height, channels, depth }: Layout,
  pyramid: boolean,
  details: Pick<FileDetails, 'xmp' | 'profile'>,
): boolean {
  const padded = (side: number): number => (pyramid ? TILE * Math.ceil(side / TILE) : side);
  let bytes = ROOM_BYTES + details.profile.length + 4 * (details.xmp?.length ?? 0);
  for (const size of pyramid ? pyramidSizes(width, height) : [{ width, height }]) {
    const pixels = (padded(size.width) * padded(size.height) * channels * depth) / 8;
    // Deflate adds 5 bytes to every 16 KB that it cannot compress.
    bytes += pixels * (1 + 1 / 2048) + 40 * (pyramid ? pixels / TILE ** 2 : size.height);
  }
  return bytes >= CLASSIC_BYTES;
}

/** Bytes to leave free at the file's beginning for what `writeTiff` returns. */
export const tiffHeaderBytes = (big: boolean): number => (big ? HEADER_BYTES.big : HEADER_BYTES.classic);

/**
 * Writes a TIFF file (TIFF 6.0; deflate and predictor of Technical Note 2), or a BigTIFF, in strips or as a pyramid in tiles, rows as they
 * come. Memory: a few blocks, and for a pyramid two bands of 256 rows.
 * @returns the file's header
 */
export async function writeTiff(
  file: AppendFile,
  layout: Layout,
  blocks: Blocks,
  details: FileDetails,
  { pyramid, big }: TiffOptions,
): Promise<Uint8Array> {
  const bytesPerRow = (layout.width * layout.channels * layout.depth) / 8;
  const stripRows = Math.min(layout.height, Math.max(1, Math.floor(STRIP_BYTES / bytesPerRow)));
  const levels = pyramid
    ? await writeTiles(file, layout, blocks)
    : [await writeStrips(file, layout, blocks, stripRows)];
  const directories = levels.map((level, k) => [
    ...picturesEntries(layout, level, k > 0),
    ...placeEntries(level, big, pyramid ? undefined : stripRows),
    ...(k === 0 ? detailEntries(details) : [entry(34675, UNDEFINED, details.profile)]),
  ]);
  return headerOf(big, await appendDirectories(file, big, directories));
}

async function writeStrips(file: AppendFile, layout: Layout, blocks: Blocks, stripRows: number): Promise<Level> {
  const level: Level = { ...layout, offsets: [], counts: [] };
  const values = layout.width * layout.channels;
  // One block is compressed by other threads while the next is made.
  let busy: Promise<void> = Promise.resolve();
  for await (const { from, to, pixels } of blocks(rowsPerBlock(layout.width, stripRows))) {
    predict(pixels, values, layout.channels);
    const strips: Uint8Array[] = [];
    for (let row = 0; row < to - from; row += stripRows) {
      strips.push(bytesOf(pixels.subarray(row * values, Math.min(row + stripRows, to - from) * values)));
    }
    await busy;
    busy = appendCompressed(file, level, strips, layout.depth);
    // It is awaited in the next turn, or not at all where that fails first.
    busy.catch(() => {});
  }
  await busy;
  return level;
}

async function writeTiles(file: AppendFile, layout: Layout, blocks: Blocks): Promise<Level[]> {
  const levels = pyramidSizes(layout.width, layout.height).map((size) => ({ ...size, offsets: [], counts: [] }));
  const bands = levels.map((level) => new Band(level, layout));
  for await (const { pixels } of blocks(rowsPerBlock(layout.width))) await addRows(file, bands, 0, pixels, layout);
  return levels;
}

/** Rows of a level that wait for a whole row of tiles. */
class Band {
  readonly level: Level;
  readonly #values: number;
  readonly #pixels: Uint8Array | Uint16Array;
  #rows = 0;
  #done = 0;

  constructor(level: Level, { channels, depth }: Layout) {
    this.level = level;
    this.#values = level.width * channels;
    const length = this.#values * Math.min(TILE, level.height);
    this.#pixels = depth === 16 ? new Uint16Array(length) : new Uint8Array(length);
  }

  /** Takes rows up to the end of the band. @returns how many values it took */
  take(pixels: Uint8Array | Uint16Array): number {
    const taken = pixels.subarray(0, this.#pixels.length - this.#rows * this.#values);
    this.#pixels.set(taken, this.#rows * this.#values);
    this.#rows += taken.length / this.#values;
    return taken.length;
  }

  /** The band's rows where it is full or the picture's last, which begins a new one; valid until rows are taken again. */
  full(): { pixels: Uint8Array | Uint16Array; rows: number } | undefined {
    if (this.#rows < TILE && this.#done + this.#rows < this.level.height) return undefined;
    const rows = this.#rows;
    this.#done += rows;
    this.#rows = 0;
    return { pixels: this.#pixels.subarray(0, rows * this.#values), rows };
  }
}

/** Adds rows to a level; where a band gets full, its tiles are written and its half goes to the next level. */
async function addRows(
  file: AppendFile,
  bands: readonly Band[],
  index: number,
  pixels: Uint8Array | Uint16Array,
  layout: Layout,
): Promise<void> {
  const band = bands[index]!;
  for (let at = 0; at < pixels.length;) {
    at += band.take(pixels.subarray(at));
    const full = band.full();
    if (!full) return;
    const { width } = band.level;
    for (let x = 0; x < width; x += TILE * AT_ONCE) {
      const tiles: Uint8Array[] = [];
      for (let left = x; left < Math.min(width, x + TILE * AT_ONCE); left += TILE) {
        const tile = tileAt(full, width, left, layout.channels);
        predict(tile, TILE * layout.channels, layout.channels);
        tiles.push(bytesOf(tile));
      }
      await appendCompressed(file, band.level, tiles, layout.depth);
    }
    if (index + 1 < bands.length) await addRows(file, bands, index + 1, halved({ ...full, width }, layout), layout);
  }
}

/** A tile of full size: what lies beyond the picture repeats its edge, which is compressed best. */
function tileAt(
  { pixels, rows }: { pixels: Uint8Array | Uint16Array; rows: number },
  width: number,
  left: number,
  channels: number,
): Uint8Array | Uint16Array {
  const length = TILE * TILE * channels;
  const tile = pixels instanceof Uint16Array ? new Uint16Array(length) : new Uint8Array(length);
  const inside = Math.min(TILE, width - left);
  for (let y = 0; y < TILE; y++) {
    const row = (Math.min(y, rows - 1) * width + left) * channels;
    tile.set(pixels.subarray(row, row + inside * channels), y * TILE * channels);
    for (let i = inside * channels; i < TILE * channels; i++) {
      tile[y * TILE * channels + i] = tile[y * TILE * channels + i - channels]!;
    }
  }
  return tile;
}

/** Makes every value its difference to the one of the pixel on the left (TIFF 6.0, 14), in place. */
function predict(pixels: Uint8Array | Uint16Array, values: number, channels: number): void {
  for (let row = 0; row < pixels.length; row += values) {
    for (let i = row + values - 1; i >= row + channels; i--) pixels[i]! -= pixels[i - channels]!;
  }
}

/** Little-endian as the header says, which all machines are that Madder runs on. */
const bytesOf = (pixels: Uint8Array | Uint16Array): Uint8Array =>
  new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);

async function appendCompressed(
  file: AppendFile,
  level: Level,
  pieces: readonly Uint8Array[],
  depth: 8 | 16,
): Promise<void> {
  for (let k = 0; k < pieces.length; k += AT_ONCE) {
    // Noise, which 16 bits mostly are, gets hardly smaller by trying harder.
    const options = { level: depth === 16 ? 3 : 6 };
    for (const piece of await Promise.all(pieces.slice(k, k + AT_ONCE).map((piece) => compress(piece, options)))) {
      level.offsets.push(await file.append(piece));
      level.counts.push(piece.length);
    }
  }
}

const entry = (tag: number, type: Entry['type'], values: readonly number[] | Uint8Array): Entry => ({
  tag,
  type,
  values,
});

function picturesEntries({ channels, depth }: Layout, { width, height }: Level, reduced: boolean): Entry[] {
  return [
    // NewSubfileType: 1 is a smaller version of another picture in the file.
    entry(254, LONG, [reduced ? 1 : 0]),
    entry(256, LONG, [width]),
    entry(257, LONG, [height]),
    entry(258, SHORT, new Array<number>(channels).fill(depth)),
    // Compression: deflate. Photometric interpretation: RGB. Orientation: upright.
    entry(259, SHORT, [8]),
    entry(262, SHORT, [2]),
    entry(274, SHORT, [1]),
    entry(277, SHORT, [channels]),
    // Interleaved, with the predictor of differences.
    entry(284, SHORT, [1]),
    entry(317, SHORT, [2]),
    // Opacity by which the colours are not multiplied.
    ...(channels === 4 ? [entry(338, SHORT, [2])] : []),
  ];
}

function placeEntries({ offsets, counts }: Level, big: boolean, stripRows: number | undefined): Entry[] {
  const type = big ? LONG8 : LONG;
  if (stripRows !== undefined) {
    return [entry(273, type, offsets), entry(278, LONG, [stripRows]), entry(279, type, counts)];
  }
  return [entry(322, LONG, [TILE]), entry(323, LONG, [TILE]), entry(324, type, offsets), entry(325, type, counts)];
}

function detailEntries({ profile, dpi, xmp, exif }: FileDetails): Entry[] {
  const words = exif ? exifWords(exif).map(([tag, text]) => entry(tag, ASCII, text)) : [];
  // XMP part 3, 1.1.7; ICC.1:2022, B.3.
  return [
    ...words,
    ...(dpi === undefined
      ? []
      : [entry(282, RATIONAL, [rational(dpi)]), entry(283, RATIONAL, [rational(dpi)]), entry(296, SHORT, [2])]),
    ...(xmp === undefined ? [] : [entry(700, BYTE, Buffer.from(xmp))]),
    entry(34675, UNDEFINED, profile),
  ];
}
