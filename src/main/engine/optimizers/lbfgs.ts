import { historyFor, type PairPrecision } from './history.ts';
import type { LbfgsVectors } from './lbfgs-vectors.ts';
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
  type Vector,
} from './optimizer.ts';
import { HOST, type VectorSpace } from './vector-space.ts';

export interface LbfgsOptions {
  /** Bounds of every component; unbounded when missing. */
  readonly box?: Box | undefined;
  /** Curvature pairs (20). Together with `memoryBudgetBytes` the smaller number counts. */
  readonly history?: number | undefined;
  /** Memory for curvature pairs, 8 bytes per component and pair. */
  readonly memoryBudgetBytes?: number | undefined;
  /** How pairs are kept (single); in half precision they take half the memory. Only on the host. */
  readonly pairPrecision?: PairPrecision | undefined;
  /**
   * Whether a line search keeps the gradient of a trial that it may come back to (true). Otherwise it takes a vector less, and where it
   * comes back, which is seldom, one evaluation more.
   */
  readonly keepGradients?: boolean | undefined;
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
 * Every accepted point has a lower loss than the one before (in the sample of `redraw`, where there are several), so
 * `best` always is `current`.
 */
export class Lbfgs<V extends Vector = Float32Array> implements Optimizer<V> {
  readonly #firstStep: number;
  readonly #gradientTolerance: number;
  readonly #search: SearchOptions;
  readonly #keepGradients: boolean;
  readonly #box: Box | undefined;
  readonly #evaluator: Evaluator<V>;
  readonly #vectors: LbfgsVectors<V>;
  /** The latest trial of the running line search, and how many of its trials were finite or not. */
  #latest: { readonly t: number; readonly gradient: V } | undefined;
  #finiteTrials = 0;
  #failedTrials = 0;
  /** Loss at the current point, whose gradient is known then, too. */
  #loss: number | undefined;
  /** Held components lie within this of their bound. */
  #margin = 0;
  /** How far x is from stationary, see `Direction`. */
  #residual = 0;

  /**
   * @param start belongs to the optimizer from then on; it is clamped into the box
   * @param space where the vectors live
   * @param saved has the curvature pairs and the gradient
   */
  constructor(
    objective: Objective<V>,
    start: Float32Array,
    options: LbfgsOptions = {},
    space: VectorSpace<V> = HOST as VectorSpace<Vector> as VectorSpace<V>,
    saved?: StateReader,
  ) {
    const n = start.length;
    const budget = options.memoryBudgetBytes === undefined ? Infinity : historyFor(n, options.memoryBudgetBytes);
    const capacity = Math.min(options.history ?? (budget < Infinity ? 100 : 20), budget);
    const precision = options.pairPrecision ?? 'single';
    this.#firstStep = options.firstStep ?? 0.01;
    this.#gradientTolerance = options.gradientTolerance ?? 0;
    this.#search = {
      decrease: options.decrease ?? 1e-4,
      curvature: options.curvature ?? 0.9,
      maxEvaluations: options.maxEvaluations ?? 20,
    };
    this.#keepGradients = options.keepGradients ?? true;
    this.#box = options.box;
    this.#evaluator = new Evaluator(objective, options.onEvaluation);
    this.#vectors = space.lbfgs(start, float32Box(options.box), saved ?? { capacity, precision });
  }

  get current(): V {
    return this.#vectors.x;
  }

