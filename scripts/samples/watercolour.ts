/** A watercolour: poppies and cornflowers in a meadow, a farmhouse and blue hills. */
import { hex, type Rgb } from './lib/colour.ts';
import { bell, mix, saturate, segmentDistance, smoothstep } from './lib/maths.ts';
import { fbm2 } from './lib/noise.ts';
import { between, createRandom, pick, type Random } from './lib/random.ts';
import { halve, type Raster } from './lib/raster.ts';
import { WatercolourSheet, type Wash } from './lib/watercolour.ts';
import type { SamplePicture } from './picture.ts';

const WIDTH = 2048;
const HEIGHT = 1536;
const ASPECT = WIDTH / HEIGHT;
const HOUSE = { x: 0.93, y: 0.5 };

type Spread = Pick<Wash, 'soft' | 'ragged' | 'rim' | 'grain' | 'lift'>;

const wetInWet: Spread = { soft: 0.035, ragged: 0.05, rim: 0, grain: 0.2 };
const broad: Spread = { soft: 0.0022, ragged: 0.012, rim: 0.42, grain: 0.3 };
const crisp: Spread = { soft: 0.0013, ragged: 0.004, rim: 0.55, grain: 0.3 };
const dry: Spread = { soft: 0.002, ragged: 0.008, rim: 0.2, grain: 0.72 };

function colours(a: string, b: string): readonly [Rgb, Rgb] {
  return [hex(a), hex(b)];
}

/** Distance to the edge of the painted field; the paper stays white around it. */
function field(x: number, y: number): number {
  const wave = 0.012 * fbm2(x * 5, y * 5, 3);
  return Math.min(x - 0.045, ASPECT - 0.045 - x, y - 0.05, 0.955 - y) + wave;
}

const whole: Wash['bounds'] = [0, 0, ASPECT, 1];

function house(x: number, y: number): number {
  const dx = Math.abs(x - HOUSE.x) - 0.075;
  return -Math.max(dx, HOUSE.y - 0.06 - y, y - HOUSE.y - 0.025);
}

function roof(x: number, y: number): number {
  const up = HOUSE.y - 0.055 - y;
  const slant = Math.abs(x - HOUSE.x) - 0.095 + up * 0.62;
  return Math.min(up + 0.004, 0.062 - up, -slant);
}

function paintSky(sheet: WatercolourSheet): void {
  const sky = (x: number, y: number): number => Math.min(field(x, y), 0.47 - y);
  const gaps = (x: number, y: number): number => smoothstep(-0.28, 0.3, fbm2(x * 2.2 + 3, y * 4.6, 4) + 0.35 - 0.9 * y);
  const warm = (_x: number, y: number): number => bell(y, 0.4, 0.13);
  sheet.lay({
    ...wetInWet,
    soft: 0.012,
    bounds: whole,
    inside: sky,
    colours: colours('#f7d3a0', '#f2b8a0'),
    strength: 0.75,
    fade: warm,
    seed: 3,
  });
  sheet.lay({
    ...wetInWet,
    soft: 0.008,
    bounds: whole,
    inside: sky,
    colours: colours('#6fb2e4', '#3f74c0'),
    strength: 0.95,
    fade: gaps,
    seed: 8,
  });
  const shade = (x: number, y: number): number => 0.6 * (1 - gaps(x, y)) * smoothstep(0.1, 0.3, y);
  sheet.lay({
    ...wetInWet,
    bounds: whole,
    inside: sky,
    colours: colours('#b9b2d4', '#d3b8c0'),
    strength: 0.5,
    fade: shade,
    seed: 5,
  });
}

function paintHills(sheet: WatercolourSheet): void {
  const layers = [
    { top: 0.375, swing: 0.05, pitch: 3.1, shift: 0.6, tint: colours('#8fa6dc', '#a99ad0'), strength: 0.75 },
    { top: 0.42, swing: 0.035, pitch: 4.3, shift: 2.6, tint: colours('#5f8fb8', '#7a86c0'), strength: 0.85 },
    { top: 0.465, swing: 0.022, pitch: 5.6, shift: 5.1, tint: colours('#6aa588', '#8fae6a'), strength: 0.85 },
  ];
  for (const [k, { top, swing, pitch, shift, tint, strength }] of layers.entries()) {
    const crest = (x: number): number =>
      top - swing * Math.sin(x * pitch + shift) - 0.4 * swing * Math.sin(x * pitch * 2.7);
    const inside = (x: number, y: number): number =>
      Math.min(field(x, y), y - crest(x), -house(x, y) - 0.004, -roof(x, y) - 0.003, 0.62 - y);
    const fade = (x: number, y: number): number => mix(1, 0.25, smoothstep(0.01, 0.12, y - crest(x)));
    sheet.lay({ ...broad, bounds: whole, inside, colours: tint, strength, fade, seed: 20 + k });
  }
}

