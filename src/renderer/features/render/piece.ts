import type { Point, Size } from '../canvas/camera.ts';

/** A piece of a picture, px. */
export interface PieceRect {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The piece of at most a size whose middle is at a point, from 0 to 1, as far as the picture allows; as the engine cuts it. */
export function pieceOf(middle: Point, picture: Size, most: Size): PieceRect {
  const along = (at: number, side: number, length: number): readonly [number, number] => {
    const taken = Math.min(Math.round(length), side);
    return [Math.min(Math.max(0, Math.round(at * side - taken / 2)), side - taken), taken];
  };
  const [left, width] = along(middle.x, picture.width, most.width);
  const [top, height] = along(middle.y, picture.height, most.height);
  return { left, top, width, height };
}
