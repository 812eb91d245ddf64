import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadNetwork } from '../../src/main/engine/networks/load.ts';
import { FileServer, type Manners } from '../support/file-server.ts';
import { SHAPES } from '../support/network-shapes.ts';
import { fileOf, virtualTorchLegacy } from '../support/virtual-file.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const madder = join(root, 'dist/src/main/shells/cli/madder.js');
const lake = join(root, 'resources/samples/photos/lake.jpg');
const glass = join(root, 'resources/samples/paintings/stained-glass.jpg');
const thin = join(root, 'test/golden/data/vgg16-thin.weights.safetensors');

let folder: string;
let server: FileServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'madder-networks-'));
  server = await FileServer.start();
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

/** Each test has a library of its own, and a catalogue of two networks. */
let library: string;
let environment: NodeJS.ProcessEnv;
let number = 0;
beforeEach(async () => {
  library = join(folder, `library-${++number}`);
  const catalogue = join(folder, `catalogue-${number}.json`);
  environment = { ...process.env, MADDER_LIBRARY: library, MADDER_CATALOGUE: catalogue };
  for (const name of ['http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY']) delete environment[name];
  await serveCatalogue();
});

/** 9.9 of 228 MB are needed. */
const alexnet = virtualTorchLegacy(
  new Map([...SHAPES['alexnet']!(), ['classifier.1.weight', [4096, 9216]], ['classifier.4.weight', [4096, 4096]]]),
);
const tests = () => `thin-${number}.safetensors`;
const large = () => `alexnet-${number}.pth`;

async function serveCatalogue(manners: Manners = {}, host = server.origin): Promise<void> {
  server.serve(tests(), fileOf(await readFile(thin)), manners);
  server.serve(large(), alexnet, manners);
  const facts = {
    normalization: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], channels: 'RGB', scale: 1 },
    licence: 'MIT',
    citation: 'nobody',
  };
  const networks = [
    {
      id: 'thin',
      name: 'Thin VGG',
      architecture: 'vgg16',
      sources: [{ url: `${host}/gone.pth` }, { url: `${host}/${tests()}` }],
      ...facts,
      layers: ['relu1_1', 'relu2_1', 'relu4_2'],
      styleLayers: { relu1_1: 1, relu2_1: 1 },
      contentLayers: { relu4_2: 1 },
      description: 'Thin.',
    },
    {
      id: 'large',
      name: 'AlexNet',
      architecture: 'alexnet',
      sources: [{ url: `${host}/${large()}` }],
      ...facts,
      layers: ['relu_1', 'relu_4'],
      styleLayers: { relu_1: 1 },
      contentLayers: { relu_4: 1 },
      description: 'Coarse.',
    },
  ];
  await writeFile(environment['MADDER_CATALOGUE']!, JSON.stringify({ version: 1, families: [], networks }));
}

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  try {
    const options = { cwd: folder, env: environment };
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [madder, ...args], options);
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout, err: stderr };
  }
}
const networks = (...args: string[]) => run('networks', ...args);
const events = (out: string) =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('madder networks', () => {
  it('downloads, lists, shows, paints with, verifies and removes', async () => {
    const before = await run('stylize', lake, '-s', glass, '-o', join(folder, 'a.png'), '-n', 'thin');
    expect(before).toMatchObject({ code: 1 });
    expect(before.err).toMatch(/"thin" is not installed; get it with: madder networks download thin/);

    const downloaded = await networks('download', 'thin');
    expect(downloaded.code).toBe(0);
    expect(downloaded.err).toMatch(/the file is not there any more\. The next source is tried\./);
    expect(downloaded.err).toMatch(/vgg16: 26 tensors, 9\d\d kB of a file of 9\d\d kB/);
    expect(downloaded.out).toMatch(/thin is installed: 9\d\d kB fetched from http:\/\/127/);
    expect((await readdir(library)).sort()).toEqual(['thin.json', 'thin.safetensors']);

    const listed = await networks();
    expect(listed.out).toMatch(/thin\n {2}Thin VGG\. Thin\./);
    expect(listed.out).toMatch(/relu1_1 .*style 1/);
    expect(listed.out).toMatch(/To be had.*\n {2}large/);
    const lines = events((await networks('list', '--json')).out);
    const manifests = lines.filter((l) => l['type'] === 'network').map((l) => l['manifest'] as { id: string });
    expect(manifests.map(({ id }) => id)).toEqual(expect.arrayContaining(['madder-vgg', 'thin']));

    const shown = await networks('show', 'thin');
    expect(shown.out).toMatch(/9\d\d kB fetched of 9\d\d kB\), \d{4}-\d\d-\d\d, by Madder/);
    expect((await networks('show', 'large')).out).toMatch(/not installed; layers, fine to coarse: relu_1, relu_4/);

    const output = join(folder, 'painted.png');
    const painted = await run('stylize', lake, '-s', glass, '-o', output, '-n', 'thin', '--size', '48', '-i', '3');
    expect(painted).toMatchObject({ code: 0 });
    expect(existsSync(output)).toBe(true);
    const again = await run('stylize', '--recipe', output, '-s', glass, lake, '-o', join(folder, 'again.png'));
    expect(again).toMatchObject({ code: 0 });

    expect(await networks('verify')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/thin: as it should be/) as string,
    });
    await writeFile(join(library, 'thin.safetensors'), 'spoilt');
    const spoilt = await networks('verify', '--json');
    expect(spoilt.code).toBe(1);
    expect(events(spoilt.out)).toContainEqual(expect.objectContaining({ type: 'verified', id: 'thin', ok: false }));

    expect((await networks('remove', 'thin')).out).toMatch(/thin is removed/);
    expect(await readdir(library)).toEqual([]);
    expect((await networks('remove', 'madder-vgg')).err).toMatch(/came with Madder and stays/);
  });

  it('imports, and says what it recognised', async () => {
    const imported = await networks(
      'import',
      thin,
      '--id',
      'mine',
      '--name',
      'Mine',
      '--mean',
      '0.5,0.5,0.5',
      '--std',
      '1,1,1',
    );
    expect(imported).toMatchObject({ code: 0 });
    expect(imported.out).toMatch(/mine is installed: vgg16 with \d+ layers/);
    const elsewhere = join(folder, 'elsewhere');
    const byHand = await networks('import', thin, '--as', 'thin', '--json', '--library', elsewhere);
    expect((await readdir(elsewhere)).sort()).toEqual(['thin.json', 'thin.safetensors']);
    expect(events(byHand.out).at(-1)).toMatchObject({ type: 'installed', manifest: { id: 'thin', licence: 'MIT' } });
    expect((await networks('import', thin, '--mean', '1,1,1')).err).toMatch(/--mean and --std belong together/);
    expect((await networks('import', thin, '--std', '1,2')).err).toMatch(/Expected three numbers/);
  });

  it('says the same as JSON', async () => {
    const lines = events((await networks('download', 'thin', '--json')).out);
    const types = lines.map((line) => line['type']);
    expect(types[0]).toBe('source');
    expect(types).toEqual(expect.arrayContaining(['note', 'plan', 'progress']));
    expect(lines.at(-1)).toMatchObject({
      type: 'installed',
      manifest: { id: 'thin', provenance: { hashCheck: 'none' } },
    });
    const failed = await networks('download', 'thing', '--json');
    expect(events(failed.out)[0]).toMatchObject({ type: 'error', kind: 'input' });
  });

  it('goes through the proxy of the environment', async () => {
    environment['HTTP_PROXY'] = server.origin;
    await serveCatalogue({}, 'http://weights.example');
    const { code, out } = await networks('download', 'thin');
    expect(code).toBe(0);
    expect(out).toContain('from http://weights.example/');
    expect(server.sent(tests())).toBeGreaterThan(900_000);
  });
});

