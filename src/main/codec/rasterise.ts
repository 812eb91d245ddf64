import sharp from 'sharp';
import { toPicture, type Picture } from './picture.ts';

/** The density, per inch, at which sharp makes one pixel of an SVG's unit. */
const UNIT_DENSITY = 72;

/**
 * A drawing as pixels. Letters are those of the system's fonts: where it has none, they are missing (`hasFonts`).
 * @param svg a document with width and height in pixels and an opaque background
 * @param scale pixels per unit
 */
export async function rasterise(svg: string, scale: number): Promise<Picture> {
  const { data, info } = await sharp(Buffer.from(svg), { density: UNIT_DENSITY * scale })
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return toPicture({ width: info.width, height: info.height, rgb: new Uint8Array(data) });
}

/** Whether letters in drawings can be seen: some servers, and the portable build of libvips, have no fonts. */
export async function hasFonts(): Promise<boolean> {
  const letter =
    '<svg xmlns="http://www.w3.org/2000/svg" width="32" height="32"><rect width="32" height="32" fill="#fff"/>' +
    '<text x="4" y="28" font-size="28" font-family="sans-serif">M</text></svg>';
  return (await rasterise(letter, 1)).data.some((value) => value < 0.5);
}
