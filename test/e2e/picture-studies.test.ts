import { execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRecipe } from '../../src/main/services/recipes.ts';
import { planPictures } from '../../src/main/services/studies/pictures/plan.ts';
import { largestPictureDifference } from '../../src/main/services/studies/pictures/record.ts';
import { runPictures, type PictureStudyProgress } from '../../src/main/services/studies/pictures/run.ts';
import { readRecordOf } from '../../src/main/services/studies/record.ts';
import { makeFiles, RESNET, VGG, type Files } from '../unit/services/studies/pictures/study.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const madder = join(root, 'dist/src/main/shells/cli/madder.js');
const engine = join(root, 'dist/src/main/engine/process/main.js');

let files: Files;
beforeAll(async () => (files = await makeFiles()));
afterAll(() => files.remove());
const at = (name: string) => join(files.folder, name);

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the built command as a person would. */
async function run(...args: string[]): Promise<Outcome> {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [madder, ...args], { cwd: files.folder });
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout, err: stderr };
  }
}
const study = (...args: string[]) => run('study', ...args);
const small = ['--size', '40', '-i', '4', '--device', 'cpu', '--threads', '1'];
const both = ['--networks', `${VGG},${RESNET}`];
const events = (out: string) =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const pixels = (path: string) => sharp(path).raw().toBuffer();

describe('madder study compare', () => {
  it('paints, measures every picture under every network, and leaves tables, charts and a contact sheet', async () => {
    const out = at('compare');
    const outcome = await study('compare', 'photo.png', '-s', 'painting.png', ...both, ...small, '--out', out);
    expect(outcome.err).toContain(`Record, pictures and tables are in ${out}`);
    expect(outcome.code).toBe(0);
    expect(outcome.out).toMatch(/^cell +picture +evaluations +seconds +loss/);
    expect(outcome.out).toMatch(/picture +style distance under +photo +unchanged +shifted +jpeg +noisy/);
    const found = (await readdir(out)).sort();
    expect(found).toEqual(
      expect.arrayContaining(['contact-sheet.png', 'elsewhere.csv', 'elsewhere.svg', 'losses.csv']),
    );
    expect(found).not.toContain('runs');
    const record = await readRecordOf(join(out, 'record.json'), 'compare');
    expect(record.finishedAt).toBeDefined();
    for (const { picture, elsewhere } of record.cells) {
      expect(await sharp(join(out, picture!)).metadata()).toMatchObject({ width: 40, height: 33 });
      expect(elsewhere!.map(({ judge }) => judge)).toEqual(record.networks.map(({ key }) => key));
    }
    // Each network sees its own picture nearer to the painting than the photo is.
    record.cells.forEach(({ elsewhere }, i) => expect(elsewhere![i]!.unchanged).toBeLessThan(elsewhere![i]!.photo!));
    for (const { curve, result } of record.runs) {
      expect(curve.map(([evaluation]) => evaluation)).toEqual([1, 2, 3, 4]);
      expect(result!.loss).toBe(Math.min(...curve.map(([, , loss]) => loss!)));
    }
  });

  it('leaves pictures that carry what repeats them', async () => {
    const picture = at('compare/pictures/2.png');
    const from = ['photo.png', '-s', 'painting.png', '-n', RESNET, '--recipe', picture];
    const again = await run('stylize', ...from, '--device', 'cpu', '--threads', '1', '-o', 'again.png');
    expect(again.code).toBe(0);
    expect(await pixels(at('again.png'))).toEqual(await pixels(picture));
  });

  it('repeats a record to the same numbers and pictures', async () => {
    const args = ['--record', at('compare/record.json'), '--device', 'cpu', '--threads', '1', '--out', at('repeated')];
    const { code, out } = await study('compare', ...args, '--json');
    expect(code).toBe(0);
    expect(events(out).at(-1)).toMatchObject({ type: 'done', completed: true, difference: 0 });
    expect(events(out).filter((e) => e['type'] === 'progress')).toHaveLength(2 * 4 + 2 * 2);
    expect(await pixels(at('repeated/pictures/1.png'))).toEqual(await pixels(at('compare/pictures/1.png')));
    const table = await readFile(at('repeated/elsewhere.csv'), 'utf8');
    expect(table).toBe(await readFile(at('compare/elsewhere.csv'), 'utf8'));
  });

  it('keeps what is finished on Ctrl-C and goes on with --resume, to the same numbers', async () => {
    const out = at('stopped');
    const args = ['photo.png', '-s', 'painting.png', ...both, ...small, '--out', out, '--json'];
    const child = spawn(process.execPath, [madder, 'study', 'compare', ...args], {
      cwd: files.folder,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let said = '';
    let stopping = false;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      // In the midst of the second picture.
      if (said.split('"progress"').length < 6 || stopping) return;
      stopping = true;
      child.kill('SIGINT');
    });
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(130);
    expect(events(said).at(-1)).toMatchObject({ type: 'done', completed: false });
    const file = join(out, 'record.json');
    const stopped = await readRecordOf(file, 'compare');
    expect(stopped.finishedAt).toBeUndefined();
    expect(stopped.cells[0]!.picture).toBe('pictures/1.png');
    const resumed = await study('compare', '--resume', file, '--device', 'cpu', '--threads', '1', '--json');
    expect(resumed.code).toBe(0);
    const whole = await readRecordOf(at('compare/record.json'), 'compare');
    expect(largestPictureDifference(whole, await readRecordOf(file, 'compare'))).toBe(0);
  });
});

