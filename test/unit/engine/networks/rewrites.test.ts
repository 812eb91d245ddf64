import { beforeAll, describe, expect, it } from 'vitest';
import { loadNetwork } from '../../../../src/main/engine/networks/load.ts';
import type { Network } from '../../../../src/main/engine/networks/network.ts';
import { applyRewrites } from '../../../../src/main/engine/networks/rewrites/apply.ts';
import { appendBackward } from '../../../../src/main/engine/autodiff/reverse.ts';
import { Graph } from '../../../../src/main/engine/graph/graph.ts';
import { inlineTemplate } from '../../../../src/main/engine/graph/inline.ts';
import { rewriteSchema, type Rewrite } from '../../../../src/shared/rewrites.ts';
import { floatTensor, type Tensor } from '../../../../src/shared/tensor.ts';
import { evaluate } from '../../../reference/evaluator.ts';
import { goldenPath, inlinedDims, readGolden, relativeError, runTemplate } from './golden.ts';

const image = noise([1, 3, 37, 45]);
let vgg: Network;
let resnet: Network;
beforeAll(async () => {
  vgg = await loadNetwork(goldenPath('vgg19-thin-maxpool.weights.safetensors'));
  resnet = await loadNetwork(goldenPath('resnet18-thin.weights.safetensors'));
});

describe('pooling', () => {
  it('exchanged for average pooling everywhere, VGG-19 computes what PyTorch does', async () => {
    const golden = await readGolden(goldenPath('vgg19-thin-avgpool.golden.safetensors'));
    const { normalization } = golden;
    const loaded = await loadNetwork(goldenPath('vgg19-thin-maxpool.weights.safetensors'), { normalization });
    const network = applyRewrites(loaded, [{ pooling: { kind: 'average' } }]);
    const taps = Object.keys(golden.taps);
    const values = await runTemplate(network, golden.image, taps);
    for (const tap of taps) expect(relativeError(values.get(tap)!, golden.activation(tap)), tap).toBeLessThan(1e-5);
  });

  it.each([
    ['max', (values: number[]) => Math.max(...values)],
    ['average', (values: number[]) => values.reduce((s, v) => s + v, 0) / values.length],
    ['l2', (values: number[]) => Math.sqrt(values.reduce((s, v) => s + v * v, 0) / values.length + 1e-12)],
  ] as const)('of kind %s takes the same windows, counts only what lies inside, and is scaled', async (kind, pool) => {
    // 3x3 windows, stride 2, padding 1: most windows at the edges are cut.
    const network = applyRewrites(resnet, [{ pooling: { kind, scale: 1.5 } }]);
    const values = await runTemplate(network, image, ['relu1', 'pool1']);
    const [x, y] = [values.get('relu1')!, values.get('pool1')!];
    const [, channels, height, width] = x.dims as [number, number, number, number];
    const expected: number[] = [];
    for (let c = 0; c < channels; c++) {
      for (let row = 0; row < y.dims[2]!; row++) {
        for (let column = 0; column < y.dims[3]!; column++) {
          const window: number[] = [];
          for (let i = 2 * row - 1; i <= 2 * row + 1; i++) {
            for (let j = 2 * column - 1; j <= 2 * column + 1; j++) {
              if (i >= 0 && i < height && j >= 0 && j < width) window.push(x.data[(c * height + i) * width + j]!);
            }
          }
          expected.push(1.5 * pool(window));
        }
      }
    }
    expect(relativeError(y, floatTensor(y.dims, expected))).toBeLessThan(1e-6);
  });

  it('is exchanged in the named layers alone, and the last rewrite of a layer counts', () => {
    const network = applyRewrites(vgg, [
      { pooling: { kind: 'l2' } },
      { pooling: { kind: 'average' } },
      { pooling: { kind: 'max', layers: ['pool3'] } },
    ]);
    const kinds = [1, 2, 3].map((i) => network.graph.nodes.find((n) => n.outputs[0] === `pool${i}`)!.op);
    expect(kinds).toEqual(['AveragePool', 'AveragePool', 'MaxPool']);
  });

  it('of a layer that is no pooling is refused, with those there are', () => {
    const act = () => applyRewrites(vgg, [{ pooling: { kind: 'max', layers: ['relu1_1'] } }]);
    expect(act).toThrow(/"relu1_1".*is no pooling; its poolings are pool1, pool2, pool3, pool4, pool5/);
    expect(() => applyRewrites(vgg, [{ pooling: { kind: 'max', layers: ['pool7'] } }])).toThrow(/no layer "pool7"/);
  });

  it('with gaps in its windows is refused', () => {
    const nodes = vgg.graph.nodes.map((n) =>
      n.op === 'MaxPool' ? { ...n, attributes: { ...n.attributes, dilations: [2, 2] } } : n,
    );
    const dilated = { ...vgg, graph: { ...vgg.graph, nodes } };
    expect(() => applyRewrites(dilated, [{ pooling: { kind: 'average' } }])).toThrow(/"pool1" has gaps/);
  });
});

