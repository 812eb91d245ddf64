/** n numbers in [-1, 1). */
export const numbers = (n: number, next: () => number): Float64Array =>
  Float64Array.from({ length: n }, () => 2 * next() - 1);

/** Σ a_i b_i in float64. */
export const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
};

/** max |a_i − b_i|. */
export const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
};

/** |⟨T x, y⟩ − ⟨x, Tᵀ y⟩| relative to the magnitudes of T x and y. */
export const adjointError = (
  x: ArrayLike<number>,
  tx: ArrayLike<number>,
  y: ArrayLike<number>,
  ty: ArrayLike<number>,
): number => Math.abs(dot(tx, y) - dot(x, ty)) / Math.sqrt(dot(tx, tx) * dot(y, y));
