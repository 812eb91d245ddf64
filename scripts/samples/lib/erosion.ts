/** Rain on terrain: drops that carry sediment downhill carve gullies and fill valleys. */
import { createRandom } from './random.ts';
import type { Plane } from './raster.ts';

const INERTIA = 0.06;
const CAPACITY = 5;
const DEPOSITION = 0.25;
const EVAPORATION = 0.018;
const GRAVITY = 5;
const STEPS = 44;

/** Erodes a height map (heights in units of one cell) in place with the given number of drops. */
export function erode(terrain: Plane, drops: number, strength: number, seed: number): void {
  const random = createRandom(seed);
  for (let k = 0; k < drops; k++) {
    runDrop(terrain, 2 + random() * (terrain.width - 6), 2 + random() * (terrain.height - 6), strength);
  }
}

function runDrop(terrain: Plane, x: number, y: number, strength: number): void {
  const { width, height, data } = terrain;
  let dirX = 0;
  let dirY = 0;
  let speed = 1;
  let water = 1;
  let sediment = 0;
  for (let step = 0; step < STEPS; step++) {
    const ix = Math.floor(x);
    const iy = Math.floor(y);
    const u = x - ix;
    const v = y - iy;
    const i = iy * width + ix;
    const a = data[i]!;
    const b = data[i + 1]!;
    const c = data[i + width]!;
    const d = data[i + width + 1]!;
    dirX = dirX * INERTIA - ((b - a) * (1 - v) + (d - c) * v) * (1 - INERTIA);
    dirY = dirY * INERTIA - ((c - a) * (1 - u) + (d - b) * u) * (1 - INERTIA);
    const length = Math.hypot(dirX, dirY);
    if (length < 1e-9) return;
    dirX /= length;
    dirY /= length;
    x += dirX;
    y += dirY;
    if (x < 2 || y < 2 || x > width - 4 || y > height - 4) return;
    const before = (a * (1 - u) + b * u) * (1 - v) + (c * (1 - u) + d * u) * v;
    const change = terrain.sample(x, y) - before;
    const capacity = Math.max(-change, 0.01) * speed * water * CAPACITY;
    if (sediment > capacity || change > 0) {
      const amount = change > 0 ? Math.min(change, sediment) : (sediment - capacity) * DEPOSITION;
      sediment -= amount;
      data[i] = a + amount * (1 - u) * (1 - v);
      data[i + 1] = b + amount * u * (1 - v);
      data[i + width] = c + amount * (1 - u) * v;
      data[i + width + 1] = d + amount * u * v;
    } else {
      const amount = Math.min((capacity - sediment) * strength, -change);
      sediment += amount;
      dig(data, width, ix, iy, amount);
    }
    speed = Math.sqrt(Math.max(0, speed * speed - change * GRAVITY));
    water *= 1 - EVAPORATION;
  }
}

/** Takes soil away around a cell, most of it in the middle. */
function dig(data: Float32Array, width: number, x: number, y: number, amount: number): void {
  for (let j = -1; j <= 2; j++) {
    for (let i = -1; i <= 2; i++) {
      const reach = Math.max(0, 2.2 - Math.hypot(i - 0.5, j - 0.5));
      const k = (y + j) * width + x + i;
      data[k] = data[k]! - (amount * reach) / 18.4;
    }
  }
}
