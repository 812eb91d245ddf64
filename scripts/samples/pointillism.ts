/** A pointillist summer: poplars and blossom on a river bank, sails on the water, all in dots of pure colour. */
import { hex, mixRgb, ramp, scaleRgb, type Rgb } from './lib/colour.ts';
import { bell, mix, saturate, smoothstep } from './lib/maths.ts';
import { fbm2, noise2 } from './lib/noise.ts';
import { between, createRandom, gaussian, type Random } from './lib/random.ts';
import { halve, Plane, Raster } from './lib/raster.ts';
import { lightRelief } from './lib/relief.ts';
import type { SamplePicture } from './picture.ts';

const WIDTH = 2048;
const HEIGHT = 1536;
const ASPECT = WIDTH / HEIGHT;
const SHORE = 0.5;

/** The tubes of paint: every dot has one of these colours. */
const tubes = [
  '#fdf6dc',
  '#fbe9a0',
  '#f8d24a',
  '#f5a93a',
  '#ec6f2e',
  '#d63c33',
  '#b3224a',
  '#f3a7a8',
  '#e87fa6',
  '#c9a3d6',
  '#8a5fb0',
  '#4f3a8c',
  '#26306f',
  '#2f55a8',
  '#4c8cd0',
  '#8fc1e8',
  '#c6e2ef',
  '#2b8f94',
  '#1f6b58',
  '#3c8f46',
  '#7fb343',
  '#bcd25a',
  '#1d4536',
].map(hex);

interface Tree {
  x: number;
  foot: number;
  height: number;
  width: number;
  kind: 'poplar' | 'round' | 'blossom';
}

const trees: readonly Tree[] = [
  { x: 0.98, foot: 0.505, height: 0.2, width: 0.05, kind: 'round' },
  { x: 1.06, foot: 0.51, height: 0.3, width: 0.034, kind: 'poplar' },
  { x: 1.13, foot: 0.515, height: 0.36, width: 0.038, kind: 'poplar' },
  { x: 1.21, foot: 0.52, height: 0.33, width: 0.036, kind: 'poplar' },
  { x: 1.3, foot: 0.53, height: 0.27, width: 0.075, kind: 'round' },
  { x: 0.42, foot: 0.5, height: 0.11, width: 0.06, kind: 'round' },
  { x: 0.54, foot: 0.5, height: 0.09, width: 0.05, kind: 'round' },
  { x: 0.16, foot: 0.86, height: 0.74, width: 0.24, kind: 'round' },
  { x: 0.43, foot: 0.9, height: 0.23, width: 0.1, kind: 'blossom' },
  { x: 0.02, foot: 0.96, height: 0.24, width: 0.12, kind: 'blossom' },
];

const boats = [
  { x: 0.66, y: 0.6, size: 0.13 },
  { x: 0.84, y: 0.55, size: 0.07 },
  { x: 0.56, y: 0.54, size: 0.045 },
];

const skyStops = [
  [0, hex('#5f9bdc')],
  [0.45, hex('#a9cfee')],
  [0.75, hex('#f6dcb4')],
  [1, hex('#fbe6a4')],
] as const;

function skyColour(x: number, y: number): Rgb {
  const base = ramp(skyStops, y / SHORE);
  const glow = bell(Math.hypot(x - 0.83, y - 0.4), 0, 0.26);
  const cloud = smoothstep(0.05, 0.5, fbm2(x * 2.6 + 2, y * 6, 4) + 0.2 * bell(y, 0.22, 0.12));
  const lit = mixRgb(hex('#fff1d6'), hex('#e9a9b4'), saturate(0.5 + 1.4 * fbm2(x * 3 + 0.4, y * 7 - 0.3, 3)));
  return mixRgb(mixRgb(base, hex('#fdd765'), 0.75 * glow), lit, cloud * 0.8);
}

/** The part of a tree at a point, as shade from 0 (dark) to 1 (sunlit), or -1 beside it. */
function treeShade(tree: Tree, x: number, y: number): number {
  const up = (tree.foot - y) / tree.height;
  const side = (x - tree.x) / tree.width;
  if (up < -0.02 || up > 1.1 || Math.abs(side) > 1.4) return -1;
  const leafy = 0.22 * fbm2(x * 16 + tree.x * 9, y * 16, 3);
  const trunk = tree.kind === 'poplar' ? 0.08 : 0.26;
  if (up < trunk && Math.abs(side) < (tree.kind === 'blossom' ? 0 : 0.09)) return 0.02;
  const centre = tree.kind === 'poplar' ? 0.55 : 0.62;
  const half = tree.kind === 'poplar' ? 0.47 : tree.kind === 'blossom' ? 0.56 : 0.42;
  const radius = Math.hypot(side, (up - centre) / half) + leafy;
  if (radius > 1) return -1;
  const clump = fbm2(x * 11 + tree.x * 7, y * 13, 3);
  return saturate(0.46 + 0.34 * side + (0.3 * (up - centre)) / half + 0.65 * clump);
}

