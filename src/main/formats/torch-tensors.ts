import { elementCount, type ElementType } from '../../shared/tensor.ts';
import { elementBytes } from './elements.ts';
import { PickleGlobal, PickleObject, PicklePersistent, type Budget, type PickleValue } from './pickle.ts';
import { quoted, type Refuse } from './refusal.ts';
import type { TensorEntry } from './weights-index.ts';

/** Finds the tensors in what a PyTorch program pickled. Nothing is called; the functions below are known by name only. */

/** PyTorch's own limit. */
const MAX_DIMS = 64;
/** Deeper parts are no weights; names grow with depth. */
const MAX_DEPTH = 32;
const MAX_NAME = 1024;
/** What a tensor found costs, in bytes: its entry, its name and its place in the table. */
const ENTRY_COST = 640;

/** Objects that are values rather than parts: not worth a word where they are skipped. */
const VALUES = new Set([
  ...['torch.Size', 'torch.device', 'dill._dill._load_type', 'dill.dill._load_type', '_codecs.encode'],
  ...['builtins.set', '__builtin__.set', 'builtins.frozenset', 'builtins.complex', 'builtins.bytearray'],
  ...['numpy.core.multiarray.scalar', 'numpy._core.multiarray.scalar', 'numpy.dtype'],
]);

interface ElementKind {
  /** Undefined for elements that Madder does not read. */
  readonly type: ElementType | undefined;
  readonly name: string;
  readonly bytes: number;
}

const known = (type: ElementType): ElementKind => ({ type, name: type, bytes: elementBytes(type) });
const unknown = (name: string, bytes: number): ElementKind => ({ type: undefined, name, bytes });

/** By the storage's class in `torch` or `torch.cuda`. */
const STORAGES = new Map<string, ElementKind>([
  ['DoubleStorage', known('float64')],
  ['FloatStorage', known('float32')],
  ['HalfStorage', known('float16')],
  ['BFloat16Storage', known('bfloat16')],
  ['LongStorage', known('int64')],
  ['IntStorage', known('int32')],
  ['ShortStorage', known('int16')],
  ['CharStorage', known('int8')],
  ['ByteStorage', known('uint8')],
  ['UntypedStorage', known('uint8')],
  ['BoolStorage', known('bool')],
  ['ComplexFloatStorage', unknown('complex64', 8)],
  ['ComplexDoubleStorage', unknown('complex128', 16)],
  ['QInt8Storage', unknown('qint8', 1)],
  ['QUInt8Storage', unknown('quint8', 1)],
  ['QInt32Storage', unknown('qint32', 4)],
]);

/** The types that a tensor over an untyped storage may name itself. */
const DTYPES = new Map<string, ElementType>(
  (['uint16', 'uint32', 'uint64', 'float32', 'float64', 'float16', 'bfloat16', 'int64', 'int32'] as const).map((t) => [
    `torch.${t}`,
    t,
  ]),
);

const TENSOR = new Map([
  ['torch._utils._rebuild_tensor', { least: 4 }],
  ['torch._utils._rebuild_tensor_v2', { least: 6 }],
  ['torch._utils._rebuild_tensor_v3', { least: 7 }],
]);

/** Functions whose first argument is the tensor. */
const PARAMETER = new Set(['torch._utils._rebuild_parameter', 'torch._utils._rebuild_parameter_with_state']);
/** `(function, class, its arguments, attributes)`: a tensor with attributes of its own, or of a class of its own. */
const WITH_CLASS = 'torch._tensor._rebuild_from_type_v2';
const PLAIN_CLASSES = new Set(['torch.Tensor', 'torch.nn.parameter.Parameter', 'torch.nn.parameter.Buffer']);

/** A storage as a pickle refers to it; sizes in elements. */
export interface StorageReference {
  readonly key: string;
  readonly kind: ElementKind;
  readonly count: number;
  /** Part of the storage that is meant, in the files of early versions. */
  readonly view: { readonly offset: number; readonly count: number } | undefined;
}

/** Byte range of a storage in the file. */
export interface StoragePlace {
  readonly begin: number;
  readonly end: number;
}

/**
 * The storage that a reference means: `('storage', class, key, device, count[, (view key, offset, count)])`. Undefined for
 * references to the source of a class, the only others there are.
 * @throws what `refuse` throws where it is broken
 */
export function storageOf({ id }: PicklePersistent, refuse: Refuse): StorageReference | undefined {
  if (!Array.isArray(id)) return refuse('it refers to its data in an unknown way');
  const [what, type, key, , count, view] = id;
  if (what === 'module') return undefined;
  if (what !== 'storage' || typeof key !== 'string' || !isSize(count)) {
    return refuse('it refers to its data in an unknown way');
  }
  const path = type instanceof PickleGlobal ? type.path : '';
  const kind = STORAGES.get(path.replace(/^torch(\.cuda|\.storage)?\.(?=\w+$)/, ''));
  if (!kind) return refuse(`it keeps its data in a ${quoted(path)}, which is unknown`);
  if (!Number.isSafeInteger(count * kind.bytes)) return refuse('it declares an impossible size');
  if (view === undefined || view === null) return { key, kind, count, view: undefined };
  const [, offset, part] = Array.isArray(view) ? view : [];
  if (!isSize(offset) || !isSize(part) || offset + part > count) return refuse('a part of its data leaves the whole');
  return { key, kind, count, view: { offset, count: part } };
}

