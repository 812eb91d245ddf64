import { describe, expect, it } from 'vitest';
import { fieldsOf, findLayers, pickDefaults } from '../../../../src/main/engine/networks/layers.ts';
import { loadNetwork } from '../../../../src/main/engine/networks/load.ts';
import { findLayer, type Network } from '../../../../src/main/engine/networks/network.ts';
import { receptiveFields } from '../../../../src/main/engine/networks/receptive-fields.ts';
import { makeNode, pictureInput } from '../../../../src/main/engine/networks/template.ts';
import type { AttributeValue, OnnxGraph, OnnxNode } from '../../../../src/main/formats/onnx.ts';
import { elementCount, floatTensor, intTensor, type Tensor } from '../../../../src/shared/tensor.ts';
import { goldenPath, runTemplate } from './golden.ts';

describe('receptive fields', () => {
  it.each([
    // Worked out by hand: rf + (k - 1) * stride per layer, stride doubled per pooling; Gatys et al. use relu1_1 ... relu5_1.
    ['vgg19-thin-maxpool', { relu1_1: 3, relu2_1: 10, relu3_1: 24, relu4_1: 68, relu5_1: 156, relu5_4: 252 }],
    // Araujo et al. 2019, "Computing receptive fields of convolutional neural networks": VGG-16's last pooling sees 212.
    ['vgg16-thin', { relu5_3: 196, pool5: 212 }],
    // The same: AlexNet's last pooling sees 195, ResNet-50's last block 483 with the stride on the first 1x1; torchvision
    // puts it on the 3x3 convolution, which gives 427.
    ['alexnet-thin', { relu_1: 11, relu_5: 163, pool_5: 195 }],
    ['resnet50-thin', { relu1: 7, pool1: 11, relu2_x: 35, relu3_x: 91, relu4_x: 267, relu5_x: 427 }],
    ['resnet18-thin', { relu2_x: 43, relu3_x: 99, relu4_x: 211, relu5_x: 435 }],
    // By hand again. Small pictures are seen by 3x3 convolutions of stride 1, 2 and 4.
    ['cifar_resnet20-thin', { relu1: 3, relu2_x: 15, relu3_x: 37, relu4_x: 81 }],
    ['googlenet-thin', { conv1: 7, conv2: 11, conv3: 19, inception3a: 43, inception4a: 107 }],
    ['densenet121-thin', { relu0: 7, pool0: 11, denseblock1: 59, transition1: 63 }],
    ['mobilenet_v2-thin', { 'features.0': 3, 'features.1': 7, 'features.2': 11, 'features.3': 19 }],
    ['shufflenet_v2-thin', { conv1: 3, maxpool: 7, 'stage2.0': 15, stage2: 63 }],
    ['mnasnet-thin', { 'layers.5': 7, 'layers.8.0': 11, 'layers.8': 27, 'layers.9.0': 43 }],
  ])('of %s are those of the literature', async (file, expected) => {
    const network = await loadNetwork(goldenPath(`${file}.weights.safetensors`));
    const found = Object.keys(expected).map((name) => [name, findLayer(network, name).receptiveField]);
    expect(Object.fromEntries(found)).toEqual(expected);
  });

  it.each([
    ['vgg19-thin-maxpool', 'conv5_1'],
    ['alexnet-thin', 'conv_5'],
    ['resnet18-thin', 'layer3.1.sum'],
    ['resnet50-thin', 'layer4.0.sum'],
    ['cifar_resnet20-thin', 'layer3.0.sum'],
    ['googlenet-thin', 'inception4a.pre'],
    ['densenet121-thin', 'transition1'],
    ['mobilenet_v2-thin', 'features.7'],
    ['shufflenet_v2-thin', 'stage2.3'],
    ['mnasnet-thin', 'layers.9.0'],
  ])('of %s at %s are where changes of the picture arrive', async (file, name) => {
    const network = await loadNetwork(goldenPath(`${file}.weights.safetensors`));
    const { tensor, stride } = findLayer(network, name);
    const field = fieldsOf(network.graph, network.input).get(tensor)!;
    const width = 640;
    const column = Math.round(width / 2 / stride);
    const [first, last] = [column * stride + field.first[1], column * stride + field.last[1]];
    const change = await changesAt(network, tensor, column, width);
    expect(await change((x) => x < first)).toBe(false);
    expect(await change((x) => x <= first)).toBe(true);
    expect(await change((x) => x > last)).toBe(false);
    expect(await change((x) => x >= last)).toBe(true);
  });
});

