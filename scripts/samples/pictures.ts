/** All sample pictures. */
import { cubistOil } from './cubist-oil.ts';
import { harbour } from './harbour.ts';
import { lake } from './lake.ts';
import { nightImpasto } from './night-impasto.ts';
import type { SamplePicture } from './picture.ts';
import { pointillism } from './pointillism.ts';
import { stainedGlass } from './stained-glass.ts';
import { stillLife } from './still-life.ts';
import { watercolour } from './watercolour.ts';
import { woodcut } from './woodcut.ts';

export const pictures: readonly SamplePicture[] = [
  stillLife,
  lake,
  harbour,
  nightImpasto,
  stainedGlass,
  woodcut,
  pointillism,
  watercolour,
  cubistOil,
];
