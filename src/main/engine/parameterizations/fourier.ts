import { gaussian } from '../runs/random.ts';
import type { Parameterization } from './parameterization.ts';
import { RealFourier } from './real-fourier.ts';

/**
 * Lucid's square root of the correlation of colours in ImageNet (lucid/optvis/param/color.py): a column for each
 * independent component, brightness first, and a row for red, green and blue each.
 */
const COLOUR_ROOT = [
  [0.26, 0.09, 0.02],
  [0.27, 0.0, -0.05],
  [0.27, -0.09, 0.03],
] as const;

/** The norm of its longest column, the first one's, by which Lucid divides it. */
const LARGEST_NORM = Math.hypot(0.26, 0.27, 0.27);

type Matrix = readonly (readonly number[])[];

/** Components to logits of red, green and blue. */
const COLOURS: Matrix = COLOUR_ROOT.map((row) => row.map((value) => value / LARGEST_NORM));
/** A grey picture's one component moves the three alike, as much in all as the first column of `COLOURS`. */
const GREY: Matrix = [[1 / Math.sqrt(3)], [1 / Math.sqrt(3)], [1 / Math.sqrt(3)]];

/**
 * Lucid divides a picture's logits by 4. Its real and imaginary parts each move a pair of opposite frequencies; ours (see
 * `RealFourier`) move one: for the same size of parameters that is a factor of √2.
 */
const MAGNITUDE = Math.SQRT2 / 4;

/** Half a grey level of 8 bits: how close to black and white a picture is taken to be at most. */
const EDGE = 1 / 510;

/** Deviation of the parameters of noise, as in Lucid. */
const NOISE = 0.01;

/**
 * A picture by the spectrum of its independent colours (Mordvintsev, Pezzotti, Schubert and Olah 2018, "Differentiable
 * Image Parameterizations", Distill; constants of Lucid's `param.image(fft=True, decorrelate=True)`):
 *
 *     t_c = T (s · p_c),   s(f) = √2/4 · max(f, 1/max(W,H))^−decay,   picture = sigmoid(M t)
 *
 * with T the real Fourier transform (`RealFourier`), f the frequency in cycles per pixel and M the square root of the
 * correlation of colours. At a decay of 1 equal parameters make all scales equally strong, as natural pictures are, so a
 * step of the optimizer moves large shapes as readily as single pixels, and the fine patterns by which gradients of
 * strided layers show lose their advantage. It is a change of the metric, not of what can be painted.
 *
 * Parameters are [3,H,W], one plane per component, or [1,H,W] where the picture is grey; unbounded. A step of Adam
 * of 0.05, Lucid's, moves a picture at first by about as much as one of 0.02 does in pixels.
 *
 * A picture is encoded with its values kept 1/510 away from 0 and 1, whose logits would be infinite.
 */
export class Fourier implements Parameterization {
  readonly box = undefined;
  readonly #size: number;
  readonly #transform: RealFourier;
  readonly #scale: Float64Array;
  readonly #colours: Matrix;
  /** Components from logits. */
  readonly #components: Matrix;
  readonly #plane: Float64Array;

  /**
   * @param decay power by which the scale falls with frequency; 0 leaves all alike
   * @param planes whether the picture has colours, or three equal planes
   */
  constructor(width: number, height: number, decay: number, planes: 'colour' | 'grey' = 'colour') {
    this.#size = width * height;
    this.#transform = new RealFourier(width, height);
    this.#scale = spectrumScale(width, height, decay);
    this.#colours = planes === 'colour' ? COLOURS : GREY;
    this.#components = planes === 'colour' ? inverse(COLOURS) : [GREY.map(([c]) => c!)];
    this.#plane = new Float64Array(this.#size);
  }

  decode(parameters: Float32Array): Float32Array {
    const n = this.#size;
    const picture = new Float32Array(3 * n);
    const plane = this.#plane;
    this.#components.forEach((_, c) => {
      for (let i = 0; i < n; i++) plane[i] = this.#scale[i]! * parameters[c * n + i]!;
      this.#transform.transform(plane);
      for (let k = 0; k < 3; k++) {
        const share = this.#colours[k]![c]!;
        for (let i = 0; i < n; i++) picture[k * n + i]! += share * plane[i]!;
      }
    });
    for (let i = 0; i < picture.length; i++) picture[i] = 1 / (1 + Math.exp(-picture[i]!));
    return picture;
  }

  /** The sigmoid's derivative is y (1 − y); M and T are linear, T symmetric: Jᵀ g = s · T Mᵀ (y (1 − y) g). */
  pullback(picture: Float32Array, gradient: Float32Array): Float32Array {
    const n = this.#size;
    const result = new Float32Array(this.#components.length * n);
    const plane = this.#plane;
    this.#components.forEach((_, c) => {
      plane.fill(0);
      for (let k = 0; k < 3; k++) {
        const share = this.#colours[k]![c]!;
        for (let i = 0; i < n; i++) {
          const y = picture[k * n + i]!;
          plane[i]! += share * y * (1 - y) * gradient[k * n + i]!;
        }
      }
      this.#transform.transform(plane);
      for (let i = 0; i < n; i++) result[c * n + i] = this.#scale[i]! * plane[i]!;
    });
    return result;
  }

  encode(picture: Float32Array): Float32Array {
    const n = this.#size;
    const result = new Float32Array(this.#components.length * n);
    const plane = this.#plane;
    this.#components.forEach((shares, c) => {
      plane.fill(0);
      for (let k = 0; k < 3; k++) {
        for (let i = 0; i < n; i++) {
          const y = Math.min(Math.max(picture[k * n + i]!, EDGE), 1 - EDGE);
          plane[i]! += shares[k]! * Math.log(y / (1 - y));
        }
      }
      this.#transform.transform(plane);
      for (let i = 0; i < n; i++) result[c * n + i] = plane[i]! / this.#scale[i]!;
    });
    return result;
  }

  /** Independent normal parameters: a nearly even grey with clouds of all sizes. */
  noise(seed: number): Float32Array {
    const next = gaussian(seed);
    return Float32Array.from({ length: this.#components.length * this.#size }, () => NOISE * next());
  }
}

/** s(f) at every coefficient of a `RealFourier` plane. */
function spectrumScale(width: number, height: number, decay: number): Float64Array {
  const least = 1 / Math.max(width, height);
  const scale = new Float64Array(width * height);
  for (let v = 0; v < height; v++) {
    const down = Math.min(v, height - v) / height;
    for (let u = 0; u < width; u++) {
      const along = Math.min(u, width - u) / width;
      scale[v * width + u] = MAGNITUDE * Math.max(Math.hypot(along, down), least) ** -decay;
    }
  }
  return scale;
}

/** Of a 3 x 3 matrix: cofactors over the determinant. */
function inverse(m: Matrix): Matrix {
  const cofactor = (i: number, j: number) => {
    const [a, b] = [(i + 1) % 3, (i + 2) % 3];
    const [c, d] = [(j + 1) % 3, (j + 2) % 3];
    return m[a]![c]! * m[b]![d]! - m[a]![d]! * m[b]![c]!;
  };
  const determinant = [0, 1, 2].reduce((sum, j) => sum + m[0]![j]! * cofactor(0, j), 0);
  return [0, 1, 2].map((i) => [0, 1, 2].map((j) => cofactor(j, i) / determinant));
}
