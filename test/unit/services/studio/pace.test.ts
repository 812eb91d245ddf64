import { describe, expect, it } from 'vitest';
import { Pace, type TilePlace } from '../../../../src/main/services/studio/pace.ts';
import type { JobProgress } from '../../../../src/shared/studio/contract.ts';

const LEVELS = [
  { width: 100, height: 100, evaluations: 4 },
  { width: 200, height: 200, evaluations: 3 },
];
const at = (level: number, evaluation: number, tile: number, preparing = false): TilePlace => ({
  level,
  evaluation,
  tile,
  tiles: 8,
  preparing,
});
const ended = (level: number, evaluation: number, secondsLeft: number): JobProgress => ({
  ...LEVELS[level]!,
  level,
  levels: 2,
  evaluation,
  total: 0,
  loss: 1,
  terms: [],
  seconds: 1,
  secondsLeft,
  memoryBytes: 1,
});
const left = (pace: Pace, place: TilePlace, worked: number): number | null => pace.place(place, worked).secondsLeft;

describe('the time that is left within an evaluation', () => {
  it('is not known before anything tells', () => {
    const pace = new Pace(LEVELS);
    expect(left(pace, at(0, 0, 3, true), 5)).toBeNull();
    expect(left(pace, at(0, 0, 0), 9)).toBeNull();
  });

  it('follows from the first tiles, of which those of the second pass take three times as long', () => {
    const pace = new Pace(LEVELS);
    left(pace, at(0, 0, 0), 10);
    // A quarter of the evaluation's time after half of its tiles: 8 s each. 4 evaluations here, and 3 of four times the pixels.
    expect(left(pace, at(0, 0, 4), 12)).toBeCloseTo(8 * (4 - 0.25 + 12));
    expect(left(pace, at(0, 0, 6), 15)).toBeCloseTo(8 * (4 - 0.625 + 12));
  });

  it('goes on from evaluations that were made, and falls with every tile', () => {
    const pace = new Pace(LEVELS);
    pace.evaluated(ended(0, 1, 10 * (3 + 12)), 10);
    const times = [0, 1, 4, 7].map((tile) => left(pace, at(0, 1, tile), 11)!);
    expect(times[0]).toBeCloseTo(150);
    expect(times).toEqual(times.toSorted((a, b) => b - a));
    expect(times[3]).toBeGreaterThan(140);
  });

  it('takes a new level to be as slow per pixel as the one before, until its own tiles tell', () => {
    const pace = new Pace(LEVELS);
    pace.evaluated(ended(0, 3, 10 * (1 + 12)), 10);
    expect(left(pace, at(1, 0, 0, true), 20)).toBeCloseTo(40 * 3);
    expect(left(pace, at(1, 0, 0), 30)).toBeCloseTo(40 * 3);
    // 20 s for a quarter.
    expect(left(pace, at(1, 0, 4), 50)).toBeCloseTo(80 * (3 - 0.25));
  });
});
