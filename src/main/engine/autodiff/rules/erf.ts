import { elementwise } from '../elementwise.ts';

/** 2/√π · exp(−x²) */
export const erfGradient = elementwise((graph, x) => {
  const e = graph.op('Exp', [graph.op('Neg', [graph.op('Mul', [x, x])])]);
  return graph.op('Mul', [e, graph.scalar(2 / Math.sqrt(Math.PI))]);
});
