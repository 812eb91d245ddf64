import { describe, expect, test } from 'vitest';
import { activeJob, applyEvent, createSessionStore, type Session } from '../../../src/renderer/stores/session.ts';
import type { StudioEvent } from '../../../src/shared/studio/contract.ts';
import { emptyDocument } from '../../../src/shared/studio/document.ts';
import { NETWORK, snapshot } from './fake/snapshot.ts';
import { FakeTransport } from './fake/transport.ts';

const document = emptyDocument(NETWORK.id);
const fake = new FakeTransport();
const [first, second] = [fake.newJob(document, 'running'), fake.newJob(document, 'waiting')];
const start = createSessionStore(snapshot({ jobs: [first, second] })).getState();
const after = (...events: StudioEvent[]): Session => events.reduce(applyEvent, start);

describe('the session', () => {
  test('mirrors jobs as they change, come and go', () => {
    expect(after({ type: 'job', job: { ...first, state: 'paused' } }).jobs[0]!.state).toBe('paused');
    const third = fake.newJob(document);
    expect(after({ type: 'job', job: third }).jobs.map(({ id }) => id)).toEqual([first.id, second.id, third.id]);
    const queue = after({ type: 'queue', jobs: [second.id], paused: true });
    expect([queue.jobs.map(({ id }) => id), queue.queuePaused]).toEqual([[second.id], true]);
  });

  test('knows the newest preview and its size', () => {
    const state = after({ type: 'preview', job: first.id, preview: 7, width: 256, height: 170, total: 12 });
    expect(state.jobs[0]!.preview).toBe(7);
    expect(state.previews[first.id]).toEqual({ version: 7, width: 256, height: 170, total: 12 });
  });

  test('keeps the reason of a download that failed, and forgets one that ended well', () => {
    const event = { type: 'download', network: 'vgg19', bytesPerSecond: 0 } as const;
    const problem = { kind: 'network', message: 'No connection.' } as const;
    expect(after({ ...event, ended: 'failed', problem }).downloads['vgg19']).toMatchObject({ problem });
    expect(after({ ...event, fraction: 0.5 }, { ...event, ended: 'installed' }).downloads).toEqual({});
  });

  test('stays the same object when an event changes nothing in it', () => {
    expect(after({ type: 'weighed', job: first.id, evaluation: 3 })).toBe(start);
  });

  test('finds the job that is being painted before one that is paused', () => {
    expect(activeJob(after({ type: 'job', job: { ...second, state: 'paused' } }))?.id).toBe(first.id);
    expect(activeJob(after({ type: 'job', job: { ...first, state: 'done' } }))).toBeUndefined();
  });
});
