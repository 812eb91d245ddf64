import { elementwise } from '../elementwise.ts';

/** 1 / x */
export const logGradient = elementwise((graph, x) => graph.op('Reciprocal', [x]));
