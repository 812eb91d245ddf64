import { describe, expect, it } from 'vitest';
import { recognise } from '../../../../src/main/engine/networks/architectures/recognise.ts';
import { StateDict } from '../../../../src/main/engine/networks/architectures/state-dict.ts';
import type { Template } from '../../../../src/main/engine/networks/architectures/builder.ts';
import { loadNetwork } from '../../../../src/main/engine/networks/load.ts';
import { findLayer } from '../../../../src/main/engine/networks/network.ts';
import { readSafetensorsFile } from '../../../../src/main/formats/safetensors.ts';
import { IMAGENET_NORMALIZATION, type Normalization } from '../../../../src/shared/network-manifest.ts';
import { elementCount, floatTensor, type Tensor } from '../../../../src/shared/tensor.ts';
import {
  goldenPath,
  inlinedDims,
  readGolden,
  relativeError,
  runTemplate,
  thirdPartyPath,
  type Golden,
} from './golden.ts';

const GOLDEN = [
  ['alexnet-thin', 'alexnet'],
  ['vgg16-thin', 'vgg16'],
  ['vgg19-thin-maxpool', 'vgg19'],
  ['resnet18-thin', 'resnet18'],
  ['resnet50-thin', 'resnet50'],
] as const;

describe('architectures built from weights', () => {
  it.each(GOLDEN)('%s is recognised and computes what PyTorch does', async (name, architecture) => {
    const golden = await readGolden(goldenPath(`${name}.golden.safetensors`));
    const path = goldenPath(`${name}.weights.safetensors`);
    const network = await loadNetwork(path, { normalization: golden.normalization });
    expect(network.manifest.architecture).toBe(architecture);
    await expectGolden(network, golden);
  });

  const real = thirdPartyPath('squeezenet1_1.safetensors');
  const golden = thirdPartyPath('../../golden/squeezenet1_1.golden.safetensors');
  it.skipIf(!real || !golden)(
    'real SqueezeNet 1.1 (skipped without ../shared) computes what PyTorch does',
    async () => {
      const reference = await readGolden(golden!);
      const network = await loadNetwork(real!, { normalization: reference.normalization });
      expect(network.manifest.architecture).toBe('squeezenet1_1');
      // The reference was computed before the weights were rounded to float16, which moves activations by 1e-4.
      await expectGolden(network, reference, 5e-4);
    },
  );

  it('folds batch normalization that follows a convolution with bias (VGG with batch normalization)', async () => {
    const tensors = weights('features', [
      ['0.weight', [4, 3, 3, 3]],
      ['0.bias', [4]],
      ...['weight', 'bias', 'running_mean', 'running_var'].map((n): [string, number[]] => [`1.${n}`, [4]]),
      ['1.num_batches_tracked', []],
    ]);
    const { id, template } = build(tensors);
    expect(id).toBe('vgg_bn');
    const image = floatTensor([1, 3, 1, 1], [0.2, 0.5, 0.9]);
    const pre = (await runTemplate(template, image, ['conv1_1'])).get('conv1_1')!;
    const [w, b, gamma, beta, mean, variance] = [
      ...['0.weight', '0.bias', '1.weight', '1.bias', '1.running_mean', '1.running_var'],
    ].map((n) => tensors.get(`features.${n}`)!.data as Float32Array) as Float32Array[];
    for (let c = 0; c < 4; c++) {
      let sum = b![c]!;
      for (let i = 0; i < 3; i++) {
        const x = (image.data[i]! - IMAGENET_NORMALIZATION.mean[i]!) / IMAGENET_NORMALIZATION.std[i]!;
        sum += w![(c * 3 + i) * 9 + 4]! * x; // the rest of the kernel lies on padding
      }
      const normed = ((sum - mean![c]!) / Math.sqrt(variance![c]! + 1e-5)) * gamma![c]! + beta![c]!;
      expect(pre.data[c]).toBeCloseTo(normed, 5);
    }
  });

  it('reorders channels and scales for networks in the manner of Caffe', async () => {
    const caffe: Normalization = { mean: [103.939, 116.779, 123.68], std: [1, 1, 2], channels: 'BGR', scale: 255 };
    const { template } = build(
      weights('', [
        ['conv1_1.weight', [2, 3, 3, 3]],
        ['conv1_1.bias', [2]],
      ]),
      caffe,
    );
    const values = await runTemplate(template, floatTensor([1, 3, 1, 1], [0.25, 0.5, 1]), ['normalized']);
    const seen = [...values.get('normalized')!.data];
    const expected = [255 - 103.939, 127.5 - 116.779, (63.75 - 123.68) / 2];
    seen.forEach((v, i) => expect(v).toBeCloseTo(expected[i]!, 3));
    expect(inlinedDims(template, [1, 3, 5, 7], ['relu1_1'])).toEqual([[1, 2, 5, 7]]);
  });

  const resnet = (blocks: readonly number[], perGroup: number, out: number) => resnetWeights(blocks, perGroup, out);
  it.each([
    ['resnet101', resnet([3, 4, 23, 3], 4, 16)],
    ['resnet152', resnet([3, 8, 36, 3], 4, 16)],
    ['resnext50_2x2d', resnet([3, 4, 6, 3], 2, 8)],
    ['wide_resnet50_2', resnet([3, 4, 6, 3], 4, 8)],
    ['resnet', resnet([1, 1], 4, 16)],
  ])('recognises and builds %s', (id, tensors) => {
    const built = build(tensors);
    expect(built.id).toBe(id);
    expect(built.template.layers.map((l) => l.name)).toContain('relu3_x');
  });

  it('recognises SqueezeNet 1.0, with its poolings where they belong', () => {
    const { id, template } = build(squeezeNetWeights([3, 4, 5, 7, 8, 9, 10, 12]));
    expect(id).toBe('squeezenet1_0');
    const order = template.graph.nodes.map((n) => n.name).filter((n) => /^(pool|fire\d+$)/.test(n));
    expect(order.join(' ')).toBe('pool1 fire2 fire3 fire4 pool4 fire5 fire6 fire7 fire8 pool8 fire9');
    expect(Object.keys(template.styleLayers)).toEqual(['relu1', 'fire2', 'fire3', 'fire5', 'fire7', 'fire9']);
    expect(template.contentLayers).toEqual({ fire5: 1 });
  });

  it.each([
    ['resnet18-thin', 'resnet18'],
    ['vgg16-thin', 'plain'],
  ])('builds %s the same from weights with batch normalization folded and under plain names', async (file, id) => {
    const { graph } = await loadNetwork(goldenPath(`${file}.weights.safetensors`));
    const folded = new Map([...graph.initializers].filter(([name]) => /\.(weight|bias)$/.test(name)));
    const built = build(folded);
    expect(built.id).toBe(id);
    expect(built.template.graph.initializers).toEqual(graph.initializers);
    const nodes = built.template.graph.nodes.filter((n) => n.op !== 'AveragePool');
    expect(nodes).toEqual(graph.nodes.filter((n) => id !== 'plain' || n.op !== 'MaxPool'));
  });

  it('orders layers from fine to coarse, values before activations among them', async () => {
    const network = await loadNetwork(goldenPath('vgg16-thin.weights.safetensors'));
    expect(network.layers.slice(0, 6).map((l) => [l.name, l.kind])).toEqual([
      ['conv1_1', 'pre-activation'],
      ['relu1_1', 'activation'],
      ['conv1_2', 'pre-activation'],
      ['relu1_2', 'activation'],
      ['pool1', 'pool'],
      ['conv2_1', 'pre-activation'],
    ]);
    expect(Object.keys(network.styleLayers)).toEqual(['relu1_1', 'relu2_1', 'relu3_1', 'relu4_1', 'relu5_1']);
    expect(network.contentLayers).toEqual({ relu4_2: 1 });
  });

  it('knows the last block of a ResNet stage under both names', async () => {
    const network = await loadNetwork(goldenPath('resnet50-thin.weights.safetensors'));
    expect(findLayer(network, 'layer2.3')).toBe(findLayer(network, 'relu3_x'));
    expect(findLayer(network, 'layer2.3.sum').kind).toBe('pre-activation');
    expect(network.layers.map((l) => l.name)).toEqual(expect.arrayContaining(['relu1', 'layer2.0', 'layer3.2']));
  });

  describe('broken weights', () => {
    const vgg16 = async () => {
      const { tensors } = await readSafetensorsFile(goldenPath('vgg16-thin.weights.safetensors'));
      return tensors;
    };

    it('a missing tensor is named', async () => {
      const tensors = await vgg16();
      tensors.delete('features.12.bias');
      expect(() => build(tensors)).toThrow(/^thin\.safetensors lacks the tensor "features\.12\.bias"; /);
    });

    it('a missing convolution is named by its neighbours', async () => {
      const tensors = await vgg16();
      tensors.delete('features.12.weight');
      expect(() => build(tensors)).toThrow(/between "features\.10" and "features\.14"/);
    });

    it('a tensor of another shape is named', async () => {
      const tensors = (await vgg16()).set('features.12.weight', floatTensor([1, 2, 3, 3], new Float32Array(18)));
      expect(() => build(tensors)).toThrow(/"features\.12\.weight" as \[1, 2, 3, 3\] where \[\?, 32, 3, 3\] is needed/);
    });

    it('numbers that are not finite are refused', async () => {
      const tensors = await vgg16();
      (tensors.get('features.7.weight')!.data as Float32Array)[5] = NaN;
      expect(() => build(tensors)).toThrow(/infinite or undefined numbers in "features\.7\.weight"/);
    });

    it('integers are refused', async () => {
      const tensors = await vgg16();
      tensors.set('features.0.bias', { type: 'int8', dims: [8], data: new Int8Array(8) });
      expect(() => build(tensors)).toThrow(/"features\.0\.bias" as int8/);
    });

    it('an unknown architecture is refused, with what the file holds', () => {
      const act = () => build(weights('', [['stem.conv.weight', [1]]]));
      expect(act).toThrow(/VGG, AlexNet, SqueezeNet, ResNet.*"stem\.conv\.weight"/);
      expect(act).toThrow(expect.objectContaining({ kind: 'network' }));
    });

    it('a ResNet for small pictures is refused', () => {
      const tensors = resnetWeights([1, 1], 4, 16).set(
        'conv1.weight',
        floatTensor([4, 3, 3, 3], new Float32Array(108)),
      );
      expect(() => build(tensors)).toThrow(/begins with a convolution of 3 pixels/);
    });

    it('a shortcut that is missing is named', () => {
      const tensors = resnetWeights([1, 1], 4, 16);
      tensors.delete('layer2.0.downsample.0.weight');
      expect(() => build(tensors)).toThrow(/lacks the tensor "layer2\.0\.downsample\.0\.weight"/);
    });
  });
});

