/** A map of values in [0,1], stretched over the picture whatever its size. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  /** [height, width] */
  readonly data: Float32Array;
}

/**
 * Windows along one axis of the picture, one for every position, as what they cover of a plane's cells: position p takes
 * `weights[starts[p]]` ... of the cells from `first[p]` on, and its weights sum to 1. Later positions never begin or end before earlier ones.
 */
export interface Windows {
  readonly count: number;
  readonly first: Int32Array;
  /** Where each position's weights begin; one more than there are positions. */
  readonly starts: Int32Array;
  readonly weights: Float64Array;
}

/** Where windows lie along an axis, px of the picture; pixel i reaches from i to i + 1. */
export interface Course {
  /** Centre of position 0's window. */
  readonly centre: number;
  /** From one position to the next. */
  readonly stride: number;
  readonly width: number;
}

/**
 * The mean of a plane over windows: each cell counts by how much of the window it covers. A window narrower than a cell is widened to one,
 * which makes the mean the linear interpolation between the cells' centres. What lies beyond the picture's border does not count.
 *
 * @param count positions
 * @param cells of the plane along this axis
 * @param length of the picture along this axis, px
 */
export function windowsOver(count: number, { centre, stride, width }: Course, cells: number, length: number): Windows {
  const scale = cells / length;
  // In cells from here on. A centre beyond the border (poolings that are rounded up) is taken for the outermost pixel's.
  const half = Math.max(width * scale, 1) / 2;
  const margin = scale / 2;
  const first = new Int32Array(count);
  const starts = new Int32Array(count + 1);
  const weights: number[] = [];
  for (let p = 0; p < count; p++) {
    const middle = Math.min(Math.max((centre + p * stride) * scale, margin), cells - margin);
    const from = Math.max(0, middle - half);
    const to = Math.min(cells, middle + half);
    const begin = Math.min(Math.floor(from), cells - 1);
    const end = Math.max(begin + 1, Math.ceil(to));
    first[p] = begin;
    for (let cell = begin; cell < end; cell++) {
      weights.push(Math.max(0, Math.min(to, cell + 1) - Math.max(from, cell)) / (to - from));
    }
    starts[p + 1] = weights.length;
  }
  return { count, first, starts, weights: Float64Array.from(weights) };
}

/** Positions of a map, rows and columns: from `top` up to, not including, `bottom`. */
export interface Positions {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** Means over the windows at these positions, in float64 whatever the plane's, row by row. */
export function meansAt(
  { width, data }: Plane,
  rows: Windows,
  columns: Windows,
  { top, left, bottom, right }: Positions,
): Float64Array {
  const across = right - left;
  const means = new Float64Array((bottom - top) * across);
  if (means.length === 0) return means;
  const firstRow = rows.first[top]!;
  const endRow = rows.first[bottom - 1]! + rows.starts[bottom]! - rows.starts[bottom - 1]!;
  // Along the rows first, each of the plane's once.
  const lines = new Float64Array((endRow - firstRow) * across);
  for (let row = firstRow; row < endRow; row++) {
    const line = (row - firstRow) * across;
    for (let x = 0; x < across; x++) {
      const [start, end] = [columns.starts[left + x]!, columns.starts[left + x + 1]!];
      const cell = row * width + columns.first[left + x]!;
      let sum = 0;
      for (let k = start; k < end; k++) sum += columns.weights[k]! * data[cell + k - start]!;
      lines[line + x] = sum;
    }
  }
  for (let y = top; y < bottom; y++) {
    const [start, end] = [rows.starts[y]!, rows.starts[y + 1]!];
    const target = (y - top) * across;
    for (let k = start; k < end; k++) {
      const weight = rows.weights[k]!;
      const line = (rows.first[y]! + k - start - firstRow) * across;
      for (let x = 0; x < across; x++) means[target + x]! += weight * lines[line + x]!;
    }
  }
  return means;
}

/** The sum of the means over all windows, without computing them one by one. */
export function sumOfMeans({ width, height, data }: Plane, rows: Windows, columns: Windows): number {
  const [down, across] = [cellWeights(rows, height), cellWeights(columns, width)];
  let sum = 0;
  for (let y = 0; y < height; y++) {
    let line = 0;
    for (let x = 0; x < width; x++) line += across[x]! * data[y * width + x]!;
    sum += down[y]! * line;
  }
  return sum;
}

/** How much each cell counts in all windows together. */
function cellWeights({ count, first, starts, weights }: Windows, cells: number): Float64Array {
  const sums = new Float64Array(cells);
  for (let p = 0; p < count; p++) {
    for (let k = starts[p]!; k < starts[p + 1]!; k++) sums[first[p]! + k - starts[p]!]! += weights[k]!;
  }
  return sums;
}
