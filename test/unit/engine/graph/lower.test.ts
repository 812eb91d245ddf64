import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { appendBackward } from '../../../../src/main/engine/autodiff/reverse.ts';
import { Graph } from '../../../../src/main/engine/graph/graph.ts';
import { inlineTemplate } from '../../../../src/main/engine/graph/inline.ts';
import { loweredOperators } from '../../../../src/main/engine/graph/lower.ts';
import { toOpset17 } from '../../../../src/main/engine/graph/upgrade.ts';
import type { AttributeValue } from '../../../../src/main/formats/onnx.ts';
import { floatTensor, intTensor, type Tensor } from '../../../../src/shared/tensor.ts';
import { portabilityProblems } from '../../../reference/provider-operators.ts';
import { Random } from '../../../support/random.ts';
import { compareInlined, feedsOf, oneNode, randomFloats } from './onnx-runs.ts';

interface Sample {
  readonly attributes?: Record<string, AttributeValue>;
  readonly inputs: readonly (Tensor | undefined)[];
  readonly opset?: number;
  /** Inputs that the picture decides; the others are constants. The first alone unless given. */
  readonly computed?: readonly string[];
}

type Make = (random: Random) => Sample;

const unary =
  (attributes: (r: Random) => Record<string, AttributeValue> = () => ({}), opset = 17): Make =>
  (r) => ({ opset, attributes: attributes(r), inputs: [randomFloats(r, [2, r.integer(1, 4), 3], -5, 5)] });

const reduction =
  (low = -3): Make =>
  (r) => {
    const opset = r.pick([17, 18]);
    const axes = r.pick([undefined, [1], [0, -1]]);
    const data = randomFloats(r, [2, 3, 4], low, 3);
    const attributes = { keepdims: r.integer(0, 1), ...(axes && opset < 18 && { axes }) };
    return { opset, attributes, inputs: axes && opset >= 18 ? [data, intTensor(axes)] : [data] };
  };

