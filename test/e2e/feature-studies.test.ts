import { execFile } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noisePicture } from '../../src/main/engine/runs/random.ts';
import { readRecordOf } from '../../src/main/services/studies/record.ts';
import { planVisualization } from '../../src/main/services/studies/visualization/plan.ts';
import { runVisualization } from '../../src/main/services/studies/visualization/run.ts';
import { PRIORS } from '../../src/shared/visualization.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const madder = join(root, 'dist/src/main/shells/cli/madder.js');
const engine = join(root, 'dist/src/main/engine/process/main.js');
const vgg = join(root, 'test/golden/data/vgg16-thin.weights.safetensors');
const resnet = join(root, 'test/golden/data/resnet18-thin.weights.safetensors');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'madder-features-'));
});
afterAll(() => rm(folder, { recursive: true }));
const at = (...names: string[]) => join(folder, ...names);

/** Runs the built command as a person would. */
async function study(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [madder, 'study', ...args], { cwd: folder });
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout, err: stderr };
  }
}

const events = (out: string) =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const tiny = ['--size', '24', '--iterations', '3', '--threads', '1'];

describe('madder study features', () => {
  it('makes a picture for every channel and prior, a contact sheet and tables, and repeats them', async () => {
    const layers = ['--layer', 'relu2_x', '--layer', `${vgg}=relu2_1,relu1_1`];
    const made = await study(
      'features',
      '--network',
      `${vgg},${resnet}`,
      ...layers,
      '--channels',
      '0,2',
      ...tiny,
      '--out',
      'f',
    );
    expect(made).toMatchObject({ code: 0 });
    expect(made.out).toMatch(/relu1_1 +2 +fourier/);
    const record = await readRecordOf(at('f', 'record.json'), 'features');
    expect(record.features).toHaveLength(3 * 2 * 2);
    expect(record.finishedAt).toBeDefined();
    for (const { file, before, after } of record.features) {
      expect(await sharp(at('f', 'pictures', file)).metadata()).toMatchObject({ width: 24, height: 24, format: 'png' });
      expect([before, after].every(Number.isFinite)).toBe(true);
    }
    const sheet = await sharp(at('f', 'contact-sheet.png')).metadata();
    expect(sheet.width).toBeGreaterThan(2 * 96);
    expect(readFileSync(at('f', 'features.csv'), 'utf8').trim().split('\r\n')).toHaveLength(13);
    const again = await study('features', '--record', 'f/record.json', '--json', '--out', 'g');
    expect(events(again.out).at(-1)).toMatchObject({ type: 'done', completed: true, difference: 0 });
    expect(events(again.out).filter(({ type }) => type === 'feature')).toHaveLength(12);
    expect((await study('robustness', '--resume', 'f/record.json')).err).toMatch(/another study/);
  });

  it('goes on with what is missing, and makes again what is gone', async () => {
    const made = await study(
      'features',
      '--network',
      vgg,
      '--layer',
      'relu1_1',
      '--whole',
      '--priors',
      'plain',
      ...tiny,
      '--out',
      'h',
    );
    expect(made).toMatchObject({ code: 0 });
    const file = at('h', 'record.json');
    const { finishedAt: _, ...record } = await readRecordOf(file, 'features');
    const picture = at('h', 'pictures', record.features[0]!.file);
    const bytes = readFileSync(picture);
    rmSync(picture);
    writeFileSync(file, JSON.stringify(record));
    expect(await study('features', '--resume', file)).toMatchObject({ code: 0 });
    expect(readFileSync(picture)).toEqual(bytes);
    expect((await readRecordOf(file, 'features')).finishedAt).toBeDefined();
  });

  it('keeps what is made when it is stopped', async () => {
    const settings = { size: 24, iterations: 20, seed: 1, rewrites: [], priors: [{ ...PRIORS.plain }] };
    const { record } = await planVisualization({
      ...{ networks: [resnet], layers: [{ layers: ['relu2_x'] }], aim: 'channel', channels: 4, settings },
    });
    const controller = new AbortController();
    const stopped = await runVisualization(record, at('i', 'record.json'), {
      entry: engine,
      signal: controller.signal,
      onFeature: () => controller.abort(),
    });
    expect(stopped.finishedAt).toBeUndefined();
    expect(stopped.features.length).toBeGreaterThan(0);
    expect(stopped.features.length).toBeLessThan(4);
    const whole = await runVisualization(stopped, at('i', 'record.json'), { entry: engine });
    expect(whole.features).toHaveLength(4);
    expect(whole.features.slice(0, stopped.features.length)).toEqual(stopped.features);
  });

  it('changes networks by rewrites, and refuses in a sentence what cannot be', async () => {
    const changed = [
      '--pooling',
      'blur',
      '--strides',
      'blur',
      '--shortcuts',
      'average',
      '--neuron',
      '--channels',
      'first:1',
    ];
    const made = await study('features', '--network', resnet, '--layer', 'relu3_x', ...changed, ...tiny, '--out', 'j');
    expect(made).toMatchObject({ code: 0 });
    const { settings } = await readRecordOf(at('j', 'record.json'), 'features');
    expect(settings.rewrites).toEqual([{ pooling: { kind: 'blur' } }, { shortcuts: 'average' }, { strides: 'blur' }]);
    for (const [args, words] of [
      [[], /Give a network with --network/],
      [['--network', vgg, '--layer', 'relu9_9'], /no layer "relu9_9"/],
      [['--network', vgg, '--layer', 'relu1_1', '--channels', '999'], /there is no channel 999/],
      [['--network', vgg, '--layer', 'relu1_1', '--whole', '--channels', '1'], /leave out --channels/],
      [['--network', vgg, '--layer', 'pool5', '--size', '16'], /larger size/],
      [['--network', vgg, '--layer', 'other=relu1_1'], /Nothing is said of the layers/],
      [['--network', vgg, '--layer', 'relu1_1', '--strides', 'blur'], /has no strided convolutions/],
    ] as const) {
      const { code, err } = await study('features', ...args);
      expect(err).toMatch(words);
      expect(code).toBe(1);
    }
  });
});

