import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it, vi } from 'vitest';
import { catalogue } from '../../../../src/main/services/networks.ts';
import { prepareRun } from '../../../../src/main/services/painter.ts';
import { builtInPresets } from '../../../../src/main/services/presets.ts';
import { dataFolder } from '../../../../src/main/services/studio/folder.ts';
import { migrateDocument } from '../../../../src/main/services/studio/documents.ts';
import { anonymous } from '../../../../src/main/services/studio/diagnostics.ts';
import { METHODS, type MethodName } from '../../../../src/shared/studio/contract.ts';
import { emptyDocument } from '../../../../src/shared/studio/document.ts';
import { pngClaiming, pngOfEqualRows } from '../../codec/files.ts';
import { added, cpuOnly, file, newFolder, pictureFile, root, TestStudio, tinyDocument } from './studio-kit.ts';

const broken = (folder: string) => readdirSync(folder).filter((name) => name.includes('.broken-'));

describe('the data folder', () => {
  it('is the platform’s, or what is said', () => {
    expect(dataFolder({ MADDER_DATA: '/x' }, 'linux')).toMatch(/x$/);
    expect(dataFolder({ XDG_DATA_HOME: '/data' }, 'linux')).toBe(join('/data', 'madder'));
    expect(dataFolder({ XDG_DATA_HOME: 'relative' }, 'linux')).toMatch(/\.local.share.madder$/);
    expect(dataFolder({}, 'darwin')).toMatch(/Library.Application Support.Madder$/);
    expect(dataFolder({}, 'win32')).toMatch(/AppData.Roaming.Madder$/);
  });

  it('belongs to one program, and is free again when that is gone', async () => {
    const folder = newFolder();
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, '.madder-lock'), '1');
    await expect(TestStudio.open({ folder })).rejects.toThrow(/Another Madder \(process 1\) is using/);
    await writeFile(join(folder, '.madder-lock'), '999999999');
    await (await TestStudio.open({ folder })).close();
    expect(existsSync(join(folder, '.madder-lock'))).toBe(false);
  });

  it('keeps the document and the preferences, and sets broken files aside', async () => {
    const folder = newFolder();
    let studio = await TestStudio.open({ folder });
    const { preferences } = await studio.do('snapshot', {});
    const document = { ...(await tinyDocument(studio)), faders: { muted: ['relu1_1'], solo: null, linked: true } };
    await studio.do('saveDocument', { document });
    await studio.do('savePreferences', { preferences: { ...preferences, surround: 0.7, language: 'de' } });
    await studio.close();
    expect(await studio.refused('snapshot', {})).toMatch(/closing/);

    studio = await TestStudio.open({ folder });
    expect(await studio.do('snapshot', {})).toMatchObject({ document, preferences: { surround: 0.7, language: 'de' } });
    await studio.close();

    const path = join(folder, 'preferences.json');
    const stored = JSON.parse(await readFile(path, 'utf8')) as object;
    await writeFile(path, JSON.stringify({ ...stored, surround: 'blue', ofTomorrow: 1 }));
    await writeFile(join(folder, 'document.json'), '{"version": 1, "photo"');
    studio = await TestStudio.open({ folder });
    const snapshot = await studio.do('snapshot', {});
    expect(snapshot).toMatchObject({
      document: emptyDocument('madder-vgg'),
      preferences: { language: 'de' },
    });
    expect(snapshot.preferences.surround).toBe(0.2);
    const [aside] = broken(folder);
    expect(await readFile(join(folder, aside!), 'utf8')).toBe('{"version": 1, "photo"');
    expect((await studio.do('diagnostics', {})).text).toMatch(/document\.json cannot be used and was set aside/);
    await studio.close();
  });

  it('refuses documents of a newer program in one sentence', () => {
    expect(() => migrateDocument({ version: 3 })).toThrow(/newer Madder/);
    expect(() => migrateDocument([])).toThrow(/not a document/);
    expect(() => migrateDocument({ version: 1 })).toThrow(/cannot be used: .*\.$/);
  });
});

