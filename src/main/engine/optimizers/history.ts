import { BLOCK, multiAxpy, multiDot } from './vector.ts';
import type { StateReader } from './optimizer.ts';

/** Bytes of one value of a vector. */
const FLOAT_BYTES = 4;

/** Pairs that fit into a memory budget: 2 vectors of n float32 values each. At least one, or it is not quasi-Newton. */
export function historyFor(n: number, memoryBudgetBytes: number): number {
  return Math.max(1, Math.floor(memoryBudgetBytes / (2 * FLOAT_BYTES * n)));
}

/** One block of a sweep. All arrays are indexed from 0 for component `from`, except the pair. */
export interface SweepBlock {
  readonly from: number;
  readonly length: number;
  /** Where the new pair goes, full length. */
  readonly s: Float32Array;
  readonly y: Float32Array;
  /** The reduced gradient q at the new point. */
  readonly q: Float64Array;
  /**
   * The components in which y differs from the change of the reduced gradient, y = q − q_previous + e: their indices
   * within the block, their e, and how many there are.
   */
  readonly indices: Int32Array;
  readonly errors: Float64Array;
  count: number;
}

/**
 * Curvature pairs s_i (displacements) and y_i (changes of the gradient), oldest first, and the inner products that make
 * up the L-BFGS direction in vector-free form (Chen, Wang & Zhou 2014, "Large-scale L-BFGS using MapReduce").
 *
 * The two-loop recursion (Nocedal & Wright, Algorithm 7.4) only ever forms linear combinations of q, s_i and y_i, so it
 * runs on their coefficients when the inner products are known. It touches S·Y (on and above the diagonal), Y·Y, S·q and
 * Y·q; the products S·S of Chen et al. are never read, so they are not formed. A new pair needs S·y and Y·y for
 * all older pairs, but y is the change of q, and S·q and Y·q of the previous point are known:
 *
 *     b·y = b·q − b·q_previous + b·e,   e = y − (q − q_previous), nonzero only where the set of held components changed
 *
 * so an iteration takes one product of the history with q (`add`), and one linear combination (`direction`).
 * float64 sums keep this as accurate as the two-loop recursion in float32 (both are tested against each other).
 */
export class CurvatureHistory {
  readonly capacity: number;
  readonly #n: number;
  /** Pairs in use, oldest first. */
  #s: Float32Array[] = [];
  #y: Float32Array[] = [];
  /** Vectors of dropped pairs, to be used again: pairs are allocated once. */
  readonly #free: Float32Array[] = [];
  /** sy[i * capacity + j] = s_i·y_j, yy likewise, sq[i] = s_i·q and yq[i] = y_i·q with the q of the latest sweep. */
  readonly #sy: Float64Array;
  readonly #yy: Float64Array;
  readonly #sq: Float64Array;
  readonly #yq: Float64Array;
  readonly #products: Float64Array;
  readonly #corrections: Float64Array;
  readonly #coefficients: Float64Array;
  readonly #scratch = new Float64Array(BLOCK);
  readonly #indices = new Int32Array(BLOCK);
  readonly #errors = new Float64Array(BLOCK);
  readonly #pairSums = new Float64Array(5);

  constructor(n: number, capacity: number) {
    this.#n = n;
    this.capacity = capacity;
    this.#sy = new Float64Array(capacity * capacity);
    this.#yy = new Float64Array(capacity * capacity);
    this.#sq = new Float64Array(capacity);
    this.#yq = new Float64Array(capacity);
    this.#products = new Float64Array(2 * capacity);
    this.#corrections = new Float64Array(2 * capacity);
    this.#coefficients = new Float64Array(2 * capacity);
  }

  /** Pairs held. */
  get size(): number {
    return this.#s.length;
  }

  /** Initial inverse Hessian γ I, γ = s·y / y·y of the newest pair (Nocedal & Wright eq. 7.20); 1 without pairs. */
  get gamma(): number {
    const last = this.size - 1;
    return last < 0 ? 1 : this.#sy[last * this.capacity + last]! / this.#yy[last * this.capacity + last]!;
  }

