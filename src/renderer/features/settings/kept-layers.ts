import type { Draft } from 'immer';
import type { StudioDocument } from '../../../shared/studio/document.ts';
import { reset, set } from '../../stores/edits.ts';
import { sameWeights, unitOf, type LayerWeights } from '../equaliser/weights.ts';

/** The layers by which the picture holds on to the photo, as far as the network that looks at it has them. */
export const keptLayers = (weights: LayerWeights, network: readonly string[]): string[] =>
  network.filter((name) => name in weights);

/**
 * Takes a layer in or leaves it out; the last one stays. Layers that the network does not have are left out with that,
 * since nobody could see them any more. What is as suggested is no setting of the person's.
 */
export function keepLayer(
  draft: Draft<StudioDocument>,
  name: string,
  on: boolean,
  {
    weights,
    suggested,
    network,
  }: Readonly<Record<'weights' | 'suggested', LayerWeights>> & {
    readonly network: readonly string[];
  },
): void {
  const names = network.filter((layer) => (layer === name ? on : layer in weights));
  if (names.length === 0) return;
  const next = Object.fromEntries(
    names.map((layer) => [layer, weights[layer] ?? suggested[layer] ?? unitOf(suggested)]),
  );
  if (sameWeights(next, suggested)) reset(draft, 'contentLayers');
  else set(draft, 'contentLayers', next);
}
