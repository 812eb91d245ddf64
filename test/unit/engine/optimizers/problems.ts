import type { Objective } from '../../../../src/main/engine/optimizers/optimizer.ts';

/** A loss that writes its gradient into `g`. */
export type Loss = (x: Float32Array, g: Float32Array) => number;

/** An objective that reuses one gradient buffer and spoils it between evaluations, as the engine may. */
export function objectiveOf(loss: Loss, n: number): Objective {
  const g = new Float32Array(n);
  return (x) => {
    g.fill(NaN);
    const value = loss(x, g);
    return Promise.resolve({ loss: value, gradient: g });
  };
}

/** Reproducible numbers in [0, 1) (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** n numbers in [-1, 1). */
export function randomVector(n: number, next: () => number): Float32Array {
  return Float32Array.from({ length: n }, () => 2 * next() - 1);
}

/** Σ 100 (x_{i+1} − x_i²)² + (1 − x_i)². */
export const rosenbrock: Loss = (x, g) => {
  let loss = 0;
  const exact = new Float64Array(x.length);
  for (let i = 0; i + 1 < x.length; i++) {
    const a = x[i + 1]! - x[i]! * x[i]!;
    const b = 1 - x[i]!;
    loss += 100 * a * a + b * b;
    exact[i]! -= 400 * a * x[i]! + 2 * b;
    exact[i + 1]! += 200 * a;
  }
  g.set(exact);
  return loss;
};

/** ½ Σ λ_i (x_i − c_i)². */
export function separable(curvatures: ArrayLike<number>, center: ArrayLike<number>): Loss {
  return (x, g) => {
    let loss = 0;
    for (let i = 0; i < x.length; i++) {
      const distance = x[i]! - center[i]!;
      g[i] = curvatures[i]! * distance;
      loss += 0.5 * curvatures[i]! * distance * distance;
    }
    return loss;
  };
}

/** ½ xᵀ A x − bᵀ x with a symmetric A, and its exact data. */
export interface Quadratic {
  readonly n: number;
  readonly a: Float64Array;
  readonly b: Float64Array;
  readonly loss: Loss;
}

export function quadratic(n: number, a: Float64Array, b: Float64Array): Quadratic {
  return {
    n,
    a,
    b,
    loss: (x, g) => {
      let loss = 0;
      for (let i = 0; i < n; i++) {
        let product = 0;
        for (let j = 0; j < n; j++) product += a[i * n + j]! * x[j]!;
        g[i] = product - b[i]!;
        loss += x[i]! * (0.5 * product - b[i]!);
      }
      return loss;
    },
  };
}

/** A random coupled quadratic, A = MᵀM / n + ridge I, whose unconstrained minimum lies partly outside [0, 1]. */
export function randomQuadratic(n: number, seed: number, ridge = 0.02): Quadratic {
  const next = random(seed);
  const m = Float64Array.from({ length: n * n }, () => 2 * next() - 1);
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum = i === j ? ridge : 0;
      for (let k = 0; k < n; k++) sum += (m[k * n + i]! * m[k * n + j]!) / n;
      a[i * n + j] = sum;
    }
  }
  return quadratic(
    n,
    a,
    Float64Array.from({ length: n }, () => 2 * (2 * next() - 1)),
  );
}

/** Lowest loss in [lower, upper]ⁿ by projected gradient steps 1/L in float64 until nothing moves: slow and certain. */
export function bruteForceMinimum({ n, a, b }: Quadratic, lower: number, upper: number): number {
  let lipschitz = 0;
  for (let i = 0; i < n; i++) {
    let row = 0;
    for (let j = 0; j < n; j++) row += Math.abs(a[i * n + j]!);
    lipschitz = Math.max(lipschitz, row);
  }
  const x = new Float64Array(n).fill((lower + upper) / 2);
  const gradient = new Float64Array(n);
  for (let iteration = 0; iteration < 50_000; iteration++) {
    let moved = 0;
    for (let i = 0; i < n; i++) {
      let product = -b[i]!;
      for (let j = 0; j < n; j++) product += a[i * n + j]! * x[j]!;
      gradient[i] = product;
    }
    for (let i = 0; i < n; i++) {
      const to = Math.min(Math.max(x[i]! - gradient[i]! / lipschitz, lower), upper);
      moved = Math.max(moved, Math.abs(to - x[i]!));
      x[i] = to;
    }
    if (moved < 1e-12) break;
  }
  let loss = 0;
  for (let i = 0; i < n; i++) {
    let product = 0;
    for (let j = 0; j < n; j++) product += a[i * n + j]! * x[j]!;
    loss += x[i]! * (0.5 * product - b[i]!);
  }
  return loss;
}
