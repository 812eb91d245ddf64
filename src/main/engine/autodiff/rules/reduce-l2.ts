import { reduction } from '../reduction.ts';

/** y = √Σ x²   ⇒   dx = x dy / y */
export const reduceL2Gradient = reduction((graph, dy, x, y) => graph.op('Mul', [x, graph.op('Div', [dy, y])]));
