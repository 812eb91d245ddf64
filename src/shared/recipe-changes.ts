import type { Extent } from './extent.ts';
import type { PoolingKind } from './network-manifest.ts';
import type { Normalization } from './objective.ts';
import type { Colour, ParameterizationKind, Recipe } from './recipe.ts';
import type { Rewrite, Shortcuts, Strides } from './rewrites.ts';

/** What a person asks for instead of what a recipe or preset says; what is absent stays. */
export interface RecipeChanges {
  /** Side of the result in px: the long one, or that which the recipe's schedule names. */
  readonly size?: number;
  /** Instead of `size`: pixels in all, or a paper. Whoever knows the photo turns it into one. */
  readonly extent?: Extent;
  /** Style against content: the style weight is multiplied by it. */
  readonly strength?: number;
  /** Faders by layer name, 0 or more; layers that are not named keep their weight. */
  readonly layers?: Readonly<Record<string, number>>;
  readonly contentLayers?: Readonly<Record<string, number>>;
  readonly contentWeight?: number;
  readonly variation?: number;
  readonly variationL1?: number;
  readonly normalization?: Normalization;
  readonly colour?: Colour;
  readonly pooling?: PoolingKind;
  readonly firstPadding?: 'zero' | 'reflect' | 'edge';
  readonly shortcuts?: Shortcuts;
  readonly strides?: Strides;
  readonly parameterization?: Readonly<{ kind: ParameterizationKind } & Record<string, unknown>>;
  /** What is not named stays as it is. */
  readonly transforms?: Partial<Recipe['transforms']>;
  readonly optimizer?: Readonly<{ kind: 'lbfgs' | 'adam' } & Record<string, unknown>>;
  /** Evaluations at the full size; coarser levels take more or fewer in proportion. */
  readonly iterations?: number;
  readonly seed?: number;
}

type Settings = Pick<Recipe, 'objective' | 'schedule' | 'timeline' | 'transforms' | 'seed' | 'colour'>;

/**
 * The recipe with a person's settings in place of its own. A weight that is given holds throughout: the timeline's
 * changes of that weight are left out. With other iterations the timeline's changes keep their part of the run.
 * Faders are added as they are named. Rewrites, parameterization, optimizer and start are not changed here, since the
 * schema completes them.
 */
export function changeSettings<T extends Settings>(recipe: T, changes: RecipeChanges): T {
  const { objective, schedule, timeline } = recipe;
  const { contentWeight, variation, variationL1, strength = 1, layers = {}, contentLayers = {} } = changes;
  const before = schedule.levels.at(-1)!.evaluations;
  const pace = (changes.iterations ?? before) / before;
  return {
    ...recipe,
    objective: {
      normalization: changes.normalization ?? objective.normalization,
      style: objective.style * strength,
      content: contentWeight ?? objective.content,
      variation: variation ?? objective.variation,
      variationL1: variationL1 ?? objective.variationL1,
      styleLayers: { ...objective.styleLayers, ...layers },
      contentLayers: { ...objective.contentLayers, ...contentLayers },
    },
    schedule: {
      ...schedule,
      size: changes.size ?? schedule.size,
      levels: schedule.levels.map((level) => ({
        ...level,
        evaluations: Math.max(1, Math.round(level.evaluations * pace)),
      })),
    },
    timeline: timeline.map(({ evaluation, weights }) => {
      const { styleLayers, contentLayers: contentFaders, ...common } = weights;
      if (common.style !== undefined) common.style *= strength;
      if (contentWeight !== undefined) delete common.content;
      if (variation !== undefined) delete common.variation;
      if (variationL1 !== undefined) delete common.variationL1;
      return {
        evaluation: Math.round(evaluation * pace),
        weights: {
          ...common,
          ...(styleLayers ? { styleLayers: without(styleLayers, layers) } : {}),
          ...(contentFaders ? { contentLayers: without(contentFaders, contentLayers) } : {}),
        },
      };
    }),
    transforms: { ...recipe.transforms, ...changes.transforms },
    seed: changes.seed ?? recipe.seed,
    colour: changes.colour ?? recipe.colour,
  };
}

/** What a person can ask for of the networks, each for the whole of them. */
export const REWRITE_CHANGES = ['pooling', 'firstPadding', 'shortcuts', 'strides'] as const;
export type RewriteChanges = Pick<RecipeChanges, (typeof REWRITE_CHANGES)[number]>;

/** Rewrites with another pooling, first padding ... in place of those of the same kind, which are for the whole network. */
export function changeRewrites(rewrites: readonly Rewrite[], changes: RewriteChanges): Rewrite[] {
  const { pooling, firstPadding, shortcuts, strides } = changes;
  const replaced = REWRITE_CHANGES.filter((name) => changes[name] !== undefined);
  return [
    ...rewrites.filter((rewrite) => !replaced.some((name) => name in rewrite)),
    ...(pooling ? [{ pooling: { kind: pooling } }] : []),
    ...(firstPadding ? [{ firstPadding }] : []),
    ...(shortcuts ? [{ shortcuts }] : []),
    ...(strides ? [{ strides }] : []),
  ];
}

const without = (weights: Readonly<Record<string, number>>, names: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(weights).filter(([name]) => !Object.hasOwn(names, name)));
