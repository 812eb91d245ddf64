import { MadderError } from '../../../shared/errors.ts';
import {
  elementCount,
  floatTensor,
  intTensor,
  numbersOf,
  type ElementType,
  type Tensor,
} from '../../../shared/tensor.ts';
import { isFloatType } from '../../formats/half.ts';
import { ELEMENT_TYPES } from '../../formats/onnx-codec.ts';
import { parseEinsum } from './einsum.ts';
import type { OnnxNode } from '../../formats/onnx.ts';
import type { Value } from './graph.ts';

type Dims = readonly number[];
type ShapeRule = (call: Call) => Value[];

/** More elements than any tensor that could be computed; larger shapes come from corrupt files. */
const MAX_ELEMENTS = 2 ** 40;

/** An error about one node, worded `The operator X (node "N") <problem>.`; N is its name in the file. */
export function nodeError(node: OnnxNode, problem: string): MadderError {
  const op = node.domain === '' ? node.op : `${node.domain}.${node.op}`;
  const name = node.origin ?? (node.name || node.outputs.find((output) => output !== '') || '');
  return new MadderError('network', `The operator ${op} (node "${name}") ${problem}.`);
}

/** An integer attribute, or `fallback` when the node has none. */
export function intAttribute(node: OnnxNode, name: string, fallback: number): number {
  const value = node.attributes[name];
  if (value === undefined) return fallback;
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  throw nodeError(node, `has an attribute ${name} that is not an integer`);
}

/** A list of integers attribute, or undefined when the node has none. */
export function intsAttribute(node: OnnxNode, name: string): readonly number[] | undefined {
  const value = node.attributes[name];
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every((v) => Number.isInteger(v))) return value as readonly number[];
  throw nodeError(node, `has an attribute ${name} that is not a list of integers`);
}

/** A text attribute, or `fallback` when the node has none. */
export function stringAttribute(node: OnnxNode, name: string, fallback: string): string {
  const value = node.attributes[name];
  if (value === undefined) return fallback;
  if (typeof value === 'string') return value;
  throw nodeError(node, `has an attribute ${name} that is not a text`);
}

/** The tensor of a `Constant` node, in whichever of its attributes the value lies. */
export function constantValue(node: OnnxNode): Tensor {
  const [[name, value] = ['', undefined], ...more] = Object.entries(node.attributes);
  if (more.length === 0 && value !== undefined) {
    const numbers =
      typeof value === 'number' ? [value] : Array.isArray(value) ? (value as readonly number[]) : undefined;
    const dims = typeof value === 'number' ? [] : [numbers?.length ?? 0];
    if (name === 'value' && typeof value === 'object' && 'data' in value) return value;
    if ((name === 'value_float' || name === 'value_floats') && numbers) return floatTensor(dims, numbers);
    if ((name === 'value_int' || name === 'value_ints') && numbers) return intTensor(numbers, dims);
  }
  throw nodeError(node, 'holds no numbers');
}

/** A constant of one element that fills `ConstantOfShape`; float32 zero by default. */
export function fillValue(node: OnnxNode): Tensor {
  const value = node.attributes['value'];
  if (value === undefined) return floatTensor([1], [0]);
  if (typeof value === 'object' && 'data' in value && value.data.length === 1) return value;
  throw nodeError(node, 'fills with something that is not one number');
}

/** The element type that a `Cast` makes. */
export function castType(node: OnnxNode): ElementType {
  const type = ELEMENT_TYPES.get(intAttribute(node, 'to', 0));
  if (type === undefined) throw nodeError(node, 'converts to an unknown element type');
  return type;
}

/** Result of broadcasting shapes against each other (numpy's rule), or undefined where they do not fit. */
export function broadcastDims(...shapes: readonly Dims[]): number[] | undefined {
  const rank = Math.max(0, ...shapes.map((s) => s.length));
  const out = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    for (let i = 0; i < shape.length; i++) {
      const at = rank - shape.length + i;
      const size = shape[i]!;
      if (size === 1 || size === out[at]) continue;
      if (out[at] !== 1) return undefined;
      out[at] = size;
    }
  }
  return out;
}

