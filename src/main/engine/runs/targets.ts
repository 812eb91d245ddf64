import { resizePicture, type Picture } from '../../codec/picture.ts';
import { MadderError } from '../../../shared/errors.ts';
import type { Recipe, RecipeImage } from '../../../shared/recipe.ts';
import type { Network } from '../networks/network.ts';
import { gramInput, type NetworkUse, type ObjectiveShape } from '../objective/assemble.ts';
import { measureStatistics, mixStatistics, type RunSize, type Statistics } from '../objective/objective.ts';
import type { Plane } from '../objective/windows.ts';
import type { SessionOptions } from '../runtime/session.ts';
import { TREATMENTS } from './colour.ts';
import { composite, isMasked, paintedRegions, photoShareOf, type PaintedRegions } from './masks.ts';
import { paintingSize } from './schedule.ts';

/** What a recipe names by hash: the decoded pictures and the loaded networks, rewrites applied. */
export interface RunAssets {
  readonly images: ReadonlyMap<string, Picture>;
  /** Masks by hash, where the recipe has some. */
  readonly masks?: ReadonlyMap<string, Plane>;
  readonly networks: { readonly style: Network; readonly content?: Network };
}

/** The decoded picture that a recipe names. @throws MadderError where it is missing */
export function imageOf(assets: RunAssets, { sha256, name }: RecipeImage): Picture {
  const picture = assets.images.get(sha256);
  if (!picture) throw new MadderError('input', `The picture ${name} of the recipe is missing; add it again.`);
  return picture;
}

/** Finds the decoded masks that a recipe names. @throws MadderError where one is missing */
const maskOf =
  ({ masks }: RunAssets) =>
  ({ image: { sha256, name } }: Recipe['masks'][number]): Plane => {
    const mask = masks?.get(sha256);
    if (!mask) throw new MadderError('input', `The mask ${name} of the recipe is missing; add it again.`);
    return mask;
  };

/** What a run looks at: the recipe's pictures and networks under its `colour`. */
export interface Subjects {
  readonly photo: Picture;
  /** In the order of the recipe's styles. */
  readonly paintings: readonly Picture[];
  /** Where which of them are painted; undefined where the recipe has no masks. */
  readonly painted: PaintedRegions | undefined;
  readonly networks: RunAssets['networks'];
}

/** The pictures and networks of a recipe as its `colour` has them seen; statistics are taken of the decoded pictures. */
export function subjectsOf(recipe: Recipe, assets: RunAssets): Subjects {
  const treatment = TREATMENTS[recipe.colour];
  const photo = imageOf(assets, recipe.content);
  const { style, content } = assets.networks;
  return {
    photo: treatment.photo(photo),
    paintings: recipe.styles.map(({ image }) => treatment.painting(imageOf(assets, image), photo)),
    painted: paintedRegions(recipe, maskOf(assets)),
    networks: { style: treatment.network(style), ...(content ? { content: treatment.network(content) } : {}) },
  };
}

/**
 * Turns pictures of one size, as they are optimized, into what people see: with the photo's colours where the recipe says so, and with the
 * photo itself where its mask keeps it.
 */
export async function finisherOf(recipe: Recipe, assets: RunAssets, { width, height }: RunSize) {
  const { finish } = TREATMENTS[recipe.colour];
  const stays = photoShareOf(recipe, maskOf(assets));
  if (!finish && !stays) return (picture: Picture): Picture => picture;
  const photo = await resizePicture(imageOf(assets, recipe.content), width, height);
  return (picture: Picture): Picture => {
    const coloured = finish ? finish(picture, photo) : picture;
    if (!stays) return coloured;
    // What is optimized goes on being optimized; a picture that was made for people is nobody else's.
    return composite(coloured, photo, stays, finish ? coloured.data : new Float32Array(coloured.data.length));
  };
}

/** The networks of a recipe and the layers at which each is asked; one network that does both is used once. */
export function networkUses(recipe: Recipe, { networks }: Pick<RunAssets, 'networks'>): NetworkUse[] {
  const style = Object.keys(recipe.objective.styleLayers);
  const content = Object.keys(recipe.objective.contentLayers);
  if (!networks.content) return [{ key: 'style', network: networks.style, style, content }];
  return [
    { key: 'style', network: networks.style, style, content: [] },
    { key: 'content', network: networks.content, style: [], content },
  ];
}

/** What a recipe minimises. There is a variation term where the recipe or its timeline weighs it: fewer operators where nothing does. */
export function shapeOf(recipe: Recipe, subjects: Pick<Subjects, 'networks' | 'painted'>): ObjectiveShape {
  const all = [recipe.objective, ...recipe.timeline.map((entry) => entry.weights)];
  const weighed = (name: 'variation' | 'variationL1') => all.some((weights) => (weights[name] ?? 0) > 0);
  return {
    networks: networkUses(recipe, subjects),
    variation: { quadratic: weighed('variation'), l1: weighed('variationL1') },
    regions: subjects.painted?.regions,
  };
}

/** Grams of the mixed styles of every region, each painting at its own scale, and features of the photo at the picture's size. */
export async function measureTargets(
  recipe: Recipe,
  subjects: Subjects,
  size: RunSize,
  options: SessionOptions,
): Promise<Statistics> {
  const contentOnly = networkUses(recipe, subjects).map((u) => ({ ...u, style: [] }));
  const grams = await measureStyles(recipe, subjects, size, (uses, painting, fitted) =>
    measureStatistics(uses, painting, fitted, options),
  );
  const photo = await resizePicture(subjects.photo, size.width, size.height);
  return new Map([...grams, ...(await measureStatistics(contentOnly, photo.data, size, options))]);
}

/**
 * Grams of the mixed styles, or of those of every region, each painting at its own scale. A style that has a region for itself is
 * all of it, whatever its weight.
 * @param size of the picture
 * @param measure the Gram matrices of a painting, planar [3,H,W], at these networks' style layers
 */
export async function measureStyles(
  recipe: Recipe,
  subjects: Subjects,
  size: RunSize,
  measure: (uses: readonly NetworkUse[], painting: Float32Array, size: RunSize) => Promise<Statistics>,
): Promise<Statistics> {
  const styleOnly = networkUses(recipe, subjects).map((u) => ({ ...u, content: [] }));
  const parts: { readonly statistics: Statistics; readonly weight: number }[] = [];
  for (const [i, style] of recipe.styles.entries()) {
    const fitted = paintingSize(recipe.schedule, size, style.image, style.scale);
    const resized = await resizePicture(subjects.paintings[i]!, fitted.width, fitted.height);
    parts.push({ statistics: await measure(styleOnly, resized.data, fitted), weight: style.weight });
  }
  if (!subjects.painted) return mixStatistics(parts);
  const grams = new Map<string, Float32Array>();
  subjects.painted.styles.forEach((places, region) => {
    const alone = places.length === 1 && isMasked(recipe, places[0]!);
    const mixed = alone ? parts[places[0]!]!.statistics : mixStatistics(places.map((i) => parts[i]!));
    for (const { key, style } of styleOnly) {
      for (const layer of style) {
        const term = { network: key, layer };
        grams.set(gramInput(term, region), mixed.get(gramInput(term))!);
      }
    }
  });
  return grams;
}
