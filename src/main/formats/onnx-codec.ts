import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { MadderError } from '../../shared/errors.ts';
import { elementCount, type ElementType, type Tensor, type TensorStorage } from '../../shared/tensor.ts';
import {
  readNames,
  subGraphs,
  type AttributeValue,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxValueInfo,
} from './onnx.ts';

// Field numbers are those of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto); the field's name
// stands beside each. Only what Madder uses is read; unknown fields are skipped, as protobuf asks.

/** Element types by their TensorProto.DataType number, which `Cast` uses too. */
export const ELEMENT_TYPES: ReadonlyMap<number, ElementType> = new Map([
  [1, 'float32'],
  [2, 'uint8'],
  [3, 'int8'],
  [4, 'uint16'],
  [5, 'int16'],
  [6, 'int32'],
  [7, 'int64'],
  [9, 'bool'],
  [10, 'float16'],
  [11, 'float64'],
  [12, 'uint32'],
  [13, 'uint64'],
  [16, 'bfloat16'],
]);

/** TensorProto.DataType numbers by element type. */
export const ELEMENT_TYPE_CODES = Object.fromEntries(
  [...ELEMENT_TYPES].map(([code, type]) => [type, code]),
) as Readonly<Record<ElementType, number>>;

/** Attributes that the operator specification types as `float` or `floats`; all other numbers are `int` or `ints`. */
export const FLOAT_ATTRIBUTES: ReadonlySet<string> = new Set([
  ...['alpha', 'beta', 'gamma', 'epsilon', 'momentum', 'bias', 'ratio', 'lambd', 'threshold'],
  ...['scale', 'softcap'],
  ...['min', 'max', 'value', 'value_float', 'value_floats', 'scales', 'cubic_coeff_a', 'extrapolation_value'],
]);

/** The typed array that stores each element type. */
export const ELEMENT_STORAGE: {
  readonly [K in ElementType]: {
    new (length: number): TensorStorage[K];
    new (buffer: ArrayBuffer, offset: number, length: number): TensorStorage[K];
  };
} = {
  float32: Float32Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  float64: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
};

const BYTES: Readonly<Record<ElementType, number>> = {
  ...{ float32: 4, float16: 2, bfloat16: 2, float64: 8, int8: 1, uint8: 1, int16: 2, uint16: 2 },
  ...{ int32: 4, uint32: 4, int64: 8, uint64: 8, bool: 1 },
};

/** Where tensors that an ONNX file keeps elsewhere are read from: `length` bytes (undefined: all) from `offset`. */
export type ExternalReader = (location: string, offset: number, length: number | undefined) => Uint8Array;

/** Data that a written model refers to; the shape of onnxruntime-node's session option `externalData`. */
export interface ExternalData {
  readonly path: string;
  readonly data: Uint8Array;
}

/**
 * Reads an ONNX file from memory. Large tensors are views on `bytes` where their position allows it, so the bytes must
 * not change afterwards. Nodes come in topological order; graph inputs that have an initializer are constants.
 * Model functions are not read. Whatever is wrong with the bytes gives one MadderError of kind `network`.
 */
export function readOnnx(bytes: Uint8Array, options: { external?: ExternalReader } = {}): OnnxModel {
  try {
    if (bytes.length === 0) throw new Error('it is empty');
    return readModel(bytes, options.external);
  } catch (error) {
    if (error instanceof MadderError) throw error;
    const detail = error instanceof Error ? error.message : String(error);
    throw new MadderError('network', `This is not a usable ONNX network: ${detail}.`, { cause: error });
  }
}

type FieldReader = (reader: BinaryReader, wire: WireType) => void;

/** Reads one message: calls the reader of each known field, in file order, and skips the others. */
function readMessage(bytes: Uint8Array, fields: Readonly<Record<number, FieldReader>>): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    const read = fields[field];
    if (read) read(reader, wire);
    else reader.skip(wire, field);
  }
}

function requireWire(wire: WireType, expected: WireType): void {
  if (wire !== expected) throw new Error('its fields are damaged');
}

const onBytes =
  (set: (bytes: Uint8Array) => void): FieldReader =>
  (reader, wire) => {
    requireWire(wire, WireType.LengthDelimited);
    set(reader.bytes());
  };

