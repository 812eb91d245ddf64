import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import sharp from 'sharp';
import type { StudioDocument, StudioPicture } from '../../../../src/shared/studio/document.ts';
import { escaped, Fader } from './controls.ts';
import type { Studio } from './studio.ts';
import { until } from './wait.ts';

/** A place on the picture, as shares of its width and height. */
export type Place = readonly [x: number, y: number];

/** A mask as it lies in the library. */
export interface StoredMask {
  readonly name: string;
  readonly format: string;
  readonly channels: number;
  readonly width: number;
  readonly height: number;
  /** The value at a place, 0 to 255. */
  at(x: number, y: number): number;
  /** How much of it is white, 0 to 1. */
  readonly coverage: number;
}

/** Painting masks, as a person does. */
export class Masks {
  readonly studio: Studio;

  constructor(studio: Studio) {
    this.studio = studio;
  }

  get bar(): Locator {
    return this.studio.page.getByRole('region', { name: 'Mask', exact: true });
  }

  /** Begins to paint on the mask of the photo, or of a painting by the name of its file. */
  async open(of: 'photo' | string): Promise<void> {
    const { pictures } = this.studio;
    const edit = pictures.getByRole('button', {
      name: new RegExp(of === 'photo' ? '^Edit mask' : `^Edit mask ${escaped(of)}$`),
    });
    if (await this.bar.isVisible()) await this.region(of).click();
    else if ((await edit.count()) > 0) await edit.first().click();
    else if (of === 'photo') await pictures.getByRole('button', { name: 'Paint where the photo stays' }).click();
    else {
      const item = pictures.getByRole('listitem').filter({ has: this.#remover(of) });
      await item.getByRole('button', { name: 'Paint where it applies' }).click();
    }
    await this.bar.waitFor();
    await until(
      `the mask of ${of} is open`,
      () => this.region(of).getAttribute('aria-pressed'),
      (on) => on === 'true',
    );
  }

  #remover(file: string): Locator {
    return this.studio.page.getByRole('button', { name: `Remove ${file}`, exact: true });
  }

  async done(): Promise<void> {
    await this.bar.getByRole('button', { name: 'Done' }).click();
    await this.bar.waitFor({ state: 'detached' });
  }

  /** What stands for a region above the canvas. */
  region(of: 'photo' | string): Locator {
    const name = of === 'photo' ? 'Photo stays' : of.replace(/\.[^.]*$/, '');
    return this.bar.getByRole('list', { name: 'Regions' }).getByRole('button', { name: new RegExp(escaped(name)) });
  }

  tool(name: 'Brush' | 'Eraser' | 'Lasso'): Locator {
    return this.bar.getByRole('radio', { name, exact: true });
  }

  button(name: string): Locator {
    return this.bar.getByRole('button', { name, exact: true });
  }

  fader(words: string): Fader {
    return new Fader(this.bar, words);
  }

  /** Percent of the picture that a region covers, as it is written; undefined where nothing is painted. */
  async percent(of: 'photo' | string): Promise<number | undefined> {
    const found = /(\d+)%/.exec(await this.region(of).innerText());
    return found ? Number(found[1]) : undefined;
  }

  /** Waits until a region covers about so many per cent. */
  async covers(of: 'photo' | string, percent: number, tolerance = 1): Promise<void> {
    await until(
      `the region of ${of} covers ${percent} %`,
      () => this.percent(of),
      (now) => now !== undefined && Math.abs(now - percent) <= tolerance,
      { timeout: 20_000 },
    );
  }

  /** Drags over the picture, from place to place. */
  async drag(
    places: readonly Place[],
    { hold, steps = 6 }: { hold?: 'Alt' | ' '; steps?: number } = {},
  ): Promise<void> {
    const { page } = this.studio;
    const box = await this.studio.canvas.pictureBox();
    const [first, ...others] = places.map(([x, y]) => [box.x + x * box.width, box.y + y * box.height] as const);
    if (hold) await page.keyboard.down(hold);
    await page.mouse.move(...first!);
    await page.mouse.down();
    for (const place of others) await page.mouse.move(...place, { steps });
    await page.mouse.up();
    if (hold) await page.keyboard.up(hold);
  }

  /** Fills a rectangle with the lasso. */
  async lasso(left: number, top: number, right: number, bottom: number, hold?: 'Alt'): Promise<void> {
    await this.tool('Lasso').click();
    const corners: Place[] = [
      [left, top],
      [right, top],
      [right, bottom],
      [left, bottom],
    ];
    await this.drag(corners, hold ? { hold } : {});
  }

  async load(path: string): Promise<void> {
    await this.studio.chooseFiles(() => this.button('Load from an image …').click(), path);
  }

  /** The document once the program has it as it is expected. */
  async kept(right: (document: StudioDocument) => boolean): Promise<StudioDocument> {
    return until('the document is kept', () => this.studio.document(), right);
  }

  /** A mask's file in the library. */
  async stored({ sha256, name }: StudioPicture): Promise<StoredMask> {
    const bytes = await readFile(join(this.studio.program.data, 'library', sha256, 'original.png'));
    const { format, channels, width, height } = await sharp(bytes).metadata();
    const data = await sharp(bytes).extractChannel(0).raw().toBuffer();
    return {
      name,
      format,
      channels,
      width,
      height,
      at: (x, y) => data[Math.floor(y * height) * width + Math.floor(x * width)]!,
      coverage: data.reduce((sum, value) => sum + value, 0) / data.length / 255,
    };
  }
}
