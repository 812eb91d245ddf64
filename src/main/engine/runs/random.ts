/** Uniform numbers in [0,1) from a 32-bit seed (mulberry32): the same everywhere, so that a seed repeats a picture. */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Uniform numbers in [0,1) of their own for every whole number `index` from 0: what an iteration draws depends on nothing
 * before it, so that a run which goes on from a checkpoint draws the same.
 */
export const uniformAt = (seed: number, index: number): (() => number) => uniform(scrambled(scrambled(seed) ^ index));

/** A one-to-one map of 32-bit numbers that leaves no pattern (the finalizer of MurmurHash3). */
function scrambled(value: number): number {
  let h = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Standard normal numbers (Box and Muller 1958). */
export function gaussian(seed: number): () => number {
  const next = uniform(seed);
  // 1 − u keeps the logarithm finite.
  return () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}

/** A picture of Gaussian noise around middle grey, clamped to [0,1]; planar, `length` values. */
export function noisePicture(length: number, seed: number, deviation = 0.2): Float32Array {
  const next = gaussian(seed);
  return Float32Array.from({ length }, () => Math.min(1, Math.max(0, 0.5 + deviation * next())));
}
