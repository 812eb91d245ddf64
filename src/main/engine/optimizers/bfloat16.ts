/**
 * bfloat16: the upper half of a float32, with the same range and 8 significant bits, so that nothing overflows whatever the scale
 * of a loss is. Kernels on blocks; the conversions of whole tensors are in formats/half.ts.
 */

/** values[from + i] (i < length) as float32 into `into` from 0 on. */
export function widen(values: Uint16Array, from: number, length: number, into: Float32Array): void {
  const bits = new Uint32Array(into.buffer, into.byteOffset, length);
  for (let i = 0; i < length; i++) bits[i] = values[from + i]! << 16;
}

/** Rounds values[i] (i < length) to the nearest bfloat16, ties to even, in place, and keeps them in `into` from `from` on. */
export function narrow(values: Float32Array, length: number, into: Uint16Array, from: number): void {
  const bits = new Uint32Array(values.buffer, values.byteOffset, length);
  for (let i = 0; i < length; i++) {
    const exact = bits[i]!;
    // Finite values only: a pair of others is refused before it is used.
    const rounded = (exact + 0x7fff + ((exact >>> 16) & 1)) >>> 16;
    into[from + i] = rounded;
    bits[i] = rounded << 16;
  }
}
