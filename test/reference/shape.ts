import { at, broadcastAt, broadcastDims, frontAxis, fromTensor, generate, input } from './array.ts';
import { listAttribute, listInput, numberAttribute, sizeOf, textAttribute } from './array.ts';
import type { Call, NdArray, Operator } from './array.ts';
import type { Tensor } from '../../src/shared/tensor.ts';

const reshaped = (x: NdArray, dims: readonly number[]): NdArray => {
  if (sizeOf(dims) !== x.data.length) throw new Error(`[${x.dims.join()}] does not fit [${dims.join()}]`);
  return { dims, data: x.data };
};

/** 0 copies the input's size (unless allowzero), one -1 takes what is left. */
const reshape: Operator = (call) => {
  const x = input(call, 0);
  const keepZero = numberAttribute(call, 'allowzero', 0) === 1;
  const dims = listInput(call, 1)!.map((d, axis) => (d === 0 && !keepZero ? x.dims[axis]! : d));
  const rest = x.data.length / -sizeOf(dims);
  return [
    reshaped(
      x,
      dims.map((d) => (d === -1 ? rest : d)),
    ),
  ];
};

const flatten: Operator = (call) => {
  const x = input(call, 0);
  const axis = frontAxis(numberAttribute(call, 'axis', 1), x.dims.length);
  return [reshaped(x, [sizeOf(x.dims.slice(0, axis)), sizeOf(x.dims.slice(axis))])];
};

const squeeze: Operator = (call) => {
  const x = input(call, 0);
  const axes = listInput(call, 1)?.map((axis) => frontAxis(axis, x.dims.length));
  return [
    reshaped(
      x,
      x.dims.filter((d, axis) => (axes ? !axes.includes(axis) : d !== 1)),
    ),
  ];
};

const unsqueeze: Operator = (call) => {
  const x = input(call, 0);
  const axes = listInput(call, 1)!;
  const rank = x.dims.length + axes.length;
  const added = new Set(axes.map((axis) => frontAxis(axis, rank)));
  const rest = [...x.dims];
  return [
    reshaped(
      x,
      Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : rest.shift()!)),
    ),
  ];
};

const transpose: Operator = (call) => {
  const x = input(call, 0);
  const permutation = listAttribute(call, 'perm') ?? [...x.dims.keys()].reverse();
  const source = x.dims.map(() => 0);
  const y = generate(
    permutation.map((axis) => x.dims[axis]!),
    (index) => {
      permutation.forEach((axis, k) => (source[axis] = index[k]!));
      return at(x, source);
    },
  );
  return [y];
};

const concat: Operator = (call) => {
  const arrays = call.inputs.map((_, k) => input(call, k));
  const first = arrays[0]!;
  const axis = frontAxis(numberAttribute(call, 'axis', 0), first.dims.length);
  const total = arrays.reduce((sum, a) => sum + a.dims[axis]!, 0);
  const y = generate(first.dims.with(axis, total), (index) => {
    let position = index[axis]!;
    let k = 0;
    while (position >= arrays[k]!.dims[axis]!) position -= arrays[k++]!.dims[axis]!;
    return at(arrays[k]!, index.with(axis, position));
  });
  return [y];
};

const split: Operator = (call) => {
  const x = input(call, 0);
  const axis = frontAxis(numberAttribute(call, 'axis', 0), x.dims.length);
  const equal = Array.from({ length: call.outputCount }, () => x.dims[axis]! / call.outputCount);
  const sizes = listInput(call, 1) ?? equal;
  return sizes.map((size, k) => {
    const start = sizes.slice(0, k).reduce((a, b) => a + b, 0);
    return generate(x.dims.with(axis, size), (index) => at(x, index.with(axis, index[axis]! + start)));
  });
};

/** Positions that `start:end:step` takes from an axis, as numpy slices do. */
function positions(size: number, start: number, end: number, step: number): number[] {
  const clamp = (value: number, low: number, high: number) => Math.min(Math.max(value, low), high);
  const absolute = (value: number) => (value < 0 ? value + size : value);
  const first = step > 0 ? clamp(absolute(start), 0, size) : clamp(absolute(start), 0, size - 1);
  const limit = step > 0 ? clamp(absolute(end), 0, size) : clamp(absolute(end), -1, size - 1);
  const result: number[] = [];
  for (let p = first; step > 0 ? p < limit : p > limit; p += step) result.push(p);
  return result;
}

