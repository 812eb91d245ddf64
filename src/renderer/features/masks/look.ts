import i18next from 'i18next';
import type { StudioDocument } from '../../../shared/studio/document.ts';
import type { StudioTransport } from '../../../shared/studio/contract.ts';
import type { Encoded } from '../../stores/masks.ts';
import type { View } from '../../stores/view.ts';
import type { Rect } from '../canvas/camera.ts';
import type { MaskLook, ToMaskPainter } from './messages.ts';
import { maskSize, type Spot } from './raster.ts';
import { keyOf, regionsOf, type Region } from './target.ts';

/** What is written on a region: the number of a painting, a letter for the photo. */
export const labelOf = ({ number }: Pick<Region, 'number'>): string =>
  number === 'photo' ? i18next.t('masks.photoLetter') : String(number);

/** Name of the theme's variable that has a region's colour; they are the same in every theme, since they lie on the photo. */
export const colourOf = ({ number }: Pick<Region, 'number'>): string => `--region-${number}`;

/** Which masks the painter is to have: all of them, as long as one is painted. */
export function maskSources(
  document: StudioDocument,
  { masking }: Pick<View, 'masking'>,
  encoded: ReadonlyMap<string, Encoded>,
  { assetUrl }: Pick<StudioTransport, 'assetUrl'>,
): Extract<ToMaskPainter, { type: 'masks' }> {
  if (!masking || !document.photo) return { type: 'masks', size: null, active: null, regions: [] };
  return {
    type: 'masks',
    size: maskSize(document.photo),
    active: keyOf(masking),
    regions: regionsOf(document).map(({ key, mask }) => ({
      key,
      mask: mask?.sha256 ?? null,
      url: mask ? assetUrl('mask', mask.sha256) : null,
      content: (mask && encoded.get(mask.sha256)?.content) ?? null,
    })),
  };
}

/** @param variable reads a variable of the theme */
export function maskLook(
  document: StudioDocument,
  { masking, brush, peeking }: Pick<View, 'masking' | 'brush' | 'peeking'>,
  at: Rect,
  ratio: number,
  line: readonly Spot[],
  variable: (name: string) => string,
): MaskLook | null {
  // Who wants to see the photo wants to see it bare.
  if (!masking || peeking) return null;
  const ink = variable('--on-region');
  return {
    at,
    ratio,
    opacity: brush.opacity,
    active: keyOf(masking),
    regions: regionsOf(document).map((region) => ({
      key: region.key,
      hatch: region.number === 'photo' ? 0 : region.number,
      colour: variable(colourOf(region)),
      ink,
      label: labelOf(region),
    })),
    line,
  };
}
