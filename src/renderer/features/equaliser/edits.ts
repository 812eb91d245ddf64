import type { Draft } from 'immer';
import type { StudioDocument } from '../../../shared/studio/document.ts';
import { reset, set } from '../../stores/edits.ts';
import { sameWeights, type LayerWeights } from './weights.ts';

/** What the equaliser does to a document, by name: use with `documents.edit((draft) => …)`. */
type Doc = Draft<StudioDocument>;

/** The faders' weights; those that are as suggested are no setting of the person's. */
export function setLayers(draft: Doc, weights: LayerWeights, suggested: LayerWeights): void {
  if (sameWeights(weights, suggested)) reset(draft, 'styleLayers');
  else set(draft, 'styleLayers', { ...weights });
  const { muted, solo } = draft.faders;
  draft.faders.muted = muted.filter((name) => name in weights);
  if (solo !== null && !(solo in weights)) draft.faders.solo = null;
}

export function toggleMute({ faders }: Doc, name: string): void {
  const { muted } = faders;
  faders.muted = muted.includes(name) ? muted.filter((other) => other !== name) : [...muted, name];
}

export function toggleSolo({ faders }: Doc, name: string): void {
  faders.solo = faders.solo === name ? null : name;
}

/** All faders as suggested, all switches off. */
export function resetFaders(draft: Doc): void {
  reset(draft, 'styleLayers');
  draft.faders = { ...draft.faders, muted: [], solo: null };
}
