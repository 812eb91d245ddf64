import type { Recipe } from '../../../shared/recipe.ts';

export type Levels = Recipe['schedule']['levels'];

/** Long side below which a coarser level shows a network nothing but blur, px. */
const SMALLEST_LEVEL = 128;
/** So many levels are worth their time at any size; more only where they start from at least `FIRST_LOOK`. */
const USUAL_LEVELS = 4;
/** Long side at which a large picture begins, px: enough to recognise it in the first preview. */
const FIRST_LOOK = 256;
/** Size of each level relative to the one before it: three steps are a factor of four. */
const STEP = 2 ** (2 / 3);

/**
 * Coarse to fine: large shapes are painted cheaply on a small picture, later levels only add finer strokes.
 * Sizes fall by 2^(2/3) from the result's, and each coarser level takes a fifth more evaluations than the finer one.
 *
 * @param size long side of the result, px
 * @param evaluations at the last level
 */
export function coarseToFine(size: number, evaluations: number): Levels {
  const levels = [{ factor: 1, evaluations }];
  for (let steps = 1; ; steps++) {
    const factor = STEP ** -steps;
    const side = Math.round(size * factor);
    if (side < (levels.length < USUAL_LEVELS ? SMALLEST_LEVEL : FIRST_LOOK)) return levels;
    levels.unshift({ factor, evaluations: Math.round(levels[0]!.evaluations * 1.2) });
  }
}

/**
 * The picture's size at a level: the side that the schedule names (the article's 512 is the short one, most programs'
 * the long one) has `size · factor` px, the other follows the photo's proportions; whole pixels, at least 1.
 */
export function levelSize({ size, side, levels }: Recipe['schedule'], level: number, photo: Size): Size {
  return fitSide(photo, side, Math.round(size * levels[level]!.factor));
}

/**
 * The size at which a painting is measured while the picture has the size `picture`: the side that the schedule names is
 * `scale` times the picture's. Enlarging a painting invents no strokes, so its own size is the most.
 */
export function paintingSize({ side }: Recipe['schedule'], picture: Size, painting: Size, scale: number): Size {
  const wanted = Math.round(sideOf(picture, side) * scale);
  return fitSide(painting, side, Math.min(wanted, sideOf(painting, side)));
}

interface Size {
  readonly width: number;
  readonly height: number;
}

const sideOf = ({ width, height }: Size, side: 'long' | 'short'): number =>
  side === 'long' ? Math.max(width, height) : Math.min(width, height);

function fitSide(size: Size, side: 'long' | 'short', length: number): Size {
  const scale = Math.max(1, length) / sideOf(size, side);
  const fit = (s: number) => Math.max(1, Math.round(s * scale));
  return { width: fit(size.width), height: fit(size.height) };
}
