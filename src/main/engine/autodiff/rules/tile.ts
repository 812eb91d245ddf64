import { numbersOf } from '../../../../shared/tensor.ts';
import { reshape, sum } from '../emit.ts';
import type { GradientRule } from '../rule.ts';

/** y = x tiled   ⇒   dx = dy summed over the copies */
export const tileGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  if (!wanted(0)) return [];
  const dims = graph.dims(node.inputs[0]!);
  const repeats = numbersOf(graph.tensor(node.inputs[1]!)!);
  const apart = reshape(
    graph,
    outputGradients[0]!,
    dims.flatMap((d, i) => [repeats[i]!, d]),
  );
  return [
    sum(
      graph,
      apart,
      dims.map((_, i) => 2 * i),
    ),
  ];
};
