import { describe, expect, test } from 'vitest';
import { Losses, MOST_POINTS } from '../../../../src/main/services/studio/losses.ts';
import { METHODS, type JobProgress } from '../../../../src/shared/studio/contract.ts';

const term = (kind: string, layer: string, value: number) => ({
  kind,
  network: 'n',
  layer,
  value,
  weighted: 2 * value,
});
const progress = (total: number, terms: JobProgress['terms'] = [], level = 0): JobProgress => ({
  ...{ level, levels: 2, width: 64, height: 64, evaluation: total, evaluations: 100, total },
  ...{ loss: 1 / total, terms, seconds: 0.1, secondsLeft: 1, memoryBytes: 0 },
});
const totals = (losses: Losses, job = 'a'): number[] => losses.of(job)!.points.map(({ total }) => total);

describe('the losses that the program remembers', () => {
  test('stay bounded and evenly spread, with the first point and the newest', () => {
    const losses = new Losses();
    let most = 0;
    for (let total = 1; total <= 9_001; total++) {
      losses.append('a', progress(total, [term('style', 'relu1_1', 1 / total)]));
      most = Math.max(most, losses.of('a')!.points.length);
    }
    expect(most).toBe(MOST_POINTS + 1);
    const found = totals(losses);
    expect([found[0], found.at(-1)]).toEqual([1, 9_001]);
    expect(found.length).toBeGreaterThan(MOST_POINTS / 4);
    const gaps = found.slice(1, -1).map((total, i) => total - found[i]!);
    expect(new Set(gaps)).toEqual(new Set([8]));
    const { terms, points } = losses.of('a')!;
    expect(terms).toEqual([{ kind: 'style', network: 'n', layer: 'relu1_1' }]);
    expect(points.every(({ total, loss, values }) => loss === 1 / total && values[0] === loss)).toBe(true);
  });

  test('forget what a run repeats after a checkpoint', () => {
    const losses = new Losses();
    for (const total of [1, 2, 3, 4, 2, 3]) losses.append('a', progress(total));
    expect(totals(losses)).toEqual([1, 2, 3]);
  });

  test('have gaps where a term was not there or no number, and cross any border', () => {
    const losses = new Losses();
    losses.append('a', progress(1, [term('style', 'a', 0.5)]));
    losses.append('a', { ...progress(2, [term('content', 'b', NaN)], 1), loss: Infinity });
    losses.append('a', progress(3, [term('content', 'b', 1), term('style', 'a', 0.25)], 1));
    const history = losses.of('a');
    expect(history!.points.map(({ values }) => values)).toEqual([[0.5], [null, null], [0.25, 1]]);
    expect(history!.points.map(({ level, loss }) => [level, loss])).toEqual([
      [0, 1],
      [1, null],
      [1, 1 / 3],
    ]);
    expect(METHODS.losses.response.parse(JSON.parse(JSON.stringify(history)))).toEqual(history);
  });

  test('are those of the newest runs', () => {
    const losses = new Losses();
    for (const job of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) losses.append(job, progress(1));
    expect(losses.of('a')).toBeNull();
    expect(totals(losses, 'g')).toEqual([1]);
    losses.forget('g');
    expect(losses.of('g')).toBeNull();
  });
});
