import { readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeSafetensors } from '../../../src/main/formats/safetensors.ts';
import { floatTensor } from '../../../src/shared/tensor.ts';
import { Random } from '../../support/random.ts';
import {
  bytes,
  checkpointPath,
  dict,
  floats,
  global,
  integer,
  list,
  little,
  pickled,
  reduce,
  storage,
  tensor,
  text,
  torchLegacy,
  torchZip,
  tuple,
  zip,
} from './checkpoint-bytes.ts';

/** Files that are broken or mean harm, the same ones on every machine. */

const DATA = dirname(checkpointPath('any'));

export interface HostileFile {
  readonly name: string;
  readonly file: Uint8Array;
}

/** Sound files that mutations start from. */
export function soundFiles(): HostileFile[] {
  const fixtures = readdirSync(DATA).filter((name) => /\.(pth|pt|th|ckpt)$/.test(name));
  const small = new Map([
    ['a.weight', floatTensor([2, 2], [1, 2, 3, 4])],
    ['a.bias', floatTensor([2], [5, 6])],
  ]);
  return [
    ...fixtures.sort().map((name) => ({ name, file: readFileSync(checkpointPath(name)) })),
    { name: 'small.safetensors', file: writeSafetensors(small, { format: 'pt' }) },
    { name: 'zip64.pth', file: zip64(dict(['w', tensor(storage('0', 4), [2, 2])])) },
  ];
}

const zip64 = (object: Uint8Array): Uint8Array =>
  zip(
    [
      { name: 'n/data.pkl', data: pickled(object) },
      { name: 'n/data/0', data: floats(1, 2, 3, 4) },
    ],
    { wide: true },
  );

/** `count` mutations: cut, flipped bits, inserted and removed bytes, numbers made large, pieces copied elsewhere. */
export function mutatedFiles(count: number, seed: number): HostileFile[] {
  const random = new Random(seed);
  const sound = soundFiles();
  return Array.from({ length: count }, (_, i) => {
    const { name, file } = sound[i % sound.length]!;
    let bytesOf = Buffer.from(file);
    const changes = random.integer(1, 4);
    const kinds: string[] = [];
    for (let k = 0; k < changes && bytesOf.length > 0; k++) {
      const at = random.integer(0, bytesOf.length - 1);
      const kind = random.pick(['cut', 'flip', 'flip', 'insert', 'remove', 'large', 'copy'] as const);
      kinds.push(kind);
      if (kind === 'cut') bytesOf = bytesOf.subarray(0, at);
      if (kind === 'flip') bytesOf[at]! ^= 1 << random.integer(0, 7);
      if (kind === 'insert') bytesOf = Buffer.concat([bytesOf.subarray(0, at), noise(random), bytesOf.subarray(at)]);
      if (kind === 'remove')
        bytesOf = Buffer.concat([bytesOf.subarray(0, at), bytesOf.subarray(at + random.integer(1, 9))]);
      if (kind === 'large') bytesOf.subarray(at, at + random.pick([2, 4, 8])).fill(random.pick([0xff, 0x7f, 0x80]));
      if (kind === 'copy') bytesOf.copy(bytesOf, random.integer(0, bytesOf.length - 1), at, at + random.integer(1, 64));
    }
    return { name: `${i}: ${name} ${kinds.join(' ')}`, file: bytesOf };
  });
}

const noise = (random: Random): Uint8Array =>
  Uint8Array.from({ length: random.integer(1, 12) }, () => random.integer(0, 255));

/** Pickles that would run programs, in every form of checkpoint; `marker` is a file that they would make. */
export function programs(marker: string): HostileFile[] {
  const command = text(`touch ${marker}`);
  const system = global('os', 'system');
  const calls: Record<string, Uint8Array> = {
    system: reduce(system, command),
    posix: reduce(global('posix', 'system'), command),
    nt: reduce(global('nt', 'system'), command),
    eval: reduce(global('builtins', 'eval'), text(`open(${JSON.stringify(marker)}, "w")`)),
    exec: reduce(global('__builtin__', 'execfile'), text(marker)),
    popen: bytes(global('subprocess', 'Popen'), tuple(list(text('touch'), text(marker))), '\x81'),
    getattr: reduce(
      reduce(global('builtins', 'getattr'), reduce(global('builtins', '__import__'), text('os')), text('system')),
      command,
    ),
    load: reduce(global('torch.storage', '_load_from_bytes'), bytes('B', little(1, 4), 'N')),
    dill: reduce(global('dill._dill', '_load_type'), text('CodeType')),
    newobjEx: bytes(system, tuple(command), dict(), '\x92'),
    inst: bytes('(', command, 'ios\nsystem\n'),
    obj: bytes('(', system, command, 'o'),
    stackGlobal: bytes(text('os'), text('system'), '\x93', tuple(command), 'R'),
    build: bytes(reduce(global('types', 'SimpleNamespace')), dict(['__class__', system]), 'b'),
    require: reduce(global('child_process', 'execSync'), command),
    prototype: dict(['__proto__', dict(['polluted', text('yes')])], ['constructor', dict(['prototype', dict()])]),
  };
  return Object.entries(calls).flatMap(([name, call]) => {
    const inside = dict(['w', tensor(storage('0', 4), [2, 2])], ['x', call]);
    const asTensor = dict(['w', reduce(global('torch._utils', '_rebuild_tensor_v2'), call, integer(0))]);
    return [inside, asTensor, call].flatMap((object, i) => [
      { name: `${name} ${i} zip`, file: torchZip(object, { 0: floats(1, 2, 3, 4) }) },
      { name: `${name} ${i} legacy`, file: torchLegacy(object, { 0: floats(1, 2, 3, 4) }) },
    ]);
  });
}

