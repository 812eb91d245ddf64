import type { ElementType, Tensor } from '../../shared/tensor.ts';

type ElementArray = {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): Tensor['data'];
};

const ARRAYS: Readonly<Record<ElementType, ElementArray>> = {
  float64: Float64Array,
  float32: Float32Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};

/** Bytes of one element. */
export const elementBytes = (type: ElementType): number => ARRAYS[type].BYTES_PER_ELEMENT;

/**
 * A tensor over little-endian bytes, a view of them where they are aligned and a copy elsewhere: typed arrays need
 * offsets that are multiples of their element size. `bytes` has exactly the length that type and shape ask for.
 */
export function tensorOf(type: ElementType, dims: readonly number[], bytes: Uint8Array): Tensor {
  const size = elementBytes(type);
  const { buffer, byteOffset } = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  return { type, dims, data: new ARRAYS[type](buffer, byteOffset, bytes.byteLength / size) } as Tensor;
}
