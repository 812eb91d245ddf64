import { uniform } from '../runs/random.ts';

/** A number with its 95 % interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Resamplings; the ends of an interval are then known to about a hundredth of its width. */
const RESAMPLINGS = 2000;
const TAIL = 0.025;

/**
 * Percentile bootstrap (Efron 1979) over `count` things that were sampled independently: a statistic and the range that
 * holds 95 % of its values when the things are drawn anew, with replacement, from themselves.
 * @param statistic of the things when each counts `weights[i]` times; NaN where it is undefined, which is left out
 */
export function bootstrap(count: number, seed: number, statistic: (weights: Float64Array) => number): Estimate {
  const next = uniform(seed);
  const values: number[] = [];
  const weights = new Float64Array(count);
  for (let r = 0; r < RESAMPLINGS; r++) {
    weights.fill(0);
    for (let i = 0; i < count; i++) weights[Math.floor(count * next())]! += 1;
    const value = statistic(weights);
    if (!Number.isNaN(value)) values.push(value);
  }
  values.sort((a, b) => a - b);
  return {
    value: statistic(new Float64Array(count).fill(1)),
    low: quantile(values, TAIL),
    high: quantile(values, 1 - TAIL),
  };
}

/** Between the two neighbours in proportion, as R's type 7. */
function quantile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!);
}

/** Σ w_i v_i / Σ w_i. */
export function weightedMean(values: readonly number[], weights: Float64Array): number {
  let sum = 0;
  let total = 0;
  for (let i = 0; i < values.length; i++) {
    sum += weights[i]! * values[i]!;
    total += weights[i]!;
  }
  return sum / total;
}

/**
 * Σ w_i w_j v_ij / Σ w_i w_j over the pairs i < j, in the order 01, 02, … 12, …. A thing drawn twice makes no pair with
 * itself: its distance of zero would pull every resampled mean down. NaN where one thing was drawn only.
 */
export function weightedPairMean(values: readonly number[], weights: Float64Array): number {
  let sum = 0;
  let total = 0;
  let k = 0;
  for (let i = 0; i < weights.length; i++) {
    for (let j = i + 1; j < weights.length; j++, k++) {
      const weight = weights[i]! * weights[j]!;
      sum += weight * values[k]!;
      total += weight;
    }
  }
  return sum / total;
}