describe('the library', () => {
  it('keeps a picture by its content, with versions for the screen', async () => {
    const studio = await TestStudio.open();
    const path = await pictureFile('portrait.jpg', {
      width: 400,
      height: 300,
      save: (image) => image.withMetadata({ orientation: 6 }).withIccProfile('p3').jpeg(),
    });
    const first = await studio.program.upload(path, 'Portrait.JPG');
    expect(first.picture).toMatchObject({ name: 'Portrait.JPG', width: 300, height: 400 });
    expect(first.notes.join()).toMatch(/converted to sRGB/);
    const { sha256 } = first.picture;
    const [canvas, small] = await Promise.all([
      studio.program.asset('picture', sha256),
      studio.program.asset('thumbnail', sha256),
    ]);
    expect(await sharp(canvas!.content as string).metadata()).toMatchObject({ width: 300, height: 400, space: 'srgb' });
    expect(await sharp(small!.content as string).metadata()).toMatchObject({ width: 192, height: 256 });
    const again = await studio.program.upload(path, 'Other name.jpg');
    expect(again.picture).toEqual({ ...first.picture, name: 'Other name.jpg' });
    const kept = join(studio.folder, 'library', sha256, 'original.jpg');
    expect((await readFile(kept)).equals(await readFile(path))).toBe(true);
    expect(await studio.program.asset('thumbnail', 'f'.repeat(64))).toBeUndefined();
    await studio.close();

    const next = await TestStudio.open({ folder: studio.folder });
    expect(await next.program.asset('picture', sha256)).toEqual(canvas);
    await next.close();
  });

  it('has the samples from the start, and their versions once they are asked for', async () => {
    const studio = await TestStudio.open();
    const { samples } = await studio.do('snapshot', {});
    expect(samples.map(({ kind }) => kind).sort()).toEqual([...Array(6).fill('painting'), ...Array(3).fill('photo')]);
    const { sha256 } = samples[0]!.picture;
    const found = await Promise.all([1, 2].map(() => studio.program.asset('thumbnail', sha256)));
    expect(found[0]).toEqual(found[1]);
    expect((await sharp(found[0]!.content as string).metadata()).width).toBeLessThanOrEqual(256);
    await studio.close();
  });

  it('refuses what is no picture in one sentence with the person’s name for it', async () => {
    const studio = await TestStudio.open();
    const cases: [string, Uint8Array, RegExp][] = [
      ['letter.txt', Buffer.from('Dear Sir or Madam'), /"letter\.txt" is not a picture/],
      ['bomb.png', pngClaiming(60_000, 60_000), /"bomb\.png" is too large/],
      ['half.jpg', (await readFile(await pictureFile('whole.jpg'))).subarray(0, 700), /"half\.jpg" is damaged/],
      ['nothing.png', new Uint8Array(), /"nothing\.png" is empty/],
    ];
    for (const [name, bytes, words] of cases) {
      await writeFile(file('upload'), bytes);
      await expect(studio.program.upload(file('upload'), name)).rejects.toThrow(words);
    }
    expect(readdirSync(join(studio.folder, 'library'))).toEqual([]);
    await studio.close();
  });

  it('opens 200 megapixels without holding them', async () => {
    const studio = await TestStudio.open();
    const row = Uint8Array.from({ length: 3 * 20_000 }, (_, i) => (i >> 4) & 255);
    await writeFile(file('huge.png'), pngOfEqualRows(row, 10_000));
    const before = process.memoryUsage.rss();
    let most = before;
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 20);
    const { picture, notes } = await studio.program.upload(file('huge.png'), 'huge.png');
    clearInterval(watch);
    expect(picture).toMatchObject({ width: 20_000, height: 10_000 });
    expect(notes.join()).toMatch(/200 megapixels; the canvas shows it at 24/);
    const { content } = (await studio.program.asset('picture', picture.sha256))!;
    const { width, height } = await sharp(content as string).metadata();
    expect(width * height).toBeLessThanOrEqual(24e6);
    expect(width * height).toBeGreaterThan(23.9e6);
    console.log(`200 megapixels: ${Math.round((most - before) / 1e6)} MB`);
    expect(most - before).toBeLessThan(350e6);
    await studio.close();
  });
});

