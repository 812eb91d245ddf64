import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { ELEMENT_STORAGE, FLOAT_ATTRIBUTES, readOnnx, writeOnnx } from '../../../src/main/formats/onnx-codec.ts';
import type { AttributeValue, OnnxGraph, OnnxModel, OnnxNode, OnnxValueInfo } from '../../../src/main/formats/onnx.ts';
import { MadderError } from '../../../src/shared/errors.ts';
import { elementCount, floatTensor, type ElementType, type Tensor } from '../../../src/shared/tensor.ts';

const ELEMENTS = Object.keys(ELEMENT_STORAGE) as ElementType[];

const anyTensor: fc.Arbitrary<Tensor> = fc
  .tuple(
    fc.constantFrom(...ELEMENTS),
    fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }),
    fc.infiniteStream(fc.nat(255)),
  )
  .map(([type, dims, stream]) => {
    const data = new ELEMENT_STORAGE[type](elementCount(dims));
    const bytes = new Uint8Array(data.buffer);
    for (let i = 0; i < bytes.length; i++) bytes[i] = stream.next().value! & (type === 'bool' ? 1 : 255);
    return { type, dims, data } as Tensor;
  });

const anyAttributes: fc.Arbitrary<Record<string, AttributeValue>> = fc
  .record(
    {
      axis: fc.maxSafeInteger(),
      perm: fc.array(fc.integer({ min: -100, max: 100 })),
      alpha: fc.float({ noNaN: true }),
      scales: fc.array(fc.float({ noNaN: true }), { minLength: 1 }),
      mode: fc.string({ unit: 'grapheme' }),
      names: fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }),
      value_of: anyTensor,
    },
    { requiredKeys: [] },
  )
  .map((attributes) => ({ ...attributes }));

const anyInfo = (name: string): fc.Arbitrary<OnnxValueInfo> =>
  fc.record({
    name: fc.constant(name),
    type: fc.constantFrom(...ELEMENTS),
    dims: fc.option(fc.array(fc.oneof(fc.nat(1000), fc.constantFrom('batch', 'N', ''))), { nil: undefined }),
  });

