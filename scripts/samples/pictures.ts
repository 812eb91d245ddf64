/** All sample pictures. */
import { lake } from './lake.ts';
import { nightImpasto } from './night-impasto.ts';
import type { SamplePicture } from './picture.ts';
import { stainedGlass } from './stained-glass.ts';
import { stillLife } from './still-life.ts';

export const pictures: readonly SamplePicture[] = [stillLife, lake, nightImpasto, stainedGlass];
