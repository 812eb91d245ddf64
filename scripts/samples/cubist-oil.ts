/** A cubist still life laid on with the palette knife: a guitar, a bottle and fruit broken into facets. */
import { followField, OilCanvas } from './lib/brush.ts';
import { hex, mixRgb, scaleRgb, turnHue, type Rgb } from './lib/colour.ts';
import { distanceTo } from './lib/distance.ts';
import { clamp, mix, saturate, smoothstep } from './lib/maths.ts';
import { fbm2, noise2 } from './lib/noise.ts';
import { between, createRandom, gaussian, hash, type Random } from './lib/random.ts';
import { halve, type Raster } from './lib/raster.ts';
import { lightRelief } from './lib/relief.ts';
import type { SamplePicture } from './picture.ts';

const WIDTH = 1640;
const HEIGHT = 2048;
const ASPECT = WIDTH / HEIGHT;

/** What lies at a point: a shape of its own number, and its colour. */
interface Spot {
  shape: number;
  colour: Rgb;
}

/** The straight cuts that break the picture into facets: a point on each, and its direction. */
const cuts = [
  [0.4, 0.5, 1.25],
  [0.2, 0.4, 1.78],
  [0.6, 0.45, 1.98],
  [0.62, 0.6, 1.05],
  [0.4, 0.3, 0.32],
  [0.4, 0.62, -0.28],
  [0.3, 0.8, 0.5],
  [0.5, 0.16, -0.55],
  [0.12, 0.7, 0.95],
  [0.7, 0.2, 0.8],
].map(([x, y, angle]) => ({ x: x!, y: y!, nx: -Math.sin(angle!), ny: Math.cos(angle!) }));

function facetAt(x: number, y: number): number {
  let code = 0;
  for (const { x: cx, y: cy, nx, ny } of cuts) code = code * 2 + ((x - cx) * nx + (y - cy) * ny > 0 ? 1 : 0);
  return code;
}

/** Looks at the table from the point of view of the facet. */
function spotAt(x: number, y: number): Spot {
  const facet = facetAt(x, y);
  const turn = (hash(facet, 1) - 0.5) * 0.32;
  const zoom = 0.92 + 0.18 * hash(facet, 2);
  const dx = x - 0.4;
  const dy = y - 0.5;
  const u = 0.4 + zoom * (dx * Math.cos(turn) - dy * Math.sin(turn)) + 0.045 * (hash(facet, 3) - 0.5);
  const v = 0.5 + zoom * (dy * Math.cos(turn) + dx * Math.sin(turn)) + 0.045 * (hash(facet, 4) - 0.5);
  const spot = thingAt(u, v);
  return { shape: spot.shape * 2048 + facet, colour: shadeFacet(spot.colour, facet, x, y) };
}

/** Each facet runs from light to dark, so that planes seem to tilt and pass into each other. */
function shadeFacet(colour: Rgb, facet: number, x: number, y: number): Rgb {
  const angle = hash(facet, 5) * 6.283;
  const slope = Math.cos(angle) * (x - 0.4) + Math.sin(angle) * (y - 0.5);
  const tone = 0.34 * (hash(facet, 6) - 0.45) + 1.5 * (hash(facet, 7) - 0.3) * slope;
  const cool = mixRgb(scaleRgb(colour, 0.55), hex('#152a52'), 0.35);
  const warm = mixRgb(colour, hex('#ffe9b8'), 0.55);
  const turned = tone < 0 ? mixRgb(colour, cool, saturate(-tone * 2.4)) : mixRgb(colour, warm, saturate(tone * 1.9));
  return turnHue(turned, (hash(facet, 8) - 0.5) * 0.35);
}

function thingAt(x: number, y: number): Spot {
  return fruitAt(x, y) ?? guitarAt(x, y) ?? bottleAt(x, y) ?? sheetAt(x, y) ?? roomAt(x, y);
}

