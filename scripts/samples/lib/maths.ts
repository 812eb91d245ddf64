/** Small scalar helpers shared by every picture. */

/** Limits `value` to the range from `low` to `high`. */
export function clamp(value: number, low: number, high: number): number {
  return value < low ? low : value > high ? high : value;
}

/** Limits `value` to the range from 0 to 1. */
export function saturate(value: number): number {
  return value < 0 ? 0 : value > 1 ? 1 : value;
}

/** Linear interpolation from `a` (at 0) to `b` (at 1). */
export function mix(a: number, b: number, amount: number): number {
  return a + (b - a) * amount;
}

/** Smooth step from 0 (at `edge0` and before) to 1 (at `edge1` and after); the edges may be in falling order. */
export function smoothstep(edge0: number, edge1: number, value: number): number {
  const t = saturate((value - edge0) / (edge1 - edge0));
  return t * t * (3 - 2 * t);
}

/** Bell curve of height 1 around `centre`. */
export function bell(value: number, centre: number, width: number): number {
  const t = (value - centre) / width;
  return Math.exp(-t * t);
}

/** Distance from a point to a line segment. */
export function segmentDistance(px: number, py: number, ax: number, ay: number, bx: number, by: number): number {
  const dx = bx - ax;
  const dy = by - ay;
  const t = saturate(((px - ax) * dx + (py - ay) * dy) / (dx * dx + dy * dy || 1));
  return Math.hypot(px - ax - dx * t, py - ay - dy * t);
}
