/**
 * Renders the pictures of the studio and the laboratory in docs/images from the program as it is built, with its services
 * and its engine, in Chromium. Folders of studies are shown in the laboratory, in the given order:
 *
 *     npm run build && npm run screens [-- STUDY...]
 */
import { mkdir } from 'node:fs/promises';
import { join, basename } from 'node:path';
import sharp from 'sharp';
import { settled } from '../test/e2e/studio/pages/look.ts';
import { Laboratory } from '../test/e2e/studio/pages/laboratory.ts';
import { Studio } from '../test/e2e/studio/pages/studio.ts';
import { until } from '../test/e2e/studio/pages/wait.ts';

const TARGET = join(import.meta.dirname, '../docs/images');
const SIZES = { '': [1280, 800], '-large': [2560, 1440] } as const;
const THEMES = ['dark', 'light'] as const;
/** Long side of the picture that is painted, px, and its iterations at full size. */
const PAINTED = 768;
const ITERATIONS = 40;

type Look = readonly [theme: (typeof THEMES)[number], size: keyof typeof SIZES];
const USUAL: Look = ['dark', ''];
const EVERY: readonly Look[] = THEMES.flatMap((theme) => [[theme, ''] as const, [theme, '-large'] as const]);

const studies = process.argv.slice(2);
await mkdir(TARGET, { recursive: true });
const studio = await Studio.open('browser');
const { page } = studio;

/** Keeps what is open as docs/images/NAME[-light][-large].jpg. */
async function keep(name: string, looks: readonly Look[] = [USUAL]): Promise<void> {
  for (const [theme, size] of looks) {
    await page.evaluate(`void (document.documentElement.dataset.theme = '${theme}')`);
    const [width, height] = SIZES[size];
    await page.setViewportSize({ width, height });
    await page.mouse.move(0, height - 1);
    await settled(page);
    const file = join(TARGET, `${name}${theme === 'dark' ? '' : '-light'}${size}.jpg`);
    await sharp(await page.screenshot())
      .jpeg({ quality: 84 })
      .toFile(file);
    console.log(basename(file));
  }
  await page.evaluate(`void (document.documentElement.dataset.theme = 'dark')`);
  await page.setViewportSize({ width: SIZES[''][0], height: SIZES[''][1] });
  await settled(page);
}

try {
  await keep('studio-first', EVERY);
  await studio.choosePhoto('Mountain Lake');
  await studio.choosePainting('Lighthouse at Night');
  await studio.setSize(PAINTED);
  await studio.setIterations(ITERATIONS);
  const run = await studio.start();
  await studio.reaches(run, 60);
  await keep('studio-painting', EVERY);
  await until('the picture is painted', async () => (await studio.job(run))?.state === 'done', undefined, {
    timeout: 900_000,
  });
  await studio.dismissNotices();
  await studio.show('Split');
  await keep('studio-split', EVERY);
  await page.keyboard.press('l');
  await keep('studio-losses');
  await page.keyboard.press('l');
  const presets = await studio.openPresets();
  await keep('studio-presets');
  await presets.close();
  const exporting = await studio.openExport();
  await keep('studio-export');
  await exporting.close();

  const laboratory = new Laboratory(studio);
  await laboratory.go('Laboratory');
  await keep('laboratory-kinds', EVERY);
  for (const study of studies) {
    await studio.chooseFiles(() => laboratory.list.getByRole('button', { name: /^Open a study/ }).click(), study);
    await laboratory.main.getByRole('heading', { name: basename(study), exact: true }).waitFor();
    await settled(page);
    await keep(`laboratory-${basename(study)}`, EVERY);
  }
} finally {
  await studio.close();
}