function paintTrees(sheet: WatercolourSheet, random: Random): void {
  for (let k = 0; k < 34; k++) {
    const x =
      k < 14
        ? between(random, 0.06, 0.52)
        : pick(random, [0.8, 0.84, 1.04, 1.08, 1.14, 1.2, 1.26]) + between(random, -0.03, 0.03);
    const size = between(random, 0.02, 0.05);
    const y = 0.515 - size * 0.6 + between(random, -0.006, 0.012);
    const tint = pick(random, [
      colours('#2f6b4a', '#5f8f3a'),
      colours('#27544f', '#3f7a4a'),
      colours('#7f9a3a', '#c0a040'),
    ]);
    const crown = (px: number, py: number): number =>
      Math.min((1 - Math.hypot((px - x) / 0.8, py - y) / size) * size, -house(px, py) - 0.002, -roof(px, py) - 0.002);
    const bounds = [x - size * 1.6, y - size * 1.6, x + size * 1.6, y + size * 1.6] as const;
    sheet.lay({
      ...broad,
      ragged: 0.022,
      bounds,
      inside: crown,
      colours: tint,
      strength: between(random, 0.5, 0.9),
      seed: k * 3.1,
    });
  }
}

function paintHouse(sheet: WatercolourSheet): void {
  const { x, y } = HOUSE;
  const bounds = [x - 0.13, y - 0.15, x + 0.13, y + 0.06] as const;
  const shaded = (px: number, py: number): number => Math.min(house(px, py), px - x - 0.018);
  sheet.lay({ ...crisp, bounds, inside: house, colours: colours('#f6e6c4', '#f0d8b8'), strength: 0.5, seed: 41 });
  sheet.lay({ ...crisp, bounds, inside: shaded, colours: colours('#9a94c4', '#b0a0b8'), strength: 0.75, seed: 42 });
  sheet.lay({ ...crisp, bounds, inside: roof, colours: colours('#d0603a', '#b8483a'), strength: 1, seed: 43 });
  for (const [dx, dy, w, h] of [
    [-0.052, -0.03, 0.009, 0.012],
    [-0.014, -0.03, 0.009, 0.012],
    [0.046, -0.028, 0.009, 0.012],
    [-0.032, 0.005, 0.01, 0.02],
  ] as const) {
    const opening = (px: number, py: number): number => -Math.max(Math.abs(px - x - dx) - w, Math.abs(py - y - dy) - h);
    sheet.lay({
      ...crisp,
      ragged: 0.002,
      bounds,
      inside: opening,
      colours: colours('#3f4a78', '#5a4a5a'),
      strength: 1.1,
      seed: 50 + dx,
    });
  }
}

function paintMeadow(sheet: WatercolourSheet): void {
  const ground = (x: number, y: number): number => Math.min(field(x, y), y - 0.515 - 0.01 * Math.sin(x * 6));
  const far = (_x: number, y: number): number => mix(0.55, 1, smoothstep(0.5, 0.9, y));
  sheet.lay({
    ...broad,
    bounds: whole,
    inside: ground,
    colours: colours('#e6d565', '#a9c95a'),
    strength: 0.85,
    fade: far,
    seed: 61,
  });
  const patches = (x: number, y: number): number => smoothstep(-0.1, 0.35, fbm2(x * 3.4, y * 7, 4) + 1.5 * (y - 0.72));
  sheet.lay({
    ...wetInWet,
    bounds: whole,
    inside: ground,
    colours: colours('#4f9a50', '#2f7f78'),
    strength: 0.8,
    fade: patches,
    seed: 62,
  });
  const deep = (x: number, y: number): number => smoothstep(0.0, 0.5, fbm2(x * 5 + 9, y * 5, 4) + 2.6 * (y - 0.86));
  sheet.lay({
    ...broad,
    bounds: whole,
    inside: (x, y) => Math.min(ground(x, y), y - 0.62),
    colours: colours('#2a5f58', '#3f6a9a'),
    strength: 0.7,
    fade: deep,
    seed: 63,
  });
  for (let k = 0; k < 7; k++) {
    const y = 0.535 + 0.022 * k + 0.002 * k * k;
    const band = (px: number, py: number): number =>
      Math.min(field(px, py), 0.006 - Math.abs(py - y - 0.01 * Math.sin(px * 5 + k)));
    const fade = (px: number): number => saturate(0.2 + 0.9 * Math.sin(px * 4 + k * 1.9));
    const tint = colours(k % 2 ? '#8fae3f' : '#d8a848', k % 2 ? '#5f9a58' : '#d87858');
    sheet.lay({
      ...dry,
      bounds: [0, y - 0.04, ASPECT, y + 0.04],
      inside: band,
      colours: tint,
      strength: 0.6,
      fade,
      seed: 70 + k,
    });
  }
}

