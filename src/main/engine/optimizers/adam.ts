import { MadderError } from '../../../shared/errors.ts';
import {
  boxFrom,
  boxNumbers,
  Evaluator,
  finiteOnly,
  float32Box,
  Iterates,
  notFinite,
  StateReader,
  type Box,
  type Evaluation,
  type Objective,
  type OnEvaluation,
  type Optimizer,
  type OptimizerState,
  type Step,
} from './optimizer.ts';
import { clamp, dot } from './vector.ts';

export interface AdamOptions {
  /** Bounds of every component; unbounded when missing. */
  readonly box?: Box | undefined;
  /** Learning rate in units of x (0.02). */
  readonly learningRate?: number | undefined;
  /** Decay of the gradient's mean (0.9). */
  readonly beta1?: number | undefined;
  /** Decay of the gradient's square (0.99, as in crowsonkb/style-transfer-pytorch; Kingma & Ba have 0.999). */
  readonly beta2?: number | undefined;
  /** Added to the root of the second moment (1e-8). */
  readonly epsilon?: number | undefined;
  /** Decay of the average of iterates (0.99). */
  readonly averageDecay?: number | undefined;
  readonly onEvaluation?: OnEvaluation | undefined;
}

/**
 * Moments of another Adam with their number of steps, resized to this one's level (bicubic for `first`; bilinear, then
 * clipped at 0, for `second`): style transfer over levels continues more smoothly than from zero moments.
 */
export interface AdamMoments {
  readonly first: Float32Array;
  readonly second: Float32Array;
  readonly steps: number;
}

/**
 * Adam (Kingma & Ba 2015, Algorithm 1) with a clamp to the box after every step and a bias-corrected exponential average
 * of the iterates (the result to show: `average`).
 *
 *     m ← β₁ m + (1 − β₁) g        v ← β₂ v + (1 − β₂) g²
 *     x ← P(x − η m / (1 − β₁ᵏ) / (√(v / (1 − β₂ᵏ)) + ε))
 *     a ← δ a + (1 − δ) x,   average = a / (1 − δʲ)
 */
export class Adam implements Optimizer {
  /** May be changed between steps. */
  learningRate: number;
  readonly #beta1: number;
  readonly #beta2: number;
  readonly #epsilon: number;
  readonly #averageDecay: number;
  readonly #box: Box | undefined;
  readonly #lower: number;
  readonly #upper: number;
  readonly #evaluator: Evaluator;
  readonly #first: Float32Array;
  readonly #second: Float32Array;
  /** Uncorrected average of iterates. */
  readonly #average: Float32Array;
  /** Steps in the moments (k), and in the average (j). */
  #steps = 0;
  #averaged = 0;
  #iterates: Iterates;
  /** The evaluation that `rebase` made, for the step that follows. */
  #pending: Evaluation | undefined;

  /**
   * @param start is copied, and clamped into the box
   * @param moments are copied
   */
  constructor(objective: Objective, start: Float32Array, options: AdamOptions = {}, moments?: AdamMoments) {
    this.learningRate = options.learningRate ?? 0.02;
    this.#beta1 = options.beta1 ?? 0.9;
    this.#beta2 = options.beta2 ?? 0.99;
    this.#epsilon = options.epsilon ?? 1e-8;
    this.#averageDecay = options.averageDecay ?? 0.99;
    this.#box = options.box;
    const { lower, upper } = float32Box(options.box);
    this.#lower = lower;
    this.#upper = upper;
    this.#evaluator = new Evaluator(objective, options.onEvaluation);
    const x = start.slice();
    clamp(x, lower, upper);
    this.#iterates = new Iterates(x);
    if (moments && (moments.first.length !== x.length || moments.second.length !== x.length)) {
      throw new MadderError('input', `Expected moments of ${x.length} values but received ${moments.first.length}.`);
    }
    this.#first = moments ? moments.first.slice() : new Float32Array(x.length);
    this.#second = moments ? moments.second.slice() : new Float32Array(x.length);
    this.#steps = moments?.steps ?? 0;
    this.#average = new Float32Array(x.length);
  }

  get current(): Float32Array {
    return this.#iterates.current;
  }

  /** Among the evaluated points, to which `current` does not belong yet. */
  get best(): { readonly x: Float32Array; readonly loss: number } {
    return this.#iterates.best;
  }

  get evaluations(): number {
    return this.#evaluator.evaluations;
  }

