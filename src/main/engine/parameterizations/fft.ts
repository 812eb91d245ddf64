/** Radices in the order of their passes. A length with another prime factor is transformed as a convolution (`Chirp`). */
const RADICES = [4, 2, 3, 5, 7, 11, 13] as const;

/**
 * Discrete Fourier transforms of one length, X[k] = Σ x[i] exp(−2πi·ik/n), unscaled, of several sequences at once.
 *
 * Lengths whose prime factors are small: Stockham's self-sorting algorithm in mixed radix (Van Loan 1992, "Computational
 * Frameworks for the Fast Fourier Transform", section 1.7), decimation in time. All others: Bluestein 1970, "A linear
 * filtering approach to the computation of the discrete Fourier transform".
 *
 * The sequences are interleaved, which makes every inner loop one over neighbouring numbers: sample i of sequence b is
 * the number i · count + b. Everything is float64.
 */
export class Fft {
  readonly #method: Stockham | Chirp;

  /** @param length samples per sequence, 1 or more */
  constructor(length: number) {
    const factors = factorsOf(length);
    this.#method = factors ? new Stockham(length, factors) : new Chirp(length);
  }

  /**
   * Transforms `count` interleaved sequences in place.
   * @param re real parts, length · count numbers
   * @param im imaginary parts
   */
  forward(re: Float64Array, im: Float64Array, count: number): void {
    this.#method.forward(re, im, count);
  }
}

/** Radices whose product is `n`; undefined where `n` has another prime factor. */
function factorsOf(n: number): number[] | undefined {
  const factors: number[] = [];
  let rest = n;
  for (const radix of RADICES) {
    for (; rest % radix === 0; rest /= radix) factors.push(radix);
  }
  return rest === 1 ? factors : undefined;
}

/** One pass over the data: `before`-point transforms become transforms of `radix` times as many points. */
interface Stage {
  readonly radix: number;
  readonly before: number;
  /** exp(−2πi·qj/(before · radix)) for q from 1 to radix − 1, at j · (radix − 1) + q − 1. */
  readonly cos: Float64Array;
  readonly sin: Float64Array;
  /** exp(−2πi·k/radix). */
  readonly rootsRe: Float64Array;
  readonly rootsIm: Float64Array;
}

class Stockham {
  readonly #length: number;
  readonly #stages: readonly Stage[];
  #otherRe = new Float64Array(0);
  #otherIm = new Float64Array(0);

  constructor(length: number, factors: readonly number[]) {
    this.#length = length;
    let before = 1;
    this.#stages = factors.map((radix) => {
      const stage = stageOf(radix, before);
      before *= radix;
      return stage;
    });
  }

  forward(re: Float64Array, im: Float64Array, count: number): void {
    const size = this.#length * count;
    if (this.#otherRe.length !== size) {
      this.#otherRe = new Float64Array(size);
      this.#otherIm = new Float64Array(size);
    }
    let [fromRe, fromIm] = [re, im];
    let [toRe, toIm]: [Float64Array, Float64Array] = [this.#otherRe, this.#otherIm];
    for (const stage of this.#stages) {
      // After this stage every transform has before · radix points, of which there are so many in all:
      const run = size / (stage.before * stage.radix);
      passOf(stage.radix)(stage, run, fromRe, fromIm, toRe, toIm);
      [fromRe, fromIm, toRe, toIm] = [toRe, toIm, fromRe, fromIm];
    }
    if (fromRe !== re) {
      re.set(fromRe);
      im.set(fromIm);
    }
  }
}

function stageOf(radix: number, before: number): Stage {
  const twiddle = (f: (angle: number) => number) =>
    Float64Array.from({ length: before * (radix - 1) }, (_, i) => {
      const [j, q] = [Math.floor(i / (radix - 1)), (i % (radix - 1)) + 1];
      return f((-2 * Math.PI * ((q * j) % (before * radix))) / (before * radix));
    });
  const roots = (f: (angle: number) => number) =>
    Float64Array.from({ length: radix }, (_, k) => f((-2 * Math.PI * k) / radix));
  return {
    radix,
    before,
    cos: twiddle(Math.cos),
    sin: twiddle(Math.sin),
    rootsRe: roots(Math.cos),
    rootsIm: roots(Math.sin),
  };
}

/**
 * With L = `before` and r = `radix`: out[(j + L·s) · run + i] = Σ_q w^(q(j + L·s)) in[(j·r + q) · run + i] with
 * w = exp(−2πi/(L·r)), for i < run, j < L and s < r.
 */
