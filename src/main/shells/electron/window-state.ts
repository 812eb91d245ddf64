/** Where the window was, and whether that is still a place on some display. */
import { z } from 'zod';

const boundsSchema = z.strictObject({ x: z.int(), y: z.int(), width: z.int(), height: z.int() });
export type Bounds = z.output<typeof boundsSchema>;

export const windowStateSchema = z.strictObject({ bounds: boundsSchema.nullable(), maximized: z.boolean() });
export type WindowState = z.output<typeof windowStateSchema>;

/** Smaller windows have no room for the picture. */
export const LEAST_SIZE = { width: 960, height: 640 } as const;
export const USUAL_SIZE = { width: 1440, height: 900 } as const;

/** So much of a window's title must be within reach, px, or it goes to the middle of the first display. */
const REACHABLE = 80;

/**
 * The bounds that a window gets: those it had, as far as the displays' work areas still hold them. The first area is the
 * main display's.
 */
export function clampBounds(bounds: Bounds | null, areas: readonly Bounds[]): Bounds {
  const home = bounds && areas.find((area) => reachable(bounds, area));
  const area = home ?? areas[0]!;
  const { width: wide, height: high } = bounds ?? USUAL_SIZE;
  const width = Math.min(area.width, Math.max(LEAST_SIZE.width, wide));
  const height = Math.min(area.height, Math.max(LEAST_SIZE.height, high));
  if (!bounds || !home) {
    const middle = (start: number, room: number, size: number) => start + Math.round((room - size) / 2);
    return { x: middle(area.x, area.width, width), y: middle(area.y, area.height, height), width, height };
  }
  const within = (value: number, low: number, room: number, size: number) =>
    Math.min(Math.max(value, low), low + room - size);
  return {
    x: within(bounds.x, area.x, area.width, width),
    y: within(bounds.y, area.y, area.height, height),
    width,
    height,
  };
}

function reachable({ x, y, width }: Bounds, area: Bounds): boolean {
  const across = Math.min(x + width, area.x + area.width) - Math.max(x, area.x);
  return across >= REACHABLE && y >= area.y - REACHABLE && y <= area.y + area.height - REACHABLE;
}
