import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noisePicture } from '../../src/main/engine/runs/random.ts';
import { readRecordOf } from '../../src/main/services/studies/record.ts';
import { largestDifference, planRobustness, runRobustness } from '../../src/main/services/studies/robustness.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const madder = join(root, 'dist/src/main/shells/cli/madder.js');
const engine = join(root, 'dist/src/main/engine/process/main.js');
const vgg = join(root, 'test/golden/data/vgg16-thin.weights.safetensors');
const resnet = join(root, 'test/golden/data/resnet18-thin.weights.safetensors');

const PHOTOS = 5;

let folder: string;
let photos: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'madder-studies-'));
  photos = join(folder, 'photos');
  mkdirSync(photos);
  for (let i = 0; i < PHOTOS; i++) {
    const bytes = Uint8Array.from(noisePicture(3 * 40 * 30, i), (v) => 255 * v);
    await sharp(bytes, { raw: { width: 40, height: 30, channels: 3 } })
      .blur(1 + i)
      .toFile(join(photos, `${i}.png`));
  }
});
afterAll(() => rm(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the built command as a person would. */
async function study(...args: string[]): Promise<Outcome> {
  const command = [madder, 'study', 'robustness', ...args];
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, command, { cwd: folder });
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout, err: stderr };
  }
}

const small = ['--size', '24', '--steps', '3', '--noise-draws', '2', '--threads', '1'];
const both = ['--networks', `${vgg},${resnet}`, '--layers', `${vgg}=relu2_1,relu1_1`, '--layers', 'relu1'];
const events = (out: string) =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('madder study robustness', () => {
  it('measures, and leaves record, tables, figure and pictures', async () => {
    const out = at('first');
    const outcome = await study(...both, '--photos', photos, ...small, '--gram', '--pictures', '--out', out);
    expect(outcome.err).toContain(out);
    expect(outcome.code).toBe(0);
    const lines = outcome.out.trim().split('\n');
    expect(lines[0]).toMatch(/^network +layer +R\(f\) +over noise +R\(Gram\) +over noise$/);
    const value = String.raw`\d\S* \(\d\S* to \d\S*\)`;
    expect(lines[1]).toMatch(new RegExp(`^vgg16-thin.weights +relu1_1 +${value} +\\d+\\.\\d +${value} +\\d+\\.\\d$`));
    expect(lines.slice(2, 4).map((line) => line.split(/ +/)[1])).toEqual(['relu2_1', 'relu1']);
    expect(outcome.out).toMatch(/over 5 photos; L2 ball of radius 0\.5 at 24 px, 3 steps/);
    expect((await readdir(out)).sort()).toEqual([
      ...['pictures', 'record.json', 'robustness-photos.csv', 'robustness.csv', 'robustness.json'],
      ...['robustness.png', 'robustness.svg'],
    ]);
    const record = await readRecordOf(join(out, 'record.json'), 'robustness');
    expect(record.measurements).toHaveLength(6);
    expect(record.worstCases).toHaveLength(6);
    for (const { original, attacked, difference, amplification } of record.worstCases) {
      expect(amplification).toBeGreaterThan(1);
      for (const name of [original, attacked, difference]) {
        expect(await sharp(join(out, 'pictures', name)).metadata()).toMatchObject({ width: 24, height: 24 });
      }
    }
  });

  it('repeats a record to the same numbers', async () => {
    const again = at('again');
    const { code, out } = await study('--record', at('first/record.json'), '--threads', '1', '--out', again, '--json');
    expect(code).toBe(0);
    const last = events(out).at(-1)!;
    expect(last).toMatchObject({ type: 'done', completed: true, difference: 0, record: join(again, 'record.json') });
    expect(last['results']).toHaveLength(6);
    expect(events(out).filter((e) => e['type'] === 'progress')).toHaveLength(6 * PHOTOS);
    expect(await readFile(join(again, 'robustness.csv'), 'utf8')).toBe(
      await readFile(at('first/robustness.csv'), 'utf8'),
    );
  });

  it('keeps what is finished on Ctrl-C and goes on with --resume, to the same numbers', async () => {
    const out = at('stopped');
    const args = [...both, '--photos', photos, ...small, '--gram', '--out', out, '--json'];
    const child = spawn(process.execPath, [madder, 'study', 'robustness', ...args], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let said = '';
    let stopping = false;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.split('"progress"').length < 8 || stopping) return;
      stopping = true;
      // Twice, as it arrives through npx.
      child.kill('SIGINT');
      setTimeout(() => child.kill('SIGINT'), 20);
    });
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(130);
    expect(events(said).at(-1)).toMatchObject({ type: 'done', completed: false });
    const file = join(out, 'record.json');
    const stopped = await readRecordOf(file, 'robustness');
    expect(stopped.finishedAt).toBeUndefined();
    expect(stopped.measurements.length).toBeGreaterThan(0);

    const resumed = await study('--resume', file, '--threads', '1', '--json');
    expect(resumed.code).toBe(0);
    const progress = events(resumed.out).filter((e) => e['type'] === 'progress');
    expect(progress.length).toBeLessThan(6 * PHOTOS);
    expect(progress.at(-1)).toMatchObject({ done: 6 * PHOTOS, total: 6 * PHOTOS });
    expect(
      largestDifference(
        await readRecordOf(file, 'robustness'),
        await readRecordOf(at('first/record.json'), 'robustness'),
      ),
    ).toBe(0);
  });

  it.each([
    ['nothing to measure', [], /Give networks with --networks/],
    ['an unknown network', ['--networks', 'none', '--photos', '.'], /There is no network "none"/],
    ['an unknown layer', ['--networks', vgg, '--layers', 'relu9_9', '--photos', '.'], /no layer "relu9_9"/],
    [
      'layers of another network',
      ['--networks', vgg, '--layers', 'vgg19=relu1_1', '--photos', '.'],
      /none of the networks/,
    ],
    ['a network twice', ['--networks', `${vgg},${vgg}`, '--photos', '.'], /given twice/],
    ['photos that are not there', ['--networks', vgg, '--photos', 'nowhere'], /nowhere could not be read/],
    ['a radius of nothing', ['--networks', vgg, '--photos', '.', '--eps', '0'], /cannot be used/],
    ['a record and settings', ['--record', 'a.json', '--step-length', '2'], /leave out --step-length/],
    ['a record that is not there', ['--resume', 'a.json'], /a\.json could not be read/],
  ])('refuses %s', async (_, args, words) => {
    const { code, err, out } = await study(...args);
    expect(code).toBe(1);
    expect(err).toMatch(words);
    expect(err).not.toMatch(/^\s+at /m);
    expect(out).toBe('');
  });

  it('does not write over a study', async () => {
    const { code, err } = await study('--networks', vgg, '--photos', photos, '--out', at('first'));
    expect(code).toBe(1);
    expect(err).toMatch(/exists already; go on with it by --resume/);
  });

  it('refuses a photo that was changed meanwhile', async () => {
    const record = JSON.parse(readFileSync(at('first/record.json'), 'utf8')) as { photos: { path: string }[] };
    record.photos[0]!.path = record.photos[1]!.path;
    writeFileSync(at('changed.json'), JSON.stringify(record));
    const { code, err } = await study('--record', at('changed.json'), '--out', at('changed'));
    expect(code).toBe(1);
    expect(err).toMatch(/not the photo of the study any more/);
  });
});

