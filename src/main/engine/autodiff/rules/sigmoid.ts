import { elementwise } from '../elementwise.ts';
import { oneMinus } from '../emit.ts';

/** y (1 − y) */
export const sigmoidGradient = elementwise((graph, _x, y) => graph.op('Mul', [y, oneMinus(graph, y)]));