describe('presets', () => {
  it('are files of their own beside the built-in ones', async () => {
    const studio = await TestStudio.open();
    const builtIn = builtInPresets();
    const { presets } = await studio.do('snapshot', {});
    expect(presets.map(({ id }) => id)).toEqual(builtIn.map(({ id }) => id));
    const [gentle] = presets;
    expect(await studio.refused('savePreset', { ...gentle, value: gentle!.value, builtIn: undefined })).toMatch(
      /wrongly/,
    );
    expect(await studio.refused('savePreset', { id: gentle!.id, value: gentle!.value, result: null })).toMatch(
      /duplicate/,
    );
    expect(await studio.refused('deletePreset', { id: gentle!.id })).toMatch(/comes with Madder/);

    const mine = await studio.do('duplicatePreset', { id: gentle!.id, name: 'Große Pinsel' });
    expect(mine).toMatchObject({ builtIn: false, value: { ...gentle!.value, name: 'Große Pinsel' }, thumbnail: true });
    const changed = await studio.do('savePreset', {
      id: mine.id,
      value: { ...mine.value, description: 'x' },
      result: null,
    });
    expect(changed.id).toBe(mine.id);
    await studio.do('favouritePreset', { id: mine.id, favourite: true });
    await studio.do('favouritePreset', { id: gentle!.id, favourite: true });
    const { fileName, text } = await studio.do('exportPreset', { id: mine.id });
    expect(fileName).toMatch(/^[a-z-]+\.json$/);
    const imported = await studio.do('importPreset', { text });
    expect(imported.id).not.toBe(mine.id);
    expect(imported.value).toEqual(changed.value);
    expect(studio.of('presets').at(-1)!.presets).toHaveLength(builtIn.length + 2);
    expect(await studio.refused('importPreset', { text: 'nonsense' })).toMatch(/not JSON/);
    expect(await studio.refused('importPreset', { text: '{"version":9}' })).toMatch(/newer Madder/);
    expect(await studio.refused('exportPreset', { id: 'gone' })).toMatch(/no longer there/);
    await studio.do('deletePreset', { id: imported.id });
    await studio.close();

    const next = await TestStudio.open({ folder: studio.folder });
    const kept = (await next.do('snapshot', {})).presets;
    expect(kept.find(({ id }) => id === mine.id)).toMatchObject({ favourite: true, value: { description: 'x' } });
    expect(kept.filter(({ favourite }) => favourite)).toHaveLength(2);
    await next.close();
  });

  it('come back as they were after they were deleted', async () => {
    const studio = await TestStudio.open();
    const { job } = await studio.do('start', { document: await tinyDocument(studio) });
    const { result } = await studio.reaches(job, 'done');
    const value = { version: 1 as const, name: 'Mine', description: 'x' };
    const { id } = await studio.do('savePreset', { id: null, value, result: result! });
    await studio.do('favouritePreset', { id, favourite: true });
    const { content } = (await studio.program.asset('preset-thumbnail', id))!;
    const thumbnail = await readFile(content as string);
    await studio.do('deletePreset', { id });
    expect(await studio.program.asset('preset-thumbnail', id)).toBeUndefined();
    const restored = await studio.do('restorePreset', { id });
    expect(restored).toEqual({ id, value, builtIn: false, favourite: true, thumbnail: true });
    expect(studio.of('presets').at(-1)!.presets.at(-1)).toEqual(restored);
    expect(await studio.refused('restorePreset', { id })).toMatch(/cannot be brought back/);

    // Where its id was taken meanwhile it gets another one.
    await studio.do('deletePreset', { id });
    const other = await studio.do('savePreset', { id: null, value: { ...value, description: 'y' }, result: null });
    expect(other.id).toBe(id);
    const again = await studio.do('restorePreset', { id });
    expect(again).toMatchObject({ value, thumbnail: true });
    expect(again.id).not.toBe(id);
    await studio.close();

    const next = await TestStudio.open({ folder: studio.folder });
    expect((await next.do('snapshot', {})).presets.filter(({ builtIn }) => !builtIn)).toEqual(
      expect.arrayContaining([again, other]),
    );
    const kept = (await next.program.asset('preset-thumbnail', again.id))!;
    expect((await readFile(kept.content as string)).equals(thumbnail)).toBe(true);
    await next.close();
  });

  it('of earlier versions are still opened; others are set aside', async () => {
    const folder = newFolder();
    await mkdir(join(folder, 'presets'), { recursive: true });
    const old = await readFile(join(root, 'test/fixtures/presets/version-1.json'));
    await writeFile(join(folder, 'presets', 'old.json'), old);
    await writeFile(join(folder, 'presets', 'new.json'), '{"version": 99, "name": "x"}');
    const studio = await TestStudio.open({ folder });
    const { presets } = await studio.do('snapshot', {});
    expect(presets.at(-1)).toMatchObject({ id: 'old', value: { name: 'Broad and calm' } });
    expect(broken(join(folder, 'presets'))).toHaveLength(1);
    await studio.close();
  });
});

