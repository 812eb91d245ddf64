import { numberOf, positiveAxis, slice } from '../emit.ts';
import type { GradientRule } from '../rule.ts';

/** y = [x₁ | x₂ | …]   ⇒   each input receives its own part of dy */
export const concatGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  const dy = outputGradients[0]!;
  const axis = positiveAxis(numberOf(node, 'axis', 0), graph.dims(dy).length);
  let start = 0;
  return node.inputs.map((x, i) => {
    const end = start + graph.dims(x)[axis]!;
    const part = wanted(i) ? slice(graph, dy, [axis], [start], [end]) : undefined;
    start = end;
    return part;
  });
};
