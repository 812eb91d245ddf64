import { binary } from '../binary.ts';

/** da = dy / b, db = −dy · y / b */
export const divGradient = binary(
  (graph, dy, _a, b) => graph.op('Div', [dy, b]),
  (graph, dy, _a, b, y) => graph.op('Neg', [graph.op('Div', [graph.op('Mul', [dy, y]), b])]),
);
