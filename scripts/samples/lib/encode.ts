/** Writing finished pictures to disk. */
import { writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import type { Raster } from './raster.ts';

/**
 * Writes a picture of display values as a JPEG of the best quality up to 92 that fits into `maxBytes`.
 * Returns the size of the file.
 */
export async function saveJpeg(raster: Raster, path: string, maxBytes: number): Promise<number> {
  const bytes = new Uint8Array(raster.data.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Math.min(255, Math.max(0, Math.round(raster.data[i]! * 255)));
  const source = sharp(bytes, { raw: { width: raster.width, height: raster.height, channels: 3 } });
  let quality = 92;
  let encoded = await source.clone().jpeg({ quality, mozjpeg: true, chromaSubsampling: '4:4:4' }).toBuffer();
  while (encoded.length > maxBytes && quality > 60) {
    quality -= 2;
    encoded = await source.clone().jpeg({ quality, mozjpeg: true, chromaSubsampling: '4:4:4' }).toBuffer();
  }
  await writeFile(path, encoded);
  return encoded.length;
}
