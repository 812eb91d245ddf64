/**
 * `npm run bench`: loss and gradient of full-width VGG-19 against the bare forward pass of the same layers.
 *
 * Floor ratio: loss and gradient (relu1_1 … relu5_1 Grams, relu4_2 content) divided by twice the forward pass to relu5_1,
 * same session options and threads, one scalar output, runs interleaved, minima. Optimizer share and peak memory come
 * from a real run of L-BFGS (history 20) at 512 px in a process of its own.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { floatTensor, type Tensor } from '../src/shared/tensor.ts';
import { IMAGENET_NORMALIZATION } from '../src/shared/network-manifest.ts';
import { Graph } from '../src/main/engine/graph/graph.ts';
import { inlineTemplate } from '../src/main/engine/graph/inline.ts';
import { recognise } from '../src/main/engine/networks/architectures/recognise.ts';
import { StateDict } from '../src/main/engine/networks/architectures/state-dict.ts';
import { findLayer, type Network } from '../src/main/engine/networks/network.ts';
import { applyRewrites } from '../src/main/engine/networks/rewrites/apply.ts';
import type { NetworkUse, ObjectiveShape } from '../src/main/engine/objective/assemble.ts';
import { measureStatistics, PictureObjective } from '../src/main/engine/objective/objective.ts';
import { Lbfgs } from '../src/main/engine/optimizers/lbfgs.ts';
import { UNIT_BOX } from '../src/main/engine/optimizers/optimizer.ts';
import { noisePicture, uniform } from '../src/main/engine/runs/random.ts';
import { ENGINE_ENVIRONMENT } from '../src/main/engine/process/client.ts';
import { GraphSession } from '../src/main/engine/runtime/session.ts';
import type { PoolingKind } from '../src/shared/network-manifest.ts';

const STYLE = ['relu1_1', 'relu2_1', 'relu3_1', 'relu4_1', 'relu5_1'];
const CONTENT = ['relu4_2'];
const WEIGHTS = { style: 1, content: 0.1, variation: 0, variationL1: 0, styleLayers: {}, contentLayers: {} };
const HISTORY = 20;

/** VGG-19 in torchvision's key names with random weights (He 2015), to conv5_1. */
function vgg19(pooling: PoolingKind): Network {
  const next = uniform(1);
  const tensors = new Map<string, Tensor>();
  let channels = 3;
  let index = 0;
  for (const step of [64, 64, 0, 128, 128, 0, 256, 256, 256, 256, 0, 512, 512, 512, 512, 0, 512, 512, 512, 512]) {
    if (step === 0) {
      index += 1;
      continue;
    }
    const deviation = Math.sqrt(2 / (channels * 9));
    const weight = Float32Array.from({ length: step * channels * 9 }, () => (next() - 0.5) * Math.sqrt(12) * deviation);
    tensors.set(`features.${index}.weight`, floatTensor([step, channels, 3, 3], weight));
    tensors.set(`features.${index}.bias`, floatTensor([step], new Float32Array(step)));
    channels = step;
    index += 2;
  }
  const state = new StateDict(tensors, 'random VGG-19');
  const { id, architecture } = recognise(state);
  const template = architecture.build(state, IMAGENET_NORMALIZATION);
  const network: Network = {
    ...template,
    id,
    name: id,
    sha256: '0'.repeat(64),
    manifest: undefined as never,
    identityGradient: new Set(),
    rewrites: [],
  };
  return applyRewrites(network, [{ pooling: { kind: pooling } }]);
}

const useOf = (network: Network): NetworkUse => ({ key: 'style', network, style: STYLE, content: CONTENT });
const shapeOf = (network: Network): ObjectiveShape => ({
  networks: [useOf(network)],
  variation: { quadratic: false, l1: false },
});

async function objectiveAt(network: Network, side: number): Promise<PictureObjective> {
  const size = { width: side, height: side };
  const style = await measureStatistics([{ ...useOf(network), content: [] }], noisePicture(3 * side * side, 2), size);
  const content = await measureStatistics([{ ...useOf(network), style: [] }], noisePicture(3 * side * side, 3), size);
  return PictureObjective.create(shapeOf(network), new Map([...style, ...content]), size, WEIGHTS, 'relative');
}

async function forwardAt(network: Network, side: number): Promise<GraphSession> {
  const graph = new Graph();
  const image = graph.input('image', 'float32', [1, 3, side, side]);
  const deepest = findLayer(network, STYLE.at(-1)!).tensor;
  const value = inlineTemplate(graph, network.graph, new Map([[network.input, image]]), [deepest]).get(deepest)!;
  graph.ops('ReduceSum', [value], { keepdims: 0 }, ['sum']);
  graph.output('sum');
  return GraphSession.create(graph);
}

