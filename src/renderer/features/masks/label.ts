import type { Raster, Spot } from './raster.ts';

/** Cells along the long side that are enough to find a place. */
const CELLS = 48;

/**
 * Where in a region its number is best written: the middle of the largest square inside it, as shares of width and height. Undefined
 * where nothing belongs to the region for the most part.
 */
export function labelPlace(raster: Raster): Spot | undefined {
  const { width, height } = raster;
  const cell = Math.max(width, height) / CELLS;
  const columns = Math.max(1, Math.round(width / cell));
  const rows = Math.max(1, Math.round(height / cell));
  // Side of the largest square of full cells whose lower right corner is this cell.
  const sides = new Uint8Array(columns * rows);
  let best = { side: 0, x: 0, y: 0 };
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      if (!isIn(raster, (x + 0.5) / columns, (y + 0.5) / rows)) continue;
      const side =
        x === 0 || y === 0
          ? 1
          : 1 + Math.min(sides[y * columns + x - 1]!, sides[(y - 1) * columns + x]!, sides[(y - 1) * columns + x - 1]!);
      sides[y * columns + x] = side;
      if (side > best.side) best = { side, x, y };
    }
  }
  if (best.side === 0) return undefined;
  return { x: (best.x + 1 - best.side / 2) / columns, y: (best.y + 1 - best.side / 2) / rows };
}

const isIn = ({ width, height, data }: Raster, x: number, y: number): boolean =>
  data[Math.min(height - 1, Math.floor(y * height)) * width + Math.min(width - 1, Math.floor(x * width))]! > 127;
