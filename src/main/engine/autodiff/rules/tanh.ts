import { elementwise } from '../elementwise.ts';
import { oneMinus } from '../emit.ts';

/** 1 − y² */
export const tanhGradient = elementwise((graph, _x, y) => oneMinus(graph, graph.op('Mul', [y, y])));
