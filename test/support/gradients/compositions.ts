import fc from 'fast-check';
import type { Graph } from '../../../src/main/engine/graph/graph.ts';
import { blurredSubsampling } from '../../../src/main/engine/networks/rewrites/blur.ts';
import type { Random } from '../random.ts';
import { constant, gradientCase, type GradientCase, type Problem } from './problem.ts';

const size = fc.integer({ min: 4, max: 5 });

const conv = (graph: Graph, random: Random, x: string, out: number, kernel = 3, stride = 1): string => {
  const weights = constant(graph, random, [out, graph.dims(x)[1]!, kernel, kernel], -0.6, 0.6);
  const p = (kernel - 1) / 2;
  const attributes = { kernel_shape: [kernel, kernel], pads: [p, p, p, p], strides: [stride, stride] };
  return graph.op('Conv', [x, weights, constant(graph, random, [out])], attributes);
};

const batchNormalization = (graph: Graph, random: Random, x: string): string => {
  const channels = [graph.dims(x)[1]!];
  const parameters = [constant(graph, random, channels, 0.5, 1.5), constant(graph, random, channels)];
  const statistics = [constant(graph, random, channels), constant(graph, random, channels, 0.5, 2)];
  return graph.op('BatchNormalization', [x, ...parameters, ...statistics]);
};

const relu = (graph: Graph, x: string): string => graph.op('Relu', [x]);

/** F·Fᵀ of the features F [C, H·W]. */
const gram = (graph: Graph, features: string): string => {
  const flat = graph.op('Reshape', [features, graph.ints([graph.dims(features)[1]!, -1])]);
  return graph.op('MatMul', [flat, graph.op('Transpose', [flat], { perm: [1, 0] })]);
};

/** What the rewrites put in place of strides. */
const blurred = (graph: Graph, x: string, stride: number, beyond: 'nothing' | 'given', ceil = false): string => {
  const names = new Map([[x, x]]);
  const nodes = blurredSubsampling(x, 'result', [stride, stride], (hint) => hint, { beyond, ceil });
  for (const { op, inputs, outputs, attributes } of nodes) {
    names.set(outputs[0]!, graph.op(op, [names.get(inputs[0]!)!], { ...attributes }));
  }
  return names.get('result')!;
};

/** A composition on a small picture; its kinks fall where they will. */
const composition = (name: string, build: Problem['build'], runs = 12): GradientCase =>
  gradientCase(name, { size }, ({ size: side }) => ({ dims: [1, 2, side, side + 1], build, mayBeRough: true }), runs);

