import { existsSync, mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { chromium, type Browser, type Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FakeServer } from '../unit/renderer/fake/server.ts';

/** A browser of the system; Playwright's own is not downloaded. */
const BROWSERS = [
  process.env['MADDER_CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];
const executablePath = BROWSERS.find((path) => path && existsSync(path));
const WINDOW = 'dist/renderer';
const PICTURES = 'test-results';
const missing = !executablePath
  ? 'there is no Chromium; name one in MADDER_CHROMIUM'
  : !existsSync(`${WINDOW}/index.html`) && 'the window is not built; run npm run build';
if (missing) console.warn(`The window's tests in a browser are skipped: ${missing}.`);

describe.skipIf(missing)('the window in a browser', () => {
  let browser: Browser;
  let server: FakeServer;
  let page: Page;
  /** What the browser complained about, of the security policy too. */
  const complaints: string[] = [];

  beforeAll(async () => {
    mkdirSync(PICTURES, { recursive: true });
    server = await FakeServer.start(WINDOW);
    browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] });
    page = await browser.newPage({ viewport: { width: 1280, height: 800 }, locale: 'en' });
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', ({ message }) => complaints.push(message));
    await page.goto(server.address);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  const picture = (name: string): Promise<unknown> => page.screenshot({ path: `${PICTURES}/${name}.png` });
  const asked = (method: string): number => server.transport.calls.filter((call) => call.method === method).length;
  const canvas = () => page.locator('[data-canvas]');
  /** Mean colour of a part of the canvas, as it is on the screen. */
  const colour = async (x: number, y: number): Promise<number[]> => {
    const box = (await canvas().boundingBox())!;
    const clip = { x: box.x + x * box.width, y: box.y + y * box.height, width: 8, height: 8 };
    const { channels } = await sharp(await page.screenshot({ clip })).stats();
    return channels.slice(0, 3).map(({ mean }) => Math.round(mean));
  };
  /** What is on the canvas is what was asked for, decoded and drawn. */
  const shows = (slot: string, part: string): Promise<void> =>
    expect
      .poll(() => canvas().getAttribute(`data-${slot}`), { timeout: 10_000 })
      .toContain(part)
      .then(() => page.waitForTimeout(100));

  test('teaches the first three clicks, and they paint', async () => {
    const start = page.getByRole('contentinfo').getByRole('button', { name: 'Start painting' });
    expect(await start.getAttribute('aria-disabled')).toBe('true');
    await page.getByRole('button', { name: 'Mountain Lake' }).waitFor();
    await picture('empty');
    await page.getByRole('button', { name: 'Mountain Lake' }).click();
    await shows('photo', '/asset/picture/');
    await page.getByRole('button', { name: 'Lighthouse at Night' }).click();
    await picture('ready');
    await start.click();
    await expect.poll(() => asked('start')).toBe(1);
  });

  test('takes the token out of the address', () => {
    expect(page.url()).not.toContain('token');
  });

  test('paints previews as they come', async () => {
    const job = { id: 'job-1' } as never;
    for (const version of [1, 2, 3]) {
      server.files.set('preview/job-1', await solid(version * 60));
      server.transport.paint(job, version, version * 10, 50, 128);
      await shows('result', `v=${version}`);
      const shown = await colour(0.5, 0.5);
      expect(shown).toEqual([version * 60, version * 60, version * 60]);
    }
    await picture('painting');
  });

  test('compares by a divider that keys move, side by side, and while a key is held', async () => {
    const grey = 180;
    await page.keyboard.press('4');
    const divider = page.getByRole('separator');
    await divider.focus();
    await page.keyboard.press('Home');
    expect(await divider.getAttribute('aria-valuenow')).toBe('0');
    await page.waitForTimeout(100);
    expect(await colour(0.25, 0.5)).toEqual([grey, grey, grey]);
    await page.keyboard.press('End');
    await page.waitForTimeout(100);
    expect(await colour(0.25, 0.5)).not.toEqual([grey, grey, grey]);
    await page.keyboard.press('Home');
    for (let i = 0; i < 5; i++) await page.keyboard.press('PageUp');
    expect(await divider.getAttribute('aria-valuetext')).toBe('50 percent photo');
    await picture('split');
    await page.keyboard.press('5');
    await page.waitForTimeout(100);
    await picture('side-by-side');
    await page.keyboard.press('3');
    await page.keyboard.down('h');
    await page.waitForTimeout(100);
    expect(await colour(0.5, 0.5)).not.toEqual([grey, grey, grey]);
    await page.keyboard.up('h');
  });

  test('zooms at the pointer by the wheel, and back to the whole picture', async () => {
    const zoom = page.getByRole('button', { name: /^Zoom:/ });
    const fitted = await zoom.textContent();
    const box = (await canvas().boundingBox())!;
    await page.mouse.move(box.x + box.width / 3, box.y + box.height / 2);
    await page.mouse.wheel(0, -240);
    await expect.poll(() => zoom.textContent()).not.toBe(fitted);
    await page.keyboard.press('Control+1');
    await expect.poll(() => zoom.textContent()).toBe('100 %');
    await page.keyboard.press('Control+0');
    await expect.poll(() => zoom.textContent()).toBe(fitted);
  });

  test('explains a file that is no picture, and takes one that is', async () => {
    await drop(page, 'notes.txt', 'text/plain', Buffer.from('hello'));
    await page.getByText('notes.txt is not a picture', { exact: true }).waitFor();
    await drop(page, 'mine.png', 'image/png', await readFile(await solid(10)));
    await page.getByRole('img', { name: /^Photo mine\.png/ }).waitFor({ state: 'attached' });
    await shows('photo', 'e'.repeat(64));
    await page.keyboard.press('Control+z');
    await page.getByRole('img', { name: /^lake\.jpg, being painted/ }).waitFor({ state: 'attached' });
  });

  test('opens its dialogs, closes them, and gives the focus back', async () => {
    const button = page.getByRole('button', { name: 'Keyboard shortcuts' });
    await button.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await picture('shortcuts');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await button.evaluate((element) => element === document.activeElement)).toBe(true);
  });

  test.each([
    ['light', 1280, 800],
    ['light', 1024, 700],
    ['dark', 2560, 1440],
    // 200 % text zoom on a window 1280 px wide.
    ['dark', 640, 400],
  ] as const)('stays usable and accessible: %s, %i x %i', async (theme, width, height) => {
    while ((await page.evaluate(() => document.documentElement.dataset['theme'])) !== theme) {
      await page.getByRole('button', { name: /^Theme:/ }).click();
    }
    await page.setViewportSize({ width, height });
    await page.waitForTimeout(200);
    await page.mouse.move(0, height - 1);
    await picture(`${theme}-${width}`);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
    if (width >= 1280) {
      expect((await canvas().boundingBox())!.width / width).toBeGreaterThanOrEqual(0.6);
    }
    expect(await violations(page)).toEqual([]);
  });

  test('has given the browser nothing to complain about', () => {
    expect(complaints).toEqual([]);
  });
});

/** A file with a grey picture. */
async function solid(grey: number): Promise<string> {
  const path = `${PICTURES}/grey-${grey}.png`;
  await sharp({ create: { width: 96, height: 64, channels: 3, background: { r: grey, g: grey, b: grey } } })
    .png()
    .toFile(path);
  return path;
}

async function drop(page: Page, name: string, type: string, bytes: Buffer): Promise<void> {
  const data = await page.evaluateHandle(
    ({ content, name: fileName, type: fileType }) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([Uint8Array.from(content)], fileName, { type: fileType }));
      return transfer;
    },
    { content: [...bytes], name, type },
  );
  for (const event of ['dragenter', 'dragover', 'drop']) {
    await page.dispatchEvent('body', event, { dataTransfer: data, clientX: 10 });
  }
}

/** What axe finds against WCAG 2.2, AA. */
async function violations(page: Page): Promise<string[]> {
  // As text into the page: its policy allows no scripts but its own files.
  const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  await page.evaluate(source);
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(context: unknown, options: unknown): Promise<AxeResults> } };
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const { violations: found } = await axe.run(document, { runOnly: tags });
    return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
  });
}

interface AxeResults {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}