describe('layers of ONNX networks', () => {
  it.each(['vgg16-thin', 'vgg19-thin-maxpool'])('%s gets the layers that its weights alone give', async (file) => {
    const [fromOnnx, fromWeights] = await Promise.all([
      loadNetwork(goldenPath(`${file}.onnx`)),
      loadNetwork(goldenPath(`${file}.weights.safetensors`)),
    ]);
    const facts = ({ layers }: Network) => layers.map(({ tensor: _, ...layer }) => layer);
    expect(facts(fromOnnx)).toEqual(facts(fromWeights));
    expect(fromOnnx.styleLayers).toEqual(fromWeights.styleLayers);
  });

  it.each([
    ['alexnet-thin', { conv_1: 'conv1_1', relu_1: 'relu1_1', pool_2: 'pool2', relu_4: 'relu3_2', relu_5: 'relu3_3' }],
    [
      'resnet18-thin',
      { relu1: 'stage1.act1', relu2_x: 'stage2.block2', relu3_x: 'stage3.block2', relu5_x: 'stage5.block2' },
    ],
    ['resnet50-thin', { relu2_x: 'stage2.block3', relu4_x: 'stage4.block6', 'layer4.1.sum': 'stage5.block2.pre' }],
  ])('%s gets readable names for the same places', async (file, names) => {
    const [fromOnnx, fromWeights] = await Promise.all([
      loadNetwork(goldenPath(`${file}.onnx`)),
      loadNetwork(goldenPath(`${file}.weights.safetensors`)),
    ]);
    for (const [known, found] of Object.entries(names)) {
      const { name: _n, tensor: _t, ...facts } = findLayer(fromWeights, known);
      expect(findLayer(fromOnnx, found), found).toMatchObject(facts);
    }
    expect(Object.keys(fromOnnx.styleLayers)).toHaveLength(5);
    const fields = fromOnnx.layers.map((l) => l.receptiveField);
    expect(fields).toEqual(fields.toSorted((a, b) => a - b));
  });

  it('picks the last block of each stage of a ResNet, and a block two thirds deep for content', async () => {
    const { styleLayers, contentLayers } = await loadNetwork(goldenPath('resnet50-thin.onnx'));
    const picked = ['stage1.act1', 'stage2.block3', 'stage3.block4', 'stage4.block6', 'stage5.block3'];
    expect(Object.keys(styleLayers)).toEqual(picked);
    expect(Object.keys(contentLayers)).toEqual(['stage4.block4']);
  });

  it('takes a gate and what it gates for one activation', () => {
    const silu = sketch((g) => {
      const x = g.conv('picture', 'conv', 3, 8);
      g.node('Mul', [x, g.node('Sigmoid', [x], 'gate')], 'silu');
      const y = g.conv('silu', 'conv2', 8, 8);
      const inner = g.node('Clip', [g.node('Add', [y, g.constant('three', [3])], 'shifted')], 'clipped');
      g.node('Mul', [g.node('Div', [inner, g.constant('six', [6])], 'sixth'), y], 'swish');
      const z = g.conv('swish', 'conv3', 8, 8);
      const erf = g.node('Erf', [g.node('Div', [z, g.constant('root', [1.41])], 'scaled')], 'erf');
      g.node('Mul', [z, g.node('Add', [erf, g.constant('one', [1])], 'bell')], 'gelu');
    });
    expect(summary(silu)).toEqual([
      'conv1_1 pre-activation conv',
      'relu1_1 activation silu',
      'conv1_2 pre-activation conv2',
      'relu1_2 activation swish',
      'conv1_3 pre-activation conv3',
      'relu1_3 activation gelu',
    ]);
  });

  it('finds residual sums without activation, and branches that meet', () => {
    const graph = sketch((g) => {
      const stem = g.node('Relu', [g.conv('picture', 'stem', 3, 8, { strides: [2, 2] })], 'stem.relu');
      const linear = g.node('Add', [g.conv(stem, 'branch', 8, 8), stem], 'sum');
      const pooled = g.node('MaxPool', [linear], 'same', { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [1, 1] });
      const left = g.node('Relu', [g.conv(linear, 'left', 8, 4)], 'left.relu');
      const right = g.node('Relu', [g.conv(pooled, 'right', 8, 6)], 'right.relu');
      const join = g.node('Concat', [left, right], 'join', { axis: 1 });
      g.node('AveragePool', [join], 'down', { kernel_shape: [2, 2], strides: [2, 2] });
    });
    const layers = findLayers(graph, 'picture');
    expect(summary(graph)).toEqual([
      'stage1.act1.pre pre-activation stem',
      'stage1.act1 activation stem.relu',
      'stage1.block1 block sum',
      'stage1.act2.pre pre-activation left',
      'stage1.act2 activation left.relu',
      'stage1.act3.pre pre-activation right',
      'stage1.act3 activation right.relu',
      'stage1.block2 block join',
      'stage2.pool1 pool down',
    ]);
    expect(layers.find((l) => l.tensor === 'join')).toMatchObject({ channels: 10, stride: 2, receptiveField: 15 });
  });

  it('leaves out what sees the whole picture, and what comes before the first convolution', () => {
    const graph = sketch((g) => {
      const clamped = g.node('Clip', ['picture'], 'clamped');
      const x = g.node('Relu', [g.conv(clamped, 'conv', 3, 4)], 'relu');
      const pooled = g.node('GlobalAveragePool', [x], 'pooled');
      const gated = g.node('Mul', [x, g.node('Sigmoid', [pooled], 'excite')], 'gated');
      g.node('Relu', [g.conv(gated, 'conv2', 4, 4)], 'relu2');
      g.node('Relu', [g.node('Gemm', [g.node('Flatten', [pooled], 'flat'), g.constant('w', [1])], 'fc')], 'relu3');
    });
    expect(findLayers(graph, 'picture').map((l) => l.tensor)).toEqual(['conv', 'relu']);
  });

  it('follows dilation, padding, enlargement and rectangular windows', () => {
    const graph = sketch((g) => {
      const pads = g.ints('pads', [0, 0, 2, 2, 0, 0, 2, 2]);
      const padded = g.node('Pad', ['picture', pads], 'padded', { mode: 'reflect' });
      const x = g.conv(padded, 'dilated', 3, 4, { dilations: [2, 2], pads: [0, 0, 0, 0] });
      const small = g.node('MaxPool', [x], 'small', { kernel_shape: [4, 2], strides: [2, 2] });
      const up = g.node('Resize', [small, '', g.constant('scales', [1, 1, 2, 2])], 'up', { mode: 'nearest' });
      g.node('Relu', [up], 'relu');
    });
    const fields = receptiveFields(graph, 'picture');
    expect(fields.get('dilated')).toMatchObject({ stride: [1, 1], first: [-2, -2], last: [2, 2], channels: 4 });
    expect(fields.get('small')).toMatchObject({ stride: [2, 2], first: [-2, -2], last: [5, 3] });
    expect(fields.get('relu')).toMatchObject({ stride: [1, 1], first: [-4, -4], last: [7, 5] });
    expect(findLayers(graph, 'picture').find((l) => l.tensor === 'small')!.receptiveField).toBe(8);
  });

  it('follows shortcuts that skip positions and add empty channels (CIFAR ResNets)', () => {
    const graph = sketch((g) => {
      const x = g.conv('picture', 'conv', 3, 4);
      const slice = [g.ints('from', [0, 1]), g.ints('to', [9999, 9999]), g.ints('axes', [2, -1]), g.ints('by', [2, 2])];
      const skipped = g.node('Slice', [x, ...slice], 'skipped');
      const pads = [g.ints('pads', [2, 2]), '', g.ints('channels', [1])];
      g.node('Relu', [g.node('Pad', [skipped, ...pads], 'widened')], 'relu');
      g.node('Slice', [x, g.ints('end', [-3]), g.ints('stop', [9999]), g.ints('axis', [2])], 'from the end');
    });
    const fields = receptiveFields(graph, 'picture');
    expect(fields.get('relu')).toMatchObject({ channels: 8, stride: [2, 2], first: [-1, 0], last: [1, 2] });
    expect(fields.has('from the end')).toBe(false);
  });

  it('follows transposed convolutions: every output sees the inputs whose windows cover it', () => {
    const graph = sketch((g) => {
      const w = g.weight('w', [4, 5, 4, 4]);
      g.node('ConvTranspose', [g.conv('picture', 'conv', 3, 4, { strides: [2, 2] }), w], 'wide', {
        strides: [2, 2],
        pads: [1, 1, 1, 1],
      });
    });
    // Output q gathers from p with q + 1 - 2p in 0..3, each p seeing pixels 2p - 1 ... 2p + 1.
    expect(receptiveFields(graph, 'picture').get('wide')).toMatchObject({
      channels: 5,
      stride: [1, 1],
      first: [-3, -3],
      last: [2, 2],
    });
  });

  it('picks at most five layers for style, spread over the depth where there is one stride only', () => {
    const graph = sketch((g) => {
      let x = 'picture';
      for (let i = 1; i <= 9; i++) x = g.node('Relu', [g.conv(x, `c${i}`, i === 1 ? 3 : 4, 4)], `r${i}`);
    });
    const { styleLayers, contentLayers } = pickDefaults(findLayers(graph, 'picture'));
    expect(Object.keys(styleLayers)).toEqual(['relu1_1', 'relu1_3', 'relu1_5', 'relu1_7', 'relu1_9']);
    expect(contentLayers).toEqual({ relu1_6: 1 });
  });
});

