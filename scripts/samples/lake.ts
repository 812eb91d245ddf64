/** A photo-like landscape: a mountain lake in the evening sun, marched through an eroded height map. */
import { linearHex, mixRgb, ramp, scaleRgb, type Rgb } from './lib/colour.ts';
import { drawConifer } from './lib/conifer.ts';
import { erode } from './lib/erosion.ts';
import { develop } from './lib/film.ts';
import { drawLine } from './lib/line.ts';
import { bell, clamp, saturate, smoothstep } from './lib/maths.ts';
import { fbm2, noise2, ridged2 } from './lib/noise.ts';
import { between, createRandom, hash } from './lib/random.ts';
import { blurPlane, halve, Plane, Raster } from './lib/raster.ts';
import type { SamplePicture } from './picture.ts';

const WIDTH = 2560;
const HEIGHT = 1708;
const HORIZON = 0.57;
const FOCAL = 1.2;
const EYE = 0.042;
const FAR = 90;

/** The terrain: a square map of 100 m units; the lake lies at height 0. */
const CELLS = 1024;
const EXTENT = 80;
const CELL = EXTENT / CELLS;
const LEFT = -40;
const NEAR = 2;

const sun = normalise([-0.78, 0.36, -0.22]);
const sunlight: Rgb = [3.5, 2.35, 1.35];
const skylight: Rgb = [0.3, 0.42, 0.62];

type Vector = readonly [number, number, number];

function normalise([x, y, z]: Vector): Vector {
  const scale = 1 / Math.hypot(x, y, z);
  return [x * scale, y * scale, z * scale];
}

function buildTerrain(): Plane {
  const terrain = Plane.from(CELLS, CELLS, (px, py) => rawHeight(LEFT + px * CELL, NEAR + py * CELL) / CELL);
  erode(terrain, 330_000, 0.3, 7);
  for (let i = 0; i < terrain.data.length; i++) terrain.data[i] = terrain.data[i]! * CELL;
  return terrain;
}

function rawHeight(x: number, z: number): number {
  const bend = 2.5 * Math.sin(z * 0.11 + 0.8) + 1.4 * noise2(x * 0.12, z * 0.12);
  const halfWidth = 8.6 * smoothstep(34, 12, z) + 2.2 * smoothstep(30, 2, z) - 1.5;
  const bank = Math.abs(x - bend) - halfWidth;
  const slopes = bank > 0 ? 0.55 * Math.pow(bank, 0.92) : bank * 0.3;
  const range = 8.2 * bell(z, 54, 17) * smoothstep(26, 44, z);
  const summit = 5.6 * bell(Math.hypot(x - 5, z - 50), 0, 10) + 3.2 * bell(Math.hypot(x + 17, z - 45), 0, 9);
  const ridges = ridged2(x * 0.05 + 3.1, z * 0.05 + 8.4, 6);
  const rough = smoothstep(-0.4, 4, bank);
  const relief =
    (0.36 + 0.72 * ridges) * (range + summit) + 1.5 * rough * (ridges - 0.3) * (1 + 0.25 * Math.min(bank, 9));
  return Math.min(slopes, 4.2 + 0.1 * slopes) * 0.62 + relief * rough + 0.14 * fbm2(x * 0.6, z * 0.6, 5) - 0.1;
}

const terrain = { height: new Plane(1, 1), sunlit: new Plane(1, 1), hollow: new Plane(1, 1) };

function prepareTerrain(): void {
  terrain.height = buildTerrain();
  terrain.sunlit = blurPlane(castShadows(terrain.height), 1);
  const smooth = blurPlane(terrain.height, 9);
  terrain.hollow = Plane.from(CELLS, CELLS, (x, y) => smooth.at(x, y) - terrain.height.at(x, y));
}

function castShadows(height: Plane): Plane {
  const stepX = sun[0] / Math.hypot(sun[0], sun[2]);
  const stepZ = sun[2] / Math.hypot(sun[0], sun[2]);
  const rise = (sun[1] / Math.hypot(sun[0], sun[2])) * CELL;
  return Plane.from(CELLS, CELLS, (x, y) => {
    let light = 1;
    const base = height.at(x, y) + 0.02;
    for (let k = 2; k < 240 && light > 0; k += 1 + (k >> 4)) {
      const above = base + rise * k - height.at(Math.round(x + stepX * k), Math.round(y + stepZ * k));
      light = Math.min(light, 0.5 + (above / (k * CELL)) * 14);
      if (base + rise * k > 17) break;
    }
    return saturate(light);
  });
}

