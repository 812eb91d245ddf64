import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Graph } from '../../../../src/main/engine/graph/graph.ts';
import { inlineTemplate } from '../../../../src/main/engine/graph/inline.ts';
import { float32ToFloat16 } from '../../../../src/main/formats/half.ts';
import { readOnnxFile } from '../../../../src/main/formats/onnx-file.ts';
import type { AttributeValue, OnnxGraph, OnnxModel, OnnxNode } from '../../../../src/main/formats/onnx.ts';
import { MadderError } from '../../../../src/shared/errors.ts';
import { floatTensor, intTensor, type Tensor } from '../../../../src/shared/tensor.ts';
import { Random } from '../../../support/random.ts';
import { compareInlined, deviation, feedsOf, inlinedModel, oneNode, randomFloats, runOnnx } from './onnx-runs.ts';

const node = (
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Record<string, AttributeValue> = {},
): OnnxNode => ({ op, domain: '', name: op, inputs, outputs, attributes });

const template = (nodes: readonly OnnxNode[], initializers: Record<string, Tensor> = {}): OnnxGraph => ({
  name: 'template',
  nodes,
  initializers: new Map(Object.entries(initializers)),
  inputs: [{ name: 'x', type: 'float32', dims: [1, 3, 'height', 'width'] }],
  outputs: [],
});

/** A graph with the input `picture` and the template inlined for it. */
function inlined(graph: OnnxGraph, wanted: readonly string[], dims: readonly number[] = [1, 3, 8, 6]) {
  const target = new Graph();
  const picture = target.input('picture', 'float32', dims);
  return { target, names: inlineTemplate(target, graph, new Map([['x', picture]]), wanted, 'net/') };
}

const operators = (graph: Graph): string[] => graph.nodes.map((n) => n.op);

