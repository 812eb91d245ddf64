/** A photo-like still life: fruit, a jug and a glass of wine in the soft light of a window, path traced. */
import { mixRgb, multiplyRgb, scaleRgb, type Rgb } from './lib/colour.ts';
import { develop } from './lib/film.ts';
import { saturate } from './lib/maths.ts';
import { hash } from './lib/random.ts';
import { Raster } from './lib/raster.ts';
import { firstHit, isBlocked, normalOf, type Ray, type Span } from './lib/tracer.ts';
import type { SamplePicture } from './picture.ts';
import { layCloth, things, type Surface, type Thing } from './still-life-scene.ts';

const WIDTH = 1200;
const HEIGHT = 900;
const SAMPLES = 2;
const EYE = { x: 0.25, y: 2.75, z: -8.2 };
const FOCUS = 8.1;
const LENS = 0.045;

/** The window: an upright rectangle to the left, with bars. */
const WINDOW = { x: -6.2, y0: 1.4, y1: 5.8, z0: -4.6, z1: 0.2 };
const DAYLIGHT: Rgb = [8.6, 8.3, 7.9];
const ROOM: Rgb = [0.085, 0.075, 0.066];

type Vector = readonly [number, number, number];

/** Evenly spread random numbers for one sample of one pixel. */
class Dice {
  private index = 0;
  private readonly pixel: number;
  private readonly sample: number;

  constructor(pixel: number, sample: number) {
    this.pixel = pixel;
    this.sample = sample;
  }

  /** The next number: a rotated Kronecker sequence per dimension. */
  next(): number {
    const k = this.index++;
    const value = hash(this.pixel, k) + this.sample * STEPS[k % STEPS.length]!;
    return value - Math.floor(value);
  }
}

const STEPS = [0.754877666, 0.569840296, 0.819172513, 0.671043607, 0.549700478, 0.618033989, 0.855674884, 0.732244319];

function makeRay(x: number, y: number, z: number, dx: number, dy: number, dz: number): Ray {
  const scale = 1 / Math.hypot(dx, dy, dz);
  return { x, y, z, dx: dx * scale, dy: dy * scale, dz: dz * scale };
}

function pane(y: number, z: number): number {
  const v = ((y - WINDOW.y0) / (WINDOW.y1 - WINDOW.y0)) * 3;
  const u = ((z - WINDOW.z0) / (WINDOW.z1 - WINDOW.z0)) * 2;
  const bar = Math.min(Math.abs(v - Math.round(v)), Math.abs(u - Math.round(u)) * 1.4);
  return bar < 0.06 ? 0.04 : 1;
}

/** Light that comes along a ray that hits nothing. */
function roomLight(ray: Ray): Rgb {
  if (ray.dx < 0) {
    const t = (WINDOW.x - ray.x) / ray.dx;
    const y = ray.y + ray.dy * t;
    const z = ray.z + ray.dz * t;
    if (t > 0 && y > WINDOW.y0 && y < WINDOW.y1 && z > WINDOW.z0 && z < WINDOW.z1) {
      return scaleRgb(DAYLIGHT, pane(y, z) * (0.75 + 0.25 * (y / WINDOW.y1)));
    }
  }
  return scaleRgb(ROOM, 0.75 + 0.6 * saturate(ray.dy) + 0.5 * saturate(-ray.dx));
}

const isClear = (k: number): boolean => things[k]!.clear !== undefined;

/** Light from a random point of the window that reaches a surface. */
function windowLight(x: number, y: number, z: number, normal: Vector, glow: number, dice: Dice): number {
  const wy = WINDOW.y0 + (WINDOW.y1 - WINDOW.y0) * dice.next();
  const wz = WINDOW.z0 + (WINDOW.z1 - WINDOW.z0) * dice.next();
  const distance = Math.hypot(WINDOW.x - x, wy - y, wz - z);
  const ray = makeRay(x, y, z, WINDOW.x - x, wy - y, wz - z);
  const facing = normal[0] * ray.dx + normal[1] * ray.dy + normal[2] * ray.dz;
  const wrapped = (facing + glow) / (1 + glow);
  if (wrapped <= 0 || isBlocked(things, ray, distance - 0.01, isClear)) return 0;
  const area = (WINDOW.y1 - WINDOW.y0) * (WINDOW.z1 - WINDOW.z0);
  return (wrapped * -ray.dx * area * pane(wy, wz)) / (Math.PI * distance * distance);
}

