import { rowResizer, type Picture } from '../picture.ts';

/**
 * A picture that is asked for in blocks of rows, from the top to the bottom, each row once: it need not exist as a whole.
 */
export interface RowSource {
  /** px */
  readonly width: number;
  readonly height: number;
  /** Whether blocks have a fourth plane, the opacity. */
  readonly transparent: boolean;
  /**
   * Rows `from` up to but not including `to`: planes [3 or 4, to - from, width] of red, green and blue as sRGB values in
   * [0,1], and of the opacity, by which they are not multiplied. What is returned is read before the next block is asked for.
   */
  rows(from: number, to: number): Float32Array | Promise<Float32Array>;
}

/** A picture in memory as a source of rows. */
export function rowsOf({ width, height, data, alpha }: Picture): RowSource {
  const count = width * height;
  const planes = [0, 1, 2].map((c) => data.subarray(c * count, (c + 1) * count));
  if (alpha) planes.push(alpha);
  return { width, height, transparent: alpha !== undefined, rows: (from, to) => cut(planes, from * width, to * width) };
}

function cut(planes: readonly Float32Array[], from: number, to: number): Float32Array {
  const block = new Float32Array(planes.length * (to - from));
  planes.forEach((plane, c) => block.set(plane.subarray(from, to), c * (to - from)));
  return block;
}

/** A picture resized as `resizePicture` does, opacity too, while its rows are asked for: the result is never whole. */
export function resizedRows(picture: Picture, width: number, height: number): RowSource {
  if (width === picture.width && height === picture.height) return rowsOf(picture);
  return { width, height, transparent: picture.alpha !== undefined, rows: rowResizer(picture, width, height) };
}
