import { describe, expect, it } from 'vitest';
import type { AttributeValue, OnnxModel } from '../../src/main/formats/onnx.ts';
import { floatTensor, intTensor, type Tensor } from '../../src/shared/tensor.ts';
import { assertClose } from '../support/compare.ts';
import { Random } from '../support/random.ts';
import { runModel } from '../support/runtime.ts';
import { arrayOf, sizeOf, type NdArray } from './array.ts';
import { evaluableOperators, evaluate } from './evaluator.ts';

/** A fed array, a constant, or an omitted input. */
type Argument = NdArray | Tensor | undefined;

interface Model {
  readonly inputs: readonly Argument[];
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  readonly outputs?: number;
  /** Type of the outputs, float32 unless said. */
  readonly type?: Tensor['type'];
  /** Type of the fed arrays, float32 unless said. */
  readonly fed?: Tensor['type'];
}

const isTensor = (argument: NdArray | Tensor): argument is Tensor => 'type' in argument;

function oneNodeModel(op: string, model: Model): { onnx: OnnxModel; feeds: Record<string, NdArray> } {
  const feeds: Record<string, NdArray> = {};
  const initializers = new Map<string, Tensor>();
  const inputs = model.inputs.map((argument, k) => {
    if (!argument) return '';
    if (isTensor(argument)) initializers.set(`constant${k}`, argument);
    else feeds[`input${k}`] = argument;
    return isTensor(argument) ? `constant${k}` : `input${k}`;
  });
  const outputs = Array.from({ length: model.outputs ?? 1 }, (_, k) => `output${k}`);
  const node = { op, domain: '', name: 'node', inputs, outputs, attributes: model.attributes ?? {} };
  const onnx: OnnxModel = {
    opset: 17,
    producer: 'test',
    metadata: {},
    graph: {
      name: op,
      nodes: [node],
      initializers,
      inputs: Object.entries(feeds).map(([name, { dims }]) => ({ name, type: model.fed ?? 'float32', dims })),
      outputs: outputs.map((name) => ({ name, type: model.type ?? 'float32', dims: undefined })),
    },
  };
  return { onnx, feeds };
}

const array = (r: Random, dims: readonly number[], low = -2, high = 2): NdArray =>
  arrayOf(dims, r.numbers(sizeOf(dims), low, high));
const weights = (r: Random, dims: readonly number[], low = -1, high = 1): Tensor =>
  floatTensor(dims, r.numbers(sizeOf(dims), low, high));
const ints = (values: readonly number[]): Tensor => intTensor(values);

const picture = (r: Random, channels = r.integer(1, 4)): number[] => [
  r.integer(1, 2),
  channels,
  r.integer(5, 9),
  r.integer(5, 9),
];
const anyShape = (r: Random): number[] => Array.from({ length: r.integer(1, 4) }, () => r.integer(1, 4));

const unary =
  (low: number, high: number, attributes?: (r: Random) => Record<string, AttributeValue>) =>
  (r: Random): Model => ({
    inputs: [array(r, anyShape(r), low, high)],
    attributes: attributes?.(r) ?? {},
  });

/** Two shapes that broadcast: a common shape with some axes set to 1 and leading axes left out. */
function broadcastShapes(r: Random): [number[], number[]] {
  const common = anyShape(r);
  const thin = (dims: number[]) => dims.map((d) => (r.next() < 0.3 ? 1 : d)).slice(r.integer(0, dims.length - 1));
  return r.next() < 0.5 ? [common, thin(common)] : [thin(common), thin(common)];
}

const binary =
  (low: number, high: number, type?: Tensor['type']) =>
  (r: Random): Model => {
    const [a, b] = broadcastShapes(r);
    return { inputs: [array(r, a, low, high), array(r, b, low, high)], ...(type && { type }) };
  };

/** Values of a small grid, so that equality happens. */
const comparison = (r: Random): Model => {
  const [a, b] = broadcastShapes(r);
  const grid = (dims: number[]) =>
    arrayOf(
      dims,
      Float64Array.from({ length: sizeOf(dims) }, () => r.integer(-1, 1)),
    );
  return { inputs: [grid(a), grid(b)], type: 'bool' };
};

const nary = (r: Random): Model => {
  const dims = anyShape(r);
  return {
    inputs: [
      array(r, dims),
      array(
        r,
        dims.map((d) => (r.next() < 0.5 ? 1 : d)),
      ),
      array(r, [1]),
    ],
  };
};

