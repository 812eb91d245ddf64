import { fileURLToPath } from 'node:url';
import { deflateRawSync } from 'node:zlib';

/** Pickles, zip archives and checkpoints, byte by byte, for tests of their readers. */

/** A checkpoint that `data/make_checkpoints.py` wrote. */
export const checkpointPath = (name: string): string => fileURLToPath(new URL(`data/${name}`, import.meta.url));

export const bytes = (...parts: readonly (string | number | Uint8Array)[]): Uint8Array =>
  Buffer.concat(parts.map((p) => (typeof p === 'number' ? Uint8Array.of(p) : typeof p === 'string' ? latin1(p) : p)));

const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');

export function little(value: number | bigint, size: 2 | 4 | 8): Uint8Array {
  const out = Buffer.alloc(size);
  if (size === 8) out.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)));
  else out.writeUIntLE(Number(value), 0, size);
  return out;
}

/** Instructions of protocol 2, without its header and STOP. */
export const text = (value: string): Uint8Array => {
  const utf8 = Buffer.from(value, 'utf8');
  return bytes('X', little(utf8.length, 4), utf8);
};
export const integer = (value: number): Uint8Array =>
  value >= 0 && value < 2 ** 31 ? bytes('J', little(value, 4)) : bytes('\x8a\x08', little(BigInt(value), 8));
export const global = (module: string, name: string): Uint8Array => bytes('c', module, '\n', name, '\n');
export const tuple = (...items: readonly Uint8Array[]): Uint8Array => bytes('(', ...items, 't');
export const list = (...items: readonly Uint8Array[]): Uint8Array => bytes('](', ...items, 'e');
export const dict = (...pairs: readonly (readonly [string, Uint8Array])[]): Uint8Array =>
  bytes('}(', ...pairs.flatMap(([key, value]) => [text(key), value]), 'u');
export const reduce = (callable: Uint8Array, ...args: readonly Uint8Array[]): Uint8Array =>
  bytes(callable, tuple(...args), 'R');
export const pickled = (...instructions: readonly Uint8Array[]): Uint8Array => bytes('\x80\x02', ...instructions, '.');

export interface StorageOptions {
  readonly type?: string;
  readonly view?: Uint8Array;
}

/** A reference to a storage of `count` elements. */
export const storage = (
  key: string,
  count: number,
  { type = 'FloatStorage', view }: StorageOptions = {},
): Uint8Array => {
  const id = [text('storage'), global('torch', type), text(key), text('cpu'), integer(count), ...(view ? [view] : [])];
  return bytes(tuple(...id), 'Q');
};

export const ordered = reduce(global('collections', 'OrderedDict'));

/** A tensor as PyTorch pickles it; contiguous unless strides are given. */
export function tensor(
  from: Uint8Array,
  dims: readonly number[],
  { offset = 0, strides }: { offset?: number; strides?: readonly number[] } = {},
): Uint8Array {
  const contiguous = dims.map((_, i) => dims.slice(i + 1).reduce((n, d) => n * d, 1));
  const [shape, steps] = [dims, strides ?? contiguous].map((sizes) => tuple(...sizes.map(integer)));
  return reduce(
    global('torch._utils', '_rebuild_tensor_v2'),
    from,
    integer(offset),
    shape!,
    steps!,
    bytes('\x89'),
    ordered,
  );
}

export const floats = (...values: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);

export interface ZipPart {
  readonly name: string;
  readonly data: Uint8Array;
  readonly compressed?: boolean;
  /** What the directory says instead of the truth. */
  readonly claims?: {
    readonly size?: number;
    readonly header?: number;
    readonly method?: number;
    readonly flags?: number;
  };
}

/** A zip archive; with `wide`, all sizes and the directory are in zip64 records. */
export function zip(parts: readonly ZipPart[], { wide = false, comment = '' } = {}): Uint8Array {
  const local: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  let at = 0;
  for (const { name, data, compressed = false, claims = {} } of parts) {
    const packed = compressed ? deflateRawSync(data) : data;
    const method = little(claims.method ?? (compressed ? 8 : 0), 2);
    const head = bytes('PK\x03\x04', little(20, 2), little(0, 2), method, little(0, 4), little(0, 4));
    // A filler of five bytes: data begins behind a local header that is longer than the directory's.
    const record = bytes(
      head,
      little(0, 4),
      little(0, 4),
      little(name.length, 2),
      little(5, 2),
      name,
      'FB\x01\0Z',
      packed,
    );
    const size = claims.size ?? data.length;
    const [packedSize, header] = [claims.size ?? packed.length, claims.header ?? at];
    const extra = wide
      ? bytes(little(1, 2), little(24, 2), little(size, 8), little(packedSize, 8), little(header, 8))
      : bytes();
    central.push(
      bytes(
        'PK\x01\x02',
        little(20, 2),
        little(20, 2),
        little(claims.flags ?? 0, 2),
        method,
        little(0, 4),
        little(0, 4),
      ),
      ...[packedSize, size].map((s) => little(wide ? 0xffffffff : s, 4)),
      bytes(little(name.length, 2), little(extra.length, 2), little(0, 2), little(0, 2), little(0, 2), little(0, 4)),
      bytes(little(wide ? 0xffffffff : header, 4), name, extra),
    );
    local.push(record);
    at += record.length;
  }
  const directory = Buffer.concat(central);
  const end64 = bytes(
    bytes('PK\x06\x06', little(44, 8), little(45, 2), little(45, 2), little(0, 4), little(0, 4)),
    bytes(little(parts.length, 8), little(parts.length, 8), little(directory.length, 8), little(at, 8)),
    bytes('PK\x06\x07', little(0, 4), little(at + directory.length, 8), little(1, 4)),
  );
  const count = little(wide ? 0xffff : parts.length, 2);
  const end = bytes(
    bytes('PK\x05\x06', little(0, 2), little(0, 2), count, count, little(wide ? 0xffffffff : directory.length, 4)),
    bytes(little(wide ? 0xffffffff : at, 4), little(comment.length, 2), comment),
  );
  return Buffer.concat([...local, directory, wide ? end64 : bytes(), end]);
}

/** A zip checkpoint: the object's pickle (without header and STOP), and storages by key. */
export function torchZip(
  object: Uint8Array,
  storages: Readonly<Record<string, Uint8Array>>,
  byteorder?: string,
): Uint8Array {
  return zip([
    { name: 'net/data.pkl', data: pickled(object) },
    ...(byteorder === undefined ? [] : [{ name: 'net/byteorder', data: bytes(byteorder) }]),
    ...Object.entries(storages).map(([key, data]) => ({ name: `net/data/${key}`, data })),
    { name: 'net/version', data: bytes('3\n') },
  ]);
}

export const LEGACY_HEAD = bytes(
  bytes('\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.'),
  pickled(integer(1001)),
  pickled(dict(['little_endian', bytes('\x88')])),
);

/** A legacy checkpoint with storages of float32 by key. */
export function torchLegacy(object: Uint8Array, storages: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const keys = pickled(list(...Object.keys(storages).map(text)));
  const data = Object.values(storages).map((d) => bytes(little(d.length / 4, 8), d));
  return bytes(LEGACY_HEAD, pickled(object), keys, ...data);
}
