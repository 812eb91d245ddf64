import { MadderError } from '../../../../shared/errors.ts';
import { numbersOf } from '../../../../shared/tensor.ts';
import type { OnnxNode } from '../../../formats/onnx.ts';
import { linearAlong, scale, stringOf } from '../emit.ts';
import type { GradientRule } from '../rule.ts';

/**
 * Nearest or linear resizing is one constant matrix per axis, y = R_H x R_Wᵀ, so dx = R_Hᵀ dy R_W.
 * Repetition by whole factors needs no matrices: its adjoint is a sum over blocks.
 */
export const resizeGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  if (!wanted(0)) return [];
  const from = graph.dims(node.inputs[0]!);
  const to = graph.dims(node.outputs[0]!);
  // The runtime copies when no size changes, whatever scales and coordinates say.
  if (from.every((d, i) => d === to[i])) return [outputGradients[0]];
  const scales = node.inputs[2] ? graph.tensor(node.inputs[2]) : undefined;
  const factors = scales && scales.data.length > 0 ? numbersOf(scales) : from.map((d, i) => f32(to[i]! / d));
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

/** For each output position the input elements it mixes, as the ONNX specification of Resize defines them. */
function axisWeights(
  node: OnnxNode,
  size: number,
  length: number,
  factor: number,
): { index: number; weight: number }[][] {
  const mode = stringOf(node, 'mode', 'nearest');
  const nearest = stringOf(node, 'nearest_mode', 'round_prefer_floor');
  const last = size - 1;
  return Array.from({ length }, (_, o) => {
    // An axis that keeps its size keeps its elements, whatever the mode.
    if (factor === 1) return [{ index: o, weight: 1 }];
    const at = sourceCoordinate(node, o, size, length, factor);
    if (mode === 'nearest') return [{ index: Math.min(Math.max(roundNearest(nearest, at), 0), last), weight: 1 }];
    if (mode !== 'linear') {
      throw new MadderError(
        'network',
        `Node "${node.name}": Resize in mode "${mode}" has no gradient rule; nearest and linear have.`,
      );
    }
    const clamped = Math.min(Math.max(at, 0), last);
    const low = Math.floor(clamped);
    const share = clamped - low;
    return [
      { index: low, weight: 1 - share },
      { index: Math.min(low + 1, last), weight: share },
    ];
  });
}

/** Providers compute coordinates in float32, which decides on which side of a half a nearest coordinate falls. */
const f32 = Math.fround;

function sourceCoordinate(node: OnnxNode, o: number, size: number, length: number, factor: number): number {
  const transformation = stringOf(node, 'coordinate_transformation_mode', 'half_pixel');
  switch (transformation) {
    case 'asymmetric':
      return f32(o / factor);
    case 'align_corners':
      return length === 1 ? 0 : f32(f32(o * (size - 1)) / (length - 1));
    case 'pytorch_half_pixel':
      return length > 1 ? f32(f32((o + 0.5) / factor) - 0.5) : 0;
    case 'half_pixel':
      return f32(f32((o + 0.5) / factor) - 0.5);
    default:
      throw new MadderError(
        'network',
        `Node "${node.name}": Resize with coordinates "${transformation}" has no gradient rule.`,
      );
  }
}

function roundNearest(mode: string, at: number): number {
  switch (mode) {
    case 'floor':
      return Math.floor(at);
    case 'ceil':
      return Math.ceil(at);
    case 'round_prefer_ceil':
      return Math.floor(at + 0.5);
    default:
      return Math.ceil(at - 0.5);
  }
}
