import fc from 'fast-check';
import type { Graph } from '../../../src/main/engine/graph/graph.ts';
import { lower } from '../../../src/main/engine/graph/lower.ts';
import type { AttributeValue } from '../../../src/main/formats/onnx.ts';
import { intTensor } from '../../../src/shared/tensor.ts';
import type { Random } from '../random.ts';
import {
  awayFrom,
  axisOf,
  axisPick,
  axesOf,
  constant,
  distinct,
  flags,
  gradientCase,
  picture,
  shape,
  small,
  within,
  type GradientCase,
} from './problem.ts';

/** What inlining makes of a node that is lowered. */
export function lowered(
  graph: Graph,
  op: string,
  inputs: readonly string[],
  attributes: Record<string, AttributeValue> = {},
): string {
  const output = lower(graph, { op, domain: '', name: op, inputs, outputs: ['y'], attributes }, inputs, 'y');
  if (output === undefined) throw new Error(`${op} was not lowered`);
  return output;
}

type Values = (random: Random, count: number) => Float64Array;

const unary = (op: string, values: Values, attributes: Record<string, AttributeValue> = {}): GradientCase =>
  gradientCase(
    `${op} ${JSON.stringify(attributes)}`,
    { dims: fc.oneof(shape(), picture) },
    ({ dims }) => ({ dims, values, build: (graph, u) => lowered(graph, op, [u], attributes) }),
    12,
  );

const reduction = (op: string, values: Values): GradientCase =>
  gradientCase(
    op,
    { dims: shape(), flags, keepdims: fc.nat(1) },
    (p) => ({
      dims: p.dims,
      values,
      build: (graph, u) => lowered(graph, op, [u], { axes: axesOf(p.flags, p.dims.length), keepdims: p.keepdims }),
    }),
    15,
  );

const logSoftmax = gradientCase('LogSoftmax', { dims: shape(4), axis: axisPick }, ({ dims, axis }) => ({
  dims,
  values: distinct,
  build: (graph, u) => lowered(graph, 'LogSoftmax', [u], { axis: axisOf(axis, dims.length) }),
}));

const groupNormalization = gradientCase(
  'GroupNormalization',
  { groups: small(3), perGroup: small(3), size: fc.tuple(small(3), small(3)), scalePerGroup: fc.boolean() },
  ({ groups, perGroup, size, scalePerGroup }) => ({
    dims: [2, groups * perGroup, size[0] + 1, size[1] + 1],
    build: (graph, u, random) => {
      const parameters = [scalePerGroup ? groups : groups * perGroup];
      const inputs = [u, constant(graph, random, parameters), constant(graph, random, parameters)];
      return lowered(graph, 'GroupNormalization', inputs, { num_groups: groups, epsilon: 0.01 });
    },
  }),
);

const rmsNormalization = gradientCase('RMSNormalization', { dims: shape(4), axis: axisPick }, ({ dims, axis }) => ({
  dims,
  values: within(0.2, 1),
  build: (graph, u, random) => {
    const position = axisOf(axis, dims.length);
    const scale = constant(graph, random, dims.slice(position));
    return lowered(graph, 'RMSNormalization', [u, scale], { axis: position, epsilon: 0.1 });
  },
}));

const maxPool = gradientCase(
  'MaxPool with dilation, or along one or three axes',
  {
    axes: fc.integer({ min: 1, max: 3 }),
    kernel: small(3),
    stride: small(2),
    dilation: fc.integer({ min: 2, max: 3 }),
    padded: fc.boolean(),
  },
  ({ axes, kernel, stride, dilation, padded }) => {
    const perAxis = (value: number) => Array<number>(axes).fill(value);
    const size = dilation * (kernel - 1) + 2;
    return {
      dims: [1, 2, ...perAxis(axes === 3 ? Math.min(size, 5) : size)],
      values: distinct,
      build: (graph, u) =>
        lowered(graph, 'MaxPool', [u], {
          kernel_shape: perAxis(axes === 3 ? Math.min(kernel, 2) : kernel),
          strides: perAxis(stride),
          dilations: perAxis(dilation),
          pads: perAxis(padded && kernel > 1 ? 1 : 0).flatMap((p) => [p, p]),
        }),
    };
  },
);

