/** Pictures that come in by hand, and looking at them: split, side by side, with a key held; undo. */
import { join } from 'node:path';
import { rm, writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Colour } from './pages/canvas.ts';
import { solid } from './pages/files.ts';
import { missing, newFolder, type Shell } from './pages/shells.ts';
import { Studio } from './pages/studio.ts';

const BLUE: Colour = [20, 60, 180];
const differs = (colour: Colour, from: Colour): boolean => colour.some((value, i) => Math.abs(value - from[i]!) > 8);
const near = (colour: Colour, to: Colour): boolean => !differs(colour, to);

describe.each<Shell>(['browser', 'desktop'])('pictures and their comparison in the %s', (shell) => {
  if (missing(shell)) return it.skip('there is nothing to run it with', () => {});
  let studio: Studio;
  let folder: string;
  let exported: string;
  /** A lighter or darker blue would not do: the colour left and right of the divider is told apart by it. */
  const at = (x: number): Promise<Colour> => studio.canvas.pictureColour(x, 0.5);

  beforeAll(async () => {
    folder = await newFolder();
    exported = join(folder, 'painted.png');
    await writeFile(join(folder, 'blue.png'), await solid(`rgb(${BLUE.join(',')})`, 120, 80));
    studio = await Studio.open(shell);
  });
  afterAll(async () => {
    await studio?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('takes a dropped photo at the left', async () => {
    await studio.drop('left', join(folder, 'blue.png'));
    await studio.canvas.draws('photo', '/picture/');
    await studio.canvas.says(/^Photo blue\.png, 120 by 80 pixels/);
    expect(await at(0.5)).toSatisfy((colour: Colour) => near(colour, BLUE));
  });

  it('takes dropped paintings at the right', async () => {
    await studio.drop(
      'right',
      'resources/samples/paintings/stained-glass.jpg',
      'resources/samples/paintings/woodcut.jpg',
    );
    await studio.pictures.getByRole('button', { name: 'Remove woodcut.jpg' }).waitFor();
    expect((await studio.pictures.getByRole('button', { name: /^Remove / }).all()).length).toBe(2);
    await studio.undo();
    await studio.pictures.getByRole('button', { name: 'Remove woodcut.jpg' }).waitFor({ state: 'detached' });
  });

  it('shows photo and painting', async () => {
    await studio.show('Painting');
    await studio.canvas.draws('style', '/picture/');
    await studio.canvas.says(/^Painting stained-glass\.jpg/);
    await studio.show('Photo');
    await studio.canvas.says(/^Photo blue\.png/);
    await studio.show('Result');
  });

  it('undoes pictures, and a drag as one step', async () => {
    const fader = studio.fader('Strokes');
    await fader.set(40, 20);
    await studio.fader('Fine strokes').set(150, 20);
    await studio.undo();
    await expect.poll(() => studio.fader('Fine strokes').value()).toBe(100);
    expect(await fader.value()).toBe(40);
    await studio.undo();
    await expect.poll(() => fader.value()).toBe(100);
    await studio.undo();
    await studio.pictures.getByRole('button', { name: 'Remove stained-glass.jpg' }).waitFor({ state: 'detached' });
    await studio.undo();
    await studio.canvas.says('The canvas is empty.');
    for (let i = 0; i < 4; i++) await studio.redo();
    await expect.poll(() => studio.fader('Fine strokes').value()).toBe(150);
    expect(await fader.value()).toBe(40);
    await studio.canvas.says(/blue\.png/);
    await studio.pictures.getByRole('button', { name: 'Remove stained-glass.jpg' }).waitFor();
  });

  it('takes a held key as one step', async () => {
    const fader = studio.fader('Shapes');
    const before = await fader.value();
    await fader.thumb.focus();
    for (let i = 0; i < 5; i++) await studio.page.keyboard.down('ArrowUp');
    await studio.page.keyboard.up('ArrowUp');
    expect(await fader.value()).toBe(before + 25);
    await studio.page.keyboard.press('Control+z');
    await expect.poll(() => fader.value()).toBe(before);
  });

  it('divides the picture with the mouse and with keys', async () => {
    await studio.makeItQuick(120, 12);
    await studio.strength.set(100);
    await studio.start();
    await studio.finishes();
    await studio.canvas.draws('result', '/result/');
    await studio.show('Split');
    const { divider } = studio.canvas;
    await studio.canvas.settled();
    expect(await at(0.25)).toSatisfy((colour: Colour) => near(colour, BLUE));
    expect(await at(0.75)).toSatisfy((colour: Colour) => differs(colour, BLUE));

    const picture = await studio.canvas.pictureBox();
    const { mouse } = studio.page;
    await mouse.move(picture.x + picture.width / 2, picture.y + picture.height / 2);
    await mouse.down();
    await mouse.move(picture.x + picture.width * 0.9, picture.y + picture.height / 2, { steps: 5 });
    await mouse.up();
    expect(Number(await divider.getAttribute('aria-valuenow'))).toBeGreaterThan(88);
    await studio.canvas.settled();
    expect(await at(0.75)).toSatisfy((colour: Colour) => near(colour, BLUE));

    await divider.press('Home');
    await studio.canvas.settled();
    expect(await at(0.25)).toSatisfy((colour: Colour) => differs(colour, BLUE));
    await divider.press('PageUp');
    await divider.press('ArrowRight');
    expect(await divider.getAttribute('aria-valuetext')).toBe('12 percent photo');
    await divider.press('Enter');
    expect(await divider.getAttribute('aria-valuenow')).toBe('0');
    await divider.press('Enter');
    expect(await divider.getAttribute('aria-valuenow')).toBe('12');
  });

  it('lays them side by side', async () => {
    await studio.page.keyboard.press('5');
    await studio.canvas.says('side by side');
    await studio.canvas.settled();
    expect(await studio.canvas.colour(0.25, 0.5)).toSatisfy((colour: Colour) => near(colour, BLUE));
    expect(await studio.canvas.colour(0.75, 0.5)).toSatisfy((colour: Colour) => differs(colour, BLUE));
  });

  it('shows the photo as long as H is held', async () => {
    await studio.page.keyboard.press('3');
    await studio.canvas.settled();
    expect(await at(0.5)).toSatisfy((colour: Colour) => differs(colour, BLUE));
    await studio.page.keyboard.down('h');
    await studio.canvas.settled();
    expect(await at(0.5)).toSatisfy((colour: Colour) => near(colour, BLUE));
    await studio.page.keyboard.up('h');
    await studio.canvas.settled();
    expect(await at(0.5)).toSatisfy((colour: Colour) => differs(colour, BLUE));
  });

  describe('an exported picture that is dropped', () => {
    beforeAll(async () => {
      const dialog = await studio.openExport();
      await dialog.saveAs(exported);
      await dialog.close();
      await studio.strength.set(20);
      await studio.removePainting('stained-glass.jpg');
      await studio.choosePainting('Poppy Meadow');
    });
    const question = () => studio.page.getByRole('dialog', { name: 'painted.png was painted by Madder' });
    const answer = async (words: string): Promise<void> => {
      await studio.drop('left', exported);
      await question().getByRole('button', { name: words, exact: true }).click();
      await question().waitFor({ state: 'detached' });
    };
    const photo = async (): Promise<string | undefined> => (await studio.document()).photo?.name;

    it('is left alone when the person says so', async () => {
      await answer('Cancel');
      expect(await studio.strength.value()).toBe(20);
    });

    it('brings its settings back, so that the same picture is painted again', async () => {
      await answer('Use its settings');
      await studio.pictures.getByRole('button', { name: 'Remove stained-glass.jpg' }).waitFor();
      await expect.poll(photo).toBe('blue.png');
      await studio.start();
      await studio.finishes();
      await expect.poll(async () => (await studio.snapshot()).results.length, { timeout: 20_000 }).toBe(2);
      const [again, first] = (await studio.snapshot()).results.sort((a, b) => b.createdAt - a.createdAt);
      expect(again!.recipe).toEqual(first!.recipe);
      const repeated = join(folder, 'again.png');
      const dialog = await studio.openExport();
      await dialog.saveAs(repeated);
      await dialog.close();
      expect(await sharp(repeated).raw().toBuffer()).toEqual(await sharp(exported).raw().toBuffer());
      await studio.undo();
      await expect.poll(() => studio.strength.value()).toBe(20);
    });

    it('is a photo like any other when it is opened', async () => {
      await answer('Open as a picture');
      await expect.poll(photo).toBe('painted.png');
      await studio.canvas.says('painted.png');
      expect(await studio.strength.value()).toBe(20);
    });
  });

  it('gives the browser nothing to complain about', () => {
    expect(studio.program.complaints).toEqual([]);
  });
});