describe('madder study grid', () => {
  it('makes a contact sheet to pick a recipe from, pictures on the way of a run being those of shorter runs', async () => {
    const out = at('grid');
    const axes = ['--axis', 'init=content,noise', '--axis', 'style=1,100', '--axis', 'iterations=0,3,5'];
    const settings = ['-n', VGG, '--size', '40', '--device', 'cpu', '--threads', '1'];
    const { code } = await study('grid', 'photo.png', '-s', 'painting.png', ...axes, ...settings, '--out', out);
    expect(code).toBe(0);
    const file = join(out, 'record.json');
    expect((await readdir(join(out, 'pictures'))).length).toBe(12);
    expect((await sharp(join(out, 'contact-sheet.png')).metadata()).width).toBeGreaterThan(3 * 40);

    const picked = await study('grid', '--resume', file, '--pick', '2-2-2', '--save-recipe', 'picked.json');
    expect(picked.err).toContain('start noise, style weight 100, 3 iterations');
    expect(picked.err).toContain(`madder stylize ${files.photo} -s ${files.painting} -n ${VGG} --recipe picked.json`);
    expect(picked.code).toBe(0);
    expect((await readRecordOf(file, 'grid')).chosen).toBe('2-2-2');
    const recipe = await readRecipe(at('picked.json'));
    expect(recipe).toMatchObject({ init: { kind: 'noise' }, objective: { style: 100 } });
    await run('stylize', '--recipe', 'picked.json', '-n', VGG, ...settings.slice(4), '-o', 'picked.png');
    expect(await pixels(at('picked.png'))).toEqual(await pixels(join(out, 'pictures/2-2-2.png')));

    const begin = await study('grid', '--resume', file, '--pick', '1-1-1');
    expect(begin.err).toMatch(/no recipe paints it/);
    const none = await study('grid', '--resume', file, '--pick', '7-1-1');
    expect(none.err).toMatch(/no picture "7-1-1" in this study; there are 1-1-1/);
  });

  it('records what cannot be painted, and goes on', async () => {
    const out = at('sizes');
    const args = ['photo.png', '-s', 'painting.png', '-n', VGG, '--axis', 'size=4,40', ...small.slice(2)];
    const { code, err } = await study('grid', ...args, '--out', out);
    expect(code).toBe(0);
    expect(err).toMatch(/4 px could not be painted: .*larger size/);
    const record = await readRecordOf(join(out, 'record.json'), 'grid');
    expect(record.runs[0]!.failed).toMatch(/larger size/);
    expect(record.cells.map(({ picture }) => picture)).toEqual([undefined, 'pictures/2.png']);
    expect(await readFile(join(out, 'pictures.csv'), 'utf8')).toMatch(/larger size/);
    expect(record.finishedAt).toBeDefined();
  });
});

