import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawMovement, Resampling, type Movement } from '../../../../src/main/engine/parameterizations/transforms.ts';
import { random, randomVector } from '../optimizers/problems.ts';
import { adjointError, largestDifference } from './vectors.ts';

const STILL: Movement = { angle: 0, scale: 1, right: 0, down: 0 };
const side = fc.integer({ min: 1, max: 19 });
const movements = {
  shift: fc.record({
    angle: fc.constant(0),
    scale: fc.constant(1),
    right: fc.integer({ min: -30, max: 30 }),
    down: fc.integer({ min: -30, max: 30 }),
  }),
  scale: fc.double({ min: 0.3, max: 3, noNaN: true }).map((scale) => ({ ...STILL, scale })),
  rotation: fc.double({ min: -180, max: 180, noNaN: true }).map((angle) => ({ ...STILL, angle })),
  'all of them': fc.record({
    angle: fc.double({ min: -180, max: 180, noNaN: true }),
    scale: fc.double({ min: 0.3, max: 3, noNaN: true }),
    right: fc.integer({ min: -30, max: 30 }),
    down: fc.integer({ min: -30, max: 30 }),
  }),
};

const rows = (...lines: number[][]) => Float32Array.from(lines.flat());
const picture = rows([1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]);

describe('Resampling', () => {
  it.each(Object.entries(movements))('has an exact adjoint (%s)', (_name, movement) => {
    fc.assert(
      fc.property(side, side, movement, fc.nat(), (width, height, drawn, seed) => {
        const next = random(seed);
        const [x, y] = [randomVector(3 * width * height, next), randomVector(3 * width * height, next)];
        const resampling = new Resampling(width, height, drawn);
        const tx = resampling.apply(x);
        expect(adjointError(x, tx, y, resampling.adjoint(y))).toBeLessThan(1e-5);
      }),
      { numRuns: 150 },
    );
  });

  it.each(Object.entries(movements))(
    'keeps an even picture even, and every value within those of the picture (%s)',
    (_name, movement) => {
      fc.assert(
        fc.property(side, side, movement, fc.nat(), (width, height, drawn, seed) => {
          const resampling = new Resampling(width, height, drawn);
          const even = new Float32Array(3 * width * height).fill(0.3);
          expect(largestDifference(resampling.apply(even), even)).toBeLessThan(1e-6);
          for (const v of resampling.apply(randomVector(3 * width * height, random(seed)))) {
            expect(v >= -1 && v <= 1).toBe(true);
          }
        }),
      );
    },
  );

  it('without movement copies', () => {
    expect(new Resampling(4, 3, STILL).apply(picture)).toEqual(picture);
  });

  it('shifts by whole pixels and mirrors at the edges', () => {
    expect(new Resampling(4, 3, { ...STILL, right: 1, down: -1 }).apply(picture)).toEqual(
      rows([6, 5, 6, 7], [10, 9, 10, 11], [6, 5, 6, 7]),
    );
    expect(new Resampling(4, 1, { ...STILL, right: 2, down: 1 }).apply(rows([1, 2, 3, 4]))).toEqual(rows([3, 2, 1, 2]));
  });

  it('turns clockwise about the centre', () => {
    expect(new Resampling(2, 2, { ...STILL, angle: 90 }).apply(rows([1, 2], [3, 4]))).toEqual(rows([3, 1], [4, 2]));
  });

  it('enlarges about the centre', () => {
    const enlarged = new Resampling(5, 1, { ...STILL, scale: 2 }).apply(rows([0, 1, 2, 3, 4]));
    expect(enlarged).toEqual(rows([1, 1.5, 2, 2.5, 3]));
  });
});

describe('drawMovement', () => {
  const ranges = { jitter: 8, scale: 0.1, rotate: 5 };

  it('depends on seed and iteration alone', () => {
    expect(drawMovement(ranges, 3, 100)).toEqual(drawMovement(ranges, 3, 100));
    expect(drawMovement(ranges, 3, 100)).not.toEqual(drawMovement(ranges, 3, 101));
    expect(drawMovement(ranges, 3, 100)).not.toEqual(drawMovement(ranges, 4, 100));
    const still = drawMovement({ jitter: 0, scale: 0, rotate: 0 }, 3, 100);
    expect(new Resampling(4, 3, still).apply(picture)).toEqual(picture);
  });

  it('is uniform over its ranges, without memory', () => {
    const draws = Array.from({ length: 4000 }, (_, i) => drawMovement(ranges, 7, i));
    const shifts = new Set(draws.map((d) => d.right));
    expect([...shifts].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 17 }, (_, i) => i - 8));
    const units = [
      draws.map((d) => d.right / 8.5),
      draws.map((d) => d.down / 8.5),
      draws.map((d) => (d.scale - 1) / 0.1),
      draws.map((d) => d.angle / 5),
    ];
    units.forEach((values, k) => {
      const mean = (list: readonly number[]) => list.reduce((a, b) => a + b, 0) / list.length;
      expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(1);
      expect(Math.abs(mean(values))).toBeLessThan(0.04);
      expect(mean(values.map((v) => v * v))).toBeCloseTo(1 / 3, 1);
      expect(Math.abs(mean(values.slice(1).map((v, i) => v * values[i]!)))).toBeLessThan(0.03);
      for (const other of units.slice(k + 1)) {
        expect(Math.abs(mean(values.map((v, i) => v * other[i]!)))).toBeLessThan(0.03);
      }
    });
  });
});
