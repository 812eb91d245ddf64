import type { GradientRule } from '../rule.ts';

/** The gradient passes unchanged. */
export const identityGradient: GradientRule = ({ outputGradients }) => [outputGradients[0]];
