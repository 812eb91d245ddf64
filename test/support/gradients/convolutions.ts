import fc from 'fast-check';
import { constant, gradientCase, small, type GradientCase } from './problem.ts';

const pair = (max: number) => fc.tuple(small(max), small(max));
const pads = fc.tuple(
  ...([0, 0, 0, 0].map(() => fc.nat(2)) as [
    fc.Arbitrary<number>,
    fc.Arbitrary<number>,
    fc.Arbitrary<number>,
    fc.Arbitrary<number>,
  ]),
);

const windowParameters = {
  kernel: pair(4),
  strides: pair(3),
  dilations: pair(2),
  pads,
  extra: fc.tuple(fc.nat(4), fc.nat(4)),
};

type Window = {
  [K in keyof typeof windowParameters]: (typeof windowParameters)[K] extends fc.Arbitrary<infer T> ? T : never;
};

/** The smallest picture on which the window fits, and some more. */
const sizeFor = ({ kernel, dilations, pads: p, extra }: Window, axis: 0 | 1): number =>
  Math.max(1, dilations[axis] * (kernel[axis] - 1) + 1 - p[axis] - p[axis + 2]!) + extra[axis];

const convolution = (name: string, group: fc.Arbitrary<number>, perGroup: fc.Arbitrary<number>): GradientCase =>
  gradientCase(
    name,
    { ...windowParameters, group, perGroup, out: small(2), batch: small(2), bias: fc.boolean() },
    (p) => ({
      dims: [p.batch, p.perGroup * p.group, sizeFor(p, 0), sizeFor(p, 1)],
      build: (graph, u, random) => {
        const w = constant(graph, random, [p.out * p.group, p.perGroup, ...p.kernel]);
        const inputs = p.bias ? [u, w, constant(graph, random, [p.out * p.group])] : [u, w];
        const { strides, dilations, group: groups } = p;
        return graph.op('Conv', inputs, { kernel_shape: p.kernel, strides, dilations, pads: p.pads, group: groups });
      },
    }),
    30,
  );

export const convolutionCases: readonly GradientCase[] = [
  convolution('Conv', fc.constant(1), small(3)),
  convolution('Conv with groups', fc.integer({ min: 2, max: 3 }), fc.constant(2)),
  convolution('Conv, depthwise', fc.integer({ min: 2, max: 4 }), fc.constant(1)),
  gradientCase(
    'Conv whose channels some provider misreads: three or six of them, four others',
    { triple: fc.constantFrom(3, 6, 9), kernel: fc.constantFrom(1, 3), stride: small(2), swap: fc.boolean() },
    ({ triple, kernel, stride, swap }) => ({
      dims: [1, swap ? 4 : triple, 4, 5],
      build: (graph, u, random) => {
        const w = constant(graph, random, swap ? [triple, 4, kernel, kernel] : [4, triple, kernel, kernel]);
        const p = (kernel - 1) / 2;
        return graph.op('Conv', [u, w], {
          kernel_shape: [kernel, kernel],
          pads: [p, p, p, p],
          strides: [stride, stride],
        });
      },
    }),
  ),
  gradientCase('Conv of one pixel before what adds an edge of zeros', { size: small(4) }, ({ size }) => ({
    dims: [1, 2, size, size],
    build: (graph, u, random) => {
      const point = graph.op('Conv', [u, constant(graph, random, [3, 2, 1, 1])], { kernel_shape: [1, 1] });
      // Its gradient is a Pad, which the runtime would make part of the convolution's.
      return graph.op('Slice', [
        graph.op('Pad', [point, graph.ints([0, 0, 1, 1, 0, 0, 1, 1])]),
        graph.ints([1, 2]),
        graph.ints([9, 9]),
        graph.ints([2, 3]),
      ]);
    },
  })),
  gradientCase('Conv without attributes', { size: fc.integer({ min: 3, max: 6 }) }, ({ size }) => ({
    dims: [1, 2, size, size],
    build: (graph, u, random) => graph.op('Conv', [u, constant(graph, random, [3, 2, 3, 3])]),
  })),
  gradientCase(
    'ConvTranspose',
    {
      ...windowParameters,
      group: small(2),
      perGroup: small(2),
      out: small(2),
      outputPadding: fc.tuple(fc.nat(2), fc.nat(2)),
    },
    (p) => {
      // Pads that leave nothing of the result are not a transposed convolution.
      const size = [2 + p.extra[0], 2 + p.extra[1]];
      const reach = p.kernel.map((k, axis) => p.dilations[axis]! * (k - 1));
      const limited = p.pads.map((pad, k) =>
        Math.min(pad, Math.floor((p.strides[k % 2]! * (size[k % 2]! - 1) + reach[k % 2]!) / 2)),
      );
      return {
        dims: [1, p.perGroup * p.group, ...size],
        build: (graph, u, random) => {
          const w = constant(graph, random, [p.perGroup * p.group, p.out, ...p.kernel]);
          return graph.op('ConvTranspose', [u, w, constant(graph, random, [p.out * p.group])], {
            kernel_shape: p.kernel,
            strides: p.strides,
            dilations: p.dilations,
            pads: limited,
            output_padding: p.outputPadding.map((o, axis) => Math.min(o, p.strides[axis]! - 1)),
            group: p.group,
          });
        },
      };
    },
    40,
  ),
];
