/** A finished picture that is painted on at a larger size. */
import { enlarging } from '../engine/runs/schedule.ts';
import { MadderError } from '../../shared/errors.ts';
import type { Recipe } from '../../shared/recipe.ts';
import type { RecipeChanges } from '../../shared/recipe-changes.ts';
import { weightsAt } from '../../shared/recipe-timeline.ts';

/** Side up to which levels have all the evaluations that were asked for, px; see `coarseToFine`. */
const FULL_SIDE = 1024;

/** The evaluations that a picture was painted with at the sizes that have all of them. */
export function fullEvaluations({ size, levels }: Recipe['schedule']): number {
  const full = levels.findLast(({ factor }) => size * factor <= FULL_SIDE);
  return (full ?? levels.at(-1)!).evaluations;
}

/** A recipe with the weights that it ended with from the start. */
export const ended = (recipe: Recipe): Recipe => ({
  ...recipe,
  objective: { ...recipe.objective, ...weightsAt(recipe, Infinity) },
  timeline: [],
});

/**
 * The levels from a painted picture on to the size that is asked for.
 * @param schedule that it was painted with
 * @param picture its size now, px: a file may be smaller or larger than what was painted
 * @throws MadderError `input` where no larger size is asked for
 */
export function enlargedSchedule(
  schedule: Recipe['schedule'],
  picture: { readonly width: number; readonly height: number },
  { size, iterations }: Pick<RecipeChanges, 'size' | 'iterations'>,
): Recipe['schedule'] {
  const { side } = schedule;
  const own = side === 'long' ? Math.max(picture.width, picture.height) : Math.min(picture.width, picture.height);
  // Pixels that only scaling has added are still to be painted.
  const painted = Math.min(own, schedule.size);
  if (size === undefined || size <= painted) {
    throw new MadderError(
      'input',
      `The picture was painted with a ${side} side of ${painted} px; say which larger size it is to have, with --size, --megapixels or --print.`,
    );
  }
  return { size, side, levels: enlarging(painted, size, iterations ?? fullEvaluations(schedule)) };
}