const leaves = [
  [0, hex('#262f6b')],
  [0.3, hex('#1f6b58')],
  [0.58, hex('#4c9a45')],
  [0.82, hex('#b4cf52')],
  [1, hex('#fbe48a')],
] as const;
const blossoms = [
  [0, hex('#4f3a8c')],
  [0.25, hex('#2f7a52')],
  [0.5, hex('#d4587f')],
  [0.78, hex('#f3a7b4')],
  [1, hex('#fff2e0')],
] as const;

function treeColour(x: number, y: number, near: boolean): Rgb | undefined {
  for (let k = trees.length - 1; k >= 0; k--) {
    const tree = trees[k]!;
    if (tree.foot > 0.7 !== near) continue;
    const shade = treeShade(tree, x, y);
    if (shade < 0) continue;
    if (shade < 0.03) return hex('#5a3050');
    return ramp(tree.kind === 'blossom' ? blossoms : leaves, shade);
  }
  return undefined;
}

function boatColour(x: number, y: number): Rgb | undefined {
  for (const boat of boats) {
    const u = (x - boat.x) / boat.size;
    const v = (y - boat.y) / boat.size;
    if (v > 0 && v < 0.14 && Math.abs(u) < 0.52 - v) return v < 0.05 ? hex('#d63c33') : hex('#2b2f70');
    if (v > 0 || v < -1.15) continue;
    const reach = 1 + v / 1.15;
    if (u > 0.02 && u < 0.46 * reach) return mixRgb(hex('#fff6dc'), hex('#f3b46a'), u * 1.8);
    if (u < -0.02 && u > -0.36 * reach) return mixRgb(hex('#c9b3dc'), hex('#8fb1e0'), -u * 2.4);
  }
  return undefined;
}

function farColour(x: number, y: number): Rgb {
  const hills = 0.44 - 0.035 * Math.sin(x * 4.2 + 0.4) - 0.018 * Math.sin(x * 11);
  const tree = treeColour(x, y, false);
  if (tree) return tree;
  if (y < hills) return skyColour(x, y);
  const meadow = smoothstep(0.462, 0.475, y + 0.006 * noise2(x * 20, 3));
  const hill = mixRgb(hex('#7c7fc0'), hex('#a9a3d8'), saturate(0.5 + fbm2(x * 8, y * 20, 2)));
  return mixRgb(hill, mixRgb(hex('#8fbf4f'), hex('#f4d35a'), saturate(0.5 + fbm2(x * 12, y * 40, 2))), meadow);
}

function waterColour(x: number, y: number): Rgb {
  const depth = y - SHORE;
  const ripple = Math.sin(y * mix(300, 130, saturate(depth * 3)) + 6 * noise2(x * 9, y * 24));
  const mirror = SHORE - depth * 0.92 + 0.006 * ripple;
  const bent = x + 0.012 * ripple * depth * 4;
  const seen = boatColour(bent, 2 * 0.62 - y - 0.02) ?? farColour(bent, Math.max(0.02, mirror));
  const tinted = mixRgb(seen, hex('#3f7fc4'), 0.3 + 0.16 * ripple);
  const path = bell(x, 0.83, 0.06 + 0.2 * depth) * smoothstep(0.1, 0.9, ripple);
  return mixRgb(tinted, hex('#fff0b0'), 0.85 * path);
}

function bankLine(x: number): number {
  return 0.7 + 0.2 * smoothstep(0.35, 1.2, x) + 0.02 * Math.sin(x * 9) + 0.012 * fbm2(x * 9, 1, 3);
}

function bankColour(x: number, y: number): Rgb {
  const patch = fbm2(x * 4, y * 9, 3);
  const shadow = smoothstep(0.05, -0.2, patch + 1.5 * Math.hypot((x - 0.24) * 0.8, (y - 0.86) * 2.4) - 0.75);
  const sunny = mixRgb(hex('#9cc64a'), hex('#f7dc63'), saturate(0.5 + 1.1 * patch));
  const shaded = mixRgb(hex('#27508f'), hex('#2f8a63'), saturate(0.55 + patch));
  const path = bell(x, 0.78 + 0.5 * (y - 0.85) + 0.05 * Math.sin(y * 14), 0.05 + 0.35 * Math.max(0, y - 0.84));
  const meadow = mixRgb(mixRgb(sunny, hex('#f6d3a6'), 0.85 * path * smoothstep(0.84, 0.9, y)), shaded, shadow);
  const flowers = smoothstep(0.42, 0.6, noise2(x * 40, y * 40)) * smoothstep(0.06, 0.12, y - bankLine(x));
  return mixRgb(meadow, noise2(x * 9, y * 9) > 0 ? hex('#d63c33') : hex('#f3a7c8'), 0.85 * flowers);
}

