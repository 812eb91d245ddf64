/** The buildings, boats and trees of the harbour town. One unit is about eight metres. */
import { linearHex, mixRgb, scaleRgb, type Rgb } from './lib/colour.ts';
import { bell, mix, saturate, smoothstep } from './lib/maths.ts';
import { fbm2, noise2 } from './lib/noise.ts';
import { between, createRandom, hash, pick } from './lib/random.ts';
import { Plane } from './lib/raster.ts';

/** A body bounded by planes: `normals` holds three numbers per plane, `offsets` one. */
export interface Block {
  x: number;
  y: number;
  z: number;
  /** Turn around the upright axis. */
  cos: number;
  sin: number;
  /** Radius of a ball around it. */
  reach: number;
  normals: Float64Array;
  offsets: Float64Array;
  /** Half the width and depth, and the height of the walls. */
  halfWidth: number;
  halfDepth: number;
  wall: number;
  /** Whether the ridge of the roof runs along the width. */
  along: boolean;
  kind: 'house' | 'quay' | 'tower';
  seed: number;
  plaster: Rgb;
}

export interface Ball {
  x: number;
  y: number;
  z: number;
  radiusX: number;
  radiusY: number;
  radiusZ: number;
  kind: 'tree' | 'hull' | 'lamp';
  seed: number;
}

/** What a surface looks like: its colour in daylight, and the light it gives off itself. */
export interface Finish {
  colour: Rgb;
  light: Rgb;
}

export const QUAY_Z = 1.2;
const QUAY_Y = 0.2;
const NONE: Rgb = [0, 0, 0];

/** Height of the hill behind the quay. */
function shapeHill(x: number, z: number): number {
  const back = Math.max(0, z - QUAY_Z - 1.6);
  const rise = 0.52 * back * smoothstep(30, 6, back) * (1 + 0.12 * Math.sin(x * 0.35 + 1));
  const shoulder = 0.55 + 0.55 * bell(x, 2.2, 7.5);
  return QUAY_Y + rise * shoulder + 0.2 * smoothstep(0, 2, back) * fbm2(x * 0.5, z * 0.5, 3);
}

const HILL = { x: -26, z: QUAY_Z + 1, step: 0.1 };
const hill = Plane.from(520, 420, (i, j) => shapeHill(HILL.x + i * HILL.step, HILL.z + j * HILL.step));

/** Height of the hill behind the quay, from a table. */
export function hillAt(x: number, z: number): number {
  return hill.sample((x - HILL.x) / HILL.step, (z - HILL.z) / HILL.step);
}

/** No point of the hill is higher than this. */
export const HILL_TOP = hill.data.reduce((top, height) => Math.max(top, height), 0);

interface BlockPlan {
  x: number;
  y: number;
  z: number;
  turn: number;
  halfWidth: number;
  halfDepth: number;
  wall: number;
  /** Height of the ridge above the walls; the ridge runs along the width or the depth. */
  gable: number;
  along: boolean;
  kind: Block['kind'];
  seed: number;
  plaster: Rgb;
}

function buildBlock(plan: BlockPlan): Block {
  const { halfWidth, halfDepth, wall, gable } = plan;
  const planes: (readonly [number, number, number, number])[] = [
    [1, 0, 0, halfWidth],
    [-1, 0, 0, halfWidth],
    [0, 0, 1, halfDepth],
    [0, 0, -1, halfDepth],
  ];
  const half = plan.along ? halfDepth : halfWidth;
  const scale = 1 / Math.hypot(half, gable);
  const top = (wall + gable) * half * scale;
  for (const side of [1, -1]) {
    const slope = side * gable * scale;
    if (gable === 0) planes.push([0, 1, 0, wall]);
    else planes.push(plan.along ? [0, half * scale, slope, top] : [slope, half * scale, 0, top]);
  }
  return {
    ...plan,
    cos: Math.cos(plan.turn),
    sin: Math.sin(plan.turn),
    reach: Math.hypot(halfWidth, wall + gable + 0.9, halfDepth),
    normals: Float64Array.from(planes.flatMap(([nx, ny, nz]) => [nx, ny, nz])),
    offsets: Float64Array.from(planes, (plane) => plane[3]),
  };
}

