import sharp from 'sharp';
import { expect, it } from 'vitest';
import type { DecodedImage } from '../../../src/main/codec/decode.ts';
import { encodeMask } from '../../../src/main/codec/mask.ts';

const picture = (rgb: Uint8Array | Uint16Array, alpha?: Uint8Array | Uint16Array): DecodedImage => ({
  width: rgb.length / 3,
  height: 1,
  original: { width: rgb.length / 3, height: 1 },
  sha256: '0'.repeat(64),
  name: 'mask.png',
  rgb,
  ...(alpha ? { alpha } : {}),
  notes: [],
});
const valuesOf = async (decoded: DecodedImage): Promise<number[]> => {
  const image = sharp(await encodeMask(decoded));
  expect(await image.metadata()).toMatchObject({ format: 'png', channels: 1, depth: 'uchar' });
  return [...(await image.toColourspace('b-w').raw().toBuffer())];
};

it('a mask in grey keeps its values', async () => {
  const grey = Uint8Array.from({ length: 256 }, (_, i) => i);
  const rgb = Uint8Array.from({ length: 768 }, (_, i) => grey[Math.floor(i / 3)]!);
  expect(await valuesOf(picture(rgb))).toEqual([...grey]);
});

it('colours count as they look in brightness, 16 bits as 8', async () => {
  expect(await valuesOf(picture(Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255)))).toEqual([76, 150, 29]);
  expect(await valuesOf(picture(Uint16Array.of(65_535, 65_535, 65_535, 32_768, 32_768, 32_768)))).toEqual([255, 128]);
});

it('what is transparent belongs to no region', async () => {
  const white = new Uint8Array(9).fill(255);
  expect(await valuesOf(picture(white, Uint8Array.of(0, 128, 255)))).toEqual([0, 128, 255]);
});