type Pass = (
  stage: Stage,
  run: number,
  fromRe: Float64Array,
  fromIm: Float64Array,
  toRe: Float64Array,
  toIm: Float64Array,
) => void;

const passOf2: Pass = ({ before, cos, sin }, run, fromRe, fromIm, toRe, toIm) => {
  const far = before * run;
  for (let j = 0; j < before; j++) {
    const [c, s] = [cos[j]!, sin[j]!];
    let a = 2 * j * run;
    let out = j * run;
    for (const end = a + run; a < end; a++, out++) {
      const xr = fromRe[a + run]!;
      const xi = fromIm[a + run]!;
      const br = xr * c - xi * s;
      const bi = xr * s + xi * c;
      const ar = fromRe[a]!;
      const ai = fromIm[a]!;
      toRe[out] = ar + br;
      toIm[out] = ai + bi;
      toRe[out + far] = ar - br;
      toIm[out + far] = ai - bi;
    }
  }
};

const passOf4: Pass = ({ before, cos, sin }, run, fromRe, fromIm, toRe, toIm) => {
  const far = before * run;
  for (let j = 0; j < before; j++) {
    const [c1, c2, c3] = [cos[3 * j]!, cos[3 * j + 1]!, cos[3 * j + 2]!];
    const [s1, s2, s3] = [sin[3 * j]!, sin[3 * j + 1]!, sin[3 * j + 2]!];
    let i0 = 4 * j * run;
    let out = j * run;
    for (const end = i0 + run; i0 < end; i0++, out++) {
      const i1 = i0 + run;
      const i2 = i1 + run;
      const i3 = i2 + run;
      const br = fromRe[i1]! * c1 - fromIm[i1]! * s1;
      const bi = fromRe[i1]! * s1 + fromIm[i1]! * c1;
      const cr = fromRe[i2]! * c2 - fromIm[i2]! * s2;
      const ci = fromRe[i2]! * s2 + fromIm[i2]! * c2;
      const dr = fromRe[i3]! * c3 - fromIm[i3]! * s3;
      const di = fromRe[i3]! * s3 + fromIm[i3]! * c3;
      const evenRe = fromRe[i0]! + cr;
      const evenIm = fromIm[i0]! + ci;
      const oddRe = fromRe[i0]! - cr;
      const oddIm = fromIm[i0]! - ci;
      toRe[out] = evenRe + (br + dr);
      toIm[out] = evenIm + (bi + di);
      // −i (b − d)
      toRe[out + far] = oddRe + (bi - di);
      toIm[out + far] = oddIm - (br - dr);
      toRe[out + 2 * far] = evenRe - (br + dr);
      toIm[out + 2 * far] = evenIm - (bi + di);
      toRe[out + 3 * far] = oddRe - (bi - di);
      toIm[out + 3 * far] = oddIm + (br - dr);
    }
  }
};

const passOf3: Pass = ({ before, cos, sin }, run, fromRe, fromIm, toRe, toIm) => {
  const far = before * run;
  const half = Math.sqrt(3) / 2;
  for (let j = 0; j < before; j++) {
    const [c1, c2, s1, s2] = [cos[2 * j]!, cos[2 * j + 1]!, sin[2 * j]!, sin[2 * j + 1]!];
    let a = 3 * j * run;
    let out = j * run;
    for (const end = a + run; a < end; a++, out++) {
      const i1 = a + run;
      const i2 = i1 + run;
      const br = fromRe[i1]! * c1 - fromIm[i1]! * s1;
      const bi = fromRe[i1]! * s1 + fromIm[i1]! * c1;
      const cr = fromRe[i2]! * c2 - fromIm[i2]! * s2;
      const ci = fromRe[i2]! * s2 + fromIm[i2]! * c2;
      const middleRe = fromRe[a]! - 0.5 * (br + cr);
      const middleIm = fromIm[a]! - 0.5 * (bi + ci);
      const turnRe = half * (bi - ci);
      const turnIm = -half * (br - cr);
      toRe[out] = fromRe[a]! + br + cr;
      toIm[out] = fromIm[a]! + bi + ci;
      toRe[out + far] = middleRe + turnRe;
      toIm[out + far] = middleIm + turnIm;
      toRe[out + 2 * far] = middleRe - turnRe;
      toIm[out + 2 * far] = middleIm - turnIm;
    }
  }
};

