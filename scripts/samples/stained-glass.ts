/** A church window: a tree in autumn over hills and a river, the sun behind it. */
import { hex, mixRgb, multiplyRgb, scaleRgb, toDisplay, toLinear, turnHue, type Rgb } from './lib/colour.ts';
import { distanceTo } from './lib/distance.ts';
import { bell, clamp, mix, saturate, segmentDistance, smoothstep } from './lib/maths.ts';
import { fbm2, noise2 } from './lib/noise.ts';
import { between, createRandom, hash } from './lib/random.ts';
import { blurRaster, halve, Plane, Raster } from './lib/raster.ts';
import type { SamplePicture } from './picture.ts';

const WIDTH = 1640;
const HEIGHT = 2048;
const ASPECT = WIDTH / HEIGHT;
const SUN = { x: 0.47, y: 0.3, radius: 0.085 };

/** Which piece of glass covers a point: a number of its own, its colour, and how finely it is cut into smaller pieces. */
interface Piece {
  id: number;
  colour: Rgb;
  /** Size of the smaller pieces, 0 for none. */
  cut: number;
}

/** A leaf or a petal: an almond around an axis. */
interface Almond {
  x: number;
  y: number;
  angle: number;
  length: number;
  width: number;
  colour: Rgb;
}

interface Branch {
  ax: number;
  ay: number;
  bx: number;
  by: number;
  from: number;
  to: number;
}

const flowers = [
  { x: 0.61, y: 0.79, size: 0.082, dark: '#c2185b', light: '#f06292' },
  { x: 0.7, y: 0.895, size: 0.07, dark: '#7b1fa2', light: '#ba68c8' },
  { x: 0.5, y: 0.9, size: 0.066, dark: '#d81b60', light: '#ff8a9a' },
  { x: 0.385, y: 0.905, size: 0.05, dark: '#5e35b1', light: '#9575cd' },
];
const branches = growTree();
const almonds = [...growLeaves(), ...growFlowers()];

function growTree(): Branch[] {
  const random = createRandom(11);
  const grown: Branch[] = [];
  const grow = (x: number, y: number, angle: number, length: number, width: number, depth: number): void => {
    const bend = between(random, -0.16, 0.16);
    const mx = x + Math.cos(angle) * length * 0.5;
    const my = y + Math.sin(angle) * length * 0.5;
    const ex = mx + Math.cos(angle + bend) * length * 0.5;
    const ey = my + Math.sin(angle + bend) * length * 0.5;
    grown.push({ ax: x, ay: y, bx: mx, by: my, from: width, to: width * 0.86 });
    grown.push({ ax: mx, ay: my, bx: ex, by: ey, from: width * 0.86, to: width * 0.72 });
    if (depth === 0) return;
    const spread = between(random, 0.42, 0.62);
    grow(ex, ey, angle - spread, length * between(random, 0.7, 0.84), width * 0.62, depth - 1);
    grow(ex, ey, angle + spread * 0.9, length * between(random, 0.66, 0.8), width * 0.58, depth - 1);
  };
  grow(0.235, 0.93, -1.5, 0.25, 0.034, 4);
  return grown;
}

function growLeaves(): Almond[] {
  const random = createRandom(5);
  const colours = ['#d8301c', '#f0781a', '#f7b21d', '#b81530', '#e8541c', '#8fae22', '#f9cf3a'].map(hex);
  const leaves: Almond[] = [];
  for (let tries = 0; tries < 2600 && leaves.length < 118; tries++) {
    const twig = branches[Math.floor(random() * branches.length)]!;
    if (twig.from > 0.014) continue;
    const x = twig.bx + between(random, -0.05, 0.05);
    const y = twig.by + between(random, -0.05, 0.05);
    const length = between(random, 0.046, 0.066);
    if (Math.hypot(x - SUN.x, y - SUN.y) < SUN.radius * 1.05) continue;
    if (leaves.some((leaf) => Math.hypot(leaf.x - x, leaf.y - y) < 0.034)) continue;
    const angle = Math.atan2(y - 0.5, x - 0.27) + between(random, -0.8, 0.8);
    leaves.push({ x, y, angle, length, width: length * 0.5, colour: colours[Math.floor(random() * 7)]! });
  }
  return leaves;
}

