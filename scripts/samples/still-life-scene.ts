/** The things on the table of the still life: their shapes and surfaces. Units are decimetres. */
import { linearHex, mixRgb, ramp, scaleRgb, type Rgb } from './lib/colour.ts';
import { bell, clamp, mix, saturate, smoothstep } from './lib/maths.ts';
import { fbm2, fbm3, noise2, noise3 } from './lib/noise.ts';
import { between, createRandom, hash } from './lib/random.ts';
import { blurPlane, Plane } from './lib/raster.ts';
import { ballBound, layerBound, type Solid } from './lib/tracer.ts';

/** What a surface does with light. */
export interface Surface {
  colour: Rgb;
  /** Mirror reflection seen straight on. */
  gloss: number;
  /** Blur of the mirror reflection. */
  blur: number;
  /** Share of light that passes through the skin of soft fruit. */
  glow: number;
}

export interface Thing extends Solid {
  surface: (x: number, y: number, z: number) => Surface;
  /** Thin clear glass, or clear liquid that bends rays. */
  clear?: 'glass' | 'wine';
  /** Small unevenness of the surface. */
  bump?: (x: number, y: number, z: number) => number;
}

const matt = (colour: Rgb): Surface => ({ colour, gloss: 0, blur: 0, glow: 0 });

/** Interpolates a profile of heights and radii smoothly. */
function profileRadius(profile: readonly (readonly [number, number])[], y: number): number {
  const last = profile.length - 1;
  if (y <= profile[0]![0]) return profile[0]![1];
  for (let k = 0; k < last; k++) {
    const [y1, r1] = profile[k]!;
    const [y2, r2] = profile[k + 1]!;
    if (y > y2) continue;
    const r0 = profile[Math.max(0, k - 1)]![1];
    const r3 = profile[Math.min(last, k + 2)]![1];
    const t = (y - y1) / (y2 - y1);
    const a = 2 * r1 + (r2 - r0) * t + (2 * r0 - 5 * r1 + 4 * r2 - r3) * t * t + (3 * (r1 - r2) + r3 - r0) * t * t * t;
    return a / 2;
  }
  return profile[last]![1];
}

/** Tabulates a profile, since it is looked up for every step of every ray. */
function tabulate(profile: readonly (readonly [number, number])[]): (y: number) => number {
  const top = profile[profile.length - 1]![0];
  const table = Float64Array.from({ length: 402 }, (_, k) => profileRadius(profile, (k / 400) * top));
  return (y) => {
    const place = clamp((y / top) * 400, 0, 400);
    const k = Math.floor(place);
    return table[k]! + (table[k + 1]! - table[k]!) * (place - k);
  };
}

function smoothUnion(a: number, b: number, k: number): number {
  const h = saturate(0.5 + (0.5 * (b - a)) / k);
  return mix(b, a, h) - k * h * (1 - h);
}

function stick(x: number, y: number, z: number, bend: number, length: number, radius: number): number {
  const t = clamp(y, 0, length);
  return Math.hypot(x - bend * t * t, y - t, z) - radius * (1 + 0.5 * smoothstep(length * 0.7, length, t));
}

const cloth = new Plane(900, 700);
const CLOTH = { x: -6, z: -4.6, step: 12 / 900 };

/** Lays the cloth in folds, flat where things stand on it. */
export function layCloth(): void {
  for (let j = 0; j < cloth.height; j++) {
    for (let i = 0; i < cloth.width; i++) {
      const x = CLOTH.x + i * CLOTH.step;
      const z = CLOTH.z + j * CLOTH.step;
      const warp = 0.9 * noise2(x * 0.4 + 3, z * 0.4);
      const fold = Math.pow(1 - Math.abs(noise2(x * 0.36 + z * 0.3 + warp, z * 0.16 - x * 0.08 + 1.9)), 5);
      const crease = Math.pow(1 - Math.abs(noise2(x * 0.5 - z * 0.42 + 7 + warp, z * 0.3 + x * 0.2)), 9);
      const ripple = 0.05 * noise2(x * 1.1 + 0.5 * z + 8, z * 0.7 - 0.3 * x);
      const standing = smoothstep(2.9, 1.6, Math.hypot(x * 0.72, (z - 0.25) * 1.15));
      const height = (0.4 * fold + 0.14 * crease + ripple) * (1 - 0.94 * standing);
      cloth.data[j * cloth.width + i] = height + 0.004 * fbm2(x * 7, z * 7, 3);
    }
  }
  cloth.data.set(blurPlane(cloth, 4).data);
}

