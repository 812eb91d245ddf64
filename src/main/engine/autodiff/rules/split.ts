import { numberOf, zeros } from '../emit.ts';
import type { GradientRule } from '../rule.ts';

/** [y₁ | y₂ | …] = x   ⇒   dx = [dy₁ | dy₂ | …], zeros where nothing flows */
export const splitGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  if (!wanted(0)) return [];
  const parts = node.outputs.map((y, i) => outputGradients[i] ?? zeros(graph, graph.dims(y)));
  return [graph.op('Concat', parts, { axis: numberOf(node, 'axis', 0) })];
};
