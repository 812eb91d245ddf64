import { MASK_SIDE } from '../../../shared/studio/document.ts';

/**
 * Masks as they are painted: pure work on bytes, so that it runs in the painter's worker and in tests alike. Lengths are px of the
 * mask, the middle of its first pixel being at 0.5.
 */
export interface Raster {
  readonly width: number;
  readonly height: number;
  /** Row by row: 255 belongs to the region, 0 does not, what lies between in part. */
  readonly data: Uint8Array;
}

/** Pixels from (left, top) up to but without (right, bottom). */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface Spot {
  readonly x: number;
  readonly y: number;
}
/** The brush at one place of a stroke. A pen's pressure makes it smaller. */
export interface Dab extends Spot {
  readonly radius: number;
}

/** Small photos get masks with more pixels than they have: the picture is painted at a size of its own. */
const LEAST_SIDE = 1024;

/** The size of the mask of a photo: in its proportions, at most `MASK_SIDE` px. */
export function maskSize({ width, height }: { readonly width: number; readonly height: number }): {
  width: number;
  height: number;
} {
  const long = Math.max(width, height);
  const scale = Math.min(MASK_SIDE, Math.max(LEAST_SIDE, long)) / long;
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

export const emptyRaster = (width: number, height: number): Raster => ({
  width,
  height,
  data: new Uint8Array(width * height),
});

export const copyRaster = ({ width, height, data }: Raster): Raster => ({ width, height, data: data.slice() });

export const wholeBox = ({ width, height }: Pick<Raster, 'width' | 'height'>): Box => ({
  left: 0,
  top: 0,
  right: width,
  bottom: height,
});

/** Whether a box has no pixels. */
export const isEmpty = ({ left, top, right, bottom }: Box): boolean => right <= left || bottom <= top;

/**
 * How strongly a round brush covers a point at `distance` from its middle, 0 to 1. Its inside is full; towards its rim it falls
 * smoothly over `softness` times its radius, and at least over the pixel in which an edge is smoothed.
 * @param softness share of the radius, 0 to 1
 */
export function brushProfile(distance: number, radius: number, softness: number): number {
  const outer = radius + 0.5;
  const inner = radius - softness * radius - 0.5;
  if (distance <= inner) return 1;
  if (distance >= outer) return 0;
  const t = (distance - inner) / (outer - inner);
  return 1 - t * t * (3 - 2 * t);
}

/**
 * Draws the brush from one dab to the next, as the swept shape of all between them. Of what several dabs or strokes cover, the
 * strongest counts: an edge stays as soft as it was chosen however slowly or often it is painted over.
 * @param removing takes away from the region instead of adding to it
 * @returns the pixels that may have changed
 */
export function paintSegment(raster: Raster, from: Dab, to: Dab, softness: number, removing: boolean): Box {
  const { width, data } = raster;
  const reach = Math.max(from.radius, to.radius) + 0.5;
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const grows = to.radius - from.radius;
  const length2 = dx * dx + dy * dy;
  /** What no stroke of this kind changes any more: most of what lies below the brush, from its second dab on. */
  const finished = removing ? 0 : 255;
  const box = clipped(raster, {
    left: Math.floor(Math.min(from.x, to.x) - reach),
    top: Math.floor(Math.min(from.y, to.y) - reach),
    right: Math.ceil(Math.max(from.x, to.x) + reach),
    bottom: Math.ceil(Math.max(from.y, to.y) + reach),
  });
  for (let y = box.top; y < box.bottom; y++) {
    const cy = y + 0.5;
    // Of a slanting stroke only a part comes near this row.
    const near = dy === 0 ? [0, 1] : [(cy - reach - from.y) / dy, (cy + reach - from.y) / dy];
    const first = unit(Math.min(near[0]!, near[1]!));
    const last = unit(Math.max(near[0]!, near[1]!));
    const [a, b] = [from.x + first * dx, from.x + last * dx];
    const left = Math.max(box.left, Math.floor(Math.min(a, b) - reach));
    const right = Math.min(box.right, Math.ceil(Math.max(a, b) + reach));
    const oy = cy - from.y;
    for (let x = left; x < right; x++) {
      if (data[y * width + x] === finished) continue;
      const ox = x + 0.5 - from.x;
      const along = length2 === 0 ? 0 : unit((ox * dx + oy * dy) / length2);
      const ex = ox - along * dx;
      const ey = oy - along * dy;
      const radius = from.radius + along * grows;
      const distance2 = ex * ex + ey * ey;
      if (distance2 >= (radius + 0.5) ** 2) continue;
      const strength = brushProfile(Math.sqrt(distance2), radius, softness);
      if (strength > 0) merge(data, y * width + x, Math.round(255 * strength), removing);
    }
  }
  return box;
}

/**
 * Fills what a line drawn by hand encloses, its end joined to its beginning. Loops that cross are filled all (nonzero winding).
 * @param feather px over which its edge fades, half of it to either side
 * @returns the pixels that may have changed
 */
export function fillPolygon(raster: Raster, points: readonly Spot[], feather: number, removing: boolean): Box {
  const outline = clipPolygon(points, raster.width, raster.height);
  if (outline.length < 3) return { left: 0, top: 0, right: 0, bottom: 0 };
  const radius = Math.round(feather / (2 * BLURS));
  const margin = radius * BLURS;
  const xs = outline.map(({ x }) => x);
  const ys = outline.map(({ y }) => y);
  const box = clipped(raster, {
    left: Math.floor(Math.min(...xs)) - margin,
    top: Math.floor(Math.min(...ys)) - margin,
    right: Math.ceil(Math.max(...xs)) + margin,
    bottom: Math.ceil(Math.max(...ys)) + margin,
  });
  const width = box.right - box.left;
  const height = box.bottom - box.top;
  let covered = coverageOf(outline, box);
  if (radius > 0) for (let i = 0; i < BLURS; i++) covered = blurred(covered, width, height, radius);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = Math.round(255 * covered[y * width + x]!);
      if (value > 0) merge(raster.data, (box.top + y) * raster.width + box.left + x, value, removing);
    }
  }
  return box;
}

