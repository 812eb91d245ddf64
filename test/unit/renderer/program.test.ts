// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { keepEstimate } from '../../../src/renderer/app/estimate.ts';
import { followRuns } from '../../../src/renderer/app/follow.ts';
import { openProgram, type Program } from '../../../src/renderer/app/program.ts';
import { runAction } from '../../../src/renderer/actions/use-action.ts';
import { listenForShortcuts } from '../../../src/renderer/actions/keyboard.ts';
import { autosave } from '../../../src/renderer/stores/autosave.ts';
import { addStyle, setPhoto } from '../../../src/renderer/stores/edits.ts';
import { picture } from './fake/snapshot.ts';
import { FakeTransport } from './fake/transport.ts';

let fake: FakeTransport;
let program: Program;

beforeEach(async () => {
  vi.useFakeTimers();
  fake = new FakeTransport();
  const opened = await openProgram(fake);
  if (!opened.ok) throw new Error(opened.problem.message);
  program = opened.value;
});
afterEach(() => {
  program.close();
  vi.useRealTimers();
});

const asked = (method: string): number => fake.calls.filter((call) => call.method === method).length;
const choosePictures = (): void =>
  program.documents.edit((draft) => {
    setPhoto(draft, picture('a'));
    addStyle(draft, picture('b'));
  });
const key = (type: 'keydown' | 'keyup', init: KeyboardEventInit): void =>
  void window.dispatchEvent(new KeyboardEvent(type, { cancelable: true, ...init }));

describe('the program in the window', () => {
  test('does not miss what happens while it opens', async () => {
    const early = new FakeTransport();
    const opening = openProgram(early);
    early.emit({ type: 'queue', jobs: [], paused: true });
    const opened = await opening;
    expect(opened.ok && opened.value.session.getState().queuePaused).toBe(true);
  });

  test('asks for everything again after a lost connection, and keeps the document', async () => {
    choosePictures();
    fake.connection(false);
    expect(program.session.getState().connected).toBe(false);
    fake.state = { ...fake.state, queuePaused: true };
    fake.connection(true);
    await vi.advanceTimersByTimeAsync(0);
    expect(program.session.getState()).toMatchObject({ connected: true, queuePaused: true });
    expect(program.documents.getState().document.photo).toEqual(picture('a'));
  });

  test('shows a problem as a notice', async () => {
    fake.call = async () => ({ ok: false, problem: { kind: 'runtime', message: 'Broken.' } });
    expect(await program.ask('probeDevices', {})).toBeUndefined();
    expect(program.notices.getState().list).toMatchObject([{ tone: 'error', title: 'Broken.' }]);
  });

  test('saves the document a moment after the last of several changes', async () => {
    const save = vi.fn(async () => true);
    const end = autosave(program.documents, save);
    for (let i = 0; i < 5; i++) {
      choosePictures();
      program.documents.edit((draft) => void (draft.settings.size = 100 + i));
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(save).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1000);
    expect(save).toHaveBeenCalledTimes(1);
    end();
  });

  test('asks what a run would take when something changes that it depends on, and only then', async () => {
    const end = keepEstimate(program);
    choosePictures();
    await vi.advanceTimersByTimeAsync(500);
    program.documents.edit((draft) => void (draft.settings.style = 3));
    await vi.advanceTimersByTimeAsync(500);
    expect(asked('estimate')).toBe(1);
    expect(program.session.getState().estimate).toMatchObject({ fits: true });
    end();
  });

  test('shows the run that was started, and leaves a result of the history alone', async () => {
    const end = followRuns(program);
    choosePictures();
    runAction(program, 'start');
    await vi.advanceTimersByTimeAsync(0);
    expect(program.view.getState().shown).toEqual({ kind: 'job', id: 'job-1' });
    program.view.setState({ shown: { kind: 'result', id: 'old' } });
    fake.emit({ type: 'job', job: fake.newJob(program.documents.getState().document) });
    expect(program.view.getState().shown).toEqual({ kind: 'result', id: 'old' });
    end();
  });

  test('leaves the run behind with its photo, and undo brings both back', async () => {
    const end = followRuns(program);
    choosePictures();
    runAction(program, 'start');
    await vi.advanceTimersByTimeAsync(0);
    program.documents.edit((draft) => setPhoto(draft, picture('c')));
    expect(program.view.getState().shown).toBeNull();
    program.documents.undo();
    expect(program.view.getState().shown).toEqual({ kind: 'job', id: 'job-1' });
    end();
  });

  test('does not start what cannot be started', () => {
    runAction(program, 'start');
    expect(asked('start')).toBe(0);
  });
});

describe('the keyboard', () => {
  test('peeks at the photo as long as the key is held', () => {
    const end = listenForShortcuts(program);
    choosePictures();
    key('keydown', { key: 'h', code: 'KeyH' });
    expect(program.view.getState().peeking).toBe(true);
    key('keyup', { key: 'h', code: 'KeyH' });
    expect(program.view.getState().peeking).toBe(false);
    end();
  });

  test('leaves letters to text fields, and rests where single keys are switched off', () => {
    const end = listenForShortcuts(program);
    const field = document.body.appendChild(document.createElement('input'));
    field.dispatchEvent(new KeyboardEvent('keydown', { key: '4', code: 'Digit4', bubbles: true }));
    expect(program.view.getState().mode).toBe('result');
    program.prefer({ singleKeyShortcuts: false });
    key('keydown', { key: '4', code: 'Digit4' });
    expect(program.view.getState().mode).toBe('result');
    program.prefer({ singleKeyShortcuts: true });
    key('keydown', { key: '4', code: 'Digit4' });
    expect(program.view.getState().mode).toBe('split');
    end();
  });
});
