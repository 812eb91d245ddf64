import { narrow, widen } from './bfloat16.ts';
import { InnerProducts } from './inner-products.ts';
import { BLOCK, multiAxpy, multiDot } from './vector.ts';
import type { StateReader } from './optimizer.ts';

/** How curvature pairs are kept: as float32, or as bfloat16 in half the memory. */
export type PairPrecision = 'single' | 'half';

/** A vector of a pair: float32 values, or the bit patterns of bfloat16 ones. */
type PairVector = Float32Array | Uint16Array;

/** Bytes of a pair of n components. */
export const pairBytes = (n: number, precision: PairPrecision): number => (precision === 'half' ? 4 : 8) * n;

/** Pairs in single precision that fit into a memory budget. At least one, or it is not quasi-Newton. */
export function historyFor(n: number, memoryBudgetBytes: number): number {
  return Math.max(1, Math.floor(memoryBudgetBytes / pairBytes(n, 'single')));
}

/** One block of a sweep. All arrays are indexed from 0 for component `from`, except the pair. */
export interface SweepBlock {
  readonly from: number;
  readonly length: number;
  /** Where the new pair goes, its component `from` at `at`. */
  readonly s: Float32Array;
  readonly y: Float32Array;
  readonly at: number;
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
 *
 * In half precision s and y are rounded when they come in, and everything that is known of them is known of the rounded ones: the
 * direction then is that of a slightly other, but still positive definite, approximation of the Hessian. Their e is nonzero everywhere,
 * so that b·y is summed as it is.
 */
export class CurvatureHistory {
  readonly #n: number;
  readonly #precision: PairPrecision;
  /** Pairs in use, oldest first. */
  #s: PairVector[] = [];
  #y: PairVector[] = [];
  /** What tells a pair from all others that were ever in this history. */
  #ids: number[] = [];
  #nextId = 0;
  /** Vectors of dropped pairs, to be used again: pairs are allocated once. */
  readonly #free: PairVector[] = [];
  readonly #inner: InnerProducts;
  readonly #products: Float64Array;
  readonly #withNewest: Float64Array;
  readonly #scratch = new Float64Array(BLOCK);
  readonly #indices = new Int32Array(BLOCK);
  readonly #errors = new Float64Array(BLOCK);
  readonly #pairSums = new Float64Array(5);
  /** Of pairs in half precision, the blocks that are worked with. */
  readonly #wide = [new Float32Array(BLOCK), new Float32Array(BLOCK), new Float32Array(BLOCK)] as const;

  constructor(n: number, capacity: number, precision: PairPrecision = 'single', inner = new InnerProducts(capacity)) {
    this.#n = n;
    this.#precision = precision;
    this.#inner = inner;
    this.#products = new Float64Array(2 * capacity);
    this.#withNewest = new Float64Array(2 * capacity);
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
    this.#ids = [];
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
    const s = this.#free.pop() ?? this.#vector();
    const y = this.#free.pop() ?? this.#vector();
    const products = this.#products.fill(0);
    const withNewest = this.#withNewest.fill(0);
    const pair = this.#pairSums.fill(0);
    if (s instanceof Float32Array) this.#sweep(s, y as Float32Array, fill, pair);
    else this.#sweepInHalf(s, y as Uint16Array, fill, pair);
    const [sy, ss, yy, sq, yq] = pair as unknown as [number, number, number, number, number];
    const accepted = accept(sy, ss, yy);
    const inner = this.#inner;
    for (let i = 0; i < old; i++) {
      if (accepted) inner.setWithNewest(i, withNewest[i]!, withNewest[old + i]!);
      inner.sq[i] = products[i]!;
      inner.yq[i] = products[old + i]!;
    }
    if (!accepted) {
      this.#free.push(s, y);
      return false;
    }
    this.#s.push(s);
    this.#y.push(y);
    this.#ids.push(this.#nextId++);
    inner.push(sy, yy, sq, yq);
    return true;
  }