function fruitAt(x: number, y: number): Spot | undefined {
  const fruits = [
    { x: 0.62, y: 0.76, size: 0.06, light: '#f6c433', dark: '#d98a1e' },
    { x: 0.7, y: 0.83, size: 0.052, light: '#e2502c', dark: '#8e1f2e' },
    { x: 0.19, y: 0.85, size: 0.06, light: '#b9c63c', dark: '#4f7a36' },
  ];
  for (const [k, fruit] of fruits.entries()) {
    const d = Math.hypot(x - fruit.x, (y - fruit.y) * 1.08) / fruit.size;
    if (d > 1) continue;
    const lit = x - fruit.x + y - fruit.y < -0.01;
    return { shape: 100 + k * 10 + (lit ? 1 : 0), colour: hex(lit ? fruit.light : fruit.dark) };
  }
  return undefined;
}

function guitarAt(px: number, py: number): Spot | undefined {
  const angle = 0.42;
  const x = (px - 0.41) * Math.cos(angle) + (py - 0.6) * Math.sin(angle);
  const y = (py - 0.6) * Math.cos(angle) - (px - 0.41) * Math.sin(angle);
  const hole = Math.hypot(x, y + 0.005);
  const strings = Math.abs(x) < 0.021 && y > -0.5 && y < 0.13 && Math.abs((((x + 0.021) / 0.0105) % 1) - 0.5) > 0.36;
  if (y > -0.475 && y < -0.38 && Math.abs(x) < 0.042) return { shape: 10, colour: hex(x < 0 ? '#5a2418' : '#8a4a24') };
  if (strings) return { shape: 21, colour: hex('#f6e6b4') };
  if (y > -0.4 && y < -0.055 && Math.abs(x) < 0.029) return { shape: 22, colour: hex(x < 0 ? '#22160f' : '#4a2a1a') };
  if (Math.abs(y - 0.125) < 0.011 && Math.abs(x) < 0.06) return { shape: 30, colour: hex('#2c1810') };
  if (hole < 0.05) return { shape: 40, colour: hex('#170d10') };
  if (hole < 0.063) return { shape: 41, colour: hex('#f2d79a') };
  const lower = Math.hypot(x, (y - 0.12) * 1.06) - 0.165;
  const upper = Math.hypot(x, (y + 0.085) * 1.04) - 0.122;
  const blend = saturate(0.5 + (0.5 * (upper - lower)) / 0.05);
  const body = mix(upper, lower, blend) - 0.05 * blend * (1 - blend);
  if (body > 0) return undefined;
  if (body > -0.011) return { shape: 52, colour: hex('#5a1e14') };
  return x < 0.012 ? { shape: 50, colour: hex('#e8912e') } : { shape: 51, colour: hex('#b8431f') };
}

function bottleAt(x: number, y: number): Spot | undefined {
  const width = mix(0.026, 0.072, smoothstep(0.3, 0.43, y));
  const dx = x - 0.62;
  if (y < 0.14 || y > 0.68 || Math.abs(dx) > width) return undefined;
  if (y < 0.185) return { shape: 60, colour: hex('#b3262c') };
  if (y > 0.49 && y < 0.6) return { shape: 70 + (dx > 0 ? 1 : 0), colour: hex(dx > 0 ? '#c9b284' : '#f3e6c0') };
  return dx < -width * 0.3 ? { shape: 80, colour: hex('#4fa07c') } : { shape: 81, colour: hex('#14503f') };
}

function sheetAt(px: number, py: number): Spot | undefined {
  const angle = -0.2;
  const x = (px - 0.19) * Math.cos(angle) + (py - 0.66) * Math.sin(angle);
  const y = (py - 0.66) * Math.cos(angle) - (px - 0.19) * Math.sin(angle);
  if (Math.abs(x) > 0.125 || Math.abs(y) > 0.155) return undefined;
  const stave = Math.floor((y + 0.155) / 0.0775);
  const line = (((y + 0.155) / 0.0775) % 1) * 8 - 2;
  const inked = line > 0 && line < 5 && Math.abs(line - Math.round(line)) < 0.13 && Math.abs(x) < 0.105;
  const note =
    Math.hypot(
      ((x + 0.2 + stave * 0.01) % 0.043) - 0.0215,
      (line - 1 - 3 * hash(Math.floor((x + 0.2) / 0.043), stave)) * 0.0085,
    ) < 0.0085;
  return inked || note ? { shape: 90, colour: hex('#2a2a3a') } : { shape: 91, colour: hex('#f4ead0') };
}