describe('findLayer', () => {
  it('says which names come close', async () => {
    const network = await loadNetwork(goldenPath('vgg16-thin.weights.safetensors'));
    const act = () => findLayer(network, 'relu41');
    expect(act).toThrow(/^The network vgg16-thin\.weights has no layer "relu41"; the closest names are relu4_1, /);
    expect(act).toThrow(expect.objectContaining({ kind: 'input' }));
  });
});

/** Tells whether a column of features changes when the picture's columns that a condition names do. */
async function changesAt(network: Network, tensor: string, column: number, width: number) {
  const height = 48;
  const image = (isChanged: (x: number) => boolean) =>
    floatTensor(
      [1, 3, height, width],
      Float32Array.from({ length: 3 * height * width }, (_, i) => {
        const noise = ((i * 7919) % 101) / 101;
        return isChanged(i % width) ? 200 * noise - 100 : noise;
      }),
    );
  const featuresOf = async (isChanged: (x: number) => boolean) => {
    const { dims, data } = (await runTemplate(network, image(isChanged), [tensor])).get(tensor)!;
    return [...data].filter((_, i) => i % dims[3]! === column);
  };
  const before = await featuresOf(() => false);
  return async (isChanged: (x: number) => boolean): Promise<boolean> => {
    const after = await featuresOf(isChanged);
    return after.some((v, i) => v !== before[i]);
  };
}

