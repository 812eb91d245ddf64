import { input, listAttribute, numberAttribute, textAttribute, zeros, type Call, type Operator } from './array.ts';

/** Positions along one axis. */
interface Axis {
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
  readonly after: number;
  readonly outputs: number;
}

function axisOf(call: Call, size: number, k: 0 | 1): Axis {
  if (textAttribute(call, 'auto_pad', 'NOTSET') !== 'NOTSET') throw new Error('auto_pad is not supported');
  const kernel = listAttribute(call, 'kernel_shape')![k]!;
  const stride = listAttribute(call, 'strides')?.[k] ?? 1;
  const dilation = listAttribute(call, 'dilations')?.[k] ?? 1;
  const pads = listAttribute(call, 'pads') ?? [0, 0, 0, 0];
  const [before, after] = [pads[k]!, pads[k + 2]!];
  const steps = (size + before + after - dilation * (kernel - 1) - 1) / stride;
  const ceil = numberAttribute(call, 'ceil_mode', 0) === 1;
  let outputs = (ceil ? Math.ceil(steps) : Math.floor(steps)) + 1;
  // A window that ceil_mode adds must start inside the input or the padding before it (as PyTorch; see pool_attributes.h
  // of ONNX Runtime).
  if (ceil && (outputs - 1) * stride >= size + before) outputs--;
  return { size, kernel, stride, dilation, before, after, outputs };
}

/** Input positions under window `i`, without those in the padding. */
function covered(axis: Axis, i: number): number[] {
  const positions = Array.from({ length: axis.kernel }, (_, p) => i * axis.stride + p * axis.dilation - axis.before);
  return positions.filter((position) => position >= 0 && position < axis.size);
}

/** Window positions that count_include_pad counts: those in the input and the padding, not those that ceil_mode adds. */
function counted(axis: Axis, i: number): number {
  const positions = Array.from({ length: axis.kernel }, (_, p) => i * axis.stride + p * axis.dilation);
  return positions.filter((position) => position < axis.before + axis.size + axis.after).length;
}

function pool(
  call: Call,
  reduce: (values: readonly number[], vertical: Axis, horizontal: Axis, i: number, j: number) => number,
) {
  const x = input(call, 0);
  if (x.dims.length !== 4) throw new Error('only two spatial dimensions are supported');
  const [N, C, H, W] = x.dims as unknown as [number, number, number, number];
  const [vertical, horizontal] = [axisOf(call, H, 0), axisOf(call, W, 1)];
  const y = zeros([N, C, vertical.outputs, horizontal.outputs]);
  let offset = 0;
  for (let plane = 0; plane < N * C; plane++)
    for (let i = 0; i < vertical.outputs; i++)
      for (let j = 0; j < horizontal.outputs; j++) {
        const columns = covered(horizontal, j);
        const values = covered(vertical, i).flatMap((row) => columns.map((c) => x.data[(plane * H + row) * W + c]!));
        y.data[offset++] = reduce(values, vertical, horizontal, i, j);
      }
  return [y];
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

const maxPool: Operator = (call) => pool(call, (values) => Math.max(...values));

const averagePool: Operator = (call) => {
  const includePad = numberAttribute(call, 'count_include_pad', 0) === 1;
  return pool(call, (values, vertical, horizontal, i, j) => {
    const count = includePad ? counted(vertical, i) * counted(horizontal, j) : values.length;
    return sum(values) / count;
  });
};

/** Reduces all axes after the channels to size 1. */
const global =
  (reduce: (values: readonly number[]) => number): Operator =>
  (call) => {
    const x = input(call, 0);
    const y = zeros(x.dims.map((d, axis) => (axis < 2 ? d : 1)));
    const plane = x.data.length / y.data.length;
    y.data.forEach((_, k) => (y.data[k] = reduce(Array.from(x.data.subarray(k * plane, (k + 1) * plane)))));
    return [y];
  };

export const poolingOperators: Record<string, Operator> = {
  MaxPool: maxPool,
  AveragePool: averagePool,
  GlobalAveragePool: global((values) => sum(values) / values.length),
  GlobalMaxPool: global((values) => Math.max(...values)),
};