const fixed: readonly GradientCase[] = [
  composition('conv, bn, relu, max pool, conv, relu, average pool', (graph, u, random) => {
    const first = relu(graph, batchNormalization(graph, random, conv(graph, random, u, 3)));
    const pooled = graph.op('MaxPool', [first], { kernel_shape: [2, 2], strides: [2, 2] });
    return graph.op('GlobalAveragePool', [relu(graph, conv(graph, random, pooled, 2))]);
  }),
  composition('a tap on a relu that a tiling max pool reads too', (graph, u, random) => {
    const features = relu(graph, conv(graph, random, u, 2));
    const pooled = graph.op('MaxPool', [features], { kernel_shape: [2, 2], strides: [2, 2] });
    return [features, pooled];
  }),
  composition('a relu read by two max pools and a convolution', (graph, u, random) => {
    const features = relu(graph, conv(graph, random, u, 2));
    const pool = (k: number) => graph.op('MaxPool', [features], { kernel_shape: [k, k], strides: [2, 2] });
    return [pool(2), pool(3), conv(graph, random, features, 2)];
  }),
  composition('blurred strides of a convolution and of a max pool', (graph, u, random) => {
    const dense = blurred(graph, conv(graph, random, u, 2), 2, 'nothing');
    const window = { kernel_shape: [3, 3], pads: [1, 1, 2, 2] };
    const pooled = graph.op('MaxPool', [relu(graph, conv(graph, random, u, 2))], window);
    return [relu(graph, dense), blurred(graph, pooled, 2, 'given'), blurred(graph, u, 3, 'given', true)];
  }),
  composition('a max pool that reads the sum of two branches', (graph, u, random) => {
    const sum = graph.op('Add', [relu(graph, conv(graph, random, u, 2)), graph.op('Tanh', [u])]);
    return relu(graph, graph.op('MaxPool', [sum], { kernel_shape: [2, 2], strides: [2, 2] }));
  }),
  composition('relu after relu, around a max pool and a dropout', (graph, u, random) => {
    const twice = relu(graph, relu(graph, conv(graph, random, u, 2)));
    const pooled = graph.op('MaxPool', [graph.op('Dropout', [twice])], { kernel_shape: [2, 2], strides: [2, 2] });
    return [relu(graph, pooled), pooled];
  }),
  composition('a diamond: two branches from one value meet again', (graph, u, random) => {
    const stem = conv(graph, random, u, 2);
    return graph.op('Mul', [graph.op('Sigmoid', [stem]), graph.op('Tanh', [stem])]);
  }),
  composition('one value used by four nodes, twice by one of them', (graph, u) => {
    const tanh = graph.op('Tanh', [u]);
    const square = graph.op('Mul', [tanh, tanh]);
    const sum = graph.op('Add', [square, tanh]);
    return graph.op('Sub', [graph.op('Exp', [tanh]), graph.op('Mul', [sum, tanh])]);
  }),
  composition('a residual block with a projection', (graph, u, random) => {
    const branch = conv(graph, random, relu(graph, conv(graph, random, u, 3, 3, 2)), 3);
    return relu(graph, graph.op('Add', [branch, conv(graph, random, u, 3, 1, 2)]));
  }),
  composition('two residual blocks, taps after each', (graph, u, random) => {
    const block = (x: string) =>
      relu(graph, graph.op('Add', [conv(graph, random, relu(graph, conv(graph, random, x, 2)), 2), x]));
    const first = block(u);
    return [first, block(first)];
  }),
  composition('taps on values that are used later, and on one that is not', (graph, u, random) => {
    const first = conv(graph, random, u, 2);
    const second = relu(graph, first);
    const third = graph.op('AveragePool', [second], { kernel_shape: [2, 2], strides: [2, 2] });
    const aside = graph.op('Sigmoid', [second]);
    return [first, second, graph.op('Tanh', [conv(graph, random, third, 2)]), aside, third];
  }),
  composition('a fire module: squeeze, two expansions, concatenation', (graph, u, random) => {
    const squeezed = relu(graph, conv(graph, random, u, 2, 1));
    const expansions = [conv(graph, random, squeezed, 2, 1), conv(graph, random, squeezed, 2)];
    return graph.op(
      'Concat',
      expansions.map((e) => relu(graph, e)),
      { axis: 1 },
    );
  }),
  composition('an inception module: three branches, one of them a max pool of stride 1', (graph, u, random) => {
    const pooled = graph.op('MaxPool', [u], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] });
    const branches = [conv(graph, random, u, 2, 1), conv(graph, random, u, 2), conv(graph, random, pooled, 1, 1)];
    return relu(graph, graph.op('Concat', branches, { axis: 1 }));
  }),
  composition('dense layers: normalization first, and channels that pile up', (graph, u, random) => {
    const layer = (x: string) => {
      const added = conv(graph, random, relu(graph, batchNormalization(graph, random, x)), 2);
      return graph.op('Concat', [x, added], { axis: 1 });
    };
    const dense = layer(layer(u));
    return [
      dense,
      graph.op('AveragePool', [conv(graph, random, dense, 3, 1)], { kernel_shape: [2, 2], strides: [2, 2] }),
    ];
  }),
  composition('a shuffle unit: half of the channels pass, and both halves interleave', (graph, u, random) => {
    const [first, second] = graph.ops('Split', [conv(graph, random, u, 6, 1)], { axis: 1 }, [
      graph.fresh('a'),
      graph.fresh('b'),
    ]);
    const weights = constant(graph, random, [3, 1, 3, 3]);
    const depthwise = graph.op('Conv', [second!, weights], { kernel_shape: [3, 3], pads: [1, 1, 1, 1], group: 3 });
    const joined = graph.op('Concat', [first!, relu(graph, depthwise)], { axis: 1 });
    return graph.op('Gather', [joined, graph.ints([0, 3, 1, 4, 2, 5])], { axis: 1 });
  }),
  composition('an inverted residual with ReLU6 and a strided depthwise convolution', (graph, u, random) => {
    const relu6 = (x: string) => graph.op('Clip', [x, graph.scalar(0), graph.scalar(6)]);
    const wide = relu6(graph.op('Mul', [conv(graph, random, u, 4, 1), graph.scalar(6)]));
    const attributes = { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [2, 2], group: 4 };
    const depthwise = relu6(graph.op('Conv', [wide, constant(graph, random, [4, 1, 3, 3])], attributes));
    const narrow = conv(graph, random, depthwise, 2, 1);
    return graph.op('Add', [narrow, conv(graph, random, narrow, 2, 1)]);
  }),
  composition('squeeze and excitation', (graph, u, random) => {
    const features = conv(graph, random, u, 3);
    const gate = graph.op('Sigmoid', [conv(graph, random, graph.op('GlobalAveragePool', [features]), 3, 1)]);
    return graph.op('Mul', [features, gate]);
  }),
  composition('Gram matrices of two layers', (graph, u, random) => {
    const first = relu(graph, conv(graph, random, u, 3));
    return [gram(graph, first), gram(graph, relu(graph, conv(graph, random, first, 2)))];
  }),
  composition('a branch that the output does not need, and a constant one', (graph, u, random) => {
    conv(graph, random, u, 2);
    const still = graph.op('Tanh', [constant(graph, random, [1, 2, 1, 1])]);
    return graph.op('Mul', [graph.op('Tanh', [u]), still]);
  }),
  composition(
    'self-attention over positions',
    (graph, u) => {
      const flat = graph.op('Reshape', [u, graph.ints([2, -1])]);
      const positions = graph.op('Transpose', [flat], { perm: [1, 0] });
      const scores = graph.op('Softmax', [graph.op('MatMul', [positions, flat])], { axis: -1 });
      return graph.op('MatMul', [scores, positions]);
    },
    8,
  ),
];

