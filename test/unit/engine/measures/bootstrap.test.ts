import { describe, expect, it } from 'vitest';
import { bootstrap, weightedMean, weightedPairMean } from '../../../../src/main/engine/measures/bootstrap.ts';
import { Random } from '../../../support/random.ts';

/** Sum of twelve uniform numbers less six: nearly Gaussian, mean 0, deviation 1. */
const gaussian = (random: Random) => random.numbers(12, 0, 1).reduce((a, b) => a + b, -6);

describe('bootstrap', () => {
  it('has an interval for the mean that is about 1.96 standard errors to each side', () => {
    const random = new Random(1);
    const values = Array.from({ length: 100 }, () => 10 + gaussian(random));
    const { value, low, high } = bootstrap(100, 2, (w) => weightedMean(values, w));
    const mean = values.reduce((a, b) => a + b, 0) / 100;
    const error = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0)) / 100;
    expect(value).toBeCloseTo(mean, 9);
    expect((mean - low) / error).toBeCloseTo(1.96, 0);
    expect((high - mean) / error).toBeCloseTo(1.96, 0);
  });

  it('holds the truth about as often as it says', () => {
    const random = new Random(3);
    let held = 0;
    for (let trial = 0; trial < 100; trial++) {
      const values = Array.from({ length: 40 }, () => gaussian(random));
      const { low, high } = bootstrap(40, trial, (w) => weightedMean(values, w));
      if (low <= 0 && high >= 0) held++;
    }
    expect(held).toBeGreaterThan(85);
  });

  it('does not pull the mean distance of pairs towards the zero of a thing drawn twice', () => {
    const pairs = Array.from({ length: 10 }, () => 1);
    const { value, low, high } = bootstrap(5, 0, (w) => weightedPairMean(pairs, w));
    expect([value, low, high]).toEqual([1, 1, 1]);
  });

  it('is repeated by its seed', () => {
    const values = [...new Random(5).numbers(30)];
    const repeated = (seed: number) => bootstrap(30, seed, (w) => weightedMean(values, w));
    expect(repeated(7)).toEqual(repeated(7));
    expect(repeated(7)).not.toEqual(repeated(8));
  });

  it('weighs pairs in their order', () => {
    // 01 02 12; the middle one is not drawn.
    expect(weightedPairMean([10, 20, 30], Float64Array.of(1, 0, 2))).toBe(20);
    expect(weightedPairMean([10, 20, 30], Float64Array.of(1, 1, 1))).toBe(20);
    expect(weightedPairMean([10, 20, 30], Float64Array.of(3, 0, 0))).toBeNaN();
  });
});