const SAMPLES: Readonly<Record<string, Make>> = {
  Gelu: unary((r) => r.pick<Record<string, string>>([{}, { approximate: 'none' }, { approximate: 'tanh' }]), 20),
  Mish: unary(undefined, 18),
  Swish: unary((r) => r.pick<Record<string, number>>([{}, { alpha: 1.5 }]), 24),
  Selu: unary((r) => r.pick<Record<string, number>>([{}, { alpha: 0.5, gamma: 3 }])),
  Celu: unary((r) => r.pick<Record<string, number>>([{}, { alpha: 0.5 }])),
  Softsign: unary(),
  HardSwish: unary(),
  Tan: (r) => ({ inputs: [randomFloats(r, [2, 3], -1.2, 1.2)] }),
  Trilu: (r) => ({
    attributes: r.pick<Record<string, number>>([{}, { upper: 0 }, { upper: 1 }]),
    inputs: [randomFloats(r, [2, 3, 4]), ...r.pick([[], [intTensor([r.integer(-4, 4)], [])]])],
  }),
  ThresholdedRelu: unary((r) => r.pick<Record<string, number>>([{}, { alpha: 0.5 }])),
  Shrink: unary((r) => r.pick<Record<string, number>>([{}, { lambd: 1.5, bias: 0.5 }])),
  Sign: (r) => ({ inputs: [floatTensor([5], [0, -0, 1e-30, -3, r.next()])] }),
  Sum: (r) => ({ inputs: [randomFloats(r, [2, 3]), randomFloats(r, [3]), randomFloats(r, [2, 1])] }),
  LogSoftmax: (r) => ({ attributes: { axis: r.integer(-3, 2) }, inputs: [randomFloats(r, [2, 3, 4], -60, 60)] }),
  ReduceMin: reduction(),
  ReduceL1: reduction(),
  ReduceLogSum: reduction(0.1),
  ReduceLogSumExp: reduction(),
  ReduceProd: reduction(),
  LRN: (r) => ({ attributes: { size: r.pick([1, 3, 5]), alpha: 0.1 }, inputs: [randomFloats(r, [1, 6, 2, 3])] }),
  GroupNormalization: (r) => {
    // onnxruntime has no kernel for opset 18 and unrolls its definition, which it does not for every rank.
    const [opset, groups] = [r.pick([18, 21]), r.integer(1, 3)];
    const channels = groups * r.integer(1, 3);
    const parameters = [opset < 21 ? groups : channels];
    return {
      ...{ opset, attributes: { num_groups: groups, epsilon: 0.01 } },
      inputs: [randomFloats(r, [2, channels, 3, 4]), randomFloats(r, parameters), randomFloats(r, parameters)],
    };
  },
  RMSNormalization: (r) => {
    const axis = r.integer(-2, 2);
    const dims = [2, 3, 4];
    return { opset: 23, attributes: { axis }, inputs: [randomFloats(r, dims), randomFloats(r, dims.slice(axis))] };
  },
  Conv: (r) => {
    const [channels, kernel] = r.pick([
      [6, 3],
      [9, 3],
      [2, 1],
      [6, 1],
    ]) as [number, number];
    const pads = kernel === 1 ? [0, 1, r.integer(0, 2), 0] : [1, 0, r.integer(0, 2), 1];
    const strides = [r.integer(1, 2), r.integer(1, 2)];
    return {
      attributes: { kernel_shape: [kernel, kernel], strides, pads, dilations: [r.integer(1, 2), 1] },
      inputs: [
        randomFloats(r, [1, channels, r.integer(5, 8), 6]),
        randomFloats(r, [4, channels, kernel, kernel]),
        ...r.pick([[], [randomFloats(r, [4])]]),
      ],
    };
  },
  MaxPool: (r) => {
    const axes = r.integer(1, 3);
    const list = (make: () => number) => Array.from({ length: axes }, make);
    const kernel = list(() => r.integer(1, 3));
    const pads = [...kernel, ...kernel].map((k) => r.integer(0, k - 1));
    const dilations = axes === 2 ? [2, r.integer(1, 3)] : list(() => r.integer(1, 3));
    return {
      attributes: { kernel_shape: kernel, strides: list(() => r.integer(1, 3)), dilations, pads, ceil_mode: 0 },
      inputs: [randomFloats(r, [1, 2, ...list(() => r.integer(8, 10))])],
    };
  },
  Pad: (r) => ({
    opset: 19,
    attributes: { mode: 'wrap' },
    inputs: [
      randomFloats(r, [1, 2, 4, 5]),
      intTensor([0, r.integer(0, 2), r.integer(0, 4), 1, 0, 0, 3, r.integer(1, 5)]),
    ],
  }),
  SpaceToDepth: (r) => ({ attributes: { blocksize: 2 }, inputs: [randomFloats(r, [1, 2, 4, 6])] }),
  Resize: (r) => {
    const antialias = r.integer(0, 1);
    const mode = antialias ? r.pick(['linear', 'cubic']) : 'cubic';
    const sizes = r.next() < 0.5;
    const length = () => r.integer(1, 12);
    const scale = () => r.pick([0.4, 0.5, 0.7, 1, 1.5, 2, 2.3]);
    return {
      opset: 18,
      attributes: {
        ...{ mode, antialias, exclude_outside: r.integer(0, 1), cubic_coeff_a: r.pick([-0.75, -0.5]) },
        coordinate_transformation_mode: r.pick(['half_pixel', 'pytorch_half_pixel', 'align_corners', 'asymmetric']),
      },
      inputs: [
        randomFloats(r, [1, 2, r.integer(4, 8), r.integer(4, 8)]),
        undefined,
        ...(sizes ? [undefined, intTensor([1, 2, length(), length()])] : [floatTensor([4], [1, 1, scale(), scale()])]),
      ],
    };
  },
  Einsum: (r) => {
    const [equation, ...shapes] = r.pick<[string, ...number[][]]>([
      ['bchw,bdhw->bcd', [2, 3, 2, 4], [2, 2, 2, 4]],
      ['ij,jk', [2, 3], [3, 4]],
      ['ba,ca', [2, 3], [4, 3]],
      ['i,j->ij', [2], [3]],
      ['i,i->', [4], [4]],
      ['...ij,...jk->...ik', [2, 1, 3, 2], [2, 5, 2, 4]],
      ['b...->...b', [2, 3, 4]],
      ['abc->b', [2, 3, 4]],
      ['ab,bc,cd->ad', [2, 3], [3, 4], [4, 2]],
      ['bhid,bhjd->bhij', [2, 2, 3, 4], [2, 2, 5, 4]],
      ['a b , b c -> a c', [2, 3], [3, 4]],
    ]);
    return {
      attributes: { equation },
      inputs: shapes.map((dims) => randomFloats(r, dims)),
      computed: ['x0', 'x1', 'x2'],
    };
  },
  CumSum: (r) => ({
    attributes: { exclusive: r.integer(0, 1), reverse: r.integer(0, 1) },
    inputs: [randomFloats(r, [2, 3, 4]), intTensor([r.integer(-3, 2)], [])],
  }),
  GatherND: (r) => {
    const depth = r.integer(1, 3);
    const indices = Array.from({ length: 2 * 3 * depth }, (_, k) =>
      r.integer(-[3, 2, 4][k % depth]!, [3, 2, 4][k % depth]! - 1),
    );
    return { inputs: [randomFloats(r, [3, 2, 4]), intTensor(indices, [2, 3, depth])] };
  },
  Attention: (r) => {
    const [heads, shared, flat] = [4, r.pick([1, 2, 4]), r.next() < 0.5];
    const dims = (count: number, length: number, size: number) =>
      flat ? [2, length, count * size] : [2, count, length, size];
    const inputs = [dims(heads, 3, 4), dims(shared, 5, 4), dims(shared, 5, 2)].map((d) => randomFloats(r, d));
    const attributes = {
      ...(flat && { q_num_heads: heads, kv_num_heads: shared }),
      ...(r.next() < 0.5 && { scale: 0.3 }),
      is_causal: r.integer(0, 1),
    };
    const mask = r.next() < 0.5 ? [randomFloats(r, [3, 5])] : [];
    return { opset: 23, attributes, inputs: [...inputs, ...mask], computed: ['x0', 'x1', 'x2'] };
  },
};