  /** Forgets all pairs, keeps their memory. */
  clear(): void {
    this.#free.push(...this.#s, ...this.#y);
    this.#s = [];
    this.#y = [];
  }

  /**
   * Moves to a new point: `fill` writes, block by block, the new pair and the new reduced gradient, while the history's
   * products with that gradient are formed. The pair is stored when `accept(s·y, s·s, y·y)`; with a full history
   * the oldest pair makes room for it either way.
   */
  add(fill: (block: SweepBlock) => void, accept: (sy: number, ss: number, yy: number) => boolean): boolean {
    if (this.size === this.capacity) this.#dropOldest();
    const old = this.size;
    const s = this.#free.pop() ?? new Float32Array(this.#n);
    const y = this.#free.pop() ?? new Float32Array(this.#n);
    const vectors = [...this.#s, ...this.#y];
    const products = this.#products.fill(0);
    const corrections = this.#corrections.fill(0);
    const pair = this.#pairSums.fill(0);
    const block: SweepBlock & { from: number; length: number } = {
      from: 0,
      length: 0,
      s,
      y,
      q: this.#scratch,
      indices: this.#indices,
      errors: this.#errors,
      count: 0,
    };
    for (let from = 0; from < this.#n; from += BLOCK) {
      block.from = from;
      block.length = Math.min(BLOCK, this.#n - from);
      block.count = 0;
      fill(block);
      pairDots(s, y, block.q, from, block.length, pair);
      multiDot(vectors, block.q, from, block.length, products);
      if (block.count > 0) {
        for (let k = 0; k < vectors.length; k++) {
          corrections[k]! += sparseDot(vectors[k]!, from, block.indices, block.errors, block.count);
        }
      }
    }
    const [sy, ss, yy, sq, yq] = pair as unknown as [number, number, number, number, number];
    const accepted = accept(sy, ss, yy);
    for (let i = 0; i < old; i++) {
      if (accepted) {
        this.#sy[i * this.capacity + old] = products[i]! - this.#sq[i]! + corrections[i]!;
        const product = products[old + i]! - this.#yq[i]! + corrections[old + i]!;
        this.#yy[i * this.capacity + old] = product;
        this.#yy[old * this.capacity + i] = product;
      }
      this.#sq[i] = products[i]!;
      this.#yq[i] = products[old + i]!;
    }
    if (!accepted) {
      this.#free.push(s, y);
      return false;
    }
    this.#s.push(s);
    this.#y.push(y);
    this.#sy[old * this.capacity + old] = sy;
    this.#yy[old * this.capacity + old] = yy;
    this.#sq[old] = sq;
    this.#yq[old] = yq;
    return true;
  }

  /**
   * r = H q with the q of the latest sweep: `begin` writes γ q into a block, `end` receives r (which is γ q without pairs).
   */
  direction(
    gamma: number,
    begin: (from: number, length: number, q: Float64Array) => void,
    end: (from: number, length: number, r: Float64Array) => void,
  ): void {
    this.#solve(gamma);
    const vectors = [...this.#s, ...this.#y];
    const [coefficients, block] = [this.#coefficients, this.#scratch];
    for (let from = 0; from < this.#n; from += BLOCK) {
      const length = Math.min(BLOCK, this.#n - from);
      begin(from, length, block);
      multiAxpy(coefficients, vectors, block, from, length);
      end(from, length, block);
    }
  }

  /**
   * Two-loop recursion on coefficients. After the first loop q̂ = q − Σ α_j y_j; after the second
   * r = γ q̂ + Σ c_j s_j with c_i = α_i − β_i. Coefficients: c_i for s_i, −γ α_i for y_i.
   */
  #solve(gamma: number): void {
    const m = this.size;
    const c = this.#coefficients;
    const alpha = (i: number): number => c[m + i]!;
    for (let i = m - 1; i >= 0; i--) {
      let product = this.#sq[i]!;
      for (let j = i + 1; j < m; j++) product -= alpha(j) * this.#sy[i * this.capacity + j]!;
      c[m + i] = product / this.#sy[i * this.capacity + i]!;
    }
    for (let i = 0; i < m; i++) {
      let product = this.#yq[i]!;
      for (let j = 0; j < m; j++) product -= alpha(j) * this.#yy[i * this.capacity + j]!;
      product *= gamma;
      for (let j = 0; j < i; j++) product += c[j]! * this.#sy[j * this.capacity + i]!;
      c[i] = alpha(i) - product / this.#sy[i * this.capacity + i]!;
    }
    for (let i = 0; i < m; i++) c[m + i]! *= -gamma;
  }

  #dropOldest(): void {
    this.#free.push(this.#s.shift()!, this.#y.shift()!);
    const m = this.size;
    for (let i = 0; i < m; i++) {
      const to = i * this.capacity;
      const from = to + this.capacity + 1;
      this.#sy.copyWithin(to, from, from + m);
      this.#yy.copyWithin(to, from, from + m);
    }
    this.#sq.copyWithin(0, 1);
    this.#yq.copyWithin(0, 1);
  }

  /** Parts of an `OptimizerState`. */
  save(): { numbers: Record<string, number[]>; vectors: Record<string, Float32Array> } {
    const m = this.size;
    const vectors: Record<string, Float32Array> = {};
    this.#s.forEach((s, i) => (vectors[`s${i}`] = s));
    this.#y.forEach((y, i) => (vectors[`y${i}`] = y));
    const square = (matrix: Float64Array): number[] =>
      Array.from({ length: m * m }, (_, k) => matrix[Math.floor(k / m) * this.capacity + (k % m)]!);
    return {
      numbers: {
        capacity: [this.capacity],
        pairs: [m],
        sy: square(this.#sy).map((product, k) => (k % m >= Math.floor(k / m) ? product : 0)),
        yy: square(this.#yy),
        sq: [...this.#sq.subarray(0, m)],
        yq: [...this.#yq.subarray(0, m)],
      },
      vectors,
    };
  }

  /** Inverse of `save`. The vectors are copied. */
  static restore(n: number, state: StateReader): CurvatureHistory {
    const history = new CurvatureHistory(n, state.number('capacity'));
    const m = state.number('pairs');
    const sy = state.numbers('sy');
    const yy = state.numbers('yy');
    for (let i = 0; i < m; i++) {
      history.#s.push(state.vector(`s${i}`, n).slice());
      history.#y.push(state.vector(`y${i}`, n).slice());
      for (let j = 0; j < m; j++) {
        history.#sy[i * history.capacity + j] = sy[i * m + j]!;
        history.#yy[i * history.capacity + j] = yy[i * m + j]!;
      }
    }
    history.#sq.set(state.numbers('sq'));
    history.#yq.set(state.numbers('yq'));
    return history;
  }
}

/** Adds to `sums` the block's s·y, s·s, y·y, s·q and y·q. */
function pairDots(
  s: Float32Array,
  y: Float32Array,
  q: Float64Array,
  from: number,
  length: number,
  sums: Float64Array,
): void {
  let sy = 0;
  let ss = 0;
  let yy = 0;
  let sq = 0;
  let yq = 0;
  for (let i = 0; i < length; i++) {
    const a = s[from + i]!;
    const b = y[from + i]!;
    const c = q[i]!;
    sy += a * b;
    ss += a * a;
    yy += b * b;
    sq += a * c;
    yq += b * c;
  }
  sums[0]! += sy;
  sums[1]! += ss;
  sums[2]! += yy;
  sums[3]! += sq;
  sums[4]! += yq;
}

/** Σ_k v[from + indices[k]] values[k] for k < count. */
function sparseDot(v: Float32Array, from: number, indices: Int32Array, values: Float64Array, count: number): number {
  let sum = 0;
  for (let k = 0; k < count; k++) sum += v[from + indices[k]!]! * values[k]!;
  return sum;
}
