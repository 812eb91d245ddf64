import { Random } from './random.ts';

/** A file that is made while it is read: large ones need neither disk nor memory. */
export interface VirtualFile {
  readonly size: number;
  read(begin: number, end: number): Uint8Array;
}

type Part = Uint8Array | { readonly zeros: number } | { readonly noise: number };

const NOISE_FLOATS = 65_521;
const noise = new Uint8Array(
  Float32Array.from(new Random(7).numbers(NOISE_FLOATS, -0.05, 0.05)).buffer satisfies ArrayBuffer,
);

const lengthOf = (part: Part): number =>
  part instanceof Uint8Array ? part.byteLength : 'zeros' in part ? part.zeros : part.noise;

/** Parts one after another; `noise` are small float32 numbers that repeat, `noise` and `zeros` give their bytes. */
export function virtualFile(parts: readonly Part[]): VirtualFile {
  const starts: number[] = [];
  let size = 0;
  for (const part of parts) {
    starts.push(size);
    size += lengthOf(part);
  }
  return {
    size,
    read(begin, end) {
      const bytes = new Uint8Array(end - begin);
      parts.forEach((part, i) => {
        const start = starts[i]!;
        const from = Math.max(begin, start);
        const to = Math.min(end, start + lengthOf(part));
        if (from >= to || (!(part instanceof Uint8Array) && 'zeros' in part)) return;
        if (part instanceof Uint8Array) {
          bytes.set(part.subarray(from - start, to - start), from - begin);
          return;
        }
        for (let at = from; at < to;) {
          const offset = (at - start) % noise.byteLength;
          const piece = noise.subarray(offset, Math.min(noise.byteLength, offset + to - at));
          bytes.set(piece, at - begin);
          at += piece.byteLength;
        }
      });
      return bytes;
    },
  };
}

export const fileOf = (bytes: Uint8Array): VirtualFile => virtualFile([bytes]);

/** float32 tensors by name. */
export type VirtualTensors = ReadonlyMap<string, readonly number[]>;

const count = (dims: readonly number[]): number => dims.reduce((n, d) => n * d, 1);

export function virtualSafetensors(tensors: VirtualTensors): VirtualFile {
  let position = 0;
  const entries = [...tensors].map(([name, shape]) => {
    const begin = position;
    position += 4 * count(shape);
    return [name, { dtype: 'F32', shape, data_offsets: [begin, position] }];
  });
  const json = JSON.stringify(Object.fromEntries(entries));
  const header = new TextEncoder().encode(json.padEnd(Math.ceil(json.length / 8) * 8));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(header.byteLength), true);
  return virtualFile([length, header, ...[...tensors.values()].map((dims) => ({ noise: 4 * count(dims) }))]);
}

/** What torch.save writes since 1.6: a zip archive, data aligned to 64 bytes. */
export function virtualTorchZip(tensors: VirtualTensors): VirtualFile {
  const parts: Part[] = [];
  const directory: Uint8Array[] = [];
  let position = 0;
  const push = (part: Part) => {
    parts.push(part);
    position += lengthOf(part);
  };
  const add = (name: string, data: Part) => {
    const at = position;
    const size = lengthOf(data);
    const text = Buffer.from(name);
    const padding = (64 - ((at + 30 + text.length + 4) % 64)) % 64;
    const local = Buffer.alloc(30 + text.length + 4 + padding, 'Z');
    local.fill(0, 0, 30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt32LE(size, 18);
    local.writeUInt32LE(size, 22);
    local.writeUInt16LE(text.length, 26);
    local.writeUInt16LE(4 + padding, 28);
    text.copy(local, 30);
    local.write('FB', 30 + text.length);
    local.writeUInt16LE(padding, 32 + text.length);
    const entry = Buffer.alloc(46 + text.length);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt32LE(size, 20);
    entry.writeUInt32LE(size, 24);
    entry.writeUInt16LE(text.length, 28);
    entry.writeUInt32LE(at, 42);
    text.copy(entry, 46);
    directory.push(entry);
    push(local);
    push(data);
  };
  add('archive/data.pkl', stateDictPickle(tensors));
  [...tensors.values()].forEach((dims, i) => add(`archive/data/${i}`, { noise: 4 * count(dims) }));
  const begin = position;
  directory.forEach(push);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(position - begin, 12);
  end.writeUInt32LE(begin, 16);
  push(end);
  return virtualFile(parts);
}

/** What torch.save wrote before 1.6: pickles, then the storages in the order of their keys, each behind its length. */
export function virtualTorchLegacy(tensors: VirtualTensors): VirtualFile {
  const keys = [...tensors.keys()].map((_, i) => String(i));
  // As with real files, whose keys are addresses: the order has nothing to do with that of the names.
  const order = new Random(3).shuffled(keys);
  const magic = Buffer.from([0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e]);
  const version = Buffer.from([0x80, 2, ...integer(1001), 0x2e]);
  const system = Buffer.from([0x80, 2, 0x7d, 0x2e]);
  const list = Buffer.concat([Buffer.from([0x80, 2, 0x5d, 0x28]), ...order.map(text), Buffer.from('e.')]);
  const shapes = [...tensors.values()];
  const storages = order.flatMap((key): Part[] => {
    const length = Buffer.alloc(8);
    length.writeBigInt64LE(BigInt(count(shapes[Number(key)]!)));
    return [length, { noise: 4 * count(shapes[Number(key)]!) }];
  });
  return virtualFile([magic, version, system, stateDictPickle(tensors), list, ...storages]);
}

/** Pickle protocol 2 of `{ name: _rebuild_tensor_v2(storage i, 0, shape, strides, False, OrderedDict()) }`. */
function stateDictPickle(tensors: VirtualTensors): Buffer {
  const parts: Buffer[] = [Buffer.from([0x80, 2, 0x7d, 0x28])];
  [...tensors].forEach(([name, dims], i) => {
    const strides = dims.map((_, axis) => count(dims.slice(axis + 1)));
    parts.push(
      text(name),
      Buffer.from('ctorch._utils\n_rebuild_tensor_v2\n('),
      Buffer.concat([Buffer.from('('), text('storage'), Buffer.from('ctorch\nFloatStorage\n'), text(String(i))]),
      Buffer.concat([text('cuda:0'), integer(count(dims)), Buffer.from('tQ')]),
      Buffer.concat([integer(0), tuple(dims), tuple(strides), Buffer.from([0x89])]),
      Buffer.from('ccollections\nOrderedDict\n)RtR'),
    );
  });
  return Buffer.concat([...parts, Buffer.from('u.')]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  const head = Buffer.from([0x58, 0, 0, 0, 0]);
  head.writeUInt32LE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

function integer(value: number): Buffer {
  const bytes = Buffer.from([0x4a, 0, 0, 0, 0]);
  bytes.writeInt32LE(value, 1);
  return bytes;
}

const tuple = (values: readonly number[]): Buffer =>
  Buffer.concat([Buffer.from('('), ...values.map(integer), Buffer.from('t')]);
