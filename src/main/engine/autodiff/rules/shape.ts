/** Operators that only move elements: the gradient moves them back. */
import { numbersOf, type Tensor } from '../../../../shared/tensor.ts';
import type { OnnxNode } from '../../../formats/onnx.ts';
import type { Graph } from '../../graph/graph.ts';
import { linearAlong, listOf, numberOf, pad, reshape, slice, stringOf, sum, unbroadcast, window, zeros } from '../emit.ts';
import type { GradientRule } from '../rule.ts';

/** Reshape, Flatten, Squeeze, Unsqueeze: dx = dy in the shape of x */
export const reshapeGradient: GradientRule = ({ graph, node, outputGradients, wanted }) =>
  wanted(0) ? [reshape(graph, outputGradients[0]!, graph.dims(node.inputs[0]!))] : [];

/** y = permute(x)   ⇒   dx = permute⁻¹(dy) */
export const transposeGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  if (!wanted(0)) return [];
  const reversed = graph.dims(node.inputs[0]!).map((_, i) => i).reverse();
  const perm = listOf(node, 'perm', reversed);
  return [graph.op('Transpose', [outputGradients[0]!], { perm: perm.map((_, i) => perm.indexOf(i)) })];
};

/** y = [x₁ | x₂ | …]   ⇒   each input receives its own part of dy */
export const concatGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  const dy = outputGradients[0]!;
  const axis = positiveAxis(numberOf(node, 'axis', 0), graph.dims(dy).length);
  let start = 0;
  return node.inputs.map((x, i) => {
    const end = start + graph.dims(x)[axis]!;
    const part = wanted(i) ? slice(graph, dy, [axis], [start], [end]) : undefined;
    start = end;
    return part;
  });
};

/** [y₁ | y₂ | …] = x   ⇒   dx = [dy₁ | dy₂ | …], zeros where nothing flows */
export const splitGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  if (!wanted(0)) return [];
  const parts = node.outputs.map((y, i) => outputGradients[i] ?? zeros(graph, graph.dims(y)));
  return [graph.op('Concat', parts, { axis: numberOf(node, 'axis', 0) })];
};

/** y = x[start:end:step] per axis   ⇒   dx = dy spread back over x, zeros elsewhere */
export const sliceGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  if (!wanted(0)) return [];
  const dims = graph.dims(node.inputs[0]!);
  const constants = node.inputs.slice(1).map((i) => (i ? numbersOf(graph.tensor(i)!) : undefined));
  const starts = constants[0]!;
  const axes = (constants[2] ?? starts.map((_, i) => i)).map((a) => positiveAxis(a, dims.length));
  const steps = constants[3] ?? starts.map(() => 1);
  return [
    axes.reduce((gradient, axis, k) => {
      const size = dims[axis]!;
      const length = graph.dims(gradient)[axis]!;
      const step = steps[k]!;
      const raw = starts[k]! < 0 ? starts[k]! + size : starts[k]!;
      const first = step > 0 ? Math.min(Math.max(raw, 0), size) : Math.min(Math.max(raw, 0), size - 1);
      if (step > 0) return window(graph, spread(graph, gradient, axis, step), axis, -first, size);
      // A negative step reads backwards: turn dy round, after which it is a slice that begins at the last element read.
      const turned = gather(graph, gradient, axis, [...Array(length).keys()].reverse());
      return window(graph, spread(graph, turned, axis, -step), axis, -(first + step * (length - 1)), size);
    }, outputGradients[0]!),
  ];
};

/** y = pad(x)   ⇒   dx = the inner part of dy, plus what mirrored or repeated border elements received */
export const padGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  if (!wanted(0)) return [];
  const dims = graph.dims(node.inputs[0]!);
  const pads = numbersOf(graph.tensor(node.inputs[1]!)!);
  const mode = stringOf(node, 'mode', 'constant');
  return [
    dims.reduce((gradient, size, axis) => {
      const before = pads[axis]!;
      const after = pads[axis + dims.length]!;
      if (before === 0 && after === 0) return gradient;
      const inner = window(graph, gradient, axis, before, size);
      if (mode === 'constant') return inner;
      const length = graph.dims(gradient)[axis]!;
      const front = Math.max(before, 0);
      const back = Math.max(after, 0);
      return [
        ...(front ? [border(graph, gradient, axis, size, mode, range(0, front), before)] : []),
        ...(back ? [border(graph, gradient, axis, size, mode, range(length - back, length), before)] : []),
      ].reduce((a, b) => graph.op('Add', [a, b]), inner);
    }, outputGradients[0]!),
  ];
};

