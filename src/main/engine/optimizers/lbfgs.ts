import { CurvatureHistory, historyFor, type SweepBlock } from './history.ts';
import { strongWolfe, type SearchOptions, type Trial } from './line-search.ts';
import {
  boxFrom,
  boxNumbers,
  Evaluator,
  float32Box,
  notFinite,
  StateReader,
  type Box,
  type Objective,
  type OnEvaluation,
  type Optimizer,
  type OptimizerState,
  type Step,
} from './optimizer.ts';
import { clamp, dot, projectedSlope, projectedStep } from './vector.ts';

export interface LbfgsOptions {
  /** Bounds of every component; unbounded when missing. */
  readonly box?: Box | undefined;
  /** Curvature pairs (20). Together with `memoryBudgetBytes` the smaller number counts. */
  readonly history?: number | undefined;
  /** Memory for curvature pairs, 8 bytes per component and pair. */
  readonly memoryBudgetBytes?: number | undefined;
  /** Sufficient decrease c₁ (1e-4). */
  readonly decrease?: number | undefined;
  /** Curvature c₂ (0.9). */
  readonly curvature?: number | undefined;
  /** Mean |Δx| of the first trial (0.01: two or three of a picture's 255 grey levels). */
  readonly firstStep?: number | undefined;
  /** Stops when no component of (x − P(x − γ g)) / γ exceeds this (0: only an exactly stationary point). */
  readonly gradientTolerance?: number | undefined;
  /** Evaluations that one line search may take (20). */
  readonly maxEvaluations?: number | undefined;
  readonly onEvaluation?: OnEvaluation | undefined;
}

/** The largest |Δx| of the first trial, in multiples of the mean: a few bright pixels must not be thrown across. */
const FIRST_STEP_PEAK = 25;
/** A pair is stored when the cosine between s and y exceeds this: below, float32 rounding decides its sign. */
const MIN_COSINE = 1e-8;
/** Upper limit of the margin within which a component counts as being at its bound: a quarter of a grey level. */
const MAX_MARGIN = 1 / 1024;

/**
 * L-BFGS with a strong Wolfe line search inside a box.
 *
 * The box is respected by two-metric projection (Bertsekas 1982, "Projected Newton methods for optimization problems
 * with simple constraints"; Schmidt, Kim & Sra 2012 for L-BFGS): per iteration,
 *
 * - components within a small margin of a bound whose gradient pushes outwards are **held**: a scaled gradient step takes
 *   them onto the bound, where they stay. Without the margin the path could bend at once and the search would crawl;
 * - the others follow d = −(H q) with q the gradient without held components. H is positive definite, so
 *   q·d < 0: a descent direction, which a clamp of the ordinary quasi-Newton step does not give (it may stall);
 * - trial points are P(x + t d), and the line search follows the bent path.
 *
 * Pairs come from the projected displacements. Held components are zero in s **and** in y: their y only tells how
 * the others act on them, and with it H would not be the inverse of the Hessian on the face on which the search moves.
 *
 * Every accepted point has a lower loss than the one before, so `best` always is `current`.
 */
export class Lbfgs implements Optimizer {
  readonly #firstStep: number;
  readonly #gradientTolerance: number;
  readonly #search: SearchOptions;
  readonly #box: Box | undefined;
  readonly #lower: number;
  readonly #upper: number;
  readonly #evaluator: Evaluator;
  #history: CurvatureHistory;
  #x: Float32Array;
  #trial: Float32Array;
  readonly #direction: Float32Array;
  /** Gradient at x, once `#loss` is known. */
  readonly #gradient: Float32Array;
  /** Gradient at the best trial of a line search with several evaluations; most runs need it once or never. */
  #kept: Float32Array | undefined;
  /** The latest trial of the running line search, and how many of its trials were finite or not. */
  #latest: { readonly t: number; readonly gradient: Float32Array } | undefined;
  #finiteTrials = 0;
  #failedTrials = 0;
  #loss: number | undefined;
  /** Held components lie within this of their bound. */
  #margin = 0;
  /** max |x − P(x − γ g)|: how far x is from stationary, as a displacement. */
  #residual = 0;

