import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bundledModelsFolder, listNetworks, loadNetwork } from '../../../../src/main/engine/networks/load.ts';
import type { Network } from '../../../../src/main/engine/networks/network.ts';
import { templateFromOnnx } from '../../../../src/main/engine/networks/onnx-network.ts';
import { makeNode } from '../../../../src/main/engine/networks/template.ts';
import type { OnnxModel, OnnxValueInfo } from '../../../../src/main/formats/onnx.ts';
import { writeSafetensors } from '../../../../src/main/formats/safetensors.ts';
import { IMAGENET_NORMALIZATION, networkManifestSchema } from '../../../../src/shared/network-manifest.ts';
import { floatTensor } from '../../../../src/shared/tensor.ts';
import { checkpointPath } from '../../formats/checkpoint-bytes.ts';
import { goldenPath, relativeError, runTemplate } from './golden.ts';

const BUNDLED = 'madder-vgg';
const TWINS = ['madder-resnet-standard', 'madder-resnet-robust'];

describe('the bundled networks', () => {
  it('are all listed and load, with the layers that they name', async () => {
    const manifests = await listNetworks();
    expect(manifests.map((m) => m.id)).toEqual(expect.arrayContaining([BUNDLED, ...TWINS]));
    for (const manifest of manifests) {
      const network = await loadNetwork(manifest.id);
      expect(network.sha256).toBe(manifest.sha256);
      const names = network.layers.map((l) => l.name);
      expect(names).toEqual(expect.arrayContaining(manifest.layers.map((l) => l.name)));
    }
  });

  it('carry the description into the network', async () => {
    const network = await loadNetwork(BUNDLED);
    expect(network.manifest.normalization.assumed).toBeUndefined();
    expect(network.styleLayers).toEqual({ relu1_1: 1, relu2_1: 1, relu3_1: 1, relu4_1: 0.6, relu5_1: 0.2 });
    expect(network.layers.find((l) => l.name === 'relu4_1')!.label).toBe('swirls and patches');
    expect(network.graph.nodes.filter((n) => n.op === 'AveragePool')).toHaveLength(4);
    expect(network.graph.inputs).toEqual([{ name: network.input, type: 'float32', dims: [1, 3, 'H', 'W'] }]);
  });

  it('include twins that differ in nothing but adversarial training', async () => {
    const [standard, robust] = await Promise.all(TWINS.map((id) => loadNetwork(id)));
    expect([standard!.manifest.robustness, robust!.manifest.robustness]).toEqual([
      { norm: 'l2', epsilon: 0 },
      { norm: 'l2', epsilon: 0.5 },
    ]);
    for (const same of [
      'architecture',
      'normalization',
      'layers',
      'styleLayers',
      'contentLayers',
      'suggested',
    ] as const) {
      expect(robust!.manifest[same], same).toEqual(standard!.manifest[same]);
    }
    const shapes = ({ graph }: Network) => [...graph.initializers].map(([name, { dims }]) => [name, dims]);
    expect(shapes(robust!)).toEqual(shapes(standard!));
    expect(robust!.sha256).not.toBe(standard!.sha256);
  });

  it('are small enough to come along', () => {
    for (const id of [BUNDLED, ...TWINS]) {
      expect(statSync(join(bundledModelsFolder(), `${id}.safetensors`)).size, id).toBeLessThan(13e6);
    }
  });

  it('compute something at any size', async () => {
    const network = await loadNetwork(BUNDLED);
    const image = floatTensor([1, 3, 33, 50], new Float32Array(3 * 33 * 50).fill(0.5));
    const features = (await runTemplate(network, image, ['relu5_1'])).get('relu5_1')!;
    expect(features.dims).toEqual([1, 256, 2, 3]);
    expect(Math.max(...features.data)).toBeGreaterThan(0);
  });
});

