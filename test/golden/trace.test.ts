import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readSafetensorsFile } from '../../src/main/formats/safetensors.ts';
import { loadNetwork } from '../../src/main/engine/networks/load.ts';
import { applyRewrites } from '../../src/main/engine/networks/rewrites/apply.ts';
import type { NetworkUse } from '../../src/main/engine/objective/assemble.ts';
import { measureStatistics, PictureObjective, type Evaluation } from '../../src/main/engine/objective/objective.ts';
import { Adam } from '../../src/main/engine/optimizers/adam.ts';
import { PublishedLbfgs } from '../../src/main/engine/optimizers/lbfgs-published.ts';
import type { Objective, Optimizer } from '../../src/main/engine/optimizers/optimizer.ts';
import type { Normalization } from '../../src/shared/objective.ts';
import { numbersOf } from '../../src/shared/tensor.ts';

const data = (name: string) => fileURLToPath(new URL(`data/${name}`, import.meta.url));

interface Trace {
  readonly runs: readonly {
    readonly name: string;
    readonly normalization: Normalization;
    readonly preActivation: boolean;
    readonly styleWeight: number;
    readonly contentWeight: number;
    readonly optimizer: string;
    /** Total, style and content per evaluation. */
    readonly evaluations: readonly (readonly [number, number, number])[];
  }[];
}

const trace = JSON.parse(await readFile(data('vgg19-thin.trace.json'), 'utf8')) as Trace;

/** How many evaluations are compared: float32 and float64 part ways later, as chaotic trajectories do. */
const COMPARED = 10;

async function picture(file: string, tensor: string) {
  const { dims, data: values } = (await readSafetensorsFile(data(file))).tensors.get(tensor)!;
  return { width: dims[3]!, height: dims[2]!, data: values as Float32Array };
}

describe('losses of the first evaluations against a PyTorch loop in float64', () => {
  it.each(trace.runs)('$name', async (run) => {
    const golden = await readSafetensorsFile(data('vgg19-thin-avgpool.golden.safetensors'));
    const channelValues = (name: string) => numbersOf(golden.tensors.get(name)!) as [number, number, number];
    const thin = await loadNetwork(data('vgg19-thin-maxpool.weights.safetensors'), {
      normalization: { mean: channelValues('mean'), std: channelValues('std'), channels: 'RGB', scale: 1 },
    });
    const network = applyRewrites(thin, [{ pooling: { kind: 'average' } }]);
    const kind = run.preActivation ? 'conv' : 'relu';
    const use: NetworkUse = {
      key: 'n',
      network,
      style: ['1_1', '2_1', '3_1', '4_1', '5_1'].map((l) => kind + l),
      content: [`${kind}4_2`],
    };
    const content = await picture('vgg19-thin-avgpool.golden.safetensors', 'image');
    const style = await readSafetensorsFile(data('trace-style.safetensors'));
    const painting = await picture('trace-style.safetensors', [...style.tensors.keys()][0]!);
    const targets = new Map([
      ...(await measureStatistics([{ ...use, content: [] }], painting.data, painting)),
      ...(await measureStatistics([{ ...use, style: [] }], content.data, content)),
    ]);
    const shape = { networks: [use], variation: { quadratic: false, l1: false } };
    const weights = {
      style: run.styleWeight,
      content: run.contentWeight,
      variation: 0,
      variationL1: 0,
      styleLayers: {},
      contentLayers: {},
    };
    const objective = await PictureObjective.create(shape, targets, content, weights, run.normalization);
    const seen: Evaluation[] = [];
    const evaluate: Objective = async (x) => {
      const value = await objective.evaluate(x);
      seen.push(value);
      return value;
    };
    const optimizer: Optimizer = run.optimizer.startsWith('adam')
      ? new Adam(evaluate, content.data, { learningRate: 0.02, beta1: 0.9, beta2: 0.999 })
      : new PublishedLbfgs(evaluate, content.data, {
          history: 100,
          ...(run.name.includes('clamp inside') ? { box: { lower: 0, upper: 1 } } : {}),
        });
    while (seen.length < COMPARED) await optimizer.step();
    await objective.release();

    run.evaluations.slice(0, COMPARED).forEach(([total, styleLoss, contentLoss], i) => {
      const sum = (which: 'style' | 'content', weight: number) =>
        seen[i]!.terms.reduce((s, t) => s + (t.kind === which ? t.weighted : 0), 0) / weight;
      const errors = {
        total: Math.abs(seen[i]!.loss - total) / total,
        style: Math.abs(sum('style', run.styleWeight) - styleLoss) / styleLoss,
        // Where the picture is still the photo, the content loss is zero but for rounding.
        content: Math.abs(sum('content', run.contentWeight) - contentLoss) / Math.max(contentLoss, 1e-4),
      };
      for (const [what, error] of Object.entries(errors))
        expect(error, `evaluation ${i}, ${what}`).toBeLessThanOrEqual(1e-3);
    });
  });
});
