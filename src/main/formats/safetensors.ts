import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { MadderError } from '../../shared/errors.ts';
import { elementCount, type ElementType, type Tensor } from '../../shared/tensor.ts';

/**
 * The safetensors format: 8 bytes little-endian header length, a JSON header
 * `{ name: { dtype, shape, data_offsets: [begin, end] }, __metadata__?: { key: string } }`, then the raw little-endian
 * data, which the tensors cover without holes or overlaps. https://github.com/huggingface/safetensors
 */

/** The reference implementation's limit; it keeps a broken length from being taken for a header. */
const MAX_HEADER_BYTES = 100_000_000;

interface ElementFormat {
  readonly dtype: string;
  readonly type: ElementType;
  readonly array: {
    readonly BYTES_PER_ELEMENT: number;
    new (buffer: ArrayBufferLike, byteOffset: number, length: number): Tensor['data'];
  };
}

const FORMATS: readonly ElementFormat[] = [
  { dtype: 'F64', type: 'float64', array: Float64Array },
  { dtype: 'F32', type: 'float32', array: Float32Array },
  { dtype: 'F16', type: 'float16', array: Uint16Array },
  { dtype: 'BF16', type: 'bfloat16', array: Uint16Array },
  { dtype: 'I64', type: 'int64', array: BigInt64Array },
  { dtype: 'U64', type: 'uint64', array: BigUint64Array },
  { dtype: 'I32', type: 'int32', array: Int32Array },
  { dtype: 'U32', type: 'uint32', array: Uint32Array },
  { dtype: 'I16', type: 'int16', array: Int16Array },
  { dtype: 'U16', type: 'uint16', array: Uint16Array },
  { dtype: 'I8', type: 'int8', array: Int8Array },
  { dtype: 'U8', type: 'uint8', array: Uint8Array },
  { dtype: 'BOOL', type: 'bool', array: Uint8Array },
];
const BY_DTYPE = new Map(FORMATS.map((f) => [f.dtype, f]));
const BY_TYPE = new Map(FORMATS.map((f) => [f.type, f]));

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
  const refuse = (why: string): never => {
    throw new MadderError('network', `${file} is not a usable safetensors file: ${why}; download or export it again.`);
  };
  if (bytes.byteLength < 8) return refuse(`it is only ${bytes.byteLength} bytes long`);
  const declared = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (declared > MAX_HEADER_BYTES)
    return refuse(`it declares a header of ${declared} bytes, beyond the limit of 100 MB`);
  const start = 8 + Number(declared);
  if (start > bytes.byteLength)
    return refuse(`its header is cut off (${declared} bytes in a file of ${bytes.byteLength})`);

  const data = bytes.subarray(start);
  const metadata: Record<string, string> = {};
  const tensors = new Map<string, Tensor>();
  const ranges: { name: string; begin: number; end: number }[] = [];
  for (const [name, entry] of Object.entries(parseHeader(bytes.subarray(8, start), refuse))) {
    if (name === '__metadata__') {
      if (!isRecord(entry)) return refuse('its metadata is not a list of names and texts');
      for (const [key, value] of Object.entries(entry)) {
        if (typeof value !== 'string') return refuse(`its metadata entry "${key}" is not a text`);
        metadata[key] = value;
      }
      continue;
    }
    const { format, shape, begin, end } = parseEntry(name, entry, refuse);
    if (end > data.byteLength) return refuse(`tensor "${name}" ends beyond the file, which may be cut off`);
    const expected = elementCount(shape) * format.array.BYTES_PER_ELEMENT;
    if (end - begin !== expected) {
      return refuse(
        `tensor "${name}" is ${format.dtype} [${shape.join(', ')}], which takes ${expected} bytes, not ${end - begin}`,
      );
    }
    ranges.push({ name, begin, end });
    tensors.set(name, { type: format.type, dims: shape, data: elements(data, begin, end, format) } as Tensor);
  }

  let position = 0;
  for (const { name, begin, end } of ranges.sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== position) {
      return refuse(`tensor "${name}" ${begin < position ? 'overlaps another' : 'leaves a gap before it'}`);
    }
    position = end;
  }
  if (position !== data.byteLength) return refuse(`${data.byteLength - position} bytes at its end belong to no tensor`);
  return { tensors, metadata };
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
  const ordered = [...tensors].sort(
    ([a, s], [b, t]) => t.data.BYTES_PER_ELEMENT - s.data.BYTES_PER_ELEMENT || (a < b ? -1 : 1),
  );
  const header: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) header.push(['__metadata__', metadata]);
  let position = 0;
  for (const [name, tensor] of ordered) {
    const end = position + tensor.data.byteLength;
    const { dtype } = BY_TYPE.get(tensor.type)!;
    header.push([name, { dtype, shape: tensor.dims, data_offsets: [position, end] }]);
    position = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const headerBytes = Math.ceil(json.byteLength / 8) * 8;
  const bytes = new Uint8Array(8 + headerBytes + position);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.set(json, 8);
  bytes.fill(0x20, 8 + json.byteLength, 8 + headerBytes);
  let offset = 8 + headerBytes;
  for (const [, { data }] of ordered) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return bytes;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function parseHeader(bytes: Uint8Array, refuse: (why: string) => never): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return refuse('its header is not JSON');
  }
  return isRecord(header) ? header : refuse('its header is not a JSON object');
}

function parseEntry(name: string, entry: unknown, refuse: (why: string) => never) {
  if (!isRecord(entry)) return refuse(`the entry of tensor "${name}" is not an object`);
  const { dtype, shape, data_offsets: offsets } = entry;
  const format = BY_DTYPE.get(String(dtype));
  if (!format) return refuse(`tensor "${name}" has elements of type ${String(dtype)}, which Madder does not read`);
  if (!Array.isArray(shape) || !shape.every(isSize)) return refuse(`tensor "${name}" has no valid shape`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize) || offsets[0]! > offsets[1]!) {
    return refuse(`tensor "${name}" has no valid place in the file`);
  }
  return { format, shape, begin: offsets[0]!, end: offsets[1]! };
}

/** Typed arrays need offsets that are multiples of their element size; elsewhere the bytes are copied first. */
function elements(data: Uint8Array, begin: number, end: number, format: ElementFormat): Tensor['data'] {
  const size = format.array.BYTES_PER_ELEMENT;
  const aligned = (data.byteOffset + begin) % size === 0;
  const view = data.subarray(begin, end);
  const bytes = aligned ? view : new Uint8Array(view);
  return new format.array(bytes.buffer, bytes.byteOffset, (end - begin) / size);
}