async function floorRatio(network: Network, side: number, rounds: number) {
  const objective = await objectiveAt(network, side);
  const forward = await forwardAt(network, side);
  const picture = noisePicture(3 * side * side, 4);
  const image = forward.tensor('image', picture);
  let gradientMs = Infinity;
  let forwardMs = Infinity;
  const time = async (work: () => Promise<unknown>) => {
    const start = performance.now();
    await work();
    return performance.now() - start;
  };
  for (let i = 0; i < rounds; i++) {
    forwardMs = Math.min(forwardMs, await time(() => forward.run({ image })));
    gradientMs = Math.min(gradientMs, await time(() => objective.evaluate(picture)));
  }
  await objective.release();
  await forward.release();
  return { ratio: gradientMs / (2 * forwardMs), gradientMs, forwardMs };
}

/** Part of an iteration that is not evaluation, and the process's peak memory, in a run at 512 px with full history. */
async function optimizerRun(pooling: PoolingKind) {
  const side = 512;
  const objective = await objectiveAt(vgg19(pooling), side);
  let evaluating = 0;
  const optimizer = new Lbfgs(
    async (x) => {
      const start = performance.now();
      const value = await objective.evaluate(x);
      evaluating += performance.now() - start;
      return value;
    },
    noisePicture(3 * side * side, 4),
    { history: HISTORY, box: UNIT_BOX },
  );
  while (optimizer.pairs < HISTORY) await optimizer.step();
  evaluating = 0;
  const before = optimizer.evaluations;
  const start = performance.now();
  for (let i = 0; i < 8; i++) await optimizer.step();
  const total = performance.now() - start;
  const evaluations = optimizer.evaluations - before;
  return {
    share: (total - evaluating) / total,
    optimizerMs: (total - evaluating) / 8,
    evaluationMs: evaluating / evaluations,
    evaluationsPerIteration: evaluations / 8,
    peakRssMb: process.resourceUsage().maxRSS / 1024,
  };
}

/** The run in a fresh process, started like an engine process, whose peak memory is its own. */
function optimizerRunApart(pooling: PoolingKind): Awaited<ReturnType<typeof optimizerRun>> {
  const child = spawnSync(process.execPath, [...process.execArgv, fileURLToPath(import.meta.url), '--run', pooling], {
    encoding: 'utf8',
    env: { ...process.env, ...ENGINE_ENVIRONMENT },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.status !== 0) throw new Error(`the run of its own ended with ${child.status ?? child.signal}`);
  return JSON.parse(child.stdout) as Awaited<ReturnType<typeof optimizerRun>>;
}

if (process.argv[2] === '--run') {
  console.log(JSON.stringify(await optimizerRun(process.argv[3] as PoolingKind)));
} else {
  const round = (value: number, digits: number) => Number(value.toFixed(digits));
  const summary: Record<string, number> = {};
  // As VGG-19 is defined (max pooling) first, then as the article used it (average pooling).
  for (const [pooling, suffix] of [
    ['max', ''],
    ['average', 'Average'],
  ] as const) {
    const apart = optimizerRunApart(pooling);
    for (const [side, rounds] of [
      [256, 80],
      [512, 16],
    ] as const) {
      const { ratio, gradientMs, forwardMs } = await floorRatio(vgg19(pooling), side, rounds);
      console.log(
        `VGG-19 ${pooling} pooling, ${side} px: forward ${forwardMs.toFixed(0)} ms, loss and gradient ${gradientMs.toFixed(0)} ms, ratio to twice the forward pass ${ratio.toFixed(3)}`,
      );
      summary[`floorRatio${side}${suffix}`] = round(ratio, 3);
      summary[`forwardMs${side}${suffix}`] = round(forwardMs, 1);
      summary[`gradientMs${side}${suffix}`] = round(gradientMs, 1);
    }
    console.log(
      `  L-BFGS with ${HISTORY} pairs at 512 px: ${apart.optimizerMs.toFixed(0)} ms of an iteration (share ${apart.share.toFixed(3)}), ${apart.evaluationsPerIteration.toFixed(2)} evaluations per iteration; peak memory of the process ${apart.peakRssMb.toFixed(0)} MB`,
    );
    summary[`optimizerShare512${suffix}`] = round(apart.share, 3);
    summary[`optimizerMs512${suffix}`] = round(apart.optimizerMs, 1);
    summary[`peakRssMb512${suffix}`] = round(apart.peakRssMb, 0);
  }
  console.log(JSON.stringify(summary));
}
