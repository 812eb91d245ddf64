/** A photo-like harbour town at dusk: lit windows, lamps and their reflections in the water, ray traced. */
import { linearHex, mixRgb, ramp, scaleRgb, type Rgb } from './lib/colour.ts';
import { develop } from './lib/film.ts';
import { bell, saturate, smoothstep } from './lib/maths.ts';
import { fbm2, fbm3, noise2 } from './lib/noise.ts';
import { halve, Raster } from './lib/raster.ts';
import type { SamplePicture } from './picture.ts';
import {
  balls,
  blockFinish,
  blocks,
  HILL_TOP,
  hillAt,
  hullColour,
  lamps,
  masts,
  QUAY_Z,
  type Ball,
  type Block,
} from './harbour-scene.ts';

const WIDTH = 2496;
const HEIGHT = 1664;
const HORIZON = 0.55;
const FOCAL = 1.28;
const EYE = { x: 0.6, y: 1.35, z: -8.6 };
const FAR = 70;

type Vector = readonly [number, number, number];

const afterglow = normalise([-0.62, 0.42, -0.66]);

interface Hit {
  t: number;
  block: Block | undefined;
  ball: Ball | undefined;
  hill: boolean;
  plane: number;
}

function normalise([x, y, z]: Vector): Vector {
  const scale = 1 / Math.hypot(x, y, z);
  return [x * scale, y * scale, z * scale];
}

function isNear(thing: { x: number; y: number; z: number }, reach: number, from: Vector, dir: Vector): boolean {
  const ox = thing.x - from[0];
  const oy = thing.y - from[1];
  const oz = thing.z - from[2];
  const along = ox * dir[0] + oy * dir[1] + oz * dir[2];
  return along > -reach && ox * ox + oy * oy + oz * oz - along * along < reach * reach;
}

/** Clips a ray against the planes of a block. */
function meetBlock(block: Block, from: Vector, dir: Vector, hit: Hit): void {
  const rx = from[0] - block.x;
  const rz = from[2] - block.z;
  const ox = rx * block.cos + rz * block.sin;
  const oz = rz * block.cos - rx * block.sin;
  const oy = from[1] - block.y;
  const dx = dir[0] * block.cos + dir[2] * block.sin;
  const dz = dir[2] * block.cos - dir[0] * block.sin;
  let enter = 1e-3;
  let leave = hit.t;
  let plane = -1;
  for (let k = 0; k < block.offsets.length; k++) {
    const nx = block.normals[k * 3]!;
    const ny = block.normals[k * 3 + 1]!;
    const nz = block.normals[k * 3 + 2]!;
    const gap = block.offsets[k]! - (nx * ox + ny * oy + nz * oz);
    const speed = nx * dx + ny * dir[1] + nz * dz;
    if (speed < 0) {
      const t = gap / speed;
      if (t > enter) {
        enter = t;
        plane = k;
      }
    } else if (speed > 0) {
      leave = Math.min(leave, gap / speed);
    } else if (gap < 0) {
      return;
    }
    if (enter >= leave) return;
  }
  if (plane < 0) return;
  hit.t = enter;
  hit.block = block;
  hit.ball = undefined;
  hit.plane = plane;
  hit.hill = false;
}

function meetBall(ball: Ball, from: Vector, dir: Vector, hit: Hit): void {
  const ox = (from[0] - ball.x) / ball.radiusX;
  const oy = (from[1] - ball.y) / ball.radiusY;
  const oz = (from[2] - ball.z) / ball.radiusZ;
  const dx = dir[0] / ball.radiusX;
  const dy = dir[1] / ball.radiusY;
  const dz = dir[2] / ball.radiusZ;
  const a = dx * dx + dy * dy + dz * dz;
  const b = ox * dx + oy * dy + oz * dz;
  const root = b * b - a * (ox * ox + oy * oy + oz * oz - 1);
  if (root < 0) return;
  const half = Math.sqrt(root);
  let t = (-b - half) / a;
  if (ball.kind === 'hull') {
    const y = from[1] + dir[1] * t;
    if (y > 0.145) t = (0.145 - from[1]) / dir[1];
    if (t > (-b + half) / a) return;
  }
  if (t < 1e-3 || t > hit.t) return;
  if (ball.kind === 'tree') {
    const rim = half / Math.sqrt(a);
    const leaf = fbm3((from[0] + dir[0] * t) * 6, (from[1] + dir[1] * t) * 6, (from[2] + dir[2] * t) * 6, 3);
    if (rim < 0.42 + 0.6 * leaf) return;
  }
  hit.t = t;
  hit.ball = ball;
  hit.block = undefined;
  hit.hill = false;
}

