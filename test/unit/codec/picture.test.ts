import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fitLongSide,
  overWhite,
  resizePicture,
  toBytes,
  toPicture,
  withOpacityOf,
  type Picture,
} from '../../../src/main/codec/picture.ts';
import { Random } from '../../support/random.ts';

const mean = (data: ArrayLike<number>): number => Array.from(data).reduce((a, b) => a + b, 0) / data.length;

function noise(width: number, height: number, seed: number): Picture {
  return { width, height, data: Float32Array.from(new Random(seed).numbers(3 * width * height, 0, 1)) };
}

/** A picture of red f(x, y), green f(y, x) and blue 1/2, the coordinates being those of pixel centres in [0,1]. */
function painted(width: number, height: number, f: (x: number, y: number) => number): Picture {
  const data = new Float32Array(3 * width * height).fill(0.5);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [u, v] = [(x + 0.5) / width, (y + 0.5) / height];
      data[y * width + x] = f(u, v);
      data[(height + y) * width + x] = f(v, u);
    }
  }
  return { width, height, data };
}

const largestDifference = (a: Picture, b: Picture): number =>
  a.data.reduce((worst, v, i) => Math.max(worst, Math.abs(v - b.data[i]!)), 0);

describe('toPicture', () => {
  it('separates the planes and scales to one', () => {
    const eight = toPicture({ width: 2, height: 1, rgb: Uint8Array.from([0, 51, 255, 102, 153, 204]) });
    expect([...eight.data]).toEqual([0, 0.4, 0.2, 0.6, 1, 0.8].map(Math.fround));
    const sixteen = toPicture({ width: 1, height: 1, rgb: Uint16Array.from([65_535, 0, 13_107]) });
    expect([...sixteen.data]).toEqual([1, 0, 0.2].map(Math.fround));
  });

  it('is undone by toBytes, which rounds to nearest and clamps', () => {
    const rgb = Uint8Array.from({ length: 768 }, (_, i) => i % 256);
    expect(toBytes(toPicture({ width: 256, height: 1, rgb }))).toEqual(rgb);
    const data = Float32Array.from([-0.2, 1.7, 127.4 / 255, 127.6 / 255, NaN, 0.999]);
    expect([...toBytes({ width: 2, height: 1, data })]).toEqual([0, 127, 0, 255, 128, 255]);
  });
});

describe('opacity', () => {
  it('goes between the colours of the bytes', () => {
    const picture = { width: 2, height: 1, data: Float32Array.from([0, 0.2, 0.4, 0.6, 0.8, 1]) };
    expect([...toBytes(picture, Float32Array.from([1, 0.5]))]).toEqual([0, 102, 204, 255, 51, 153, 255, 128]);
  });

  it('is taken over from another picture at any size', () => {
    const picture = noise(30, 20, 3);
    expect(withOpacityOf(picture, { width: 60, height: 40 })).toBe(picture);
    const left = (x: number, width: number, full: number) => (x < width / 2 ? full : 0);
    const eight = Uint8Array.from({ length: 60 * 40 }, (_, i) => left(i % 60, 60, 255));
    const sixteen = Uint16Array.from({ length: 30 * 20 }, (_, i) => left(i % 30, 30, 65_535));
    for (const source of [
      { width: 60, height: 40, alpha: eight },
      { width: 30, height: 20, alpha: sixteen },
      { width: 10, height: 6, alpha: Uint8Array.from({ length: 60 }, (_, i) => left(i % 10, 10, 255)) },
    ]) {
      const { data, alpha } = withOpacityOf(picture, source);
      expect(data).toBe(picture.data);
      expect(alpha).toHaveLength(600);
      alpha!.forEach((a, i) => {
        if (Math.abs((i % 30) - 14.5) > 6) expect(Math.abs(a - left(i % 30, 30, 1))).toBeLessThan(0.05);
      });
    }
  });

  it('lets white paper through', () => {
    const picture = { width: 2, height: 1, data: Float32Array.from([0, 0.2, 0.4, 0.6, 0.8, 1]) };
    expect(overWhite(picture)).toBe(picture);
    const [r0, r1, g0, g1, b0, b1] = overWhite({ ...picture, alpha: Float32Array.from([0, 0.5]) }).data;
    expect([r0, g0, b0]).toEqual([1, 1, 1]);
    [r1, g1, b1].forEach((v, c) => expect(v).toBeCloseTo([0.6, 0.8, 1][c]!, 6));
  });
});

