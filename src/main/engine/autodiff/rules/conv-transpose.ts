import { nodeError } from '../../graph/shapes.ts';
import { convolve } from '../convolution.ts';
import { listOf, numberOf } from '../emit.ts';
import type { GradientRule } from '../rule.ts';

/** y = Wᵀ ⋆ x   ⇒   dx = W ⋆ dy: the convolution with the same W, strides, dilations and pads. */
export const convTransposeGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  if (wanted(1) || wanted(2)) {
    throw nodeError(node, 'has weights that depend on the picture, which has no gradient rule');
  }
  if (!wanted(0)) return [];
  const dy = outputGradients[0]!;
  const kernel = graph.dims(node.inputs[1]!).slice(2);
  const ones = kernel.map(() => 1);
  const strides = listOf(node, 'strides', ones);
  const dilations = listOf(node, 'dilations', ones);
  const x = graph.dims(node.inputs[0]!).slice(2);
  const y = graph.dims(dy).slice(2);
  const begin = listOf(node, 'pads', [...ones, ...ones].fill(0)).slice(0, kernel.length);
  // The end pads follow from the shapes: this also covers files that give output_shape instead of pads.
  const end = kernel.map((k, i) => (x[i]! - 1) * strides[i]! + dilations[i]! * (k - 1) + 1 - begin[i]! - y[i]!);
  const pads = [...begin, ...end.map((e) => Math.max(e, 0))];
  const options = { kernel, strides, dilations, pads, group: numberOf(node, 'group', 1) };
  return [convolve(graph, dy, node.inputs[1]!, options, `d.${node.inputs[0]!}`)];
};
