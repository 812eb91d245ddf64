import { floatAttribute, frontAxis, generate, input, numberAttribute, sizeOf, at, zeros } from './array.ts';
import type { NdArray, Operator } from './array.ts';

/** y = gamma (x - mean) / sqrt(variance + epsilon) + beta with the running statistics, per channel. */
const batchNormalization: Operator = (call) => {
  const x = input(call, 0);
  const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((k) => input(call, k).data) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const epsilon = floatAttribute(call, 'epsilon', 1e-5);
  const y = generate(x.dims, (index) => {
    const c = index[1]!;
    return (gamma[c]! * (at(x, index) - mean[c]!)) / Math.sqrt(variance[c]! + epsilon) + beta[c]!;
  });
  return [y];
};

/** y = x / (bias + alpha / size * sum over neighbouring channels of x^2)^beta. */
const lrn: Operator = (call) => {
  const x = input(call, 0);
  const size = numberAttribute(call, 'size', 1);
  const alpha = floatAttribute(call, 'alpha', 1e-4);
  const beta = floatAttribute(call, 'beta', 0.75);
  const bias = floatAttribute(call, 'bias', 1);
  const y = generate(x.dims, (index) => {
    const c = index[1]!;
    const first = Math.max(0, c - Math.floor((size - 1) / 2));
    const last = Math.min(x.dims[1]! - 1, c + Math.ceil((size - 1) / 2));
    let squares = 0;
    for (let k = first; k <= last; k++) squares += at(x, [index[0]!, k, ...index.slice(2)]) ** 2;
    return at(x, index) / (bias + (alpha / size) * squares) ** beta;
  });
  return [y];
};

/** Standardizes consecutive blocks of `length` elements; also returns each block's mean and 1/deviation. */
function standardize(x: NdArray, length: number, epsilon: number) {
  const y = zeros(x.dims);
  const means: number[] = [];
  const inverseDeviations: number[] = [];
  for (let start = 0; start < x.data.length; start += length) {
    const block = x.data.subarray(start, start + length);
    const mean = block.reduce((a, b) => a + b, 0) / length;
    const variance = block.reduce((a, b) => a + (b - mean) ** 2, 0) / length;
    const inverse = 1 / Math.sqrt(variance + epsilon);
    block.forEach((value, k) => (y.data[start + k] = (value - mean) * inverse));
    means.push(mean);
    inverseDeviations.push(inverse);
  }
  return { y, means, inverseDeviations };
}

/** Each plane of each picture is standardized with its own statistics, then scaled and shifted per channel. */
const instanceNormalization: Operator = (call) => {
  const [x, scale, shift] = [input(call, 0), input(call, 1), input(call, 2)];
  const plane = sizeOf(x.dims.slice(2));
  const { y } = standardize(x, plane, floatAttribute(call, 'epsilon', 1e-5));
  return [generate(x.dims, (index) => at(y, index) * scale.data[index[1]!]! + shift.data[index[1]!]!)];
};

/** Everything from `axis` on is standardized together, then scaled and shifted element by element. */
const layerNormalization: Operator = (call) => {
  const [x, scale, shift] = [input(call, 0), input(call, 1), call.inputs[2]];
  const axis = frontAxis(numberAttribute(call, 'axis', -1), x.dims.length);
  const length = sizeOf(x.dims.slice(axis));
  const { y, means, inverseDeviations } = standardize(x, length, floatAttribute(call, 'epsilon', 1e-5));
  // Scale and shift broadcast to the normalized axes; all uses here give them exactly that size, or a scalar.
  const parameter = (array: NdArray, k: number) => array.data[array.data.length === 1 ? 0 : k % length]!;
  const data = y.data.map((value, k) => value * parameter(scale, k) + (shift ? parameter(shift, k) : 0));
  const statistics = x.dims.map((d, k) => (k < axis ? d : 1));
  return [
    { dims: x.dims, data },
    { dims: statistics, data: Float64Array.from(means) },
    { dims: statistics, data: Float64Array.from(inverseDeviations) },
  ];
};

/** exp(x) / sum of exp(x) along one axis, shifted by the maximum against overflow. */
const softmax: Operator = (call) => {
  const x = input(call, 0);
  const axis = frontAxis(numberAttribute(call, 'axis', -1), x.dims.length);
  const [count, stride] = [x.dims[axis]!, sizeOf(x.dims.slice(axis + 1))];
  const y = zeros(x.dims);
  for (let first = 0; first < x.data.length; first++) {
    if (Math.floor(first / stride) % count !== 0) continue;
    const offsets = Array.from({ length: count }, (_, k) => first + k * stride);
    const top = Math.max(...offsets.map((offset) => x.data[offset]!));
    const total = offsets.reduce((sum, offset) => sum + Math.exp(x.data[offset]! - top), 0);
    for (const offset of offsets) y.data[offset] = Math.exp(x.data[offset]! - top) / total;
  }
  return [y];
};

export const normalizationOperators: Record<string, Operator> = {
  BatchNormalization: batchNormalization,
  LRN: lrn,
  InstanceNormalization: instanceNormalization,
  LayerNormalization: layerNormalization,
  Softmax: softmax,
};
