import type { Refuse } from './refusal.ts';

/**
 * Python's pickles as inert data: protocols 0 to 5, https://github.com/python/cpython/blob/main/Lib/pickletools.py.
 * Nothing is imported and nothing is called: what a pickle asks for is written down as a {@link PickleObject}. Only
 * dictionaries are built for what they are. Lists, tuples and sets are all arrays; long bytes are left out (null).
 */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PickleValue[]
  | Map<PickleValue, PickleValue>
  | PickleGlobal
  | PickleObject
  | PicklePersistent;

/** A name that unpickling would import, such as `torch.FloatStorage`. Nothing stands behind it here. */
export class PickleGlobal {
  readonly path: string;

  constructor(module: string, name: string) {
    this.path = `${module}.${name}`;
  }
}

/** An object that unpickling would make by calling something: what, with which arguments, and what followed. */
export class PickleObject {
  readonly callable: PickleValue;
  /** An array where the pickle is sound. */
  readonly args: PickleValue;
  /** The states, elements and pairs that it was given afterwards. */
  readonly parts: PickleValue[] = [];

  constructor(callable: PickleValue, args: PickleValue) {
    this.callable = callable;
    this.args = args;
  }
}

/** A reference to something outside the pickle; PyTorch's storages are such. */
export class PicklePersistent {
  readonly id: PickleValue;

  constructor(id: PickleValue) {
    this.id = id;
  }
}

/** Thrown where a pickle goes on beyond the bytes at hand. */
export class PickleEnd extends Error {}

/**
 * What the reader of one file may allocate: 16 MiB, and half of what the file is long up to 128 MiB more. Every step
 * of a reader costs something, so this also bounds its time. The checkpoint of a network with its optimizer takes 6 kB
 * per tensor.
 */
export class Budget {
  #left: number;
  readonly #refuse: Refuse;

  constructor(fileBytes: number, refuse: Refuse) {
    this.#left = 2 ** 24 + Math.min(fileBytes / 2, 2 ** 27);
    this.#refuse = refuse;
  }

  /** Takes bytes, a generous estimate of what the caller is about to hold. @throws what `refuse` throws when all is spent */
  spend(bytes: number): void {
    this.#left -= bytes;
    if (this.#left < 0) this.#refuse('it describes more objects than a file of its size can need');
  }
}

/** What things cost, in bytes: measured in V8 and rounded up. */
const COST = { step: 8, number: 24, array: 64, element: 24, map: 320, pair: 64, object: 128, string: 64, character: 2 };

/** Longer integers are no sizes, and conversion from decimal takes quadratic time. */
const MAX_DECIMAL = 4300;
const MAX_LONG_BYTES = 8192;
const MAX_NAME_BYTES = 256;

/** Types whose instances are read as dictionaries. Python 2 calls its built-in types differently. */
const DICTIONARIES = new Set([
  'collections.OrderedDict',
  'collections.defaultdict',
  'collections.Counter',
  'builtins.dict',
  '__builtin__.dict',
]);

/** dill names built-in types by text: `_load_type("OrderedDict")`. */
const DILL_LOAD_TYPE = new Set(['dill._dill._load_type', 'dill.dill._load_type']);
const DILL_TYPES = new Map([
  ['dict', 'builtins'],
  ['OrderedDict', 'collections'],
  ['defaultdict', 'collections'],
  ['Counter', 'collections'],
]);

/** Places on the stack where a MARK lies are kept apart, as in CPython: no instruction reaches below the last one. */
export class PickleReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #budget: Budget;
  readonly #refuse: Refuse;
  #position = 0;
  #stack: PickleValue[] = [];
  #marks: number[] = [];
  #memo = new Map<number, PickleValue>();
  #persistent: PicklePersistent[] = [];