  get best(): { x: V; loss: number } {
    return { x: this.#vectors.x, loss: this.#loss ?? Infinity };
  }

  get evaluations(): number {
    return this.#evaluator.evaluations;
  }

  /** Curvature pairs in use. */
  get pairs(): number {
    return this.#vectors.pairs;
  }

  /** Curvature pairs that the memory allows. */
  get capacity(): number {
    return this.#vectors.capacity;
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
      const quasiNewton = this.#vectors.pairs > 0;
      const gamma = quasiNewton ? this.#vectors.gamma : await this.#firstScale();
      const { slope, residual } = await this.#vectors.computeDirection(gamma, this.#margin);
      this.#residual = residual;
      if (this.#residual <= this.#gradientTolerance * gamma) return done('gradient');
      if (slope < 0) {
        const trial = await this.#searchLine(loss, slope);
        if (trial) {
          await this.#accept(trial);
          return done(undefined);
        }
        if (!quasiNewton && this.#failedTrials > 0 && this.#finiteTrials === 0) {
          throw notFinite('anywhere near the current picture');
        }
      }
      // Old curvature may be to blame: once more along the projected gradient.
      if (!quasiNewton) return done('line-search');
      this.#vectors.clearPairs();
    }
  }

  async rebase(): Promise<void> {
    this.#vectors.clearPairs();
    this.#loss = undefined;
    await this.#evaluateCurrent();
  }

  /**
   * The next sample of an objective that is drawn at random: re-evaluates at `current` and keeps curvature. Every pair
   * then is of two gradients of one sample, which is what keeps H positive definite and the differences free of the
   * samples' own (Schraudolph, Yu and Günter 2007, "A stochastic quasi-Newton method for online convex optimization",
   * section 3.2; Berahas, Nocedal and Takáč 2016, "A multi-batch L-BFGS method for machine learning").
   */
  async redraw(): Promise<void> {
    const margin = this.#margin;
    await this.#evaluateCurrent();
    this.#margin = margin;
  }

  save(): OptimizerState<V> {
    const { numbers, vectors } = this.#vectors.save();
    return {
      method: 'lbfgs',
      numbers: {
        ...numbers,
        box: boxNumbers(this.#box),
        evaluations: [this.evaluations],
        loss: this.#loss === undefined ? [] : [this.#loss],
        margin: [this.#margin],
        firstStep: [this.#firstStep],
        gradientTolerance: [this.#gradientTolerance],
        decrease: [this.#search.decrease],
        curvature: [this.#search.curvature],
        maxEvaluations: [this.#search.maxEvaluations],
        keepGradients: [Number(this.#keepGradients)],
      },
      vectors,
    };
  }

  /** Continues from a saved state, whose vectors belong to the optimizer from then on. */
  static restore<V extends Vector = Float32Array>(
    objective: Objective<V>,
    saved: OptimizerState,
    onEvaluation?: OnEvaluation,
    space?: VectorSpace<V>,
  ): Lbfgs<V> {
    const state = new StateReader(saved, 'lbfgs');
    const options: LbfgsOptions = {
      box: boxFrom(state.numbers('box')),
      decrease: state.number('decrease'),
      curvature: state.number('curvature'),
      firstStep: state.number('firstStep'),
      gradientTolerance: state.number('gradientTolerance'),
      maxEvaluations: state.number('maxEvaluations'),
      keepGradients: (state.optionalNumbers('keepGradients')?.[0] ?? 1) === 1,
      onEvaluation,
    };
    const lbfgs = new Lbfgs(objective, state.vector('x'), options, space, state);
    lbfgs.#loss = state.optional('loss');
    lbfgs.#margin = state.number('margin');
    lbfgs.#evaluator.evaluations = state.number('evaluations');
    return lbfgs;
  }

  async #evaluateCurrent(): Promise<number> {
    const { loss, gradient } = await this.#evaluator.at(this.#vectors.x);
    const squares = await this.#vectors.setGradient(gradient);
    if (!Number.isFinite(loss) || !Number.isFinite(squares)) throw notFinite('at the current picture');
    this.#margin = 0;
    this.#loss = loss;
    return loss;
  }

  /**
   * Step length of the first iteration, where nothing is known of the curvature. The published min(1, 1/|g|₁) changes a
   * picture by 1/N per pixel, too little for float32 losses; here the mean change is `firstStep`.
   */
  async #firstScale(): Promise<number> {
    const { sum, largest, free } = await this.#vectors.reducedNorms(this.#margin);
    const step = this.#firstStep;
    return sum > 0 ? Math.min((step * free) / sum, (FIRST_STEP_PEAK * step) / largest) : step;
  }

  #searchLine(loss: number, slope: number): Promise<Trial | undefined> {
    this.#finiteTrials = 0;
    this.#failedTrials = 0;
    return strongWolfe(
      {
        promise: (t) => this.#vectors.project(t),
        evaluate: (t, promised) => this.#evaluateTrial(t, promised),
        keep: () => (this.#keepGradients ? this.#vectors.keep(this.#latest!.gradient) : undefined),
      },
      { loss, slope },
      this.#search,
    );
  }

  async #evaluateTrial(t: number, promised: number): Promise<Trial> {
    const { loss, gradient } = await this.#evaluator.at(this.#vectors.trial);
    const { slope, squares } = await this.#vectors.slopeAtTrial(gradient);
    this.#latest = { t, gradient };
    const finite = Number.isFinite(loss) && Number.isFinite(squares);
    if (finite) this.#finiteTrials++;
    else this.#failedTrials++;
    return { t, loss: finite ? loss : Infinity, slope, promised };
  }

  async #accept(trial: Trial): Promise<void> {
    const latest = this.#latest!;
    const isLatest = trial.t === latest.t;
    if (!isLatest) await this.#vectors.project(trial.t);
    const again = isLatest || this.#keepGradients ? undefined : await this.#evaluator.at(this.#vectors.trial);
    const margin = Math.min(MAX_MARGIN, this.#residual);
    await this.#vectors.accept(
      trial.t,
      isLatest ? latest.gradient : again?.gradient,
      { before: this.#margin, after: margin },
      (sy, ss, yy) => sy > MIN_COSINE * Math.sqrt(ss * yy),
    );
    this.#loss = trial.loss;
    this.#margin = margin;
  }
}
