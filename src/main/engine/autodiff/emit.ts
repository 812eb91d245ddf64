/** Small pieces that several gradient rules emit. Everything here is portable (cpu, webgpu, cuda, dml). */
import { elementCount, floatTensor } from '../../../shared/tensor.ts';
import type { AttributeValue, OnnxNode } from '../../formats/onnx.ts';
import type { Graph } from '../graph/graph.ts';

/** Slope that turns HardSigmoid, clip(alpha·x + beta, 0, 1), into a step; see `positive`. */
export const STEEP = 1e30;

/**
 * 1[x > 0]. HardSigmoid with a huge slope is exact in float32 (0 stays 0, anything else saturates), exists on every
 * provider, and stays in the CPU's blocked layout where Greater, Cast and Where would leave it.
 */
export const positive = (graph: Graph, x: string): string =>
  graph.op('HardSigmoid', [x], { alpha: STEEP, beta: 0 }, `${x}.positive`);

/** 1[x >= 0]. */
export const notNegative = (graph: Graph, x: string): string =>
  graph.op('HardSigmoid', [x], { alpha: STEEP, beta: 1 }, `${x}.notNegative`);

/** 1[x > bound]. */
export const above = (graph: Graph, x: string, bound: number): string =>
  bound === 0 ? positive(graph, x) : positive(graph, graph.op('Sub', [x, graph.scalar(bound)]));

/** 1[x < bound]. */
export const below = (graph: Graph, x: string, bound: number): string =>
  positive(graph, graph.op('Sub', [graph.scalar(bound), x]));

/** -1, 0 or 1; the Sign operator is missing on webgpu and coreml. */
export const sign = (graph: Graph, x: string, name?: string): string => {
  const half = graph.op('HardSigmoid', [x], { alpha: STEEP, beta: 0.5 });
  return graph.op('Sub', [graph.op('Mul', [half, graph.scalar(2)]), graph.scalar(1)], {}, name);
};

/**
 * x times a constant. For a picture-shaped value the constant is [1,C,1,1]: the CPU provider turns that product into a
 * depthwise convolution which keeps its blocked layout, while a scalar would leave it.
 */
export function scale(graph: Graph, x: string, factor: number): string {
  if (factor === 1) return x;
  const dims = graph.dims(x);
  if (dims.length !== 4) return graph.op('Mul', [x, graph.scalar(factor)]);
  const channels = dims[1]!;
  return graph.op('Mul', [
    x,
    graph.constant(floatTensor([1, channels, 1, 1], new Float32Array(channels).fill(factor)), 'scale'),
  ]);
}

/**
 * Enters the CPU provider's blocked layout by a depthwise 1x1 convolution with ones: once, where the value is small,
 * instead of later at every element-wise operator. A following sum with another convolution is fused into it.
 */
export function enterBlockedLayout(graph: Graph, x: string): string {
  const channels = graph.dims(x)[1]!;
  const ones = graph.constant(floatTensor([channels, 1, 1, 1], new Float32Array(channels).fill(1)), 'ones');
  return graph.op('Conv', [x, ones], { kernel_shape: [1, 1], group: channels });
}

/** x with the given shape; nothing is emitted when it has it already. */
export function reshape(graph: Graph, x: string, dims: readonly number[]): string {
  const has = graph.dims(x);
  if (has.length === dims.length && has.every((d, i) => d === dims[i])) return x;
  return graph.op('Reshape', [x, graph.ints(dims)]);
}

/** A constant of zeros. */
export const zeros = (graph: Graph, dims: readonly number[]): string =>
  graph.constant(floatTensor(dims, new Float32Array(elementCount(dims))), 'zeros');

/** Sums a gradient over the axes along which `dims` was broadcast to the gradient's shape: the adjoint of broadcasting. */
export function unbroadcast(graph: Graph, gradient: string, dims: readonly number[]): string {
  const from = graph.dims(gradient);
  const extra = from.length - dims.length;
  const axes = from.flatMap((d, i) => (i < extra || (dims[i - extra] === 1 && d !== 1) ? [i] : []));
  const summed = axes.length ? sum(graph, gradient, axes, true) : gradient;
  return reshape(graph, summed, dims);
}

