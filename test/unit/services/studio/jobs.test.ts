import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it, vi } from 'vitest';
import type { DeviceFinder } from '../../../../src/main/services/studio/devices.ts';
import { added, cpuOnly, pictureFile, root, TestStudio, tinyDocument } from './studio-kit.ts';

describe('a run', () => {
  it('begins at once, shows how it goes, and ends in the history', async () => {
    const studio = await TestStudio.open();
    const document = await tinyDocument(studio);
    const { job } = await studio.do('start', { document });
    const done = await studio.reaches(job, 'done', 'failed');
    expect(done).toMatchObject({ state: 'done', provider: 'cpu', name: 'My photo – Blocks', document });
    expect(studio.of('progress').at(-1)!.progress).toMatchObject({ evaluation: 3, width: 64, height: 48 });
    expect(studio.of('preview').length).toBeGreaterThan(0);
    const preview = await studio.program.asset('preview', job);
    expect((await sharp(preview!.content as Uint8Array).metadata()).format).toBe('jpeg');

    const { result } = studio.of('result').at(-1)!;
    expect(result).toMatchObject({ id: done.result, completed: true, width: 64, height: 48, document });
    expect(result.recipe.content).toMatchObject({ name: 'My photo.png', sha256: document.photo!.sha256 });
    expect(result.recipe.objective.styleLayers).toEqual({ relu1_1: 1, relu2_1: 0.5 });
    expect(result.recipe.objective.contentLayers).toEqual({ relu2_2: 1 });
    const losses = (await studio.do('losses', { job }))!;
    expect(losses.points.at(-1)).toMatchObject({ total: studio.of('progress').at(-1)!.progress.total });
    expect(losses.points.map(({ total }) => total)).toEqual(losses.points.map((_, i) => i + 1));
    await expect.poll(() => readdirSync(join(studio.folder, 'jobs', job)).sort()).toEqual(['job.json']);
    const [canvas, small] = await Promise.all([
      studio.program.asset('result', result.id),
      studio.program.asset('result-thumbnail', result.id),
    ]);
    expect((await sharp(canvas!.content as string).metadata()).width).toBe(64);
    expect((await sharp(small!.content as string).metadata()).width).toBe(64);
    const { results, jobs } = await studio.do('snapshot', {});
    expect(results).toEqual([result]);
    expect(jobs.map((j) => j.state)).toEqual(['done']);

    const estimate = await studio.do('estimate', { document });
    expect(estimate.seconds).toBeGreaterThan(0);
    await studio.do('dismiss', { job });
    expect(await studio.do('losses', { job })).toBeNull();
    expect(studio.of('queue').at(-1)!.jobs).toEqual([]);
    expect(existsSync(join(studio.folder, 'jobs', job))).toBe(false);
    await studio.close();
  });

  it('takes faders that move, pauses, goes on, and stops with what it has', async () => {
    const studio = await TestStudio.open();
    const document = await tinyDocument(studio, { iterations: 4000, size: 96 });
    const { job } = await studio.do('start', { document });
    await studio.until(() => studio.of('progress').length > 0);
    await studio.do('changeWeights', { job, change: { style: 3, styleLayers: { relu1_1: 0 } } });
    const { evaluation } = await studio.until(() => studio.of('weighed')[0]);
    expect(await studio.refused('changeWeights', { job, change: { styleLayers: { relu5_1: 1 } } })).toMatch(/relu5_1/);
    await studio.do('pause', { job });
    expect(studio.job(job)!.state).toBe('paused');
    expect((await studio.do('estimate', { document })).availableBytes).toBeGreaterThan(0);
    await studio.do('resume', { job });
    expect(studio.job(job)!.state).toBe('running');
    await studio.do('pause', { job });
    await studio.do('stop', { job });
    const ended = await studio.reaches(job, 'stopped', 'failed');
    expect(ended.state).toBe('stopped');
    const { result } = studio.of('result').at(-1)!;
    expect(result.completed).toBe(false);
    expect(result.recipe.timeline).toEqual([{ evaluation, weights: { style: 3, styleLayers: { relu1_1: 0 } } }]);
    expect(await studio.refused('pause', { job })).toMatch(/not being painted/);
    expect(await studio.refused('retry', { job })).toMatch(/cannot be tried again/);
    await studio.close();
  });

  it('says where it goes on when its device fails', async () => {
    vi.stubEnv('MADDER_TEST_DEVICE_FAILURE', 'lost');
    const devices: DeviceFinder = { ...cpuOnly, choose: async () => ({ provider: 'webgpu' }) };
    const engine = join(root, 'test/fixtures/engine-without-gpu.js');
    const studio = await TestStudio.open({ engine, devices });
    const { job } = await studio.do('start', { document: await tinyDocument(studio) });
    const done = await studio.reaches(job, 'done', 'failed');
    const told = studio.of('job').flatMap((event) => event.job.provider ?? []);
    expect(told.filter((provider, i) => provider !== told[i - 1])).toEqual(['webgpu', 'cpu']);
    expect(done).toMatchObject({ state: 'done', provider: 'cpu' });
    expect(done.notes.join(' ')).toMatch(/goes on on the cpu/);
    await studio.close();
    vi.unstubAllEnvs();
  });

  it('says what is missing before it begins', async () => {
    const studio = await TestStudio.open();
    const document = await tinyDocument(studio);
    const wrong = [
      [{ photo: null }, /no photo/],
      [{ styles: [] }, /no painting/],
      [{ styles: [{ ...document.styles[0]!, weight: 0 }] }, /share of zero/],
      [{ network: 'nothing' }, /"nothing" is not installed/],
      [{ contentNetwork: 'vgg19' }, /"vgg19" is not installed/],
      [{ photo: { ...document.photo!, sha256: '0'.repeat(64) } }, /not in the library/],
    ] as const;
    for (const [change, words] of wrong) {
      expect(await studio.refused('start', { document: { ...document, ...change } })).toMatch(words);
    }
    expect(await studio.refused('startBatch', { documents: [document, { ...document, photo: null }] })).toMatch(
      /no photo/,
    );
    expect((await studio.do('snapshot', {})).jobs).toEqual([]);
    // What only the engine's side finds out ends the job.
    const settings = { ...document.settings, styleLayers: { conv99: 1 } };
    const { job } = await studio.do('start', { document: { ...document, settings } });
    const failed = await studio.reaches(job, 'failed');
    expect(failed.problem).toMatchObject({ kind: 'input' });
    expect(failed.problem!.message).toMatch(/conv99/);
    await studio.close();
  });
});

