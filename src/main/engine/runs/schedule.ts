import type { Recipe } from '../../../shared/recipe.ts';

export type Levels = Recipe['schedule']['levels'];

/** Long side below which a coarser level shows a network nothing but blur, px. */
const SMALLEST_LEVEL = 128;
/** So many levels are worth their time at any size; more only where they start from at least `FIRST_LOOK`. */
const USUAL_LEVELS = 4;
/** Side at which pictures up to 1024 px begin, px: enough to recognise it in the first preview. Larger ones have the time. */
const FIRST_LOOK = 256;
/** Size of each level relative to the one before it: three steps are a factor of four. */
const STEP = 2 ** (2 / 3);
/** A level that is hardly larger than what is there already has nothing to add. */
const SAME_SIZE = 1.1;

/** Side up to which a level takes all evaluations, px: beyond it shapes and strokes are there, and only their detail is to be found. */
const FULL_SIDE = 1024;
/** A side twice as long takes so much less of them, and in the end this many: Galerne et al. 2024 take 600, 200, 66, 30. */
const FALL = 3;
const FEWEST_EVALUATIONS = 30;

/** Evaluations of a level whose side is `side` px, where levels up to 1024 px take `evaluations`. */
function evaluationsAt(side: number, evaluations: number): number {
  const doublings = Math.max(0, Math.log2(side / FULL_SIDE));
  return Math.max(Math.min(FEWEST_EVALUATIONS, evaluations), Math.round(evaluations / FALL ** doublings));
}

/**
 * Coarse to fine: large shapes are painted cheaply on a small picture, later levels only add finer strokes.
 * Sizes fall by 2^(2/3) from the result's. Up to 1024 px each coarser level takes a fifth more evaluations than the finer one; above,
 * evaluations fall to a third with every doubling, as in Galerne et al. 2024, "Scaling Painting Style Transfer", section 4.
 *
 * @param size side of the result, px
 * @param evaluations at the last level; where the result is larger than 1024 px, at the last one that is not
 */
export function coarseToFine(size: number, evaluations: number): Levels {
  const levels = [{ factor: 1, evaluations: evaluationsAt(size, evaluations) }];
  for (let steps = 1; ; steps++) {
    const factor = STEP ** -steps;
    const side = Math.round(size * factor);
    const beginsSmall = size > FULL_SIDE || levels.length < USUAL_LEVELS;
    if (side < (beginsSmall ? SMALLEST_LEVEL : FIRST_LOOK)) return levels;
    const finer = Math.round(size * STEP ** (1 - steps));
    const more = finer > FULL_SIDE ? evaluationsAt(side, evaluations) : Math.round(levels[0]!.evaluations * 1.2);
    levels.unshift({ factor, evaluations: more });
  }
}

/**
 * The levels that take a finished picture to a larger size: those of `coarseToFine` that are larger than it is, the last one in any
 * case.
 *
 * @param painted side of the finished picture, px
 * @param size side of the result, px
 * @param evaluations as in `coarseToFine`
 */
export function enlarging(painted: number, size: number, evaluations: number): Levels {
  const levels = coarseToFine(size, evaluations);
  const larger = levels.filter(({ factor }) => size * factor > painted * SAME_SIZE);
  return larger.length > 0 ? larger : levels.slice(-1);
}

/**
 * The picture's size at a level: the side that the schedule names (the article's 512 is the short one, most programs'
 * the long one) has `size · factor` px, the other follows the photo's proportions; whole pixels, at least 1.
 */
export function levelSize({ size, side, levels }: Recipe['schedule'], level: number, photo: Size): Size {
  return fitSide(photo, side, Math.round(size * levels[level]!.factor));
}

/** So much larger than it is, a painting has nothing left for fine layers to see. */
const MOST_ENLARGED = 4;

/**
 * The size at which a painting is measured while the picture has the size `picture`: the side that the schedule names is
 * `scale` times the picture's, so that strokes have the same part of the picture at every size. Enlarging a painting invents no
 * strokes, but it keeps those of a large picture from becoming small ones.
 */
export function paintingSize({ side }: Recipe['schedule'], picture: Size, painting: Size, scale: number): Size {
  const wanted = Math.round(sideOf(picture, side) * scale);
  return fitSide(painting, side, Math.min(wanted, MOST_ENLARGED * sideOf(painting, side)));
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
