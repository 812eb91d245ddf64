// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openProgram, type Program } from '../../../src/renderer/app/program.ts';
import { toggleMute, toggleSolo } from '../../../src/renderer/features/equaliser/edits.ts';
import { steerRuns } from '../../../src/renderer/features/steering/steer.ts';
import { isPictureOf, weightChange, weightsOf } from '../../../src/renderer/features/steering/steering.ts';
import { addStyle, set, setPhoto } from '../../../src/renderer/stores/edits.ts';
import { emptyDocument } from '../../../src/shared/studio/document.ts';
import { effectiveSettings } from '../../../src/shared/studio/effective.ts';
import { NETWORK, picture } from './fake/snapshot.ts';
import { FakeTransport } from './fake/transport.ts';

const DOCUMENT = { ...emptyDocument(NETWORK.id), photo: picture('a') };
const BEGAN = weightsOf(effectiveSettings(DOCUMENT, NETWORK), DOCUMENT.faders);

describe('a weight change', () => {
  test('is nothing where nothing moved', () => {
    expect(weightChange(BEGAN, { ...BEGAN }, BEGAN)).toBeUndefined();
  });

  test('names what moved, and nothing else', () => {
    const after = { ...BEGAN, style: 3, styleLayers: { ...BEGAN.styleLayers, relu3_1: 0.4 } };
    expect(weightChange(BEGAN, after, BEGAN)).toEqual({ style: 3, styleLayers: { relu3_1: 0.4 } });
  });

  test('silences layers that are muted, beside a solo one, or taken away', () => {
    const effective = effectiveSettings(DOCUMENT, NETWORK);
    const muted = weightsOf(effective, { muted: ['relu1_1'], solo: null, linked: false });
    expect(weightChange(BEGAN, muted, BEGAN)).toEqual({ styleLayers: { relu1_1: 0 } });
    const solo = weightsOf(effective, { muted: [], solo: 'relu1_1', linked: false });
    expect(weightChange(BEGAN, solo, BEGAN)).toEqual({
      styleLayers: { relu2_1: 0, relu3_1: 0, relu4_1: 0, relu5_1: 0 },
    });
    const { relu5_1: _, ...fewer } = BEGAN.styleLayers;
    expect(weightChange(BEGAN, { ...BEGAN, styleLayers: fewer }, BEGAN)).toEqual({ styleLayers: { relu5_1: 0 } });
  });

  test('leaves out layers that the run began without', () => {
    const more = { ...BEGAN, styleLayers: { ...BEGAN.styleLayers, relu4_2: 1 } };
    expect(weightChange(BEGAN, more, BEGAN)).toBeUndefined();
  });

  test('never lets go of the photo: other layers for it wait as a whole', () => {
    const began = { ...BEGAN, contentLayers: { relu3_1: 1, relu4_2: 1 } };
    const fewer = { ...began, contentLayers: { relu4_2: 1, relu5_1: 1 } };
    expect(weightChange(began, fewer, began)).toEqual({ contentLayers: { relu3_1: 0 } });
    const others = { ...began, contentLayers: { relu5_1: 1 } };
    expect(weightChange(began, others, began)).toBeUndefined();
    expect(weightChange(fewer, others, began)).toEqual({ contentLayers: { relu3_1: 1 } });
    expect(weightChange(others, fewer, began)).toEqual({ contentLayers: { relu3_1: 0 } });
  });
});

test('another photo or network is another picture, another strength is not', () => {
  expect(isPictureOf({ ...DOCUMENT, settings: { style: 4 } }, DOCUMENT)).toBe(true);
  expect(isPictureOf({ ...DOCUMENT, photo: picture('c') }, DOCUMENT)).toBe(false);
  expect(isPictureOf({ ...DOCUMENT, network: 'other' }, DOCUMENT)).toBe(false);
});

