import type { Draft } from 'immer';
import type { NetworkCard } from '../../shared/studio/contract.ts';
import {
  withPhoto,
  type StudioDocument,
  type StudioPicture,
  type StudioSettings,
} from '../../shared/studio/document.ts';
import { changeNetwork } from '../../shared/studio/network-change.ts';
import type { MaskTarget } from '../features/masks/target.ts';

/** What artists do to a document, by name: use with `documents.edit((draft) => …)`. */
type Doc = Draft<StudioDocument>;

export const MOST_STYLES = 8;

/** Another photo; see `withPhoto` for what becomes of the masks. */
export function setPhoto(draft: Doc, photo: StudioPicture | null): void {
  Object.assign(draft, withPhoto(draft, photo));
}

/** Adds a painting to the mix, at full weight; one that is in it already stays as it is. @returns its place */
export function addStyle(draft: Doc, picture: StudioPicture): number {
  const known = draft.styles.findIndex((style) => style.picture.sha256 === picture.sha256);
  if (known >= 0) return known;
  if (draft.styles.length >= MOST_STYLES) draft.styles.pop();
  return draft.styles.push({ picture, weight: 1, scale: 1, mask: null }) - 1;
}

/**
 * The painting alone, in place of those there were. How the first one was scaled is kept, and of a painting that was the only one
 * where it applies too: the next one is tried out in its place.
 */
export const onlyStyle = (
  { styles }: Pick<StudioDocument, 'styles'>,
  picture: StudioPicture,
): StudioDocument['styles'] => [
  { picture, weight: 1, scale: styles[0]?.scale ?? 1, mask: (styles.length === 1 && styles[0]!.mask) || null },
];

export function setOnlyStyle(draft: Doc, picture: StudioPicture): void {
  draft.styles = onlyStyle(draft, picture);
}

export function removeStyle(draft: Doc, index: number): void {
  draft.styles.splice(index, 1);
}

/** To another place in the mix. */
export function moveStyle(draft: Doc, from: number, to: number): void {
  const [style] = draft.styles.splice(from, 1);
  if (style) draft.styles.splice(to, 0, style);
}

/** Share in the mix, or size of the strokes, of one painting. */
export function changeStyle(
  draft: Doc,
  index: number,
  change: Partial<Pick<StudioDocument['styles'][number], 'weight' | 'scale'>>,
): void {
  const style = draft.styles[index];
  if (style) Object.assign(style, change);
}

/** Where a painting applies, or where the photo stays; null: everywhere, or nowhere. */
export function setMask(draft: Doc, target: MaskTarget, mask: StudioPicture | null): void {
  if (target.kind === 'photo') draft.photoMask = mask;
  const style = target.kind === 'style' && draft.styles.find(({ picture }) => picture.sha256 === target.picture);
  if (style) style.mask = mask;
}

/** Every painting applies everywhere again, and the photo stays nowhere. */
export function removeMasks(draft: Doc): void {
  draft.photoMask = null;
  for (const style of draft.styles) style.mask = null;
}

/** Another network; see `changeNetwork` for what becomes of faders and preset. */
export function chooseNetwork(draft: Doc, network: NetworkCard): void {
  Object.assign(draft, changeNetwork(draft, network).document);
}

export function chooseContentNetwork(draft: Doc, network: NetworkCard | null): void {
  draft.contentNetwork = network?.id ?? null;
  const known = new Set(network?.layers.map(({ name }) => name));
  const fits = Object.keys(draft.settings.contentLayers ?? {}).every((name) => known.has(name));
  if (!fits) delete draft.settings.contentLayers;
}

/** Sets what a person wants instead of what the preset or the network says. */
export function set<K extends keyof StudioSettings>(draft: Doc, name: K, value: NonNullable<StudioSettings[K]>): void {
  draft.settings = { ...draft.settings, [name]: value };
}

/** Back to what the preset or the network says. */
export function reset(draft: Doc, ...names: readonly (keyof StudioSettings)[]): void {
  for (const name of names) delete draft.settings[name];
}
