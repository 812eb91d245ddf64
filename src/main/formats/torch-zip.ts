import type { ByteSource } from './byte-source.ts';
import { Budget, PickleEnd, PickleReader } from './pickle.ts';
import { quoted, refusal, type Refuse } from './refusal.ts';
import { listTensors, storageOf } from './torch-tensors.ts';
import type { WeightsIndex } from './weights-index.ts';
import { locateEntries, readEntry, readZipDirectory, type ZipDirectory, type ZipEntry } from './zip.ts';

/**
 * Checkpoints that PyTorch 1.6 and later write: a zip archive with `NAME/data.pkl`, a pickle that refers to
 * storages, each stored uncompressed as `NAME/data/KEY`, and from 2.1 on `NAME/byteorder`.
 */

const MAX_PICKLE = 2 ** 26;
const STORAGE_COST = 640;

/** Lists the tensors of a zip checkpoint; reads its directory and pickle only. @throws MadderError `network` */
export async function indexTorchZip(source: ByteSource, file: string): Promise<WeightsIndex> {
  const refuse = refusal(file, 'PyTorch checkpoint');
  const budget = new Budget(source.size, refuse);
  const directory = await readZipDirectory(source, budget, refuse);
  const root = rootOf(directory, refuse);
  const entry = (name: string): ZipEntry | undefined => directory.entries.get(`${root}${name}`);
  if (entry('constants.pkl') ?? entry('code/__torch__.py')) {
    return refuse(
      'it is a TorchScript program',
      'save the state_dict of its model with torch.save, or export it to ONNX',
    );
  }
  const order = entry('byteorder');
  const byteOrder = order ? TEXT.decode(await readEntry(source, directory, order, 16, refuse)) : 'little';
  if (byteOrder !== 'little' && byteOrder !== 'big') return refuse(`it has the byte order ${quoted(byteOrder)}`);

  const pickle = new PickleReader(
    await readEntry(source, directory, entry('data.pkl')!, MAX_PICKLE, refuse),
    budget,
    refuse,
  );
  let value;
  try {
    value = pickle.read();
  } catch (error) {
    return error instanceof PickleEnd ? refuse('its pickle is cut off') : rethrow(error);
  }

  const storages = new Map<string, ZipEntry>();
  for (const reference of pickle.persistent) {
    budget.spend(STORAGE_COST);
    const storage = storageOf(reference, refuse);
    if (!storage) continue;
    const data = entry(`data/${storage.key}`) ?? refuse(`the data ${quoted(storage.key)} is missing`);
    if (!data.stored) return refuse('its tensors are compressed', 'save it again with torch.save');
    if (data.size < storage.count * storage.kind.bytes) return refuse(`the data ${quoted(storage.key)} is cut off`);
    storages.set(storage.key, data);
  }
  const begins = await locateEntries(source, directory, [...storages.values()], refuse);
  const places = new Map(
    [...storages].map(([key, { size }], i) => [key, { begin: begins[i]!, end: begins[i]! + size }]),
  );
  const place = (key: string) => places.get(key)!;
  const list = listTensors(value, ({ key }) => place(key), byteOrder === 'big', budget, refuse);
  return { format: 'torch-zip', metadata: {}, ...list };
}

const TEXT = new TextDecoder();

const rethrow = (error: unknown): never => {
  throw error;
};

/** The folder, with its slash, in which everything lies; the archive may also lack one. */
function rootOf({ entries }: ZipDirectory, refuse: Refuse): string {
  const roots = [...entries.keys()].filter((name) => /^([^/]+\/)?data\.pkl$/.test(name));
  if (roots.length !== 1) return refuse('it is a zip archive without the file "data.pkl"');
  return roots[0]!.slice(0, -'data.pkl'.length);
}
