/** Ray marching of solids given by distance functions, each inside a simple bound. */

/** A body that rays can hit. */
export interface Solid {
  /** Distance from a point to the surface (or less), negative inside. */
  distance: (x: number, y: number, z: number) => number;
  /** Finds the stretch of a ray that can touch the body and writes it to `span`; false if there is none. */
  enter: (ray: Ray, span: Span) => boolean;
}

/** A ray with a direction of length 1. */
export interface Ray {
  x: number;
  y: number;
  z: number;
  dx: number;
  dy: number;
  dz: number;
}

export interface Span {
  from: number;
  to: number;
}

const span: Span = { from: 0, to: 0 };
const PRECISION = 0.0007;

/** A bound in the shape of a sphere. */
export function ballBound(x: number, y: number, z: number, radius: number): Solid['enter'] {
  return (ray, out) => {
    const ox = ray.x - x;
    const oy = ray.y - y;
    const oz = ray.z - z;
    const b = ox * ray.dx + oy * ray.dy + oz * ray.dz;
    const root = b * b - (ox * ox + oy * oy + oz * oz - radius * radius);
    if (root < 0) return false;
    const half = Math.sqrt(root);
    out.from = Math.max(0, -b - half);
    out.to = -b + half;
    return out.to > 0;
  };
}

/** A bound between two heights. */
export function layerBound(low: number, high: number): Solid['enter'] {
  return (ray, out) => {
    const a = (low - ray.y) / ray.dy;
    const b = (high - ray.y) / ray.dy;
    out.from = Math.max(0, Math.min(a, b));
    out.to = Math.max(a, b);
    return out.to > 0;
  };
}

/** Finds the first solid along a ray. `reach.to` limits the search and receives the distance of the hit. */
export function firstHit(solids: readonly Solid[], ray: Ray, reach: Span): number {
  let found = -1;
  for (let k = 0; k < solids.length; k++) {
    const solid = solids[k]!;
    if (!solid.enter(ray, span) || span.from >= reach.to) continue;
    const t = marchSolid(solid, ray, span.from, Math.min(span.to, reach.to));
    if (t >= 0) {
      reach.to = t;
      found = k;
    }
  }
  return found;
}

/** Whether anything stands in the way of a ray. */
export function isBlocked(
  solids: readonly Solid[],
  ray: Ray,
  distance: number,
  isClear: (solid: number) => boolean,
): boolean {
  for (let k = 0; k < solids.length; k++) {
    const solid = solids[k]!;
    if (isClear(k) || !solid.enter(ray, span)) continue;
    if (marchSolid(solid, ray, span.from, Math.min(span.to, distance)) >= 0) return true;
  }
  return false;
}

function marchSolid(solid: Solid, ray: Ray, from: number, to: number): number {
  let t = from;
  for (let k = 0; k < 90 && t < to; k++) {
    const d = solid.distance(ray.x + ray.dx * t, ray.y + ray.dy * t, ray.z + ray.dz * t);
    if (d < PRECISION + 0.0001 * t) return t;
    t += d;
  }
  return -1;
}

/** The direction in which the distance to a solid grows fastest. */
export function normalOf(solid: Solid, x: number, y: number, z: number, step = 0.002): [number, number, number] {
  const a = solid.distance(x + step, y - step, z - step);
  const b = solid.distance(x - step, y - step, z + step);
  const c = solid.distance(x - step, y + step, z - step);
  const d = solid.distance(x + step, y + step, z + step);
  const nx = a - b - c + d;
  const ny = -a - b + c + d;
  const nz = -a + b - c + d;
  const scale = 1 / (Math.hypot(nx, ny, nz) || 1);
  return [nx * scale, ny * scale, nz * scale];
}