function groundAt(x: number, z: number): number {
  return terrain.height.sample((x - LEFT) / CELL, (z - NEAR) / CELL);
}

/** How densely trees stand at a place. */
function forestAt(x: number, z: number, height: number): number {
  const patches = fbm2(x * 0.35 + 4, z * 0.35, 3);
  return smoothstep(0.02, 0.1, height) * smoothstep(3.3 + 1.3 * patches, 1.9 + 1.3 * patches, height) * (0.9 + patches);
}

/** The height of the tree tops above the ground: one cone in every cell of a jittered lattice. */
function treesAt(x: number, z: number, density: number): number {
  return Math.max(coneAt(x, z, 0.115, density, 1), coneAt(x + 0.057, z + 0.061, 0.105, density, 5));
}

function coneAt(x: number, z: number, size: number, density: number, seed: number): number {
  const ix = Math.floor(x / size);
  const iz = Math.floor(z / size);
  if (hash(ix, iz, seed) > density) return 0;
  const dx = x / size - ix - 0.5 + 0.24 * (hash(ix, iz, seed + 1) - 0.5);
  const dz = z / size - iz - 0.5 + 0.24 * (hash(ix, iz, seed + 2) - 0.5);
  const tall = 0.13 + 0.12 * hash(ix, iz, seed + 3);
  return tall * Math.max(0, 1 - Math.sqrt(dx * dx + dz * dz) / 0.42);
}

/** Follows a ray to the land and returns the distance, or -1 for the open sky. */
function march(oy: number, ox: number, oz: number, dir: Vector, start: number): number {
  let t = start;
  let previous = start;
  for (let k = 0; k < 320 && t < FAR; k++) {
    const y = oy + dir[1] * t;
    if (y > 17 && dir[1] > 0) return -1;
    const gap = y - canopyAt(ox + dir[0] * t, oz + dir[2] * t, y);
    if (gap < 0.0006 * t) return refine(oy, ox, oz, dir, previous, t);
    previous = t;
    t += Math.max(0.32 * gap, 0.0016 * t);
  }
  return -1;
}

function refine(oy: number, ox: number, oz: number, dir: Vector, low: number, high: number): number {
  for (let k = 0; k < 5; k++) {
    const middle = (low + high) / 2;
    const y = oy + dir[1] * middle;
    if (y < canopyAt(ox + dir[0] * middle, oz + dir[2] * middle, y)) high = middle;
    else low = middle;
  }
  return high;
}

/** Height of the ground, with trees where a ray at height `y` could touch them. */
function canopyAt(x: number, z: number, y: number): number {
  const ground = groundAt(x, z);
  if (y > ground + 0.26 || ground > 4.8 || ground < 0) return ground;
  return ground + treesAt(x, z, forestAt(x, z, ground));
}

function landColour(x: number, z: number, distance: number): Rgb {
  const step = Math.max(CELL * 0.75, distance * 0.0012);
  const ground = groundAt(x, z);
  const slopeX = (groundAt(x + step, z) - groundAt(x - step, z)) / (2 * step);
  const slopeZ = (groundAt(x, z + step) - groundAt(x, z - step)) / (2 * step);
  const steep = Math.hypot(slopeX, slopeZ);
  const forest = saturate(forestAt(x, z, ground) * 2);
  const crag = fbm2(x * 5, z * 5 + ground * 4, 4);
  const bump = (1 - forest) * 0.55;
  const normal = normalise([
    -slopeX + bump * fbm2(x * 7, z * 7 + ground * 9, 3),
    1,
    -slopeZ + bump * fbm2(x * 7 + 30, z * 7 - ground * 9, 3),
  ]);
  const facing = normal[0] * sun[0] + normal[1] * sun[1] + normal[2] * sun[2];
  const mapX = (x - LEFT) / CELL;
  const mapZ = (z - NEAR) / CELL;
  let shadow = terrain.sunlit.sample(mapX, mapZ);
  const open = saturate(1 - terrain.hollow.sample(mapX, mapZ) * 1.1) * (0.55 + 0.45 * normal[1]);
  let surface = groundMaterial(ground, steep, crag, x, z);
  if (forest > 0.02) {
    const density = forestAt(x, z, ground);
    const crown = treesAt(x, z, density);
    if (crown > 0.004) {
      const lean = treesAt(x + sun[0] * 0.03, z + sun[2] * 0.03, density) - crown;
      shadow *= smoothstep(0.035, -0.03, lean) * (0.35 + 2.6 * crown);
      const hue = noise2(x * 9, z * 9);
      surface = mixRgb(linearHex('#22331a'), linearHex('#4b5a22'), saturate(0.5 + 0.6 * hue));
      return lit(surface, Math.max(0.2, facing), shadow, open * (0.3 + 3.2 * crown));
    }
    shadow *= 0.45;
  }
  return lit(surface, facing, shadow, open);
}

