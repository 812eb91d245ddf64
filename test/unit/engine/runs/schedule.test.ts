import { describe, expect, it } from 'vitest';
import { coarseToFine, enlarging, paintingSize } from '../../../../src/main/engine/runs/schedule.ts';

const sizes = (size: number) => coarseToFine(size, 50).map(({ factor }) => Math.round(size * factor));

describe('coarse to fine', () => {
  it.each([
    [100, [100]],
    [256, [161, 256]],
    [512, [128, 203, 323, 512]],
    [1024, [256, 406, 645, 1024]],
    [2048, [128, 203, 323, 512, 813, 1290, 2048]],
    [4096, [161, 256, 406, 645, 1024, 1625, 2580, 4096]],
  ])('paints %i px in these sizes', (size, expected) => {
    expect(sizes(size)).toEqual(expected);
  });

  it('spends fewer and fewer evaluations above 1024 px, as published with 600, 200, 66, 30', () => {
    const at = (size: number, evaluations: number) => coarseToFine(size, evaluations).at(-1)!.evaluations;
    expect([1024, 2048, 4096, 8192, 16_384].map((size) => at(size, 600))).toEqual([600, 200, 67, 30, 30]);
    // What is little already does not become less.
    expect([1024, 2048, 4096].map((size) => at(size, 50))).toEqual([50, 30, 30]);
    expect([1024, 2048, 4096].map((size) => at(size, 10))).toEqual([10, 10, 10]);
    const evaluations = coarseToFine(4096, 50).map((level) => level.evaluations);
    expect(evaluations).toEqual([103, 86, 72, 60, 50, 30, 30, 30]);
  });

  it('enlarges a finished picture by the levels above its size, one at least', () => {
    expect(enlarging(1024, 4096, 50).map(({ factor }) => Math.round(4096 * factor))).toEqual([1625, 2580, 4096]);
    expect(enlarging(512, 512, 50)).toEqual([{ factor: 1, evaluations: 50 }]);
    // A level that is hardly larger is left out.
    expect(enlarging(1600, 4096, 50)).toHaveLength(2);
  });

  it('measures paintings at the same part of the picture at every size, enlarged four times at most', () => {
    const schedule = { size: 1, side: 'long' as const, levels: [] };
    const painting = { width: 1000, height: 500 };
    const sideAt = (picture: number, scale = 1) =>
      paintingSize(schedule, { width: picture, height: picture / 2 }, painting, scale).width;
    expect([256, 2048, 4000, 8000].map((picture) => sideAt(picture))).toEqual([256, 2048, 4000, 4000]);
    expect(sideAt(512, 0.5)).toBe(256);
  });

  it('spends a fifth more on each coarser level', () => {
    expect(coarseToFine(512, 50).map(({ evaluations }) => evaluations)).toEqual([86, 72, 60, 50]);
  });
});
