import { activationCases } from './activations.ts';
import { arithmeticCases } from './arithmetic.ts';
import { compositionCases, wideCases } from './compositions.ts';
import { convolutionCases } from './convolutions.ts';
import { loweredCases } from './lowered.ts';
import { matrixCases } from './matrices.ts';
import { poolCases } from './pools.ts';
import type { GradientCase } from './problem.ts';
import { reductionCases } from './reductions.ts';
import { shapeCases } from './shapes.ts';

/** All property-test cases of the gradient rules. */
export const gradientCases: readonly GradientCase[] = [
  ...activationCases,
  ...arithmeticCases,
  ...compositionCases,
  ...convolutionCases,
  ...loweredCases,
  ...matrixCases,
  ...poolCases,
  ...reductionCases,
  ...shapeCases,
  ...wideCases,
];