/** Chains of nodes: node i reads what is there and makes `v<i>`. */
const anyModel: fc.Arbitrary<OnnxModel> = fc
  .record({
    tensors: fc.array(anyTensor, { maxLength: 3 }),
    input: anyInfo('input'),
    output: anyInfo('v0'),
    shapes: fc.array(
      fc.record({
        op: fc.string(),
        domain: fc.constantFrom('', 'com.example'),
        name: fc.string(),
        attributes: anyAttributes,
        reads: fc.array(fc.nat()),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    opset: fc.integer({ min: 1, max: 25 }),
    producer: fc.string({ unit: 'grapheme' }),
    metadata: fc.dictionary(fc.string(), fc.string({ unit: 'grapheme' })),
  })
  .map(({ tensors, input, output, shapes, opset, producer, metadata }) => {
    const initializers = new Map(tensors.map((tensor, i) => [`w${i}`, tensor]));
    const nodes = shapes.map(({ op, domain, name, attributes, reads }, i): OnnxNode => {
      const there = ['', 'input', ...initializers.keys(), ...Array.from({ length: i }, (_, k) => `v${k}`)];
      return {
        op,
        domain,
        name,
        attributes,
        inputs: reads.map((r) => there[r % there.length]!),
        outputs: [`v${i}`, ''],
      };
    });
    return {
      opset,
      producer,
      metadata,
      graph: { name: 'graph', nodes, initializers, inputs: [input], outputs: [output] },
    };
  });

const emptyGraph = { name: 'g', nodes: [], initializers: new Map<string, Tensor>(), inputs: [], outputs: [] };
const model = (graph: Partial<OnnxModel['graph']>): OnnxModel => ({
  ...{ opset: 17, producer: '', metadata: {}, graph: { ...emptyGraph, ...graph } },
});
const info = (name: string): OnnxValueInfo => ({ name, type: 'float32', dims: [1] });
const relu = (input: string, output: string): OnnxNode => ({
  ...{ op: 'Relu', domain: '', name: output, inputs: [input], outputs: [output], attributes: {} },
});

/** Reads whatever the bytes are, and fails unless that gives a model or a MadderError. */
function readSafely(bytes: Uint8Array): void {
  try {
    readOnnx(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(MadderError);
    expect((error as MadderError).kind).toBe('network');
  }
}

/** A model whose only constant is written by `tensor` (fields of TensorProto). */
function fileWithTensor(tensor: (writer: BinaryWriter) => void): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(7, WireType.LengthDelimited).fork(); // graph
  writer.tag(5, WireType.LengthDelimited).fork(); // initializer
  writer.tag(8, WireType.LengthDelimited).string('w'); // name
  tensor(writer);
  writer.join();
  writer.tag(12, WireType.LengthDelimited).fork(); // output
  writer.tag(1, WireType.LengthDelimited).string('w').join(); // name
  writer.join();
  return writer.finish();
}

const typed =
  (code: number, dims: readonly number[], data: (writer: BinaryWriter) => void) =>
  (writer: BinaryWriter): void => {
    writer.tag(2, WireType.Varint).int32(code); // data_type
    for (const d of dims) writer.tag(1, WireType.Varint).int64(d); // dims, not packed
    data(writer);
  };

const packed =
  (field: number, body: (writer: BinaryWriter) => void) =>
  (writer: BinaryWriter): void => {
    writer.tag(field, WireType.LengthDelimited).fork();
    body(writer);
    writer.join();
  };

const tensorIn = (bytes: Uint8Array): Tensor => readOnnx(bytes).graph.initializers.get('w')!;

describe('writeOnnx and readOnnx', () => {
  it('round trip any model', () => {
    fc.assert(
      fc.property(anyModel, (original) => {
        const { bytes, external } = writeOnnx(original);
        expect(external).toEqual([]);
        expect(readOnnx(bytes)).toEqual(original);
      }),
      { numRuns: 300 },
    );
  });

  it('read tensors at any alignment, also from a pooled Buffer', () => {
    for (let shift = 0; shift < 16; shift++) {
      const original = model({
        name: 'x'.repeat(shift),
        initializers: new Map([['w', floatTensor([3], [1, 2, 3])]]),
        outputs: [{ ...info('w'), dims: [3] }],
      });
      const { bytes } = writeOnnx(original);
      expect(readOnnx(bytes).graph.initializers).toEqual(original.graph.initializers);
      expect(readOnnx(Buffer.from(bytes)).graph.initializers).toEqual(original.graph.initializers);
    }
  });

  it('hand large constants over for onnxruntime', async () => {
    const weights = floatTensor([8], [1, 2, 3, 4, 5, 6, 7, 8]);
    const original = model({
      nodes: [
        { ...relu('w', 'y'), op: 'Mul', inputs: ['w', 'w'] },
        { ...relu('y', 'z'), op: 'Add', inputs: ['y', 'small'] },
      ],
      initializers: new Map([
        ['w', weights],
        ['small', floatTensor([1], [0.5])],
      ]),
      outputs: [{ name: 'z', type: 'float32', dims: [8] }],
    });
    const { bytes, external } = writeOnnx(original, { externalFrom: 32 });
    expect(external).toHaveLength(1);
    expect(external[0]!.data.buffer).toBe(weights.data.buffer);
    const session = await ort.InferenceSession.create(bytes, { externalData: external.map((e) => ({ ...e })) });
    const { z } = await session.run({});
    expect(Array.from(z!.data as Float32Array)).toEqual([1.5, 4.5, 9.5, 16.5, 25.5, 36.5, 49.5, 64.5]);
    await session.release();

    const asked: unknown[] = [];
    const read = readOnnx(bytes, {
      external: (...request) => {
        asked.push(request);
        return external[0]!.data;
      },
    });
    expect(asked).toEqual([[external[0]!.path, 0, 32]]);
    expect(read).toEqual(original);
    expect(() => readOnnx(bytes)).toThrow('its weights lie in another file, "w0"');
    expect(() => readOnnx(bytes, { external: () => new Uint8Array(31) })).toThrow(MadderError);
  });

  it('write the attribute types of the specification', () => {
    for (const name of ['alpha', 'epsilon', 'scales']) expect(FLOAT_ATTRIBUTES.has(name)).toBe(true);
    const attributes = { alpha: 2, axis: 2 };
    const { bytes } = writeOnnx(
      model({ nodes: [{ ...relu('a', 'b'), attributes }], inputs: [info('a')], outputs: [info('b')] }),
    );
    expect(readOnnx(bytes).graph.nodes[0]!.attributes).toEqual(attributes);
    // AttributeProto { name = "alpha", f = 2, type = FLOAT } and { name = "axis", i = 2, type = INT }
    const text = Buffer.from(bytes).toString('latin1');
    expect(text).toContain('\x0a\x05alpha\x15\x00\x00\x00\x40\xa0\x01\x01');
    expect(text).toContain('\x0a\x04axis\x18\x02\xa0\x01\x02');
  });
});

describe('readOnnx', () => {
  it.each<[string, (writer: BinaryWriter) => void, Tensor]>([
    [
      'float_data',
      typed(
        1,
        [2],
        packed(4, (w) => w.float(1.5).float(-2)),
      ),
      floatTensor([2], [1.5, -2]),
    ],
    [
      'float_data, not packed',
      typed(1, [2], (w) => w.tag(4, WireType.Bit32).float(1.5).tag(4, WireType.Bit32).float(-2)),
      floatTensor([2], [1.5, -2]),
    ],
    [
      'double_data',
      typed(
        11,
        [],
        packed(10, (w) => w.double(0.1)),
      ),
      { type: 'float64', dims: [], data: Float64Array.of(0.1) },
    ],
    [
      'float16 in int32_data',
      typed(
        10,
        [2],
        packed(5, (w) => w.int32(0x3c00).int32(0xc000)),
      ),
      { type: 'float16', dims: [2], data: Uint16Array.of(0x3c00, 0xc000) },
    ],
    [
      'bfloat16 in int32_data',
      typed(
        16,
        [1],
        packed(5, (w) => w.int32(0x3f80)),
      ),
      { type: 'bfloat16', dims: [1], data: Uint16Array.of(0x3f80) },
    ],
    [
      'int8 in int32_data',
      typed(
        3,
        [2],
        packed(5, (w) => w.int32(-1).int32(127)),
      ),
      { type: 'int8', dims: [2], data: Int8Array.of(-1, 127) },
    ],
    [
      'bool in int32_data',
      typed(
        9,
        [2],
        packed(5, (w) => w.int32(1).int32(0)),
      ),
      { type: 'bool', dims: [2], data: Uint8Array.of(1, 0) },
    ],
    [
      'int32_data, not packed',
      typed(6, [1], (w) => w.tag(5, WireType.Varint).int32(-7)),
      { type: 'int32', dims: [1], data: Int32Array.of(-7) },
    ],
    [
      'uint32 in uint64_data',
      typed(
        12,
        [1],
        packed(11, (w) => w.uint64(4294967295)),
      ),
      { type: 'uint32', dims: [1], data: Uint32Array.of(4294967295) },
    ],
    [
      'int64_data',
      typed(
        7,
        [1],
        packed(7, (w) => w.int64(-(2n ** 63n))),
      ),
      { type: 'int64', dims: [1], data: BigInt64Array.of(-(2n ** 63n)) },
    ],
    [
      'uint64_data',
      typed(
        13,
        [1],
        packed(11, (w) => w.uint64(2n ** 64n - 1n)),
      ),
      { type: 'uint64', dims: [1], data: BigUint64Array.of(2n ** 64n - 1n) },
    ],
    [
      'packed dims',
      (w) =>
        typed(
          1,
          [],
          packed(4, (p) => p.float(1).float(2)),
        )(w.tag(1, WireType.LengthDelimited).fork().int64(2).int64(1).join()),
      floatTensor([2, 1], [1, 2]),
    ],
    ['no elements', typed(1, [0, 3], () => undefined), floatTensor([0, 3], [])],
  ])('reads %s', (_, write, expected) => {
    expect(tensorIn(fileWithTensor(write))).toEqual(expected);
  });

  it.each<[string, (writer: BinaryWriter) => void]>([
    [
      'too little data',
      typed(
        1,
        [3],
        packed(4, (w) => w.float(1)),
      ),
    ],
    ['no data', typed(1, [3], () => undefined)],
    [
      'data for no elements',
      typed(
        1,
        [0],
        packed(4, (w) => w.float(1)),
      ),
    ],
    [
      'negative dimensions',
      typed(
        1,
        [-1],
        packed(4, (w) => w.float(1)),
      ),
    ],
    [
      'huge dimensions',
      typed(
        1,
        [2 ** 40, 2 ** 40, 2 ** 40],
        packed(4, (w) => w.float(1)),
      ),
    ],
    ['text', typed(8, [1], () => undefined)],
    ['an unknown element type', typed(99, [1], () => undefined)],
    [
      'integers for floats',
      typed(
        1,
        [1],
        packed(5, (w) => w.int32(1)),
      ),
    ],
    ['half a number', typed(1, [1], (w) => w.tag(4, WireType.LengthDelimited).bytes(new Uint8Array(3)))],
    ['odd raw data', typed(1, [1], (w) => w.tag(9, WireType.LengthDelimited).bytes(new Uint8Array(5)))],
    ['external data without a place', typed(1, [1], (w) => w.tag(14, WireType.Varint).int32(1))],
  ])('refuses a constant with %s', (_, write) => {
    expect(() => readOnnx(fileWithTensor(write))).toThrow(/^This is not a usable ONNX network: .*\.$/);
    expect(() => readOnnx(fileWithTensor(write))).toThrow(MadderError);
  });

  it('sorts nodes and drops inputs that have an initializer', () => {
    const nodes = [relu('b', 'c'), relu('a', 'b'), relu('w', 'd')];
    const { bytes } = writeOnnx(
      model({
        nodes,
        initializers: new Map([['w', floatTensor([1], [1])]]),
        inputs: [info('a'), info('w')],
        outputs: [info('c')],
      }),
    );
    const { graph } = readOnnx(bytes);
    expect(graph.nodes.map((n) => n.name)).toEqual(['b', 'd', 'c']);
    expect(graph.inputs.map((i) => i.name)).toEqual(['a']);
  });

  it.each<[string, Partial<OnnxModel['graph']>, string]>([
    ['a circle', { nodes: [relu('b', 'a'), relu('a', 'b')], outputs: [info('a')] }, 'circle'],
    ['a missing value', { nodes: [relu('a', 'b')], outputs: [info('b')] }, '"a" is used but never made'],
    ['a missing output', { outputs: [info('b')] }, '"b" is used but never made'],
    [
      'a value given twice',
      { nodes: [relu('a', 'b'), relu('a', 'b')], inputs: [info('a')], outputs: [info('b')] },
      '"b" is given twice',
    ],
    ['no outputs', { inputs: [info('a')] }, 'no outputs'],
  ])('refuses %s', (_, graph, text) => {
    expect(() => readOnnx(writeOnnx(model(graph)).bytes)).toThrow(text);
  });

  it('keeps names that mean something to JavaScript', () => {
    const attributes = Object.fromEntries([
      ['__proto__', 1],
      ['constructor', 2],
    ]);
    const original = model({ nodes: [{ ...relu('a', 'b'), attributes }], inputs: [info('a')], outputs: [info('b')] });
    expect(Object.entries(readOnnx(writeOnnx(original).bytes).graph.nodes[0]!.attributes)).toEqual(
      Object.entries(attributes),
    );
  });

  it('keeps the operator of a node with a sub-graph', () => {
    const writer = new BinaryWriter();
    const message = (field: number, body: () => void): void => {
      writer.tag(field, WireType.LengthDelimited).fork();
      body();
      writer.join();
    };
    const text = (field: number, value: string): unknown => writer.tag(field, WireType.LengthDelimited).string(value);
    message(7, () => {
      message(1, () => {
        text(2, 'y');
        text(4, 'Loop');
        message(5, () => {
          text(1, 'body');
          message(6, () => text(2, 'inner'));
          writer.tag(20, WireType.Varint).int32(5);
        });
      });
      message(12, () => text(1, 'y'));
    });
    expect(readOnnx(writer.finish()).graph.nodes).toEqual([
      {
        ...{ op: 'Loop', domain: '', name: '', inputs: [], outputs: ['y'] },
        attributes: { body: { name: 'inner', nodes: [], initializers: new Map(), inputs: [], outputs: [] } },
      },
    ]);
  });

  it('orders nodes by what their branches read, and refuses values that nobody makes', () => {
    const branch = (read: string): OnnxGraph => ({
      ...{ name: 'branch', initializers: new Map([['own', floatTensor([1], [2])]]), inputs: [] },
      nodes: [{ ...relu(read, 'inner'), op: 'Mul', inputs: [read, 'own'] }],
      outputs: [info('inner')],
    });
    const choice = (read: string): OnnxNode => ({
      ...{ op: 'If', domain: '', name: 'choice', inputs: ['a'], outputs: ['y'] },
      attributes: { then_branch: branch(read), else_branch: branch('a') },
    });
    const graph = (read: string) => ({
      inputs: [info('a')],
      outputs: [info('y')],
      nodes: [choice(read), relu('a', 'b')],
    });
    const { nodes } = readOnnx(writeOnnx(model(graph('b'))).bytes).graph;
    expect(nodes.map((node) => node.op)).toEqual(['Relu', 'If']);
    expect(nodes[1]).toEqual(choice('b'));
    expect(() => readOnnx(writeOnnx(model(graph('c'))).bytes)).toThrow('the value "c" is used but never made');
  });

  it('refuses branches that are nested without end', () => {
    let node: OnnxNode = relu('a', 'y');
    for (let depth = 0; depth < 12; depth++) {
      const inner = { name: 'inner', nodes: [node], initializers: new Map(), inputs: [], outputs: [info('y')] };
      node = { ...relu('a', 'y'), op: 'If', attributes: { then_branch: inner } };
    }
    const nested = model({ inputs: [info('a')], outputs: [info('y')], nodes: [node] });
    expect(() => readOnnx(writeOnnx(nested).bytes)).toThrow('its branches are nested too deep');
  });

  it('survives truncated, changed and random bytes', () => {
    const { bytes } = writeOnnx(
      fc.sample(anyModel, { seed: 1, numRuns: 30 }).sort((a, b) => b.graph.nodes.length - a.graph.nodes.length)[0]!,
    );
    for (let length = 0; length < bytes.length; length++) readSafely(bytes.subarray(0, length));
    for (let at = 0; at < bytes.length; at++) {
      for (const value of [0, 0x7f, 0x80, 0xff, bytes[at]! ^ 1]) readSafely(bytes.slice().fill(value, at, at + 1));
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), readSafely), { numRuns: 2000 });
    expect(() => readOnnx(new Uint8Array(0))).toThrow('This is not a usable ONNX network: it is empty.');
  });
});