describe('blurred strides', () => {
  /** Σ_t b_t x_(2i + t) in both axes with b = (1, 2, 1)/4 as two means of two; `last` is the last place that there is. */
  const blurred = (x: Tensor<'float32'>, size: readonly number[], last: readonly number[]): Tensor<'float32'> => {
    const [, channels, height, width] = x.dims as [number, number, number, number];
    const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    const taps = (i: number, end: number) => [2 * i, 2 * i + 1].filter((q) => q <= end);
    const pairs = (q: number) => [q - 1, q].filter((p) => p >= 0);
    const data: number[] = [];
    for (let c = 0; c < channels; c++) {
      const at = (y: number, v: number) => x.data[(c * height + y) * width + v]!;
      const soft = (y: number, v: number) =>
        mean(pairs(y).map((row) => mean(pairs(v).map((column) => at(row, column)))));
      for (let i = 0; i < size[2]!; i++) {
        for (let j = 0; j < size[3]!; j++) {
          data.push(mean(taps(i, last[0]!).map((y) => mean(taps(j, last[1]!).map((v) => soft(y, v))))));
        }
      }
    }
    return floatTensor([...size], data);
  };

  it.each([
    [37, 45],
    [36, 50],
    [33, 48],
  ])('of max pooling are those of the dense maximum, at %i x %i px', async (height, width) => {
    const picture = noise([1, 3, height, width]);
    const network = applyRewrites(resnet, [{ pooling: { kind: 'blur', scale: 0.5 } }]);
    const { relu1, pool1 } = Object.fromEntries(await runTemplate(network, picture, ['relu1', 'pool1']));
    const [, channels, tall, wide] = relu1!.dims as [number, number, number, number];
    // 3x3 windows with a padding of 1, at every position.
    const dense = new Float32Array(relu1!.data.length).fill(-Infinity);
    dense.forEach((_, i) => {
      const [plane, row, column] = [Math.floor(i / (tall * wide)), Math.floor(i / wide) % tall, i % wide];
      for (let y = Math.max(row - 1, 0); y <= Math.min(row + 1, tall - 1); y++) {
        for (let v = Math.max(column - 1, 0); v <= Math.min(column + 1, wide - 1); v++) {
          dense[i] = Math.max(dense[i]!, relu1!.data[(plane * tall + y) * wide + v]!);
        }
      }
    });
    const expected = blurred(floatTensor([1, channels, tall, wide], dense), pool1!.dims, [tall - 1, wide - 1]);
    const halfAsMuch = expected.data.map((v) => v / 2);
    expect(relativeError(pool1!, floatTensor(expected.dims, halfAsMuch))).toBeLessThan(1e-6);
    const before = (await runTemplate(resnet, picture, ['pool1'])).get('pool1')!;
    expect(pool1!.dims).toEqual(before.dims);
  });

  it('leave every layer as large as it was, in all octaves, however little is left', () => {
    for (const [original, remedies] of [
      [vgg, [{ pooling: { kind: 'blur' } }]],
      [resnet, [{ pooling: { kind: 'blur' } }, { shortcuts: 'average' }, { strides: 'blur' }]],
      [resnet, [{ shortcuts: 'blur' }]],
    ] as const) {
      for (const dims of [
        [1, 3, 64, 96],
        [1, 3, 51, 67],
        [1, 3, 32, 49],
      ]) {
        const [then, now] = [[], remedies].map((rewrites) => {
          const network = applyRewrites(original, [...rewrites, { octaves: 3 }]);
          const names = network.layers.map((l) => l.tensor);
          return inlinedDims(network, dims, names);
        });
        expect(now).toEqual(then);
      }
    }
  });

  it('of a shortcut read the mean of four positions, or a blur, before the same weights', async () => {
    const { inputs } = resnet.graph.nodes.find((n) => n.outputs[0] === 'layer2.0.downsample')!;
    const [weight, bias] = inputs.slice(1).map((name) => resnet.graph.initializers.get(name)!);
    for (const kind of ['average', 'blur'] as const) {
      const network = applyRewrites(resnet, [{ shortcuts: kind }]);
      const values = await runTemplate(network, image, [inputs[0]!, 'layer2.0.downsample']);
      const [x, y] = [values.get(inputs[0]!)!, values.get('layer2.0.downsample')!];
      const [, before, tall, wide] = x.dims as [number, number, number, number];
      const [, channels, height, width] = y.dims as [number, number, number, number];
      expect([height, width]).toEqual([Math.ceil(tall / 2), Math.ceil(wide / 2)]);
      const last = [tall - 1, wide - 1];
      const read = kind === 'average' ? halved(x) : blurred(x, [1, before, height, width], last);
      const expected = Float32Array.from({ length: y.data.length }, (_, i) => {
        const [c, at] = [Math.floor(i / (height * width)), i % (height * width)];
        let sum = Number(bias!.data[c]);
        for (let k = 0; k < before; k++)
          sum += Number(weight!.data[c * before + k]) * read.data[k * height * width + at]!;
        return sum;
      });
      expect(relativeError(y, floatTensor([1, channels, height, width], expected))).toBeLessThan(1e-5);
    }
  });

  it('of a convolution are those of the same convolution at every position', async () => {
    const network = applyRewrites(resnet, [{ strides: 'blur' }]);
    const nodes = resnet.graph.nodes.map((n) =>
      n.outputs[0] === 'conv1' ? { ...n, attributes: { ...n.attributes, strides: [1, 1] } } : n,
    );
    const dense = (await runTemplate({ ...resnet, graph: { ...resnet.graph, nodes } }, image, ['conv1'])).get('conv1')!;
    const actual = (await runTemplate(network, image, ['conv1'])).get('conv1')!;
    // The second mean looks one position beyond the far edge, where the first one still reads what is there.
    const last = [dense.dims[2]! - 1, dense.dims[3]! - 1];
    expect(relativeError(actual, blurred(dense, actual.dims, last))).toBeLessThan(1e-6);
    const strided = network.graph.nodes.filter(
      (n) => n.op === 'Conv' && JSON.stringify(n.attributes['strides']) === '[2,2]',
    );
    // Shortcuts are 1x1 and a change of their own.
    expect(strided.map((n) => n.outputs[0])).toEqual(
      resnet.graph.nodes.flatMap((n) => (n.outputs[0]!.endsWith('downsample') ? [n.outputs[0]!] : [])),
    );
  });

  it('spread an even gradient evenly, which strided windows do not', () => {
    const unevenness = (rewrites: readonly Rewrite[]): number => {
      const graph = new Graph();
      const picture = graph.input('image', 'float32', [1, 3, 40, 40]);
      const network = applyRewrites(resnet, rewrites);
      const conv1 = inlineTemplate(graph, network.graph, new Map([[network.input, picture]]), ['conv1']).get('conv1')!;
      const ones = graph.constant(floatTensor(graph.dims(conv1), new Float32Array(graph.size(conv1)).fill(1)));
      const gradient = appendBackward(graph, new Map([[conv1, ones]]), picture);
      const feeds = { image: { dims: [1, 3, 40, 40], data: new Float64Array(3 * 40 * 40) } };
      const values = evaluate(graph, feeds, [gradient])[gradient]!.data;
      // One channel, far enough from the edges: no window is cut there.
      const inner = Array.from({ length: 16 * 16 }, (_, i) => values[(12 + Math.floor(i / 16)) * 40 + 12 + (i % 16)]!);
      return (Math.max(...inner) - Math.min(...inner)) / Math.max(...inner.map(Math.abs));
    };
    expect(unevenness([])).toBeGreaterThan(0.1);
    expect(unevenness([{ strides: 'blur' }])).toBeLessThan(1e-6);
  });

  it('are refused where there is nothing to change, or windows leave gaps', () => {
    expect(() => applyRewrites(vgg, [{ strides: 'blur' }])).toThrow(/has no strided convolutions with windows/);
    expect(() => applyRewrites(vgg, [{ shortcuts: 'average' }])).toThrow(/has no strided 1x1 convolutions/);
    const nodes = vgg.graph.nodes.map((n) =>
      n.op === 'MaxPool' ? { ...n, attributes: { ...n.attributes, strides: [3, 3] } } : n,
    );
    const gaps = { ...vgg, graph: { ...vgg.graph, nodes } };
    expect(() => applyRewrites(gaps, [{ pooling: { kind: 'blur' } }])).toThrow(/strides that do not fit its windows/);
    const automatic = resnet.graph.nodes.map((n) =>
      n.op === 'Conv' ? { ...n, attributes: { ...n.attributes, auto_pad: 'SAME_UPPER' } } : n,
    );
    const same = { ...resnet, graph: { ...resnet.graph, nodes: automatic } };
    expect(() => applyRewrites(same, [{ strides: 'blur' }])).toThrow(/follow from its strides/);
  });
});

