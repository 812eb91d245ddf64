/**
 * Colour statistics and the two ways of keeping a photo's colours of Gatys, Ecker, Bethge, Hertzmann and Shechtman 2017,
 * "Controlling Perceptual Factors in Neural Style Transfer", section 5. All values are sRGB as encoded, in [0,1].
 */
import type { Picture } from './picture.ts';

/** A 3 x 3 matrix, its rows one after another. */
type Matrix = readonly number[];

export interface ColourStatistics {
  /** Of red, green and blue. */
  readonly mean: readonly number[];
  readonly covariance: Matrix;
}

/** Y of YIQ: how much red, green and blue brighten. They sum to 1, so that grey is its own luminance. */
export const LUMA = [0.299, 0.587, 0.114] as const;

/**
 * The deviation below which a painting is taken to have no colours, or no shades, in some direction: one step of 8 bits.
 * Stretching less than that to a photo's would show rounding and noise as colour.
 */
const FAINT = 1 / 255;

const PAIRS = [
  [0, 1],
  [0, 2],
  [1, 2],
] as const;

/** Mean and covariance of a picture's colours over its pixels. */
export function colourStatistics({ width, height, data }: Picture): ColourStatistics {
  const count = width * height;
  const planes = [0, 1, 2].map((c) => data.subarray(c * count, (c + 1) * count));
  const mean = planes.map((plane) => plane.reduce((sum, v) => sum + v, 0) / count);
  const covariance = new Array<number>(9).fill(0);
  for (let a = 0; a < 3; a++) {
    for (let b = a; b < 3; b++) {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += (planes[a]![i]! - mean[a]!) * (planes[b]![i]! - mean[b]!);
      covariance[3 * a + b] = covariance[3 * b + a] = sum / count;
    }
  }
  return { mean, covariance };
}

/**
 * The painting with every pixel x replaced by A x + b, so that mean and covariance of its colours become the photo's:
 * A = Σc^½ Σs^-½ with symmetric square roots, b = μc − A μs (section 5.3, the form of Image Analogies, which unlike a
 * Cholesky factor does not depend on the order of the channels). What leaves [0,1] is clamped. Directions in which the
 * painting has no colours stay without.
 */
export function matchColours(painting: Picture, photo: Picture): Picture {
  const [from, to] = [colourStatistics(painting), colourStatistics(photo)];
  const whiten = spectral(from.covariance, (variance) => 1 / Math.sqrt(Math.max(variance, FAINT ** 2)));
  const transform = product(
    spectral(to.covariance, (variance) => Math.sqrt(Math.max(variance, 0))),
    whiten,
  );
  const { width, height, data } = painting;
  const count = width * height;
  const matched = new Float32Array(3 * count);
  for (let c = 0; c < 3; c++) {
    const [r, g, b] = transform.slice(3 * c) as [number, number, number];
    const offset = to.mean[c]! - (r * from.mean[0]! + g * from.mean[1]! + b * from.mean[2]!);
    for (let i = 0; i < count; i++) {
      matched[c * count + i] = unit(r * data[i]! + g * data[count + i]! + b * data[2 * count + i]! + offset);
    }
  }
  return { width, height, data: matched };
}

/** Luminance [height, width]: Y of YIQ. */
export function luminance({ width, height, data }: Picture): Float32Array {
  const count = width * height;
  const [r, g, b] = LUMA;
  return Float32Array.from({ length: count }, (_, i) => r * data[i]! + g * data[count + i]! + b * data[2 * count + i]!);
}

/** The picture without its colours: three planes of luminance. */
export const toGrey = (picture: Picture): Picture => grey(picture, luminance(picture));

/**
 * The painting without its colours, its luminance having the photo's mean and deviation:
 * L' = (σc/σs)(L − μs) + μc (section 5.2), clamped to [0,1].
 */
export function matchLuminance(painting: Picture, photo: Picture): Picture {
  const own = luminance(painting);
  const [from, to] = [spread(own), spread(luminance(photo))];
  const gain = to.deviation / Math.max(from.deviation, FAINT);
  return grey(
    painting,
    own.map((l) => unit(gain * (l - from.mean) + to.mean)),
  );
}

/**
 * The luminance of one picture with the chroma, I and Q of YIQ, of another one of the same size. At equal luminance I and
 * Q are equal where the differences to grey are, so they are carried over as such. A colour beyond [0,1] is mixed with
 * the grey of its luminance until it is inside: that keeps luminance and hue and costs saturation, where clamping the
 * channels would shift all three.
 */
export function joinChroma(lightness: Picture, colours: Picture): Picture {
  const { width, height } = lightness;
  const count = width * height;
  const shades = luminance(lightness);
  const own = luminance(colours);
  const data = new Float32Array(3 * count);
  for (let i = 0; i < count; i++) {
    const shade = unit(shades[i]!);
    let share = 1;
    for (let c = 0; c < 3; c++) {
      const chroma = colours.data[c * count + i]! - own[i]!;
      const room = chroma > 0 ? 1 - shade : shade;
      if (Math.abs(chroma) > room) share = Math.min(share, room / Math.abs(chroma));
    }
    for (let c = 0; c < 3; c++) {
      data[c * count + i] = unit(shade + share * (colours.data[c * count + i]! - own[i]!));
    }
  }
  return { width, height, data };
}

function grey({ width, height }: Picture, shades: Float32Array): Picture {
  const data = new Float32Array(3 * shades.length);
  for (let c = 0; c < 3; c++) data.set(shades, c * shades.length);
  return { width, height, data };
}

function spread(values: Float32Array): { mean: number; deviation: number } {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return { mean, deviation: Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length) };
}

/** f of a symmetric matrix, V f(Λ) Vᵀ, with its eigenvalues Λ and eigenvectors V found by Jacobi's rotations. */
function spectral(matrix: Matrix, f: (eigenvalue: number) => number): Matrix {
  const a = [...matrix];
  const v = [1, 0, 0, 0, 1, 0, 0, 0, 1];
  // They converge quadratically: of matrices this small nothing is left after five sweeps.
  for (let sweep = 0; sweep < 8; sweep++) {
    for (const [p, q] of PAIRS) {
      if (a[3 * p + q] === 0) continue;
      const theta = (a[4 * q]! - a[4 * p]!) / (2 * a[3 * p + q]!);
      const tangent = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
      const cosine = 1 / Math.sqrt(tangent * tangent + 1);
      const sine = tangent * cosine;
      const rotate = (m: number[], i: number, j: number) => {
        const [x, y] = [m[i]!, m[j]!];
        m[i] = cosine * x - sine * y;
        m[j] = sine * x + cosine * y;
      };
      for (let k = 0; k < 3; k++) rotate(a, 3 * k + p, 3 * k + q);
      for (let k = 0; k < 3; k++) rotate(a, 3 * p + k, 3 * q + k);
      for (let k = 0; k < 3; k++) rotate(v, 3 * k + p, 3 * k + q);
    }
  }
  const diagonal = [f(a[0]!), 0, 0, 0, f(a[4]!), 0, 0, 0, f(a[8]!)];
  const transposed = Array.from({ length: 9 }, (_, i) => v[3 * (i % 3) + Math.floor(i / 3)]!);
  return product(product(v, diagonal), transposed);
}

const product = (a: Matrix, b: Matrix): Matrix =>
  Array.from({ length: 9 }, (_, i) => {
    const [row, column] = [3 * Math.floor(i / 3), i % 3];
    return a[row]! * b[column]! + a[row + 1]! * b[column + 3]! + a[row + 2]! * b[column + 6]!;
  });

const unit = (value: number): number => Math.min(Math.max(value, 0), 1);
