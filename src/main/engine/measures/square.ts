import { resizePicture, type Picture } from '../../codec/picture.ts';

/** The largest square in a picture's middle, brought to `size` px a side. Opacity is lost. */
export async function centreSquare(picture: Picture, size: number): Promise<Picture> {
  const { width, height, data } = picture;
  const side = Math.min(width, height);
  const left = Math.floor((width - side) / 2);
  const top = Math.floor((height - side) / 2);
  const square = new Float32Array(3 * side * side);
  for (let c = 0; c < 3; c++) {
    for (let y = 0; y < side; y++) {
      const start = (c * height + top + y) * width + left;
      square.set(data.subarray(start, start + side), (c * side + y) * side);
    }
  }
  return resizePicture({ width: side, height: side, data: square }, size, size);
}
