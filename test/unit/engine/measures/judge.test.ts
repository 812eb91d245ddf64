import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Picture } from '../../../../src/main/codec/picture.ts';
import { boxBlur, Judge } from '../../../../src/main/engine/measures/judge.ts';
import { goldenPath, thirdPartyPath } from '../networks/golden.ts';

const weights = thirdPartyPath('squeezenet1_1.safetensors');
const present = weights !== undefined && existsSync(weights);

/** Stripes of two colours, `period` px wide. */
function stripes(width: number, height: number, period: number): Picture {
  const data = new Float32Array(3 * width * height);
  for (let i = 0; i < width * height; i++) {
    const on = Math.floor((i % width) / period) % 2 === 0;
    data.set([on ? 0.9 : 0.2], i);
    data.set([on ? 0.5 : 0.3], width * height + i);
    data.set([on ? 0.1 : 0.6], 2 * width * height + i);
  }
  return { width, height, data };
}

describe.skipIf(!present)(`the judge${present ? '' : ' (skipped: the weights of SqueezeNet 1.1 are not here)'}`, () => {
  it('gives a photo 1 and the painting itself 0 for style, and the photo 0 for content', async () => {
    const judge = await Judge.load(weights!);
    const [style, photo] = [stripes(96, 64, 7), stripes(64, 96, 20)];
    const [same, painted] = await judge.judge(style, photo, [photo, style]);
    expect(same!.style).toBeCloseTo(1, 6);
    expect(same!.content).toBe(0);
    // The painting is brought to the photo's shape, which changes its period.
    expect(painted!.style).toBeLessThan(1);
    expect(painted!.content).toBeGreaterThan(0.1);
  });

  it('refuses any other network', async () => {
    await expect(Judge.load(goldenPath('vgg19-thin-maxpool.weights.safetensors'))).rejects.toThrow(
      /not SqueezeNet 1.1/,
    );
  });
});

describe('the box blur', () => {
  it('keeps even areas, and averages what there is at the borders', () => {
    const even = { width: 3, height: 2, data: new Float32Array(18).fill(0.25) };
    expect([...boxBlur(even).data]).toEqual([...even.data]);
    const dot = { width: 3, height: 3, data: new Float32Array(27) };
    dot.data[4] = 0.9;
    const blurred = boxBlur(dot).data;
    expect(blurred[4]).toBeCloseTo(0.1);
    expect(blurred[1]).toBeCloseTo(0.15);
    expect(blurred[0]).toBeCloseTo(0.225);
    expect(blurred[9]).toBe(0);
  });
});
