import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Course } from '../../../../src/main/engine/tiling/margins.ts';
import {
  commonMultiple,
  planTiles,
  type TiledValue,
  type TilingProblem,
} from '../../../../src/main/engine/tiling/plan.ts';

/** Values of some strides, of which windows of `extent` leave positions out at the far edge. */
const problems = fc
  .record({
    picture: fc.tuple(fc.integer({ min: 1, max: 900 }), fc.integer({ min: 1, max: 900 })),
    values: fc.array(
      fc.record({
        stride: fc.constantFrom(1, 2, 3, 4, 8, 0.5),
        extent: fc.integer({ min: 0, max: 9 }),
        low: fc.integer({ min: 0, max: 12 }),
        high: fc.integer({ min: 0, max: 12 }),
      }),
      { minLength: 1, maxLength: 5 },
    ),
    inner: fc.tuple(fc.integer({ min: 8, max: 400 }), fc.integer({ min: 8, max: 400 })),
  })
  .map(({ picture, values, inner }) => {
    const alignment = commonMultiple(values.map(({ stride }) => Math.max(1, stride)));
    const measured = picture.map((side) => 8 * alignment + (side % alignment)) as [number, number];
    const named = values.map(({ stride, extent, low, high }, i): [string, TiledValue] => {
      const course = (dim: number): Course => ({ dim, stride, low, high });
      const count = (side: number) => Math.floor((side - Math.min(extent, stride)) / stride) + 1;
      return [
        `v${i}`,
        { placement: [course(2), course(3)], positions: [count(measured[0]), count(measured[1])] as const },
      ];
    });
    const problem: TilingProblem = { picture, alignment, measured, values: new Map(named) };
    return { problem, inner };
  });

describe('a plan of tiles', () => {
  it('gives every position of every layer to one tile, in which it is right', () => {
    fc.assert(
      fc.property(problems, ({ problem, inner }) => {
        const plan = planTiles(problem, inner);
        for (const [name, { placement, positions }] of problem.values) {
          const [rows, columns] = plan.positions.get(name)!;
          const owners = new Uint8Array(rows * columns);
          for (const tile of plan.tiles) {
            const own = tile.own.get(name)!;
            const bounds = [
              [own.top, own.bottom, tile.picture.top, tile.picture.bottom, 0],
              [own.left, own.right, tile.picture.left, tile.picture.right, 1],
            ] as const;
            for (const [from, to, begin, end, axis] of bounds) {
              const { stride, low, high } = placement[axis];
              const side = end - begin;
              const count = positions[axis] + (side - problem.measured[axis]) / stride;
              const clean = [begin === 0 ? 0 : low, count - (end === problem.picture[axis] ? 0 : high)] as const;
              // One assertion for all: a plan may have thousands of tiles.
              const fits = Number.isInteger(count) && from <= to && from >= clean[0] && to <= clean[1];
              if (!fits) expect({ name, axis, from, to, count }).toBe(`within ${clean.join()}`);
            }
            const [top, left] = [
              tile.picture.top / placement[0].stride + own.top,
              tile.picture.left / placement[1].stride + own.left,
            ];
            for (let y = 0; y < own.bottom - own.top; y++) {
              for (let x = 0; x < own.right - own.left; x++) owners[(top + y) * columns + left + x]!++;
            }
          }
          expect(owners.every((n) => n === 1)).toBe(true);
        }
      }),
    );
  });

  it('has tiles of one shape inside the picture, from multiples of the strides on, alike at the far edge', () => {
    fc.assert(
      fc.property(problems, ({ problem, inner }) => {
        const { picture, alignment } = problem;
        const { height, width, tiles } = planTiles(problem, inner);
        for (const [axis, side] of [height, width].entries()) expect((picture[axis]! - side) % alignment).toBe(0);
        for (const { picture: p } of tiles) {
          expect([p.bottom - p.top, p.right - p.left]).toEqual([height, width]);
          expect([p.top % alignment, p.left % alignment]).toEqual([0, 0]);
          expect(p.top >= 0 && p.left >= 0 && p.bottom <= picture[0] && p.right <= picture[1]).toBe(true);
        }
        expect(tiles.some(({ picture: p }) => p.bottom === picture[0] && p.right === picture[1])).toBe(true);
      }),
    );
  });

  it('is one tile, the picture, where that is small enough', () => {
    const course = { stride: 16, low: 5, high: 5 };
    const problem: TilingProblem = {
      picture: [300, 401],
      alignment: 16,
      measured: [140, 129],
      values: new Map([
        [
          'v',
          {
            placement: [
              { ...course, dim: 2 },
              { ...course, dim: 3 },
            ],
            positions: [8, 8],
          },
        ],
      ]),
    };
    expect(planTiles(problem, [300, 401])).toMatchObject({ height: 300, width: 401, tiles: [{}] });
    // Of 180 px, pieces that overlap by 160 leave nothing to gain.
    const low: TilingProblem = { ...problem, picture: [180, 401], measured: [132, 129] };
    expect(planTiles(low, [100, 401])).toMatchObject({ height: 180, tiles: [{}] });
    expect(planTiles({ ...problem, picture: [1564, 401] }, [512, 512]).tiles).toHaveLength(4);
  });
});