const plasters = [
  '#e8c39a',
  '#d98f6a',
  '#f0dcb8',
  '#b8745e',
  '#e9b56a',
  '#d8c8b4',
  '#a8705c',
  '#e6a58c',
  '#cfd2c2',
  '#9fb0b4',
];

function buildTown(): Block[] {
  const random = createRandom(64);
  const blocks: Block[] = [];
  for (let row = 0; row < 9; row++) {
    const z = QUAY_Z + 1.35 + row * 1.25;
    const span = 8.5 + row * 0.9;
    for (let x = -span + random() * 0.6; x < span;) {
      const halfWidth = between(random, 0.36, 0.58);
      const gap = row === 0 ? 0.01 : between(random, -0.02, row * 0.09);
      x += halfWidth * 2 + gap;
      const place = z + between(random, -0.22, 0.22);
      const along = random() < 0.45;
      const wall = between(random, row === 0 ? 1.0 : 0.62, row === 0 ? 1.75 : 1.2);
      const turn = row === 0 ? 0 : between(random, -0.25, 0.25);
      const common = {
        turn,
        halfWidth,
        halfDepth: between(random, 0.42, 0.6),
        wall,
        along,
        seed: Math.floor(random() * 1e6),
      };
      const skip = random() < row * 0.06 + 0.3 * smoothstep(5.5, 9, Math.abs(x - 2));
      if (skip) continue;
      const ground = hillAt(x - halfWidth, place - 0.5);
      const plaster = scaleRgb(linearHex(pick(random, plasters)), between(random, 0.75, 1.05));
      const gable = between(random, 0.24, 0.42);
      blocks.push(buildBlock({ ...common, x: x - halfWidth, y: ground, z: place, gable, kind: 'house', plaster }));
    }
  }
  const stone = linearHex('#b9a88c');
  const churchY = hillAt(2.9, 9.4);
  const tower = { turn: 0.1, along: true, kind: 'tower', plaster: stone } as const;
  blocks.push(
    buildBlock({
      ...tower,
      x: 2.9,
      y: churchY,
      z: 9.4,
      halfWidth: 0.42,
      halfDepth: 0.42,
      wall: 2.9,
      gable: 0.9,
      seed: 3,
    }),
  );
  blocks.push(
    buildBlock({
      ...tower,
      x: 4.1,
      y: churchY - 0.1,
      z: 9.5,
      halfWidth: 0.95,
      halfDepth: 0.6,
      wall: 1.2,
      gable: 0.6,
      seed: 4,
    }),
  );
  blocks.push(
    buildBlock({
      x: 0,
      y: 0,
      z: QUAY_Z + 15,
      turn: 0,
      halfWidth: 60,
      halfDepth: 15,
      wall: QUAY_Y,
      gable: 0,
      along: true,
      kind: 'quay',
      seed: 1,
      plaster: stone,
    }),
  );
  blocks.push(
    buildBlock({
      x: -5.4,
      y: 0,
      z: -0.4,
      turn: 0.06,
      halfWidth: 1.5,
      halfDepth: 0.3,
      wall: 0.17,
      gable: 0,
      along: true,
      kind: 'quay',
      seed: 2,
      plaster: stone,
    }),
  );
  return blocks;
}

function plantTrees(): Ball[] {
  const random = createRandom(9);
  const balls: Ball[] = [];
  for (let k = 0; k < 120; k++) {
    const z = QUAY_Z + 3 + random() * 17;
    const x = between(random, -13, 13);
    const size = between(random, 0.3, 0.62);
    const slim = random() < 0.3;
    const radiusY = slim ? size * 2 : size * 0.85;
    const y = hillAt(x, z) + radiusY * 0.75;
    const width = slim ? size * 0.42 : size;
    balls.push({ x, y, z, radiusX: width, radiusY, radiusZ: width, kind: 'tree', seed: random() * 90 });
  }
  return balls;
}

/** Masts and booms: upright lines with a foot, a height and a half width. */
export const masts: { x: number; y: number; z: number; height: number }[] = [];

function mooredBoats(): Ball[] {
  const random = createRandom(21);
  const places = [
    [-2.6, 0.45, 0.62],
    [-1.1, 0.1, 0.7],
    [0.45, 0.6, 0.55],
    [1.9, -0.15, 0.8],
    [3.4, 0.55, 0.6],
    [4.7, 0.1, 0.68],
    [0.75, -2.1, 0.6],
    [-3.9, -1.2, 0.5],
  ] as const;
  return places.map(([x, z, size]) => {
    if (random() < 0.75) masts.push({ x: x + size * 0.1, y: 0.1, z, height: size * between(random, 1.5, 2.1) });
    return { x, y: 0.13, z, radiusX: size, radiusY: 0.21, radiusZ: size * 0.32, kind: 'hull', seed: random() * 90 };
  });
}

