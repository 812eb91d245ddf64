/** What every sample picture provides. */
import type { Raster } from './lib/raster.ts';

export interface SamplePicture {
  /** File name without ending. */
  name: string;
  kind: 'photos' | 'paintings';
  title: string;
  /** A description for people who cannot see the picture. */
  alt: string;
  /** Draws the picture in display values. */
  render: () => Raster;
}
