import { floatTensor } from '../../../../shared/tensor.ts';
import type { Graph } from '../../graph/graph.ts';
import { nodeError } from '../../graph/shapes.ts';
import { enterBlockedLayout, listOf, notNegative, pad, positive, scale, slice, window } from '../emit.ts';
import type { BackwardContext, GradientRule } from '../rule.ts';
import { repeat, resizeTo } from './average-pool.ts';

/** Far below every activation, and still finite: what padding holds in a maximum. */
const LOWEST = -3e38;

/**
 * y_j = max of x over window j   ⇒   dx_i = Σ over the windows j that hold i of 1[x_i = y_j] · dy_j / n_j.
 *
 * n_j is the number of elements that attain the maximum. Sharing dy_j between them is a subgradient; handing it to each
 * would multiply the gradient in flat parts of a photo (a clear sky, by 4 per pooling layer). PyTorch takes the first.
 *
 * MaxPool's Indices output and ScatterElements are not portable, so equality finds the maxima: element i lies in the
 * windows ⌊(i+p)/s⌋ − a with a = 0 … ⌈k/s⌉ − 1 per axis, and y and dy, repeated s times and shifted by a·s, line up with x.
 */
export const maxPoolGradient: GradientRule = (context) => {
  const { graph, node, outputGradients, wanted } = context;
  if (!wanted(0)) return [];
  const x = node.inputs[0]!;
  const y = node.outputs[0]!;
  const dy = outputGradients[0]!;
  const size = graph.dims(x).slice(2) as [number, number];
  const count = graph.dims(y).slice(2) as [number, number];
  const kernel = listOf(node, 'kernel_shape', []);
  const strides = listOf(node, 'strides', [1, 1]);
  const pads = listOf(node, 'pads', [0, 0, 0, 0]);
  if (kernel.length !== 2 || listOf(node, 'dilations', [1, 1]).some((d) => d !== 1)) {
    throw nodeError(node, 'has a gradient rule only in two dimensions and without dilation');
  }
  const tiles = kernel.every((k, i) => k === strides[i] && count[i]! * k <= size[i]!) && pads.every((p) => p === 0);
  if (tiles) return [tilingGradient(context, x, y, dy, kernel)];

  const shared = graph.op('Div', [dy, ties(graph, x, y, size, count, kernel, strides, pads)]);
  const repeatedY = repeat(graph, y, strides);
  const repeatedDy = repeat(graph, shared, strides);
  const terms: string[] = [];
  for (let a = 0; a * strides[0]! < kernel[0]!; a++) {
    for (let b = 0; b * strides[1]! < kernel[1]!; b++) {
      const align = (value: string) => {
        const rows = window(graph, value, 2, pads[0]! - a * strides[0]!, size[0]);
        return window(graph, rows, 3, pads[1]! - b * strides[1]!, size[1]);
      };
      const mask = notNegative(graph, graph.op('Sub', [x, align(repeatedY)]));
      const term = graph.op('Mul', [align(repeatedDy), mask]);
      const holds = [a, b].map((shift, axis) =>
        Array.from({ length: size[axis]! }, (_, i) => {
          const phase = (i + pads[axis]!) % strides[axis]!;
          return phase + shift * strides[axis]! < kernel[axis]!;
        }),
      );
      if (holds.flat().every(Boolean)) terms.push(term);
      else {
        const inside = new Float32Array(size[0] * size[1]);
        holds[0]!.forEach((row, i) =>
          holds[1]!.forEach((column, j) => (inside[i * size[1] + j] = Number(row && column))),
        );
        terms.push(graph.op('Mul', [term, graph.constant(floatTensor([1, 1, ...size], inside), 'inside')]));
      }
    }
  }
  return [terms.reduce((s, t) => graph.op('Add', [s, t], {}, `d.${x}`))];
};

/**
 * Windows that tile the picture but for a rest at its far edges, such as VGG's 2x2/2: one window per element, and where
 * there is no rest everything stays in the blocked layout.
 */
function tilingGradient(context: BackwardContext, x: string, y: string, dy: string, kernel: readonly number[]): string {
  const { graph, blockedLayout, identityGradient, vanishing } = context;
  const area = kernel.reduce((a, b) => a * b, 1);
  const size = graph.dims(x).slice(2) as [number, number];
  const covered = graph
    .dims(y)
    .slice(2)
    .map((n, i) => n * kernel[i]!) as [number, number];
  const inner = resizeTo(graph, x, covered);
  const difference = graph.op('Add', [inner, repeat(graph, scale(graph, y, -1), kernel)]);
  const mask = notNegative(graph, difference);
  const share = graph.op('AveragePool', [mask], { kernel_shape: kernel, strides: kernel });
  const divided = graph.op('Div', [scale(graph, dy, 1 / area), share]);
  const shared = blockedLayout ? enterBlockedLayout(graph, divided) : divided;
  const afterRelu = graph.producer(x)?.op === 'Relu' && !identityGradient.has(x);
  // Behind a ReLU, windows whose maximum is 0 pass nothing on: masking them here costs a quarter of masking x later.
  const passed = afterRelu ? graph.op('Mul', [shared, positive(graph, y)]) : shared;
  const dx = resizeTo(graph, graph.op('Mul', [repeat(graph, passed, kernel), mask], {}, `d.${x}`), size);
  if (afterRelu) vanishing.add(dx);
  return dx;
}

/** n_j: how many elements of each window equal its maximum. */
function ties(
  graph: Graph,
  x: string,
  y: string,
  size: readonly number[],
  count: readonly number[],
  kernel: readonly number[],
  strides: readonly number[],
  pads: readonly number[],
): string {
  const reach = count.map((n, i) => (n - 1) * strides[i]! + kernel[i]!);
  const behind = reach.map((r, i) => Math.max(r - size[i]! - pads[i]!, 0));
  const padded = pad(graph, x, [0, 0, pads[0]!, pads[1]!], [0, 0, ...behind], LOWEST);
  const masks: string[] = [];
  for (let u = 0; u < kernel[0]!; u++) {
    for (let v = 0; v < kernel[1]!; v++) {
      const ends = [u, v].map((start, i) => start + (count[i]! - 1) * strides[i]! + 1);
      const element = slice(graph, padded, [2, 3], [u, v], ends, strides);
      masks.push(notNegative(graph, graph.op('Sub', [element, y])));
    }
  }
  return masks.reduce((a, b) => graph.op('Add', [a, b]));
}
