/** Hands on a picture that is being painted: faders, pausing, stopping, beginning anew. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { JobProgress } from '../../../src/shared/studio/contract.ts';
import { missing, type Shell } from './pages/shells.ts';
import { Studio, type Run } from './pages/studio.ts';
import { until } from './pages/wait.ts';

/** How much a layer counted at an iteration: its loss is multiplied by that. */
const weightIn = ({ terms }: JobProgress, layer: string): number => {
  const term = terms.find((each) => each.kind === 'style' && each.layer === layer)!;
  return term.weighted / term.value;
};

describe.each<Shell>(['browser', 'desktop'])('a running picture in the %s', (shell) => {
  if (missing(shell)) return it.skip('there is nothing to run it with', () => {});
  let studio: Studio;
  let run: Run;

  beforeAll(async () => {
    studio = await Studio.open(shell);
    await studio.makeItQuick(96, 5000);
    await studio.choosePhoto('Mountain Lake');
    await studio.choosePainting('Lighthouse at Night');
    run = await studio.start();
    await studio.waitForPreview();
  });
  afterAll(() => studio?.close());

  const newest = (): JobProgress => studio.heard('progress', run).at(-1)!.progress;
  /** What the first iteration that was told of after another says that heeded a change. */
  const progressAfter = (evaluation: number): JobProgress | undefined =>
    studio.heard('progress', run).find(({ progress }) => progress.total > evaluation)?.progress;
  /** Makes a change, and waits until the run has said that weights change, and paints by them from that iteration on. */
  async function heeded(change: () => Promise<void>, right: (progress: JobProgress) => boolean): Promise<number> {
    const before = studio.heard('weighed', run).length;
    await change();
    // A drag makes many changes, and some of the one before may still be on their way.
    const heeding = await until('the change is heeded', () =>
      studio
        .heard('weighed', run)
        .slice(before)
        .find(({ evaluation }) => {
          const progress = progressAfter(evaluation);
          return progress && right(progress);
        }),
    );
    return heeding!.evaluation;
  }

  it('says that the strength acts on it', async () => {
    await studio.settings.getByText('Acts on the running picture').waitFor();
    await studio.runBar.getByText(/^Iteration \d/).waitFor();
  });

  it('has all of its losses still when the window is loaded anew', async () => {
    const chart = (): Promise<string | null> =>
      studio.page.getByRole('img', { name: /^Losses over the iterations/ }).getAttribute('aria-label');
    await studio.page.keyboard.press('l');
    expect(await chart()).toContain('at iteration 1 to');
    await studio.reload();
    expect(await chart()).toContain('at iteration 1 to');
    await studio.page.keyboard.press('l');
  });

  it('heeds a fader at the very next iteration', async () => {
    const full = weightIn(newest(), 'relu2_1');
    expect(full).toBeGreaterThan(0);
    await studio.pause();
    await expect.poll(() => studio.heard('job', run).at(-1)?.job.state).toBe('paused');
    await studio.fader('Fine strokes').set(50);
    const rested = await restedAt();
    const half = (progress: JobProgress): boolean => Math.abs(weightIn(progress, 'relu2_1') / full - 0.5) < 0.01;
    expect(await heeded(() => studio.resume(), half)).toBe(rested);
    expect(weightIn(newest(), 'relu3_1')).toBeGreaterThan(0);
  });

  /** The iteration that a pause holds it at. */
  async function restedAt(): Promise<number> {
    let last = -1;
    await expect
      .poll(
        () => {
          const before = last;
          last = newest().total;
          return last === before;
        },
        { interval: 500 },
      )
      .toBe(true);
    return last;
  }

  it('heeds every movement of a drag without resting, the last one for good', async () => {
    const half = weightIn(newest(), 'relu2_1');
    await heeded(
      () => studio.fader('Fine strokes').set(100),
      (progress) => weightIn(progress, 'relu2_1') > 1.98 * half,
    );
    const before = weightIn(newest(), 'relu2_1');
    await heeded(
      () => studio.strength.set(75),
      (progress) => weightIn(progress, 'relu2_1') > 4 * before,
    );
  });

  it('leaves out a layer that is muted', async () => {
    const { mute } = studio.fader('Strokes');
    const muted = (progress: JobProgress): boolean => weightIn(progress, 'relu3_1') === 0;
    await heeded(() => mute.click(), muted);
    expect(await mute.getAttribute('aria-pressed')).toBe('true');
    await heeded(
      () => mute.click(),
      (progress) => !muted(progress),
    );
  });

  it('listens to a solo layer alone', async () => {
    const { solo } = studio.fader('Shapes');
    const heard = ({ terms }: JobProgress): string[] =>
      terms.filter(({ kind, weighted }) => kind === 'style' && weighted > 0).map(({ layer }) => layer);
    await heeded(
      () => solo.click(),
      (progress) => heard(progress).join() === 'relu5_1',
    );
    await heeded(
      () => solo.click(),
      (progress) => heard(progress).length === 9,
    );
  });

  it('says which changes wait for the next start', async () => {
    await studio.setIterations(4000);
    await studio.settings.getByText('Takes effect at the next start').waitFor();
    await studio.undo();
    await studio.settings.getByText('Takes effect at the next start').waitFor({ state: 'detached' });
  });

  it('holds on to the photo by the layers that it began with until the next start', async () => {
    const [usual] = await studio.keptLayers();
    await studio.toggleKept('relu2_1');
    expect(await studio.keptLayers()).toEqual(['Fine strokes relu2_1', usual]);
    await studio.settings.getByText('New layers join at the next start.').waitFor();
    await studio.undo();
    await studio.settings.getByText('New layers join at the next start.').waitFor({ state: 'detached' });
    await studio.redo();
    expect(
      studio
        .heard('progress', run)
        .at(-1)!
        .progress.terms.filter(({ kind }) => kind === 'content'),
    ).toHaveLength(1);
  });

  it('rests and goes on', async () => {
    await studio.pause();
    await studio.becomes(run, 'paused');
    await studio.canvas.says('paused');
    const rested = await restedAt();
    await studio.resume();
    await studio.reaches(run, rested + 2);
    await studio.canvas.says('being painted');
  });

  it('begins anew with what is set now, and keeps what there was', async () => {
    await studio.fader('Fine strokes').set(0);
    const anew = await studio.startAnew();
    await studio.becomes(run, 'stopped');
    await studio.reaches(anew, 1);
    expect((await studio.snapshot()).results).toHaveLength(1);
    const { progress } = studio.heard('progress', anew).at(-1)!;
    expect(weightIn(progress, 'relu2_1')).toBe(0);
    expect(progress.terms.filter(({ kind }) => kind === 'content').map(({ layer }) => layer)).toContain('relu2_1');
    await studio.settings.getByText('New layers join at the next start.').waitFor({ state: 'detached' });
    run = anew;
  });

  it('stops and keeps the picture', async () => {
    await studio.stopAndKeep();
    await studio.becomes(run, 'stopped');
    await studio.canvas.draws('result', '/result/');
    await studio.canvas.says('stopped before its end');
    expect((await studio.snapshot()).results.map(({ completed }) => completed)).toEqual([false, false]);
  });

  it('can be cancelled, and then keeps nothing', async () => {
    run = await studio.start();
    await studio.reaches(run, 1);
    await studio.cancel();
    await studio.endsAs('Cancelled');
    await studio.becomes(run, 'cancelled');
    expect((await studio.snapshot()).results).toHaveLength(2);
  });

  afterEach(() => expect(studio.program.complaints).toEqual([]));
});