describe('padding of the first convolution', () => {
  it.each([
    ['reflect', (i: number, size: number) => (i < 0 ? -i : i >= size ? 2 * size - 2 - i : i)],
    ['edge', (i: number, size: number) => Math.min(Math.max(i, 0), size - 1)],
  ] as const)('by %s equals a picture padded so beforehand', async (padding, source) => {
    const network = applyRewrites(resnet, [{ firstPadding: padding }]);
    const rewritten = (await runTemplate(network, image, ['conv1'])).get('conv1')!;
    // A margin of 4, of which the convolution (7x7, stride 2, padding 3) reads 3; the outputs of the margin are cut off.
    const wide = (await runTemplate(resnet, padded(image, 4, source), ['conv1'])).get('conv1')!;
    expect(relativeError(rewritten, cut(wide, 2, rewritten.dims))).toBeLessThan(1e-6);
    const zero = (await runTemplate(resnet, image, ['conv1'])).get('conv1')!;
    expect(relativeError(rewritten, zero)).toBeGreaterThan(1e-3);
  });

  it('by zeros is the network as it was', () => {
    expect(applyRewrites(vgg, [{ firstPadding: 'zero' }]).graph).toEqual(vgg.graph);
  });
});

describe('identity gradient', () => {
  it('marks the values of the named ReLUs and leaves the graph alone', () => {
    const network = applyRewrites(resnet, [{ identityGradient: ['relu5_x', 'layer4.0'] }]);
    expect([...network.identityGradient]).toEqual(['layer4.1', 'layer4.0']);
    expect(network.graph.nodes).toEqual(resnet.graph.nodes);
    expect(resnet.identityGradient.size).toBe(0);
  });

  it('is refused where there is no ReLU', () => {
    expect(() => applyRewrites(resnet, [{ identityGradient: ['layer4.1.sum'] }])).toThrow(/not the result of a ReLU/);
    expect(() => applyRewrites(resnet, [{ identityGradient: ['relu9_x'] }])).toThrow(/no layer "relu9_x"/);
  });
});