const window = (r: Random, kernel: number): Record<string, AttributeValue> => ({
  kernel_shape: [kernel, r.integer(1, kernel)],
  strides: [r.integer(1, 3), r.integer(1, 3)],
});

const padsBelow = (r: Random, limit: number): number[] => Array.from({ length: 4 }, () => r.integer(0, limit - 1));

function conv(r: Random): Model {
  const group = r.integer(1, 2);
  const [perGroup, out, kernel] = [r.integer(1, 2), r.integer(1, 2), r.integer(1, 3)];
  const attributes = {
    ...window(r, kernel),
    pads: padsBelow(r, 3),
    dilations: [r.integer(1, 2), r.integer(1, 2)],
    group,
  };
  const shape = [out * group, perGroup, ...(attributes as { kernel_shape?: number[] }).kernel_shape!];
  return {
    inputs: [
      array(r, picture(r, perGroup * group)),
      weights(r, shape),
      r.next() < 0.5 ? weights(r, [out * group]) : undefined,
    ],
    attributes,
  };
}

function convTranspose(r: Random): Model {
  const group = r.integer(1, 2);
  const [perGroup, out, kernel] = [r.integer(1, 2), r.integer(1, 2), r.integer(1, 3)];
  const base = { ...window(r, kernel), dilations: [r.integer(1, 2), r.integer(1, 2)], group };
  const strides = (base as { strides?: number[] }).strides!;
  const shape = [perGroup * group, out, ...(base as { kernel_shape?: number[] }).kernel_shape!];
  return {
    inputs: [
      array(r, picture(r, perGroup * group)),
      weights(r, shape),
      r.next() < 0.5 ? weights(r, [out * group]) : undefined,
    ],
    attributes: { ...base, pads: padsBelow(r, 2), output_padding: strides.map((s) => r.integer(0, s - 1)) },
  };
}

function gemm(r: Random): Model {
  const [m, k, n] = [r.integer(1, 4), r.integer(1, 4), r.integer(1, 4)];
  const [transA, transB] = [r.integer(0, 1), r.integer(0, 1)];
  const bias = r.pick([undefined, [n], [m, n], [1, n], [m, 1], [1]]);
  return {
    inputs: [array(r, transA ? [k, m] : [m, k]), array(r, transB ? [n, k] : [k, n]), bias && weights(r, bias)],
    attributes: { transA, transB, alpha: r.between(-2, 2), beta: r.between(-2, 2) },
  };
}

function matMul(r: Random): Model {
  const [m, k, n] = [r.integer(1, 4), r.integer(1, 4), r.integer(1, 4)];
  const [a, b] = r.pick([
    [
      [m, k],
      [k, n],
    ],
    [
      [3, m, k],
      [k, n],
    ],
    [
      [3, m, k],
      [3, k, n],
    ],
    [
      [2, 1, m, k],
      [3, k, n],
    ],
    [
      [m, k],
      [2, 3, k, n],
    ],
    [[k], [k, n]],
    [[2, m, k], [k]],
    [[k], [k]],
  ] as [number[], number[]][]);
  return { inputs: [array(r, a), array(r, b)] };
}

function pool(r: Random, attributes: Record<string, AttributeValue>): Model {
  const kernel = r.integer(1, 3);
  const base = window(r, kernel) as { kernel_shape: number[]; strides: number[] };
  const [kh, kw] = base.kernel_shape as [number, number];
  const pads = [r.integer(0, kh - 1), r.integer(0, kw - 1), r.integer(0, kh - 1), r.integer(0, kw - 1)];
  // 16 channels reach the cpu's blocked layout, whose pooling kernels are others.
  return {
    inputs: [array(r, picture(r, r.pick([1, 2, 16])))],
    attributes: { ...base, pads, ceil_mode: r.integer(0, 1), ...attributes },
  };
}

const someAxes = (r: Random, rank: number): number[] => {
  const axes = [...Array(rank).keys()].filter(() => r.next() < 0.5);
  return (axes.length ? axes : [r.integer(0, rank - 1)]).map((axis) => (r.next() < 0.5 ? axis - rank : axis));
};

const reduction = (r: Random): Model => {
  const dims = anyShape(r);
  const axes = r.next() < 0.2 ? {} : { axes: someAxes(r, dims.length) };
  return { inputs: [array(r, dims)], attributes: { ...axes, keepdims: r.integer(0, 1) } };
};

