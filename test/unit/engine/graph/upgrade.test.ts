import { describe, expect, it } from 'vitest';
import { toOpset17 } from '../../../../src/main/engine/graph/upgrade.ts';
import type { AttributeValue } from '../../../../src/main/formats/onnx.ts';
import { MadderError } from '../../../../src/shared/errors.ts';
import { floatTensor, intTensor, type Tensor } from '../../../../src/shared/tensor.ts';
import { Random } from '../../../support/random.ts';
import { compareInlined, feedsOf, inlinedModel, oneNode, randomFloats } from './onnx-runs.ts';

const random = new Random(5);
const floats = (...dims: number[]): Tensor => randomFloats(random, dims);
const noValues = floatTensor([0], []);

interface Case {
  readonly op: string;
  readonly opset: number;
  readonly attributes?: Record<string, AttributeValue>;
  readonly inputs: readonly (Tensor | undefined)[];
  readonly outputs?: number;
}

const nearestUp = floatTensor([4], [1, 1, 2, 3]);
const nearestDown = floatTensor([4], [1, 1, 0.5, 0.4]);

const CASES: readonly Case[] = [
  { op: 'Squeeze', opset: 11, attributes: { axes: [0, -1] }, inputs: [floats(1, 3, 1)] },
  { op: 'Squeeze', opset: 12, inputs: [floats(1, 3, 1)] },
  { op: 'Unsqueeze', opset: 11, attributes: { axes: [0, -1] }, inputs: [floats(3)] },
  { op: 'Unsqueeze', opset: 21, inputs: [floats(3), intTensor([0, -1])] },
  { op: 'ReduceSum', opset: 12, attributes: { axes: [1], keepdims: 0 }, inputs: [floats(2, 3, 4)] },
  { op: 'ReduceSum', opset: 18, inputs: [floats(2, 3, 4), intTensor([-1])] },
  { op: 'ReduceMean', opset: 11, attributes: { axes: [2, 1] }, inputs: [floats(2, 3, 4)] },
  { op: 'ReduceMean', opset: 18, inputs: [floats(2, 3, 4), intTensor([-1, 1])] },
  { op: 'ReduceMax', opset: 20, attributes: { keepdims: 0 }, inputs: [floats(2, 3, 4), intTensor([0])] },
  { op: 'ReduceL2', opset: 18, inputs: [floats(2, 3, 4)] },
  { op: 'ReduceSumSquare', opset: 19, attributes: { keepdims: 0 }, inputs: [floats(2, 3, 4), intTensor([-2])] },
  { op: 'ReduceProd', opset: 18, inputs: [floats(2, 3), intTensor([1])] },
  { op: 'Split', opset: 11, attributes: { axis: 1, split: [1, 2, 3] }, inputs: [floats(2, 6)], outputs: 3 },
  { op: 'Split', opset: 9, attributes: { axis: 1 }, inputs: [floats(2, 6)], outputs: 3 },
  { op: 'Split', opset: 18, attributes: { axis: -1, num_outputs: 2 }, inputs: [floats(2, 6)], outputs: 2 },
  { op: 'Clip', opset: 9, attributes: { min: -0.5, max: 0.25 }, inputs: [floats(3, 4)] },
  { op: 'Clip', opset: 10, attributes: { max: 0.25 }, inputs: [floats(3, 4)] },
  { op: 'Clip', opset: 9, inputs: [floats(3, 4)] },
  { op: 'Clip', opset: 11, inputs: [floats(3, 4), undefined, floatTensor([], [0.5])] },
  { op: 'Pad', opset: 9, attributes: { pads: [0, 1, 2, 0], value: 1.5 }, inputs: [floats(3, 4)] },
  { op: 'Pad', opset: 10, attributes: { pads: [0, 1, 2, 0], mode: 'reflect' }, inputs: [floats(3, 4)] },
  { op: 'Pad', opset: 13, attributes: { mode: 'edge' }, inputs: [floats(3, 4), intTensor([0, 1, 2, 0])] },
  { op: 'Pad', opset: 18, inputs: [floats(1, 2, 3, 4), intTensor([1, 2, 3, 4]), undefined, intTensor([-1, 2])] },
  { op: 'Pad', opset: 19, inputs: [floats(3, 4), intTensor([1, 2]), floatTensor([], [2]), intTensor([0])] },
  { op: 'Slice', opset: 9, attributes: { starts: [1, -3], ends: [1000, -1], axes: [0, 1] }, inputs: [floats(3, 4)] },
  { op: 'Slice', opset: 9, attributes: { starts: [1], ends: [2] }, inputs: [floats(3, 4)] },
  { op: 'Slice', opset: 10, inputs: [floats(3, 4), intTensor([2]), intTensor([0]), intTensor([1]), intTensor([-1])] },
  { op: 'Dropout', opset: 9, attributes: { ratio: 0.4 }, inputs: [floats(3, 4)] },
  { op: 'Dropout', opset: 13, inputs: [floats(3, 4), floatTensor([], [0.3])] },
  { op: 'Upsample', opset: 9, attributes: { mode: 'nearest' }, inputs: [floats(1, 2, 5, 4), nearestUp] },
  { op: 'Upsample', opset: 9, attributes: { mode: 'linear' }, inputs: [floats(1, 2, 5, 4), nearestUp] },
  { op: 'Resize', opset: 10, attributes: { mode: 'nearest' }, inputs: [floats(1, 2, 5, 4), nearestUp] },
  { op: 'Resize', opset: 10, attributes: { mode: 'nearest' }, inputs: [floats(1, 2, 9, 8), nearestDown] },
  { op: 'Resize', opset: 10, attributes: { mode: 'linear' }, inputs: [floats(1, 2, 9, 8), nearestDown] },
  { op: 'Resize', opset: 11, attributes: { mode: 'linear' }, inputs: [floats(1, 2, 5, 4), noValues, nearestUp] },
  {
    op: 'Resize',
    opset: 11,
    attributes: { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' },
    inputs: [floats(1, 2, 5, 4), noValues, noValues, intTensor([1, 2, 7, 9])],
  },
  {
    op: 'Resize',
    opset: 18,
    attributes: { mode: 'linear', axes: [3, 2], antialias: 0, keep_aspect_ratio_policy: 'stretch' },
    inputs: [floats(1, 2, 5, 4), undefined, undefined, intTensor([9, 7])],
  },
  {
    op: 'Resize',
    opset: 19,
    attributes: { axes: [-2] },
    inputs: [floats(1, 2, 5, 4), undefined, floatTensor([1], [2])],
  },
  ...['Softmax', 'LogSoftmax'].flatMap((op): Case[] => [
    { op, opset: 9, inputs: [floats(2, 3, 4)] },
    { op, opset: 11, attributes: { axis: -1 }, inputs: [floats(2, 3, 4)] },
    { op, opset: 11, attributes: { axis: 0 }, inputs: [floats(2, 3, 4)] },
    { op, opset: 11, attributes: { axis: -2 }, inputs: [floats(2, 3, 4)] },
    { op, opset: 12, attributes: { axis: 1 }, inputs: [floats(2, 7)] },
    { op, opset: 13, attributes: { axis: 1 }, inputs: [floats(2, 3, 4)] },
  ]),
  {
    op: 'AveragePool',
    opset: 19,
    attributes: { kernel_shape: [2, 2], dilations: [1, 1] },
    inputs: [floats(1, 2, 5, 4)],
  },
  {
    op: 'BatchNormalization',
    opset: 9,
    attributes: { epsilon: 0.01 },
    inputs: [floats(1, 2, 5, 4), floats(2), floats(2), floats(2), floatTensor([2], [0.5, 2])],
  },
  { op: 'Cast', opset: 19, attributes: { to: 7, saturate: 1 }, inputs: [floats(3)] },
  { op: 'Reshape', opset: 9, inputs: [floats(2, 6), intTensor([0, -1, 3])] },
  { op: 'Reshape', opset: 19, inputs: [floats(2, 6), intTensor([4, 3])] },
  { op: 'Gemm', opset: 11, inputs: [floats(2, 6), floats(6, 3)] },
  { op: 'Gemm', opset: 9, attributes: { transB: 1, alpha: 0.5 }, inputs: [floats(2, 6), floats(3, 6), floats(3)] },
  { op: 'Equal', opset: 19, inputs: [floats(3), floats(3)] },
  { op: 'LeakyRelu', opset: 9, attributes: { alpha: 0.3 }, inputs: [floats(3)] },
  { op: 'Relu', opset: 25, inputs: [floats(3)] },
  { op: 'Cast', opset: 24, attributes: { to: 7, saturate: 1, round_mode: 'up' }, inputs: [floats(3)] },
  {
    op: 'MaxPool',
    opset: 22,
    attributes: { kernel_shape: [2, 2], ceil_mode: 1, strides: [2, 2] },
    inputs: [floats(1, 2, 5, 4)],
  },
  {
    op: 'Resize',
    opset: 18,
    attributes: { antialias: 1, mode: 'linear' },
    inputs: [floats(1, 1, 8, 8), undefined, nearestDown],
  },
  { op: 'PRelu', opset: 9, inputs: [floats(1, 2, 3), floats(2, 1)] },
];

describe('toOpset17', () => {
  it.each(CASES.map((c) => [`${c.op} of opset ${c.opset}`, c] as const))(
    'keeps the meaning of %s',
    async (_, sample) => {
      const { op, opset, attributes = {}, inputs, outputs = 1 } = sample;
      const model = oneNode(op, attributes, inputs, { opset, outputs });
      expect((await compareInlined(model, feedsOf(inputs))).error).toBeLessThan(1e-6);
    },
  );

  it.each([8, 26, 0, NaN])('refuses opset %s in one sentence', (opset) => {
    expect(() => toOpset17(oneNode('Relu', {}, [floats(3)], { opset }))).toThrow(
      `The network uses operator set ${opset}, but Madder reads 9 to 25; export it again with opset 17.`,
    );
  });

  it.each<Case>([
    { op: 'Resize', opset: 18, attributes: { keep_aspect_ratio_policy: 'not_larger' }, inputs: [floats(1, 1, 4, 4)] },
    { op: 'Resize', opset: 10, inputs: [floats(1, 1, 4, 4), floatTensor([4], [1, 1, 2, 0.5])] },
    {
      op: 'AveragePool',
      opset: 19,
      attributes: { kernel_shape: [2, 2], dilations: [2, 1] },
      inputs: [floats(1, 1, 4, 4)],
    },
    { op: 'BatchNormalization', opset: 9, inputs: [floats(1, 2, 5, 4)], outputs: 5 },
    {
      op: 'BatchNormalization',
      opset: 15,
      attributes: { training_mode: 1 },
      inputs: [floats(1, 2, 5, 4)],
    },
    { op: 'Pad', opset: 19, attributes: { mode: 'mirror' }, inputs: [floats(3, 4), intTensor([0, 1, 2, 0])] },
    { op: 'Split', opset: 18, attributes: { num_outputs: 3 }, inputs: [floats(6)], outputs: 2 },
    { op: 'ReduceMax', opset: 18, attributes: { noop_with_empty_axes: 1 }, inputs: [floats(6)] },
    { op: 'TensorScatter', opset: 24, inputs: [floats(6)] },
    { op: 'Attention', opset: 23, attributes: { softcap: 2 }, inputs: [1, 2, 3].map(() => floats(1, 2, 3, 4)) },
    { op: 'If', opset: 17, inputs: [floats(6)] },
  ])('refuses $op $attributes of opset $opset', ({ op, opset, attributes = {}, inputs, outputs = 1 }) => {
    const model = oneNode(op, attributes, inputs, { opset, outputs });
    expect(() => inlinedModel(model, feedsOf(inputs))).toThrow(MadderError);
    expect(() => inlinedModel(model, feedsOf(inputs))).toThrow(`The operator ${op} (node "the ${op}")`);
  });
});
