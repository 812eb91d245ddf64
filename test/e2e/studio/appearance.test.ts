/** How everything looks and reads: every screen and dialog in both themes, two sizes, and another language. */
import { join } from 'node:path';
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { everyLook } from './pages/look.ts';
import { missing, newFolder } from './pages/shells.ts';
import { Studio, type Run } from './pages/studio.ts';

describe.skipIf(missing('browser'))('the studio', () => {
  let studio: Studio;
  let folder: string;
  let second: Run | undefined;
  // What is found on one screen says nothing against the next.
  const looksRight = async (name: string): Promise<void> => {
    expect.soft(await everyLook(studio.page, name)).toEqual([]);
  };

  beforeAll(async () => {
    folder = await newFolder();
    studio = await Studio.open();
  });
  afterAll(async () => {
    await studio?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('is accessible while it is empty', () => looksRight('empty'));

  it('is accessible when everything is chosen', async () => {
    await studio.choosePhoto('Mountain Lake');
    await studio.canvas.draws('photo', '/picture/');
    await looksRight('with-photo');
    await studio.choosePainting('Lighthouse at Night');
    await looksRight('ready');
  });

  it('is accessible while it paints', async () => {
    await studio.makeItQuick(256, 5000);
    await studio.page.keyboard.press('l');
    const run = await studio.start();
    await studio.waitForPreview();
    await studio.reaches(run, 4);
    await looksRight('painting');
    await studio.show('Split');
    await looksRight('split');
    await studio.show('Side by side');
    await looksRight('side-by-side');
    await studio.show('Result');
  });

  it('is accessible with moved, muted and linked faders', async () => {
    await studio.fader('Fine strokes').set(150);
    await studio.fader('Shapes').mute.click();
    await studio.settings.getByRole('button', { name: 'Move all faders together' }).click();
    await studio.settings.getByRole('button', { name: 'Choose layers' }).click();
    await looksRight('equaliser');
    await studio.page.keyboard.press('Escape');
  });

  it('is accessible with every setting unfolded', async () => {
    for (const section of ['Photo and smoothness', 'Beginning', 'Colour', 'Method', 'Space and movements'])
      await studio.unfold(section);
    await looksRight('settings');
    await studio.toggleKept('relu2_1');
    await studio.settings.getByRole('button', { name: 'Choose what is kept of the photo' }).click();
    await looksRight('kept-layers');
    await studio.page.getByText('the network’s choice').scrollIntoViewIfNeeded();
    await looksRight('kept-layers-marked');
    await studio.page.keyboard.press('Escape');
  });

  it('is accessible with its queue open', async () => {
    second = await studio.enqueue();
    const queue = await studio.openQueue();
    await looksRight('queue');
    await queue.box.getByRole('tab', { name: 'Many at once' }).click();
    await queue.button('Harbour at Dusk').click();
    await looksRight('queue-batch');
    await queue.close();
    await studio.page.keyboard.press('Control+Period');
    await expect.poll(async () => (await studio.snapshot()).results.length, { timeout: 60_000 }).toBe(1);
  });

  it('is accessible with its history open', async () => {
    await studio.reaches(second!, 2);
    await studio.page.keyboard.press('Control+Period');
    await expect.poll(async () => (await studio.snapshot()).results.length, { timeout: 60_000 }).toBe(2);
    const history = await studio.openHistory();
    await looksRight('history');
    await history.button('Compare with …').click();
    await history.cards.nth(1).click();
    await studio.page.getByRole('dialog', { name: 'Compare two pictures' }).waitFor();
    await looksRight('history-compare');
    await history.close();
  });

  it('is accessible with its presets open', async () => {
    const presets = await studio.openPresets();
    await looksRight('presets');
    await presets.button('Save current settings').click();
    await looksRight('presets-save');
    await presets.close();
  });

  it('is accessible while it exports', async () => {
    const path = join(folder, 'painted.png');
    const dialog = await studio.openExport();
    await looksRight('export');
    await dialog.choose('JPEG');
    await looksRight('export-jpeg');
    await dialog.choose('PNG');
    await dialog.saveAs(path);
    await looksRight('exported');
    await dialog.close();
    await studio.drop('left', path);
    await studio.page.getByRole('dialog', { name: 'painted.png was painted by Madder' }).waitFor();
    await looksRight('question');
    await studio.page.keyboard.press('Escape');
  });

  it('is accessible while files hover above it, and with notices', async () => {
    await studio.drop('left', { name: 'notes.txt', bytes: Buffer.from('hello') });
    await studio.notice('notes.txt is not a picture').waitFor();
    await looksRight('notice');
    await studio.dismissNotices();
  });

  it('is accessible on every page of its preferences', async () => {
    const preferences = await studio.openPreferences();
    for (const page of ['Appearance', 'Computing', 'Files', 'Keys and help', 'About']) {
      await preferences.box.getByRole('tab', { name: page }).click();
      await looksRight(`preferences-${page.split(' ')[0]!.toLowerCase()}`);
    }
    await preferences.close();
  });

  it('is accessible with its shortcuts and its devices open', async () => {
    await studio.toolbar.getByRole('button', { name: 'Keyboard shortcuts' }).click();
    await studio.page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await looksRight('shortcuts');
    await studio.page.keyboard.press('Escape');
    await studio.runBar.getByRole('button', { name: /^Device:/ }).click();
    await looksRight('device');
    await studio.page.keyboard.press('Escape');
  });

  it('changes its theme, and remembers that', async () => {
    const theme = (): Promise<string> => studio.page.evaluate('document.documentElement.dataset.theme');
    const background = (): Promise<string> => studio.page.evaluate('getComputedStyle(document.body).backgroundColor');
    const dark = await background();
    const preferences = await studio.openPreferences();
    await preferences.chooseTheme('Light');
    await expect.poll(theme).toBe('light');
    expect(await background()).not.toBe(dark);
    await preferences.close();
    await studio.reload();
    expect(await theme()).toBe('light');
    await studio.toolbar.getByRole('button', { name: 'Theme: light' }).click();
    await studio.toolbar.getByRole('button', { name: 'Theme: as the system' }).click();
    await expect.poll(theme).toBe('dark');
  });

  it('speaks German at once, everywhere', async () => {
    const preferences = await studio.openPreferences();
    await preferences.chooseLanguage('Deutsch');
    await studio.page.getByRole('dialog', { name: 'Einstellungen' }).waitFor();
    await studio.page.keyboard.press('Escape');
    await studio.page.getByRole('contentinfo').getByRole('button', { name: 'Malen beginnen' }).waitFor();
    expect(await studio.page.evaluate('document.documentElement.lang')).toBe('de');
    await looksRight('german');
    await studio.reload();
    await studio.page.getByRole('banner').getByRole('button', { name: 'Verlauf' }).click();
    await studio.page.getByRole('dialog', { name: 'Verlauf' }).waitFor();
    await looksRight('german-history');
  });

  it('gives the browser nothing to complain about', () => {
    expect(studio.program.complaints).toEqual([]);
  });
});
