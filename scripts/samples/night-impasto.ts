/** An oil painting in thick strokes: a lighthouse above a stormy sea by moonlight. */
import { hex, mixRgb, ramp, saturateRgb, scaleRgb, turnHue, type Rgb } from './lib/colour.ts';
import { followField, OilCanvas } from './lib/brush.ts';
import { bell, mix, saturate, smoothstep } from './lib/maths.ts';
import { fbm2, noise2 } from './lib/noise.ts';
import { between, createRandom, gaussian, type Random } from './lib/random.ts';
import { halve, type Raster } from './lib/raster.ts';
import { lightRelief } from './lib/relief.ts';
import type { SamplePicture } from './picture.ts';

const WIDTH = 2048;
const HEIGHT = 1600;
const ASPECT = WIDTH / HEIGHT;
const MOON = { x: 0.93, y: 0.2 };
const LAMP = { x: 0.352, y: 0.335 };
const HORIZON = 0.63;

/** Whirls of the wind: centre, radius and sense of rotation. */
const whirls = [
  { x: MOON.x, y: MOON.y, radius: 0.2, sense: 1 },
  { x: 0.6, y: 0.33, radius: 0.13, sense: -1 },
  { x: 0.14, y: 0.17, radius: 0.15, sense: 1 },
  { x: 0.56, y: 0.08, radius: 0.1, sense: 1 },
  { x: 1.16, y: 0.46, radius: 0.12, sense: -1 },
  { x: 0.08, y: 0.5, radius: 0.09, sense: -1 },
];

const stars = [
  [0.07, 0.08, 0.7],
  [0.3, 0.07, 1],
  [0.43, 0.17, 0.6],
  [0.66, 0.17, 0.9],
  [0.75, 0.06, 0.6],
  [1.19, 0.11, 0.8],
  [1.13, 0.3, 0.9],
  [0.74, 0.43, 0.7],
  [0.19, 0.34, 0.8],
  [0.5, 0.47, 0.55],
  [0.98, 0.5, 0.6],
] as const;

type Part = 'sky' | 'sea' | 'rock' | 'tower';

function cliffTop(x: number): number {
  const slope = x < 0.36 ? 0.61 - 0.03 * smoothstep(0, 0.3, x) : mix(0.585, 1.02, Math.pow((x - 0.36) / 0.34, 1.25));
  return slope + 0.018 * fbm2(x * 9, 3.3, 4);
}

function towerHalfWidth(y: number): number {
  return mix(0.034, 0.058, saturate((y - 0.37) / 0.24));
}

function partAt(x: number, y: number): Part {
  const dx = Math.abs(x - LAMP.x);
  if (y > 0.268 && y < 0.6 && dx < (y < 0.37 ? lanternHalfWidth(y) : towerHalfWidth(y))) return 'tower';
  if (y > cliffTop(x)) return 'rock';
  return y > HORIZON ? 'sea' : 'sky';
}

function lanternHalfWidth(y: number): number {
  if (y < 0.31) return 0.036 * saturate((y - 0.268) / 0.035);
  return y > 0.356 ? 0.05 : 0.029;
}

/** Direction of the strokes at a point. */
function angleAt(x: number, y: number): number {
  const part = partAt(x, y);
  if (part === 'tower') return y < 0.37 ? 0.05 : Math.PI / 2 - 0.05 + 0.3 * noise2(x * 30, y * 12);
  if (part === 'rock') return 1.1 + 0.7 * fbm2(x * 5, y * 5, 2) - mix(0.75, 0.25, smoothstep(0.28, 0.5, x));
  if (part === 'sea') return seaAngle(x, y);
  let vx = 1;
  let vy = 0.28 * Math.sin(x * 6 + 1) + 0.5 * fbm2(x * 2.3, y * 2.3, 2);
  for (const { x: cx, y: cy, radius, sense } of whirls) {
    const dx = x - cx;
    const dy = y - cy;
    const pull = 4.2 * bell(Math.hypot(dx, dy), 0, radius);
    vx += (-dy / radius) * sense * pull;
    vy += (dx / radius) * sense * pull;
  }
  for (const [sx, sy, size] of stars) {
    const radius = 0.036 * size;
    const pull = 9 * bell(Math.hypot(x - sx, y - sy), 0, radius);
    vx -= ((y - sy) / radius) * pull;
    vy += ((x - sx) / radius) * pull;
  }
  if (beamAt(x, y) > 0.25) return Math.atan2(y - LAMP.y, x - LAMP.x);
  return Math.atan2(vy, vx);
}

