import type { Locator, Page } from 'playwright-core';

/** A slider, upright or not, as hands use it. */
export class Fader {
  readonly thumb: Locator;
  readonly mute: Locator;
  readonly solo: Locator;

  /** @param name the words at the slider, or those that begin a longer name */
  constructor(scope: Page | Locator, name: string) {
    const begins = new RegExp(`^${escaped(name)}(,|$)`);
    this.thumb = scope.getByRole('slider', { name: begins });
    this.mute = scope.getByRole('button', { name: new RegExp(`^Mute: ${escaped(name)}(,|$)`) });
    this.solo = scope.getByRole('button', { name: new RegExp(`^Solo: ${escaped(name)}(,|$)`) });
  }

  /** What it is at. */
  async value(): Promise<number> {
    return Number(await this.thumb.getAttribute('aria-valuenow'));
  }

  /** Drags it there in small movements and lets go: one step for undo. */
  async set(value: number, movements = 8): Promise<void> {
    const mouse = this.thumb.page().mouse;
    await this.thumb.scrollIntoViewIfNeeded();
    const rail = (await this.thumb.locator('xpath=ancestor::*[@data-orientation][1]').boundingBox())!;
    const thumb = (await this.thumb.boundingBox())!;
    const [least, most] = await Promise.all(
      ['aria-valuemin', 'aria-valuemax'].map(async (name) => Number(await this.thumb.getAttribute(name))),
    );
    const share = (value - least!) / (most! - least!);
    const upright = rail.height > rail.width;
    await mouse.move(thumb.x + thumb.width / 2, thumb.y + thumb.height / 2);
    await mouse.down();
    await mouse.move(
      upright ? rail.x + rail.width / 2 : rail.x + share * rail.width,
      upright ? rail.y + (1 - share) * rail.height : rail.y + rail.height / 2,
      { steps: movements },
    );
    await mouse.up();
    const now = await this.value();
    if (Math.abs(now - value) > (most! - least!) / 40) throw new Error(`The slider is at ${now}, not at ${value}.`);
  }

  /** Presses a key on it. */
  async press(key: string): Promise<void> {
    await this.thumb.press(key);
  }
}

/** Types a number into a field. */
export async function typeNumber(scope: Page | Locator, label: string, value: number): Promise<void> {
  const field = scope.getByRole('spinbutton', { name: label, exact: true });
  await field.fill(String(value));
  await field.press('Enter');
}

export const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