describe('the queue', () => {
  it('paints in order, lets jobs be moved, cancelled and tried again, and can rest', async () => {
    const studio = await TestStudio.open();
    const long = await tinyDocument(studio, { iterations: 5000 });
    const short = await tinyDocument(studio);
    const first = (await studio.do('start', { document: long })).job;
    const { jobs } = await studio.do('startBatch', {
      documents: [1, 2, 3].map((seed) => ({ ...short, settings: { ...short.settings, seed } })),
    });
    expect((await studio.do('snapshot', {})).jobs.map((j) => j.state)).toEqual([
      'running',
      'waiting',
      'waiting',
      'waiting',
    ]);
    const [a, b, c] = jobs as [string, string, string];
    await studio.do('moveJob', { job: c, position: 0 });
    expect(studio.of('queue').at(-1)!.jobs).toEqual([first, c, a, b]);
    await studio.do('moveJob', { job: c, position: 99 });
    await studio.do('moveJob', { job: b, position: 0 });
    expect(studio.of('queue').at(-1)!.jobs).toEqual([first, b, a, c]);
    expect(await studio.refused('moveJob', { job: first, position: 0 })).toMatch(/wait/);
    expect(await studio.refused('dismiss', { job: first })).toMatch(/cancel it first/);
    await studio.do('cancel', { job: a });
    expect(studio.job(a)!.state).toBe('cancelled');
    await studio.do('pauseQueue', { paused: true });
    await studio.do('cancel', { job: first });
    await studio.reaches(first, 'cancelled');
    expect(await studio.refused('cancel', { job: first })).toMatch(/not being painted/);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(studio.job(b)!.state).toBe('waiting');
    // Whoever asks for one picture gets it, whatever the queue does.
    await studio.do('retry', { job: a });
    await studio.reaches(a, 'done');
    expect(studio.job(b)!.state).toBe('waiting');
    await studio.do('pauseQueue', { paused: false });
    await studio.reaches(c, 'done');
    const began = studio
      .of('job')
      .filter(({ job }) => job.state === 'running')
      .map(({ job }) => job.id);
    expect([...new Set(began)]).toEqual([first, a, b, c]);
    expect((await studio.do('snapshot', {})).results).toHaveLength(3);
    await studio.close();
  });

  it('begins a picture again that was cancelled a moment ago', async () => {
    const studio = await TestStudio.open();
    const document = await tinyDocument(studio);
    const { job } = await studio.do('start', { document });
    await studio.do('cancel', { job });
    await studio.do('retry', { job });
    expect((await studio.reaches(job, 'done', 'failed')).state).toBe('done');
    // Nothing was painted yet when this one is stopped.
    const next = (await studio.do('start', { document })).job;
    await studio.do('stop', { job: next });
    await studio.reaches(next, 'cancelled');
    expect((await studio.do('snapshot', {})).results).toHaveLength(1);
    await studio.close();
  });

  it('finds a run that was interrupted after a restart, and goes on from its checkpoint', async () => {
    let studio = await TestStudio.open();
    const { folder } = studio;
    const document = await tinyDocument(studio, { iterations: 6000 });
    await studio.do('saveDocument', { document });
    const { job } = await studio.do('start', { document });
    const waiting = (await studio.do('start', { document: await tinyDocument(studio) })).job;
    const run = join(folder, 'jobs', job, 'run');
    await studio.until(() => existsSync(join(run, 'checkpoint.safetensors')));
    await studio.close();

    studio = await TestStudio.open({ folder });
    const snapshot = await studio.do('snapshot', {});
    expect(snapshot.document).toEqual(document);
    expect(snapshot.queuePaused).toBe(true);
    const found = Object.fromEntries(snapshot.jobs.map((j) => [j.id, j]));
    expect(found[job]).toMatchObject({ state: 'interrupted', document });
    expect(found[waiting]).toMatchObject({ state: 'waiting' });
    const before = found[job]!.progress!.total;
    expect(before).toBeGreaterThan(0);
    if (found[job]!.preview > 0) expect(await studio.program.asset('preview', job)).toBeDefined();

    await studio.do('retry', { job });
    const { progress } = await studio.until(() => studio.of('progress')[0]);
    // A few evaluations were made between the checkpoint and the end.
    expect(progress.total).toBeGreaterThan(0.8 * before);
    await studio.do('stop', { job });
    expect((await studio.reaches(job, 'stopped', 'failed')).state).toBe('stopped');
    expect(studio.job(waiting)?.state).not.toBe('running');
    await studio.close();
  });
});

describe('a photo with opacity', () => {
  it('gives a result with it, in 16 bits', async () => {
    const studio = await TestStudio.open();
    const document = await tinyDocument(studio);
    const photo = await added(studio, await pictureFile('glass.png', { alpha: true }), 'glass.png');
    const { job } = await studio.do('start', { document: { ...document, photo } });
    const { result } = await studio.reaches(job, 'done');
    const master = join(studio.folder, 'history', result!, 'master.png');
    expect(await sharp(master).metadata()).toMatchObject({ depth: 'ushort', channels: 4, hasProfile: true });
    const used = await studio.do('useResult', { result: result! });
    expect(used).toMatchObject({ width: 64, height: 48, name: 'glass – Blocks.png' });
    expect(await studio.program.asset('picture', used.sha256)).toMatchObject({ type: 'image/png' });
    await studio.close();
  });
});
