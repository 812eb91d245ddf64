import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EngineClient, type EngineExit } from '../../src/main/engine/process/client.ts';
import { uniform } from '../../src/main/engine/runs/random.ts';
import { prepareRun, type PreparedRun } from '../../src/main/services/painter.ts';
import { startRun, type RunHandle, type RunOutcome } from '../../src/main/services/runner.ts';
import type { EngineCommand, EngineEvent, EngineJob } from '../../src/shared/engine-contract.ts';
import { recipeSchema } from '../../src/shared/recipe.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const entry = join(root, 'dist/src/main/engine/process/main.js');
const thin = join(root, 'test/golden/data/vgg16-thin.weights.safetensors');

let base: string;
let folder: string;
let prepared: PreparedRun;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'madder-engine-'));
  prepared = await prepareRun({
    photo: join(root, 'resources/samples/photos/lake.jpg'),
    styles: [{ path: join(root, 'resources/samples/paintings/woodcut.jpg') }],
    network: thin,
    size: 96,
    strength: 1,
    layers: {},
    contentLayers: {},
    optimizer: { kind: 'lbfgs' },
    iterations: 60,
    init: 'content',
    seed: 1,
  });
});
beforeEach(async () => {
  folder = await mkdtemp(join(base, 'run-'));
});
afterAll(() => rm(base, { recursive: true }));

function jobOf(
  levels: readonly { factor: number; evaluations: number }[],
  changes: Partial<EngineJob> = {},
): EngineJob {
  const { size } = prepared.recipe.schedule;
  return {
    recipe: recipeSchema.parse({ ...prepared.recipe, schedule: { size, levels } }),
    images: { ...prepared.images },
    networks: prepared.networks,
    folder,
    resume: false,
    provider: 'cpu',
    threads: 1,
    checkpointMs: 20,
    ...changes,
  };
}
const twoLevels = [
  { factor: 0.6, evaluations: 60 },
  { factor: 1, evaluations: 60 },
];

/** Largest difference of two pictures, in grey levels of 255. */
const difference = (a: RunOutcome, b: RunOutcome): number =>
  255 * a.picture.data.reduce((most, v, i) => Math.max(most, Math.abs(v - b.picture.data[i]!)), 0);

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** A run whose engine is told or killed by what it reports. */
function watched(job: EngineJob, react: (event: EngineEvent, run: RunHandle) => void) {
  const events: EngineEvent[] = [];
  const notes: string[] = [];
  const run: RunHandle = startRun(job, {
    entry,
    onNote: (note) => notes.push(note),
    onEvent: (event) => {
      events.push(event);
      react(event, run);
    },
  });
  return { run, events, notes };
}

