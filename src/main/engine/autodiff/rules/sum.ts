import { unbroadcast } from '../emit.ts';
import type { GradientRule } from '../rule.ts';

/** y = x₁ + x₂ + …: every summand receives dy. */
export const sumGradient: GradientRule = ({ graph, node, outputGradients, wanted }) =>
  node.inputs.map((x, i) => (wanted(i) ? unbroadcast(graph, outputGradients[0]!, graph.dims(x)) : undefined));
