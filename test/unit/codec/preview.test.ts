import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { encodePiece, encodePreview } from '../../../src/main/codec/preview.ts';
import type { Picture } from '../../../src/main/codec/picture.ts';

/** Red grows from left to right, green from top to bottom; blue is a checkerboard of single pixels. */
function ramps(width: number, height: number): Picture {
  const data = new Float32Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      data[at] = (x + 0.5) / width;
      data[width * height + at] = (y + 0.5) / height;
      data[2 * width * height + at] = (x + y) % 2;
    }
  }
  return { width, height, data };
}

async function pixels(image: Uint8Array) {
  const { data, info } = await sharp(image).raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number) => [...data.subarray(3 * (y * info.width + x), 3 * (y * info.width + x) + 3)];
  return { ...info, at };
}
const near = (found: number[], wanted: number[], by: number) =>
  found.every((value, i) => Math.abs(value - wanted[i]!) <= by);

describe('a preview', () => {
  it.each([
    ['of a small picture is the picture', 60, 40, 60, 40],
    ['of a larger one is shrunk', 300, 200, 100, 67],
    ['of a very large one is shrunk by means first', 1003, 601, 100, 60],
  ])('%s', async (_, width, height, wide, high) => {
    const preview = await encodePreview(ramps(width, height), 100);
    expect(preview).toMatchObject({ width: wide, height: high });
    const { at, ...info } = await pixels(preview.image);
    expect(info).toMatchObject({ width: wide, height: high });
    for (const [x, y] of [
      [0.5, 0.5],
      [0.1, 0.9],
      [0.9, 0.2],
    ] as const) {
      const [column, row] = [Math.floor(x * wide), Math.floor(y * high)];
      const [red, green] = at(column, row);
      expect(near([red!, green!], [(255 * (column + 0.5)) / wide, (255 * (row + 0.5)) / high], 12)).toBe(true);
    }
    if (wide < width) expect(near(at(50, 30).slice(2), [127.5], 12)).toBe(true);
  });
});

describe('a piece', () => {
  it('is the picture pixel by pixel', async () => {
    const picture = ramps(200, 120);
    const { at, ...info } = await pixels(await encodePiece(picture, { left: 150, top: 20, width: 40, height: 30 }));
    expect(info).toMatchObject({ width: 40, height: 30, format: 'raw' });
    expect(near(at(0, 0).slice(0, 2), [(255 * 150.5) / 200, (255 * 20.5) / 120], 12)).toBe(true);
    expect(near(at(39, 29).slice(0, 2), [(255 * 189.5) / 200, (255 * 49.5) / 120], 12)).toBe(true);
    // Single pixels are told apart.
    expect(at(11, 10)[2]! - at(10, 10)[2]!).toBeGreaterThan(150);
  });
});
