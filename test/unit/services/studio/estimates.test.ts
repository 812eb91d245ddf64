import { describe, expect, it } from 'vitest';
import { Estimates, type Workload } from '../../../../src/main/services/studio/estimates.ts';
import { Log } from '../../../../src/main/services/studio/log.ts';
import type { JobProgress, NetworkCard } from '../../../../src/shared/studio/contract.ts';
import { file, newFolder } from './studio-kit.ts';

const WORK: Workload = { network: 'a', contentNetwork: null, provider: 'cpu' };
const card = (channels: number) =>
  ({ layers: [{ name: 'l', label: '', channels, stride: 1 }] }) as unknown as NetworkCard;
const around = (cards: Record<string, NetworkCard> = {}) => ({
  provider: 'cpu' as const,
  card: (id: string) => cards[id],
  speed: () => 1,
});
const made = (side: number, seconds: number): JobProgress => ({
  ...{ level: 0, levels: 1, width: side, height: side, evaluation: 1, evaluations: 1, total: 1, loss: 1, terms: [] },
  ...{ seconds, secondsLeft: 0, memoryBytes: 1e9 },
});
const level = (side: number, evaluations: number, coverage: number | null = null) => ({
  pixels: side ** 2,
  evaluations,
  coverage,
});
const open = async (path = `${newFolder()}.json`) => Estimates.open(path, await Log.open());
const middle = ({ from, to }: { from: number; to: number }) => Math.sqrt(from * to);

describe('the time of levels that are planned', () => {
  it('is not known before anything was measured, nor of a network of which nothing is known', async () => {
    const estimates = await open();
    expect(estimates.timeOf(WORK, [level(500, 10)], around())).toBeNull();
    estimates.learn(WORK, made(500, 2));
    expect(estimates.timeOf({ ...WORK, network: 'b' }, [level(500, 10)], around())).toBeNull();
  });

  it('is in proportion to pixels and evaluations, and vaguer for sizes that are far away', async () => {
    const estimates = await open();
    estimates.learn(WORK, made(500, 2));
    const near = estimates.timeOf(WORK, [level(1000, 10)], around())!;
    expect(middle(near) / (4 * 2 * 10)).toBeGreaterThan(1);
    expect(middle(near) / (4 * 2 * 10)).toBeLessThan(1.25);
    const far = estimates.timeOf(WORK, [level(5000, 10)], around())!;
    expect(middle(far) / middle(near)).toBeCloseTo(25, 0);
    expect(far.to / far.from).toBeGreaterThan(near.to / near.from);
    const both = estimates.timeOf(WORK, [level(1000, 10), level(5000, 10)], around())!;
    expect(both.to).toBeCloseTo(near.to + far.to);
  });

  it('is longer in tiles by their second pass and overlap, until tiles were measured', async () => {
    const estimates = await open();
    estimates.learn(WORK, made(500, 2));
    const whole = estimates.timeOf(WORK, [level(900, 10)], around())!;
    const tiled = estimates.timeOf(WORK, [level(900, 10, 1.3)], around())!;
    expect(tiled.to / whole.to).toBeCloseTo((4 / 3) * 1.3);
    // Twice as long as one piece would take.
    estimates.learn(WORK, made(1000, 16), true);
    const learnt = estimates.timeOf(WORK, [level(900, 10, 1.3)], around())!;
    expect(learnt.to / whole.to).toBeCloseTo(2);
    expect(estimates.timeOf(WORK, [level(900, 10)], around())).toEqual(whole);
  });

  it('follows from another network by what there is to compute, and is vague then', async () => {
    const estimates = await open();
    estimates.learn(WORK, made(500, 2));
    const own = estimates.timeOf(WORK, [level(500, 10)], around())!;
    const cards = { a: card(64), b: card(192) };
    const other = estimates.timeOf({ ...WORK, network: 'b' }, [level(500, 10)], around(cards))!;
    expect(other.to / other.from).toBe(4);
    expect(middle(other) / middle(own)).toBeCloseTo(3, 0);
  });

  it('is remembered, that of tiles too', async () => {
    const path = file('measurements.json');
    const estimates = await open(path);
    estimates.learn(WORK, made(500, 2));
    estimates.learn(WORK, made(1000, 16), true);
    await estimates.save();
    const again = await open(path);
    const levels = [level(500, 3), level(3000, 3, 1.2)];
    expect(again.timeOf(WORK, levels, around())).toEqual(estimates.timeOf(WORK, levels, around()));
  });
});
