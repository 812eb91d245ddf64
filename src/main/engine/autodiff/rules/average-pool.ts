import { floatTensor } from '../../../../shared/tensor.ts';
import type { Graph } from '../../graph/graph.ts';
import { listOf, numberOf, scale, window, zeros } from '../emit.ts';
import type { GradientRule } from '../rule.ts';
import { transposedPads } from './transposed-pads.ts';

/**
 * y_j = (1/n_j) Σ x over window j   ⇒   dx_i = Σ dy_j / n_j over the windows that hold i.
 *
 * n_j counts the window's elements: all of them, or without the padding (`count_include_pad` 0). Windows that tile the
 * picture (2x2/2) are an upsampling; in general the sum is a depthwise transposed convolution with a kernel of ones.
 */
export const averagePoolGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  if (!wanted(0)) return [];
  const dy = outputGradients[0]!;
  const x = graph.dims(node.inputs[0]!);
  const to = x.slice(2);
  const from = graph.dims(dy).slice(2);
  const kernel = listOf(node, 'kernel_shape', []);
  const strides = listOf(
    node,
    'strides',
    kernel.map(() => 1),
  );
  const pads = listOf(node, 'pads', [...kernel, ...kernel].fill(0));
  const area = kernel.reduce((a, b) => a * b, 1);
  const name = `d.${node.inputs[0]!}`;

  const tiles = kernel.every((k, i) => k === strides[i] && from[i]! * k <= to[i]!) && pads.every((p) => p === 0);
  if (tiles) return [resizeTo(graph, repeat(graph, scale(graph, dy, 1 / area), kernel, name), to)];

  const counts = kernel.map((k, i) =>
    Array.from({ length: from[i]! }, (_, j) => {
      const start = j * strides[i]! - pads[i]!;
      if (numberOf(node, 'count_include_pad', 0)) return Math.min(start + k, to[i]! + pads[i + kernel.length]!) - start;
      return Math.min(start + k, to[i]!) - Math.max(start, 0);
    }),
  );
  const shared = divideByCounts(graph, dy, counts);
  const channels = x[1]!;
  const ones = graph.constant(floatTensor([channels, 1, ...kernel], new Float32Array(channels * area).fill(1)), 'ones');
  const reach = kernel.map((k) => k - 1);
  const { pads: back, outputPadding } = transposedPads(to, from, reach, strides, pads);
  const flipped = back.map((p, i) => reach[i % kernel.length]! - p);
  if (strides.every((s) => s === 1) && flipped.every((p) => p >= 0) && outputPadding.every((p) => p === 0)) {
    return [graph.op('Conv', [shared, ones], { kernel_shape: kernel, pads: flipped, group: channels }, name)];
  }
  const attributes = { kernel_shape: kernel, strides, pads: back, output_padding: outputPadding, group: channels };
  return [graph.op('ConvTranspose', [shared, ones], attributes, name)];
};

/** Every element repeated `factors` times per spatial axis. */
export const repeat = (graph: Graph, x: string, factors: readonly number[], name?: string): string => {
  const scales = graph.constant(floatTensor([factors.length + 2], [1, 1, ...factors]), 'scales');
  const attributes = { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' };
  return graph.op('Resize', [x, '', scales], attributes, name);
};

/**
 * Cuts the far edges of the spatial axes to the given size, or adds zeros there: by Concat, because a Pad before a 1x1
 * convolution becomes pads of it, which webgpu ignores.
 */
export const resizeTo = (graph: Graph, x: string, size: readonly number[]): string =>
  size.reduce((value, length, i) => {
    const axis = i + 2;
    const dims = graph.dims(value);
    const missing = length - dims[axis]!;
    if (missing <= 0) return window(graph, value, axis, 0, length);
    return graph.op('Concat', [value, zeros(graph, dims.with(axis, missing))], { axis });
  }, x);

/** dy / n with n the product of per-axis counts: one factor where all windows count the same, a map otherwise. */
function divideByCounts(graph: Graph, dy: string, counts: readonly (readonly number[])[]): string {
  const uniform = counts.every((axis) => axis.every((n) => n === axis[0]));
  if (uniform) return scale(graph, dy, 1 / counts.reduce((n, axis) => n * axis[0]!, 1));
  const map = counts.reduce<number[]>((flat, axis) => flat.flatMap((n) => axis.map((m) => n * m)), [1]);
  const dims = [1, 1, ...counts.map((axis) => axis.length)];
  return graph.op('Mul', [
    dy,
    graph.constant(
      floatTensor(
        dims,
        map.map((n) => 1 / n),
      ),
      'shares',
    ),
  ]);
}