describe('networks', () => {
  it('are on cards: what can paint, and what can be downloaded', async () => {
    const studio = await TestStudio.open();
    const { networks } = await studio.do('snapshot', {});
    const own = networks.find(({ id }) => id === 'madder-vgg')!;
    expect(own).toMatchObject({ state: 'bundled', manifest: { id: own.id } });
    expect(own.bytes).toBeGreaterThan(1e6);
    expect(own.layers.find(({ name }) => name === 'relu3_1')).toMatchObject({
      label: 'strokes',
      stride: 4,
      channels: 128,
    });
    // The card suggests what the painter takes.
    const { recipe } = await prepareRun({
      photo: await pictureFile('a.png'),
      styles: [{ path: await pictureFile('b.png', { blocks: true }) }],
      network: own.id,
      size: 64,
    });
    const { style, content, variation, styleLayers, contentLayers } = recipe.objective;
    expect(own.suggested).toMatchObject({ style, content, variation, styleLayers, contentLayers });
    expect(own.suggested.optimizer).toBe(recipe.optimizer.kind);

    const listed = await catalogue();
    const [first] = listed.families;
    const members = first!.members.map(({ id }) => networks.find((card) => card.id === id)!);
    expect(members.map(({ families }) => families[0]!.position)).toEqual(members.map((_, i) => i));
    expect(members[0]).toMatchObject({ state: 'available', layers: [] });
    expect(members[0]!.families).toMatchObject([
      { id: 'robust-resnet50-l2', label: 'standard', position: 0 },
      { id: 'robust-resnet50-linf', label: 'standard', position: 0 },
    ]);
    expect(members.at(-1)!.families[0]!.label).toMatch(/^ε \d/);
    expect(networks.find(({ id }) => id === 'robust-resnet50-linf-eps4')!.families).toEqual([
      { id: 'robust-resnet50-linf', name: 'ResNet-50, Linf', position: 4, label: 'ε 4/255' },
    ]);
    expect(await studio.refused('downloadNetwork', { id: own.id })).toMatch(/installed already/);
    expect(await studio.refused('downloadNetwork', { id: 'nobody-knows' })).toMatch(/no network "nobody-knows"/);
    expect(await studio.refused('removeNetwork', { id: own.id })).toMatch(/came with Madder/);
    expect(await studio.program.asset('network-sample', own.id)).toMatchObject({ type: 'image/jpeg' });
    expect(await studio.program.asset('network-sample', members[0]!.id)).toBeUndefined();
    await studio.close();
  });

  it('tell how a download goes, and how it ends', async () => {
    const entry = (await catalogue()).networks[0]!;
    // Nobody listens there.
    const sources = [{ url: 'http://127.0.0.1:9/nothing.safetensors' }];
    const download = { tries: 1, backoffMs: 1, proxyFor: () => undefined };
    const studio = await TestStudio.open({ networks: { download, entryOf: async () => ({ ...entry, sources }) } });
    vi.stubEnv('MADDER_LIBRARY', join(studio.folder, 'networks'));
    await studio.do('downloadNetwork', { id: entry.id });
    const { problem } = await studio.until(() => studio.of('download').find(({ ended }) => ended === 'failed'));
    expect(problem!.message).toMatch(/could not be downloaded/);
    await studio.do('downloadNetwork', { id: entry.id });
    await studio.do('cancelDownload', { id: entry.id });
    await studio.until(() => studio.of('download').filter(({ ended }) => ended).length === 2);
    await studio.close();
    vi.unstubAllEnvs();
  });
});

