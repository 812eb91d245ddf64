import type { Graph } from '../../graph/graph.ts';
import { numberOf, reshape, scale, unbroadcast } from '../emit.ts';
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

/** Y = α A' B' + β C, A' and B' transposed on request   ⇒   dA' = α dY B'ᵀ, dB' = α A'ᵀ dY, dC = β dY. */
export const gemmGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  const [a, b, c] = node.inputs as [string, string, string | undefined];
  const transA = numberOf(node, 'transA', 0);
  const transB = numberOf(node, 'transB', 0);
  const alpha = numberOf(node, 'alpha', 1);
  const dy = outputGradients[0]!;
  const product = (left: string, right: string, attributes: { transA: number; transB: number }) =>
    graph.op('Gemm', [left, right], { ...attributes, alpha });
  const dA = () =>
    transA
      ? product(b, dy, { transA: transB, transB: 1 })
      : product(dy, b, { transA: 0, transB: transB ? 0 : 1 });
  const dB = () =>
    transB
      ? product(dy, a, { transA: 1, transB: transA })
      : product(a, dy, { transA: transA ? 0 : 1, transB: 0 });
  return [
    wanted(0) ? dA() : undefined,
    wanted(1) ? dB() : undefined,
    c && wanted(2) ? scale(graph, unbroadcast(graph, dy, graph.dims(c)), numberOf(node, 'beta', 1)) : undefined,
  ];
};