function growFlowers(): Almond[] {
  const random = createRandom(8);
  const petals: Almond[] = [];
  for (const { x, y, size, dark, light } of flowers) {
    const turn = random() * 6;
    for (let ring = 0; ring < 2; ring++) {
      const count = 7;
      for (let k = 0; k < count; k++) {
        const angle = turn + ((k + ring * 0.5) / count) * 2 * Math.PI;
        const reach = size * (ring === 0 ? 0.36 : 0.62);
        const length = size * (ring === 0 ? 0.68 : 0.92);
        petals.push({
          x: x + Math.cos(angle) * reach,
          y: y + Math.sin(angle) * reach,
          angle,
          length,
          width: length * 0.56,
          colour: mixRgb(hex(dark), hex(light), ring === 0 ? 0.75 : random() * 0.4),
        });
      }
    }
  }
  return petals;
}

function insideAlmond(almond: Almond, x: number, y: number): boolean {
  const cos = Math.cos(almond.angle);
  const sin = Math.sin(almond.angle);
  const along = ((x - almond.x) * cos + (y - almond.y) * sin) / (almond.length / 2);
  if (along < -1 || along > 1) return false;
  const across = ((y - almond.y) * cos - (x - almond.x) * sin) / (almond.width / 2);
  const shape = Math.pow(1 - along * along, 0.8) * (1 - 0.22 * along);
  return Math.abs(across) < shape;
}

/** The flower whose heart covers a point, or -1. */
function flowerHeart(x: number, y: number): number {
  return flowers.findIndex((flower) => Math.hypot(x - flower.x, y - flower.y) < flower.size * 0.23);
}

/** The glass at a point; x runs from 0 to the aspect ratio, y from 0 to 1. */
function pieceAt(x: number, y: number): Piece {
  const edge = Math.min(x, y, ASPECT - x, 1 - y);
  if (edge < 0.042) return framePiece(x, y, edge);
  const heart = flowerHeart(x, y);
  if (heart >= 0) return { id: 900 + heart, colour: hex('#ffd23c'), cut: 0 };
  for (let k = almonds.length - 1; k >= 0; k--) {
    const almond = almonds[k]!;
    if (Math.abs(almond.x - x) > 0.07 || Math.abs(almond.y - y) > 0.07) continue;
    if (insideAlmond(almond, x, y)) return { id: 1000 + k, colour: almond.colour, cut: 0 };
  }
  for (const { ax, ay, bx, by, from, to } of branches) {
    const near = segmentDistance(x, y, ax, ay, bx, by);
    const share = saturate(Math.hypot(x - ax, y - ay) / (Math.hypot(bx - ax, by - ay) || 1));
    const flare = from > 0.03 ? 0.03 * smoothstep(0.84, 0.95, y) : 0;
    if (near < mix(from, to, share) + flare) return { id: 20, colour: hex('#6b3414'), cut: 0.05 };
  }
  return y > hillLine(x, 0) ? landPiece(x, y) : skyPiece(x, y);
}

function framePiece(x: number, y: number, edge: number): Piece {
  const upright = edge === x || edge === ASPECT - x;
  const place = upright ? y : x;
  const span = upright ? 1 : ASPECT;
  const count = upright ? 16 : 13;
  const slot = Math.floor((place / span) * count);
  const side = edge === x ? 1 : edge === y ? 2 : edge === ASPECT - x ? 3 : 4;
  const colours = [hex('#7a0f1e'), hex('#123a86'), hex('#c88a14')];
  if (edge < 0.012) return { id: 100 + side, colour: hex('#e9dcae'), cut: 0.07 };
  return { id: 200 + side * 40 + slot, colour: colours[(slot * 2 + side) % 3]!, cut: 0 };
}

function hillLine(x: number, layer: number): number {
  if (layer === 0) return 0.585 + 0.04 * Math.sin(x * 7.5 + 0.6) - 0.02 * Math.sin(x * 17);
  if (layer === 1) return 0.665 + 0.045 * Math.sin(x * 6.2 + 3.4);
  if (layer === 2) return 0.76 - 0.05 * Math.sin(x * 5.4 + 0.2);
  return 0.86 + 0.028 * Math.sin(x * 8 + 2.2);
}