  constructor(bytes: Uint8Array, budget: Budget, refuse: Refuse) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#budget = budget;
    this.#refuse = refuse;
  }

  /** Bytes read so far. */
  get position(): number {
    return this.#position;
  }

  /** Every reference to something outside that the last pickle made, in its order. */
  get persistent(): readonly PicklePersistent[] {
    return this.#persistent;
  }

  /**
   * Reads the pickle that begins at the present position; several may follow one another.
   * @throws PickleEnd where the bytes end before it, and what `refuse` throws where it is broken
   */
  read(): PickleValue {
    [this.#stack, this.#marks, this.#memo, this.#persistent] = [[], [], new Map(), []];
    while (true) {
      this.#budget.spend(COST.step);
      const code = this.uint8();
      if (code === STOP) return this.pop();
      const step = STEPS[code];
      if (!step) return this.#refuse(`its pickle has the unknown instruction ${code}`);
      step(this);
    }
  }

  // What follows is for the instructions below.

  push(value: PickleValue): void {
    this.#budget.spend(COST.element);
    this.#stack.push(value);
  }

  pushNumber(value: number | bigint): void {
    this.#budget.spend(COST.number);
    const fits = value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER;
    this.push(fits ? Number(value) : value);
  }

  pushText(bytes: Uint8Array): void {
    this.#budget.spend(COST.string + COST.character * bytes.byteLength);
    this.push(TEXT.decode(bytes));
  }

  /** Short bytes may be names, and become texts; longer ones are of no use here. */
  pushBytes(bytes: Uint8Array): void {
    if (bytes.byteLength <= MAX_NAME_BYTES) this.pushText(bytes);
    else this.push(null);
  }

  pushGlobal(module: PickleValue, name: PickleValue): void {
    if (typeof module !== 'string' || typeof name !== 'string') return this.broken();
    this.#budget.spend(COST.object + COST.string);
    this.push(new PickleGlobal(module, name));
  }

  mark(): void {
    this.#budget.spend(COST.element);
    this.#marks.push(this.#stack.length);
  }

  pop(): PickleValue {
    const value = this.top();
    this.#stack.pop();
    return value;
  }

  /** POP removes a value, or the last MARK where nothing lies above it. */
  drop(): void {
    if (this.#stack.length > (this.#marks.at(-1) ?? 0)) this.#stack.pop();
    else if (this.#marks.pop() === undefined) this.broken();
  }

  top(): PickleValue {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0)) return this.broken();
    return this.#stack.at(-1)!;
  }

  popMark(): PickleValue[] {
    const mark = this.#marks.pop();
    if (mark === undefined) return this.broken();
    this.#budget.spend(COST.array + COST.element * (this.#stack.length - mark));
    return this.#stack.splice(mark);
  }

  pushTuple(count: number): void {
    this.#budget.spend(COST.array + COST.element * count);
    const items = Array.from({ length: count }, () => this.pop()).reverse();
    this.push(items);
  }

  pushArray(): void {
    this.#budget.spend(COST.array);
    this.push([]);
  }

  pushMap(): void {
    this.#budget.spend(COST.map);
    this.push(new Map());
  }

  /** Puts pairs into the dictionary (or unknown object) on top. */
  setItems(pairs: readonly PickleValue[]): void {
    if (pairs.length % 2 !== 0) return this.broken();
    const target = this.top();
    if (target instanceof PickleObject) return this.append(pairs);
    if (!(target instanceof Map)) return this.broken();
    this.#budget.spend((COST.pair * pairs.length) / 2);
    for (let i = 0; i < pairs.length; i += 2) target.set(pairs[i]!, pairs[i + 1]!);
  }

  /** Appends to the list or set (or unknown object) on top. */
  append(items: readonly PickleValue[]): void {
    const target = this.top();
    const list = target instanceof PickleObject ? target.parts : target;
    if (!Array.isArray(list)) return this.broken();
    this.#budget.spend(2 * COST.element * items.length);
    for (const item of items) list.push(item);
  }

  /** BUILD: the attributes of dictionaries (`_metadata` of state dicts) and of functions are of no use here. */
  build(): void {
    const state = this.pop();
    const target = this.top();
    if (target instanceof PickleObject) this.append([state]);
  }

  /** What a call would make: a dictionary, a type by its name, or a note of the call. */
  call(callable: PickleValue, args: PickleValue): void {
    if (callable instanceof PickleGlobal && Array.isArray(args)) {
      if (DICTIONARIES.has(callable.path)) {
        const map = this.#mapOf(callable.path === 'collections.defaultdict' ? args.slice(1) : args);
        if (map) return this.push(map);
      }
      const [name] = args;
      const module = typeof name === 'string' ? DILL_TYPES.get(name) : undefined;
      if (module && DILL_LOAD_TYPE.has(callable.path)) return this.pushGlobal(module, name!);
    }
    this.#budget.spend(COST.object + COST.array);
    this.push(new PickleObject(callable, args));
  }

  refer(id: PickleValue): void {
    this.#budget.spend(COST.object + COST.element);
    const reference = new PicklePersistent(id);
    this.#persistent.push(reference);
    this.push(reference);
  }

  remember(index: number): void {
    this.#budget.spend(COST.pair);
    this.#memo.set(index, this.top());
  }

  rememberNext(): void {
    this.remember(this.#memo.size);
  }

  recall(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) this.#refuse('its pickle refers to something that it never defined');
    else this.push(value);
  }

  take(count: number): Uint8Array {
    const begin = this.#advance(count);
    return this.#bytes.subarray(begin, begin + count);
  }

  /** Up to the end of the line, which is taken and left out. */
  line(): Uint8Array {
    const end = this.#bytes.indexOf(0x0a, this.#position);
    if (end < 0) throw new PickleEnd();
    const line = this.#bytes.subarray(this.#position, end);
    this.#position = end + 1;
    return line;
  }

  lineText(): string {
    const line = this.line();
    this.#budget.spend(COST.string + COST.character * line.byteLength);
    return TEXT.decode(line);
  }

  uint8(): number {
    return this.#bytes[this.#advance(1)]!;
  }

  uint16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  float64(): number {
    return this.#view.getFloat64(this.#advance(8), false);
  }

  /** A length of 64 bits; one beyond the file ends the pickle like any other. */
  length64(): number {
    return Number(this.#view.getBigUint64(this.#advance(8), true));
  }

  /** A little-endian integer in two's complement, of any length that can occur. */
  long(bytes: Uint8Array): number | bigint {
    if (bytes.byteLength > MAX_LONG_BYTES) return this.broken();
    if (bytes.byteLength === 0) return 0;
    this.#budget.spend(COST.object + 8 * bytes.byteLength);
    const value = BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
    return bytes.at(-1)! < 0x80 ? value : value - (1n << BigInt(8 * bytes.byteLength));
  }

  decimal(text: string): number | bigint {
    this.#budget.spend(COST.object + 8 * text.length);
    if (!/^[+-]?\d+$/.test(text) || text.length > MAX_DECIMAL) return this.broken();
    return BigInt(text.replace(/^\+/, ''));
  }

  index(): number {
    const value = Number(this.decimal(this.lineText()));
    return Number.isSafeInteger(value) && value >= 0 ? value : this.broken();
  }

  broken(): never {
    return this.#refuse('its pickle is broken');
  }

  refuse(why: string): never {
    return this.#refuse(why);
  }

  #advance(count: number): number {
    const begin = this.#position;
    if (count > this.#bytes.byteLength - begin) throw new PickleEnd();
    this.#position += count;
    return begin;
  }

  /** A new dictionary from `()`, `(dictionary,)` or `([[key, value], ...],)`; undefined where the arguments are others. */
  #mapOf(args: readonly PickleValue[]): Map<PickleValue, PickleValue> | undefined {
    this.#budget.spend(COST.map);
    const [source] = args;
    if (args.length > 1) return undefined;
    if (source === undefined) return new Map();
    if (source instanceof Map) {
      this.#budget.spend(COST.pair * source.size);
      return new Map(source);
    }
    if (!Array.isArray(source)) return undefined;
    this.#budget.spend(COST.pair * source.length);
    const map = new Map<PickleValue, PickleValue>();
    for (const pair of source) {
      if (!Array.isArray(pair) || pair.length !== 2) return undefined;
      map.set(pair[0]!, pair[1]!);
    }
    return map;
  }
}