describe('smoothing', () => {
  const softmax = (values: number[], temperature: number): number[] => {
    const powers = values.map((v) => Math.exp((v - Math.max(...values)) / temperature));
    const mean = powers.reduce((a, b) => a + b, 0) / powers.length;
    return powers.map((p) => p / mean);
  };

  it('reads a layer through the softmax of all its values, times their number', async () => {
    const network = applyRewrites(resnet, [{ smoothing: { over: 'all', temperature: 0.5, layers: ['relu3_x'] } }]);
    const tensor = network.layers.find((l) => l.name === 'relu3_x')!.tensor;
    const plain = resnet.layers.find((l) => l.name === 'relu3_x')!.tensor;
    const values = await runTemplate(network, image, [tensor, plain]);
    const x = values.get(plain)!;
    expect(relativeError(values.get(tensor)!, floatTensor(x.dims, softmax([...x.data], 0.5)))).toBeLessThan(1e-5);
  });

  it('or of the channels at each position, in every layer, the network behind them being the same', async () => {
    const network = applyRewrites(resnet, [{ smoothing: { over: 'channels' } }]);
    const tensorOf = (n: Network) => n.layers.find((l) => l.name === 'relu4_x')!.tensor;
    const values = await runTemplate(network, image, [tensorOf(network)]);
    const x = (await runTemplate(resnet, image, [tensorOf(resnet)])).get(tensorOf(resnet))!;
    const [, channels, height, width] = x.dims as [number, number, number, number];
    const expected = new Float32Array(x.data.length);
    for (let i = 0; i < height * width; i++) {
      const at = Array.from({ length: channels }, (_, c) => c * height * width + i);
      softmax(
        at.map((k) => x.data[k]!),
        1,
      ).forEach((v, c) => (expected[at[c]!] = v));
    }
    expect(relativeError(values.get(tensorOf(network))!, floatTensor(x.dims, expected))).toBeLessThan(1e-5);
    expect(network.layers.map((l) => l.name)).toEqual(resnet.layers.map((l) => l.name));
  });

  it('of a layer counts by its last rewrite, leaves pooling and ReLUs to be found, and holds in octaves', () => {
    const network = applyRewrites(vgg, [
      { smoothing: { over: 'all' } },
      { smoothing: { over: 'channels', temperature: 2, layers: ['relu1_1'] } },
      { pooling: { kind: 'average', layers: ['pool1'] } },
      { identityGradient: ['relu2_1'] },
      { octaves: 2 },
    ]);
    const producer = (name: string) => {
      const { tensor } = network.layers.find((l) => l.name === name)!;
      return network.graph.nodes.find((n) => n.outputs[0] === tensor)!.op;
    };
    expect([producer('relu1_1'), producer('pool1'), producer('relu1_1/2')]).toEqual(['Div', 'Div', 'Div']);
    const axes = network.graph.nodes.filter((n) => n.op === 'ReduceMean').map((n) => n.attributes['axes']);
    expect(axes).toHaveLength(2 * vgg.layers.length);
    expect(axes.filter((a) => JSON.stringify(a) === '[1]')).toHaveLength(2);
    expect(() => applyRewrites(vgg, [{ smoothing: { over: 'all', layers: ['relu9_9'] } }])).toThrow(/"relu9_9"/);
  });
});

