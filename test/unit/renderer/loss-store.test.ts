// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openProgram, type Program } from '../../../src/renderer/app/program.ts';
import { lossesOf, recordLosses } from '../../../src/renderer/features/losses/store.ts';
import type { Job, JobProgress, LossHistory } from '../../../src/shared/studio/contract.ts';
import { emptyDocument } from '../../../src/shared/studio/document.ts';
import { NETWORK } from './fake/snapshot.ts';
import { FakeTransport } from './fake/transport.ts';

const progress = (total: number): JobProgress => ({
  ...{ level: 0, levels: 1, width: 64, height: 64, evaluation: total, evaluations: 100, total },
  ...{ loss: 1 / total, seconds: 0.1, secondsLeft: 1, memoryBytes: 0 },
  terms: [{ kind: 'style', network: 'n', layer: 'relu1_1', value: 2 / total, weighted: 1 / total }],
});
const remembered = (...totals: number[]): LossHistory => ({
  terms: [{ kind: 'style', network: 'n', layer: 'relu1_1' }],
  points: totals.map((total) => ({
    ...{ total, level: total > 2 ? 1 : 0, loss: 1 / total },
    ...{ values: [2 / total], weighted: [1 / total] },
  })),
});

let fake: FakeTransport;
let program: Program;
let job: Job;
let answer: (history: LossHistory | null) => void;
let end: () => void;

beforeEach(async () => {
  fake = new FakeTransport();
  job = fake.newJob(emptyDocument(NETWORK.id));
  fake.state = { ...fake.state, jobs: [job] };
  const call = fake.call;
  fake.call = async (method, request) => {
    const given = await call(method, request);
    if (method !== 'losses') return given;
    return new Promise((resolve) => (answer = (value) => resolve({ ok: true, value: value as never })));
  };
  const opened = await openProgram(fake);
  if (!opened.ok) throw new Error(opened.problem.message);
  program = opened.value;
  end = recordLosses(program);
  await vi.waitFor(() => expect(answer).toBeDefined());
});
afterEach(() => {
  end();
  program.close();
});

const says = (total: number): void => fake.emit({ type: 'progress', job: job.id, progress: progress(total) });
const history = () => lossesOf(program).getState().runs.get(job.id);
const asked = (): unknown[] => fake.calls.filter(({ method }) => method === 'losses').map(({ request }) => request);

test('a window that opens during a run has what was before, and what was said meanwhile once', async () => {
  says(4);
  says(5);
  expect(history()).toBeUndefined();
  answer(remembered(1, 2, 3, 4));
  await vi.waitFor(() => expect(history()?.totals).toEqual([1, 2, 3, 4, 5]));
  says(6);
  expect(history()!.losses).toEqual([1, 2, 3, 4, 5, 6].map((total) => 1 / total));
  expect(history()!.levels).toEqual([3, 5]);
  expect(history()!.terms.get('style n relu1_1')).toMatchObject({ first: 2, newest: 2 / 6 });
  expect(asked()).toEqual([{ job: job.id }]);
});

test('where nothing is remembered it begins with what is said', async () => {
  says(7);
  answer(null);
  await vi.waitFor(() => expect(history()?.totals).toEqual([7]));
});

test('what was missed while the connection was lost is asked for', async () => {
  answer(remembered(1, 2));
  await vi.waitFor(() => expect(history()?.totals).toEqual([1, 2]));
  const before = answer;
  fake.connection(false);
  fake.connection(true);
  await vi.waitFor(() => expect(answer).not.toBe(before));
  expect(asked()).toHaveLength(2);
  answer(remembered(1, 2, 3, 4));
  await vi.waitFor(() => expect(history()?.totals).toEqual([1, 2, 3, 4]));
});
