import { describe, expect, test } from 'vitest';
import { LossHistory, MOST_POINTS } from '../../../src/renderer/features/losses/history.ts';
import { curvesOf, lossWords, spread } from '../../../src/renderer/features/losses/series.ts';
import type { JobProgress } from '../../../src/shared/studio/contract.ts';

const term = (kind: string, layer: string, value: number) => ({ kind, network: 'n', layer, value, weighted: value });
const progress = (total: number, terms: JobProgress['terms'] = [], level = 0): JobProgress => ({
  ...{ level, levels: 2, width: 64, height: 64, evaluation: total, evaluations: 100, total },
  ...{ loss: 1 / total, terms, seconds: 0.1, secondsLeft: 1, memoryBytes: 0 },
});

describe('the history of losses', () => {
  test('stays bounded, ascending, and keeps the first and the newest point', () => {
    const history = new LossHistory();
    let most = 0;
    for (let total = 1; total <= 25_000; total++) {
      history.append(progress(total, [term('style', 'relu1_1', 1 / total)]));
      most = Math.max(most, history.totals.length);
    }
    expect(most).toBe(MOST_POINTS);
    const { totals, losses, terms } = history;
    expect([totals[0], totals.at(-1)]).toEqual([1, 25_000]);
    expect(totals.every((total, i) => i === 0 || total > totals[i - 1]!)).toBe(true);
    expect(totals.length).toBeGreaterThan(MOST_POINTS / 4);
    expect(losses).toEqual(totals.map((total) => 1 / total));
    expect([...terms.values()][0]!.weighted).toEqual(losses);
  });

  test('knows the first and the newest value of every term', () => {
    const history = new LossHistory();
    for (const value of [0.8, 0.4, 0.2]) {
      history.append(progress(history.totals.length + 1, [term('style', 'relu1_1', value)]));
    }
    expect(history.terms.get('style n relu1_1')).toMatchObject({ first: 0.8, newest: 0.2 });
  });

  test('forgets what a run repeats after a checkpoint', () => {
    const history = new LossHistory();
    for (const total of [1, 2, 3, 4, 2, 3]) history.append(progress(total));
    expect(history.totals).toEqual([1, 2, 3]);
  });

  test('leaves gaps where a term was silent, failed, or not there yet', () => {
    const history = new LossHistory();
    history.append(progress(1, [term('style', 'a', 0.5)]));
    history.append(progress(2, [term('style', 'a', 0), term('content', 'b', NaN)]));
    history.append(progress(3, [term('content', 'b', 0.1)]));
    expect([...history.terms.values()].map(({ weighted }) => weighted)).toEqual([
      [0.5, null, null],
      [null, null, 0.1],
    ]);
  });

  test('remembers where levels began', () => {
    const history = new LossHistory();
    for (const total of [1, 2, 3, 4]) history.append(progress(total, [], total > 2 ? 1 : 0));
    expect(history.levels).toEqual([3]);
  });
});

test('curves are the sums, then the layers', () => {
  const history = new LossHistory();
  const terms = [term('style', 'a', 0.25), term('style', 'b', 0.5), term('content', 'c', 1), term('variation', '', 2)];
  history.append(progress(1, terms));
  expect(curvesOf(history).map(({ id, values }) => [id, values[0]])).toEqual([
    ['total', 1],
    ['style', 0.75],
    ['content', 1],
    ['variation', 2],
    ['layer:a', 0.25],
    ['layer:b', 0.5],
  ]);
});

test('curves that never had a value are left out', () => {
  const history = new LossHistory();
  history.append(progress(1, [term('style', 'a', 0.25)]));
  expect(curvesOf(history).map(({ id }) => id)).toEqual(['total', 'style', 'layer:a']);
});

test('the table has the first and the last point', () => {
  expect(spread(3, 16)).toEqual([0, 1, 2]);
  const rows = spread(1000, 16);
  expect([rows.length, rows[0], rows.at(-1)]).toEqual([16, 0, 999]);
});

test('losses have three digits that count', () => {
  expect(lossWords(0.012345, 'en')).toBe('0.0123');
  expect(lossWords(0.012345, 'de')).toBe('0,0123');
  expect(lossWords(1.92e7, 'en')).toBe('1.92E7');
  expect(lossWords(null, 'en')).toBe('–');
});
