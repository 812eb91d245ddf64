import fc from 'fast-check';
import type { Random } from '../random.ts';
import {
  axesOf,
  axisOf,
  axisPick,
  constant,
  distinct,
  flags,
  gradientCase,
  picture,
  shape,
  small,
  type GradientCase,
} from './problem.ts';

const reductionParameters = { dims: shape(), flags, all: fc.boolean(), keepdims: fc.nat(1), fromEnd: fc.boolean() };

/** A reduction whose axes are an attribute, or (ReduceSum) an input; without axes it reduces everything. */
const reduction = (
  op: string,
  axesAreInput: boolean,
  values?: (random: Random, count: number) => Float64Array,
): GradientCase =>
  gradientCase(
    op,
    reductionParameters,
    (p) => ({
      dims: p.dims,
      ...(values && { values }),
      build: (graph, u) => {
        const rank = p.dims.length;
        const axes = axesOf(p.flags, rank).map((axis) => (p.fromEnd ? axis - rank : axis));
        const { keepdims } = p;
        if (p.all) return graph.op(op, [u], { keepdims });
        return axesAreInput ? graph.op(op, [u, graph.ints(axes)], { keepdims }) : graph.op(op, [u], { axes, keepdims });
      },
    }),
    25,
  );

const softmax = gradientCase(
  'Softmax along any axis',
  { dims: shape(4), axis: axisPick },
  ({ dims, axis }) => ({
    dims,
    build: (graph, u) => graph.op('Softmax', [u], { axis: axisOf(axis, dims.length) }),
  }),
  25,
);

const softmaxDefault = gradientCase(
  'Softmax along its default axis',
  { dims: shape(4) },
  ({ dims }) => ({
    dims,
    build: (graph, u) => graph.op('Softmax', [u]),
  }),
  8,
);

const lrn = gradientCase(
  'LRN',
  {
    channels: small(6),
    // ONNX Runtime refuses even sizes.
    size: fc.constantFrom(1, 3, 5),
    alpha: fc.constantFrom(1e-4, 0.1, 1),
    beta: fc.constantFrom(0.75, 0.5),
    bias: fc.constantFrom(1, 2),
  },
  ({ channels, ...attributes }) => ({
    dims: [1, channels, 2, 3],
    build: (graph, u) => graph.op('LRN', [u], attributes),
  }),
  30,
);

const lrnDefaults = gradientCase(
  'LRN without optional attributes',
  { size: fc.constantFrom(3, 5) },
  ({ size }) => ({
    dims: [1, 4, 2, 2],
    build: (graph, u) => graph.op('LRN', [u], { size }),
  }),
  4,
);

const instanceNormalization = gradientCase(
  'InstanceNormalization',
  { dims: picture, epsilon: fc.constantFrom(1e-5, 1e-2) },
  ({ dims, epsilon }) => ({
    dims,
    build: (graph, u, random) => {
      const parameters = [constant(graph, random, [dims[1]!]), constant(graph, random, [dims[1]!])];
      return graph.op('InstanceNormalization', [u, ...parameters], { epsilon });
    },
  }),
);

const layerNormalization = gradientCase(
  'LayerNormalization',
  {
    dims: fc.tuple(small(2), small(3), fc.integer({ min: 4, max: 6 })).map((d) => [...d]),
    axis: fc.constantFrom(-1, -2, 1, 2),
    shift: fc.boolean(),
  },
  ({ dims, axis, shift }) => ({
    dims,
    build: (graph, u, random) => {
      const inner = dims.slice(axis);
      const parameters = [constant(graph, random, inner), ...(shift ? [constant(graph, random, inner)] : [])];
      return graph.op('LayerNormalization', [u, ...parameters], { axis, epsilon: 1e-5 });
    },
  }),
);

export const reductionCases: readonly GradientCase[] = [
  reduction('ReduceMean', false),
  reduction('ReduceSum', true),
  reduction('ReduceSumSquare', false),
  reduction('ReduceL2', false),
  reduction('ReduceMax', false, distinct),
  softmax,
  softmaxDefault,
  lrn,
  lrnDefaults,
  instanceNormalization,
  layerNormalization,
];
