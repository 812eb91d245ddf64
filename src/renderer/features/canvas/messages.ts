import type { FromMaskPainter, MaskLook, ToMaskPainter } from '../masks/messages.ts';
import type { Rect } from './camera.ts';

/** What the window and the painter, a worker, say to each other. Drawing and decoding never hold up the window. */

export const SLOTS = ['photo', 'style', 'result'] as const;
/** The pictures that the canvas knows at a time. */
export type Slot = (typeof SLOTS)[number];

/** Where a slot's picture comes from. */
export interface Source {
  /** Pictures that may stand in for each other until the newer one is there: previews of one photo. */
  readonly series: string;
  /** Address of this very picture, small version first. */
  readonly urls: readonly string[];
}
export type Sources = Readonly<Record<Slot, Source | null>>;

/** One picture on the canvas, in device pixels. */
export interface Part {
  /** The first of these that is there is drawn. */
  readonly slots: readonly Slot[];
  /** Where the whole picture goes ... */
  readonly at: Rect;
  /** Width of the frame in its own pixels, by which a picture counts as enlarged. */
  readonly frameWidth: number;
  /** ... and what of that is seen. */
  readonly clip: Rect;
}

export type ToPainter =
  | { readonly type: 'canvas'; readonly canvas: OffscreenCanvas }
  | { readonly type: 'sources'; readonly sources: Sources }
  | {
      readonly type: 'draw';
      readonly width: number;
      readonly height: number;
      readonly parts: readonly Part[];
      /** Masks over the picture while one is painted. */
      readonly masks: MaskLook | null;
    }
  | ToMaskPainter;

export type FromPainter =
  | { readonly type: 'shown'; readonly slot: Slot; readonly url: string }
  | { readonly type: 'failed'; readonly slot: Slot; readonly url: string }
  | FromMaskPainter;
