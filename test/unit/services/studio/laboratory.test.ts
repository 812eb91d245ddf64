import { existsSync } from 'node:fs';
import { mkdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it, vi } from 'vitest';
import { importNetwork } from '../../../../src/main/services/networks.ts';
import type { StudyEntry, StudyRequestOf } from '../../../../src/shared/studio/studies.ts';
import type { Recipe } from '../../../../src/shared/recipe.ts';
import { PRIORS } from '../../../../src/shared/visualization.ts';
import { added, newFolder, pictureFile, root, TestStudio, tinyDocument } from './studio-kit.ts';

/** Two photos of 16 px, one layer: a second's work. */
async function tinyRobustness(studio: TestStudio): Promise<StudyRequestOf<'robustness'>> {
  const one = await added(studio, await pictureFile('one.png'), 'One.png');
  const two = await added(studio, await pictureFile('two.png', { blocks: true }), 'Two.png');
  return {
    kind: 'robustness',
    title: 'A tiny study',
    networks: [{ id: 'madder-vgg', layers: ['relu1_1'] }],
    photos: [one.sha256, two.sha256],
    settings: {
      ...{ size: 16, epsilon: 0.5, steps: 2, stepLength: 1, restarts: 1, noiseDraws: 1, seed: 0 },
      statistics: ['features'],
    },
  };
}

/** Four pictures of 32 px. */
async function tinyGrid(studio: TestStudio, iterations = 2): Promise<StudyRequestOf<'grid'>> {
  const { photo, styles } = await tinyDocument(studio);
  return {
    kind: 'grid',
    title: 'A tiny grid',
    photo: photo!.sha256,
    styles: styles.map(({ picture, weight, scale }) => ({ picture: picture.sha256, weight, scale })),
    settings: { size: 32, iterations },
    network: 'madder-vgg',
    axes: [
      { parameter: 'style', values: [0.1, 10] },
      { parameter: 'content', values: [0, 0.1] },
    ],
  };
}

const featureSettings = (size: number) => ({
  ...{ size, iterations: 2, seed: 0, rewrites: [], priors: [{ ...PRIORS.plain }] },
});
/** One channel of 32 px. */
const tinyFeatures = (): StudyRequestOf<'features'> => ({
  ...{ kind: 'features', title: 'A tiny look', aim: 'channel', channels: 1 },
  networks: [{ id: 'madder-vgg', layers: ['relu1_1'] }],
  settings: featureSettings(32),
});

/** Says of a stopped study that it was finished. */
async function finish(studio: TestStudio, study: string): Promise<void> {
  const file = join(studio.folder, 'studies', study, 'record.json');
  const record = JSON.parse(await readFile(file, 'utf8'));
  await writeFile(file, JSON.stringify({ ...record, finishedAt: record.createdAt }));
  // Read anew.
  await studio.do('renameStudy', { study, title: 'A finished one' });
}

const entry = (studio: TestStudio, id: string): StudyEntry | undefined =>
  studio.of('study').findLast(({ study }) => study.id === id)?.study;
const becomes = (studio: TestStudio, id: string, state: StudyEntry['state']): Promise<StudyEntry> =>
  studio.until(() => {
    const study = entry(studio, id);
    return study?.state === state && study;
  });