function meetHill(from: Vector, dir: Vector, hit: Hit): void {
  if (dir[2] <= 0) return;
  const start = Math.max(0.01, (QUAY_Z + 1.4 - from[2]) / dir[2]);
  for (let k = 0, t = start; k < 90 && t < Math.min(hit.t, FAR); k++) {
    const y = from[1] + dir[1] * t;
    if (y > HILL_TOP && dir[1] > 0) return;
    const gap = y - hillAt(from[0] + dir[0] * t, from[2] + dir[2] * t);
    if (gap < 0.004) {
      Object.assign(hit, { t, hill: true, block: undefined, ball: undefined });
      return;
    }
    t += Math.max(0.01, gap * 0.6);
  }
}

function trace(from: Vector, dir: Vector): Hit {
  const hit: Hit = { t: FAR, block: undefined, ball: undefined, hill: false, plane: 0 };
  for (const block of blocks)
    if (block.kind === 'quay' || isNear(block, block.reach, from, dir)) meetBlock(block, from, dir, hit);
  for (const ball of balls)
    if (isNear(ball, Math.max(ball.radiusX, ball.radiusY), from, dir)) meetBall(ball, from, dir, hit);
  meetHill(from, dir, hit);
  return hit;
}

function isShaded(at: Vector): boolean {
  const hit: Hit = { t: 9, block: undefined, ball: undefined, hill: false, plane: 0 };
  for (const block of blocks) {
    if (!isNear(block, block.reach, at, afterglow)) continue;
    meetBlock(block, at, afterglow, hit);
    if (hit.block) return true;
  }
  return false;
}

const sky = [
  [0, [1.5, 0.72, 0.4]],
  [0.07, [1.25, 0.66, 0.5]],
  [0.16, [0.72, 0.5, 0.56]],
  [0.32, [0.3, 0.32, 0.52]],
  [0.6, [0.1, 0.15, 0.34]],
] as const;

function skyLight(dir: Vector): Rgb {
  const up = Math.max(0, dir[1]);
  const side = 0.72 + 0.5 * bell(dir[0], -0.35, 0.55);
  const base = scaleRgb(ramp(sky, up), side);
  const scale = 1 / (up + 0.13);
  const x = dir[0] * scale + 3;
  const z = dir[2] * scale;
  const warp = fbm2(x * 0.7, z * 0.9, 3);
  const cloud = saturate(1.5 * fbm2(x * 0.75 + warp * 0.6, z * 2.1 + warp, 5, 0.55) + 0.12);
  const thick = saturate(1.6 * fbm2(x * 0.75 + warp * 0.6 - 0.15, z * 2.1 + warp - 0.1, 4, 0.55) + 0.1);
  const lit = mixRgb([1.5, 0.62, 0.45], [0.28, 0.25, 0.38], saturate(thick * 1.1 + up * 0.9 - 0.1));
  return mixRgb(base, scaleRgb(lit, side), cloud * 0.8 * smoothstep(0, 0.06, up));
}

/** Light of the lamps on a surface. */
function lampLight(at: Vector, normal: Vector): Rgb {
  let sum = 0;
  for (const lamp of lamps) {
    const dx = lamp.x - at[0];
    const dy = lamp.y - at[1];
    const dz = lamp.z - at[2];
    const square = dx * dx + dy * dy + dz * dz;
    if (square > 6) continue;
    const facing = (dx * normal[0] + dy * normal[1] + dz * normal[2]) / Math.sqrt(square);
    sum += (Math.max(0, facing + 0.25) / (square + 0.05)) * saturate(1 - square / 6);
  }
  return [sum * 0.42, sum * 0.235, sum * 0.085];
}

