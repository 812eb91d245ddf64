/**
 * Pads and output padding with which a transposed window operation maps `from` positions back onto `to` elements.
 *
 * Forward, window j covers the elements j·s − p … j·s − p + reach. Transposed, the raw extent is
 * (from − 1)·s + reach + 1; what sticks out in front is p, what sticks out behind is cut by the end pad, and what is
 * missing behind (elements no window reached) becomes output padding.
 */
export function transposedPads(
  to: readonly number[],
  from: readonly number[],
  reach: readonly number[],
  strides: readonly number[],
  pads: readonly number[],
): { pads: number[]; outputPadding: number[] } {
  const begin = to.map((_, i) => pads[i]!);
  const behind = to.map((size, i) => (from[i]! - 1) * strides[i]! + reach[i]! + 1 - begin[i]! - size);
  return { pads: [...begin, ...behind.map((e) => Math.max(e, 0))], outputPadding: behind.map((e) => Math.max(-e, 0)) };
}
