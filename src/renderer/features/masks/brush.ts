/** How masks are painted: what the window remembers of the tools. */
export const MASK_TOOLS = ['brush', 'eraser', 'lasso'] as const;
export type MaskTool = (typeof MASK_TOOLS)[number];

export interface Brush {
  readonly tool: MaskTool;
  /** The lasso takes away what it encloses. */
  readonly lassoRemoves: boolean;
  /** Diameter, as a share of the picture's long side. */
  readonly size: number;
  /** Share of the radius over which the edge fades, 0 to 1. */
  readonly softness: number;
  /** Of the colours over the picture, 0 to 1. */
  readonly opacity: number;
}

export const USUAL_BRUSH: Brush = { tool: 'brush', lassoRemoves: false, size: 0.08, softness: 0.5, opacity: 0.75 };

export const SMALLEST_SIZE = 0.002;
export const LARGEST_SIZE = 0.5;

/** Steps of the slider and the keys: six of them double the size, so that each looks like as much. */
const STEPS_PER_DOUBLING = 6;

export const stepOfSize = (size: number): number => Math.round(Math.log2(size / SMALLEST_SIZE) * STEPS_PER_DOUBLING);
export const sizeOfStep = (step: number): number =>
  Math.min(LARGEST_SIZE, Math.max(SMALLEST_SIZE, SMALLEST_SIZE * 2 ** (step / STEPS_PER_DOUBLING)));
export const LARGEST_STEP = Math.ceil(Math.log2(LARGEST_SIZE / SMALLEST_SIZE) * STEPS_PER_DOUBLING);

export const stepSize = (size: number, steps: number): number =>
  sizeOfStep(Math.min(LARGEST_STEP, Math.max(0, stepOfSize(size) + steps)));

/** X: from adding to removing and back, with the tool at hand. */
export const swapped = ({ tool, lassoRemoves, ...rest }: Brush): Brush =>
  tool === 'lasso'
    ? { ...rest, tool, lassoRemoves: !lassoRemoves }
    : { ...rest, lassoRemoves, tool: tool === 'brush' ? 'eraser' : 'brush' };

/** Whether a stroke takes away from the region. @param turned while Alt is held, or with the other end of a pen: the opposite */
export const removes = ({ tool, lassoRemoves }: Brush, turned: boolean): boolean =>
  (tool === 'lasso' ? lassoRemoves : tool === 'eraser') !== turned;

/** The brush's radius, px of the mask. @param pressure of a pen, 0 to 1; undefined for everything else */
export function radiusOf({ size }: Brush, longSide: number, pressure?: number): number {
  const full = (size * longSide) / 2;
  return Math.max(0.5, pressure === undefined ? full : full * (LIGHTEST + (1 - LIGHTEST) * pressure));
}

/** Share of the size that the lightest touch of a pen has. */
const LIGHTEST = 0.2;
