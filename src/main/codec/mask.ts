import sharp from 'sharp';
import { LUMA } from './colour.ts';
import type { DecodedImage } from './decode.ts';

type Pixels = Pick<DecodedImage, 'width' | 'height' | 'rgb' | 'alpha'>;

/**
 * A picture as a mask, in the sense of recipes: how bright it is (Y of YIQ, of sRGB values as they are in the file) where it is opaque,
 * and 0 where nothing is.
 * @returns [height, width] in [0,1]
 */
export function maskValues({ width, height, rgb, alpha }: Pixels): Float32Array<ArrayBuffer> {
  const most = rgb instanceof Uint16Array ? 65_535 : 255;
  const [r, g, b] = LUMA;
  const values = new Float32Array(width * height);
  for (let i = 0; i < values.length; i++) {
    const brightness = (r * rgb[3 * i]! + g * rgb[3 * i + 1]! + b * rgb[3 * i + 2]!) / most;
    values[i] = alpha ? (brightness * alpha[i]!) / most : brightness;
  }
  return values;
}

/** The same as a PNG of one channel of 8 bits. Pictures that are grey and opaque already keep their values. */
export function encodeMask(picture: Pixels): Promise<Uint8Array> {
  const { width, height } = picture;
  const values = Uint8Array.from(maskValues(picture), (share) => Math.round(255 * share));
  const image = sharp(values, { raw: { width, height, channels: 1 }, limitInputPixels: false });
  return image.toColourspace('b-w').png({ compressionLevel: 4 }).toBuffer();
}
