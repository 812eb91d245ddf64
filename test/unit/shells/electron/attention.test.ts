import { beforeEach, expect, it, vi } from 'vitest';
import { Attention } from '../../../../src/main/shells/electron/attention.ts';
import { menuTemplate } from '../../../../src/main/shells/electron/menu.ts';
import { wordsOf } from '../../../../src/main/shells/electron/words.ts';
import type { Job, StudioEvent } from '../../../../src/shared/studio/contract.ts';
import { standIn } from '../../../support/electron-stand-in/index.ts';

vi.mock('electron', () => import('../../../support/electron-stand-in/index.ts'));

const progress: (readonly [number, string | undefined])[] = [];
const window = {
  isFocused: () => standIn.focused,
  isMinimized: () => true,
  restore: () => standIn.done.push(['restore']),
  show: () => standIn.done.push(['show']),
  setProgressBar: (value: number, options?: { mode: string }) => progress.push([value, options?.mode]),
};
let attention: Attention;
beforeEach(() => {
  attention = new Attention(
    () => window as never,
    () => wordsOf('en', 'de'),
  );
  progress.length = 0;
  standIn.notifications.length = 0;
  standIn.focused = false;
  return () => attention.close();
});

const job = (state: Job['state'], id = 'a'): StudioEvent => ({ type: 'job', job: { id, state, name: 'Sea' } as Job });
const progressed = (level: number, evaluation: number): StudioEvent =>
  ({ type: 'progress', job: 'a', progress: { level, levels: 2, evaluation, evaluations: 50 } }) as StudioEvent;

it('shows how far a run is, keeps the computer awake, and says when it is done', () => {
  attention.hear(job('waiting'));
  expect([attention.busy, standIn.blockers.size]).toEqual([false, 0]);
  attention.hear(job('running'));
  expect([attention.busy, standIn.blockers.size, progress.at(-1)]).toEqual([true, 1, [0, 'normal']]);
  attention.hear(progressed(0, 25));
  expect(progress.at(-1)).toEqual([0.25, 'normal']);
  attention.hear(job('paused'));
  expect([standIn.blockers.size, progress.at(-1)]).toEqual([0, [0.25, 'paused']]);
  attention.hear(job('running'));
  expect(progress.at(-1)).toEqual([0.25, 'normal']);
  attention.hear(job('done'));
  expect([standIn.blockers.size, progress.at(-1)]).toEqual([0, [-1, undefined]]);
  expect(standIn.notifications.map(({ options }) => options)).toEqual([
    { title: 'The picture is finished', body: 'Sea' },
  ]);
  standIn.notifications[0]!.emit('click');
  expect(standIn.done.splice(0)).toEqual([['restore'], ['show']]);
});

it('says nothing to somebody who looks on, nor of jobs that ended before', () => {
  attention.hear(job('done', 'old'));
  standIn.focused = true;
  attention.hear(job('running'));
  attention.hear(job('failed'));
  expect(standIn.notifications).toEqual([]);
});

it('forgets jobs that are taken off the list', () => {
  attention.hear(job('running'));
  attention.hear({ type: 'queue', jobs: [], paused: false });
  expect([attention.busy, standIn.blockers.size]).toEqual([false, 0]);
});

it('has a menu whose commands the window knows, in both languages', async () => {
  // The window's modules are checked with the page's types, which this file does not have.
  const actions = '../../../../src/renderer/actions/index.ts';
  const { ACTION_IDS } = (await import(actions)) as { ACTION_IDS: readonly string[] };
  for (const [language, mac] of [
    ['en', true],
    ['de', false],
  ] as const) {
    const said: string[] = [];
    standIn.menu = menuTemplate({
      words: wordsOf(language, 'fr-FR'),
      mac,
      command: (action) => said.push(action),
      openPictures: () => said.push('open'),
      developer: false,
    });
    const ids = standIn.menu
      .flatMap(({ submenu }) => (Array.isArray(submenu) ? submenu : []))
      .flatMap(({ id }) => id ?? []);
    for (const id of ids) standIn.choose(id);
    expect(said).toEqual(ids);
    const commands = ids.filter((id) => id !== 'open');
    expect(commands.length).toBeGreaterThan(15);
    expect(commands.filter((id) => !ACTION_IDS.includes(id))).toEqual([]);
    const view = standIn.menu.find(({ label }) => label === wordsOf(language, 'fr-FR').view)!;
    expect(view.submenu).toContainEqual(
      expect.objectContaining({ id: 'switchScreen', accelerator: 'CmdOrCtrl+Shift+L', registerAccelerator: false }),
    );
  }
});

it('speaks the language of the system where none was chosen', () => {
  expect(wordsOf('system', 'de-AT').file).toBe('Datei');
  expect(wordsOf('system', 'pt-BR').file).toBe('File');
});