  /** The live moments, to be resized for the next level. */
  get moments(): AdamMoments {
    return { first: this.#first, second: this.#second, steps: this.#steps };
  }

  /** Bias-corrected average of the iterates, as a new vector; the start before the first step. */
  average(): Float32Array {
    if (this.#averaged === 0) return this.current.slice();
    const correction = 1 / (1 - this.#averageDecay ** this.#averaged);
    return this.#average.map((value) => value * correction);
  }

  /** @throws MadderError('optimization') when the loss or the gradient is not finite; nothing has moved then */
  async step(): Promise<Step> {
    const before = this.evaluations;
    const { loss, gradient } = this.#pending ?? (await this.#evaluate());
    this.#iterates.evaluated(loss);
    this.#steps++;
    this.#averaged++;
    const next = this.#iterates.spare();
    this.#update(gradient, next);
    this.#iterates.current = next;
    this.#pending = undefined;
    return { loss, evaluations: this.evaluations - before, converged: undefined };
  }

  /**
   * The moments keep their pattern but take on the size of the new gradient g (m by r, v by r², r = |g| / |√v̂|):
   * zero moments would shake the whole picture by the learning rate, unscaled ones stall it for 1/(1 − β₂) steps.
   */
  async rebase(): Promise<void> {
    const { loss, gradient } = await this.#evaluate();
    this.#pending = { loss, gradient: gradient.slice() };
    this.#iterates.best = { x: this.current, loss };
    if (this.#steps === 0) return;
    let squares = 0;
    for (let i = 0; i < this.#second.length; i++) squares += this.#second[i]!;
    squares /= 1 - this.#beta2 ** this.#steps;
    const ratio = squares > 0 ? Math.sqrt(dot(gradient, gradient) / squares) : 0;
    for (let i = 0; i < this.#first.length; i++) {
      this.#first[i]! *= ratio;
      this.#second[i]! *= ratio * ratio;
    }
  }

  save(): OptimizerState {
    const { best } = this.#iterates;
    return {
      method: 'adam',
      numbers: {
        box: boxNumbers(this.#box),
        learningRate: [this.learningRate],
        beta1: [this.#beta1],
        beta2: [this.#beta2],
        epsilon: [this.#epsilon],
        averageDecay: [this.#averageDecay],
        steps: [this.#steps],
        averaged: [this.#averaged],
        evaluations: [this.evaluations],
        bestLoss: finiteOnly(best.loss),
        pendingLoss: this.#pending ? [this.#pending.loss] : [],
      },
      vectors: {
        x: this.current,
        ...(best.x === this.current ? {} : { best: best.x }),
        first: this.#first,
        second: this.#second,
        average: this.#average,
        ...(this.#pending ? { pendingGradient: this.#pending.gradient } : {}),
      },
    };
  }

  /** Continues from a saved state, whose vectors are copied. */
  static restore(objective: Objective, saved: OptimizerState, onEvaluation?: OnEvaluation): Adam {
    const state = new StateReader(saved, 'adam');
    const x = state.vector('x');
    const n = x.length;
    const adam = new Adam(
      objective,
      x,
      {
        box: boxFrom(state.numbers('box')),
        learningRate: state.number('learningRate'),
        beta1: state.number('beta1'),
        beta2: state.number('beta2'),
        epsilon: state.number('epsilon'),
        averageDecay: state.number('averageDecay'),
        onEvaluation,
      },
      { first: state.vector('first', n), second: state.vector('second', n), steps: state.number('steps') },
    );
    adam.#iterates = Iterates.restore(state);
    adam.#average.set(state.vector('average', n));
    adam.#averaged = state.number('averaged');
    adam.#evaluator.evaluations = state.number('evaluations');
    const loss = state.optional('pendingLoss');
    if (loss !== undefined) adam.#pending = { loss, gradient: state.vector('pendingGradient', n).slice() };
    return adam;
  }

  async #evaluate(): Promise<Evaluation> {
    const evaluation = await this.#evaluator.at(this.current);
    if (!Number.isFinite(evaluation.loss) || !Number.isFinite(dot(evaluation.gradient, evaluation.gradient))) {
      throw notFinite('at the current picture');
    }
    return evaluation;
  }

  #update(gradient: Float32Array, next: Float32Array): void {
    const [x, first, second, average] = [this.current, this.#first, this.#second, this.#average];
    const [beta1, beta2, decay, lower, upper] = [
      this.#beta1,
      this.#beta2,
      this.#averageDecay,
      this.#lower,
      this.#upper,
    ];
    const rate = this.learningRate / (1 - beta1 ** this.#steps);
    const correction = 1 / (1 - beta2 ** this.#steps);
    const epsilon = this.#epsilon;
    for (let i = 0; i < x.length; i++) {
      const g = gradient[i]!;
      const m = beta1 * first[i]! + (1 - beta1) * g;
      const v = beta2 * second[i]! + (1 - beta2) * g * g;
      first[i] = m;
      second[i] = v;
      let to = x[i]! - (rate * m) / (Math.sqrt(v * correction) + epsilon);
      if (to < lower) to = lower;
      else if (to > upper) to = upper;
      next[i] = to;
      average[i] = decay * average[i]! + (1 - decay) * to;
    }
  }
}