describe('PyTorch checkpoints', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'madder-load-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(['training.pth', 'training-legacy.th', 'robustness.pt', 'robustness-doubled.ckpt'])(
    '%s becomes a network',
    async (name) => {
      const { manifest, layers, sha256 } = await loadNetwork(checkpointPath(name));
      expect(manifest.architecture).toMatch(/^vgg/);
      expect(layers.map((l) => l.name)).toEqual(expect.arrayContaining(['relu1_1', 'relu1_2']));
      const content = await readFile(checkpointPath(name));
      expect(sha256).toBe(createHash('sha256').update(content).digest('hex'));
      expect(networkManifestSchema.parse(manifest)).toEqual(manifest);
    },
  );

  it('in both formats hold the same weights', async () => {
    const networks = await Promise.all(
      ['training.pth', 'training-legacy.th'].map((n) => loadNetwork(checkpointPath(n))),
    );
    const [zipped, legacy] = networks.map(({ graph }) => graph.initializers);
    expect(legacy).toEqual(zipped);
    expect(zipped!.size).toBeGreaterThan(4);
  });

  it('bring their normalization, which a request overrides', async () => {
    const { manifest } = await loadNetwork(checkpointPath('robustness.pt'));
    const own = { mean: [0.4717, 0.4499, 0.3837], std: [0.26, 0.2516, 0.2575], channels: 'RGB', scale: 1 };
    expect(manifest.normalization).toEqual(own);
    const asked = await loadNetwork(checkpointPath('robustness.pt'), { normalization: IMAGENET_NORMALIZATION });
    expect(asked.manifest.normalization).toEqual(IMAGENET_NORMALIZATION);
    const plain = await loadNetwork(checkpointPath('training.pth'));
    expect(plain.manifest.normalization).toEqual({ ...IMAGENET_NORMALIZATION, assumed: true });
  });

  it('are known by what they hold, under whatever name', async () => {
    const path = join(folder, 'pytorch_model.bin');
    await copyFile(goldenPath('alexnet-thin.weights.safetensors'), path);
    expect((await loadNetwork(path)).manifest.architecture).toBe('alexnet');
    await writeFile(path, '<html>not found</html>');
    await expect(loadNetwork(path)).rejects.toThrow(/^pytorch_model\.bin is a web page instead of weights/);
  });

  it('that need a program are refused by its name, and those that are missing', async () => {
    const refused = loadNetwork(checkpointPath('module.pt'));
    await expect(refused).rejects.toThrow(/^module\.pt holds its tensors in objects of "torch\.nn\.modules\.container/);
    await expect(refused).rejects.toThrow(expect.objectContaining({ kind: 'network' }));
    await expect(loadNetwork('/nowhere/vgg.pth')).rejects.toThrow(/vgg\.pth could not be read/);
    await expect(loadNetwork('/nowhere/vgg.pth')).rejects.toThrow(expect.objectContaining({ kind: 'input' }));
  });
});

describe('files without a description', () => {
  it('are recognised, and what is assumed is said', async () => {
    const path = goldenPath('alexnet-thin.weights.safetensors');
    const { manifest, sha256, id } = await loadNetwork(path);
    expect(id).toBe('alexnet-thin.weights');
    expect(manifest.normalization).toEqual({ ...IMAGENET_NORMALIZATION, assumed: true });
    expect(sha256).toBe(
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex'),
    );
    expect(networkManifestSchema.parse(manifest)).toEqual(manifest);
  });

  it('take the normalization that is given', async () => {
    const normalization = { ...IMAGENET_NORMALIZATION, mean: [0, 0, 0] as [number, number, number] };
    const { manifest } = await loadNetwork(goldenPath('alexnet-thin.onnx'), { normalization });
    expect(manifest.normalization).toEqual(normalization);
    expect(manifest.architecture).toBe('onnx');
  });

  it('as ONNX compute what the same weights do, classifier left out', async () => {
    const image = floatTensor(
      [1, 3, 40, 56],
      Float32Array.from({ length: 6720 }, (_, i) => ((i * 7919) % 101) / 101),
    );
    const fromOnnx = await loadNetwork(goldenPath('resnet18-thin.onnx'));
    const fromWeights = await loadNetwork(goldenPath('resnet18-thin.weights.safetensors'));
    expect(fromOnnx.graph.nodes.map((n) => n.op)).not.toContain('Gemm');
    const tensor = fromOnnx.layers.find((l) => l.name === 'stage5.block2')!.tensor;
    const actual = (await runTemplate(fromOnnx, image, [tensor])).get(tensor)!;
    const expected = (await runTemplate(fromWeights, image, ['layer4.1'])).get('layer4.1')!;
    expect(relativeError(actual, expected)).toBeLessThan(1e-5);
  });

  it('that are missing are named', async () => {
    await expect(loadNetwork('/nowhere/vgg.safetensors')).rejects.toThrow(/vgg\.safetensors could not be read/);
  });
});

