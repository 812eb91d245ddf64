/** Masks: painted with the mouse, filled, inverted, loaded; undone and kept; and what becomes of them in a run. */
import { join } from 'node:path';
import { rm } from 'node:fs/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Colour } from './pages/canvas.ts';
import { recipeIn } from './pages/files.ts';
import { everyLook } from './pages/look.ts';
import { Masks } from './pages/masks.ts';
import { missing, newFolder, type Shell } from './pages/shells.ts';
import { Studio } from './pages/studio.ts';

const NIGHT = 'night-impasto.jpg';
const GREY: Colour = [128, 128, 128];
const distance = (a: Colour, b: Colour): number => Math.hypot(...a.map((value, i) => value - b[i]!));

describe.each<Shell>(['browser', 'desktop'])('masks in the %s', (shell) => {
  if (missing(shell)) return it.skip('there is nothing to run it with', () => {});
  let studio: Studio;
  let masks: Masks;
  let folder: string;
  /** File name of the second painting. */
  let second: string;

  beforeAll(async () => {
    folder = await newFolder();
    await sharp({ create: { width: 300, height: 200, channels: 3, background: 'rgb(128,128,128)' } })
      .png()
      .toFile(join(folder, 'grey.png'));
    // White at the right, in a shape that is not the photo's and a format that browsers do not read.
    await sharp(
      Buffer.from(Array.from({ length: 400 * 400 }, (_, i) => (i % 400 < 200 ? 0 : 255)).flatMap((v) => [v, v, v])),
      { raw: { width: 400, height: 400, channels: 3 } },
    )
      .tiff()
      .toFile(join(folder, 'right half.tif'));
    studio = await Studio.open(shell);
    masks = new Masks(studio);
    await studio.drop('left', join(folder, 'grey.png'));
    await studio.canvas.draws('photo', '/picture/');
    await studio.choosePainting('Lighthouse at Night');
    await studio.choosePainting('Poppy Meadow');
    second = (await masks.kept(({ styles }) => styles.length === 2)).styles[1]!.picture.name;
  });
  afterAll(async () => {
    await studio?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('are painted with the mouse where a painting applies', async () => {
    await masks.open(NIGHT);
    await studio.canvas.says('Mask: night-impasto.jpg, over grey.png');
    const before = await studio.canvas.pictureColour(0.25, 0.3);
    expect(distance(before, GREY)).toBeLessThan(4);
    await masks.drag([
      [0.1, 0.3],
      [0.5, 0.3],
    ]);
    const { styles } = await masks.kept((document) => document.styles[0]!.mask !== null);
    const mask = await masks.stored(styles[0]!.mask!);
    // Of a brush as wide as 8 % of the long side, half of whose radius is its soft edge.
    expect(mask).toMatchObject({
      format: 'png',
      channels: 1,
      width: 1024,
      height: 683,
      name: `Mask of night-impasto.png`,
    });
    expect([mask.at(0.1, 0.3), mask.at(0.3, 0.3), mask.at(0.5, 0.3)]).toEqual([255, 255, 255]);
    expect([mask.at(0.3, 0.2), mask.at(0.3, 0.4), mask.at(0.7, 0.3)]).toEqual([0, 0, 0]);
    expect(mask.at(0.3, 0.3 + 0.03 * 1.5)).toBeGreaterThan(20);
    expect(mask.at(0.3, 0.3 + 0.03 * 1.5)).toBeLessThan(235);
    await masks.covers(NIGHT, Math.round(100 * mask.coverage));
    await studio.canvas.settled();
    expect(distance(await studio.canvas.pictureColour(0.25, 0.3), GREY)).toBeGreaterThan(12);
    expect(distance(await studio.canvas.pictureColour(0.25, 0.6), GREY)).toBeLessThan(4);
  });

  it('are a region for each painting', async () => {
    await masks.open(second);
    expect(await masks.percent(second)).toBeUndefined();
    for (let i = 0; i < 6; i++) await studio.page.keyboard.press(']');
    await masks.drag([
      [0.1, 0.8],
      [0.9, 0.8],
    ]);
    await masks.covers(second, 20, 6);
    const { styles } = await masks.kept((document) => document.styles.every(({ mask }) => mask));
    const [first, other] = await Promise.all(styles.map(({ mask }) => masks.stored(mask!)));
    expect([first!.at(0.3, 0.8), other!.at(0.3, 0.8), other!.at(0.3, 0.3)]).toEqual([0, 255, 0]);
    await masks.bar.getByText('What no mask covers stays as in the photo.').waitFor();
  });

  it('are filled with the lasso, which takes away with Alt', async () => {
    await masks.open('photo');
    await masks.fader('Soft edge').press('Home');
    await masks.lasso(0.5, 0.1, 0.9, 0.6);
    await masks.covers('photo', 20);
    await masks.lasso(0.6, 0.1, 0.7, 0.6, 'Alt');
    await masks.covers('photo', 15);
    // The other way to the same: a switch beside the tool.
    await masks.button('The lasso removes').click();
    await masks.lasso(0.8, 0.1, 0.9, 0.6);
    await masks.covers('photo', 10);
    await studio.page.keyboard.press('x');
    expect(await masks.button('The lasso removes').getAttribute('aria-pressed')).toBe('false');
  });

  it('are inverted, filled and cleared', async () => {
    await studio.page.keyboard.press('i');
    await masks.covers('photo', 90);
    await masks.button('Fill everything').click();
    await masks.covers('photo', 100, 0);
    await masks.button('Clear the mask').click();
    await expect.poll(() => masks.percent('photo')).toBeUndefined();
    for (let i = 0; i < 3; i++) await masks.button('Undo').click();
    await masks.covers('photo', 10);
  });

  it('are erased with the eraser, and with the brush while Alt is held', async () => {
    await studio.page.keyboard.press('e');
    expect(await masks.tool('Eraser').getAttribute('aria-checked')).toBe('true');
    const before = await masks.percent('photo');
    await masks.drag([
      [0.55, 0.05],
      [0.55, 0.65],
    ]);
    await expect.poll(() => masks.percent('photo')).toBeLessThan(before!);
    await studio.page.keyboard.press('Control+z');
    await masks.covers('photo', before!, 0);
    await studio.page.keyboard.press('x');
    expect(await masks.tool('Brush').getAttribute('aria-checked')).toBe('true');
    await masks.drag(
      [
        [0.55, 0.05],
        [0.55, 0.65],
      ],
      { hold: 'Alt' },
    );
    await expect.poll(() => masks.percent('photo')).toBeLessThan(before!);
    await studio.undo();
    await masks.covers('photo', before!, 0);
  });

  it('move with the picture while Space is held, and are not painted then', async () => {
    await studio.page.keyboard.press('z');
    await studio.canvas.settled();
    const before = await masks.percent('photo');
    const area = (await studio.canvas.area.boundingBox())!;
    const [x, y] = [area.x + area.width / 2, area.y + area.height / 2];
    const { mouse, keyboard } = studio.page;
    await mouse.move(x, y);
    for (let i = 0; i < 3; i++) await mouse.wheel(0, -600);
    await studio.canvas.settled();
    const [, zoom] = /zoom (\d+) percent/.exec(await studio.canvas.description()) ?? [];
    expect(Number(zoom)).toBeGreaterThan(150);
    await keyboard.down(' ');
    await mouse.down();
    await mouse.move(x - 80, y - 40, { steps: 4 });
    await mouse.up();
    await keyboard.up(' ');
    await studio.page.keyboard.press('f');
    await studio.canvas.settled();
    expect(await masks.percent('photo')).toBe(before);
  });

  it('lose nothing and keep their order when strokes and undo follow each other quickly', async () => {
    await masks.open(NIGHT);
    const known = (await masks.kept(() => true)).styles[0]!.mask!;
    const begun = await masks.percent(NIGHT);
    await masks.fader('Size').press('Home');
    for (let i = 0; i < 18; i++) await studio.page.keyboard.press(']');
    for (let i = 0; i < 4; i++) {
      await masks.drag(
        [
          [0.1 + 0.2 * i, 0.5],
          [0.1 + 0.2 * i, 0.65],
        ],
        { steps: 2 },
      );
    }
    for (let i = 0; i < 3; i++) await studio.page.keyboard.press('Control+z');
    await masks.drag(
      [
        [0.9, 0.5],
        [0.9, 0.65],
      ],
      { steps: 2 },
    );
    const { styles } = await masks.kept((document) => document.styles[0]!.mask!.sha256 !== known.sha256);
    await expect
      .poll(async () => {
        const mask = await masks.stored((await studio.document()).styles[0]!.mask!);
        return [0.1, 0.3, 0.5, 0.7, 0.9].map((x) => mask.at(x, 0.57) > 200);
      })
      .toEqual([true, false, false, false, true]);
    expect(styles[0]!.mask!.name).toBe('Mask of night-impasto.png');
    for (let i = 0; i < 2; i++) await studio.page.keyboard.press('Control+z');
    await masks.covers(NIGHT, begun!, 0);
    // Undo leads to the very same picture, not to one that looks like it.
    await expect.poll(async () => (await studio.document()).styles[0]!.mask!.sha256).toBe(known.sha256);
    for (let i = 0; i < 2; i++) await studio.page.keyboard.press('Control+Shift+z');
    await expect
      .poll(async () => (await masks.stored((await studio.document()).styles[0]!.mask!)).at(0.9, 0.57))
      .toBe(255);
  });

  it('come from a picture of any shape', async () => {
    await masks.open(second);
    await masks.load(join(folder, 'right half.tif'));
    await masks.covers(second, 50);
    await studio.notice('right half.tif has another shape than the photo').waitFor();
    await studio.dismissNotices();
    const { styles } = await masks.kept((document) => document.styles[1]!.mask !== null);
    await expect
      .poll(async () => {
        const mask = await masks.stored((await studio.document()).styles[1]!.mask!);
        return [mask.width, mask.height, mask.at(0.25, 0.5), mask.at(0.75, 0.5)];
      })
      .toEqual([1024, 683, 0, 255]);
    expect(styles).toHaveLength(2);
  });

  it('are kept, and are the same after the window is loaded anew', async () => {
    const percents = await Promise.all([masks.percent(NIGHT), masks.percent(second), masks.percent('photo')]);
    // What was painted a moment ago is on its way.
    await expect
      .poll(async () => (await masks.stored((await studio.document()).styles[1]!.mask!)).coverage)
      .toBeCloseTo(0.5, 2);
    const document = await studio.document();
    await studio.reload();
    await masks.open(NIGHT);
    await masks.covers(NIGHT, percents[0]!, 0);
    await masks.covers(second, percents[1]!, 0);
    await masks.covers('photo', percents[2]!, 0);
    expect(await studio.document()).toEqual(document);
  });

  it('are accessible', async () => {
    expect.soft(await everyLook(studio.page, `masks-${shell}`)).toEqual([]);
    await masks.tool('Lasso').click();
    expect.soft(await everyLook(studio.page, `masks-lasso-${shell}`)).toEqual([]);
    await masks.tool('Brush').click();
  });

  it('end with Escape, which takes back a stroke first', async () => {
    const box = await studio.canvas.pictureBox();
    const { mouse, keyboard } = studio.page;
    const before = (await studio.document()).styles[0]!.mask!.sha256;
    await mouse.move(box.x + 0.5 * box.width, box.y + 0.5 * box.height);
    await mouse.down();
    await mouse.move(box.x + 0.6 * box.width, box.y + 0.9 * box.height, { steps: 3 });
    await keyboard.press('Escape');
    await mouse.up();
    expect(await masks.bar.isVisible()).toBe(true);
    await keyboard.press('Escape');
    await masks.bar.waitFor({ state: 'detached' });
    expect((await studio.document()).styles[0]!.mask!.sha256).toBe(before);
    // Outside of the mode the same key does what it always did.
    await keyboard.press('l');
    await studio.runBar.getByRole('button', { name: 'Losses', pressed: true }).waitFor();
    await keyboard.press('l');
  });

  it('cannot be painted through while the picture moves', async () => {
    await studio.unfold('Space and movements');
    await studio.settings.getByRole('radio', { name: 'Gentle', exact: true }).click();
    await studio.runBar.getByText('Movements before each look would shift the picture below its masks').waitFor();
    await studio.undo();
    await studio.runBar.getByText('Movements before each look').waitFor({ state: 'detached' });
  });

  it('go into the run, its recipe and back', async () => {
    await studio.makeItQuick(96, 4);
    const { styles, photoMask } = await masks.kept((document) => document.settings.size === 96);
    await studio.start();
    await studio.finishes();
    await expect.poll(async () => (await studio.snapshot()).results.length).toBe(1);
    const [result] = (await studio.snapshot()).results;
    expect(result!.document).toMatchObject({ styles, photoMask });
    const named = (picture: typeof photoMask) => ({ sha256: picture!.sha256, name: picture!.name });
    const expected = [
      { region: { kind: 'style', style: 0 }, image: named(styles[0]!.mask) },
      { region: { kind: 'style', style: 1 }, image: named(styles[1]!.mask) },
      { region: { kind: 'photo' }, image: named(photoMask) },
    ];
    expect(result!.recipe.masks).toHaveLength(3);
    expect(result!.recipe.masks).toEqual(
      expect.arrayContaining(expected.map((mask) => expect.objectContaining({ region: mask.region }))),
    );
    for (const { region, image } of expected) {
      const mask = result!.recipe.masks.find((found) => JSON.stringify(found.region) === JSON.stringify(region));
      expect(mask!.image).toMatchObject(image);
    }

    const path = join(folder, 'painted.png');
    const dialog = await studio.openExport();
    await dialog.saveAs(path);
    await dialog.close();
    expect((await recipeIn(path)).masks).toEqual(result!.recipe.masks);
    // The photo is grey, and stays so where its mask is white.
    const { data, info } = await sharp(path).raw().toBuffer({ resolveWithObject: true });
    const stays = await masks.stored(photoMask!);
    const painted: number[] = [];
    for (let y = 0; y < info.height; y++) {
      for (let x = 0; x < info.width; x++) {
        const at = [(x + 0.5) / info.width, (y + 0.5) / info.height] as const;
        const pixel = [
          ...data.subarray((y * info.width + x) * info.channels, (y * info.width + x) * info.channels + 3),
        ];
        const change = Math.max(...pixel.map((value) => Math.abs(value - 128)));
        const around = [-1, 0, 1].flatMap((dx) => [-1, 0, 1].map((dy) => [dx / info.width, dy / info.height] as const));
        const inside = around.every(
          ([dx, dy]) =>
            stays.at(Math.min(0.99, Math.max(0, at[0] + dx)), Math.min(0.99, Math.max(0, at[1] + dy))) === 255,
        );
        if (inside) expect(change).toBe(0);
        else painted.push(change);
      }
    }
    expect(Math.max(...painted)).toBeGreaterThan(8);

    await studio.pictures.getByRole('button', { name: 'Remove the mask of night-impasto.jpg' }).click();
    await masks.kept((document) => document.styles[0]!.mask === null);
    await studio.drop('left', path);
    const question = studio.page.getByRole('dialog', { name: 'painted.png was painted by Madder' });
    await question.getByRole('button', { name: 'Use its settings' }).click();
    const repeated = await masks.kept((document) => document.styles[0]!.mask !== null);
    expect(repeated).toMatchObject({
      styles: styles.map(({ mask }) => ({ mask })),
      photoMask,
    });
  });

  it('go with a photo of another shape, and stay with one of the same', async () => {
    await studio.drop('left', {
      name: 'same.png',
      bytes: await sharp(join(folder, 'grey.png')).negate().png().toBuffer(),
    });
    await studio.notice('The masks stay; they were painted for the photo before').waitFor();
    await studio.dismissNotices();
    const kept = await masks.kept(({ photo }) => photo?.name === 'same.png');
    expect(kept.photoMask).not.toBeNull();
    const upright = await sharp(join(folder, 'grey.png')).resize(200, 300, { fit: 'fill' }).png().toBuffer();
    await studio.drop('left', { name: 'upright.png', bytes: upright });
    await studio.notice('The masks were removed, since the new photo has another shape').waitFor();
    const without = await masks.kept(({ photo }) => photo?.name === 'upright.png');
    expect([without.photoMask, ...without.styles.map(({ mask }) => mask)]).toEqual([null, null, null]);
    await studio.undo();
    const again = await masks.kept(({ photo }) => photo?.name === 'same.png');
    expect(again.photoMask).toEqual(kept.photoMask);
  });

  it('give the browser nothing to complain about', () => {
    expect(studio.program.complaints).toEqual([]);
  });
});
