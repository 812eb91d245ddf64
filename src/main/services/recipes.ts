import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { readXmp as readPacket } from '../codec/xmp.ts';
import { loadNetwork } from '../engine/networks/load.ts';
import { findLayer, type Network } from '../engine/networks/network.ts';
import { readXmp } from '../formats/xmp.ts';
import { MadderError } from '../../shared/errors.ts';
import { recipeSchema, type Recipe, type RecipeImage, type RecipeNetwork } from '../../shared/recipe.ts';
import type { RecipeChanges } from '../../shared/recipe-changes.ts';
import { migrateRecipe } from '../../shared/recipe-migrations.ts';
import { problemWords } from '../../shared/recipe-words.ts';
import { findInstalled, installedManifests } from './networks.ts';
import { samples } from './samples.ts';

/** Suffixes of the pictures that carry a recipe. */
const PICTURES = new Set(['.png', '.jpg', '.jpeg', '.webp', '.tif', '.tiff']);
/** Suffixes of pictures that a recipe is made from. */
const SOURCES = new Set([...PICTURES, '.gif', '.avif']);
const WEIGHTS = new Set(['.safetensors', '.pth', '.pt', '.th', '.ckpt', '.bin', '.onnx']);

/** Files beside a recipe that are read in search of a hash, when none has the name that is looked for. */
const MOST_FILES = 500;

/** A recipe that a person wants repeated, and what they say about it. */
export interface RepeatRequest extends RecipeChanges {
  readonly recipe: Recipe;
  /** The file that it came from; its pictures and networks may lie beside it. */
  readonly file: string;
  /** Where the pictures are, when they are not beside the recipe. */
  readonly photo?: string;
  readonly styles: readonly { readonly path: string }[];
  readonly masks?: readonly string[];
  /** Shares and scales of the recipe's styles, in their order. */
  readonly styleWeights?: readonly number[];
  readonly styleScales?: readonly number[];
  /** The recipe's network, where it is not installed; or another one to use instead. */
  readonly network?: string;
  readonly contentNetwork?: string;
  /** `content`, `noise` or the path of a picture. */
  readonly init?: string;
  /** The picture that was painted by this recipe: it is painted on at the larger size that is asked for. */
  readonly enlarge?: string;
  /** Where the picture will go. */
  readonly output?: string;
}

/**
 * The recipe in a `.json` file, or the one that a picture carries.
 * @throws MadderError `input`, one sentence
 */
export async function readRecipe(path: string): Promise<Recipe> {
  const suffix = extname(path).toLowerCase();
  if (PICTURES.has(suffix)) {
    const packet = await readPacket(path);
    const value = packet === undefined ? undefined : readXmp(packet);
    if (value === undefined) {
      throw new MadderError(
        'input',
        `The picture ${path} carries no recipe; give one that Madder painted, or a .json file.`,
      );
    }
    return migrateRecipe(value);
  }
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new MadderError('input', `The recipe ${path} could not be read; check that the file is there.`, { cause });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new MadderError(
      'input',
      `The recipe ${path} is not JSON; give a .json file or a picture that Madder painted.`,
      {
        cause,
      },
    );
  }
  return migrateRecipe(value);
}

/**
 * Refuses, before any work is done, a recipe file that could not be written at the end.
 * @param overwrite whether a file that exists may be replaced
 */
export function checkRecipeFile(path: string, overwrite: boolean): void {
  if (extname(path).toLowerCase() !== '.json') {
    throw new MadderError('output', `The recipe file "${path}" does not end in .json; add that to its name.`);
  }
  if (!existsSync(dirname(path))) {
    throw new MadderError('output', `The recipe file "${path}" is in a folder that does not exist; create the folder.`);
  }
  if (existsSync(path) && !overwrite) {
    throw new MadderError('output', `${path} exists already; choose another name, or add --overwrite to replace it.`);
  }
}

