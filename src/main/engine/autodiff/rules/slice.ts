import { numbersOf } from '../../../../shared/tensor.ts';
import type { Graph } from '../../graph/graph.ts';
import { gather, pad, positiveAxis, reshape, window } from '../emit.ts';
import type { GradientRule } from '../rule.ts';

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
