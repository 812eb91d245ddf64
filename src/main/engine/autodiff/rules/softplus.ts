import { elementwise } from '../elementwise.ts';

/** sigmoid(x) */
export const softplusGradient = elementwise((graph, x) => graph.op('Sigmoid', [x]));
