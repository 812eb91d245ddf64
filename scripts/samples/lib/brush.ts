/** An oil brush: strokes with bristle marks, loaded with more than one colour, that build up relief. */
import type { Rgb } from './colour.ts';
import { saturate, smoothstep } from './maths.ts';
import { noise2 } from './noise.ts';
import { Plane, Raster } from './raster.ts';

/** One stroke of the brush. */
export interface Stroke {
  /** Points of the centre line: x and y in turn, in pixels. */
  path: readonly number[];
  /** Full width in pixels. */
  width: number;
  /** The main colour, and the colour that streaks through it. */
  colour: Rgb;
  streak: Rgb;
  /** How thick the paint lies. */
  body: number;
  /** Where along the stroke (0 to 1) the brush begins to run dry. */
  dryFrom: number;
  /** Bristles per pixel of width: many for a brush, few for a knife. */
  hair: number;
  /** A number that makes the bristles of this stroke differ from others. */
  seed: number;
}

/** A canvas that takes strokes and keeps their relief. */
export class OilCanvas {
  readonly colour: Raster;
  readonly relief: Plane;
  private readonly along: Float32Array;
  private readonly across: Float32Array;
  private readonly mark: Int32Array;
  private strokeCount = 0;

  constructor(width: number, height: number, ground: Rgb) {
    this.colour = Raster.from(width, height, () => ground);
    this.relief = new Plane(width, height);
    this.along = new Float32Array(width * height);
    this.across = new Float32Array(width * height);
    this.mark = new Int32Array(width * height);
  }

  /** Paints one stroke. */
  paint(stroke: Stroke): void {
    const touched = this.sweep(stroke.path, stroke.width / 2);
    const length = pathLength(stroke.path);
    const bristles = Math.max(3, stroke.width * stroke.hair);
    for (const index of touched) this.deposit(index, stroke, length, bristles);
  }

  /** Finds the pixels under the stroke and their position along and across it. */
  private sweep(path: readonly number[], half: number): number[] {
    const { width, height } = this.relief;
    const touched: number[] = [];
    const stamp = ++this.strokeCount;
    let travelled = 0;
    for (let k = 0; k + 3 < path.length; k += 2) {
      const ax = path[k]!;
      const ay = path[k + 1]!;
      const dx = path[k + 2]! - ax;
      const dy = path[k + 3]! - ay;
      const length = Math.hypot(dx, dy) || 1e-6;
      const tx = dx / length;
      const ty = dy / length;
      const overlap = half * 0.5;
      const x0 = Math.max(0, Math.floor(Math.min(ax, ax + dx) - half));
      const x1 = Math.min(width - 1, Math.ceil(Math.max(ax, ax + dx) + half));
      const y0 = Math.max(0, Math.floor(Math.min(ay, ay + dy) - half));
      const y1 = Math.min(height - 1, Math.ceil(Math.max(ay, ay + dy) + half));
      for (let y = y0; y <= y1; y++) {
        for (let x = x0; x <= x1; x++) {
          const along = (x - ax) * tx + (y - ay) * ty;
          if (along < -overlap || along > length + overlap) continue;
          const across = ((y - ay) * tx - (x - ax) * ty) / half;
          if (across < -1 || across > 1) continue;
          const index = y * width + x;
          if (this.mark[index] !== stamp) {
            this.mark[index] = stamp;
            touched.push(index);
          } else if (Math.abs(across) >= Math.abs(this.across[index]!)) {
            continue;
          }
          this.across[index] = across;
          this.along[index] = travelled + along;
        }
      }
      travelled += length;
    }
    return touched;
  }

  private deposit(index: number, stroke: Stroke, length: number, bristles: number): void {
    const across = this.across[index]!;
    const along = this.along[index]!;
    const half = stroke.width / 2;
    const hair = noise2(across * bristles + stroke.seed * 7.13, along / (stroke.width * 2.6) + stroke.seed);
    const fine = noise2(across * bristles * 2.3 - stroke.seed, along / (stroke.width * 1.4) - stroke.seed * 3.7);
    const ragged = (0.28 + 0.5 * hair + 0.25 * fine) * half;
    const ends = smoothstep(-half * 0.5 - 1, half * 0.35, along + ragged * 0.6);
    const tail = smoothstep(length + half * 0.5 + 1, length - half * 0.5, along - ragged);
    const sides = smoothstep(1, 0.86, Math.abs(across) + 0.1 * fine);
    const dryness = smoothstep(stroke.dryFrom, 1.05, along / length);
    const cover = dryness > 0 ? smoothstep(dryness * 1.3 - 0.75, dryness * 1.3 - 0.45, hair * 0.8 + fine * 0.5) : 1;
    const alpha = ends * tail * sides * cover;
    if (alpha <= 0.01) return;
    const swirl = noise2(across * 2.1 + stroke.seed * 1.7, along / (stroke.width * 4) + stroke.seed * 5.1);
    const streaked = saturate(0.35 + swirl * 0.75 + hair * 0.45);
    const light = 1 + 0.1 * hair + 0.07 * fine;
    const { colour, streak } = stroke;
    this.colour.blend(
      index,
      [
        (colour[0] + (streak[0] - colour[0]) * streaked) * light,
        (colour[1] + (streak[1] - colour[1]) * streaked) * light,
        (colour[2] + (streak[2] - colour[2]) * streaked) * light,
      ],
      alpha,
    );
    const rim = smoothstep(0.55, 0.86, Math.abs(across)) * 0.45;
    const thickness = stroke.body * (0.55 + 0.42 * hair + 0.22 * fine + rim);
    this.relief.data[index] = this.relief.data[index]! * (1 - 0.75 * alpha) + thickness * alpha;
  }
}

function pathLength(path: readonly number[]): number {
  let length = 0;
  for (let k = 0; k + 3 < path.length; k += 2)
    length += Math.hypot(path[k + 2]! - path[k]!, path[k + 3]! - path[k + 1]!);
  return length;
}

/** Traces a path through a field of directions, both ways from a point. */
export function followField(
  x: number,
  y: number,
  length: number,
  step: number,
  angleAt: (x: number, y: number) => number,
): number[] {
  const count = Math.max(1, Math.round(length / step / 2));
  const path: number[] = [x, y];
  for (const sense of [-1, 1]) {
    let px = x;
    let py = y;
    for (let k = 0; k < count; k++) {
      const angle = angleAt(px, py);
      px += Math.cos(angle) * step * sense;
      py += Math.sin(angle) * step * sense;
      if (sense < 0) path.unshift(px, py);
      else path.push(px, py);
    }
  }
  return path;
}