function landPiece(x: number, y: number): Piece {
  const depth = saturate((y - 0.6) / 0.4);
  const river = 0.5 + 0.11 * Math.sin(depth * 8.2 + 0.5) * (0.35 + depth) - 0.08 * depth;
  const half = 0.012 + 0.085 * depth * depth + 0.02 * depth;
  if (y > 0.632 && Math.abs(x - river) < half) {
    const bank = Math.floor(y * 30 + Math.sin(x * 30) * 0.35);
    return {
      id: 300 + bank,
      colour: bank % 3 === 0 ? hex('#bfe6f2') : hex(bank % 2 ? '#3b9ed0' : '#6cc4e4'),
      cut: 0.09,
    };
  }
  const side = x < river ? 0 : 1;
  if (y > hillLine(x, 3)) return { id: 40 + side, colour: hex('#2a7a3a'), cut: 0.052 };
  if (y > hillLine(x, 2)) return { id: 42 + side, colour: hex('#79a82c'), cut: 0.062 };
  if (y > hillLine(x, 1)) return { id: 44 + side, colour: hex('#17806f'), cut: 0.062 };
  return { id: 46 + side, colour: hex('#4a62a8'), cut: 0.07 };
}

function skyPiece(x: number, y: number): Piece {
  const dx = x - SUN.x;
  const dy = y - SUN.y;
  const radius = Math.hypot(dx, dy);
  if (radius < SUN.radius) return { id: 1, colour: hex('#ffe678'), cut: radius < SUN.radius * 0.55 ? 0 : 0.055 };
  const angle = Math.atan2(dy, dx) / (2 * Math.PI) + 0.5 + 0.018 * Math.sin(radius * 40);
  const bands = [0.125, 0.185, 0.255, 0.335, 0.43, 0.55, 0.9];
  const colours = ['#ffb21e', '#f98a2b', '#ee6a5a', '#9a63b8', '#3f6fc4', '#1c479e', '#122c74'];
  const band = bands.findIndex((limit) => radius < limit + 0.008 * Math.sin(angle * 60));
  const count = 14 + band * 4;
  const slot = Math.floor((angle + band * 0.021) * count) % count;
  const colour = band === 0 && slot % 2 ? hex('#ff8c1a') : hex(colours[band]!);
  return { id: 2000 + band * 100 + slot, colour, cut: band > 3 ? 0.1 : 0 };
}

/** Labels every pixel with its piece, cut into smaller ones along a jittered lattice. */
function cutGlass(): { labels: Int32Array; colours: Map<number, Rgb> } {
  const labels = new Int32Array(WIDTH * HEIGHT);
  const colours = new Map<number, Rgb>();
  for (let py = 0, i = 0; py < HEIGHT; py++) {
    for (let px = 0; px < WIDTH; px++, i++) {
      const x = px / HEIGHT;
      const y = py / HEIGHT;
      const wobble = 0.0025;
      const piece = pieceAt(x + wobble * noise2(x * 14, y * 14), y + wobble * noise2(x * 14 + 40, y * 14));
      const label = piece.id * 4096 + (piece.cut > 0 ? cutAt(x, y, piece.cut, piece.id) : 0);
      labels[i] = label;
      if (!colours.has(label)) colours.set(label, vary(piece.colour, label));
    }
  }
  return { labels, colours };
}

function cutAt(x: number, y: number, size: number, seed: number): number {
  const gx = Math.floor(x / size);
  const gy = Math.floor(y / size);
  let best = 9;
  let cell = 0;
  for (let j = gy - 1; j <= gy + 1; j++) {
    for (let i = gx - 1; i <= gx + 1; i++) {
      const d = Math.hypot(i + hash(i, j, seed) - x / size, j + hash(i, j, seed + 1) - y / size);
      if (d < best) {
        best = d;
        cell = (i & 63) * 64 + (j & 63);
      }
    }
  }
  return cell;
}

function vary(colour: Rgb, label: number): Rgb {
  const turned = turnHue(colour, (hash(label, 1) - 0.5) * 0.55);
  return scaleRgb(turned, 0.68 + 0.55 * hash(label, 2));
}

/** Light that falls through the glass, in linear values. */
function glassLight(x: number, y: number, label: number, colour: Rgb): Rgb {
  const turn = hash(label, 3) * 6.3;
  const u = (x * Math.cos(turn) + y * Math.sin(turn)) * 9;
  const v = (y * Math.cos(turn) - x * Math.sin(turn)) * 46;
  const offset = hash(label, 4) * 90;
  const streak = fbm2(u + offset, v, 3);
  const cloud = fbm2(x * 11 + offset, y * 11, 3);
  const hammer = fbm2(x * 95 + offset, y * 95, 2);
  const sparkle = Math.pow(saturate(0.35 + 0.6 * hammer + 0.25 * streak), 6);
  const sun = bell(Math.hypot(x - SUN.x, y - SUN.y), 0, 0.33);
  const sky = 0.62 + 0.75 * sun + 0.14 * (1 - y);
  const strength = sky * (1 + 0.42 * streak + 0.45 * cloud + 0.22 * hammer) + sparkle * 0.9;
  const tinted = turnHue(colour, 0.2 * cloud + 0.16 * streak);
  const pure: Rgb = [toLinear(tinted[0]), toLinear(tinted[1]), toLinear(tinted[2])];
  const pale = saturate(0.02 + 0.1 * streak + 0.6 * sparkle);
  return scaleRgb(mixRgb(pure, [1, 0.96, 0.86], pale * 0.4), strength * 1.3);
}

