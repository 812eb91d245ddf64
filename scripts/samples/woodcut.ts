/** A woodcut in black and three colours: a pine on a rock above the sea, mountains and a red evening sun. */
import { hex, mixRgb, multiplyRgb, type Rgb } from './lib/colour.ts';
import { bell, mix, saturate, segmentDistance, smoothstep } from './lib/maths.ts';
import { fbm2, noise2 } from './lib/noise.ts';
import { between, createRandom } from './lib/random.ts';
import { halve, Raster } from './lib/raster.ts';
import type { SamplePicture } from './picture.ts';

const WIDTH = 1640;
const HEIGHT = 2048;
const ASPECT = WIDTH / HEIGHT;
const SUN = { x: 0.53, y: 0.33, radius: 0.115 };
const HORIZON = 0.6;
const MARGIN = 0.034;

/** What the blocks print at a point: black ink from 0 to 1, and the colour below it. */
interface Print {
  ink: number;
  tint: Rgb;
}

const PAPER = hex('#f1e6cc');
const RED = hex('#d8432a');
const ORANGE = hex('#eca24a');
const TEAL = hex('#3f8f94');
const SLATE = hex('#5f84a0');
const MOSS = hex('#8d9a52');

/**
 * Black lines between gouge marks. `phase` counts lines across, `along` runs with them (both in line widths),
 * `light` is the share of wood that is cut away.
 */
function carve(phase: number, along: number, light: number): number {
  const wobbled = phase + 0.16 * noise2(along * 0.16, phase * 0.35);
  const line = Math.floor(wobbled);
  const hand = 0.13 * noise2(along * 0.1 + line * 7.31, line * 3.7) + 0.05 * noise2(along * 0.7, line * 1.9);
  const stops = smoothstep(0.42, 0.6, noise2(along * 0.05 + line * 5.77, line * 9.1)) * 0.3;
  const ridge = Math.abs(wobbled - line - 0.5) * 2;
  return smoothstep(-0.09, 0.09, ridge - saturate(light + hand - stops));
}

const pads = growPads();
const trunk = [0.105, 0.83, 0.125, 0.75, 0.205, 0.66, 0.185, 0.55, 0.25, 0.44, 0.235, 0.34, 0.29, 0.25, 0.28, 0.17];
const limbs = [
  [0.2, 0.655, 0.37, 0.595, 0.016],
  [0.19, 0.57, 0.07, 0.52, 0.014],
  [0.245, 0.45, 0.42, 0.43, 0.013],
  [0.24, 0.38, 0.1, 0.34, 0.012],
  [0.285, 0.26, 0.41, 0.235, 0.01],
] as const;

interface Pad {
  x: number;
  y: number;
  width: number;
  height: number;
  seed: number;
}

/** The clouds of needles of the pine. */
function growPads(): Pad[] {
  const random = createRandom(12);
  const places = [
    [0.36, 0.575, 0.13],
    [0.44, 0.6, 0.075],
    [0.08, 0.5, 0.12],
    [0.4, 0.41, 0.135],
    [0.49, 0.44, 0.07],
    [0.1, 0.32, 0.115],
    [0.4, 0.215, 0.105],
    [0.285, 0.14, 0.13],
    [0.19, 0.22, 0.085],
    [0.24, 0.5, 0.06],
  ] as const;
  return places.flatMap(([x, y, size]) =>
    Array.from({ length: 4 }, (_, k) => ({
      x: x + (k - 1.5) * size * 0.42 + between(random, -0.01, 0.01),
      y: y + Math.abs(k - 1.5) * size * 0.1 + between(random, -0.008, 0.008),
      width: size * between(random, 0.42, 0.6),
      height: size * between(random, 0.3, 0.4),
      seed: random() * 50,
    })),
  );
}

function padPrint(pad: Pad, x: number, y: number): Print | undefined {
  const dx = (x - pad.x) / pad.width;
  const dy = (y - pad.y - pad.height * 0.35) / pad.height;
  if (Math.abs(dx) > 1.2 || dy > 0.6 || dy < -1.5) return undefined;
  const angle = Math.atan2(dy, dx);
  const spikes = 0.07 * Math.abs(((angle * 9 + pad.seed) % 1) - 0.5) + 0.07 * noise2(angle * 3 + pad.seed, 2);
  const radius = Math.hypot(dx, dy * (dy > 0 ? 2.2 : 1)) + spikes;
  if (radius > 1) return undefined;
  const needles = carve(
    (angle * 16) / Math.PI,
    radius * 9 + pad.seed,
    0.66 * smoothstep(0.28, 0.72, radius) - 0.1 * dy,
  );
  const rim = smoothstep(0.9, 0.94, radius);
  return { ink: Math.max(needles, rim * 0.9), tint: MOSS };
}

