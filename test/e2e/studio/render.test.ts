/** A finished picture painted on at a larger size: what it takes, piece by piece, with everything that may come between. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RenderDialog } from './pages/dialogs.ts';
import { everyLook, keepPicture } from './pages/look.ts';
import { BrowserProgram, missing } from './pages/shells.ts';
import { Studio, type Run } from './pages/studio.ts';
import { until } from './pages/wait.ts';

describe.skipIf(missing('browser'))('rendering large', () => {
  let studio: Studio<BrowserProgram>;
  let run: Run;

  beforeAll(async () => {
    studio = new Studio(await BrowserProgram.launch());
    await studio.isReady();
    // So many iterations that a render does not end before everything was done to it.
    await studio.makeItQuick(160, 12);
    await studio.choosePhoto('Mountain Lake');
    await studio.choosePainting('Pine by the Sea');
    await studio.start();
    await studio.finishes();
  });
  afterAll(() => studio?.close());

  const detail = () => studio.page.getByRole('region', { name: 'Detail at 100 %' });
  const place = () => studio.page.getByRole('button', { name: /^Place of the detail/ });

  describe('in the dialog', () => {
    let dialog: RenderDialog;
    beforeAll(async () => {
      dialog = await studio.openRender();
    });

    it('is offered at twice the size, with what that takes', async () => {
      expect(await dialog.figure('Picture')).toBe('320 × 214 px · 0.1 MP');
      expect(await dialog.figure('Memory')).toMatch(/ GB\nin one piece$/);
      expect(await dialog.figure('Disk')).toMatch(/ while it is painted\n.* stay · .* are free$/);
      expect(await dialog.figure('Time')).toMatch(/^about /);
    });

    it('takes pixels, megapixels or a paper, and says what comes of it', async () => {
      await dialog.box.getByRole('radio', { name: '4 ×' }).click();
      expect(await dialog.figure('Picture')).toBe('640 × 427 px · 0.3 MP');
      await dialog.giveSizeIn('Megapixels');
      await dialog.type('Megapixels', 1.5);
      expect(await dialog.figure('Picture')).toBe('1499 × 1000 px · 1.5 MP');
      await dialog.giveSizeIn('Paper');
      await dialog.box.getByLabel('Paper').selectOption('A4');
      await dialog.type('Resolution', 150);
      // The picture is 3:2, the paper longer: its long side is filled.
      expect(await dialog.figure('On paper')).toBe('29.7 × 19.8 cm at 150 dpi');
      expect(await dialog.figure('Picture')).toBe('1754 × 1170 px · 2.1 MP');
      expect(await everyLook(studio.page, 'render-paper')).toEqual([]);
      await dialog.box.getByLabel('Paper').selectOption('Own size');
      await dialog.type('Width', 60);
      await dialog.type('Height', 40);
      expect(await dialog.figure('On paper')).toBe('60 × 40 cm at 150 dpi');
      await dialog.box.getByRole('radio', { name: 'inch' }).click();
      expect(await dialog.box.getByLabel('Width').inputValue()).toBe('23.62');
      await dialog.type('Width', 18);
      await dialog.type('Height', 12);
      expect(await dialog.figure('On paper')).toBe('18 × 12 inch at 150 dpi');
      expect(await dialog.figure('Picture')).toBe('2698 × 1800 px · 4.9 MP');
      expect(await everyLook(studio.page, 'render-inch')).toEqual([]);
    });

    it('says what does not fit, and leads on to what does', async () => {
      await dialog.giveSizeIn('Pixels');
      await dialog.type('Long side', 9000);
      await dialog.allow(1);
      await dialog.worked();
      await dialog.plan.getByText(/^That needs .* of memory, and 1 GB may be used\.$/).waitFor();
      expect(await dialog.button('Render').getAttribute('aria-disabled')).toBe('true');
      expect(await everyLook(studio.page, 'render-too-large')).toEqual([]);
      await dialog.plan.getByRole('button', { name: / px$/ }).click();
      await dialog.worked();
      expect(Number((await dialog.figure('Picture')).split(' ')[0])).toBeGreaterThan(1000);
      expect(await dialog.figure('Memory')).toMatch(/^\d.* of 1 GB\nin \d+ pieces$/);
    });

    it('begins', async () => {
      await dialog.type('Long side', 640);
      await dialog.allow(0.7);
      run = await dialog.start();
      await studio.canvas.says(/^lake – woodcut, being painted, 640 by 427 pixels/);
    });
  });

  it('shows the pieces that it looks at, the whole, and a detail', async () => {
    await studio.runBar.getByText(/^Piece \d+ of \d+$/).waitFor({ timeout: 120_000 });
    await studio.waitForPreview();
    await detail().waitFor();
    await until('the detail is there', () => detail().getByRole('img').count());
    const heard = () => studio.heard('detail', run).at(-1)?.detail;
    const before = (await until('a detail was heard of', heard))!;
    expect(before.left).toBe(Math.round(before.pictureWidth / 2 - before.width / 2));
    await place().focus();
    for (let i = 0; i < 4; i++) await studio.page.keyboard.press('ArrowLeft');
    await until('the detail has moved', heard, (found) => found!.left < before.left);
    await keepPicture(studio.page, 'render-growing');
    expect(await everyLook(studio.page, 'render-growing')).toEqual([]);
  });

  it('pauses between two pieces, and goes on', async () => {
    const tiles = (): number => studio.heard('tile', run).length;
    const withinEvaluation = (): boolean =>
      studio.heardOf(run).findLast(({ type }) => type === 'tile' || type === 'progress')?.type === 'tile';
    const isEarly = (): boolean => {
      const { tile, tiles: all } = studio.heard('tile', run).at(-1)!.tile;
      return withinEvaluation() && tile < all / 2;
    };
    // On a busy computer the last piece of an evaluation may be reached before the pause is: then once more.
    for (let attempt = 1; attempt <= 5; attempt++) {
      await until('an evaluation has begun', isEarly, Boolean, { interval: 10 });
      await studio.pause();
      // What was being looked at when it was told is still looked at.
      await new Promise((resolve) => setTimeout(resolve, 1500));
      if (withinEvaluation()) break;
      await studio.resume();
    }
    const seen = tiles();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(tiles()).toBe(seen);
    const queue = await studio.openQueue();
    await queue.box.getByText(/^\d+% · (?:(?!640)\d+ × \d+ px of )?640 × 427 px · piece \d+ of \d+/).waitFor();
    expect(await everyLook(studio.page, 'render-paused')).toEqual([]);
    await queue.close();
    await studio.resume();
    await until('there are further pieces', () => tiles() > seen);
  });

  it('goes on from its checkpoint when its engine is killed', async () => {
    const checkpoint = join(studio.program.data, 'jobs', run.id, 'run/checkpoint.safetensors');
    await until('there is a checkpoint', () => existsSync(checkpoint), Boolean, { timeout: 120_000 });
    for (const pid of studio.program.enginePids) process.kill(pid, 'SIGKILL');
    const notes = async (): Promise<string[]> => [...((await studio.job(run))?.notes ?? [])];
    await until('that is said', notes, (said) => said.some((note) => note.includes('ended unexpectedly (SIGKILL')));
    const heard = studio.heard('progress', run).length;
    await until('there is progress again', () => studio.heard('progress', run).length > heard, Boolean, {
      timeout: 120_000,
    });
    expect(studio.heard('progress', run)[heard]!.progress.total).toBeGreaterThan(1);
    await until('the detail is asked for again', () => studio.heard('detail', run).length > 0);
  });

  it('is offered again after the program has died, and ends in the size that was asked for', async () => {
    await studio.program.kill();
    await studio.program.restart();
    await studio.isReady();
    await studio.becomes(run, 'interrupted');
    await studio.runBar.getByRole('button', { name: 'Go on' }).click();
    await studio.becomes(run, 'done', { timeout: 300_000 });
    const [result] = (await studio.snapshot()).results;
    expect(result).toMatchObject({ name: 'lake – woodcut', width: 640, height: 427, completed: true });
    const master = await sharp(join(studio.program.data, 'history', result!.id, 'master.png')).metadata();
    expect(master).toMatchObject({ width: 640, height: 427, depth: 'ushort' });
    await detail().waitFor({ state: 'detached' });
  }, 360_000);

  it('waits in line for a picture that is still being painted', async () => {
    await studio.makeItQuick(96, 5000);
    const first = await studio.start();
    await studio.reaches(first, 1);
    const dialog = await studio.openRender();
    await dialog.type('Long side', 300);
    const later = await dialog.start('Render when it is finished');
    await studio.notice('Begins when “lake – woodcut” is finished').waitFor();
    const queue = await studio.openQueue();
    await queue.box
      .getByText('waiting in the queue · place 1 · to be 300 × 200 px · when “lake – woodcut” is finished')
      .waitFor();
    await queue.close();
    await studio.runBar.getByRole('button', { name: 'Stop and keep' }).click();
    await studio.becomes(later, 'running');
    await studio.cancel();
    await studio.becomes(later, 'cancelled');
  });

  it('gives the browser nothing to complain about', () => {
    // Of the program that was killed it may.
    const others = studio.program.complaints.filter((text) => !text.includes('ERR_CONNECTION_REFUSED'));
    expect(others).toEqual([]);
  });
});
