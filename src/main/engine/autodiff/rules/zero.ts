import type { GradientRule } from '../rule.ts';

/** Steps are flat wherever they have a derivative: nothing flows back. */
export const zeroGradient: GradientRule = () => [];