const summary = (graph: OnnxGraph) =>
  findLayers(graph, 'picture').map(({ name, kind, tensor }) => `${name} ${kind} ${tensor}`);

/** A graph written by hand; weights are zero. */
function sketch(write: (g: Sketch) => void): OnnxGraph {
  const g = new Sketch();
  write(g);
  return { name: '', nodes: g.nodes, initializers: g.initializers, inputs: [pictureInput('picture')], outputs: [] };
}

class Sketch {
  readonly nodes: OnnxNode[] = [];
  readonly initializers = new Map<string, Tensor>();

  node(op: string, inputs: string[], output: string, attributes: Record<string, AttributeValue> = {}): string {
    this.nodes.push(makeNode(op, inputs, output, attributes));
    return output;
  }

  /** A 3x3 convolution, padded by 1 unless the attributes say otherwise. */
  conv(x: string, name: string, from: number, to: number, attributes: Record<string, AttributeValue> = {}): string {
    const w = this.weight(`${name}.w`, [to, from, 3, 3]);
    return this.node('Conv', [x, w], name, { pads: [1, 1, 1, 1], ...attributes });
  }

  weight(name: string, dims: number[]): string {
    this.initializers.set(name, floatTensor(dims, new Float32Array(elementCount(dims))));
    return name;
  }

  constant(name: string, values: number[]): string {
    this.initializers.set(name, floatTensor([values.length], values));
    return name;
  }

  ints(name: string, values: number[]): string {
    this.initializers.set(name, intTensor(values));
    return name;
  }
}