/** 1 − x. */
export const oneMinus = (graph: Graph, x: string): string => graph.op('Sub', [graph.scalar(1), x]);

/** Elements of one axis in the order of `indices`. */
export const gather = (graph: Graph, x: string, axis: number, indices: readonly number[]): string =>
  graph.op('Gather', [x, graph.ints(indices)], { axis });

/** An axis counted from the front. */
export const positiveAxis = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** Sum over axes. */
export const sum = (graph: Graph, x: string, axes: readonly number[], keepdims = false): string =>
  graph.op('ReduceSum', [x, graph.ints(axes)], { keepdims: keepdims ? 1 : 0 });

/** Σ x over all elements, as [1]: along the rows first, since a float32 sum of millions in one go loses digits. */
export const total = (graph: Graph, x: string): string => {
  const rank = graph.dims(x).length;
  const rows = sum(graph, x, [rank - 1]);
  const others = Array.from({ length: rank - 1 }, (_, i) => i);
  return reshape(graph, others.length > 0 ? sum(graph, rows, others) : rows, [1]);
};

/** Mean over axes, dimensions kept. */
export const mean = (graph: Graph, x: string, axes: readonly number[]): string =>
  graph.op('ReduceMean', [x], { axes: [...axes], keepdims: 1 });

/** Slice with step 1 along some axes. */
export const slice = (
  graph: Graph,
  x: string,
  axes: readonly number[],
  starts: readonly number[],
  ends: readonly number[],
  steps: readonly number[] = axes.map(() => 1),
): string => graph.op('Slice', [x, graph.ints(starts), graph.ints(ends), graph.ints(axes), graph.ints(steps)]);

/** Zero padding, or padding with `value`; `before` and `after` hold one number per axis and are not negative. */
export function pad(graph: Graph, x: string, before: readonly number[], after: readonly number[], value = 0): string {
  if ([...before, ...after].every((p) => p === 0)) return x;
  return graph.op('Pad', [x, graph.ints([...before, ...after]), graph.scalar(value)], { mode: 'constant' });
}

/** Cuts or zero-pads one axis so that it begins at `start` (may be negative) of x and has `length` elements. */
export function window(graph: Graph, x: string, axis: number, start: number, length: number): string {
  const dims = graph.dims(x);
  const size = dims[axis]!;
  if (start === 0 && length === size) return x;
  const from = Math.min(Math.max(start, 0), size);
  const to = Math.min(Math.max(start + length, from), size);
  const cut = from === 0 && to === size ? x : slice(graph, x, [axis], [from], [to]);
  const none = dims.map(() => 0);
  return pad(graph, cut, none.with(axis, from - start), none.with(axis, start + length - to));
}

/**
 * Applies a constant matrix along one axis: out[..., o, ...] = sum over i of matrix[i][o] · x[..., i, ...].
 * @param matrix row-major, one row per input element, `outputs` columns
 */
export function linearAlong(graph: Graph, x: string, axis: number, matrix: Float32Array, outputs: number): string {
  const dims = graph.dims(x);
  const inputs = dims[axis]!;
  const right = () => graph.constant(floatTensor([inputs, outputs], matrix), 'matrix');
  if (axis === dims.length - 1) return graph.op('MatMul', [x, right()]);
  const order = dims.map((_, i) => i);
  const perm = [...order.filter((i) => i !== axis), axis];
  const moved = graph.op('Transpose', [x], { perm });
  return graph.op('Transpose', [graph.op('MatMul', [moved, right()])], { perm: order.map((i) => perm.indexOf(i)) });
}

/** A node's number attribute. */
export function numberOf(node: OnnxNode, name: string, otherwise: number): number {
  const value: AttributeValue | undefined = node.attributes[name];
  return typeof value === 'number' ? value : otherwise;
}

/** A node's list-of-numbers attribute. */
export function listOf(node: OnnxNode, name: string, otherwise: readonly number[]): readonly number[] {
  const value: AttributeValue | undefined = node.attributes[name];
  return Array.isArray(value) ? (value as readonly number[]) : otherwise;
}

/** A node's string attribute. */
export function stringOf(node: OnnxNode, name: string, otherwise: string): string {
  const value: AttributeValue | undefined = node.attributes[name];
  return typeof value === 'string' ? value : otherwise;
}
