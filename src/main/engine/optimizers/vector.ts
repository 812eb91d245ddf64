/**
 * Kernels over long float32 vectors. All sums are float64: the products of float32 values are then exact, and a
 * difference of two inner products still carries ten digits, which the vector-free L-BFGS relies on.
 *
 * Why plain JavaScript: V8 compiles these loops to scalar SSE at about 0.5 ns per multiply-add, and four vectors per
 * pass hide the latency of the additions. Measured on one EPYC core for N = 786,432 and 20 pairs (40 vectors, 126 MB):
 *
 * | direction                                           |  time                                              |
 * |-----------------------------------------------------|----------------------------------------------------|
 * | two-loop recursion, unrolled dot and axpy           | 38 ms                                              |
 * | two-loop, each axpy fused with the next dot         | 30 ms                                              |
 * | **vector-free, four vectors per pass, blocked**     | 15 ms for the products + 17 ms for the combination |
 * | vector-free with a second right-hand side for y     | 27 ms + 17 ms                                      |
 *
 * The vector-free form is used: equal in time, but it reads the history twice per iteration where the fused two-loop
 * moves 500 MB in 40 dependent passes (worse where memory is slower than here), and its two matrix products are what
 * a GPU wants. Slower were: eight vectors per pass (registers spill), and float32 arithmetic by Math.fround. With the
 * other passes over x, g, d, s and y an iteration costs about 50 ms. WebAssembly SIMD was not built: copying the history
 * into its memory alone takes 11 ms per pass, and keeping it there limits it to 4 GB.
 */

/** Values per block: a float64 scratch block (16 KB) and the running part of four vectors stay in the L1 cache. */
export const BLOCK = 2048;

/** Σ a_i b_i. */
export function dot(a: Float32Array, b: Float32Array): number {
  const n = a.length;
  const even = n - (n % 4);
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (let i = 0; i < even; i += 4) {
    s0 += a[i]! * b[i]!;
    s1 += a[i + 1]! * b[i + 1]!;
    s2 += a[i + 2]! * b[i + 2]!;
    s3 += a[i + 3]! * b[i + 3]!;
  }
  for (let i = even; i < n; i++) s0 += a[i]! * b[i]!;
  return s0 + s1 + (s2 + s3);
}

/** Σ |a_i|. */
export function sumOfMagnitudes(a: Float32Array): number {
  const n = a.length;
  const even = n - (n % 4);
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (let i = 0; i < even; i += 4) {
    s0 += Math.abs(a[i]!);
    s1 += Math.abs(a[i + 1]!);
    s2 += Math.abs(a[i + 2]!);
    s3 += Math.abs(a[i + 3]!);
  }
  for (let i = even; i < n; i++) s0 += Math.abs(a[i]!);
  return s0 + s1 + (s2 + s3);
}

/** max |a_i|; NaN is ignored. */
export function largestMagnitude(a: Float32Array): number {
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const magnitude = Math.abs(a[i]!);
    if (magnitude > largest) largest = magnitude;
  }
  return largest;
}

/** Clamps to [lower, upper] in place. NaN stays. */
export function clamp(x: Float32Array, lower: number, upper: number): void {
  for (let i = 0; i < x.length; i++) {
    const v = x[i]!;
    if (v < lower) x[i] = lower;
    else if (v > upper) x[i] = upper;
  }
}

/** Adds Σ_i v_k[from + i] q[i] (i < length) to `sums[k]` for every vector of the list. */
export function multiDot(
  vectors: readonly Float32Array[],
  q: Float64Array,
  from: number,
  length: number,
  sums: Float64Array,
): void {
  const count = vectors.length;
  let k = 0;
  for (; k + 4 <= count; k += 4) {
    dot4(vectors[k]!, vectors[k + 1]!, vectors[k + 2]!, vectors[k + 3]!, q, from, length, sums, k);
  }
  for (; k < count; k++) sums[k]! += dot1(vectors[k]!, q, from, length);
}

function dot4(
  v0: Float32Array,
  v1: Float32Array,
  v2: Float32Array,
  v3: Float32Array,
  q: Float64Array,
  from: number,
  length: number,
  sums: Float64Array,
  k: number,
): void {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  const even = length - (length % 2);
  for (let i = 0; i < even; i += 2) {
    const j = from + i;
    const a = q[i]!;
    const b = q[i + 1]!;
    s0 += v0[j]! * a + v0[j + 1]! * b;
    s1 += v1[j]! * a + v1[j + 1]! * b;
    s2 += v2[j]! * a + v2[j + 1]! * b;
    s3 += v3[j]! * a + v3[j + 1]! * b;
  }
  if (even < length) {
    const a = q[even]!;
    s0 += v0[from + even]! * a;
    s1 += v1[from + even]! * a;
    s2 += v2[from + even]! * a;
    s3 += v3[from + even]! * a;
  }
  sums[k]! += s0;
  sums[k + 1]! += s1;
  sums[k + 2]! += s2;
  sums[k + 3]! += s3;
}

