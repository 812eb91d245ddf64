import type { StudioDocument, StudioPicture } from '../../../shared/studio/document.ts';

/** What a mask is for: where the photo stays, or where a painting applies, whichever place it has among the others. */
export type MaskTarget = { readonly kind: 'photo' } | { readonly kind: 'style'; readonly picture: string };

export const PHOTO: MaskTarget = { kind: 'photo' };

type Masked = Pick<StudioDocument, 'styles' | 'photoMask'>;

/** What a target is called among the regions of a document; no painting is twice in a document. */
export const keyOf = (target: MaskTarget): string => (target.kind === 'photo' ? 'photo' : target.picture);

export const sameTarget = (a: MaskTarget | null, b: MaskTarget | null): boolean =>
  a === b || (a !== null && b !== null && keyOf(a) === keyOf(b));

/** A target's mask; null where it has none, undefined where the document has no such target. */
export function maskOf({ styles, photoMask }: Masked, target: MaskTarget): StudioPicture | null | undefined {
  if (target.kind === 'photo') return photoMask;
  return styles.find(({ picture }) => picture.sha256 === target.picture)?.mask;
}

/** Something that a mask can be painted for. */
export interface Region {
  readonly key: string;
  readonly target: MaskTarget;
  /** Of a painting: its place in the mix, from 1, by which its number, colour and hatching go. */
  readonly number: number | 'photo';
  /** Name of the picture's file. */
  readonly name: string;
  readonly mask: StudioPicture | null;
}

/** The name of a picture without what its file ends in. */
export const withoutSuffix = (name: string): string => name.replace(/(?<=.)\.[^.]*$/, '');

/** All that masks can be painted for: the photo, then the paintings. */
export const regionsOf = ({ photo, styles, photoMask }: StudioDocument): Region[] => [
  ...(photo ? [{ key: 'photo', target: PHOTO, number: 'photo' as const, name: photo.name, mask: photoMask }] : []),
  ...styles.map(({ picture, mask }, i) => {
    const target = { kind: 'style', picture: picture.sha256 } as const;
    return { key: keyOf(target), target, number: i + 1, name: picture.name, mask };
  }),
];

/** Who gets what no mask claims: the paintings without a mask, or the photo where all have one. Undefined: there are no masks. */
export function restOf({ styles, photoMask }: Masked): 'paintings' | 'photo' | undefined {
  const masked = styles.filter(({ mask }) => mask !== null).length;
  if (masked === 0 && photoMask === null) return undefined;
  return masked < styles.length ? 'paintings' : 'photo';
}
