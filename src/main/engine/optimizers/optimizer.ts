import { MadderError } from '../../../shared/errors.ts';

/** A value, or the promise of one: what the host has at once, a device says later. */
export type Later<T> = T | Promise<T>;

/** A vector wherever it is: an array of the host, or a tensor of a device. */
export interface Vector {
  readonly length: number;
}

/** Loss (float64) and its gradient at x. `gradient` is only valid until the next call; x must not be kept. */
export type Objective<V = Float32Array> = (x: V) => Promise<Evaluation<V>>;

/** What an objective returns. */
export interface Evaluation<V = Float32Array> {
  readonly loss: number;
  readonly gradient: V;
}

/**
 * Why an optimizer cannot improve further: the (projected) gradient vanished, the change became smaller than a
 * tolerance, or no step along the negative gradient lowers the loss (usually: float32 is exhausted).
 */
export type Convergence = 'gradient' | 'change' | 'line-search';

/** Result of one iteration. */
export interface Step {
  /** L-BFGS: loss at the new `current`. Adam: loss at the point that the step started from. */
  readonly loss: number;
  /** Evaluations that this iteration took. */
  readonly evaluations: number;
  readonly converged: Convergence | undefined;
}

/** Bounds that hold for every component of x. */
export interface Box {
  readonly lower: number;
  readonly upper: number;
}

/** The range of a picture's values. */
export const UNIT_BOX: Box = { lower: 0, upper: 1 };

/** Called after every evaluation with its loss and the number of evaluations so far; may throw to stop. */
export type OnEvaluation = (loss: number, evaluations: number) => void;

/**
 * A minimizer over float32 vectors of kind V. Whatever an objective or `onEvaluation` throws leaves the optimizer usable: `best` is kept,
 * and the next `step()` repeats the interrupted evaluation or line search.
 */
export interface Optimizer<V = Float32Array> {
  /** Runs one iteration (one or more evaluations; each is also reported through `onEvaluation`, which may throw). */
  step(): Promise<Step>;
  /** The current point. The vector belongs to the optimizer and changes with the next `step()`. */
  readonly current: V;
  /** The point with the lowest loss so far (Infinity before the first evaluation); the vector is the optimizer's too. */
  readonly best: { readonly x: V; readonly loss: number };
  /** Evaluations so far, also across `restore`. */
  readonly evaluations: number;
  /** The objective changed (a weight moved): re-evaluates at `current`, forgets curvature, rebases `best`. */
  rebase(): Promise<void>;
  /**
   * Everything that is needed to continue bit-identically after a restart. **The vectors are the live ones** (a copy
   * would double the memory of a large run): write or clone them before the next `step()`.
   */
  save(): OptimizerState<V>;
}

/**
 * A saved optimizer: finite numbers and vectors only, float32 or the bit patterns of bfloat16, so that JSON plus any tensor container
 * can hold it.
 */
export interface OptimizerState<V = Float32Array> {
  readonly method: 'lbfgs' | 'lbfgs-published' | 'adam';
  readonly numbers: Readonly<Record<string, readonly number[]>>;
  readonly vectors: Readonly<Record<string, V | Uint16Array>>;
}

/** Reads back what `save` wrote and refuses a state that lacks it. */
export class StateReader {
  readonly #state: OptimizerState;

  constructor(state: OptimizerState, method: OptimizerState['method']) {
    if (state.method !== method) {
      throw new MadderError('input', `Expected the saved state of "${method}" but received one of "${state.method}".`);
    }
    this.#state = state;
  }

  numbers(name: string): readonly number[] {
    const values = this.#state.numbers[name];
    if (!values)
      throw new MadderError('input', `The saved optimizer state lacks "${name}"; the checkpoint is damaged.`);
    return values;
  }

  number(name: string): number {
    const [value] = this.numbers(name);
    if (value === undefined) {
      throw new MadderError('input', `The saved optimizer state lacks "${name}"; the checkpoint is damaged.`);
    }
    return value;
  }

  /** A number that may be absent, which stands for an infinite one. */
  optional(name: string): number | undefined {
    return this.numbers(name)[0];
  }

  /** What states of before did not have. */
  optionalNumbers(name: string): readonly number[] | undefined {
    return this.#state.numbers[name];
  }

