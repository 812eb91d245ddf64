import { CurvatureHistory, type PairPrecision, type SweepBlock } from './history.ts';
import { StateReader, type Box, type Later } from './optimizer.ts';
import { clamp, dot, projectedSlope, projectedStep } from './vector.ts';

/**
 * The vectors of an L-BFGS run and what is done with them: x with its gradient g, the direction d, the trial point
 * P(x + t d), and the curvature pairs. A component is **held** when it is within `margin` of a bound and −g pushes it
 * outwards; q is g without held components. P clamps to the box. Only numbers leave the place where the vectors are.
 */
export interface LbfgsVectors<V> {
  readonly x: V;
  readonly trial: V;
  /** Curvature pairs in use, and how many there may be. */
  readonly pairs: number;
  readonly capacity: number;
  /** s·y / y·y of the newest pair; 1 without pairs. */
  readonly gamma: number;
  clearPairs(): void;
  /** Copies the gradient at x, and returns Σ g_i², which is finite exactly when g is. */
  setGradient(gradient: V): Later<number>;
  reducedNorms(margin: number): Later<ReducedNorms>;
  /** Writes d, with γ I in the middle of H. */
  computeDirection(gamma: number, margin: number): Later<Direction>;
  /** Writes P(x + t d) to the trial point; returns g·(P(x + t d) − x). */
  project(t: number): Later<number>;
  /** Looks along d at the trial point, where the gradient is this. */
  slopeAtTrial(gradient: V): Later<TrialSlope>;
  /** Copies the gradient of a trial that may be accepted after others have been evaluated. */
  keep(gradient: V): Later<void>;
  /**
   * Makes the trial point P(x + t d) the current one, and stores the pair of the move when `accept(s·y, s·s, y·y)`.
   * @param gradient that of the trial point; the one that was kept when undefined
   */
  accept(
    t: number,
    gradient: V | undefined,
    margins: { readonly before: number; readonly after: number },
    accept: (sy: number, ss: number, yy: number) => boolean,
  ): Later<void>;
  /** Parts of an `OptimizerState`: x, g and the pairs. */
  save(): { readonly numbers: Record<string, number[]>; readonly vectors: Record<string, V | Uint16Array> };
}

/** Σ |q_i|, max |q_i| and the number of components that are not held. */
export interface ReducedNorms {
  readonly sum: number;
  readonly largest: number;
  readonly free: number;
}

export interface Direction {
  /** Σ g_i d_i: the slope of the path at t = 0. */
  readonly slope: number;
  /** max |x − P(x − γ g)|: how far x is from stationary, as a displacement. */
  readonly residual: number;
}

export interface TrialSlope {
  /** Σ g_i d_i over the components that d does not press against a bound. */
  readonly slope: number;
  /** Σ g_i², which is finite exactly when g is. */
  readonly squares: number;
}

/** How many pairs there may be, and how they are kept. */
export interface NewPairs {
  readonly capacity: number;
  readonly precision: PairPrecision;
}

/** The vectors in the host's memory. */
export class HostLbfgsVectors implements LbfgsVectors<Float32Array> {
  x: Float32Array;
  trial: Float32Array;
  readonly #lower: number;
  readonly #upper: number;
  readonly #history: CurvatureHistory;
  readonly #direction: Float32Array;
  readonly #gradient: Float32Array;
  /** Gradient at the best trial of a line search with several evaluations; most runs need it once or never. */
  #kept: Float32Array | undefined;

  /**
   * @param start is taken over, and clamped into the box
   * @param pairs how many there may be, or the state that has them and the gradient, which are taken over
   */
  constructor(start: Float32Array, { lower, upper }: Box, pairs: NewPairs | StateReader) {
    const n = start.length;
    this.#lower = lower;
    this.#upper = upper;
    this.x = start;
    clamp(this.x, lower, upper);
    this.trial = new Float32Array(n);
    this.#direction = new Float32Array(n);
    if (pairs instanceof StateReader) {
      this.#history = CurvatureHistory.restore(n, pairs);
      this.#gradient = pairs.vector('gradient', n);
    } else {
      this.#history = new CurvatureHistory(n, pairs.capacity, pairs.precision);
      this.#gradient = new Float32Array(n);
    }
  }

