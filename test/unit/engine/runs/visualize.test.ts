import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadNetwork } from '../../../../src/main/engine/networks/load.ts';
import { LayerAnswer } from '../../../../src/main/engine/objective/answer.ts';
import { visualize } from '../../../../src/main/engine/runs/visualize.ts';
import { PRIORS } from '../../../../src/shared/visualization.ts';
import { LINEAR_LAYER, NO_NORMALIZATION, writeLinearNetwork } from '../../../support/linear-network.ts';
import { goldenPath } from '../networks/golden.ts';

const SETTINGS = { size: 32, iterations: 40, seed: 3 };
const CHANNEL = { aim: 'channel', channel: 1 } as const;

let folder: string;
let linear: LayerAnswer;
let vgg: LayerAnswer;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'madder-visualize-'));
  // Channel 1 is red − 2 green + ½ blue.
  const path = join(folder, 'linear.onnx');
  writeLinearNetwork(path, Float32Array.of(1, 1, 1, 1, -2, 0.5), 2, 1);
  const size = { width: 32, height: 32 };
  const network = await loadNetwork(path, { normalization: NO_NORMALIZATION });
  linear = await LayerAnswer.create(network, LINEAR_LAYER, size, { threads: 1 });
  const thin = await loadNetwork(goldenPath('vgg16-thin.weights.safetensors'));
  vgg = await LayerAnswer.create(thin, 'relu2_1', size, { threads: 1 });
});
afterAll(async () => {
  await linear.release();
  await vgg.release();
  rmSync(folder, { recursive: true });
});

describe('visualize', () => {
  it('finds the picture that a linear channel answers to most: full red and blue, no green', async () => {
    const { picture, before, after } = await visualize(linear, CHANNEL, PRIORS.plain, SETTINGS);
    expect(before).toBeCloseTo(0.5 - 1 + 0.25, 1);
    expect(after).toBeCloseTo(1.5, 3);
    const [red, green, blue] = [0, 1, 2].map((c) => picture.data.subarray(c * 1024, (c + 1) * 1024));
    expect(Math.min(...red!, ...blue!)).toBeGreaterThan(0.99);
    expect(Math.max(...green!)).toBeLessThan(0.01);
  });

  it.each(['plain', 'fourier'] as const)(
    'makes channels, neurons and layers answer more, with the prior %s',
    async (name) => {
      for (const target of [CHANNEL, { aim: 'neuron', channel: 1 } as const, { aim: 'layer' } as const]) {
        const steps: number[] = [];
        const found = await visualize(vgg, target, PRIORS[name], SETTINGS, { onStep: (s) => steps.push(s.iteration) });
        expect(found.after).toBeGreaterThan(found.before);
        expect(steps).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
        expect(found.picture.data.every((v) => v >= 0 && v <= 1)).toBe(true);
        const again = await visualize(vgg, target, PRIORS[name], SETTINGS);
        expect(again).toEqual(found);
      }
    },
  );

  it('starts all channels from one picture, which depends on the seed, and is smoother with a weight of variation', async () => {
    const short = { ...SETTINGS, iterations: 1 };
    const first = await visualize(vgg, CHANNEL, PRIORS.plain, short);
    const second = await visualize(vgg, { aim: 'channel', channel: 2 }, PRIORS.plain, short);
    const other = await visualize(vgg, CHANNEL, PRIORS.plain, { ...short, seed: 4 });
    expect(second.unit).toBe(first.unit);
    expect(other.unit).not.toBe(first.unit);
    const rough = await visualize(vgg, CHANNEL, PRIORS.plain, SETTINGS);
    const smooth = await visualize(vgg, CHANNEL, { ...PRIORS.plain, variation: 100 }, SETTINGS);
    expect(smooth.variation).toBeLessThan(0.5 * rough.variation);
  });

  it('ends when it is told to', async () => {
    const controller = new AbortController();
    const act = visualize(vgg, CHANNEL, PRIORS.plain, SETTINGS, {
      signal: controller.signal,
      onStep: ({ iteration }) => iteration === 3 && controller.abort(new Error('enough')),
    });
    await expect(act).rejects.toThrow('enough');
  });
});