describe('fitLongSide', () => {
  it('keeps proportions, whichever side is long', () => {
    expect(fitLongSide(6000, 4000, 1024)).toEqual({ width: 1024, height: 683 });
    expect(fitLongSide(4000, 6000, 1024)).toEqual({ width: 683, height: 1024 });
    expect(fitLongSide(10, 10, 7)).toEqual({ width: 7, height: 7 });
    expect(fitLongSide(3, 9000, 300)).toEqual({ width: 1, height: 300 });
  });

  it('treats width and height alike', () => {
    const side = fc.integer({ min: 1, max: 20_000 });
    fc.assert(
      fc.property(side, side, side, (w, h, long) => {
        const [a, b] = [fitLongSide(w, h, long), fitLongSide(h, w, long)];
        expect([a.width, a.height]).toEqual([b.height, b.width]);
        expect(Math.max(a.width, a.height)).toBe(long);
        expect(Math.min(a.width, a.height)).toBeGreaterThanOrEqual(1);
      }),
    );
  });
});

describe('resizePicture', () => {
  const side = fc.integer({ min: 1, max: 40 });

  it('keeps even areas exactly even and every value in [0,1]', async () => {
    await fc.assert(
      fc.asyncProperty(side, side, side, side, fc.double({ min: 0, max: 1, noNaN: true }), async (w, h, a, b, v) => {
        const even = await resizePicture({ width: w, height: h, data: new Float32Array(3 * w * h).fill(v) }, a, b);
        for (const value of even.data) expect(Math.abs(value - v)).toBeLessThan(1e-6);
        const busy = await resizePicture(noise(w, h, w * h), a, b);
        expect(busy.data).toHaveLength(3 * a * b);
        expect(busy.data.every((value) => value >= 0 && value <= 1)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('keeps the mean of each channel', async () => {
    for (const [width, height] of [
      [37, 21],
      [200, 117],
      [64, 43],
    ] as const) {
      const from = painted(128, 86, (x, y) => 0.5 + 0.3 * Math.sin(9 * x) * Math.cos(5 * y));
      const to = await resizePicture(from, width, height);
      for (let c = 0; c < 3; c++) {
        const before = mean(from.data.subarray(c * 128 * 86, (c + 1) * 128 * 86));
        const after = mean(to.data.subarray(c * width * height, (c + 1) * width * height));
        expect(Math.abs(after - before)).toBeLessThan(2e-3);
      }
    }
  });

  it('keeps the place of things: smooth pictures become themselves at the other size', async () => {
    const f = (x: number, y: number) => 0.5 + 0.4 * Math.cos(Math.PI * x) * Math.cos(2 * Math.PI * y);
    for (const [width, height] of [
      [61, 47],
      [300, 222],
      [50, 200],
    ] as const) {
      const resized = await resizePicture(painted(120, 100, f), width, height);
      expect(largestDifference(resized, painted(width, height, f))).toBeLessThan(4e-3);
    }
  });

  it('averages detail that is too fine for the target instead of aliasing it', async () => {
    const stripes = painted(240, 240, (x) => Math.floor(x * 240) % 2);
    const small = await resizePicture(stripes, 80, 80);
    for (const value of small.data.subarray(0, 6400)) expect(Math.abs(value - 0.5)).toBeLessThan(0.06);
  });

  it('works beyond 16 bits of precision and returns the same picture for the same size', async () => {
    const faint = painted(64, 64, (x) => 0.5 + 1e-5 * x);
    const resized = await resizePicture(faint, 32, 32);
    expect(resized.data[31]! - resized.data[0]!).toBeCloseTo(1e-5 * (31 / 32), 6);
    expect(await resizePicture(faint, 64, 64)).toBe(faint);
  });
});