const onText = (set: (text: string) => void): FieldReader => onBytes((bytes) => set(decodeText(bytes)));

const onNumber =
  (set: (value: number) => void): FieldReader =>
  (reader, wire) => {
    requireWire(wire, WireType.Varint);
    set(Number(reader.int64()));
  };

/** A repeated varint field, packed or not. */
const onVarints =
  (push: (value: bigint) => void, signed = true): FieldReader =>
  (reader, wire) => {
    const one = (r: BinaryReader): void => push(BigInt(signed ? r.int64() : r.uint64()));
    if (wire !== WireType.LengthDelimited) {
      requireWire(wire, WireType.Varint);
      one(reader);
      return;
    }
    const packed = new BinaryReader(reader.bytes());
    while (packed.pos < packed.len) one(packed);
  };

/** A repeated float or double field, packed or not, as its little-endian bytes. */
const onFixed =
  (size: 4 | 8, push: (bytes: Uint8Array) => void): FieldReader =>
  (reader, wire) => {
    if (wire === WireType.LengthDelimited) {
      const packed = reader.bytes();
      if (packed.length % size !== 0) throw new Error('a list of numbers is damaged');
      push(packed);
      return;
    }
    requireWire(wire, size === 4 ? WireType.Bit32 : WireType.Bit64);
    push(reader.skip(wire));
  };

const decoder = new TextDecoder();
const decodeText = (bytes: Uint8Array): string => decoder.decode(bytes);

function readModel(bytes: Uint8Array, external: ExternalReader | undefined): OnnxModel {
  let graph: OnnxGraph | undefined;
  let opset = 1;
  let producer = '';
  const metadata: [string, string][] = [];
  const source: Source = { external, depth: 0 };
  readMessage(bytes, {
    2: onText((text) => (producer = text)), // producer_name
    7: onBytes((b) => (graph = readGraph(b, source))), // graph
    // opset_import
    8: onBytes((b) => {
      const { domain, version } = readOperatorSet(b);
      if (standardDomain(domain) === '') opset = version;
    }),
    14: onBytes((b) => metadata.push(readEntry(b))), // metadata_props
  });
  if (!graph) throw new Error('it holds no graph');
  return { graph, opset, producer, metadata: Object.fromEntries(metadata) };
}

/** What reading a part of a file may need beside its bytes. */
interface Source {
  readonly external: ExternalReader | undefined;
  /** How many nodes are around: 0 for the graph of the model itself. */
  readonly depth: number;
}

/** Deeper than any program's branches; damaged bytes must not exhaust the stack. */
const DEEPEST = 8;

/** The standard operator set has two spellings. */
const standardDomain = (domain: string): string => (domain === 'ai.onnx' ? '' : domain);

function readOperatorSet(bytes: Uint8Array): { domain: string; version: number } {
  const set = { domain: '', version: 0 };
  readMessage(bytes, {
    1: onText((text) => (set.domain = text)), // domain
    2: onNumber((value) => (set.version = value)), // version
  });
  return set;
}

function readEntry(bytes: Uint8Array): [string, string] {
  const entry: [string, string] = ['', ''];
  readMessage(bytes, {
    1: onText((text) => (entry[0] = text)), // key
    2: onText((text) => (entry[1] = text)), // value
  });
  return entry;
}

function readGraph(bytes: Uint8Array, source: Source): OnnxGraph {
  let name = '';
  const nodes: OnnxNode[] = [];
  const initializers = new Map<string, Tensor>();
  const inputs: OnnxValueInfo[] = [];
  const outputs: OnnxValueInfo[] = [];
  readMessage(bytes, {
    1: onBytes((b) => nodes.push(readNode(b, source))), // node
    2: onText((text) => (name = text)), // name
    // initializer
    5: onBytes((b) => {
      const { name: key, tensor } = readTensor(b, source.external);
      if (initializers.has(key)) throw new Error(`it has two constants named "${key}"`);
      initializers.set(key, tensor);
    }),
    11: onBytes((b) => inputs.push(readValueInfo(b))), // input
    12: onBytes((b) => outputs.push(readValueInfo(b))), // output
    // sparse_initializer
    15: () => {
      throw new Error('it holds sparse weights, which Madder does not read');
    },
  });
  if (outputs.length === 0 && source.depth === 0) throw new Error('its graph has no outputs');
  const fed = inputs.filter((input) => !initializers.has(input.name));
  const known = [...initializers.keys(), ...fed.map((input) => input.name)];
  return { name, initializers, inputs: fed, outputs, nodes: sortNodes(nodes, known, outputs, source) };
}