function groundMaterial(ground: number, steep: number, crag: number, x: number, z: number): Rgb {
  const strata = 0.5 + 0.5 * Math.sin(ground * 9 + 3 * crag + x * 0.4);
  const rock = mixRgb(linearHex('#6b635c'), linearHex('#a3968a'), saturate(0.45 + 0.5 * crag + 0.2 * strata));
  const meadow = mixRgb(linearHex('#5a6130'), linearHex('#8a8040'), saturate(0.5 + fbm2(x * 2, z * 2, 3)));
  const grassy = smoothstep(1.15, 0.6, steep + 0.3 * crag) * smoothstep(5.5, 3.2, ground);
  const snowLine = 5.2 + 1.5 * fbm2(x * 0.3, z * 0.3, 3) + 0.9 * crag;
  const snow = smoothstep(snowLine - 0.4, snowLine + 0.7, ground) * smoothstep(2.1, 1.1, steep + 0.5 * crag);
  const shore = smoothstep(0.07, 0.02, ground);
  const base = mixRgb(mixRgb(rock, meadow, grassy), linearHex('#9a9182'), shore);
  return mixRgb(base, [0.86, 0.88, 0.92], snow);
}

function lit(surface: Rgb, facing: number, shadow: number, open: number): Rgb {
  const direct = Math.max(0, facing) * shadow;
  return [
    surface[0] * (sunlight[0] * direct + skylight[0] * open + 0.05),
    surface[1] * (sunlight[1] * direct + skylight[1] * open + 0.045),
    surface[2] * (sunlight[2] * direct + skylight[2] * open + 0.04),
  ];
}

const skyRamp = [
  [0, [1.22, 0.94, 0.72]],
  [0.06, [1.02, 0.92, 0.84]],
  [0.16, [0.62, 0.76, 0.9]],
  [0.34, [0.3, 0.5, 0.82]],
  [0.7, [0.13, 0.28, 0.62]],
] as const;

function skyColour(dir: Vector): Rgb {
  const up = Math.max(0, dir[1]);
  const towardsSun = Math.max(0, dir[0] * sun[0] + dir[2] * sun[2] + 0.62);
  const clear = mixRgb(ramp(skyRamp, up), [1.7, 1.15, 0.7], 0.34 * Math.pow(towardsSun, 1.4) * bell(up, 0, 0.4));
  return addClouds(clear, dir, up);
}

function addClouds(clear: Rgb, dir: Vector, up: number): Rgb {
  const scale = 1 / (up + 0.11);
  const x = dir[0] * scale;
  const z = dir[2] * scale;
  const density = cloudDensity(x, z);
  if (density <= 0) return clear;
  const shaded = cloudDensity(x + sun[0] * 0.16, z + sun[2] * 0.16);
  const light = saturate(0.75 - 0.85 * (shaded - 0.35 * density));
  const colour = mixRgb([0.46, 0.47, 0.58], [1.75, 1.36, 1.02], light);
  const fade = smoothstep(0.01, 0.12, up);
  return mixRgb(clear, colour, saturate(density * 1.5) * (0.35 + 0.6 * fade));
}

function cloudDensity(x: number, z: number): number {
  const warp = fbm2(x * 0.8 + 1.7, z * 0.8, 3);
  const billow = fbm2(x * 0.85 + 0.5 * warp + 9.2, z * 1.5 + 0.5 * warp + 2.6, 6, 0.54);
  const wisps = fbm2(x * 0.5 + 20 + 0.8 * warp, z * 2.6 + 0.5 * warp, 5, 0.6);
  return saturate((billow - 0.02) * 1.5) + 0.35 * saturate(wisps * 1.2);
}

/** Haze of the air between the eye and a point on the land. */
function throughAir(colour: Rgb, distance: number, height: number, dir: Vector): Rgb {
  const towardsSun = saturate(0.5 + 0.6 * (dir[0] * sun[0] + dir[2] * sun[2]));
  const air = mixRgb([0.46, 0.6, 0.82], [1.2, 0.92, 0.68], towardsSun);
  const haze = 1 - Math.exp(-distance * 0.0082 * Math.exp(-height * 0.09));
  const mist = 0.62 * (1 - Math.exp(-distance * 0.03)) * Math.exp(-Math.max(0, height) * 2.4);
  return mixRgb(colour, mixRgb(air, [0.95, 0.9, 0.88], mist), saturate(haze + mist * (1 - haze)));
}

