import { fitLongSide, resizePicture, type Picture } from '../../codec/picture.ts';
import { MadderError } from '../../../shared/errors.ts';
import type { Recipe, RecipeImage } from '../../../shared/recipe.ts';
import type { Network } from '../networks/network.ts';
import type { NetworkUse, ObjectiveShape } from '../objective/assemble.ts';
import {
  measureStatistics,
  mixStatistics,
  PictureObjective,
  type ObjectiveWeights,
  type TermValue,
} from '../objective/objective.ts';
import { Adam } from '../optimizers/adam.ts';
import { PublishedLbfgs } from '../optimizers/lbfgs-published.ts';
import { Lbfgs } from '../optimizers/lbfgs.ts';
import { UNIT_BOX, type Objective, type Optimizer } from '../optimizers/optimizer.ts';
import type { SessionOptions } from '../runtime/session.ts';
import { noisePicture } from './random.ts';

/** What a recipe names by hash: the decoded pictures and the loaded networks, rewrites applied. */
export interface RunAssets {
  readonly images: ReadonlyMap<string, Picture>;
  readonly networks: { readonly style: Network; readonly content?: Network };
}

/** Sent after every evaluation. */
export interface RunProgress {
  /** From 0. */
  readonly level: number;
  readonly levels: number;
  readonly width: number;
  readonly height: number;
  /** Evaluations at this level, and the level's budget. */
  readonly evaluation: number;
  readonly evaluations: number;
  readonly loss: number;
  readonly terms: readonly TermValue[];
  /** Of this evaluation, the optimizer's work included. */
  readonly seconds: number;
  readonly secondsLeft: number;
}

export interface RunOptions extends SessionOptions {
  readonly onProgress?: (progress: RunProgress) => void;
  /** Stops the run before the next evaluation; the best picture so far is the result. */
  readonly signal?: AbortSignal;
}

export interface RunResult {
  readonly picture: Picture;
  readonly loss: number;
  readonly terms: readonly TermValue[];
  readonly evaluations: number;
  /** False when the run was stopped before its schedule ended. */
  readonly completed: boolean;
}

/** Thrown inside an optimizer to end a level; never leaves this file. */
class Ended extends Error {}

/**
 * Executes a recipe: per level, measures the targets at that size and optimizes from the level before.
 * The same recipe, assets and provider give the same picture.
 *
 * @throws MadderError('optimization') when the picture diverges or turns out flat; nothing is returned then
 */
export async function run(recipe: Recipe, assets: RunAssets, options: RunOptions = {}): Promise<RunResult> {
  const { levels, size } = recipe.schedule;
  const content = imageOf(assets, recipe.content);
  const uses = networkUses(recipe, assets);
  let picture: Picture | undefined;
  let result: RunResult | undefined;
  let evaluations = 0;
  for (const [index, level] of levels.entries()) {
    if (options.signal?.aborted && result) return { ...result, completed: false };
    const target = fitLongSide(content.width, content.height, Math.max(1, Math.round(size * level.factor)));
    const start: Picture = picture
      ? await resizePicture(picture, target.width, target.height)
      : await initial(recipe, assets, target);
    const outcome = await runLevel(recipe, assets, uses, start, index, options);
    evaluations += outcome.evaluations;
    picture = outcome.picture;
    result = { ...outcome, evaluations };
    if (!outcome.completed) return result;
  }
  refuseFlat(result!.picture, content);
  return result!;
}

/** The networks of a recipe and the layers at which each is asked; one network that does both is used once. */
function networkUses(recipe: Recipe, { networks }: RunAssets): NetworkUse[] {
  const style = Object.keys(recipe.objective.styleLayers);
  const content = Object.keys(recipe.objective.contentLayers);
  if (!networks.content) return [{ key: 'style', network: networks.style, style, content }];
  return [
    { key: 'style', network: networks.style, style, content: [] },
    { key: 'content', network: networks.content, style: [], content },
  ];
}

