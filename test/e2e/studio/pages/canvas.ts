import type { Locator, Page } from 'playwright-core';
import sharp from 'sharp';
import { settled } from './look.ts';
import { PATIENCE, until } from './wait.ts';

/** Red, green, blue; 0 to 255. */
export type Colour = readonly [number, number, number];

/** The picture in the middle of the window, as a person sees it. */
export class Canvas {
  readonly #page: Page;
  readonly area: Locator;
  readonly #host: Locator;
  /** Between photo and result. */
  readonly divider: Locator;

  constructor(page: Page) {
    this.#page = page;
    this.area = page.locator('main > div').first();
    this.#host = page.locator('[data-canvas]');
    this.divider = this.#host.getByRole('separator');
  }

  /** What a screen reader says of it: file, size, state and zoom. */
  async description(): Promise<string> {
    return (await this.#host.getByRole('img').first().getAttribute('aria-label')) ?? '';
  }

  /** Waits until the description contains something. */
  async says(words: string | RegExp, timeout = PATIENCE): Promise<void> {
    const says = (text: string): boolean => (typeof words === 'string' ? text.includes(words) : words.test(text));
    await until(`the canvas says ${String(words)}`, () => this.description(), says, { timeout });
  }

  /** Waits until a picture has been decoded and drawn whose address contains `part`. */
  async draws(slot: 'photo' | 'style' | 'result', part: string, timeout = PATIENCE): Promise<void> {
    await until(
      `the canvas draws ${part}`,
      () => this.drawn(slot),
      (url) => url.includes(part),
      { timeout },
    );
    await this.settled();
  }

  async drawn(slot: 'photo' | 'style' | 'result'): Promise<string> {
    return (await this.#host.getAttribute(`data-${slot}`)) ?? '';
  }

  /** Waits until what was last asked of the painter is on the screen. */
  async settled(): Promise<void> {
    await settled(this.#page);
  }

  /** Mean colour around a place on the canvas, given as shares of its width and height. */
  async colour(x: number, y: number): Promise<Colour> {
    const box = (await this.#host.boundingBox())!;
    return this.#mean({ x: box.x + x * box.width, y: box.y + y * box.height });
  }

  /** Mean colour around a place of the picture that fills the canvas as far as its shape allows. */
  async pictureColour(x: number, y: number): Promise<Colour> {
    const at = await this.pictureBox();
    return this.#mean({ x: at.x + x * at.width, y: at.y + y * at.height });
  }

  /** Where the picture lies on the screen, from its description and the zoom: it is in the middle while all of it is seen. */
  async pictureBox(): Promise<{ x: number; y: number; width: number; height: number }> {
    const [, width, height, percent] =
      /([\d,.]+) by ([\d,.]+) pixels, zoom ([\d,.]+) percent/.exec(await this.description()) ?? [];
    if (percent === undefined) throw new Error('There is no picture on the canvas.');
    const host = (await this.#host.boundingBox())!;
    const [w, h] = [Number(width), Number(height)];
    // The zoom is rounded to whole percents; the canvas fits pictures by the same rule.
    const scale = Math.min((0.96 * host.width) / w, (0.96 * host.height) / h, 2);
    return {
      x: host.x + (host.width - w * scale) / 2,
      y: host.y + (host.height - h * scale) / 2,
      width: w * scale,
      height: h * scale,
    };
  }

  /** The picture as it is on the screen. */
  async screenshot(): Promise<Buffer> {
    return this.#page.screenshot({ clip: (await this.#host.boundingBox())! });
  }

  async #mean({ x, y }: { x: number; y: number }): Promise<Colour> {
    const clip = { x: Math.round(x) - 2, y: Math.round(y) - 2, width: 4, height: 4 };
    const { channels } = await sharp(await this.#page.screenshot({ clip })).stats();
    return channels.slice(0, 3).map(({ mean }) => Math.round(mean)) as unknown as Colour;
  }
}