const passOfAny: Pass = ({ radix, before, cos, sin, rootsRe, rootsIm }, run, fromRe, fromIm, toRe, toIm) => {
  const far = before * run;
  const xr = new Float64Array(radix);
  const xi = new Float64Array(radix);
  for (let j = 0; j < before; j++) {
    for (let i = 0; i < run; i++) {
      for (let q = 0; q < radix; q++) {
        const from = (j * radix + q) * run + i;
        const c = q === 0 ? 1 : cos[j * (radix - 1) + q - 1]!;
        const s = q === 0 ? 0 : sin[j * (radix - 1) + q - 1]!;
        xr[q] = fromRe[from]! * c - fromIm[from]! * s;
        xi[q] = fromRe[from]! * s + fromIm[from]! * c;
      }
      for (let s = 0; s < radix; s++) {
        let re = xr[0]!;
        let im = xi[0]!;
        for (let q = 1, k = s; q < radix; q++, k = (k + s) % radix) {
          re += xr[q]! * rootsRe[k]! - xi[q]! * rootsIm[k]!;
          im += xr[q]! * rootsIm[k]! + xi[q]! * rootsRe[k]!;
        }
        const to = j * run + s * far + i;
        toRe[to] = re;
        toIm[to] = im;
      }
    }
  }
};

const passOf = (radix: number): Pass =>
  radix === 2 ? passOf2 : radix === 3 ? passOf3 : radix === 4 ? passOf4 : passOfAny;

/**
 * Bluestein: with c[i] = exp(πi·i²/n), X[k] = c̄[k] Σ (x[i] c̄[i]) c[k − i], a convolution, which transforms of a
 * convenient length m ≥ 2n − 1 do.
 */
class Chirp {
  readonly #length: number;
  readonly #convenient: number;
  readonly #inner: Stockham;
  /** c, and the transform of c[i] = c[−i] on the circle of m samples, divided by m. */
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;
  readonly #filterRe: Float64Array;
  readonly #filterIm: Float64Array;
  #re = new Float64Array(0);
  #im = new Float64Array(0);

  constructor(length: number) {
    this.#length = length;
    const { size, factors } = convenientLength(2 * length - 1);
    this.#convenient = size;
    this.#inner = new Stockham(size, factors);
    // i² mod 2n keeps the angle small: i² itself would lose digits.
    const angle = (i: number) => (Math.PI * ((i * i) % (2 * length))) / length;
    this.#cos = Float64Array.from({ length }, (_, i) => Math.cos(angle(i)));
    this.#sin = Float64Array.from({ length }, (_, i) => Math.sin(angle(i)));
    this.#filterRe = new Float64Array(size);
    this.#filterIm = new Float64Array(size);
    for (let i = 0; i < length; i++) {
      this.#filterRe[i] = this.#filterRe[(size - i) % size] = this.#cos[i]! / size;
      this.#filterIm[i] = this.#filterIm[(size - i) % size] = this.#sin[i]! / size;
    }
    this.#inner.forward(this.#filterRe, this.#filterIm, 1);
  }

  forward(re: Float64Array, im: Float64Array, count: number): void {
    const [n, m] = [this.#length, this.#convenient];
    if (this.#re.length !== m * count) {
      this.#re = new Float64Array(m * count);
      this.#im = new Float64Array(m * count);
    }
    const [re2, im2] = [this.#re.fill(0), this.#im.fill(0)];
    for (let i = 0, at = 0; i < n; i++) {
      const [c, s] = [this.#cos[i]!, this.#sin[i]!];
      for (let b = 0; b < count; b++, at++) {
        re2[at] = re[at]! * c + im[at]! * s;
        im2[at] = im[at]! * c - re[at]! * s;
      }
    }
    this.#inner.forward(re2, im2, count);
    for (let k = 0, at = 0; k < m; k++) {
      const [fr, fi] = [this.#filterRe[k]!, this.#filterIm[k]!];
      for (let b = 0; b < count; b++, at++) {
        const [xr, xi] = [re2[at]!, im2[at]!];
        re2[at] = xr * fr - xi * fi;
        im2[at] = xr * fi + xi * fr;
      }
    }
    // The inverse transform is the transform with real and imaginary parts exchanged, before and after.
    this.#inner.forward(im2, re2, count);
    for (let i = 0, at = 0; i < n; i++) {
      const [c, s] = [this.#cos[i]!, this.#sin[i]!];
      for (let b = 0; b < count; b++, at++) {
        re[at] = re2[at]! * c + im2[at]! * s;
        im[at] = im2[at]! * c - re2[at]! * s;
      }
    }
  }
}

/** The smallest length of at least `least` that has no prime factor above 3: those have the fastest passes. */
function convenientLength(least: number): { size: number; factors: number[] } {
  for (let size = least; ; size++) {
    const factors = factorsOf(size);
    if (factors?.every((r) => r <= 4)) return { size, factors };
  }
}
