/** Removes the noise of random sampling from light, but keeps the edges of things. */
import { blurRaster, Raster } from './raster.ts';

/** What the filter knows about each pixel: how its surface faces, and how far away it is. */
export interface Guide {
  normal: Raster;
  depth: Float32Array;
}

const KERNEL = [1 / 16, 1 / 4, 3 / 8, 1 / 4, 1 / 16];

/** Filters light with growing holes between the taps (Dammertz et al.); `tolerance` is the contrast that may be smoothed. */
export function denoise(light: Raster, guide: Guide, levels: number, tolerance: number): Raster {
  let current = light;
  for (let level = 0; level < levels; level++) {
    current = filterOnce(current, guide, 1 << level, tolerance * Math.pow(0.6, level));
  }
  return current;
}

function filterOnce(light: Raster, guide: Guide, step: number, tolerance: number): Raster {
  const { width, height, data } = light;
  const result = new Raster(width, height);
  const normals = guide.normal.data;
  const { depth } = guide;
  const expected = blurRaster(light, 1.5 * step).data;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      let r = 0;
      let g = 0;
      let b = 0;
      let total = 0;
      const c = i * 3;
      const own = expected[c]! + expected[c + 1]! + expected[c + 2]!;
      for (let v = -2; v <= 2; v++) {
        const py = y + v * step;
        if (py < 0 || py >= height) continue;
        for (let u = -2; u <= 2; u++) {
          const px = x + u * step;
          if (px < 0 || px >= width) continue;
          const j = py * width + px;
          const k = j * 3;
          const agree =
            normals[c]! * normals[k]! + normals[c + 1]! * normals[k + 1]! + normals[c + 2]! * normals[k + 2]!;
          if (agree < 0.5) continue;
          const apart = Math.abs(depth[i]! - depth[j]!) / (0.02 + 0.012 * step);
          const contrast = (data[k]! + data[k + 1]! + data[k + 2]! - own) / (tolerance * (0.15 + own));
          const weight =
            KERNEL[u + 2]! * KERNEL[v + 2]! * Math.pow(agree, 16) * Math.exp(-apart * apart - contrast * contrast);
          r += data[k]! * weight;
          g += data[k + 1]! * weight;
          b += data[k + 2]! * weight;
          total += weight;
        }
      }
      result.set(i, total > 0 ? [r / total, g / total, b / total] : light.get(i));
    }
  }
  return result;
}
