import { describe, expect, it } from 'vitest';
import {
  recognise,
  recognisedName,
  unusedTensors,
} from '../../../../src/main/engine/networks/architectures/recognise.ts';
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
  ['vgg13_bn-thin', 'vgg13_bn'],
  ['vgg16-thin', 'vgg16'],
  ['vgg19-thin-maxpool', 'vgg19'],
  ['resnet18-thin', 'resnet18'],
  ['resnet50-thin', 'resnet50'],
  ['resnext50-thin', 'resnext50_4x2d'],
  ['wide_resnet50_4-thin', 'wide_resnet50_4'],
  ['cifar_resnet18-thin', 'cifar_resnet18'],
  ['cifar_resnet20-thin', 'cifar_resnet20'],
  ['googlenet-thin', 'googlenet'],
  ['densenet121-thin', 'densenet121'],
  ['mobilenet_v2-thin', 'mobilenet_v2'],
  ['shufflenet_v2-thin', 'shufflenet_v2'],
  ['mnasnet-thin', 'mnasnet'],
] as const;

describe('architectures built from weights', () => {
  it.each(GOLDEN)('%s is recognised and computes what PyTorch does', async (name, architecture) => {
    const golden = await readGolden(goldenPath(`${name}.golden.safetensors`));
    const path = goldenPath(`${name}.weights.safetensors`);
    const network = await loadNetwork(path, { normalization: golden.normalization });
    expect(network.manifest.architecture).toBe(architecture);
    expect(unusedTensors(await stateOf(name))).toEqual([]);
    await expectGolden(network, golden);
  });

  it.each([
    ['vgg16-thin', 'vgg16 (width 0.125)'],
    ['resnet50-thin', 'resnet50 (width 0.125)'],
    ['cifar_resnet20-thin', 'cifar_resnet20 (width 0.25)'],
    ['googlenet-thin', 'googlenet (width 0.125)'],
    ['densenet121-thin', 'densenet121 (width 0.125)'],
    ['mobilenet_v2-thin', 'mobilenet_v2 (width 0.25)'],
    ['shufflenet_v2-thin', 'shufflenet_v2 (width 0.138)'],
    ['mnasnet-thin', 'mnasnet (width 0.1)'],
  ])('what %s is recognised as is shown with its width', async (name, shown) => {
    expect(recognisedName(recognise(await stateOf(name)))).toBe(shown);
  });

  it.each([
    ['densenet121', [6, 12, 24, 16], 32],
    ['densenet161', [6, 12, 36, 24], 48],
    ['densenet169', [6, 12, 32, 32], 32],
    ['densenet201', [6, 12, 48, 32], 32],
  ])('recognises %s by its blocks', (name, blocks, growth) => {
    const layers = blocks.map((n, b) => [`denseblock${b + 1}.denselayer${n}.conv1.weight`, [1]] as [string, number[]]);
    const first: [string, number[]] = ['denseblock1.denselayer1.conv2.weight', [growth]];
    const tensors = weights('features', [['conv0.weight', [1]], first, ...layers]);
    expect(recognisedName(recognise(new StateDict(tensors, name)))).toBe(name);
  });

  it.each([
    ['shufflenet_v2_x0_5', 'stage2.0.branch2.0.weight', [24], ['conv1.0.weight', 'stage2.0.branch1.0.weight']],
    ['shufflenet_v2_x1_0', 'stage2.0.branch2.0.weight', [58], ['conv1.0.weight', 'stage2.0.branch1.0.weight']],
    ['shufflenet_v2_x1_5', 'stage2.0.branch2.0.weight', [88], ['conv1.0.weight', 'stage2.0.branch1.0.weight']],
    ['shufflenet_v2_x2_0', 'stage2.0.branch2.0.weight', [122], ['conv1.0.weight', 'stage2.0.branch1.0.weight']],
    ['mnasnet0_5', 'layers.14.weight', [1, 160], ['layers.0.weight', 'layers.8.0.layers.0.weight']],
    ['mnasnet1_3', 'layers.14.weight', [1, 416], ['layers.0.weight', 'layers.8.0.layers.0.weight']],
  ])('recognises %s by its width', (name, tell, dims, others) => {
    const tensors = weights('', [[tell, dims], ...others.map((key) => [key, [1]] as [string, number[]])]);
    expect(recognisedName(recognise(new StateDict(tensors, name)))).toBe(name);
  });

  it.each([
    ['cifar_resnet32', [5, 5, 5]],
    ['cifar_resnet44', [7, 7, 7]],
    ['cifar_resnet56', [9, 9, 9]],
    ['cifar_resnet110', [18, 18, 18]],
    ['cifar_resnet34', [3, 4, 6, 3]],
  ])('recognises %s by its blocks', (name, blocks) => {
    const last = blocks.map((n, s) => [`layer${s + 1}.${n - 1}.conv1.weight`, [1]] as [string, number[]]);
    const first = ['layer1.0.conv1.weight', 'layer1.0.conv2.weight'].map((key) => [key, [1]] as [string, number[]]);
    const { id } = recognise(new StateDict(weights('', [['conv1.weight', [16, 3, 3, 3]], ...first, ...last]), name));
    expect(id).toBe(name);
  });

  it.each([
    ['vgg11', '1,1,2,2,2'],
    ['vgg13', '2,2,2,2,2'],
    ['vgg19', '2,2,4,4,4'],
  ])('recognises %s with and without batch normalization', (name, sizes) => {
    for (const norm of [false, true]) {
      const shapes: [string, number[]][] = [];
      let index = 0;
      for (const size of sizes.split(',').map(Number)) {
        for (let i = 0; i < size; i++) {
          shapes.push([`${index}.weight`, [4, shapes.length === 0 ? 3 : 4, 3, 3]], [`${index}.bias`, [4]]);
          const parts = norm ? ['weight', 'bias', 'running_mean', 'running_var'] : [];
          for (const part of parts) shapes.push([`${index + 1}.${part}`, [4]]);
          index += norm ? 3 : 2;
        }
        index += 1;
      }
      const { id, template } = build(weights('features', shapes));
      expect(id).toBe(norm ? `${name}_bn` : name);
      expect(Object.keys(template.styleLayers)).toEqual(['relu1_1', 'relu2_1', 'relu3_1', 'relu4_1', 'relu5_1']);
    }
  });

  it('reads DenseNet under the names that torchvision gave its layers before PyTorch 0.4.1', async () => {
    const { tensors } = await stateOf('densenet121-thin');
    const older = new Map(
      [...tensors].map(([key, t]) => [key.replace(/(denselayer\d+\.(?:norm|conv))([12])/, '$1.$2'), t]),
    );
    expect([...older.keys()]).toContain('features.denseblock1.denselayer1.norm.1.weight');
    const [now, then] = [build(tensors), build(older)];
    expect(then.id).toBe(now.id);
    expect(then.template.graph.initializers).toEqual(now.template.graph.initializers);
  });

  it('builds a ResNet for small pictures the same from weights with batch normalization folded', async () => {
    const { graph } = await loadNetwork(goldenPath('cifar_resnet20-thin.weights.safetensors'));
    const folded = new Map([...graph.initializers].filter(([name]) => /\.(weight|bias)$/.test(name)));
    const built = build(folded);
    expect(built.id).toBe('cifar_resnet20');
    expect(built.template.graph.initializers).toEqual(graph.initializers);
    expect(built.template.graph.nodes).toEqual(graph.nodes);
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
    ['wide_resnet50_4', resnet([3, 4, 6, 3], 4, 4)],
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
      expect(() => build(tensors)).toThrow(
        /^thin\.safetensors looks like vgg16 but lacks the tensor "features\.12\.bias"; /,
      );
    });

    it('of many missing tensors the first are named, and all are counted', async () => {
      const { tensors } = await stateOf('googlenet-thin');
      const kept = new Map([...tensors].filter(([key]) => !key.startsWith('inception4b.')));
      expect(() => build(kept)).toThrow(
        /looks like googlenet but lacks 30 tensors \("inception4b\.branch1\.conv\.weight", .*, .* and 27 more\); /,
      );
    });

    it('tensors that the architecture does not have are named: the network is another one', async () => {
      const { tensors } = await stateOf('resnet18-thin');
      for (const part of ['fc1.weight', 'fc1.bias', 'fc2.weight', 'fc2.bias']) {
        tensors.set(`layer1.0.se.${part}`, floatTensor([1], [1]));
      }
      expect(() => build(tensors)).toThrow(
        /holds 4 tensors \("layer1\.0\.se\.fc1\.weight", .* and 1 more\) that the architecture does not have; /,
      );
    });

    it('tensors outside its modules are listed, but for classifiers and counters', async () => {
      const { tensors } = await stateOf('googlenet-thin');
      const others = [
        'fc.weight',
        'aux1.fc1.bias',
        'conv1.bn.num_batches_tracked',
        'projector.0.weight',
        'logit_scale',
      ];
      for (const name of others) tensors.set(name, floatTensor([1], [1]));
      expect(unusedTensors(new StateDict(tensors, 'thin.safetensors'))).toEqual(['projector.0.weight', 'logit_scale']);
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
      expect(act).toThrow(/VGG, AlexNet, SqueezeNet, ResNet, GoogLeNet, DenseNet.*"stem\.conv\.weight"/);
      expect(act).toThrow(expect.objectContaining({ kind: 'network' }));
    });

    it('a ResNet with another beginning is refused', () => {
      const tensors = resnetWeights([1, 1], 4, 16).set(
        'conv1.weight',
        floatTensor([4, 3, 5, 5], new Float32Array(300)),
      );
      expect(() => build(tensors)).toThrow(/begins with a convolution of 5 pixels/);
    });

    it('a shortcut without weights that would have to drop channels is refused', async () => {
      const { tensors } = await stateOf('cifar_resnet20-thin');
      const narrowed = new Map([...tensors].filter(([key]) => !key.startsWith('layer3.')));
      narrowed.set('layer2.0.conv2.weight', floatTensor([7, 8, 3, 3], new Float32Array(504)));
      for (const part of ['weight', 'bias', 'running_mean', 'running_var']) {
        narrowed.set(`layer2.0.bn2.${part}`, floatTensor([7], new Float32Array(7).fill(1)));
      }
      expect(() => build(narrowed)).toThrow(/widens 4 to 7 channels without weights at "layer2\.0\.shortcut"/);
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

async function stateOf(name: string): Promise<{ tensors: Map<string, Tensor> } & StateDict> {
  const { tensors } = await readSafetensorsFile(goldenPath(`${name}.weights.safetensors`));
  return new StateDict(tensors, 'thin.safetensors') as { tensors: Map<string, Tensor> } & StateDict;
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
