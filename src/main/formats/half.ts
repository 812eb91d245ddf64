import type { ElementType, Tensor } from '../../shared/tensor.ts';

/** Element types that hold real numbers. */
export type FloatElementType = 'float32' | 'float16' | 'bfloat16' | 'float64';

/** Whether an element type holds real numbers (any width). */
export const isFloatType = (type: ElementType): type is FloatElementType =>
  type === 'float32' || type === 'float16' || type === 'bfloat16' || type === 'float64';

let halfTable: Uint32Array | undefined;

/** The float32 bit pattern of every float16 bit pattern; built on first use (256 kB). */
function halfToFloatBits(): Uint32Array {
  if (halfTable) return halfTable;
  const table = new Uint32Array(65536);
  for (let half = 0; half < 65536; half++) {
    const sign = (half & 0x8000) << 16;
    const exponent = (half >> 10) & 31;
    const mantissa = half & 0x3ff;
    let bits: number;
    if (exponent === 31) {
      bits = 0x7f800000 | (mantissa << 13);
    } else if (exponent > 0) {
      bits = ((exponent + 112) << 23) | (mantissa << 13);
    } else if (mantissa > 0) {
      // A float16 subnormal is mantissa * 2^-24, a normal number in float32: shift until the leading one is implicit.
      const shift = Math.clz32(mantissa) - 21;
      bits = ((113 - shift) << 23) | (((mantissa << shift) & 0x3ff) << 13);
    } else {
      bits = 0;
    }
    table[half] = sign | bits;
  }
  return (halfTable = table);
}

/** IEEE 754 binary16 bit patterns as float32; exact for every pattern, including subnormals, infinities and NaN. */
export function float16ToFloat32(bits: Uint16Array): Float32Array {
  const table = halfToFloatBits();
  const out = new Float32Array(bits.length);
  // Integer view: moving NaN payloads through float registers may change them.
  const outBits = new Uint32Array(out.buffer);
  for (let i = 0; i < bits.length; i++) outBits[i] = table[bits[i]!]!;
  return out;
}

/** float32 as IEEE 754 binary16 bit patterns, rounded to nearest even; too large becomes infinity, NaN stays NaN. */
export function float32ToFloat16(values: Float32Array): Uint16Array {
  const source = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const bits = source[i]!;
    const sign = (bits >>> 16) & 0x8000;
    const magnitude = bits & 0x7fffffff;
    let half: number;
    if (magnitude > 0x7f800000) {
      half = 0x7e00 | ((magnitude >>> 13) & 0x3ff);
    } else if (magnitude >= 0x47800000) {
      half = 0x7c00;
    } else if (magnitude >= 0x38800000) {
      // Normal in float16. A carry out of the mantissa correctly moves into the exponent, up to infinity.
      const rebased = magnitude - 0x38000000;
      half = (rebased + 0xfff + ((rebased >>> 13) & 1)) >>> 13;
    } else if (magnitude >= 0x33000000) {
      // Subnormal in float16: multiples of 2^-24, again to nearest even.
      const shift = 126 - (magnitude >>> 23);
      const mantissa = (magnitude & 0x7fffff) | 0x800000;
      half = (mantissa + (1 << (shift - 1)) - 1 + ((mantissa >>> shift) & 1)) >>> shift;
    } else {
      half = 0;
    }
    out[i] = sign | half;
  }
  return out;
}

/** bfloat16 bit patterns (the upper half of a float32) as float32; exact for every pattern. */
export function bfloat16ToFloat32(bits: Uint16Array): Float32Array {
  const out = new Float32Array(bits.length);
  const outBits = new Uint32Array(out.buffer);
  for (let i = 0; i < bits.length; i++) outBits[i] = bits[i]! << 16;
  return out;
}

/** float32 as bfloat16 bit patterns, rounded to nearest even; NaN stays NaN. */
export function float32ToBfloat16(values: Float32Array): Uint16Array {
  const source = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const bits = source[i]!;
    const isNaNBits = (bits & 0x7fffffff) > 0x7f800000;
    out[i] = isNaNBits ? (bits >>> 16) | 0x40 : (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
  }
  return out;
}

/**
 * A tensor of any float type as float32; a float32 tensor is returned as it is, float64 is rounded to nearest.
 * Throws a TypeError for integer and bool tensors.
 */
export function toFloat32(tensor: Tensor): Tensor<'float32'> {
  switch (tensor.type) {
    case 'float32':
      return tensor;
    case 'float16':
      return { type: 'float32', dims: tensor.dims, data: float16ToFloat32(tensor.data) };
    case 'bfloat16':
      return { type: 'float32', dims: tensor.dims, data: bfloat16ToFloat32(tensor.data) };
    case 'float64':
      return { type: 'float32', dims: tensor.dims, data: Float32Array.from(tensor.data) };
    default:
      throw new TypeError(`Expected a tensor of floats but received one of ${tensor.type}`);
  }
}
