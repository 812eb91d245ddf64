import { describe, expect, it } from 'vitest';
import { coarseToFine } from '../../../../src/main/engine/runs/schedule.ts';

const sizes = (size: number) => coarseToFine(size, 50).map(({ factor }) => Math.round(size * factor));

describe('coarse to fine', () => {
  it.each([
    [100, [100]],
    [256, [161, 256]],
    [512, [128, 203, 323, 512]],
    [1024, [256, 406, 645, 1024]],
    [2048, [323, 512, 813, 1290, 2048]],
    [4096, [256, 406, 645, 1024, 1625, 2580, 4096]],
  ])('paints %i px in these sizes', (size, expected) => {
    expect(sizes(size)).toEqual(expected);
  });

  it('spends a fifth more on each coarser level', () => {
    expect(coarseToFine(512, 50).map(({ evaluations }) => evaluations)).toEqual([86, 72, 60, 50]);
  });
});