const slice: Operator = (call) => {
  const x = input(call, 0);
  const starts = listInput(call, 1)!;
  const ends = listInput(call, 2)!;
  const axes = listInput(call, 3) ?? starts.map((_, k) => k);
  const steps = listInput(call, 4) ?? starts.map(() => 1);
  const taken = x.dims.map((d) => positions(d, 0, d, 1));
  axes.forEach((a, k) => {
    const axis = frontAxis(a, x.dims.length);
    taken[axis] = positions(x.dims[axis]!, starts[k]!, ends[k]!, steps[k]!);
  });
  const dims = taken.map((list) => list.length);
  return [
    generate(dims, (index) =>
      at(
        x,
        index.map((i, axis) => taken[axis]![i]!),
      ),
    ),
  ];
};

const expand: Operator = (call) => {
  const x = input(call, 0);
  return [generate(broadcastDims(x.dims, listInput(call, 1)!), (index) => broadcastAt(x, index))];
};

const tile: Operator = (call) => {
  const x = input(call, 0);
  const repeats = listInput(call, 1)!;
  const dims = x.dims.map((d, axis) => d * repeats[axis]!);
  return [
    generate(dims, (index) =>
      at(
        x,
        index.map((i, axis) => i % x.dims[axis]!),
      ),
    ),
  ];
};

/** Where a padded position lies in the input: -1 for the constant. Negative pads simply cut. */
function padSource(mode: string, position: number, size: number): number {
  if (position >= 0 && position < size) return position;
  if (mode === 'edge') return position < 0 ? 0 : size - 1;
  if (mode === 'reflect') return position < 0 ? -position : 2 * (size - 1) - position;
  return -1;
}

const pad: Operator = (call) => {
  const x = input(call, 0);
  const mode = textAttribute(call, 'mode', 'constant');
  const pads = listInput(call, 1)!;
  const filler = call.inputs[2]?.data[0] ?? 0;
  const rank = x.dims.length;
  const dims = x.dims.map((d, axis) => d + pads[axis]! + pads[axis + rank]!);
  const y = generate(dims, (index) => {
    const source = index.map((i, axis) => padSource(mode, i - pads[axis]!, x.dims[axis]!));
    return source.includes(-1) ? filler : at(x, source);
  });
  return [y];
};

/** Channel of the deep array that holds (c, row, column of the block): depth-column-row or column-row-depth order. */
const blockChannel = (mode: string, c: number, row: number, column: number, block: number, shallow: number): number =>
  mode === 'CRD' ? (c * block + row) * block + column : (row * block + column) * shallow + c;

const depthToSpace: Operator = (call) => {
  const x = input(call, 0);
  const block = numberAttribute(call, 'blocksize', 1);
  const mode = textAttribute(call, 'mode', 'DCR');
  const [N, C, H, W] = x.dims as unknown as [number, number, number, number];
  const shallow = C / block ** 2;
  const y = generate([N, shallow, H * block, W * block], ([n, c, i, j]) => {
    const channel = blockChannel(mode, c!, i! % block, j! % block, block, shallow);
    return at(x, [n!, channel, Math.floor(i! / block), Math.floor(j! / block)]);
  });
  return [y];
};

const spaceToDepth: Operator = (call) => {
  const x = input(call, 0);
  const block = numberAttribute(call, 'blocksize', 1);
  const [N, C, H, W] = x.dims as unknown as [number, number, number, number];
  const y = generate([N, C * block ** 2, H / block, W / block], ([n, channel, i, j]) => {
    const place = Math.floor(channel! / C);
    return at(x, [n!, channel! % C, i! * block + Math.floor(place / block), j! * block + (place % block)]);
  });
  return [y];
};

const gather: Operator = (call) => {
  const [x, indices] = [input(call, 0), input(call, 1)];
  const axis = frontAxis(numberAttribute(call, 'axis', 0), x.dims.length);
  const depth = indices.dims.length;
  const dims = [...x.dims.slice(0, axis), ...indices.dims, ...x.dims.slice(axis + 1)];
  const y = generate(dims, (index) => {
    const taken = at(indices, index.slice(axis, axis + depth));
    return at(x, [...index.slice(0, axis), frontAxis(taken, x.dims[axis]!), ...index.slice(axis + depth)]);
  });
  return [y];
};

const constant: Operator = (call: Call) => {
  const { value, value_float, value_int, value_floats, value_ints } = call.attributes;
  if (value !== undefined) return [fromTensor(value as Tensor)];
  const list = (value_floats ?? value_ints) as number[] | undefined;
  if (list) return [{ dims: [list.length], data: Float64Array.from(list) }];
  return [{ dims: [], data: Float64Array.of((value_float ?? value_int) as number) }];
};

export const shapeOperators: Record<string, Operator> = {
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  Concat: concat,
  Split: split,
  Slice: slice,
  Expand: expand,
  Tile: tile,
  Pad: pad,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
  Gather: gather,
  Constant: constant,
};
