import { existsSync, statSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { decodeImage } from '../codec/decode.ts';
import { checkOutput, writeImage } from '../codec/encode.ts';
import { toPicture, type Picture } from '../codec/picture.ts';
import { loadNetwork } from '../engine/networks/load.ts';
import { findLayer, type Network } from '../engine/networks/network.ts';
import { applyRewrites } from '../engine/networks/rewrites/apply.ts';
import { run, type RunAssets, type RunOptions, type RunProgress, type RunResult } from '../engine/runs/run.ts';
import { coarseToFine } from '../engine/runs/schedule.ts';
import { MadderError } from '../../shared/errors.ts';
import type { PoolingKind } from '../../shared/network-manifest.ts';
import type { Normalization } from '../../shared/objective.ts';
import { recipeSchema, type Recipe, type RecipeImage } from '../../shared/recipe.ts';
import type { Rewrite } from '../../shared/rewrites.ts';

export type { RunProgress };

/** What a person asks for; everything but the pictures has a default that fits the network. */
export interface PaintRequest {
  readonly photo: string;
  readonly styles: readonly { readonly path: string; readonly weight?: number; readonly scale?: number }[];
  /** Id of an installed network, or a `.safetensors` or `.onnx` file. */
  readonly network: string;
  /** A network of its own for the content; the style's when not given. */
  readonly contentNetwork?: string;
  /** Long side of the result, px. */
  readonly size: number;
  /** Style against content: 1 is the network's own balance, 2 twice as much style. */
  readonly strength: number;
  /** Faders by layer name, 0 or more; layers that are not named keep the network's weight. */
  readonly layers: Readonly<Record<string, number>>;
  readonly contentLayers: Readonly<Record<string, number>>;
  readonly contentWeight?: number;
  readonly variation?: number;
  readonly variationL1?: number;
  readonly normalization?: Normalization;
  readonly pooling?: PoolingKind;
  readonly firstPadding?: 'zero' | 'reflect' | 'edge';
  /** The network's suggestion, or L-BFGS, when not given. */
  readonly optimizer?: Readonly<{ kind: 'lbfgs' | 'adam' } & Record<string, unknown>>;
  /** Evaluations at the full size; coarser levels take more, in proportion. */
  readonly iterations: number;
  /** `content`, `noise` or the path of a picture. */
  readonly init: string;
  readonly seed: number;
}

/** A recipe with everything it names. */
export interface PreparedRun {
  readonly recipe: Recipe;
  readonly assets: RunAssets;
  /** What a person should know before the run, one sentence each. */
  readonly notes: readonly string[];
}

/** λ, content weight and quadratic variation of networks that suggest nothing themselves. */
const USUAL_WEIGHTS = { styleWeight: 1, contentWeight: 0.1, variationWeight: 0.02 };

/**
 * Reads the pictures and networks of a request and turns it into a recipe.
 * @throws MadderError in one sentence for anything that cannot be used
 */
export async function prepareRun(request: PaintRequest): Promise<PreparedRun> {
  const style = await openNetwork(request.network, request);
  const content = request.contentNetwork ? await openNetwork(request.contentNetwork, request) : undefined;
  const images = new Map<string, Picture>();
  const notes: string[] = [];
  const open = async (path: string): Promise<RecipeImage> => {
    const decoded = await decodeImage(path);
    images.set(decoded.sha256, toPicture(decoded));
    notes.push(...decoded.notes);
    const { sha256, name, width, height } = decoded;
    return { sha256, name, width, height };
  };
  for (const network of [style, ...(content ? [content] : [])]) {
    if (network.manifest.normalization.assumed) {
      notes.push(`${network.name} does not say how it wants its pictures; ImageNet's mean and deviation are assumed.`);
    }
  }

  const photo = await open(request.photo);
  const styles = [];
  for (const { path, weight, scale } of request.styles) styles.push({ image: await open(path), weight, scale });
  const init =
    request.init === 'content' || request.init === 'noise'
      ? { kind: request.init }
      : { kind: 'image', image: await open(request.init) };
  const suggested = style.manifest.suggested ?? {};
  const reference = ({ id, sha256, rewrites }: Network) => ({ id, sha256, rewrites });
  const recipe = checked({
    version: 1,
    content: photo,
    styles,
    networks: { style: reference(style), ...(content ? { content: reference(content) } : {}) },
    objective: {
      normalization: request.normalization,
      style: (suggested.styleWeight ?? USUAL_WEIGHTS.styleWeight) * request.strength,
      content: request.contentWeight ?? suggested.contentWeight ?? USUAL_WEIGHTS.contentWeight,
      variation: request.variation ?? suggested.variationWeight ?? USUAL_WEIGHTS.variationWeight,
      variationL1: request.variationL1,
      styleLayers: mixLayers(style, style.styleLayers, request.layers),
      contentLayers: mixLayers(content ?? style, (content ?? style).contentLayers, request.contentLayers),
    },
    schedule: { size: request.size, levels: coarseToFine(request.size, request.iterations) },
    optimizer: request.optimizer ?? { kind: suggested.optimizer ?? 'lbfgs' },
    init,
    seed: request.seed,
  });
  return { recipe, assets: { images, networks: { style, ...(content ? { content } : {}) } }, notes };
}

/** Executes a prepared run. */
export const paint = ({ recipe, assets }: PreparedRun, options: RunOptions = {}): Promise<RunResult> =>
  run(recipe, assets, options);

export interface Destination {
  readonly path: string;
  /** Files that the result must not replace, whatever their names. */
  readonly inputs: readonly string[];
  /** Whether a file that exists may be replaced. */
  readonly overwrite: boolean;
}

/**
 * Refuses, before any work is done, what could not be written at the end: an unknown suffix, a folder that is missing or
 * read-only, one of the run's own inputs, and an existing file unless it may be replaced.
 */
export async function checkDestination({ path, inputs, overwrite }: Destination): Promise<void> {
  await checkOutput(path, { inputs });
  if (existsSync(path) && !overwrite) {
    throw new MadderError('output', `${path} exists already; choose another name, or add --overwrite to replace it.`);
  }
}

/**
 * Writes a result (see writeImage for what is promised) and returns where it is. A file that appeared during the run is
 * not replaced either: the picture then gets a number.
 */
export async function savePicture({ path, inputs, overwrite }: Destination, picture: Picture) {
  const free = overwrite ? path : freeName(path);
  await writeImage(free, picture, { inputs });
  return { path: resolve(free), bytes: statSync(free).size };
}

/** The path itself, or the first of `name-2.suffix`, `name-3.suffix` … that does not exist. */
export function freeName(path: string): string {
  const suffix = extname(path);
  const base = path.slice(0, path.length - suffix.length);
  let name = path;
  for (let n = 2; existsSync(name); n++) name = `${base}-${n}${suffix}`;
  return name;
}

async function openNetwork(idOrPath: string, request: PaintRequest): Promise<Network> {
  const network = await loadNetwork(idOrPath);
  const pooling = request.pooling ?? network.manifest.pooling;
  const rewrites: Rewrite[] = [
    ...(pooling ? [{ pooling: { kind: pooling } }] : []),
    ...(request.firstPadding ? [{ firstPadding: request.firstPadding }] : []),
  ];
  return rewrites.length ? applyRewrites(network, rewrites) : network;
}

/** The network's own faders with a person's on top, in the network's order from fine to coarse. */
function mixLayers(
  network: Network,
  own: Readonly<Record<string, number>>,
  chosen: Readonly<Record<string, number>>,
): Record<string, number> {
  const wanted = Object.fromEntries(Object.entries(chosen).map(([name, w]) => [findLayer(network, name).name, w]));
  const mixed = { ...own, ...wanted };
  return Object.fromEntries(network.layers.filter((l) => l.name in mixed).map((l) => [l.name, mixed[l.name]!]));
}

function checked(value: unknown): Recipe {
  const parsed = recipeSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new MadderError('input', `The setting ${path.join('.')} cannot be used: ${message}.`);
}
