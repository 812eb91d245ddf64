import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fourier } from '../../../../src/main/engine/parameterizations/fourier.ts';
import { parameterizationOf } from '../../../../src/main/engine/parameterizations/parameterization.ts';
import { random, randomVector } from '../optimizers/problems.ts';
import { dot, largestDifference } from './vectors.ts';

const shapes = fc.record({
  width: fc.integer({ min: 1, max: 23 }),
  height: fc.integer({ min: 1, max: 23 }),
  decay: fc.constantFrom(0, 0.7, 1, 1.5),
  planes: fc.constantFrom('colour' as const, 'grey' as const),
});
const componentsOf = { colour: 3, grey: 1 };

describe('Fourier', () => {
  it('has the exact adjoint of its derivative at a point', () => {
    fc.assert(
      fc.property(shapes, fc.nat(), ({ width, height, decay, planes }, seed) => {
        const map = new Fourier(width, height, decay, planes);
        const next = random(seed);
        const n = componentsOf[planes] * width * height;
        const [x, direction, y] = [
          randomVector(n, next),
          randomVector(n, next),
          randomVector(3 * width * height, next),
        ];
        const moved = (step: number) => map.decode(x.map((v, i) => v + step * direction[i]!));
        // Richardson's extrapolation of central differences: float32 pictures allow no small step.
        const step = 0.25 / (1 + width + height);
        const difference = (h: number) => {
          const [ahead, behind] = [moved(h), moved(-h)];
          return Array.from(ahead, (v, i) => (v - behind[i]!) / (2 * h));
        };
        const [wide, narrow] = [difference(2 * step), difference(step)];
        const jacobian = narrow.map((v, i) => (4 * v - wide[i]!) / 3);
        const back = map.pullback(map.decode(x), y);
        const error = Math.abs(dot(jacobian, y) - dot(direction, back));
        expect(error / Math.sqrt(dot(jacobian, jacobian) * dot(y, y))).toBeLessThan(2e-3);
      }),
      { numRuns: 100 },
    );
  });

  it('has it to the precision of float32', () => {
    fc.assert(
      fc.property(shapes, fc.nat(), ({ width, height, decay, planes }, seed) => {
        const map = new Fourier(width, height, decay, planes);
        const next = random(seed);
        const n = componentsOf[planes] * width * height;
        const [x, direction, y] = [
          randomVector(n, next),
          randomVector(n, next),
          randomVector(3 * width * height, next),
        ];
        const picture = map.decode(x.map((v) => 0.1 * v));
        // Logits are linear in the parameters: those of two pictures tell the linear part without a small step.
        const step = 0.1;
        const [ahead, behind] = [
          map.decode(direction.map((v) => step * v)),
          map.decode(direction.map((v) => -step * v)),
        ];
        const logit = (v: number) => Math.log(v / (1 - v));
        const jacobian = Array.from(ahead, (v, i) => {
          const slope = picture[i]! * (1 - picture[i]!);
          return (slope * (logit(v) - logit(behind[i]!))) / (2 * step);
        });
        const error = Math.abs(dot(jacobian, y) - dot(direction, map.pullback(picture, y)));
        expect(error / Math.sqrt(dot(jacobian, jacobian) * dot(y, y))).toBeLessThan(1e-5);
      }),
      { numRuns: 200 },
    );
  });

  it('gives a picture back that stays off black and white, and comes within half a grey level of one that does not', () => {
    fc.assert(
      fc.property(shapes, fc.nat(), ({ width, height, decay, planes }, seed) => {
        const map = new Fourier(width, height, decay, planes);
        const next = random(seed);
        const plane = Float32Array.from({ length: width * height }, next);
        const picture =
          planes === 'grey'
            ? Float32Array.from({ length: 3 * plane.length }, (_, i) => plane[i % plane.length]!)
            : Float32Array.from({ length: 3 * plane.length }, next);
        expect(largestDifference(map.decode(map.encode(picture)), picture)).toBeLessThan(1 / 510 + 1e-5);
        const soft = picture.map((v) => 0.01 + 0.98 * v);
        expect(largestDifference(map.decode(map.encode(soft)), soft)).toBeLessThan(5e-6);
        const hard = picture.map((v) => (v < 0.5 ? 0 : 1));
        expect(largestDifference(map.decode(map.encode(hard)), hard)).toBeLessThan(1 / 510 + 1e-5);
      }),
    );
  });

  it('begins with clouds of all sizes that repeat with their seed, as strong as those of Lucid', () => {
    const map = new Fourier(64, 48, 1);
    expect(map.noise(5)).toEqual(map.noise(5));
    expect(map.noise(5)).not.toEqual(map.noise(6));
    const picture = map.decode(map.noise(5));
    const mean = picture.reduce((a, b) => a + b, 0) / picture.length;
    const deviation = Math.sqrt(picture.reduce((sum, v) => sum + (v - mean) ** 2, 0) / picture.length);
    expect(mean).toBeCloseTo(0.5, 1);
    expect(deviation).toBeGreaterThan(0.002);
    expect(deviation).toBeLessThan(0.02);
  });

  it('moves large shapes as readily as fine ones: a step on every parameter changes each octave alike', () => {
    const [width, height] = [64, 64];
    const map = new Fourier(width, height, 1, 'grey');
    const energy = (from: number, to: number) => {
      const next = random(9);
      const parameters = Float32Array.from({ length: width * height }, (_, i) => {
        const fold = (k: number, n: number) => Math.min(k, n - k) / n;
        const f = Math.hypot(fold(i % width, width), fold(Math.floor(i / width), height));
        return f >= from && f < to ? (next() < 0.5 ? -0.05 : 0.05) : 0;
      });
      return map.decode(parameters).reduce((sum, v) => sum + (v - 0.5) ** 2, 0);
    };
    expect(energy(1 / 16, 1 / 8) / energy(1 / 8, 1 / 4)).toBeCloseTo(1, 0);
    expect(energy(1 / 32, 1 / 16) / energy(1 / 8, 1 / 4)).toBeCloseTo(1, 0);
  });
});

describe('parameterizationOf', () => {
  const size = { width: 5, height: 4 };

  it('leaves pixels as they are', () => {
    const map = parameterizationOf({ parameterization: { kind: 'pixels' }, colour: 'style' }, size);
    const picture = randomVector(60, random(1));
    expect(map.encode(picture)).toBe(picture);
    expect(map.decode(picture)).toBe(picture);
    expect(map.pullback(new Float32Array(60), picture)).toBe(picture);
    expect(map.box).toEqual({ lower: 0, upper: 1 });
    expect(map.noise(1)).toHaveLength(60);
  });

  it('keeps a picture grey whose brightness alone is painted', () => {
    const map = parameterizationOf({ parameterization: { kind: 'fourier', decay: 1 }, colour: 'luminance' }, size);
    const picture = map.decode(randomVector(20, random(1)));
    expect(picture.subarray(20, 40)).toEqual(picture.subarray(0, 20));
    expect(picture.subarray(40)).toEqual(picture.subarray(0, 20));
  });
});