/** The gradient that the padded positions `from` hand to the elements they were copied from, zero-padded to `size`. */
function border(
  graph: Graph,
  gradient: string,
  axis: number,
  size: number,
  mode: string,
  from: readonly number[],
  before: number,
): string {
  const none = graph.dims(gradient).map(() => 0);
  if (mode === 'edge') {
    const target = from[0]! < before ? 0 : size - 1;
    const total = sum(graph, gather(graph, gradient, axis, from), [axis], true);
    return pad(graph, total, none.with(axis, target), none.with(axis, size - 1 - target));
  }
  const source = (position: number) => {
    const i = position - before;
    return i < 0 ? -i : 2 * (size - 1) - i;
  };
  const ordered = from.toSorted((a, b) => source(a) - source(b));
  const first = source(ordered[0]!);
  const part = gather(graph, gradient, axis, ordered);
  return pad(graph, part, none.with(axis, first), none.with(axis, size - first - ordered.length));
}

/** y = x repeated to a larger shape   ⇒   dx = dy summed over the repeated axes */
export const expandGradient: GradientRule = ({ graph, node, outputGradients, wanted }) =>
  wanted(0) ? [unbroadcast(graph, outputGradients[0]!, graph.dims(node.inputs[0]!))] : [];

/** y = x tiled   ⇒   dx = dy summed over the copies */
export const tileGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  if (!wanted(0)) return [];
  const dims = graph.dims(node.inputs[0]!);
  const repeats = numbersOf(graph.tensor(node.inputs[1]!)!);
  const apart = reshape(graph, outputGradients[0]!, dims.flatMap((d, i) => [repeats[i]!, d]));
  return [sum(graph, apart, dims.map((_, i) => 2 * i))];
};

/** y = x[indices] along an axis, constant indices   ⇒   dx[i] = Σ of dy over the places that read i */
export const gatherGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  if (!wanted(0)) return [];
  const dims = graph.dims(node.inputs[0]!);
  const axis = positiveAxis(numberOf(node, 'axis', 0), dims.length);
  const size = dims[axis]!;
  const indices = indexTensor(graph, node).map((i) => (i + size) % size);
  const flat = reshape(graph, outputGradients[0]!, dims.with(axis, indices.length));
  if (new Set(indices).size === size && indices.length === size) {
    return [gather(graph, flat, axis, range(0, size).map((i) => indices.indexOf(i)))];
  }
  const matrix = new Float32Array(indices.length * size);
  indices.forEach((target, row) => (matrix[row * size + target] = 1));
  return [linearAlong(graph, flat, axis, matrix, size)];
};

const indexTensor = (graph: Graph, node: OnnxNode): number[] => numbersOf(graph.tensor(node.inputs[1]!) as Tensor);

/** Depth to space: blocks of channels become blocks of positions; the gradient goes back by the inverse permutation. */
export const depthToSpaceGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  if (!wanted(0)) return [];
  const [n, c, h, w] = graph.dims(node.inputs[0]!) as [number, number, number, number];
  const b = numberOf(node, 'blocksize', 1);
  const apart = reshape(graph, outputGradients[0]!, [n, c / (b * b), h, b, w, b]);
  const perm = stringOf(node, 'mode', 'DCR') === 'DCR' ? [0, 3, 5, 1, 2, 4] : [0, 1, 3, 5, 2, 4];
  return [reshape(graph, graph.op('Transpose', [apart], { perm }), [n, c, h, w])];
};

/** Float to float only: the gradient passes unchanged. */
export const castGradient: GradientRule = ({ outputGradients }) => [outputGradients[0]];

const gather = (graph: Graph, x: string, axis: number, indices: readonly number[]): string =>
  graph.op('Gather', [x, graph.ints(indices)], { axis });

/** Puts step − 1 zeros behind every element of an axis but the last: length n becomes (n − 1)·step + 1. */
function spread(graph: Graph, x: string, axis: number, step: number): string {
  if (step === 1) return x;
  const dims = graph.dims(x);
  const length = dims[axis]!;
  const apart = reshape(graph, x, dims.toSpliced(axis + 1, 0, 1));
  const none = graph.dims(apart).map(() => 0);
  const padded = pad(graph, apart, none, none.with(axis + 1, step - 1));
  return window(graph, reshape(graph, padded, dims.with(axis, length * step)), axis, 0, (length - 1) * step + 1);
}

const positiveAxis = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
