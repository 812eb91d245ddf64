import { numbersOf, type Tensor } from '../../src/shared/tensor.ts';
import type { AttributeValue } from '../../src/main/formats/onnx.ts';

/** A dense row-major array of doubles. Booleans are 0 and 1, integers are doubles too: the evaluator has one element type. */
export interface NdArray {
  readonly dims: readonly number[];
  readonly data: Float64Array;
}

/** What an operator is given: its arrays (undefined where an optional input is omitted), attributes and output count. */
export interface Call {
  readonly inputs: readonly (NdArray | undefined)[];
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly outputCount: number;
}

/** One operator of opset 17, as its specification words it. */
export type Operator = (call: Call) => readonly NdArray[];

export const sizeOf = (dims: readonly number[]): number => dims.reduce((n, d) => n * d, 1);

export function arrayOf(dims: readonly number[], data: ArrayLike<number>): NdArray {
  if (data.length !== sizeOf(dims)) throw new Error(`${data.length} elements do not fill [${dims.join()}]`);
  return { dims, data: data instanceof Float64Array ? data : Float64Array.from(data) };
}

export const zeros = (dims: readonly number[]): NdArray => ({ dims, data: new Float64Array(sizeOf(dims)) });

export const fromTensor = (tensor: Tensor): NdArray => arrayOf(tensor.dims, numbersOf(tensor));

export function stridesOf(dims: readonly number[]): number[] {
  const strides = new Array<number>(dims.length);
  let stride = 1;
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= dims[axis]!;
  }
  return strides;
}

/** Builds an array by asking for every element; `index` is reused between calls. */
export function generate(dims: readonly number[], element: (index: readonly number[]) => number): NdArray {
  const result = zeros(dims);
  const index = dims.map(() => 0);
  for (let offset = 0; offset < result.data.length; offset++) {
    result.data[offset] = element(index);
    for (let axis = dims.length - 1; axis >= 0 && ++index[axis]! === dims[axis]; axis--) index[axis] = 0;
  }
  return result;
}

/** The element at a full index. */
export function at(array: NdArray, index: readonly number[]): number {
  const { dims, data } = array;
  let offset = 0;
  for (let axis = 0; axis < dims.length; axis++) offset = offset * dims[axis]! + index[axis]!;
  return data[offset]!;
}

/** The element that numpy-style broadcasting puts at `index` of a larger (or equal) shape. */
export function broadcastAt(array: NdArray, index: readonly number[]): number {
  const { dims, data } = array;
  const skipped = index.length - dims.length;
  let offset = 0;
  for (let axis = 0; axis < dims.length; axis++) {
    offset = offset * dims[axis]! + (dims[axis] === 1 ? 0 : index[axis + skipped]!);
  }
  return data[offset]!;
}

/** Shape that several shapes broadcast to. */
export function broadcastDims(...shapes: (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((s) => s.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((s) => s[axis - rank + s.length] ?? 1);
    const size = sizes.find((s) => s !== 1) ?? 1;
    if (sizes.some((s) => s !== 1 && s !== size)) {
      throw new Error(`shapes ${shapes.map((s) => `[${s.join()}]`).join(' ')} do not broadcast`);
    }
    return size;
  });
}

/** Axis counted from the front. */
export const frontAxis = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** A required input. */
export function input(call: Call, position: number): NdArray {
  const array = call.inputs[position];
  if (!array) throw new Error(`input ${position} is missing`);
  return array;
}

/** A list of integers given as an optional input (axes, pads, shape ...). */
export const listInput = (call: Call, position: number): number[] | undefined => {
  const array = call.inputs[position];
  return array && Array.from(array.data);
};

export function numberAttribute(call: Call, name: string, fallback: number): number {
  const value = call.attributes[name] ?? fallback;
  if (typeof value !== 'number') throw new Error(`attribute ${name} is not a number`);
  return value;
}

/** A float attribute as a file stores it: rounded to float32. */
export const floatAttribute = (call: Call, name: string, fallback: number): number =>
  Math.fround(numberAttribute(call, name, fallback));

export function textAttribute(call: Call, name: string, fallback: string): string {
  const value = call.attributes[name] ?? fallback;
  if (typeof value !== 'string') throw new Error(`attribute ${name} is not a string`);
  return value;
}

export function listAttribute(call: Call, name: string): number[] | undefined {
  const value = call.attributes[name];
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) throw new Error(`attribute ${name} is not a list`);
  return value as number[];
}
