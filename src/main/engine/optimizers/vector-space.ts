import { HostAdamVectors, type AdamVectors } from './adam-vectors.ts';
import { HostLbfgsVectors, type LbfgsVectors, type NewPairs } from './lbfgs-vectors.ts';
import type { Box, StateReader } from './optimizer.ts';
import type { AdamMoments } from './adam.ts';

/** Where optimizers keep their vectors. Arrays that are given to it, those of a state too, are the optimizer's from then on. */
export interface VectorSpace<V> {
  /** @param pairs how many there may be, or the state that has them and the gradient */
  lbfgs(start: Float32Array, box: Box, pairs: NewPairs | StateReader): LbfgsVectors<V>;
  /**
   * @param keepsBest whether the best point is kept apart from the current one
   * @param from moments to begin with, or the state that has every vector
   */
  adam(start: Float32Array, box: Box, keepsBest: boolean, from?: AdamMoments | StateReader): AdamVectors<V>;
}

/** The host's memory. */
export const HOST: VectorSpace<Float32Array> = {
  lbfgs: (start, box, pairs) => new HostLbfgsVectors(start, box, pairs),
  adam: (start, box, keepsBest, from) => new HostAdamVectors(start, box, keepsBest, from),
};