describe('an engine that is killed', () => {
  it('goes on each time, from a checkpoint that is at most one evaluation and one interval old, to the same picture', async () => {
    const straight = await startRun(jobOf(twoLevels), { entry }).outcome;
    await rm(folder, { recursive: true });
    folder = await mkdtemp(join(base, 'run-'));

    const next = uniform(20);
    let kills = 0;
    let reached = 0;
    let kept = 0;
    let countdown = 5;
    let aimed: number | undefined;
    const { run, notes } = watched(jobOf(twoLevels), (event, handle) => {
      if (event.type === 'checkpoint') kept = event.total;
      // What was kept before the engine died is where the next one begins, or later.
      if (event.type === 'started' && kills > 0) expect(event.total).toBeGreaterThanOrEqual(kept);
      if (event.type !== 'progress') return;
      reached = Math.max(reached, event.total);
      if (kills === 20 || aimed === handle.pid || --countdown > 0) return;
      kills++;
      countdown = 2 + Math.floor(10 * next());
      aimed = handle.pid;
      setTimeout(() => process.kill(aimed!, 'SIGKILL'), 15 * next());
    });
    const outcome = await run.outcome;
    expect(kills).toBe(20);
    expect(notes).toHaveLength(20);
    expect(reached).toBe(outcome.evaluations);
    expect(outcome.evaluations).toBe(straight.evaluations);
    expect(difference(outcome, straight)).toBeLessThanOrEqual(1);
  });

  it('survives a death in the middle of writing a checkpoint', async () => {
    const straight = await startRun(jobOf(twoLevels), { entry }).outcome;
    await rm(folder, { recursive: true });
    folder = await mkdtemp(join(base, 'run-'));
    let kills = 0;
    const { run } = watched(jobOf(twoLevels, { checkpointMs: 0 }), () => {});
    const poll = setInterval(() => {
      const writing = existsSync(folder) && readdirSync(folder).some((name) => name.endsWith('.tmp'));
      if (!writing || kills === 3) return;
      kills++;
      if (run.pid !== undefined && isAlive(run.pid)) process.kill(run.pid, 'SIGKILL');
    }, 1);
    const outcome = await run.outcome;
    clearInterval(poll);
    expect(kills).toBeGreaterThan(0);
    expect(difference(outcome, straight)).toBeLessThanOrEqual(1);
  });

  it('makes weight changes again that no checkpoint held', async () => {
    const { run } = watched(jobOf(twoLevels, { checkpointMs: 60_000 }), (event, handle) => {
      if (event.type === 'progress' && event.total === 5 && !changed) {
        changed = true;
        handle.changeWeights({ style: 4 });
      }
      if (event.type === 'weighed' && !killed) {
        killed = true;
        process.kill(handle.pid!, 'SIGKILL');
      }
    });
    let changed = false;
    let killed = false;
    const { recipe } = await run.outcome;
    expect(killed).toBe(true);
    expect(recipe.timeline).toHaveLength(1);
    expect(recipe.timeline[0]!.weights).toEqual({ style: 4 });
  });

  it('gives up with one sentence when it dies again and again', async () => {
    const { run } = watched(jobOf(twoLevels), (event, handle) => {
      if (event.type === 'ready') process.kill(handle.pid!, 'SIGKILL');
    });
    await expect(run.outcome).rejects.toThrow(/again and again.*smaller size/);
  });
});

describe('an engine whose graphics device fails', () => {
  const failing = fileURLToPath(new URL('../fixtures/engine-without-gpu.js', import.meta.url));
  const short = [{ factor: 1, evaluations: 5 }];

  it.each([
    ['lost', [/in a new engine/, /on the cpu/]],
    ['memory', [/on the cpu/]],
    ['crash', [/SIGABRT.*goes on, from/, /SIGABRT.*goes on on the cpu, from/]],
  ])('goes on where it can (%s) and says so', async (failure, sentences) => {
    process.env['MADDER_TEST_DEVICE_FAILURE'] = failure;
    const notes: string[] = [];
    const job = jobOf(short, { provider: 'webgpu' });
    const { completed, evaluations } = await startRun(job, { entry: failing, onNote: (n) => notes.push(n) }).outcome;
    expect({ completed, evaluations }).toEqual({ completed: true, evaluations: 5 });
    expect(notes).toHaveLength(sentences.length);
    sentences.forEach((sentence, i) => expect(notes[i]).toMatch(sentence));
  });
});