function bumped(thing: Thing, x: number, y: number, z: number, normal: Vector): Vector {
  if (!thing.bump) return normal;
  const step = 0.004;
  const height = thing.bump(x, y, z);
  const gx = (thing.bump(x + step, y, z) - height) / step;
  const gy = (thing.bump(x, y + step, z) - height) / step;
  const gz = (thing.bump(x, y, z + step) - height) / step;
  const along = gx * normal[0] + gy * normal[1] + gz * normal[2];
  const nx = normal[0] - gx + along * normal[0];
  const ny = normal[1] - gy + along * normal[1];
  const nz = normal[2] - gz + along * normal[2];
  const scale = 1 / Math.hypot(nx, ny, nz);
  return [nx * scale, ny * scale, nz * scale];
}

/** Light seen along a ray; `depth` counts the bounces that are left. */
function see(ray: Ray, depth: number, dice: Dice): Rgb {
  const reach: Span = { from: 0, to: 40 };
  const found = firstHit(things, ray, reach);
  if (found < 0) return roomLight(ray);
  const thing = things[found]!;
  const x = ray.x + ray.dx * reach.to;
  const y = ray.y + ray.dy * reach.to;
  const z = ray.z + ray.dz * reach.to;
  const smooth = normalOf(thing, x, y, z);
  if (thing.clear) return depth > 0 ? seeThrough(thing, ray, reach.to, smooth, depth, dice) : ROOM;
  const normal = bumped(thing, x, y, z, smooth);
  const surface = thing.surface(x, y, z);
  const ox = x + smooth[0] * 0.004;
  const oy = y + smooth[1] * 0.004;
  const oz = z + smooth[2] * 0.004;
  const direct = windowLight(ox, oy, oz, normal, surface.glow, dice);
  let light = scaleRgb(DAYLIGHT, direct);
  if (depth > 1) {
    const around = see(scatter(ox, oy, oz, normal, dice), depth === 3 ? 1 : 0, dice);
    light = [light[0] + Math.min(1.2, around[0]), light[1] + Math.min(1.2, around[1]), light[2] + Math.min(1.2, around[2])];
  } else {
    light = [light[0] + ROOM[0], light[1] + ROOM[1], light[2] + ROOM[2]];
  }
  const diffuse = multiplyRgb(surface.colour, light);
  if (surface.gloss === 0 || depth < 2) return diffuse;
  return addGloss(diffuse, surface, ray, [ox, oy, oz], normal, dice);
}

function scatter(x: number, y: number, z: number, normal: Vector, dice: Dice): Ray {
  const up = 2 * dice.next() - 1;
  const turn = 2 * Math.PI * dice.next();
  const flat = Math.sqrt(1 - up * up) * 0.999;
  return makeRay(x, y, z, normal[0] + flat * Math.cos(turn), normal[1] + flat * Math.sin(turn), normal[2] + up * 0.999);
}

function mirrored(ray: Ray, normal: Vector): Vector {
  const along = 2 * (ray.dx * normal[0] + ray.dy * normal[1] + ray.dz * normal[2]);
  return [ray.dx - along * normal[0], ray.dy - along * normal[1], ray.dz - along * normal[2]];
}

function fresnel(gloss: number, ray: Ray, normal: Vector): number {
  const facing = saturate(-(ray.dx * normal[0] + ray.dy * normal[1] + ray.dz * normal[2]));
  return gloss + (1 - gloss) * Math.pow(1 - facing, 5);
}

function addGloss(diffuse: Rgb, surface: Surface, ray: Ray, at: Vector, normal: Vector, dice: Dice): Rgb {
  const [mx, my, mz] = mirrored(ray, normal);
  const blur = surface.blur;
  const jitter = (): number => blur * (dice.next() + dice.next() - 1) * 1.6;
  const seen = see(makeRay(at[0], at[1], at[2], mx + jitter(), my + jitter(), mz + jitter()), 0, dice);
  const share = Math.min(0.6, fresnel(surface.gloss, ray, normal)) * (surface.gloss / (surface.gloss + 0.012 + blur * 0.15));
  return mixRgb(diffuse, seen, share);
}

/** Clear things reflect a part; the rest goes on, bent by wine and straight through thin glass. */
function seeThrough(thing: Thing, ray: Ray, t: number, normal: Vector, depth: number, dice: Dice): Rgb {
  const inside = ray.dx * normal[0] + ray.dy * normal[1] + ray.dz * normal[2] > 0;
  const facing: Vector = inside ? [-normal[0], -normal[1], -normal[2]] : normal;
  const x = ray.x + ray.dx * t;
  const y = ray.y + ray.dy * t;
  const z = ray.z + ray.dz * t;
  const surface = thing.surface(x, y, z);
  const share = Math.min(0.75, fresnel(surface.gloss, ray, facing));
  const [mx, my, mz] = mirrored(ray, facing);
  const mirror = makeRay(x + facing[0] * 0.006, y + facing[1] * 0.006, z + facing[2] * 0.006, mx, my, mz);
  const reflected = see(mirror, 0, dice);
  const through = thing.clear === 'wine' ? throughWine(thing, ray, t, facing, dice) : throughGlass(thing, ray, t, depth, dice);
  return mixRgb(multiplyRgb(through, surface.colour), reflected, share);
}

