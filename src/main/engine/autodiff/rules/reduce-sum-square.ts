import { reduction } from '../reduction.ts';

/** y = Σ x²   ⇒   dx = 2 x dy */
export const reduceSumSquareGradient = reduction((graph, dy, x) =>
  graph.op('Mul', [x, graph.op('Mul', [dy, graph.scalar(2)])]),
);
