import { elementwise } from '../elementwise.ts';
import { numberOf, oneMinus, positive } from '../emit.ts';

/** x > 0: 1; otherwise y + alpha */
export const eluGradient = elementwise((graph, x, y, { node }) => {
  const mask = positive(graph, x);
  const left = graph.op('Add', [y, graph.scalar(numberOf(node, 'alpha', 1))]);
  return graph.op('Add', [mask, graph.op('Mul', [oneMinus(graph, mask), left])]);
});
