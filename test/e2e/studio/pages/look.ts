/** How the studio looks, for people and for axe. */
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Page } from 'playwright-core';

const PICTURES = join(import.meta.dirname, '../../../../test-results/studio');

/** Keeps a picture of the window under test-results/studio/, in place of the one from the last time. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  const path = join(PICTURES, `${name}.png`);
  await mkdir(dirname(path), { recursive: true });
  await page.screenshot({ path });
}

const THEMES = ['dark', 'light'] as const;
const SIZES = [
  [1280, 800],
  [2560, 1440],
] as const;

/**
 * Keeps pictures of what is open in both themes and two sizes, and returns what axe finds in either theme.
 * @param name of the pictures, before size and theme
 */
export async function everyLook(page: Page, name: string): Promise<string[]> {
  const problems: string[] = [];
  const before = await page.evaluate<string>('document.documentElement.dataset.theme');
  for (const theme of THEMES) {
    // Not by the preferences: what is open would have to be closed for that.
    await page.evaluate(`void (document.documentElement.dataset.theme = '${theme}')`);
    for (const [width, height] of SIZES) {
      await page.setViewportSize({ width, height });
      await page.mouse.move(0, height - 1);
      await settled(page);
      await keepPicture(page, `${name}-${theme}-${width}x${height}`);
    }
    await page.setViewportSize({ width: SIZES[0][0], height: SIZES[0][1] });
    await settled(page);
    problems.push(...(await accessibilityProblems(page)).map((problem) => `${name}, ${theme}: ${problem}`));
  }
  await page.evaluate(`void (document.documentElement.dataset.theme = '${before}')`);
  return problems;
}

/** Waits until the window has been drawn as it is now, its pictures and canvas too. */
export const settled = (page: Page): Promise<unknown> =>
  page.evaluate(`new Promise((done) => {
    let frames = 6;
    const loaded = () => [...document.images].every((image) => image.complete);
    const next = () => (!loaded() || frames-- > 0 ? requestAnimationFrame(next) : done());
    next();
  })`);

interface Found {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

let source: Promise<string> | undefined;

/** What axe finds against WCAG 2.2 AA and its own best practices; nothing in it is the aim. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  source ??= readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  // As text into the page: its policy allows no scripts but its own files.
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(await source);
  const found = await page.evaluate<Found[]>(`axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    resultTypes: ['violations'],
  }).then(({ violations }) => violations.map(({ id, nodes }) => ({ id, nodes })))`);
  return found
    .map(({ id, nodes }) => ({ id, nodes: nodes.filter(({ html }) => id !== 'region' || !isFloating(html)) }))
    .filter(({ nodes }) => nodes.length > 0)
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
}

/** What floats above the page (a tooltip) stands in no landmark; it is announced with the button it belongs to. Axe shortens. */
const isFloating = (html: string): boolean => html.startsWith('<div data-radix-popper-co');
