/** Pictures and maps of floating point numbers. */
import type { Rgb } from './colour.ts';

/** A map of one number per pixel. */
export class Plane {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array<ArrayBuffer>;

  constructor(width: number, height: number, data = new Float32Array(width * height)) {
    this.width = width;
    this.height = height;
    this.data = data;
  }

  /** Fills a new plane from a function of the pixel position. */
  static from(width: number, height: number, value: (x: number, y: number) => number): Plane {
    const plane = new Plane(width, height);
    for (let y = 0, i = 0; y < height; y++) for (let x = 0; x < width; x++, i++) plane.data[i] = value(x, y);
    return plane;
  }

  /** The value at a pixel; positions outside are moved to the border. */
  at(x: number, y: number): number {
    const cx = x < 0 ? 0 : x >= this.width ? this.width - 1 : x;
    const cy = y < 0 ? 0 : y >= this.height ? this.height - 1 : y;
    return this.data[cy * this.width + cx]!;
  }

  /** The value between pixels, bilinear. */
  sample(x: number, y: number): number {
    const fx = Math.floor(x);
    const fy = Math.floor(y);
    const u = x - fx;
    const top = this.at(fx, fy) * (1 - u) + this.at(fx + 1, fy) * u;
    const bottom = this.at(fx, fy + 1) * (1 - u) + this.at(fx + 1, fy + 1) * u;
    return top + (bottom - top) * (y - fy);
  }
}

/** A picture: red, green and blue interleaved. Each picture decides whether they are display values or linear light. */
export class Raster {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array<ArrayBuffer>;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.data = new Float32Array(width * height * 3);
  }

  /** Fills a new picture from a function of the pixel position. */
  static from(width: number, height: number, value: (x: number, y: number) => Rgb): Raster {
    const raster = new Raster(width, height);
    for (let y = 0, i = 0; y < height; y++) for (let x = 0; x < width; x++, i++) raster.set(i, value(x, y));
    return raster;
  }

  /** The colour of the pixel with this index (row * width + column). */
  get(index: number): Rgb {
    return [this.data[index * 3]!, this.data[index * 3 + 1]!, this.data[index * 3 + 2]!];
  }

  /** Sets the colour of the pixel with this index. */
  set(index: number, colour: Rgb): void {
    this.data[index * 3] = colour[0];
    this.data[index * 3 + 1] = colour[1];
    this.data[index * 3 + 2] = colour[2];
  }

  /** Lays a colour over a pixel with the given opacity. */
  blend(index: number, colour: Rgb, opacity: number): void {
    const i = index * 3;
    this.data[i] = this.data[i]! + (colour[0] - this.data[i]!) * opacity;
    this.data[i + 1] = this.data[i + 1]! + (colour[1] - this.data[i + 1]!) * opacity;
    this.data[i + 2] = this.data[i + 2]! + (colour[2] - this.data[i + 2]!) * opacity;
  }
}

/** Blurs interleaved data with three box passes, close to a Gaussian of deviation `sigma`. */
function blurData(
  source: Float32Array<ArrayBuffer>,
  width: number,
  height: number,
  channels: number,
  sigma: number,
): Float32Array<ArrayBuffer> {
  const radius = Math.max(1, Math.round(Math.sqrt(sigma * sigma + 0.25) - 0.5));
  const result = Float32Array.from(source);
  const rows = new Float32Array(source.length);
  for (let pass = 0; pass < 3; pass++) {
    for (let c = 0; c < channels; c++) {
      for (let y = 0; y < height; y++) boxLine(result, rows, y * width * channels + c, channels, width, radius);
      for (let x = 0; x < width; x++) boxLine(rows, result, x * channels + c, width * channels, height, radius);
    }
  }
  return result;
}

function boxLine(
  from: Float32Array,
  to: Float32Array,
  start: number,
  step: number,
  count: number,
  radius: number,
): void {
  const last = count - 1;
  const scale = 1 / (2 * radius + 1);
  let sum = 0;
  for (let k = -radius; k <= radius; k++) sum += from[start + Math.min(last, Math.max(0, k)) * step]!;
  for (let i = 0; i < count; i++) {
    to[start + i * step] = sum * scale;
    sum += from[start + Math.min(last, i + radius + 1) * step]! - from[start + Math.max(0, i - radius) * step]!;
  }
}

/** A blurred copy of a plane. */
export function blurPlane(plane: Plane, sigma: number): Plane {
  return new Plane(plane.width, plane.height, blurData(plane.data, plane.width, plane.height, 1, sigma));
}

/** A blurred copy of a picture. */
export function blurRaster(raster: Raster, sigma: number): Raster {
  const result = new Raster(raster.width, raster.height);
  result.data.set(blurData(raster.data, raster.width, raster.height, 3, sigma));
  return result;
}

/** A copy at half the size, every pixel the mean of four. */
export function halve(raster: Raster): Raster {
  const result = new Raster(raster.width >> 1, raster.height >> 1);
  const row = raster.width * 3;
  for (let y = 0, o = 0; y < result.height; y++) {
    for (let x = 0; x < result.width; x++) {
      const i = y * 2 * row + x * 6;
      for (let c = 0; c < 3; c++, o++) {
        const k = i + c;
        result.data[o] =
          (raster.data[k]! + raster.data[k + 3]! + raster.data[k + row]! + raster.data[k + row + 3]!) / 4;
      }
    }
  }
  return result;
}