/** Nodes in an order in which every value is made before it is used; keeps the file's order when it is one. */
function sortNodes(
  nodes: readonly OnnxNode[],
  known: readonly string[],
  outputs: readonly OnnxValueInfo[],
  { depth }: Source,
): OnnxNode[] {
  const producers = new Map<string, number>();
  for (const name of known) {
    if (producers.has(name)) throw new Error(`the value "${name}" is given twice`);
    producers.set(name, -1);
  }
  nodes.forEach((node, i) => {
    for (const output of node.outputs) {
      if (output === '') continue;
      if (producers.has(output)) throw new Error(`the value "${output}" is given twice`);
      producers.set(output, i);
    }
  });
  const reads = nodes.map((node) => readNames(node).filter((name) => name !== ''));
  const missing = [...reads.flat(), ...outputs.map((o) => o.name)].find((name) => !producers.has(name));
  // What a sub-graph does not make is looked for by the graphs around it.
  if (missing !== undefined && depth === 0) throw new Error(`the value "${missing}" is used but never made`);

  const users: number[][] = nodes.map(() => []);
  const waiting = nodes.map((_, i) => {
    const needs = new Set(reads[i]!.map((name) => producers.get(name) ?? -1).filter((p) => p >= 0));
    for (const producer of needs) users[producer]!.push(i);
    return needs.size;
  });
  const sorted: OnnxNode[] = [];
  const inOrder = nodes.every((_, i) => reads[i]!.every((name) => (producers.get(name) ?? -1) < i));
  if (inOrder) return [...nodes];
  const ready = waiting.flatMap((count, i) => (count === 0 ? [i] : []));
  for (const i of ready) {
    sorted.push(nodes[i]!);
    for (const user of users[i]!) if (--waiting[user]! === 0) ready.push(user);
  }
  if (sorted.length < nodes.length) throw new Error('its nodes form a circle');
  return sorted;
}

function readNode(bytes: Uint8Array, source: Source): OnnxNode {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes: [string, AttributeValue][] = [];
  let name = '';
  let op = '';
  let domain = '';
  readMessage(bytes, {
    1: onText((text) => inputs.push(text)), // input
    2: onText((text) => outputs.push(text)), // output
    3: onText((text) => (name = text)), // name
    4: onText((text) => (op = text)), // op_type
    // attribute
    5: onBytes((b) => {
      const attribute = readAttribute(b, source);
      if (attribute) attributes.push(attribute);
    }),
    7: onText((text) => (domain = standardDomain(text))), // domain
  });
  return { op, domain, name, inputs, outputs, attributes: Object.fromEntries(attributes) };
}

/** An attribute, or undefined for kinds that no operator of the engine has (sparse tensors, types). */
function readAttribute(bytes: Uint8Array, source: Source): [string, AttributeValue] | undefined {
  let name = '';
  let type = 0;
  let float: number | undefined;
  let int: number | undefined;
  let text: string | undefined;
  let tensor: Tensor | undefined;
  let graph: OnnxGraph | undefined;
  const floats: number[] = [];
  const ints: number[] = [];
  const strings: string[] = [];
  readMessage(bytes, {
    1: onText((t) => (name = t)), // name
    2: onFixed(4, (b) => (float = floatsOf(b)[0])), // f
    3: onNumber((v) => (int = v)), // i
    4: onText((t) => (text = t)), // s
    5: onBytes((b) => (tensor = readTensor(b, source.external).tensor)), // t
    // g
    6: onBytes((b) => {
      if (source.depth === DEEPEST) throw new Error('its branches are nested too deep');
      graph = readGraph(b, { ...source, depth: source.depth + 1 });
    }),
    7: onFixed(4, (b) => floatsOf(b).forEach((v) => floats.push(v))), // floats
    8: onVarints((v) => ints.push(Number(v))), // ints
    9: onText((t) => strings.push(t)), // strings
    20: onNumber((v) => (type = v)), // type
  });
  // AttributeProto.AttributeType: proto3 writers leave out a zero, and files before IR version 2 leave out the type.
  const typed: Readonly<Record<number, AttributeValue | undefined>> = {
    1: float ?? 0, // FLOAT
    2: int ?? 0, // INT
    3: text ?? '', // STRING
    4: tensor, // TENSOR
    5: graph, // GRAPH
    6: floats, // FLOATS
    7: ints, // INTS
    8: strings, // STRINGS
  };
  const list = [floats, ints, strings].find((values) => values.length > 0);
  const value = type === 0 ? (float ?? int ?? text ?? tensor ?? graph ?? list) : typed[type];
  return value === undefined ? undefined : [name, value];
}

