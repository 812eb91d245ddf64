/** Changes of a picture that people hardly see: what a picture loses by them was made of what people do not see. */
import { jpegRoundTrip } from '../../codec/jpeg.ts';
import type { Picture } from '../../codec/picture.ts';
import type { DISTURBANCES } from '../../../shared/picture-studies.ts';
import { gaussian } from '../runs/random.ts';

/** Deviation of the noise, the picture being 0 to 1. */
const NOISE = 0.02;
const JPEG_QUALITY = 75;

/** @param seed of the noise */
export async function disturbed(
  picture: Picture,
  disturbance: (typeof DISTURBANCES)[number],
  seed: number,
): Promise<Picture> {
  switch (disturbance) {
    case 'unchanged':
      return picture;
    case 'shifted':
      return shifted(picture);
    case 'jpeg':
      return jpegRoundTrip(picture, JPEG_QUALITY);
    case 'noisy':
      return noisy(picture, NOISE, seed);
  }
}

/** The picture moved by one pixel to the right and down; its first column and row appear twice, its last ones are lost. */
export function shifted({ width, height, data }: Picture): Picture {
  const moved = new Float32Array(data.length);
  for (let plane = 0; plane < data.length; plane += width * height) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        moved[plane + y * width + x] = data[plane + Math.max(0, y - 1) * width + Math.max(0, x - 1)]!;
      }
    }
  }
  return { width, height, data: moved };
}

/** The picture with independent Gaussian noise on every value, clamped to [0,1]. */
export function noisy({ width, height, data }: Picture, deviation: number, seed: number): Picture {
  const next = gaussian(seed);
  return { width, height, data: data.map((v) => Math.min(1, Math.max(0, v + deviation * next()))) };
}
