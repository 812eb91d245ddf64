import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resizedRows, rowsOf } from '../../../../src/main/codec/large/rows.ts';
import { resizePicture, type Picture } from '../../../../src/main/codec/picture.ts';
import { Random } from '../../../support/random.ts';

const noise = (width: number, height: number): Picture => ({
  width,
  height,
  data: Float32Array.from(new Random(3).numbers(3 * width * height, 0, 1)),
});

describe('resizedRows', () => {
  it('gives, in blocks, the picture that resizePicture gives', async () => {
    const side = fc.integer({ min: 1, max: 30 });
    await fc.assert(
      fc.asyncProperty(side, side, side, side, side, async (w, h, width, height, step) => {
        const picture = noise(w, h);
        const whole = rowsOf(await resizePicture(picture, width, height));
        const source = resizedRows(picture, width, height);
        expect([source.width, source.height, source.transparent]).toEqual([width, height, false]);
        for (let from = 0; from < height; from += step) {
          const to = Math.min(height, from + step);
          expect(source.rows(from, to)).toEqual(whole.rows(from, to));
        }
      }),
    );
  });

  it('has the opacity as a fourth plane', async () => {
    const picture = { ...noise(4, 4), alpha: new Float32Array(16).fill(0.25) };
    for (const size of [4, 8]) {
      const block = await resizedRows(picture, size, size).rows(1, 3);
      expect(block.length).toBe(4 * 2 * size);
      for (const value of block.subarray(3 * 2 * size)) expect(value).toBeCloseTo(0.25, 6);
    }
  });
});