function shade(colour: Rgb, light: Rgb, at: Vector, normal: Vector, lift: number): Rgb {
  const raised: Vector = [at[0] + normal[0] * 0.01, at[1] + normal[1] * 0.01, at[2] + normal[2] * 0.01];
  const facing = normal[0] * afterglow[0] + normal[1] * afterglow[1] + normal[2] * afterglow[2];
  const glow = facing > 0 && !isShaded(raised) ? facing * 0.95 : 0;
  const open = (0.42 + 0.32 * normal[1]) * (0.45 + 0.55 * smoothstep(0, 0.7, lift));
  const [lr, lg, lb] = lampLight(at, normal);
  return [
    colour[0] * (glow * 1.0 + open * 0.52 + lr) + light[0],
    colour[1] * (glow * 0.6 + open * 0.5 + lg) + light[1],
    colour[2] * (glow * 0.5 + open * 0.66 + lb) + light[2],
  ];
}

function hitLight(hit: Hit, from: Vector, dir: Vector): Rgb {
  const at: Vector = [from[0] + dir[0] * hit.t, from[1] + dir[1] * hit.t, from[2] + dir[2] * hit.t];
  if (hit.block) return blockLight(hit.block, hit.plane, at);
  if (hit.ball) return ballLight(hit.ball, at);
  const rough = fbm2(at[0] * 5, at[2] * 5, 4);
  const normal = normalise([0.5 * rough, 1, -0.45 + 0.5 * noise2(at[0] * 9, at[2] * 9)]);
  const green = mixRgb(linearHex('#2b3420'), linearHex('#6a6438'), saturate(0.45 + rough));
  return shade(green, [0, 0, 0], at, normal, 0.6);
}

function blockLight(block: Block, plane: number, at: Vector): Rgb {
  const nx = block.normals[plane * 3]!;
  const ny = block.normals[plane * 3 + 1]!;
  const nz = block.normals[plane * 3 + 2]!;
  const rx = at[0] - block.x;
  const rz = at[2] - block.z;
  const x = rx * block.cos + rz * block.sin;
  const z = rz * block.cos - rx * block.sin;
  const y = at[1] - block.y;
  const finish = blockFinish(block, x, y, z, [nx, ny, nz]);
  const normal: Vector = [nx * block.cos - nz * block.sin, ny, nz * block.cos + nx * block.sin];
  return shade(finish.colour, finish.light, at, normal, y);
}

function ballLight(ball: Ball, at: Vector): Rgb {
  if (ball.kind === 'lamp') return [7, 4.4, 1.9];
  const normal = normalise([
    (at[0] - ball.x) / ball.radiusX ** 2,
    (at[1] - ball.y) / ball.radiusY ** 2,
    (at[2] - ball.z) / ball.radiusZ ** 2,
  ]);
  if (ball.kind === 'hull') {
    if (at[1] > 0.14)
      return shade(linearHex('#7d6044'), [0, 0, 0], at, [0, 1, 0], 0.3 + 0.3 * noise2(at[0] * 30, at[2] * 9));
    return shade(hullColour(ball, at[1]), [0, 0, 0], at, normal, 0.4);
  }
  const leaf = fbm3(at[0] * 7, at[1] * 7, at[2] * 7, 3);
  const bent = normalise([
    normal[0] + leaf,
    normal[1] + 0.8 * fbm3(at[2] * 9, at[0] * 9, at[1] * 9, 2),
    normal[2] - leaf * 0.6,
  ]);
  const green = mixRgb(linearHex('#1c2a18'), linearHex('#56603a'), saturate(0.5 + 0.9 * leaf));
  return shade(green, [0, 0, 0], at, bent, 0.35 + 0.5 * saturate(normal[1] + leaf));
}

