import { floatTensor, numbersOf } from '../../../../shared/tensor.ts';
import { numberOf } from '../emit.ts';
import type { GradientRule } from '../rule.ts';

/** y = γ (x − μ)/√(σ² + ε) + β with constant statistics   ⇒   dx = dy · γ/√(σ² + ε) */
export const batchNormalizationGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  if (!wanted(0)) return [];
  const gamma = graph.tensor(node.inputs[1]!)!;
  const variance = numbersOf(graph.tensor(node.inputs[4]!)!);
  const epsilon = numberOf(node, 'epsilon', 1e-5);
  const factor = Float32Array.from(numbersOf(gamma), (g, c) => g / Math.sqrt(variance[c]! + epsilon));
  const rank = graph.dims(node.inputs[0]!).length;
  const dims = [1, factor.length, ...new Array<number>(rank - 2).fill(1)];
  const factors = graph.constant(floatTensor(dims, factor), `${node.name}.scale`);
  return [graph.op('Mul', [outputGradients[0]!, factors], {}, `d.${node.inputs[0]!}`)];
};
