import { numbersOf } from '../../../../shared/tensor.ts';
import { gather, linearAlong, numberOf, positiveAxis, reshape } from '../emit.ts';
import type { GradientRule } from '../rule.ts';

/** y = x[indices] along an axis, constant indices   ⇒   dx[i] = Σ of dy over the places that read i */
export const gatherGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  if (!wanted(0)) return [];
  const dims = graph.dims(node.inputs[0]!);
  const axis = positiveAxis(numberOf(node, 'axis', 0), dims.length);
  const size = dims[axis]!;
  const indices = numbersOf(graph.tensor(node.inputs[1]!)!).map((i) => (i + size) % size);
  const flat = reshape(graph, outputGradients[0]!, dims.with(axis, indices.length));
  if (new Set(indices).size === size && indices.length === size) {
    return [
      gather(
        graph,
        flat,
        axis,
        range(0, size).map((i) => indices.indexOf(i)),
      ),
    ];
  }
  const matrix = new Float32Array(indices.length * size);
  indices.forEach((target, row) => (matrix[row * size + target] = 1));
  return [linearAlong(graph, flat, axis, matrix, size)];
};

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
