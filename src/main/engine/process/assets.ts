import { decodeImage } from '../../codec/decode.ts';
import { toPicture, type Picture } from '../../codec/picture.ts';
import { MadderError } from '../../../shared/errors.ts';
import type { EngineJob } from '../../../shared/engine-contract.ts';
import type { Recipe, RecipeImage } from '../../../shared/recipe.ts';
import { loadNetwork } from '../networks/load.ts';
import type { Network } from '../networks/network.ts';
import { applyRewrites } from '../networks/rewrites/apply.ts';
import { levelSize, paintingSize } from '../runs/schedule.ts';
import type { Plane } from '../objective/windows.ts';
import { readMask } from '../runs/masks.ts';
import type { RunAssets } from '../runs/targets.ts';

/**
 * Reads the pictures and networks of a job and checks that they are the ones that its recipe names.
 * @throws MadderError naming the first that is missing or has changed
 */
export async function loadAssets({ recipe, images, networks }: EngineJob): Promise<RunAssets> {
  const pictures = await loadPictures({ recipe, images });
  const masks = await loadMasks({ recipe, images });
  const style = await openNetwork(networks.style, recipe.networks.style);
  if (!recipe.networks.content) return { images: pictures, masks, networks: { style } };
  if (networks.content === undefined) throw new MadderError('input', 'The content network of the recipe is missing.');
  return {
    images: pictures,
    masks,
    networks: { style, content: await openNetwork(networks.content, recipe.networks.content) },
  };
}

/**
 * Reads the pictures that a recipe names, no larger than it uses them.
 * @param images paths by SHA-256
 * @throws MadderError naming the first that is missing or has changed
 */
export async function loadPictures({
  recipe,
  images,
}: Pick<EngineJob, 'recipe' | 'images'>): Promise<RunAssets['images']> {
  const pictures = new Map<string, Picture>();
  for (const [{ sha256, name }, longSide] of neededSides(recipe)) {
    const path = images[sha256];
    if (path === undefined)
      throw new MadderError('input', `The picture ${name} of the recipe is missing; add it again.`);
    const decoded = await decodeImage(path, { longSide });
    if (decoded.sha256 !== sha256) throw hasChanged(path, name);
    pictures.set(sha256, toPicture(decoded));
  }
  return pictures;
}

/** Reads a recipe's masks, as `loadPictures` its pictures. */
async function loadMasks({ recipe, images }: Pick<EngineJob, 'recipe' | 'images'>): Promise<Map<string, Plane>> {
  const masks = new Map<string, Plane>();
  for (const { image } of recipe.masks) {
    const path = images[image.sha256];
    if (path === undefined) {
      throw new MadderError('input', `The mask ${image.name} of the recipe is missing; add it again.`);
    }
    const { mask, sha256 } = await readMask(path);
    if (sha256 !== image.sha256) throw hasChanged(path, image.name);
    masks.set(sha256, mask);
  }
  return masks;
}

const hasChanged = (path: string, name: string): MadderError =>
  new MadderError('input', `${path} is not the picture ${name} of the recipe any more; put the original back.`);

/** The recipe's pictures with the largest long side at which any of them is used: no more is kept in memory. */
export function neededSides({ content, styles, init, schedule }: Recipe): Map<RecipeImage, number> {
  const result = levelSize(schedule, schedule.levels.length - 1, content);
  const long = ({ width, height }: { width: number; height: number }) => Math.max(width, height);
  const uses: [RecipeImage, number][] = [
    [content, long(result)],
    ...styles.map(({ image, scale }): [RecipeImage, number] => [
      image,
      long(paintingSize(schedule, result, image, scale)),
    ]),
    ...(init.kind === 'image' ? [[init.image, long(result)] as [RecipeImage, number]] : []),
  ];
  const needed = new Map<string, [RecipeImage, number]>();
  for (const [image, side] of uses) {
    needed.set(image.sha256, [image, Math.max(side, needed.get(image.sha256)?.[1] ?? 0)]);
  }
  return new Map(needed.values());
}

/** The network that a recipe means, with its rewrites. @throws MadderError where it is another one */
export async function openNetwork(idOrPath: string, reference: Recipe['networks']['style']): Promise<Network> {
  const { normalization } = reference;
  const network = await loadNetwork(idOrPath, normalization ? { normalization } : {});
  if (network.sha256 !== reference.sha256) {
    throw new MadderError(
      'input',
      `The network ${idOrPath} is not the one of the recipe (${reference.id}, ${reference.sha256.slice(0, 8)}); install that one.`,
    );
  }
  return reference.rewrites.length ? applyRewrites(network, reference.rewrites) : network;
}
