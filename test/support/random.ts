/** Deterministic random numbers for tests: one seed, one sequence, on every machine (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Uniform in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Uniform in [low, high), rounded to float32 so that float32 and float64 computations see the same number. */
  between(low: number, high: number): number {
    return Math.fround(low + (high - low) * this.next());
  }

  /** An integer from low to high, both included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.integer(0, choices.length - 1)]!;
  }

  /** `count` numbers, uniform in [low, high). */
  numbers(count: number, low = -1, high = 1): Float64Array {
    return Float64Array.from({ length: count }, () => this.between(low, high));
  }

  /** The same list in another order. */
  shuffled<T>(list: readonly T[]): T[] {
    const result = [...list];
    for (let k = result.length - 1; k > 0; k--) {
      const other = this.integer(0, k);
      [result[k], result[other]] = [result[other]!, result[k]!];
    }
    return result;
  }
}
