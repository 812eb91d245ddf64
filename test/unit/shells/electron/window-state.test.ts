import fc from 'fast-check';
import { expect, it } from 'vitest';
import { clampBounds, LEAST_SIZE, type Bounds } from '../../../../src/main/shells/electron/window-state.ts';

const MAIN = { x: 0, y: 0, width: 1920, height: 1040 };
const RIGHT = { x: 1920, y: -200, width: 2560, height: 1400 };

it('puts a first window into the middle of the main display', () => {
  expect(clampBounds(null, [MAIN, RIGHT])).toEqual({ x: 240, y: 70, width: 1440, height: 900 });
});

it('leaves a window where it was as long as a display holds it', () => {
  const bounds = { x: 2000, y: -100, width: 1200, height: 800 };
  expect(clampBounds(bounds, [MAIN, RIGHT])).toEqual(bounds);
});

it('brings a window home from a display that is gone', () => {
  const bounds = { x: 2500, y: 300, width: 1200, height: 800 };
  expect(clampBounds(bounds, [MAIN])).toEqual({ x: 360, y: 120, width: 1200, height: 800 });
});

const numbers = fc.integer({ min: -10_000, max: 10_000 });
const area = fc.record({
  x: numbers,
  y: numbers,
  width: fc.integer({ min: 640, max: 8000 }),
  height: fc.integer({ min: 480, max: 5000 }),
});
const anyBounds = fc.record({ x: numbers, y: numbers, width: fc.nat(20_000), height: fc.nat(20_000) });

it('always gives a window that lies within one display, and is as large as it must be where there is room', () => {
  const inside = (b: Bounds, a: Bounds) =>
    b.x >= a.x && b.y >= a.y && b.x + b.width <= a.x + a.width && b.y + b.height <= a.y + a.height;
  fc.assert(
    fc.property(fc.option(anyBounds), fc.array(area, { minLength: 1, maxLength: 3 }), (bounds, areas) => {
      const clamped = clampBounds(bounds, areas);
      const home = areas.find((a) => inside(clamped, a))!;
      expect(home).toBeDefined();
      expect(clamped.width).toBeGreaterThanOrEqual(Math.min(LEAST_SIZE.width, home.width));
      expect(clamped.height).toBeGreaterThanOrEqual(Math.min(LEAST_SIZE.height, home.height));
    }),
  );
});
