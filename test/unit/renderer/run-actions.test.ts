// @vitest-environment happy-dom
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { openProgram, type Program } from '../../../src/renderer/app/program.ts';
import { runActions } from '../../../src/renderer/actions/run.ts';
import { startTranslation } from '../../../src/renderer/i18n/index.ts';
import { addStyle, setPhoto } from '../../../src/renderer/stores/edits.ts';
import { picture } from './fake/snapshot.ts';
import { FakeTransport } from './fake/transport.ts';

let fake: FakeTransport;
let program: Program;

beforeAll(() => startTranslation('en'));
beforeEach(async () => {
  fake = new FakeTransport();
  const opened = await openProgram(fake);
  if (!opened.ok) throw new Error(opened.problem.message);
  program = opened.value;
  program.documents.edit((draft) => {
    setPhoto(draft, picture('a'));
    addStyle(draft, picture('b'));
  });
});
afterEach(() => program.close());

const settled = (): Promise<void> => new Promise((done) => setTimeout(done, 5));
const asked = (): unknown[] => fake.calls.slice(1).map(({ method }) => method);
const begin = () => {
  const job = fake.newJob(program.documents.getState().document);
  fake.emit({ type: 'job', job });
  program.view.setState({ shown: { kind: 'job', id: job.id } });
  return job;
};

test('a start while a picture is painted joins the queue, and the canvas stays', async () => {
  const job = begin();
  runActions.start.run(program);
  await settled();
  expect(asked()).toEqual(['start']);
  expect(program.view.getState().shown).toEqual({ kind: 'job', id: job.id });
  expect(program.notices.getState().list).toMatchObject([{ tone: 'success', title: 'Added to the queue' }]);
});

test('beginning anew keeps the old picture and shows the new one', async () => {
  begin();
  expect(runActions.restart.enabled!(program)).toBe(true);
  runActions.restart.run(program);
  await settled();
  expect(asked()).toEqual(['stop', 'start']);
  expect(program.view.getState().shown).toEqual({ kind: 'job', id: 'job-2' });
});

test('beginning anew waits for the end of the old picture where the queue rests', async () => {
  const job = begin();
  fake.emit({ type: 'queue', jobs: [job.id], paused: true });
  runActions.restart.run(program);
  await settled();
  expect(asked()).toEqual(['stop']);
  fake.emit({ type: 'job', job: { ...job, state: 'stopped' } });
  await settled();
  expect(asked()).toEqual(['stop', 'start']);
});

test('nothing is begun anew where nothing runs', () => {
  expect(runActions.restart.enabled!(program)).toBe(false);
  expect(runActions.enqueue.enabled!(program)).toBe(false);
});
