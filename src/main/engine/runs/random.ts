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

/** A picture of Gaussian noise around middle grey (deviation 0.2), clamped to [0,1]; planar, `length` values. */
export function noisePicture(length: number, seed: number): Float32Array {
  const next = uniform(seed);
  return Float32Array.from({ length }, () => {
    // Box and Muller 1958; 1 − u keeps the logarithm finite.
    const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
    return Math.min(1, Math.max(0, 0.5 + 0.2 * normal));
  });
}
