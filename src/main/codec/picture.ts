import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DecodedImage } from './decode.ts';

/** The engine's picture. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** [3, height, width]: red, green and blue planes of sRGB values in [0,1]. */
  readonly data: Float32Array;
  /** [height, width] opacity in [0,1], by which `data` is not multiplied; absent where everything is opaque. */
  readonly alpha?: Float32Array;
}

/** A decoded image as floats: full scale, 255 or 65535, becomes 1. Opacity is left aside. */
export function toPicture({ width, height, rgb }: Pick<DecodedImage, 'width' | 'height' | 'rgb'>): Picture {
  const count = width * height;
  const scale = rgb instanceof Uint16Array ? 65_535 : 255;
  const data = new Float32Array(3 * count);
  for (let i = 0; i < count; i++) {
    data[i] = rgb[3 * i]! / scale;
    data[count + i] = rgb[3 * i + 1]! / scale;
    data[2 * count + i] = rgb[3 * i + 2]! / scale;
  }
  return { width, height, data };
}

/**
 * A picture as interleaved bytes, each value rounded to the nearest of 0 to 255 (NaN becomes 0): [height, width, 3], or
 * [height, width, 4] where opacity is given.
 */
export const toBytes = (picture: Picture, alpha?: Float32Array): Uint8Array =>
  interleave(picture, alpha, new Uint8Array(picture.width * picture.height * (alpha ? 4 : 3)), 255);

/** The same with 16 bits per value: 0 to 65535. */
export const toWords = (picture: Picture, alpha?: Float32Array): Uint16Array =>
  interleave(picture, alpha, new Uint16Array(picture.width * picture.height * (alpha ? 4 : 3)), 65_535);

function interleave<T extends Uint8Array | Uint16Array>(
  { width, height, data }: Picture,
  alpha: Float32Array | undefined,
  out: T,
  scale: number,
): T {
  const count = width * height;
  const channels = alpha ? 4 : 3;
  for (let c = 0; c < channels; c++) {
    const plane = c === 3 ? alpha! : data.subarray(c * count, (c + 1) * count);
    for (let i = 0; i < count; i++) out[channels * i + c] = Math.min(Math.max(plane[i]!, 0), 1) * scale + 0.5;
  }
  return out;
}

/** What a partly transparent picture looks like on white paper. */
export function overWhite(picture: Picture): Picture {
  const { width, height, data, alpha } = picture;
  if (!alpha) return picture;
  return { width, height, data: data.map((v, i) => 1 + (v - 1) * alpha[i % alpha.length]!) };
}

/** A picture under the opacity of a decoded image, which is resized to it. */
export function withOpacityOf(
  picture: Picture,
  { width, height, alpha }: Pick<DecodedImage, 'width' | 'height' | 'alpha'>,
): Picture {
  if (!alpha) return picture;
  const scale = alpha instanceof Uint16Array ? 65_535 : 255;
  const plane = new Float32Array(alpha.length);
  for (let i = 0; i < plane.length; i++) plane[i] = alpha[i]! / scale;
  if (width === picture.width && height === picture.height) return { ...picture, alpha: plane };
  const resized = new Float32Array(picture.width * picture.height);
  resizePlane(plane, width, tapsFor(height, picture.height), tapsFor(width, picture.width), resized);
  return { ...picture, alpha: resized };
}

/** The size with the given long side and the same proportions, each side rounded to whole pixels and at least 1. */
export function fitLongSide(width: number, height: number, longSide: number): { width: number; height: number } {
  const scale = longSide / Math.max(width, height);
  const fit = (side: number) => Math.max(1, Math.round(side * scale));
  return { width: fit(width), height: fit(height) };
}

/**
 * Resizes the colours, which loses opacity, in float, values clamped to [0,1] at the end: along each axis Lanczos (three
 * lobes, widened to the target's pixels, so antialiased) to shrink and the Catmull-Rom cubic to enlarge. Both have weights
 * that sum to one at every pixel, so even areas keep their value. Yields to other work between the planes.
 * @param shrink `cubic` shrinks with the widened cubic instead, as published comparisons do
 */
