import { elementwise } from '../elementwise.ts';
import { numberOf, positive, scale } from '../emit.ts';

/** 1[x > 0] + slope · 1[x <= 0] = slope + (1 − slope) · 1[x > 0] */
export const leakyReluGradient = elementwise((graph, x, _y, { node }) => {
  const slope = numberOf(node, 'alpha', 0.01);
  return graph.op('Add', [scale(graph, positive(graph, x), 1 - slope), graph.scalar(slope)]);
});