/** What a ray sees that starts above the water. */
function outlook(ox: number, oy: number, oz: number, dir: Vector, start: number): Rgb {
  const distance = march(oy, ox, oz, dir, start);
  if (distance < 0) return skyColour(dir);
  const x = ox + dir[0] * distance;
  const z = oz + dir[2] * distance;
  return throughAir(landColour(x, z, distance), distance, oy + dir[1] * distance, dir);
}

function waterColour(dir: Vector, distance: number): Rgb {
  const x = dir[0] * distance;
  const z = dir[2] * distance;
  const breeze = smoothstep(-0.25, 0.55, fbm2(x * 0.22 + 5, z * 0.9 + 1, 3)) * smoothstep(0.4, 3, z);
  const calm = 0.005 + 0.055 * breeze;
  const near = 1 / (1 + distance * 0.22);
  const slopeX = calm * (fbm2(x * 9, z * 16, 3) + near * fbm2(x * 60, z * 95, 3));
  const slopeZ = calm * 2.1 * (fbm2(x * 7 + 40, z * 15, 3) + near * fbm2(x * 55 + 9, z * 100, 3));
  const normal = normalise([slopeX, 1, slopeZ]);
  const along = dir[0] * normal[0] + dir[1] * normal[1] + dir[2] * normal[2];
  const bounced: Vector = [
    dir[0] - 2 * along * normal[0],
    Math.abs(dir[1] - 2 * along * normal[1]) + 0.002,
    dir[2] - 2 * along * normal[2],
  ];
  const reflected = outlook(x, 0.002, z, bounced, 0.4);
  const fresnel = 0.03 + 0.97 * Math.pow(1 - saturate(-along), 5);
  const bed = lakeBed(x, z);
  return mixRgb(bed, scaleRgb(reflected, 0.93), saturate(fresnel * 1.25 + 0.08));
}

/** The lake floor, stones near the shore and dark green depth further out. */
function lakeBed(x: number, z: number): Rgb {
  const deep: Rgb = [0.012, 0.04, 0.05];
  const depth = saturate((z - 0.07) / 0.16);
  if (depth >= 1) return deep;
  const stone = Math.abs(fbm2(x * 95, z * 80, 4));
  const floor = mixRgb(linearHex('#5c5138'), linearHex('#a08f6a'), saturate(0.2 + 1.3 * stone));
  return mixRgb(scaleRgb(floor, 0.55), deep, Math.pow(depth, 0.6));
}

function viewColour(px: number, py: number): Rgb {
  const dir = normalise([(px - WIDTH / 2) / HEIGHT, HORIZON - py / HEIGHT, FOCAL]);
  const toWater = dir[1] < 0 ? -EYE / dir[1] : FAR * 2;
  const toLand = march(EYE, 0, 0, dir, 2.2);
  if (toLand >= 0 && toLand < toWater) {
    const x = dir[0] * toLand;
    const z = dir[2] * toLand;
    return throughAir(landColour(x, z, toLand), toLand, EYE + dir[1] * toLand, dir);
  }
  if (toWater > FAR) return skyColour(dir);
  return throughAir(waterColour(dir, toWater), toWater * 0.6, 0.6, dir);
}

/** The near bank: earth, stones and grass along the bottom edge. */
function bankLine(x: number): number {
  const side = Math.abs(x / WIDTH - 0.56) * 2;
  return HEIGHT * (0.985 - 0.12 * Math.pow(side, 2.2)) + 26 * fbm2(x / 260, 1.5, 5);
}

function drawBank(raster: Raster): void {
  for (let x = 0; x < WIDTH; x++) {
    const top = bankLine(x);
    for (let y = Math.max(0, Math.floor(top)); y < HEIGHT; y++) {
      const clod = fbm2(x / 34, y / 16, 5);
      const light = saturate(0.35 + 0.5 * clod + 0.5 * noise2(x / 9, y / 6));
      const earth = mixRgb(linearHex('#2b2216'), linearHex('#7d6a45'), light * light);
      raster.blend(y * WIDTH + x, earth, saturate(y - top + 0.5));
    }
  }
  drawStones(raster);
  drawGrass(raster);
}

