import { listOf } from '../emit.ts';
import type { GradientRule } from '../rule.ts';

/** y = permute(x)   ⇒   dx = permute⁻¹(dy) */
export const transposeGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  if (!wanted(0)) return [];
  const reversed = graph
    .dims(node.inputs[0]!)
    .map((_, i) => i)
    .reverse();
  const perm = listOf(node, 'perm', reversed);
  return [graph.op('Transpose', [outputGradients[0]!], { perm: perm.map((_, i) => perm.indexOf(i)) })];
};