/** What belongs to the region no longer does, and the other way round. */
export function invert({ data }: Raster): void {
  for (let i = 0; i < data.length; i++) data[i] = 255 - data[i]!;
}

/** How much of the picture belongs to the region, 0 to 1. */
export function coverage({ data }: Raster): number {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i]!;
  return sum / (255 * data.length);
}

/** Box blurs one after another come close to a Gaussian. */
const BLURS = 3;

function merge(data: Uint8Array, at: number, value: number, removing: boolean): void {
  const before = data[at]!;
  if (removing) {
    if (255 - value < before) data[at] = 255 - value;
  } else if (value > before) data[at] = value;
}

const unit = (value: number): number => (value < 0 ? 0 : value > 1 ? 1 : value);

const clipped = ({ width, height }: Raster, { left, top, right, bottom }: Box): Box => ({
  left: Math.max(0, left),
  top: Math.max(0, top),
  right: Math.min(width, right),
  bottom: Math.min(height, bottom),
});

/** The part of a polygon inside a rectangle from 0 (Sutherland and Hodgman 1974, "Reentrant polygon clipping"). */
function clipPolygon(points: readonly Spot[], width: number, height: number): readonly Spot[] {
  /** How far inside of each side a point is. */
  const sides: readonly ((point: Spot) => number)[] = [
    ({ x }) => x,
    ({ x }) => width - x,
    ({ y }) => y,
    ({ y }) => height - y,
  ];
  return sides.reduce<readonly Spot[]>((polygon, depth) => {
    const kept: Spot[] = [];
    polygon.forEach((point, i) => {
      const before = polygon[(i || polygon.length) - 1]!;
      const [a, b] = [depth(before), depth(point)];
      if (a >= 0 !== b >= 0) {
        const share = a / (a - b);
        kept.push({ x: before.x + share * (point.x - before.x), y: before.y + share * (point.y - before.y) });
      }
      if (b >= 0) kept.push(point);
    });
    return kept;
  }, points);
}

