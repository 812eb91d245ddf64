import type { Recipe } from './recipe.ts';

/** The weights of an objective that can be moved while a picture is painted. */
export type RecipeWeights = Omit<Recipe['objective'], 'normalization'>;

/**
 * The weights that hold at an evaluation, counted from 0 over all levels: the objective's own with every change of the
 * timeline whose evaluation is not later, in order. A fader that a change does not name stays where it was.
 */
export function weightsAt({ objective, timeline }: Pick<Recipe, 'objective' | 'timeline'>, evaluation: number) {
  const { style, content, variation, variationL1, styleLayers, contentLayers } = objective;
  let weights: RecipeWeights = { style, content, variation, variationL1, styleLayers, contentLayers };
  for (const change of timeline) {
    if (change.evaluation > evaluation) break;
    const moved = Object.fromEntries(Object.entries(change.weights).filter(([, value]) => value !== undefined));
    weights = {
      ...weights,
      ...moved,
      styleLayers: { ...weights.styleLayers, ...change.weights.styleLayers },
      contentLayers: { ...weights.contentLayers, ...change.weights.contentLayers },
    };
  }
  return weights;
}