describe('inlineTemplate', () => {
  it('replays exactly what is wanted, under prefixed names', () => {
    const { target, names } = inlined(
      template([node('Relu', ['x'], ['a']), node('Sigmoid', ['a'], ['b']), node('Tanh', ['a'], ['c'])], {
        unused: floatTensor([1], [1]),
      }),
      ['b'],
    );
    expect(operators(target)).toEqual(['Relu', 'Sigmoid']);
    expect([...names].sort()).toEqual([
      ['a', 'net/a'],
      ['b', 'net/b'],
      ['x', 'picture'],
    ]);
    expect(target.initializers.size).toBe(0);
    expect(target.nodes[0]!.name).toBe('net/a');
  });

  it('folds shape arithmetic and skips what does nothing', () => {
    // torch: x.view(x.size(0), -1), behind the usual no-operations
    const nodes = [
      node('Identity', ['x'], ['i']),
      node('Dropout', ['i'], ['d', 'mask']),
      node('Cast', ['d'], ['float'], { to: 1 }),
      node('Pad', ['float', 'none'], ['p']),
      node('Slice', ['p', 'zero', 'end', 'zero'], ['s']),
      node('Transpose', ['s'], ['t'], { perm: [0, 1, 2, 3] }),
      node('Shape', ['t'], ['shape']),
      node('Gather', ['shape', 'first'], ['n'], { axis: 0 }),
      node('Unsqueeze', ['n', 'zero'], ['n1']),
      node('Concat', ['n1', 'rest'], ['wanted'], { axis: 0 }),
      node('Reshape', ['t', 'wanted'], ['flat']),
      node('Flatten', ['flat'], ['again']),
      node('Relu', ['again'], ['y']),
    ];
    const constants = {
      none: intTensor(new Array(8).fill(0)),
      zero: intTensor([0]),
      end: intTensor([1000]),
      first: intTensor([0], []),
      rest: intTensor([-1]),
    };
    const { target, names } = inlined(template(nodes, constants), ['y', 'float', 'wanted']);
    expect(operators(target)).toEqual(['Reshape', 'Relu']);
    expect(target.dims(names.get('y')!)).toEqual([1, 144]);
    expect(names.get('float')).toBe('picture');
    expect(target.tensor(names.get('wanted')!)).toEqual(intTensor([1, -1]));
  });

  it('adds constants once and as float32, also when a network is replayed twice', () => {
    const half: Tensor = { type: 'float16', dims: [3, 1, 1], data: float32ToFloat16(Float32Array.of(1, 0.5, -2)) };
    const weights = floatTensor([3, 1, 1], [1, 2, 3]);
    const graph = template(
      [
        node('Cast', ['x'], ['h'], { to: 10 }),
        node('Mul', ['h', 'half'], ['a']),
        node('Add', ['a', 'weights'], ['b']),
        node('Mul', ['b', 'weights'], ['c']),
      ],
      { half, weights },
    );
    const { target } = inlined(graph, ['c']);
    expect(operators(target)).toEqual(['Mul', 'Add', 'Mul']);
    expect(target.initializers).toEqual(
      new Map([
        ['net/half', floatTensor([3, 1, 1], [1, 0.5, -2])],
        ['net/weights', weights],
      ]),
    );
    const second = inlineTemplate(target, graph, new Map([['x', 'picture']]), ['c'], 'net/');
    expect(second.get('weights')).toBe('net/weights');
    expect(second.get('c')).not.toBe('net/c');
  });

  it('starts at any bound value', () => {
    const target = new Graph();
    target.input('features', 'float32', [1, 4, 2, 2]);
    const graph = template([node('Conv', ['x', 'missing'], ['a']), node('Relu', ['a'], ['b'])]);
    const names = inlineTemplate(target, graph, new Map([['a', 'features']]), ['b']);
    expect(target.producer(names.get('b')!)!.inputs).toEqual(['features']);
  });

  it('leaves out outputs that nobody reads', () => {
    const pool = node('MaxPool', ['x'], ['y', 'indices'], { kernel_shape: [2, 2], strides: [2, 2] });
    expect(inlined(template([pool]), ['y']).target.nodes[0]!.outputs).toEqual(['net/y']);
    const mask = [node('Dropout', ['x'], ['y', 'mask'])];
    expect(() => inlined(template(mask), ['mask'])).toThrow(MadderError);
  });

  it('counts axes from the front', () => {
    const graph = template([
      node('Softmax', ['x'], ['a'], { axis: -3 }),
      node('ReduceMax', ['a'], ['b'], { axes: [-1, 2] }),
    ]);
    const [softmax, reduce] = inlined(graph, ['b']).target.nodes;
    expect(softmax!.attributes).toEqual({ axis: 1 });
    expect(reduce!.attributes).toEqual({ axes: [2, 3] });
  });

  it('refuses what it does not know', () => {
    const graph = template([node('Relu', ['x'], ['a']), node('Foo', ['a'], ['b'])]);
    expect(() => inlined(graph, ['c'])).toThrow('The network has no value named "c".');
    expect(() => inlined(graph, [''])).toThrow(MadderError);
    expect(() => inlined(graph, ['b'])).toThrow('The operator Foo (node "Foo") is not supported');
    expect(() => inlineTemplate(new Graph(), graph, new Map(), ['a'])).toThrow('"x"');
  });
});

