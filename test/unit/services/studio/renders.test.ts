import { existsSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { RenderPlan, RenderSize } from '../../../../src/shared/studio/render.ts';
import type { Result } from '../../../../src/shared/studio/contract.ts';
import { TestStudio, tinyDocument } from './studio-kit.ts';

/** Memory in which nothing larger than a few hundred px fits in one piece. */
const LITTLE = 600e6;

describe('rendering large', () => {
  let studio: TestStudio;
  let result: Result;
  beforeAll(async () => {
    studio = await TestStudio.open();
    const { job } = await studio.do('start', { document: await tinyDocument(studio) });
    await studio.reaches(job, 'done');
    result = studio.of('result').at(-1)!.result;
  });
  const plan = (size: RenderSize, memoryBytes: number | null = null): Promise<RenderPlan> =>
    studio.do('planRender', { source: { kind: 'result', id: result.id }, size, memoryBytes });

  describe('says beforehand', () => {
    it.each([
      [{ unit: 'px', longSide: 640 }, 640, 480],
      [{ unit: 'megapixels', megapixels: 0.3 }, 632, 474],
      // The photo is 4:3, a postcard 148 x 105 mm: its height decides.
      [{ unit: 'paper', width: 105, height: 148, dpi: 100 }, 551, 413],
      [{ unit: 'paper', width: 148, height: 105, dpi: 100 }, 551, 413],
    ] as const)('how large it will be (%j)', async (size, width, height) => {
      expect(await plan(size)).toMatchObject({ width, height, from: { width: 64, height: 48 }, obstacle: null });
    });

    it('which sizes it is painted at: those above the picture that there is', async () => {
      const { levels } = await plan({ unit: 'px', longSide: 640 });
      expect(levels.map(({ width }) => width)).toEqual([160, 254, 403, 640]);
      expect(levels.map(({ evaluations }) => evaluations)).toEqual([6, 5, 4, 3]);
      expect(levels.every(({ pieces }) => pieces === null)).toBe(true);
    });

    it('how long it takes, as a span, since this network has painted before', async () => {
      const [small, large] = [await plan({ unit: 'px', longSide: 320 }), await plan({ unit: 'px', longSide: 1280 })];
      expect(small.seconds!.from).toBeGreaterThan(0);
      expect(small.seconds!.to).toBeGreaterThan(small.seconds!.from);
      // Sixteen times the pixels at the last level, where most of the time goes.
      expect(large.seconds!.from).toBeGreaterThan(4 * small.seconds!.from);
    });

    it('what memory it takes, and in how many pieces it is looked at with less', async () => {
      const size = { unit: 'px', longSide: 1280 } as const;
      const free = await plan(size);
      expect(free.memory.bytes).toBeLessThanOrEqual(free.memory.allowed);
      expect(free.memory.total).toBeGreaterThan(free.memory.allowed);
      const tight = await plan(size, LITTLE);
      expect(tight.memory).toMatchObject({ allowed: LITTLE });
      expect(tight.memory.bytes).toBeLessThanOrEqual(LITTLE);
      expect(tight.levels.at(-1)!.pieces).toBeGreaterThan(4);
      expect(tight.levels[0]!.pieces).toBeNull();
      expect(tight.seconds!.to).toBeGreaterThan(free.seconds!.to);
    });

    it('with how much memory what does not fit would, and what fits', async () => {
      const size = { unit: 'px', longSide: 8000 } as const;
      const { obstacle } = await plan(size, LITTLE);
      if (obstacle?.kind !== 'memory') throw new Error(`expected too little memory but found ${obstacle?.kind}`);
      const { leastBytes, longSide } = obstacle;
      expect((await plan(size, leastBytes)).obstacle).toBeNull();
      expect((await plan(size, 0.9 * leastBytes!)).obstacle).toMatchObject({ kind: 'memory' });
      expect((await plan({ unit: 'px', longSide: longSide! }, LITTLE)).obstacle).toBeNull();
      expect(
        await studio.refused('startRender', { source: { kind: 'result', id: result.id }, size, memoryBytes: LITTLE }),
      ).toMatch(/^8000 x 6000 px need \d+\.\d GB of memory, and 0\.6 GB may be used/);
    });

    it('what room it takes on the disk', async () => {
      const { disk, width, height } = await plan({ unit: 'px', longSide: 1280 });
      // The result in float32 and two checkpoints of at least a picture and its gradient.
      expect(disk.working).toBeGreaterThanOrEqual(5 * 12 * width * height);
      expect(disk.kept).toBeGreaterThan(2 * width * height);
      expect(disk.free).toBeGreaterThan(0);
    });

    it('that it is not larger than it was, or too large', async () => {
      expect((await plan({ unit: 'px', longSide: 64 })).obstacle).toEqual({ kind: 'notLarger' });
      expect((await plan({ unit: 'px', longSide: 30_000 })).obstacle).toMatchObject({ kind: 'tooManyPixels' });
      const source = { kind: 'result', id: result.id };
      expect(
        await studio.refused('startRender', { source, size: { unit: 'px', longSide: 64 }, memoryBytes: null }),
      ).toMatch(/already/);
      expect(
        await studio.refused('planRender', {
          source: { kind: 'result', id: 'gone' },
          size: { unit: 'px', longSide: 99 },
          memoryBytes: null,
        }),
      ).toMatch(/no longer in the history/);
    });
  });

  it('paints on from the picture, in pieces, with one of them in full size', async () => {
    const size = { unit: 'px', longSide: 700 } as const;
    const source = { kind: 'result', id: result.id } as const;
    const { job } = await studio.do('startRender', { source, size, memoryBytes: LITTLE });
    await studio.until(() => studio.of('tile').some((event) => event.job === job));
    const piece = { x: 1, y: 0.5, width: 100, height: 80 };
    await studio.do('lookAt', { job, piece });
    const { detail } = await studio.until(() => studio.of('detail').at(-1));
    const jpeg = (await studio.program.asset('detail', job))!.content as Uint8Array;
    expect(await sharp(jpeg).metadata()).toMatchObject({ format: 'jpeg', width: 100, height: 80 });
    expect(detail).toMatchObject({ width: 100, height: 80, left: detail.pictureWidth - 100 });
    expect(detail.top).toBe(Math.round(detail.pictureHeight / 2 - 40));
    await studio.do('pause', { job });
    expect(studio.job(job)!.state).toBe('paused');
    // Windows are told of the piece that it has come to, however soon that followed another.
    const heard = async () => {
      const { jobs } = await studio.do('snapshot', {});
      expect(studio.of('tile').at(-1)!.tile).toEqual(jobs.find(({ id }) => id === job)!.tile);
    };
    await vi.waitFor(heard, { timeout: 20_000 });
    await studio.do('resume', { job });

    const done = await studio.reaches(job, 'done', 'failed');
    expect(done.problem).toBeUndefined();
    expect(done.tile).toBeUndefined();
    expect(await studio.program.asset('detail', job)).toBeUndefined();
    const tiles = studio.of('tile').filter((event) => event.job === job);
    expect(tiles.some(({ tile }) => tile.tile > 0 && !tile.preparing && tile.secondsLeft! > 0)).toBe(true);
    const large = studio.of('result').at(-1)!.result;
    expect(large).toMatchObject({ id: done.result, name: result.name, width: 700, height: 525, completed: true });
    const { init, schedule } = large.recipe;
    expect(schedule.levels.map(({ factor }) => Math.round(700 * factor))).toEqual([175, 278, 441, 700]);
    if (init.kind !== 'image') throw new Error('unreachable');
    expect(init.image).toMatchObject({ width: 64, height: 48 });
    expect(large.document.settings.init).toMatchObject({ begin: 64 });
    // It is the picture of before, in more detail.
    const shrunk = async (id: string): Promise<Buffer> =>
      sharp(join(studio.folder, 'history', id, 'master.png'))
        .resize(32, 24)
        .removeAlpha()
        .raw()
        .toBuffer();
    const [before, after] = [await shrunk(result.id), await shrunk(large.id)];
    const mean = before.reduce((sum, value, i) => sum + Math.abs(value - after[i]!), 0) / before.length;
    expect(mean).toBeLessThan(25);
  });

  it('waits for a picture that is still being painted, and begins with it', async () => {
    const document = await tinyDocument(studio, { iterations: 5000, size: 96 });
    const first = (await studio.do('start', { document })).job;
    await studio.until(() => studio.of('progress').some((event) => event.job === first));
    await studio.do('changeWeights', { job: first, change: { style: 2.5 } });
    const request = { size: { unit: 'px', longSide: 200 }, memoryBytes: null } as const;
    const planned = await studio.do('planRender', { source: { kind: 'job', id: first }, ...request });
    expect(planned).toMatchObject({ width: 200, height: 150, from: { width: 96, height: 72 }, obstacle: null });
    const { job } = await studio.do('startRender', { source: { kind: 'job', id: first }, ...request });
    const other = (await studio.do('startBatch', { documents: [await tinyDocument(studio)] })).jobs[0]!;
    expect(studio.job(job)).toMatchObject({ state: 'waiting', after: first });
    await studio.until(() => studio.of('weighed').length > 0);
    await studio.do('stop', { job: first });
    await studio.reaches(first, 'stopped');
    await studio.until(() => studio.of('progress').some((event) => event.job === job));
    await studio.do('stop', { job });
    const done = await studio.reaches(job, 'stopped', 'failed');
    expect(done).toMatchObject({ state: 'stopped' });
    expect(done.after).toBeUndefined();
    const large = studio.of('result').find((event) => event.result.id === done.result)!.result;
    expect(large).toMatchObject({ width: 200, height: 150 });
    // What the faders came to, from the start.
    expect(large.recipe.objective.style).toBe(2.5);
    expect(large.recipe.timeline).toEqual([]);
    await studio.reaches(other, 'done');
  });

  it('comes to nothing where that picture does', async () => {
    const document = await tinyDocument(studio, { iterations: 5000 });
    const first = (await studio.do('start', { document })).job;
    const request = {
      source: { kind: 'job', id: first },
      size: { unit: 'px', longSide: 200 },
      memoryBytes: null,
    } as const;
    const { job } = await studio.do('startRender', request);
    const further = { ...request, source: { kind: 'job', id: job }, size: { unit: 'px', longSide: 300 } } as const;
    const last = (await studio.do('startRender', further)).job;
    await studio.do('cancel', { job: first });
    for (const id of [job, last]) {
      const { problem } = await studio.reaches(id, 'failed');
      expect(problem!.message).toMatch(/ended without a result/);
      expect(await studio.refused('retry', { job: id })).toMatch(/ended without a result/);
    }
    expect(await studio.refused('startRender', request)).toMatch(/ended without a result/);
  });

  it('is found again after a restart, with what it waits for', async () => {
    const own = await TestStudio.open();
    const document = await tinyDocument(own, { iterations: 6000 });
    const first = (await own.do('start', { document })).job;
    const request = {
      source: { kind: 'job', id: first },
      size: { unit: 'px', longSide: 128 },
      memoryBytes: null,
    } as const;
    const { job } = await own.do('startRender', request);
    await own.until(() => existsSync(join(own.folder, 'jobs', first, 'run', 'checkpoint.safetensors')));
    await own.close();

    const again = await TestStudio.open({ folder: own.folder });
    const found = (await again.do('snapshot', {})).jobs;
    expect(found.find(({ id }) => id === job)).toMatchObject({ state: 'waiting', after: first });
    await again.do('retry', { job: first });
    await again.until(() => again.of('progress').length > 0);
    await again.do('stop', { job: first });
    await again.reaches(first, 'stopped');
    await again.do('pauseQueue', { paused: false });
    await again.until(() => again.of('progress').some((event) => event.job === job));
    await again.do('stop', { job });
    expect(await again.reaches(job, 'stopped', 'failed')).toMatchObject({ state: 'stopped' });
    await again.close();
  });
});

describe('the estimate of a start', () => {
  it('takes pieces into account: what fits in them is not refused', async () => {
    const studio = await TestStudio.open();
    const { preferences } = await studio.do('snapshot', {});
    await studio.do('savePreferences', { preferences: { ...preferences, memoryBytes: LITTLE } });
    const document = await tinyDocument(studio, { size: 1280 });
    const fitting = await studio.do('estimate', { document });
    expect(fitting).toMatchObject({ fits: true, availableBytes: LITTLE });
    expect(fitting.pieces).toBeGreaterThan(4);
    const large = { ...document, settings: { ...document.settings, size: 9000 } };
    const { fits, smallerSize } = await studio.do('estimate', { document: large });
    expect(fits).toBe(false);
    const smaller = { ...document, settings: { ...document.settings, size: smallerSize! } };
    expect(await studio.do('estimate', { document: smaller })).toMatchObject({ fits: true });
    expect(smallerSize).toBeGreaterThan(1280);
    await studio.close();
  });
});