function treePrint(x: number, y: number): Print | undefined {
  for (let k = pads.length - 1; k >= 0; k--) {
    const print = padPrint(pads[k]!, x, y);
    if (print) return print;
  }
  for (const [ax, ay, bx, by, width] of limbs) {
    const d = segmentDistance(x, y, ax, ay, bx, by) + 0.003 * noise2(x * 60, y * 60);
    if (d < width * 0.5) return { ink: carve(d * 330, x * 130, 0.42), tint: hex('#a8703f') };
  }
  for (let k = 0; k + 3 < trunk.length; k += 2) {
    const width = mix(0.034, 0.012, k / trunk.length) + 0.02 * smoothstep(0.78, 0.86, y);
    const d = segmentDistance(x, y, trunk[k]!, trunk[k + 1]!, trunk[k + 2]!, trunk[k + 3]!);
    if (d + 0.004 * noise2(x * 50, y * 50) > width) continue;
    const bark = carve(d * 210 + x * 40, y * 95, mix(0.64, 0.16, smoothstep(-0.012, 0.014, x - trunkCentre(y))));
    return { ink: Math.max(bark, smoothstep(width * 0.86, width * 0.94, d)), tint: hex('#a8703f') };
  }
  return undefined;
}

function trunkCentre(y: number): number {
  for (let k = 0; k + 3 < trunk.length; k += 2) {
    if (y <= trunk[k + 1]! && y >= trunk[k + 3]!) {
      return mix(trunk[k]!, trunk[k + 2]!, (trunk[k + 1]! - y) / (trunk[k + 1]! - trunk[k + 3]!));
    }
  }
  return trunk[0]!;
}

function rockTop(x: number): number {
  return 0.845 - 0.06 * bell(x, 0.12, 0.14) + 0.26 * smoothstep(0.2, 0.62, x) + 0.016 * fbm2(x * 14, 2.2, 4);
}

/** Rocks as facets, each cut in its own direction. */
function rockPrint(x: number, y: number): Print {
  const depth = y - rockTop(x);
  const bend = 0.05 * fbm2(x * 5, y * 5, 3);
  const facet = Math.sin((x + bend) * 31 + 14 * depth) + 0.7 * Math.sin((y - bend) * 37 - x * 12);
  const sunny = smoothstep(-0.25, 0.25, facet);
  const angle = sunny > 0.5 ? 0.95 : -0.45;
  const across = x * Math.cos(angle) + y * Math.sin(angle);
  const along = y * Math.cos(angle) - x * Math.sin(angle);
  const light = mix(0.14, 0.68, sunny) + 0.22 * fbm2(x * 12, y * 12, 2);
  const outline = Math.max(smoothstep(0.006, 0.004, depth), bell(facet, 0, 0.07));
  return { ink: Math.max(carve(across * 118, along * 118, light), outline), tint: mixRgb(hex('#c09a62'), MOSS, 0.2) };
}

function mountainTop(x: number, layer: number): number {
  if (layer === 2) return 0.44 - 0.17 * bell(x, 0.7, 0.14) - 0.07 * bell(x, 0.48, 0.1) + 0.014 * fbm2(x * 13, 1.1, 4);
  if (layer === 1) return 0.535 - 0.09 * bell(x, 0.42, 0.12) - 0.06 * bell(x, 0.8, 0.1) + 0.014 * fbm2(x * 16, 4.1, 4);
  return 0.588 - 0.03 * bell(x, 0.62, 0.16) + 0.008 * fbm2(x * 20, 7.3, 3);
}

function mountainPrint(x: number, y: number, layer: number): Print {
  const depth = y - mountainTop(x, layer);
  const ribs = x + 0.055 * fbm2(x * 7 + layer * 9, y * 5, 3) + depth * 0.12 * Math.sin(x * 24 + layer);
  const crest = layer === 2 ? 0.7 : layer === 1 ? 0.42 : 0.62;
  const fold = Math.sin((ribs - crest) * mix(60, 34, layer / 2));
  const sunny = smoothstep(-0.2, 0.2, -fold);
  const angle = sunny > 0.5 ? 0.62 : -0.55;
  const across = x * Math.cos(angle) + y * Math.sin(angle) * 0.5;
  const along = y * 1.4 - x * Math.sin(angle);
  const snow = layer === 2 ? smoothstep(0.075, 0.055, depth + 0.022 * fbm2(x * 30, y * 16, 2)) : 0;
  const light = mix(mix(0.3, 0.48, layer / 2), 0.84, sunny) + 0.5 * snow * sunny + 0.2 * snow;
  const ink = Math.max(carve(across * 150, along * 120, light), smoothstep(0.0042, 0.0028, depth));
  return { ink, tint: mixRgb(mixRgb(TEAL, SLATE, layer / 2), PAPER, Math.max(snow * 0.95, sunny * 0.3)) };
}