  /** Fills a pair and forms all products: `#products` with q, `#withNewest` with y, and those of the pair. */
  #sweep(s: Float32Array, y: Float32Array, fill: (block: SweepBlock) => void, pair: Float64Array): void {
    const [products, corrections] = [this.#products, this.#withNewest];
    const vectors = [...this.#s, ...this.#y] as Float32Array[];
    const block = this.#block(s, y);
    for (let from = 0; from < this.#n; from += BLOCK) {
      block.from = block.at = from;
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
    const old = this.size;
    for (let i = 0; i < old; i++) {
      corrections[i]! += products[i]! - this.#inner.sq[i]!;
      corrections[old + i]! += products[old + i]! - this.#inner.yq[i]!;
    }
  }

  #sweepInHalf(s: Uint16Array, y: Uint16Array, fill: (block: SweepBlock) => void, pair: Float64Array): void {
    const [sBlock, yBlock, other] = this.#wide;
    const vectors = [...this.#s, ...this.#y] as Uint16Array[];
    const block = this.#block(sBlock, yBlock);
    const change = new Float64Array(BLOCK);
    for (let from = 0; from < this.#n; from += BLOCK) {
      block.from = from;
      const length = (block.length = Math.min(BLOCK, this.#n - from));
      fill(block);
      narrow(sBlock, length, s, from);
      narrow(yBlock, length, y, from);
      pairDots(sBlock, yBlock, block.q, 0, length, pair);
      change.set(yBlock);
      for (let k = 0; k < vectors.length; k++) {
        widen(vectors[k]!, from, length, other);
        multiDot([other], block.q, 0, length, this.#products.subarray(k));
        multiDot([other], change, 0, length, this.#withNewest.subarray(k));
      }
    }
  }

  #block(s: Float32Array, y: Float32Array): Mutable<SweepBlock> {
    const [q, indices, errors] = [this.#scratch, this.#indices, this.#errors];
    return { from: 0, length: 0, s, y, at: 0, q, indices, errors, count: 0 };
  }

  #vector(): PairVector {
    return this.#precision === 'half' ? new Uint16Array(this.#n) : new Float32Array(this.#n);
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
      if (this.#precision === 'single') multiAxpy(coefficients, vectors as Float32Array[], block, from, length);
      else {
        const [wide] = this.#wide;
        vectors.forEach((vector, k) => {
          widen(vector as Uint16Array, from, length, wide);
          multiAxpy(coefficients.subarray(k), [wide], block, 0, length);
        });
      }
      end(from, length, block);
    }
  }

  #dropOldest(): void {
    this.#free.push(this.#s.shift()!, this.#y.shift()!);
    this.#ids.shift();
    this.#inner.dropOldest();
  }

  /** Parts of an `OptimizerState`; vectors in half precision are bit patterns. */
  save(): { numbers: Record<string, number[]>; vectors: Record<string, PairVector> } {
    const numbers = { ...this.#inner.save(), half: [Number(this.#precision === 'half')], ids: [...this.#ids] };
    return { numbers, vectors: pairVectors(this.#s, this.#y) };
  }

  /** Inverse of `save`. The vectors are taken over. */
  static restore(n: number, state: StateReader): CurvatureHistory {
    const inner = InnerProducts.restore(state);
    const half = state.optionalNumbers('half')?.[0] === 1;
    const history = new CurvatureHistory(n, inner.capacity, half ? 'half' : 'single', inner);
    for (let i = 0; i < inner.size; i++) {
      history.#s.push(half ? state.bits(`s${i}`, n) : state.vector(`s${i}`, n));
      history.#y.push(half ? state.bits(`y${i}`, n) : state.vector(`y${i}`, n));
    }
    // States of before the numbers were kept.
    history.#ids = [...(state.optionalNumbers('ids') ?? history.#s.keys())];
    history.#nextId = Math.max(-1, ...history.#ids) + 1;
    return history;
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The names under which pairs are saved. */
export function pairVectors<V>(s: readonly V[], y: readonly V[]): Record<string, V> {
  return Object.fromEntries([...s.map((v, i) => [`s${i}`, v] as const), ...y.map((v, i) => [`y${i}`, v] as const)]);
}

/** Adds to `sums` the block's s·y, s·s, y·y, s·q and y·q. */
function pairDots(
  s: Float32Array,
  y: Float32Array,
  q: Float64Array,
  at: number,
  length: number,
  sums: Float64Array,
): void {
  let sy = 0;
  let ss = 0;
  let yy = 0;
  let sq = 0;
  let yq = 0;
  for (let i = 0; i < length; i++) {
    const a = s[at + i]!;
    const b = y[at + i]!;
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