function concat(r: Random): Model {
  const dims = anyShape(r);
  const axis = r.integer(0, dims.length - 1);
  const inputs = Array.from({ length: r.integer(1, 4) }, () => array(r, dims.with(axis, r.integer(1, 3))));
  return { inputs, attributes: { axis: r.next() < 0.5 ? axis : axis - dims.length } };
}

function split(r: Random): Model {
  const dims = anyShape(r);
  const axis = r.integer(0, dims.length - 1);
  const sizes = Array.from({ length: r.integer(1, 3) }, () => r.integer(1, 3));
  const equal = r.next() < 0.4;
  const total = equal ? sizes.length * 2 : sizes.reduce((a, b) => a + b);
  return {
    inputs: [array(r, dims.with(axis, total)), equal ? undefined : ints(sizes)].slice(0, equal ? 1 : 2),
    attributes: { axis: axis - dims.length },
    outputs: sizes.length,
  };
}

function slice(r: Random): Model {
  const dims = Array.from({ length: r.integer(1, 4) }, () => r.integer(3, 6));
  const axes = [...dims.keys()].filter(() => r.next() < 0.7);
  const ranges = axes.map((axis) => {
    const size = dims[axis]!;
    const step = r.pick([1, 1, 2, 3, -1, -2]);
    const low = r.integer(0, size - 2);
    const high = r.integer(low + 1, size - 1);
    const [start, end] =
      step > 0 ? [low, r.pick([high, 1e9, high - size])] : [r.pick([high, 1e9]), r.pick([low, -1e9])];
    return { start: r.pick([start, start < size ? start - size : start]), end, step };
  });
  const all = [ranges.map((x) => x.start), ranges.map((x) => x.end), axes.map((a) => r.pick([a, a - dims.length]))];
  return { inputs: [array(r, dims), ...all.map(ints), ints(ranges.map((x) => x.step))] };
}

function pad(r: Random): Model {
  const dims = Array.from({ length: 4 }, () => r.integer(3, 5));
  const mode = r.pick(['constant', 'reflect', 'edge']);
  const low = mode === 'constant' ? -1 : 0;
  const pads = Array.from({ length: 8 }, (_, k) => (k % 4 < 2 ? 0 : r.integer(low, 2)));
  const filler = mode === 'constant' && r.next() < 0.5 ? floatTensor([], [r.between(-1, 1)]) : undefined;
  return { inputs: [array(r, dims), ints(pads), filler].slice(0, filler ? 3 : 2), attributes: { mode } };
}

const MODES = ['half_pixel', 'pytorch_half_pixel', 'align_corners', 'asymmetric'];

function resize(r: Random): Model {
  const dims = picture(r);
  const mode = r.pick(['nearest', 'linear']);
  const nearest =
    mode === 'nearest' ? { nearest_mode: r.pick(['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil']) } : {};
  const attributes = { mode, coordinate_transformation_mode: r.pick(MODES), ...nearest };
  const scale = () => r.pick([1, 2, 3, 0.5, 1.5, 1 / 3, 2 / 3, 0.6, 0.7, 0.2, 0.4, 1.2, 1.4, 2.3]);
  const sizes = () => r.integer(1, 15);
  return r.next() < 0.5
    ? { inputs: [array(r, dims), undefined, floatTensor([4], [1, 1, scale(), scale()])], attributes }
    : { inputs: [array(r, dims), undefined, undefined, ints([dims[0]!, dims[1]!, sizes(), sizes()])], attributes };
}

const channelParameters = (r: Random, channels: number, count: number): Tensor[] =>
  Array.from({ length: count }, () => weights(r, [channels], 0.5, 2));

const byChannel =
  (parameters: number, attributes: (r: Random) => Record<string, AttributeValue>) =>
  (r: Random): Model => {
    const dims = picture(r, r.integer(2, 6));
    return { inputs: [array(r, dims), ...channelParameters(r, dims[1]!, parameters)], attributes: attributes(r) };
  };

const blocks =
  (toDepth: boolean) =>
  (r: Random): Model => {
    const block = r.integer(1, 3);
    const dims = toDepth ? [2, 2, 2 * block, 3 * block] : [2, 2 * block ** 2, 2, 3];
    const mode = toDepth ? {} : { mode: r.pick(['DCR', 'CRD']) };
    return { inputs: [array(r, dims)], attributes: { blocksize: block, ...mode } };
  };

