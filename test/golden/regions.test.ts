import { describe, expect, it } from 'vitest';
import { readSafetensorsFile } from '../../src/main/formats/safetensors.ts';
import { loadNetwork } from '../../src/main/engine/networks/load.ts';
import { gramInput, type NetworkUse } from '../../src/main/engine/objective/assemble.ts';
import { measureStatistics, PictureObjective } from '../../src/main/engine/objective/objective.ts';
import { Regions } from '../../src/main/engine/objective/regions.ts';
import { sharesOf } from '../../src/main/engine/runs/masks.ts';
import { NORMALIZATIONS } from '../../src/shared/objective.ts';
import { goldenFile, hash, imageOf } from '../support/run-recipe.ts';

const WEIGHTS = { style: 1, content: 0, variation: 0, variationL1: 0, styleLayers: {}, contentLayers: {} };
const LAYERS = ['relu1_1', 'relu2_1', 'relu3_1', 'relu4_1'];

describe('style terms of regions against PyTorch in float64', () => {
  it.each(NORMALIZATIONS)('%s', async (normalization) => {
    const { tensors } = await readSafetensorsFile(goldenFile('regions.safetensors'));
    const floats = (name: string) => {
      const { dims, data } = tensors.get(name)!;
      return { width: dims.at(-1)!, height: dims.at(-2)!, data: data as Float32Array };
    };
    const network = await loadNetwork(goldenFile('vgg16-thin.weights.safetensors'));
    const use: NetworkUse = { key: 'n', network, style: LAYERS, content: [] };
    const [mask, photo] = [floats('mask'), floats('photo')];
    const { regions } = sharesOf(
      {
        styles: ['a', 'b'].map((letter) => ({ image: imageOf(letter, mask), weight: 1, scale: 1 })),
        masks: [
          { image: imageOf('c', mask), region: { kind: 'style', style: 0 } },
          { image: imageOf('d', photo), region: { kind: 'photo' } },
        ],
      },
      ({ image }) => (image.sha256 === hash('c') ? mask : photo),
    )!;
    const targets = new Map<string, Float32Array>();
    for (const region of [0, 1]) {
      const painting = floats(`painting.${region}`);
      const grams = await measureStatistics([use], painting.data, painting);
      for (const layer of LAYERS) {
        const term = { network: 'n', layer };
        targets.set(gramInput(term, region), grams.get(gramInput(term))!);
      }
    }
    const shape = {
      networks: [use],
      variation: { quadratic: false, l1: false },
      regions: new Regions(regions),
    };
    const picture = floats('picture');
    const objective = await PictureObjective.create(shape, targets, picture, WEIGHTS, normalization);
    try {
      const { gradient, terms } = await objective.evaluate(picture.data);
      const expected = tensors.get(`${normalization}.terms`)!.data as Float32Array;
      expect(terms.map(({ layer }) => layer)).toEqual(LAYERS);
      terms.forEach(({ value }, i) => expect(Math.abs(value / expected[i]! - 1)).toBeLessThan(1e-5));
      // The relative terms are a mean over the layers.
      const layers = normalization === 'relative' ? LAYERS.length : 1;
      let [difference, norm] = [0, 0];
      floats(`${normalization}.gradient`).data.forEach((g, i) => {
        difference += (layers * gradient[i]! - g) ** 2;
        norm += g ** 2;
      });
      expect(Math.sqrt(difference / norm)).toBeLessThan(1e-5);
    } finally {
      await objective.release();
    }
  });
});
