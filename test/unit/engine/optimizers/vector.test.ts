import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as vector from '../../../../src/main/engine/optimizers/vector.ts';
import { random, randomVector } from './problems.ts';

const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);
const lengths = fc.integer({ min: 0, max: 43 });
const seeds = fc.integer();

test('dot, sums and maxima agree with naive ones for every remainder of the unrolled loops', () => {
  fc.assert(
    fc.property(lengths, seeds, (n, seed) => {
      const next = random(seed);
      const [a, b] = [randomVector(n, next), randomVector(n, next)];
      expect(vector.dot(a, b)).toBeCloseTo(sum(Array.from(a, (v, i) => v * b[i]!)), 12);
      expect(vector.sumOfMagnitudes(a)).toBeCloseTo(sum(Array.from(a, Math.abs)), 12);
      expect(vector.largestMagnitude(a)).toBe(Math.max(0, ...Array.from(a, Math.abs)));
    }),
  );
});

test('multiDot and multiAxpy agree with naive ones for any number of vectors, at any offset', () => {
  fc.assert(
    fc.property(
      lengths,
      fc.integer({ min: 0, max: 11 }),
      fc.integer({ min: 0, max: 9 }),
      seeds,
      (n, count, from, seed) => {
        const next = random(seed);
        const vectors = Array.from({ length: count }, () => randomVector(from + n, next));
        const q = Float64Array.from(randomVector(n, next));
        const sums = new Float64Array(count).fill(3);
        vector.multiDot(vectors, q, from, n, sums);
        vectors.forEach((v, k) => expect(sums[k]).toBeCloseTo(3 + sum(Array.from(q, (w, i) => w * v[from + i]!)), 12));
        const combined = q.slice();
        vector.multiAxpy(sums, vectors, combined, from, n);
        q.forEach((w, i) => {
          expect(combined[i]).toBeCloseTo(w + sum(vectors.map((v, k) => sums[k]! * v[from + i]!)), 10);
        });
      },
    ),
  );
});

test('a projected step is clamped, and promises what the stored displacement promises', () => {
  fc.assert(
    fc.property(lengths, seeds, fc.double({ min: 0, max: 4, noNaN: true }), (n, seed, t) => {
      const next = random(seed);
      const x = randomVector(n, next).map(Math.abs);
      const [d, g, out] = [randomVector(n, next), randomVector(n, next), new Float32Array(n)];
      const promised = vector.projectedStep(x, d, t, g, 0, 1, out);
      out.forEach((v, i) => expect(v).toBe(Math.fround(Math.min(Math.max(x[i]! + t * d[i]!, 0), 1))));
      expect(promised).toBeCloseTo(sum(Array.from(g, (v, i) => v * (out[i]! - x[i]!))), 12);
    }),
  );
});

test('a projected slope leaves out what presses against a bound, and its squares show a gradient that is not finite', () => {
  const sums = new Float64Array(2);
  const g = Float32Array.of(1, 2, 4, 8, 16);
  vector.projectedSlope(g, Float32Array.of(-1, 1, -1, 1, 1), Float32Array.of(0, 0, 1, 1, 0.5), 0, 1, sums);
  expect([...sums]).toEqual([2 - 4 + 16, 1 + 4 + 16 + 64 + 256]);
  for (const bad of [NaN, Infinity, -Infinity]) {
    g[3] = bad;
    vector.projectedSlope(g, new Float32Array(5), new Float32Array(5), 0, 1, sums);
    expect(Number.isFinite(sums[1])).toBe(false);
  }
});

test('clamping keeps NaN, so that it cannot pass for a picture', () => {
  const x = Float32Array.of(-1, 0.5, 2, NaN);
  vector.clamp(x, 0, 1);
  expect([...x]).toEqual([0, 0.5, 1, NaN]);
});
