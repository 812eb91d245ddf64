import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Picture } from '../../codec/picture.ts';
import { floatTensor } from '../../../shared/tensor.ts';
import { fileSource } from '../../formats/byte-source.ts';
import { indexSafetensors, safetensorsPieces } from '../../formats/safetensors.ts';
import { notWritten, writeAtomically } from '../runs/checkpoint.ts';

const FILE = 'result.safetensors';
const snapshotFile = (total: number): string => `snapshot-${total}.safetensors`;

/**
 * Leaves a job's picture in its folder, in float: too big for a message, and not to be lost with the process.
 * @throws MadderError('output') where there is no room
 */
export const writeResult = (folder: string, picture: Picture): Promise<void> => write(folder, FILE, picture);

/** The picture that a job left in its folder. */
export const readResult = (folder: string): Promise<Picture> => read(folder, FILE);

/** Leaves a job's picture after so many evaluations in its folder. @throws MadderError('output') where there is no room */
export const writeSnapshot = (folder: string, total: number, picture: Picture): Promise<void> =>
  write(folder, snapshotFile(total), picture);

/** The picture after so many evaluations; undefined where the job left none. */
export const readSnapshot = async (folder: string, total: number): Promise<Picture | undefined> =>
  existsSync(join(folder, snapshotFile(total))) ? read(folder, snapshotFile(total)) : undefined;

async function write(folder: string, file: string, { width, height, data }: Picture): Promise<void> {
  const picture = floatTensor([3, height, width], data);
  try {
    await writeAtomically(join(folder, file), safetensorsPieces(new Map([['picture', picture]])));
  } catch (cause) {
    throw notWritten(folder, cause);
  }
}

/** Not in one go: Node reads no more than 2 GB of a file at once, which is a picture of 179 megapixels. */
async function read(folder: string, file: string): Promise<Picture> {
  const path = join(folder, file);
  const source = await fileSource(path);
  try {
    const { tensors } = await indexSafetensors(source, path);
    const { dims, begin, end } = tensors.get('picture')!;
    const bytes = await source.read(begin, end);
    return { width: dims[2]!, height: dims[1]!, data: new Float32Array(bytes.buffer) };
  } finally {
    await source.close();
  }
}
