import { MaskLayers } from '../masks/layers.ts';
import { drawRegions } from '../masks/overlay.ts';
import { HARD_PIXELS } from './camera.ts';
import { drawSeen, intersection } from './clipped.ts';
import { SLOTS, type FromPainter, type Part, type Slot, type ToPainter } from './messages.ts';
import { levelFor } from './mipmaps.ts';
import { PictureSlot } from './picture-slot.ts';

/** Draws the canvas: pictures at places that the window has worked out. At most once per frame of the screen. */

let context: OffscreenCanvasRenderingContext2D | undefined;
let drawing: Extract<ToPainter, { type: 'draw' }> | undefined;
let scheduled = false;

const tell = (message: FromPainter): void => postMessage(message);
const slots = Object.fromEntries(SLOTS.map((slot) => [slot, new PictureSlot(slot, schedule, tell)])) as Record<
  Slot,
  PictureSlot
>;

const masks = new MaskLayers(schedule, tell);

addEventListener('message', ({ data }: MessageEvent<ToPainter>) => {
  switch (data.type) {
    case 'canvas':
      context = data.canvas.getContext('2d') ?? undefined;
      break;
    case 'sources':
      for (const slot of SLOTS) slots[slot].want(data.sources[slot]);
      break;
    case 'draw':
      drawing = data;
      schedule();
      break;
    case 'masks':
    case 'mask':
      masks.take(data);
      break;
  }
});

function schedule(): void {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(() => {
    scheduled = false;
    draw();
  });
}

function draw(): void {
  if (!context || !drawing) return;
  const { canvas } = context;
  const { width, height, parts, masks: look } = drawing;
  // Setting the size clears the canvas, even to the size it has.
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  } else {
    context.clearRect(0, 0, width, height);
  }
  for (const part of parts) drawPart(context, part);
  const seen = look && intersection(look.at, { x: 0, y: 0, width, height });
  if (seen) drawRegions(context, look, seen, (key) => masks.get(key));
}

function drawPart(target: OffscreenCanvasRenderingContext2D, { slots: wanted, at, clip, frameWidth }: Part): void {
  const picture = wanted.map((slot) => slots[slot].picture).find((found) => found !== undefined);
  if (!picture) return;
  const seen = intersection(at, clip);
  if (!seen) return;
  const level = levelFor(picture.levels, at.width);
  target.imageSmoothingEnabled = !showsPixels(picture.levels[0]!.width, at.width, frameWidth);
  target.imageSmoothingQuality = 'high';
  drawSeen(target, level, at, seen);
}

/** Small previews are no pixels that anybody wants to see: only pictures of about the frame's size show theirs. */
const showsPixels = (own: number, drawn: number, frame: number): boolean =>
  drawn >= HARD_PIXELS * Math.max(own, frame) && own >= 0.9 * frame;
