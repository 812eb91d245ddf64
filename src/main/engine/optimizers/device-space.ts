import type { Device, DeviceVector } from '../runtime/device.ts';
import { DeviceAdamVectors } from './device-adam.ts';
import { DeviceLbfgsVectors } from './device-lbfgs.ts';
import type { Box } from './optimizer.ts';
import type { VectorSpace } from './vector-space.ts';
import { clamp } from './vector.ts';

/** Stands for an infinite bound: larger than any picture's value, and its sums with one are finite. */
const FAR = 2 ** 126;

/**
 * A device's memory, for vectors of one shape [..., H, W].
 *
 * Rounding differs from the host's: kernels compute in float32 throughout, and sum by blocks (see `Kernel`).
 */
export function deviceSpace(device: Device, dims: readonly number[]): VectorSpace<DeviceVector> {
  const finite = ({ lower, upper }: Box): Box => ({ lower: Math.max(lower, -FAR), upper: Math.min(upper, FAR) });
  const inside = (start: Float32Array, { lower, upper }: Box): Float32Array => {
    const x = start.slice();
    clamp(x, lower, upper);
    return x;
  };
  return {
    lbfgs: (start, box, pairs) => new DeviceLbfgsVectors(device, dims, inside(start, box), finite(box), pairs),
    // Kernels make new vectors anyway: moving in place would save nothing.
    adam: (start, box, _keepsBest, from) => new DeviceAdamVectors(device, dims, inside(start, box), finite(box), from),
  };
}
