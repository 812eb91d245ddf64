// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openProgram, type Program } from '../../../src/renderer/app/program.ts';
import { exportPicture, exportsOf, type Written } from '../../../src/renderer/features/export/export-run.ts';
import { startTranslation } from '../../../src/renderer/i18n/index.ts';
import type { Result } from '../../../src/shared/studio/contract.ts';
import { FakeTransport } from './fake/transport.ts';
import { snapshot } from './fake/snapshot.ts';

const WRITTEN: Written = { path: '/out/lake.png', bytes: 9, width: 3, height: 2, skipped: false, notes: [] };
const result = { id: 'r1', name: 'lake' } as Result;

let transport: FakeTransport;
let program: Program;
let end: (written: Written | null) => void;
beforeEach(async () => {
  await startTranslation('en');
  transport = new FakeTransport({ shell: 'desktop' });
  const opened = await openProgram(transport);
  if (!opened.ok) throw new Error(opened.problem.message);
  program = opened.value;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  transport.exporting = new Promise((resolve) => (end = resolve));
});
afterEach(() => {
  vi.useRealTimers();
  program.close();
});

const options = snapshot().preferences.export;
const begin = () => exportPicture(program, result, options, null);
const now = () => exportsOf(program).getState();
const say = (fraction: number, id = now().run!.id) => transport.emit({ type: 'exporting', export: id, fraction });
const notices = () => program.notices.getState().list.map(({ title }) => title);

describe('an export', () => {
  it('is watched when it takes long, with the time that is left', async () => {
    const done = begin();
    expect(now().run).toMatchObject({ fraction: 0, slow: false, secondsLeft: undefined });
    vi.advanceTimersByTime(499);
    expect(now().run!.slow).toBe(false);
    vi.advanceTimersByTime(1);
    expect(now().run!.slow).toBe(true);
    // Reading takes five seconds, and then every second a tenth is written.
    say(0);
    vi.advanceTimersByTime(5000);
    say(0.1);
    expect(now().run).toMatchObject({ fraction: 0.1, secondsLeft: undefined });
    vi.advanceTimersByTime(2000);
    say(0.3);
    expect(now().run!.secondsLeft).toBeCloseTo(7, 6);
    say(0.9, 'another');
    expect(now().run!.fraction).toBe(0.3);
    program.view.setState({ dialog: 'export' });
    end(WRITTEN);
    expect(await done).toEqual(WRITTEN);
    expect(now()).toEqual({ run: undefined, written: WRITTEN });
    expect(notices()).toEqual([]);
  });

  it('is one at a time', async () => {
    const first = begin();
    expect(await begin()).toBeUndefined();
    expect(transport.calls.filter(({ method }) => method === 'exportResult')).toHaveLength(1);
    end(WRITTEN);
    await first;
    expect(await begin()).toMatchObject({ path: 'lake.png' });
  });

  it('says that it is done where its dialog is closed', async () => {
    const done = begin();
    end(WRITTEN);
    await done;
    expect(now()).toEqual({ run: undefined, written: undefined });
    expect(notices()).toEqual(['The picture was written.']);
    const [notice] = program.notices.getState().list;
    expect(notice!.detail).toBe('lake.png');
    notice!.action!.run();
    expect(transport.calls.at(-1)).toEqual({ method: 'showInFolder', request: { path: '/out/lake.png' } });
  });

  it('says that it was cancelled', async () => {
    const done = begin();
    end(null);
    expect(await done).toBeUndefined();
    expect(now()).toEqual({ run: undefined, written: undefined });
    expect(notices()).toEqual(['The export was cancelled; no file was written.']);
  });
});
