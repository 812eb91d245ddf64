import { UNIT_BOX } from '../optimizers/optimizer.ts';
import { noisePicture } from '../runs/random.ts';
import type { Parameterization } from './parameterization.ts';

/** The parameters are the picture's values. Nothing is copied. */
export const pixels = (length: number): Parameterization => ({
  box: UNIT_BOX,
  encode: (picture) => picture,
  decode: (parameters) => parameters,
  pullback: (_picture, gradient) => gradient,
  noise: (seed) => noisePicture(length, seed),
});
