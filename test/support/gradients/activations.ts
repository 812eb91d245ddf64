import fc from 'fast-check';
import type { AttributeValue } from '../../../src/main/formats/onnx.ts';
import { floatTensor } from '../../../src/shared/tensor.ts';
import type { Random } from '../random.ts';
import { awayFrom, constant, gradientCase, picture, shape, within, type GradientCase } from './problem.ts';

type Values = (random: Random, count: number) => Float64Array;

/** An operator of one input; shapes of every rank, pictures among them. */
const unary = (op: string, values: Values, attributes: Record<string, AttributeValue> = {}): GradientCase =>
  gradientCase(
    `${op} ${JSON.stringify(attributes)}`,
    { dims: fc.oneof(shape(), picture) },
    ({ dims }) => ({
      dims,
      values,
      build: (graph, u) => graph.op(op, [u], attributes),
    }),
    15,
  );

const hardSigmoid = (alpha: number, beta: number): GradientCase =>
  unary('HardSigmoid', awayFrom([-beta / alpha, (1 - beta) / alpha], -5, 5), { alpha, beta });

/** A step, through which nothing flows back, times its argument. */
const stepped = (op: string): GradientCase =>
  gradientCase(
    `x · ${op}(x)`,
    { dims: shape() },
    ({ dims }) => ({
      dims,
      values: awayFrom([-1.5, -1, -0.5, 0, 0.5, 1, 1.5]),
      build: (graph, u) => graph.op('Mul', [u, graph.op(op, [u])]),
    }),
    8,
  );

const slopes = fc.constantFrom('scalar', 'one', 'channels', 'channels without batch', 'every element');

const prelu = gradientCase(
  'PRelu with positive, zero and negative slopes',
  { dims: picture, slopes },
  ({ dims, slopes: kind }) => ({
    dims,
    values: awayFrom([0]),
    build: (graph, u, random) => {
      const channels = dims[1]!;
      const shapes: Record<string, number[]> = {
        scalar: [],
        one: [1],
        channels: [1, channels, 1, 1],
        'channels without batch': [channels, 1, 1],
        'every element': dims.slice(1),
      };
      const slope = shapes[kind]!;
      const count = slope.reduce((n, d) => n * d, 1);
      const data = Array.from({ length: count }, () => random.pick([0, 0.25, -0.5, 1, random.between(-1, 1)]));
      return graph.op('PRelu', [u, graph.constant(floatTensor(slope, data))]);
    },
  }),
  30,
);

const clip = gradientCase(
  'Clip with any of its bounds',
  { dims: picture, low: fc.option(fc.constantFrom(-1, -0.5, 0)), high: fc.option(fc.constantFrom(0.5, 1, 6)) },
  ({ dims, low, high }) => ({
    dims,
    values: awayFrom([low ?? 9, high ?? 9]),
    build: (graph, u) => {
      const bound = (value: number | null) => (value === null ? '' : graph.scalar(value));
      return graph.op('Clip', high === null ? (low === null ? [u] : [u, bound(low)]) : [u, bound(low), bound(high)]);
    },
  }),
);

const batchNormalization = gradientCase(
  'BatchNormalization',
  {
    dims: fc.oneof(
      picture,
      fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 4 })).map((d) => [...d]),
    ),
    epsilon: fc.constantFrom(1e-5, 1e-2),
  },
  ({ dims, epsilon }) => ({
    dims,
    build: (graph, u, random) => {
      const channels = [dims[1]!];
      const parameters = [constant(graph, random, channels), constant(graph, random, channels)];
      const statistics = [constant(graph, random, channels), constant(graph, random, channels, 0.1, 2)];
      return graph.op('BatchNormalization', [u, ...parameters, ...statistics], { epsilon });
    },
  }),
);

export const activationCases: readonly GradientCase[] = [
  unary('Relu', awayFrom([0])),
  unary('LeakyRelu', awayFrom([0])),
  unary('LeakyRelu', awayFrom([0]), { alpha: 0.2 }),
  unary('LeakyRelu', awayFrom([0]), { alpha: -0.3 }),
  unary('Elu', awayFrom([0])),
  unary('Elu', awayFrom([0]), { alpha: 0.7 }),
  unary('Sigmoid', within(-3, 4)),
  hardSigmoid(0.2, 0.5),
  hardSigmoid(0.5, 0.1),
  unary('HardSigmoid', awayFrom([-2.5, 2.5], -5, 5)),
  unary('HardSwish', awayFrom([-3, 3], -5, 5)),
  unary('Tanh', within(-2, 2)),
  unary('Softplus', within(-3, 3)),
  unary('Erf', within(-2, 2)),
  unary('Exp', within(-2, 2)),
  unary('Log', within(0.2, 3)),
  unary('Sqrt', within(0.2, 3)),
  unary('Reciprocal', within(0.3, 3)),
  unary('Reciprocal', within(-3, -0.3)),
  unary('Neg', within(-2, 2)),
  unary('Abs', awayFrom([0])),
  unary('Sin', within(-4, 4)),
  unary('Cos', within(-4, 4)),
  unary('Atan', within(-3, 3)),
  ...['Floor', 'Ceil', 'Round', 'Sign'].map(stepped),
  unary('Identity', within(-2, 2)),
  unary('Dropout', within(-2, 2)),
  unary('Cast', within(-2, 2), { to: 1 }),
  prelu,
  clip,
  batchNormalization,
];
