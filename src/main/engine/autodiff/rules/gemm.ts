import { numberOf, scale, unbroadcast } from '../emit.ts';
import type { GradientRule } from '../rule.ts';

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
    transA ? product(b, dy, { transA: transB, transB: 1 }) : product(dy, b, { transA: 0, transB: transB ? 0 : 1 });
  const dB = () =>
    transB ? product(dy, a, { transA: 1, transB: transA }) : product(a, dy, { transA: transA ? 0 : 1, transB: 0 });
  return [
    wanted(0) ? dA() : undefined,
    wanted(1) ? dB() : undefined,
    c && wanted(2) ? scale(graph, unbroadcast(graph, dy, graph.dims(c)), numberOf(node, 'beta', 1)) : undefined,
  ];
};
