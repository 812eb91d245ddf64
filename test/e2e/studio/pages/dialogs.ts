import { readFile } from 'node:fs/promises';
import type { Download, Locator, Page } from 'playwright-core';
import { escaped, Fader, typeNumber } from './controls.ts';
import type { Run, Studio } from './studio.ts';
import { until } from './wait.ts';

class Dialog {
  readonly box: Locator;
  protected readonly studio: Studio;

  constructor(box: Locator, studio: Studio) {
    this.box = box;
    this.studio = studio;
  }

  protected get page(): Page {
    return this.studio.page;
  }

  button(name: string | RegExp): Locator {
    return this.box.getByRole('button', { name, exact: typeof name === 'string' });
  }

  async close(): Promise<void> {
    // A notice that is still there takes the first Escape for itself.
    const gone = (): Promise<boolean> => this.box.count().then((count) => count === 0);
    await until('the dialog is closed', async () => {
      await this.page.keyboard.press('Escape');
      return gone();
    });
  }

  protected async closed(): Promise<void> {
    await this.box.waitFor({ state: 'detached' });
  }
}

export class PresetsDialog extends Dialog {
  card(name: string): Locator {
    return this.box
      .getByRole('list', { name: 'Presets' })
      .getByRole('button', { name: new RegExp(`^${escaped(name)}`) });
  }

  async select(name: string): Promise<void> {
    await this.card(name).first().click();
    await this.box.getByRole('heading', { name, exact: true }).waitFor();
  }

  /** Keeps the settings as they are. */
  async save(name: string): Promise<void> {
    await this.button('Save current settings').click();
    await this.box.getByRole('textbox', { name: 'Name' }).fill(name);
    await this.button('Save preset').click();
    await this.box.getByRole('heading', { name, exact: true }).waitFor();
  }

  async use(name: string): Promise<void> {
    await this.select(name);
    await this.button(/^Use (this preset|it again as it was)$/).click();
    await this.closed();
  }

  async duplicate(name: string): Promise<void> {
    await this.#more(name, 'Duplicate');
    await this.box.getByRole('heading', { name: `${name} (copy)`, exact: true }).waitFor();
  }

  async rename(name: string, to: string): Promise<void> {
    await this.#more(name, 'Rename');
    const field = this.box.getByRole('textbox', { name: 'Name' });
    await field.fill(to);
    await field.press('Enter');
    await this.box.getByRole('heading', { name: to, exact: true }).waitFor();
  }

  async delete(name: string): Promise<void> {
    await this.#more(name, 'Delete');
    await this.card(name).waitFor({ state: 'detached' });
  }

  /** The file's text. */
  async export(name: string): Promise<{ fileName: string; text: string }> {
    const download = this.page.waitForEvent('download');
    await this.#more(name, 'Export as a file');
    const file = await download;
    return { fileName: file.suggestedFilename(), text: await readFile(await file.path(), 'utf8') };
  }

  async import(path: string): Promise<void> {
    await this.studio.chooseFiles(() => this.button('Import …').click(), path);
  }

  async #more(name: string, item: string): Promise<void> {
    await this.select(name);
    await this.button('More to do with this preset').click();
    await this.page.getByRole('menuitem', { name: item }).click();
  }
}

export class HistoryDialog extends Dialog {
  get cards(): Locator {
    return this.box.getByRole('list', { name: 'History' }).getByRole('button');
  }

  async select(name: string): Promise<void> {
    await this.box
      .getByRole('list', { name: 'History' })
      .getByRole('button', { name: new RegExp(`^${escaped(name)}`) })
      .first()
      .click();
    await this.box.getByRole('heading', { name, exact: true }).waitFor();
  }

  async rename(name: string, to: string): Promise<void> {
    await this.select(name);
    await this.button('Rename').click();
    const field = this.box.getByRole('textbox', { name: 'Name of the picture' });
    await field.fill(to);
    await field.press('Enter');
    await this.box.getByRole('heading', { name: to, exact: true }).waitFor();
  }

  /** Brings the settings of a picture back. */
  async restore(name: string): Promise<void> {
    await this.select(name);
    await this.button('Restore its settings').click();
    await this.closed();
  }

  async compare(name: string, other: string): Promise<Locator> {
    await this.select(name);
    await this.button('Compare with …').click();
    await this.box
      .getByRole('list', { name: 'History' })
      .getByRole('button', { name: new RegExp(`^${escaped(other)}`) })
      .first()
      .click();
    const comparison = this.page.getByRole('dialog', { name: 'Compare two pictures' });
    await comparison.waitFor();
    return comparison;
  }

