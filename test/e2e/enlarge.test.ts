/** A painted picture, painted on at a larger size by the command line. */
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Recipe } from '../../src/shared/recipe.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const madder = join(root, 'dist/src/main/shells/cli/madder.js');
const lake = join(root, 'resources/samples/photos/lake.jpg');
const glass = join(root, 'resources/samples/paintings/stained-glass.jpg');
const vgg19 = join(root, 'test/golden/data/vgg19-thin-maxpool.weights.safetensors');

let folder: string;
const file = (name: string) => join(folder, name);

async function stylize(...args: string[]) {
  const all = [madder, 'stylize', ...args, '-n', vgg19, '--device', 'cpu', '--threads', '1'];
  const env = { ...process.env, MADDER_DATA: file('data') };
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, all, { cwd: folder, env });
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout, err: stderr };
  }
}
/** The JSON lines of a kind. */
const said = (out: string, type: string) =>
  out
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { type: string } & Record<string, unknown>)
    .filter((line) => line.type === type);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'madder-enlarge-'));
  const painted = await stylize(lake, '-s', glass, '-o', 'small.png', '--size', '96', '-i', '4');
  expect(painted).toMatchObject({ code: 0 });
});
afterAll(() => rm(folder, { recursive: true }));

describe('stylize --enlarge', () => {
  it('paints on from the picture, at the sizes above it', async () => {
    const { code, out } = await stylize(
      '--recipe',
      'small.png',
      '--enlarge',
      '--size',
      '400',
      '-o',
      'big.png',
      '--json',
    );
    expect(code).toBe(0);
    const [{ recipe }] = said(out, 'start') as unknown as [{ recipe: Recipe }];
    expect(recipe.schedule).toMatchObject({ size: 400, side: 'long' });
    expect(recipe.schedule.levels.map(({ factor }) => Math.round(400 * factor))).toEqual([159, 252, 400]);
    expect(recipe.init).toMatchObject({ kind: 'image', image: { name: 'small.png', width: 96, height: 64 } });
    expect(said(out, 'note')).toEqual([]);
    expect(await sharp(file('big.png')).metadata()).toMatchObject({ width: 400, height: 267 });
    // It is the same picture, and its recipe repeats it as long as the small one is there.
    const shrunk = (name: string) => sharp(file(name)).resize(48, 32).removeAlpha().raw().toBuffer();
    const [before, after] = [await shrunk('small.png'), await shrunk('big.png')];
    expect(before.reduce((sum, value, i) => sum + Math.abs(value - after[i]!), 0) / before.length).toBeLessThan(25);
    expect(await stylize('--recipe', 'big.png', '-o', 'again.png')).toMatchObject({ code: 0 });
    const pixels = (name: string) => sharp(file(name)).raw().toBuffer();
    expect((await pixels('again.png')).equals(await pixels('big.png'))).toBe(true);
  });

  it('says what it would take, and paints nothing', async () => {
    const plan = await stylize(
      '--recipe',
      'small.png',
      '--enlarge',
      '--print',
      'A4',
      '--dpi',
      '100',
      '-o',
      'a4.png',
      '--plan',
    );
    expect(plan).toMatchObject({ code: 0 });
    expect(plan.out).toMatch(/^1169 x 780 px \(0\.9 megapixels\), painted at 184, 292, 464, 736, 1169 px$/m);
    expect(plan.out).toMatch(/^memory: \d+\.\d GB of \d+\.\d GB, in one piece$/m);
    expect(plan.out).toMatch(/^disk: {3}\d+\.\d GB while it is painted, \d+\.\d GB are free$/m);
    expect(plan.out).toMatch(/^time: {3}not known yet/m);
    await expect(sharp(file('a4.png')).metadata()).rejects.toThrow();
    const tight = await stylize(
      ...[
        '--recipe',
        'small.png',
        '--enlarge',
        '--size',
        '3000',
        '-o',
        'x.png',
        '--memory',
        '1.5GB',
        '--plan',
        '--json',
      ],
    );
    const [planned] = said(tight.out, 'plan');
    expect(planned).toMatchObject({ width: 3000, height: 2002, seconds: null });
    expect(planned!['pieces']).toBeGreaterThan(1);
    const none = await stylize(
      '--recipe',
      'small.png',
      '--enlarge',
      '--size',
      '9000',
      '-o',
      'x.png',
      '--memory',
      '1GB',
      '--plan',
    );
    expect(none.code).toBe(1);
    expect(none.err).toMatch(/9000 x 6005 px does not fit into \d\.\d GB of memory/);
  });

  it('needs a painted picture and a larger size', async () => {
    await copyFile(lake, file('lake.jpg'));
    const cases = [
      [['--recipe', 'small.png', '--enlarge'], /long side of 96 px; say which larger size/],
      [['--recipe', 'small.png', '--enlarge', '--size', '96'], /say which larger size/],
      [['--recipe', 'small.json', '--enlarge', '--size', '200'], /give it with --recipe painted\.png/],
      [['lake.jpg', '-s', glass, '--enlarge', '--size', '200'], /give it with --recipe painted\.png/],
      [['--recipe', 'small.png', '--enlarge', '--size', '200', '--init', 'noise'], /leave --init out/],
    ] as const;
    for (const [args, words] of cases) {
      const { code, err } = await stylize(...args, '-o', 'wrong.png');
      expect(code).toBe(1);
      expect(err).toMatch(words);
    }
  });
});
