import type { StudioTransport } from '../../../shared/studio/contract.ts';
import { effectiveSettings, finalSize } from '../../../shared/studio/effective.ts';
import type { StudioDocument, StudioPicture } from '../../../shared/studio/document.ts';
import { findNetwork, type Session } from '../../stores/session.ts';
import { painted, type Painted } from '../../stores/selectors.ts';
import type { CompareMode, View } from '../../stores/view.ts';
import { place, type Camera, type Rect, type Size } from './camera.ts';
import type { Part, Slot, Source, Sources } from './messages.ts';

/** What the canvas shows, out of the three stores. */
export interface Scene {
  /** As far as there is something to show it: without a result a comparison is the photo alone. */
  readonly mode: CompareMode;
  readonly frame: Size;
  readonly sources: Sources;
  readonly photo: StudioPicture | null;
  readonly painted: Painted | undefined;
}

type Assets = Pick<StudioTransport, 'assetUrl'>;

export function sceneOf(document: StudioDocument, session: Session, view: View, assets: Assets): Scene | undefined {
  const shown = painted(session, view.shown);
  // What is painted on must be a picture of this photo.
  const foreign = view.masking !== null && shown?.document.photo?.sha256 !== document.photo?.sha256;
  const result = foreign ? undefined : shown;
  const style = document.styles[view.styleIndex]?.picture ?? document.styles[0]?.picture ?? null;
  // A result is compared with the photo that it was painted from.
  const photo =
    view.mode === 'photo' || view.mode === 'style' ? document.photo : (result?.document.photo ?? document.photo);
  const mode = possibleMode(view.mode, { photo, style, result });
  const frame = mode === 'photo' ? photo : mode === 'style' ? style : result && resultSize(result, session);
  if (!frame) return undefined;
  return {
    mode,
    frame: { width: frame.width, height: frame.height },
    photo,
    painted: result,
    sources: {
      photo: photo && pictureSource(photo, assets),
      style: mode === 'style' && style ? pictureSource(style, assets) : null,
      result: result ? resultSource(result, photo, assets) : null,
    },
  };
}

function possibleMode(
  mode: CompareMode,
  { photo, style, result }: { photo: StudioPicture | null; style: StudioPicture | null; result: Painted | undefined },
): CompareMode {
  if (mode === 'style') return style ? 'style' : 'photo';
  if (mode === 'photo' || !result) return 'photo';
  return photo ? mode : 'result';
}

/** The size that the picture has at the end, so that it stays where it is while its previews grow. */
function resultSize({ size, document }: Painted, session: Session): Size | undefined {
  if (size) return size;
  const network = findNetwork(session, document.network);
  return finalSize(document, effectiveSettings(document, network, findNetwork(session, document.contentNetwork)));
}

const pictureSource = ({ sha256 }: StudioPicture, { assetUrl }: Assets): Source => ({
  series: sha256,
  urls: [assetUrl('thumbnail', sha256), assetUrl('picture', sha256)],
});

const resultSource = ({ kind, id, version }: Painted, photo: StudioPicture | null, { assetUrl }: Assets): Source => ({
  // All results of a photo have its shape, so that one may stand in for the next until that is decoded.
  series: photo?.sha256 ?? id,
  urls: [kind === 'preview' ? assetUrl('preview', id, version) : assetUrl('result', id)],
});

/** Device pixels between two pictures side by side. */
const GAP = 4;

/** The part of the canvas that one picture has: all of it, or half of it side by side. */
export const areaOf = (mode: CompareMode, canvas: Size): Size =>
  mode === 'side' ? { width: Math.max(1, Math.floor((canvas.width - GAP) / 2)), height: canvas.height } : canvas;

/** Where an area begins that contains x, so that both pictures answer to the pointer alike. */
export const areaStart = (mode: CompareMode, canvas: Size, x: number): number =>
  mode === 'side' && x > canvas.width / 2 ? canvas.width - areaOf(mode, canvas).width : 0;

export interface Composition {
  readonly parts: readonly Part[];
  /** Where the picture lies that the divider belongs to. */
  readonly at: Rect;
  /** x of the divider, kept inside the canvas. */
  readonly dividerX: number;
}

/** Works out what is drawn where, in device pixels. */
export function compose(
  mode: CompareMode,
  peeking: boolean,
  camera: Camera,
  frame: Size,
  canvas: Size,
  divider: number,
): Composition {
  const area = areaOf(mode, canvas);
  const at = place(camera, frame, area);
  const all: Rect = { x: 0, y: 0, ...canvas };
  const dividerX = Math.round(Math.min(canvas.width, Math.max(0, at.x + at.width * divider)));
  const result: readonly Slot[] = ['result', 'photo'];
  const part = (slots: readonly Slot[], clip: Rect, offset = 0): Part => ({
    slots,
    at: { ...at, x: at.x + offset },
    frameWidth: frame.width,
    clip,
  });
  const parts = (): Part[] => {
    if (peeking && mode !== 'side') return [part(['photo'], all)];
    switch (mode) {
      case 'photo':
        return [part(['photo'], all)];
      case 'style':
        return [part(['style'], all)];
      case 'result':
        return [part(result, all)];
      case 'split':
        return [
          part(['photo'], { ...all, width: dividerX }),
          part(result, { ...all, x: dividerX, width: canvas.width - dividerX }),
        ];
      case 'side': {
        const start = canvas.width - area.width;
        return [
          part(['photo'], { x: 0, y: 0, ...area }),
          part(peeking ? ['photo'] : result, { x: start, y: 0, ...area }, start),
        ];
      }
    }
  };
  return { parts: parts(), at, dividerX };
}
