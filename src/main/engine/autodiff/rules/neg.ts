import type { GradientRule } from '../rule.ts';

/** −1 */
export const negGradient: GradientRule = ({ graph, outputGradients, wanted }) => [
  wanted(0) ? graph.op('Neg', [outputGradients[0]!]) : undefined,
];