describe('the window', () => {
  it('gets a sentence for whatever it asks wrongly', async () => {
    const studio = await TestStudio.open();
    // These would be right with nothing given.
    const harmless = new Set(['snapshot', 'probeDevices', 'diagnostics']);
    const names = (Object.keys(METHODS) as MethodName[]).filter((name) => !harmless.has(name));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), fc.jsonValue(), async (name, request) => {
        await studio.refused(name, request);
      }),
      { numRuns: 300 },
    );
    // Right in form, wrong in content: every id is one that there is not.
    const id = 'nothing';
    const { preferences } = await studio.do('snapshot', {});
    const requests: [MethodName, object][] = [
      ...(['pause', 'resume', 'stop', 'cancel', 'retry', 'dismiss'] as const).map((name): [MethodName, object] => [
        name,
        { job: id },
      ]),
      ['moveJob', { job: id, position: 0 }],
      ['changeWeights', { job: id, change: {} }],
      ['renameResult', { result: id, name: 'x' }],
      ['deleteResult', { result: id }],
      ['useResult', { result: id }],
      ['duplicatePreset', { id, name: 'x' }],
      ['restorePreset', { id }],
      ['favouritePreset', { id, favourite: true }],
      ['exportResult', { result: id, options: preferences.export }],
      ['chooseExportPath', { result: id, options: preferences.export }],
      ['showInFolder', { path: '/' }],
      ['openLink', { url: 'https://example.org' }],
      ['openLink', { url: 'file:///etc/passwd' }],
      ['start', { document: emptyDocument('x') }],
      ...(['openStudy', 'stopStudy', 'continueStudy', 'repeatStudy', 'removeStudy'] as const).map(
        (name): [MethodName, object] => [name, { study: id }],
      ),
      ['renameStudy', { study: id, title: 'x' }],
      ['pickCell', { study: id, cell: null }],
      ['studyRecipe', { study: id, cell: '1' }],
      ['checkerboard', { picture: 'nothing.0' }],
    ];
    for (const [name, request] of requests) await studio.refused(name, request);
    const kinds = ['preview', 'result', 'result-thumbnail', 'preset-thumbnail', 'download'] as const;
    for (const kind of [...kinds, 'study', 'study-file', 'study-spectrum'] as const) {
      expect(await studio.program.asset(kind, id)).toBeUndefined();
      expect(await studio.program.asset(kind, `${id}.0`)).toBeUndefined();
    }
    await studio.close();
  });

  it('hears how devices do, and has the desktop’s services where there are any', async () => {
    const asked: unknown[] = [];
    const studio = await TestStudio.open({
      devices: {
        ...cpuOnly,
        report: async () => ({
          verdicts: [
            { provider: 'webgpu', outcome: 'works', error: 0, speed: 9 },
            { provider: 'cpu', outcome: 'works', error: 0, speed: 1 },
          ],
          default: { provider: 'webgpu' },
        }),
      },
      desktop: {
        chooseExportPath: async ({ path }) => (asked.push(path), null),
        chooseExportFolder: async (current) => (asked.push(current), join(current, 'new')),
        showInFolder: (path) => void asked.push(path),
        openLink: (url) => void asked.push(url),
      },
    });
    await studio.do('probeDevices', {});
    const { devices } = await studio.until(() => studio.of('devices').find((e) => e.devices.verdicts.length > 0));
    expect(devices.probing).toBe(false);
    expect((await studio.do('snapshot', {})).devices.chosen).toBe('cpu');
    const { preferences } = await studio.do('snapshot', {});
    await studio.do('savePreferences', { preferences: { ...preferences, device: 'webgpu' } });
    expect(studio.of('devices').at(-1)!.devices.chosen).toBe('webgpu');
    await studio.do('savePreferences', { preferences: { ...preferences, exportFolder: '/exports' } });
    expect(await studio.do('chooseExportFolder', {})).toEqual({ path: join('/exports', 'new') });
    await studio.do('showInFolder', { path: '/here' });
    await studio.do('openLink', { url: 'https://example.org' });
    expect(asked).toEqual(['/exports', '/here', 'https://example.org']);
    const { text } = await studio.do('diagnostics', {});
    expect(text).toMatch(/webgpu: works \(9\.0 x cpu\)/);
    await studio.close();
  });

  it('gives diagnostics away without paths and names', () => {
    const text = anonymous(
      'The picture "IMG 1.jpg" at /home/ada/Bilder/x.png and C:\\Users\\Ada\\y.png: Katze.jpg, file:///a/b.ts:3:4 16/9 1:2',
      ['Katze.jpg'],
    );
    expect(text).toBe('The picture "<name>" at <path> and <path>: <name>, <path> 16/9 1:2');
  });
});

