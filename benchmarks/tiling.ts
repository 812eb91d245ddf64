/**
 * `npm run bench:tiling [-- large]`: evaluations in tiles against whole ones, with madder-vgg as it is used every day.
 *
 * - Overhead: loss and gradient of a picture of 4 megapixels in tiles that own 1024 px, against the same in one piece.
 *   Processor time, which other programs on the machine disturb least, and wall time; the least of several evaluations.
 * - Error: loss and gradient against those in one piece, at 1 megapixel.
 * - Memory: what the estimator says of a session against the peak of a process of its own, for several networks and sizes.
 * - With `large`: cost per pixel and peak memory of a process at 16 and 64 megapixels, in tiles that fit into 2 GB.
 *
 * Every figure comes from a process of its own, started like an engine process, so that peaks are its own.
 */
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { elementCount } from '../src/shared/tensor.ts';
import { loadNetwork } from '../src/main/engine/networks/load.ts';
import type { Network } from '../src/main/engine/networks/network.ts';
import { RANDOM_NETWORK_ID } from '../src/main/engine/networks/random-network.ts';
import { applyRewrites } from '../src/main/engine/networks/rewrites/apply.ts';
import { assembleObjective, type ObjectiveShape } from '../src/main/engine/objective/assemble.ts';
import { measureStatistics, PictureObjective, type Evaluation } from '../src/main/engine/objective/objective.ts';
import { ENGINE_ENVIRONMENT } from '../src/main/engine/process/client.ts';
import { uniform } from '../src/main/engine/runs/random.ts';
import { GraphSession } from '../src/main/engine/runtime/session.ts';
import { FeatureStore } from '../src/main/engine/tiling/feature-store.ts';
import { costAt, sessionCost } from '../src/main/engine/tiling/memory.ts';
import { TiledObjective } from '../src/main/engine/tiling/tiled-objective.ts';
import { Tiling } from '../src/main/engine/tiling/tiling.ts';

const BLOCKED = { blockedLayout: true };
const TILE_BYTES = 2e9;

/** A network as it is used where nobody asks for anything else. */
async function everyday(id: string): Promise<{ network: Network; shape: ObjectiveShape }> {
  const loaded = await loadNetwork(id);
  const { pooling, octaves } = loaded.manifest;
  const network = applyRewrites(loaded, [
    ...(pooling ? [{ pooling: { kind: pooling } }] : []),
    ...(octaves ? [{ octaves: octaves.count }] : []),
  ]);
  const style = Object.keys(octaves?.styleLayers ?? network.styleLayers);
  const use = { key: 'style', network, style, content: Object.keys(network.contentLayers) };
  return { network, shape: { networks: [use], variation: { quadratic: true, l1: false } } };
}

const WEIGHTS = { style: 1, content: 0.05, variation: 2.5, variationL1: 0, styleLayers: {}, contentLayers: {} };

function noise(side: number, seed: number): Float32Array {
  const next = uniform(seed);
  return Float32Array.from({ length: 3 * side * side }, () => 0.3 + 0.4 * next());
}

async function objectiveOf(kind: 'whole' | 'inner' | 'fit', side: number, inner: number) {
  const { shape } = await everyday('madder-vgg');
  const size = { width: side, height: side };
  const [use] = shape.networks;
  const painting = { width: 512, height: 512 };
  const grams = await measureStatistics([{ ...use!, content: [] }], noise(512, 3), painting);
  const photo = noise(side, 2);
  if (kind === 'whole') {
    const content = await measureStatistics([{ ...use!, style: [] }], photo, size);
    return PictureObjective.create(shape, new Map([...grams, ...content]), size, WEIGHTS, 'relative');
  }
  const tiling =
    kind === 'inner' ? Tiling.of(shape, size, inner, BLOCKED) : Tiling.fit(shape, size, TILE_BYTES, BLOCKED);
  const store = new FeatureStore({ memory: TILE_BYTES / 8, folder: tmpdir() });
  return TiledObjective.create(shape, tiling, grams, photo, store, WEIGHTS, 'relative');
}

interface Timed {
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  readonly peakMb: number;
}

const peakMb = () => process.resourceUsage().maxRSS / 1024;

/** The least time of some evaluations, and the process's peak memory. */
async function evaluations(kind: 'whole' | 'inner' | 'fit', side: number, inner: number, rounds: number) {
  const objective = await objectiveOf(kind, side, inner);
  const picture = noise(side, 1);
  let [cpu, wall] = [Infinity, Infinity];
  for (let i = 0; i < rounds; i++) {
    const [start, before] = [performance.now(), process.cpuUsage()];
    await objective.evaluate(picture);
    const { user, system } = process.cpuUsage(before);
    cpu = Math.min(cpu, (user + system) / 1e6);
    wall = Math.min(wall, (performance.now() - start) / 1000);
  }
  await objective.release();
  return { cpuSeconds: cpu, wallSeconds: wall, peakMb: peakMb() } satisfies Timed;
}

