import { describe, expect, it } from 'vitest';
import {
  Budget,
  PickleEnd,
  PickleGlobal,
  PickleObject,
  PicklePersistent,
  PickleReader,
  type PickleValue,
} from '../../../src/main/formats/pickle.ts';
import { refusal } from '../../../src/main/formats/refusal.ts';
import { MadderError } from '../../../src/shared/errors.ts';
import { bytes, dict, global, integer, list, little, pickled, reduce, text, tuple } from './checkpoint-bytes.ts';

const refuse = refusal('thin.pth', 'PyTorch checkpoint');
const reader = (data: Uint8Array, size = data.length) => new PickleReader(data, new Budget(size, refuse), refuse);
const read = (data: Uint8Array): PickleValue => reader(data).read();

const nan = bytes('\x7f\xf8\0\0\0\0\0\0');

describe('pickles', () => {
  it.each<[string, string | Uint8Array, PickleValue]>([
    ['NONE', 'N.', null],
    ['NEWTRUE', '\x88.', true],
    ['NEWFALSE', '\x89.', false],
    ['INT', 'I-12\n.', -12],
    ['INT as a truth', 'I01\n.', true],
    ['LONG', 'L99999999999999999999L\n.', 99999999999999999999n],
    ['BININT', 'J\xfe\xff\xff\xff.', -2],
    ['BININT1', 'K\xff.', 255],
    ['BININT2', 'M\x01\x02.', 513],
    ['LONG1', '\x8a\x02\x00\xff.', -256],
    ['LONG1 of nothing', '\x8a\x00.', 0],
    ['LONG1 beyond 2^53', '\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.', 0x1950a86a20f9469cfc6cn],
    ['LONG4', '\x8b\x01\0\0\0\x07.', 7],
    ['FLOAT', 'F1.5e3\n.', 1500],
    ['BINFLOAT', 'G\x40\x56\xf1\xeb\x8c\xcc\xcc\xcd.', 91.78000183105469],
    ['BINFLOAT of nothing', bytes('G', nan, '.'), NaN],
    ['STRING', "S'a\\n\\'\\x41\\\\'\n.", "a\n'A\\"],
    ['BINSTRING', 'T\x03\0\0\0abc.', 'abc'],
    ['SHORT_BINSTRING', 'U\x03abc.', 'abc'],
    ['UNICODE', 'Va\\u00e9\n.', 'aé'],
    ['BINUNICODE', pickled(text('é_weight')), 'é_weight'],
    ['SHORT_BINUNICODE', '\x8c\x02hi.', 'hi'],
    ['BINUNICODE8', '\x8d\x02\0\0\0\0\0\0\0hi.', 'hi'],
    ['BINBYTES', 'B\x02\0\0\0hi.', 'hi'],
    ['SHORT_BINBYTES', 'C\x02hi.', 'hi'],
    ['BINBYTES8', '\x8e\x02\0\0\0\0\0\0\0hi.', 'hi'],
    ['BYTEARRAY8', '\x96\x02\0\0\0\0\0\0\0hi.', 'hi'],
    ['BINBYTES of data', bytes('B', little(1000, 4), new Uint8Array(1000), '.'), null],
    ['EMPTY_LIST, APPEND, APPENDS', ']K\x01a(K\x02K\x03e.', [1, 2, 3]],
    ['LIST', '(K\x01K\x02l.', [1, 2]],
    ['EMPTY_TUPLE', ').', []],
    ['TUPLE', '(K\x01(K\x02tt.', [1, [2]]],
    ['TUPLE1, TUPLE2, TUPLE3', 'K\x01\x85K\x02\x86K\x03K\x04\x87.', [[[1], 2], 3, 4]],
    ['EMPTY_DICT, SETITEM, SETITEMS', '}K\x01Ns(K\x02NK\x03Nu.', new Map([1, 2, 3].map((k) => [k, null]))],
    ['DICT', '(K\x01K\x02d.', new Map([[1, 2]])],
    ['EMPTY_SET, ADDITEMS', '\x8f(K\x01K\x02\x90.', [1, 2]],
    ['FROZENSET', '(K\x01\x91.', [1]],
    ['GLOBAL', 'ctorch\nFloatStorage\n.', new PickleGlobal('torch', 'FloatStorage')],
    ['STACK_GLOBAL', '\x8c\x01a\x8c\x01b\x93.', new PickleGlobal('a', 'b')],
    ['REDUCE', 'ca\nb\n)R.', new PickleObject(new PickleGlobal('a', 'b'), [])],
    ['INST', '(K\x01ia\nb\n.', new PickleObject(new PickleGlobal('a', 'b'), [1])],
    ['OBJ', '(ca\nb\nK\x01o.', new PickleObject(new PickleGlobal('a', 'b'), [1])],
    ['NEWOBJ', 'ca\nb\n)\x81.', new PickleObject(new PickleGlobal('a', 'b'), [])],
    ['NEWOBJ_EX', 'ca\nb\n)}\x92.', new PickleObject(new PickleGlobal('a', 'b'), [[], new Map()])],
    ['PERSID', 'Pabc\n.', new PicklePersistent('abc')],
    ['BINPERSID', 'K\x01\x85Q.', new PicklePersistent([1])],
    ['PUT, GET', 'K\x05p300\n0g300\n.', 5],
    ['BINPUT, BINGET', 'K\x05q\x070h\x07.', 5],
    ['LONG_BINPUT, LONG_BINGET', 'K\x05r\x01\0\0\x010j\x01\0\0\x01.', 5],
    ['MEMOIZE', 'K\x05\x94K\x06\x9400h\x01.', 6],
    ['DUP, POP, POP_MARK', 'K\x012(K\x02K\x0310K\x01\x86.', [1, 1]],
    ['POP of a mark', 'K\x01(0.', 1],
    ['PROTO, FRAME', '\x80\x04\x95\x02\0\0\0\0\0\0\0K\x01.', 1],
  ])('reads %s', (_, data, expected) => {
    expect(read(bytes(data))).toEqual(expected);
  });

  it('reads dictionaries of every kind, and forgets their attributes', () => {
    const expected = new Map([['a', 1]]);
    const [pair, ordered] = [tuple(text('a'), integer(1)), global('collections', 'OrderedDict')];
    for (const object of [
      bytes(reduce(ordered), text('a'), 'K\x01s', dict(['_metadata', dict()]), 'b'),
      reduce(ordered, list(pair)),
      reduce(global('__builtin__', 'dict'), dict(['a', integer(1)])),
      bytes(reduce(global('collections', 'defaultdict'), global('builtins', 'list')), text('a'), 'K\x01s'),
      bytes(reduce(global('dill._dill', '_load_type'), text('OrderedDict')), ')R', text('a'), 'K\x01s'),
    ]) {
      expect(read(pickled(object))).toEqual(expected);
    }
  });

  it('keeps names that mean something to JavaScript as keys like any other', () => {
    const value = read(
      pickled(dict(['__proto__', integer(1)], ['constructor', integer(2)], ['hasOwnProperty', integer(3)])),
    );
    expect(value).toEqual(new Map([['__proto__', 1], ['constructor', 2], ['hasOwnProperty', 3]])); // prettier-ignore
    expect(({} as Record<string, unknown>)['a']).toBeUndefined();
  });

  it('reads several pickles one after another', () => {
    const several = reader(bytes(pickled(integer(1)), pickled(tuple(text('x')), bytes('Q')), pickled(integer(3))));
    expect(several.read()).toBe(1);
    expect(several.persistent).toEqual([]);
    several.read();
    expect(several.persistent).toEqual([new PicklePersistent(['x'])]);
    expect(several.read()).toBe(3);
  });

  it.each<[string, Uint8Array, string]>([
    ['os.system', reduce(global('os', 'system'), text('touch /tmp/pwned')), 'os.system'],
    ['posix.system', reduce(global('posix', 'system'), text('touch /tmp/pwned')), 'posix.system'],
    ['eval', reduce(global('builtins', 'eval'), text('1')), 'builtins.eval'],
    ['Popen', bytes(global('subprocess', 'Popen'), tuple(text('sh')), '\x81'), 'subprocess.Popen'],
    ['exec by STACK_GLOBAL', bytes(text('builtins'), text('exec'), '\x93', tuple(text('1')), 'R'), 'builtins.exec'],
    ['JavaScript', reduce(global('globalThis', 'process'), text('exit')), 'globalThis.process'],
  ])('writes down a call of %s instead of making it', (_, instructions, name) => {
    const value = read(pickled(instructions)) as PickleObject;
    expect(value).toBeInstanceOf(PickleObject);
    expect((value.callable as PickleGlobal).path).toBe(name);
  });

  it('writes down chains of calls, and what is done to their results', () => {
    const got = reduce(global('builtins', 'getattr'), global('os', 'system'), text('__call__'));
    const value = read(
      pickled(got, tuple(text('id')), bytes('R'), dict(['a', integer(1)]), bytes('bK\x07aK\x01K\x02s')),
    );
    const called = value as PickleObject;
    expect(called.callable).toBeInstanceOf(PickleObject);
    expect(called.parts).toEqual([new Map([['a', 1]]), 7, 1, 2]);
  });

  it.each<[string, string | Uint8Array, RegExp]>([
    ['an unknown instruction', '\xff.', /unknown instruction 255/],
    ['a newer protocol', '\x80\x06N.', /protocol 6/],
    ['the extension registry', '\x82\x01.', /extension registry/],
    ['data outside the file', '\x97.', /outside the file/],
    ['an undefined memo', 'h\x01.', /never defined/],
    ['an empty stack', '.', /broken/],
    ['values below a mark', 'K\x01(a.', /broken/],
    ['a missing mark', 't.', /broken/],
    ['a mark to pop', '0.', /broken/],
    ['an odd number of pairs', '}(K\x01u.', /broken/],
    ['pairs for a list', '](K\x01K\x02u.', /broken/],
    ['items for a dictionary', '}K\x01a.', /broken/],
    ['a global without a name', 'K\x01K\x02\x93.', /broken/],
    ['an object of nothing', '(o.', /broken/],
    ['an integer that is none', 'Ix\n.', /broken/],
    ['a decimal of endless length', bytes('L', '9'.repeat(5000), 'L\n.'), /broken/],
    ['an integer of endless length', bytes('\x8b', little(9000, 4), new Uint8Array(9000), '.'), /broken/],
    ['an unquoted text', 'Sabc\n.', /broken/],
    ['a negative memo', 'Np-1\n.', /broken/],
  ])('refuses %s', (_, data, message) => {
    const act = () => read(bytes(data));
    expect(act).toThrow(MadderError);
    expect(act).toThrow(message);
    expect(act).toThrow(/^thin\.pth is not a usable PyTorch checkpoint: .*; download or export it again\.$/);
  });

  it('says where a pickle goes on beyond what is at hand', () => {
    const endless = '\x8d\xff\xff\xff\xff\xff\xff\xff\x7fab';
    for (const cut of ['', 'K', 'X\x05\0\0\0ab', endless, 'ca\n', 'G\0', 'J\0', 'I12', '\x95\x01']) {
      expect(() => read(bytes(cut))).toThrow(PickleEnd);
    }
  });

  it('bounds what a pickle can build by the size of its file', () => {
    const bombs = {
      lists: ']'.repeat(1e6),
      nesting: ']'.repeat(5e5) + 'a'.repeat(5e5 - 1),
      dictionaries: '}'.repeat(1e6),
      copies: `]${'(NNNNNNNNNNe'.repeat(1e4)}\x85\x940ccollections\nOrderedDict\n\x94${'h\x01h\x00R0'.repeat(1e5)}`,
      memory: `N${'\x94'.repeat(1e6)}`,
      nothing: 'N0'.repeat(2e6),
    };
    for (const [name, bomb] of Object.entries(bombs)) {
      const begin = process.cpuUsage();
      expect(() => read(bytes(bomb, '.')), name).toThrow(/more objects than a file of its size|broken/);
      expect(process.cpuUsage(begin).user, name).toBeLessThan(2_000_000);
    }
  });
});
