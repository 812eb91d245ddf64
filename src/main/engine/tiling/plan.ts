/**
 * How a picture is cut into tiles, and which positions of every layer each of them owns.
 *
 * All tiles of a plan have one shape, so that one session serves them all: their sides leave the same remainder by the
 * strides as the picture's, which lets the last tile of a row begin at a multiple of the strides too and end with the
 * picture. Tiles overlap by so much that every position of every layer is right in one of them; where several have it right,
 * the middle of what they share divides it among them.
 */
import type { Placement } from './margins.ts';

/** Half-open: rows from `top` up to, not including, `bottom`. */
export interface Rectangle {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** A value that is compared position by position or summed over positions, as it lies in tiles of one size. */
export interface TiledValue {
  readonly placement: Placement;
  /** Its positions, rows and columns, in a tile of the size `TilingProblem.measured`. */
  readonly positions: readonly [number, number];
}

export interface TilingProblem {
  /** px. */
  readonly picture: readonly [height: number, width: number];
  /** Origins of tiles are multiples of it: a common multiple of all strides. */
  readonly alignment: number;
  /** Tile size, px, at which the positions were counted; the same remainders by `alignment` as the picture's. */
  readonly measured: readonly [height: number, width: number];
  readonly values: ReadonlyMap<string, TiledValue>;
}

export interface Tile {
  /** The piece of the picture that the tile sees. */
  readonly picture: Rectangle;
  /** Per value, its positions that no other tile owns, counted from the tile's own first one. */
  readonly own: ReadonlyMap<string, Rectangle>;
}

export interface TilePlan {
  /** Of every tile, px. */
  readonly height: number;
  readonly width: number;
  readonly tiles: readonly Tile[];
  /** Positions of each value in the whole picture: rows and columns. */
  readonly positions: ReadonlyMap<string, readonly [number, number]>;
}

/** The axis of one value: see `Course`; `count` are its positions in a tile of the measured size. */
interface AxisValue {
  readonly stride: number;
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

interface AxisPlan {
  readonly tile: number;
  readonly origins: readonly number[];
}

/** The smallest common multiple of whole numbers. */
export function commonMultiple(numbers: Iterable<number>): number {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  let result = 1;
  for (const n of numbers) result = (result / divisor(result, n)) * n;
  return result;
}

/**
 * The plan with the fewest tiles of which none owns more than `inner` px of the picture along an axis, and with the smallest
 * tiles of those. One tile that is the picture where nothing smaller would do.
 *
 * @param inner px, per axis
 */
export function planTiles(problem: TilingProblem, inner: readonly [number, number]): TilePlan {
  const [rows, columns] = [0, 1].map((axis) => planAxis(problem, axis as 0 | 1, inner[axis]!)) as [AxisPlan, AxisPlan];
  const owners = new Map(
    [...problem.values.keys()].map((name) => [
      name,
      [shares(problem, 0, rows, name), shares(problem, 1, columns, name)] as const,
    ]),
  );
  const tiles = rows.origins.flatMap((top, row) =>
    columns.origins.map((left, column): Tile => {
      const picture = { top, left, bottom: top + rows.tile, right: left + columns.tile };
      const own = new Map<string, Rectangle>();
      for (const [name, [vertical, horizontal]] of owners) {
        const [[t, b], [l, r]] = [vertical[row]!, horizontal[column]!];
        own.set(name, { top: t, left: l, bottom: b, right: r });
      }
      return { picture, own };
    }),
  );
  const positions = new Map(
    [...problem.values.keys()].map((name) => [name, [totalOf(problem, 0, name), totalOf(problem, 1, name)] as const]),
  );
  return { height: rows.tile, width: columns.tile, tiles, positions };
}

/** The size of the tiles of `planTiles`, px, without the tiles: there may be very many. */
export function tileSize(problem: TilingProblem, inner: number): { readonly width: number; readonly height: number } {
  return { height: planAxis(problem, 0, inner).tile, width: planAxis(problem, 1, inner).tile };
}

function axisValue({ values }: TilingProblem, axis: 0 | 1, name: string): AxisValue {
  const { placement, positions } = values.get(name)!;
  const { stride, low, high } = placement[axis];
  return { stride, low, high, count: positions[axis] };
}

/**
 * Pixels by which neighbouring tiles have to overlap: of n positions, s px apart, a tile has s·(n − low − high) px right.
 * The same for tiles of all sizes, since s·n grows with them.
 */
function overlapOf(problem: TilingProblem, axis: 0 | 1): number {
  const overlaps = [...problem.values.keys()].map((name) => {
    const { stride, low, high, count } = axisValue(problem, axis, name);
    return problem.measured[axis] - stride * (count - low - high);
  });
  return Math.max(0, ...overlaps);
}

function planAxis(problem: TilingProblem, axis: 0 | 1, inner: number): AxisPlan {
  const { alignment } = problem;
  const length = problem.picture[axis];
  const overlap = overlapOf(problem, axis);
  const whole = { tile: length, origins: [0] };
  const remainder = length % alignment;
  const multiple = (px: number) => Math.floor(px / alignment) * alignment;
  for (let count = Math.ceil(length / inner); count > 1; count--) {
    let tile = remainder + multiple(Math.max(0, length / count - remainder));
    while ((count - 1) * multiple(tile - overlap) < length - tile) tile += alignment;
    if (tile >= length) continue;
    const steps = (length - tile) / alignment;
    const origins = Array.from({ length: count }, (_, k) => alignment * Math.round((k * steps) / (count - 1)));
    // Small tiles leave steps so coarse that fewer of them do as well.
    if (new Set(origins).size === count) return { tile, origins };
  }
  return whole;
}

const totalOf = (problem: TilingProblem, axis: 0 | 1, name: string): number => {
  const { stride, count } = axisValue(problem, axis, name);
  return count + (problem.picture[axis] - problem.measured[axis]) / stride;
};

/** Per tile along an axis, its own positions of a value: from and up to, counted from the tile's first one. */
function shares(problem: TilingProblem, axis: 0 | 1, plan: AxisPlan, name: string): (readonly [number, number])[] {
  const { stride, low, high, count } = axisValue(problem, axis, name);
  const inTile = count + (plan.tile - problem.measured[axis]) / stride;
  const bounds = plan.origins.map((origin, k) => {
    if (k === 0) return 0;
    const [from, to] = [origin / stride + low, plan.origins[k - 1]! / stride + inTile - high];
    if (from > to) throw new Error(`tiles leave a gap in ${name}`);
    return Math.floor((from + to) / 2);
  });
  bounds.push(totalOf(problem, axis, name));
  return plan.origins.map((origin, k) => [bounds[k]! - origin / stride, bounds[k + 1]! - origin / stride]);
}
