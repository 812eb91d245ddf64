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
import { Masks, type Place } from '../test/e2e/studio/pages/masks.ts';
import { Studio } from '../test/e2e/studio/pages/studio.ts';
import { until } from '../test/e2e/studio/pages/wait.ts';

const TARGET = join(import.meta.dirname, '../docs/images');
const SIZES = { '': [1280, 800], '-large': [2560, 1440] } as const;
const THEMES = ['dark', 'light'] as const;
/** Long side of the picture that is painted, px, and its iterations at full size. */
const PAINTED = 768;
const ITERATIONS = 40;
/** The same of the picture that is rendered large. */
const RENDERED = 1536;

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

/** The sky in one painting, the mountains in another, the lake as it is; and back to one painting without masks. */
async function paintMasks(): Promise<void> {
  await studio.choosePainting('Autumn Window');
  const masks = new Masks(studio);
  const fill = async (of: string, places: readonly Place[]): Promise<void> => {
    await masks.open(of);
    await masks.tool('Lasso').click();
    await masks.drag(places);
  };
  const shore: Place[] = [0, 0.25, 0.5, 0.75, 1].map((x) => [x, 0.575]);
  const along = [0, 0.1, 0.22, 0.29, 0.4, 0.5, 0.57, 0.64, 0.71, 0.79, 0.9, 1];
  const heights = [0.28, 0.19, 0.31, 0.35, 0.28, 0.42, 0.22, 0.26, 0.2, 0.28, 0.28, 0.26];
  const ridge = along.map((x, i): Place => [x, heights[i]!]);
  const { styles } = await masks.kept((document) => document.styles.length === 2);
  const [night, glass] = styles.map(({ picture }) => picture.name);
  await fill('photo', [...shore, [1, 1], [0, 1]]);
  await fill(glass!, [...ridge, ...shore.toReversed()]);
  await fill(night!, [[0, 0], ...ridge, [1, 0]]);
  await masks.tool('Brush').click();
  await masks.kept((document) => document.styles.every(({ mask }) => mask));
  await keep('studio-masks');
  await masks.done();
  for (let i = 0; i < 4; i++) await studio.undo();
}

/** What a print takes; and a picture that is looked at in pieces, with its detail. */
async function renderLarge(): Promise<void> {
  const dialog = await studio.openRender();
  await dialog.giveSizeIn('Paper');
  await dialog.worked();
  await keep('studio-render-plan');
  await dialog.giveSizeIn('Pixels');
  await dialog.type('Long side', RENDERED);
  await dialog.allow(2);
  const run = await dialog.start();
  // The button that opened the dialog before has the focus again, and says what it is.
  await page.evaluate('document.activeElement?.blur()');
  const isLate = (): boolean =>
    studio.heard('tile', run).some(({ tile }) => tile.level === tile.levels - 1 && tile.evaluation > 1);
  await until('pieces of the last size are looked at', isLate, Boolean, { timeout: 900_000 });
  await keep('studio-render');
  await studio.cancel();
}

try {
  await keep('studio-first', EVERY);
  await studio.choosePhoto('Mountain Lake');
  await studio.choosePainting('Lighthouse at Night');
  await paintMasks();
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

  await renderLarge();

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
