import { elementwise } from '../elementwise.ts';
import { above, below, scale } from '../emit.ts';

/** y = x · h, h = clip(x/6 + 1/2, 0, 1)   ⇒   h + x/6 · 1[0 < h < 1] */
export const hardSwishGradient = elementwise((graph, x) => {
  const h = graph.op('HardSigmoid', [x], { alpha: 1 / 6, beta: 0.5 });
  const inside = graph.op('Mul', [above(graph, h, 0), below(graph, h, 1)]);
  return graph.op('Add', [h, graph.op('Mul', [scale(graph, x, 1 / 6), inside])]);
});