  get pairs(): number {
    return this.#history.size;
  }

  get capacity(): number {
    return this.#history.capacity;
  }

  get gamma(): number {
    return this.#history.gamma;
  }

  clearPairs(): void {
    this.#history.clear();
  }

  setGradient(gradient: Float32Array): number {
    this.#gradient.set(gradient);
    return dot(gradient, gradient);
  }

  reducedNorms(margin: number): ReducedNorms {
    const sums = new Float64Array(3);
    reducedNorms(this.x, this.#gradient, this.#lower, this.#upper, margin, sums);
    return { sum: sums[0]!, largest: sums[1]!, free: sums[2]! };
  }

  computeDirection(gamma: number, margin: number): Direction {
    const [x, g, lower, upper] = [this.x, this.#gradient, this.#lower, this.#upper];
    const sums = new Float64Array(2);
    this.#history.direction(
      gamma,
      (from, length, q) => reduce(x, g, lower, upper, margin, gamma, from, length, q),
      (from, length, r) => writeDirection(r, x, g, lower, upper, margin, gamma, from, length, this.#direction, sums),
    );
    return { slope: sums[0]!, residual: sums[1]! };
  }

  project(t: number): number {
    return projectedStep(this.x, this.#direction, t, this.#gradient, this.#lower, this.#upper, this.trial);
  }

  slopeAtTrial(gradient: Float32Array): TrialSlope {
    const sums = new Float64Array(2);
    projectedSlope(gradient, this.#direction, this.trial, this.#lower, this.#upper, sums);
    return { slope: sums[0]!, squares: sums[1]! };
  }

  keep(gradient: Float32Array): void {
    (this.#kept ??= new Float32Array(this.x.length)).set(gradient);
  }

  accept(
    t: number,
    gradient: Float32Array | undefined,
    margins: { readonly before: number; readonly after: number },
    accept: (sy: number, ss: number, yy: number) => boolean,
  ): void {
    const [x, next, d, g, lower, upper] = [
      this.x,
      this.trial,
      this.#direction,
      this.#gradient,
      this.#lower,
      this.#upper,
    ];
    const nextGradient = gradient ?? this.#kept!;
    this.#history.add(
      (block) => fillPair(block, x, next, d, t, g, nextGradient, lower, upper, margins.before, margins.after),
      accept,
    );
    this.x = next;
    this.trial = x;
  }

  save(): { numbers: Record<string, number[]>; vectors: Record<string, Float32Array | Uint16Array> } {
    const { numbers, vectors } = this.#history.save();
    return { numbers, vectors: { ...vectors, x: this.x, gradient: this.#gradient } };
  }
}

/** Whether a component is held: at its bound, or within a margin of it, and pushed outwards by −g. */
function held(x: number, g: number, lowerMargin: number, upperMargin: number): boolean {
  return (x <= lowerMargin && g > 0) || (x >= upperMargin && g < 0);
}

/** q = γ times the gradient without held components, for one block. */
function reduce(
  x: Float32Array,
  g: Float32Array,
  lower: number,
  upper: number,
  margin: number,
  gamma: number,
  from: number,
  length: number,
  q: Float64Array,
): void {
  const low = lower + margin;
  const high = upper - margin;
  for (let i = 0; i < length; i++) {
    const gradient = g[from + i]!;
    q[i] = held(x[from + i]!, gradient, low, high) ? 0 : gamma * gradient;
  }
}

/** sums = Σ |q_i|, max |q_i| and the number of components that are not held. */
function reducedNorms(
  x: Float32Array,
  g: Float32Array,
  lower: number,
  upper: number,
  margin: number,
  sums: Float64Array,
): void {
  const low = lower + margin;
  const high = upper - margin;
  let sum = 0;
  let largest = 0;
  let count = 0;
  for (let i = 0; i < x.length; i++) {
    const gradient = g[i]!;
    if (held(x[i]!, gradient, low, high)) continue;
    const magnitude = Math.abs(gradient);
    sum += magnitude;
    if (magnitude > largest) largest = magnitude;
    count++;
  }
  sums[0] = sum;
  sums[1] = largest;
  sums[2] = count;
}

/**
 * d from r = H q, for one block: −r where x is free, −γ g where it is held, 0 where d would leave the box at once.
 * Adds g·d to sums[0] and raises sums[1] to max |x − P(x − γ g)|.
 */
function writeDirection(
  r: Float64Array,
  x: Float32Array,
  g: Float32Array,
  lower: number,
  upper: number,
  margin: number,
  gamma: number,
  from: number,
  length: number,
  d: Float32Array,
  sums: Float64Array,
): void {
  const low = lower + margin;
  const high = upper - margin;
  let slope = 0;
  let residual = sums[1]!;
  for (let i = 0; i < length; i++) {
    const at = x[from + i]!;
    const gradient = g[from + i]!;
    const descent = -gamma * gradient;
    let v = -r[i]!;
    // Inner components come first, in one test that is nearly always false: the signs of d and g are random, and a
    // branch on them would cost more than everything else here.
    if (at <= low || at >= high) {
      if (held(at, gradient, low, high)) v = descent;
      if (v < 0 ? at <= lower : at >= upper) v = 0;
    }
    d[from + i] = v;
    slope += gradient * v;
    let to = at + descent;
    if (to < lower) to = lower;
    else if (to > upper) to = upper;
    const move = Math.abs(to - at);
    if (move > residual) residual = move;
  }
  sums[0]! += slope;
  sums[1] = residual;
}

/**
 * One block of the move from (x, g) to (next, nextGradient), which also takes over g: the pair s = next − x,
 * y = nextGradient − g, both zero in components that were held or stayed on a bound; q, the new reduced gradient; and e,
 * what y differs by from the change of q.
 *
 * Where nothing was clamped, s is t d, not the difference of the stored points: the rounding of x to float32, the same in
 * size for all components, would enter s and y as a curvature of its own. A quadratic of condition 1e6 then takes six
 * times as many iterations.
 */
function fillPair(
  block: SweepBlock,
  x: Float32Array,
  next: Float32Array,
  d: Float32Array,
  t: number,
  g: Float32Array,
  nextGradient: Float32Array,
  lower: number,
  upper: number,
  margin: number,
  nextMargin: number,
): void {
  const { from, length, s, y, at, q, indices, errors } = block;
  const low = lower + margin;
  const high = upper - margin;
  const nextLow = lower + nextMargin;
  const nextHigh = upper - nextMargin;
  let count = 0;
  for (let i = 0; i < length; i++) {
    const j = from + i;
    const before = x[j]!;
    const after = next[j]!;
    const oldGradient = g[j]!;
    const newGradient = nextGradient[j]!;
    const wasHeld = held(before, oldGradient, low, high);
    const isHeld = held(after, newGradient, nextLow, nextHigh);
    const frozen = wasHeld || (after === before && (after <= lower || after >= upper));
    const change = frozen ? 0 : newGradient - oldGradient;
    const move = t * d[j]!;
    const unclamped = before + move;
    s[at + i] = frozen ? 0 : unclamped < lower || unclamped > upper ? after - before : move;
    y[at + i] = change;
    q[i] = isHeld ? 0 : newGradient;
    const error = change - (q[i]! - (wasHeld ? 0 : oldGradient));
    if (error !== 0) {
      indices[count] = i;
      errors[count] = error;
      count++;
    }
    g[j] = newGradient;
  }
  block.count = count;
}