  /** @param start is copied, and clamped into the box */
  constructor(objective: Objective, start: Float32Array, options: LbfgsOptions = {}) {
    const n = start.length;
    const budget = options.memoryBudgetBytes === undefined ? Infinity : historyFor(n, options.memoryBudgetBytes);
    this.#history = new CurvatureHistory(n, Math.min(options.history ?? (budget < Infinity ? 100 : 20), budget));
    this.#firstStep = options.firstStep ?? 0.01;
    this.#gradientTolerance = options.gradientTolerance ?? 0;
    this.#search = {
      decrease: options.decrease ?? 1e-4,
      curvature: options.curvature ?? 0.9,
      maxEvaluations: options.maxEvaluations ?? 20,
    };
    this.#box = options.box;
    const { lower, upper } = float32Box(options.box);
    this.#lower = lower;
    this.#upper = upper;
    this.#evaluator = new Evaluator(objective, options.onEvaluation);
    this.#x = start.slice();
    clamp(this.#x, lower, upper);
    this.#trial = new Float32Array(n);
    this.#direction = new Float32Array(n);
    this.#gradient = new Float32Array(n);
  }

  get current(): Float32Array {
    return this.#x;
  }

  get best(): { x: Float32Array; loss: number } {
    return { x: this.#x, loss: this.#loss ?? Infinity };
  }

  get evaluations(): number {
    return this.#evaluator.evaluations;
  }

  /** Curvature pairs in use. */
  get pairs(): number {
    return this.#history.size;
  }

  /** Curvature pairs that the memory allows. */
  get capacity(): number {
    return this.#history.capacity;
  }

  /** @throws MadderError('optimization') when the start, or every trial of a search from it, is not finite */
  async step(): Promise<Step> {
    const before = this.evaluations;
    const loss = this.#loss ?? (await this.#evaluateCurrent());
    const done = (converged: Step['converged']): Step => ({
      loss: this.#loss ?? loss,
      evaluations: this.evaluations - before,
      converged,
    });
    for (;;) {
      const quasiNewton = this.#history.size > 0;
      const gamma = quasiNewton ? this.#history.gamma : this.#firstScale();
      const slope = this.#computeDirection(gamma);
      if (this.#residual <= this.#gradientTolerance * gamma) return done('gradient');
      if (slope < 0) {
        const trial = await this.#searchLine(loss, slope);
        if (trial) {
          this.#accept(trial);
          return done(undefined);
        }
        if (!quasiNewton && this.#failedTrials > 0 && this.#finiteTrials === 0) {
          throw notFinite('anywhere near the current picture');
        }
      }
      // Old curvature may be to blame: once more along the projected gradient.
      if (!quasiNewton) return done('line-search');
      this.#history.clear();
    }
  }

  async rebase(): Promise<void> {
    this.#history.clear();
    this.#loss = undefined;
    await this.#evaluateCurrent();
  }

  save(): OptimizerState {
    const history = this.#history.save();
    return {
      method: 'lbfgs',
      numbers: {
        ...history.numbers,
        box: boxNumbers(this.#box),
        evaluations: [this.evaluations],
        loss: this.#loss === undefined ? [] : [this.#loss],
        margin: [this.#margin],
        firstStep: [this.#firstStep],
        gradientTolerance: [this.#gradientTolerance],
        decrease: [this.#search.decrease],
        curvature: [this.#search.curvature],
        maxEvaluations: [this.#search.maxEvaluations],
      },
      vectors: { ...history.vectors, x: this.#x, gradient: this.#gradient },
    };
  }

  /** Continues from a saved state, whose vectors are copied. */
  static restore(objective: Objective, saved: OptimizerState, onEvaluation?: OnEvaluation): Lbfgs {
    const state = new StateReader(saved, 'lbfgs');
    const x = state.vector('x');
    const lbfgs = new Lbfgs(objective, x, {
      box: boxFrom(state.numbers('box')),
      history: state.number('capacity'),
      decrease: state.number('decrease'),
      curvature: state.number('curvature'),
      firstStep: state.number('firstStep'),
      gradientTolerance: state.number('gradientTolerance'),
      maxEvaluations: state.number('maxEvaluations'),
      onEvaluation,
    });
    lbfgs.#history = CurvatureHistory.restore(x.length, state);
    lbfgs.#gradient.set(state.vector('gradient', x.length));
    lbfgs.#loss = state.optional('loss');
    lbfgs.#margin = state.number('margin');
    lbfgs.#evaluator.evaluations = state.number('evaluations');
    return lbfgs;
  }

  async #evaluateCurrent(): Promise<number> {
    const { loss, gradient } = await this.#evaluator.at(this.#x);
    if (!Number.isFinite(loss) || !Number.isFinite(dot(gradient, gradient))) throw notFinite('at the current picture');
    this.#gradient.set(gradient);
    this.#margin = 0;
    this.#loss = loss;
    return loss;
  }

  /** Writes the direction d and `#residual`; returns the slope Σ g_i d_i of the path at t = 0. */
  #computeDirection(gamma: number): number {
    const [x, g, lower, upper, margin] = [this.#x, this.#gradient, this.#lower, this.#upper, this.#margin];
    const sums = new Float64Array(2);
    this.#history.direction(
      gamma,
      (from, length, q) => reduce(x, g, lower, upper, margin, gamma, from, length, q),
      (from, length, r) => writeDirection(r, x, g, lower, upper, margin, gamma, from, length, this.#direction, sums),
    );
    this.#residual = sums[1]!;
    return sums[0]!;
  }

  /**
   * Step length of the first iteration, where nothing is known of the curvature. The published min(1, 1/|g|₁) changes a
   * picture by 1/N per pixel, too little for float32 losses; here the mean change is `firstStep`.
   */
  #firstScale(): number {
    const sums = new Float64Array(3);
    reducedNorms(this.#x, this.#gradient, this.#lower, this.#upper, this.#margin, sums);
    const [sum, largest, count] = [sums[0]!, sums[1]!, sums[2]!];
    const step = this.#firstStep;
    return sum > 0 ? Math.min((step * count) / sum, (FIRST_STEP_PEAK * step) / largest) : step;
  }

  #searchLine(loss: number, slope: number): Promise<Trial | undefined> {
    this.#finiteTrials = 0;
    this.#failedTrials = 0;
    return strongWolfe(
      {
        promise: (t) => this.#project(t),
        evaluate: (t, promised) => this.#evaluateTrial(t, promised),
        keep: () => (this.#kept ??= new Float32Array(this.#x.length)).set(this.#latest!.gradient),
      },
      { loss, slope },
      this.#search,
    );
  }

  /** Writes P(x + t d) to the trial buffer; returns g·(P(x + t d) − x). */
  #project(t: number): number {
    return projectedStep(this.#x, this.#direction, t, this.#gradient, this.#lower, this.#upper, this.#trial);
  }

  async #evaluateTrial(t: number, promised: number): Promise<Trial> {
    const { loss, gradient } = await this.#evaluator.at(this.#trial);
    const sums = new Float64Array(2);
    projectedSlope(gradient, this.#direction, this.#trial, this.#lower, this.#upper, sums);
    this.#latest = { t, gradient };
    const finite = Number.isFinite(loss) && Number.isFinite(sums[1]);
    if (finite) this.#finiteTrials++;
    else this.#failedTrials++;
    return { t, loss: finite ? loss : Infinity, slope: sums[0]!, promised };
  }

  #accept(trial: Trial): void {
    const latest = this.#latest!;
    if (trial.t !== latest.t) this.#project(trial.t);
    const gradient = trial.t === latest.t ? latest.gradient : this.#kept!;
    const [x, next, g, lower, upper, margin] = [
      this.#x,
      this.#trial,
      this.#gradient,
      this.#lower,
      this.#upper,
      this.#margin,
    ];
    const nextMargin = Math.min(MAX_MARGIN, this.#residual);
    this.#history.add(
      (block) => fillPair(block, x, next, this.#direction, trial.t, g, gradient, lower, upper, margin, nextMargin),
      (sy, ss, yy) => sy > MIN_COSINE * Math.sqrt(ss * yy),
    );
    this.#x = next;
    this.#trial = x;
    this.#loss = trial.loss;
    this.#margin = nextMargin;
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
  const { from, length, s, y, q, indices, errors } = block;
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
    s[j] = frozen ? 0 : unclamped < lower || unclamped > upper ? after - before : move;
    y[j] = change;
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
