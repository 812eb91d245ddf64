import { elementwise } from '../elementwise.ts';

/** −sin x */
export const cosGradient = elementwise((graph, x) => graph.op('Neg', [graph.op('Sin', [x])]));
