import { elementwise } from '../elementwise.ts';
import { sign } from '../emit.ts';

/** sign(x) */
export const absGradient = elementwise((graph, x) => sign(graph, x));
