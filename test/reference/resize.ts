import { at, generate, input, listInput, textAttribute, type Call, type Operator } from './array.ts';

/** The output coordinates along one axis, in input units. */
type Coordinates = readonly number[];

/**
 * Providers compute coordinates in float32, and whether a nearest coordinate falls on one side of a half depends on it
 * for scales such as 1/3: the same rounding is done here.
 */
const f32 = Math.fround;

function coordinates(mode: string, inputSize: number, outputSize: number, scale: number): Coordinates {
  const original = (i: number): number => {
    switch (mode) {
      case 'half_pixel':
        return f32(f32(f32(i + 0.5) / scale) - 0.5);
      case 'pytorch_half_pixel':
        return outputSize > 1 ? f32(f32(f32(i + 0.5) / scale) - 0.5) : 0;
      case 'align_corners':
        return outputSize === 1 ? 0 : f32(f32(i * (inputSize - 1)) / (outputSize - 1));
      case 'asymmetric':
        return f32(i / scale);
      default:
        throw new Error(`coordinate_transformation_mode ${mode} is not supported`);
    }
  };
  // An axis that keeps its size keeps its elements, whatever the mode.
  return Array.from({ length: outputSize }, (_, i) => (scale === 1 ? i : original(i)));
}

const NEAREST: Readonly<Record<string, (x: number) => number>> = {
  round_prefer_floor: (x) => (x - Math.floor(x) === 0.5 ? Math.floor(x) : Math.floor(x + 0.5)),
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

/** Input positions and their weights that make one output position. */
type Taps = readonly { readonly position: number; readonly weight: number }[];

function nearestTaps(x: number, size: number, nearestMode: string): Taps {
  const round = NEAREST[nearestMode];
  if (!round) throw new Error(`nearest_mode ${nearestMode} is not supported`);
  return [{ position: Math.min(Math.max(round(x), 0), size - 1), weight: 1 }];
}

function linearTaps(x: number, size: number): Taps {
  const clamped = Math.min(Math.max(x, 0), size - 1);
  const position = Math.min(Math.floor(clamped), size - 1);
  const fraction = clamped - position;
  return [
    { position, weight: 1 - fraction },
    { position: Math.min(position + 1, size - 1), weight: fraction },
  ];
}

function scalesAndSizes(call: Call, dims: readonly number[]): { scales: number[]; sizes: number[] } {
  const sizes = listInput(call, 3);
  if (sizes?.length) return { sizes, scales: sizes.map((size, axis) => f32(size / dims[axis]!)) };
  const scales = listInput(call, 2)!;
  return { scales, sizes: dims.map((d, axis) => Math.floor(f32(d * scales[axis]!))) };
}

/** Resize of opset 13: nearest and linear interpolation. */
const resize: Operator = (call) => {
  const x = input(call, 0);
  const mode = textAttribute(call, 'mode', 'nearest');
  const nearestMode = textAttribute(call, 'nearest_mode', 'round_prefer_floor');
  const transformation = textAttribute(call, 'coordinate_transformation_mode', 'half_pixel');
  const { scales, sizes } = scalesAndSizes(call, x.dims);
  if (mode !== 'nearest' && mode !== 'linear') throw new Error(`mode ${mode} is not supported`);
  // ONNX Runtime copies when no size changes, whatever scales and coordinates say.
  if (x.dims.every((d, axis) => d === sizes[axis])) return [x];
  const taps = x.dims.map((size, axis) =>
    coordinates(transformation, size, sizes[axis]!, scales[axis]!).map((coordinate) =>
      mode === 'nearest' ? nearestTaps(coordinate, size, nearestMode) : linearTaps(coordinate, size),
    ),
  );
  const source = x.dims.map(() => 0);
  const interpolate = (index: readonly number[], axis: number): number => {
    if (axis === x.dims.length) return at(x, source);
    return taps[axis]![index[axis]!]!.reduce((sum, { position, weight }) => {
      if (weight === 0) return sum;
      source[axis] = position;
      return sum + weight * interpolate(index, axis + 1);
    }, 0);
  };
  return [generate(sizes, (index) => interpolate(index, 0))];
};

export const resizeOperators: Record<string, Operator> = { Resize: resize };
