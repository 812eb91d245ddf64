import type { Recipe } from '../../../shared/recipe.ts';

export type Levels = Recipe['schedule']['levels'];

/** Long side below which a coarser level shows a network nothing but blur, px. */
const SMALLEST_LEVEL = 128;
/** Size of each level relative to the one before it. */
const STEP = 1.6;

/**
 * Coarse to fine: large shapes are painted cheaply on a small picture, later levels only add finer strokes.
 * Sizes fall by 1.6 from the result's, and each coarser level takes a fifth more evaluations than the finer one.
 *
 * @param size long side of the result, px
 * @param evaluations at the last level
 */
export function coarseToFine(size: number, evaluations: number): Levels {
  const levels = [{ factor: 1, evaluations }];
  for (let factor = 1 / STEP; size * factor >= SMALLEST_LEVEL && levels.length < 8; factor /= STEP) {
    levels.unshift({ factor, evaluations: Math.round(levels[0]!.evaluations * 1.2) });
  }
  return levels;
}