const MODELS: Readonly<Record<string, (r: Random) => Model>> = {
  Relu: unary(-2, 2),
  LeakyRelu: unary(-2, 2, (r) => ({ alpha: r.between(-1, 1) })),
  PRelu: (r) => {
    const dims = picture(r);
    return { inputs: [array(r, dims), weights(r, r.pick([[dims[1]!, 1, 1], [1], [1, dims[1]!, 1, 1]]))] };
  },
  Elu: unary(-2, 2, (r) => ({ alpha: r.between(0.5, 2) })),
  Clip: (r) => ({
    inputs: [
      array(r, anyShape(r)),
      r.pick([undefined, floatTensor([], [-0.5])]),
      r.pick([undefined, floatTensor([], [0.7])]),
    ],
  }),
  Sigmoid: unary(-3, 8),
  HardSigmoid: unary(-4, 4, (r) =>
    r.pick<Record<string, number>>([{}, { alpha: 0.3, beta: 0.4 }, { alpha: 1e30, beta: 0 }, { alpha: 1e30, beta: 1 }]),
  ),
  HardSwish: unary(-6, 6),
  Tanh: unary(-4, 4),
  Softplus: unary(-9, 9),
  Erf: unary(-4, 4),
  Exp: unary(-4, 4),
  Log: unary(0.1, 9),
  Sqrt: unary(0, 9),
  Neg: unary(-2, 2),
  Abs: unary(-2, 2),
  Floor: unary(-3, 3),
  Ceil: unary(-3, 3),
  Round: (r) => ({
    inputs: [
      arrayOf(
        [6],
        r.numbers(6, -6, 6).map((v, k) => (k < 3 ? Math.round(v) / 2 : v)),
      ),
    ],
  }),
  Sign: (r) => ({
    inputs: [
      arrayOf(
        [4],
        r.numbers(4, -1, 1).map((v, k) => (k === 0 ? 0 : v)),
      ),
    ],
  }),
  Sin: unary(-4, 4),
  Cos: unary(-4, 4),
  Atan: unary(-4, 4),
  Reciprocal: unary(0.2, 4),
  Identity: unary(-2, 2),
  Dropout: (r) => ({ inputs: [array(r, anyShape(r))] }),
  Not: (r) => {
    const dims = anyShape(r);
    const data = Float64Array.from({ length: sizeOf(dims) }, () => r.integer(0, 1));
    return { inputs: [arrayOf(dims, data)], fed: 'bool', type: 'bool' };
  },
  Cast: (r) =>
    r.pick<Model>([
      { inputs: [array(r, [3, 4])], attributes: { to: 7 }, type: 'int64' },
      { inputs: [arrayOf([4], [0, 1, -2, 0.5])], attributes: { to: 9 }, type: 'bool' },
      { inputs: [arrayOf([4], [0, 1, 1, 0])], attributes: { to: 1 }, fed: 'bool' },
    ]),
  Add: binary(-2, 2),
  Sub: binary(-2, 2),
  Mul: binary(-2, 2),
  Div: binary(0.5, 2),
  Pow: binary(0.5, 2),
  Min: nary,
  Max: nary,
  Sum: nary,
  Greater: comparison,
  Less: comparison,
  Equal: comparison,
  Where: (r) => {
    const [a, b] = broadcastShapes(r);
    const condition = Uint8Array.from({ length: sizeOf(a) }, () => r.integer(0, 1));
    return { inputs: [{ type: 'bool', dims: a, data: condition }, array(r, b), array(r, a)] };
  },
  Conv: conv,
  ConvTranspose: convTranspose,
  Gemm: gemm,
  MatMul: matMul,
  MaxPool: (r) =>
    pool(r, {
      dilations: r.pick([
        [1, 1],
        [2, 1],
      ]),
    }),
  AveragePool: (r) => pool(r, { count_include_pad: r.integer(0, 1) }),
  GlobalAveragePool: (r) => ({ inputs: [array(r, picture(r))] }),
  GlobalMaxPool: (r) => ({ inputs: [array(r, picture(r))] }),
  ReduceMean: reduction,
  ReduceL2: reduction,
  ReduceMax: reduction,
  ReduceSumSquare: reduction,
  ReduceSum: (r) => {
    const dims = anyShape(r);
    const axes = r.next() < 0.2 ? [] : [ints(someAxes(r, dims.length))];
    return { inputs: [array(r, dims, 0, 1), ...axes], attributes: { keepdims: r.integer(0, 1) } };
  },
  Softmax: (r) => {
    const dims = anyShape(r);
    return { inputs: [array(r, dims, -5, 5)], attributes: { axis: r.integer(-dims.length, dims.length - 1) } };
  },
  BatchNormalization: byChannel(4, (r) => ({ epsilon: r.between(1e-5, 1e-2) })),
  InstanceNormalization: byChannel(2, (r) => ({ epsilon: r.between(1e-5, 1e-2) })),
  LRN: byChannel(0, (r) => ({ size: r.pick([1, 3, 5]), alpha: r.between(1e-4, 1), beta: 0.75, bias: r.between(1, 2) })),
  LayerNormalization: (r) => {
    const dims = [r.integer(1, 3), r.integer(2, 4), r.integer(2, 5)];
    const axis = r.integer(-2, -1);
    const inner = dims.slice(axis);
    const shift = r.next() < 0.5 ? [weights(r, inner)] : [];
    return { inputs: [array(r, dims), weights(r, inner), ...shift], attributes: { axis, epsilon: 1e-5 } };
  },
  Concat: concat,
  Split: split,
  Slice: slice,
  Pad: pad,
  Resize: resize,
  Reshape: (r) => ({
    inputs: [array(r, [2, 3, 4]), ints(r.pick([[6, 4], [0, -1], [-1], [2, 2, 2, 3], [0, 0, 2, 2]]))],
  }),
  Flatten: (r) => ({ inputs: [array(r, [2, 3, 4])], attributes: { axis: r.integer(-3, 3) } }),
  Transpose: (r) => ({
    inputs: [array(r, [2, 3, 4])],
    attributes: r.pick<Record<string, number[]>>([{}, { perm: r.shuffled([0, 1, 2]) }]),
  }),
  Squeeze: (r) => ({ inputs: [array(r, [1, 3, 1, 2]), ...r.pick([[], [ints([0])], [ints([-2])], [ints([0, 2])]])] }),
  Unsqueeze: (r) => ({ inputs: [array(r, [3, 2]), ints(r.pick([[0], [-1], [1, 3], [0, 1]]))] }),
  Expand: (r) => ({ inputs: [array(r, [3, 1, 2]), ints(r.pick([[3, 4, 2], [2, 3, 1, 1], [1], [4, 1]]))] }),
  Tile: (r) => ({ inputs: [array(r, [2, 3]), ints([r.integer(1, 3), r.integer(1, 3)])] }),
  DepthToSpace: blocks(false),
  SpaceToDepth: blocks(true),
  Gather: (r) => {
    const dims = [3, 4, 2];
    const axis = r.integer(-3, 2);
    const limit = dims.at(axis)!;
    const shape = r.pick([[], [3], [2, 2]]);
    const indices = Array.from({ length: sizeOf(shape) }, () => r.integer(-limit, limit - 1));
    return { inputs: [array(r, dims), intTensor(indices, shape)], attributes: { axis } };
  },
  Constant: (r) => ({
    inputs: [],
    attributes: r.pick<Record<string, AttributeValue>>([
      { value: weights(r, [2, 3]) },
      { value_floats: [1, 2] },
      { value_float: 0.5 },
    ]),
  }),
};

