import { DEFAULTS } from '../../src/main/services/studio/preferences.ts';
import type { ExportOptions } from '../../src/shared/studio/contract.ts';

/** A PNG file of the picture as it was painted, with nothing inside. */
export const PLAIN_EXPORT: ExportOptions = { ...DEFAULTS.export, recipe: false, nameTemplate: '{photo}' };