function clothHeight(x: number, z: number): number {
  return cloth.sample((x - CLOTH.x) / CLOTH.step, (z - CLOTH.z) / CLOTH.step);
}

function clothSurface(x: number, _y: number, z: number): Surface {
  const thread = 0.5 * noise2(x * 95, z * 9) + 0.5 * noise2(x * 9, z * 95) + 0.35 * noise2(x * 40, z * 40);
  const line = z + 0.02 * noise2(x * 3, z * 3);
  const stripe = Math.max(bell(line, -1.62, 0.1), bell(line, -1.28, 0.032), bell(line, -1.96, 0.032));
  const linen = mixRgb(linearHex('#cfc5ad'), linearHex('#f3ecdc'), saturate(0.5 + 0.9 * thread));
  const dyed = scaleRgb(linearHex('#33558c'), 1 + 0.5 * thread);
  return matt(mixRgb(linen, dyed, saturate(1.5 * stripe - 0.35) * 0.9));
}

function wallSurface(x: number, y: number): Surface {
  const cloud = fbm2(x * 0.5 + 9, y * 0.5, 5, 0.6);
  const trowel = fbm2(x * 1.6 + 0.8 * cloud, y * 3.1, 5);
  const crack = smoothstep(0.965, 1, 1 - Math.abs(noise2(x * 0.7 + 0.4 * trowel + 3, y * 0.7 + 0.3 * cloud)));
  const paint = ramp(
    [
      [0, linearHex('#55563f')],
      [0.5, linearHex('#6d6a4c')],
      [1, linearHex('#8c8260')],
    ],
    saturate(0.5 + 0.5 * cloud + 0.3 * trowel),
  );
  return matt(scaleRgb(mixRgb(paint, linearHex('#3a3222'), 0.5 * crack), 0.8));
}

function wallBump(x: number, y: number): number {
  return 0.05 * fbm2(x * 1.5 + 4, y * 2.6, 5);
}

function jug(cx: number, cz: number): Thing {
  const outer = tabulate([
    [0, 0.5],
    [0.1, 0.56],
    [0.5, 0.86],
    [0.95, 0.98],
    [1.4, 0.84],
    [1.8, 0.53],
    [2.15, 0.42],
    [2.5, 0.46],
    [2.72, 0.56],
    [2.8, 0.58],
  ]);
  const distance = (px: number, y: number, pz: number): number => {
    const x = px - cx;
    const z = pz - cz;
    const spout = y < 2.2 || x < 0 ? 0 : 0.13 * bell(Math.atan2(z, x), 0.5, 0.3) * smoothstep(2.2, 2.8, y);
    const radius = Math.hypot(x, z);
    const wall = (radius - outer(y) - spout - 0.003 * Math.sin(y * 30)) * 0.72;
    const body = Math.max(wall, y - 2.8, -y);
    const hollow = Math.max(body, -Math.max(wall + 0.055, 1.9 - y));
    const hx = x * -0.88 + z * -0.48;
    const hz = x * 0.48 - z * 0.88;
    const ring = Math.hypot((hx - 0.78) * 1.05, (y - 1.93) * 0.82) - 0.52;
    const handle = Math.max(Math.hypot(ring, hz * 0.8) - 0.085, 0.3 - hx);
    return smoothUnion(hollow, handle * 0.8, 0.06);
  };
  const surface = (px: number, y: number, pz: number): Surface => {
    const around = Math.atan2(pz - cz, px - cx);
    const drip = 0.72 + 0.16 * noise2(around * 2.4, 4) + 0.1 * noise2(around * 6, 9);
    const glazed = smoothstep(drip - 0.02, drip + 0.02, y);
    const cloud = fbm3(px * 2.2, y * 2.2, pz * 2.2, 4);
    const speck = smoothstep(0.5, 0.62, noise3(px * 19, y * 19, pz * 19));
    const glaze = mixRgb(linearHex('#2c5a72'), linearHex('#6f9fa6'), saturate(0.45 + 0.8 * cloud));
    const pooled = mixRgb(glaze, linearHex('#173a52'), 0.7 * bell(y, drip + 0.05, 0.08));
    const worn = mixRgb(pooled, linearHex('#b98d5c'), 0.6 * bell(y, 2.8, 0.035) + 0.3 * speck);
    const clay = mixRgb(linearHex('#9a5a38'), linearHex('#c98a5b'), saturate(0.5 + 0.7 * cloud - 0.3 * speck));
    return { colour: mixRgb(clay, worn, glazed), gloss: 0.055 * glazed, blur: 0.02, glow: 0 };
  };
  const bump = (x: number, y: number, z: number): number => 0.0018 * fbm3(x * 5, y * 7, z * 5, 3);
  return { distance, surface, bump, enter: ballBound(cx - 0.2, 1.4, cz, 1.85) };
}

