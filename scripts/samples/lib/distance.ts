/** Distance maps. */
import { Plane } from './raster.ts';

const FAR = 1e12;

/** The distance in pixels from every pixel to the nearest one for which `isSeed` holds (Felzenszwalb & Huttenlocher). */
export function distanceTo(width: number, height: number, isSeed: (index: number) => boolean): Plane {
  const data = new Float32Array(width * height);
  for (let i = 0; i < data.length; i++) data[i] = isSeed(i) ? 0 : FAR;
  const scratch = createScratch(Math.max(width, height));
  for (let x = 0; x < width; x++) transformLine(data, x, width, height, scratch);
  for (let y = 0; y < height; y++) transformLine(data, y * width, 1, width, scratch);
  for (let i = 0; i < data.length; i++) data[i] = Math.sqrt(data[i]!);
  return new Plane(width, height, data);
}

interface Scratch {
  values: Float64Array;
  centres: Int32Array;
  bounds: Float64Array;
}

function createScratch(size: number): Scratch {
  return { values: new Float64Array(size), centres: new Int32Array(size), bounds: new Float64Array(size + 1) };
}

/** Replaces a line by the lower envelope of the parabolas that stand on its values. */
function transformLine(data: Float32Array, start: number, step: number, count: number, scratch: Scratch): void {
  const { values, centres, bounds } = scratch;
  for (let i = 0; i < count; i++) values[i] = data[start + i * step]!;
  let last = 0;
  centres[0] = 0;
  bounds[0] = -FAR;
  bounds[1] = FAR;
  for (let q = 1; q < count; q++) {
    let crossing = parabolaCrossing(values, centres[last]!, q);
    while (crossing <= bounds[last]!) {
      last--;
      crossing = parabolaCrossing(values, centres[last]!, q);
    }
    last++;
    centres[last] = q;
    bounds[last] = crossing;
    bounds[last + 1] = FAR;
  }
  for (let q = 0, k = 0; q < count; q++) {
    while (bounds[k + 1]! < q) k++;
    const offset = q - centres[k]!;
    data[start + q * step] = offset * offset + values[centres[k]!]!;
  }
}

function parabolaCrossing(values: Float64Array, a: number, b: number): number {
  return (values[b]! + b * b - (values[a]! + a * a)) / (2 * b - 2 * a);
}
