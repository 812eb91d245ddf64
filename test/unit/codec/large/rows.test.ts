import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pictureOf, resizedRows, rowsOf, type RowSource } from '../../../../src/main/codec/large/rows.ts';
import { resizePicture, type Picture } from '../../../../src/main/codec/picture.ts';
import { Random } from '../../../support/random.ts';

const noise = (width: number, height: number): Picture => ({
  width,
  height,
  data: Float32Array.from(new Random(3).numbers(3 * width * height, 0, 1)),
});

/** A source that refuses to give a row again, and knows the most rows that it was asked for at once. */
function once(picture: Picture): RowSource & { readonly most: () => number } {
  const inner = rowsOf(picture);
  let [given, most] = [0, 0];
  return {
    ...inner,
    most: () => most,
    rows(from, to) {
      expect(from).toBeGreaterThanOrEqual(given);
      given = to;
      most = Math.max(most, to - from);
      return inner.rows(from, to);
    },
  };
}

describe('resizedRows', () => {
  it('gives, in blocks, the picture that resizePicture gives', async () => {
    const side = fc.integer({ min: 1, max: 30 });
    await fc.assert(
      fc.asyncProperty(side, side, side, side, side, async (w, h, width, height, step) => {
        const picture = noise(w, h);
        const whole = rowsOf(await resizePicture(picture, width, height));
        const source = resizedRows(once(picture), width, height);
        expect([source.width, source.height, source.transparent]).toEqual([width, height, false]);
        for (let from = 0; from < height; from += step) {
          const to = Math.min(height, from + step);
          expect(await source.rows(from, to)).toEqual(await whole.rows(from, to));
        }
      }),
    );
  });

  it('holds no more of a large picture than it needs, however small the result is', async () => {
    const picture = noise(1000, 2500);
    const source = once(picture);
    expect(await pictureOf(resizedRows(source, 20, 29))).toEqual(await resizePicture(picture, 20, 29));
    expect(source.most()).toBeLessThan(1400);
  });

  it('has the opacity as a fourth plane', async () => {
    const picture = { ...noise(4, 4), alpha: new Float32Array(16).fill(0.25) };
    for (const size of [4, 8]) {
      const block = await resizedRows(once(picture), size, size).rows(1, 3);
      expect(block.length).toBe(4 * 2 * size);
      for (const value of block.subarray(3 * 2 * size)) expect(value).toBeCloseTo(0.25, 6);
    }
  });
});