describe('lowered operators', () => {
  it('are all tried here', () => {
    expect(Object.keys(SAMPLES).sort()).toEqual(loweredOperators().sort());
  });

  it.each(Object.entries(SAMPLES))(
    '%s computes what onnxruntime computes, differentiably and everywhere',
    async (op, make) => {
      const random = new Random(op.length * 1000 + op.charCodeAt(1));
      for (let i = 0; i < 25; i++) {
        const { attributes = {}, inputs, opset = 17, computed = ['x0'] } = make(random);
        const given = inspect({ op, opset, attributes, inputs: inputs.map((t) => t?.dims) }, { depth: 4 });
        const model = oneNode(op, attributes, inputs, { opset });
        const feeds = feedsOf(inputs);
        const { error } = await compareInlined(model, feeds, computed).catch((e: unknown) => {
          throw new Error(`${given}: ${String(e)}`);
        });
        expect(error, given).toBeLessThan(3e-6);

        const constants = [...feeds].filter(([name]) => !computed.includes(name));
        const { graph: template } = toOpset17({
          ...model,
          graph: { ...model.graph, initializers: new Map(constants) },
        });
        const graph = new Graph();
        const fed = [...feeds].filter(([name]) => computed.includes(name));
        const bindings = new Map(fed.map(([name, { type, dims }]) => [name, graph.input(name, type, dims)]));
        const y = inlineTemplate(graph, template, bindings, ['y0']).get('y0')!;
        const cotangent = graph.input('cotangent', 'float32', graph.dims(y));
        if (graph.producer(y) && op !== 'Sign') appendBackward(graph, new Map([[y, cotangent]]), 'x0');
        expect(
          graph.nodes.flatMap((node) => portabilityProblems(graph, node)),
          given,
        ).toEqual([]);
      }
    },
  );
});
