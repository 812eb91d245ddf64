import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CurvatureHistory, historyFor, pairBytes } from '../../../../src/main/engine/optimizers/history.ts';
import { StateReader } from '../../../../src/main/engine/optimizers/optimizer.ts';
import { random, randomVector } from './problems.ts';

type Pair = readonly [s: Float32Array, y: Float32Array];

/** Two-loop recursion in float64, Nocedal & Wright (2006) Algorithm 7.4. */
function twoLoop(pairs: readonly Pair[], q: Float32Array): Float64Array {
  const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
    let sum = 0;
    for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
    return sum;
  };
  const r = Float64Array.from(q);
  const alphas = pairs.map(() => 0);
  for (let k = pairs.length - 1; k >= 0; k--) {
    const [s, y] = pairs[k]!;
    alphas[k] = dot(s, r) / dot(s, y);
    for (let i = 0; i < r.length; i++) r[i]! -= alphas[k]! * y[i]!;
  }
  const last = pairs.at(-1);
  const gamma = last ? dot(last[0], last[1]) / dot(last[1], last[1]) : 1;
  for (let i = 0; i < r.length; i++) r[i]! *= gamma;
  pairs.forEach(([s, y], k) => {
    const beta = dot(y, r) / dot(s, y);
    for (let i = 0; i < r.length; i++) r[i]! += (alphas[k]! - beta) * s[i]!;
  });
  return r;
}

/** The nearest number with 8 significant bits. */
function rounded(value: number): number {
  if (value === 0) return 0;
  const unit = 2 ** (Math.floor(Math.log2(Math.abs(value))) - 7);
  const steps = value / unit;
  const down = Math.floor(steps);
  const toEven = down % 2 === 0 ? down : down + 1;
  const part = steps - down;
  return unit * (part === 0.5 ? toEven : part < 0.5 ? down : down + 1);
}

/** Feeds a history the walk of a quadratic with changing masks, as a box makes them; returns its pairs and last q. */
function walk(history: CurvatureHistory, n: number, steps: number, seed: number): { pairs: Pair[]; q: Float32Array } {
  const next = random(seed);
  const curvatures = Float64Array.from({ length: n }, () => 0.1 + 3 * next());
  let mask = new Uint8Array(n).fill(1);
  let g = randomVector(n, next);
  const pairs: Pair[] = [];
  let q = g;
  for (let step = 0; step < steps; step++) {
    const s = randomVector(n, next).map((v, i) => v * mask[i]!);
    const full = s.map((v, i) => curvatures[i]! * v + 0.05 * s[(i + 1) % n]!);
    const newGradient = g.map((v, i) => v + full[i]!);
    const y = newGradient.map((v, i) => (v - g[i]!) * mask[i]!);
    const newMask = mask.map((held) => (next() < 0.1 ? 1 - held : held));
    const newQ = newGradient.map((v, i) => v * newMask[i]!);
    const oldQ = q;
    // A full history writes the new pair over its oldest one, which is gone also when the new one is refused.
    if (pairs.length === history.capacity) pairs.shift();
    const accepted = history.add(
      (block) => {
        for (let i = 0; i < block.length; i++) {
          const j = block.from + i;
          block.s[block.at + i] = s[j]!;
          block.y[block.at + i] = y[j]!;
          block.q[i] = newQ[j]!;
          const error = y[j]! - (newQ[j]! - (step === 0 ? 0 : oldQ[j]!));
          if (error !== 0) {
            block.indices[block.count] = i;
            block.errors[block.count++] = error;
          }
        }
      },
      (sy) => sy > 0,
    );
    if (accepted) pairs.push([s, y]);
    [g, mask, q] = [newGradient, newMask, newQ];
  }
  return { pairs, q };
}

function directionOf(history: CurvatureHistory, q: Float32Array): Float64Array {
  const r = new Float64Array(q.length);
  const { gamma } = history;
  history.direction(
    gamma,
    (from, length, block) => {
      for (let i = 0; i < length; i++) block[i] = gamma * q[from + i]!;
    },
    (from, length, block) => r.set(block.subarray(0, length), from),
  );
  return r;
}

const relativeDifference = (a: Float64Array, b: Float64Array): number => {
  const norm = (v: Float64Array): number => Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
  return norm(a.map((v, i) => v - b[i]!)) / norm(b);
};

/** The pairs as a history of a precision holds them. */
const kept = (pairs: Pair[], precision: 'single' | 'half'): Pair[] =>
  precision === 'single' ? pairs : pairs.map(([s, y]) => [s.map(rounded), y.map(rounded)]);

describe.each(['single', 'half'] as const)('in %s precision', (precision) => {
  test('the vector-free direction is that of the two-loop recursion, while components are held and released', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 5, max: 70 }),
        fc.integer({ min: 0, max: 25 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer(),
        (n, steps, capacity, seed) => {
          const history = new CurvatureHistory(n, capacity, precision);
          const { pairs, q } = walk(history, n, steps, seed);
          expect(history.size).toBe(pairs.length);
          if (q.some((v) => v !== 0)) {
            expect(relativeDifference(directionOf(history, q), twoLoop(kept(pairs, precision), q))).toBeLessThan(1e-5);
          }
        },
      ),
    );
  });

  test('many blocks and a full history of a long vector agree with the two-loop recursion, too', () => {
    const n = 3 * 2048 + 777;
    const history = new CurvatureHistory(n, 20, precision);
    const { pairs, q } = walk(history, n, 30, 5);
    expect(relativeDifference(directionOf(history, q), twoLoop(kept(pairs, precision), q))).toBeLessThan(1e-6);
  });
});

test.each(['single', 'half'] as const)('a saved history goes on as if nothing had been (%s)', (precision) => {
  const n = 2048 + 99;
  const history = new CurvatureHistory(n, 4, precision);
  const { q } = walk(history, n, 7, 3);
  const { numbers, vectors } = structuredClone(history.save());
  expect(numbers['ids']).toEqual([3, 4, 5, 6]);
  const state = { method: 'lbfgs' as const, numbers, vectors };
  const restored = CurvatureHistory.restore(n, new StateReader(state, 'lbfgs'));
  expect(directionOf(restored, q)).toEqual(directionOf(history, q));
  const bytes = Object.values(vectors).reduce((sum, vector) => sum + vector.byteLength, 0);
  expect(bytes).toBe(4 * pairBytes(n, precision));
  expect(walk(restored, n, 1, 8)).toEqual(walk(history, n, 1, 8));
  expect(restored.save()).toEqual(history.save());
});

test('a history within a memory budget takes 8 bytes per component and pair, and never none', () => {
  expect(historyFor(3_000_000, 240_000_000)).toBe(10);
  expect(historyFor(3_000_000, 239_999_999)).toBe(9);
  expect(historyFor(3_000_000, 1)).toBe(1);
});

test('pairs are allocated once: a full history reuses the vectors of the pairs that it drops', () => {
  const n = 64;
  const history = new CurvatureHistory(n, 3);
  const seen = new Set<Float32Array>();
  for (let step = 0; step < 12; step++) {
    history.add(
      ({ s, y, q, length }) => {
        seen.add(s).add(y);
        for (let i = 0; i < length; i++) s[i] = y[i] = q[i] = 1 + step + i;
      },
      () => step % 4 !== 3,
    );
    if (step === 6) history.clear();
  }
  expect(seen.size).toBeLessThanOrEqual(2 * 3);
});
