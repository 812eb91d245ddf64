import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { labelPlace } from '../../../src/renderer/features/masks/label.ts';
import {
  brushProfile,
  copyRaster,
  coverage,
  emptyRaster,
  fillPolygon,
  invert,
  maskSize,
  paintSegment,
  type Box,
  type Raster,
  type Spot,
} from '../../../src/renderer/features/masks/raster.ts';

const at = ({ width, data }: Raster, x: number, y: number): number => data[y * width + x]!;
const area = (raster: Raster): number => coverage(raster) * raster.width * raster.height;
const dab = (x: number, y: number, radius: number) => ({ x, y, radius });
const circle = (x: number, y: number, radius: number, turns = 1): Spot[] =>
  Array.from({ length: 200 * turns }, (_, i) => ({
    x: x + radius * Math.cos((i / 100) * Math.PI),
    y: y + radius * Math.sin((i / 100) * Math.PI),
  }));
/** The pixels in which two rasters differ. */
function changed(a: Raster, b: Raster): [x: number, y: number][] {
  const found: [number, number][] = [];
  a.data.forEach((value, i) => {
    if (value !== b.data[i]) found.push([i % a.width, Math.floor(i / a.width)]);
  });
  return found;
}
const contains = ({ left, top, right, bottom }: Box, [x, y]: readonly [number, number]): boolean =>
  x >= left && x < right && y >= top && y < bottom;

describe('the size of a mask', () => {
  test('has the photo’s proportions and at most 2048 px', () => {
    expect(maskSize({ width: 6000, height: 4000 })).toEqual({ width: 2048, height: 1365 });
    expect(maskSize({ width: 1200, height: 1600 })).toEqual({ width: 1200, height: 1600 });
    expect(maskSize({ width: 90, height: 60 })).toEqual({ width: 1024, height: 683 });
    expect(maskSize({ width: 20_000, height: 3 })).toEqual({ width: 2048, height: 1 });
  });
});

