import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { MadderError } from '../../shared/errors.ts';
import { elementCount, type ElementType, type Tensor } from '../../shared/tensor.ts';
import type { ByteSource } from './byte-source.ts';
import { elementBytes, tensorOf } from './elements.ts';
import { quoted, refusal, type Refuse } from './refusal.ts';
import type { TensorEntry, WeightsIndex } from './weights-index.ts';

/**
 * The safetensors format: 8 bytes little-endian header length, a JSON header
 * `{ name: { dtype, shape, data_offsets: [begin, end] }, __metadata__?: { key: string } }`, then the raw little-endian
 * data, which the tensors cover without holes or overlaps. https://github.com/huggingface/safetensors
 */

const LENGTH_BYTES = 8;
/** The reference implementation's limit; it keeps a broken length from being taken for a header. */
const MAX_HEADER_BYTES = 100_000_000;
/** Parsed, a header of nothing but brackets takes thirty times its length: only short ones may be much of a file. */
const SHORT_HEADER_BYTES = 2 ** 20;
const MAX_HEADER_SHARE = 1 / 16;

const DTYPES: readonly (readonly [string, ElementType])[] = [
  ['F64', 'float64'],
  ['F32', 'float32'],
  ['F16', 'float16'],
  ['BF16', 'bfloat16'],
  ['I64', 'int64'],
  ['U64', 'uint64'],
  ['I32', 'int32'],
  ['U32', 'uint32'],
  ['I16', 'int16'],
  ['U16', 'uint16'],
  ['I8', 'int8'],
  ['U8', 'uint8'],
  ['BOOL', 'bool'],
];
const TYPE_OF = new Map(DTYPES);
const DTYPE_OF = new Map(DTYPES.map(([dtype, type]) => [type, dtype]));

export interface Safetensors {
  /** In the order of the header. */
  readonly tensors: Map<string, Tensor>;
  readonly metadata: Record<string, string>;
}

/**
 * Reads a safetensors file from memory. Tensors are views of `bytes` where their data is aligned and copies elsewhere.
 * @param file what to call the file in messages
 * @throws MadderError `network`, one sentence naming the file and what is wrong with it
 */
export function readSafetensors(bytes: Uint8Array, file = 'the weights file'): Safetensors {
  const refuse = refusal(file, 'safetensors file');
  const start = dataStart(bytes, bytes.byteLength, refuse);
  const { tensors, metadata } = parseHeader(bytes.subarray(LENGTH_BYTES, start), bytes.byteLength, refuse);
  const read = [...tensors.values()].map(({ name, type, dims, begin, end }): [string, Tensor] => [
    name,
    tensorOf(type, dims, bytes.subarray(begin, end)),
  ]);
  return { tensors: new Map(read), metadata };
}

/** Lists the tensors of a safetensors file; reads its header only. @throws MadderError `network`, as {@link readSafetensors} */
export async function indexSafetensors(source: ByteSource, file: string): Promise<WeightsIndex> {
  const refuse = refusal(file, 'safetensors file');
  const length = await source.read(0, Math.min(LENGTH_BYTES, source.size));
  const header = await source.read(LENGTH_BYTES, dataStart(length, source.size, refuse));
  return { format: 'safetensors', unreadable: new Map(), skipped: [], ...parseHeader(header, source.size, refuse) };
}

/** Reads a safetensors file; see {@link readSafetensors}. A file that cannot be opened is a MadderError `input`. */
export async function readSafetensorsFile(path: string): Promise<Safetensors> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new MadderError('input', `${path} could not be read; check that the file is there.`, { cause });
  }
  return readSafetensors(bytes, basename(path));
}

