import { numbersOf } from '../../../../shared/tensor.ts';
import type { Graph } from '../../graph/graph.ts';
import { gather, pad, stringOf, sum, window } from '../emit.ts';
import type { GradientRule } from '../rule.ts';

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

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
