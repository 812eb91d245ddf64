import type { Rect, Size } from '../canvas/camera.ts';
import { drawSeen } from '../canvas/clipped.ts';
import type { Layer } from './layers.ts';
import type { MaskLook, RegionLook } from './messages.ts';

/** Draws regions over the picture, in the painter's worker: each in its colour and its own hatching, with its number. */

type Context = OffscreenCanvasRenderingContext2D;

/** Side of the hatching's tile, CSS px. */
const TILE = 12;
/** How much of a region's colour lies between its lines, and how much of a region that is not open is seen at all. */
const WASH = 0.5;
const BEHIND = 0.75;
/** Radius of a number's disc, CSS px. */
const DISC = 11;

let scratch: OffscreenCanvas | undefined;
const patterns = new Map<string, CanvasPattern>();

/** @param seen the part of the canvas that the picture takes, device pixels */
export function drawRegions(
  target: Context,
  { at, ratio, opacity, active, regions, line }: MaskLook,
  seen: Rect,
  find: (key: string) => Layer | undefined,
): void {
  // The open one last, above the others.
  const ordered = [...regions].sort((a, b) => Number(a.key === active) - Number(b.key === active));
  for (const region of ordered) {
    const layer = find(region.key);
    if (!layer) continue;
    const washed = wash(layer, region, at, seen, ratio, target.canvas);
    target.globalAlpha = opacity * (region.key === active ? 1 : BEHIND);
    target.drawImage(washed, seen.x, seen.y, seen.width, seen.height, seen.x, seen.y, seen.width, seen.height);
  }
  target.globalAlpha = 1;
  for (const region of ordered) {
    const label = find(region.key)?.label;
    if (label) number(target, region, at.x + label.x * at.width, at.y + label.y * at.height, ratio);
  }
  const open = find(active);
  if (open && line.length > 1) {
    target.save();
    target.beginPath();
    const [x, y] = [at.width / open.raster.width, at.height / open.raster.height];
    for (const point of line) target.lineTo(at.x + point.x * x, at.y + point.y * y);
    lines(target, ratio);
    target.restore();
  }
}

/** A region's shape, filled with its hatching. */
function wash(
  layer: Layer,
  region: RegionLook,
  at: Rect,
  seen: Rect,
  ratio: number,
  { width, height }: Size,
): OffscreenCanvas {
  scratch ??= new OffscreenCanvas(width, height);
  if (scratch.width !== width || scratch.height !== height) Object.assign(scratch, { width, height });
  const context = scratch.getContext('2d')!;
  context.clearRect(seen.x, seen.y, seen.width, seen.height);
  context.globalCompositeOperation = 'source-over';
  context.imageSmoothingQuality = 'medium';
  drawSeen(context, layer.shape, at, seen);
  context.globalCompositeOperation = 'source-in';
  const pattern = patternOf(context, region, ratio);
  // Lines that lie still on the picture while it is moved.
  pattern.setTransform(new DOMMatrix([1, 0, 0, 1, at.x, at.y]));
  context.fillStyle = pattern;
  context.fillRect(seen.x, seen.y, seen.width, seen.height);
  return scratch;
}

function patternOf(context: Context, { colour, ink, hatch }: RegionLook, ratio: number): CanvasPattern {
  const key = `${colour} ${ink} ${hatch} ${ratio}`;
  let pattern = patterns.get(key);
  if (!pattern) {
    const side = Math.round(TILE * ratio);
    const tile = new OffscreenCanvas(side, side);
    const drawn = tile.getContext('2d')!;
    drawn.globalAlpha = WASH;
    drawn.fillStyle = colour;
    drawn.fillRect(0, 0, side, side);
    drawn.globalAlpha = 1;
    drawn.beginPath();
    HATCHES[hatch % HATCHES.length]!(drawn, side);
    // A dark line below the bright one shows on every photo.
    for (const [style, width] of [
      [ink, 3.25],
      [colour, 1.5],
    ] as const) {
      drawn.strokeStyle = style;
      drawn.globalAlpha = style === ink ? 0.6 : 1;
      drawn.lineWidth = width * ratio;
      drawn.stroke();
    }
    patterns.set(key, (pattern = context.createPattern(tile, 'repeat')!));
  }
  return pattern;
}

type Path = (context: Context, side: number) => void;
const segment = (context: Context, ax: number, ay: number, bx: number, by: number): void => {
  context.moveTo(ax, ay);
  context.lineTo(bx, by);
};
/** Three parallels each, so that the lines go on in the next tile. */
const rising: Path = (context, s) => {
  for (const shift of [-s, 0, s]) segment(context, shift - s, 2 * s, shift + 2 * s, -s);
};
const falling: Path = (context, s) => {
  for (const shift of [-s, 0, s]) segment(context, shift - s, -s, shift + 2 * s, 2 * s);
};
const level: Path = (context, s) => segment(context, -s, s / 2, 2 * s, s / 2);
const upright: Path = (context, s) => segment(context, s / 2, -s, s / 2, 2 * s);
const ring: Path = (context, s) => {
  context.moveTo(s * 0.75, s / 2);
  context.arc(s / 2, s / 2, s / 4, 0, 2 * Math.PI);
};
const zigzag: Path = (context, s) => {
  context.moveTo(-s / 2, s * 0.25);
  for (let i = 0; i < 5; i++) context.lineTo((i * s) / 2, i % 2 ? s * 0.25 : s * 0.75);
};
const both =
  (a: Path, b: Path): Path =>
  (context, s) => {
    a(context, s);
    b(context, s);
  };
/** The photo's first, then those of the paintings in their order. */
const HATCHES: readonly Path[] = [
  both(level, upright),
  rising,
  falling,
  level,
  upright,
  both(rising, falling),
  ring,
  zigzag,
  both(rising, upright),
];

/** A region's number, large enough to be read and small enough to cover little. */
function number(context: Context, { colour, ink, label }: RegionLook, x: number, y: number, ratio: number): void {
  context.save();
  context.beginPath();
  context.arc(x, y, DISC * ratio, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
  context.lineWidth = 1.5 * ratio;
  context.strokeStyle = ink;
  context.stroke();
  context.fillStyle = ink;
  context.font = `600 ${12 * ratio}px sans-serif`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillText(label, x, y + 0.5 * ratio);
  context.restore();
}

/** The path as a dashed line that is seen on bright and on dark. */
function lines(context: Context, ratio: number): void {
  context.lineJoin = 'round';
  context.lineWidth = 2.5 * ratio;
  context.strokeStyle = '#000000';
  context.stroke();
  context.lineWidth = 1.25 * ratio;
  context.setLineDash([5 * ratio, 4 * ratio]);
  context.strokeStyle = '#ffffff';
  context.stroke();
}