/** Pickles of `size` bytes that make as much as they can of each of them; all but some headers of a legacy checkpoint. */
export function bombs(size: number): Readonly<Record<string, () => Uint8Array>> {
  const many = (piece: string | Uint8Array, share = 1): Uint8Array => {
    const unit = Buffer.from(bytes(piece));
    return Buffer.alloc(Math.floor((size * share) / unit.length) * unit.length, unit);
  };
  const laughs = Array.from({ length: 60 }, (_, i) =>
    bytes(']q', i + 1, '(', ...Array.from({ length: 9 }, () => bytes('h', i)), 'e'),
  );
  const pickles: Record<string, () => Uint8Array> = {
    lists: () => many(']'),
    dictionaries: () => many('}'),
    tuples: () => bytes('N', many('\x85')),
    marks: () => many('('),
    copies: () => bytes('N', many('2')),
    memory: () => bytes('N', many('\x94')),
    places: () => bytes('N', many(bytes('r', little(7e7, 4)))),
    integers: () => many('K\x01'),
    longs: () => many(bytes('\x8a\x10', 'a'.repeat(15), 1)),
    numbers: () => many(bytes('G', floats(1, 2))),
    texts: () => many(text('abcd')),
    globals: () => many(global('a', 'b')),
    calls: () => bytes('N', many('NR')),
    references: () => bytes('N', many('Q')),
    bytes: () => many('C\x00'),
    nothing: () => many('N0'),
    protocols: () => many('\x80\x02'),
    nesting: () => bytes(many(']', 0.5), many('a', 0.5)),
    tensors: () => bytes(tensor(storage('0', 1), [1]), 'q\x01](', many('h\x01'), 'e'),
    laughs: () => bytes(text('lol'), 'q\x00', ...laughs, many('h\x00')),
    text: () => bytes('X', little(size, 4), many('a')),
    line: () => bytes('V', many('a'), '\n'),
  };
  const header = (): Uint8Array => bytes('{"a":[', many('[],', 1 / 20), '1]}');
  return {
    ...Object.fromEntries(
      Object.entries(pickles).map(([name, pickle]) => [name, () => torchLegacy(pickle(), { 0: floats(1) })]),
    ),
    zip: () => torchZip(many('N'), {}),
    header: () => bytes(little(header().length, 8), header(), new Uint8Array(size)),
  };
}

/** Small files that declare large things. */
export function liars(): HostileFile[] {
  const huge = [2 ** 31, 2 ** 32, 2 ** 40, 2 ** 53 - 1];
  return huge.flatMap((n) => [
    {
      name: `shape ${n}`,
      file: torchZip(dict(['w', tensor(storage('0', 4), [n], { strides: [0] })]), { 0: floats(1, 2, 3, 4) }),
    },
    { name: `storage ${n}`, file: torchLegacy(dict(['w', tensor(storage('0', n), [2])]), { 0: floats(1, 2, 3, 4) }) },
    { name: `entry ${n}`, file: zip([{ name: 'n/data.pkl', data: bytes('N.'), claims: { size: n } }], { wide: true }) },
    { name: `header ${n}`, file: bytes(little(n, 8), '{}') },
    { name: `text ${n}`, file: torchLegacy(bytes('\x8d', little(n, 8), 'abc'), {}) },
    { name: `memo ${n}`, file: torchLegacy(bytes(`Np${n}\n`), {}) },
    {
      name: `inflated ${n}`,
      file: zip([
        { name: 'n/data.pkl', data: new Uint8Array(2 ** 20), compressed: true, claims: { size: n % 2 ** 24 } },
      ]),
    },
  ]);
}
