import type { StudyKind } from '../../../../shared/studio/studies.ts';
import type { StudyDriver } from './driver.ts';
import { featuresDriver } from './features.ts';
import { pictureDriver } from './pictures.ts';
import { robustnessDriver } from './robustness.ts';

/** Every kind of study that the laboratory can carry out. */
export const DRIVERS: Readonly<Record<StudyKind, unknown>> = {
  compare: pictureDriver,
  grid: pictureDriver,
  pairs: pictureDriver,
  layers: pictureDriver,
  texture: pictureDriver,
  optimizers: pictureDriver,
  robustness: robustnessDriver,
  features: featuresDriver,
} satisfies { readonly [K in StudyKind]: StudyDriver<K> | StudyDriver<never, never> | typeof pictureDriver };
