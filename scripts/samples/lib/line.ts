/** Anti-aliased lines. */
import type { Rgb } from './colour.ts';
import { saturate } from './maths.ts';
import type { Raster } from './raster.ts';

/** Draws a straight line with round ends that tapers from one width to another. */
export function drawLine(
  raster: Raster,
  [ax, ay, bx, by]: readonly [number, number, number, number],
  [fromWidth, toWidth]: readonly [number, number],
  colour: Rgb,
  opacity = 1,
): void {
  const reach = Math.max(fromWidth, toWidth) / 2 + 1;
  const x0 = Math.max(0, Math.floor(Math.min(ax, bx) - reach));
  const x1 = Math.min(raster.width - 1, Math.ceil(Math.max(ax, bx) + reach));
  const y0 = Math.max(0, Math.floor(Math.min(ay, by) - reach));
  const y1 = Math.min(raster.height - 1, Math.ceil(Math.max(ay, by) + reach));
  const dx = bx - ax;
  const dy = by - ay;
  const scale = 1 / (dx * dx + dy * dy || 1);
  for (let y = y0; y <= y1; y++) {
    for (let x = x0; x <= x1; x++) {
      const t = saturate(((x - ax) * dx + (y - ay) * dy) * scale);
      const ex = x - ax - dx * t;
      const ey = y - ay - dy * t;
      const distance = Math.sqrt(ex * ex + ey * ey);
      const cover = saturate((fromWidth + (toWidth - fromWidth) * t) / 2 + 0.5 - distance);
      if (cover > 0) raster.blend(y * raster.width + x, colour, cover * opacity);
    }
  }
}
