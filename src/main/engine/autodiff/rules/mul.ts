import { binary } from '../binary.ts';

/** da = dy · b, db = dy · a */
export const mulGradient = binary(
  (graph, dy, _a, b) => graph.op('Mul', [dy, b]),
  (graph, dy, a) => graph.op('Mul', [dy, a]),
);
