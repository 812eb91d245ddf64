import { elementwise } from '../elementwise.ts';
import { above, below, numberOf, scale, STEEP } from '../emit.ts';
import type { GradientRule } from '../rule.ts';

const between = elementwise((graph, _x, y, { node }) =>
  scale(graph, graph.op('Mul', [above(graph, y, 0), below(graph, y, 1)]), numberOf(node, 'alpha', 0.2)),
);

/** alpha · 1[0 < y < 1]; nothing where HardSigmoid stands for a step, whose value there may be ½ */
export const hardSigmoidGradient: GradientRule = (context) =>
  numberOf(context.node, 'alpha', 0.2) === STEEP ? [] : between(context);
