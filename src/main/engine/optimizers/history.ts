import { InnerProducts } from './inner-products.ts';
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
 * Curvature pairs in the host's memory, oldest first, and their inner products.
 *
 * A new pair needs S·y and Y·y for all older pairs, but y is the change of q, and S·q and Y·q of the previous point are
 * known:
 *
 *     b·y = b·q − b·q_previous + b·e,   e = y − (q − q_previous), nonzero only where the set of held components changed
 *
 * so an iteration takes one product of the history with q (`add`), and one linear combination (`direction`).
 * float64 sums keep this as accurate as the two-loop recursion in float32 (both are tested against each other).
 */
export class CurvatureHistory {
  readonly #n: number;
  /** Pairs in use, oldest first. */
  #s: Float32Array[] = [];
  #y: Float32Array[] = [];
  /** Vectors of dropped pairs, to be used again: pairs are allocated once. */
  readonly #free: Float32Array[] = [];
  readonly #inner: InnerProducts;
  readonly #products: Float64Array;
  readonly #corrections: Float64Array;
  readonly #scratch = new Float64Array(BLOCK);
  readonly #indices = new Int32Array(BLOCK);
  readonly #errors = new Float64Array(BLOCK);
  readonly #pairSums = new Float64Array(5);

  constructor(n: number, capacity: number, inner = new InnerProducts(capacity)) {
    this.#n = n;
    this.#inner = inner;
    this.#products = new Float64Array(2 * capacity);
    this.#corrections = new Float64Array(2 * capacity);
  }

  get capacity(): number {
    return this.#inner.capacity;
  }

  /** Pairs held. */
  get size(): number {
    return this.#inner.size;
  }

  /** Initial inverse Hessian γ I; 1 without pairs. */
  get gamma(): number {
    return this.#inner.gamma;
  }

  /** Forgets all pairs, keeps their memory. */
  clear(): void {
    this.#free.push(...this.#s, ...this.#y);
    this.#s = [];
    this.#y = [];
    this.#inner.clear();
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
    const inner = this.#inner;
    for (let i = 0; i < old; i++) {
      if (accepted) {
        inner.setWithNewest(
          i,
          products[i]! - inner.sq[i]! + corrections[i]!,
          products[old + i]! - inner.yq[i]! + corrections[old + i]!,
        );
      }
      inner.sq[i] = products[i]!;
      inner.yq[i] = products[old + i]!;
    }
    if (!accepted) {
      this.#free.push(s, y);
      return false;
    }
    this.#s.push(s);
    this.#y.push(y);
    inner.push(sy, yy, sq, yq);
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
    const coefficients = this.#inner.solve(gamma);
    const vectors = [...this.#s, ...this.#y];
    const block = this.#scratch;
    for (let from = 0; from < this.#n; from += BLOCK) {
      const length = Math.min(BLOCK, this.#n - from);
      begin(from, length, block);
      multiAxpy(coefficients, vectors, block, from, length);
      end(from, length, block);
    }
  }

  #dropOldest(): void {
    this.#free.push(this.#s.shift()!, this.#y.shift()!);
    this.#inner.dropOldest();
  }

  /** Parts of an `OptimizerState`. */
  save(): { numbers: Record<string, number[]>; vectors: Record<string, Float32Array> } {
    return { numbers: this.#inner.save(), vectors: pairVectors(this.#s, this.#y) };
  }

  /** Inverse of `save`. The vectors are copied. */
  static restore(n: number, state: StateReader): CurvatureHistory {
    const inner = InnerProducts.restore(state);
    const history = new CurvatureHistory(n, inner.capacity, inner);
    for (let i = 0; i < inner.size; i++) {
      history.#s.push(state.vector(`s${i}`, n).slice());
      history.#y.push(state.vector(`y${i}`, n).slice());
    }
    return history;
  }
}

/** The names under which pairs are saved. */
export function pairVectors<V>(s: readonly V[], y: readonly V[]): Record<string, V> {
  return Object.fromEntries([...s.map((v, i) => [`s${i}`, v] as const), ...y.map((v, i) => [`y${i}`, v] as const)]);
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
