/** Pictures drawn as far as they are seen: a browser would scale all of one that is mostly outside. */
import type { Rect } from './camera.ts';

/** What two rectangles have in common; undefined where that is nothing. */
export function intersection(a: Rect, b: Rect): Rect | undefined {
  const x = Math.max(a.x, b.x);
  const y = Math.max(a.y, b.y);
  const width = Math.min(a.x + a.width, b.x + b.width) - x;
  const height = Math.min(a.y + a.height, b.y + b.height) - y;
  return width > 0 && height > 0 ? { x, y, width, height } : undefined;
}

/** Draws the seen part of a picture that fills a rectangle; device pixels. */
export function drawSeen(
  target: OffscreenCanvasRenderingContext2D,
  picture: OffscreenCanvas | ImageBitmap,
  at: Rect,
  seen: Rect,
): void {
  const [x, y] = [picture.width / at.width, picture.height / at.height];
  const from = [(seen.x - at.x) * x, (seen.y - at.y) * y, seen.width * x, seen.height * y] as const;
  target.drawImage(picture, ...from, seen.x, seen.y, seen.width, seen.height);
}
