import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { inferShapes, isSupportedOperator } from '../../../../src/main/engine/graph/shapes.ts';
import type { AttributeValue, OnnxNode } from '../../../../src/main/formats/onnx.ts';
import { MadderError } from '../../../../src/shared/errors.ts';
import { floatTensor, intTensor, type Tensor } from '../../../../src/shared/tensor.ts';
import { Random } from '../../../support/random.ts';
import { feedsOf, oneNode, randomFloats, runOnnx } from './onnx-runs.ts';

interface Sample {
  readonly attributes?: Record<string, AttributeValue>;
  readonly inputs: readonly (Tensor | undefined)[];
  readonly outputs?: number;
}

type Make = (random: Random) => Sample;

const bools = (dims: readonly number[]): Tensor => ({
  type: 'bool',
  dims,
  data: new Uint8Array(dims.reduce((a, b) => a * b, 1)).fill(1),
});

const list = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));

/** Shapes that broadcast against each other. */
function broadcastable(r: Random, count: number): number[][] {
  const full = list(r.integer(0, 4), () => r.integer(1, 4));
  return list(count, () => full.slice(r.integer(0, full.length)).map((d) => (r.next() < 0.3 ? 1 : d)));
}

const shape = (r: Random, low = 1, high = 4): number[] => list(r.integer(low, high), () => r.integer(1, 5));

const picture = (r: Random, channels = r.integer(1, 4)): number[] => [
  r.integer(1, 2),
  channels,
  r.integer(7, 19),
  r.integer(7, 19),
];

const unary = (r: Random): Sample => ({ inputs: [randomFloats(r, shape(r, 0))] });

const binary: Make = (r) => ({ inputs: broadcastable(r, 2).map((dims) => randomFloats(r, dims)) });

const variadic: Make = (r) => ({ inputs: broadcastable(r, r.integer(1, 4)).map((dims) => randomFloats(r, dims)) });

const logical: Make = (r) => ({ inputs: broadcastable(r, 2).map(bools) });

const alongAxis: Make = (r) => {
  const dims = shape(r);
  return { attributes: { axis: r.integer(-dims.length, dims.length - 1) }, inputs: [randomFloats(r, dims)] };
};

const window = (r: Random, kernel: readonly number[], isPool: boolean): Record<string, AttributeValue> => ({
  ...(r.next() < 0.8 && { strides: kernel.map(() => r.integer(1, 4)) }),
  ...(r.next() < 0.8 && { pads: [...kernel, ...kernel].map((k) => r.integer(0, isPool ? k - 1 : 3)) }),
});

const conv: Make = (r) => {
  const group = r.integer(1, 3);
  const [perGroup, filters] = [r.integer(1, 2), group * r.integer(1, 2)];
  const kernel = [r.integer(1, 3), r.integer(1, 3)];
  return {
    attributes: {
      group,
      ...window(r, kernel, false),
      ...(r.next() < 0.5 && { dilations: [r.integer(1, 3), r.integer(1, 3)] }),
    },
    inputs: [
      randomFloats(r, picture(r, perGroup * group)),
      randomFloats(r, [filters, perGroup, ...kernel]),
      r.next() < 0.5 ? randomFloats(r, [filters]) : undefined,
    ],
  };
};

const convTranspose: Make = (r) => {
  const group = r.integer(1, 3);
  const kernel = [r.integer(1, 3), r.integer(1, 3)];
  const channels = group * r.integer(1, 2);
  return {
    attributes: {
      group,
      strides: [2, 3],
      pads: list(4, () => r.integer(0, 2)),
      output_padding: [r.integer(0, 1), r.integer(0, 2)],
      dilations: [r.integer(1, 2), r.integer(1, 2)],
    },
    inputs: [randomFloats(r, picture(r, channels)), randomFloats(r, [channels, r.integer(1, 2), ...kernel])],
  };
};

const pool =
  (isMax: boolean): Make =>
  (r) => {
    const kernel = [r.integer(1, 4), r.integer(1, 4)];
    return {
      attributes: {
        kernel_shape: kernel,
        ceil_mode: r.integer(0, 1),
        ...window(r, kernel, true),
        ...(isMax && r.next() < 0.5 ? { dilations: [r.integer(1, 2), r.integer(1, 2)] } : {}),
      },
      inputs: [randomFloats(r, picture(r))],
      outputs: isMax ? r.integer(1, 2) : 1,
    };
  };

