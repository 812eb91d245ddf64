import { basename } from 'node:path';
import { readFile } from 'node:fs/promises';
import type { Locator, Page } from 'playwright-core';
import type { Job, Snapshot, StudioEvent } from '../../../../src/shared/studio/contract.ts';
import type { StudioDocument } from '../../../../src/shared/studio/document.ts';
import { Canvas } from './canvas.ts';
import { escaped, Fader, typeNumber } from './controls.ts';
import { ExportDialog, HistoryDialog, PreferencesDialog, PresetsDialog, QueueDialog, RenderDialog } from './dialogs.ts';
import { launch, type LaunchOptions, type Program, type Shell } from './shells.ts';
import { until } from './wait.ts';

/** ms for what the engine does, on a computer that is busy with other things. */
const PAINTING = 120_000;

/** A run, and the events that were heard of it. */
export interface Run {
  readonly id: string;
}

/** The studio as a person uses it: everything by what is seen and heard in the window. */
export class Studio<P extends Program = Program> {
  readonly program: P;

  constructor(program: P) {
    this.program = program;
  }

  static async open(shell: Shell = 'browser', options: LaunchOptions = {}): Promise<Studio> {
    const studio = new Studio(await launch(shell, options));
    await studio.isReady();
    return studio;
  }

  get page(): Page {
    return this.program.page;
  }
  get canvas(): Canvas {
    return new Canvas(this.page);
  }
  get toolbar(): Locator {
    return this.page.getByRole('banner');
  }
  get pictures(): Locator {
    return this.page.getByRole('complementary', { name: 'Pictures' });
  }
  get settings(): Locator {
    return this.page.getByRole('complementary', { name: 'Settings' });
  }
  get runBar(): Locator {
    return this.page.getByRole('contentinfo');
  }
  get startButton(): Locator {
    return this.runBar.getByRole('button', { name: 'Start painting' });
  }

  close(): Promise<void> {
    return this.program.close();
  }

  /** Waits until the window can be used. */
  async isReady(): Promise<void> {
    await this.page.locator('[data-canvas]').waitFor({ timeout: 60_000 });
  }

  async reload(): Promise<void> {
    await this.program.reload();
    await this.isReady();
  }

  // ── pictures ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** A sample, from the steps in the middle or, once they are gone, from the panel. */
  async choosePhoto(title: string): Promise<void> {
    await this.#chooseSample('Sample photos', title);
  }

  /** The same for a painting; while the steps are there it is the only one, later it joins the others. */
  async choosePainting(title: string): Promise<void> {
    await this.#chooseSample('Sample paintings', title);
  }

