import { elementwise } from '../elementwise.ts';

/** 1 / (1 + x²) */
export const atanGradient = elementwise((graph, x) =>
  graph.op('Reciprocal', [graph.op('Add', [graph.op('Mul', [x, x]), graph.scalar(1)])]),
);
