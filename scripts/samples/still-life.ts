/** A photo-like still life: fruit, a jug and a glass of wine in the soft light of a window, path traced. */
import { mixRgb, multiplyRgb, scaleRgb, type Rgb } from './lib/colour.ts';
import { denoise } from './lib/denoise.ts';
import { develop } from './lib/film.ts';
import { saturate } from './lib/maths.ts';
import { hash } from './lib/random.ts';
import { Raster } from './lib/raster.ts';
import { firstHit, isBlocked, normalOf, type Ray, type Span } from './lib/tracer.ts';
import type { SamplePicture } from './picture.ts';
import { layCloth, things, type Surface, type Thing } from './still-life-scene.ts';

const WIDTH = 1152;
const HEIGHT = 864;
const SAMPLES = 3;
/** More samples where things meet, so that outlines are smooth. */
const EDGE_SAMPLES = 9;
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

/** What the eye finds first, kept apart so that the light can be cleaned of noise before it meets the colours. */
class FirstSight {
  colour: Rgb = [0, 0, 0];
  light: Rgb = [0, 0, 0];
  shine: Rgb = [0, 0, 0];
  normal: Vector = [0, 0, 1];
  depth = 0;
}

/** Light seen along a ray; `depth` counts the bounces that are left. Details go to `sight`, if given. */
function see(ray: Ray, depth: number, dice: Dice, sight?: FirstSight): Rgb {
  const reach: Span = { from: 0, to: 40 };
  const found = firstHit(things, ray, reach);
  if (found < 0) return roomLight(ray);
  const thing = things[found]!;
  const x = ray.x + ray.dx * reach.to;
  const y = ray.y + ray.dy * reach.to;
  const z = ray.z + ray.dz * reach.to;
  const smooth = normalOf(thing, x, y, z);
  if (thing.clear) {
    const seen = depth > 0 ? seeThrough(thing, ray, reach.to, smooth, depth, dice) : ROOM;
    if (sight) Object.assign(sight, { shine: seen, normal: smooth, depth: reach.to });
    return seen;
  }
  const normal = depth > 1 ? bumped(thing, x, y, z, smooth) : smooth;
  const surface = thing.surface(x, y, z);
  const off: Vector = [x + smooth[0] * 0.011, y + smooth[1] * 0.011, z + smooth[2] * 0.011];
  const light = lightAt(off, normal, surface, depth, dice);
  const diffuse = multiplyRgb(surface.colour, light);
  const shiny = surface.gloss > 0 && depth > 1;
  const share = shiny ? glossShare(surface, ray, normal) : 0;
  const shine = shiny ? scaleRgb(glossLight(surface, ray, off, normal, dice), share) : BLACK;
  if (sight)
    Object.assign(sight, { colour: scaleRgb(surface.colour, 1 - share), light, shine, normal, depth: reach.to });
  return addRgb(scaleRgb(diffuse, 1 - share), shine);
}

const BLACK: Rgb = [0, 0, 0];

function addRgb(a: Rgb, b: Rgb): Rgb {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
}