describe('rewrites', () => {
  it('are recorded, and applied once', () => {
    const network = applyRewrites(vgg, [{ firstPadding: 'edge' }]);
    expect(network.rewrites).toEqual([{ firstPadding: 'edge' }]);
    expect(() => applyRewrites(network, [{ firstPadding: 'zero' }])).toThrow(/applied once/);
  });

  it('keep every layer where it was', () => {
    const network = applyRewrites(vgg, [{ pooling: { kind: 'l2', scale: 0.78 } }, { firstPadding: 'reflect' }]);
    expect(network.layers).toEqual(vgg.layers);
    const tensors = network.layers.map((l) => l.tensor);
    const [then, now] = [vgg, network].map((n) => inlinedDims(n, [1, 3, 33, 50], tensors));
    expect(now).toEqual(then);
  });

  it('are data, of which anything unknown is refused', () => {
    expect(rewriteSchema.parse({ pooling: { kind: 'l2', layers: ['pool1'] } })).toBeTruthy();
    expect(rewriteSchema.safeParse({ pooling: { kind: 'median' } }).success).toBe(false);
    expect(rewriteSchema.safeParse({ firstPadding: 'edge', extra: 1 }).success).toBe(false);
  });
});

describe('octaves', () => {
  it('are what the network sees in the picture averaged to half and quarter size, odd edges included', async () => {
    const network = applyRewrites(vgg, [{ octaves: 3 }]);
    const values = await runTemplate(network, image, ['relu1_1', 'relu3_1', 'relu1_2/2', 'relu2_1/4']);
    const half = halved(image);
    const alone = await runTemplate(vgg, half, ['relu1_2']);
    const smallest = await runTemplate(vgg, halved(half), ['relu2_1']);
    const whole = await runTemplate(vgg, image, ['relu1_1', 'relu3_1']);
    for (const [name, expected] of [
      ['relu1_1', whole.get('relu1_1')!],
      ['relu3_1', whole.get('relu3_1')!],
      ['relu1_2/2', alone.get('relu1_2')!],
      ['relu2_1/4', smallest.get('relu2_1')!],
    ] as const) {
      expect(relativeError(values.get(name)!, expected), name).toBeLessThan(1e-5);
    }
  });

  it('appear as layers that see as many times larger shapes, and in the usual style layers', () => {
    const network = applyRewrites(vgg, [{ octaves: 2 }]);
    expect(network.layers).toHaveLength(2 * vgg.layers.length);
    const [fine, coarse] = ['relu4_1', 'relu4_1/2'].map((name) => network.layers.find((l) => l.name === name)!);
    expect([coarse!.stride, coarse!.receptiveField]).toEqual([2 * fine!.stride, 2 * fine!.receptiveField]);
    expect(network.styleLayers['relu4_1/2']).toBe(vgg.styleLayers['relu4_1']);
    expect(network.contentLayers).toEqual(vgg.contentLayers);
  });

  it('come after the other rewrites, which hold in every size', async () => {
    const both = applyRewrites(vgg, [{ octaves: 2 }, { pooling: { kind: 'l2' } }, { identityGradient: ['relu2_1'] }]);
    const even = noise([1, 3, 32, 48]);
    const values = await runTemplate(both, even, ['pool2/2']);
    const expected = await runTemplate(applyRewrites(vgg, [{ pooling: { kind: 'l2' } }]), halved(even), ['pool2']);
    expect(relativeError(values.get('pool2/2')!, expected.get('pool2')!)).toBeLessThan(1e-5);
    expect(both.identityGradient.size).toBe(2);
  });

  it('keep what is left over at the edges of poolings, so that little pictures do not vanish', () => {
    const network = applyRewrites(vgg, [{ octaves: 3 }]);
    const [whole, quarter] = ['pool4', 'pool4/4'].map((name) => network.layers.find((l) => l.name === name)!.tensor);
    const [whole4, quarter4] = inlinedDims(network, [1, 3, 43, 64], [whole!, quarter!]);
    expect([whole4!.slice(2), quarter4!.slice(2)]).toEqual([
      [2, 4],
      [1, 1],
    ]);
    // However little is left: 24x16 px is one position long before the last pooling.
    expect(inlinedDims(network, [1, 3, 16, 24], [quarter!])[0]!.slice(2)).toEqual([1, 1]);
  });
});

