/** From nothing to a file: with three clicks, and without a mouse. */
import { join } from 'node:path';
import { rm } from 'node:fs/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { everyLook } from './pages/look.ts';
import { newFolder, missing, type Shell } from './pages/shells.ts';
import { Studio } from './pages/studio.ts';
import { recipeIn } from './pages/files.ts';

describe.each<Shell>(['browser', 'desktop'])('the first run in the %s', (shell) => {
  if (missing(shell)) return it.skip('there is nothing to run it with', () => {});
  let studio: Studio;
  let folder: string;

  beforeAll(async () => {
    folder = await newFolder();
    studio = await Studio.open(shell);
  });
  afterAll(async () => {
    await studio?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('says what is missing before anything is chosen', async () => {
    expect(await studio.startButton.getAttribute('aria-disabled')).toBe('true');
    await studio.runBar.getByText('2 things are missing: Choose a photo. Choose a painting.').waitFor();
  });

  it('paints with three clicks', async () => {
    await studio.makeItQuick(96, 6);
    await studio.choosePhoto('Mountain Lake');
    await studio.canvas.draws('photo', '/picture/');
    await studio.choosePainting('Lighthouse at Night');
    await studio.start();
    await studio.finishes();
    await studio.canvas.draws('result', '/result/');
    expect(await studio.canvas.description()).toMatch(/^lake – night-impasto, finished, 96 by 64 pixels/);
    expect((await studio.snapshot()).results).toMatchObject([{ width: 96, height: 64, completed: true }]);
  });

  it('exports the picture with its recipe', async () => {
    const path = join(folder, 'lake.png');
    const dialog = await studio.openExport();
    await dialog.saveAs(path);
    const { width, height, format } = await sharp(path).metadata();
    expect({ width, height, format }).toEqual({ width: 96, height: 64, format: 'png' });
    const recipe = await recipeIn(path);
    expect(recipe).toMatchObject({ content: { name: 'lake.jpg' }, styles: [{ image: { name: 'night-impasto.jpg' } }] });
    const [photo] = (await studio.snapshot()).samples.filter(({ title }) => title === 'Mountain Lake');
    expect(recipe.content.sha256).toBe(photo!.picture.sha256);
    await dialog.close();
  });

  it('has the folder for exports typed or, on a desktop, chosen', async () => {
    const preferences = await studio.openPreferences();
    const field = await preferences.exportFolder();
    const choose = preferences.button('Choose folder …');
    expect(await choose.count()).toBe(shell === 'desktop' ? 1 : 0);
    const kept = async (): Promise<string | null> => (await studio.snapshot()).preferences.exportFolder;
    await field.fill('/somewhere');
    await field.press('Enter');
    await expect.poll(kept).toBe('/somewhere');
    if (shell === 'desktop') {
      studio.program.chooseNextFolder('/elsewhere');
      await choose.click();
      await expect.poll(kept).toBe('/elsewhere');
      await expect.poll(() => field.inputValue()).toBe('/elsewhere');
      expect(await everyLook(studio.page, 'preferences-files-desktop')).toEqual([]);
    }
    await preferences.close();
  });

  it('gives the browser nothing to complain about', () => {
    expect(studio.program.complaints).toEqual([]);
  });
});

describe.skipIf(missing('browser'))('the first run without a mouse', () => {
  let studio: Studio;
  let folder: string;

  beforeAll(async () => {
    folder = await newFolder();
    studio = await Studio.open('browser');
  });
  afterAll(async () => {
    await studio?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Presses Tab until what has the focus has this name, as someone does who does not see the pointer. */
  async function tabTo(name: string | RegExp): Promise<void> {
    const { keyboard } = studio.page;
    for (let presses = 0; presses < 150; presses++) {
      await keyboard.press('Tab');
      const focused = studio.page.locator('*:focus');
      if ((await focused.count()) === 0) continue;
      const words = await focused.evaluate(
        (element) => element.getAttribute('aria-label') ?? element.id + element.textContent,
      );
      const visible = await focused.evaluate((element) => element.matches(':focus-visible'));
      expect(visible, `the focus on ${words} is seen`).toBe(true);
      if (typeof name === 'string' ? words.trim() === name : name.test(words)) return;
    }
    throw new Error(`The key Tab never comes to ${String(name)}.`);
  }

  it('comes from the opened page to an exported file', async () => {
    const { keyboard } = studio.page;
    await tabTo(/Size and time/);
    await keyboard.press('Enter');
    await keyboard.press('Tab');
    await keyboard.type('64');
    await keyboard.press('Enter');
    const iterations = studio.settings.getByRole('spinbutton', { name: 'Iterations' });
    for (let i = 0; i < 5 && !(await iterations.evaluate((e) => e === e.ownerDocument.activeElement)); i++) {
      await keyboard.press('Tab');
    }
    await keyboard.type('4');
    await keyboard.press('Enter');
    await tabTo('Harbour at Dusk');
    await keyboard.press('Enter');
    await tabTo('Poppy Meadow');
    await keyboard.press('Space');
    await keyboard.press('Control+Enter');
    await studio.finishes();
    await keyboard.press('Control+e');
    await studio.page.getByRole('dialog', { name: 'Export', exact: true }).waitFor();
    await tabTo('Export');
    await keyboard.press('Enter');
    await studio.page.getByText('The file is ready to be downloaded.').waitFor();
    const download = studio.page.waitForEvent('download');
    await tabTo('Download');
    await keyboard.press('Enter');
    const path = join(folder, 'harbour.png');
    await (await download).saveAs(path);
    expect(await sharp(path).metadata()).toMatchObject({ width: 64, format: 'png' });
    await keyboard.press('Escape');
    await studio.page.getByRole('dialog').waitFor({ state: 'detached' });
  });
});
