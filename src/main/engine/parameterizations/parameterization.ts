import type { Recipe } from '../../../shared/recipe.ts';
import type { Box } from '../optimizers/optimizer.ts';
import { Fourier } from './fourier.ts';
import { pixels } from './pixels.ts';

/**
 * What an optimizer moves, and how a picture comes of it. Pictures are planar [3,H,W], sRGB in [0,1], of one size.
 */
export interface Parameterization {
  /** Bounds of every parameter; undefined where any number will do. */
  readonly box: Box | undefined;
  /** Parameters of a picture, as close to it as the parameterization comes. May be the picture itself. */
  encode(picture: Float32Array): Float32Array;
  /** The picture of these parameters; may be the same array. */
  decode(parameters: Float32Array): Float32Array;
  /**
   * Jᵀ g, the gradient of a loss by the parameters, with J the derivative of `decode`; may be the same array.
   * @param picture what `decode` made of the parameters
   * @param gradient g, the loss' gradient by that picture
   */
  pullback(picture: Float32Array, gradient: Float32Array): Float32Array;
  /** Parameters of noise to begin with, the same for a seed. */
  noise(seed: number): Float32Array;
}

/** What a recipe has its pictures of this size made from. Where only brightness is painted, there is one plane to move. */
export function parameterizationOf(
  { parameterization, colour }: Pick<Recipe, 'parameterization' | 'colour'>,
  { width, height }: { readonly width: number; readonly height: number },
): Parameterization {
  if (parameterization.kind === 'pixels') return pixels(3 * width * height);
  return new Fourier(width, height, parameterization.decay, colour === 'luminance' ? 'grey' : 'colour');
}