const reduce: Make = (r) => {
  const dims = shape(r);
  const axes = r.shuffled(dims.map((_, i) => i)).slice(0, r.integer(1, dims.length));
  return {
    attributes: {
      keepdims: r.integer(0, 1),
      ...(r.next() < 0.7 && { axes: axes.map((a) => (r.next() < 0.3 ? a - dims.length : a)) }),
    },
    inputs: [randomFloats(r, dims)],
  };
};

const reduceSum: Make = (r) => {
  const { attributes, inputs } = reduce(r);
  const { axes, ...rest } = attributes!;
  return {
    attributes: { ...rest, noop_with_empty_axes: r.integer(0, 1) },
    inputs: axes ? [inputs[0], intTensor(axes as number[])] : inputs,
  };
};

const SAMPLES: Readonly<Record<string, Make>> = {
  ...Object.fromEntries(
    [
      ...['Relu', 'LeakyRelu', 'Elu', 'Clip', 'Sigmoid', 'HardSigmoid', 'HardSwish', 'Tanh', 'Softplus', 'Erf', 'Exp'],
      ...['Log', 'Sqrt', 'Neg', 'Abs', 'Reciprocal', 'Sign', 'Floor', 'Ceil', 'Identity', 'Dropout', 'Shape', 'Size'],
    ].map((op) => [op, unary]),
  ),
  ...Object.fromEntries(
    ['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Equal', 'Greater', 'Less', 'GreaterOrEqual', 'LessOrEqual'].map((op) => [
      op,
      binary,
    ]),
  ),
  ...Object.fromEntries(['Min', 'Max', 'Sum'].map((op) => [op, variadic])),
  ...Object.fromEntries(['And', 'Or'].map((op) => [op, logical])),
  ...Object.fromEntries(['Softmax', 'LogSoftmax'].map((op) => [op, alongAxis])),
  ...Object.fromEntries(['Mean', 'Max', 'Min', 'SumSquare', 'L1', 'L2', 'Prod'].map((op) => [`Reduce${op}`, reduce])),
  ReduceSum: reduceSum,
  Not: (r) => ({ inputs: [bools(shape(r))] }),
  Mod: (r) => ({ attributes: { fmod: 1 }, ...binary(r) }),
  Shape: (r) => ({
    attributes: { start: r.integer(-5, 5), end: r.integer(-5, 5) },
    inputs: [randomFloats(r, shape(r))],
  }),
  Conv: conv,
  ConvTranspose: convTranspose,
  MaxPool: pool(true),
  AveragePool: pool(false),
  GlobalAveragePool: (r) => ({ inputs: [randomFloats(r, picture(r))] }),
  GlobalMaxPool: (r) => ({ inputs: [randomFloats(r, picture(r))] }),
  PRelu: (r) => {
    const dims = picture(r);
    return { inputs: [randomFloats(r, dims), randomFloats(r, r.pick([[], [1], [dims[1]!, 1, 1], dims]))] };
  },
  Gemm: (r) => {
    const [m, k, n] = [r.integer(1, 4), r.integer(1, 4), r.integer(1, 4)];
    const [transA, transB] = [r.integer(0, 1), r.integer(0, 1)];
    return {
      attributes: { transA, transB },
      inputs: [
        randomFloats(r, transA ? [k, m] : [m, k]),
        randomFloats(r, transB ? [n, k] : [k, n]),
        r.pick([undefined, randomFloats(r, [n]), randomFloats(r, [m, 1]), randomFloats(r, [])]),
      ],
    };
  },
  MatMul: (r) => {
    const k = r.integer(1, 4);
    const [a, b] = broadcastable(r, 2) as [number[], number[]];
    const left = r.next() < 0.2 ? [k] : [...a, r.integer(1, 4), k];
    const right = r.next() < 0.2 ? [k] : [...b, k, r.integer(1, 4)];
    return { inputs: [randomFloats(r, left), randomFloats(r, right)] };
  },
  BatchNormalization: (r) => {
    const dims = picture(r);
    return { inputs: [randomFloats(r, dims), ...list(4, () => randomFloats(r, [dims[1]!], 0.5, 2))] };
  },
  InstanceNormalization: (r) => {
    const dims = picture(r);
    return { inputs: [randomFloats(r, dims), ...list(2, () => randomFloats(r, [dims[1]!]))] };
  },
  LayerNormalization: (r) => {
    const dims = shape(r, 2);
    const axis = r.integer(1, dims.length - 1);
    return {
      attributes: { axis: r.pick([axis, axis - dims.length]) },
      inputs: [
        randomFloats(r, dims),
        randomFloats(r, dims.slice(axis)),
        r.pick([undefined, randomFloats(r, dims.slice(axis))]),
      ],
      outputs: r.pick([1, 3]),
    };
  },
  LRN: (r) => ({ attributes: { size: 3 }, inputs: [randomFloats(r, picture(r))] }),
  Where: (r) => {
    const [c, a, b] = broadcastable(r, 3) as [number[], number[], number[]];
    return { inputs: [bools(c), randomFloats(r, a), randomFloats(r, b)] };
  },
  Concat: (r) => {
    const dims = shape(r);
    const axis = r.integer(0, dims.length - 1);
    return {
      attributes: { axis: r.pick([axis, axis - dims.length]) },
      inputs: list(r.integer(1, 4), () => randomFloats(r, dims.with(axis, r.integer(0, 4)))),
    };
  },
  Split: (r) => {
    const sizes = list(r.integer(1, 3), () => r.integer(1, 3));
    const dims = shape(r);
    const axis = r.integer(0, dims.length - 1);
    const even = r.next() < 0.4;
    const total = even ? sizes.length * 2 : sizes.reduce((a, b) => a + b);
    return {
      attributes: { axis: r.pick([axis, axis - dims.length]) },
      inputs: [randomFloats(r, dims.with(axis, total)), even ? undefined : intTensor(sizes)],
      outputs: sizes.length,
    };
  },
  Slice: (r) => {
    const dims = shape(r);
    const axes = r.shuffled(dims.map((_, i) => i)).slice(0, r.integer(1, dims.length));
    const bound = (): number => r.pick([r.integer(-7, 7), 2 ** 62, -(2 ** 62)]);
    return {
      inputs: [
        randomFloats(r, dims),
        intTensor(axes.map(bound)),
        intTensor(axes.map(bound)),
        intTensor(axes.map((a) => r.pick([a, a - dims.length]))),
        r.next() < 0.3 ? undefined : intTensor(axes.map(() => r.pick([-3, -2, -1, 1, 2, 3]))),
      ],
    };
  },
  Reshape: (r) => {
    const [a, b, c] = shape(r, 3, 3) as [number, number, number];
    const wanted = r.pick([[a, b, c], [0, -1], [-1], [b, 0 * a + a, c], [0, 0, -1], [c, -1, 1, 1], [0, b * c]]);
    return { inputs: [randomFloats(r, [a, b, c]), intTensor(wanted)] };
  },
  Flatten: (r) => {
    const dims = shape(r, 0);
    return { attributes: { axis: r.integer(-dims.length, dims.length) }, inputs: [randomFloats(r, dims)] };
  },
  Transpose: (r) => {
    const dims = shape(r);
    const perm = r.shuffled(dims.map((_, i) => i));
    return { ...(r.next() < 0.7 && { attributes: { perm } }), inputs: [randomFloats(r, dims)] };
  },
  Squeeze: (r) => {
    const dims = list(r.integer(1, 4), () => r.integer(1, 2));
    const ones = r.shuffled(dims.flatMap((d, i) => (d === 1 ? [i] : []))).slice(0, r.integer(1, 3));
    const axes = ones.length && r.next() < 0.7 ? intTensor(ones.map((a) => r.pick([a, a - dims.length]))) : undefined;
    return { inputs: [randomFloats(r, dims), axes] };
  },
  Unsqueeze: (r) => {
    const dims = shape(r, 0, 3);
    const rank = dims.length + r.integer(1, 3);
    const axes = r.shuffled(list(rank, (i) => i)).slice(0, rank - dims.length);
    return { inputs: [randomFloats(r, dims), intTensor(axes.map((a) => r.pick([a, a - rank])))] };
  },
  Expand: (r) => {
    const [a, b] = broadcastable(r, 2) as [number[], number[]];
    return { inputs: [randomFloats(r, a), intTensor(b)] };
  },
  Tile: (r) => {
    const dims = shape(r);
    return { inputs: [randomFloats(r, dims), intTensor(dims.map(() => r.integer(0, 3)))] };
  },
  Pad: (r) => {
    const dims = list(r.integer(1, 4), () => r.integer(3, 5));
    const mode = r.pick(['constant', 'reflect', 'edge']);
    const least = mode === 'constant' ? -1 : 0;
    return {
      attributes: { mode },
      inputs: [randomFloats(r, dims), intTensor(list(2 * dims.length, () => r.integer(least, 2)))],
    };
  },
  Resize: (r) => {
    const dims = picture(r);
    const mode = r.pick(['nearest', 'linear']);
    const sizes = [dims[0]!, dims[1]!, r.integer(1, 40), r.integer(1, 40)];
    const scale = (): number => r.pick([0.1, 0.2, 0.5, 0.7, 1, 1.1, 2, 3, r.between(0.3, 3)]);
    return {
      attributes: {
        mode,
        coordinate_transformation_mode: r.pick(['half_pixel', 'asymmetric', 'align_corners', 'pytorch_half_pixel']),
      },
      inputs:
        r.next() < 0.5
          ? [randomFloats(r, dims), undefined, undefined, intTensor(sizes)]
          : [randomFloats(r, dims.with(2, 10).with(3, 30)), undefined, floatTensor([4], [1, 1, scale(), scale()])],
    };
  },
  Gather: (r) => {
    const dims = shape(r);
    const axis = r.integer(-dims.length, dims.length - 1);
    const indices = shape(r, 0, 2);
    return {
      attributes: { axis },
      inputs: [randomFloats(r, dims), intTensor(new Array(indices.reduce((a, b) => a * b, 1)).fill(0), indices)],
    };
  },
  GatherElements: (r) => {
    const dims = shape(r);
    const axis = r.integer(-dims.length, dims.length - 1);
    const indices = dims.map((d) => r.integer(1, d));
    return {
      attributes: { axis },
      inputs: [randomFloats(r, dims), intTensor(new Array(indices.reduce((a, b) => a * b, 1)).fill(0), indices)],
    };
  },
  ScatterElements: (r) => {
    const { attributes, inputs } = SAMPLES['GatherElements']!(r);
    return { attributes: { ...attributes, reduction: 'add' }, inputs: [...inputs, randomFloats(r, inputs[1]!.dims)] };
  },
  Cast: (r) => ({ attributes: { to: r.pick([1, 6, 7, 9]) }, inputs: [randomFloats(r, shape(r))] }),
  Range: (r) => ({
    inputs: [r.integer(-3, 9), r.integer(-9, 9), r.pick([-2, -1, 1, 3])].map((v) => intTensor([v], [])),
  }),
  DepthToSpace: (r) => {
    const block = r.integer(1, 3);
    return {
      attributes: { blocksize: block, mode: r.pick(['DCR', 'CRD']) },
      inputs: [randomFloats(r, picture(r, block * block * 2))],
    };
  },
  SpaceToDepth: (r) => {
    const block = r.integer(1, 3);
    return { attributes: { blocksize: block }, inputs: [randomFloats(r, [1, 2, 3 * block, 2 * block])] };
  },
  Constant: (r) => ({ attributes: { value: randomFloats(r, shape(r, 0)) }, inputs: [] }),
  ConstantOfShape: (r) => ({ attributes: r.pick([{}, { value: intTensor([3]) }]), inputs: [intTensor(shape(r, 0))] }),
};