describe('the other studies', () => {
  it('paint with single layers, each with the R(f) that is measured beside it', async () => {
    const out = at('layers');
    const measured = ['--measure-robustness', '--photos', 'photo.png', 'painting.png', 'other.png', '--steps', '2'];
    const args = ['photo.png', '-s', 'painting.png', '--networks', `${VGG},madder-random-vgg`, ...small, ...measured];
    const layers = ['--layers', 'relu1_1,relu2_1', '--content-network', VGG, '--out', out];
    const { code, out: said } = await study('layers', ...args, ...layers);
    expect(code).toBe(0);
    expect(said).toMatch(/^cell +picture +evaluations +seconds +loss +R\(f\)/);
    const record = await readRecordOf(join(out, 'record.json'), 'layers');
    expect(record.cells).toHaveLength(4);
    const robust = await readRecordOf(join(out, 'robustness/record.json'), 'robustness');
    expect(robust.measurements).toHaveLength(4);
    for (const { robustness } of record.cells) expect(robustness!.value).toBeGreaterThan(0);

    const taken = ['--robustness', join(out, 'robustness/record.json'), '--out', at('taken'), '--layers', 'relu1_1'];
    await study('layers', ...args.slice(0, 3), '--networks', VGG, ...small, ...taken);
    const second = await readRecordOf(at('taken/record.json'), 'layers');
    expect(second.cells[0]!.robustness).toEqual(record.cells[0]!.robustness);
  });

  it('pair networks, make textures, and race optimizers', async () => {
    const pairs = await study('pairs', 'photo.png', '-s', 'painting.png', ...both, ...small, '--out', at('pairs'));
    expect(pairs.code).toBe(0);
    expect(existsSync(at('pairs/pictures/2-1.png'))).toBe(true);
    const remedies = ['--remedies', 'none,average-shortcuts,jitter'];
    const texture = await study(
      'texture',
      '-s',
      'painting.png',
      ...both,
      ...remedies,
      ...small,
      '--out',
      at('texture'),
    );
    expect(texture.code).toBe(0);
    expect(texture.err).toMatch(/average shortcuts, vgg16-thin.weights cannot be painted/);
    expect((await readRecordOf(at('texture/record.json'), 'texture')).cells).toHaveLength(5);
    const race = await study('optimizers', 'photo.png', '-s', 'painting.png', '-n', VGG, ...small, '--out', at('race'));
    expect(race.code).toBe(0);
    expect(readFileSync(at('race/losses.svg'), 'utf8')).toContain('L-BFGS, published');
    expect((await readFile(at('race/losses.csv'), 'utf8')).split('\r\n')).toHaveLength(1 + 3 * 4 + 1);
  });
});

describe('what cannot be studied', () => {
  it.each([
    ['nothing to paint', ['compare', '--networks', VGG], /Give a photo and a painting with --style/],
    ['no networks', ['compare', 'photo.png', '-s', 'painting.png'], /Give networks with --networks/],
    ['a texture without a painting', ['texture', '--networks', VGG], /Give a painting with --style/],
    ['a grid without axes', ['grid', 'photo.png', '-s', 'painting.png'], /with --axis, or a grid with --article/],
    ['an unknown setting', ['grid', 'photo.png', '-s', 'painting.png', '--axis', 'magic=1'], /Expected a setting/],
    ['an unknown remedy', ['texture', '-s', 'painting.png', '--networks', VGG, '--remedies', 'prayer'], /is none of/],
    [
      "an article's grid without its network",
      ['grid', 'photo.png', '-s', 'painting.png', '--article', 'vgg', '-n', RESNET],
      /does not have/,
    ],
    ['a record and settings', ['compare', '--record', 'a.json', '--size', '40'], /leave out --size/],
    ['a record and a photo', ['compare', 'photo.png', '--record', 'a.json'], /knows its photo/],
    ['a record of another study', ['grid', '--resume', 'compare/record.json'], /use it with: madder study compare/],
    ['a pick out of nothing', ['grid', '--pick', '1-1'], /add --resume with its record/],
    [
      'R(f) from two sources',
      [
        ...['layers', 'photo.png', '-s', 'painting.png', '--networks', VGG],
        ...['--robustness', 'a.json', '--measure-robustness'],
      ],
      /give one of them/,
    ],
  ])('is %s, refused in one sentence', async (_, args, words) => {
    const { code, err, out } = await study(...args);
    expect(code).toBe(1);
    expect(err).toMatch(words);
    expect(err).not.toMatch(/^\s+at /m);
    expect(out).toBe('');
  });
});

