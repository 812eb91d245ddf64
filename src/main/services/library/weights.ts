import type { Normalization } from '../../../shared/network-manifest.ts';
import type { ByteSource } from '../../formats/byte-source.ts';
import { readWeightsIndex } from '../../formats/weights-file.ts';
import type { TensorEntry, WeightsFormat } from '../../formats/weights-index.ts';
import { findStateDict } from '../../engine/networks/state-dict-finder.ts';

/** The state dict of a weights file: what there is of it, not its numbers. */
export interface StateDictIndex {
  readonly format: WeightsFormat;
  /** By the names that architectures know. */
  readonly entries: ReadonlyMap<string, TensorEntry>;
  /** What the file says that it does to pictures. */
  readonly normalization: Normalization | undefined;
  /** What else the file holds, in words. */
  readonly dropped: readonly string[];
}

/** Reads a file's table of contents. @throws MadderError `network` where it is none, or holds no state dict */
export async function readStateDict(source: ByteSource, file: string): Promise<StateDictIndex> {
  const index = await readWeightsIndex(source, file);
  const { tensors, normalization, dropped } = await findStateDict(index, source, file);
  return { format: index.format, entries: tensors, normalization, dropped };
}
