import { execFile, spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, rmdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const madder = join(root, 'dist/src/main/shells/cli/madder.js');
const lake = join(root, 'resources/samples/photos/lake.jpg');
const glass = join(root, 'resources/samples/paintings/stained-glass.jpg');
const thin = join(root, 'test/golden/data/vgg16-thin.weights.safetensors');
const thinOnnx = join(root, 'test/golden/data/resnet18-thin.onnx');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'madder-cli-'));
});
afterAll(() => rm(folder, { recursive: true }));
const file = (name: string) => join(folder, name);

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the built command as a person would. */
async function run(...args: string[]): Promise<Outcome> {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [madder, ...args], { cwd: folder });
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout, err: stderr };
  }
}

const small = ['--size', '64', '--iterations', '4'];
const stylize = (output: string, ...more: string[]) =>
  run('stylize', lake, '--style', glass, '-o', output, ...small, ...more);
const events = (out: string) =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

/** An error a person can act on: a failure, one sentence on the error stream, nothing written. */
function expectRefusal({ code, err }: Outcome, words: RegExp, output?: string) {
  expect(code).not.toBe(0);
  expect(err).toMatch(words);
  expect(err).not.toMatch(/^\s+at /m);
  if (output) expect(existsSync(output)).toBe(false);
}