function waveHeight(x: number, y: number): number {
  const depth = saturate((y - HORIZON) / (1 - HORIZON));
  const scale = mix(46, 9, Math.sqrt(depth));
  return Math.sin(scale * (y * 1.5 + 0.045 * Math.sin(x * mix(24, 9, depth) + y * 14)) + 1.4 * fbm2(x * 5, y * 9, 2));
}

function seaAngle(x: number, y: number): number {
  const step = 0.003;
  const gx = waveHeight(x + step, y) - waveHeight(x - step, y);
  const gy = waveHeight(x, y + step) - waveHeight(x, y - step);
  const along = Math.atan2(-gx, gy);
  return Math.cos(along) < 0 ? along + Math.PI : along;
}

/** How strongly a beam of the lamp lights the air at a point. */
function beamAt(x: number, y: number): number {
  const dx = x - LAMP.x;
  const dy = y - LAMP.y;
  const radius = Math.hypot(dx, dy);
  const right = bell(Math.atan2(dy - 0.07 * dx, dx), 0, 0.075);
  const left = bell(Math.atan2(dy - 0.07 * dx, -dx), 0, 0.09);
  return Math.max(right, left * 0.85) * smoothstep(0.02, 0.06, radius) * Math.exp(-radius * 1.9);
}

const night = [
  [0, hex('#0b1a52')],
  [0.35, hex('#173b93')],
  [0.62, hex('#2867b8')],
  [0.85, hex('#5a9fce')],
  [1, hex('#a8d2d0')],
] as const;
const gold = [
  [0, hex('#2d5fa8')],
  [0.3, hex('#6fae9f')],
  [0.55, hex('#e3c24d')],
  [0.8, hex('#fbdf6b')],
  [1, hex('#fff6c4')],
] as const;

function skyColour(x: number, y: number): Rgb {
  const drift = fbm2(x * 3 + 0.6 * Math.sin(y * 9), y * 7, 3);
  let base = ramp(night, saturate(0.1 + 0.75 * Math.pow(y / HORIZON, 1.6) + 0.34 * drift));
  for (const { x: cx, y: cy, radius } of whirls) {
    const d = Math.hypot(x - cx, y - cy) / radius;
    const spiral = 0.5 + 0.5 * Math.sin(d * 9 + Math.atan2(y - cy, x - cx));
    base = mixRgb(base, spiral > 0.5 ? hex('#8fc7d8') : hex('#1b2f86'), 0.5 * bell(d, 0.55, 0.5));
  }
  const moon = Math.hypot(x - MOON.x, y - MOON.y);
  const rings = 0.5 + 0.5 * Math.cos(moon * 105);
  const halo = bell(moon, 0.03, 0.105);
  base = mixRgb(base, ramp(gold, saturate(halo * 1.1 - 0.22 + 0.2 * rings)), saturate(halo * 1.6));
  if (moon < 0.05) base = hex('#fff3b8');
  base = mixRgb(base, hex('#f7e08a'), saturate(1.5 * beamAt(x, y)));
  for (const [sx, sy, size] of stars) {
    const d = Math.hypot(x - sx, y - sy) / (0.034 * size);
    base = mixRgb(base, d < 0.4 ? hex('#fffbe0') : hex('#f4d765'), saturate(1.25 * Math.exp(-d * d)));
  }
  return base;
}