  async #chooseSample(picker: string, title: string): Promise<void> {
    const step = this.page
      .getByRole('region', { name: 'From photo to painting' })
      .getByRole('button', { name: title, exact: true });
    if (await step.isVisible()) {
      await step.click();
      return;
    }
    await this.pictures.getByRole('button', { name: picker }).click();
    await this.page.getByRole('dialog').getByRole('button', { name: title, exact: true }).click();
    await this.page.getByRole('dialog').waitFor({ state: 'detached' });
  }

  /** Takes a painting out of the mix, by the name of its file. */
  async removePainting(file: string): Promise<void> {
    await this.pictures.getByRole('button', { name: `Remove ${file}`, exact: true }).click();
  }

  /** Lets files fall onto the left half of the window, which takes photos, or onto the right one, which takes paintings. */
  async drop(half: 'left' | 'right', ...files: readonly (string | { name: string; bytes: Buffer })[]): Promise<void> {
    const given = await Promise.all(
      files.map(async (file) =>
        typeof file === 'string' ? { name: basename(file), bytes: await readFile(file) } : file,
      ),
    );
    const content = given.map(({ name, bytes }) => ({ name, type: typeOf(name), content: bytes.toString('base64') }));
    const transfer = await this.page.evaluateHandle(`(async () => {
      const transfer = new DataTransfer();
      for (const { name, type, content } of ${JSON.stringify(content)}) {
        const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
        transfer.items.add(new File([bytes], name, { type }));
      }
      return transfer;
    })()`);
    const { width } = this.page.viewportSize()!;
    const clientX = half === 'left' ? width * 0.25 : width * 0.75;
    for (const event of ['dragenter', 'dragover', 'drop']) {
      await this.page.dispatchEvent('body', event, { dataTransfer: transfer, clientX, clientY: 300 });
    }
    await transfer.dispose();
  }

  /** Chooses files in the system's dialog that `open` brings up. */
  async chooseFiles(open: () => Promise<void>, ...paths: readonly string[]): Promise<void> {
    const chooser = this.page.waitForEvent('filechooser');
    await open();
    await (await chooser).setFiles([...paths]);
  }

  // ── settings ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Opens a part of the settings, if it is folded. */
  async unfold(section: string): Promise<void> {
    const trigger = this.settings.getByRole('button', { name: new RegExp(`^${escaped(section)}`) }).first();
    if ((await trigger.getAttribute('aria-expanded')) === 'false') await trigger.click();
  }

  async setSize(longSide: number): Promise<void> {
    await this.unfold('Size and time');
    await typeNumber(this.settings, 'Long side', longSide);
  }

  async setIterations(count: number): Promise<void> {
    await this.unfold('Size and time');
    await typeNumber(this.settings, 'Iterations', count);
  }

  /** So small that a run is a matter of seconds. */
  async makeItQuick(longSide = 96, iterations = 6): Promise<void> {
    await this.setSize(longSide);
    await this.setIterations(iterations);
  }

  /** A layer's fader, or another slider of the settings, by its words. */
  fader(words: string): Fader {
    return new Fader(this.settings, words);
  }

  get strength(): Fader {
    return this.fader('Strength');
  }

  /** Takes a layer into what is kept of the photo, or leaves it out. */
  async toggleKept(layer: string): Promise<void> {
    await this.unfold('Photo and smoothness');
    await this.settings.getByRole('button', { name: 'Choose what is kept of the photo' }).click();
    await this.page.getByRole('switch', { name: new RegExp(`\\b${layer}(?![\\w/])`) }).click();
    await this.page.keyboard.press('Escape');
  }

  /** Layers that are kept of the photo, as they are listed. */
  async keptLayers(): Promise<string[]> {
    await this.unfold('Photo and smoothness');
    return this.settings
      .getByRole('group', { name: 'What is kept of the photo' })
      .getByRole('listitem')
      .allInnerTexts();
  }

  // ── painting ──────────────────────────────────────────────────────────────────────────────────────────────────────

  async start(): Promise<Run> {
    const known = await this.#jobIds();
    await this.startButton.click();
    return this.#newRun(known);
  }

  /** While another picture is painted: to the end of the line. */
  async enqueue(): Promise<Run> {
    const known = await this.#jobIds();
    await this.#more('Add to the queue');
    return this.#newRun(known);
  }

  async startAnew(): Promise<Run> {
    const known = await this.#jobIds();
    await this.runBar.getByRole('button', { name: 'Start anew' }).click();
    return this.#newRun(known);
  }

  async pause(): Promise<void> {
    await this.runBar.getByRole('button', { name: 'Pause' }).click();
    await this.runBar.getByText('Paused').waitFor();
  }

  async resume(): Promise<void> {
    await this.runBar.getByRole('button', { name: 'Continue' }).click();
    await this.runBar.getByRole('button', { name: 'Pause' }).waitFor();
  }

  async stopAndKeep(): Promise<void> {
    await this.runBar.getByRole('button', { name: 'Stop and keep' }).click();
    await this.endsAs('Stopped; the picture is in the history');
  }

  async cancel(): Promise<void> {
    await this.#more('Cancel the run');
  }

  async #more(item: string): Promise<void> {
    await this.runBar.getByRole('button', { name: 'More' }).click();
    await this.page.getByRole('menuitem', { name: item }).click();
  }

  /** Waits until the picture grows on the canvas. */
  async waitForPreview(): Promise<void> {
    await this.canvas.draws('result', '/preview/', PAINTING);
  }

  async finishes(): Promise<void> {
    await this.endsAs('Finished');
  }

  async endsAs(words: string): Promise<void> {
    await this.runBar.getByText(words, { exact: true }).waitFor({ timeout: PAINTING });
  }

  // ── what is true, as the program says ─────────────────────────────────────────────────────────────────────────────

  snapshot(): Promise<Snapshot> {
    return this.program.ask('snapshot', {});
  }

  /** The document as the program keeps it; it gets there a moment after the change. */
  async document(): Promise<StudioDocument> {
    return (await this.snapshot()).document;
  }

  async job({ id }: Run): Promise<Job | undefined> {
    return (await this.snapshot()).jobs.find((job) => job.id === id);
  }

  /** Everything that was heard of a run, oldest first. */
  heardOf({ id }: Run): StudioEvent[] {
    return this.program.heard.filter((event) => runOf(event) === id);
  }

  /** What was heard of a run in one kind of event, oldest first. */
  heard<T extends StudioEvent['type']>(type: T, run: Run): Extract<StudioEvent, { type: T }>[] {
    return this.heardOf(run).filter((event): event is Extract<StudioEvent, { type: T }> => event.type === type);
  }

  /** Waits until the run has come so far. */
  async reaches(run: Run, iteration: number): Promise<void> {
    const total = (): number => this.heard('progress', run).at(-1)?.progress.total ?? 0;
    await until(`iteration ${iteration} is reached`, total, (reached) => reached >= iteration, { timeout: PAINTING });
  }

  /** Waits until the run is in a state. */
  async becomes(run: Run, state: Job['state'], { timeout = PAINTING } = {}): Promise<void> {
    const now = async (): Promise<Job['state'] | undefined> => (await this.job(run))?.state;
    await until(`the run is ${state}`, now, (found) => found === state, { timeout });
  }

  /** What `start` begins, as the program knows it. */
  async begunBy(start: () => Promise<void>): Promise<Run> {
    const known = await this.#jobIds();
    await start();
    return this.#newRun(known);
  }

  async #jobIds(): Promise<ReadonlySet<string>> {
    return new Set((await this.snapshot()).jobs.map(({ id }) => id));
  }

  async #newRun(known: ReadonlySet<string>): Promise<Run> {
    const id = await until('there is a new run', async () =>
      [...(await this.#jobIds())].find((job) => !known.has(job)),
    );
    return { id: id! };
  }

  // ── around ────────────────────────────────────────────────────────────────────────────────────────────────────────

  async undo(): Promise<void> {
    await this.toolbar.getByRole('button', { name: 'Undo' }).click();
  }

  async redo(): Promise<void> {
    await this.toolbar.getByRole('button', { name: 'Redo' }).click();
  }

  /** What the canvas shows: `Photo`, `Painting`, `Result`, `Split`, `Side by side`. */
  async show(mode: string): Promise<void> {
    await this.toolbar.getByRole('radio', { name: mode, exact: true }).click();
  }

  /** A notice in the corner that contains these words. */
  notice(words: string | RegExp): Locator {
    return this.#notices.filter({ hasText: words });
  }

  async dismissNotices(): Promise<void> {
    // Some go by themselves meanwhile.
    const close = this.#notices.first().getByRole('button', { name: 'Close' });
    await until('there are no notices', async () => {
      await close.click({ timeout: 1000 }).catch(() => {});
      return (await this.#notices.count()) === 0;
    });
  }

  get #notices(): Locator {
    return this.page.locator('li[data-tone]');
  }

  async openPresets(): Promise<PresetsDialog> {
    return new PresetsDialog(await this.#open('Presets', 'Presets'), this);
  }
  async openHistory(): Promise<HistoryDialog> {
    return new HistoryDialog(await this.#open('History', 'History'), this);
  }
  async openQueue(): Promise<QueueDialog> {
    return new QueueDialog(await this.#open('Queue', 'Queue'), this);
  }
  async openExport(): Promise<ExportDialog> {
    return new ExportDialog(await this.#open('Export …', 'Export'), this);
  }
  /** For the picture on the canvas. */
  async openRender(): Promise<RenderDialog> {
    await this.page.keyboard.press('Control+Shift+E');
    const dialog = this.page.getByRole('dialog', { name: 'Render large' });
    await dialog.waitFor();
    return new RenderDialog(dialog, this);
  }
  async openPreferences(): Promise<PreferencesDialog> {
    return new PreferencesDialog(await this.#open('Preferences', 'Preferences'), this);
  }

  async #open(button: string, title: string): Promise<Locator> {
    await this.toolbar.getByRole('button', { name: button, exact: true }).click();
    const dialog = this.page.getByRole('dialog', { name: title, exact: true });
    await dialog.waitFor();
    return dialog;
  }
}

function runOf(event: StudioEvent): string | undefined {
  if (event.type === 'job') return event.job.id;
  return 'job' in event ? event.job : undefined;
}

function typeOf(name: string): string {
  const suffix = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
  const types: Readonly<Record<string, string>> = { jpg: 'image/jpeg', json: 'application/json', tif: 'image/tiff' };
  return types[suffix] ?? (['jpeg', 'png', 'webp', 'tiff', 'gif', 'avif'].includes(suffix) ? `image/${suffix}` : '');
}
