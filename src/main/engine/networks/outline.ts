import { elementCount, type Tensor } from '../../../shared/tensor.ts';
import type { ByteSource } from '../../formats/byte-source.ts';
import { isFloatType } from '../../formats/half.ts';
import { checkTensorSize, readTensor } from '../../formats/weights-file.ts';
import type { TensorEntry } from '../../formats/weights-index.ts';

/**
 * Tensors with their names and shapes, and zeros for numbers, so that an architecture can be recognised and tried
 * before anything is read. The zeros of all tensors are the same ones.
 * @param onTake called with the name of each tensor whose numbers are asked for
 */
export function outlineOf(
  entries: ReadonlyMap<string, TensorEntry>,
  onTake?: (name: string, entry: TensorEntry) => void,
): Map<string, Tensor> {
  let zeros = new Float32Array(0);
  const outline = (name: string, entry: TensorEntry): Tensor => {
    const { type, dims } = entry;
    const numbers = (): Float32Array => {
      onTake?.(name, entry);
      const count = elementCount(dims);
      if (zeros.length < count) zeros = new Float32Array(count);
      return zeros.subarray(0, count);
    };
    // Only the numbers of float tensors are ever asked for: a state dict refuses all others by their type.
    return {
      type: isFloatType(type) ? 'float32' : type,
      dims,
      get data() {
        return numbers();
      },
    } as Tensor;
  };
  return new Map([...entries].map(([name, entry]) => [name, outline(name, entry)]));
}

/**
 * Reads the tensors that `use` needs, and no others: it is tried with zeros first.
 * @returns all tensors; those that were not needed hold zeros still
 * @throws what `use` throws, and MadderError `network` for a tensor that cannot be read
 */
export async function readNeeded(
  source: ByteSource,
  entries: ReadonlyMap<string, TensorEntry>,
  use: (tensors: ReadonlyMap<string, Tensor>) => unknown,
): Promise<Map<string, Tensor>> {
  const needed = new Map<string, TensorEntry>();
  const tensors = outlineOf(entries, (name, entry) => {
    checkTensorSize(entry, source.size);
    needed.set(name, entry);
  });
  use(tensors);
  for (const [name, entry] of needed) tensors.set(name, await readTensor(source, entry));
  return tensors;
}
