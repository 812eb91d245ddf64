import { unbroadcast } from '../emit.ts';
import type { GradientRule } from '../rule.ts';

/** y = x repeated to a larger shape   ⇒   dx = dy summed over the repeated axes */
export const expandGradient: GradientRule = ({ graph, node, outputGradients, wanted }) =>
  wanted(0) ? [unbroadcast(graph, outputGradients[0]!, graph.dims(node.inputs[0]!))] : [];