describe('the branches of If', () => {
  const branch = (
    nodes: readonly OnnxNode[],
    output: string,
    initializers: Record<string, Tensor> = {},
  ): OnnxGraph => ({
    ...template(nodes, initializers),
    inputs: [],
    outputs: [{ name: output, type: undefined, dims: undefined }],
  });
  /** y = x has one channel ? squeeze(relu(x)) : 2 relu(x) + bias, as an exporter writes it at this opset. */
  const choice = (opset: number): OnnxModel => {
    const squeeze =
      opset < 13 ? node('Squeeze', ['a'], ['thin'], { axes: [1] }) : node('Squeeze', ['a', 'axis'], ['thin']);
    const attributes = {
      then_branch: branch([squeeze], 'thin', opset < 13 ? {} : { axis: intTensor([1]) }),
      else_branch: branch([node('Mul', ['a', 'two'], ['twice']), node('Add', ['twice', 'bias'], ['sum'])], 'sum', {
        two: floatTensor([], [2]),
      }),
    };
    const nodes = [
      node('Relu', ['x'], ['a']),
      node('Shape', ['a'], ['shape']),
      node('Gather', ['shape', 'one'], ['channels'], { axis: 0 }),
      node('Equal', ['channels', 'one'], ['isThin']),
      node('If', ['isThin'], ['y'], attributes),
    ];
    const graph = template(nodes, { one: intTensor([1], []), bias: floatTensor([1], [0.5]) });
    const outputs = [{ name: 'y', type: 'float32' as const, dims: undefined }];
    const inputs = [{ name: 'x', type: 'float32' as const, dims: ['n', 'c', 'h', 'w'] }];
    return { opset, producer: 'test', metadata: {}, graph: { ...graph, inputs, outputs } };
  };

  it.each([
    [11, [1, 1, 2, 3], ['Relu', 'Squeeze']],
    [11, [1, 2, 2, 3], ['Relu', 'Mul', 'Add']],
    [17, [1, 1, 2, 3], ['Relu', 'Squeeze']],
    [21, [1, 2, 2, 3], ['Relu', 'Mul', 'Add']],
  ])('of opset %s are replayed by the shape %s', async (opset, dims, expected) => {
    const feeds = new Map([['x', randomFloats(new Random(4), dims)]]);
    const { error, inlined: result } = await compareInlined(choice(opset), feeds, ['x']);
    expect(error).toBeLessThan(1e-6);
    expect(result.graph.nodes.map((n) => n.op)).toEqual(expected);
    expect(result.graph.nodes.at(-1)!.origin).toBe(expected.at(-1));
  });

  it('may hold others, or only hand on a value from around them', async () => {
    const { graph } = choice(17);
    const inner = { ...graph.nodes[4]!, outputs: ['deep'] };
    const nested = (truth: number): OnnxModel => {
      const outer = node('If', ['truth'], ['y'], {
        then_branch: branch([inner], 'deep'),
        // onnxruntime wants a node here; inlining does not.
        else_branch: truth ? branch([node('Identity', ['a'], ['same'])], 'same') : branch([], 'a'),
      });
      const initializers = new Map<string, Tensor>([
        ...graph.initializers,
        ['truth', { type: 'bool', dims: [], data: Uint8Array.of(truth) }],
      ]);
      return { ...choice(17), graph: { ...graph, nodes: [...graph.nodes.slice(0, 4), outer], initializers } };
    };
    const feeds = new Map([['x', randomFloats(new Random(4), [1, 2, 2, 3])]]);
    expect(inlinedModel(nested(0), feeds).graph.nodes.map((n) => n.op)).toEqual(['Relu']);
    const { error, inlined: result } = await compareInlined(nested(1), feeds, ['x']);
    expect(error).toBeLessThan(1e-6);
    expect(result.graph.nodes.map((n) => n.op)).toEqual(['Relu', 'Mul', 'Add']);
  });

  it('are refused where the picture decides', () => {
    const model = choice(17);
    const nodes = [
      node('ReduceMax', ['x'], ['most'], { keepdims: 0 }),
      node('Greater', ['most', 'half'], ['isThin']),
      node('Relu', ['x'], ['a']),
      { ...model.graph.nodes[4]!, name: 'the choice' },
    ];
    const initializers = new Map([...model.graph.initializers, ['half', floatTensor([], [0.5])] as const]);
    const graph = { ...model.graph, nodes, initializers };
    const feeds = new Map([['x', randomFloats(new Random(4), [1, 2, 2, 3])]]);
    expect(() => inlinedModel({ ...model, graph }, feeds)).toThrow(
      'The operator If (node "the choice") chooses what to compute by values that depend on the picture',
    );
  });
});