/** Part of one axis that a `Slice` takes: `count` elements from `start`, `step` apart (negative runs backwards). */
export interface SliceRange {
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

/** Per axis of `dims`, what a `Slice` node (opset 13) takes; `constants` are its inputs, all but the data required. */
export function sliceRanges(node: OnnxNode, dims: Dims, constants: readonly (Tensor | undefined)[]): SliceRange[] {
  const call = new Call(node, [], constants);
  const starts = call.constantInts(1, 'starts');
  const ends = call.constantInts(2, 'ends');
  const axes = call.optionalInts(3, 'axes') ?? starts.map((_, i) => i);
  const steps = call.optionalInts(4, 'steps') ?? starts.map(() => 1);
  if (ends.length !== starts.length || axes.length !== starts.length || steps.length !== starts.length) {
    throw nodeError(node, 'has starts, ends, axes and steps of different lengths');
  }
  const ranges: SliceRange[] = dims.map((count) => ({ start: 0, step: 1, count }));
  call.axes(axes, dims.length).forEach((axis, i) => {
    const size = dims[axis]!;
    const step = steps[i]!;
    if (step === 0) throw nodeError(node, 'has a step of zero');
    const clamp = (v: number, low: number, high: number): number => Math.min(Math.max(v < 0 ? v + size : v, low), high);
    const start = step > 0 ? clamp(starts[i]!, 0, size) : clamp(starts[i]!, 0, size - 1);
    const end = step > 0 ? clamp(ends[i]!, 0, size) : clamp(ends[i]!, -1, size - 1);
    ranges[axis] = { start, step, count: Math.max(0, Math.ceil((end - start) / step)) };
  });
  return ranges;
}

/** Lengths of the pieces of a `Split` (opset 13) along its axis of length `size`. */
export function splitSizes(node: OnnxNode, size: number, split: Tensor | undefined): number[] {
  const pieces = node.outputs.length;
  if (split === undefined) {
    if (pieces === 0 || size % pieces !== 0) throw nodeError(node, `cannot cut ${size} into ${pieces} equal parts`);
    return new Array<number>(pieces).fill(size / pieces);
  }
  const sizes = numbersOf(split);
  if (sizes.length !== pieces || sizes.some((s) => s < 0) || sizes.reduce((a, b) => a + b, 0) !== size) {
    throw nodeError(node, `cannot cut ${size} into the ${pieces} parts [${sizes.join()}]`);
  }
  return sizes;
}

/** Axes that a reduction at opset 17 runs over, not negative, ascending; all axes when none are given. */
export function reducedAxes(node: OnnxNode, rank: number, axesInput: Tensor | undefined): number[] {
  const given = node.op === 'ReduceSum' ? axesInput && numbersOf(axesInput) : intsAttribute(node, 'axes');
  if (given === undefined || given.length === 0) {
    if (node.op === 'ReduceSum' && intAttribute(node, 'noop_with_empty_axes', 0) === 1) return [];
    return Array.from({ length: rank }, (_, i) => i);
  }
  return normalizeAxes(node, given, rank).sort((a, b) => a - b);
}

/** Of a matrix with so many columns, whether `Trilu` keeps an element; `diagonal` is the node's second input. */
export function triluKeeps(node: OnnxNode, columns: number, diagonal: Tensor | undefined): (place: number) => boolean {
  const shift = diagonal ? numbersOf(diagonal)[0]! : 0;
  const upper = intAttribute(node, 'upper', 1) !== 0;
  return (place) => {
    const ahead = (place % columns) - Math.floor(place / columns);
    return upper ? ahead >= shift : ahead <= shift;
  };
}

/** Axes counted from the front, in the given order; an axis out of range or twice is an error. */
export function normalizeAxes(node: OnnxNode, axes: readonly number[], rank: number): number[] {
  const out = axes.map((a) => (a < 0 ? a + rank : a));
  if (out.some((a) => a < 0 || a >= rank) || new Set(out).size !== out.length) {
    throw nodeError(node, `has axes [${axes.join()}] for ${rank} dimensions`);
  }
  return out;
}

/** One node together with what is known of its inputs: typed access that fails with a sentence about the node. */
class Call {
  readonly node: OnnxNode;
  readonly inputs: readonly (Value | undefined)[];
  readonly constants: readonly (Tensor | undefined)[];

  constructor(node: OnnxNode, inputs: readonly (Value | undefined)[], constants: readonly (Tensor | undefined)[]) {
    this.node = node;
    this.inputs = inputs;
    this.constants = constants;
  }

  error(problem: string): MadderError {
    return nodeError(this.node, problem);
  }

  /** A required input, with at least and at most so many dimensions. */
  input(i: number, minRank = 0, maxRank = Infinity): Value {
    const value = this.inputs[i];
    if (!value) throw this.error(`lacks input ${i + 1}`);
    const rank = value.dims.length;
    if (rank < minRank || rank > maxRank) {
      const range =
        minRank === maxRank ? `${minRank}` : maxRank === Infinity ? `${minRank} or more` : `${minRank} to ${maxRank}`;
      throw this.error(`needs ${range} dimensions for input ${i + 1} but received [${value.dims.join()}]`);
    }
    return value;
  }

  /** An optional input that must broadcast into `dims`. */
  fits(i: number, dims: Dims): void {
    const value = this.inputs[i];
    if (!value) return;
    const out = broadcastDims(value.dims, dims);
    if (!out || out.length !== dims.length || out.some((d, k) => d !== dims[k])) {
      throw this.error(`cannot broadcast input ${i + 1} of shape [${value.dims.join()}] to [${dims.join()}]`);
    }
  }

  /** An input that must have exactly this shape. */
  exactly(i: number, dims: Dims): void {
    const value = this.input(i);
    if (value.dims.length !== dims.length || value.dims.some((d, k) => d !== dims[k])) {
      throw this.error(`needs shape [${dims.join()}] for input ${i + 1} but received [${value.dims.join()}]`);
    }
  }

  /** Inputs `from` to `to` (all by default) broadcast together; all must have one element type. */
  broadcast(from = 0, to = this.inputs.length): Value {
    if (to <= from) throw this.error(`lacks input ${from + 1}`);
    const values = Array.from({ length: to - from }, (_, k) => this.input(from + k));
    const type = values[0]!.type;
    if (values.some((v) => v.type !== type)) {
      throw this.error(`mixes the element types ${values.map((v) => v.type).join(' and ')}`);
    }
    const dims = broadcastDims(...values.map((v) => v.dims));
    if (!dims) throw this.error(`cannot broadcast the shapes ${values.map((v) => `[${v.dims.join()}]`).join(' and ')}`);
    return { type, dims };
  }

