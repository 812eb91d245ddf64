import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Picture } from '../../codec/picture.ts';
import { floatTensor } from '../../../shared/tensor.ts';
import { readSafetensors, writeSafetensors } from '../../formats/safetensors.ts';
import { notWritten, writeAtomically } from '../runs/checkpoint.ts';

const FILE = 'result.safetensors';

/**
 * Leaves a job's picture in its folder, in float: too big for a message, and not to be lost with the process.
 * @throws MadderError('output') where there is no room
 */
export async function writeResult(folder: string, { width, height, data }: Picture): Promise<void> {
  const picture = floatTensor([3, height, width], data);
  try {
    await writeAtomically(join(folder, FILE), writeSafetensors(new Map([['picture', picture]]), {}));
  } catch (cause) {
    throw notWritten(folder, cause);
  }
}

/** The picture that a job left in its folder. */
export async function readResult(folder: string): Promise<Picture> {
  const path = join(folder, FILE);
  const { dims, data } = readSafetensors(await readFile(path), path).tensors.get('picture')!;
  return { width: dims[2]!, height: dims[1]!, data: data as Float32Array };
}