/** The weights of a recipe's objective by network key. */
export function weightsOf({ objective, networks }: Recipe): ObjectiveWeights {
  return {
    style: objective.style,
    content: objective.content,
    variation: objective.variation,
    variationL1: objective.variationL1,
    styleLayers: { style: objective.styleLayers },
    contentLayers: { [networks.content ? 'content' : 'style']: objective.contentLayers },
  };
}

/** Terms with no weight in the recipe are left out of the graph, unless they are a layer's, which a fader may raise. */
function shapeOf(recipe: Recipe, networks: readonly NetworkUse[]): ObjectiveShape {
  const { variation, variationL1 } = recipe.objective;
  return { networks, variation: { quadratic: variation > 0, l1: variationL1 > 0 } };
}

async function runLevel(
  recipe: Recipe,
  assets: RunAssets,
  uses: readonly NetworkUse[],
  start: Picture,
  level: number,
  options: RunOptions,
): Promise<Omit<RunResult, 'evaluations'> & { evaluations: number }> {
  const size = { width: start.width, height: start.height };
  const targets = await measureTargets(recipe, assets, uses, size, options);
  const objective = await PictureObjective.create(
    shapeOf(recipe, uses),
    targets,
    size,
    weightsOf(recipe),
    recipe.objective.normalization,
    options,
  );
  const budget = recipe.schedule.levels[level]!.evaluations;
  const timing = new Timing(recipe, level);
  let evaluation = 0;
  let first: number | undefined;
  let best: { loss: number; terms: readonly TermValue[] } = { loss: Infinity, terms: [] };
  const evaluate: Objective = async (x) => {
    if (options.signal?.aborted || evaluation >= budget) throw new Ended();
    const value = await objective.evaluate(x);
    evaluation++;
    first ??= value.loss;
    if (value.loss < best.loss) best = { loss: value.loss, terms: value.terms };
    const { seconds, secondsLeft } = timing.lap(evaluation);
    options.onProgress?.({
      level,
      levels: recipe.schedule.levels.length,
      ...size,
      evaluation,
      evaluations: budget,
      loss: value.loss,
      terms: value.terms,
      seconds,
      secondsLeft,
    });
    return value;
  };

  const optimizer = createOptimizer(recipe, evaluate, start.data);
  let exhausted = false;
  try {
    for (;;) {
      const { converged } = await optimizer.step();
      if (converged) {
        exhausted = true;
        break;
      }
      if (evaluation >= budget) break;
    }
  } catch (error) {
    if (!(error instanceof Ended)) throw error;
  } finally {
    await objective.release();
  }
  const completed = exhausted || evaluation >= budget;
  if (completed && !exhausted && budget >= 10 && !(best.loss < first!)) {
    throw new MadderError(
      'optimization',
      `The picture did not get closer to the style in ${budget} evaluations; choose other weights, layers or another optimizer.`,
    );
  }
  const data = evaluation === 0 ? start.data : finalPicture(recipe, optimizer).slice();
  if (!data.every(Number.isFinite)) {
    throw new MadderError(
      'optimization',
      'The picture diverged; lower the weights or choose the optimizer with line search.',
    );
  }
  return { picture: { ...size, data }, loss: best.loss, terms: best.terms, evaluations: evaluation, completed };
}

function createOptimizer(recipe: Recipe, objective: Objective, start: Float32Array): Optimizer {
  const { optimizer } = recipe;
  if (optimizer.kind === 'adam') {
    return new Adam(objective, start, {
      box: UNIT_BOX,
      learningRate: optimizer.stepSize,
      averageDecay: optimizer.averaging,
    });
  }
  return optimizer.lineSearch === 'none'
    ? new PublishedLbfgs(objective, start, { history: optimizer.history, box: UNIT_BOX })
    : new Lbfgs(objective, start, { history: optimizer.history, box: UNIT_BOX });
}