function roomAt(x: number, y: number): Spot {
  const table = 0.6 + 0.14 * (x - 0.4);
  const check = (Math.floor(x * 13 + 40) + Math.floor(y * 13 + x * 3)) % 2;
  if (y > table + 0.32 - 0.5 * Math.abs(x - 0.5))
    return { shape: 130 + check, colour: hex(check ? '#f0e4c8' : '#b9cdd2') };
  if (y > table) {
    const board = Math.floor((x * 0.9 + y * 0.5 + 9) * 9) % 2;
    return { shape: 140 + board, colour: hex(board ? '#a8622c' : '#c8843a') };
  }
  if (x < 0.3 - 0.2 * y) {
    const folds = Math.floor((x + 0.12 * y + 9) * 17) % 3;
    return { shape: 150 + folds, colour: hex(['#a3252f', '#d2452f', '#701a3a'][folds]!) };
  }
  const paper = Math.abs(((x * 7 + y * 2 + 90) % 1) - 0.5) < 0.2;
  return paper ? { shape: 160, colour: hex('#2f7f8f') } : { shape: 161, colour: hex('#1d4f7f') };
}

/** The direction of the knife: steady within a facet. */
function knifeAngle(x: number, y: number): number {
  const facet = facetAt(x, y);
  return hash(facet, 9) * Math.PI + 0.35 * noise2(x * 7, y * 7);
}

interface Layer {
  count: number;
  width: number;
  length: number;
  body: number;
}

const layers: readonly Layer[] = [
  { count: 2400, width: 0.05, length: 0.12, body: 0.7 },
  { count: 4200, width: 0.036, length: 0.085, body: 1 },
  { count: 6500, width: 0.02, length: 0.05, body: 1.05 },
  { count: 9000, width: 0.009, length: 0.03, body: 1 },
];

function paintLayer(canvas: OilCanvas, layer: Layer, random: Random): void {
  for (let k = 0; k < layer.count; k++) {
    const x = random() * ASPECT;
    const y = random();
    const spot = spotAt(x, y);
    const angle = knifeAngle(x, y) + (random() < 0.08 ? 1.57 : 0);
    const length = layer.length * between(random, 0.6, 1.3);
    const path = followField(x, y, length, 0.004, () => angle);
    const kept = clipToShape(path, spot.shape);
    if (kept.length < 6 && layer.width > 0.01) continue;
    const facing = mixRgb(spot.colour, hex('#f6e2b4'), 0.16 * fbm2(x * 6, y * 6, 2));
    canvas.paint({
      path: (kept.length < 4 ? path.slice(0, 4) : kept).map((value) => value * HEIGHT),
      width: layer.width * HEIGHT * between(random, 0.7, 1.2),
      colour: turnHue(scaleRgb(facing, 1 + 0.09 * gaussian(random)), 0.09 * gaussian(random)),
      streak: turnHue(scaleRgb(facing, 1 + 0.22 * gaussian(random)), 0.25 * gaussian(random)),
      body: layer.body * between(random, 0.6, 1.3),
      dryFrom: between(random, 0.5, 1.1),
      hair: 0.045,
      seed: random() * 1000,
    });
  }
}

/** The stretch of a path around its middle that stays in one shape. */
function clipToShape(path: readonly number[], shape: number): number[] {
  const middle = Math.floor(path.length / 4) * 2;
  let from = middle;
  let to = middle;
  while (from >= 2 && spotAt(path[from - 2]!, path[from - 1]!).shape === shape) from -= 2;
  while (to + 3 < path.length && spotAt(path[to + 2]!, path[to + 3]!).shape === shape) to += 2;
  return path.slice(from, to + 2);
}