function apple(cx: number, cz: number, size: number, tilt: number, seed: number): Thing {
  const lift = size * 0.93;
  const cos = Math.cos(tilt);
  const sin = Math.sin(tilt);
  const local = (px: number, py: number): readonly [number, number] => [
    ((px - cx) * cos + (py - lift) * sin) / size,
    ((py - lift) * cos - (px - cx) * sin) / size,
  ];
  const distance = (px: number, py: number, pz: number): number => {
    const [x, y] = local(px, py);
    const z = (pz - cz) / size;
    const lobes = 1 + 0.018 * Math.sin(5 * Math.atan2(z, x) + seed) * smoothstep(0.4, -0.9, y);
    const radius = Math.hypot(x, z) * lobes * (1 + 0.07 * smoothstep(0.5, -1, y));
    const flesh = Math.hypot(radius - 0.28, y * 0.9) - 0.7;
    const stalk = stick(x - 0.02, y - 0.52, z, 0.5, 0.42, 0.028);
    return Math.min(flesh * 0.86, stalk) * size;
  };
  const surface = (px: number, py: number, pz: number): Surface => {
    const [x, y] = local(px, py);
    const z = (pz - cz) / size;
    const radius = Math.hypot(x, z);
    if (radius < 0.17 && y > 0.5) return matt(linearHex('#4a3218'));
    const around = Math.atan2(z, x);
    const streak = fbm2(around * 6 + seed, y * 0.7 + seed, 4);
    const patch = fbm3(x * 1.2 + seed, y * 1.2, z * 1.2, 3);
    const ripe = saturate(0.72 + 0.6 * patch + 0.3 * streak - 0.42 * smoothstep(0.5, 0.1, radius));
    const skin = ramp(
      [
        [0, linearHex('#b9a63a')],
        [0.35, linearHex('#d99a35')],
        [0.6, linearHex('#b93a22')],
        [1, linearHex('#7d1418')],
      ],
      ripe,
    );
    const dots = smoothstep(0.55, 0.66, noise3(x * 30 + seed, y * 30, z * 30));
    const russet = smoothstep(0.3, 0.12, radius + 0.06 * streak) * smoothstep(0, 0.3, Math.abs(y));
    const colour = mixRgb(mixRgb(skin, linearHex('#e3c27a'), dots * 0.36), linearHex('#8a6a34'), russet * 0.8);
    return { colour, gloss: 0.045, blur: 0.07, glow: 0.05 };
  };
  return { distance, surface, enter: ballBound(cx, lift + size * 0.1, cz, size * 1.2) };
}