describe('inferShapes', () => {
  it.each(Object.entries(SAMPLES))('agrees with onnxruntime on %s', async (op, make) => {
    expect(isSupportedOperator(op)).toBe(true);
    const random = new Random(op.length * 1000 + op.charCodeAt(0));
    for (let i = 0; i < 40; i++) {
      const { attributes = {}, inputs, outputs = 1 } = make(random);
      const model = oneNode(op, attributes, inputs, { outputs });
      const node = model.graph.nodes[0]!;
      const given = inspect({ op, attributes, inputs: inputs.map((t) => t?.dims) }, { depth: 3 });
      let inferred: string[];
      try {
        inferred = inferShapes(node, inputs, inputs).map(({ type, dims }) => `${type}[${dims.join()}]`);
      } catch (error) {
        // What is refused must be what onnxruntime refuses, or computes to nothing, too.
        expect(error, given).toBeInstanceOf(MadderError);
        const results = await runOnnx(model, feedsOf(inputs)).catch(() => undefined);
        const isEmpty = results && [...results.values()].some((t) => t.data.length === 0);
        expect(results === undefined || isEmpty, `${given} was refused: ${(error as Error).message}`).toBe(true);
        continue;
      }
      const results = await runOnnx(model, feedsOf(inputs)).catch((error: unknown) => {
        throw new Error(`${given} became ${inferred.join()}, but onnxruntime refuses it: ${String(error)}`);
      });
      const real = [...results.values()].map(({ type, dims }) => `${type}[${dims.join()}]`);
      expect(inferred.slice(0, real.length), given).toEqual(real);
    }
  });
});