describe('automatic padding', () => {
  it.each(['Conv', 'MaxPool', 'AveragePool', 'ConvTranspose'])('of %s is what onnxruntime computes', async (op) => {
    const random = new Random(11);
    for (let i = 0; i < 60; i++) {
      const kernel = [random.integer(1, 4), random.integer(1, 4)];
      const attributes: Record<string, AttributeValue> = {
        auto_pad: random.pick(['SAME_UPPER', 'SAME_LOWER', 'VALID', 'NOTSET']),
        // Where windows leave gaps, onnxruntime itself pads by negative numbers or refuses.
        strides:
          op === 'ConvTranspose'
            ? [random.integer(1, 3), random.integer(1, 3)]
            : kernel.map((k) => random.integer(1, k)),
        ...(op.startsWith('Conv') ? {} : { kernel_shape: kernel, ceil_mode: random.integer(0, 1) }),
        ...(op === 'AveragePool' ? { count_include_pad: random.integer(0, 1) } : {}),
      };
      const inputs = [randomFloats(random, [1, 2, random.integer(4, 11), random.integer(4, 11)])];
      if (op.startsWith('Conv')) inputs.push(randomFloats(random, [2, 2, ...kernel]));
      const model = oneNode(op, attributes, inputs);
      const { error, inlined: graph } = await compareInlined(model, feedsOf(inputs)).catch((e: unknown) => {
        throw new Error(`${JSON.stringify({ attributes, kernel, dims: inputs[0]!.dims })}: ${String(e)}`);
      });
      expect(error, JSON.stringify({ attributes, kernel, dims: inputs[0]!.dims })).toBeLessThan(1e-5);
      expect(graph.graph.nodes[0]!.attributes).not.toHaveProperty('auto_pad');
    }
  });

  it('follows the output shape of ConvTranspose', async () => {
    const random = new Random(12);
    for (let i = 0; i < 40; i++) {
      const inputs = [randomFloats(random, [1, 2, 5, 6]), randomFloats(random, [2, 1, 3, 4])];
      const attributes = {
        auto_pad: random.pick(['SAME_UPPER', 'SAME_LOWER', 'NOTSET']),
        strides: [2, 2],
        output_shape: [random.integer(9, 12), random.integer(11, 14)],
      };
      const { error } = await compareInlined(oneNode('ConvTranspose', attributes, inputs), feedsOf(inputs));
      expect(error, JSON.stringify(attributes)).toBeLessThan(1e-5);
    }
  });
});

// The repository's own copy first; the folder beside the repository holds the same files during development.
const goldenFolder = ['test/golden/data', '../shared/golden'].find((folder) => existsSync(folder));
const goldenFiles = goldenFolder ? readdirSync(goldenFolder).filter((file) => file.endsWith('.onnx')) : [];

describe('golden networks', () => {
  it.skipIf(goldenFiles.length === 0)('are there (otherwise this is skipped)', () => {
    expect(goldenFiles.length).toBeGreaterThan(0);
  });

  it.each(goldenFiles)('%s computes the same after inlining', async (file) => {
    const path = join(goldenFolder!, file);
    const model = readOnnxFile(path);
    const input = model.graph.inputs[0]!;
    const dims = input.dims!.map((d, i) => (typeof d === 'number' ? d : i === 0 ? 1 : 64));
    const feeds = new Map([[input.name, randomFloats(new Random(3), dims, 0, 1)]]);
    const expected = await runOnnx(readFileSync(path), feeds);
    const graph = inlinedModel(model, feeds);
    const actual = await runOnnx(graph, feeds);
    model.graph.outputs.forEach((output, i) => {
      expect(deviation(actual.get(graph.graph.outputs[i]!.name)!, expected.get(output.name)!)).toBeLessThan(1e-5);
    });
  });
});
