import { reshape } from '../emit.ts';
import type { GradientRule } from '../rule.ts';

/** Reshape, Flatten, Squeeze, Unsqueeze: dx = dy in the shape of x */
export const reshapeGradient: GradientRule = ({ graph, node, outputGradients, wanted }) =>
  wanted(0) ? [reshape(graph, outputGradients[0]!, graph.dims(node.inputs[0]!))] : [];