describe('ONNX networks that cannot be used', () => {
  const picture: OnnxValueInfo = { name: 'x', type: 'float32', dims: [1, 3, 'h', 'w'] };
  const model = (inputs: OnnxValueInfo[], weights = [1, 2, 3]): OnnxModel => ({
    opset: 13,
    producer: '',
    metadata: {},
    graph: {
      name: '',
      nodes: [makeNode('Conv', ['x', 'w'], 'y', { kernel_shape: [1, 1] }), makeNode('Relu', ['y'], 'z')],
      initializers: new Map([['w', floatTensor([1, 3, 1, 1], weights)]]),
      inputs,
      outputs: [{ name: 'z', type: 'float32', dims: undefined }],
    },
  });
  const template = (m: OnnxModel) => templateFromOnnx(m, IMAGENET_NORMALIZATION, 'net.onnx');

  it('are told from those that can', () => {
    expect(template(model([picture])).layers.map((l) => l.name)).toEqual(['conv1_1', 'relu1_1']);
  });

  it.each([
    ['two inputs', model([picture, { ...picture, name: 'z2' }]), /net\.onnx has 2 inputs; export it/],
    ['integers', model([{ ...picture, type: 'uint8' }]), /takes uint8 numbers/],
    ['channels last', model([{ ...picture, dims: [1, 'h', 'w', 3] }]), /shape \[1, h, w, 3\]/],
    ['one channel', model([{ ...picture, dims: [1, 1, 'h', 'w'] }]), /shape \[1, 1, h, w\]/],
    ['an undefined weight', model([picture], [1, NaN, 3]), /infinite or undefined numbers in "w"/],
  ])('for their %s say why', (_, broken, message) => {
    expect(() => template(broken)).toThrow(expect.objectContaining({ kind: 'network' }));
    expect(() => template(broken)).toThrow(message);
  });

  it('for having no layers say so', () => {
    const m = model([picture]);
    const graph = { ...m.graph, nodes: [makeNode('GlobalAveragePool', ['x'], 'z')] };
    expect(() => template({ ...m, graph })).toThrow(/no convolutional layers/);
  });
});

describe('a models folder', () => {
  let folder: string;
  const weights = writeSafetensors(
    new Map([
      ['conv1_1.weight', floatTensor([1, 3, 3, 3], new Float32Array(27).fill(0.1))],
      ['conv1_1.bias', floatTensor([1], [0])],
    ]),
  );
  const manifest = {
    version: 1,
    id: 'tiny',
    name: 'Tiny',
    sha256: createHash('sha256').update(weights).digest('hex'),
    architecture: 'plain',
    normalization: IMAGENET_NORMALIZATION,
    layers: [{ name: 'dabs', label: 'dabs of paint', tensor: 'relu1_1' }],
    styleLayers: { dabs: 1 },
    contentLayers: { dabs: 1 },
    licence: '',
    citation: '',
    description: '',
    source: '',
  };
  const describeAs = (changes: object, file = 'tiny.json') =>
    writeFile(join(folder, file), JSON.stringify({ ...manifest, ...changes }));
  const load = (id: string) => loadNetwork(id, { modelsFolders: [folder, bundledModelsFolder()] });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'madder-'));
    await writeFile(join(folder, 'tiny.safetensors'), weights);
  });
  beforeEach(() => describeAs({}));
  afterAll(() => rm(folder, { recursive: true }));

  it('gives layers the names and labels of the description', async () => {
    const { layers } = await load('tiny');
    expect(layers.map((l) => [l.name, l.label])).toEqual([
      ['conv1_1', 'finest strokes'],
      ['dabs', 'dabs of paint'],
    ]);
  });

  it('says which networks there are when asked for another', async () => {
    await expect(load('vgg23')).rejects.toThrow(
      /^There is no network "vgg23"; the networks there are: madder-random-vgg, madder-resnet-robust, madder-resnet-standard, madder-vgg, .*tiny/,
    );
    await expect(load('../tiny')).rejects.toThrow(/no network "\.\.\/tiny"/);
  });

  it('refuses weights that are not those described', async () => {
    await describeAs({ sha256: '0'.repeat(64) });
    await expect(load('tiny')).rejects.toThrow(/not the file that its description names/);
  });

  it('refuses another architecture than is described', async () => {
    await describeAs({ architecture: 'vgg19' });
    await expect(load('tiny')).rejects.toThrow(/holds the architecture plain, its description says vgg19/);
  });

  it('refuses layers that do not exist', async () => {
    await describeAs({ styleLayers: { relu9_9: 1 } });
    await expect(load('tiny')).rejects.toThrow(/no layer "relu9_9"/);
  });

  it('refuses a description that is not one, and does not list it', async () => {
    await describeAs({ normalization: { ...IMAGENET_NORMALIZATION, std: [0, 1, 1] } });
    await expect(load('tiny')).rejects.toThrow(/tiny\.json is not a network description \(normalization\.std\.0: /);
    expect((await listNetworks([folder])).map((m) => m.id)).toEqual([]);
    await writeFile(join(folder, 'tiny.json'), '{');
    await expect(load('tiny')).rejects.toThrow(/not a network description/);
  });

  it('refuses a description under another name', async () => {
    await describeAs({}, 'small.json');
    await copyFile(join(folder, 'tiny.safetensors'), join(folder, 'small.safetensors'));
    await expect(load('small')).rejects.toThrow(/describes the network "tiny"/);
  });
});