const MODELS_PER_OPERATOR = 24;
// Float32 accumulates; exactly computed operators (comparisons, moves) are held to the same bound without effort.
const TOLERANCE = 1e-5;

describe('the reference evaluator agrees with ONNX Runtime', () => {
  it.each(Object.entries(MODELS))('%s', async (op, makeModel) => {
    for (let seed = 1; seed <= MODELS_PER_OPERATOR; seed++) {
      const model = makeModel(new Random(seed * 7919));
      const { onnx, feeds } = oneNodeModel(op, model);
      const actual = await runModel(onnx, feeds).catch((error: unknown) => {
        throw new Error(`${describeModel(op, seed, model)}: ${(error as Error).message}`);
      });
      const names = onnx.graph.outputs.map((output) => output.name);
      const expected = evaluate(onnx.graph, feeds, names);
      for (const name of names) assertClose(describeModel(op, seed, model), actual[name]!, expected[name]!, TOLERANCE);
    }
  });

  it('for every operator that it knows', () => {
    expect(Object.keys(MODELS).sort()).toEqual(evaluableOperators().sort());
  });
});

function describeModel(op: string, seed: number, model: Model): string {
  const shapes = model.inputs.map((argument) => (argument ? `[${argument.dims.join()}]` : '-')).join(' ');
  const lists = model.inputs.map((a) => (a && isTensor(a) && a.type === 'int64' ? `(${a.data.join()})` : '')).join(' ');
  return `${op} of seed ${seed} on ${shapes} ${lists} ${JSON.stringify(model.attributes ?? {})}`;
}