/** Steps of the random networks, smooth and shape-preserving; `earlier` is any value so far. */
const STEPS: Readonly<Record<string, (graph: Graph, random: Random, x: string, earlier: string) => string>> = {
  conv: (graph, random, x) => conv(graph, random, x, 2),
  bn: (graph, random, x) => batchNormalization(graph, random, x),
  tanh: (graph, _random, x) => graph.op('Tanh', [x]),
  sigmoid: (graph, _random, x) => graph.op('Sigmoid', [x]),
  add: (graph, _random, x, earlier) => graph.op('Add', [x, earlier]),
  mul: (graph, _random, x, earlier) => graph.op('Mul', [x, earlier]),
  sub: (graph, _random, x, earlier) => graph.op('Sub', [earlier, x]),
  concat: (graph, random, x, earlier) => conv(graph, random, graph.op('Concat', [x, earlier], { axis: 1 }), 2, 1),
  average: (graph, _random, x) => graph.op('AveragePool', [x], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
  split: (graph, _random, x) => {
    const parts = graph.ops('Split', [x], { axis: 1 }, [graph.fresh('a'), graph.fresh('b')]);
    return graph.op('Concat', [parts[1]!, parts[0]!], { axis: 1 });
  },
  gate: (graph, _random, x) => graph.op('Mul', [x, graph.op('Sigmoid', [graph.op('GlobalAveragePool', [x])])]),
  relu: (graph, _random, x) => relu(graph, x),
};

const randomNetwork = gradientCase(
  'random networks with random taps',
  { steps: fc.array(fc.constantFrom(...Object.keys(STEPS)), { minLength: 3, maxLength: 8 }) },
  ({ steps }) => ({
    dims: [1, 2, 3, 4],
    mayBeRough: true,
    build: (graph, u, random) => {
      const values = [u];
      for (const step of steps) values.push(STEPS[step]!(graph, random, values.at(-1)!, random.pick(values)));
      const taps = values.slice(1).filter(() => random.next() < 0.3);
      return [...new Set([...taps, values.at(-1)!])];
    },
  }),
  40,
);

export const compositionCases: readonly GradientCase[] = [...fixed, randomNetwork];

/** Enough channels for the cpu provider's blocked layout (16 on AVX-512, 8 on AVX2). */
const WIDE = 16;

export const wideCases: readonly GradientCase[] = [
  composition(
    'like VGG, in blocked layout: Gram matrices at three depths',
    (graph, u, random) => {
      const first = relu(graph, conv(graph, random, u, WIDE));
      const second = relu(graph, conv(graph, random, first, WIDE));
      const pooled = graph.op('MaxPool', [second], { kernel_shape: [2, 2], strides: [2, 2] });
      const third = relu(graph, conv(graph, random, pooled, WIDE));
      return [gram(graph, first), gram(graph, second), gram(graph, third), third];
    },
    3,
  ),
  composition(
    'like VGG with average pooling, in blocked layout',
    (graph, u, random) => {
      const first = relu(graph, conv(graph, random, u, WIDE));
      const pooled = graph.op('AveragePool', [first], { kernel_shape: [2, 2], strides: [2, 2] });
      return [gram(graph, relu(graph, conv(graph, random, pooled, WIDE))), pooled];
    },
    3,
  ),
  composition(
    'like ResNet, in blocked layout',
    (graph, u, random) => {
      const stem = relu(graph, batchNormalization(graph, random, conv(graph, random, u, WIDE)));
      const pads = [1, 1, 1, 1];
      const pooled = graph.op('MaxPool', [stem], { kernel_shape: [3, 3], strides: [2, 2], pads });
      const branch = conv(graph, random, relu(graph, conv(graph, random, pooled, WIDE, 1)), WIDE, 3, 2);
      return relu(graph, graph.op('Add', [branch, conv(graph, random, pooled, WIDE, 1, 2)]));
    },
    3,
  ),
  composition(
    'like SqueezeNet, in blocked layout',
    (graph, u, random) => {
      const stem = relu(graph, conv(graph, random, u, WIDE));
      const pooled = graph.op('MaxPool', [stem], { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 });
      const expansions = [conv(graph, random, pooled, WIDE, 1), conv(graph, random, pooled, WIDE)];
      const joined = graph.op(
        'Concat',
        expansions.map((e) => relu(graph, e)),
        { axis: 1 },
      );
      return [gram(graph, joined), graph.op('GlobalAveragePool', [joined])];
    },
    3,
  ),
];
