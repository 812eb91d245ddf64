import { numbersOf } from '../../../../shared/tensor.ts';
import { axisWeights } from '../../graph/resize-weights.ts';
import { linearAlong, scale } from '../emit.ts';
import type { GradientRule } from '../rule.ts';

/**
 * Resizing is one constant matrix per axis, y = R_H x R_Wᵀ, so dx = R_Hᵀ dy R_W.
 * Repetition by whole factors needs no matrices: its adjoint is a sum over blocks.
 */
export const resizeGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  if (!wanted(0)) return [];
  const from = graph.dims(node.inputs[0]!);
  const to = graph.dims(node.outputs[0]!);
  // The runtime copies when no size changes, whatever scales and coordinates say.
  if (from.every((d, i) => d === to[i])) return [outputGradients[0]];
  const scales = node.inputs[2] ? graph.tensor(node.inputs[2]) : undefined;
  const factors = scales && scales.data.length > 0 ? numbersOf(scales) : from.map((d, i) => Math.fround(to[i]! / d));
  const weights = from.map((size, axis) => axisWeights(node, size, to[axis]!, factors[axis]!));

  const repeats = from.map((size, axis) => to[axis]! / size);
  const isRepetition = weights.every((axis, k) =>
    axis.every(
      (row, o) => row.length === 1 && row[0]!.index === Math.floor(o / repeats[k]!) && Number.isInteger(repeats[k]),
    ),
  );
  if (isRepetition && from.length === 4 && repeats[0] === 1 && repeats[1] === 1) {
    const block = repeats.slice(2);
    const average = graph.op('AveragePool', [outputGradients[0]!], { kernel_shape: block, strides: block });
    return [scale(graph, average, block[0]! * block[1]!)];
  }
  return [
    weights.reduce((gradient, axis, k) => {
      if (from[k] === to[k] && factors[k] === 1) return gradient;
      const matrix = new Float32Array(axis.length * from[k]!);
      axis.forEach((row, o) => row.forEach(({ index, weight }) => (matrix[o * from[k]! + index]! += weight)));
      return linearAlong(graph, gradient, k, matrix, from[k]!);
    }, outputGradients[0]!),
  ];
};
