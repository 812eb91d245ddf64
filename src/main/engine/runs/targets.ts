import { resizePicture, type Picture } from '../../codec/picture.ts';
import { MadderError } from '../../../shared/errors.ts';
import type { Recipe, RecipeImage } from '../../../shared/recipe.ts';
import type { Network } from '../networks/network.ts';
import type { NetworkUse } from '../objective/assemble.ts';
import { measureStatistics, mixStatistics, type RunSize, type Statistics } from '../objective/objective.ts';
import type { SessionOptions } from '../runtime/session.ts';
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

/** The networks of a recipe and the layers at which each is asked; one network that does both is used once. */
export function networkUses(recipe: Recipe, { networks }: RunAssets): NetworkUse[] {
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
  assets: RunAssets,
  size: RunSize,
  options: SessionOptions,
): Promise<Statistics> {
  const uses = networkUses(recipe, assets);
  const styleOnly = uses.map((u) => ({ ...u, content: [] }));
  const contentOnly = uses.map((u) => ({ ...u, style: [] }));
  const parts = [];
  for (const style of recipe.styles) {
    const painting = imageOf(assets, style.image);
    const fitted = paintingSize(recipe.schedule, size, style.image, style.scale);
    const resized = await resizePicture(painting, fitted.width, fitted.height);
    parts.push({ statistics: await measureStatistics(styleOnly, resized.data, fitted, options), weight: style.weight });
  }
  const photo = await resizePicture(imageOf(assets, recipe.content), size.width, size.height);
  return new Map([...mixStatistics(parts), ...(await measureStatistics(contentOnly, photo.data, size, options))]);
}
