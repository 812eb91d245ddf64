import { MadderError } from '../../../shared/errors.ts';
import type { Normalization } from '../../../shared/objective.ts';

/**
 * Factor n so that a style term is E = n · ‖G − A‖², with Grams G = F·Fᵀ / (H·W) of C channels.
 * - relative: ‖G − A‖² / ‖A‖², so that one slider position means the same in every network and layer
 * - mean: Gram / (C·H·W) and mean squared error (neural-style; Nakano 2019): n = 1 / C⁴
 * - gatys2015: ¼ Σ (ΔG)² / (C·H·W)² on unnormalised Grams (Gatys 2015, equation 4): n = 1 / (4 C²)
 *
 * @param target A, row-major C x C
 * @throws MadderError naming the layer where the relative norm is zero
 */
export function styleFactor(
  normalization: Normalization,
  target: Float32Array,
  channels: number,
  layer: string,
): number {
  switch (normalization) {
    case 'relative':
      return 1 / checked(sumOfSquares(target), `The style at layer ${layer}`);
    case 'mean':
      return 1 / channels ** 4;
    case 'gatys2015':
      return 1 / (4 * channels ** 2);
  }
}

/** What a content term's normalization needs of its target P: ‖P‖² and the number of its values. */
export interface ContentMagnitude {
  readonly squares: number;
  readonly values: number;
}

/** Of a target that is in memory as a whole. */
export const magnitudeOf = (target: Float32Array): ContentMagnitude => ({
  squares: sumOfSquares(target),
  values: target.length,
});

/**
 * Factor n so that a content term is E = n · ‖F − P‖²: 1/‖P‖² (relative), 1/(C·H·W) (mean), ½ (Gatys 2015, equation 1).
 *
 * @throws MadderError naming the layer where the relative norm is zero
 */
export function contentFactor(
  normalization: Normalization,
  { squares, values }: ContentMagnitude,
  layer: string,
): number {
  switch (normalization) {
    case 'relative':
      return 1 / checked(squares, `The photo at layer ${layer}`);
    case 'mean':
      return 1 / values;
    case 'gatys2015':
      return 0.5;
  }
}

/** Σ x², in float64. */
export function sumOfSquares(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! ** 2;
  return sum;
}

/** A squared norm that may be divided by. */
function checked(sum: number, what: string): number {
  if (!Number.isFinite(sum)) {
    throw new MadderError('optimization', `${what} is not finite; the network's weights or normalization do not fit.`);
  }
  if (sum === 0) {
    throw new MadderError(
      'optimization',
      `${what} is zero everywhere (a black image or a dead layer); choose another layer or picture.`,
    );
  }
  return sum;
}