async function expectGolden(network: Template, golden: Golden, tolerance = 1e-5): Promise<void> {
  const taps = Object.keys(golden.taps);
  const tensors = taps.map((tap) => findLayer({ name: 'golden', layers: network.layers }, tap).tensor);
  const shapes = inlinedDims(network, golden.image.dims, tensors);
  expect(shapes).toEqual(taps.map((tap) => golden.activation(tap).dims));
  const values = await runTemplate(network, golden.image, tensors);
  taps.forEach((tap, i) => {
    expect(relativeError(values.get(tensors[i]!)!, golden.activation(tap)), tap).toBeLessThan(tolerance);
  });
}

function build(tensors: ReadonlyMap<string, Tensor>, normalization = IMAGENET_NORMALIZATION) {
  const state = new StateDict(tensors, 'thin.safetensors');
  const { id, architecture } = recognise(state);
  return { id, template: architecture.build(state, normalization) };
}

/** Small positive numbers, different in every element, under `prefix.name`. */
function weights(prefix: string, shapes: readonly [string, readonly number[]][]): Map<string, Tensor> {
  return new Map(
    shapes.map(([name, dims], k) => {
      const data = Float32Array.from({ length: elementCount(dims) }, (_, i) => 0.1 + ((i * 7 + k * 3) % 11) / 20);
      return [prefix ? `${prefix}.${name}` : name, floatTensor(dims, data)];
    }),
  );
}