/** Relative errors of loss and gradient in tiles. */
async function errors(side: number, inner: number) {
  const results: Evaluation[] = [];
  for (const kind of ['whole', 'inner'] as const) {
    const objective = await objectiveOf(kind, side, inner);
    results.push(await objective.evaluate(noise(side, 1)));
    await objective.release();
  }
  const [whole, tiled] = results as [Evaluation, Evaluation];
  let [difference, norm] = [0, 0];
  whole.gradient.forEach((g, i) => {
    difference += (tiled.gradient[i]! - g) ** 2;
    norm += g ** 2;
  });
  return { loss: Math.abs(tiled.loss / whole.loss - 1), gradient: Math.sqrt(difference / norm) };
}

/** A session's estimated memory and what it really took, MB. */
async function session(id: string, side: number) {
  const { shape } = await everyday(id);
  const whole = { positions: () => side * side, values: 3 * side * side };
  const graph = assembleObjective(shape, { width: side, height: side, ...BLOCKED, whole });
  const estimated = costAt(sessionCost(graph, side * side, true), side * side);
  const before = process.memoryUsage.rss();
  const running = await GraphSession.create(graph);
  const feeds = Object.fromEntries(
    [...graph.inputs]
      .filter(([name]) => running.has(name))
      .map(([name, { dims }]) => [name, running.tensor(name, new Float32Array(elementCount(dims)).fill(0.01))]),
  );
  for (let i = 0; i < 2; i++) await running.run(feeds);
  return { estimatedMb: estimated / 2 ** 20, measuredMb: peakMb() - before / 2 ** 20 };
}

const TASKS = { evaluations, errors, session };

function apart<K extends keyof typeof TASKS>(task: K, ...args: Parameters<(typeof TASKS)[K]>) {
  const child = spawnSync(
    process.execPath,
    [...process.execArgv, fileURLToPath(import.meta.url), '--task', task, JSON.stringify(args)],
    { encoding: 'utf8', env: { ...process.env, ...ENGINE_ENVIRONMENT }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  if (child.status !== 0) throw new Error(`${task} ended with ${child.status ?? child.signal}`);
  return JSON.parse(child.stdout) as Awaited<ReturnType<(typeof TASKS)[K]>>;
}

if (process.argv[2] === '--task') {
  const work = TASKS[process.argv[3] as keyof typeof TASKS] as (...args: unknown[]) => Promise<unknown>;
  console.log(JSON.stringify(await work(...(JSON.parse(process.argv[4]!) as unknown[]))));
} else {
  const say = (line: string) => console.log(line);
  const { loss, gradient } = apart('errors', 1000, 256);
  say(
    `1 megapixel in tiles of 256 px: error of the loss ${loss.toExponential(1)}, of the gradient ${gradient.toExponential(1)}`,
  );

  for (const [id, side] of [
    ['madder-vgg', 600],
    ['madder-vgg', 1088],
    [RANDOM_NETWORK_ID, 600],
  ] as const) {
    const { estimatedMb, measuredMb } = apart('session', id, side);
    say(`${id}, ${side} px: ${estimatedMb.toFixed(0)} MB estimated, ${measuredMb.toFixed(0)} MB measured`);
  }

  const [whole, tiled] = [apart('evaluations', 'whole', 2048, 0, 3), apart('evaluations', 'inner', 2048, 1024, 3)];
  say(
    `4 megapixels: ${whole.cpuSeconds.toFixed(1)} s of processor and ${whole.peakMb.toFixed(0)} MB in one piece, ` +
      `${tiled.cpuSeconds.toFixed(1)} s and ${tiled.peakMb.toFixed(0)} MB in tiles of 1024 px: ` +
      `${(tiled.cpuSeconds / whole.cpuSeconds).toFixed(2)} times (wall ${(tiled.wallSeconds / whole.wallSeconds).toFixed(2)})`,
  );

  if (process.argv.includes('large')) {
    const perPixel = [4000, 8000].map((side) => {
      const { cpuSeconds, wallSeconds, peakMb: peak } = apart('evaluations', 'fit', side, 0, 1);
      const each = cpuSeconds / (side * side);
      say(
        `${(side / 1000) ** 2} megapixels: ${wallSeconds.toFixed(0)} s, ${(each * 1e6).toFixed(2)} s of processor per megapixel, peak ${peak.toFixed(0)} MB`,
      );
      return each;
    });
    say(`cost per pixel, 64 against 16 megapixels: ${(perPixel[1]! / perPixel[0]!).toFixed(3)}`);
  }
}
