import type { WeightChange } from '../../../shared/recipe.ts';
import { audibleLayers, type StudioDocument } from '../../../shared/studio/document.ts';
import type { Effective } from '../../../shared/studio/effective.ts';

type LayerWeights = Readonly<Record<string, number>>;

/** All weights that can be moved while a picture is painted, as the faders leave them. */
export interface Weights {
  readonly style: number;
  readonly content: number;
  readonly variation: number;
  readonly variationL1: number;
  readonly styleLayers: LayerWeights;
  readonly contentLayers: LayerWeights;
}

const COMMON = ['style', 'content', 'variation', 'variationL1'] as const;
const LAYERS = ['styleLayers', 'contentLayers'] as const;

/** The weights that settings come to; muted layers count 0. */
export function weightsOf({ settings }: Pick<Effective, 'settings'>, faders: StudioDocument['faders']): Weights {
  const { style, content, variation, variationL1, styleLayers, contentLayers } = settings;
  return { style, content, variation, variationL1, styleLayers: audibleLayers(styleLayers, faders), contentLayers };
}

/**
 * What to tell a run so that it goes from one set of weights to another; undefined when that is nothing. A run cannot get
 * layers that it began without; those that are taken away count 0 in it.
 * @param run the layers that the run began with
 */
export function weightChange(
  before: Weights,
  after: Weights,
  run: Pick<Weights, 'styleLayers' | 'contentLayers'>,
): WeightChange | undefined {
  const change: WeightChange = {};
  const [from, to] = [heldToPhoto(before, run), heldToPhoto(after, run)];
  for (const name of COMMON) if (to[name] !== from[name]) change[name] = to[name];
  for (const kind of LAYERS) {
    const moved = Object.keys(run[kind])
      .map((layer) => [layer, to[kind][layer] ?? 0] as const)
      .filter(([layer, weight]) => weight !== (from[kind][layer] ?? 0));
    if (moved.length > 0) change[kind] = Object.fromEntries(moved);
  }
  return Object.keys(change).length > 0 ? change : undefined;
}

/** Where other layers than the run's are to hold the picture to the photo, all of that waits: it would let go of the photo. */
const heldToPhoto = (weights: Weights, { contentLayers }: Pick<Weights, 'contentLayers'>): Weights =>
  Object.keys(contentLayers).some((name) => name in weights.contentLayers) ? weights : { ...weights, contentLayers };

/** Whether a document is still that of a run: otherwise its faders mean another picture. */
export const isPictureOf = (document: StudioDocument, run: StudioDocument): boolean =>
  document.photo?.sha256 === run.photo?.sha256 &&
  document.network === run.network &&
  document.contentNetwork === run.contentNetwork &&
  document.preset?.id === run.preset?.id &&
  document.settings.normalization === run.settings.normalization;