describe('a study whose engine dies', () => {
  const plan = () =>
    planRobustness({
      networks: [vgg],
      layers: [{ layers: ['relu1_1', 'relu2_1'] }],
      photos: [photos],
      count: PHOTOS,
      settings: {
        ...{ size: 24, epsilon: 0.5, steps: 3, stepLength: 1, restarts: 1, noiseDraws: 2, seed: 0 },
        statistics: ['features'],
      },
    });

  /** An engine that kills itself after so many findings, as long as the flag is not there. */
  function dyingEngine(name: string, findings: number, onDeath: string): string {
    const entry = at(`${name}.mjs`);
    writeFileSync(
      entry,
      `import { existsSync, writeFileSync } from 'node:fs';
       const send = process.send.bind(process);
       let left = ${findings};
       process.send = (message, ...rest) => {
         if (message.type === 'finding' && left-- === 0 && !existsSync(${JSON.stringify(at(`${name}.flag`))})) {
           ${onDeath}
           process.kill(process.pid, 'SIGKILL');
         }
         return send(message, ...rest);
       };
       await import(${JSON.stringify(pathToFileURL(engine).href)});`,
    );
    return entry;
  }

  it('goes on in another one, to the same numbers', async () => {
    const { record } = await plan();
    const straight = await runRobustness(record, at('straight/record.json'), { entry: engine, threads: 1 });
    const notes: string[] = [];
    const flag = `writeFileSync(${JSON.stringify(at('once.flag'))}, '');`;
    const survived = await runRobustness(record, at('survived/record.json'), {
      entry: dyingEngine('once', 4, flag),
      threads: 1,
      onNote: (note) => notes.push(note),
    });
    expect(existsSync(at('once.flag'))).toBe(true);
    expect(notes).toEqual([expect.stringMatching(/ended unexpectedly \(SIGKILL\)/)]);
    expect(survived.finishedAt).toBeDefined();
    expect(largestDifference(straight, survived)).toBe(0);
  });

  it('gives up with one sentence when it dies again and again, and keeps what there is', async () => {
    const { record } = await plan();
    const file = at('given-up/record.json');
    const dying = runRobustness(record, file, { entry: dyingEngine('always', 0, ''), threads: 1 });
    await expect(dying).rejects.toThrow(/again and again \(SIGKILL\)/);
    expect((await readRecordOf(file, 'robustness')).measurements).toEqual([]);
  });

  it('is stopped before it has begun', async () => {
    const { record } = await plan();
    const signal = AbortSignal.abort();
    const stopped = await runRobustness(record, at('early/record.json'), { entry: engine, signal });
    expect(stopped.finishedAt).toBeUndefined();
    expect(stopped.measurements).toEqual([]);
  });
});