  /** The element type that all inputs share. */
  sharedType(): ElementType {
    const types = new Set(this.inputs.map((_, i) => this.input(i).type));
    if (types.size !== 1) throw this.error(`mixes the element types ${[...types].join(' and ')}`);
    return [...types][0]!;
  }

  /** Elements of an input that has to be a constant of integers. */
  constantInts(i: number, what: string): number[] {
    const numbers = this.optionalInts(i, what);
    if (!numbers) throw this.error(`lacks its ${what}`);
    return numbers;
  }

  /** Elements of an optional input that has to be a constant of integers. */
  optionalInts(i: number, what: string): number[] | undefined {
    const tensor = this.constants[i];
    if (!tensor) {
      if (this.inputs[i]) throw this.error(`needs constant ${what}; Madder builds graphs with fixed shapes`);
      return undefined;
    }
    if (isFloatType(tensor.type)) throw this.error(`needs whole numbers for its ${what}`);
    return numbersOf(tensor);
  }

  int(name: string, fallback: number): number {
    return intAttribute(this.node, name, fallback);
  }

  /** A list attribute of fixed length, none below `least`. */
  list(name: string, length: number, fallback: number, least: number): readonly number[] {
    const list = intsAttribute(this.node, name) ?? new Array<number>(length).fill(fallback);
    if (list.length !== length) throw this.error(`needs ${length} numbers in ${name} but has ${list.length}`);
    if (list.some((v) => v < least)) throw this.error(`has ${name} [${list.join()}] with a number below ${least}`);
    return list;
  }

  axes(axes: readonly number[], rank: number): number[] {
    return normalizeAxes(this.node, axes, rank);
  }

  /** The attribute `axis`, counted from the front; `end` allows the position after the last axis. */
  axis(fallback: number, rank: number, end = false): number {
    const given = this.int('axis', fallback);
    const axis = given < 0 ? given + rank : given;
    if (axis < 0 || axis >= rank + (end ? 1 : 0)) throw this.error(`has axis ${given} for ${rank} dimensions`);
    return axis;
  }