describe('estimates', () => {
  it('say what a document needs before anything was measured, and name a size that fits', async () => {
    const studio = await TestStudio.open();
    const document = await tinyDocument(studio);
    const small = await studio.do('estimate', { document });
    expect(small).toMatchObject({ seconds: null, fits: true });
    const settings = {
      ...document.settings,
      size: 16_000,
      optimizer: { kind: 'lbfgs', history: 20, lineSearch: 'strong-wolfe' },
    } as const;
    // So little that tiles do not help either, on any computer.
    const { preferences } = await studio.do('snapshot', {});
    await studio.do('savePreferences', { preferences: { ...preferences, memoryBytes: 2e9 } });
    const large = await studio.do('estimate', { document: { ...document, settings } });
    expect(large.fits).toBe(false);
    expect(large.bytes).toBeGreaterThan(large.availableBytes * 0.9);
    const tiled = { ...settings, size: 2000 };
    const inPieces = await studio.do('estimate', { document: { ...document, settings: tiled } });
    expect(inPieces).toMatchObject({ fits: true });
    expect(inPieces.pieces).toBeGreaterThan(1);
    const fitting = { ...settings, size: large.smallerSize! };
    expect(await studio.do('estimate', { document: { ...document, settings: fitting } })).toMatchObject({ fits: true });
    expect((await studio.do('estimate', { document: { ...document, photo: null } })).bytes).toBeGreaterThan(1e8);
    await studio.close();
  });
});

it('a picture that is added twice at the same time is there once', async () => {
  const studio = await TestStudio.open();
  const path = await pictureFile('twice.png', { width: 90 });
  const [one, two] = await Promise.all([added(studio, path, 'a.png'), added(studio, path, 'b.png')]);
  expect(one.sha256).toBe(two.sha256);
  expect(readdirSync(join(studio.folder, 'library'))).toEqual([one.sha256]);
  await studio.close();
});
