import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fft } from '../../../../src/main/engine/parameterizations/fft.ts';
import { RealFourier } from '../../../../src/main/engine/parameterizations/real-fourier.ts';
import { random } from '../optimizers/problems.ts';
import { dot, largestDifference, numbers } from './vectors.ts';

/** The transform of one sequence by its definition. */
function naive(re: Float64Array, im: Float64Array): [Float64Array, Float64Array] {
  const n = re.length;
  const [outRe, outIm] = [new Float64Array(n), new Float64Array(n)];
  for (let k = 0; k < n; k++) {
    for (let i = 0; i < n; i++) {
      const angle = (-2 * Math.PI * ((i * k) % n)) / n;
      outRe[k]! += re[i]! * Math.cos(angle) - im[i]! * Math.sin(angle);
      outIm[k]! += re[i]! * Math.sin(angle) + im[i]! * Math.cos(angle);
    }
  }
  return [outRe, outIm];
}

describe('Fft', () => {
  it('is the discrete Fourier transform for every length up to 160 and for some others, of several sequences at once', () => {
    const lengths = [...Array.from({ length: 160 }, (_, i) => i + 1), 211, 256, 341, 343, 509, 512];
    for (const n of lengths) {
      const count = 1 + (n % 3);
      const next = random(n);
      const [re, im] = [numbers(n * count, next), numbers(n * count, next)];
      const sequence = (all: Float64Array, b: number) => all.filter((_, i) => i % count === b);
      const expected = Array.from({ length: count }, (_, b) => naive(sequence(re, b), sequence(im, b)));
      new Fft(n).forward(re, im, count);
      expected.forEach(([expectedRe, expectedIm], b) => {
        const scale = Math.sqrt(n);
        expect(largestDifference(sequence(re, b), expectedRe) / scale, `length ${n}`).toBeLessThan(1e-13 * n);
        expect(largestDifference(sequence(im, b), expectedIm) / scale, `length ${n}`).toBeLessThan(1e-13 * n);
      });
    }
  });

  it('can be used again, with another number of sequences', () => {
    const fft = new Fft(34);
    const once = (count: number) => {
      const next = random(3);
      const [re, im] = [numbers(34 * count, next), numbers(34 * count, next)];
      fft.forward(re, im, count);
      return re;
    };
    const first = once(2);
    once(5);
    expect(once(2)).toEqual(first);
  });
});

const size = fc.record({ width: fc.integer({ min: 1, max: 24 }), height: fc.integer({ min: 1, max: 24 }) });

describe('RealFourier', () => {
  it('is the sum of cas(2π (u·x/W + v·y/H)), orthonormal', () => {
    fc.assert(
      fc.property(size, fc.nat(), ({ width, height }, seed) => {
        const plane = numbers(width * height, random(seed));
        const expected = plane.map((_, at) => {
          const [v, u] = [Math.floor(at / width), at % width];
          let sum = 0;
          plane.forEach((value, i) => {
            const angle = 2 * Math.PI * ((u * (i % width)) / width + (v * Math.floor(i / width)) / height);
            sum += value * (Math.cos(angle) + Math.sin(angle));
          });
          return sum / Math.sqrt(width * height);
        });
        new RealFourier(width, height).transform(plane);
        expect(largestDifference(plane, expected)).toBeLessThan(1e-11);
      }),
      { numRuns: 40 },
    );
  });

  it.each([
    [512, 341],
    [97, 64],
    [1, 513],
    [300, 1],
  ])('is its own adjoint and its own inverse (%i x %i)', (width, height) => {
    const transform = new RealFourier(width, height);
    const next = random(width);
    const [x, y] = [numbers(width * height, next), numbers(width * height, next)];
    const [tx, ty] = [x.slice(), y.slice()];
    transform.transform(tx);
    transform.transform(ty);
    expect(Math.abs(dot(tx, y) - dot(x, ty)) / Math.sqrt(dot(x, x) * dot(y, y))).toBeLessThan(1e-14);
    transform.transform(tx);
    expect(largestDifference(tx, x)).toBeLessThan(1e-13);
  });
});
