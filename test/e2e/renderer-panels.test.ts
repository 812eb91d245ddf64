import { existsSync, mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ResponseOf } from '../../src/shared/studio/contract.ts';
import { chromiumPath } from '../support/chromium.ts';
import { fullStudio, paintedFiles } from '../unit/renderer/fake/full-studio.ts';
import { FakeServer } from '../unit/renderer/fake/server.ts';

const executablePath = chromiumPath();
const WINDOW = 'dist/renderer';
const PICTURES = 'test-results/panels';
const missing = !executablePath
  ? 'there is no Chromium; name one in MADDER_CHROMIUM'
  : !existsSync(`${WINDOW}/index.html`) && 'the window is not built; run npm run build';
if (missing) console.warn(`The tests of panels and dialogs are skipped: ${missing}.`);

/** Dialogs by their buttons in the bar above, in both languages. */
const DIALOGS = [
  ['presets', 'Presets', 'Vorlagen'],
  ['history', 'History', 'Verlauf'],
  ['queue', 'Queue', 'Warteschlange'],
  ['export', 'Export …', 'Exportieren …'],
  ['preferences', 'Preferences', 'Einstellungen'],
] as const;

describe.skipIf(missing)('panels and dialogs in a browser', () => {
  let browser: Browser;
  let server: FakeServer;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    mkdirSync(PICTURES, { recursive: true });
    server = await FakeServer.start(WINDOW);
    const { samples } = server.transport.state;
    server.transport.state = { ...server.transport.state, ...(await fullStudio(samples)) };
    for (const [key, file] of paintedFiles(samples, server.files as Map<string, string>)) server.files.set(key, file);
    browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] });
    page = await open('en', 'dark');
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  async function open(language: 'en' | 'de', theme: 'dark' | 'light', width = 1280, height = 800): Promise<Page> {
    const { state } = server.transport;
    server.transport.state = { ...state, preferences: { ...state.preferences, language, theme } };
    const opened = await browser.newPage({ viewport: { width, height } });
    opened.setDefaultTimeout(15_000);
    opened.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    opened.on('pageerror', ({ message }) => complaints.push(message));
    await opened.goto(server.address);
    await opened.locator('[data-canvas]').waitFor();
    await opened.waitForTimeout(300);
    return opened;
  }
  const asked = (method: string): unknown[] =>
    server.transport.calls.filter((call) => call.method === method).map(({ request }) => request);
  const bar = () => page.getByRole('banner');
  const dialog = () => page.getByRole('dialog');

  test('mixes paintings: order, share, removal', async () => {
    const list = page.getByRole('complementary', { name: 'Pictures' });
    const names = () =>
      list.getByRole('button', { name: /^Remove / }).evaluateAll((all) => all.map((b) => b.ariaLabel));
    const before = await names();
    await list
      .getByRole('button', { name: /^Move .* down$/ })
      .first()
      .press('Enter');
    expect(await names()).toEqual([before[1], before[0]]);
    await list
      .getByRole('button', { name: /^Move .* up$/ })
      .nth(1)
      .focus();
    await page.keyboard.press('Alt+ArrowUp');
    expect(await names()).toEqual(before);
    await list
      .getByRole('button', { name: /^Remove / })
      .last()
      .click();
    expect(await names()).toEqual([before[0]]);
    await page.keyboard.press('Control+z');
    expect(await names()).toEqual(before);
  });

  test('chooses networks, and offers those that are not there', async () => {
    const panel = page.getByRole('complementary', { name: 'Pictures' });
    const search = panel.getByRole('searchbox', { name: 'Search networks' });
    await search.fill('ResNet-50, L2');
    const slider = panel.getByRole('slider', { name: 'Robustness' }).first();
    await slider.focus();
    await page.keyboard.press('Home');
    expect(await slider.getAttribute('aria-valuetext')).toBe('standard');
    await panel.getByRole('button', { name: /^Download ResNet-50, not robust, / }).click();
    await expect.poll(() => asked('downloadNetwork')).toEqual([{ id: 'robust-resnet50-l2-eps0' }]);
    server.transport.emit({
      type: 'download',
      network: 'robust-resnet50-l2-eps0',
      fraction: 0.4,
      bytesPerSecond: 12e6,
      secondsLeft: 8,
    });
    await panel.getByText('40% · 12 MB/s · 8 sec left').waitFor();
    await page.screenshot({ path: `${PICTURES}/download.png` });
    const problem = { kind: 'network', message: 'The server does not answer; try again later.' } as const;
    server.transport.emit({
      type: 'download',
      network: 'robust-resnet50-l2-eps0',
      bytesPerSecond: 0,
      ended: 'failed',
      problem,
    });
    await panel.getByText(problem.message).waitFor();
    await search.fill('Madder ResNet');
    await panel.getByRole('button', { name: 'Use Madder ResNet, robust' }).click();
    await panel.getByText('In use').waitFor();
    await page.keyboard.press('Control+z');
    await search.fill('');
  });

  test.each(DIALOGS)('opens %s, is accessible, and gives the focus back', async (name, label) => {
    const button = bar().getByRole('button', { name: label });
    await button.focus();
    await page.keyboard.press('Enter');
    await dialog().waitFor();
    await page.waitForTimeout(250);
    await page.screenshot({ path: `${PICTURES}/${name}.png` });
    const found = await violations(page);
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
    expect(found).toEqual([]);
    expect(await button.evaluate((element) => element === document.activeElement)).toBe(true);
  });

  test('compares two results, and deletes only when asked twice', async () => {
    await bar().getByRole('button', { name: 'History' }).click();
    await dialog()
      .getByRole('button', { name: /^Lake as a window/ })
      .click();
    await dialog().getByRole('button', { name: 'Compare with …' }).click();
    await dialog()
      .getByRole('button', { name: /^Lake, woodcut/ })
      .click();
    await dialog().getByRole('heading', { name: 'Lake, woodcut' }).waitFor();
    await page.waitForTimeout(200);
    await page.screenshot({ path: `${PICTURES}/compare.png` });
    await dialog().getByRole('button', { name: 'Back to the history' }).click();
    await dialog().getByRole('button', { name: 'Delete' }).click();
    const question = page.getByRole('alertdialog');
    await question.waitFor();
    await page.keyboard.press('Escape');
    await question.waitFor({ state: 'detached' });
    expect(asked('deleteResult')).toEqual([]);
    await dialog().getByRole('button', { name: 'Delete' }).click();
    await question.getByRole('button', { name: 'Delete' }).click();
    await expect.poll(() => asked('deleteResult').length).toBe(1);
    await page.keyboard.press('Escape');
  });

  test('gives the focus back where one dialog led to another', async () => {
    const button = bar().getByRole('button', { name: 'History' });
    await button.focus();
    await page.keyboard.press('Enter');
    await dialog().getByRole('button', { name: 'Change the limit' }).click();
    await page.getByRole('dialog', { name: 'Preferences' }).waitFor();
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
    await expect.poll(() => button.evaluate((element) => element === document.activeElement)).toBe(true);
  });

  test('saves the settings as a preset', async () => {
    await bar().getByRole('button', { name: 'Presets' }).click();
    await dialog().getByRole('button', { name: 'Save current settings' }).click();
    await page.screenshot({ path: `${PICTURES}/preset-save.png` });
    await dialog().getByRole('textbox', { name: 'Name' }).fill('Mine');
    await page.keyboard.press('Enter');
    await expect.poll(() => asked('savePreset')).toMatchObject([{ id: null, value: { name: 'Mine' } }]);
    await page.keyboard.press('Escape');
  });

  test('builds a batch out of samples', async () => {
    await bar().getByRole('button', { name: 'Queue' }).click();
    await dialog().getByRole('tab', { name: 'Many at once' }).click();
    await dialog().getByRole('radio', { name: 'Many paintings' }).click();
    for (const name of ['Pine by the Sea', 'Poppy Meadow']) await dialog().getByRole('button', { name }).click();
    await page.screenshot({ path: `${PICTURES}/batch.png` });
    await dialog().getByRole('button', { name: 'Put in line' }).click();
    await expect.poll(() => asked('startBatch')).toHaveLength(1);
    const [{ documents }] = asked('startBatch') as [{ documents: { styles: unknown[] }[] }];
    expect(documents.map(({ styles }) => styles.length)).toEqual([1, 1]);
    // The first one is for the notice, which lies on top.
    await page.getByText('2 pictures were put in line').first().waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
  });

  test('says why options of an export do not go together', async () => {
    await bar().getByRole('button', { name: 'Export …' }).click();
    await dialog().getByRole('radio', { name: 'JPEG' }).click();
    await dialog().getByText('JPEG and WebP hold 8 bits per colour').waitFor();
    await dialog().getByRole('radio', { name: 'cm' }).click();
    await page.screenshot({ path: `${PICTURES}/export-jpeg.png` });
    await dialog().getByRole('radio', { name: 'WebP' }).click();
    await dialog().getByRole('spinbutton', { name: 'Long side' }).fill('170');
    await page.keyboard.press('Tab');
    await dialog().getByText('WebP holds at most 16,383 px a side; choose PNG or TIFF, or a smaller size.').waitFor();
    const button = dialog().getByRole('button', { name: 'Export', exact: true });
    expect(await button.getAttribute('aria-disabled')).toBe('true');
    await dialog().getByRole('radio', { name: 'TIFF' }).click();
    expect(await button.getAttribute('aria-disabled')).toBeNull();
    await dialog().getByRole('switch', { name: 'Pyramid for viewers of large pictures' }).click();
    await button.click();
    await page.getByRole('dialog', { name: 'Exported' }).waitFor();
    expect(asked('exportResult').at(-1)).toMatchObject({ options: { format: 'tiff', pyramid: true } });
    await page.keyboard.press('Escape');
  });

  test('shows how far an export is, which goes on unseen or is cancelled', async () => {
    const begin = async (): Promise<(written: ResponseOf<'exportResult'>) => void> => {
      let end: (written: ResponseOf<'exportResult'>) => void = () => {};
      server.transport.exporting = new Promise((resolve) => (end = resolve));
      await bar().getByRole('button', { name: 'Export …' }).click();
      await dialog().getByRole('button', { name: 'Export', exact: true }).click();
      return end;
    };
    const nameOf = () => (asked('exportResult').at(-1) as { export: string }).export;
    const progress = dialog().getByRole('progressbar', { name: 'Writing' });

    let end = await begin();
    await dialog().getByText('Reading the picture …').first().waitFor();
    server.transport.emit({ type: 'exporting', export: nameOf(), fraction: 0.42 });
    await dialog().getByText('42%').first().waitFor();
    expect(await progress.getAttribute('aria-valuenow')).toBe('42');
    await dialog().getByRole('button', { name: 'Cancel export' }).click();
    expect(asked('cancelExport')).toEqual([{ export: nameOf() }]);
    end(null);
    await page.getByText('The export was cancelled; no file was written.').first().waitFor();
    await dialog().getByRole('button', { name: 'Export', exact: true }).waitFor();
    await dialog().getByRole('button', { name: 'Cancel', exact: true }).click();

    end = await begin();
    await dialog().getByRole('button', { name: 'Close and go on' }).click();
    await dialog().waitFor({ state: 'detached' });
    // Whoever looks again finds it where it is.
    server.transport.emit({ type: 'exporting', export: nameOf(), fraction: 0.8 });
    await bar().getByRole('button', { name: 'Export …' }).click();
    await dialog().getByText('80%').first().waitFor();
    await dialog().getByRole('button', { name: 'Close and go on' }).click();
    end({ path: '/out/lake.tif', bytes: 9, width: 3, height: 2, skipped: false, notes: [], download: 'file' });
    await page.getByText('The file is ready to be downloaded.').first().waitFor();
    await page.getByText('lake.tif').first().waitFor();
  });

  test('looks right in every theme, size and language', async () => {
    const looks = [
      ['de', 'light', 1280, 800],
      ['en', 'dark', 2560, 1440],
      ['de', 'dark', 1024, 700],
    ] as const;
    for (const [language, theme, width, height] of looks) {
      await page.close();
      page = await open(language, theme, width, height);
      const picture = (name: string): Promise<unknown> =>
        page.screenshot({ path: `${PICTURES}/${name}-${language}-${theme}-${width}.png` });
      await picture('studio');
      for (const [name, english, german] of DIALOGS) {
        await bar()
          .getByRole('button', { name: language === 'de' ? german : english })
          .click();
        await dialog().waitFor();
        await page.waitForTimeout(250);
        await picture(name);
        const overflow = await dialog().evaluate((element) => element.scrollWidth - element.clientWidth);
        expect([name, overflow, await violations(page)]).toEqual([name, 0, []]);
        await page.keyboard.press('Escape');
        await dialog().waitFor({ state: 'detached' });
      }
    }
  });

  test('has given the browser nothing to complain about', () => {
    expect(complaints).toEqual([]);
  });
});

/** What axe finds against WCAG 2.2, AA. */
async function violations(page: Page): Promise<string[]> {
  // As text into the page: its policy allows no scripts but its own files.
  await page.evaluate(await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(context: unknown, options: unknown): Promise<AxeResults> } };
    const { violations: found } = await axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
    });
    return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
  });
}

interface AxeResults {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}
