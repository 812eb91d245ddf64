import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerDims, LayerAnswer } from '../../../../src/main/engine/objective/answer.ts';
import {
  assembleAnswer,
  COEFFICIENTS,
  DIRECTION,
  GRADIENT,
  IMAGE,
  RAW,
} from '../../../../src/main/engine/objective/assemble.ts';
import { loadNetwork } from '../../../../src/main/engine/networks/load.ts';
import type { Network } from '../../../../src/main/engine/networks/network.ts';
import { noisePicture } from '../../../../src/main/engine/runs/random.ts';
import { elementCount } from '../../../../src/shared/tensor.ts';
import { evaluate } from '../../../reference/evaluator.ts';
import { goldenPath, runTemplate } from '../networks/golden.ts';

const SIZE = { height: 17, width: 22 };
const picture = noisePicture(3 * 17 * 22, 5);
let vgg: Network;
let answer: LayerAnswer;
beforeAll(async () => {
  vgg = await loadNetwork(goldenPath('vgg16-thin.weights.safetensors'));
  answer = await LayerAnswer.create(vgg, 'relu3_1', SIZE, { threads: 1 });
});
afterAll(() => answer.release());

describe('the assembled answer', () => {
  it.each([true, false])('has the gradient of its weighted terms (blocked layout %s)', (blockedLayout) => {
    const graph = assembleAnswer(vgg, 'relu3_1', { ...SIZE, blockedLayout });
    const feeds = Object.fromEntries(
      [...graph.inputs].map(([name, { dims }], i) => [
        name,
        { dims, data: Float64Array.from(noisePicture(elementCount(dims), 50 + i)) },
      ]),
    );
    expect(Object.keys(feeds).sort()).toEqual([COEFFICIENTS, DIRECTION, IMAGE].sort());
    const loss = (data: Float64Array) => {
      const raw = evaluate(graph, { ...feeds, [IMAGE]: { dims: feeds[IMAGE]!.dims, data } }, [RAW])[RAW]!;
      return raw.data.reduce((sum, value, i) => sum + value * feeds[COEFFICIENTS]!.data[i]!, 0);
    };
    const gradient = evaluate(graph, feeds, [GRADIENT])[GRADIENT]!.data;
    const x = feeds[IMAGE]!.data;
    for (const seed of [1, 2, 3]) {
      const direction = Float64Array.from(noisePicture(x.length, seed), (v) => v - 0.5);
      const moved = (sign: number) => loss(x.map((v, i) => v + sign * 1e-5 * direction[i]!));
      const measured = (moved(1) - moved(-1)) / 2e-5;
      const predicted = gradient.reduce((sum, g, i) => sum + g * direction[i]!, 0);
      expect(Math.abs(predicted - measured)).toBeLessThanOrEqual(1e-6 * Math.abs(measured));
    }
  });
});

describe('a layer answers', () => {
  const none = { answer: 0, variation: 0 };

  it('with the mean of a channel, its middle, or the mean square of all', async () => {
    const image = { type: 'float32' as const, dims: [1, 3, 17, 22], data: picture };
    const features = (await runTemplate(vgg, image, ['relu3_1'])).get('relu3_1')!;
    expect(answer.dims).toEqual(features.dims);
    expect(answerDims(vgg, 'relu3_1', SIZE)).toEqual(features.dims);
    const [, , height, width] = answer.dims;
    const size = height * width;
    const channel = 2;
    const plane = [...features.data.subarray(channel * size, (channel + 1) * size)];
    const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    const squares = mean([...features.data].map((v) => v * v));
    const of = async (target: Parameters<LayerAnswer['to']>[1]) => answer.to(picture, target, none);
    expect((await of({ aim: 'channel', channel })).value).toBeCloseTo(mean(plane), 5);
    const middle = plane[Math.floor(height / 2) * width + Math.floor(width / 2)]!;
    expect((await of({ aim: 'neuron', channel })).value).toBeCloseTo(middle, 5);
    const whole = await of({ aim: 'layer' });
    expect([whole.value, whole.energy]).toEqual([whole.energy, whole.energy]);
    expect(whole.energy).toBeCloseTo(squares, 5);
    expect(whole.gradient.every((v) => v === 0)).toBe(true);
    expect(whole.variation).toBeGreaterThan(0);
  });

  it('with a gradient also where a channel is silent', async () => {
    // Every channel of a ReLU over a picture and a bias that keep it shut.
    const bias = vgg.graph.nodes.find((n) => n.outputs[0] === 'conv3_1')!.inputs[2]!;
    const tensor = vgg.graph.initializers.get(bias)!;
    const shut = { ...tensor, data: new Float32Array(tensor.data.length).fill(-1e3) };
    const initializers = new Map(vgg.graph.initializers).set(bias, shut as typeof tensor);
    const silent = { ...vgg, graph: { ...vgg.graph, initializers } };
    const shutAnswer = await LayerAnswer.create(silent, 'relu3_1', SIZE, { threads: 1 });
    try {
      const found = await shutAnswer.to(picture, { aim: 'channel', channel: 1 }, { answer: -1, variation: 0 });
      expect(found.value).toBe(0);
      expect(found.gradient.some((v) => v !== 0)).toBe(true);
    } finally {
      await shutAnswer.release();
    }
  });

  it('and refuses channels that it does not have, layers that are not there, and pictures that are too small', async () => {
    const act = answer.to(picture, { aim: 'channel', channel: 9999 }, none);
    await expect(act).rejects.toThrow(/has \d+ channels, counted from 0; there is no channel 9999/);
    await expect(LayerAnswer.create(vgg, 'relu9_9', SIZE)).rejects.toThrow(/no layer "relu9_9"/);
    expect(() => answerDims(vgg, 'relu5_1', { width: 8, height: 8 })).toThrow(/larger size/);
  });
});
