import { numberOf, reshape, stringOf } from '../emit.ts';
import type { GradientRule } from '../rule.ts';

/** Depth to space: blocks of channels become blocks of positions; the gradient goes back by the inverse permutation. */
export const depthToSpaceGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  if (!wanted(0)) return [];
  const [n, c, h, w] = graph.dims(node.inputs[0]!) as [number, number, number, number];
  const b = numberOf(node, 'blocksize', 1);
  const apart = reshape(graph, outputGradients[0]!, [n, c / (b * b), h, b, w, b]);
  const perm = stringOf(node, 'mode', 'DCR') === 'DCR' ? [0, 3, 5, 1, 2, 4] : [0, 1, 3, 5, 2, 4];
  return [reshape(graph, graph.op('Transpose', [apart], { perm }), [n, c, h, w])];
};