const floatsOf = (bytes: Uint8Array): Float32Array => new Float32Array(new Uint8Array(bytes).buffer);

function readValueInfo(bytes: Uint8Array): OnnxValueInfo {
  let name = '';
  let type: ElementType | undefined;
  let dims: (number | string)[] | undefined;
  const readDimension = (dimension: Uint8Array): number | string => {
    let size: number | string = '';
    readMessage(dimension, {
      1: onNumber((v) => (size = v >= 0 ? v : '')), // dim_value; writers use -1 for "unknown"
      2: onText((t) => (size = t)), // dim_param
    });
    return size;
  };
  const readShape = (shape: Uint8Array): void => {
    const sizes: (number | string)[] = [];
    readMessage(shape, { 1: onBytes((b) => sizes.push(readDimension(b))) }); // dim
    dims = sizes;
  };
  const readTensorType = (tensorType: Uint8Array): void =>
    readMessage(tensorType, {
      1: onNumber((v) => (type = ELEMENT_TYPES.get(v))), // elem_type
      2: onBytes(readShape), // shape
    });
  readMessage(bytes, {
    1: onText((t) => (name = t)), // name
    2: onBytes((b) => readMessage(b, { 1: onBytes(readTensorType) })), // type, in it tensor_type
  });
  return { name, type, dims };
}

function readTensor(bytes: Uint8Array, external: ExternalReader | undefined): { name: string; tensor: Tensor } {
  let name = '';
  let code = 0;
  let raw: Uint8Array | undefined;
  let isExternal = false;
  const dims: number[] = [];
  const fixed: Uint8Array[] = [];
  const varints: bigint[] = [];
  const entries: [string, string][] = [];
  readMessage(bytes, {
    1: onVarints((v) => dims.push(Number(v))), // dims
    2: onNumber((v) => (code = v)), // data_type
    4: onFixed(4, (b) => fixed.push(b)), // float_data
    5: onVarints((v) => varints.push(v)), // int32_data
    7: onVarints((v) => varints.push(v)), // int64_data
    8: onText((t) => (name = t)), // name
    9: onBytes((b) => (raw = b)), // raw_data
    10: onFixed(8, (b) => fixed.push(b)), // double_data
    11: onVarints((v) => varints.push(v), false), // uint64_data
    13: onBytes((b) => entries.push(readEntry(b))), // external_data
    14: onNumber((v) => (isExternal = v === 1)), // data_location
  });
  const type = ELEMENT_TYPES.get(code);
  if (!type) throw new Error(`the constant "${name}" has an element type that Madder does not read (${code})`);
  if (dims.some((d) => d < 0 || !Number.isSafeInteger(d)))
    throw new Error(`the constant "${name}" has impossible dimensions`);
  const count = elementCount(dims);
  const size = count * BYTES[type];
  if (!Number.isSafeInteger(size)) throw new Error(`the constant "${name}" has impossible dimensions`);
  let data: Uint8Array;
  if (isExternal) data = readExternal(name, Object.fromEntries(entries), size, external);
  else if (raw) data = raw;
  else if (varints.length > 0) data = packIntegers(type, varints);
  else data = concatBytes(fixed);
  if (data.length !== size) {
    throw new Error(`the constant "${name}" has ${data.length} bytes of data where [${dims.join()}] needs ${size}`);
  }
  return { name, tensor: viewTensor(type, dims, data) };
}

