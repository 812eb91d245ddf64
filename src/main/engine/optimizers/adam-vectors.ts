import type { AdamMoments } from './adam.ts';
import { Iterates, StateReader, type Box, type Later } from './optimizer.ts';
import { clamp, dot } from './vector.ts';

/** The numbers of one step of Adam. */
export interface AdamStep {
  /** η / (1 − β₁ᵏ). */
  readonly rate: number;
  /** 1 / (1 − β₂ᵏ). */
  readonly correction: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** δ, of the average of iterates. */
  readonly averageDecay: number;
}

/** The vectors of an Adam run and what is done with them. Only numbers leave the place where the vectors are. */
export interface AdamVectors<V> {
  readonly current: V;
  readonly best: V;
  /** m, v and the average of iterates, all without bias correction. */
  readonly first: V;
  readonly second: V;
  readonly average: V;
  /** A gradient that the next step will start from, see `keep`. */
  readonly kept: V | undefined;
  /** Σ g_i², which is finite exactly when g is. */
  squares(gradient: V): Later<number>;
  /** Copies a gradient for the step that follows. */
  keep(gradient: V): Later<void>;
  /** The current point is the best one. */
  markBest(): void;
  /** One step from the current point, with this gradient or the one that was kept, which is forgotten. */
  update(gradient: V | undefined, step: AdamStep): Later<void>;
  /** Σ v_i. */
  sumOfSecond(): Later<number>;
  /** m ← r m, v ← r² v. */
  scaleMoments(ratio: number): Later<void>;
}

/** The vectors in the host's memory. */
export class HostAdamVectors implements AdamVectors<Float32Array> {
  readonly first: Float32Array;
  readonly second: Float32Array;
  readonly average: Float32Array;
  kept: Float32Array | undefined;
  readonly #lower: number;
  readonly #upper: number;
  readonly #keepsBest: boolean;
  readonly #iterates: Iterates;

  /**
   * @param start is taken over, and clamped into the box
   * @param keepsBest whether the best point is kept apart from the current one, which otherwise moves in place
   * @param from moments to begin with, which are copied, or the state that has every vector, which are taken over
   */
  constructor(
    start: Float32Array,
    { lower, upper }: Box,
    keepsBest: boolean,
    from: AdamMoments | StateReader | undefined,
  ) {
    const n = start.length;
    this.#keepsBest = keepsBest;
    this.#lower = lower;
    this.#upper = upper;
    if (from instanceof StateReader) {
      this.#iterates = Iterates.restore(from);
      this.first = from.vector('first', n);
      this.second = from.vector('second', n);
      this.average = from.vector('average', n);
      if (from.has('pendingGradient')) this.kept = from.vector('pendingGradient', n);
    } else {
      clamp(start, lower, upper);
      this.#iterates = new Iterates(start);
      this.first = from ? from.first.slice() : new Float32Array(n);
      this.second = from ? from.second.slice() : new Float32Array(n);
      this.average = new Float32Array(n);
    }
  }

  get current(): Float32Array {
    return this.#iterates.current;
  }

  get best(): Float32Array {
    return this.#iterates.best.x;
  }

  squares(gradient: Float32Array): number {
    return dot(gradient, gradient);
  }

  keep(gradient: Float32Array): void {
    this.kept = gradient.slice();
  }

  markBest(): void {
    this.#iterates.best = { x: this.current, loss: -Infinity };
  }

  update(gradient: Float32Array | undefined, step: AdamStep): void {
    const next = this.#keepsBest ? this.#iterates.spare() : this.current;
    this.#move(gradient ?? this.kept!, step, next);
    this.#iterates.current = next;
    this.kept = undefined;
  }

  sumOfSecond(): number {
    let sum = 0;
    for (let i = 0; i < this.second.length; i++) sum += this.second[i]!;
    return sum;
  }

  scaleMoments(ratio: number): void {
    for (let i = 0; i < this.first.length; i++) {
      this.first[i]! *= ratio;
      this.second[i]! *= ratio * ratio;
    }
  }

  #move(gradient: Float32Array, step: AdamStep, next: Float32Array): void {
    const [x, first, second, average] = [this.current, this.first, this.second, this.average];
    const { rate, correction, beta1, beta2, epsilon, averageDecay: decay } = step;
    const [lower, upper] = [this.#lower, this.#upper];
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