function seaPrint(x: number, y: number): Print {
  const depth = (y - HORIZON) / (1 - HORIZON);
  const lines = 46 * Math.pow(depth, 0.62);
  const swell = Math.sin(x * mix(44, 11, Math.sqrt(depth)) + 5 * noise2(x * 3, lines * 0.22) + lines * 0.8);
  const phase = lines + swell * mix(0.35, 1.05, depth);
  const crest = smoothstep(0.35, 0.95, swell) * smoothstep(0, 0.25, depth);
  const path =
    bell(x, SUN.x + 0.012 * Math.sin(lines * 2.1), 0.055 + 0.05 * depth) * (0.6 + 0.4 * Math.sin(lines * 3.9));
  const light = 0.5 + 0.2 * noise2(x * 6, y * 14) + 0.32 * crest + 0.25 * path;
  const tint = mixRgb(mixRgb(TEAL, hex('#2c6f80'), depth), PAPER, 0.55 * crest);
  const glow = smoothstep(0.25, 0.5, path) * smoothstep(0.95, 0.4, depth);
  return { ink: carve(phase, x * mix(150, 60, depth), light), tint: mixRgb(tint, ORANGE, glow) };
}

/** A small sailing boat; undefined where it is not. */
function boatPrint(x: number, y: number): Print | undefined {
  const u = (x - 0.665) / 0.062;
  const v = (y - 0.7) / 0.062;
  if (u < -1.1 || u > 1.2 || v < -2.2 || v > 0.5) return undefined;
  const hull = v > 0 && v < 0.34 && Math.abs(u) < 1 - 0.9 * v * v - 0.6 * v;
  if (hull) return { ink: v < 0.07 || v > 0.27 ? 1 : carve(v * 14, u * 12, 0.35), tint: RED };
  if (Math.abs(u - 0.02) < 0.028 && v <= 0 && v > -2.15) return { ink: 1, tint: PAPER };
  const main = u > 0.08 && u < 0.9 * (1 + (v + 0.12) / 1.95) + 0.12 * Math.sin((v + 0.1) * 1.6) && v < -0.12;
  const fore = u < -0.04 && u > -0.78 * (1 + (v + 0.12) / 1.7) && v < -0.12;
  if (!main && !fore) return undefined;
  const seam = Math.abs(((v * 3.2 + u * 0.3 + 40) % 1) - 0.5) < 0.04;
  return { ink: seam ? 0.9 : carve(u * 9, v * 9, main ? 0.97 - 0.34 * u : 0.78), tint: PAPER };
}

/** Heaped clouds: the distance below the top of the nearest billow, or -1. */
function cloudDepth(x: number, y: number): number {
  let depth = -1;
  for (let k = 0; k < clouds.length; k++) {
    const { x: cx, y: cy, size, base } = clouds[k]!;
    if (y > base + 0.004 * noise2(x * 30, base * 50)) continue;
    depth = Math.max(depth, 1 - Math.hypot(x - cx, (y - cy) * 1.15) / size);
  }
  return depth;
}

const clouds = [
  { x: 0.56, y: 0.155, size: 0.05, base: 0.172 },
  { x: 0.62, y: 0.14, size: 0.062, base: 0.172 },
  { x: 0.69, y: 0.15, size: 0.052, base: 0.172 },
  { x: 0.74, y: 0.162, size: 0.034, base: 0.172 },
  { x: 0.5, y: 0.165, size: 0.028, base: 0.172 },
  { x: 0.05, y: 0.13, size: 0.05, base: 0.15 },
  { x: 0.115, y: 0.14, size: 0.032, base: 0.15 },
  { x: 0.71, y: 0.275, size: 0.03, base: 0.284 },
  { x: 0.765, y: 0.265, size: 0.042, base: 0.284 },
];