function leadAt(px: number, py: number, distance: Plane, half: number): Rgb {
  const i = py * WIDTH + px;
  const slopeX = distance.at(px + 1, py) - distance.at(px - 1, py);
  const slopeY = distance.at(px, py + 1) - distance.at(px, py - 1);
  const round = distance.data[i]! / half;
  const facing = -(slopeX * 0.6 + slopeY * 0.8) * 0.5 * round;
  const worn = fbm2(px / 26, py / 26, 3);
  const light = 0.008 + 0.02 * saturate(-facing + 0.2) + 0.055 * bell(round, 0.35, 0.3) * saturate(0.4 - facing);
  return scaleRgb([0.82, 0.88, 1], light * (1 + 0.5 * worn));
}

/** Fine dark painting on the glass: veins of leaves and petals, brushed shade. */
function paintedShade(x: number, y: number, label: number): number {
  const almond = almonds[Math.floor(label / 4096) - 1000];
  if (!almond) return 1 - 0.22 * saturate(fbm2(x * 30 + hash(label, 9) * 20, y * 30, 2) - 0.1);
  const cos = Math.cos(almond.angle);
  const sin = Math.sin(almond.angle);
  const along = (x - almond.x) * cos + (y - almond.y) * sin;
  const across = Math.abs((y - almond.y) * cos - (x - almond.x) * sin);
  const rib = smoothstep(0.0011, 0.0004, across);
  const vein = Math.abs(((((along - across * 0.9) / almond.length) * 7 + 9) % 1) - 0.5) / 7;
  const side = smoothstep(0.011, 0.004, vein) * smoothstep(0.5, 0.25, across / almond.width);
  return 1 - 0.6 * Math.max(rib, side * 0.55);
}

function render(): Raster {
  const { labels, colours } = cutGlass();
  const isEdge = (i: number): boolean => labels[i] !== labels[i + 1] || labels[i] !== labels[i + WIDTH];
  const distance = distanceTo(WIDTH, HEIGHT, isEdge);
  const light = new Raster(WIDTH, HEIGHT);
  for (let py = 0, i = 0; py < HEIGHT; py++) {
    for (let px = 0; px < WIDTH; px++, i++) {
      const x = px / HEIGHT;
      const y = py / HEIGHT;
      const label = labels[i]!;
      const half = 4.9 + 1.2 * noise2(x * 22, y * 22);
      const edge = distance.data[i]!;
      const glass = glassLight(x, y, label, colours.get(label)!);
      const grime = smoothstep(half - 1, half + 22, edge);
      const shade = paintedShade(x, y, label) * mix(0.5, 1, grime);
      const cover = smoothstep(half + 0.8, half - 0.8, edge);
      light.set(i, mixRgb(scaleRgb(glass, shade), leadAt(px, py, distance, half), cover));
    }
  }
  return develop(halve(light));
}

/** Adds the glow of bright glass over the lead and maps to display values. */
function develop(light: Raster): Raster {
  const near = blurRaster(light, 4);
  const wide = blurRaster(light, 22);
  const result = new Raster(light.width, light.height);
  for (let i = 0; i < light.width * light.height; i++) {
    const glow = mixRgb(near.get(i), wide.get(i), 0.5);
    const colour = mixRgb(light.get(i), multiplyRgb(glow, [1.1, 1, 0.92]), 0.075);
    result.set(i, [shoulder(colour[0]), shoulder(colour[1]), shoulder(colour[2])]);
  }
  return result;
}

function shoulder(value: number): number {
  return clamp(toDisplay(Math.pow(value, 1.12) / (0.72 + value * 0.34)), 0, 1);
}

export const stainedGlass: SamplePicture = {
  name: 'stained-glass',
  kind: 'paintings',
  title: 'Autumn Window',
  alt: 'A stained glass window with an autumn tree over hills, a river and flowers, the sun shining behind it',
  render,
};
