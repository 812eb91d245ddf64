import { expand } from '../reduction.ts';
import { scale } from '../emit.ts';
import type { GradientRule } from '../rule.ts';

/** Mean over all positions: dx = dy / (H·W), repeated */
export const globalAveragePoolGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  if (!wanted(0)) return [];
  const dims = graph.dims(node.inputs[0]!);
  const positions = dims.slice(2).reduce((a, b) => a * b, 1);
  return [expand(graph, scale(graph, outputGradients[0]!, 1 / positions), dims)];
};
