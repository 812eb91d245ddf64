/** The laboratory: from a question to pictures and numbers, and back into the studio. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StudyEntry } from '../../../src/shared/studio/studies.ts';
import { Laboratory } from './pages/laboratory.ts';
import { everyLook } from './pages/look.ts';
import { missing } from './pages/shells.ts';
import { Studio } from './pages/studio.ts';
import { until } from './pages/wait.ts';

/** ms for a test that waits for a study, on a computer that is busy with other things. */
const PATIENT = 300_000;

describe.skipIf(missing('browser'))('the laboratory', () => {
  let studio: Studio;
  let laboratory: Laboratory;
  let robustness: StudyEntry;
  let comparison: StudyEntry;
  // What is found on one screen says nothing against the next.
  const looksRight = async (name: string): Promise<void> => {
    expect.soft(await everyLook(studio.page, `laboratory-${name}`)).toEqual([]);
  };

  beforeAll(async () => {
    studio = await Studio.open();
    laboratory = new Laboratory(studio);
    await studio.choosePhoto('Harbour at Dusk');
    await studio.choosePainting('Pine by the Sea');
  });
  afterAll(() => studio?.close());

  it('is reached from the studio by the bar and by keys, and the studio from there', async () => {
    await laboratory.go('Laboratory');
    await laboratory.main.getByRole('heading', { name: 'What makes a network paint well?' }).waitFor();
    await looksRight('kinds');
    await studio.page.keyboard.press('Control+Shift+L');
    await studio.isReady();
    await studio.page.keyboard.press('Control+Shift+L');
    await laboratory.list.waitFor();
    // What is the studio's alone does not happen here.
    await studio.page.keyboard.press('Control+Enter');
    expect((await studio.snapshot()).jobs).toEqual([]);
  });

  it(
    'measures the robustness of layers, from a form that can begin at once',
    async () => {
      await laboratory.choose('Layer robustness R(f)');
      await looksRight('robustness-form');
      await laboratory.pick('Layers', 'relu1_1', 'relu2_1');
      await laboratory.type('Side of the photos', 32);
      await laboratory.type('Steps of an attack', 2);
      robustness = await laboratory.begin();
      await laboratory.becomes(robustness, 'finished');
      const table = laboratory.main.getByRole('table', { name: 'R(f) with 95 % intervals' });
      await table.getByRole('rowheader', { name: 'relu2_1' }).first().waitFor();
      await looksRight('robustness');
      await laboratory.tab('Worst cases');
      await expect.poll(() => laboratory.main.getByRole('img', { name: /^Difference/ }).count()).toBeGreaterThan(1);
      await looksRight('worst-cases');
      await laboratory.tab('About and files');
      await laboratory.main.getByRole('link', { name: /^record\.json/ }).waitFor();
      await looksRight('about');
    },
    PATIENT,
  );

  it(
    'paints with two networks, and a window that is loaded anew in the middle shows it still',
    async () => {
      await laboratory.choose('Networks side by side');
      await looksRight('compare-form');
      await laboratory.type('Long side', 64);
      await laboratory.type('Iterations', 8);
      comparison = await laboratory.begin();
      await studio.page.reload();
      await laboratory.main.getByRole('heading', { name: comparison.title, exact: true }).waitFor();
      await laboratory.becomes(comparison, 'finished');
      await expect.poll(() => laboratory.pictures.count()).toBe(2);
      await looksRight('compare');
      await laboratory.tab('Numbers');
      await laboratory.main.getByRole('table', { name: 'The style under other networks' }).waitFor();
      await looksRight('compare-numbers');
      await laboratory.tab('Pictures');
    },
    PATIENT,
  );

  it('slides from one picture to the other with the arrow keys, and magnifies both', async () => {
    const { sheet } = await studio.program.ask('openStudy', { study: comparison.id });
    const [first, second] = sheet!.cells.map(({ label }) => label);
    await laboratory.compare(first!, second!);
    const at = async (): Promise<number> => Number(await laboratory.divider.getAttribute('aria-valuenow'));
    expect(await at()).toBe(50);
    await laboratory.divider.press('ArrowRight');
    expect(await at()).toBe(52);
    await laboratory.divider.press('Home');
    expect(await at()).toBe(0);
    await laboratory.divider.press('PageUp');
    expect(await at()).toBe(10);
    await looksRight('slider');

    const place = (name: string): Promise<string> => laboratory.magnifier(name).getByRole('status').innerText();
    const before = await place(second!);
    await laboratory.magnifier(first!).press('ArrowLeft');
    // Linked: both show the same place.
    expect(await place(first!)).not.toBe(before);
    expect(await place(second!)).toBe(await place(first!));
    await studio.page.getByRole('switch', { name: 'Magnifiers show the same place' }).click();
    await laboratory.magnifier(first!).press('Shift+ArrowLeft');
    expect(await place(second!)).not.toBe(await place(first!));
    await studio.page.getByRole('radio', { name: 'Side by side' }).click();
    await studio.page.getByRole('button', { name: 'Zoom in' }).click();
    await looksRight('side-by-side');
  });

  it('compares a result with the photo and the painting, too', async () => {
    const right = studio.page.getByRole('combobox', { name: 'Right' });
    await right.selectOption({ label: 'Photo: harbour.jpg' });
    await studio.page.getByRole('radio', { name: 'Slider' }).click();
    await laboratory.magnifier('Photo: harbour.jpg').waitFor();
    expect(await laboratory.divider.getAttribute('aria-valuenow')).toBe('10');
    const painting = (await right.getByRole('option').allInnerTexts()).find((name) => name.startsWith('Painting: '))!;
    await right.selectOption({ label: painting });
    await laboratory.magnifier(painting).waitFor();
    await laboratory.divider.press('End');
    await laboratory.divider.press('PageDown');
    await looksRight('with-painting');
    await studio.page.getByRole('button', { name: 'All pictures' }).click();
    await laboratory.originals.getByRole('button', { name: 'Photo: harbour.jpg, large' }).click();
    await laboratory.magnifier('Photo: harbour.jpg').waitFor();
    await looksRight('photo');
    await studio.page.getByRole('button', { name: 'All pictures' }).click();
    const { sheet } = await studio.program.ask('openStudy', { study: comparison.id });
    const [first, second] = sheet!.cells.map(({ label }) => label);
    await laboratory.compare(first!, second!);
  });

  it('shows the spectra of both, and how fine their patterns are', async () => {
    await studio.page.getByRole('switch', { name: 'Spectrum and fine patterns' }).click();
    await expect.poll(() => studio.page.getByRole('img', { name: /^Spectrum of / }).count()).toBe(2);
    await looksRight('spectra');
  });

  it('takes the recipe of a picture over into the studio', async () => {
    await studio.page.getByRole('button', { name: 'Use this recipe in the studio' }).first().click();
    await studio.isReady();
    const document = await until(
      'the document is kept',
      () => studio.document(),
      ({ preset }) => preset?.value.schedule?.size === 64,
    );
    expect(document.photo?.name).toBe('harbour.jpg');
    expect(document.network).toBe('madder-vgg');
  });

  it(
    'lets a study wait for a picture, be stopped, and gone on with',
    async () => {
      await studio.makeItQuick(96, 4000);
      const run = await studio.start();
      await studio.reaches(run, 2);
      await laboratory.go('Laboratory');
      await laboratory.choose('Grid of settings');
      await looksRight('grid-form');
      await laboratory.type('Long side', 48);
      await laboratory.type('Iterations', 25);
      const grid = await laboratory.begin();
      await laboratory.main.getByText('Waits until the picture in the studio is painted').first().waitFor();
      await studio.program.ask('cancel', { job: run.id });
      await until('a picture is painted', async () => (await laboratory.pictures.count()) > 0, Boolean, {
        timeout: 120_000,
      });
      await laboratory.main.getByRole('button', { name: 'Stop', exact: true }).click();
      await laboratory.becomes(grid, 'unfinished');
      await looksRight('grid-stopped');
      await laboratory.main.getByRole('button', { name: 'Go on' }).click();
      await laboratory.becomes(grid, 'finished');
      await expect.poll(() => laboratory.pictures.count()).toBe(9);
      await looksRight('grid');
      await laboratory.pictures.first().click();
      await studio.page.getByRole('button', { name: 'Pick as the best' }).click();
      await until('it is picked', async () => {
        const { sheet } = await studio.program.ask('openStudy', { study: grid.id });
        return sheet?.chosen === sheet?.cells[0]?.id;
      });
      await studio.page.getByRole('button', { name: 'All pictures' }).click();
    },
    PATIENT,
  );

  it(
    'draws the losses of optimizers',
    async () => {
      await laboratory.choose('Optimizers');
      await laboratory.type('Long side', 48);
      await laboratory.type('Iterations', 12);
      const optimizers = await laboratory.begin();
      await laboratory.becomes(optimizers, 'finished');
      await laboratory.tab('Losses');
      await laboratory.main.getByRole('img', { name: /^Losses of the optimizers/ }).waitFor();
      await laboratory.main.getByRole('radio', { name: 'Seconds' }).click();
      await looksRight('optimizers');
    },
    PATIENT,
  );

  it(
    'shows what layers look for',
    async () => {
      await laboratory.choose('What layers look for');
      await laboratory.pick('Layers', 'relu1_1', 'relu3_1');
      await laboratory.type('Channels of each layer', 3);
      await laboratory.type('Long side', 48);
      await laboratory.type('Iterations', 6);
      await looksRight('features-form');
      const features = await laboratory.begin();
      await laboratory.becomes(features, 'finished');
      await expect.poll(() => laboratory.pictures.count()).toBe(6);
      await laboratory.main.getByRole('radio', { name: 'relu3_1' }).click();
      await looksRight('features');
    },
    PATIENT,
  );

  it(
    'takes R(f) of single layers from the study that there is',
    async () => {
      await laboratory.choose('Layer by layer');
      await laboratory.pick('Layers', 'relu1_1', 'relu3_1');
      await laboratory.main.getByRole('switch', { name: 'Measure the layers’ R(f) too' }).click();
      const from = laboratory.main.getByRole('combobox', { name: 'R(f) comes from' });
      await from.selectOption({ label: robustness.title });
      await laboratory.main.getByText(/^Not measured there, and without R\(f\) here: .*relu3_1\.$/).waitFor();
      await laboratory.type('Long side', 48);
      await laboratory.type('Iterations', 5);
      await looksRight('layers-form');
      const layers = await laboratory.begin();
      await laboratory.becomes(layers, 'finished');
      await expect.poll(() => laboratory.pictures.count()).toBe(2);
      await laboratory.tab('Numbers');
      await laboratory.main.getByRole('columnheader', { name: 'R(f)' }).waitFor();
      await looksRight('layers-numbers');
    },
    PATIENT,
  );

  it(
    'paints with two networks at a time',
    async () => {
      await laboratory.choose('Two networks at a time');
      await laboratory.type('Long side', 48);
      await laboratory.type('Iterations', 5);
      const pairs = await laboratory.begin();
      await laboratory.becomes(pairs, 'finished');
      await expect.poll(() => laboratory.pictures.count()).toBe(4);
      await looksRight('pairs');
    },
    PATIENT,
  );

  it(
    'grows textures, measures their fine patterns, and repeats them to the last digit',
    async () => {
      await laboratory.choose('Textures and artefacts');
      await laboratory.pick('Remedies', 'None', 'Jitter');
      await laboratory.type('Long side', 96);
      await laboratory.type('Iterations', 5);
      const textures = await laboratory.begin();
      await laboratory.becomes(textures, 'finished');
      await expect.poll(() => laboratory.pictures.count()).toBe(2);
      await laboratory.tab('Numbers');
      await laboratory.main.getByRole('columnheader', { name: 'Fine patterns' }).waitFor();
      await until(
        'they are measured',
        async () => (await laboratory.main.getByText('…', { exact: true }).count()) === 0,
      );
      await looksRight('texture-numbers');
      const known = new Set((await laboratory.studies()).map(({ id }) => id));
      await laboratory.main.getByRole('button', { name: 'Repeat', exact: true }).click();
      const again = await until('it is repeated', async () =>
        (await laboratory.studies()).find(({ id }) => !known.has(id)),
      );
      await laboratory.becomes(again!, 'finished');
      await laboratory.tab('About and files');
      await laboratory.main.getByText('Every number is exactly the one that was found before.').waitFor();
      await looksRight('repeated');
    },
    PATIENT,
  );

  it('opens the folder of a study from elsewhere', async () => {
    const known = (await laboratory.studies()).length;
    const folder = join(studio.program.data, 'studies', comparison.id);
    await studio.chooseFiles(
      () => laboratory.list.getByRole('button', { name: 'Open a study’s folder …' }).click(),
      folder,
    );
    await until('it is there', async () => (await laboratory.studies()).length > known);
    await laboratory.main.getByRole('heading', { name: comparison.id, exact: true }).waitFor();
    await expect.poll(() => laboratory.pictures.count()).toBe(2);
  });

  it('speaks German', async () => {
    const { preferences } = await studio.snapshot();
    await studio.program.ask('savePreferences', { preferences: { ...preferences, language: 'de' } });
    await studio.page.reload();
    await studio.page.getByRole('complementary', { name: 'Untersuchungen' }).waitFor();
    await looksRight('german');
    await studio.page.getByRole('button', { name: 'Neu', exact: true }).click();
    await looksRight('german-kinds');
    await studio.page.getByRole('button', { name: /^Raster von Einstellungen/ }).click();
    await looksRight('german-form');
    await studio.program.ask('savePreferences', { preferences });
    await studio.page.reload();
    await laboratory.list.waitFor();
  });

  it('removes a study after it has asked', async () => {
    await laboratory.open(robustness.title);
    await laboratory.main.getByRole('button', { name: 'Remove' }).click();
    const question = laboratory.main.getByRole('alertdialog');
    await question.getByRole('button', { name: 'Remove' }).click();
    await until('it is gone', async () => (await laboratory.study(robustness.id)) === undefined);
    await laboratory.main.getByRole('heading', { name: 'What makes a network paint well?' }).waitFor();
  });

  it('gives the browser nothing to complain about', () => {
    expect(studio.program.complaints).toEqual([]);
  });
});
