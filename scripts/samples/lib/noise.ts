/** Gradient, fractal and cellular noise over a fixed permutation table. */
import { createRandom } from './random.ts';

const permutation = buildPermutation();
const gradientX = new Float64Array(256);
const gradientY = new Float64Array(256);
for (let i = 0; i < 256; i++) {
  gradientX[i] = Math.cos((i / 256) * 2 * Math.PI) * 1.5;
  gradientY[i] = Math.sin((i / 256) * 2 * Math.PI) * 1.5;
}

function buildPermutation(): Uint8Array {
  const random = createRandom(20240607);
  const table = new Uint8Array(512);
  for (let i = 0; i < 256; i++) table[i] = i;
  for (let i = 255; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const kept = table[i]!;
    table[i] = table[j]!;
    table[j] = kept;
  }
  table.copyWithin(256, 0, 256);
  return table;
}

/** Two-dimensional gradient noise, about -1 to 1. */
export function noise2(x: number, y: number): number {
  const fx = Math.floor(x);
  const fy = Math.floor(y);
  const ix = fx & 255;
  const iy = fy & 255;
  const u = x - fx;
  const v = y - fy;
  const a = permutation[ix]! + iy;
  const b = permutation[ix + 1]! + iy;
  const g00 = permutation[a]!;
  const g01 = permutation[a + 1]!;
  const g10 = permutation[b]!;
  const g11 = permutation[b + 1]!;
  const n00 = gradientX[g00]! * u + gradientY[g00]! * v;
  const n10 = gradientX[g10]! * (u - 1) + gradientY[g10]! * v;
  const n01 = gradientX[g01]! * u + gradientY[g01]! * (v - 1);
  const n11 = gradientX[g11]! * (u - 1) + gradientY[g11]! * (v - 1);
  const su = u * u * u * (u * (u * 6 - 15) + 10);
  const sv = v * v * v * (v * (v * 6 - 15) + 10);
  const top = n00 + (n10 - n00) * su;
  const bottom = n01 + (n11 - n01) * su;
  return top + (bottom - top) * sv;
}

/** Three-dimensional value noise, -1 to 1. */
export function noise3(x: number, y: number, z: number): number {
  const fx = Math.floor(x);
  const fy = Math.floor(y);
  const fz = Math.floor(z);
  const ix = fx & 255;
  const iy = fy & 255;
  const iz = fz & 255;
  const u = fade(x - fx);
  const v = fade(y - fy);
  const w = fade(z - fz);
  const a = permutation[ix]! + iy;
  const b = permutation[ix + 1]! + iy;
  const aa = permutation[a & 255]! + iz;
  const ab = permutation[(a + 1) & 255]! + iz;
  const ba = permutation[b & 255]! + iz;
  const bb = permutation[(b + 1) & 255]! + iz;
  const near = plane(permutation[aa]!, permutation[ba]!, permutation[ab]!, permutation[bb]!, u, v);
  const far = plane(permutation[aa + 1]!, permutation[ba + 1]!, permutation[ab + 1]!, permutation[bb + 1]!, u, v);
  return (near + (far - near) * w) / 127.5 - 1;
}

function fade(t: number): number {
  return t * t * (3 - 2 * t);
}

function plane(a: number, b: number, c: number, d: number, u: number, v: number): number {
  const top = a + (b - a) * u;
  return top + (c + (d - c) * u - top) * v;
}

/** Fractal sum of gradient noise, about -1 to 1. */
export function fbm2(x: number, y: number, octaves: number, gain = 0.5): number {
  let sum = 0;
  let amplitude = 1;
  let total = 0;
  for (let i = 0; i < octaves; i++) {
    sum += amplitude * noise2(x, y);
    total += amplitude;
    amplitude *= gain;
    const turned = 1.62 * x + 1.19 * y + 17.3;
    y = 1.62 * y - 1.19 * x - 9.1;
    x = turned;
  }
  return (sum / total) * 1.4;
}

/** Fractal sum of three-dimensional noise, about -1 to 1. */
export function fbm3(x: number, y: number, z: number, octaves: number): number {
  let sum = 0;
  let amplitude = 1;
  let total = 0;
  for (let i = 0; i < octaves; i++) {
    sum += amplitude * noise3(x, y, z);
    total += amplitude;
    amplitude *= 0.5;
    x = x * 2.02 + 11.7;
    y = y * 2.02 + 5.3;
    z = z * 2.02 - 3.9;
  }
  return (sum / total) * 1.3;
}

/** Fractal noise with sharp crests, 0 to 1. */
export function ridged2(x: number, y: number, octaves: number): number {
  let sum = 0;
  let amplitude = 0.5;
  let previous = 1;
  for (let i = 0; i < octaves; i++) {
    const crest = 1 - Math.min(1, Math.abs(noise2(x, y)) * 1.3);
    const value = crest * crest;
    sum += amplitude * value * previous;
    previous = value;
    amplitude *= 0.5;
    const turned = 1.66 * x + 1.18 * y + 7.7;
    y = 1.66 * y - 1.18 * x - 3.1;
    x = turned;
  }
  return sum;
}
