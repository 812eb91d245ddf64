import { intTensor, numbersOf } from '../../../../shared/tensor.ts';
import { linearAlong, positiveAxis, slice } from '../../autodiff/emit.ts';
import type { Graph } from '../graph.ts';
import { intAttribute, stringAttribute, triluKeeps } from '../shapes.ts';
import type { Lowering } from './lowering.ts';

/** A picture that goes on at its other side: Concat of slices. Other ways to pad are portable as they are. */
export const pad: Lowering = (graph, [x, pads], node) => {
  if (stringAttribute(node, 'mode', 'constant') !== 'wrap') return undefined;
  const widths = numbersOf(graph.tensor(pads!)!);
  const dims = graph.dims(x!);
  return dims.reduce(
    (value, size, axis) => wrapped(graph, value, axis, -widths[axis]!, size + widths[axis + dims.length]!),
    x!,
  );
};

/** Positions `from` to `to` (exclusive) of an axis that repeats itself endlessly. */
function wrapped(graph: Graph, x: string, axis: number, from: number, to: number): string {
  const size = graph.dims(x)[axis]!;
  if (from === 0 && to === size) return x;
  const parts: string[] = [];
  for (let at = from; at < to;) {
    const start = ((at % size) + size) % size;
    const end = Math.min(size, start + to - at);
    parts.push(start === 0 && end === size ? x : slice(graph, x, [axis], [start], [end]));
    at += end - start;
  }
  return parts.length === 1 ? parts[0]! : graph.op('Concat', parts, { axis });
}

/** Blocks of positions become blocks of channels. */
export const spaceToDepth: Lowering = (graph, [x], node, name) => {
  const [n, c, h, w] = graph.dims(x!) as [number, number, number, number];
  const b = intAttribute(node, 'blocksize', 1);
  const apart = graph.op('Reshape', [x!, graph.ints([n, c, h / b, b, w / b, b])]);
  const moved = graph.op('Transpose', [apart], { perm: [0, 3, 5, 1, 2, 4] });
  return graph.op('Reshape', [moved, graph.ints([n, c * b * b, h / b, w / b])], {}, name);
};

/** Constant indices of the first axes together: Gather from those axes joined to one. */
export const gatherNd: Lowering = (graph, [x, indices], node, name) => {
  const tensor = graph.tensor(indices!);
  if (!tensor || intAttribute(node, 'batch_dims', 0) !== 0) return undefined;
  const dims = graph.dims(x!);
  const depth = tensor.dims.at(-1)!;
  const [joined, rest] = [dims.slice(0, depth), dims.slice(depth)];
  const size = joined.reduce((a, b) => a * b, 1);
  const numbers = numbersOf(tensor);
  const places = Array.from({ length: numbers.length / depth }, (_, k) =>
    joined.reduce((place, length, i) => {
      const index = numbers[k * depth + i]!;
      return place * length + (index < 0 ? index + length : index);
    }, 0),
  );
  const rows = graph.op('Reshape', [x!, graph.ints([size, ...rest])]);
  const picks = graph.constant(intTensor(places, tensor.dims.slice(0, -1)), 'places');
  return graph.op('Gather', [rows, picks], { axis: 0 }, name);
};

/** The elements on one side of a diagonal of each matrix, zeros elsewhere. */
export const trilu: Lowering = (graph, [x, diagonal], node, name) => {
  if (graph.value(x!).type !== 'float32') return undefined;
  const [rows, columns] = graph.dims(x!).slice(-2) as [number, number];
  const keeps = triluKeeps(node, columns, diagonal ? graph.tensor(diagonal) : undefined);
  const data = Uint8Array.from({ length: rows * columns }, (_, i) => Number(keeps(i)));
  const kept = graph.constant({ type: 'bool', dims: [rows, columns], data }, 'kept');
  return graph.op('Where', [kept, x!, graph.scalar(0)], {}, name);
};

/** Sums of all elements up to each, a product with a triangular matrix. */
export const cumSum: Lowering = (graph, [x, axisInput], node) => {
  if (graph.value(x!).type !== 'float32') return undefined;
  const dims = graph.dims(x!);
  const axis = positiveAxis(numbersOf(graph.tensor(axisInput!)!)[0]!, dims.length);
  const size = dims[axis]!;
  const [exclusive, reverse] = [intAttribute(node, 'exclusive', 0) !== 0, intAttribute(node, 'reverse', 0) !== 0];
  const matrix = Float32Array.from({ length: size * size }, (_, k) => {
    const ahead = (k % size) - Math.floor(k / size);
    return Number((reverse ? -ahead : ahead) >= (exclusive ? 1 : 0));
  });
  return linearAlong(graph, x!, axis, matrix, size);
};
