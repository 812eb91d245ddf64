import { describe, expect, test } from 'vitest';
import { bytes, duration, rate, steady } from '../../../src/renderer/features/run/words.ts';
import { readout } from '../../../src/renderer/features/run/readout.ts';
import { shareDone, whereOf } from '../../../src/renderer/features/run/where.ts';
import { timeSpan } from '../../../src/renderer/features/render/words.ts';
import {
  amountOf,
  referenceOf,
  STRENGTH_WORDS,
  strengthWord,
  weightOf,
} from '../../../src/renderer/features/settings/amount.ts';
import { createSessionStore } from '../../../src/renderer/stores/session.ts';
import { picture, snapshot } from './fake/snapshot.ts';
import { FakeTransport } from './fake/transport.ts';
import { emptyDocument } from '../../../src/shared/studio/document.ts';

test('times are said coarsely, in the person’s language', () => {
  const words = (seconds: number): string => duration(seconds, 'en');
  expect([0.2, 7, 12, 58, 100, 3599, 3700, 5400, 7200].map(words)).toEqual([
    ...['1 sec', '7 sec', '10 sec', '1 min', '2 min'],
    ...['1 hr', '1 hr', '1 hr 30 min', '2 hr'],
  ]);
  expect(duration(200, 'de')).toBe('3 Min.');
});

test('spans of time are said in one unit, no finer than anybody plans', () => {
  const words = (from: number, to: number): string => timeSpan({ from, to }, 'en');
  expect(words(40, 70)).toBe('40–70 seconds');
  expect(words(500, 800)).toBe('8–13 minutes');
  expect(words(9000, 15_000)).toBe('2.5–4 hours');
  expect(words(9000, 9100)).toBe('2.5 hours');
  expect(words(100_000, 200_000)).toBe('1–2.5 days');
  expect(timeSpan({ from: 9000, to: 15_000 }, 'de')).toBe('2,5–4 Stunden');
});

test('sizes and speeds are short', () => {
  expect(bytes(512e6, 'en')).toBe('512 MB');
  expect(bytes(1.34e9, 'de')).toMatch(/^1,3\sGB$/);
  expect([rate(4.23, 'en'), rate(42.3, 'en')]).toEqual(['4.2', '42']);
});

describe('the time left', () => {
  test('counts down with the clock while guesses waver', () => {
    let shown = 100;
    for (const guess of [104, 93, 99, 90]) {
      const next = steady(shown, guess, 1);
      expect(Math.abs(next - (shown - 1))).toBeLessThan(1);
      shown = next;
    }
  });

  test('believes a guess that is far off', () => {
    expect(steady(100, 300, 1)).toBe(300);
    expect(steady(undefined, 60, 0)).toBe(60);
  });
});

describe('the readout', () => {
  const at = (total: number, evaluation: number, level = 0) => ({
    ...{ level, levels: 2, width: 64, height: 64, evaluation, evaluations: 50, total, loss: 1, terms: [] },
    ...{ seconds: 0.5, secondsLeft: 60, memoryBytes: 0 },
  });
  const session = (total: number, state: 'running' | 'paused' = 'running') => {
    const job = new FakeTransport().newJob({ ...emptyDocument('n'), photo: picture('a') }, state);
    return createSessionStore(snapshot({ jobs: [{ ...job, progress: at(total, total) }] })).getState();
  };

  test('is of nothing where nothing runs', () => {
    expect(readout(createSessionStore(snapshot()).getState(), undefined, 0)).toBeUndefined();
  });

  test('measures the speed between two looks', () => {
    const first = readout(session(10), undefined, 0)!;
    expect(first.speed).toBe(2);
    const second = readout(session(14), { ...first, speed: undefined }, 1)!;
    expect(second.speed).toBe(4);
    // One that took half a second ended between two looks; how far they are apart says nothing.
    expect(readout(session(15), { ...second, speed: undefined }, 0.6)!.speed).toBe(2);
    expect(readout(session(14, 'paused'), second, 1)).toMatchObject({ paused: true, speed: undefined });
  });

  test('counts levels alike', () => {
    const share = (progress: ReturnType<typeof at>) => shareDone(whereOf({ progress })!);
    expect(share(at(25, 25))).toBe(0.25);
    expect(share(at(75, 25, 1))).toBe(0.75);
  });

  test('goes on within evaluations that are looked at in pieces', () => {
    const { level, levels, width, height, evaluations } = at(0, 0);
    const tile = (evaluation: number, index: number, secondsLeft: number | null = 40, preparing = false) => ({
      ...{ level, levels, width, height, evaluation, evaluations },
      ...{ tile: index, tiles: 10, preparing, secondsLeft },
    });
    const shares = [0, 5, 9].map((index) => shareDone(whereOf({ progress: at(20, 20), tile: tile(20, index) })!));
    expect(shares).toEqual([0.2, 0.205, 0.209]);
    // What was said of the evaluation before counts no more than before the first one.
    expect(whereOf({ progress: at(21, 21), tile: tile(20, 9) })).toMatchObject({ evaluation: 21, tile: undefined });
    expect(shareDone(whereOf({ tile: tile(0, 5, null, true) })!)).toBe(0);
    expect(whereOf({ progress: at(20, 20), tile: tile(20, 5) })!.secondsLeft).toBe(40);
    expect(whereOf({ progress: at(20, 20), tile: tile(20, 0, null) })!.secondsLeft).toBe(60);
    expect(whereOf({})).toBeUndefined();
  });
});

describe('amounts', () => {
  test('go there and back, 50 being the suggestion and 0 nothing', () => {
    for (const amount of [0, 5, 30, 50, 77, 100]) expect(amountOf(weightOf(amount, 0.07), 0.07)).toBeCloseTo(amount);
    expect(weightOf(50, 0.07)).toBeCloseTo(0.07);
    expect(weightOf(0, 0.07)).toBe(0);
  });

  test('have something to be relative to', () => {
    expect([referenceOf(0, 0.02), referenceOf(5, 0.02)]).toEqual([0.02, 5]);
  });

  test('have words', () => {
    expect([0, 10, 40, 50, 60, 80, 100].map(strengthWord)).toEqual(STRENGTH_WORDS);
  });
});
