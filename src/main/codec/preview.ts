import sharp from 'sharp';
import { fitLongSide, toBytes, type Picture } from './picture.ts';

/** Good enough to judge a painting by while it grows, and encoded in a few milliseconds. */
const QUALITY = 85;

/** A small JPEG of a picture, its long side at most `side` px. The picture is read before this returns its promise. */
export async function encodePreview(
  picture: Picture,
  side: number,
): Promise<{ width: number; height: number; image: Uint8Array<ArrayBuffer> }> {
  const { width, height } = picture;
  const fitted = Math.max(width, height) > side ? fitLongSide(width, height, side) : { width, height };
  const image = await sharp(toBytes(picture), { raw: { width, height, channels: 3 } })
    .resize(fitted.width, fitted.height, { fit: 'fill' })
    .jpeg({ quality: QUALITY, chromaSubsampling: '4:4:4' })
    .toBuffer();
  return { ...fitted, image: new Uint8Array(image) };
}