const wrap = gradientCase(
  'Pad in mode wrap',
  { pads: fc.array(fc.integer({ min: -1, max: 4 }), { minLength: 4, maxLength: 4 }) },
  ({ pads }) => ({
    dims: [1, 2, 3, 4],
    build: (graph, u) => {
      const [top, left, bottom, right] = pads as [number, number, number, number];
      const widths = graph.ints([0, 0, top, left, 0, 0, bottom, right]);
      // All widths zero is a node that does nothing, which inlining skips.
      return graph.op('Neg', [lowered(graph, 'Pad', [u, widths], { mode: 'wrap' })]);
    },
  }),
);

const resize = gradientCase(
  'Resize, cubic or antialiased',
  {
    mode: fc.constantFrom('cubic', 'linear'),
    antialias: fc.boolean(),
    excludes: fc.nat(1),
    transformation: fc.constantFrom('half_pixel', 'pytorch_half_pixel', 'align_corners', 'asymmetric'),
    size: fc.tuple(small(9), small(9)),
  },
  ({ mode, antialias, excludes, transformation, size }) => ({
    dims: [1, 2, 4, 5],
    build: (graph, u) => {
      const attributes = {
        mode,
        antialias: Number(antialias || mode === 'linear'),
        exclude_outside: excludes,
        coordinate_transformation_mode: transformation,
      };
      return graph.op('Neg', [lowered(graph, 'Resize', [u, '', '', graph.ints([1, 2, ...size])], attributes)]);
    },
  }),
  30,
);

const einsum = gradientCase(
  'Einsum of the value with itself or a constant',
  {
    equation: fc.constantFrom(
      'bchw,bdhw->bcd',
      'bchw,bdhw->cd',
      'abcd->dbca',
      'abcd->bd',
      '...cd,...de->...ce',
      'abij,jk->abik',
      'abcd,abcd',
      'abcd,be,c->ade',
    ),
  },
  ({ equation }) => ({
    dims: [2, 2, 3, 3],
    build: (graph, u, random) => {
      const others: Record<string, number[][]> = {
        'abij,jk->abik': [[3, 2]],
        'abcd,be,c->ade': [[2, 2], [3]],
      };
      const given = others[equation]?.map((dims) => constant(graph, random, dims));
      const inputs = [u, ...(given ?? (equation.includes(',') ? [u] : []))];
      return graph.op('Neg', [lowered(graph, 'Einsum', inputs, { equation })]);
    },
  }),
  24,
);

const cumSum = gradientCase(
  'CumSum',
  { dims: shape(4), axis: axisPick, exclusive: fc.nat(1), reverse: fc.nat(1) },
  ({ dims, axis, ...attributes }) => ({
    dims,
    build: (graph, u) => {
      const position = graph.constant(intTensor([axisOf(axis, dims.length)], []));
      return lowered(graph, 'CumSum', [u, position], attributes);
    },
  }),
);

const gatherNd = gradientCase(
  'GatherND with constant indices',
  { depth: small(3), count: fc.tuple(small(3), small(3)) },
  ({ depth, count }) => ({
    dims: [3, 2, 4],
    build: (graph, u, random) => {
      const indices = Array.from({ length: count[0] * count[1] * depth }, (_, k) => {
        const size = [3, 2, 4][k % depth]!;
        return random.integer(-size, size - 1);
      });
      return lowered(graph, 'GatherND', [u, graph.constant(intTensor(indices, [...count, depth]))]);
    },
  }),
);

