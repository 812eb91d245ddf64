import { elementwise } from '../elementwise.ts';

/** −y² */
export const reciprocalGradient = elementwise((graph, _x, y) => graph.op('Neg', [graph.op('Mul', [y, y])]));