function pear(cx: number, cz: number, size: number, lean: number, seed: number): Thing {
  const distance = (px: number, py: number, pz: number): number => {
    const y = py / size;
    const x = (px - cx) / size - lean * y * y * 0.3;
    const z = (pz - cz) / size;
    const low = Math.hypot(x, (y - 0.55) * 1.03, z) - 0.56;
    const high = Math.hypot(x, y - 1.28, z) - 0.25;
    const flesh = smoothUnion(low, high, 0.42) + 0.02 * noise3(x * 2.2 + seed, y * 2.2, z * 2.2);
    return Math.min(flesh * 0.8, stick(x, y - 1.5, z, 0.45, 0.4, 0.03)) * size;
  };
  const surface = (px: number, py: number, pz: number): Surface => {
    const y = py / size;
    const x = (px - cx) / size;
    const z = (pz - cz) / size;
    if (y > 1.56) return matt(linearHex('#43301a'));
    const blush = smoothstep(-0.4, 0.75, -0.5 * x - 0.75 * z + 0.5 * fbm3(x * 2 + seed, y * 2, z * 2, 3) - 0.1);
    const green = mixRgb(
      linearHex('#7f8b2c'),
      linearHex('#c9bb4a'),
      saturate(0.5 + fbm3(x * 3, y * 3, z * 3 + seed, 4)),
    );
    const skin = mixRgb(green, linearHex('#b9642c'), 0.62 * blush);
    const dots = smoothstep(0.42, 0.6, noise3(x * 42 + seed, y * 42, z * 42));
    const russet = saturate(smoothstep(0.2, 0.9, fbm3(x * 4, y * 4 + seed, z * 4, 4)) + smoothstep(1.35, 1.6, y));
    return {
      colour: mixRgb(skin, linearHex('#6d5024'), saturate(0.5 * dots + 0.6 * russet)),
      gloss: 0.03,
      blur: 0.16,
      glow: 0.06,
    };
  };
  return { distance, surface, enter: ballBound(cx + 0.1 * size, size * 0.92, cz, size * 1.18) };
}

function lemon(cx: number, cz: number, size: number, turn: number): Thing {
  const cos = Math.cos(turn);
  const sin = Math.sin(turn);
  const pores = (px: number, py: number, pz: number): number => {
    const pore = noise3(px * 15, py * 15, pz * 15);
    return 0.02 * noise3(px * 6, py * 6, pz * 6) - 0.012 * smoothstep(0.1, 0.6, pore);
  };
  const distance = (px: number, py: number, pz: number): number => {
    const along = ((px - cx) * cos + (pz - cz) * sin) / size;
    const y = py / size - 0.76;
    const z = ((pz - cz) * cos - (px - cx) * sin) / size;
    const waist = Math.hypot(along * 0.8, y, z) - 0.77;
    const tip = Math.hypot((Math.abs(along + 0.03) - 0.98) * 0.9, y, z) - 0.13;
    return smoothUnion(waist, tip, 0.2) * 0.85 * size;
  };
  const surface = (px: number, py: number, pz: number): Surface => {
    const cloud = fbm3(px * 2.6, py * 2.6, pz * 2.6, 3);
    const skin = mixRgb(linearHex('#d9a514'), linearHex('#f2d23a'), saturate(0.55 + 0.7 * cloud));
    const along = Math.abs((px - cx) * cos + (pz - cz) * sin) / size;
    return {
      colour: mixRgb(skin, linearHex('#9a9a2c'), 0.6 * smoothstep(0.86, 1.1, along)),
      gloss: 0.04,
      blur: 0.12,
      glow: 0.09,
    };
  };
  return { distance, surface, bump: pores, enter: ballBound(cx, size * 0.76, cz, size * 1.25) };
}