/** A bottleneck ResNet whose stages are all 4 channels wide inside and `out` outside. */
function resnetWeights(blocks: readonly number[], perGroup: number, out: number): Map<string, Tensor> {
  const shapes: [string, number[]][] = [];
  const conv = (name: string, norm: string, dims: number[]) => {
    shapes.push([`${name}.weight`, dims]);
    for (const n of ['weight', 'bias', 'running_mean', 'running_var']) shapes.push([`${norm}.${n}`, [dims[0]!]]);
  };
  conv('conv1', 'bn1', [4, 3, 7, 7]);
  let channels = 4;
  blocks.forEach((size, s) => {
    for (let b = 0; b < size; b++) {
      const name = `layer${s + 1}.${b}`;
      conv(`${name}.conv1`, `${name}.bn1`, [4, channels, 1, 1]);
      conv(`${name}.conv2`, `${name}.bn2`, [4, perGroup, 3, 3]);
      conv(`${name}.conv3`, `${name}.bn3`, [out, 4, 1, 1]);
      if (b === 0) conv(`${name}.downsample.0`, `${name}.downsample.1`, [out, channels, 1, 1]);
      channels = out;
    }
  });
  return weights('', shapes);
}

function squeezeNetWeights(places: readonly number[]): Map<string, Tensor> {
  const shapes: [string, number[]][] = [];
  const conv = (name: string, dims: number[]) => shapes.push([`${name}.weight`, dims], [`${name}.bias`, [dims[0]!]]);
  conv('0', [4, 3, 7, 7]);
  for (const place of places) {
    conv(`${place}.squeeze`, [2, 4, 1, 1]);
    conv(`${place}.expand1x1`, [2, 2, 1, 1]);
    conv(`${place}.expand3x3`, [2, 2, 3, 3]);
  }
  return weights('features', shapes);
}