describe('madder study artifacts', () => {
  it('measures pictures and shows their spectra', async () => {
    const write = (name: string, amplitude: number) => {
      const values = noisePicture(3 * 96 * 80, 1);
      const bytes = Uint8Array.from({ length: values.length }, (_, i) => {
        const [x, y] = [Math.floor(i / 3) % 96, Math.floor(i / 288)];
        return 255 * Math.min(1, Math.max(0, values[i]! + amplitude * (-1) ** (x + y)));
      });
      return sharp(bytes, { raw: { width: 96, height: 80, channels: 3 } }).toFile(at(name));
    };
    await write('plain.png', 0);
    await write('checkered.png', 0.1);
    const table = await study('artifacts', 'plain.png', 'checkered.png');
    expect(table.out).toMatch(/picture +size +2 px +4 px +8 px +16 px +mean/);
    const { code, out } = await study('artifacts', 'plain.png', 'checkered.png', '--json', '--out', 'spectra');
    expect(code).toBe(0);
    const [plain, checkered, done] = events(out) as [
      { periods: Record<string, number> },
      { periods: Record<string, number>; spectrumFile: string },
      { files: string[] },
    ];
    expect(checkered.periods['2']! / plain.periods['2']!).toBeGreaterThan(3);
    for (const file of done.files) expect(existsSync(at('spectra', file))).toBe(true);
    expect(await sharp(at('spectra', checkered.spectrumFile)).metadata()).toMatchObject({ width: 96, height: 80 });
    expect((await study('artifacts', 'plain.png', '--out', 'spectra')).err).toMatch(/exists already/);
    await sharp(at('plain.png')).resize(40).toFile(at('small.png'));
    expect((await study('artifacts', 'small.png')).err).toMatch(/small\.png: Patterns are looked for/);
  });
});
