import { reduction } from '../reduction.ts';
import { notNegative, sum } from '../emit.ts';

/** y = max x   ⇒   dx = dy where x is the maximum, shared equally between ties */
export const reduceMaxGradient = reduction((graph, dy, x, y, axes) => {
  const mask = notNegative(graph, graph.op('Sub', [x, y]));
  return graph.op('Mul', [mask, graph.op('Div', [dy, sum(graph, mask, axes, true)])]);
});
