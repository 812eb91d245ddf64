/** Rendering a picture large: what is asked for, and what it would take. */
import { z } from 'zod';
import { sidesOf } from '../extent.ts';

const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'letters, digits, "-" and "_"');

/** Longest side of a picture, px ... */
export const MOST_SIDE = 100_000;
/** ... and of a paper, mm. */
const MOST_PAPER = 10_000;
/** Most pixels: pictures of more cannot be opened again. */
export const MOST_PIXELS = 268e6;

/** How large a picture is to be, in the proportions that it has. */
export const renderSizeSchema = z.discriminatedUnion('unit', [
  z.strictObject({ unit: z.literal('px'), longSide: z.int().min(16).max(MOST_SIDE) }),
  z.strictObject({ unit: z.literal('megapixels'), megapixels: z.number().min(0.001).max(10_000) }),
  /** The largest picture that fills a paper, turned as the picture is; sides in mm. */
  z.strictObject({
    unit: z.literal('paper'),
    width: z.number().positive().max(MOST_PAPER),
    height: z.number().positive().max(MOST_PAPER),
    dpi: z.int().min(1).max(2400),
  }),
]);
export type RenderSize = z.output<typeof renderSizeSchema>;

export const renderRequestSchema = z.strictObject({
  /** A finished picture of the history, or a job that is being painted or waits: its picture, once it has ended. */
  source: z.strictObject({ kind: z.enum(['result', 'job']), id }),
  size: renderSizeSchema,
  /** Memory that it may take, bytes; null: most of what is free. */
  memoryBytes: z.number().min(5e8).max(1e14).nullable(),
});
export type RenderRequest = z.output<typeof renderRequestSchema>;

const sizeFields = { width: z.int(), height: z.int() };

/** Why it cannot be begun. */
const renderObstacleSchema = z.discriminatedUnion('kind', [
  /** The picture has as many pixels already. */
  z.strictObject({ kind: z.literal('notLarger') }),
  z.strictObject({ kind: z.literal('tooManyPixels'), most: z.number() }),
  z.strictObject({
    kind: z.literal('memory'),
    /** With how much it could, bytes; and which long side the memory is enough for, px. Null where nothing helps. */
    leastBytes: z.number().nullable(),
    longSide: z.int().nullable(),
  }),
  /** The network cannot be used in pieces: one sentence. */
  z.strictObject({ kind: z.literal('network'), message: z.string() }),
  z.strictObject({ kind: z.literal('disk') }),
]);
export type RenderObstacle = z.output<typeof renderObstacleSchema>;

export const renderPlanSchema = z.strictObject({
  ...sizeFields,
  /** The picture that it starts from. */
  from: z.strictObject(sizeFields),
  /** From the one above that picture to the full size. */
  levels: z.array(
    z.strictObject({
      ...sizeFields,
      evaluations: z.int(),
      /** That the picture is looked at in, in every evaluation; null: it is painted in one piece. */
      pieces: z.int().nullable(),
    }),
  ),
  /** How long it takes; null before anything was measured on this computer. */
  seconds: z.strictObject({ from: z.number(), to: z.number() }).nullable(),
  memory: z.strictObject({
    /** That it takes at most, bytes. */
    bytes: z.number(),
    /** That it may take. */
    allowed: z.number(),
    /** That the computer has in all. */
    total: z.number(),
    /** Curvature pairs that are kept of those that are wanted; null: the optimizer has none. */
    pairs: z.strictObject({ kept: z.int(), wanted: z.int() }).nullable(),
  }),
  /** Room on the disk: while it is painted, of what stays, and how much is free, bytes. */
  disk: z.strictObject({ working: z.number(), kept: z.number(), free: z.number() }),
  obstacle: renderObstacleSchema.nullable(),
});
export type RenderPlan = z.output<typeof renderPlanSchema>;

interface Size {
  readonly width: number;
  readonly height: number;
}

/** The sides, px, of a picture in the proportions of `picture`. */
export function renderSides(size: RenderSize, picture: Size): { readonly long: number; readonly short: number } {
  switch (size.unit) {
    case 'px': {
      const aspect = Math.max(picture.width, picture.height) / Math.min(picture.width, picture.height);
      return { long: size.longSide, short: Math.max(1, Math.round(size.longSide / aspect)) };
    }
    case 'megapixels':
      return sidesOf({ kind: 'megapixels', megapixels: size.megapixels }, picture);
    case 'paper':
      return sidesOf({ kind: 'print', paper: { width: size.width, height: size.height }, dpi: size.dpi }, picture);
  }
}
