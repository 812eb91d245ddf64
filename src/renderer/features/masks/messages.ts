import type { Rect, Size } from '../canvas/camera.ts';
import type { Dab, Spot } from './raster.ts';

/** What the window and the painter, a worker, say to each other about masks. What is done is done in the order in which it is said. */

/** A region and its mask. */
export interface MaskSource {
  readonly key: string;
  /** By hash; null: nothing is painted yet. */
  readonly mask: string | null;
  /** Where it is found, unless the painter has made it itself. */
  readonly url: string | null;
  readonly content: Blob | null;
}

/** What is done to the mask that is open; lengths are px of the mask. With an `id` it is done, and the mask is encoded under it. */
export type MaskEdit =
  | { readonly kind: 'stroke'; readonly dabs: readonly Dab[]; readonly softness: number; readonly removing: boolean }
  | { readonly kind: 'end'; readonly id: string }
  /** What was done since the last `id` is taken back. */
  | { readonly kind: 'cancel' }
  | {
      readonly kind: 'lasso';
      readonly points: readonly Spot[];
      readonly feather: number;
      readonly removing: boolean;
      readonly id: string;
    }
  | { readonly kind: 'invert'; readonly id: string }
  /** Everything belongs to the region. */
  | { readonly kind: 'fill'; readonly id: string }
  /** A picture in grey becomes the mask, stretched over it. */
  | { readonly kind: 'load'; readonly picture: ImageBitmap; readonly id: string };

export type ToMaskPainter =
  | {
      readonly type: 'masks';
      /** Of the masks; null: no mask is open. */
      readonly size: Size | null;
      /** The region whose mask is painted. */
      readonly active: string | null;
      readonly regions: readonly MaskSource[];
    }
  | { readonly type: 'mask'; readonly edit: MaskEdit };

/** How the regions are drawn over the picture. */
export interface MaskLook {
  /** Where the picture lies, in device pixels. */
  readonly at: Rect;
  /** Device pixels per CSS px. */
  readonly ratio: number;
  /** 0 to 1. */
  readonly opacity: number;
  readonly active: string;
  readonly regions: readonly RegionLook[];
  /** The lasso's line so far, px of the mask. */
  readonly line: readonly Spot[];
}
export interface RegionLook {
  readonly key: string;
  /** Which hatching, from 0. */
  readonly hatch: number;
  readonly colour: string;
  /** Of what is written on the colour. */
  readonly ink: string;
  readonly label: string;
}

export type FromMaskPainter =
  | { readonly type: 'made'; readonly id: string; readonly content: Blob }
  | { readonly type: 'notMade'; readonly id: string; readonly message: string }
  /** A mask is there as it was asked for, or as the last edit left it. */
  | { readonly type: 'region'; readonly key: string; readonly mask: string | null; readonly coverage: number }
  | { readonly type: 'maskFailed'; readonly key: string };
