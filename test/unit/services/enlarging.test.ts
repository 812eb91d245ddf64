import { describe, expect, it } from 'vitest';
import { enlargedSchedule, ended, fullEvaluations } from '../../../src/main/services/enlarging.ts';
import { coarseToFine } from '../../../src/main/engine/runs/schedule.ts';
import { recipeSchema } from '../../../src/shared/recipe.ts';

const painted = (size: number, evaluations = 90) => ({
  size,
  side: 'long' as const,
  levels: coarseToFine(size, evaluations),
});

describe('the evaluations that a picture was painted with', () => {
  it.each([
    [512, 90],
    [1024, 90],
    [3000, 90],
  ])('are those of its levels up to 1024 px, at %i px', (size, evaluations) => {
    expect(fullEvaluations(painted(size))).toBe(evaluations);
  });

  it('are those of its last level where all are larger', () => {
    expect(fullEvaluations({ ...painted(4000), levels: [{ factor: 1, evaluations: 33 }] })).toBe(33);
  });
});

describe('the levels that enlarge a picture', () => {
  it('are those above it', () => {
    const { size, side, levels } = enlargedSchedule(painted(1000), { width: 1000, height: 600 }, { size: 4000 });
    expect({ size, side }).toEqual({ size: 4000, side: 'long' });
    expect(levels.map(({ factor }) => Math.round(4000 * factor))).toEqual([1587, 2520, 4000]);
    expect(levels).toEqual(coarseToFine(4000, 90).slice(-3));
  });

  it('begin at what was painted, whatever a file was scaled to', () => {
    const scaled = enlargedSchedule(painted(1000), { width: 3000, height: 1800 }, { size: 4000 });
    expect(scaled.levels).toHaveLength(3);
    const shrunk = enlargedSchedule(painted(1000), { width: 500, height: 300 }, { size: 4000 });
    expect(shrunk.levels).toHaveLength(5);
  });

  it('go by the side that the recipe names, and take other evaluations where they are asked for', () => {
    const short = { ...painted(600), side: 'short' as const };
    const { levels } = enlargedSchedule(short, { width: 1000, height: 600 }, { size: 900, iterations: 7 });
    expect(levels).toEqual([{ factor: 1, evaluations: 7 }]);
  });

  it('need a larger size', () => {
    const size = { width: 1000, height: 600 };
    expect(() => enlargedSchedule(painted(1000), size, {})).toThrow(/painted with a long side of 1000 px; say which/);
    expect(() => enlargedSchedule(painted(1000), size, { size: 1000 })).toThrow(/larger/);
  });
});

it('faders stand where they ended', () => {
  const recipe = recipeSchema.parse({
    version: 1,
    content: { sha256: 'a'.repeat(64), name: 'a', width: 4, height: 3 },
    styles: [{ image: { sha256: 'b'.repeat(64), name: 'b', width: 4, height: 3 } }],
    networks: { style: { id: 'v', sha256: 'c'.repeat(64) } },
    objective: { style: 1, content: 1, styleLayers: { a: 1, b: 1 }, contentLayers: {} },
    schedule: { size: 4, levels: [{ factor: 1, evaluations: 5 }] },
    optimizer: { kind: 'adam' },
    init: { kind: 'content' },
    timeline: [
      { evaluation: 1, weights: { style: 3, styleLayers: { a: 0.5 } } },
      { evaluation: 3, weights: { style: 2 } },
    ],
  });
  const { objective, timeline } = ended(recipe);
  expect(objective).toMatchObject({ style: 2, content: 1, styleLayers: { a: 0.5, b: 1 } });
  expect(timeline).toEqual([]);
});