describe('a study of pictures whose engine dies', () => {
  const plan = async () => {
    const { record } = await planPictures({
      kind: 'compare',
      ...{ content: files.photo, styles: [{ path: files.painting }], networks: [VGG, RESNET] },
      settings: { size: 40, iterations: 6 },
    });
    return record;
  };
  const options = { entry: engine, threads: 1, checkpointMs: 0 };

  /** An engine that kills itself once, before it says a message of this kind for the given time. */
  function dyingEngine(type: string, count: number): string {
    const flag = JSON.stringify(at(`${type}.flag`));
    const entry = at(`${type}.mjs`);
    writeFileSync(
      entry,
      `import { existsSync, writeFileSync } from 'node:fs';
       const send = process.send.bind(process);
       let left = ${count};
       process.send = (message, ...rest) => {
         if (message.type === '${type}' && --left === 0 && !existsSync(${flag})) {
           writeFileSync(${flag}, '');
           process.kill(process.pid, 'SIGKILL');
         }
         return send(message, ...rest);
       };
       await import(${JSON.stringify(pathToFileURL(engine).href)});`,
    );
    return entry;
  }

  it.each([
    ['paints', 'progress', 4],
    ['measures', 'judged', 3],
  ])('while it %s goes on in another one, to the same numbers', async (_, type, count) => {
    const record = await plan();
    const straight = await runPictures(record, at(`straight-${type}/record.json`), options);
    const notes: string[] = [];
    const survived = await runPictures(record, at(`survived-${type}/record.json`), {
      ...options,
      entry: dyingEngine(type, count),
      onNote: (note) => notes.push(note),
    });
    expect(existsSync(at(`${type}.flag`))).toBe(true);
    expect(notes).toEqual([expect.stringMatching(/ended unexpectedly \(SIGKILL\)/)]);
    expect(survived.finishedAt).toBeDefined();
    expect(largestPictureDifference(straight, survived)).toBe(0);
  });

  it('goes on in the midst of a run that was cancelled', async () => {
    const evaluations = 200;
    const { record } = await planPictures({
      kind: 'optimizers',
      ...{ content: files.photo, styles: [{ path: files.painting }], network: VGG },
      settings: { size: 40, iterations: evaluations },
      optimizers: ['lbfgs', 'adam'],
    });
    const straight = await runPictures(record, at('straight/record.json'), options);
    const controller = new AbortController();
    const file = at('cancelled/record.json');
    const checkpoint = at('cancelled/runs/2/checkpoint.safetensors');
    const cancelled = await runPictures(record, file, {
      ...options,
      signal: controller.signal,
      onProgress: () => void (existsSync(checkpoint) && controller.abort()),
    });
    expect(cancelled.finishedAt).toBeUndefined();
    expect(cancelled.cells.map(({ picture }) => picture)).toEqual(['pictures/1.png', undefined]);
    const steps: PictureStudyProgress[] = [];
    const kept = await readRecordOf(file, 'optimizers');
    const resumed = await runPictures(kept, file, { ...options, onProgress: (progress) => steps.push(progress) });
    expect(steps.length).toBeLessThan(evaluations);
    expect(resumed.finishedAt).toBeDefined();
    expect(resumed.runs.map(({ result }) => result!.loss)).toEqual(straight.runs.map(({ result }) => result!.loss));
    expect(await pixels(at('cancelled/pictures/2.png'))).toEqual(await pixels(at('straight/pictures/2.png')));
    expect(existsSync(at('cancelled/runs'))).toBe(false);
  });

  it('is stopped before it has begun', async () => {
    const record = await plan();
    const stopped = await runPictures(record, at('early/record.json'), { ...options, signal: AbortSignal.abort() });
    expect(stopped).toEqual(record);
  });
});