function seaColour(x: number, y: number): Rgb {
  const crest = 0.5 + 0.5 * waveHeight(x, y);
  const deep = mixRgb(hex('#0a2a5c'), hex('#0c5a70'), saturate(0.5 + fbm2(x * 4, y * 4, 2)));
  const base = mixRgb(deep, hex('#2f93a8'), Math.pow(crest, 2));
  const foam = smoothstep(0.8, 0.98, crest + 0.12 * fbm2(x * 12, y * 12, 2));
  const withFoam = mixRgb(base, hex('#cfe8df'), foam * smoothstep(HORIZON, 0.75, y));
  const path = bell(x - 0.02 * Math.sin(y * 60), MOON.x, 0.035 + 0.16 * (y - HORIZON));
  const glitter = path * smoothstep(0.25, 0.8, crest);
  const surf = bell(y, cliffTop(x), 0.035) * smoothstep(0.36, 0.42, x);
  return mixRgb(mixRgb(withFoam, hex('#f6d765'), saturate(1.1 * glitter)), hex('#e9f3ea'), surf * 0.8);
}

function rockColour(x: number, y: number): Rgb {
  const below = y - cliffTop(x);
  const facet = fbm2(x * 11, y * 8, 3);
  const rock = ramp(
    [
      [0, hex('#1c1430')],
      [0.5, hex('#4a3050')],
      [0.8, hex('#a0624a')],
      [1, hex('#d99a5c')],
    ],
    saturate(0.42 + 0.62 * facet + 0.2 * smoothstep(0.3, 0.6, x)),
  );
  const grass = mixRgb(hex('#1d4a3a'), hex('#7ba13c'), saturate(0.45 + facet));
  const meadow = smoothstep(0.055, 0.02, below + 0.02 * facet) * smoothstep(0.47, 0.38, x);
  return mixRgb(rock, grass, meadow);
}

function towerColour(x: number, y: number): Rgb {
  if (y > 0.312 && y < 0.356) return mixRgb(hex('#fffbe0'), hex('#f2b632'), saturate(Math.abs(x - LAMP.x) / 0.034));
  if (y < 0.37) return y < 0.312 ? hex('#8e1f2a') : hex('#2a2238');
  const across = (x - LAMP.x) / towerHalfWidth(y);
  const red = Math.floor((y - 0.37) / 0.046) % 2 === 1;
  const lit = red ? hex('#d8432f') : hex('#f4ead2');
  const shade = red ? hex('#5c1430') : hex('#5a6aa0');
  return mixRgb(shade, lit, smoothstep(-0.9, 0.5, across + 0.25 * noise2(x * 40, y * 40)));
}

function colourAt(x: number, y: number): Rgb {
  const part = partAt(x, y);
  if (part === 'sky') return skyColour(x, y);
  if (part === 'sea') return seaColour(x, y);
  return part === 'rock' ? rockColour(x, y) : towerColour(x, y);
}

interface Layer {
  /** Number of strokes; their width and length as shares of the height. */
  count: number;
  width: number;
  length: number;
  body: number;
  parts: readonly Part[];
  /** Where strokes of this layer may start. */
  where?: (x: number, y: number) => number;
}

const layers: readonly Layer[] = [
  { count: 1500, width: 0.05, length: 0.2, body: 0.5, parts: ['sky', 'sea', 'rock'] },
  { count: 5200, width: 0.022, length: 0.11, body: 0.85, parts: ['sky', 'sea', 'rock'] },
  { count: 3600, width: 0.014, length: 0.075, body: 1.05, parts: ['sky', 'sea', 'rock'], where: detail },
  { count: 12000, width: 0.015, length: 0.034, body: 0.9, parts: ['tower'] },
  { count: 2600, width: 0.009, length: 0.045, body: 1.25, parts: ['sky', 'sea', 'rock'], where: detail },
  { count: 5000, width: 0.008, length: 0.02, body: 1, parts: ['tower'] },
];

/** Prefers places with light in them for the small strokes. */
function detail(x: number, y: number): number {
  const [r, g, b] = colourAt(x, y);
  return 0.18 + 0.9 * saturate((r + g) * 0.8 - b * 0.35);
}

