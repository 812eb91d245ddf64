import { describe, expect, it } from 'vitest';
import { findLayer } from '../../../../src/main/engine/networks/network.ts';
import {
  RANDOM_NETWORK_ID,
  randomNetwork,
  randomNetworkManifest,
  randomNetworkSeed,
} from '../../../../src/main/engine/networks/random-network.ts';
import { noisePicture } from '../../../../src/main/engine/runs/random.ts';
import { IMAGENET_NORMALIZATION, networkManifestSchema } from '../../../../src/shared/network-manifest.ts';
import { floatTensor } from '../../../../src/shared/tensor.ts';
import { runTemplate } from './golden.ts';

describe('the random network', () => {
  const usual = randomNetwork();

  it('is described as it is made', () => {
    expect(usual.manifest).toEqual(randomNetworkManifest());
    expect(networkManifestSchema.parse(usual.manifest)).toEqual(usual.manifest);
    expect(usual.manifest).toMatchObject({ id: RANDOM_NETWORK_ID, normalization: IMAGENET_NORMALIZATION });
    const { template, manifest } = usual;
    for (const { name, label } of manifest.layers) {
      expect(findLayer({ name: 'random', layers: template.layers }, name).label).toBe(label);
    }
    expect(template.styleLayers).toEqual(manifest.styleLayers);
    expect(template.contentLayers).toEqual(manifest.contentLayers);
    expect(template.graph.nodes.filter((n) => n.op.endsWith('Pool')).map((n) => n.op)).toEqual(
      Array(4).fill('AveragePool'),
    );
  });

  it('has Gaussian filters of equal norm, and biases of zero', () => {
    for (const [name, { data, dims }] of usual.template.graph.initializers) {
      const values = data as Float32Array;
      if (name.endsWith('.bias')) expect(values.every((v) => v === 0)).toBe(true);
      if (!name.endsWith('.weight')) continue;
      const size = values.length / dims[0]!;
      const moment = (k: number) => values.reduce((sum, v) => sum + v ** k, 0) / values.length;
      expect(moment(2) * size).toBeCloseTo(2, 5);
      expect(Math.abs(moment(1))).toBeLessThan(5 * Math.sqrt(moment(2) / values.length));
      // 3 for a Gaussian; normalizing filters of 27 numbers lowers it a little.
      expect(moment(4) / moment(2) ** 2).toBeCloseTo(name === 'conv1_1.weight' ? 2.8 : 3, 0);
    }
  });

  it('keeps the size of its features through all layers', async () => {
    const side = 64;
    const image = floatTensor([1, 3, side, side], noisePicture(3 * side * side, 1));
    const names = usual.manifest.layers.map((l) => l.name);
    const values = await runTemplate(usual.template, image, names);
    for (const name of names) {
      const { data } = values.get(name)!;
      const size = Math.sqrt(data.reduce((sum, v) => sum + v * v, 0) / data.length);
      expect(size, name).toBeGreaterThan(0.1);
      expect(size, name).toBeLessThan(3);
    }
  });

  it('is another one for another seed', () => {
    const other = randomNetwork(7);
    expect(other.manifest.id).toBe('madder-random-vgg-7');
    expect(other.manifest.sha256).not.toBe(usual.manifest.sha256);
    expect(networkManifestSchema.parse(other.manifest)).toEqual(other.manifest);
  });

  it.each([
    ['madder-random-vgg', 1],
    ['madder-random-vgg-0', 0],
    ['madder-random-vgg-4294967295', 4294967295],
    ['madder-random-vgg-4294967296', undefined],
    ['madder-random-vgg-07', undefined],
    ['madder-random-vgg--1', undefined],
    ['madder-random-vgg-x', undefined],
    ['madder-vgg', undefined],
  ])('%s has the seed %s', (id, seed) => {
    expect(randomNetworkSeed(id)).toBe(seed);
  });
});
