import { elementwise } from '../elementwise.ts';

/** cos x */
export const sinGradient = elementwise((graph, x) => graph.op('Cos', [x]));
