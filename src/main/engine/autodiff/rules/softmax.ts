import { numberOf } from '../emit.ts';
import type { GradientRule } from '../rule.ts';

/** y = softmax(x) along an axis   ⇒   dx = y · (dy − Σ dy·y) */
export const softmaxGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  if (!wanted(0)) return [];
  const y = node.outputs[0]!;
  const rank = graph.dims(y).length;
  const axis = (numberOf(node, 'axis', -1) + rank) % rank;
  const weighted = graph.op('Mul', [outputGradients[0]!, y]);
  const total = graph.op('ReduceSum', [weighted, graph.ints([axis])], { keepdims: 1 });
  return [graph.op('Mul', [y, graph.op('Sub', [outputGradients[0]!, total])])];
};
