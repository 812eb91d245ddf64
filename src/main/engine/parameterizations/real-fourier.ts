import { Fft } from './fft.ts';

/** Rows or columns that are transformed together, in pairs: enough to fill inner loops, few enough to stay in the cache. */
const PAIRS = 8;

/**
 * The real Fourier transform of a plane in two dimensions, also known as Hartley's:
 *
 *     T[v,u] = 1/√(W·H) Σ_yx cas(2π (u·x/W + v·y/H)) p[y,x],   cas = cos + sin
 *
 * Real numbers in, as many real numbers out; orthonormal, symmetric and its own inverse. Transform, inverse and adjoint
 * are therefore one and the same, and no coefficient is redundant, which half a complex spectrum has on its edges. With
 * X the unitary complex transform, T = Re X − Im X: T[v,u] and T[−v,−u] hold what X[v,u] = X̄[−v,−u] does.
 *
 * Rows, then columns give the transform with cas·cas; four coefficients at a time make cas of the sum of it (Bracewell,
 * Buneman, Hao and Villasenor 1986, "Fast two-dimensional Hartley transform").
 */
export class RealFourier {
  readonly #width: number;
  readonly #height: number;
  readonly #along: Fft;
  readonly #down: Fft;

  /** @param width, height px, any whole numbers of at least 1 */
  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
    this.#along = new Fft(width);
    this.#down = width === height ? this.#along : new Fft(height);
  }

  /**
   * In place.
   * @param plane [H, W], samples or coefficients; those of frequency u/W, v/H cycles per pixel are at v · W + u, where
   * u > W/2 stands for u − W and v > H/2 for v − H
   */
  transform(plane: Float64Array): void {
    const [width, height] = [this.#width, this.#height];
    hartley(plane, this.#along, width, 1, height, width);
    hartley(plane, this.#down, height, width, width, 1);
    this.#join(plane);
  }

  /** cas(a + b) = ½ (cas a·cas b + cas a·cas −b + cas −a·cas b − cas −a·cas −b), for all four signs. */
  #join(plane: Float64Array): void {
    const [width, height] = [this.#width, this.#height];
    for (let v = 1; 2 * v < height; v++) {
      const row = v * width;
      const mirrored = (height - v) * width;
      for (let u = 1; 2 * u < width; u++) {
        const a = plane[row + u]!;
        const b = plane[mirrored + u]!;
        const c = plane[row + width - u]!;
        const d = plane[mirrored + width - u]!;
        plane[row + u] = 0.5 * (a + b + c - d);
        plane[mirrored + u] = 0.5 * (a + b + d - c);
        plane[row + width - u] = 0.5 * (a + c + d - b);
        plane[mirrored + width - u] = 0.5 * (b + c + d - a);
      }
    }
  }
}

/**
 * Orthonormal Hartley transforms along one axis: of `lines` lines, `stride` apart, of `length` samples, `step` apart.
 * Two real lines are the real and the imaginary part of a complex one: with Z its transform and Y[k] = Z[n − k],
 * the first line's is ½ (Re Z + Re Y − Im Z + Im Y), the second one's ½ (Im Z + Im Y + Re Z − Re Y).
 */
function hartley(plane: Float64Array, fft: Fft, length: number, step: number, lines: number, stride: number): void {
  if (length === 1) return;
  const re = new Float64Array(length * PAIRS);
  const im = new Float64Array(length * PAIRS);
  const half = 0.5 / Math.sqrt(length);
  for (let first = 0; first < lines; first += 2 * PAIRS) {
    const here = Math.min(2 * PAIRS, lines - first);
    for (let i = 0; i < length; i++) {
      const from = first * stride + i * step;
      for (let b = 0; b < PAIRS; b++) {
        re[i * PAIRS + b] = 2 * b < here ? plane[from + 2 * b * stride]! : 0;
        im[i * PAIRS + b] = 2 * b + 1 < here ? plane[from + (2 * b + 1) * stride]! : 0;
      }
    }
    fft.forward(re, im, PAIRS);
    for (let k = 0; k < length; k++) {
      const opposite = k === 0 ? 0 : length - k;
      const to = first * stride + k * step;
      for (let b = 0; 2 * b < here; b++) {
        const zr = re[k * PAIRS + b]!;
        const zi = im[k * PAIRS + b]!;
        const yr = re[opposite * PAIRS + b]!;
        const yi = im[opposite * PAIRS + b]!;
        plane[to + 2 * b * stride] = half * (zr + yr - zi + yi);
        if (2 * b + 1 < here) plane[to + (2 * b + 1) * stride] = half * (zi + yi + zr - yr);
      }
    }
  }
}
