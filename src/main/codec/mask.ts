import sharp from 'sharp';
import type { DecodedImage } from './decode.ts';
import { LUMA } from './colour.ts';

/**
 * A picture as a mask, in the sense of recipes: how bright it is where it is opaque, and black where nothing is.
 * @returns a PNG of one channel of 8 bits: 255 belongs to the region, 0 does not. Pictures that are grey and opaque already keep
 * their values.
 */
export async function encodeMask({ width, height, rgb, alpha }: DecodedImage): Promise<Uint8Array> {
  const most = rgb instanceof Uint16Array ? 65_535 : 255;
  const [r, g, b] = LUMA;
  const values = new Uint8Array(width * height);
  for (let i = 0; i < values.length; i++) {
    const brightness = (r * rgb[3 * i]! + g * rgb[3 * i + 1]! + b * rgb[3 * i + 2]!) / most;
    values[i] = Math.round(255 * brightness * (alpha ? alpha[i]! / most : 1));
  }
  const image = sharp(values, { raw: { width, height, channels: 1 }, limitInputPixels: false });
  return image.toColourspace('b-w').png({ compressionLevel: 4 }).toBuffer();
}
