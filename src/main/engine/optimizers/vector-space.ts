import { HostAdamVectors, type AdamVectors } from './adam-vectors.ts';
import { HostLbfgsVectors, type LbfgsVectors } from './lbfgs-vectors.ts';
import type { Box, StateReader } from './optimizer.ts';
import type { AdamMoments } from './adam.ts';

/** Where optimizers keep their vectors. Arrays that are given to it must not change before the first step. */
export interface VectorSpace<V> {
  /** @param pairs how many there may be, or the state that has them and the gradient */
  lbfgs(start: Float32Array, box: Box, pairs: number | StateReader): LbfgsVectors<V>;
  /** @param from moments to begin with, or the state that has every vector */
  adam(start: Float32Array, box: Box, from?: AdamMoments | StateReader): AdamVectors<V>;
}

/** The host's memory. */
export const HOST: VectorSpace<Float32Array> = {
  lbfgs: (start, box, pairs) => new HostLbfgsVectors(start, box, pairs),
  adam: (start, box, from) => new HostAdamVectors(start, box, from),
};
