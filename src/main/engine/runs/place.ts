import type { Recipe } from '../../../shared/recipe.ts';
import type { Evaluation, PictureObjective } from '../objective/objective.ts';
import { Adam } from '../optimizers/adam.ts';
import { deviceSpace } from '../optimizers/device-space.ts';
import { PublishedLbfgs } from '../optimizers/lbfgs-published.ts';
import { Lbfgs } from '../optimizers/lbfgs.ts';
import {
  UNIT_BOX,
  type Later,
  type Objective,
  type Optimizer,
  type OptimizerState,
  type Vector,
} from '../optimizers/optimizer.ts';
import { restoreOptimizer } from '../optimizers/restore.ts';
import { HOST, type VectorSpace } from '../optimizers/vector-space.ts';
import type { Device, DeviceVector } from '../runtime/device.ts';

/** Where a level is painted: in arrays of the host, or in tensors that stay on a device. */
export interface Place<V> {
  evaluate(objective: PictureObjective, picture: V): Promise<Evaluation<V>>;
  begin(recipe: Recipe, objective: Objective<V>, start: Float32Array): Optimizer<V>;
  resume(objective: Objective<V>, state: OptimizerState): Optimizer<V>;
  /** A vector's content. On the host it is the live array: read it before going on. */
  read(vector: V): Later<Float32Array>;
}

export const HOST_PLACE: Place<Float32Array> = {
  evaluate: (objective, picture) => objective.evaluate(picture),
  begin: (recipe, objective, start) => {
    const { optimizer } = recipe;
    return optimizer.kind === 'lbfgs' && optimizer.lineSearch === 'none'
      ? new PublishedLbfgs(objective, start, { history: optimizer.history, box: UNIT_BOX })
      : begin(recipe, objective, start, HOST);
  },
  resume: (objective, state) => restoreOptimizer(objective, state),
  read: (vector) => vector,
};

/** Whether a recipe's optimizer can keep its vectors on a device: the published L-BFGS works on the host only. */
export const paintsOnDevice = ({ optimizer }: Recipe): boolean =>
  optimizer.kind === 'adam' || optimizer.lineSearch !== 'none';

/** @param dims shape of the level's picture, [1,3,H,W] */
export function devicePlace(device: Device, dims: readonly number[]): Place<DeviceVector> {
  const space = deviceSpace(device, dims);
  return {
    evaluate: (objective, picture) => objective.evaluateOnDevice(picture),
    begin: (recipe, objective, start) => begin(recipe, objective, start, space),
    resume: (objective, state) =>
      state.method === 'adam'
        ? Adam.restore(objective, state, undefined, space)
        : Lbfgs.restore(objective, state, undefined, space),
    read: (vector) => device.read(vector),
  };
}

function begin<V extends Vector>(
  { optimizer }: Recipe,
  objective: Objective<V>,
  start: Float32Array,
  space: VectorSpace<V>,
): Optimizer<V> {
  if (optimizer.kind === 'adam') {
    const { stepSize: learningRate, averaging: averageDecay } = optimizer;
    return new Adam(objective, start, { box: UNIT_BOX, learningRate, averageDecay }, undefined, space);
  }
  return new Lbfgs(objective, start, { history: optimizer.history, box: UNIT_BOX }, space);
}
