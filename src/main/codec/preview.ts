import sharp from 'sharp';
import { fitLongSide, toBytes, type Picture } from './picture.ts';

/** Good enough to judge a painting by while it grows, and encoded in a few milliseconds. */
const QUALITY = 85;
/** A piece that is looked at pixel by pixel shows what the compression does. */
const PIECE_QUALITY = 92;

/** A small JPEG of a picture, its long side at most `side` px. The picture is read before this returns its promise. */
export async function encodePreview(
  picture: Picture,
  side: number,
): Promise<{ width: number; height: number; image: Uint8Array<ArrayBuffer> }> {
  const { width, height } = picture;
  const fitted = Math.max(width, height) > side ? fitLongSide(width, height, side) : { width, height };
  const { pixels, ...raw } = halfWay(picture, side);
  const image = await sharp(pixels, { raw: { ...raw, channels: 3 } })
    .resize(fitted.width, fitted.height, { fit: 'fill' })
    .jpeg({ quality: QUALITY, chromaSubsampling: '4:4:4' })
    .toBuffer();
  return { ...fitted, image: new Uint8Array(image) };
}

/** A rectangle of a picture, px. */
export interface PictureRectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A rectangle of a picture as a JPEG, pixel by pixel. The picture is read before this returns its promise. */
export async function encodePiece(
  picture: Picture,
  { left, top, width, height }: PictureRectangle,
): Promise<Uint8Array<ArrayBuffer>> {
  const data = new Float32Array(3 * width * height);
  for (let c = 0; c < 3; c++) {
    for (let y = 0; y < height; y++) {
      const from = (c * picture.height + top + y) * picture.width + left;
      data.set(picture.data.subarray(from, from + width), (c * height + y) * width);
    }
  }
  const image = await sharp(toBytes({ width, height, data }), { raw: { width, height, channels: 3 } })
    .jpeg({ quality: PIECE_QUALITY, chromaSubsampling: '4:4:4' })
    .toBuffer();
  return new Uint8Array(image);
}

/**
 * The picture as interleaved bytes, very large ones as the means of squares that leave at least twice as many pixels as are wanted:
 * bytes of all their pixels would be a third of the picture's memory again. What does not fill a square at the right and lower edge is
 * left out, less than half a pixel of the preview.
 */
function halfWay(picture: Picture, side: number): { pixels: Uint8Array; width: number; height: number } {
  const { width, height, data } = picture;
  const factor = Math.floor(Math.max(width, height) / (2 * side));
  if (factor < 2 || Math.min(width, height) < factor) return { pixels: toBytes(picture), width, height };
  const small = { width: Math.floor(width / factor), height: Math.floor(height / factor) };
  const pixels = new Uint8Array(3 * small.width * small.height);
  const sums = new Float64Array(small.width);
  for (let c = 0; c < 3; c++) {
    for (let y = 0; y < small.height; y++) {
      sums.fill(0);
      for (let row = 0; row < factor; row++) {
        let from = (c * height + y * factor + row) * width;
        for (let x = 0; x < small.width; x++) {
          let sum = 0;
          for (let i = 0; i < factor; i++) sum += data[from++]!;
          sums[x]! += sum;
        }
      }
      for (let x = 0; x < small.width; x++) {
        const mean = sums[x]! / factor ** 2;
        pixels[3 * (y * small.width + x) + c] = Math.min(Math.max(mean, 0), 1) * 255 + 0.5;
      }
    }
  }
  return { pixels, ...small };
}
