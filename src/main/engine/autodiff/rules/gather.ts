import { numbersOf } from '../../../../shared/tensor.ts';
import type { Graph } from '../../graph/graph.ts';
import { gather, linearAlong, numberOf, pad, positiveAxis, reshape } from '../emit.ts';
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
  const most = Math.max(...countsOf(indices, size));
  if (indices.length * size > LARGE && most <= MOST_GATHERS)
    return [gatherBack(graph, flat, axis, indices, size, most)];
  const matrix = new Float32Array(indices.length * size);
  indices.forEach((target, row) => (matrix[row * size + target] = 1));
  return [linearAlong(graph, flat, axis, matrix, size)];
};

/** A matrix of more elements is avoided where no element is read very often. */
const LARGE = 2 ** 16;
const MOST_GATHERS = 16;

function countsOf(indices: readonly number[], size: number): number[] {
  const counts = new Array<number>(size).fill(0);
  for (const index of indices) counts[index]! += 1;
  return counts;
}

/** Σ over k of dy at the k-th place that reads each element; a zero behind dy stands for places that there are not. */
function gatherBack(
  graph: Graph,
  dy: string,
  axis: number,
  indices: readonly number[],
  size: number,
  most: number,
): string {
  const none = graph.dims(dy).map(() => 0);
  const padded = pad(graph, dy, none, none.with(axis, 1));
  const places = Array.from({ length: most }, () => new Array<number>(size).fill(indices.length));
  const seen = new Array<number>(size).fill(0);
  indices.forEach((index, place) => (places[seen[index]!++]![index] = place));
  return places.map((list) => gather(graph, padded, axis, list)).reduce((a, b) => graph.op('Add', [a, b]));
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
