import { CurvatureHistory } from './history.ts';
import {
  boxFrom,
  boxNumbers,
  Evaluator,
  finiteOnly,
  Iterates,
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
import { clamp, dot, largestMagnitude, sumOfMagnitudes } from './vector.ts';

export interface PublishedLbfgsOptions {
  /** Clamps x in place at the start of every evaluation, as in the article's notebook; none when missing. */
  readonly box?: Box | undefined;
  /** Step length t of every iteration but the first (1). */
  readonly learningRate?: number | undefined;
  /** Curvature pairs (100). */
  readonly history?: number | undefined;
  /** A call ends when max |g| is at most this (1e-7); -1 switches it off. */
  readonly gradientTolerance?: number | undefined;
  /** A call ends when the loss or every component changes by less than this (1e-9); -1 switches it off. */
  readonly changeTolerance?: number | undefined;
  /** Iterations per call (20). */
  readonly maxIterations?: number | undefined;
  /** Evaluations per call (maxIterations · 5/4). */
  readonly maxEvaluations?: number | undefined;
  readonly onEvaluation?: OnEvaluation | undefined;
}

/** A pair is stored when s·y exceeds this. */
const MIN_CURVATURE = 1e-10;

/**
 * torch.optim.LBFGS without line search, as published style transfers used it: x ← x − t H g with t = lr (at first
 * t = lr · min(1, 1/|g|₁)), whatever the loss does then.
 *
 * PyTorch's `step(closure)` runs up to `max_iter` iterations, evaluates once more at the start of every call, and keeps
 * the history over calls. Here `step()` runs **one** of these iterations, so that a run can pause or change weights after
 * each, and the boundaries of the calls are counted: the sequence of evaluations is PyTorch's. A `converged` step ended a
 * call by a tolerance; the notebooks call again, and so may the caller.
 *
 * Two properties to know: s is t d even where the clamp shortened the move, and a call's last iteration moves without
 * evaluating, so its `loss` is that of the point before.
 */
export class PublishedLbfgs implements Optimizer {
  readonly #box: Box | undefined;
  readonly #lower: number;
  readonly #upper: number;
  readonly #learningRate: number;
  readonly #gradientTolerance: number;
  readonly #changeTolerance: number;
  readonly #maxIterations: number;
  readonly #maxEvaluations: number;
  readonly #evaluator: Evaluator<Float32Array>;
  #history: CurvatureHistory;
  #iterates: Iterates;
  readonly #direction: Float32Array;
  /** t of the latest move; 0 before the first. */
  #stepLength = 0;
  /** Gradient at the point that the latest move started from. */
  readonly #previous: Float32Array;
  /** Gradient at `current`, when `#loss` is known. */
  readonly #gradient: Float32Array;
  #loss: number | undefined;
  /** Iterations and evaluations of the running call; both 0 between calls. */
  #callIterations = 0;
  #callEvaluations = 0;

  /** @param start belongs to the optimizer from then on; a box clamps it with the first evaluation */
  constructor(objective: Objective, start: Float32Array, options: PublishedLbfgsOptions = {}) {
    const n = start.length;
    this.#box = options.box;
    const { lower, upper } = float32Box(options.box);
    this.#lower = lower;
    this.#upper = upper;
    this.#learningRate = options.learningRate ?? 1;
    this.#gradientTolerance = options.gradientTolerance ?? 1e-7;
    this.#changeTolerance = options.changeTolerance ?? 1e-9;
    this.#maxIterations = options.maxIterations ?? 20;
    this.#maxEvaluations = options.maxEvaluations ?? Math.floor((this.#maxIterations * 5) / 4);
    this.#evaluator = new Evaluator(objective, options.onEvaluation);
    this.#history = new CurvatureHistory(n, options.history ?? 100);
    this.#iterates = new Iterates(start);
    this.#direction = new Float32Array(n);
    this.#previous = new Float32Array(n);
    this.#gradient = new Float32Array(n);
  }

  get current(): Float32Array {
    return this.#iterates.current;
  }

  get best(): { readonly x: Float32Array; readonly loss: number } {
    return this.#iterates.best;
  }

  get evaluations(): number {
    return this.#evaluator.evaluations;
  }

  /** @throws MadderError('optimization') when the loss or the gradient is not finite: the method has no way back */
  async step(): Promise<Step> {
    const before = this.evaluations;
    let loss = await this.#startCall();
    const done = (converged: Step['converged']): Step => {
      if (converged) this.#endCall();
      return { loss, evaluations: this.evaluations - before, converged };
    };
    if (largestMagnitude(this.#gradient) <= this.#gradientTolerance) return done('gradient');

    this.#callIterations++;
    const slope = this.#computeDirection();
    if (slope > -this.#changeTolerance) return done('change');
    this.#move();
    const last = this.#callIterations === this.#maxIterations;
    if (last) {
      this.#endCall();
      return done(undefined);
    }
    const previousLoss = loss;
    loss = await this.#evaluate();
    if (this.#callEvaluations >= this.#maxEvaluations) {
      this.#endCall();
      return done(undefined);
    }
    if (largestMagnitude(this.#gradient) <= this.#gradientTolerance) return done('gradient');
    const largestMove = this.#stepLength * largestMagnitude(this.#direction);
    if (largestMove <= this.#changeTolerance || Math.abs(loss - previousLoss) < this.#changeTolerance) {
      return done('change');
    }
    return done(undefined);
  }

  async rebase(): Promise<void> {
    this.#history.clear();
    this.#stepLength = 0;
    this.#endCall();
    this.#iterates.best = { x: this.current, loss: Infinity };
    await this.#evaluate();
  }

  save(): OptimizerState {
    const history = this.#history.save();
    const { best } = this.#iterates;
    return {
      method: 'lbfgs-published',
      numbers: {
        ...history.numbers,
        box: boxNumbers(this.#box),
        learningRate: [this.#learningRate],
        gradientTolerance: [this.#gradientTolerance],
        changeTolerance: [this.#changeTolerance],
        maxIterations: [this.#maxIterations],
        maxEvaluations: [this.#maxEvaluations],
        stepLength: [this.#stepLength],
        callIterations: [this.#callIterations],
        callEvaluations: [this.#callEvaluations],
        evaluations: [this.evaluations],
        bestLoss: finiteOnly(best.loss),
        loss: this.#loss === undefined ? [] : [this.#loss],
      },
      vectors: {
        ...history.vectors,
        x: this.current,
        ...(best.x === this.current ? {} : { best: best.x }),
        direction: this.#direction,
        gradient: this.#gradient,
        previous: this.#previous,
      },
    };
  }

  /** Continues from a saved state, whose vectors belong to the optimizer from then on. */
  static restore(objective: Objective, saved: OptimizerState, onEvaluation?: OnEvaluation): PublishedLbfgs {
    const state = new StateReader(saved, 'lbfgs-published');
    const x = state.vector('x');
    const n = x.length;
    const lbfgs = new PublishedLbfgs(objective, x, {
      box: boxFrom(state.numbers('box')),
      learningRate: state.number('learningRate'),
      history: state.number('capacity'),
      gradientTolerance: state.number('gradientTolerance'),
      changeTolerance: state.number('changeTolerance'),
      maxIterations: state.number('maxIterations'),
      maxEvaluations: state.number('maxEvaluations'),
      onEvaluation,
    });
    lbfgs.#history = CurvatureHistory.restore(n, state);
    lbfgs.#iterates = Iterates.restore(state);
    lbfgs.#direction.set(state.vector('direction', n));
    lbfgs.#gradient.set(state.vector('gradient', n));
    lbfgs.#previous.set(state.vector('previous', n));
    lbfgs.#stepLength = state.number('stepLength');
    lbfgs.#callIterations = state.number('callIterations');
    lbfgs.#callEvaluations = state.number('callEvaluations');
    lbfgs.#evaluator.evaluations = state.number('evaluations');
    lbfgs.#loss = state.optional('loss');
    return lbfgs;
  }

  /** The loss at `current`; every call starts by evaluating, even where the loss is known. */
  async #startCall(): Promise<number> {
    return this.#loss ?? (await this.#evaluate());
  }

  #endCall(): void {
    this.#callIterations = 0;
    this.#callEvaluations = 0;
    this.#loss = undefined;
  }

  async #evaluate(): Promise<number> {
    const x = this.current;
    if (this.#box) clamp(x, this.#lower, this.#upper);
    const { loss, gradient } = await this.#evaluator.at(x);
    this.#callEvaluations++;
    if (!Number.isFinite(loss) || !Number.isFinite(dot(gradient, gradient))) {
      throw notFinite('after an unchecked step');
    }
    this.#gradient.set(gradient);
    this.#loss = loss;
    this.#iterates.evaluated(loss);
    return loss;
  }

  /** Takes over the latest move as a pair, writes d and t, and returns g·d. */
  #computeDirection(): number {
    const [g, previous, d, t] = [this.#gradient, this.#previous, this.#direction, this.#stepLength];
    if (t === 0) {
      for (let i = 0; i < g.length; i++) d[i] = -g[i]!;
      previous.set(g);
      this.#stepLength = Math.min(1, 1 / sumOfMagnitudes(g)) * this.#learningRate;
    } else {
      this.#history.add(
        ({ from, length, s, y, at, q }) => {
          for (let i = 0; i < length; i++) {
            const j = from + i;
            s[at + i] = t * d[j]!;
            y[at + i] = g[j]! - previous[j]!;
            q[i] = g[j]!;
            previous[j] = g[j]!;
          }
        },
        (sy) => sy > MIN_CURVATURE,
      );
      const { gamma } = this.#history;
      this.#history.direction(
        gamma,
        (from, length, q) => {
          for (let i = 0; i < length; i++) q[i] = gamma * g[from + i]!;
        },
        (from, length, r) => {
          for (let i = 0; i < length; i++) d[from + i] = -r[i]!;
        },
      );
      this.#stepLength = this.#learningRate;
    }
    return dot(g, d);
  }

  #move(): void {
    const [x, d, t, next] = [this.current, this.#direction, this.#stepLength, this.#iterates.spare()];
    for (let i = 0; i < x.length; i++) next[i] = x[i]! + t * d[i]!;
    this.#iterates.current = next;
    this.#loss = undefined;
  }
}
