import { oneMinus, positive, unbroadcast } from '../emit.ts';
import type { GradientRule } from '../rule.ts';

/** slope + (1 − slope) · 1[x > 0] with a slope per channel; d slope = sum of dy · min(x, 0) */
export const preluGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  const [x, slope] = node.inputs as [string, string];
  const dy = outputGradients[0]!;
  const mask = positive(graph, x);
  const dx = () => {
    const d = graph.op('Add', [graph.op('Mul', [mask, oneMinus(graph, slope)]), slope]);
    return graph.op('Mul', [dy, d], {}, `d.${x}`);
  };
  const dSlope = () => {
    const negativePart = graph.op('Mul', [x, oneMinus(graph, mask)]);
    return unbroadcast(graph, graph.op('Mul', [dy, negativePart]), graph.dims(slope));
  };
  return [wanted(0) ? dx() : undefined, wanted(1) ? dSlope() : undefined];
};