function paintLayer(canvas: OilCanvas, layer: Layer, random: Random): void {
  for (let k = 0; k < layer.count; k++) {
    const x = random() * ASPECT;
    const y = random();
    const part = partAt(x, y);
    if (!layer.parts.includes(part)) continue;
    if (layer.where && random() > layer.where(x, y)) continue;
    const small = part === 'rock' ? 0.7 : 1;
    const length = layer.length * between(random, 0.6, 1.35) * small;
    const path = followField(x, y, length, layer.width * 0.5, angleAt);
    const kept = clipToPart(path, part);
    if (kept.length < 4) continue;
    const colour = saturateRgb(colourAt(x, y), 1.12);
    const near = colourAt(x + 0.03 * gaussian(random), y + 0.03 * gaussian(random));
    canvas.paint({
      path: kept.map((value) => value * HEIGHT),
      width: layer.width * HEIGHT * between(random, 0.75, 1.25),
      colour: turnHue(scaleRgb(colour, 1 + 0.1 * gaussian(random)), 0.13 * gaussian(random)),
      streak: scaleRgb(mixRgb(colour, near, 0.6), 1 + 0.25 * gaussian(random)),
      body: layer.body * between(random, 0.7, 1.2),
      dryFrom: between(random, 0.45, 1),
      hair: 0.32,
      seed: random() * 1000,
    });
  }
}

/** Keeps the stretch of a path that stays within one part of the picture. */
function clipToPart(path: readonly number[], part: Part): number[] {
  const kept: number[] = [];
  for (let k = 0; k < path.length; k += 2) {
    if (partAt(path[k]!, path[k + 1]!) === part) kept.push(path[k]!, path[k + 1]!);
    else if (kept.length > path.length / 2) break;
    else kept.length = 0;
  }
  return kept;
}

/** Outlines the tower and its lamp with a few loaded strokes. */
function paintAccents(canvas: OilCanvas, random: Random): void {
  for (const side of [-1, 1]) {
    const path = [0.37, 0.45, 0.53, 0.6].flatMap((y) => [LAMP.x + side * towerHalfWidth(y), y]);
    paintLine(canvas, path, 0.008, side < 0 ? hex('#141238') : hex('#fff3d0'), random);
  }
  paintLine(canvas, [LAMP.x - 0.052, 0.362, LAMP.x + 0.052, 0.362], 0.011, hex('#1c1838'), random);
  for (const [sx, sy, size] of [...stars, [MOON.x, MOON.y, 2.2] as const]) {
    for (let k = 0; k < 7 * size; k++) {
      const radius = 0.011 * size * Math.sqrt(random());
      const angle = random() * 6.3;
      const x = sx + Math.cos(angle) * radius;
      const y = sy + Math.sin(angle) * radius;
      const turn = angle + 1.57;
      const reach = 0.007 * size;
      const path = [x - Math.cos(turn) * reach, y - Math.sin(turn) * reach, x + Math.cos(turn) * reach, y];
      paintLine(canvas, path, 0.009, mixRgb(hex('#fff8d8'), hex('#fbd95a'), random() * 0.7), random);
    }
  }
}

function paintLine(canvas: OilCanvas, path: readonly number[], width: number, colour: Rgb, random: Random): void {
  canvas.paint({
    path: path.map((value) => value * HEIGHT),
    width: width * HEIGHT,
    colour,
    streak: scaleRgb(colour, 0.8),
    body: 1.3,
    dryFrom: 0.8,
    hair: 0.32,
    seed: random() * 1000,
  });
}

function render(): Raster {
  const random = createRandom(1888);
  const canvas = new OilCanvas(WIDTH, HEIGHT, hex('#2b3350'));
  for (const layer of layers) paintLayer(canvas, layer, random);
  paintAccents(canvas, random);
  return halve(lightRelief(canvas.colour, canvas.relief, { depth: 1.9, shade: 0.8, shine: 0.3 }));
}

export const nightImpasto: SamplePicture = {
  name: 'night-impasto',
  kind: 'paintings',
  title: 'Lighthouse at Night',
  alt: 'A thickly painted oil picture of a lighthouse on a cliff above a wild sea, the night sky full of whirls and stars',
  render,
};