  has(vector: string): boolean {
    return this.#state.vectors[vector] !== undefined;
  }

  /** A vector of the given length (of any length when it is undefined). */
  vector(name: string, length?: number): Float32Array {
    const vector = this.#state.vectors[name];
    if (!(vector instanceof Float32Array) || (length !== undefined && vector.length !== length)) {
      throw new MadderError('input', `The saved optimizer state lacks "${name}"; the checkpoint is damaged.`);
    }
    return vector;
  }

  /** A vector of the given length in bfloat16. */
  bits(name: string, length: number): Uint16Array {
    const vector = this.#state.vectors[name];
    if (!(vector instanceof Uint16Array) || vector.length !== length) {
      throw new MadderError('input', `The saved optimizer state lacks "${name}"; the checkpoint is damaged.`);
    }
    return vector;
  }
}

/** An infinite number as an absent one, because JSON has no infinities. */
export function finiteOnly(value: number): number[] {
  return Number.isFinite(value) ? [value] : [];
}

/** A box as numbers of a state: none when unbounded. */
export function boxNumbers(box: Box | undefined): number[] {
  return box ? [box.lower, box.upper] : [];
}

/** Inverse of `boxNumbers`. */
export function boxFrom(numbers: readonly number[]): Box | undefined {
  const [lower, upper] = numbers;
  return lower === undefined || upper === undefined ? undefined : { lower, upper };
}

/** The box rounded to float32 (the precision of x); infinite bounds when there is none. */
export function float32Box(box: Box | undefined): Box {
  if (!box) return { lower: -Infinity, upper: Infinity };
  if (!(box.lower < box.upper)) {
    throw new MadderError(
      'input',
      `Expected a lower bound below the upper one but received ${box.lower} and ${box.upper}.`,
    );
  }
  return { lower: Math.fround(box.lower), upper: Math.fround(box.upper) };
}

/** Counts and reports evaluations. */
export class Evaluator<V extends Vector> {
  evaluations = 0;
  readonly #objective: Objective<V>;
  readonly #onEvaluation: OnEvaluation | undefined;

  constructor(objective: Objective<V>, onEvaluation: OnEvaluation | undefined) {
    this.#objective = objective;
    this.#onEvaluation = onEvaluation;
  }

  async at(x: V): Promise<Evaluation<V>> {
    const evaluation = await this.#objective(x);
    if (evaluation.gradient.length !== x.length) {
      throw new Error(`expected a gradient of ${x.length} values but received ${evaluation.gradient.length}`);
    }
    this.evaluations++;
    this.#onEvaluation?.(evaluation.loss, this.evaluations);
    return evaluation;
  }
}

/**
 * Current point, best point and a spare one. Moving writes into a buffer that is neither current nor best, so the best
 * iterate of a non-monotone method is kept without ever copying a picture.
 */
export class Iterates {
  current: Float32Array;
  best: { x: Float32Array; loss: number };
  readonly #buffers: Float32Array[];

  constructor(x: Float32Array, best: { x: Float32Array; loss: number } = { x, loss: Infinity }) {
    this.current = x;
    this.best = best;
    this.#buffers = [...new Set([x, best.x])];
  }

  /** A buffer to write the next point into. */
  spare(): Float32Array {
    let spare = this.#buffers.find((buffer) => buffer !== this.current && buffer !== this.best.x);
    if (!spare) this.#buffers.push((spare = new Float32Array(this.current.length)));
    return spare;
  }

  /** From the vectors `x` and `best` (absent when they are one), which are taken over, and the number `bestLoss`. */
  static restore(state: StateReader): Iterates {
    const x = state.vector('x');
    const best = state.has('best') ? state.vector('best', x.length) : x;
    return new Iterates(x, { x: best, loss: state.optional('bestLoss') ?? Infinity });
  }

  /** The loss at `current` is known. */
  evaluated(loss: number): void {
    if (loss < this.best.loss) this.best = { x: this.current, loss };
  }
}

/** The error for a point from which no search can continue. */
export function notFinite(where: string): MadderError {
  return new MadderError(
    'optimization',
    `The loss or its gradient is not finite ${where}; lower the weights or start from another picture.`,
  );
}
