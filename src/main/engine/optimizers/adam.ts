import { MadderError } from '../../../shared/errors.ts';
import {
  boxFrom,
  boxNumbers,
  Evaluator,
  finiteOnly,
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
import type { AdamVectors } from './adam-vectors.ts';
import { HOST, type VectorSpace } from './vector-space.ts';

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
  /**
   * Whether the best iterate is kept (true). Where only the average is wanted, the picture moves in place, in two vectors less, and
   * `best` is where it is.
   */
  readonly keepBest?: boolean | undefined;
  readonly onEvaluation?: OnEvaluation | undefined;
}

/**
 * Moments of another Adam with their number of steps, resized to this one's level (bicubic for `first`; bilinear, then
 * clipped at 0, for `second`): style transfer over levels continues more smoothly than from zero moments.
 */
export interface AdamMoments<V = Float32Array> {
  readonly first: V;
  readonly second: V;
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
export class Adam<V extends Vector = Float32Array> implements Optimizer<V> {
  /** May be changed between steps. */
  learningRate: number;
  readonly #beta1: number;
  readonly #beta2: number;
  readonly #epsilon: number;
  readonly #averageDecay: number;
  readonly #box: Box | undefined;
  readonly #evaluator: Evaluator<V>;
  readonly #vectors: AdamVectors<V>;
  /** Steps in the moments (k), and in the average (j). */
  #steps = 0;
  #averaged = 0;
  #bestLoss = Infinity;
  readonly #keepBest: boolean;
  /** Loss of the evaluation that `rebase` made, for the step that follows; its gradient is kept with the vectors. */
  #pendingLoss: number | undefined;

  /**
   * @param start belongs to the optimizer from then on; it is clamped into the box
   * @param from moments, which are copied, or the state of another Adam, whose vectors belong to this one from then on
   * @param space where the vectors live
   */
  constructor(
    objective: Objective<V>,
    start: Float32Array,
    options: AdamOptions = {},
    from?: AdamMoments | StateReader,
    space: VectorSpace<V> = HOST as VectorSpace<Vector> as VectorSpace<V>,
  ) {
    this.learningRate = options.learningRate ?? 0.02;
    this.#beta1 = options.beta1 ?? 0.9;
    this.#beta2 = options.beta2 ?? 0.99;
    this.#epsilon = options.epsilon ?? 1e-8;
    this.#averageDecay = options.averageDecay ?? 0.99;
    this.#keepBest = options.keepBest ?? true;
    this.#box = options.box;
    this.#evaluator = new Evaluator(objective, options.onEvaluation);
    if (from && !(from instanceof StateReader)) {
      const { first, second, steps } = from;
      if (first.length !== start.length || second.length !== start.length) {
        throw new MadderError('input', `Expected moments of ${start.length} values but received ${first.length}.`);
      }
      this.#steps = steps;
    }
    this.#vectors = space.adam(start, float32Box(options.box), this.#keepBest, from);
  }

  get current(): V {
    return this.#vectors.current;
  }