/** Evening haze between the eye and a point. */
function throughHaze(colour: Rgb, distance: number): Rgb {
  return mixRgb(colour, [0.62, 0.46, 0.5], 1 - Math.exp(-Math.max(0, distance - 7) * 0.012));
}

function outlook(from: Vector, dir: Vector): Rgb {
  const hit = trace(from, dir);
  return hit.t >= FAR ? skyLight(dir) : throughHaze(hitLight(hit, from, dir), hit.t);
}

function waterLight(dir: Vector, t: number): Rgb {
  const at: Vector = [EYE.x + dir[0] * t, 0.001, EYE.z + dir[2] * t];
  const near = 1 / (1 + 0.05 * t);
  const breeze = 0.6 + 0.6 * smoothstep(-0.3, 0.5, fbm2(at[0] * 0.25, at[2] * 0.8, 3));
  const wave = 0.034 * near * breeze;
  const slopeX = wave * (fbm2(at[0] * 2.2 + 4, at[2] * 4.2, 3) + 0.6 * noise2(at[0] * 10, at[2] * 17));
  const slopeZ = wave * 2 * (fbm2(at[0] * 1.9 + 20, at[2] * 4.6, 3) + 0.6 * noise2(at[0] * 9 + 7, at[2] * 18));
  const normal = normalise([slopeX, 1, slopeZ]);
  const along = 2 * (dir[0] * normal[0] + dir[1] * normal[1] + dir[2] * normal[2]);
  const mirrored = normalise([
    dir[0] - along * normal[0],
    Math.abs(dir[1] - along * normal[1]),
    dir[2] - along * normal[2],
  ]);
  const fresnel = 0.05 + 0.95 * Math.pow(1 - saturate(-along / 2), 4);
  return mixRgb([0.012, 0.035, 0.05], outlook(at, mirrored), saturate(fresnel * 1.2 + 0.16));
}

function viewLight(px: number, py: number): Rgb {
  const dir = normalise([(px - WIDTH / 2) / HEIGHT, HORIZON - py / HEIGHT, FOCAL]);
  const from: Vector = [EYE.x, EYE.y, EYE.z];
  const hit = trace(from, dir);
  const water = dir[1] < 0 ? -EYE.y / dir[1] : FAR;
  const mast = mastAt(from, dir, Math.min(hit.t, water));
  const seen =
    hit.t < water ? throughHaze(hitLight(hit, from, dir), hit.t) : water < FAR ? waterLight(dir, water) : skyLight(dir);
  return mixRgb(seen, [0.055, 0.04, 0.04], mast);
}

/** Masts and lamp posts: thin upright lines. */
const posts = [
  ...masts.map((mast) => ({ ...mast, width: 0.013 })),
  ...lamps.map(({ x, y, z }) => ({ x, y: y - 0.62, z, height: 0.6, width: 0.011 })),
];

/** How much of the view a mast or a lamp post covers. */
function mastAt(from: Vector, dir: Vector, limit: number): number {
  let cover = 0;
  for (const post of posts) cover = Math.max(cover, postCover(from, dir, limit, post));
  return cover;
}

function postCover(from: Vector, dir: Vector, limit: number, post: (typeof posts)[number]): number {
  const t = (post.z - from[2]) / dir[2];
  if (t <= 0 || t > limit) return 0;
  const up = from[1] + dir[1] * t - post.y;
  if (up < 0 || up > post.height) return 0;
  const pixel = t / (HEIGHT * FOCAL);
  return saturate(
    (post.width * (1 - (0.5 * up) / post.height) - Math.abs(from[0] + dir[0] * t - post.x)) / pixel + 0.5,
  );
}

function render(): Raster {
  const scene = halve(Raster.from(WIDTH, HEIGHT, viewLight));
  return develop(scene, { exposure: 1.05, glow: 0.13, grain: 0.042, vignette: 0.34, saturation: 1.0, seed: 12 });
}

export const harbour: SamplePicture = {
  name: 'harbour',
  kind: 'photos',
  title: 'Harbour at Dusk',
  alt: 'A harbour town on a hill at dusk, with lit windows, street lamps, boats and reflections in the water',
  render,
};