/** Street lamps along the quay and in the lanes. */
export const lamps: Ball[] = Array.from({ length: 15 }, (_, k) => {
  const quay = k < 9;
  const x = quay ? -7.6 + k * 1.85 : -5 + (k - 9) * 2.1;
  const z = quay ? QUAY_Z + 0.22 : QUAY_Z + 3.3 + 2.2 * hash(k, 7);
  const y = quay ? QUAY_Y + 0.62 : hillAt(x, z) + 0.7;
  return { x, y, z, radiusX: 0.038, radiusY: 0.05, radiusZ: 0.038, kind: 'lamp', seed: k };
});

export const blocks: readonly Block[] = buildTown();
export const balls: readonly Ball[] = [...plantTrees(), ...mooredBoats(), ...lamps];

/** Roof, wall or flat top of a block at a point in its own coordinates. */
export function blockFinish(
  block: Block,
  x: number,
  y: number,
  z: number,
  normal: readonly [number, number, number],
): Finish {
  if (block.kind === 'quay') return { colour: stoneColour(x, y, z), light: NONE };
  if (normal[1] > 0.2) return { colour: roofColour(block, x, y, z, normal), light: NONE };
  const across = Math.abs(normal[0]) > 0.5 ? z + 7 : x;
  const half = Math.abs(normal[0]) > 0.5 ? block.halfDepth : block.halfWidth;
  const centred = Math.abs(normal[0]) > 0.5 ? z : x;
  return wallFinish(block, across, centred, half, y, Math.abs(normal[0]) > 0.5 ? 1 : 0);
}

function stoneColour(x: number, y: number, z: number): Rgb {
  const course = Math.floor(y / 0.055);
  const joint = Math.min(
    Math.abs(y / 0.055 - Math.round(y / 0.055)),
    Math.abs(((x + z) / 0.16 + course * 0.5 + 400) % 1),
  );
  const tone = 0.5 + 0.5 * fbm2(x * 5 + z, y * 9 + z * 3, 4);
  const block = hash(Math.floor((x + z) / 0.16 + course * 0.5 + 400), course, 5);
  const wet = smoothstep(0.09, 0.03, y);
  const stone = mixRgb(linearHex('#6f6454'), linearHex('#b0a086'), saturate(0.6 * tone + 0.4 * block));
  return scaleRgb(mixRgb(stone, linearHex('#2c2f22'), wet * 0.8), joint < 0.07 ? 0.5 : 1);
}

function roofColour(block: Block, x: number, y: number, z: number, normal: readonly [number, number, number]): Rgb {
  const down = y / normal[1];
  const across = Math.abs(normal[0]) > Math.abs(normal[2]) ? z : x;
  const course = Math.floor(down / 0.045);
  const tile = Math.floor(across / 0.04 + course * 0.5);
  const groove = 0.72 + 0.28 * smoothstep(0.02, 0.3, Math.abs(((across / 0.04 + course * 0.5 + 200) % 1) - 0.5) * 2);
  const lip = 0.7 + 0.3 * smoothstep(0, 0.35, (down / 0.045) % 1);
  const moss = smoothstep(0.1, 0.6, fbm2(across * 3 + block.seed, down * 3, 3));
  const base = mixRgb(linearHex('#8e4a33'), linearHex('#b86f4a'), hash(tile, course, block.seed));
  return scaleRgb(mixRgb(base, linearHex('#5d5a3c'), 0.5 * moss), groove * lip * (0.75 + 0.3 * hash(block.seed, 4)));
}

