import { MadderError } from '../../../shared/errors.ts';
import type { Normalization } from '../../../shared/network-manifest.ts';
import { elementCount } from '../../../shared/tensor.ts';
import type { ByteSource } from '../../formats/byte-source.ts';
import { isFloatType, toFloat32 } from '../../formats/half.ts';
import { needsProgram, readTensor } from '../../formats/weights-file.ts';
import type { TensorEntry, WeightsIndex } from '../../formats/weights-index.ts';
import { recognise } from './architectures/recognise.ts';
import { StateDict } from './architectures/state-dict.ts';
import { outlineOf } from './outline.ts';

/** The state dict of one network among everything that a checkpoint holds. */
export interface FoundStateDict {
  /** By the names that the architecture gives them (`features.0.weight`), in the file's order. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /** What stood before those names in the file, such as `model.module.model.`. */
  readonly prefix: string;
  /** Mean and deviation that the network was trained with, where the file says them. */
  readonly normalization: Normalization | undefined;
  /** What else the file holds, in words: `"optimizer" (161 tensors)`. */
  readonly dropped: readonly string[];
}

/**
 * Names that programs put around a network, the likelier first. The running averages of training (`ema`, `teacher`)
 * are not among them: the plain network is meant.
 */
const WRAPPERS = [
  ...['state_dict', 'model_state_dict', 'model_state', 'model', 'net', 'network', 'state', 'weights', 'params'],
  ...['module', '_orig_mod', 'backbone', 'encoder', 'encoder_q', 'feature_extractor', 'student'],
];

/** Wrappers are seldom more than four; a hostile file has more. */
const MAX_WRAPPERS = 8;
const MAX_PREFIXES = 64;
const MAX_DROPPED = 10;

/** Where programs that normalize inside the network keep mean and deviation, beside it. */
const NORMALIZERS = [
  ['normalizer.new_mean', 'normalizer.new_std'],
  ['normalize.new_mean', 'normalize.new_std'],
  ['normalizer.mean', 'normalizer.std'],
  ['normalize.mean', 'normalize.std'],
  ['mu', 'sigma'],
] as const;

/**
 * Chooses the state dict of a file: the shallowest one whose names, without what is around them, belong to a known
 * architecture. Where none does, the names without all wrappers, so that messages show the network's own.
 * @throws MadderError `network` where a tensor of the state dict is made by a program of its own
 */
export async function findStateDict(index: WeightsIndex, source: ByteSource, file: string): Promise<FoundStateDict> {
  if (index.tensors.size === 0)
    throw new MadderError('network', `${file} holds no tensors; use the weights of a network.`);
  const prefixes = listPrefixes(index.tensors);
  const prefix = prefixes.find((p) => isKnown(under(index.tensors, p), file)) ?? innermost(prefixes);
  for (const [path, name] of index.unreadable) if (path.startsWith(prefix)) throw needsProgram(file, name);
  return {
    tensors: under(index.tensors, prefix),
    prefix,
    normalization: await findNormalization(index.tensors, prefix, source),
    dropped: describeDropped(index.tensors, prefix, index.skipped),
  };
}

type Entries = ReadonlyMap<string, TensorEntry>;

/** Prefixes of state dicts at every level of wrapping, from the outside in, beginning with none. */
function listPrefixes(tensors: Entries): string[] {
  const prefixes = [''];
  for (let i = 0; i < prefixes.length && prefixes.length < MAX_PREFIXES; i++) {
    const prefix = prefixes[i]!;
    if (prefix.split('.').length > MAX_WRAPPERS) break;
    const parts = new Map<string, number>();
    let size = 0;
    for (const name of tensors.keys()) {
      if (!name.startsWith(prefix)) continue;
      const dot = name.indexOf('.', prefix.length);
      const part = name.slice(prefix.length, dot < 0 ? undefined : dot);
      if (isTraining(part)) continue;
      size++;
      if (dot >= 0) parts.set(part, (parts.get(part) ?? 0) + 1);
    }
    // What holds most of the tensors may be the network under any name.
    const most = [...parts].filter(([, count]) => 2 * count > size).map(([part]) => part);
    for (const part of new Set([...WRAPPERS.filter((w) => parts.has(w)), ...most])) prefixes.push(`${prefix}${part}.`);
  }
  return prefixes;
}

/** Parts that are no network, though an optimizer may hold more tensors than one. */
const isTraining = (part: string): boolean => /optim|sched|scaler|attacker/i.test(part);

/** The tensors whose names begin with the prefix, without it. */
const under = (tensors: Entries, prefix: string): Entries =>
  new Map([...tensors].filter(([name]) => name.startsWith(prefix)).map(([name, e]) => [name.slice(prefix.length), e]));

/** Whether the names belong to an architecture that Madder builds. */
function isKnown(tensors: Entries, file: string): boolean {
  try {
    recognise(new StateDict(outlineOf(tensors), file));
    return true;
  } catch (error) {
    if (error instanceof MadderError) return false;
    throw error;
  }
}

/** The innermost prefix that consists of wrappers' names alone. */
const innermost = (prefixes: readonly string[]): string =>
  prefixes.findLast((prefix) =>
    prefix
      .split('.')
      .slice(0, -1)
      .every((part) => WRAPPERS.includes(part)),
  )!;

async function findNormalization(
  tensors: Entries,
  prefix: string,
  source: ByteSource,
): Promise<Normalization | undefined> {
  const levels = prefix.split('.').map((_, i, parts) =>
    parts
      .slice(0, i)
      .map((p) => `${p}.`)
      .join(''),
  );
  for (const level of levels.reverse()) {
    for (const [meanName, stdName] of NORMALIZERS) {
      const [mean, std] = [tensors.get(level + meanName), tensors.get(level + stdName)];
      if (!mean || !std) continue;
      const [m, s] = [await readTriple(source, mean), await readTriple(source, std)];
      if (m && s && s.every((v) => v > 0)) return { mean: m, std: s, channels: 'RGB', scale: 1 };
    }
  }
  return undefined;
}

/** Three finite numbers, rounded as people write them; undefined where the tensor holds anything else. */
async function readTriple(source: ByteSource, entry: TensorEntry): Promise<[number, number, number] | undefined> {
  if (elementCount(entry.dims) !== 3 || !isFloatType(entry.type)) return undefined;
  const values = [...toFloat32(await readTensor(source, entry)).data].map((v) => Number(v.toPrecision(6)));
  return values.every(Number.isFinite) ? (values as [number, number, number]) : undefined;
}

/** Names the parts of the file outside the state dict by where their paths leave its own. */
function describeDropped(tensors: Entries, prefix: string, skipped: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const name of tensors.keys()) {
    if (name.startsWith(prefix)) continue;
    let shared = 0;
    while (name[shared] === prefix[shared]) shared++;
    const dot = name.indexOf('.', shared);
    const part = dot < 0 ? name : name.slice(0, dot);
    counts.set(part, (counts.get(part) ?? 0) + 1);
  }
  const parts = [...counts].map(([part, count]) => `"${part}" (${count} ${count > 1 ? 'tensors' : 'tensor'})`);
  const more = parts.length - MAX_DROPPED;
  return [...parts.slice(0, MAX_DROPPED), ...(more > 0 ? [`${more} more parts`] : []), ...skipped];
}