/** Adam's result is the average of its iterates, whose noise cancels; otherwise the best iterate. */
const finalPicture = (recipe: Recipe, optimizer: Optimizer): Float32Array =>
  optimizer instanceof Adam && recipe.optimizer.kind === 'adam' && recipe.optimizer.averaging > 0
    ? optimizer.average()
    : optimizer.best.x;

/** Grams of the mixed styles, each painting at its own scale, and features of the photo at the picture's size. */
async function measureTargets(
  recipe: Recipe,
  assets: RunAssets,
  uses: readonly NetworkUse[],
  size: { width: number; height: number },
  options: SessionOptions,
) {
  const styleOnly = uses.map((u) => ({ ...u, content: [] }));
  const contentOnly = uses.map((u) => ({ ...u, style: [] }));
  const long = Math.max(size.width, size.height);
  const parts = [];
  for (const style of recipe.styles) {
    const painting = imageOf(assets, style.image);
    // Enlarging a painting invents no strokes: it is used at its own size at most.
    const side = Math.min(Math.round(long * style.scale), Math.max(painting.width, painting.height));
    const fitted = fitLongSide(painting.width, painting.height, Math.max(1, side));
    const resized = await resizePicture(painting, fitted.width, fitted.height);
    parts.push({ statistics: await measureStatistics(styleOnly, resized.data, fitted, options), weight: style.weight });
  }
  const photo = await resizePicture(imageOf(assets, recipe.content), size.width, size.height);
  return new Map([...mixStatistics(parts), ...(await measureStatistics(contentOnly, photo.data, size, options))]);
}

async function initial(recipe: Recipe, assets: RunAssets, size: { width: number; height: number }): Promise<Picture> {
  if (recipe.init.kind === 'noise') return { ...size, data: noisePicture(3 * size.width * size.height, recipe.seed) };
  const image = recipe.init.kind === 'image' ? recipe.init.image : recipe.content;
  return resizePicture(imageOf(assets, image), size.width, size.height);
}

function imageOf(assets: RunAssets, { sha256, name }: RecipeImage): Picture {
  const picture = assets.images.get(sha256);
  if (!picture) throw new MadderError('input', `The picture ${name} of the recipe is missing; add it again.`);
  return picture;
}

/** A result without any contrast, made from a photo that has some, is a failure and is never saved as a success. */
function refuseFlat(result: Picture, content: Picture): void {
  const spread = ({ data }: Picture) => {
    const mean = data.reduce((a, b) => a + b, 0) / data.length;
    return Math.sqrt(data.reduce((sum, v) => sum + (v - mean) ** 2, 0) / data.length);
  };
  if (spread(content) >= 0.02 && spread(result) < 0.05 * spread(content)) {
    throw new MadderError(
      'optimization',
      'The picture came out flat; lower the variation weights or choose other layers.',
    );
  }
}

/** Time per evaluation and time left, from the median of the latest evaluations, scaled by pixels for later levels. */
class Timing {
  readonly #recent: number[] = [];
  readonly #recipe: Recipe;
  readonly #level: number;
  #last = performance.now();

  constructor(recipe: Recipe, level: number) {
    this.#recipe = recipe;
    this.#level = level;
  }

  lap(evaluation: number): { seconds: number; secondsLeft: number } {
    const now = performance.now();
    const seconds = (now - this.#last) / 1000;
    this.#last = now;
    this.#recent.push(seconds);
    if (this.#recent.length > 15) this.#recent.shift();
    const median = this.#recent.toSorted((a, b) => a - b)[Math.floor(this.#recent.length / 2)]!;
    const { levels } = this.#recipe.schedule;
    const here = levels[this.#level]!;
    const later = levels
      .slice(this.#level + 1)
      .reduce((sum, l) => sum + l.evaluations * (l.factor / here.factor) ** 2, 0);
    return { seconds, secondsLeft: median * (here.evaluations - evaluation + later) };
  }
}
