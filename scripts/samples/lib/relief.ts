/** Lighting of paint relief and paper. */
import { saturate } from './maths.ts';
import { Plane, Raster } from './raster.ts';

/** How relief is lit. */
export interface ReliefLight {
  /** Steepness of the relief. */
  depth: number;
  /** Strength of light and shade. */
  shade: number;
  /** Strength of the wet highlights. */
  shine: number;
}

/** A copy of a picture of display values, lit from the top left over its relief. */
export function lightRelief(picture: Raster, relief: Plane, light: ReliefLight): Raster {
  const { width, height } = picture;
  const result = new Raster(width, height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const nx = (relief.at(x - 1, y) - relief.at(x + 1, y)) * light.depth;
      const ny = (relief.at(x, y - 1) - relief.at(x, y + 1)) * light.depth;
      const scale = 1 / Math.sqrt(nx * nx + ny * ny + 1);
      const facing = (nx * -0.5 + ny * -0.55 + 0.67) * scale;
      const diffuse = 1 + (facing - 0.67) * light.shade;
      const half = (nx * -0.28 + ny * -0.31 + 0.91) * scale;
      const shine = Math.pow(saturate(half), 38) * light.shine;
      const rest = Math.pow(0.91, 38) * light.shine;
      for (let c = 0; c < 3; c++) {
        result.data[i * 3 + c] = saturate(picture.data[i * 3 + c]! * diffuse + shine - rest);
      }
    }
  }
  return result;
}