function noise(dims: [number, number, number, number]): Tensor<'float32'> {
  const size = dims.reduce((n, d) => n * d, 1);
  return floatTensor(
    dims,
    Float32Array.from({ length: size }, (_, i) => ((i * 7919) % 101) / 101),
  );
}

/** The picture with a margin on every side, filled from within by index. */
function padded(x: Tensor<'float32'>, margin: number, source: (i: number, size: number) => number): Tensor<'float32'> {
  const [, channels, height, width] = x.dims as [number, number, number, number];
  const [tall, wide] = [height + 2 * margin, width + 2 * margin];
  const data = new Float32Array(channels * tall * wide);
  data.forEach((_, i) => {
    const [c, row, column] = [Math.floor(i / (tall * wide)), Math.floor(i / wide) % tall, i % wide];
    data[i] = x.data[(c * height + source(row - margin, height)) * width + source(column - margin, width)]!;
  });
  return floatTensor([1, channels, tall, wide], data);
}

/** The part of the given shape that begins `margin` below and right of the corner. */
function cut(x: Tensor<'float32'>, margin: number, dims: readonly number[]): Tensor<'float32'> {
  const [, channels, height, width] = dims as [number, number, number, number];
  const data = Float32Array.from({ length: channels * height * width }, (_, i) => {
    const [c, row, column] = [Math.floor(i / (height * width)), Math.floor(i / width) % height, i % width];
    return x.data[(c * x.dims[2]! + row + margin) * x.dims[3]! + column + margin]!;
  });
  return floatTensor(dims, data);
}

/** Means of 2x2 pixels; of those that there are at an odd edge. */
function halved(x: Tensor<'float32'>): Tensor<'float32'> {
  const [, channels, height, width] = x.dims as [number, number, number, number];
  const dims = [1, channels, Math.ceil(height / 2), Math.ceil(width / 2)] as const;
  const data = Float32Array.from({ length: channels * dims[2] * dims[3] }, (_, i) => {
    const [c, row, column] = [Math.floor(i / (dims[2] * dims[3])), Math.floor(i / dims[3]) % dims[2], i % dims[3]];
    const values = [0, 1]
      .flatMap((dy) => [0, 1].map((dx) => [2 * row + dy, 2 * column + dx] as const))
      .filter(([y, v]) => y < height && v < width)
      .map(([y, v]) => x.data[(c * height + y) * width + v]!);
    return values.reduce((a, b) => a + b, 0) / values.length;
  });
  return floatTensor(dims, data);
}
