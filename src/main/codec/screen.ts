import sharp from 'sharp';
import type { DecodedImage } from './decode.ts';
import { fitLongSide, toBytes, type Picture } from './picture.ts';

/** A picture as a window shows it: 8 bits, sRGB. */
export interface ScreenPicture {
  readonly type: 'image/jpeg' | 'image/png';
  readonly width: number;
  readonly height: number;
  readonly bytes: Uint8Array;
}

/**
 * Encodes a picture for the screen: as JPEG, or as PNG where it is partly transparent.
 * @param side long side that larger pictures are shrunk to, px
 * @param quality of JPEG, 1 to 100
 */
export async function encodeForScreen(
  picture: Picture | DecodedImage,
  side: number,
  quality: number,
): Promise<ScreenPicture> {
  const { width, height } = picture;
  const transparent = picture.alpha !== undefined;
  const bytes = 'rgb' in picture ? interleaved(picture) : toBytes(picture, picture.alpha);
  const fitted = Math.max(width, height) > side ? fitLongSide(width, height, side) : { width, height };
  const channels = transparent ? 4 : 3;
  const image = sharp(bytes, { raw: { width, height, channels }, limitInputPixels: false });
  if (fitted.width !== width || fitted.height !== height) image.resize({ ...fitted, fit: 'fill' });
  if (transparent) image.png({ compressionLevel: 4 });
  // Tables of its own would cost all coefficients of the picture in memory, 11 bytes/px, to save a few per cent of the file.
  else image.jpeg({ quality, chromaSubsampling: '4:4:4', optimiseCoding: false });
  return { ...fitted, type: transparent ? 'image/png' : 'image/jpeg', bytes: await image.toBuffer() };
}

/** The pixels as bytes, with their opacity where there is any. */
function interleaved({ rgb, alpha }: DecodedImage): Uint8Array {
  const deep = rgb instanceof Uint16Array;
  const byte = deep ? (value: number) => (value * 255 + 32_767) / 65_535 : (value: number) => value;
  if (!alpha) return deep ? Uint8Array.from(rgb, byte) : (rgb as Uint8Array);
  const bytes = new Uint8Array(4 * alpha.length);
  for (let i = 0; i < alpha.length; i++) {
    bytes[4 * i] = byte(rgb[3 * i]!);
    bytes[4 * i + 1] = byte(rgb[3 * i + 1]!);
    bytes[4 * i + 2] = byte(rgb[3 * i + 2]!);
    bytes[4 * i + 3] = byte(alpha[i]!);
  }
  return bytes;
}
