import type { Later } from './optimizer.ts';

/** A point of φ(t) = f(P(x + t d)). `loss` is not finite where φ, or the gradient there, is not. */
export interface Trial {
  readonly t: number;
  readonly loss: number;
  /** φ'(t). */
  readonly slope: number;
  /** g(x)·(x(t) − x): what the linear model promises; equals t φ'(0) while no component is clipped. */
  readonly promised: number;
}

/** One dimension of an objective. */
export interface Path {
  /** g(x)·(x(t) − x) without evaluating the objective. */
  promise(t: number): Later<number>;
  /** Evaluates at t, the argument of the latest `promise`, which returned `promised`. */
  evaluate(t: number, promised: number): Promise<Trial>;
  /** The latest trial may become the result although others will be evaluated: keep its gradient. */
  keep(): Later<void>;
}

export interface SearchOptions {
  /** Sufficient decrease, c₁. */
  readonly decrease: number;
  /** Curvature, c₂. */
  readonly curvature: number;
  /** Evaluations after which the best point that satisfies sufficient decrease is taken. */
  readonly maxEvaluations: number;
}

/** Shrinking after a trial that tells nothing of the shape of φ. */
const SHRINK_BLINDLY = 0.25;
/** Trials keep this distance from the ends of the bracket, in widths. */
const MARGIN = 0.1;
/** A failed trial that promised less than this part of the loss was decided by rounding; shorter ones will be, too. */
const FUTILE = 1e-9;
/** Projections (without an evaluation) that a search may spend on finding a path that descends. */
const MAX_HALVINGS = 40;

/**
 * Strong Wolfe line search, Nocedal & Wright (2006), Algorithms 3.5 (bracketing) and 3.6 (zoom) written as one loop over
 * the bracket [lo, hi): `lo` is the best point with sufficient decrease, and while `hi` is missing the step is extended.
 * Sufficient decrease is measured on the displacement, f(x(t)) ≤ f(x) + c₁ g·(x(t) − x) (Bertsekas 1982, eq. 24), since
 * clipped components promise nothing. Returns undefined when no trial decreased the loss.
 *
 * @param start φ(0) and φ'(0) < 0
 */
export async function strongWolfe(
  path: Path,
  start: { readonly loss: number; readonly slope: number },
  options: SearchOptions,
): Promise<Trial | undefined> {
  const origin: Trial = { t: 0, loss: start.loss, slope: start.slope, promised: 0 };
  let lo = origin;
  let hi: Trial | undefined;
  let t = 1;
  let evaluations = 0;
  for (let round = 0; evaluations < options.maxEvaluations && round < MAX_HALVINGS; round++) {
    const promised = await path.promise(t);
    let trial: Trial;
    if (promised < 0) {
      trial = await path.evaluate(t, promised);
      evaluations++;
    } else {
      // The bent path does not descend this far (or rounding leaves nothing of it): an evaluation would be wasted.
      trial = { t, loss: Infinity, slope: NaN, promised };
    }
    const sufficient = trial.loss <= start.loss + options.decrease * promised; // false for NaN
    if (!sufficient || trial.loss >= lo.loss) {
      if (-promised <= FUTILE * Math.abs(start.loss) && promised < 0) break;
      hi = trial;
    } else {
      if (Math.abs(trial.slope) <= -options.curvature * start.slope) return trial;
      const towardsHi = hi ? hi.t - lo.t : 1;
      const previous = lo;
      if (trial.slope * towardsHi >= 0) hi = lo;
      lo = trial;
      await path.keep();
      if (!hi) {
        t = extend(previous, lo);
        continue;
      }
    }
    const next = hi.t === lo.t ? t : between(lo, hi);
    if (next === t || next === lo.t) break;
    t = next;
  }
  return lo.t > 0 ? lo : undefined;
}

/** Next trial beyond `lo`, the end of a descending stretch. */
function extend(previous: Trial, lo: Trial): number {
  const minimum = cubicMinimum(previous, lo);
  return minimum > lo.t ? Math.min(Math.max(minimum, 1.5 * lo.t), 10 * lo.t) : 10 * lo.t;
}

/** Next trial inside the bracket. */
function between(lo: Trial, hi: Trial): number {
  const width = hi.t - lo.t;
  if (!Number.isFinite(hi.loss)) return lo.t + SHRINK_BLINDLY * width;
  const fraction = (cubicMinimum(lo, hi) - lo.t) / width;
  return lo.t + width * (fraction >= MARGIN ? Math.min(fraction, 1 - MARGIN) : fraction < MARGIN ? MARGIN : 0.5);
}

/** Minimum of the cubic with the values and slopes of two points, Nocedal & Wright eq. 3.59; NaN when it has none. */
function cubicMinimum(a: Trial, b: Trial): number {
  const width = b.t - a.t;
  const d1 = a.slope + b.slope - (3 * (a.loss - b.loss)) / (a.t - b.t);
  const d2 = Math.sign(width) * Math.sqrt(d1 * d1 - a.slope * b.slope);
  return b.t - (width * (b.slope + d2 - d1)) / (b.slope - a.slope + 2 * d2);
}
