import { notNegative, sum } from '../emit.ts';
import type { GradientRule } from '../rule.ts';

/** Largest of all positions: dx = dy there, shared equally between ties */
export const globalMaxPoolGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  if (!wanted(0)) return [];
  const x = node.inputs[0]!;
  const mask = notNegative(graph, graph.op('Sub', [x, node.outputs[0]!]));
  const axes = graph
    .dims(x)
    .map((_, i) => i)
    .slice(2);
  return [graph.op('Mul', [mask, graph.op('Div', [outputGradients[0]!, sum(graph, mask, axes, true)])])];
};