function skyPrint(x: number, y: number): Print {
  const radius = Math.hypot(x - SUN.x, y - SUN.y);
  if (radius < SUN.radius) return { ink: 0, tint: RED };
  const depth = cloudDepth(x, y);
  if (depth > 0) {
    const curl = carve(depth * 9 + 0.4, x * 60, 0.8);
    return { ink: Math.max(curl * smoothstep(0.55, 0.2, depth), smoothstep(0.1, 0.06, depth)), tint: PAPER };
  }
  const high = saturate((0.5 - y) / 0.5);
  const warp = 0.012 * fbm2(x * 4, y * 5, 2);
  const rings = (radius + warp) * 118;
  const light = mix(0.86, 0.52, high) + 0.14 * bell(radius, SUN.radius, 0.06) + 0.12 * fbm2(x * 3, y * 9, 2);
  const tint = mixRgb(mixRgb(ORANGE, hex('#f0d9a6'), smoothstep(0.05, 0.45, high)), SLATE, smoothstep(0.5, 1, high));
  return { ink: carve(rings, Math.atan2(y - SUN.y, x - SUN.x) * radius * 118, light), tint };
}

function scenePrint(x: number, y: number): Print {
  if (y > rockTop(x)) return rockPrint(x, y);
  const tree = treePrint(x, y);
  if (tree) return tree;
  if (y > HORIZON) return boatPrint(x, y) ?? seaPrint(x, y);
  const boat = boatPrint(x, y);
  if (boat) return boat;
  for (let layer = 0; layer < 3; layer++) if (y > mountainTop(x, layer)) return mountainPrint(x, y, layer);
  return skyPrint(x, y);
}

/** The printer's mark in the corner: a leaf in a red square. */
function sealPrint(x: number, y: number): Print | undefined {
  const u = (x - (ASPECT - 0.085)) / 0.022 + 0.06 * noise2(x * 90, y * 90);
  const v = (y - 0.925) / 0.026 + 0.06 * noise2(x * 90, y * 90 + 7);
  if (Math.abs(u) > 1 || Math.abs(v) > 1) return undefined;
  const leaf = Math.abs(u) < 0.5 * (1 - v * v * 1.7) && Math.abs(u) > 0.09;
  return { ink: 0, tint: leaf || Math.max(Math.abs(u), Math.abs(v)) > 0.93 ? PAPER : RED };
}

function paperAt(px: number, py: number): Rgb {
  const fibre = fbm2(px / 90 + 0.3 * fbm2(px / 40, py / 40, 2), py / 7, 3) * 0.5 + fbm2(px / 6, py / 60, 2) * 0.4;
  const tooth = fbm2(px / 3.2, py / 3.2, 2);
  const stain = fbm2(px / 420, py / 420, 3);
  const tone = 1 + 0.022 * fibre + 0.03 * tooth + 0.02 * stain;
  return [PAPER[0] * tone, PAPER[1] * tone, PAPER[2] * (tone - 0.02 * stain)];
}

function render(): Raster {
  const sheet = Raster.from(WIDTH, HEIGHT, (px, py) => {
    const x = px / HEIGHT;
    const y = py / HEIGHT;
    const jag = 0.0014 * fbm2(px / 12, py / 12, 2);
    const edge = Math.min(x, y, ASPECT - x, 1 - y) - MARGIN + jag;
    const paper = paperAt(px, py);
    if (edge < 0) return paper;
    const black = sealPrint(x, y) ?? scenePrint(x, y);
    const shifted = sealPrint(x, y) ?? scenePrint(x + 0.0016, y - 0.0012);
    const grain = fbm2(px / 110, py / 4.5, 3);
    const speck = fbm2(px / 2.6, py / 2.6, 2);
    const frame = edge < 0.005 ? 1 : 0;
    const tintCover = saturate(0.9 + 0.16 * grain - 0.42 * smoothstep(0.3, 0.75, speck)) * (frame ? 0.2 : 1);
    const coloured = multiplyRgb(
      paper,
      mixRgb([1, 1, 1], [...shifted.tint].map((v, c) => v / PAPER[c]!) as never, tintCover),
    );
    const inkCover = saturate(0.97 + 0.1 * grain - 0.75 * smoothstep(0.4, 0.9, speck + 0.3 * grain));
    return mixRgb(coloured, hex('#1b1a20'), Math.max(frame, black.ink) * inkCover);
  });
  return halve(sheet);
}

export const woodcut: SamplePicture = {
  name: 'woodcut',
  kind: 'paintings',
  title: 'Pine by the Sea',
  alt: 'A colour woodcut of a crooked pine on a rock, a sailing boat on the sea, mountains and a red sun',
  render,
};
