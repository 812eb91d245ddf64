import { resizePicture, type Picture } from '../../codec/picture.ts';
import { MadderError } from '../../../shared/errors.ts';
import type { Recipe, RecipeImage } from '../../../shared/recipe.ts';
import type { Network } from '../networks/network.ts';
import type { NetworkUse } from '../objective/assemble.ts';
import { measureStatistics, mixStatistics, type RunSize, type Statistics } from '../objective/objective.ts';
import type { SessionOptions } from '../runtime/session.ts';
import { TREATMENTS } from './colour.ts';
import { paintingSize } from './schedule.ts';

/** What a recipe names by hash: the decoded pictures and the loaded networks, rewrites applied. */
export interface RunAssets {
  readonly images: ReadonlyMap<string, Picture>;
  readonly networks: { readonly style: Network; readonly content?: Network };
}

/** The decoded picture that a recipe names. @throws MadderError where it is missing */
export function imageOf(assets: RunAssets, { sha256, name }: RecipeImage): Picture {
  const picture = assets.images.get(sha256);
  if (!picture) throw new MadderError('input', `The picture ${name} of the recipe is missing; add it again.`);
  return picture;
}

/** What a run looks at: the recipe's pictures and networks under its `colour`. */
export interface Subjects {
  readonly photo: Picture;
  /** In the order of the recipe's styles. */
  readonly paintings: readonly Picture[];
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
    networks: { style: treatment.network(style), ...(content ? { content: treatment.network(content) } : {}) },
  };
}

/** Turns pictures of one size, as they are optimized, into what people see. */
export async function finisherOf(recipe: Recipe, assets: RunAssets, { width, height }: RunSize) {
  const { finish } = TREATMENTS[recipe.colour];
  if (!finish) return (picture: Picture): Picture => picture;
  const photo = await resizePicture(imageOf(assets, recipe.content), width, height);
  return (picture: Picture): Picture => finish(picture, photo);
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

/** Grams of the mixed styles, each painting at its own scale, and features of the photo at the picture's size. */
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
 * Grams of the mixed styles, each painting at its own scale.
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
  const parts = [];
  for (const [i, style] of recipe.styles.entries()) {
    const fitted = paintingSize(recipe.schedule, size, style.image, style.scale);
    const resized = await resizePicture(subjects.paintings[i]!, fitted.width, fitted.height);
    parts.push({ statistics: await measure(styleOnly, resized.data, fitted), weight: style.weight });
  }
  return mixStatistics(parts);
}