/**
 * How much of each pixel of a box a polygon covers, 0 to 1, exactly: signed areas are summed up along the edges, and the rows' running
 * sums are the coverage (Levien 2016, font-rs, "Inside the fastest font renderer in the world").
 */
function coverageOf(points: readonly Spot[], { left, top, right, bottom }: Box): Float32Array {
  const width = right - left;
  const height = bottom - top;
  // What leaves a row at its end must not enter the next one.
  const stride = width + 2;
  const areas = new Float32Array(stride * height);
  points.forEach((point, i) => {
    const before = points[(i || points.length) - 1]!;
    addEdge(areas, stride, height, before.x - left, before.y - top, point.x - left, point.y - top);
  });
  const covered = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    let sum = 0;
    for (let x = 0; x < width; x++) {
      sum += areas[y * stride + x]!;
      covered[y * width + x] = Math.min(1, Math.abs(sum));
    }
  }
  return covered;
}

function addEdge(areas: Float32Array, stride: number, height: number, x0: number, y0: number, x1: number, y1: number) {
  if (y0 === y1) return;
  const direction = y0 < y1 ? 1 : -1;
  const [ax, ay, bx, by] = y0 < y1 ? [x0, y0, x1, y1] : [x1, y1, x0, y0];
  let x = ax;
  const last = Math.min(height, Math.ceil(by));
  for (let y = Math.floor(ay); y < last; y++) {
    const low = Math.min(y + 1, by);
    const d = (low - Math.max(y, ay)) * direction;
    const next = ax + (bx - ax) * ((low - ay) / (by - ay));
    const [from, to] = x < next ? [x, next] : [next, x];
    const first = Math.floor(from);
    const end = Math.ceil(to);
    const at = y * stride + first;
    if (end <= first + 1) {
      const middle = (x + next) / 2 - first;
      areas[at] = areas[at]! + d - d * middle;
      areas[at + 1] = areas[at + 1]! + d * middle;
    } else {
      // The edge crosses several pixels of this row: `rate` of its height in each, a triangle in the first and in the last.
      const rate = 1 / (to - from);
      const begun = 0.5 * rate * (1 - (from - first)) ** 2;
      const ended = 0.5 * rate * (to - end + 1) ** 2;
      let sum = 0;
      for (let column = first; column <= end; column++) {
        // Area to the right of the edge within columns up to this one.
        const upTo =
          column === first ? begun : column === end ? 1 : column === end - 1 ? 1 - ended : rate * (column + 0.5 - from);
        areas[at + column - first] = areas[at + column - first]! + d * (upTo - sum);
        sum = upTo;
      }
    }
    x = next;
  }
}

/** Mean over squares of 2·radius + 1 px; what lies beyond the edges is as they are. */
function blurred(values: Float32Array, width: number, height: number, radius: number): Float32Array {
  const across = new Float32Array(values.length);
  for (let y = 0; y < height; y++) blurLine(values, across, y * width, 1, width, radius);
  const result = new Float32Array(values.length);
  for (let x = 0; x < width; x++) blurLine(across, result, x, width, height, radius);
  return result;
}

function blurLine(from: Float32Array, to: Float32Array, start: number, step: number, count: number, radius: number) {
  const at = (i: number): number => from[start + step * Math.min(count - 1, Math.max(0, i))]!;
  let sum = 0;
  for (let i = -radius; i <= radius; i++) sum += at(i);
  for (let i = 0; i < count; i++) {
    to[start + step * i] = sum / (2 * radius + 1);
    sum += at(i + radius + 1) - at(i - radius);
  }
}
