import { elementwise } from '../elementwise.ts';

/** 1 / (2y) */
export const sqrtGradient = elementwise((graph, _x, y) => graph.op('Div', [graph.scalar(0.5), y]));
