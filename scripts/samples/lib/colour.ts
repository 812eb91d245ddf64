/** Colours as triples of red, green and blue from 0 to 1. */
import { mix, saturate } from './maths.ts';

export type Rgb = readonly [number, number, number];

const parsed = new Map<string, Rgb>();
const parsedLinear = new Map<string, Rgb>();

/** Reads a colour written as `#rrggbb`, as displayed (sRGB). */
export function hex(code: string): Rgb {
  let colour = parsed.get(code);
  if (!colour) {
    const value = parseInt(code.slice(1), 16);
    colour = [(value >> 16) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255];
    parsed.set(code, colour);
  }
  return colour;
}

/** Reads a colour written as `#rrggbb` into linear light. */
export function linearHex(code: string): Rgb {
  let colour = parsedLinear.get(code);
  if (!colour) {
    const [r, g, b] = hex(code);
    colour = [toLinear(r), toLinear(g), toLinear(b)];
    parsedLinear.set(code, colour);
  }
  return colour;
}

/** One channel from display values (sRGB) to linear light. */
export function toLinear(value: number): number {
  return value <= 0.04045 ? value / 12.92 : Math.pow((value + 0.055) / 1.055, 2.4);
}

/** One channel from linear light to display values (sRGB). */
export function toDisplay(value: number): number {
  return value <= 0.0031308 ? value * 12.92 : 1.055 * Math.pow(value, 1 / 2.4) - 0.055;
}

/** Mixes two colours channel by channel. */
export function mixRgb(a: Rgb, b: Rgb, amount: number): Rgb {
  return [mix(a[0], b[0], amount), mix(a[1], b[1], amount), mix(a[2], b[2], amount)];
}

/** Multiplies a colour by a number. */
export function scaleRgb(a: Rgb, factor: number): Rgb {
  return [a[0] * factor, a[1] * factor, a[2] * factor];
}

/** Multiplies two colours channel by channel, as filters or glazes do. */
export function multiplyRgb(a: Rgb, b: Rgb): Rgb {
  return [a[0] * b[0], a[1] * b[1], a[2] * b[2]];
}

/** The brightness the eye gives a colour. */
export function luminance(a: Rgb): number {
  return a[0] * 0.2126 + a[1] * 0.7152 + a[2] * 0.0722;
}

/** Moves a colour away from (above 1) or towards (below 1) its own grey. */
export function saturateRgb(a: Rgb, amount: number): Rgb {
  const grey = luminance(a);
  return [saturate(mix(grey, a[0], amount)), saturate(mix(grey, a[1], amount)), saturate(mix(grey, a[2], amount))];
}

/** Turns the hue of a colour by an angle in radians, keeping its brightness roughly. */
export function turnHue(a: Rgb, angle: number): Rgb {
  const cos = Math.cos(angle);
  const third = (1 - cos) / 3;
  const root = Math.sqrt(1 / 3) * Math.sin(angle);
  const [r, g, b] = a;
  return [
    saturate(r * (cos + third) + g * (third - root) + b * (third + root)),
    saturate(r * (third + root) + g * (cos + third) + b * (third - root)),
    saturate(r * (third - root) + g * (third + root) + b * (cos + third)),
  ];
}

/** A gradient: colours at rising positions, mixed linearly in between. */
export function ramp(stops: readonly (readonly [number, Rgb])[], position: number): Rgb {
  const first = stops[0]!;
  if (position <= first[0]) return first[1];
  for (let i = 1; i < stops.length; i++) {
    const stop = stops[i]!;
    if (position <= stop[0]) {
      const before = stops[i - 1]!;
      return mixRgb(before[1], stop[1], (position - before[0]) / (stop[0] - before[0]));
    }
  }
  return stops[stops.length - 1]![1];
}
