import { listOf, pad, slice } from '../../autodiff/emit.ts';
import { pooledSize } from '../shapes.ts';
import type { Lowering } from './lowering.ts';

/** Far below every activation, and still finite: what padding holds in a maximum. */
const LOWEST = -3e38;
/** Larger windows are left to the operator. */
const MOST_POSITIONS = 128;

/**
 * Pools that are dilated, or not over two axes, are the maximum of shifted pictures, one per position of the window:
 * the gradient rule of MaxPool knows plain windows over two axes only.
 */
export const maxPool: Lowering = (graph, [x], node, name) => {
  const space = graph.dims(x!).slice(2);
  const perAxis = (attribute: string): readonly number[] =>
    listOf(
      node,
      attribute,
      space.map(() => 1),
    );
  const [kernel, strides, dilations] = [perAxis('kernel_shape'), perAxis('strides'), perAxis('dilations')];
  const pads = listOf(node, 'pads', [...space, ...space].fill(0));
  const isPlain = space.length === 2 && dilations.every((d) => d === 1);
  const positions = kernel.reduce((product, k) => product * k, 1);
  if (isPlain || positions > MOST_POSITIONS) return undefined;

  const [begin, end] = [pads.slice(0, space.length), pads.slice(space.length)];
  const padded = pad(graph, x!, [0, 0, ...begin], [0, 0, ...end], LOWEST);
  const counts = space.map((size, i) =>
    pooledSize(size, kernel[i]!, strides[i]!, dilations[i]!, begin[i]!, end[i]!, false),
  );
  const axes = space.map((_, i) => i + 2);
  const offsets = kernel.reduce<number[][]>(
    (list, k) => list.flatMap((offset) => Array.from({ length: k }, (_, i) => [...offset, i])),
    [[]],
  );
  const parts = offsets.map((offset) => {
    const starts = offset.map((o, i) => o * dilations[i]!);
    const ends = starts.map((start, i) => start + (counts[i]! - 1) * strides[i]! + 1);
    return slice(graph, padded, axes, starts, ends, strides);
  });
  return parts.length === 1 ? parts[0] : graph.op('Max', parts, {}, name);
};