describe('the brush', () => {
  test('is full inside, nothing outside, and falls in between', () => {
    expect([0, 10, 19.5].map((d) => brushProfile(d, 20, 0))).toEqual([1, 1, 1]);
    expect(brushProfile(20, 20, 0)).toBeCloseTo(0.5);
    expect(brushProfile(20.5, 20, 0)).toBe(0);
    const soft = Array.from({ length: 22 }, (_, d) => brushProfile(d, 20, 0.5));
    expect(soft.slice(0, 10)).toEqual(Array(10).fill(1));
    expect(soft.at(-1)).toBe(0);
    for (let d = 1; d < soft.length; d++) expect(soft[d]).toBeLessThanOrEqual(soft[d - 1]!);
    expect(soft[15]).toBeGreaterThan(0.4);
    expect(soft[15]).toBeLessThan(0.6);
  });

  test('with one touch paints a disc of its size', () => {
    const raster = emptyRaster(100, 80);
    paintSegment(raster, dab(50, 40, 20), dab(50, 40, 20), 0, false);
    expect(area(raster)).toBeCloseTo(Math.PI * 400, -1.5);
    expect([at(raster, 50, 40), at(raster, 50, 24), at(raster, 50, 15)]).toEqual([255, 255, 0]);
  });

  test('sweeps a stroke without gaps, however far its points lie apart', () => {
    const raster = emptyRaster(200, 60);
    paintSegment(raster, dab(30, 30, 10), dab(170, 30, 10), 0, false);
    expect(area(raster)).toBeCloseTo(140 * 20 + Math.PI * 100, -1.5);
    for (let x = 30; x < 170; x++) expect(at(raster, x, 30)).toBe(255);
  });

  test('leaves an edge as soft as it is when it is painted over', () => {
    const once = emptyRaster(120, 60);
    paintSegment(once, dab(20, 30, 20), dab(100, 30, 20), 1, false);
    const often = emptyRaster(120, 60);
    for (let i = 0; i < 5; i++) {
      for (let x = 20; x < 100; x += 4) paintSegment(often, dab(x, 30, 20), dab(x + 4, 30, 20), 1, false);
    }
    expect(Math.max(...once.data.map((value, i) => Math.abs(value - often.data[i]!)))).toBeLessThanOrEqual(1);
    expect(at(often, 60, 20)).toBeGreaterThan(60);
    expect(at(often, 60, 20)).toBeLessThan(200);
  });

  test('removes as softly as it adds', () => {
    const raster = emptyRaster(80, 80);
    raster.data.fill(255);
    const adding = emptyRaster(80, 80);
    paintSegment(raster, dab(40, 40, 25), dab(50, 40, 25), 0.6, true);
    paintSegment(adding, dab(40, 40, 25), dab(50, 40, 25), 0.6, false);
    invert(adding);
    expect(raster.data).toEqual(adding.data);
  });

  test('grows and shrinks with the pressure along a stroke', () => {
    const raster = emptyRaster(200, 80);
    paintSegment(raster, dab(20, 40, 4), dab(180, 40, 30), 0, false);
    const height = (x: number): number => Array.from({ length: 80 }, (_, y) => at(raster, x, y)).filter(Boolean).length;
    expect(height(40)).toBeLessThan(height(100));
    expect(height(100)).toBeLessThan(height(160));
  });

  test('says what it changed and touches nothing else, inside the mask and beyond its edges', () => {
    const place = fc.integer({ min: -240, max: 720 }).map((eighths) => eighths / 8);
    const size = fc.double({ min: 0.5, max: 25, noNaN: true });
    const softness = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        place,
        place,
        size,
        place,
        place,
        size,
        softness,
        fc.boolean(),
        (ax, ay, ar, bx, by, br, soft, off) => {
          const raster = emptyRaster(64, 48);
          raster.data.fill(off ? 255 : 0);
          const before = copyRaster(raster);
          const box = paintSegment(raster, dab(ax, ay, ar), dab(bx, by, br), soft, off);
          expect(changed(before, raster).filter((pixel) => !contains(box, pixel))).toEqual([]);
          // The same as asking every pixel how far it is away.
          const length = Math.hypot(bx - ax, by - ay);
          const expected = before.data.map((_, i) => {
            const [x, y] = [i % 64, Math.floor(i / 64)];
            const along =
              length === 0
                ? 0
                : Math.min(1, Math.max(0, ((x + 0.5 - ax) * (bx - ax) + (y + 0.5 - ay) * (by - ay)) / length ** 2));
            const distance = Math.hypot(x + 0.5 - ax - along * (bx - ax), y + 0.5 - ay - along * (by - ay));
            const value = Math.round(255 * brushProfile(distance, ar + along * (br - ar), soft));
            return off ? 255 - value : value;
          });
          // Where the two are added up differently, the last bit may be rounded the other way.
          expect(raster.data.filter((value, i) => Math.abs(value - expected[i]!) > 1)).toHaveLength(0);
        },
      ),
    );
  });
});