describe('a study', () => {
  it('is carried out, kept as the command line does, and shown', async () => {
    const studio = await TestStudio.open();
    const { study } = await studio.do('startStudy', { request: await tinyRobustness(studio) });
    const done = await becomes(studio, study, 'finished');
    expect(done).toMatchObject({ title: 'A tiny study', kind: 'robustness', done: 2, total: 2 });
    const record = JSON.parse(await readFile(join(studio.folder, 'studies', study, 'record.json'), 'utf8'));
    expect(record).toMatchObject({ kind: 'robustness', photos: [{ name: 'One.png' }, { name: 'Two.png' }] });
    const view = await studio.do('openStudy', { study });
    expect(view.robustness!.results).toHaveLength(1);
    expect(view.robustness!.worst).toHaveLength(1);
    expect(view.files.map(({ name }) => name)).toEqual(expect.arrayContaining(['record.json', 'robustness.csv']));
    for (const picture of [view.robustness!.worst[0]!.attacked, done.thumbnail!]) {
      expect(await studio.program.asset('study', picture)).toMatchObject({ type: 'image/png' });
    }
    expect(await studio.program.asset('study-file', `${study}.robustness.csv`)).toMatchObject({
      fileName: 'robustness.csv',
    });
    await studio.close();
  });

  it('gives nothing away that is not its own', async () => {
    const studio = await TestStudio.open();
    const { study } = await studio.do('startStudy', { request: await tinyRobustness(studio) });
    await becomes(studio, study, 'finished');
    await writeFile(join(studio.folder, 'studies', study, 'secret.txt'), 'x');
    for (const name of ['study.json', 'secret.txt', '../document.json', '..', '', 'record.json/', 'nothing.csv']) {
      expect(await studio.program.asset('study-file', `${study}.${name}`)).toBeUndefined();
    }
    for (const place of ['999', '', '-1', '0/..', '..']) {
      expect(await studio.program.asset('study', `${study}.${place}`)).toBeUndefined();
    }
    // A record from elsewhere that points out of its folder.
    const file = join(studio.folder, 'studies', study, 'record.json');
    const record = JSON.parse(await readFile(file, 'utf8'));
    record.worstCases[0].original = '../../../document.png';
    await writeFile(file, JSON.stringify(record));
    await studio.do('renameStudy', { study, title: 'Another one' });
    expect(await studio.program.asset('study', `${study}.0`)).toBeUndefined();
    await studio.close();
  });

  it('is found again with what it was called, goes on after the program ended, and can be repeated and removed', async () => {
    const first = await TestStudio.open();
    const { study } = await first.do('startStudy', { request: await tinyGrid(first, 400) });
    await first.until(() => (entry(first, study)?.done ?? 0) > 0);
    await first.do('renameStudy', { study, title: 'My grid' });
    await first.close();

    const studio = await TestStudio.open({ folder: first.folder });
    const { studies } = await studio.do('snapshot', {});
    expect(studies).toMatchObject([{ id: study, title: 'My grid', state: 'unfinished', kind: 'grid' }]);
    await studio.do('continueStudy', { study });
    await studio.until(() => (entry(studio, study)?.done ?? 0) > studies[0]!.done);
    expect(await studio.refused('removeStudy', { study })).toMatch(/stop it first/);
    expect(await studio.refused('pickCell', { study, cell: '1-1' })).toMatch(/stop it first/);
    await studio.do('stopStudy', { study });
    expect(entry(studio, study)!.state).toBe('unfinished');
    expect(await studio.refused('stopStudy', { study })).toMatch(/not being carried out/);

    const { study: again } = await studio.do('repeatStudy', { study });
    expect(entry(studio, again)).toMatchObject({ title: 'My grid' });
    await studio.do('stopStudy', { study: again });
    await studio.do('removeStudy', { study });
    expect(existsSync(join(studio.folder, 'studies', study))).toBe(false);
    expect(await studio.refused('openStudy', { study })).toMatch(/no longer in the laboratory/);
    await studio.close();
  });

  it('that was repeated says how far its numbers are from the first ones, of whatever kind it is', async () => {
    const studio = await TestStudio.open();
    for (const request of [await tinyRobustness(studio), await tinyGrid(studio), tinyFeatures()]) {
      const { study: first } = await studio.do('startStudy', { request });
      await becomes(studio, first, 'finished');
      expect((await studio.do('openStudy', { study: first })).repeats).toBeUndefined();
      const { study: second } = await studio.do('repeatStudy', { study: first });
      await becomes(studio, second, 'finished');
      const compared = { study: first, state: 'compared', difference: 0 };
      expect((await studio.do('openStudy', { study: second })).repeats).toMatchObject(compared);
      // What was found outlives the study that it was found by.
      await studio.do('removeStudy', { study: first });
      expect((await studio.do('openStudy', { study: second })).repeats).toMatchObject(compared);
    }
    await studio.close();
  });

  it('that was repeated says why its numbers cannot be compared', async () => {
    const studio = await TestStudio.open();
    const { study: first } = await studio.do('startStudy', { request: await tinyGrid(studio, 400) });
    await studio.until(() => (entry(studio, first)?.done ?? 0) > 0);
    const { study: second } = await studio.do('repeatStudy', { study: first });
    const { study: third } = await studio.do('repeatStudy', { study: first });
    await studio.do('stopStudy', { study: third });
    await studio.do('stopStudy', { study: second });
    await studio.do('stopStudy', { study: first });
    expect((await studio.do('openStudy', { study: second })).repeats).toMatchObject({ state: 'unfinished' });
    // As if one of the repetitions had ended before the original.
    await finish(studio, second);
    expect((await studio.do('openStudy', { study: second })).repeats).toMatchObject({ state: 'originalUnfinished' });
    await finish(studio, first);
    expect((await studio.do('openStudy', { study: second })).repeats).toMatchObject({ difference: null });
    await studio.do('removeStudy', { study: first });
    await finish(studio, third);
    expect((await studio.do('openStudy', { study: third })).repeats).toMatchObject({ state: 'gone' });
    await studio.close();
  });

  it('hands the recipe of a picture to the studio, and remembers which was picked', async () => {
    const studio = await TestStudio.open();
    const { study } = await studio.do('startStudy', { request: await tinyGrid(studio) });
    await becomes(studio, study, 'finished');
    const { sheet } = await studio.do('openStudy', { study });
    expect(sheet!.axes.map(({ values }) => values.length)).toEqual([2, 2]);
    expect(sheet!.cells.every(({ picture }) => picture !== null)).toBe(true);
    const cell = sheet!.cells.at(-1)!.id;
    await studio.do('pickCell', { study, cell });
    expect((await studio.do('openStudy', { study })).sheet!.chosen).toBe(cell);
    await studio.do('pickCell', { study, cell: null });
    expect((await studio.do('openStudy', { study })).sheet!.chosen).toBeUndefined();
    const { document, missing } = await studio.do('studyRecipe', { study, cell });
    expect(missing).toEqual([]);
    expect(document).toMatchObject({ network: 'madder-vgg', photo: { name: 'My photo.png' } });
    expect(document.preset!.value.objective).toMatchObject({ style: 10, content: 0.1 });
    expect(await studio.refused('studyRecipe', { study, cell: '9-9' })).toMatch(/no picture/);
    // Too small to look for patterns in, which is said.
    expect(await studio.refused('checkerboard', { picture: sheet!.cells[0]!.picture! })).toMatch(/at least 64 px/);
    expect(await studio.program.asset('study-spectrum', sheet!.cells[0]!.picture!)).toBeDefined();
    await studio.close();
  });

  it('of layers takes R(f) from a study of robustness, which is checked', async () => {
    const studio = await TestStudio.open();
    const { study: measured } = await studio.do('startStudy', { request: await tinyRobustness(studio) });
    await becomes(studio, measured, 'finished');
    const { photo, styles, settings } = await tinyGrid(studio);
    const layers = (names: string[], from: string): StudyRequestOf<'layers'> => ({
      ...{ kind: 'layers', title: 'Layers', photo, styles, settings, robustness: { study: from } },
      networks: [{ id: 'madder-vgg', layers: names }],
    });
    const { study } = await studio.do('startStudy', { request: layers(['relu1_1', 'relu2_1'], measured) });
    const { notes } = await becomes(studio, study, 'finished');
    expect(notes.join()).toMatch(/The study of R\(f\) did not measure .*relu2_1/);
    const { sheet } = await studio.do('openStudy', { study });
    const { robustness } = await studio.do('openStudy', { study: measured });
    const { value, low, high } = robustness!.results[0]!.robustness;
    expect(sheet!.cells.map((cell) => cell.robustness)).toEqual([{ value, low, high }, undefined]);
    const refused = (names: string[], from: string) => studio.refused('startStudy', { request: layers(names, from) });
    expect(await refused(['relu2_1'], measured)).toMatch(/measured none of these layers/);
    expect(await refused(['relu1_1'], study)).toMatch(/not a study of R\(f\)/);
    expect(await refused(['relu1_1'], 'nothing')).toMatch(/no longer in the laboratory/);
    await studio.close();
  });

  it('shows what it was painted from, as large as its own pictures, and nothing else of the disk', async () => {
    const studio = await TestStudio.open();
    const request = { ...(await tinyGrid(studio)), settings: { size: 64, iterations: 1 } };
    const { study } = await studio.do('startStudy', { request });
    await becomes(studio, study, 'finished');
    const { sheet } = await studio.do('openStudy', { study });
    expect(sheet!.originals).toMatchObject([
      { role: 'photo', name: 'My photo.png', picture: `${study}.s0` },
      { role: 'painting', picture: `${study}.s1` },
    ]);
    for (const { picture } of sheet!.originals) {
      const { content } = (await studio.program.asset('study', picture!))!;
      const { width, height } = await sharp(content as Uint8Array).metadata();
      expect(Math.max(width, height)).toBe(64);
    }
    for (const place of ['s2', 's-1', 's0/..', 's']) {
      expect(await studio.program.asset('study', `${study}.${place}`)).toBeUndefined();
    }
    await studio.close();
  });

  it('measures the fine patterns of a picture once, and again when the picture is another one', async () => {
    const studio = await TestStudio.open();
    const { study } = await studio.do('startStudy', { request: { ...tinyFeatures(), settings: featureSettings(64) } });
    await becomes(studio, study, 'finished');
    const { sheet } = await studio.do('openStudy', { study });
    const picture = sheet!.cells[0]!.picture!;
    const found = await studio.do('checkerboard', { picture });
    expect(found.periods.map(({ period }) => period)).toEqual([2, 4, 8, 16]);
    const file = join(studio.folder, 'studies', study, 'patterns.json');
    const stored = JSON.parse(await readFile(file, 'utf8'));
    const [name] = Object.keys(stored.pictures) as [string];
    stored.pictures[name].overall = 7;
    await writeFile(file, JSON.stringify(stored));
    expect((await studio.do('checkerboard', { picture })).overall).toBe(7);
    await utimes(join(studio.folder, 'studies', study, name), 1, 1);
    expect(await studio.do('checkerboard', { picture })).toEqual(found);
    await writeFile(file, 'no JSON');
    expect(await studio.do('checkerboard', { picture })).toEqual(found);
    expect((await studio.do('openStudy', { study })).files.map((one) => one.name)).not.toContain('patterns.json');
    await studio.close();
  });

  it('is judged by SqueezeNet 1.1 where that is in the library (skipped without ../shared)', async ({ skip }) => {
    const weights = join(root, '../shared/third-party/networks/squeezenet1_1.safetensors');
    if (!existsSync(weights)) return skip(`${weights} is not there`);
    const library = newFolder();
    vi.stubEnv('MADDER_LIBRARY', library);
    await importNetwork(weights, { library });
    const studio = await TestStudio.open();
    const { axes: _, network, ...grid } = await tinyGrid(studio);
    const request = { ...grid, kind: 'compare' as const, networks: [network], recipe: 'own' as const };
    const { study } = await studio.do('startStudy', { request });
    await becomes(studio, study, 'finished');
    const { sheet } = await studio.do('openStudy', { study });
    const { judged } = sheet!.cells[0]!;
    expect(Object.keys(judged!).sort()).toEqual(['blurredStyle', 'content', 'style']);
    expect(judged!.style).toBeGreaterThan(0);
    vi.unstubAllEnvs();
    await studio.close();
  });

  it('paints as the studio does, but with its own sizes; faders are for the studio’s network alone', async () => {
    const studio = await TestStudio.open();
    const { axes: _, network, ...grid } = await tinyGrid(studio, 1);
    const document = await tinyDocument(studio);
    const asInStudio = {
      ...{ network, preset: null },
      settings: { style: 3, content: 0.5, colour: 'luminance' as const, pooling: 'average' as const },
      faders: { ...document.faders, muted: ['relu1_1'] },
    };
    const compare = { ...grid, kind: 'compare' as const, networks: [network, 'madder-random-vgg'] };
    const recipes = async (request: StudyRequestOf<'compare'>) => {
      const { study } = await studio.do('startStudy', { request });
      await studio.do('stopStudy', { study });
      const record = await readFile(join(studio.folder, 'studies', study, 'record.json'), 'utf8');
      return (JSON.parse(record) as { runs: { recipe: Recipe }[] }).runs.map(({ recipe }) => recipe);
    };
    const [first, second] = await recipes({ ...compare, recipe: 'same', asInStudio });
    expect(first).toMatchObject({ colour: 'luminance', objective: { style: 3, content: 0.5 } });
    expect(first!.objective.styleLayers['relu1_1']).toBe(0);
    expect(first!.schedule.size).toBe(32);
    expect(JSON.stringify(first!.networks.style.rewrites)).toContain('"average"');
    expect(second!.objective).toMatchObject({ style: 3, content: 0.5 });
    expect(second!.objective.styleLayers['relu1_1']).toBeGreaterThan(0);
    const [plain] = await recipes({ ...compare, recipe: 'same' });
    expect(plain!.objective.style).not.toBe(3);
    const unknown = { ...asInStudio, network: 'nothing' };
    const request = { ...compare, recipe: 'same', asInStudio: unknown };
    expect(await studio.refused('startStudy', { request })).toMatch(/not installed/);
    await studio.close();
  });

  it('waits for the picture that is being painted, and pictures wait for it', async () => {
    const studio = await TestStudio.open();
    const { job } = await studio.do('start', { document: await tinyDocument(studio, { iterations: 3000 }) });
    await studio.reaches(job, 'running');
    const { study } = await studio.do('startStudy', { request: await tinyGrid(studio, 300) });
    expect(entry(studio, study)!.state).toBe('waiting');
    await studio.do('cancel', { job });
    await becomes(studio, study, 'running');
    const { job: next } = await studio.do('start', { document: await tinyDocument(studio) });
    expect(studio.job(next)!.state).toBe('waiting');
    expect(await studio.refused('removeNetwork', { id: 'madder-vgg' })).toMatch(/study|uses this network/);
    await studio.do('stopStudy', { study });
    await studio.reaches(next, 'done');
    await studio.close();
  });

  it('is refused where it names what is not there', async () => {
    const studio = await TestStudio.open();
    const request = await tinyGrid(studio);
    const painting = (value: string) => ({ ...request, axes: [{ parameter: 'painting', values: [value] }] });
    expect(await studio.refused('startStudy', { request: { ...request, network: 'nothing' } })).toMatch(
      /not installed/,
    );
    expect(await studio.refused('startStudy', { request: painting('/etc/passwd') })).toMatch(/not in the library/);
    expect(
      await studio.refused('startStudy', {
        request: { ...request, axes: [{ parameter: 'init', values: ['/etc/passwd'] }] },
      }),
    ).toMatch(/begins with the photo or with noise/);
    expect(await studio.refused('startStudy', { request: { ...request, photo: '0'.repeat(64) } })).toMatch(/library/);
    expect((await studio.do('snapshot', {})).studies).toEqual([]);
    await studio.close();
  });

  it('comes in from another folder with its pictures, and nothing but a study does', async () => {
    const studio = await TestStudio.open();
    const { study } = await studio.do('startStudy', { request: await tinyRobustness(studio) });
    await becomes(studio, study, 'finished');
    const folder = join(studio.folder, 'studies', study);
    const record = await readFile(join(folder, 'record.json'), 'utf8');
    const { original } = JSON.parse(record).worstCases[0];
    const { sha256 } = await added(studio, join(folder, 'pictures', original), original);
    const pictures = [{ path: `pictures/${original}`, sha256 }];
    const { study: copy } = await studio.do('importStudy', { folder: { name: 'From afar', record, pictures } });
    expect(entry(studio, copy)).toMatchObject({ title: 'From afar', state: 'finished', kind: 'robustness' });
    const { robustness } = await studio.do('openStudy', { study: copy });
    const { content } = (await studio.program.asset('study', robustness!.worst[0]!.original))!;
    expect(await readFile(content as string)).toEqual(await readFile(join(folder, 'pictures', original)));

    const refused = (change: object) =>
      studio.refused('importStudy', { folder: { name: 'x', record, pictures: [], ...change } });
    expect(await refused({ record: '{"kind":"cake"}' })).toMatch(/not the folder of a study/);
    for (const path of ['../a.png', 'pictures/../../a.png', '/a.png', '.a/b.png', 'a.exe', 'a\\..\\b.png']) {
      expect(await refused({ pictures: [{ path, sha256 }] })).toMatch(/asked wrongly/);
    }
    expect((await studio.do('snapshot', {})).studies).toHaveLength(2);
    await studio.close();
  });

  it('that cannot be read stays where it is, and is not listed', async () => {
    const first = await TestStudio.open();
    const folder = join(first.folder, 'studies', 'from-elsewhere');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'record.json'), '{"version": 99}');
    await first.close();
    const studio = await TestStudio.open({ folder: first.folder });
    expect((await studio.do('snapshot', {})).studies).toEqual([]);
    expect(existsSync(join(folder, 'record.json'))).toBe(true);
    await studio.close();
  });
});
