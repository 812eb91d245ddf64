import type { StateReader } from './optimizer.ts';

/**
 * The inner products that make up the L-BFGS direction in vector-free form (Chen, Wang & Zhou 2014, "Large-scale L-BFGS
 * using MapReduce"), wherever the vectors are: pairs s_i (displacements) and y_i (changes of the gradient), oldest first,
 * and q, the reduced gradient at the current point.
 *
 * The two-loop recursion (Nocedal & Wright, Algorithm 7.4) only ever forms linear combinations of q, s_i and y_i, so it
 * runs on their coefficients when the inner products are known. It touches S·Y (on and above the diagonal), Y·Y, S·q and
 * Y·q; the products S·S of Chen et al. are never read, so they are not formed.
 */
export class InnerProducts {
  readonly capacity: number;
  #size = 0;
  /** sy[i * capacity + j] = s_i·y_j, yy likewise, sq[i] = s_i·q and yq[i] = y_i·q. */
  readonly #sy: Float64Array;
  readonly #yy: Float64Array;
  readonly sq: Float64Array;
  readonly yq: Float64Array;
  readonly #coefficients: Float64Array;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#sy = new Float64Array(capacity * capacity);
    this.#yy = new Float64Array(capacity * capacity);
    this.sq = new Float64Array(capacity);
    this.yq = new Float64Array(capacity);
    this.#coefficients = new Float64Array(2 * capacity);
  }

  /** Pairs held. */
  get size(): number {
    return this.#size;
  }

  /** Initial inverse Hessian γ I, γ = s·y / y·y of the newest pair (Nocedal & Wright eq. 7.20); 1 without pairs. */
  get gamma(): number {
    const last = this.#size - 1;
    return last < 0 ? 1 : this.#sy[last * this.capacity + last]! / this.#yy[last * this.capacity + last]!;
  }

  /** Forgets all pairs. */
  clear(): void {
    this.#size = 0;
  }

  dropOldest(): void {
    this.#size--;
    const m = this.#size;
    for (let i = 0; i < m; i++) {
      const to = i * this.capacity;
      const from = to + this.capacity + 1;
      this.#sy.copyWithin(to, from, from + m);
      this.#yy.copyWithin(to, from, from + m);
    }
    this.sq.copyWithin(0, 1);
    this.yq.copyWithin(0, 1);
  }

  /** Stores s_i·y and y_i·y of the i-th pair with the pair that `push` is about to add. */
  setWithNewest(i: number, sy: number, yy: number): void {
    const newest = this.#size;
    this.#sy[i * this.capacity + newest] = sy;
    this.#yy[i * this.capacity + newest] = yy;
    this.#yy[newest * this.capacity + i] = yy;
  }

  /** Adds a pair; its products with the others are set already. */
  push(sy: number, yy: number, sq: number, yq: number): void {
    const newest = this.#size++;
    this.#sy[newest * this.capacity + newest] = sy;
    this.#yy[newest * this.capacity + newest] = yy;
    this.sq[newest] = sq;
    this.yq[newest] = yq;
  }

  /**
   * r = H q as γ q + Σ c_i s_i + Σ c_{m+i} y_i: the coefficients c of the m pairs.
   *
   * Two-loop recursion on coefficients. After the first loop q̂ = q − Σ α_j y_j; after the second
   * r = γ q̂ + Σ c_j s_j with c_i = α_i − β_i. Coefficients: c_i for s_i, −γ α_i for y_i.
   */
  solve(gamma: number): Float64Array {
    const m = this.#size;
    const c = this.#coefficients;
    const alpha = (i: number): number => c[m + i]!;
    for (let i = m - 1; i >= 0; i--) {
      let product = this.sq[i]!;
      for (let j = i + 1; j < m; j++) product -= alpha(j) * this.#sy[i * this.capacity + j]!;
      c[m + i] = product / this.#sy[i * this.capacity + i]!;
    }
    for (let i = 0; i < m; i++) {
      let product = this.yq[i]!;
      for (let j = 0; j < m; j++) product -= alpha(j) * this.#yy[i * this.capacity + j]!;
      product *= gamma;
      for (let j = 0; j < i; j++) product += c[j]! * this.#sy[j * this.capacity + i]!;
      c[i] = alpha(i) - product / this.#sy[i * this.capacity + i]!;
    }
    for (let i = 0; i < m; i++) c[m + i]! *= -gamma;
    return c;
  }

  /** Numbers of an `OptimizerState`. */
  save(): Record<string, number[]> {
    const m = this.#size;
    const square = (matrix: Float64Array): number[] =>
      Array.from({ length: m * m }, (_, k) => matrix[Math.floor(k / m) * this.capacity + (k % m)]!);
    return {
      capacity: [this.capacity],
      pairs: [m],
      sy: square(this.#sy).map((product, k) => (k % m >= Math.floor(k / m) ? product : 0)),
      yy: square(this.#yy),
      sq: [...this.sq.subarray(0, m)],
      yq: [...this.yq.subarray(0, m)],
    };
  }

  /** Inverse of `save`. */
  static restore(state: StateReader): InnerProducts {
    const products = new InnerProducts(state.number('capacity'));
    const m = state.number('pairs');
    const sy = state.numbers('sy');
    const yy = state.numbers('yy');
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < m; j++) {
        products.#sy[i * products.capacity + j] = sy[i * m + j]!;
        products.#yy[i * products.capacity + j] = yy[i * m + j]!;
      }
    }
    products.sq.set(state.numbers('sq'));
    products.yq.set(state.numbers('yq'));
    products.#size = m;
    return products;
  }
}