function throughGlass(thing: Thing, ray: Ray, t: number, depth: number, dice: Dice): Rgb {
  let far = t + 0.012;
  while (far < t + 0.3) {
    const d = thing.distance(ray.x + ray.dx * far, ray.y + ray.dy * far, ray.z + ray.dz * far);
    if (d > 0.002) break;
    far += 0.006 - Math.min(0, d);
  }
  const x = ray.x + ray.dx * far;
  const y = ray.y + ray.dy * far;
  const z = ray.z + ray.dz * far;
  return see({ ...ray, x, y, z }, Math.max(1, depth - (depth > 2 ? 0 : 0.34)), dice);
}

function throughWine(thing: Thing, ray: Ray, t: number, normal: Vector, dice: Dice): Rgb {
  const inner = bend(ray, normal, 1 / 1.34);
  inner.x = ray.x + ray.dx * t;
  inner.y = ray.y + ray.dy * t;
  inner.z = ray.z + ray.dz * t;
  let path = 0.02;
  while (path < 2) {
    const d = thing.distance(inner.x + inner.dx * path, inner.y + inner.dy * path, inner.z + inner.dz * path);
    if (d > -0.001) break;
    path += Math.max(0.004, -d);
  }
  const x = inner.x + inner.dx * path;
  const y = inner.y + inner.dy * path;
  const z = inner.z + inner.dz * path;
  const out = normalOf(thing, x, y, z);
  const outer = bend(inner, [-out[0], -out[1], -out[2]], 1.34);
  const start = 0.09;
  const seen = see({ ...outer, x: x + outer.dx * start, y: y + outer.dy * start, z: z + outer.dz * start }, 1, dice);
  return [seen[0] * Math.exp(-path * 0.35) + 0.012, seen[1] * Math.exp(-path * 3.2), seen[2] * Math.exp(-path * 2.8)];
}

/** The direction of a ray behind a surface (Snell); total reflection goes straight on. */
function bend(ray: Ray, normal: Vector, ratio: number): Ray {
  const cos = -(ray.dx * normal[0] + ray.dy * normal[1] + ray.dz * normal[2]);
  const root = 1 - ratio * ratio * (1 - cos * cos);
  if (root < 0) return { ...ray };
  const k = ratio * cos - Math.sqrt(root);
  return makeRay(0, 0, 0, ray.dx * ratio + normal[0] * k, ray.dy * ratio + normal[1] * k, ray.dz * ratio + normal[2] * k);
}

/** The ray of one sample through the lens. */
function cameraRay(px: number, py: number, dice: Dice): Ray {
  const u = (px + dice.next() - WIDTH / 2) / HEIGHT;
  const v = (HEIGHT * 0.47 - py - dice.next()) / HEIGHT;
  const radius = LENS * Math.sqrt(dice.next());
  const turn = 2 * Math.PI * dice.next();
  const lensX = radius * Math.cos(turn);
  const lensY = radius * Math.sin(turn);
  const pitch = 0.19;
  const forward = 1.52;
  const dy = v * Math.cos(pitch) - forward * Math.sin(pitch);
  const dz = v * Math.sin(pitch) + forward * Math.cos(pitch);
  const scale = FOCUS / forward;
  return makeRay(EYE.x + lensX, EYE.y + lensY, EYE.z, u * scale - lensX, dy * scale - lensY, dz * scale);
}

function render(): Raster {
  layCloth();
  const scene = new Raster(WIDTH, HEIGHT);
  for (let i = 0; i < WIDTH * HEIGHT; i++) {
    let r = 0;
    let g = 0;
    let b = 0;
    for (let k = 0; k < SAMPLES; k++) {
      const dice = new Dice(i, k);
      const seen = see(cameraRay(i % WIDTH, Math.floor(i / WIDTH), dice), 3, dice);
      r += Math.min(6, seen[0]);
      g += Math.min(6, seen[1]);
      b += Math.min(6, seen[2]);
    }
    scene.set(i, [r / SAMPLES, g / SAMPLES, b / SAMPLES]);
  }
  return develop(scene, { exposure: 1, glow: 0.05, grain: 0.024, vignette: 0.3, saturation: 1.08, seed: 9 });
}

export const stillLife: SamplePicture = {
  name: 'still-life',
  kind: 'photos',
  title: 'Fruit and Wine',
  alt: 'A still life of apples, pears, a lemon and grapes with a glazed jug and a glass of red wine on a linen cloth',
  render,
};