/** Light that falls on a surface from the window and, as long as bounces are left, from other things. */
function lightAt(at: Vector, normal: Vector, surface: Surface, depth: number, dice: Dice): Rgb {
  const direct = scaleRgb(DAYLIGHT, windowLight(at[0], at[1], at[2], normal, surface.glow, dice));
  if (depth <= 1) return addRgb(direct, ROOM);
  const around = see(scatter(at[0], at[1], at[2], normal, dice), depth === 3 ? 1 : 0, dice);
  return addRgb(direct, [Math.min(1.2, around[0]), Math.min(1.2, around[1]), Math.min(1.2, around[2])]);
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

function glossShare(surface: Surface, ray: Ray, normal: Vector): number {
  const polish = surface.gloss / (surface.gloss + 0.012 + surface.blur * 0.15);
  return Math.min(0.6, fresnel(surface.gloss, ray, normal)) * polish;
}

function glossLight(surface: Surface, ray: Ray, at: Vector, normal: Vector, dice: Dice): Rgb {
  const [mx, my, mz] = mirrored(ray, normal);
  const blur = surface.blur * 1.6;
  const jx = blur * (dice.next() + dice.next() - 1);
  const jy = blur * (dice.next() + dice.next() - 1);
  const jz = blur * (dice.next() + dice.next() - 1);
  return see(makeRay(at[0], at[1], at[2], mx + jx, my + jy, mz + jz), 0, dice);
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
  const through =
    thing.clear === 'wine' ? throughWine(thing, ray, t, facing, dice) : throughGlass(thing, ray, t, depth, dice);
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
  return makeRay(
    0,
    0,
    0,
    ray.dx * ratio + normal[0] * k,
    ray.dy * ratio + normal[1] * k,
    ray.dz * ratio + normal[2] * k,
  );
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

/** Sums of what the samples of every pixel saw. */
class Film {
  readonly colour = new Raster(WIDTH, HEIGHT);
  readonly light = new Raster(WIDTH, HEIGHT);
  readonly shine = new Raster(WIDTH, HEIGHT);
  readonly normal = new Raster(WIDTH, HEIGHT);
  readonly whole = new Raster(WIDTH, HEIGHT);
  readonly depth = new Float32Array(WIDTH * HEIGHT);
  private readonly sight = new FirstSight();

  expose(index: number, from: number, to: number): void {
    const { sight } = this;
    for (let k = from; k < to; k++) {
      const dice = new Dice(index, k);
      Object.assign(sight, { colour: BLACK, light: BLACK, shine: BLACK });
      const seen = see(cameraRay(index % WIDTH, Math.floor(index / WIDTH), dice), 3, dice, sight);
      const share = 1 / (k + 1);
      this.whole.blend(index, limit(seen), share);
      this.colour.blend(index, sight.colour, share);
      this.light.blend(index, limit(sight.light), share);
      this.shine.blend(index, limit(sight.shine), share);
      this.normal.blend(index, sight.normal, share);
      this.depth[index] = this.depth[index]! + (sight.depth - this.depth[index]!) * share;
    }
  }

  /** Whether different things meet near a pixel, or it shows something through glass. */
  isEdge(index: number): boolean {
    if (this.colour.data[index * 3] === 0) return true;
    const [x, y, z] = this.normal.get(index);
    if (Math.hypot(x, y, z) < 0.97) return true;
    const depth = this.depth[index]!;
    return [1, -1, WIDTH, -WIDTH].some((step) => Math.abs((this.depth[index + step] ?? depth) - depth) > 0.09);
  }
}

function limit([r, g, b]: Vector): Vector {
  return [Math.min(5, r), Math.min(5, g), Math.min(5, b)];
}

function normaliseAll(vectors: Raster): void {
  for (let i = 0; i < WIDTH * HEIGHT; i++) {
    const vector = vectors.get(i);
    vectors.set(i, scaleRgb(vector, 1 / (Math.hypot(...vector) || 1)));
  }
}

function render(): Raster {
  layCloth();
  const film = new Film();
  const pixels = Array.from({ length: WIDTH * HEIGHT }, (_, i) => i);
  for (const i of pixels) film.expose(i, 0, SAMPLES);
  const edges = new Set(pixels.filter((i) => film.isEdge(i)).flatMap((i) => [i, i - 1, i + 1, i - WIDTH, i + WIDTH]));
  for (const i of edges) if (i >= 0 && i < pixels.length) film.expose(i, SAMPLES, SAMPLES + EDGE_SAMPLES);
  normaliseAll(film.normal);
  const light = denoise(film.light, film, 4, 2.2);
  const scene = Raster.from(WIDTH, HEIGHT, (x, y) => {
    const i = y * WIDTH + x;
    if (edges.has(i)) return film.whole.get(i);
    return addRgb(multiplyRgb(film.colour.get(i), light.get(i)), film.shine.get(i));
  });
  return develop(scene, { exposure: 1.7, glow: 0.06, grain: 0.034, vignette: 0.3, saturation: 1.04, seed: 9 });
}

export const stillLife: SamplePicture = {
  name: 'still-life',
  kind: 'photos',
  title: 'Fruit and Wine',
  alt: 'A still life of apples, pears, a lemon and grapes with a glazed jug and a glass of red wine on a linen cloth',
  render,
};
