/** What one value of an axis, or a whole cell, changes of the picture that a study paints. */
import { applyRewrites } from '../../../engine/networks/rewrites/apply.ts';
import type { Network } from '../../../engine/networks/network.ts';
import { MadderError } from '../../../../shared/errors.ts';
import { OPTIMIZERS, type OptimizerName } from '../../../../shared/optimizers.ts';
import type { PictureSettings, Remedy } from '../../../../shared/picture-studies.ts';
import type { Recipe } from '../../../../shared/recipe.ts';
import type { RecipeChanges } from '../../../../shared/recipe-changes.ts';
import type { Rewrite } from '../../../../shared/rewrites.ts';
import { checkedRecipe, namedLayers, orderedLayers } from '../../recipes.ts';

export interface Variation {
  /** Ids or files. */
  readonly network?: string;
  readonly contentNetwork?: string;
  /** Files of paintings instead of the study's. */
  readonly styles?: readonly { readonly path: string; readonly weight?: number; readonly scale?: number }[];
  /** `content`, `noise` or a file. */
  readonly init?: string;
  readonly changes?: RecipeChanges;
  /** λ itself; `changes.strength` multiplies what a network or preset suggests. */
  readonly styleWeight?: number;
  /** These layers, all with the weight 1, and no others. */
  readonly styleLayers?: readonly string[];
  readonly contentLayers?: readonly string[];
  /** Made to the style network after all others. */
  readonly rewrites?: readonly Rewrite[];
  /** A picture on the way of a longer run: after so many evaluations at the full size. */
  readonly iterations?: number;
}

/** Several variations at once; of two that say the same thing, the later one counts. */
export const combined = (variations: readonly Variation[]): Variation =>
  variations.reduce(
    (all, next) => ({
      ...all,
      ...next,
      ...(all.changes || next.changes ? { changes: { ...all.changes, ...next.changes } } : {}),
      ...(all.rewrites || next.rewrites ? { rewrites: [...(all.rewrites ?? []), ...(next.rewrites ?? [])] } : {}),
    }),
    {},
  );

/** What a study's settings ask for beside `init`. */
export function changesOf({ optimizer, init: _, ...settings }: PictureSettings): RecipeChanges {
  const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
  return { ...given, ...(optimizer === undefined ? {} : { optimizer: OPTIMIZERS[optimizer] }) };
}

export const withOptimizer = (name: OptimizerName): Variation => ({ changes: { optimizer: OPTIMIZERS[name] } });

/** The transforms of Lucid's notebooks, as docs/recipes.md has them. */
const TRANSFORMS = { jitter: 8, scale: 0.1, rotate: 5 };

/** What each remedy does. */
export const REMEDY_VARIATIONS: Readonly<Record<Remedy, Variation>> = {
  none: {},
  'average-pooling': { changes: { pooling: 'average' } },
  'l2-pooling': { changes: { pooling: 'l2' } },
  'blur-pooling': { changes: { pooling: 'blur' } },
  'average-shortcuts': { changes: { shortcuts: 'average' } },
  'blur-shortcuts': { changes: { shortcuts: 'blur' } },
  'blur-strides': { changes: { strides: 'blur' } },
  jitter: { changes: { transforms: { jitter: TRANSFORMS.jitter } } },
  transforms: { changes: { transforms: TRANSFORMS } },
  fourier: { changes: { parameterization: { kind: 'fourier' } } },
  'fourier-transforms': { changes: { parameterization: { kind: 'fourier' }, transforms: TRANSFORMS } },
  smoothing: { rewrites: [{ smoothing: { over: 'all' } }] },
};

/**
 * A recipe with what a variation says that no request can say.
 * @param networks those of the recipe, as loaded
 * @throws MadderError `input` naming a layer that is not there
 */
export function varied(
  recipe: Recipe,
  { styleWeight, styleLayers, contentLayers, rewrites = [] }: Variation,
  networks: { readonly style: Network; readonly content?: Network | undefined },
): Recipe {
  const { style, content } = recipe.networks;
  const changed = [...style.rewrites, ...rewrites];
  const eye = networks.content ? { network: networks.content, rewrites: content!.rewrites } : undefined;
  const styleFaders = styleLayers && faders({ network: networks.style, rewrites: changed }, styleLayers);
  const contentFaders = contentLayers && faders(eye ?? { network: networks.style, rewrites: changed }, contentLayers);
  const objective = {
    ...recipe.objective,
    ...(styleWeight === undefined ? {} : { style: styleWeight }),
    ...(styleFaders ? { styleLayers: styleFaders } : {}),
    ...(contentFaders ? { contentLayers: contentFaders } : {}),
  };
  return checkedRecipe({
    ...recipe,
    objective,
    networks: { ...recipe.networks, style: { ...style, rewrites: withoutIdleOctaves(changed, objective) } },
  });
}

function faders(
  { network, rewrites }: { readonly network: Network; readonly rewrites: readonly Rewrite[] },
  layers: readonly string[],
): Record<string, number> {
  const rewritten = rewrites.length > 0 ? applyRewrites(network, rewrites) : network;
  return orderedLayers(rewritten, namedLayers(rewritten, Object.fromEntries(layers.map((name) => [name, 1]))));
}

/** Smaller sizes of the picture that no layer in use looks at (`relu3_1/2`) would only cost time. */
function withoutIdleOctaves(
  rewrites: readonly Rewrite[],
  { styleLayers, contentLayers }: Recipe['objective'],
): readonly Rewrite[] {
  const names = [...Object.keys(styleLayers), ...Object.keys(contentLayers)];
  return names.some((name) => /\/\d+$/.test(name)) ? rewrites : rewrites.filter((r) => !('octaves' in r));
}

/** Evaluations of a recipe's coarser levels. */
const evaluationsBefore = ({ levels }: Recipe['schedule']): number =>
  levels.slice(0, -1).reduce((sum, { evaluations }) => sum + evaluations, 0);

/** Evaluations of a recipe in all. */
export const evaluationsOf = ({ schedule }: Recipe): number =>
  evaluationsBefore(schedule) + schedule.levels.at(-1)!.evaluations;

/** Evaluations over all levels when so many at the full size are done. */
export const totalAfter = ({ schedule }: Recipe, iterations: number): number =>
  evaluationsBefore(schedule) + iterations;

/**
 * The recipe that ends with the picture that this one has after so many evaluations, which lie at the full size.
 * @param total over all levels
 * @throws MadderError `input` for the picture that a run starts with
 */
export function recipeAfter(recipe: Recipe, total: number): Recipe {
  const evaluations = total - evaluationsBefore(recipe.schedule);
  if (evaluations < 1) {
    throw new MadderError(
      'input',
      'This is the picture that the run starts with: no recipe paints it; pick another one.',
    );
  }
  const levels = recipe.schedule.levels.map((level, i, all) =>
    i < all.length - 1 ? level : { ...level, evaluations },
  );
  return { ...recipe, schedule: { ...recipe.schedule, levels } };
}