describe('inferShapes on wrong nodes', () => {
  const node = (op: string, attributes: Record<string, AttributeValue> = {}, outputs = ['y']): OnnxNode => ({
    ...{ op, domain: '', name: 'N7', inputs: ['a', 'b'], outputs, attributes },
  });
  const float = (...dims: number[]) => ({ type: 'float32', dims }) as const;

  it('names operator and node', () => {
    expect(() => inferShapes(node('Det'), [], [])).toThrow('The operator Det (node "N7") is not supported');
    expect(() => inferShapes({ ...node('Det'), origin: 'the file calls it so' }, [], [])).toThrow('calls it so');
    expect(() => inferShapes({ ...node('Conv'), domain: 'com.microsoft' }, [], [])).toThrow('com.microsoft.Conv');
    expect(() => inferShapes(node('Add'), [float(2), float(3)], [])).toThrow(
      'The operator Add (node "N7") cannot broadcast the shapes [2] and [3].',
    );
  });

  it.each<[OnnxNode, ReturnType<typeof float>[], (Tensor | undefined)[]]>([
    [node('Conv'), [], []],
    [node('Conv'), [float(1, 3, 8, 8), float(4, 2, 3, 3)], []],
    [node('Conv', { strides: [0, 1] }), [float(1, 3, 8, 8), float(4, 3, 3, 3)], []],
    [node('Conv', { auto_pad: 'SAME_UPPER' }), [float(1, 3, 8, 8), float(4, 3, 3, 3)], []],
    [node('Conv'), [float(1, 3, 2, 2), float(4, 3, 3, 3)], []],
    [node('Conv', { group: 'two' }), [float(1, 3, 8, 8), float(4, 3, 3, 3)], []],
    [node('MaxPool'), [float(1, 3, 8, 8)], []],
    [node('BatchNormalization', { training_mode: 1 }), [float(1, 3, 8, 8)], []],
    [node('Reshape'), [float(6), float(2)], [undefined, undefined]],
    [node('Reshape'), [float(6), float(2)], [undefined, intTensor([4, -1])]],
    [node('Reshape'), [float(6), float(2)], [undefined, intTensor([-1, -1])]],
    [node('Reshape'), [float(6), float(2)], [undefined, intTensor([0, 0, 6])]],
    [node('Split', {}, ['a', 'b']), [float(5)], []],
    [node('Transpose', { perm: [0, 0] }), [float(2, 2)], []],
    [node('Expand'), [float(1), float(2)], [undefined, intTensor([2 ** 40, 2 ** 40])]],
    [node('ConstantOfShape'), [float(1)], [intTensor([-5])]],
    [node('Relu', {}, ['a', 'b']), [float(1)], []],
    [node('Cast', { to: 99 }), [float(1)], []],
  ])('refuses %o', (wrong, inputs, constants) => {
    expect(() => inferShapes(wrong, inputs, constants)).toThrow(MadderError);
    expect(() => inferShapes(wrong, inputs, constants)).toThrow(`The operator ${wrong.op} (node "N7")`);
  });
});
