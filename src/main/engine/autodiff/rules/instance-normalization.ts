import { selfNormalized } from '../self-normalization.ts';
import { numberOf } from '../emit.ts';
import type { GradientRule } from '../rule.ts';

/** Normalised over positions, per picture and channel; γ per channel. */
export const instanceNormalizationGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  if (!wanted(0)) return [];
  const x = node.inputs[0]!;
  const dims = graph.dims(x);
  const gamma = graph.op('Reshape', [node.inputs[1]!, graph.ints([1, dims[1]!, ...dims.slice(2).map(() => 1)])]);
  const scaled = graph.op('Mul', [outputGradients[0]!, gamma]);
  const axes = dims.map((_, i) => i).slice(2);
  return [selfNormalized(graph, x, scaled, axes, numberOf(node, 'epsilon', 1e-5))];
};
