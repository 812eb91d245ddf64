import type { Locator, Page } from 'playwright-core';
import type { StudyEntry } from '../../../../src/shared/studio/studies.ts';
import { escaped, typeNumber } from './controls.ts';
import type { Studio } from './studio.ts';
import { until } from './wait.ts';

/** ms for what studies take, on a computer that is busy with other things. */
const STUDYING = 240_000;

/** The laboratory as a person uses it. */
export class Laboratory {
  readonly studio: Studio;

  constructor(studio: Studio) {
    this.studio = studio;
  }

  get page(): Page {
    return this.studio.page;
  }
  get main(): Locator {
    return this.page.getByRole('main');
  }
  get list(): Locator {
    return this.page.getByRole('complementary', { name: 'Studies' });
  }
  /** What stands between two pictures. */
  get divider(): Locator {
    return this.page.getByRole('separator', { name: 'Divider between the two pictures' });
  }

  /** Goes there from the studio, or back. */
  async go(room: 'Studio' | 'Laboratory'): Promise<void> {
    await this.studio.toolbar.getByRole('radio', { name: room, exact: true }).click();
    if (room === 'Laboratory') await this.list.waitFor();
    else await this.studio.isReady();
  }

  /** Opens the form for a kind of study. */
  async choose(kind: string): Promise<void> {
    if (!(await this.main.getByRole('heading', { name: 'What makes a network paint well?' }).isVisible())) {
      await this.list.getByRole('button', { name: 'New' }).click();
    }
    await this.main.getByRole('button', { name: new RegExp(`^${escaped(kind)}`) }).click();
    await this.main.getByRole('heading', { name: kind, exact: true }).waitFor();
  }

  /** A part of the form. */
  field(name: string): Locator {
    return this.main.getByRole('group', { name, exact: true });
  }

  async type(label: string, value: number): Promise<void> {
    await typeNumber(this.main, label, value);
  }

  /** Leaves these on, and no others. */
  async pick(field: string, ...names: readonly string[]): Promise<void> {
    const buttons = this.field(field).getByRole('listitem').getByRole('button');
    for (const button of await buttons.all()) {
      const wanted = names.includes((await button.innerText()).trim());
      const on = (await button.getAttribute('aria-pressed')) === 'true';
      if (wanted !== on) await button.click();
    }
  }

  /** Begins what is set up. */
  async begin(): Promise<StudyEntry> {
    const known = new Set((await this.studies()).map(({ id }) => id));
    await this.main.getByRole('button', { name: 'Begin the study' }).click();
    const found = await until('there is a new study', async () =>
      (await this.studies()).find(({ id }) => !known.has(id)),
    );
    await this.main.getByRole('heading', { name: found!.title, exact: true }).waitFor();
    return found!;
  }

  async studies(): Promise<StudyEntry[]> {
    return (await this.studio.snapshot()).studies;
  }

  async study(id: string): Promise<StudyEntry | undefined> {
    return (await this.studies()).find((study) => study.id === id);
  }

  /** Waits until the study stands so. */
  async becomes({ id }: StudyEntry, state: StudyEntry['state']): Promise<StudyEntry> {
    const now = (): Promise<StudyEntry | undefined> => this.study(id);
    const study = await until(`the study is ${state}`, now, (found) => found?.state === state, { timeout: STUDYING });
    return study!;
  }

  async open(title: string): Promise<void> {
    await this.list.getByRole('button', { name: new RegExp(escaped(title)) }).click();
    await this.main.getByRole('heading', { name: title, exact: true }).waitFor();
  }

  async tab(name: string): Promise<void> {
    await this.main.getByRole('tab', { name, exact: true }).click();
  }

  /** Pictures of the sheet. */
  get pictures(): Locator {
    return this.main.getByRole('img', { name: /^See .* large$/ });
  }

  /** What the pictures of the sheet were painted from. */
  get originals(): Locator {
    return this.main.getByRole('list', { name: 'What they were painted from' });
  }

  /** Marks two pictures, by what they are called, and compares them. */
  async compare(...names: readonly [string, string]): Promise<void> {
    for (const name of names) await this.main.getByRole('button', { name: `Compare: ${name}`, exact: true }).click();
    await this.main.getByRole('button', { name: 'Compare the two' }).click();
    await this.divider.waitFor();
  }

  magnifier(name: string): Locator {
    return this.page.getByRole('group', { name: `Magnifier: ${name}`, exact: true });
  }
}