export interface TensorList {
  readonly tensors: Map<string, TensorEntry>;
  /** Tensors that something unknown would have to make: their names, and the name of what. */
  readonly unreadable: Map<string, string>;
  readonly skipped: string[];
}

/**
 * Every tensor that dictionaries and lists lead to from the root, under the path of its keys (`state_dict.fc.bias`). Of several
 * ways to the same dictionary the shortest counts, so that the work is linear in the size of the pickle.
 * @param place where a storage lies in the file
 * @throws what `refuse` throws where a tensor's description contradicts itself or its storage
 */
export function listTensors(
  root: PickleValue,
  place: (storage: StorageReference) => StoragePlace,
  bigEndian: boolean,
  budget: Budget,
  refuse: Refuse,
): TensorList {
  const tensors = new Map<string, TensorEntry>();
  const unreadable = new Map<string, string>();
  const unknownTypes = new Map<string, number>();
  const skipped: string[] = [];
  const objects: { readonly value: PickleObject; readonly path: string }[] = [];
  const visited = new Set<PickleValue>();
  let tooDeep = false;

  const found = (path: string, parts: TensorParts): void => {
    const storage = storageOf(parts.storage, refuse);
    if (!storage) return refuse(`its tensor ${quoted(path)} lies in no storage`);
    const entry = entryOf(path, parts, storage, place(storage), bigEndian, refuse);
    if (typeof entry !== 'string') tensors.set(path, entry);
    else unknownTypes.set(entry, (unknownTypes.get(entry) ?? 0) + 1);
  };

  // Breadth first, and without recursion: a hostile file nests as deeply as it is long.
  const queue: Visit[] = [{ value: root, path: '', depth: 0 }];
  for (let next = 0; next < queue.length; next++) {
    const visit = queue[next]!;
    const parts = tensorParts(visit.value);
    if (parts) {
      budget.spend(ENTRY_COST);
      if (visit.path.length > MAX_NAME) tooDeep = true;
      else if (tensors.has(visit.path)) skipped.push(`a second tensor ${quoted(visit.path)}`);
      else found(visit.path, parts);
      continue;
    }
    if (visited.has(visit.value)) continue;
    visited.add(visit.value);
    if (visit.value instanceof PickleObject) {
      objects.push({ value: visit.value, path: visit.path });
    } else if (visit.depth >= MAX_DEPTH) {
      tooDeep = true;
    } else {
      for (const [key, value] of childrenOf(visit.value)) {
        budget.spend(VISIT_COST);
        queue.push({ value, path: visit.path === '' ? key : `${visit.path}.${key}`, depth: visit.depth + 1 });
      }
    }
  }

  // What unknown objects hold is looked at only to tell which of them would be needed for tensors.
  const names = new Map<string, number>();
  for (const { value, path } of objects) {
    const name = nameOf(value);
    if (holdsStorage(value, visited, budget)) unreadable.set(path.slice(0, MAX_NAME), name);
    if (!VALUES.has(name)) names.set(name, (names.get(name) ?? 0) + 1);
  }
  for (const [name, count] of unknownTypes) skipped.push(`${count} ${count > 1 ? 'tensors' : 'tensor'} of ${name}`);
  for (const [name, count] of names) skipped.push(`${count} ${count > 1 ? 'objects' : 'object'} of ${quoted(name)}`);
  if (tooDeep) skipped.push('parts that are nested too deeply');
  return { tensors, unreadable, skipped: skipped.slice(0, 20) };
}

interface Visit {
  readonly value: PickleValue;
  readonly path: string;
  readonly depth: number;
}
const VISIT_COST = 160;

const isContainer = (value: PickleValue): boolean =>
  Array.isArray(value) || value instanceof Map || value instanceof PickleObject;

/** The containers in a dictionary or list, with their keys; keys that are neither texts nor numbers become positions. */
function* childrenOf(value: PickleValue): Generator<[string, PickleValue]> {
  let position = 0;
  if (value instanceof Map) {
    for (const [key, child] of value) {
      const plain = typeof key === 'string' || typeof key === 'number';
      if (isContainer(child)) yield [plain ? `${key}` : `#${position}`, child];
      position++;
    }
  } else if (Array.isArray(value)) {
    for (const child of value) {
      if (isContainer(child)) yield [`${position}`, child];
      position++;
    }
  }
}

/** Whether a storage can be reached through an unknown object. Whatever was visited before is not visited again. */
function holdsStorage(object: PickleObject, visited: Set<PickleValue>, budget: Budget): boolean {
  let holds = false;
  const stack: PickleValue[] = [object];
  const visit = (child: PickleValue): void => {
    if (child instanceof PicklePersistent) holds = true;
    if (!isContainer(child) || visited.has(child)) return;
    budget.spend(VISIT_COST);
    visited.add(child);
    stack.push(child);
  };
  while (stack.length > 0) {
    const value = stack.pop()!;
    if (value instanceof PickleObject) [value.callable, value.args, value.parts].forEach(visit);
    else if (value instanceof Map) value.forEach(visit);
    else if (Array.isArray(value)) value.forEach(visit);
  }
  return holds;
}

