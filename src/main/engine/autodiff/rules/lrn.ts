import { bandSum, lrnScale } from '../../graph/lowerings/local-response.ts';
import { numberOf } from '../emit.ts';
import type { GradientRule } from '../rule.ts';

/**
 * Local response normalization across channels (Krizhevsky 2012): s = k + α/n · Σ x² over a window of n channels, y = x s^−β
 * dx = dy · s^−β − (2αβ/n) · x · Σ' (dy · x · s^(−β−1)), Σ' over the channels whose window holds this one.
 * Both window sums are products with a constant band matrix: the LRN operator itself is missing on webgpu.
 */
export const lrnGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  if (!wanted(0)) return [];
  const x = node.inputs[0]!;
  const dy = outputGradients[0]!;
  const size = numberOf(node, 'size', 1);
  const alpha = numberOf(node, 'alpha', 1e-4);
  const beta = numberOf(node, 'beta', 0.75);
  const s = lrnScale(graph, x, size, alpha, numberOf(node, 'bias', 1));
  const power = graph.op('Pow', [s, graph.scalar(-beta)]);
  const direct = graph.op('Mul', [dy, power]);
  const inner = graph.op('Div', [graph.op('Mul', [direct, x]), s]);
  const around = bandSum(graph, inner, size, true);
  const indirect = graph.op('Mul', [graph.op('Mul', [x, around]), graph.scalar((2 * alpha * beta) / size)]);
  return [graph.op('Sub', [direct, indirect])];
};