function drawStones(raster: Raster): void {
  const random = createRandom(31);
  const stones = Array.from({ length: 46 }, () => {
    const x = random() * WIDTH;
    const size = between(random, 9, 62) * between(random, 0.4, 1);
    return { x, y: bankLine(x) + between(random, -42, 60), size, seed: random() * 90 };
  }).sort((a, b) => a.y - b.y);
  for (const { x, y, size, seed } of stones) {
    for (let py = Math.floor(y - size); py < Math.min(HEIGHT, y + size * 0.45); py++) {
      for (let px = Math.max(0, Math.floor(x - size * 1.6)); px < Math.min(WIDTH, x + size * 1.6); px++) {
        const u = (px - x) / (size * 1.35);
        const v = (py - y) / (size * 0.85);
        const lump = 0.2 * fbm2(u * 1.6 + seed, v * 1.6, 3);
        const radius = Math.hypot(u, v) + lump;
        const cover = saturate((1 - radius) * size * 0.5) * smoothstep(0.5, 0.36, v);
        if (cover <= 0) continue;
        const grit = fbm2(px / 13 + seed, py / 13, 4);
        const facing = saturate(-0.62 * u - 0.62 * v + 0.22 + 0.5 * grit);
        const rock = mixRgb(linearHex('#5d5650'), linearHex('#a49a8c'), saturate(0.5 + grit));
        const wet = smoothstep(0.05, 0.42, v);
        const light: Rgb = [0.16 + 1.9 * facing, 0.18 + 1.45 * facing, 0.22 + 1.0 * facing];
        const index = py * WIDTH + px;
        const shade = 1 - 0.72 * wet;
        raster.blend(
          index,
          [rock[0] * light[0] * shade, rock[1] * light[1] * shade, rock[2] * light[2] * shade],
          cover,
        );
      }
    }
  }
}

function drawGrass(raster: Raster): void {
  const random = createRandom(77);
  for (let k = 0; k < 15_000; k++) {
    const x = random() * WIDTH;
    const thick = fbm2(x / 190, 7.7, 3) + 0.9 * Math.abs(x / WIDTH - 0.56) * 2 - 0.25;
    if (random() > thick) continue;
    const depth = random();
    const foot = bankLine(x) + 4 + depth * 150;
    const tall = between(random, 26, 90) * (0.55 + 0.75 * depth) * (0.5 + saturate(thick));
    const lean = between(random, -0.35, 0.55) + 0.25 * noise2(x / 150, 3.1);
    const dry = saturate(0.4 + 0.5 * noise2(x / 120, 9) + between(random, -0.35, 0.35));
    const glow = Math.pow(random(), 1.6) * 1.5 + 0.12;
    const colour = scaleRgb(mixRgb(linearHex('#4c5a1c'), linearHex('#b39a52'), dry), glow);
    const middle = [x + lean * tall * 0.28, foot - tall * 0.58] as const;
    drawLine(raster, [x, foot, middle[0], middle[1]], [3.4, 2.5], scaleRgb(colour, 0.45));
    drawLine(raster, [middle[0], middle[1], x + lean * tall, foot - tall], [2.5, 0.7], colour);
  }
}

function drawTrees(raster: Raster): void {
  const random = createRandom(4);
  const shade = linearHex('#141d12');
  const sunlit = linearHex('#6f7430');
  const trees = [
    { x: 0.035, y: 1.02, height: 0.9, spread: 0.15 },
    { x: 0.185, y: 0.965, height: 0.5, spread: 0.085 },
    { x: 0.118, y: 1.0, height: 0.73, spread: 0.115 },
    { x: 0.945, y: 0.98, height: 0.46, spread: 0.08 },
    { x: 0.992, y: 1.0, height: 0.62, spread: 0.1 },
  ];
  for (const tree of trees) {
    const size = { height: tree.height * HEIGHT, spread: tree.spread * HEIGHT };
    drawConifer(raster, { x: tree.x * WIDTH, y: tree.y * HEIGHT, ...size, shade, sunlit, sun: 2.6 }, random);
  }
}

function render(): Raster {
  prepareTerrain();
  const scene = Raster.from(WIDTH, HEIGHT, viewColour);
  drawTrees(scene);
  drawBank(scene);
  const small = halve(scene);
  for (let i = 0; i < small.data.length; i++) small.data[i] = clamp(small.data[i]!, 0, 7);
  return develop(small, { exposure: 0.82, glow: 0.07, grain: 0.03, vignette: 0.28, saturation: 1.12, seed: 3 });
}

export const lake: SamplePicture = {
  name: 'lake',
  kind: 'photos',
  title: 'Mountain Lake',
  alt: 'A mountain lake in the evening sun with snowy peaks, wooded slopes and conifers on the near shore',
  render,
};
