import fc from 'fast-check';
import { constant, gradientCase, small, type GradientCase } from './problem.ts';

const sizes = { m: small(3), k: small(3), n: small(3) };

/** Shapes of two operands, the picture's first. */
const OPERANDS = ({ m, k, n }: { m: number; k: number; n: number }): Record<string, [number[], number[]]> => ({
  'matrix × matrix': [
    [m, k],
    [k, n],
  ],
  'batch × matrix': [
    [3, m, k],
    [k, n],
  ],
  'batch × batch': [
    [2, m, k],
    [2, k, n],
  ],
  'matrix × batch': [
    [m, k],
    [2, k, n],
  ],
  'two batches that broadcast': [
    [2, 1, m, k],
    [3, k, n],
  ],
  'batches of length 1': [
    [1, 2, m, k],
    [3, 1, k, n],
  ],
  'vector × matrix': [[k], [k, n]],
  'matrix × vector': [[m, k], [k]],
  'batch × vector': [[2, m, k], [k]],
  'vector × batch': [[k], [2, k, n]],
  'vector × vector': [[k], [k]],
});

const operands = fc.constantFrom(...Object.keys(OPERANDS({ m: 1, k: 1, n: 1 })));

const matMul: readonly GradientCase[] = [
  gradientCase(
    'MatMul, constant right',
    { ...sizes, operands },
    (p) => {
      const [left, right] = OPERANDS(p)[p.operands]!;
      return { dims: left, build: (graph, u, random) => graph.op('MatMul', [u, constant(graph, random, right)]) };
    },
    30,
  ),
  gradientCase(
    'MatMul, constant left',
    { ...sizes, operands },
    (p) => {
      const [left, right] = OPERANDS(p)[p.operands]!;
      return { dims: right, build: (graph, u, random) => graph.op('MatMul', [constant(graph, random, left), u]) };
    },
    30,
  ),
  gradientCase(
    'MatMul of two values that depend on the picture',
    { ...sizes, operands },
    (p) => {
      const [left, right] = OPERANDS(p)[p.operands]!;
      return {
        dims: left,
        build: (graph, u, random) => {
          // The right operand: a constant tensor times the mean of u, plus another.
          const mean = graph.op('ReduceMean', [u], { keepdims: 0 });
          const scaled = graph.op('Mul', [mean, constant(graph, random, right)]);
          return graph.op('MatMul', [u, graph.op('Add', [scaled, constant(graph, random, right)])]);
        },
      };
    },
    30,
  ),
  gradientCase('Gram matrix', { channels: small(3), positions: small(5) }, ({ channels, positions }) => ({
    dims: [1, channels, positions],
    build: (graph, u) => graph.op('MatMul', [u, graph.op('Transpose', [u], { perm: [0, 2, 1] })]),
  })),
];

const gemmParameters = {
  ...sizes,
  transA: fc.nat(1),
  transB: fc.nat(1),
  alpha: fc.constantFrom(1, 0.5, -2),
  beta: fc.constantFrom(1, 0.25, -1),
  bias: fc.constantFrom('none', 'row', 'matrix', 'column', 'one'),
};

const gemm = (name: string, picture: 'A' | 'B' | 'C' | 'all'): GradientCase =>
  gradientCase(
    name,
    gemmParameters,
    ({ m, k, n, transA, transB, alpha, beta, bias }) => {
      const a = transA ? [k, m] : [m, k];
      const b = transB ? [n, k] : [k, n];
      const c = { none: undefined, row: [n], matrix: [m, n], column: [m, 1], one: [1] }[bias];
      const source = { A: a, B: b, C: c ?? [n], all: a }[picture];
      return {
        dims: source,
        build: (graph, u, random) => {
          const fixed = (dims: number[]) => constant(graph, random, dims);
          const dependent = (dims: number[]) => {
            return graph.op('Mul', [fixed(dims), graph.op('ReduceMean', [u], { keepdims: 0 })]);
          };
          const A = picture === 'A' || picture === 'all' ? u : fixed(a);
          const B = picture === 'B' ? u : picture === 'all' ? dependent(b) : fixed(b);
          const C = picture === 'C' ? u : c && (picture === 'all' ? dependent(c) : fixed(c));
          return graph.op('Gemm', C ? [A, B, C] : [A, B], { transA, transB, alpha, beta });
        },
      };
    },
    30,
  );

export const matrixCases: readonly GradientCase[] = [
  ...matMul,
  gemm('Gemm, picture on the left', 'A'),
  gemm('Gemm, picture on the right', 'B'),
  gemm('Gemm, picture in the bias', 'C'),
  gemm('Gemm, picture in all three', 'all'),
];