/**
 * Writes tensors as a safetensors file, deterministically: widest elements first, then by name, so that every tensor
 * is aligned and can be read as a view.
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const pieces = safetensorsPieces(tensors, metadata);
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.byteLength, 0));
  let offset = 0;
  for (const piece of pieces) {
    bytes.set(piece, offset);
    offset += piece.byteLength;
  }
  return bytes;
}

/** The same file in pieces, one after the other: the header, and views of the tensors' data, of which nothing is copied. */
export function safetensorsPieces(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array[] {
  const ordered = [...tensors].sort(
    ([a, s], [b, t]) => t.data.BYTES_PER_ELEMENT - s.data.BYTES_PER_ELEMENT || (a < b ? -1 : 1),
  );
  const header: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) header.push(['__metadata__', metadata]);
  let position = 0;
  for (const [name, tensor] of ordered) {
    const end = position + tensor.data.byteLength;
    header.push([name, { dtype: DTYPE_OF.get(tensor.type), shape: tensor.dims, data_offsets: [position, end] }]);
    position = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const headerBytes = Math.ceil(json.byteLength / 8) * 8;
  const start = new Uint8Array(8 + headerBytes);
  new DataView(start.buffer).setBigUint64(0, BigInt(headerBytes), true);
  start.set(json, 8);
  start.fill(0x20, 8 + json.byteLength);
  return [start, ...ordered.map(([, { data }]) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength))];
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** Where the data begins in a file of `size` bytes, of which at least the first eight are given. */
function dataStart(bytes: Uint8Array, size: number, refuse: Refuse): number {
  if (size < LENGTH_BYTES) return refuse(`it is only ${size} bytes long`);
  const declared = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (declared > MAX_HEADER_BYTES)
    return refuse(`it declares a header of ${declared} bytes, beyond the limit of 100 MB`);
  const start = LENGTH_BYTES + Number(declared);
  if (start > size) return refuse(`its header is cut off (${declared} bytes in a file of ${size})`);
  if (start > SHORT_HEADER_BYTES && start > size * MAX_HEADER_SHARE)
    return refuse('its header is implausibly large for its data');
  return start;
}

/** The entries of a header, which together cover the rest of a file of `size` bytes exactly. */
function parseHeader(header: Uint8Array, size: number, refuse: Refuse) {
  const start = LENGTH_BYTES + header.byteLength;
  const metadata: [string, string][] = [];
  const tensors = new Map<string, TensorEntry>();
  for (const [name, value] of Object.entries(parseJson(header, refuse))) {
    if (name === '__metadata__') {
      if (!isRecord(value)) return refuse('its metadata is not a list of names and texts');
      for (const [key, text] of Object.entries(value)) {
        if (typeof text !== 'string') return refuse(`its metadata entry ${quoted(key)} is not a text`);
        metadata.push([key, text]);
      }
      continue;
    }
    const { dtype, type, dims, offsets } = parseEntry(name, value, refuse);
    const [begin, end] = offsets.map((o) => start + o) as [number, number];
    if (end > size) return refuse(`tensor ${quoted(name)} ends beyond the file, which may be cut off`);
    const expected = elementCount(dims) * elementBytes(type);
    if (end - begin !== expected) {
      return refuse(
        `tensor ${quoted(name)} is ${dtype} [${dims.join(', ')}], which takes ${expected} bytes, not ${end - begin}`,
      );
    }
    tensors.set(name, { name, type, dims, begin, end });
  }

  let position = start;
  for (const { name, begin, end } of [...tensors.values()].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== position) {
      return refuse(`tensor ${quoted(name)} ${begin < position ? 'overlaps another' : 'leaves a gap before it'}`);
    }
    position = end;
  }
  if (position !== size) return refuse(`${size - position} bytes at its end belong to no tensor`);
  return { tensors, metadata: Object.fromEntries(metadata) };
}

function parseJson(bytes: Uint8Array, refuse: Refuse): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return refuse('its header is not JSON');
  }
  return isRecord(header) ? header : refuse('its header is not a JSON object');
}

function parseEntry(name: string, entry: unknown, refuse: Refuse) {
  if (!isRecord(entry)) return refuse(`the entry of tensor ${quoted(name)} is not an object`);
  const { dtype, shape: dims, data_offsets: offsets } = entry;
  const type = TYPE_OF.get(String(dtype));
  if (!type)
    return refuse(`tensor ${quoted(name)} has elements of type ${quoted(String(dtype))}, which Madder does not read`);
  if (!Array.isArray(dims) || !dims.every(isSize)) return refuse(`tensor ${quoted(name)} has no valid shape`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize) || offsets[0]! > offsets[1]!) {
    return refuse(`tensor ${quoted(name)} has no valid place in the file`);
  }
  return { dtype: String(dtype), type, dims, offsets };
}