function readExternal(
  name: string,
  entries: Readonly<Record<string, string>>,
  size: number,
  external: ExternalReader | undefined,
): Uint8Array {
  const { location, offset = '0', length } = entries;
  if (!location || !/^\d{1,15}$/.test(offset) || (length !== undefined && !/^\d{1,15}$/.test(length))) {
    throw new Error(`the constant "${name}" does not say where its data lies`);
  }
  if (!external) throw new Error(`its weights lie in another file, "${location}", which is not at hand`);
  const data = external(location, Number(offset), length === undefined ? size : Number(length));
  return length === undefined ? data.subarray(0, size) : data;
}

/** Bytes of a tensor whose elements lie in int32_data, int64_data or uint64_data, each holding one element. */
function packIntegers(type: ElementType, values: readonly bigint[]): Uint8Array {
  const out = new Uint8Array(values.length * BYTES[type]);
  if (type === 'float32' || type === 'float64') throw new Error('a constant of real numbers holds whole numbers');
  if (BYTES[type] === 8) {
    new BigUint64Array(out.buffer).set(values.map((v) => BigInt.asUintN(64, v)));
    return out;
  }
  // Narrow types keep their low bits: onnx.proto stores float16 as its bit pattern and negative numbers sign-extended.
  const view = new ELEMENT_STORAGE[type](out.buffer, 0, values.length) as Int32Array;
  view.set(values.map((v) => Number(BigInt.asIntN(32, v))));
  return out;
}

function concatBytes(chunks: readonly Uint8Array[]): Uint8Array {
  if (chunks.length === 1) return chunks[0]!;
  const out = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    out.set(chunk, at);
    at += chunk.length;
  }
  return out;
}

/** A tensor over bytes: a view where they are aligned, otherwise a copy. */
function viewTensor(type: ElementType, dims: readonly number[], bytes: Uint8Array): Tensor {
  const aligned = bytes.byteOffset % BYTES[type] === 0 ? bytes : new Uint8Array(bytes);
  const data = new ELEMENT_STORAGE[type](aligned.buffer as ArrayBuffer, aligned.byteOffset, elementCount(dims));
  return { type, dims, data } as Tensor;
}

/**
 * Writes a model as an ONNX file (IR version 8). Initializers of at least `externalFrom` bytes are left out of `bytes`
 * and handed back as views on their own buffers, in the form of onnxruntime-node's session option `externalData`;
 * by default nothing is external. Numbers in attributes are `float` for names in FLOAT_ATTRIBUTES, otherwise `int`.
 */
export function writeOnnx(
  model: OnnxModel,
  options: { externalFrom?: number } = {},
): { bytes: Uint8Array; external: ExternalData[] } {
  const { externalFrom = Infinity } = options;
  const external: ExternalData[] = [];
  const { graph } = model;
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).int64(8); // ir_version
  writeText(writer, 2, model.producer); // producer_name
  // graph
  writeMessage(writer, 7, (w) =>
    writeGraph(w, graph, (tensor, name) => {
      if (tensor.data.byteLength < externalFrom) return writeTensor(w, tensor, name);
      const path = `w${external.length}`;
      external.push({ path, data: bytesOf(tensor) });
      writeTensor(w, tensor, name, path);
    }),
  );
  const domains = new Set(['', ...domainsOf(graph)]);
  for (const domain of domains) {
    // opset_import
    writeMessage(writer, 8, (w) => {
      writeText(w, 1, domain); // domain
      w.tag(2, WireType.Varint).int64(domain === '' ? model.opset : 1); // version
    });
  }
  for (const [key, value] of Object.entries(model.metadata)) writeMessage(writer, 14, (w) => writeEntry(w, key, value)); // metadata_props
  return { bytes: writer.finish(), external };
}

/** Operator set domains of a graph's nodes and of those in their sub-graphs. */
const domainsOf = (graph: OnnxGraph): string[] =>
  graph.nodes.flatMap((node) => [node.domain, ...subGraphs(node).flatMap(([, inner]) => domainsOf(inner))]);

function writeGraph(
  writer: BinaryWriter,
  graph: OnnxGraph,
  writeInitializer: (tensor: Tensor, name: string) => void,
): void {
  for (const node of graph.nodes) writeMessage(writer, 1, (w) => writeNode(w, node)); // node
  writeText(writer, 2, graph.name || 'graph'); // name
  for (const [name, tensor] of graph.initializers) writeMessage(writer, 5, () => writeInitializer(tensor, name)); // initializer
  for (const input of graph.inputs) writeMessage(writer, 11, (w) => writeValueInfo(w, input)); // input
  for (const output of graph.outputs) writeMessage(writer, 12, (w) => writeValueInfo(w, output)); // output
}