describe('the faders act on the running picture', () => {
  let fake: FakeTransport;
  let program: Program;
  let end: () => void;

  beforeEach(async () => {
    vi.useFakeTimers();
    fake = new FakeTransport();
    const opened = await openProgram(fake);
    if (!opened.ok) throw new Error(opened.problem.message);
    program = opened.value;
    program.documents.edit((draft) => {
      setPhoto(draft, picture('a'));
      addStyle(draft, picture('b'));
    });
    end = steerRuns(program);
  });
  afterEach(() => {
    end();
    program.close();
    vi.useRealTimers();
  });

  const edit: Program['documents']['edit'] = (change) => program.documents.edit(change);
  const changes = (): unknown[] =>
    fake.calls.filter(({ method }) => method === 'changeWeights').map(({ request }) => request);
  const begin = () => {
    const job = fake.newJob(program.documents.getState().document);
    fake.emit({ type: 'job', job });
    return job;
  };

  test('but nothing is sent before there is one, nor when it begins', async () => {
    edit((draft) => set(draft, 'style', 2));
    begin();
    await vi.advanceTimersByTimeAsync(500);
    expect(changes()).toEqual([]);
  });

  test('at most ten times a second, the newest winning and the last one arriving', async () => {
    const job = begin();
    for (let i = 1; i <= 40; i++) {
      edit((draft) => set(draft, 'style', 1 + i / 10));
      await vi.advanceTimersByTimeAsync(10);
    }
    await vi.advanceTimersByTimeAsync(200);
    expect(changes().length).toBeLessThanOrEqual(6);
    expect(changes().at(-1)).toEqual({ job: job.id, change: { style: 5 } });
  });

  test('switches too, and undo takes them back', async () => {
    const job = begin();
    edit((draft) => toggleMute(draft, 'relu1_1'));
    await vi.advanceTimersByTimeAsync(200);
    edit((draft) => toggleSolo(draft, 'relu2_1'));
    await vi.advanceTimersByTimeAsync(200);
    program.documents.undo();
    program.documents.undo();
    await vi.advanceTimersByTimeAsync(200);
    expect(changes()).toEqual([
      { job: job.id, change: { styleLayers: { relu1_1: 0 } } },
      { job: job.id, change: { styleLayers: { relu3_1: 0, relu4_1: 0, relu5_1: 0 } } },
      {
        job: job.id,
        change: { styleLayers: { relu1_1: 1, relu3_1: 1, relu4_1: 0.6, relu5_1: 0.2 } },
      },
    ]);
  });

  test('one request at a time', async () => {
    begin();
    const waiting: (() => void)[] = [];
    const call = fake.call;
    (fake as { call: unknown }).call = async (method: 'changeWeights', request: unknown) => {
      await new Promise<void>((done) => waiting.push(done));
      return call(method, request);
    };
    edit((draft) => set(draft, 'content', 1));
    await vi.advanceTimersByTimeAsync(200);
    edit((draft) => set(draft, 'content', 2));
    await vi.advanceTimersByTimeAsync(1000);
    expect(waiting).toHaveLength(1);
    waiting[0]!();
    await vi.advanceTimersByTimeAsync(200);
    waiting[1]!();
    await vi.advanceTimersByTimeAsync(0);
    expect(changes()).toMatchObject([{ change: { content: 1 } }, { change: { content: 2 } }]);
  });

  test('not on a picture of another photo', async () => {
    begin();
    edit((draft) => setPhoto(draft, picture('c')));
    edit((draft) => set(draft, 'style', 9));
    await vi.advanceTimersByTimeAsync(500);
    expect(changes()).toEqual([]);
  });

  test('and on a picture out of the queue only what is moved', async () => {
    const { document } = program.documents.getState();
    edit((draft) => set(draft, 'style', 7));
    const job = fake.newJob(document);
    fake.emit({ type: 'job', job });
    edit((draft) => set(draft, 'content', 0.5));
    await vi.advanceTimersByTimeAsync(500);
    expect(changes()).toEqual([{ job: job.id, change: { content: 0.5 } }]);
  });
});