function dot1(v: Float32Array, q: Float64Array, from: number, length: number): number {
  const even = length - (length % 4);
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (let i = 0; i < even; i += 4) {
    const j = from + i;
    s0 += v[j]! * q[i]!;
    s1 += v[j + 1]! * q[i + 1]!;
    s2 += v[j + 2]! * q[i + 2]!;
    s3 += v[j + 3]! * q[i + 3]!;
  }
  for (let i = even; i < length; i++) s0 += v[from + i]! * q[i]!;
  return s0 + s1 + (s2 + s3);
}

/** q[i] += Σ_k c_k v_k[from + i] for i < length. */
export function multiAxpy(
  coefficients: Float64Array,
  vectors: readonly Float32Array[],
  q: Float64Array,
  from: number,
  length: number,
): void {
  const count = vectors.length;
  let k = 0;
  for (; k + 4 <= count; k += 4) {
    axpy4(coefficients, k, vectors[k]!, vectors[k + 1]!, vectors[k + 2]!, vectors[k + 3]!, q, from, length);
  }
  for (; k < count; k++) axpy1(coefficients[k]!, vectors[k]!, q, from, length);
}

function axpy4(
  coefficients: Float64Array,
  k: number,
  v0: Float32Array,
  v1: Float32Array,
  v2: Float32Array,
  v3: Float32Array,
  q: Float64Array,
  from: number,
  length: number,
): void {
  const c0 = coefficients[k]!;
  const c1 = coefficients[k + 1]!;
  const c2 = coefficients[k + 2]!;
  const c3 = coefficients[k + 3]!;
  const even = length - (length % 2);
  for (let i = 0; i < even; i += 2) {
    const j = from + i;
    q[i]! += c0 * v0[j]! + c1 * v1[j]! + (c2 * v2[j]! + c3 * v3[j]!);
    q[i + 1]! += c0 * v0[j + 1]! + c1 * v1[j + 1]! + (c2 * v2[j + 1]! + c3 * v3[j + 1]!);
  }
  if (even < length) {
    const j = from + even;
    q[even]! += c0 * v0[j]! + c1 * v1[j]! + (c2 * v2[j]! + c3 * v3[j]!);
  }
}

function axpy1(c: number, v: Float32Array, q: Float64Array, from: number, length: number): void {
  for (let i = 0; i < length; i++) q[i]! += c * v[from + i]!;
}

/** out = P(x + t d) with P the clamp to [lower, upper]; returns Σ g_i (out_i − x_i), the decrease that g promises. */
export function projectedStep(
  x: Float32Array,
  d: Float32Array,
  t: number,
  g: Float32Array,
  lower: number,
  upper: number,
  out: Float32Array,
): number {
  let promised = 0;
  const n = x.length;
  for (let i = 0; i < n; i++) {
    const from = x[i]!;
    let to = from + t * d[i]!;
    if (to < lower) to = lower;
    else if (to > upper) to = upper;
    out[i] = to;
    // The stored, rounded value counts: near convergence the rounding is as large as the step.
    promised += g[i]! * (Math.fround(to) - from);
  }
  return promised;
}

/**
 * sums[0] = Σ g_i d_i over the components of x that d does not press against a bound: the derivative of
 * t ↦ f(P(x₀ + t d)) at x = P(x₀ + t d). sums[1] = Σ g_i², which is finite exactly when g is.
 */
export function projectedSlope(
  g: Float32Array,
  d: Float32Array,
  x: Float32Array,
  lower: number,
  upper: number,
  sums: Float64Array,
): void {
  let slope = 0;
  let squares = 0;
  for (let i = 0; i < g.length; i++) {
    const v = d[i]!;
    const gradient = g[i]!;
    squares += gradient * gradient;
    const at = x[i]!;
    // In this order because the sign of d is random, and a branch on it alone would cost 4 ms per megapixel.
    if (at > lower && at < upper) slope += gradient * v;
    else if (v < 0 ? at > lower : at < upper) slope += gradient * v;
  }
  sums[0] = slope;
  sums[1] = squares;
}
