/** What is kept: presets and the history. */
import { join } from 'node:path';
import { rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missing, newFolder } from './pages/shells.ts';
import { Studio } from './pages/studio.ts';
import { until } from './pages/wait.ts';

describe.skipIf(missing('browser'))('presets and history', () => {
  let studio: Studio;
  let folder: string;

  beforeAll(async () => {
    folder = await newFolder();
    studio = await Studio.open();
    await studio.makeItQuick(64, 3);
    await studio.choosePhoto('Mountain Lake');
    await studio.choosePainting('Poppy Meadow');
  });
  afterAll(async () => {
    await studio?.close();
    await rm(folder, { recursive: true, force: true });
  });

  describe('presets', () => {
    const own = async (): Promise<string[]> =>
      (await studio.snapshot()).presets.filter(({ builtIn }) => !builtIn).map(({ value }) => value.name);
    let file: { fileName: string; text: string };

    it('keep the settings as they are', async () => {
      await studio.strength.set(70);
      await studio.fader('Fine strokes').set(40);
      await studio.fader('Shapes').mute.click();
      const presets = await studio.openPresets();
      await presets.save('Mine');
      expect(await own()).toEqual(['Mine']);
      await presets.close();
    });

    it('bring them back', async () => {
      await studio.fader('Fine strokes').set(160);
      await studio.strength.set(10);
      const presets = await studio.openPresets();
      await presets.use('Mine');
      await studio.notice('Painting by “Mine” now').waitFor();
      await expect.poll(() => studio.fader('Fine strokes').value()).toBe(40);
      expect(await studio.fader('Shapes').value()).toBe(0);
      expect(await studio.fader('Shapes').mute.getAttribute('aria-pressed')).toBe('false');
      expect(await studio.strength.value()).toBe(50);
    });

    it('say when something was changed since, and are used again as they were', async () => {
      let presets = await studio.openPresets();
      await presets.box.getByRole('button', { name: /^Mine.*In use$/ }).waitFor();
      await presets.close();
      await studio.fader('Strokes').set(20);
      presets = await studio.openPresets();
      await presets.box.getByRole('button', { name: /^Mine.*In use, modified$/ }).waitFor();
      await presets.use('Mine');
      await expect.poll(() => studio.fader('Strokes').value()).toBe(100);
      await studio.undo();
      await expect.poll(() => studio.fader('Strokes').value()).toBe(20);
    });

    it('are duplicated and renamed', async () => {
      const presets = await studio.openPresets();
      await presets.duplicate('Mine');
      await presets.rename('Mine (copy)', 'Ours');
      expect((await own()).sort()).toEqual(['Mine', 'Ours']);
      const builtIn = (await studio.snapshot()).presets.find((preset) => preset.builtIn)!.value.name;
      await presets.duplicate(builtIn);
      await presets.rename(`${builtIn} (copy)`, 'Theirs');
      expect((await own()).sort()).toEqual(['Mine', 'Ours', 'Theirs']);
      await presets.close();
    });

    it('travel as files', async () => {
      const presets = await studio.openPresets();
      file = await presets.export('Ours');
      expect(file.fileName).toMatch(/^ours\.json$/i);
      expect(JSON.parse(file.text)).toMatchObject({ name: 'Ours' });
      await presets.delete('Ours');
      expect((await own()).sort()).toEqual(['Mine', 'Theirs']);
      await writeFile(join(folder, file.fileName), file.text);
      await presets.import(join(folder, file.fileName));
      await studio.notice('Preset “Ours” was added').waitFor();
      await presets.card('Ours').waitFor();
      expect((await own()).sort()).toEqual(['Mine', 'Ours', 'Theirs']);
      await presets.close();
    });

    it('are taken from a file that is dropped, and are refused in one sentence where they are none', async () => {
      await studio.drop('left', { name: 'again.json', bytes: Buffer.from(file.text.replace('"Ours"', '"Dropped"')) });
      await studio.notice('Preset “Dropped” was added').waitFor();
      await studio.dismissNotices();
      await studio.drop('right', { name: 'letter.json', bytes: Buffer.from('Dear painter') });
      await studio.notice(/preset/i).waitFor();
      expect((await studio.notice(/preset/i).innerText()).trim()).toMatch(/^[^.]+\.$/);
      await studio.dismissNotices();
    });

    it('come back after they were deleted', async () => {
      const presets = await studio.openPresets();
      await presets.delete('Theirs');
      await presets.button('Close').click();
      await studio.notice('“Theirs” was deleted').getByRole('button', { name: 'Undo' }).click();
      await expect.poll(own).toContain('Theirs');
    });
  });

  describe('the history', () => {
    const names = async (): Promise<string[]> => (await studio.snapshot()).results.map(({ name }) => name);

    beforeAll(async () => {
      await studio.fader('Strokes').set(100);
      await studio.start();
      await studio.finishes();
      await studio.removePainting('watercolour.jpg');
      await studio.choosePainting('Autumn Window');
      await studio.fader('Strokes').set(60);
      await studio.start();
      await until(
        'there are two pictures',
        async () => (await names()).length,
        (count) => count === 2,
      );
    });

    it('brings the settings of a picture back', async () => {
      const history = await studio.openHistory();
      await expect.poll(() => history.cards.count()).toBe(2);
      await history.restore('lake – watercolour');
      await expect.poll(() => studio.fader('Strokes').value()).toBe(100);
      await studio.pictures.getByRole('button', { name: 'Remove watercolour.jpg' }).waitFor();
      await studio.canvas.says('lake – watercolour, finished');
      await studio.undo();
      await expect.poll(() => studio.fader('Strokes').value()).toBe(60);
      await studio.pictures.getByRole('button', { name: 'Remove stained-glass.jpg' }).waitFor();
    });

    it('compares two pictures', async () => {
      const history = await studio.openHistory();
      const comparison = await history.compare('lake – watercolour', 'lake – stained-glass');
      await comparison.getByRole('img', { name: 'lake – watercolour' }).waitFor();
      await comparison.getByRole('img', { name: 'lake – stained-glass' }).waitFor();
      await comparison.getByRole('radio', { name: 'Split' }).click();
      const divider = comparison.getByRole('slider', { name: 'Divider between the two pictures' });
      await divider.press('End');
      expect(await divider.getAttribute('aria-valuenow')).toBe('100');
      await comparison.getByRole('button', { name: 'Back to the history' }).click();
      await history.box.waitFor();
      await history.close();
    });

    it('gives a picture another name', async () => {
      const history = await studio.openHistory();
      await history.rename('lake – stained-glass', 'My window');
      await expect.poll(names).toContain('My window');
      await history.close();
    });

    it('deletes a picture, once that was confirmed', async () => {
      const history = await studio.openHistory();
      await history.select('lake – watercolour');
      await history.button('Delete').click();
      const question = history.box.getByRole('alertdialog');
      await question.getByText('Delete “lake – watercolour”? It cannot be brought back.').waitFor();
      await studio.page.keyboard.press('Escape');
      await question.waitFor({ state: 'detached' });
      expect(await names()).toHaveLength(2);
      await history.delete('lake – watercolour');
      await expect.poll(names).toEqual(['My window']);
      await expect.poll(() => history.cards.count()).toBe(1);
      await history.close();
    });
  });

  it('gives the browser nothing to complain about', () => {
    expect(studio.program.complaints).toEqual([]);
  });
});