/** Writes a recipe as JSON: complete or not at all, beside its place, flushed, then renamed. */
export async function saveRecipe(path: string, recipe: Recipe): Promise<void> {
  const temporary = join(dirname(path), `.madder-${randomBytes(6).toString('hex')}.tmp`);
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(`${JSON.stringify(recipe, undefined, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new MadderError('output', `The recipe could not be written to ${path} (${code}); choose another folder.`, {
      cause,
    });
  }
}

/** A recipe that was put together here, checked and completed. @throws MadderError `input` naming the setting */
export function checkedRecipe(value: unknown): Recipe {
  const parsed = recipeSchema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw new MadderError('input', `These settings cannot be used: ${problemWords(parsed.error)}.`);
}

/** Layers under the names that the network gives them, whatever way they were named. */
export const namedLayers = (network: Network, weights: Readonly<Record<string, number>> = {}): Record<string, number> =>
  Object.fromEntries(Object.entries(weights).map(([name, w]) => [findLayer(network, name).name, w]));

/** Layer weights in the network's order, from fine to coarse. */
export const orderedLayers = (network: Network, weights: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(network.layers.filter((l) => l.name in weights).map((l) => [l.name, weights[l.name]!]));

/** What the network is called in a recipe. */
export function networkReference({ id, sha256, rewrites, manifest }: Network): RecipeNetwork {
  const { assumed: _assumed, ...normalization } = manifest.normalization;
  return { id, sha256, rewrites: [...rewrites], normalization };
}

/** The pictures of a recipe, its masks among them, each once. */
export function imagesOf({
  content,
  styles,
  masks,
  init,
}: Pick<Recipe, 'content' | 'styles' | 'masks' | 'init'>): RecipeImage[] {
  const all = [
    content,
    ...styles.map((s) => s.image),
    ...(init.kind === 'image' ? [init.image] : []),
    ...masks.map((m) => m.image),
  ];
  return [...new Map(all.map((image) => [image.sha256, image])).values()];
}

/**
 * Finds a recipe's pictures by their hash: at the paths given, beside the recipe, among the samples.
 * @returns paths by hash
 * @throws MadderError `input` naming the picture that is missing or has changed, or a path that is none of them
 */
export async function findImages(recipe: Recipe, file: string, given: readonly string[]): Promise<Map<string, string>> {
  const wanted = imagesOf(recipe);
  const found = new Map<string, string>();
  const missing = () => wanted.filter(({ sha256 }) => !found.has(sha256));
  for (const path of given) {
    const hash = await hashOf(path);
    if (!wanted.some(({ sha256 }) => sha256 === hash)) {
      const expected = wanted.map(named).join(', ');
      throw new MadderError(
        'input',
        `${path} (${short(hash)}) is none of the recipe's pictures, which are ${expected}; leave it out, or use --preset for other pictures.`,
      );
    }
    found.set(hash, path);
  }
  const folder = dirname(file);
  const changed = new Map<string, string>();
  for (const image of missing()) {
    const path = join(folder, basename(image.name));
    if (!existsSync(path)) continue;
    const hash = await hashOf(path);
    if (hash === image.sha256) found.set(hash, path);
    else changed.set(image.sha256, `${path} is another picture (${short(hash)})`);
  }
  if (missing().length > 0) {
    const { photos, paintings } = await samples();
    const sampled = [...photos, ...paintings].map(({ path }) => path);
    const names = new Set(missing().map(({ name }) => name));
    // Samples first, and of them those with the right name: the recipe's folder may be full of photos.
    const candidates = [...sampled.filter((p) => names.has(basename(p))), ...(await filesIn(folder, SOURCES))];
    for (const path of candidates) {
      if (missing().length === 0) break;
      const hash = await hashOf(path);
      if (missing().some(({ sha256 }) => sha256 === hash)) found.set(hash, path);
    }
  }
  const [lost] = missing();
  if (!lost) return found;
  const why = changed.get(lost.sha256) ?? `it is neither in ${folder} nor among the samples`;
  throw new MadderError(
    'input',
    `The recipe's picture ${named(lost)} is missing: ${why}; put it there or give its path.`,
  );
}

/**
 * The network that a recipe names: installed, or beside the recipe.
 * @returns an id or a path for `loadNetwork`
 * @throws MadderError `input` naming the network that is missing or has changed
 */
export async function findNetwork({ id, sha256 }: RecipeNetwork, file: string): Promise<string> {
  const installed = await installedManifests();
  const match = installed.find((m) => m.sha256 === sha256);
  if (match) return findInstalled(match.id);
  for (const path of await filesIn(dirname(file), WEIGHTS)) if ((await hashOf(path)) === sha256) return path;
  const other = installed.find((m) => m.id === id);
  const why = other
    ? `the one that is installed has changed (${short(other.sha256)})`
    : `it is neither installed nor in ${dirname(file)}`;
  throw new MadderError(
    'input',
    `The recipe's network ${named({ name: id, sha256 })} is missing: ${why}; install it, or give its file.`,
  );
}

/** Opens a recipe's network as it was used. */
export async function openRecipeNetwork(reference: RecipeNetwork, idOrPath: string): Promise<Network> {
  const { normalization } = reference;
  return loadNetwork(idOrPath, normalization ? { normalization } : {});
}

/** A sentence about what of the recipe does not hold because the person said otherwise; undefined when all of it does. */
export function changesNote(request: RepeatRequest, otherNetworks: readonly string[]): string | undefined {
  const words: readonly (readonly [keyof RepeatRequest, string])[] = [
    ['size', 'size'],
    ['extent', 'size'],
    ['strength', 'strength'],
    ['iterations', 'iterations'],
    ['layers', 'style layers'],
    ['contentLayers', 'content layers'],
    ['contentWeight', 'content weight'],
    ['variation', 'variation'],
    ['variationL1', 'L1 variation'],
    ['normalization', 'normalization'],
    ['colour', 'colour'],
    ['styleWeights', 'weights of the styles'],
    ['styleScales', 'scales of the styles'],
    ['pooling', 'pooling'],
    ['firstPadding', 'first padding'],
    ['shortcuts', 'shortcuts'],
    ['strides', 'strides'],
    ['parameterization', 'parameterization'],
    ['transforms', 'transforms'],
    ['optimizer', 'optimizer'],
    ['init', 'start'],
    ['seed', 'seed'],
  ];
  const changed = [...words.filter(([key]) => request[key] !== undefined).map(([, word]) => word), ...otherNetworks];
  if (changed.length === 0) return undefined;
  return `Your settings replace the recipe's in: ${changed.join(', ')}; the picture will not be the same.`;
}

async function filesIn(folder: string, suffixes: ReadonlySet<string>): Promise<string[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => suffixes.has(extname(name).toLowerCase()));
  return names
    .sort()
    .slice(0, MOST_FILES)
    .map((name) => join(folder, name));
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  } catch (cause) {
    throw new MadderError('input', `${path} could not be read; check that the file is there.`, { cause });
  }
  return hash.digest('hex');
}

const short = (sha256: string): string => sha256.slice(0, 8);
const named = ({ name, sha256 }: { readonly name: string; readonly sha256: string }): string =>
  `${name} (${short(sha256)})`;