describe('the lasso', () => {
  test('fills what it encloses with smooth edges', () => {
    const raster = emptyRaster(100, 100);
    fillPolygon(raster, circle(50, 50, 30), 0, false);
    expect(area(raster)).toBeCloseTo(Math.PI * 900, -1.5);
    expect(at(raster, 50, 50)).toBe(255);
    expect(raster.data.some((value) => value > 0 && value < 255)).toBe(true);
  });

  test('covers pixels by exactly the share of them that lies inside', () => {
    const raster = emptyRaster(6, 4);
    fillPolygon(
      raster,
      [
        { x: 1.25, y: 1 },
        { x: 4.5, y: 1 },
        { x: 4.5, y: 2.5 },
        { x: 1.25, y: 2.5 },
      ],
      0,
      false,
    );
    expect([...raster.data.slice(6, 12)]).toEqual([0, 191, 255, 255, 128, 0]);
    expect([...raster.data.slice(12, 18)]).toEqual([0, 96, 128, 128, 64, 0]);
    expect(raster.data.slice(18).some(Boolean)).toBe(false);
  });

  test('covers as much as the polygon’s area', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(share, share), { minLength: 3, maxLength: 3 }), (corners) => {
        const raster = emptyRaster(50, 40);
        const [a, b, c] = corners.map(([x, y]) => ({ x: 50 * x, y: 40 * y })) as [Spot, Spot, Spot];
        fillPolygon(raster, [a, b, c], 0, false);
        const exact = Math.abs((b.x - a.x) * (c.y - a.y) - (c.x - a.x) * (b.y - a.y)) / 2;
        // Each pixel at the edge is rounded to 1/255.
        expect(Math.abs(area(raster) - exact)).toBeLessThan(1);
      }),
    );
  });

  test('fills loops that cross, and those drawn twice or the other way round', () => {
    for (const points of [circle(40, 40, 25, 2), circle(40, 40, 25).reverse()]) {
      const raster = emptyRaster(80, 80);
      fillPolygon(raster, points, 0, false);
      // Where two turns lie on each other, pixels at the edge are covered twice.
      expect(area(raster)).toBeCloseTo(Math.PI * 625, -2);
    }
    const eight = emptyRaster(120, 60);
    fillPolygon(eight, [...circle(30, 30, 20), ...circle(90, 30, 20).map(({ x, y }) => ({ x: 180 - x, y }))], 0, false);
    expect([at(eight, 30, 30), at(eight, 90, 30)]).toEqual([255, 255]);
  });

  test('may leave the picture and come back', () => {
    const raster = emptyRaster(60, 40);
    fillPolygon(
      raster,
      [
        { x: -500, y: 10 },
        { x: 900, y: 10 },
        { x: 900, y: 30 },
        { x: -500, y: 30 },
      ],
      0,
      false,
    );
    expect(area(raster)).toBeCloseTo(60 * 20, 5);
    const outside = fillPolygon(emptyRaster(60, 40), circle(-100, -100, 50), 0, false);
    expect(outside.right).toBeLessThanOrEqual(outside.left);
  });

  test('with a soft edge fades around its line and keeps its size', () => {
    const raster = emptyRaster(120, 120);
    const before = copyRaster(raster);
    const box = fillPolygon(raster, circle(60, 60, 30), 18, false);
    expect(at(raster, 60, 60)).toBe(255);
    expect(at(raster, 90, 60)).toBeGreaterThan(80);
    expect(at(raster, 90, 60)).toBeLessThan(175);
    expect(at(raster, 96, 60)).toBeGreaterThan(0);
    expect(area(raster)).toBeCloseTo(Math.PI * 900, -2);
    expect(changed(before, raster).filter((pixel) => !contains(box, pixel))).toEqual([]);
  });

  test('removes what it encloses', () => {
    const raster = emptyRaster(60, 60);
    raster.data.fill(255);
    fillPolygon(raster, circle(30, 30, 20), 0, true);
    expect([at(raster, 30, 30), at(raster, 2, 2)]).toEqual([0, 255]);
  });
});

test('inverting twice is nothing', () => {
  const raster = emptyRaster(20, 20);
  paintSegment(raster, dab(10, 10, 6), dab(12, 10, 6), 0.7, false);
  const before = copyRaster(raster);
  invert(raster);
  expect(coverage(raster)).toBeCloseTo(1 - coverage(before));
  invert(raster);
  expect(raster.data).toEqual(before.data);
});

describe('the number of a region', () => {
  test('stands in its largest part', () => {
    const raster = emptyRaster(300, 200);
    fillPolygon(raster, circle(40, 40, 20), 0, false);
    fillPolygon(raster, circle(200, 120, 60), 0, false);
    const place = labelPlace(raster)!;
    expect(Math.hypot(300 * place.x - 200, 200 * place.y - 120)).toBeLessThan(15);
  });

  test('is nowhere where there is no region', () => {
    expect(labelPlace(emptyRaster(300, 200))).toBeUndefined();
  });
});