describe('madder stylize', () => {
  it('paints a picture of the size asked for', async () => {
    const output = file('picture.png');
    const outcome = await stylize(output);
    expect(outcome).toMatchObject({ code: 0, out: '' });
    expect(outcome.err).toContain(output);
    const { width, height, format } = await sharp(output).metadata();
    expect({ width, height, format }).toEqual({ width: 64, height: 43, format: 'png' });
    const { channels } = await sharp(output).stats();
    expect(Math.max(...channels.map((c) => c.stdev))).toBeGreaterThan(10);
  });

  it('reports one JSON object a line and a summary last', async () => {
    const output = file('json.jpg');
    const { code, out } = await stylize(output, '--json', '--threads', '1');
    expect(code).toBe(0);
    const lines = events(out);
    expect(lines[0]).toMatchObject({ type: 'start', recipe: { version: 1, schedule: { size: 64 } } });
    const progress = lines.filter((l) => l['type'] === 'progress');
    expect(progress).toHaveLength(4);
    expect(progress[0]).toMatchObject({ width: 64, height: 43, evaluation: 1 });
    expect(lines.at(-1)).toMatchObject({
      type: 'done',
      completed: true,
      path: output,
      width: 64,
      bytes: statSync(output).size,
    });
  });

  it('paints the same picture twice, byte for byte', async () => {
    const outputs = [file('one.png'), file('two.png')] as const;
    for (const output of outputs) await stylize(output, '--init', 'noise', '--seed', '3', '--threads', '1');
    const [one, two] = await Promise.all(outputs.map((output) => readFile(output)));
    expect(one!.equals(two!)).toBe(true);
  });

  it.each([
    [
      'several styles, weights and scales',
      ['--style', lake, '--style-weight', '2', '--style-weight', '1', '--style-scale', '0.5'],
    ],
    ['a network file', ['--network', thin]],
    ['an ONNX file', ['--network', thinOnnx]],
    ['another network for the content', ['--content-network', thin]],
    ['faders', ['--layer', 'relu1_1=2', '--layer', 'conv3_2=1', '--content-layer', 'relu3_1=1']],
    ['another pooling and padding', ['--pooling', 'max', '--first-padding', 'reflect']],
    ['adam', ['--optimizer', 'adam', '--step-size', '0.05']],
    ['a spectrum', ['--parameterization', 'fourier', '--decay', '1.2']],
    [
      'a spectrum and movements',
      ['--parameterization', 'fourier', '--jitter', '4', '--scale-range', '0.1', '--rotate', '5'],
    ],
    ['the published L-BFGS', ['--optimizer', 'lbfgs-published', '--normalization', 'mean', '--strength', '1e4']],
    ['variation', ['--variation', '0.5', '--variation-l1', '0.1']],
  ])('takes %s', async (name, options) => {
    const output = file(`${name.replaceAll(/\W+/g, '-')}.png`);
    expect(await stylize(output, ...options)).toMatchObject({ code: 0 });
    expect((await sharp(output).metadata()).width).toBe(64);
  });

  it('says that it assumes a normalization', async () => {
    expect((await stylize(file('assumed.png'), '--network', thin)).err).toMatch(
      /ImageNet's mean and deviation are assumed/,
    );
  });

  it('keeps the best picture on Ctrl-C and says where', async () => {
    const output = file('stopped.png');
    const args = [
      madder,
      'stylize',
      lake,
      '--style',
      glass,
      '-o',
      output,
      '--size',
      '128',
      '--iterations',
      '100000',
      '--json',
    ];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    let out = '';
    let evaluations = 0;
    let stopping = false;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      evaluations = out.split('"progress"').length - 1;
      if (evaluations < 5 || stopping) return;
      stopping = true;
      // Twice, as it arrives through npx.
      child.kill('SIGINT');
      setTimeout(() => child.kill('SIGINT'), 20);
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect(code).toBe(130);
    expect(events(out).at(-1)).toMatchObject({ type: 'done', completed: false, path: output });
    expect((await sharp(output).metadata()).width).toBe(128);
  });

  it('goes on after its death with --resume, to the same picture, and never forgets an unfinished run', async () => {
    const settings = ['--optimizer', 'adam', '--size', '128', '--iterations', '600', '--threads', '1'];
    const args = (output: string) => ['stylize', lake, '--style', glass, '-o', output, '--device', 'cpu', ...settings];
    const [straight, killed] = [file('straight.png'), file('killed.png')];
    expect(await run(...args(straight))).toMatchObject({ code: 0 });

    const child = spawn(process.execPath, [madder, ...args(killed)], { stdio: 'ignore' });
    await expect.poll(() => existsSync(`${killed}.run/checkpoint.safetensors`), { timeout: 60_000 }).toBe(true);
    child.kill('SIGKILL');
    await new Promise((resolve) => child.on('close', resolve));
    expect(existsSync(killed)).toBe(false);

    expectRefusal(await run(...args(killed)), /unfinished run.*--resume/, killed);
    expectRefusal(await run(...args(killed), '--resume', '--seed', '5', '--init', 'noise'), /other settings/, killed);
    const resumed = await run(...args(killed), '--resume', '--json');
    expect(resumed.code).toBe(0);
    const progress = events(resumed.out).filter((e) => e['type'] === 'progress');
    expect(progress[0]!['total']).toBeGreaterThan(10);
    expect((await readFile(killed)).equals(await readFile(straight))).toBe(true);
    expect(existsSync(`${killed}.run`)).toBe(false);
  });

  it('keeps what was painted where it cannot be written, until it can', async () => {
    const output = file('late.png');
    const settings = ['--optimizer', 'adam', '--size', '128', '--iterations', '400', '--threads', '1'];
    const args = ['stylize', lake, '--style', glass, '-o', output, '--device', 'cpu', '--overwrite', ...settings];
    const child = spawn(process.execPath, [madder, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    await expect.poll(() => existsSync(`${output}.run/checkpoint.safetensors`), { timeout: 60_000 }).toBe(true);
    await mkdir(output);
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(1);
    expect(said).toMatch(/What was painted is kept in .*--resume/);
    expect(said).toMatch(/"[^"]*late\.png" is a folder/);
    await rmdir(output);
    expect(await run(...args, '--resume')).toMatchObject({ code: 0 });
    expect((await sharp(output).metadata()).width).toBe(128);
    expect(existsSync(`${output}.run`)).toBe(false);
  });

  it('writes 16 bits, a resolution and a pyramid', async () => {
    const [pyramid, print] = [file('deep.tif'), file('print.png')];
    expect(await stylize(pyramid, '--size', '300', '--depth', '16', '--dpi', '240', '--pyramid')).toMatchObject({
      code: 0,
    });
    expect(await sharp(pyramid).metadata()).toMatchObject({ width: 300, depth: 'ushort', density: 240, pages: 2 });
    expect(await run('stylize', lake, '--style', glass, '-o', print, '--print', '8x6mm')).toMatchObject({ code: 0 });
    expect(await sharp(print).metadata()).toMatchObject({ width: 94, depth: 'uchar', density: 300 });
  });

  it('replaces an existing file only when told to', async () => {
    const output = file('kept.png');
    await writeFile(output, 'mine');
    expectRefusal(await stylize(output), /exists already.*--overwrite/);
    expect(await readFile(output, 'utf8')).toBe('mine');
    expect(await stylize(output, '--overwrite')).toMatchObject({ code: 0 });
    expect((await sharp(output).metadata()).format).toBe('png');
  });

  it('never writes over one of its inputs, whatever its name', async () => {
    const photo = file('photo.jpg');
    await copyFile(lake, photo);
    await symlink(photo, file('link.jpg'));
    for (const output of [photo, file('link.jpg')]) {
      expectRefusal(
        await run('stylize', photo, '--style', glass, '-o', output, '--overwrite', ...small),
        /one of the pictures that/,
      );
    }
    expect((await readFile(photo)).equals(await readFile(lake))).toBe(true);
  });

  it.each([
    ['a missing photo', 'nowhere.jpg', undefined, /nowhere\.jpg.*does not exist/],
    ['an empty photo', 'empty.jpg', '', /empty\.jpg/],
    ['a text named .jpg', 'text.jpg', 'Once upon a time', /text\.jpg/],
  ])('refuses %s in one sentence', async (_name, name, contents, words) => {
    if (contents !== undefined) await writeFile(file(name), contents);
    const output = file('refused.png');
    expectRefusal(await run('stylize', file(name), '--style', glass, '-o', output, ...small), words, output);
    expectRefusal(await run('stylize', lake, '--style', file(name), '-o', output, ...small), words, output);
  });

  it('refuses a truncated photo', async () => {
    const photo = file('truncated.jpg');
    await copyFile(lake, photo);
    await truncate(photo, 100_000);
    const output = file('refused.png');
    expectRefusal(await run('stylize', photo, '--style', glass, '-o', output, ...small), /truncated\.jpg/, output);
  });

  it('refuses corrupt networks of either format', async () => {
    const output = file('refused.png');
    for (const [name, source] of [
      ['cut.safetensors', thin],
      ['cut.onnx', thinOnnx],
    ] as const) {
      await copyFile(source, file(name));
      await truncate(file(name), 50_000);
      expectRefusal(await stylize(output, '--network', file(name)), new RegExp(name.replace('.', '\\.')), output);
      await writeFile(file(`text-${name}`), 'This is not a network.');
      expectRefusal(await stylize(output, '--network', file(`text-${name}`)), /text-cut/, output);
    }
  });

  it.each([
    ['an unknown network', ['--network', 'vgg-from-nowhere'], /no network "vgg-from-nowhere".*madder-vgg/],
    ['an unknown layer', ['--layer', 'relu9_9=1'], /no layer "relu9_9"/],
    ['a weight that is no number', ['--layer', 'relu1_1=NaN'], /Expected a number/],
    ['a negative weight', ['--layer', 'relu1_1=-1'], /at least 0/],
    ['a fader without weight', ['--layer', 'relu1_1'], /NAME=WEIGHT/],
    ['an infinite strength', ['--strength', 'Infinity'], /Expected a number/],
    ['a size of nothing', ['--size', '0'], /at least 1/],
    ['more weights than styles', ['--style-weight', '1', '--style-weight', '2'], /2 times for 1 style/],
    ['weights that are all zero', ['--style-weight', '0'], /all zero/],
    ['a setting of an optimizer that is not chosen', ['--step-size', '0.1'], /belongs to Adam/],
    ['a decay of pixels', ['--decay', '1'], /belongs to a spectrum/],
    ['an unknown parameterization', ['--parameterization', 'wavelets'], /Allowed choices/],
    ['half a pixel of jitter', ['--jitter', '0.5'], /Expected a whole number/],
    ['too wide a range of scales', ['--scale-range', '2'], /the scale of the transforms must be at most 0\.9/],
    ['movements without line search', ['--rotate', '5', '--optimizer', 'lbfgs-published'], /transforms need Adam/],
    ['an unknown pooling', ['--pooling', 'median'], /Allowed choices/],
  ])('refuses %s', async (_name, options, words) => {
    const output = file('refused.png');
    expectRefusal(await stylize(output, ...options), words, output);
  });

  it('refuses an output that cannot be written, before any work', async () => {
    expectRefusal(await stylize(join(folder, 'missing', 'a.png')), /folder that does not exist/);
    expectRefusal(await stylize(file('picture.xyz')), /\.xyz/);
    expectRefusal(await stylize(file('deep.jpg'), '--depth', '16'), /cannot have 16 bits.*choose PNG or TIFF/);
    expectRefusal(await stylize(file('tiles.png'), '--pyramid'), /cannot be a pyramid; choose \.tif/);
    expectRefusal(await stylize(file('wide.webp'), '--size', '17000'), /16383 pixels a side.*choose \.png or \.tif/);
    expectRefusal(await stylize(file('fine.png'), '--dpi', '1e9'), /from 1 to 10000/);
    expectRefusal(await stylize(folder), /./);
  });

  it('says errors as JSON too', async () => {
    const { code, out } = await stylize(file('refused.png'), '--json', '--network', 'none');
    expect(code).toBe(1);
    expect(events(out).at(-1)).toMatchObject({ type: 'error', kind: 'input' });
  });

  it('leaves nothing but what was asked for', async () => {
    expect((await readdir(folder)).filter((name) => /tmp|partial/.test(name))).toEqual([]);
  });
});

describe('madder networks', () => {
  it('lists the embedded network with its layers', async () => {
    const { code, out } = await run('networks');
    expect(code).toBe(0);
    expect(out).toContain('madder-vgg');
    expect(out).toMatch(/relu1_1 .*finest strokes/);
  });

  it('lists them as JSON', async () => {
    const lines = events((await run('networks', '--json')).out);
    for (const id of ['madder-random-vgg', 'madder-vgg', 'madder-resnet-standard', 'madder-resnet-robust']) {
      expect(lines).toContainEqual(
        expect.objectContaining({ type: 'network', manifest: expect.objectContaining({ id }) }),
      );
    }
  });
});

describe('madder', () => {
  it('paints a demo without any arguments', async () => {
    const { code, err } = await run('demo', '--size', '48');
    expect(code).toBe(0);
    expect(err).toContain('madder-demo.png');
    expect((await sharp(file('madder-demo.png')).metadata()).width).toBe(48);
  });

  it('explains itself', async () => {
    expect((await run('--help')).out).toMatch(/stylize/);
    expect((await run('--version')).out.trim()).toMatch(/^\d+\.\d+\.\d+$/);
    expectRefusal(await run('paint'), /unknown command/);
  });
});
