import { createHash } from 'node:crypto';
import { MadderError } from '../../../shared/errors.ts';
import type { Tensor } from '../../../shared/tensor.ts';
import type { ByteSource } from '../../formats/byte-source.ts';
import { float32ToFloat16, toFloat32 } from '../../formats/half.ts';
import { writeSafetensors } from '../../formats/safetensors.ts';
import { readTensor } from '../../formats/weights-file.ts';
import type { WeightsPlan } from './plan.ts';

/** How installed weights are stored. */
export const PRECISIONS = ['float16', 'float32'] as const;
export type Precision = (typeof PRECISIONS)[number];

const LARGEST_FLOAT16 = 65504;

/**
 * Reads the tensors of a plan and writes them as a safetensors file; the same weights make the same file. Kernels are
 * stored in the precision asked for, everything else as float32: biases and statistics are small, and lose range as
 * float16. A kernel with numbers that float16 does not hold stays float32 too.
 * @throws MadderError `network` where a tensor holds what no trained network does
 */
export async function convertWeights(
  source: ByteSource,
  plan: WeightsPlan,
  precision: Precision,
  file: string,
): Promise<{ bytes: Uint8Array; sha256: string }> {
  const tensors = new Map<string, Tensor>();
  const inOrder = [...plan.needed].sort(([, a], [, b]) => a.begin - b.begin);
  for (const [name, entry] of inOrder) {
    const { dims, data } = toFloat32(await readTensor(source, entry));
    const refuse = (what: string): never => {
      throw new MadderError(
        'network',
        `${file} is damaged: "${name}" holds ${what}; fetch it again, or from another place.`,
      );
    };
    const largest = largestOf(data);
    if (!Number.isFinite(largest)) refuse('infinite or undefined numbers');
    const isKernel = dims.length > 1;
    if (isKernel && largest === 0) refuse('nothing but zeros');
    const half = isKernel && precision === 'float16' && largest <= LARGEST_FLOAT16;
    tensors.set(name, half ? { type: 'float16', dims, data: float32ToFloat16(data) } : { type: 'float32', dims, data });
  }
  const bytes = writeSafetensors(tensors);
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** The largest magnitude; NaN where any number is. */
function largestOf(data: Float32Array): number {
  let largest = 0;
  for (let i = 0; i < data.length; i++) {
    const magnitude = Math.abs(data[i]!);
    if (magnitude > largest) largest = magnitude;
    else if (Number.isNaN(magnitude)) return NaN;
  }
  return largest;
}
