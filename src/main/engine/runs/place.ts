import type { Recipe } from '../../../shared/recipe.ts';
import { PictureObjective, type Evaluation } from '../objective/objective.ts';
import type { Parameterization } from '../parameterizations/parameterization.ts';
import { movesPictures } from '../parameterizations/transforms.ts';
import { Adam } from '../optimizers/adam.ts';
import { deviceSpace } from '../optimizers/device-space.ts';
import { PublishedLbfgs } from '../optimizers/lbfgs-published.ts';
import { Lbfgs, type LbfgsOptions } from '../optimizers/lbfgs.ts';
import {
  UNIT_BOX,
  type Box,
  type Later,
  type Objective,
  type Optimizer,
  type OptimizerState,
  type Vector,
} from '../optimizers/optimizer.ts';
import { restoreOptimizer } from '../optimizers/restore.ts';
import { HOST, type VectorSpace } from '../optimizers/vector-space.ts';
import type { Device, DeviceVector } from '../runtime/device.ts';
import type { LevelObjective } from './level-objective.ts';
import type { MovingView } from './moving-view.ts';

/** What L-BFGS does differently where memory is short. */
export type LbfgsMemory = Pick<LbfgsOptions, 'pairPrecision' | 'keepGradients'>;

/** Where a level is painted: in arrays of the host, or in tensors that stay on a device. */
export interface Place<V> {
  /** What the objective makes of the picture of these parameters; the gradient is by the parameters. */
  evaluate(objective: LevelObjective, parameters: V): Promise<Evaluation<V>>;
  /**
   * @param start the picture to begin with, planar [3,H,W]; the place's own from then on
   * @param memory how L-BFGS is to use it
   */
  begin(recipe: Recipe, objective: Objective<V>, start: Float32Array, memory: LbfgsMemory): Optimizer<V>;
  /** @param state its vectors are the place's own from then on */
  resume(objective: Objective<V>, state: OptimizerState): Optimizer<V>;
  /** A vector's content. On the host it is the live array: read it before going on. */
  read(vector: V): Later<Float32Array>;
  /** The picture [3,H,W] of parameters as they were read. */
  picture(parameters: Float32Array): Float32Array;
  /**
   * Draws how the networks look at the picture until the next draw; absent where they always see it as it is.
   * @param iteration evaluations of the whole run so far
   */
  draw?(iteration: number, objective: LevelObjective): Promise<void>;
}

/** @param view how the networks look at the picture; undefined: as it is */
export function hostPlace(parameterization: Parameterization, view?: MovingView): Place<Float32Array> {
  const { box } = parameterization;
  return {
    evaluate: async (objective, parameters) => {
      const picture = parameterization.decode(parameters);
      const value = await objective.evaluate(view ? view.see(picture) : picture);
      const gradient = view ? view.pullback(value.gradient) : value.gradient;
      return { ...value, gradient: parameterization.pullback(picture, gradient) };
    },
    begin: (recipe, objective, start, memory) => {
      const { optimizer } = recipe;
      const parameters = parameterization.encode(start);
      return optimizer.kind === 'lbfgs' && optimizer.lineSearch === 'none'
        ? new PublishedLbfgs(objective, parameters, { history: optimizer.history, box })
        : begin(recipe, objective, parameters, box, HOST, memory);
    },
    resume: (objective, state) => restoreOptimizer(objective, state),
    read: (vector) => vector,
    picture: (parameters) => parameterization.decode(parameters),
    ...(view ? { draw: (iteration, objective) => view.draw(iteration, objective) } : {}),
  };
}

/**
 * Whether a recipe can keep its vectors on a device: the published L-BFGS, parameterizations other than pixels, and
 * transforms work on the host only.
 */
export const paintsOnDevice = ({ optimizer, parameterization, transforms }: Recipe): boolean =>
  (optimizer.kind === 'adam' || optimizer.lineSearch !== 'none') &&
  parameterization.kind === 'pixels' &&
  !movesPictures(transforms);

/** @param dims shape of the level's picture, [1,3,H,W] */
export function devicePlace(device: Device, dims: readonly number[]): Place<DeviceVector> {
  const space = deviceSpace(device, dims);
  return {
    evaluate: (objective, picture) => {
      if (!(objective instanceof PictureObjective)) throw new Error('tiles are put together on the host');
      return objective.evaluateOnDevice(picture);
    },
    begin: (recipe, objective, start) => begin(recipe, objective, start, UNIT_BOX, space, {}),
    resume: (objective, state) =>
      state.method === 'adam'
        ? Adam.restore(objective, state, undefined, space)
        : Lbfgs.restore(objective, state, undefined, space),
    read: (vector) => device.read(vector),
    picture: (parameters) => parameters,
  };
}

function begin<V extends Vector>(
  { optimizer }: Recipe,
  objective: Objective<V>,
  start: Float32Array,
  box: Box | undefined,
  space: VectorSpace<V>,
  memory: LbfgsMemory,
): Optimizer<V> {
  if (optimizer.kind === 'adam') {
    const { stepSize: learningRate, averaging: averageDecay } = optimizer;
    // The average is what is shown, where there is one.
    const keepBest = averageDecay === 0;
    return new Adam(objective, start, { box, learningRate, averageDecay, keepBest }, undefined, space);
  }
  return new Lbfgs(objective, start, { history: optimizer.history, box, ...memory }, space);
}
