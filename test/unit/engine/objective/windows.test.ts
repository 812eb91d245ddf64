import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  meansAt,
  sumOfMeans,
  windowsOver,
  type Course,
  type Plane,
} from '../../../../src/main/engine/objective/windows.ts';
import { Random } from '../../../support/random.ts';

const axis = fc.record({
  cells: fc.integer({ min: 1, max: 40 }),
  length: fc.integer({ min: 1, max: 60 }),
  stride: fc.integer({ min: 1, max: 16 }),
  offset: fc.integer({ min: -3, max: 3 }),
  width: fc.double({ min: 1, max: 50, noNaN: true }),
});
type Axis = { cells: number; length: number; stride: number; offset: number; width: number };

/** Positions that begin and end about where the picture does, a little beyond where the offset says so. */
function windowsOf({ cells, length, stride, offset, width }: Axis) {
  const course: Course = { centre: offset + 0.5, stride, width };
  return windowsOver(Math.max(1, Math.ceil(length / stride)), course, cells, length);
}

const planeOf = (height: number, width: number, seed: number): Plane => {
  const data = Float32Array.from(new Random(seed).numbers(width * height), Math.abs);
  return { width, height, data };
};

describe('windows over a plane', () => {
  it('weigh cells by how much of the window they cover, within the picture', () => {
    fc.assert(
      fc.property(axis, (given) => {
        const { cells, length, stride, offset, width } = given;
        const { count, first, starts, weights } = windowsOf(given);
        const cell = length / cells;
        for (let p = 0; p < count; p++) {
          const centre = Math.min(Math.max(offset + 0.5 + p * stride, 0.5), length - 0.5);
          const half = Math.max(width, cell) / 2;
          const [from, to] = [Math.max(0, centre - half), Math.min(length, centre + half)];
          for (let c = 0; c < cells; c++) {
            const k = c - first[p]!;
            const inside = k >= 0 && k < starts[p + 1]! - starts[p]!;
            const covered = Math.max(0, Math.min(to, (c + 1) * cell) - Math.max(from, c * cell)) / (to - from);
            expect(inside ? weights[starts[p]! + k]! : 0).toBeCloseTo(covered, 9);
          }
        }
      }),
    );
  });

  it('give positions the same means in pieces as in whole, and their sum', () => {
    fc.assert(
      fc.property(axis, axis, fc.nat(), (vertical, horizontal, seed) => {
        const [rows, columns] = [windowsOf(vertical), windowsOf(horizontal)];
        const plane = planeOf(vertical.cells, horizontal.cells, seed);
        const all = { top: 0, left: 0, bottom: rows.count, right: columns.count };
        const means = meansAt(plane, rows, columns, all);
        const [down, across] = [Math.floor(rows.count / 2), Math.floor(columns.count / 3)];
        const piece = meansAt(plane, rows, columns, { ...all, top: down, left: across });
        const width = columns.count - across;
        piece.forEach((mean, i) => {
          expect(mean).toBe(means[(down + Math.floor(i / width)) * columns.count + across + (i % width)]);
        });
        const sum = means.reduce((a, b) => a + b, 0);
        expect(sumOfMeans(plane, rows, columns)).toBeCloseTo(sum, 9);
      }),
    );
  });

  it('of one cell are the cell, and between two cells their linear interpolation', () => {
    const plane = { width: 3, height: 1, data: Float32Array.of(0, 1, 0.5) };
    const at = (count: number, length: number) => {
      const columns = windowsOver(count, { centre: 0.5, stride: 1, width: 1 }, 3, length);
      const rows = windowsOver(1, { centre: 0.5, stride: 1, width: 1 }, 1, 1);
      return [...meansAt(plane, rows, columns, { top: 0, left: 0, bottom: 1, right: count })];
    };
    expect(at(3, 3)).toEqual([0, 1, 0.5]);
    at(6, 6).forEach((mean, i) => expect(mean).toBeCloseTo([0, 0.25, 0.75, 0.875, 0.625, 0.5][i]!, 12));
  });
});