/** Plaster with rows of windows, shutters and doors. */
function wallFinish(block: Block, across: number, centred: number, half: number, y: number, side: number): Finish {
  const stain = fbm2(across * 4 + block.seed, y * 2.5, 4);
  const streak = smoothstep(0.1, 0.7, fbm2(across * 14 + block.seed, y * 1.3, 3));
  const low = smoothstep(0.3, 0, y + 0.15 * stain);
  const peeled = smoothstep(0.2, 0.36, fbm2(across * 2.6 + block.seed * 0.7, y * 2.8 + 3, 5, 0.6) + 0.25 * low);
  let plaster = scaleRgb(block.plaster, 0.88 + 0.34 * stain - 0.28 * streak);
  plaster = mixRgb(plaster, scaleRgb(linearHex('#a8977e'), 0.8 + 0.5 * stain), 0.6 * peeled);
  plaster = mixRgb(plaster, linearHex('#6d6152'), 0.5 * low);
  const underEave = side === (block.along ? 0 : 1) ? smoothstep(block.wall - 0.12, block.wall, y) : 0;
  const eave = 1 - 0.5 * underEave;
  const wall = { colour: scaleRgb(plaster, eave), light: NONE };
  if (y > block.wall - 0.02) return wall;
  const columns = Math.max(1, Math.round((half * 2) / 0.3));
  const floor = Math.floor(y / 0.38);
  const u = ((centred + half) / (2 * half)) * columns;
  const column = Math.floor(u);
  const key = block.seed * 3 + side * 77 + column * 13 + floor * 131;
  if (hash(key, 1) < 0.13 || (floor + 0.86) * 0.38 > block.wall) return wall;
  const wx = (u - column - 0.5) * ((2 * half) / columns);
  const wy = y - floor * 0.38 - (floor === 0 ? 0.15 : 0.19);
  return windowFinish(wall, wx, wy, key, floor === 0 && hash(key, 2) < 0.5);
}

function windowFinish(wall: Finish, wx: number, wy: number, key: number, door: boolean): Finish {
  const halfWidth = door ? 0.058 : 0.046;
  const halfHeight = door ? 0.145 : 0.085;
  const dx = Math.abs(wx);
  const dy = Math.abs(wy);
  const shutters = linearHex(['#2f5a4a', '#33506e', '#6a3a2c', '#7f8a78'][Math.floor(hash(key, 3) * 4)]!);
  if (dy < halfHeight && dx > halfWidth && dx < halfWidth * 1.85 && !door && hash(key, 4) < 0.7) {
    const slat = 0.7 + 0.3 * Math.abs(((wy / 0.016 + 50) % 1) - 0.5) * 2;
    return { colour: scaleRgb(shutters, slat), light: NONE };
  }
  if (dx > halfWidth || dy > halfHeight) {
    const frame = dx < halfWidth + 0.014 && dy < halfHeight + 0.014;
    const sill = dx < halfWidth + 0.022 && wy < -halfHeight && wy > -halfHeight - 0.02;
    return frame || sill ? { colour: mixRgb(wall.colour, linearHex('#d9cfbd'), 0.55), light: NONE } : wall;
  }
  if (door) return { colour: scaleRgb(shutters, 0.6 + 0.3 * noise2(wx * 60, wy * 9)), light: NONE };
  const bar = dx < 0.005 || Math.abs(wy - 0.02) < 0.005 || dx > halfWidth - 0.007;
  if (bar) return { colour: linearHex('#8f8474'), light: NONE };
  const shade = 0.55 + 0.45 * smoothstep(-halfHeight, halfHeight, wy + wx * 0.5);
  if (hash(key, 5) > 0.5)
    return { colour: scaleRgb([0.05, 0.06, 0.08], shade), light: scaleRgb([0.07, 0.09, 0.14], shade) };
  const warm = mixRgb([4.6, 2.2, 0.62], [4.2, 2.9, 1.35], hash(key, 6));
  const curtain = 0.6 + 0.4 * Math.sin(wx * 150) * smoothstep(0.2, 0.9, dx / halfWidth);
  return { colour: NONE, light: scaleRgb(warm, mix(0.45, 1.25, hash(key, 7)) * shade * curtain) };
}

/** Colour of a hull by height: dark below, a light stripe, then paint. */
export function hullColour(ball: Ball, y: number): Rgb {
  const paints = ['#2f5f8a', '#a83a2e', '#e8e2d2', '#2f6a5a', '#d8a23a', '#3a4a6a'];
  const paint = linearHex(paints[Math.floor(hash(Math.floor(ball.seed * 10), 2) * paints.length)]!);
  if (y > 0.125) return linearHex('#e9e0cc');
  return y > 0.05 ? scaleRgb(paint, 0.95 + 0.1 * noise2(y * 90, ball.seed)) : linearHex('#3a2420');
}
