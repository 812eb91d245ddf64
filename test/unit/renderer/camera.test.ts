import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  FITTED,
  nextStep,
  panBy,
  place,
  reframed,
  scaleOf,
  zoomBy,
  zoomTo,
  type Camera,
  type Size,
} from '../../../src/renderer/features/canvas/camera.ts';

const side = fc.integer({ min: 50, max: 8000 });
const size = fc.record({ width: side, height: side });
const scale = fc.double({ min: 0.1, max: 8, noNaN: true });
const view: Size = { width: 1000, height: 600 };
const frame: Size = { width: 4000, height: 3000 };
const at = (camera: Camera, point: { x: number; y: number }): { x: number; y: number } => {
  const { x, y, width, height } = place(camera, frame, view);
  return { x: (point.x - x) / width, y: (point.y - y) / height };
};

describe('the camera', () => {
  test('fits the whole frame into the view, in its middle', () => {
    fc.assert(
      fc.property(size, size, (picture, window) => {
        const { x, y, width, height } = place(FITTED, picture, window);
        expect(width).toBeLessThanOrEqual(window.width + 1);
        expect(height).toBeLessThanOrEqual(window.height + 1);
        expect(Math.abs(2 * x + width - window.width)).toBeLessThanOrEqual(2);
        expect(Math.abs(2 * y + height - window.height)).toBeLessThanOrEqual(2);
      }),
    );
  });

  test('keeps what is under the pointer under the pointer while zooming', () => {
    fc.assert(
      fc.property(scale, fc.double({ min: 1.01, max: 3, noNaN: true }), (start, factor) => {
        const camera = zoomTo(FITTED, Math.max(start, 0.5), frame, view, { x: 500, y: 300 });
        const pointer = { x: 620, y: 250 };
        const before = at(camera, pointer);
        const after = at(zoomBy(camera, factor, frame, view, pointer), pointer);
        expect(after.x).toBeCloseTo(before.x, 2);
        expect(after.y).toBeCloseTo(before.y, 2);
      }),
    );
  });

  test('shows one pixel per pixel at 100 %, on whole pixels', () => {
    const camera = zoomTo(FITTED, 1, frame, view, { x: 333, y: 111 });
    const { x, y, width, height } = place(camera, frame, view);
    expect([width, height]).toEqual([4000, 3000]);
    expect([Number.isInteger(x), Number.isInteger(y)]).toEqual([true, true]);
  });

  test('steps through the usual percentages', () => {
    const up: number[] = [];
    for (let s = 0.1; up.length < 8; up.push(s)) s = nextStep(s, 1);
    expect(up).toEqual([0.25, 0.33, 0.5, 0.67, 1, 2, 4, 8]);
    expect(nextStep(8, 1)).toBe(8);
    expect(nextStep(0.999, -1)).toBe(0.67);
    expect(nextStep(1.3, -1)).toBe(1);
  });

  test('moves the picture with the hand, and never out of sight', () => {
    const camera = zoomTo(FITTED, 1, frame, view, { x: 500, y: 300 });
    const before = place(camera, frame, view);
    const after = place(panBy(camera, 40, -25, frame, view), frame, view);
    expect([after.x - before.x, after.y - before.y]).toEqual([40, -25]);
    const far = place(panBy(camera, 1e6, 1e6, frame, view), frame, view);
    expect([far.x, far.y]).toEqual([500, 300]);
  });

  test('goes on fitting when a picture that is all in view is dragged', () => {
    expect(panBy(FITTED, 50, 50, frame, view)).toBe(FITTED);
  });

  test('looks at the same place when the frame gets another size', () => {
    const camera = zoomTo(FITTED, 0.5, frame, view, { x: 200, y: 100 });
    const small = { width: 1024, height: 768 };
    const before = place(camera, frame, view);
    const after = place(reframed(camera, frame, small), small, view);
    expect(after).toEqual(before);
    expect(scaleOf(reframed(camera, frame, small), small, view)).toBeCloseTo((0.5 * 4000) / 1024);
  });
});