function grapes(cx: number, cz: number): Thing {
  const random = createRandom(19);
  const balls: (readonly [number, number, number, number])[] = [];
  for (let tries = 0; tries < 5000 && balls.length < 42; tries++) {
    const along = random();
    const half = mix(0.52, 0.12, along);
    const x = cx + along * 1.5 - 0.6;
    const z = cz - along * 0.42 + between(random, -half, half);
    const y = 0.17 + random() * mix(0.5, 0.05, along);
    const size = between(random, 0.165, 0.2);
    if (balls.some(([bx, by, bz]) => Math.hypot(bx - x, by - y, bz - z) < 0.26)) continue;
    balls.push([x, y, z, size]);
  }
  const stem = (x: number, y: number, z: number): number =>
    stick((y - 0.62) * 0.8 + (z - cz) * 0.2, cx - 0.3 - x, z - cz, -0.35, 0.8, 0.03);
  const distance = (x: number, y: number, z: number): number => {
    let nearest = stem(x, y, z) * 0.7;
    for (const [bx, by, bz, size] of balls) {
      const d = Math.hypot(x - bx, (y - by) * 0.95, z - bz) - size;
      if (d < nearest) nearest = d;
    }
    return nearest;
  };
  const surface = (x: number, y: number, z: number): Surface => {
    let nearest = stem(x, y, z) * 0.7;
    let berry = -1;
    for (const [k, [bx, by, bz, size]] of balls.entries()) {
      const d = Math.hypot(x - bx, (y - by) * 0.95, z - bz) - size;
      if (d < nearest) {
        nearest = d;
        berry = k;
      }
    }
    if (berry < 0) return matt(linearHex('#5d4a22'));
    const skin = mixRgb(linearHex('#2a1030'), linearHex('#5a1d3c'), hash(berry, 3));
    const bloom = saturate(0.35 + 0.8 * fbm3(x * 5, y * 5, z * 5, 3));
    return {
      colour: mixRgb(skin, linearHex('#7d7f9c'), 0.34 * bloom),
      gloss: 0.045 * (1.3 - bloom),
      blur: 0.06,
      glow: 0.12,
    };
  };
  return { distance, surface, enter: ballBound(cx + 0.05, 0.4, cz - 0.1, 1.25) };
}

const bowl = tabulate([
  [0, 0.02],
  [0.06, 0.2],
  [0.2, 0.44],
  [0.5, 0.62],
  [0.85, 0.63],
  [1.25, 0.5],
  [1.35, 0.47],
]);

function wineGlass(cx: number, cz: number): Thing {
  const base = 1.15;
  const distance = (px: number, y: number, pz: number): number => {
    const radius = Math.hypot(px - cx, pz - cz);
    const wall = Math.abs(radius - bowl(y - base)) * 0.62 - 0.012;
    const cup = Math.max(wall, base - y, y - base - 1.35);
    const stemWidth = 0.042 + 0.06 * smoothstep(base - 0.2, base + 0.02, y) + 0.07 * smoothstep(0.2, 0, y);
    const stem = Math.max(radius - stemWidth, -y, y - base - 0.03);
    const foot = Math.max(Math.abs(y - 0.02 - 0.05 * smoothstep(0.6, 0, radius)) - 0.014, radius - 0.58);
    return Math.min(cup, stem, foot) * 0.8;
  };
  const colour: Rgb = [0.96, 0.98, 0.97];
  const surface = (): Surface => ({ colour, gloss: 0.05, blur: 0, glow: 0 });
  return { distance, surface, clear: 'glass', enter: ballBound(cx, 1.25, cz, 1.4) };
}

function wine(cx: number, cz: number): Thing {
  const distance = (px: number, y: number, pz: number): number => {
    const wall = (Math.hypot(px - cx, pz - cz) - bowl(y - 1.15) + 0.022) * 0.62;
    return Math.max(wall, y - 1.78, 1.17 - y);
  };
  const surface = (): Surface => ({ colour: [0.62, 0.05, 0.07], gloss: 0.03, blur: 0, glow: 0 });
  return { distance, surface, clear: 'wine', enter: ballBound(cx, 1.5, cz, 0.75) };
}

/** Everything in the picture. */
export const things: readonly Thing[] = [
  { distance: (x, y, z) => (y - clothHeight(x, z)) * 0.7, surface: clothSurface, enter: layerBound(-0.1, 0.6) },
  {
    distance: (_x, _y, z) => 3.4 - z,
    surface: wallSurface,
    bump: wallBump,
    enter: (ray, span) => {
      const t = (3.4 - ray.z) / ray.dz;
      span.from = Math.max(0, t - 0.001);
      span.to = t + 0.01;
      return t > 0;
    },
  },
  jug(-1.42, 0.95),
  apple(0.0, -0.45, 0.6, 0.25, 2),
  apple(0.82, 0.35, 0.6, -0.3, 11),
  apple(-1.75, -0.6, 0.58, 1.15, 23),
  pear(0.02, 0.75, 0.98, 0.22, 5),
  pear(-0.8, -0.05, 0.72, -0.35, 14),
  lemon(2.25, -0.55, 0.52, 0.5),
  grapes(0.95, -0.75),
  wineGlass(1.75, 0.85),
  wine(1.75, 0.85),
];