/** What an unknown object is made by, for messages: its class, where it is made by a function that is given one. */
function nameOf(object: PickleValue): string {
  let callable = object;
  for (let i = 0; i < 8 && callable instanceof PickleObject; i++) {
    const args = Array.isArray(callable.args) ? callable.args : [];
    const path = globalPath(callable.callable) ?? '';
    if (path === WITH_CLASS) callable = args[1] ?? null;
    else callable = path.endsWith('._reconstructor') ? (args[0] ?? null) : callable.callable;
  }
  if (callable instanceof PicklePersistent && Array.isArray(callable.id)) callable = callable.id[1] ?? null;
  return globalPath(callable) ?? 'something without a name';
}

const globalPath = (value: PickleValue): string | undefined => (value instanceof PickleGlobal ? value.path : undefined);

interface TensorParts {
  readonly storage: PicklePersistent;
  readonly offset: PickleValue;
  readonly dims: PickleValue;
  readonly strides: PickleValue;
  readonly dtype: PickleValue;
}

/** The arguments of the function that makes a tensor; undefined for anything else, and for tensors to be conjugated. */
function tensorParts(value: PickleValue): TensorParts | undefined {
  // Parameters around tensors with attributes: three wrappers are the most that PyTorch writes.
  for (let wrappers = 0; wrappers <= 3; wrappers++) {
    if (!(value instanceof PickleObject) || !Array.isArray(value.args)) return undefined;
    const { args } = value;
    const path: string = globalPath(value.callable) ?? '';
    const makes = TENSOR.get(path);
    if (makes) {
      const [storage, offset, dims, strides] = args;
      const metadata = args[path.endsWith('_v3') ? 7 : 6];
      if (args.length < makes.least || !(storage instanceof PicklePersistent)) return undefined;
      if (metadata instanceof Map && metadata.size > 0) return undefined;
      const dtype = path.endsWith('_v3') ? args[6]! : null;
      return { storage, offset: offset!, dims: dims!, strides: strides!, dtype };
    }
    if (PARAMETER.has(path)) {
      value = args[0] ?? null;
    } else if (path === WITH_CLASS && PLAIN_CLASSES.has(globalPath(args[1] ?? null) ?? '')) {
      value = new PickleObject(args[0]!, args[2] ?? null);
    } else {
      return undefined;
    }
  }
  return undefined;
}

/** The entry of a tensor, or the name of its element type where that is one that Madder does not read. */
function entryOf(
  name: string,
  parts: TensorParts,
  storage: StorageReference,
  place: StoragePlace,
  bigEndian: boolean,
  refuse: Refuse,
): TensorEntry | string {
  const { offset } = parts;
  const [dims, strides] = [sizesOf(parts.dims), sizesOf(parts.strides)];
  if (!isSize(offset) || !dims || !strides || dims.length !== strides.length) {
    return refuse(`its tensor ${quoted(name)} has no valid shape`);
  }
  let type = storage.kind.type;
  if (parts.dtype !== null) {
    const dtype = globalPath(parts.dtype) ?? '';
    type = DTYPES.get(dtype);
    if (!type) return quoted(dtype);
  }
  if (!type) return storage.kind.name;
  const bytes = elementBytes(type);
  const available = Math.floor(((storage.view?.count ?? storage.count) * storage.kind.bytes) / bytes);
  const count = elementCount(dims);
  const needed = count === 0 ? 0 : dims.reduce((n, d, i) => n + (d - 1) * strides[i]!, 1);
  if (!Number.isSafeInteger(count) || !(offset + needed <= available)) {
    return refuse(`its tensor ${quoted(name)} reaches beyond its data`);
  }
  const begin = place.begin + (storage.view?.offset ?? 0) * storage.kind.bytes + offset * bytes;
  const end = begin + needed * bytes;
  if (end > place.end) return refuse(`its tensor ${quoted(name)} reaches beyond its data`);
  const contiguous = count === 0 || isContiguous(dims, strides);
  return { name, type, dims, begin, end, ...(contiguous ? {} : { strides }), ...(bigEndian ? { bigEndian } : {}) };
}

const isSize = (value: PickleValue | undefined): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;

/** A tuple of sizes, also as a `torch.Size`. */
function sizesOf(value: PickleValue): number[] | undefined {
  const plain = value instanceof PickleObject && globalPath(value.callable) === 'torch.Size' ? value.args : [value];
  const [sizes] = Array.isArray(plain) ? plain : [];
  return Array.isArray(sizes) && sizes.length <= MAX_DIMS && sizes.every(isSize) ? sizes : undefined;
}

function isContiguous(dims: readonly number[], strides: readonly number[]): boolean {
  let step = 1;
  for (let i = dims.length - 1; i >= 0; i--) {
    if (dims[i] !== 1 && strides[i] !== step) return false;
    step *= dims[i]!;
  }
  return true;
}
