/** What is left when something ends that should not: the engine, the program, the window. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrowserProgram, missing } from './pages/shells.ts';
import { Studio, type Run } from './pages/studio.ts';
import { until } from './pages/wait.ts';

describe.skipIf(missing('browser'))('after a crash', () => {
  let studio: Studio<BrowserProgram>;
  let run: Run;

  beforeAll(async () => {
    studio = new Studio(await BrowserProgram.launch());
    await studio.isReady();
    await studio.makeItQuick(160, 5000);
    await studio.choosePhoto('Harbour at Dusk');
    await studio.choosePainting('Pine by the Sea');
    await studio.fader('Fine strokes').set(40);
    run = await studio.start();
    await studio.waitForPreview();
  });
  afterAll(() => studio?.close());

  const total = (): number => studio.heard('progress', run).at(-1)?.progress.total ?? 0;
  /** Waits until a checkpoint is on the disk, and what the program keeps beside it. */
  async function isKept(): Promise<void> {
    const folder = join(studio.program.data, 'jobs', run.id);
    await until('there is a checkpoint', () => existsSync(join(folder, 'run/checkpoint.safetensors')));
    await until('its preview is kept', () =>
      sharp(join(folder, 'preview.jpg'))
        .stats()
        .catch(() => undefined),
    );
    await until('how far it came is kept', async () =>
      (await readFile(join(folder, 'job.json'), 'utf8')).includes('"progress"'),
    );
  }

  it('of the window, the run is still shown, and live', async () => {
    await studio.reload();
    await studio.canvas.says(/^harbour – woodcut, being painted/);
    await studio.waitForPreview();
    const [shown, reached] = [await studio.canvas.drawn('result'), total()];
    await studio.reaches(run, reached + 5);
    await until('a newer preview is shown', async () => (await studio.canvas.drawn('result')) !== shown);
    expect(await studio.fader('Fine strokes').value()).toBe(40);
  });

  it('of the engine, it goes on from its checkpoint', async () => {
    await isKept();
    const killed = studio.program.enginePid!;
    process.kill(killed, 'SIGKILL');
    const notes = async (): Promise<string[]> => [...((await studio.job(run))?.notes ?? [])];
    await until('that is said', notes, (said) => said.some((note) => note.includes('ended unexpectedly (SIGKILL')));
    const heard = studio.heard('progress', run).length;
    await until('there is progress again', () => studio.heard('progress', run).length > heard);
    expect(studio.heard('progress', run)[heard]!.progress.total).toBeGreaterThan(1);
    const engine = await until('there is another engine', () => studio.program.enginePid);
    expect(engine).not.toBe(killed);
    await studio.canvas.says('being painted');
  });

  it('of the program, the document is back and the run is offered', async () => {
    await isKept();
    await until(
      'the document is kept',
      () => studio.document(),
      ({ photo }) => photo?.name === 'harbour.jpg',
    );
    await studio.program.kill();
    await studio.runBar.page().getByText('The connection to Madder is lost; trying again …').waitFor();
    await studio.program.restart();
    await studio.isReady();
    await studio.pictures.getByText('harbour.jpg', { exact: true }).waitFor();
    expect(await studio.fader('Fine strokes').value()).toBe(40);
    await studio.becomes(run, 'interrupted');
    await studio.canvas.says(/^harbour – woodcut, interrupted/);
    await studio.waitForPreview();
    await studio.runBar.getByText('Interrupted; it can go on from where it was').waitFor();
  });

  it('goes on from there', async () => {
    const before = (await studio.job(run))!.progress!.total;
    expect(before).toBeGreaterThan(1);
    const heard = studio.heard('progress', run).length;
    await studio.runBar.getByRole('button', { name: 'Go on' }).click();
    await until('there is progress again', () => studio.heard('progress', run).length > heard);
    expect(studio.heard('progress', run)[heard]!.progress.total).toBeGreaterThan(1);
    await studio.stopAndKeep();
    expect((await studio.snapshot()).results).toHaveLength(1);
  });

  it('leaves no engine behind when it closes', async () => {
    run = await studio.start();
    await studio.reaches(run, 1);
    const engine = studio.program.enginePid!;
    await studio.close();
    await until('the engine is gone', () => {
      try {
        return !process.kill(engine, 0);
      } catch {
        return true;
      }
    });
  });
});
