import { binary } from '../binary.ts';

/** da = dy, db = −dy */
export const subGradient = binary(
  (_graph, dy) => dy,
  (graph, dy) => graph.op('Neg', [dy]),
);
