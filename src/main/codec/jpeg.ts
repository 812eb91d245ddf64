import sharp from 'sharp';
import { toBytes, toPicture, type Picture } from './picture.ts';

/**
 * What is left of a picture after a JPEG file of this quality (1 to 100), with colours at half the resolution below 90 as
 * most programs write them. Opacity is left aside.
 */
export async function jpegRoundTrip(picture: Picture, quality: number): Promise<Picture> {
  const { width, height } = picture;
  const file = await sharp(toBytes(picture), { raw: { width, height, channels: 3 } })
    .jpeg({ quality, chromaSubsampling: quality < 90 ? '4:2:0' : '4:4:4' })
    .toBuffer();
  const { data, info } = await sharp(file).toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  return toPicture({ width: info.width, height: info.height, rgb: new Uint8Array(data) });
}