function sceneColour(x: number, y: number): Rgb {
  const near = treeColour(x, y, true);
  if (near) return near;
  if (y > bankLine(x)) return bankColour(x, y);
  const boat = boatColour(x, y);
  if (boat) return boat;
  return y > SHORE + 0.012 * smoothstep(0.9, 1.3, x) ? waterColour(x, y) : farColour(x, y);
}

/** The tube whose colour is closest to a colour that chance has moved a little. */
function chooseTube(colour: Rgb, spread: number, random: Random): Rgb {
  const r = colour[0] + spread * gaussian(random);
  const g = colour[1] + spread * gaussian(random);
  const b = colour[2] + spread * gaussian(random);
  let best = 9;
  let chosen = tubes[0]!;
  for (const tube of tubes) {
    const d = (tube[0] - r) ** 2 * 0.9 + (tube[1] - g) ** 2 * 1.3 + (tube[2] - b) ** 2 * 0.8;
    if (d < best) {
      best = d;
      chosen = tube;
    }
  }
  return chosen;
}

class DotCanvas {
  readonly colour = Raster.from(WIDTH, HEIGHT, (x, y) => {
    const weave = 0.03 * Math.sin(x * 1.1) * Math.sin(y * 1.1) + 0.03 * fbm2(x / 30, y / 30, 3);
    return scaleRgb(hex('#e6d5b0'), 0.97 + weave);
  });
  readonly relief = new Plane(WIDTH, HEIGHT);

  /** Sets one dab of paint: an oval with a soft hollow and a raised rim. */
  dot(x: number, y: number, radius: number, angle: number, colour: Rgb, random: Random): void {
    const cos = Math.cos(angle);
    const sin = Math.sin(angle);
    const seed = random() * 100;
    const stretch = between(random, 1.05, 1.5);
    const tone = 1 + 0.05 * gaussian(random);
    const reach = Math.ceil(radius * stretch + 1);
    for (let py = Math.max(0, Math.floor(y - reach)); py <= Math.min(HEIGHT - 1, y + reach); py++) {
      for (let px = Math.max(0, Math.floor(x - reach)); px <= Math.min(WIDTH - 1, x + reach); px++) {
        const u = ((px - x) * cos + (py - y) * sin) / (radius * stretch);
        const v = ((py - y) * cos - (px - x) * sin) / radius;
        const d = Math.hypot(u, v) + 0.16 * noise2(u * 1.5 + seed, v * 1.5);
        const cover = saturate((1 - d) * radius * 0.8) * 0.96;
        if (cover <= 0) continue;
        const index = py * WIDTH + px;
        const drag = 1 + 0.05 * noise2(u * 1.2 + seed, v * 5);
        this.colour.blend(index, scaleRgb(colour, tone * drag), cover);
        const height = 0.65 + 0.5 * bell(d, 0.72, 0.25) + 0.25 * noise2(u * 1.1 + seed, v * 4.5);
        this.relief.data[index] = this.relief.data[index]! * (1 - cover) + height * cover;
      }
    }
  }
}

const passes = [
  { count: 26_000, radius: 8.2, spread: 0.12 },
  { count: 62_000, radius: 5.6, spread: 0.15 },
  { count: 60_000, radius: 4.1, spread: 0.17 },
];

function render(): Raster {
  const random = createRandom(1886);
  const canvas = new DotCanvas();
  for (const { count, radius, spread } of passes) {
    for (let k = 0; k < count; k++) {
      const x = random() * ASPECT;
      const y = random();
      const colour = sceneColour(x, y);
      const dark = 1 - (colour[0] + colour[1] + colour[2]) / 3;
      const accent = random() < 0.05 + 0.13 * dark;
      const opposite: Rgb = [1 - colour[2] * 0.4, 1 - colour[0] * 0.45 - 0.3, 1 - colour[1] * 0.7];
      const aim = accent ? mixRgb(colour, opposite, 0.5) : colour;
      const size = radius * between(random, 0.8, 1.2);
      const angle = y > SHORE && y < bankLine(x) ? 0.1 * gaussian(random) : 6.3 * noise2(x * 2, y * 2) + 0.5;
      canvas.dot(x * HEIGHT, y * HEIGHT, size, angle, chooseTube(aim, spread, random), random);
    }
  }
  return halve(lightRelief(canvas.colour, canvas.relief, { depth: 0.9, shade: 0.42, shine: 0.1 }));
}

export const pointillism: SamplePicture = {
  name: 'pointillism',
  kind: 'paintings',
  title: 'Summer on the River',
  alt: 'A pointillist painting of sailing boats on a river between poplars and blossoming bushes in summer light',
  render,
};
