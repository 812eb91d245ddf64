import type { Recipe } from '../../../shared/recipe.ts';

/** Latest evaluations that the median is taken over: one slow evaluation does not make the time left jump. */
const WINDOW = 15;

/** Time per evaluation and time left: the median of the latest evaluations, scaled by pixels for later levels. */
export class Timing {
  readonly #recent: number[] = [];
  readonly #levels: Recipe['schedule']['levels'];
  readonly #sizes: readonly number[];
  readonly #level: number;
  #last = performance.now();

  /** @param sizes pixels of each level's picture */
  constructor(levels: Recipe['schedule']['levels'], sizes: readonly number[], level: number) {
    this.#levels = levels;
    this.#sizes = sizes;
    this.#level = level;
  }

  /** Time that passes until `lap` counts from here: pauses are not work. */
  restart(): void {
    this.#last = performance.now();
  }

  /** Time that was no work, ms: a pause within an evaluation. */
  skip(ms: number): void {
    this.#last += ms;
  }

  /** @param evaluation evaluations made at this level */
  lap(evaluation: number): { seconds: number; secondsLeft: number } {
    const now = performance.now();
    const seconds = (now - this.#last) / 1000;
    this.#last = now;
    this.#recent.push(seconds);
    if (this.#recent.length > WINDOW) this.#recent.shift();
    const median = this.#recent.toSorted((a, b) => a - b)[Math.floor(this.#recent.length / 2)]!;
    const here = this.#sizes[this.#level]!;
    const later = this.#levels.reduce(
      (sum, level, i) => (i > this.#level ? sum + (level.evaluations * this.#sizes[i]!) / here : sum),
      0,
    );
    return { seconds, secondsLeft: median * (this.#levels[this.#level]!.evaluations - evaluation + later) };
  }
}