/** A blade or stem: a thin bent stroke. */
function paintBlade(
  sheet: WatercolourSheet,
  foot: readonly [number, number],
  tip: readonly [number, number],
  width: number,
  tint: readonly [Rgb, Rgb],
  seed: number,
): void {
  const bend = (tip[0] - foot[0]) * 0.16;
  const middle = [(foot[0] + tip[0]) / 2 - bend, (foot[1] + tip[1]) / 2] as const;
  const inside = (x: number, y: number): number => {
    const share = saturate((foot[1] - y) / (foot[1] - tip[1] || 1));
    const low = segmentDistance(x, y, foot[0], foot[1], middle[0], middle[1]);
    const high = segmentDistance(x, y, middle[0], middle[1], tip[0], tip[1]);
    return width * (1 - 0.75 * share) - Math.min(low, high);
  };
  const bounds = [
    Math.min(foot[0], tip[0], middle[0]) - 0.01,
    tip[1] - 0.01,
    Math.max(foot[0], tip[0], middle[0]) + 0.01,
    foot[1] + 0.01,
  ] as const;
  sheet.lay({ ...crisp, ragged: 0.0022, bounds, inside, colours: tint, strength: 0.9, seed });
}

function paintGrass(sheet: WatercolourSheet, random: Random): void {
  const tints = [colours('#3f8a48', '#7aa83f'), colours('#2a6a5f', '#3f7f8a'), colours('#b8b04a', '#8fae4a')];
  for (let k = 0; k < 210; k++) {
    const x = between(random, 0.07, ASPECT - 0.07);
    const y = between(random, 0.72, 0.93);
    const tall = between(random, 0.05, 0.16) * (0.3 + y * 0.8);
    const tip = [x + between(random, -0.05, 0.05), y - tall] as const;
    paintBlade(sheet, [x, y], tip, between(random, 0.0016, 0.0042), pick(random, tints), random() * 90);
  }
}

interface Blot {
  x: number;
  y: number;
  width: number;
  height: number;
  turn: number;
}

function blot(
  sheet: WatercolourSheet,
  { x, y, width, height, turn }: Blot,
  tint: readonly [Rgb, Rgb],
  strength: number,
  spread: Spread,
  seed: number,
): void {
  const cos = Math.cos(turn);
  const sin = Math.sin(turn);
  const inside = (px: number, py: number): number => {
    const u = ((px - x) * cos + (py - y) * sin) / width;
    const v = ((py - y) * cos - (px - x) * sin) / height;
    return (1 - Math.hypot(u, v)) * Math.min(width, height);
  };
  const reach = Math.max(width, height) + spread.ragged * 1.6 + spread.soft * 2;
  sheet.lay({ ...spread, bounds: [x - reach, y - reach, x + reach, y + reach], inside, colours: tint, strength, seed });
}

function paintPoppy(sheet: WatercolourSheet, x: number, y: number, size: number, random: Random): void {
  const foot = [x + between(random, -0.05, 0.05), Math.min(0.945, y + size * between(random, 3, 4.4))] as const;
  paintBlade(sheet, foot, [x, y + size * 0.2], 0.0026 + size * 0.03, colours('#3f7f4a', '#5f8a3a'), random() * 90);
  const petals = [-2.7, -0.45, 1.2, 2.1, -1.6];
  const petalSpread: Spread = { soft: 0.0013, ragged: size * 0.2, rim: 0.6, grain: 0.3 };
  const forms = petals.map((direction) => {
    const turn = direction + between(random, -0.25, 0.25);
    const place = { x: x + Math.cos(turn) * size * 0.5, y: y + Math.sin(turn) * size * 0.36, turn };
    const form = { ...place, width: size * between(random, 0.55, 0.68), height: size * between(random, 0.46, 0.6) };
    return { form, seed: random() * 90 };
  });
  const tint = colours('#f0311f', '#f7893c');
  for (const { form, seed } of forms) blot(sheet, form, tint, 0, { ...petalSpread, lift: 0.93 }, seed);
  for (const { form, seed } of forms) blot(sheet, form, tint, between(random, 0.6, 0.95), petalSpread, seed);
  const fold: Spread = { soft: size * 0.16, ragged: size * 0.3, rim: 0, grain: 0.3 };
  blot(
    sheet,
    { x, y: y + size * 0.12, width: size * 0.62, height: size * 0.3, turn: 0.2 },
    colours('#c01838', '#d82a2a'),
    0.6,
    fold,
    random() * 90,
  );
  const heart = { x, y: y + size * 0.06, width: size * 0.2, height: size * 0.15, turn: 0 };
  blot(
    sheet,
    heart,
    colours('#2a2040', '#3a2a30'),
    1.2,
    { soft: 0.003, ragged: size * 0.12, rim: 0.4, grain: 0.3 },
    random() * 90,
  );
  for (let k = 0; k < 14; k++) {
    const angle = random() * 6.3;
    const reach = size * between(random, 0.22, 0.36);
    const speck = { x: x + Math.cos(angle) * reach, y: y + size * 0.06 + Math.sin(angle) * reach * 0.7, turn: 0 };
    blot(sheet, { ...speck, width: 0.0028, height: 0.0028 }, colours('#2a2040', '#3a2a50'), 1, crisp, random() * 90);
  }
}