function writeMessage(writer: BinaryWriter, field: number, body: (writer: BinaryWriter) => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  body(writer);
  writer.join();
}

function writeText(writer: BinaryWriter, field: number, text: string): void {
  writer.tag(field, WireType.LengthDelimited).string(text);
}

function writeEntry(writer: BinaryWriter, key: string, value: string): void {
  writeText(writer, 1, key); // key
  writeText(writer, 2, value); // value
}

function writeNode(writer: BinaryWriter, node: OnnxNode): void {
  for (const input of node.inputs) writeText(writer, 1, input); // input
  for (const output of node.outputs) writeText(writer, 2, output); // output
  writeText(writer, 3, node.name); // name
  writeText(writer, 4, node.op); // op_type
  for (const [name, value] of Object.entries(node.attributes)) {
    writeMessage(writer, 5, (w) => writeAttribute(w, name, value)); // attribute
  }
  writeText(writer, 7, node.domain); // domain
}

function writeAttribute(writer: BinaryWriter, name: string, value: AttributeValue): void {
  const asFloat = FLOAT_ATTRIBUTES.has(name);
  writeText(writer, 1, name); // name
  let type: number;
  if (typeof value === 'string') {
    writeText(writer, 4, value); // s
    type = 3;
  } else if (typeof value === 'number') {
    if (asFloat)
      writer.tag(2, WireType.Bit32).float(value); // f
    else writer.tag(3, WireType.Varint).int64(value); // i
    type = asFloat ? 1 : 2;
  } else if (isList(value)) {
    const isText = typeof value[0] === 'string';
    for (const item of value) {
      if (typeof item === 'string')
        writeText(writer, 9, item); // strings
      else if (asFloat)
        writer.tag(7, WireType.Bit32).float(item); // floats
      else writer.tag(8, WireType.Varint).int64(item); // ints
    }
    type = isText ? 8 : asFloat ? 6 : 7;
  } else if ('nodes' in value) {
    writeMessage(writer, 6, (w) => writeGraph(w, value, (tensor, key) => writeTensor(w, tensor, key))); // g
    type = 5;
  } else {
    writeMessage(writer, 5, (w) => writeTensor(w, value, '')); // t
    type = 4;
  }
  writer.tag(20, WireType.Varint).int32(type); // type
}

const isList = (value: AttributeValue): value is readonly number[] | readonly string[] => Array.isArray(value);

/** A tensor with its data, or, where `location` is given, with a reference to data kept elsewhere. */
function writeTensor(writer: BinaryWriter, tensor: Tensor, name: string, location?: string): void {
  for (const size of tensor.dims) writer.tag(1, WireType.Varint).int64(size); // dims
  writer.tag(2, WireType.Varint).int32(ELEMENT_TYPE_CODES[tensor.type]); // data_type
  writeText(writer, 8, name); // name
  if (location === undefined) {
    writer.tag(9, WireType.LengthDelimited).bytes(bytesOf(tensor)); // raw_data
    return;
  }
  const entries = { location, offset: '0', length: String(tensor.data.byteLength) };
  for (const [key, value] of Object.entries(entries)) writeMessage(writer, 13, (w) => writeEntry(w, key, value)); // external_data
  writer.tag(14, WireType.Varint).int32(1); // data_location: EXTERNAL
}

const bytesOf = ({ data }: Tensor): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

function writeValueInfo(writer: BinaryWriter, { name, type, dims }: OnnxValueInfo): void {
  writeText(writer, 1, name); // name
  if (!type) return;
  // type, in it tensor_type
  writeMessage(writer, 2, (w) =>
    writeMessage(w, 1, () => {
      w.tag(1, WireType.Varint).int32(ELEMENT_TYPE_CODES[type]); // elem_type
      if (dims) writeMessage(w, 2, () => dims.forEach((size) => writeMessage(w, 1, () => writeDimension(w, size)))); // shape, in it dim
    }),
  );
}

function writeDimension(writer: BinaryWriter, size: number | string): void {
  if (typeof size === 'number')
    writer.tag(1, WireType.Varint).int64(size); // dim_value
  else if (size !== '') writeText(writer, 2, size); // dim_param
}
