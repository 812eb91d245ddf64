import type { ByteSource } from './byte-source.ts';
import { Budget, PickleEnd, PickleReader, type PickleValue } from './pickle.ts';
import { quoted, refusal, type Refuse } from './refusal.ts';
import { listTensors, storageOf, type StoragePlace, type StorageReference } from './torch-tensors.ts';
import type { WeightsIndex } from './weights-index.ts';
import { readPieces } from './zip.ts';

/**
 * Checkpoints that PyTorch wrote from 0.1.10 to 1.5, and writes still where asked to: five pickles one after
 * another (a magic number, the version 1001, facts about the computer, the object, the keys of its storages), then
 * per storage, in the order of the keys, its number of elements in 8 bytes and its data. Number and data are little-endian on
 * every computer; PyTorch ignores what the third pickle says about the order of bytes.
 */

const MAGIC = 0x1950a86a20f9469cfc6cn;
const VERSION = 1001;
const COUNT_BYTES = 8;
const STORAGE_COST = 640;

/** How much is read in search of the pickles' end. Nothing tells it, and more is needed for files with long histories. */
const WINDOWS = [2 ** 20, 2 ** 23, 2 ** 26];

/** Lists the tensors of a legacy checkpoint; reads its pickles and sizes only. @throws MadderError `network` */
export async function indexTorchLegacy(source: ByteSource, file: string): Promise<WeightsIndex> {
  const refuse = refusal(file, 'PyTorch checkpoint');
  const { value, storages, keys, end, budget } = await readPickles(source, refuse);
  const places = await locateStorages(source, storages, keys, end, refuse);
  const place = ({ key }: StorageReference) => places.get(key) ?? refuse(`the data ${quoted(key)} is missing`);
  return { format: 'torch-legacy', metadata: {}, ...listTensors(value, place, false, budget, refuse) };
}

interface Pickles {
  readonly value: PickleValue;
  /** By key; the first reference to a storage decides about its type. */
  readonly storages: ReadonlyMap<string, StorageReference>;
  readonly keys: readonly string[];
  /** Where the last pickle ends. */
  readonly end: number;
  readonly budget: Budget;
}

async function readPickles(source: ByteSource, refuse: Refuse): Promise<Pickles> {
  for (const window of WINDOWS) {
    const budget = new Budget(source.size, refuse);
    const bytes = await source.read(0, Math.min(window, source.size));
    try {
      return { ...parsePickles(new PickleReader(bytes, budget, refuse), budget, refuse), budget };
    } catch (error) {
      if (!(error instanceof PickleEnd)) throw error;
      if (window >= source.size) return refuse('it is cut off');
    }
  }
  return refuse('its pickle is implausibly large');
}

function parsePickles(pickle: PickleReader, budget: Budget, refuse: Refuse): Omit<Pickles, 'budget'> {
  if (pickle.read() !== MAGIC) return refuse('it is a pickle of something else');
  if (pickle.read() !== VERSION) return refuse('it is of an unknown version');
  pickle.read();
  const value = pickle.read();
  const storages = new Map<string, StorageReference>();
  for (const reference of pickle.persistent) {
    budget.spend(STORAGE_COST);
    const storage = storageOf(reference, refuse);
    if (storage && !storages.has(storage.key)) storages.set(storage.key, storage);
  }
  const keys = pickle.read();
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === 'string')) {
    return refuse('it does not say which data it holds');
  }
  if (new Set(keys).size !== keys.length) return refuse('it holds the same data twice');
  return { value, storages, keys, end: pickle.position };
}

/** Where each storage lies. The sizes in the pickle give the offsets, and the counts in the file must agree. */
async function locateStorages(
  source: ByteSource,
  storages: Pickles['storages'],
  keys: readonly string[],
  end: number,
  refuse: Refuse,
): Promise<Map<string, StoragePlace>> {
  const places = new Map<string, StoragePlace>();
  let at = end;
  for (const key of keys) {
    const storage = storages.get(key) ?? refuse(`the data ${quoted(key)} belongs to nothing`);
    const begin = at + COUNT_BYTES;
    at = begin + storage.count * storage.kind.bytes;
    if (at > source.size) return refuse('it is cut off');
    places.set(key, { begin, end: at });
  }
  const begins = [...places.values()].map(({ begin }) => begin - COUNT_BYTES);
  const counts = await readPieces(source, begins, COUNT_BYTES);
  keys.forEach((key, i) => {
    const count = new DataView(counts[i]!.buffer, counts[i]!.byteOffset).getBigInt64(0, true);
    if (count !== BigInt(storages.get(key)!.count)) refuse(`the data ${quoted(key)} has another size than its tensors`);
  });
  return places;
}
