import { elementwise } from '../elementwise.ts';
import { above, below, numberOf, scale } from '../emit.ts';

/** alpha · 1[0 < y < 1] */
export const hardSigmoidGradient = elementwise((graph, _x, y, { node }) =>
  scale(graph, graph.op('Mul', [above(graph, y, 0), below(graph, y, 1)]), numberOf(node, 'alpha', 0.2)),
);
