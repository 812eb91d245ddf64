import { frontAxis, input, listAttribute, listInput, numberAttribute, stridesOf, zeros } from './array.ts';
import type { Call, Operator } from './array.ts';

/** Reduces over `axes` (all when undefined or empty), reading them from where opset 17 has them. */
function reduce(call: Call, axes: readonly number[] | undefined, reducer: (values: readonly number[]) => number) {
  const x = input(call, 0);
  const rank = x.dims.length;
  const reduced = new Set(axes?.length ? axes.map((axis) => frontAxis(axis, rank)) : x.dims.keys());
  const kept = x.dims.map((d, axis) => (reduced.has(axis) ? 1 : d));
  const keptStrides = stridesOf(kept);
  const strides = stridesOf(x.dims);
  const y = zeros(kept);
  const groups = Array.from(y.data, () => [] as number[]);
  x.data.forEach((value, offset) => {
    const target = x.dims.reduce((sum, size, axis) => {
      return reduced.has(axis) ? sum : sum + (Math.floor(offset / strides[axis]!) % size) * keptStrides[axis]!;
    }, 0);
    groups[target]!.push(value);
  });
  groups.forEach((values, k) => (y.data[k] = reducer(values)));
  const keepDims = numberAttribute(call, 'keepdims', 1) === 1;
  return [{ dims: keepDims ? kept : kept.filter((_, axis) => !reduced.has(axis)), data: y.data }];
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** Until opset 17 all reductions but ReduceSum take their axes as an attribute. */
const byAttribute =
  (reducer: (values: readonly number[]) => number): Operator =>
  (call) =>
    reduce(call, listAttribute(call, 'axes'), reducer);

const reduceSum: Operator = (call) => {
  const axes = listInput(call, 1);
  if (!axes?.length && numberAttribute(call, 'noop_with_empty_axes', 0) === 1) return [input(call, 0)];
  return reduce(call, axes, sum);
};

export const reductionOperators: Record<string, Operator> = {
  ReduceSum: reduceSum,
  ReduceMean: byAttribute((values) => sum(values) / values.length),
  ReduceL2: byAttribute((values) => Math.sqrt(sum(values.map((v) => v * v)))),
  ReduceMax: byAttribute((values) => Math.max(...values)),
  ReduceSumSquare: byAttribute((values) => sum(values.map((v) => v * v))),
};
