/** Conifers, drawn branch by branch and needle by needle. */
import { mixRgb, scaleRgb, type Rgb } from './colour.ts';
import { drawLine } from './line.ts';
import { between, type Random } from './random.ts';
import type { Raster } from './raster.ts';

export interface Conifer {
  /** Foot of the trunk and size in pixels. */
  x: number;
  y: number;
  height: number;
  spread: number;
  /** Colour of needles in shade and in the sun (linear light). */
  shade: Rgb;
  sunlit: Rgb;
  /** Direction of the sun seen from above: 0 is right, a quarter turn is towards the viewer. */
  sun: number;
}

interface Branch {
  top: number;
  azimuth: number;
  length: number;
}

/** Draws a conifer, branches at the back first. */
export function drawConifer(raster: Raster, tree: Conifer, random: Random): void {
  const branches: Branch[] = [];
  const levels = Math.round(tree.height / 15);
  for (let k = 0; k < levels; k++) {
    const top = 0.015 + 0.93 * Math.pow((k + 0.5 * random()) / levels, 1.05);
    const count = 5 + Math.floor(random() * 4);
    const vigour = between(random, 0.72, 1.12);
    for (let n = 0; n < count; n++) {
      const reach = tree.spread * Math.pow(top, 0.78) * vigour * between(random, 0.62, 1.08);
      branches.push({ top, azimuth: random() * 2 * Math.PI, length: reach + tree.height * 0.008 });
    }
  }
  branches.sort((a, b) => Math.sin(a.azimuth) - Math.sin(b.azimuth));
  const half = branches.findIndex((branch) => Math.sin(branch.azimuth) > 0);
  for (const branch of branches.slice(0, half)) drawBranch(raster, tree, branch, random);
  const trunk = scaleRgb(mixRgb(tree.shade, [0.12, 0.08, 0.055], 0.5), 0.6);
  const line = [tree.x, tree.y, tree.x + tree.spread * 0.02, tree.y - tree.height] as const;
  drawLine(raster, line, [tree.height * 0.024, 1.5], trunk);
  for (const branch of branches.slice(half)) drawBranch(raster, tree, branch, random);
}

function drawBranch(raster: Raster, tree: Conifer, branch: Branch, random: Random): void {
  const sideways = Math.cos(branch.azimuth);
  const front = Math.sin(branch.azimuth);
  const facing = Math.max(0, Math.cos(branch.azimuth - tree.sun));
  const startY = tree.y - tree.height * (1 - branch.top);
  const steps = Math.max(3, Math.round(branch.length / 7));
  const lift = between(random, -0.25, 0.05) * (1 - branch.top) - 0.06;
  const droop = between(random, 0.28, 0.5) * (0.35 + branch.top);
  let x = tree.x;
  let y = startY;
  for (let k = 1; k <= steps; k++) {
    const t = k / steps;
    const nx = tree.x + sideways * branch.length * t;
    const fall = lift * t + droop * t * t - 0.14 * Math.pow(t, 5);
    const ny = startY + branch.length * (fall + front * 0.24 * t);
    const open = 0.3 + 0.7 * t;
    const glint = facing * open * between(random, 0.35, 1.15);
    const colour = scaleRgb(mixRgb(tree.shade, tree.sunlit, Math.min(1, glint)), 0.45 + 0.6 * open);
    drawLine(raster, [x, y, nx, ny], [2.6 - 1.6 * t, 2.4 - 1.6 * t], scaleRgb(tree.shade, 0.7));
    const size = (1 - 0.62 * t) * Math.min(branch.length * 0.34, 34) + 4;
    for (let n = 0; n < 9; n++) drawTwig(raster, nx, ny, size, sideways, colour, random);
    x = nx;
    y = ny;
  }
}

/** One spray of needles: grows outward along the branch and hangs a little. */
function drawTwig(
  raster: Raster,
  x: number,
  y: number,
  size: number,
  sideways: number,
  colour: Rgb,
  random: Random,
): void {
  const px = x + between(random, -4, 4);
  const py = y + between(random, -2, 3);
  const length = size * between(random, 0.35, 1);
  const angle = Math.PI / 2 + between(random, -1.15, 1.15) - sideways * 0.55;
  const ex = px + Math.cos(angle) * length;
  const ey = py + Math.sin(angle) * length * 0.62;
  const tone = scaleRgb(colour, between(random, 0.55, 1.5));
  drawLine(raster, [px, py, ex, ey], [2.3, 0.9], tone, 0.92);
}