  async delete(name: string): Promise<void> {
    await this.select(name);
    await this.button('Delete').click();
    const question = this.box.getByRole('alertdialog');
    await question.getByRole('button', { name: 'Delete' }).click();
    await question.waitFor({ state: 'detached' });
  }
}

export class QueueDialog extends Dialog {
  get rows(): Locator {
    return this.box.getByRole('list', { name: 'Queue' }).getByRole('listitem');
  }

  /** Names of the jobs, from the top. */
  async names(): Promise<string[]> {
    return this.rows.locator('p:has(+ [data-state])').allTextContents();
  }

  /** States of the jobs, from the top, as they are written. */
  async states(): Promise<string[]> {
    return this.rows.locator('[data-state] span').allTextContents();
  }

  row(at: number): Locator {
    return this.rows.nth(at);
  }

  async manyPaintings(...titles: readonly string[]): Promise<void> {
    await this.box.getByRole('tab', { name: 'Many at once' }).click();
    await this.box.getByRole('radio', { name: 'Many paintings' }).click();
    for (const title of titles) await this.button(title).click();
    await this.button('Put in line').click();
    await this.box.getByRole('tab', { name: /^Jobs/, selected: true }).waitFor();
  }
}

export class ExportDialog extends Dialog {
  async choose(format: 'PNG' | 'JPEG' | 'TIFF' | 'WebP'): Promise<void> {
    await this.box.getByRole('radio', { name: format, exact: true }).click();
  }

  /** Writes the file: through the save dialog on a desktop, as a download in a browser. */
  async saveAs(path: string): Promise<void> {
    if (this.studio.program.shell === 'desktop') {
      this.studio.program.saveNextTo(path);
      await this.button('Export as …').click();
      await this.page.getByText('The picture was written.').waitFor();
    } else {
      await this.button('Export').click();
      await (await this.download()).saveAs(path);
    }
  }

  async download(): Promise<Download> {
    const button = this.page.getByRole('dialog', { name: 'Exported' }).getByRole('button', { name: 'Download' });
    await button.waitFor();
    const download = this.page.waitForEvent('download');
    await button.click();
    return download;
  }
}

export class PreferencesDialog extends Dialog {
  async chooseLanguage(language: 'English' | 'Deutsch'): Promise<void> {
    await this.box.getByRole('combobox').selectOption({ label: language });
  }

  async chooseTheme(theme: 'Dark' | 'Light' | 'System'): Promise<void> {
    await this.box.getByRole('radio', { name: theme, exact: true }).click();
  }

  /** The field for the folder that exports go to, on its page. */
  async exportFolder(): Promise<Locator> {
    await this.box.getByRole('tab', { name: 'Files' }).click();
    return this.box.getByRole('textbox', { name: 'Folder for exports' });
  }

  fader(words: string): Fader {
    return new Fader(this.box, words);
  }
}

export class RenderDialog extends Dialog {
  get plan(): Locator {
    return this.box.getByRole('region', { name: 'What it takes' });
  }

  /** How the size is given: `Pixels`, `Megapixels` or `Paper`. */
  async giveSizeIn(unit: string): Promise<void> {
    await this.box.getByRole('radio', { name: unit, exact: true }).click();
  }

  async type(field: string, value: number): Promise<void> {
    await typeNumber(this.box, field, value);
  }

  /** Memory that it may take, GB. */
  async allow(gigabytes: number): Promise<void> {
    const free = this.box.getByRole('switch', { name: 'Most of what is free' });
    if (await free.isChecked()) await free.click();
    await this.type('At most', gigabytes);
  }

  /** A figure of the plan, once it has been worked out for what is set. */
  async figure(name: string): Promise<string> {
    await this.worked();
    return this.plan
      .locator('div', { has: this.page.getByRole('term').filter({ hasText: new RegExp(`^${escaped(name)}$`) }) })
      .last()
      .getByRole('definition')
      .innerText();
  }

  async worked(): Promise<void> {
    const isBusy = (): Promise<string | null> => this.plan.getAttribute('aria-busy');
    await until('the figures are there', isBusy, (busy) => busy === 'false', { timeout: 180_000 });
  }

  async start(button = 'Render'): Promise<Run> {
    await this.worked();
    const run = await this.studio.begunBy(() => this.button(button).click());
    await this.closed();
    return run;
  }
}