  /** Among the evaluated points, to which `current` does not belong yet. */
  get best(): { readonly x: V; readonly loss: number } {
    return { x: this.#keepBest ? this.#vectors.best : this.current, loss: this.#bestLoss };
  }

  get evaluations(): number {
    return this.#evaluator.evaluations;
  }

  /** The live moments, to be resized for the next level. */
  get moments(): AdamMoments<V> {
    return { first: this.#vectors.first, second: this.#vectors.second, steps: this.#steps };
  }

  /** The average of the iterates as a vector and what it has to be multiplied with; the start before the first step. */
  get shown(): { readonly x: V; readonly factor: number } {
    if (this.#averaged === 0) return { x: this.current, factor: 1 };
    return { x: this.#vectors.average, factor: 1 / (1 - this.#averageDecay ** this.#averaged) };
  }

  /** Bias-corrected average of the iterates, as a new vector; the start before the first step. */
  average(this: Adam): Float32Array {
    const { x, factor } = this.shown;
    return x.map((value) => value * factor);
  }

  /** @throws MadderError('optimization') when the loss or the gradient is not finite; nothing has moved then */
  async step(): Promise<Step> {
    const before = this.evaluations;
    let loss = this.#pendingLoss;
    let gradient: V | undefined;
    if (loss === undefined) ({ loss, gradient } = await this.#evaluate());
    if (loss < this.#bestLoss) this.#markBest(loss);
    this.#steps++;
    this.#averaged++;
    await this.#vectors.update(gradient, {
      rate: this.learningRate / (1 - this.#beta1 ** this.#steps),
      correction: 1 / (1 - this.#beta2 ** this.#steps),
      beta1: this.#beta1,
      beta2: this.#beta2,
      epsilon: this.#epsilon,
      averageDecay: this.#averageDecay,
    });
    this.#pendingLoss = undefined;
    return { loss, evaluations: this.evaluations - before, converged: undefined };
  }

  /**
   * The moments keep their pattern but take on the size of the new gradient g (m by r, v by r², r = |g| / |√v̂|):
   * zero moments would shake the whole picture by the learning rate, unscaled ones stall it for 1/(1 − β₂) steps.
   */
  async rebase(): Promise<void> {
    const { loss, gradient, squares } = await this.#evaluate();
    await this.#vectors.keep(gradient);
    this.#pendingLoss = loss;
    this.#markBest(loss);
    if (this.#steps === 0) return;
    const second = (await this.#vectors.sumOfSecond()) / (1 - this.#beta2 ** this.#steps);
    await this.#vectors.scaleMoments(second > 0 ? Math.sqrt(squares / second) : 0);
  }

  save(): OptimizerState<V> {
    const { current, best, first, second, average, kept } = this.#vectors;
    return {
      method: 'adam',
      numbers: {
        box: boxNumbers(this.#box),
        learningRate: [this.learningRate],
        beta1: [this.#beta1],
        beta2: [this.#beta2],
        epsilon: [this.#epsilon],
        averageDecay: [this.#averageDecay],
        keepBest: [Number(this.#keepBest)],
        steps: [this.#steps],
        averaged: [this.#averaged],
        evaluations: [this.evaluations],
        bestLoss: finiteOnly(this.#bestLoss),
        pendingLoss: this.#pendingLoss === undefined ? [] : [this.#pendingLoss],
      },
      vectors: {
        x: current,
        ...(best === current || !this.#keepBest ? {} : { best }),
        first,
        second,
        average,
        ...(kept === undefined ? {} : { pendingGradient: kept }),
      },
    };
  }

  /** Continues from a saved state, whose vectors belong to the optimizer from then on. */
  static restore<V extends Vector = Float32Array>(
    objective: Objective<V>,
    saved: OptimizerState,
    onEvaluation?: OnEvaluation,
    space?: VectorSpace<V>,
  ): Adam<V> {
    const state = new StateReader(saved, 'adam');
    const options: AdamOptions = {
      box: boxFrom(state.numbers('box')),
      learningRate: state.number('learningRate'),
      beta1: state.number('beta1'),
      beta2: state.number('beta2'),
      epsilon: state.number('epsilon'),
      averageDecay: state.number('averageDecay'),
      keepBest: (state.optionalNumbers('keepBest')?.[0] ?? 1) === 1,
      onEvaluation,
    };
    const adam = new Adam(objective, state.vector('x'), options, state, space);
    adam.#steps = state.number('steps');
    adam.#averaged = state.number('averaged');
    adam.#bestLoss = state.optional('bestLoss') ?? Infinity;
    adam.#pendingLoss = state.optional('pendingLoss');
    adam.#evaluator.evaluations = state.number('evaluations');
    return adam;
  }

  #markBest(loss: number): void {
    if (this.#keepBest) this.#vectors.markBest();
    this.#bestLoss = loss;
  }

  async #evaluate() {
    const { loss, gradient } = await this.#evaluator.at(this.current);
    const squares = await this.#vectors.squares(gradient);
    if (!Number.isFinite(loss) || !Number.isFinite(squares)) throw notFinite('at the current picture');
    return { loss, gradient, squares };
  }
}