const attention = gradientCase(
  'Attention',
  { flat: fc.boolean(), causal: fc.nat(1), shared: fc.boolean(), mask: fc.constantFrom('none', 'numbers', 'bool') },
  ({ flat, causal, shared, mask }) => ({
    dims: flat ? [1, 3, 8] : [1, 4, 3, 2],
    build: (graph, u, random) => {
      const constantOf = (heads: number) => constant(graph, random, flat ? [1, 3, heads * 2] : [1, heads, 3, 2]);
      const heads = shared ? 2 : 4;
      const masks: Record<string, () => string[]> = {
        none: () => [],
        numbers: () => [constant(graph, random, [3, 3])],
        bool: () => [graph.constant({ type: 'bool', dims: [3, 3], data: Uint8Array.of(1, 0, 1, 1, 1, 1, 1, 0, 0) })],
      };
      return lowered(graph, 'Attention', [u, shared ? constantOf(heads) : u, constantOf(heads), ...masks[mask]!()], {
        is_causal: causal,
        ...(flat && { q_num_heads: 4, kv_num_heads: heads }),
      });
    },
  }),
);

const convolution = gradientCase(
  'Conv that some provider computes wrong',
  { point: fc.boolean(), triple: fc.constantFrom(6, 9), stride: small(2), pads: fc.nat(2), bias: fc.boolean() },
  ({ point, triple, stride, pads, bias }) => ({
    dims: [1, point ? 2 : triple, 4, 5],
    build: (graph, u, random) => {
      const kernel = point ? [1, 1] : [3, 3];
      const weights = constant(graph, random, [4, graph.dims(u)[1]!, ...kernel]);
      return lowered(graph, 'Conv', [u, weights, ...(bias ? [constant(graph, random, [4])] : [])], {
        kernel_shape: kernel,
        strides: point ? [1, 1] : [stride, stride],
        pads: point ? [pads, 1, 0, pads] : [pads, pads, 1, pads],
      });
    },
  }),
);

/** Operators that are lowered before they are differentiated. */
export const loweredCases: readonly GradientCase[] = [
  convolution,
  unary('Gelu', within(-3, 3)),
  unary('Gelu', within(-3, 3), { approximate: 'tanh' }),
  unary('Mish', within(-4, 4)),
  unary('Mish', awayFrom([18], 15, 25)),
  unary('Selu', awayFrom([0])),
  unary('Selu', awayFrom([0]), { alpha: 0.5, gamma: 2 }),
  unary('Celu', awayFrom([0])),
  unary('Celu', awayFrom([0]), { alpha: 0.4 }),
  unary('Tan', within(-1, 1)),
  unary('Softsign', awayFrom([0])),
  gradientCase('Trilu', { upper: fc.nat(1), diagonal: fc.integer({ min: -2, max: 2 }) }, ({ upper, diagonal }) => ({
    dims: [2, 3, 3],
    build: (graph, u) => lowered(graph, 'Trilu', [u, graph.constant(intTensor([diagonal], []))], { upper }),
  })),
  unary('Swish', within(-3, 3)),
  unary('Swish', within(-3, 3), { alpha: 1.7 }),
  unary('ThresholdedRelu', awayFrom([0.5]), { alpha: 0.5 }),
  unary('Shrink', awayFrom([-0.75, 0.75]), { lambd: 0.75, bias: 0.25 }),
  gradientCase('Sign times its argument', { dims: shape() }, ({ dims }) => ({
    dims,
    values: awayFrom([0]),
    build: (graph, u) => graph.op('Mul', [u, lowered(graph, 'Sign', [u])]),
  })),
  reduction('ReduceMin', distinct),
  reduction('ReduceL1', awayFrom([0])),
  reduction('ReduceLogSum', within(0.3, 2)),
  reduction('ReduceLogSumExp', distinct),
  reduction('ReduceProd', within(0.5, 1.5)),
  logSoftmax,
  groupNormalization,
  rmsNormalization,
  maxPool,
  wrap,
  resize,
  einsum,
  cumSum,
  gatherNd,
  attention,
];