describe('an engine that is told', () => {
  const long = [{ factor: 1, evaluations: 100_000 }];

  it('pauses, takes new weights, resumes and stops, each within one evaluation', async () => {
    const totals: number[] = [];
    let atPause = 0;
    const { run, events } = watched(jobOf(long), (event, handle) => {
      if (event.type === 'progress') {
        totals.push(event.total);
        if (event.total === 6) handle.pause();
      }
      if (event.type === 'paused') {
        atPause = totals.at(-1)!;
        handle.changeWeights({ styleLayers: { relu1_1: 0 } });
        setTimeout(() => handle.resume(), 100);
      }
      if (event.type === 'weighed') setTimeout(() => handle.stop(), 50);
    });
    const outcome = await run.outcome;
    // The command travels while one evaluation is made.
    expect(atPause).toBeLessThanOrEqual(6 + 2);
    const types = events.map((e) => e.type).filter((t) => ['paused', 'resumed', 'weighed', 'done'].includes(t));
    expect(types).toEqual(['paused', 'resumed', 'weighed', 'done']);
    const weighed = events.find((e) => e.type === 'weighed')!;
    expect(weighed.type === 'weighed' && weighed.evaluation).toBe(atPause);
    expect(outcome.completed).toBe(false);
    expect(outcome.recipe.timeline).toEqual([{ evaluation: atPause, weights: { styleLayers: { relu1_1: 0 } } }]);
  });

  it('hands over the start when it is stopped before the first evaluation', async () => {
    const { run } = watched(jobOf(long), (event, handle) => {
      if (event.type === 'ready') handle.stop();
    });
    const outcome = await run.outcome;
    expect(outcome).toMatchObject({ completed: false, evaluations: 0, width: 96 });
    expect(outcome.picture.data.every((v) => v >= 0 && v <= 1)).toBe(true);
  });

  it('sends previews that are pictures, a few a second', async () => {
    const previews: Uint8Array[] = [];
    const started = performance.now();
    const { run } = watched(jobOf(long, { previewSide: 64 }), (event, handle) => {
      if (event.type !== 'preview') return;
      previews.push(event.image);
      if (previews.length === 4) handle.stop();
    });
    await run.outcome;
    expect(performance.now() - started).toBeGreaterThan(3 * 250);
    const { width, height, format } = await sharp(previews.at(-1)).metadata();
    expect({ width, height, format }).toEqual({ width: 64, height: 43, format: 'jpeg' });
  });

  it('says what is wrong with a job and is ready for the next one', async () => {
    const bad = jobOf(twoLevels, { networks: { style: join(root, 'README.md') } });
    await expect(startRun(bad, { entry }).outcome).rejects.toThrow(/README\.md/);
    const changed = jobOf(twoLevels, { images: {} });
    await expect(startRun(changed, { entry }).outcome).rejects.toThrow(/lake\.jpg.*missing/);
  });

  it('leaves no process behind, however it ends', async () => {
    const pids: number[] = [];
    for (const end of ['stop', 'abandon', 'quit'] as const) {
      const { run } = watched(jobOf(long), (event, handle) => {
        if (event.type !== 'progress' || event.total !== 3) return;
        if (!pids.includes(handle.pid!)) pids.push(handle.pid!);
        if (end === 'stop') handle.stop();
        else handle.abandon();
      });
      await run.outcome.catch(() => undefined);
    }
    expect(pids).toHaveLength(3);
    await expect.poll(() => pids.some(isAlive), { timeout: 10_000 }).toBe(false);
  });

  it('keeps its memory flat over 200 jobs that are started and stopped', async () => {
    const memory: number[] = [];
    let exit: EngineExit | undefined;
    const heard: ((event: EngineEvent) => void)[] = [];
    const client = new EngineClient({
      entry,
      onEvent: (event) => heard.forEach((f) => f(event)),
      onExit: (e) => (exit = e),
    });
    const wait = (type: EngineEvent['type']) =>
      new Promise<EngineEvent>((resolve, reject) => {
        const listen = (event: EngineEvent) => {
          if (event.type === 'failed') reject(new Error(event.message));
          if (event.type !== type) return;
          heard.splice(heard.indexOf(listen), 1);
          resolve(event);
        };
        heard.push(listen);
      });
    const say = (command: EngineCommand) => client.send(command);
    await wait('ready');
    for (let i = 0; i < 200; i++) {
      const done = wait('done');
      const progress = wait('progress');
      say({ type: 'start', job: jobOf(long, { recipe: small() }) });
      const first = await progress;
      if (first.type === 'progress') memory.push(first.memoryBytes);
      say({ type: 'stop' });
      await done;
    }
    say({ type: 'quit' });
    await expect.poll(() => exit, { timeout: 10_000 }).toMatchObject({ code: 0, signal: null });
    const mean = (from: number, to: number) => memory.slice(from, to).reduce((a, b) => a + b, 0) / (to - from);
    // The first hundred fill caches; from then on 80 jobs must not cost a tenth of a megabyte each.
    expect(mean(160, 200) - mean(80, 120)).toBeLessThan(8 * 2 ** 20);
  });

  const small = () =>
    recipeSchema.parse({ ...prepared.recipe, schedule: { size: 32, levels: [{ factor: 1, evaluations: 1000 }] } });
});