describe('a download', () => {
  /** Starts it against a slow server, and ends it once half is there. */
  async function interrupt(signal: NodeJS.Signals): Promise<{ code: number | null; err: string }> {
    await serveCatalogue({ pause: 5 });
    const child = spawn(process.execPath, [madder, 'networks', 'download', 'large'], { env: environment });
    let err = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    await expect.poll(() => server.sent(large()), { timeout: 20_000, interval: 20 }).toBeGreaterThan(7e6);
    child.kill(signal);
    return { code: await ended, err };
  }

  it.each<[NodeJS.Signals, number | null]>([
    ['SIGKILL', null],
    ['SIGINT', 130],
  ])('that is ended by %s goes on where it was', async (signal, code) => {
    const ended = await interrupt(signal);
    expect(ended.code).toBe(code);
    if (signal === 'SIGINT') expect(ended.err).toMatch(/Stopped\. What was fetched is kept/);
    expect((await readdir(library)).filter((name) => !name.startsWith('.'))).toEqual([]);

    await serveCatalogue();
    const { code: done, err } = await networks('download', 'large');
    expect(done).toBe(0);
    expect(err).toMatch(/MB of it there already/);
    // What a killed program did not flush yet is fetched twice.
    expect(server.sent(large())).toBeLessThan(signal === 'SIGKILL' ? 7e6 : 4.5e6);
    expect((await readdir(library)).sort()).toEqual(['large.json', 'large.safetensors']);
    expect((await loadNetwork('large', { modelsFolders: [library] })).manifest.architecture).toBe('alexnet');
  });
});
