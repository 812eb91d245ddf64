import { selfNormalized } from '../self-normalization.ts';
import { numberOf } from '../emit.ts';
import type { GradientRule } from '../rule.ts';

/** Normalised over the last axes, from `axis` on; γ has their shape. */
export const layerNormalizationGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  if (!wanted(0)) return [];
  const x = node.inputs[0]!;
  const rank = graph.dims(x).length;
  const axis = numberOf(node, 'axis', -1);
  const axes = [...Array(rank).keys()].slice(axis < 0 ? axis + rank : axis);
  const scaled = graph.op('Mul', [outputGradients[0]!, node.inputs[1]!]);
  return [selfNormalized(graph, x, scaled, axes, numberOf(node, 'epsilon', 1e-5))];
};
