import { setImmediate as nextTurn } from 'node:timers/promises';
import { refusal } from '../output.ts';
import { overWhite, toBytes, toWords, type Picture } from '../picture.ts';
import { pixelSource } from '../pixels.ts';
import type { RowSource } from './rows.ts';

/** Rows as a file holds them. */
export interface Block {
  /** The first row, and the one behind the last. */
  readonly from: number;
  readonly to: number;
  /** [to - from, width, channels] interleaved: 0 to 255, or to 65535 where the file has 16 bits. */
  readonly pixels: Uint8Array | Uint16Array;
}

/** What a file's pixels are. */
export interface Layout {
  /** px */
  readonly width: number;
  readonly height: number;
  readonly channels: 3 | 4;
  readonly depth: 8 | 16;
}

/** A picture as blocks of the given number of rows, the last of which may have fewer. */
export type Blocks = (rows: number) => AsyncGenerator<Block>;

export interface BlockOptions {
  /** The output's name, for messages. */
  readonly path: string;
  readonly depth: 8 | 16;
  /** Whether transparent pictures are put on white: the format has no opacity. */
  readonly onWhite: boolean;
  /** A file with the ICC profile that colours are converted to; they stay sRGB where it is missing. */
  readonly profile: string | undefined;
  readonly signal: AbortSignal | undefined;
  /** Called after each block with the number of rows that are done. */
  readonly onRows: (rows: number) => void;
}

/** Pixels that a block has at most, unless one row has more: a few MB at every depth. */
const BLOCK_PIXELS = 2 ** 20;

/** How many rows a block should have where the format does not care: a multiple of `unit`. */
export const rowsPerBlock = (width: number, unit = 1): number =>
  Math.max(1, Math.floor(BLOCK_PIXELS / (width * unit))) * unit;

/**
 * The source's rows as the file will have them: rounded, interleaved, on white and in the profile where wanted.
 * @throws MadderError `output` for undefined values and where writing is cancelled
 */
export function blocksOf(source: RowSource, options: BlockOptions): Blocks {
  return async function* (rows) {
    const { height } = source;
    for (let from = 0; from < height; from += rows) {
      const to = Math.min(height, from + rows);
      const block = await pictureOf(source, from, to);
      checkDefined(options.path, block);
      const seen = options.onWhite ? overWhite(block) : block;
      yield { from, to, pixels: await quantised(seen, options) };
      options.onRows(to);
      // A window that is shown by this process stays alive.
      await nextTurn();
      checkCancelled(options.path, options.signal);
    }
  };
}

/** @throws MadderError `output` where the signal is given */
export function checkCancelled(path: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw refusal(path, 'was not written because this was cancelled', 'export it again to have it');
}

async function pictureOf(source: RowSource, from: number, to: number): Promise<Picture> {
  const planes = await source.rows(from, to);
  const count = source.width * (to - from);
  if (planes.length !== count * (source.transparent ? 4 : 3)) throw new Error(`${planes.length} values in a block`);
  return {
    width: source.width,
    height: to - from,
    data: planes.subarray(0, 3 * count),
    ...(source.transparent ? { alpha: planes.subarray(3 * count) } : {}),
  };
}

function checkDefined(path: string, { data, alpha }: Picture): void {
  for (const plane of alpha ? [data, alpha] : [data]) {
    for (let i = 0; i < plane.length; i++) {
      if (Number.isFinite(plane[i])) continue;
      throw refusal(path, 'was not written: the picture holds undefined values', 'start again with other settings');
    }
  }
}

async function quantised(block: Picture, { depth, profile }: BlockOptions): Promise<Uint8Array | Uint16Array> {
  if (profile === undefined) return depth === 16 ? toWords(block, block.alpha) : toBytes(block, block.alpha);
  // Colours are converted pixel by pixel, so that a block's are those of the whole picture.
  const image = await pixelSource(block, { depth, exif: undefined, convert: true });
  const bytes = await image
    .withIccProfile(profile)
    .raw({ depth: depth === 16 ? 'ushort' : 'uchar' })
    .toBuffer();
  return depth === 16 ? new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2) : bytes;
}
