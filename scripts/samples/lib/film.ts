/** From linear light to a developed photograph: glow, tone curve, grain and vignette. */
import { toDisplay } from './colour.ts';
import { clamp } from './maths.ts';
import { createRandom, gaussian } from './random.ts';
import { blurPlane, blurRaster, Plane, Raster } from './raster.ts';

/** How a photograph is developed. */
export interface FilmOptions {
  /** Brightness factor applied first. */
  exposure: number;
  /** Share of light that the lens scatters into a soft glow. */
  glow: number;
  /** Strength of the grain. */
  grain: number;
  /** Loss of light towards the corners. */
  vignette: number;
  /** Colour strength, 1 for neutral. */
  saturation: number;
  seed: number;
}

/** Develops a picture of linear light into display values. */
export function develop(scene: Raster, options: FilmOptions): Raster {
  const { width, height } = scene;
  const result = new Raster(width, height);
  const glow = blurRaster(scene, width / 60);
  const grain = grainPlane(width, height, options.seed);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const radius = Math.hypot((x / width - 0.5) * 1.25, y / height - 0.5) / 0.8;
      const shade = options.exposure * (1 - options.vignette * radius * radius);
      const lit = scene.get(i).map((value, c) => {
        const light = value * (1 - options.glow) + glow.data[i * 3 + c]! * options.glow;
        return toDisplay(toneCurve(light * shade));
      }) as [number, number, number];
      const grey = lit[0] * 0.3 + lit[1] * 0.59 + lit[2] * 0.11;
      const noise = grain.data[i]! * options.grain * (1.15 - grey) * (0.35 + grey);
      for (let c = 0; c < 3; c++) {
        result.data[i * 3 + c] = clamp(grey + (lit[c]! - grey) * options.saturation + noise, 0, 1);
      }
    }
  }
  return result;
}

/** A filmic curve with a soft shoulder and a slight toe (Narkowicz' fit of the ACES curve). */
function toneCurve(light: number): number {
  const x = Math.max(0, light) * 0.72;
  return Math.min(1, (x * (2.51 * x + 0.03)) / (x * (2.43 * x + 0.59) + 0.14));
}

function grainPlane(width: number, height: number, seed: number): Plane {
  const random = createRandom(seed);
  const raw = Plane.from(width, height, () => gaussian(random));
  const soft = blurPlane(raw, 1);
  for (let i = 0; i < raw.data.length; i++) raw.data[i] = soft.data[i]! * 1.6 + raw.data[i]! * 0.35;
  return raw;
}
