import type { ExportOptions } from '../../src/shared/studio/contract.ts';

/** A PNG file of the picture as it was painted, with nothing inside. */
export const PLAIN_EXPORT: ExportOptions = {
  format: 'png',
  depth: 8,
  quality: 92,
  pyramid: false,
  size: { unit: 'own' },
  dpi: 300,
  profile: 'srgb',
  exif: false,
  removePosition: true,
  recipe: false,
  nameTemplate: '{photo}',
  onConflict: 'number',
};