function paintCornflower(sheet: WatercolourSheet, x: number, y: number, size: number, random: Random): void {
  paintBlade(
    sheet,
    [x + between(random, -0.03, 0.03), Math.min(0.94, y + size * 5)],
    [x, y],
    0.0024,
    colours('#4f8a5a', '#3f7f7a'),
    random() * 90,
  );
  for (let k = 0; k < 9; k++) {
    const turn = (k / 9) * 6.283 + between(random, -0.2, 0.2);
    const place = { x: x + Math.cos(turn) * size * 0.6, y: y + Math.sin(turn) * size * 0.48, turn };
    blot(
      sheet,
      { ...place, width: size * 0.5, height: size * 0.2 },
      colours('#3a58c8', '#6a4fc0'),
      between(random, 0.7, 1),
      { ...crisp, lift: 0.8 },
      random() * 90,
    );
  }
  blot(
    sheet,
    { x, y, width: size * 0.25, height: size * 0.22, turn: 0 },
    colours('#3a1f70', '#5a2a80'),
    0.8,
    crisp,
    random() * 90,
  );
}

function paintFlowers(sheet: WatercolourSheet, random: Random): void {
  for (let k = 0; k < 46; k++) {
    const y = between(random, 0.575, 0.74);
    const size = 0.005 + 0.075 * (y - 0.55) * between(random, 0.7, 1.2);
    const form = { x: between(random, 0.08, ASPECT - 0.08), y, width: size * 1.2, height: size, turn: 0 };
    blot(sheet, form, colours('#e83a2a', '#f0703a'), 0.95, { ...crisp, ragged: size * 0.5, lift: 0.9 }, random() * 90);
  }
  for (let k = 0; k < 17; k++)
    paintCornflower(
      sheet,
      between(random, 0.1, 1.24),
      between(random, 0.7, 0.86),
      between(random, 0.014, 0.028),
      random,
    );
  const poppies = [
    [0.62, 0.7, 0.042],
    [1.2, 0.68, 0.046],
    [0.86, 0.73, 0.05],
    [0.14, 0.72, 0.05],
    [0.46, 0.79, 0.062],
    [1.1, 0.81, 0.075],
    [0.75, 0.86, 0.066],
    [0.24, 0.62, 0.105],
    [0.36, 0.87, 0.07],
  ] as const;
  for (const [x, y, size] of poppies) paintPoppy(sheet, x, y, size, random);
}

function splatter(sheet: WatercolourSheet, random: Random): void {
  for (let k = 0; k < 110; k++) {
    const size = 0.0012 + 0.0052 * Math.pow(random(), 4);
    const place = { x: between(random, 0.05, ASPECT - 0.05), y: between(random, 0.45, 0.97), turn: random() * 3 };
    const tint = pick(random, [
      colours('#e8402a', '#f0803a'),
      colours('#3f8a58', '#7aa83f'),
      colours('#3a58c8', '#6a7fd0'),
    ]);
    blot(
      sheet,
      { ...place, width: size * 1.2, height: size },
      tint,
      between(random, 0.3, 0.8),
      { ...crisp, ragged: 0.001 },
      random() * 90,
    );
  }
}

function render(): Raster {
  const random = createRandom(2025);
  const sheet = new WatercolourSheet(WIDTH, HEIGHT);
  paintSky(sheet);
  paintHills(sheet);
  paintHouse(sheet);
  paintMeadow(sheet);
  paintTrees(sheet, random);
  paintGrass(sheet, random);
  paintFlowers(sheet, random);
  splatter(sheet, random);
  return halve(sheet.develop());
}

export const watercolour: SamplePicture = {
  name: 'watercolour',
  kind: 'paintings',
  title: 'Poppy Meadow',
  alt: 'A loose watercolour of red poppies and blue cornflowers in a meadow, with a farmhouse before blue hills',
  render,
};