export async function resizePicture(
  picture: Picture,
  width: number,
  height: number,
  shrink: 'lanczos3' | 'cubic' = 'lanczos3',
): Promise<Picture> {
  if (width === picture.width && height === picture.height) return picture;
  const rows = tapsFor(picture.height, height, shrink);
  const columns = tapsFor(picture.width, width, shrink);
  const data = new Float32Array(3 * width * height);
  for (let c = 0; c < 3; c++) {
    const plane = picture.data.subarray(c * picture.width * picture.height, (c + 1) * picture.width * picture.height);
    resizePlane(plane, picture.width, rows, columns, data.subarray(c * width * height, (c + 1) * width * height));
    await nextTurn();
  }
  return { width, height, data };
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** The same a block of rows at a time, for pictures that do not fit into memory, and for any number of planes. */
export class RowResizer {
  readonly #rows: readonly Taps[];
  readonly #columns: readonly Taps[];
  readonly #stride: number;

  constructor(source: Size, target: Size) {
    this.#rows = tapsFor(source.height, target.height);
    this.#columns = tapsFor(source.width, target.width);
    this.#stride = source.width;
  }

  /** The first of the source's rows that the result's rows `from` up to but not including `to` are made of, and the one behind the last. */
  span(from: number, to: number): readonly [first: number, end: number] {
    const last = this.#rows[to - 1]!;
    return [this.#rows[from]!.first, last.first + last.weights.length];
  }

  /**
   * @param window planes [n, rows, width] of the source, from its row `first` on: at least those of `span`
   * @returns planes [n, to - from, width] of the result
   */
  resize(window: Float32Array, planes: number, first: number, from: number, to: number): Float32Array {
    const size = (to - from) * this.#columns.length;
    const length = window.length / planes;
    const taps = this.#rows.slice(from, to).map((tap) => ({ ...tap, first: tap.first - first }));
    const block = new Float32Array(planes * size);
    for (let c = 0; c < planes; c++) {
      const plane = window.subarray(c * length, (c + 1) * length);
      resizePlane(plane, this.#stride, taps, this.#columns, block.subarray(c * size, (c + 1) * size));
    }
    return block;
  }
}

/** Which samples make up each sample of the resized axis, and with which weights, which sum to one. */
interface Taps {
  readonly first: number;
  readonly weights: Float32Array;
}

/** Sampling along one axis; pixels are squares, so pixel p has its centre at p + 1/2. */
function tapsFor(from: number, to: number, shrink: 'lanczos3' | 'cubic' = 'lanczos3'): Taps[] {
  const scale = Math.max(1, from / to);
  const [kernel, radius] = from > to && shrink === 'lanczos3' ? [lanczos3, 3 * scale] : [catmullRom, 2 * scale];
  return Array.from({ length: to }, (_, k) => {
    const centre = ((k + 0.5) * from) / to - 0.5;
    const first = Math.max(0, Math.ceil(centre - radius));
    const last = Math.min(from - 1, Math.floor(centre + radius));
    const raw = Array.from({ length: last - first + 1 }, (_, i) => kernel((first + i - centre) / scale));
    const sum = raw.reduce((a, b) => a + b, 0);
    return { first, weights: Float32Array.from(raw, (w) => w / sum) };
  });
}

/** sinc(x) sinc(x/3) on [-3,3]. */
function lanczos3(x: number): number {
  if (x === 0) return 1;
  if (Math.abs(x) >= 3) return 0;
  const a = Math.PI * x;
  return (3 * Math.sin(a) * Math.sin(a / 3)) / (a * a);
}

/** Keys' cubic convolution with a = -1/2, on [-2,2] (Keys 1981, equation 15). */
function catmullRom(x: number): number {
  const t = Math.abs(x);
  if (t < 1) return 1 + t * t * (1.5 * t - 2.5);
  return t < 2 ? 2 + t * (-4 + t * (2.5 - 0.5 * t)) : 0;
}

/** Resizes one plane, `stride` samples wide, into `out`: each output row from its input rows, then along that row. */
function resizePlane(
  plane: Float32Array,
  stride: number,
  rows: readonly Taps[],
  columns: readonly Taps[],
  out: Float32Array,
) {
  const line = new Float64Array(stride);
  rows.forEach(({ first, weights }, y) => {
    line.fill(0);
    for (let k = 0; k < weights.length; k += 4) addRows(line, plane, (first + k) * stride, weights.subarray(k, k + 4));
    const target = y * columns.length;
    for (let x = 0; x < columns.length; x++) {
      const { first: from, weights: across } = columns[x]!;
      let sum = 0;
      for (let k = 0; k < across.length; k++) sum += across[k]! * line[from + k]!;
      out[target + x] = Math.min(Math.max(sum, 0), 1);
    }
  });
}

/** Adds up to four weighted rows to `line`: four at once halve the time, for a 24-megapixel photo a matter of seconds. */
function addRows(line: Float64Array, plane: Float32Array, start: number, weights: Float32Array): void {
  const stride = line.length;
  if (weights.length === 4) {
    const [a, b, c, d] = weights as unknown as [number, number, number, number];
    const [second, third, fourth] = [start + stride, start + 2 * stride, start + 3 * stride];
    for (let x = 0; x < stride; x++) {
      line[x]! += a * plane[start + x]! + b * plane[second + x]! + c * plane[third + x]! + d * plane[fourth + x]!;
    }
  } else {
    weights.forEach((weight, k) => {
      for (let x = 0; x < stride; x++) line[x]! += weight * plane[start + k * stride + x]!;
    });
  }
}