  /** Padding is made explicit when a graph is built (inline.ts), so that every later stage reads only `pads`. */
  explicitPads(): void {
    const auto = this.node.attributes['auto_pad'];
    if (auto !== undefined && auto !== 'NOTSET') throw this.error('still has automatic padding');
  }
}

const sameAsInput: ShapeRule = (call) => [call.input(0)];

const floats: ShapeRule = (call) => {
  const x = call.input(0);
  if (!isFloatType(x.type)) throw call.error(`needs real numbers but received ${x.type}`);
  return [x];
};

const bools: ShapeRule = (call) => {
  const result = call.broadcast();
  if (result.type !== 'bool') throw call.error(`needs true or false values but received ${result.type}`);
  return [result];
};

const alongAxis: ShapeRule = (call) => {
  const [x] = floats(call);
  call.axis(-1, x!.dims.length);
  return [x!];
};

const broadcast2: ShapeRule = (call) => [call.broadcast(0, 2)];

const broadcastAll: ShapeRule = (call) => [call.broadcast()];

const compare: ShapeRule = (call) => [{ type: 'bool', dims: call.broadcast(0, 2).dims }];

/** Pow keeps the type of the base; the exponent may have another one. */
const power: ShapeRule = (call) => {
  const [x, y] = [call.input(0), call.input(1)];
  const dims = broadcastDims(x.dims, y.dims);
  if (!dims) throw call.error(`cannot broadcast the shapes [${x.dims.join()}] and [${y.dims.join()}]`);
  return [{ type: x.type, dims }];
};

/** Number of window positions along one axis, without a partial window at the end. */
function positions(call: Call, padded: number, window: number, stride: number): number {
  if (padded < window) {
    throw call.error(`moves a window of ${window} over only ${padded} positions; the picture is too small for it`);
  }
  return Math.floor((padded - window) / stride) + 1;
}

const conv: ShapeRule = (call) => {
  call.explicitPads();
  const [x] = floats(call) as [Value];
  call.input(0, 3);
  const rank = x.dims.length;
  const w = call.input(1, rank, rank);
  const [batch, channels, ...space] = x.dims as [number, number, ...number[]];
  const [filters, perGroup, ...kernel] = w.dims as [number, number, ...number[]];
  const group = call.int('group', 1);
  if (group < 1 || perGroup * group !== channels || filters % group !== 0) {
    throw call.error(`has ${filters} filters of ${perGroup} channels in ${group} groups for ${channels} channels`);
  }
  checkKernel(call, kernel);
  if (call.inputs[2]) call.exactly(2, [filters]);
  const n = space.length;
  const strides = call.list('strides', n, 1, 1);
  const dilations = call.list('dilations', n, 1, 1);
  const pads = call.list('pads', 2 * n, 0, 0);
  const out = space.map((size, i) =>
    positions(call, size + pads[i]! + pads[n + i]!, dilations[i]! * (kernel[i]! - 1) + 1, strides[i]!),
  );
  return [{ type: x.type, dims: [batch, filters, ...out] }];
};

const convTranspose: ShapeRule = (call) => {
  call.explicitPads();
  if (call.node.attributes['output_shape'] !== undefined) throw call.error('still has an output shape instead of pads');
  const [x] = floats(call) as [Value];
  call.input(0, 3);
  const rank = x.dims.length;
  const w = call.input(1, rank, rank);
  const [batch, channels, ...space] = x.dims as [number, number, ...number[]];
  const [inChannels, perGroup, ...kernel] = w.dims as [number, number, ...number[]];
  const group = call.int('group', 1);
  if (group < 1 || inChannels !== channels || channels % group !== 0) {
    throw call.error(`has weights for ${inChannels} channels in ${group} groups but receives ${channels} channels`);
  }
  checkKernel(call, kernel);
  if (call.inputs[2]) call.exactly(2, [perGroup * group]);
  const n = space.length;
  const strides = call.list('strides', n, 1, 1);
  const dilations = call.list('dilations', n, 1, 1);
  const pads = call.list('pads', 2 * n, 0, 0);
  const extra = call.list('output_padding', n, 0, 0);
  const out = space.map((size, i) => {
    const window = dilations[i]! * (kernel[i]! - 1) + 1;
    const length = strides[i]! * (size - 1) + extra[i]! + window - pads[i]! - pads[n + i]!;
    if (length < 1) throw call.error(`pads away its whole output`);
    return length;
  });
  return [{ type: x.type, dims: [batch, perGroup * group, ...out] }];
};

function checkKernel(call: Call, kernel: readonly number[]): void {
  const declared = intsAttribute(call.node, 'kernel_shape');
  if (declared && (declared.length !== kernel.length || declared.some((k, i) => k !== kernel[i]))) {
    throw call.error(`declares a kernel of [${declared.join()}] but has weights of [${kernel.join()}]`);
  }
  if (kernel.some((k) => k < 1)) throw call.error('has an empty kernel');
}

/**
 * Number of window positions of a pool along one axis, as onnxruntime computes it. With `ceil`, a last partial window
 * counts only when it starts inside the input or its leading padding (PyTorch's rule; onnxruntime's
 * PoolAttributes::ComputeOutputSize).
 */
export function pooledSize(
  size: number,
  kernel: number,
  stride: number,
  dilation: number,
  padBegin: number,
  padEnd: number,
  ceil: boolean,
): number {
  const room = size + padBegin + padEnd - (dilation * (kernel - 1) + 1);
  if (!ceil) return Math.floor(room / stride) + 1;
  const count = Math.ceil(room / stride) + 1;
  return (count - 1) * stride >= size + padBegin ? count - 1 : count;
}

const pool: ShapeRule = (call) => {
  call.explicitPads();
  const [x] = floats(call) as [Value];
  call.input(0, 3);
  const [batch, channels, ...space] = x.dims as [number, number, ...number[]];
  const n = space.length;
  if (call.node.attributes['kernel_shape'] === undefined) throw call.error('lacks its kernel_shape');
  const kernel = call.list('kernel_shape', n, 1, 1);
  const strides = call.list('strides', n, 1, 1);
  const pads = call.list('pads', 2 * n, 0, 0);
  if (pads.some((p, i) => p >= kernel[i % n]!)) throw call.error('pads by more than its kernel');
  const isMax = call.node.op === 'MaxPool';
  const dilations = isMax ? call.list('dilations', n, 1, 1) : new Array<number>(n).fill(1);
  const ceil = call.int('ceil_mode', 0) !== 0;
  const out = space.map((size, i) => {
    const [k, stride, dilation] = [kernel[i]!, strides[i]!, dilations[i]!] as const;
    const count = pooledSize(size, k, stride, dilation, pads[i]!, pads[n + i]!, ceil);
    // A partial window at the end may be the only one: of one position, two by two are still one.
    if (count < 1 || !ceil) positions(call, size + pads[i]! + pads[n + i]!, dilation * (k - 1) + 1, stride);
    return count;
  });
  const dims = [batch, channels, ...out];
  return isMax
    ? [
        { type: x.type, dims },
        { type: 'int64', dims },
      ]
    : [{ type: x.type, dims }];
};

const globalPool: ShapeRule = (call) => {
  const { type, dims } = call.input(0, 3);
  return [{ type, dims: dims.map((d, i) => (i < 2 ? d : 1)) }];
};

const gemm: ShapeRule = (call) => {
  const [a, b] = [call.input(0, 2, 2), call.input(1, 2, 2)];
  const [m, k] = call.int('transA', 0) ? [a.dims[1]!, a.dims[0]!] : [a.dims[0]!, a.dims[1]!];
  const [k2, n] = call.int('transB', 0) ? [b.dims[1]!, b.dims[0]!] : [b.dims[0]!, b.dims[1]!];
  if (k !== k2) throw call.error(`cannot multiply matrices of [${a.dims.join()}] and [${b.dims.join()}]`);
  call.fits(2, [m, n]);
  return [{ type: a.type, dims: [m, n] }];
};

const matMul: ShapeRule = (call) => {
  const [a, b] = [call.input(0, 1), call.input(1, 1)];
  const left = a.dims.length === 1 ? [1, a.dims[0]!] : a.dims;
  const right = b.dims.length === 1 ? [b.dims[0]!, 1] : b.dims;
  const batch = broadcastDims(left.slice(0, -2), right.slice(0, -2));
  if (!batch || left.at(-1) !== right.at(-2)) {
    throw call.error(`cannot multiply matrices of [${a.dims.join()}] and [${b.dims.join()}]`);
  }
  const rows = a.dims.length === 1 ? [] : [left.at(-2)!];
  const columns = b.dims.length === 1 ? [] : [right.at(-1)!];
  return [{ type: a.type, dims: [...batch, ...rows, ...columns] }];
};

const batchNormalization: ShapeRule = (call) => {
  if (call.int('training_mode', 0) !== 0) throw call.error('is in training mode; export the network for inference');
  const [x] = floats(call) as [Value];
  const channels = x.dims[1] ?? 1;
  for (const i of [1, 2, 3, 4]) call.exactly(i, [channels]);
  return [x];
};

const instanceNormalization: ShapeRule = (call) => {
  const x = call.input(0, 3);
  for (const i of [1, 2]) call.exactly(i, [x.dims[1]!]);
  return [x];
};

const layerNormalization: ShapeRule = (call) => {
  const [x] = floats(call) as [Value];
  const axis = call.axis(-1, x.dims.length);
  const normalized = x.dims.slice(axis);
  call.input(1);
  call.fits(1, normalized);
  call.fits(2, normalized);
  const statistics: Value = { type: 'float32', dims: x.dims.map((d, i) => (i < axis ? d : 1)) };
  return [x, statistics, statistics];
};

const rmsNormalization: ShapeRule = (call) => {
  const [x] = floats(call) as [Value];
  call.input(1);
  call.fits(1, x.dims.slice(call.axis(-1, x.dims.length)));
  return [x];
};

/** Scale and shift per group (opset 18) or per channel (opset 21). */
const groupNormalization: ShapeRule = (call) => {
  const [x] = floats(call) as [Value];
  const channels = call.input(0, 2).dims[1]!;
  const groups = call.int('num_groups', 0);
  if (groups < 1 || channels % groups !== 0) throw call.error(`cannot form ${groups} groups of ${channels} channels`);
  const per = call.input(1).dims[0] === groups ? groups : channels;
  for (const i of [1, 2]) call.exactly(i, [per]);
  return [x];
};

/** Queries, keys and values as [batch, heads, length, size], or as [batch, length, heads · size]. */
const attention: ShapeRule = (call) => {
  for (const i of [4, 5, 6]) if (call.inputs[i]) throw call.error('continues an earlier text, which is not supported');
  if (call.node.attributes['softcap'] !== undefined && call.node.attributes['softcap'] !== 0)
    throw call.error('has a soft cap, which is not supported');
  if (call.node.outputs.slice(1).some((name) => name !== '')) throw call.error('has outputs that are not supported');
  const [q, k, v] = [call.input(0, 3, 4), call.input(1, 3, 4), call.input(2, 3, 4)];
  const split = ({ dims }: Value, heads: string): number[] => {
    if (dims.length === 4) return [...dims];
    const count = call.int(heads, 0);
    if (count < 1 || dims[2]! % count !== 0) throw call.error(`cannot form ${count} heads of ${dims[2]} numbers`);
    return [dims[0]!, count, dims[1]!, dims[2]! / count];
  };
  const [batch, heads, rows, size] = split(q, 'q_num_heads') as [number, number, number, number];
  const [keys, values] = [split(k, 'kv_num_heads'), split(v, 'kv_num_heads')];
  const fits =
    keys[0] === batch &&
    values[0] === batch &&
    keys[1] === values[1] &&
    heads % keys[1]! === 0 &&
    keys[2] === values[2];
  if (!fits || keys[3] !== size) {
    throw call.error(`cannot attend with [${q.dims.join()}] to [${k.dims.join()}] and [${v.dims.join()}]`);
  }
  call.fits(3, [batch, heads, rows, keys[2]!]);
  const out = values[3]!;
  return [{ type: q.type, dims: q.dims.length === 4 ? [batch, heads, rows, out] : [batch, rows, heads * out] }];
};

const einsum: ShapeRule = (call) => {
  const operands = call.inputs.map((_, i) => call.input(i).dims);
  const { output, sizes } = parseEinsum(stringAttribute(call.node, 'equation', ''), operands, (problem) =>
    call.error(problem),
  );
  return [{ type: call.sharedType(), dims: output.map((label) => sizes.get(label)!) }];
};

const cumSum: ShapeRule = (call) => {
  const x = call.input(0, 1);
  const axis = call.constantInts(1, 'axis');
  if (axis.length !== 1) throw call.error('needs one axis');
  call.axes(axis, x.dims.length);
  return [x];
};

const trilu: ShapeRule = (call) => {
  const x = call.input(0, 2);
  call.optionalInts(1, 'diagonal');
  return [x];
};

const gatherNd: ShapeRule = (call) => {
  const { type, dims } = call.input(0, 1);
  const indices = call.input(1, 1).dims;
  const batch = call.int('batch_dims', 0);
  const depth = batch + indices.at(-1)!;
  if (
    batch < 0 ||
    batch >= indices.length ||
    depth > dims.length ||
    indices.slice(0, batch).some((d, i) => d !== dims[i])
  )
    throw call.error(`has indices of [${indices.join()}] for data of [${dims.join()}]`);
  return [{ type, dims: [...indices.slice(0, -1), ...dims.slice(depth)] }];
};

const pRelu: ShapeRule = (call) => {
  const [x] = floats(call) as [Value];
  call.input(1);
  call.fits(1, x.dims);
  return [x];
};

const reduce: ShapeRule = (call) => {
  const { type, dims } = call.input(0);
  if (call.node.op === 'ReduceSum') call.optionalInts(1, 'axes');
  const axes = reducedAxes(call.node, dims.length, call.constants[1]);
  const keep = call.int('keepdims', 1) !== 0;
  const out = keep ? dims.map((d, i) => (axes.includes(i) ? 1 : d)) : dims.filter((_, i) => !axes.includes(i));
  return [{ type, dims: out }];
};

const where: ShapeRule = (call) => {
  const condition = call.input(0);
  if (condition.type !== 'bool') throw call.error(`needs true or false values but received ${condition.type}`);
  const { type, dims } = call.broadcast(1, 3);
  const out = broadcastDims(condition.dims, dims);
  if (!out) throw call.error(`cannot broadcast the shapes [${condition.dims.join()}] and [${dims.join()}]`);
  return [{ type, dims: out }];
};

const concat: ShapeRule = (call) => {
  const { type, dims } = call.input(0, 1);
  if (call.node.attributes['axis'] === undefined) throw call.error('lacks its axis');
  const axis = call.axis(0, dims.length);
  let length = 0;
  call.inputs.forEach((_, i) => {
    const next = call.input(i, dims.length, dims.length);
    if (next.type !== type || next.dims.some((d, k) => k !== axis && d !== dims[k])) {
      throw call.error(`cannot join ${type}[${dims.join()}] and ${next.type}[${next.dims.join()}] along axis ${axis}`);
    }
    length += next.dims[axis]!;
  });
  return [{ type, dims: dims.with(axis, length) }];
};

const split: ShapeRule = (call) => {
  const { type, dims } = call.input(0, 1);
  const axis = call.axis(0, dims.length);
  call.optionalInts(1, 'split');
  return splitSizes(call.node, dims[axis]!, call.constants[1]).map((size) => ({ type, dims: dims.with(axis, size) }));
};

const slice: ShapeRule = (call) => {
  const { type, dims } = call.input(0);
  for (const [i, what] of ['starts', 'ends', 'axes', 'steps'].entries()) call.optionalInts(i + 1, what);
  return [{ type, dims: sliceRanges(call.node, dims, call.constants).map((range) => range.count) }];
};

const reshape: ShapeRule = (call) => {
  const { type, dims } = call.input(0);
  const wanted = call.constantInts(1, 'shape');
  const zeroCopies = call.int('allowzero', 0) === 0;
  const out = wanted.map((d, i) => (d === 0 && zeroCopies ? (dims[i] ?? -2) : d));
  const free = out.indexOf(-1);
  const total = elementCount(dims);
  if (free >= 0) {
    const others = elementCount(out.filter((_, i) => i !== free));
    out[free] = others === 0 ? (total === 0 ? 0 : -2) : total / others;
  }
  if (out.some((d) => d < 0 || !Number.isInteger(d)) || elementCount(out) !== total) {
    throw call.error(`cannot turn the shape [${dims.join()}] into [${wanted.join()}]`);
  }
  return [{ type, dims: out }];
};

const flatten: ShapeRule = (call) => {
  const { type, dims } = call.input(0);
  const axis = call.axis(1, dims.length, true);
  return [{ type, dims: [elementCount(dims.slice(0, axis)), elementCount(dims.slice(axis))] }];
};

const transpose: ShapeRule = (call) => {
  const { type, dims } = call.input(0);
  const perm = intsAttribute(call.node, 'perm') ?? dims.map((_, i) => dims.length - 1 - i);
  if (perm.length !== dims.length || [...perm].sort((a, b) => a - b).some((p, i) => p !== i)) {
    throw call.error(`cannot permute ${dims.length} dimensions by [${perm.join()}]`);
  }
  return [{ type, dims: perm.map((p) => dims[p]!) }];
};

const squeeze: ShapeRule = (call) => {
  const { type, dims } = call.input(0);
  const given = call.optionalInts(1, 'axes');
  const axes = given ? call.axes(given, dims.length) : dims.flatMap((d, i) => (d === 1 ? [i] : []));
  if (axes.some((a) => dims[a] !== 1)) throw call.error(`cannot drop the axes [${axes.join()}] of [${dims.join()}]`);
  return [{ type, dims: dims.filter((_, i) => !axes.includes(i)) }];
};

const unsqueeze: ShapeRule = (call) => {
  const { type, dims } = call.input(0);
  const given = call.constantInts(1, 'axes');
  const rank = dims.length + given.length;
  const axes = new Set(call.axes(given, rank));
  const rest = dims.values();
  return [{ type, dims: Array.from({ length: rank }, (_, i) => (axes.has(i) ? 1 : rest.next().value!)) }];
};

const expand: ShapeRule = (call) => {
  const { type, dims } = call.input(0);
  const shape = call.constantInts(1, 'shape');
  const out = broadcastDims(dims, shape);
  if (!out) throw call.error(`cannot expand [${dims.join()}] to [${shape.join()}]`);
  return [{ type, dims: out }];
};

const tile: ShapeRule = (call) => {
  const { type, dims } = call.input(0);
  const repeats = call.constantInts(1, 'repeats');
  if (repeats.length !== dims.length || repeats.some((r) => r < 0)) {
    throw call.error(`cannot repeat [${dims.join()}] by [${repeats.join()}]`);
  }
  return [{ type, dims: dims.map((d, i) => d * repeats[i]!) }];
};

const pad: ShapeRule = (call) => {
  const { type, dims } = call.input(0);
  if (call.inputs[3]) throw call.error('still pads some axes only');
  const pads = call.constantInts(1, 'pads');
  const n = dims.length;
  if (pads.length !== 2 * n) throw call.error(`needs ${2 * n} pads but has ${pads.length}`);
  const mode = stringAttribute(call.node, 'mode', 'constant');
  if (!['constant', 'reflect', 'edge', 'wrap'].includes(mode)) throw call.error(`has the unknown mode "${mode}"`);
  const out = dims.map((d, i) => {
    const [before, after] = [pads[i]!, pads[n + i]!];
    if (mode === 'reflect' && Math.max(before, after) >= d && Math.max(before, after) > 0) {
      throw call.error(
        `cannot reflect ${Math.max(before, after)} pixels of only ${d}; the picture is too small for it`,
      );
    }
    if (mode === 'wrap' && d === 0 && before + after > 0) throw call.error('repeats what is empty');
    const length = d + before + after;
    if (length < 0) throw call.error(`cuts more than there is: pads [${pads.join()}] of [${dims.join()}]`);
    return length;
  });
  return [{ type, dims: out }];
};

const resize: ShapeRule = (call) => {
  const { type, dims } = call.input(0);
  if (call.node.attributes['axes'] !== undefined) throw call.error('still resizes some axes only');
  const mode = stringAttribute(call.node, 'mode', 'nearest');
  if (mode !== 'nearest' && mode !== 'linear' && mode !== 'cubic') throw call.error(`has the unknown mode "${mode}"`);
  if (stringAttribute(call.node, 'coordinate_transformation_mode', 'half_pixel') === 'tf_crop_and_resize') {
    throw call.error('crops while it resizes, which is not supported');
  }
  const sizes = call.optionalInts(3, 'sizes');
  if (sizes && sizes.length > 0) {
    if (sizes.length !== dims.length || sizes.some((s) => s < 1)) {
      throw call.error(`cannot resize [${dims.join()}] to [${sizes.join()}]`);
    }
    return [{ type, dims: sizes }];
  }
  const tensor = call.constants[2];
  if (!tensor) throw call.error('needs constant scales or sizes; Madder builds graphs with fixed shapes');
  const scales = tensor.type === 'float32' ? tensor.data : [];
  if (scales.length !== dims.length || scales.some((s) => !(s > 0) || s === Infinity)) {
    throw call.error(`cannot resize [${dims.join()}] by [${Array.from(scales).join()}]`);
  }
  // The product is rounded to float32 first, as onnxruntime does: 0.1 * 30 gives 3 elements, not 2.
  return [{ type, dims: dims.map((d, i) => Math.floor(Math.fround(d * scales[i]!))) }];
};

const shapeOf: ShapeRule = (call) => {
  const rank = call.input(0).dims.length;
  const [start, end] = shapeRange(call.node, rank);
  return [{ type: 'int64', dims: [end - start] }];
};

/** First and one past the last dimension that a `Shape` node (opset 15) reports of `rank` dimensions. */
export function shapeRange(node: OnnxNode, rank: number): readonly [number, number] {
  const clamp = (v: number): number => Math.min(Math.max(v < 0 ? v + rank : v, 0), rank);
  const start = clamp(intAttribute(node, 'start', 0));
  return [start, Math.max(start, clamp(intAttribute(node, 'end', rank)))];
}

const gather: ShapeRule = (call) => {
  const { type, dims } = call.input(0, 1);
  const axis = call.axis(0, dims.length);
  return [{ type, dims: [...dims.slice(0, axis), ...call.input(1).dims, ...dims.slice(axis + 1)] }];
};

const gatherElements: ShapeRule = (call) => {
  const { type, dims } = call.input(0, 1);
  const axis = call.axis(0, dims.length);
  const indices = call.input(1, dims.length, dims.length).dims;
  if (indices.some((d, i) => i !== axis && d > dims[i]!)) {
    throw call.error(`has indices of [${indices.join()}] for data of [${dims.join()}]`);
  }
  return [{ type, dims: indices }];
};

const scatterElements: ShapeRule = (call) => {
  const x = call.input(0, 1);
  const axis = call.axis(0, x.dims.length);
  const indices = call.input(1, x.dims.length, x.dims.length).dims;
  if (indices.some((d, i) => i !== axis && d > x.dims[i]!)) {
    throw call.error(`has indices of [${indices.join()}] for data of [${x.dims.join()}]`);
  }
  call.exactly(2, indices);
  return [x];
};

const range: ShapeRule = (call) => {
  const { type } = call.input(0);
  const [start, limit, delta] = [0, 1, 2].map((i) => {
    const tensor = call.constants[i];
    if (!tensor || tensor.data.length !== 1 || tensor.type !== type) {
      throw call.error('needs three constants of one type; Madder builds graphs with fixed shapes');
    }
    return numbersOf(tensor)[0]!;
  }) as [number, number, number];
  const count = Math.ceil((limit - start) / delta);
  if (!Number.isFinite(count)) throw call.error(`counts from ${start} to ${limit} in steps of ${delta}`);
  return [{ type, dims: [Math.max(0, count)] }];
};

const depthToSpace: ShapeRule = (call) => {
  const { type, dims } = call.input(0, 4, 4);
  const block = call.int('blocksize', 0);
  const [n, c, h, w] = dims as [number, number, number, number];
  if (block < 1 || c % (block * block) !== 0) throw call.error(`cannot spread ${c} channels in blocks of ${block}`);
  return [{ type, dims: [n, c / (block * block), h * block, w * block] }];
};

const spaceToDepth: ShapeRule = (call) => {
  const { type, dims } = call.input(0, 4, 4);
  const block = call.int('blocksize', 0);
  const [n, c, h, w] = dims as [number, number, number, number];
  if (block < 1 || h % block !== 0 || w % block !== 0)
    throw call.error(`cannot cut ${h} by ${w} into blocks of ${block}`);
  return [{ type, dims: [n, c * block * block, h / block, w / block] }];
};

const RULES: ReadonlyMap<string, ShapeRule> = new Map<string, ShapeRule>([
  ...['Relu', 'Neg', 'Abs', 'Sign', 'Clip', 'Identity'].map((op) => [op, sameAsInput] as const),
  ...['LeakyRelu', 'Elu', 'Sigmoid', 'HardSigmoid', 'HardSwish', 'Tanh', 'Softplus', 'Erf', 'Exp', 'Log', 'Sqrt'].map(
    (op) => [op, floats] as const,
  ),
  ...[
    'Gelu',
    'Mish',
    'Selu',
    'Celu',
    'Softsign',
    'Swish',
    'Shrink',
    'ThresholdedRelu',
    'Sin',
    'Cos',
    'Tan',
    'Atan',
  ].map((op) => [op, floats] as const),
  ...['Reciprocal', 'Floor', 'Ceil', 'Round', 'LRN'].map((op) => [op, floats] as const),
  ...['Softmax', 'LogSoftmax'].map((op) => [op, alongAxis] as const),
  ...['Add', 'Sub', 'Mul', 'Div', 'Mod'].map((op) => [op, broadcast2] as const),
  ...['Min', 'Max', 'Sum'].map((op) => [op, broadcastAll] as const),
  ...['Equal', 'Greater', 'Less', 'GreaterOrEqual', 'LessOrEqual'].map((op) => [op, compare] as const),
  ...['And', 'Or', 'Not'].map((op) => [op, bools] as const),
  ...['ReduceMean', 'ReduceSum', 'ReduceMax', 'ReduceMin', 'ReduceL1', 'ReduceL2', 'ReduceSumSquare', 'ReduceProd'].map(
    (op) => [op, reduce] as const,
  ),
  ...['ReduceLogSum', 'ReduceLogSumExp'].map((op) => [op, reduce] as const),
  ['Pow', power],
  ['PRelu', pRelu],
  ['Conv', conv],
  ['ConvTranspose', convTranspose],
  ['MaxPool', pool],
  ['AveragePool', pool],
  ['GlobalAveragePool', globalPool],
  ['GlobalMaxPool', globalPool],
  ['Gemm', gemm],
  ['MatMul', matMul],
  ['BatchNormalization', batchNormalization],
  ['InstanceNormalization', instanceNormalization],
  ['LayerNormalization', layerNormalization],
  ['RMSNormalization', rmsNormalization],
  ['GroupNormalization', groupNormalization],
  ['Attention', attention],
  ['Einsum', einsum],
  ['CumSum', cumSum],
  ['GatherND', gatherNd],
  ['Trilu', trilu],
  ['Where', where],
  ['Concat', concat],
  ['Split', split],
  ['Slice', slice],
  ['Reshape', reshape],
  ['Flatten', flatten],
  ['Transpose', transpose],
  ['Squeeze', squeeze],
  ['Unsqueeze', unsqueeze],
  ['Expand', expand],
  ['Tile', tile],
  ['Pad', pad],
  ['Resize', resize],
  ['Gather', gather],
  ['GatherElements', gatherElements],
  ['ScatterElements', scatterElements],
  ['Range', range],
  ['DepthToSpace', depthToSpace],
  ['SpaceToDepth', spaceToDepth],
  ['Shape', shapeOf],
  ['Size', (call) => (call.input(0), [{ type: 'int64', dims: [] }])],
  ['Cast', (call) => [{ type: castType(call.node), dims: call.input(0).dims }]],
  ['Dropout', (call) => [call.input(0), { type: 'bool', dims: call.input(0).dims }]],
  ['Constant', (call) => [constantValue(call.node)]],
  ['ConstantOfShape', (call) => [{ type: fillValue(call.node).type, dims: call.constantInts(0, 'shape') }]],
]);

/** Whether shape inference knows an operator of the standard domain, and with it the engine's graphs. */
export const isSupportedOperator = (op: string): boolean => RULES.has(op);

/**
 * Types and concrete shapes of a node's outputs, by the operator specification at opset 17.
 *
 * `inputs` are the values that the node reads (undefined where an optional one is omitted), `constants` the tensors
 * behind those that are constant. Padding has to be explicit. Throws a MadderError of kind `network` that names
 * operator and node for an operator that is not supported, for inputs that do not fit it, and where the shape depends
 * on a value that is not constant. Results past the node's own outputs (a pool's indices) may be returned too.
 */
export function inferShapes(
  node: OnnxNode,
  inputs: readonly (Value | undefined)[],
  constants: readonly (Tensor | undefined)[],
): Value[] {
  const rule = node.domain === '' ? RULES.get(node.op) : undefined;
  if (!rule) throw nodeError(node, 'is not supported by Madder');
  const values = rule(new Call(node, inputs, constants)).map(({ type, dims }) => ({ type, dims }));
  for (const { dims } of values) {
    if (dims.some((d) => !Number.isSafeInteger(d) || d < 0) || elementCount(dims) > MAX_ELEMENTS) {
      throw nodeError(node, `would make a tensor of the impossible shape [${dims.join()}]`);
    }
  }
  const extra = node.outputs.findIndex((name, i) => name !== '' && !values[i]);
  if (extra >= 0) throw nodeError(node, `has an output ${extra + 1}, which is not supported`);
  return values;
}
