import type { Graph } from '../../graph/graph.ts';
import { reshape, unbroadcast } from '../emit.ts';
import type { GradientRule } from '../rule.ts';

const transposeLast = (graph: Graph, x: string): string => {
  const rank = graph.dims(x).length;
  const perm = [...Array(rank).keys()];
  return graph.op('Transpose', [x], { perm: [...perm.slice(0, -2), rank - 1, rank - 2] });
};

/** Y = A B (batched, broadcasting)   ⇒   dA = dY Bᵀ, dB = Aᵀ dY, summed over broadcast batch axes. */
export const matMulGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  const [aName, bName] = node.inputs as [string, string];
  const aDims = graph.dims(aName);
  const bDims = graph.dims(bName);
  // Vectors count as one-row (left) or one-column (right) matrices.
  const aMatrix = aDims.length === 1 ? [1, aDims[0]!] : aDims;
  const bMatrix = bDims.length === 1 ? [bDims[0]!, 1] : bDims;
  const batch = graph.dims(node.outputs[0]!).slice(0, Math.max(aMatrix.length, bMatrix.length) - 2);
  const dy = reshape(graph, outputGradients[0]!, [...batch, aMatrix.at(-2)!, bMatrix.at(-1)!]);
  const dA = () => {
    const product = graph.op('MatMul', [dy, transposeLast(graph, reshape(graph, bName, bMatrix))]);
    return reshape(graph, unbroadcast(graph, product, aMatrix), aDims);
  };
  const dB = () => {
    const product = graph.op('MatMul', [transposeLast(graph, reshape(graph, aName, aMatrix)), dy]);
    return reshape(graph, unbroadcast(graph, product, bMatrix), bDims);
  };
  return [wanted(0) ? dA() : undefined, wanted(1) ? dB() : undefined];
};
