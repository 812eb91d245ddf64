/** Element types that ONNX files hold and that Madder reads. */
export type ElementType =
  | 'float32'
  | 'float16'
  | 'bfloat16'
  | 'float64'
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'bool';

/** Storage per element type; float16 and bfloat16 are raw bits, bool is one byte per element (0 or 1). */
export interface TensorStorage {
  float32: Float32Array;
  float16: Uint16Array;
  bfloat16: Uint16Array;
  float64: Float64Array;
  int8: Int8Array;
  uint8: Uint8Array;
  int16: Int16Array;
  uint16: Uint16Array;
  int32: Int32Array;
  uint32: Uint32Array;
  int64: BigInt64Array;
  uint64: BigUint64Array;
  bool: Uint8Array;
}

/** A dense row-major tensor; `dims` is empty for a scalar, which has one element. */
export type Tensor<T extends ElementType = ElementType> = {
  [K in T]: { readonly type: K; readonly dims: readonly number[]; readonly data: TensorStorage[K] };
}[T];

/** Number of elements of a shape; 1 for a scalar. */
export const elementCount = (dims: readonly number[]): number => dims.reduce((n, d) => n * d, 1);

/** A float32 tensor; plain numbers are rounded to float32. */
export function floatTensor(dims: readonly number[], data: Float32Array | ArrayLike<number>): Tensor<'float32'> {
  return { type: 'float32', dims, data: data instanceof Float32Array ? data : Float32Array.from(data) };
}

/** An int64 tensor, the type of shapes, axes and indices in ONNX. One-dimensional unless `dims` says otherwise. */
export function intTensor(values: readonly number[], dims: readonly number[] = [values.length]): Tensor<'int64'> {
  return { type: 'int64', dims, data: BigInt64Array.from(values, BigInt) };
}

/** Elements as JavaScript numbers; for integer, bool, float32 and float64 tensors (not for half-precision bits). */
export function numbersOf(tensor: Tensor): number[] {
  if (tensor.type === 'float16' || tensor.type === 'bfloat16') throw new TypeError(`${tensor.type} holds raw bits`);
  return Array.from(tensor.data as ArrayLike<number | bigint>, Number);
}