/** Draws dark lines of varying strength along the borders of things, and sinks them into the paint. */
function drawOutlines(canvas: OilCanvas): void {
  const groups = new Int32Array(WIDTH * HEIGHT);
  for (let i = 0; i < groups.length; i++) {
    const x = (i % WIDTH) / HEIGHT;
    const y = Math.floor(i / WIDTH) / HEIGHT;
    const shake = 0.0022 * noise2(x * 60, y * 60);
    groups[i] = Math.floor((spotAt(x + shake, y - shake).shape >> 11) / 10);
  }
  const distance = distanceTo(WIDTH, HEIGHT, (i) => groups[i] !== groups[i + 1] || groups[i] !== groups[i + WIDTH]);
  for (let i = 0; i < groups.length; i++) {
    const x = (i % WIDTH) / HEIGHT;
    const y = Math.floor(i / WIDTH) / HEIGHT;
    const half = 2.6 + 3.4 * fbm2(x * 7, y * 7, 2) + 0.8 * noise2(x * 90, y * 90);
    const cover = smoothstep(half + 0.9, half - 0.9, distance.data[i]!) * 0.92;
    if (cover <= 0) continue;
    canvas.colour.blend(i, mixRgb(hex('#15121c'), hex('#3a2030'), saturate(noise2(x * 30, y * 30))), cover);
    canvas.relief.data[i] = canvas.relief.data[i]! - 0.25 * cover;
  }
}

/** Scores the cuts themselves into the paint, dark on one side and light on the other. */
function paintCuts(canvas: OilCanvas, random: Random): void {
  for (const { x, y, nx, ny } of cuts) {
    for (let k = 0; k < 26; k++) {
      const along = between(random, -0.75, 0.75);
      if (noise2(along * 3 + x * 20, y * 20) < -0.12) continue;
      const px = x + ny * along;
      const py = y - nx * along;
      const reach = between(random, 0.02, 0.05);
      const path = [px - ny * reach, py + nx * reach, px + ny * reach, py - nx * reach];
      const light = random() < 0.45;
      strikeLine(canvas, path, light ? 0.003 : 0.0045, hex(light ? '#f3dfae' : '#1b1a2c'), random);
    }
  }
}

function strikeLine(canvas: OilCanvas, path: readonly number[], width: number, colour: Rgb, random: Random): void {
  canvas.paint({
    path: path.map((value) => clamp(value, -1, 2) * HEIGHT),
    width: width * HEIGHT * between(random, 0.7, 1.3),
    colour,
    streak: mixRgb(colour, hex('#5a3a34'), 0.3),
    body: 0.7,
    dryFrom: between(random, 0.2, 0.8),
    hair: 0.3,
    seed: random() * 1000,
  });
}

/** Lets the threads of the canvas show through. */
function weave(canvas: OilCanvas): void {
  for (let y = 0, i = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++, i++) {
      const thread = Math.sin(x * 0.9) * Math.sin(y * 0.9);
      canvas.relief.data[i] = canvas.relief.data[i]! + 0.06 * thread;
    }
  }
}

function render(): Raster {
  const random = createRandom(1912);
  const canvas = new OilCanvas(WIDTH, HEIGHT, hex('#8a6a48'));
  for (const layer of layers) paintLayer(canvas, layer, random);
  paintCuts(canvas, random);
  drawOutlines(canvas);
  weave(canvas);
  return halve(lightRelief(canvas.colour, canvas.relief, { depth: 1.7, shade: 0.75, shine: 0.26 }));
}

export const cubistOil: SamplePicture = {
  name: 'cubist-oil',
  kind: 'paintings',
  title: 'Guitar and Bottle',
  alt: 'A cubist oil painting of a guitar, a bottle, fruit and sheet music, broken into facets with a palette knife',
  render,
};