const TEXT = new TextDecoder();

const ESCAPES = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

/** A Python 2 string literal without its quotes. */
function unescape(machine: PickleReader, literal: string): string {
  const quoted = /^(['"])(.*)\1$/s.exec(literal.trim());
  if (!quoted) return machine.broken();
  return quoted[2]!.replace(/\\(?:x([0-9a-f]{2})|(.))/gis, (_, hex: string | undefined, other: string) =>
    hex ? String.fromCharCode(parseInt(hex, 16)) : (ESCAPES.get(other) ?? other),
  );
}

const STOP = 0x2e;

type Step = (machine: PickleReader) => void;

const extension: Step = (m) => m.refuse('its pickle uses the extension registry of the program that wrote it');
const outOfBand: Step = (m) => m.refuse('its pickle keeps data outside the file');

/** Instructions by the names that pickletools gives them. */
const STEPS: readonly (Step | undefined)[] = (() => {
  const steps: Record<string, Step> = {
    // MARK, POP, POP_MARK, DUP
    '(': (m) => m.mark(),
    '0': (m) => m.drop(),
    '1': (m) => void m.popMark(),
    '2': (m) => m.push(m.top()),
    // NONE, NEWTRUE, NEWFALSE
    N: (m) => m.push(null),
    '\x88': (m) => m.push(true),
    '\x89': (m) => m.push(false),
    // INT (in protocol 0 also True and False), LONG, BININT, BININT1, BININT2, LONG1, LONG4
    I: (m) => {
      const text = m.lineText();
      if (text === '00' || text === '01') m.push(text === '01');
      else m.pushNumber(m.decimal(text));
    },
    L: (m) => m.pushNumber(m.decimal(m.lineText().replace(/L$/, ''))),
    J: (m) => m.pushNumber(m.int32()),
    K: (m) => m.push(m.uint8()),
    M: (m) => m.push(m.uint16()),
    '\x8a': (m) => m.pushNumber(m.long(m.take(m.uint8()))),
    '\x8b': (m) => m.pushNumber(m.long(m.take(m.uint32()))),
    // FLOAT, BINFLOAT
    F: (m) => m.pushNumber(parseFloat(m.lineText())),
    G: (m) => m.pushNumber(m.float64()),
    // STRING, BINSTRING, SHORT_BINSTRING: Python 2's, whose names are ASCII
    S: (m) => m.push(unescape(m, m.lineText())),
    T: (m) => m.pushText(m.take(m.uint32())),
    U: (m) => m.pushText(m.take(m.uint8())),
    // UNICODE, BINUNICODE, SHORT_BINUNICODE, BINUNICODE8
    V: (m) =>
      m.push(m.lineText().replace(/\\u([0-9a-f]{4})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))),
    X: (m) => m.pushText(m.take(m.uint32())),
    '\x8c': (m) => m.pushText(m.take(m.uint8())),
    '\x8d': (m) => m.pushText(m.take(m.length64())),
    // BINBYTES, SHORT_BINBYTES, BINBYTES8, BYTEARRAY8
    B: (m) => m.pushBytes(m.take(m.uint32())),
    C: (m) => m.pushBytes(m.take(m.uint8())),
    '\x8e': (m) => m.pushBytes(m.take(m.length64())),
    '\x96': (m) => m.pushBytes(m.take(m.length64())),
    // EMPTY_LIST, LIST, APPEND, APPENDS
    ']': (m) => m.pushArray(),
    l: (m) => m.push(m.popMark()),
    a: (m) => m.append([m.pop()]),
    e: (m) => m.append(m.popMark()),
    // EMPTY_TUPLE, TUPLE, TUPLE1, TUPLE2, TUPLE3
    ')': (m) => m.pushArray(),
    t: (m) => m.push(m.popMark()),
    '\x85': (m) => m.pushTuple(1),
    '\x86': (m) => m.pushTuple(2),
    '\x87': (m) => m.pushTuple(3),
    // EMPTY_DICT, DICT, SETITEM, SETITEMS
    '}': (m) => m.pushMap(),
    d: (m) => {
      const pairs = m.popMark();
      m.pushMap();
      m.setItems(pairs);
    },
    s: (m) => {
      const value = m.pop();
      m.setItems([m.pop(), value]);
    },
    u: (m) => m.setItems(m.popMark()),
    // EMPTY_SET, ADDITEMS, FROZENSET
    '\x8f': (m) => m.pushArray(),
    '\x90': (m) => m.append(m.popMark()),
    '\x91': (m) => m.push(m.popMark()),
    // GLOBAL, STACK_GLOBAL
    c: (m) => m.pushGlobal(m.lineText(), m.lineText()),
    '\x93': (m) => {
      const name = m.pop();
      m.pushGlobal(m.pop(), name);
    },
    // REDUCE, BUILD, INST, OBJ, NEWOBJ, NEWOBJ_EX
    R: (m) => {
      const args = m.pop();
      m.call(m.pop(), args);
    },
    b: (m) => m.build(),
    i: (m) => {
      m.pushGlobal(m.lineText(), m.lineText());
      const callable = m.pop();
      m.call(callable, m.popMark());
    },
    o: (m) => {
      const [callable, ...args] = m.popMark();
      if (callable === undefined) m.broken();
      else m.call(callable, args);
    },
    '\x81': (m) => {
      const args = m.pop();
      m.call(m.pop(), args);
    },
    '\x92': (m) => {
      const keywords = m.pop();
      const args = m.pop();
      m.call(m.pop(), [args, keywords]);
    },
    // PERSID, BINPERSID
    P: (m) => m.refer(m.lineText()),
    Q: (m) => m.refer(m.pop()),
    // GET, BINGET, LONG_BINGET, PUT, BINPUT, LONG_BINPUT, MEMOIZE
    g: (m) => m.recall(m.index()),
    h: (m) => m.recall(m.uint8()),
    j: (m) => m.recall(m.uint32()),
    p: (m) => m.remember(m.index()),
    q: (m) => m.remember(m.uint8()),
    r: (m) => m.remember(m.uint32()),
    '\x94': (m) => m.rememberNext(),
    // PROTO, FRAME (only says how far to read ahead)
    '\x80': (m) => {
      const protocol = m.uint8();
      if (protocol > 5) m.refuse(`its pickle is of protocol ${protocol}, which is newer than this reader`);
    },
    '\x95': (m) => void m.take(8),
    // EXT1, EXT2, EXT4, NEXT_BUFFER, READONLY_BUFFER
    '\x82': extension,
    '\x83': extension,
    '\x84': extension,
    '\x97': outOfBand,
    '\x98': outOfBand,
  };
  const table: (Step | undefined)[] = new Array<undefined>(256).fill(undefined);
  for (const [code, step] of Object.entries(steps)) table[code.charCodeAt(0)] = step;
  return table;
})();
