import type { Picture } from '../../codec/picture.ts';
import { MadderError } from '../../../shared/errors.ts';
import type { Feature, Prior, VisualizationSettings } from '../../../shared/visualization.ts';
import type { LayerAnswer, Target } from '../objective/answer.ts';
import { Adam } from '../optimizers/adam.ts';
import type { Objective } from '../optimizers/optimizer.ts';
import { parameterizationOf, type Parameterization } from '../parameterizations/parameterization.ts';
import { drawMovement, movesPictures, Resampling } from '../parameterizations/transforms.ts';
import { noisePicture } from './random.ts';

/**
 * Deviation of the noise that pixels start from, around middle grey: that of Engstrom et al. 2019 ("Adversarial Robustness
 * as a Prior for Learned Representations"). A spectrum has its own, as faint.
 */
const NOISE = 0.05;

export interface VisualizeOptions {
  /** Called after every step, with the number of them and the value that it started from. */
  readonly onStep?: (step: { readonly iteration: number; readonly value: number }) => void;
  /** Ends the work before the next graph run: the reason is thrown. */
  readonly signal?: AbortSignal;
}

/** A picture that a layer answers to, and how strongly. */
export interface Visualized extends Pick<Feature, 'before' | 'after' | 'unit' | 'variation'> {
  readonly picture: Picture;
}

/**
 * A picture that makes a target large (Olah, Mordvintsev and Schubert 2017, "Feature Visualization"; Mordvintsev et al.
 * 2018, "Differentiable Image Parameterizations"; for whole layers Mordvintsev, Olah and Tyka 2015, "Inceptionism"): Adam,
 * from noise, of
 *
 *     L = −a / u^k + v · V
 *
 * with a the target's value at the picture as the prior's transforms move it, V its quadratic variation, v the prior's
 * weight of that, u the root mean square of the layer at the start, and k = 2 for whole layers, whose a is a
 * square, otherwise 1. In units of u, one v means the same in every network and layer. The result is the last
 * iterate.
 *
 * Noise and movements depend on the seed alone, so that all channels start from the same picture.
 *
 * @throws MadderError `optimization` where the layer answers to nothing or the picture diverges, `input` for an unknown
 * channel; the signal's reason when it is aborted
 */
export async function visualize(
  layer: LayerAnswer,
  target: Target,
  prior: Prior,
  { size, iterations, seed }: Pick<VisualizationSettings, 'size' | 'iterations' | 'seed'>,
  { onStep, signal }: VisualizeOptions = {},
): Promise<Visualized> {
  const square = { width: size, height: size };
  const parameterization = parameterizationOf({ parameterization: prior.parameterization, colour: 'style' }, square);
  const start = startOf(parameterization, prior, size, seed);
  const look = (picture: Float32Array) => {
    signal?.throwIfAborted();
    return layer.to(picture, target, { answer: 0, variation: 0 });
  };
  const first = await look(parameterization.decode(start));
  const unit = Math.sqrt(first.energy);
  if (unit === 0) {
    throw new MadderError('optimization', 'The layer answers to noise with nothing but zeros; choose another layer.');
  }
  const weights = { answer: -1 / (target.aim === 'layer' ? unit ** 2 : unit), variation: prior.variation };
  let iteration = 0;
  const evaluate: Objective<Float32Array> = async (parameters) => {
    signal?.throwIfAborted();
    const picture = parameterization.decode(parameters);
    const view = movesPictures(prior.transforms)
      ? new Resampling(size, size, drawMovement(prior.transforms, seed, iteration))
      : undefined;
    const answer = await layer.to(view ? view.apply(picture) : picture, target, weights);
    iteration++;
    onStep?.({ iteration, value: answer.value });
    const gradient = view ? view.adjoint(answer.gradient) : answer.gradient;
    return {
      loss: weights.answer * answer.value + weights.variation * answer.variation,
      gradient: parameterization.pullback(picture, gradient),
    };
  };
  const adam = new Adam(evaluate, start, { box: parameterization.box, learningRate: prior.stepSize });
  while (iteration < iterations) await adam.step();
  const data = parameterization.decode(adam.current).slice();
  const last = await look(data);
  return { picture: { ...square, data }, before: first.value, after: last.value, unit, variation: last.variation };
}

/** Parameters of noise. */
const startOf = (parameterization: Parameterization, prior: Prior, size: number, seed: number): Float32Array =>
  prior.parameterization.kind === 'pixels' ? noisePicture(3 * size * size, seed, NOISE) : parameterization.noise(seed);
