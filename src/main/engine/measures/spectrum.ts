/** Power spectra of pictures: what repeats in them, and how finely. */
import { luminance } from '../../codec/colour.ts';
import type { Picture } from '../../codec/picture.ts';
import { Fft } from '../parameterizations/fft.ts';

/** A plane of numbers, [height, width]. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly data: Float64Array;
}

/** A picture's brightness, Y of YIQ, 0 to 1. */
export const brightnessOf = (picture: Picture): Plane => ({
  width: picture.width,
  height: picture.height,
  data: Float64Array.from(luminance(picture)),
});

/** Hann's window, one period of ½ (1 − cos): between whole frequencies it leaks by one place and no further. */
const hann = (length: number): Float64Array =>
  Float64Array.from({ length }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / length));

/**
 * P[v,u] = |Σ_yx w_yx (p_yx − m) exp(−2πi (u·x/W + v·y/H))|² / Σ w², with Hann's window w in both directions and the
 * weighted mean m, so that there is nothing at frequency 0. White noise of variance s² has P of s² everywhere, whatever
 * the size.
 * @returns [H, W]; the frequency u/W, v/H cycles per pixel is at v · W + u, and u > W/2 stands for u − W
 */
export function powerSpectrum({ width, height, data }: Plane): Float64Array {
  const [along, down] = [hann(width), hann(height)];
  const weight = (y: number, x: number) => down[y]! * along[x]!;
  let [weights, squares, sum] = [0, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const w = weight(y, x);
      weights += w;
      squares += w * w;
      sum += w * data[y * width + x]!;
    }
  }
  const mean = sum / weights;
  let re: Float64Array = data.map((value, i) => weight(Math.floor(i / width), i % width) * (value - mean));
  let im: Float64Array = new Float64Array(re.length);
  // Columns are interleaved as they are: sample y of column x is the number y · W + x.
  new Fft(height).forward(re, im, width);
  [re, im] = [transposed(re, height, width), transposed(im, height, width)];
  new Fft(width).forward(re, im, height);
  const power = re.map((value, i) => (value ** 2 + im[i]! ** 2) / squares);
  return transposed(power, width, height);
}

const transposed = (matrix: Float64Array, rows: number, columns: number): Float64Array =>
  matrix.map((_, i) => matrix[(i % rows) * columns + Math.floor(i / rows)]!);

/** Powers that are black and white in pictures of spectra: that of rounding to 8 bits is 10⁻⁶. */
const BLACK = 1e-6;
const WHITE = 1e2;

/**
 * The power spectrum of a picture's brightness as a grey picture of the same size, frequency 0 in the middle. Equal steps
 * of grey are equal factors, from 10⁻⁶ (black) to 10² (white) whatever the picture, so that spectra can be compared.
 */
export function spectrumPicture(picture: Picture): Picture {
  const { width, height } = picture;
  const power = powerSpectrum(brightnessOf(picture));
  const count = width * height;
  const data = new Float32Array(3 * count);
  const [left, top] = [Math.floor(width / 2), Math.floor(height / 2)];
  for (let y = 0; y < height; y++) {
    const v = (y - top + height) % height;
    for (let x = 0; x < width; x++) {
      const u = (x - left + width) % width;
      const level = Math.log(Math.max(power[v * width + u]!, BLACK) / BLACK) / Math.log(WHITE / BLACK);
      for (let c = 0; c < 3; c++) data[c * count + y * width + x] = Math.min(level, 1);
    }
  }
  return { width, height, data };
}

/** One ring of a spectrum. */
export interface RadialPower {
  /** Cycles per pixel at its middle; ½ are neighbours that alternate. */
  readonly frequency: number;
  /** Mean power. */
  readonly power: number;
}

/**
 * The power spectrum of a picture's brightness by frequency alone: means over rings 1/min(W, H) cycles per pixel wide, up
 * to √½, which only diagonals reach. Natural pictures fall like f^−2; patterns that repeat stand out as spikes.
 */
export function radialProfile(picture: Picture): RadialPower[] {
  const { width, height } = picture;
  const power = powerSpectrum(brightnessOf(picture));
  const rings = Math.min(width, height);
  const sums = new Float64Array(rings);
  const counts = new Float64Array(rings);
  power.forEach((value, i) => {
    const [u, v] = [i % width, Math.floor(i / width)];
    const frequency = Math.hypot(Math.min(u, width - u) / width, Math.min(v, height - v) / height);
    const ring = Math.min(Math.round(frequency * rings), rings - 1);
    if (i === 0) return;
    sums[ring]! += value;
    counts[ring]! += 1;
  });
  return [...sums].flatMap((sum, ring) =>
    counts[ring]! > 0 ? [{ frequency: ring / rings, power: sum / counts[ring]! }] : [],
  );
}
