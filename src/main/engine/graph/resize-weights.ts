import type { OnnxNode } from '../../formats/onnx.ts';
import { intAttribute, nodeError, stringAttribute } from './shapes.ts';

/** An element that an output position mixes, and its share. */
export interface Tap {
  readonly index: number;
  readonly weight: number;
}

/** Providers compute coordinates in float32, which decides on which side of a half a nearest coordinate falls. */
const f32 = Math.fround;

/**
 * Per output position of one axis, the input elements that a `Resize` node (its axes spread, see inline.ts) mixes, as
 * the ONNX specification defines them. `factor` is the scale as float32.
 */
export function axisWeights(node: OnnxNode, size: number, length: number, factor: number): Tap[][] {
  const mode = stringAttribute(node, 'mode', 'nearest');
  const last = size - 1;
  const clamped = (index: number): number => Math.min(Math.max(index, 0), last);
  return Array.from({ length }, (_, o) => {
    // An axis that keeps its size keeps its elements, whatever the mode.
    if (factor === 1) return [{ index: o, weight: 1 }];
    const at = sourceCoordinate(node, o, size, length, factor);
    if (mode === 'nearest') return [{ index: clamped(roundNearest(node, at)), weight: 1 }];
    const kernel = mode === 'cubic' ? cubic(coefficient(node)) : triangle;
    const reach = mode === 'cubic' ? 2 : 1;
    if (intAttribute(node, 'antialias', 0) !== 0) {
      // The kernel is stretched over all elements that become one.
      const stretch = Math.max(1, 1 / factor);
      const centre = f32(at + 0.5);
      const from = Math.floor(centre - reach * stretch + 0.5);
      const to = Math.floor(centre + reach * stretch + 0.5);
      return mix(node, size, from, to, (index) => kernel((index - centre + 0.5) / stretch), true);
    }
    if (mode === 'cubic') return mix(node, size, Math.floor(at) - 1, Math.floor(at) + 3, (index) => kernel(index - at));
    const position = clamped(at);
    const low = Math.floor(position);
    return [
      { index: low, weight: 1 - (position - low) },
      { index: clamped(low + 1), weight: position - low },
    ];
  });
}

/** The matrix, row-major with one row per input element, that resizes one axis. */
export function resizeMatrix(node: OnnxNode, size: number, length: number, factor: number): Float32Array {
  const matrix = new Float64Array(size * length);
  axisWeights(node, size, length, factor).forEach((row, o) =>
    row.forEach(({ index, weight }) => (matrix[index * length + o]! += weight)),
  );
  return Float32Array.from(matrix);
}

/** Shares of the positions `from` to `to` (exclusive); those outside count as the border, or not at all. */
function mix(
  node: OnnxNode,
  size: number,
  from: number,
  to: number,
  share: (index: number) => number,
  normalizes = false,
): Tap[] {
  const excludes = intAttribute(node, 'exclude_outside', 0) !== 0;
  const positions = Array.from({ length: to - from }, (_, k) => from + k);
  const used = excludes ? positions.filter((p) => p >= 0 && p < size) : positions;
  const taps = used.map((p) => ({ index: Math.min(Math.max(p, 0), size - 1), weight: share(p) }));
  const total = normalizes || excludes ? taps.reduce((sum, tap) => sum + tap.weight, 0) : 1;
  return taps.map(({ index, weight }) => ({ index, weight: weight / total }));
}

const triangle = (x: number): number => Math.max(0, 1 - Math.abs(x));

/** The cubic convolution kernel (Keys 1981). */
const cubic =
  (a: number) =>
  (x: number): number => {
    const d = Math.abs(x);
    if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
    return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
  };

function coefficient(node: OnnxNode): number {
  const value = node.attributes['cubic_coeff_a'];
  return typeof value === 'number' ? value : -0.75;
}

function sourceCoordinate(node: OnnxNode, o: number, size: number, length: number, factor: number): number {
  const transformation = stringAttribute(node, 'coordinate_transformation_mode', 'half_pixel');
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
      throw nodeError(node, `places pixels by the rule "${transformation}", which is not supported`);
  }
}

function roundNearest(node: OnnxNode, at: number): number {
  switch (stringAttribute(node, 'nearest_mode', 'round_prefer_floor')) {
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
