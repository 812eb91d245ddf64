import { tmpdir } from 'node:os';
import { resizePicture, type Picture } from '../../codec/picture.ts';
import { MadderError } from '../../../shared/errors.ts';
import { weightsAt } from '../../../shared/recipe-timeline.ts';
import type { Recipe } from '../../../shared/recipe.ts';
import type { ObjectiveShape } from '../objective/assemble.ts';
import type { ObjectiveWeights, RunSize, TermValue } from '../objective/objective.ts';
import { Adam } from '../optimizers/adam.ts';
import { withFewerPairs } from '../optimizers/fewer-pairs.ts';
import { Lbfgs } from '../optimizers/lbfgs.ts';
import type { Later, Objective, Optimizer, OptimizerState, Vector } from '../optimizers/optimizer.ts';
import { parameterizationOf } from '../parameterizations/parameterization.ts';
import { Device } from '../runtime/device.ts';
import { isDeviceFailure } from '../runtime/providers.ts';
import type { SessionOptions } from '../runtime/session.ts';
import type { TileProgress } from '../tiling/tiled-objective.ts';
import { TREATMENTS } from './colour.ts';
import { RunControl, Stopped } from './control.ts';
import { InTiles, inOnePiece, type LevelObjective, type LevelOptions, type ObjectiveMaker } from './level-objective.ts';
import { MemoryPlanner, wholeBytes, type LevelPlan } from './memory.ts';
import { MovingView } from './moving-view.ts';
import { devicePlace, hostPlace, paintsOnDevice, type Place } from './place.ts';
import { levelSize } from './schedule.ts';
import { finisherOf, imageOf, shapeOf, subjectsOf, type RunAssets, type Subjects } from './targets.ts';
import { Timing } from './timing.ts';

export type { RunAssets } from './targets.ts';

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
  /** Evaluations of the whole run so far; the recipe's timeline counts them. */
  readonly total: number;
  readonly loss: number;
  readonly terms: readonly TermValue[];
  /** Of this evaluation, the optimizer's work included. */
  readonly seconds: number;
  readonly secondsLeft: number;
}

/** Where a run is between two iterations: with the assets, everything that is needed to go on bit for bit. */
export interface RunState {
  /** The recipe with the weight changes so far in its timeline. */
  readonly recipe: Recipe;
  readonly level: number;
  /** Evaluations at this level, and in all. */
  readonly evaluation: number;
  readonly total: number;
  /** Loss of the level's first evaluation. */
  readonly firstLoss: number | undefined;
  readonly best: { readonly loss: number; readonly terms: readonly TermValue[] };
  readonly size: RunSize;
  /** Its vectors are the live ones: write or copy them before going on. */
  readonly optimizer: OptimizerState;
}

export interface RunOptions extends SessionOptions {
  readonly onProgress?: (progress: RunProgress) => void;
  /** Weight changes took effect, just before this evaluation (counted from 0). */
  readonly onWeights?: (evaluation: number) => void;
  /** Steering from outside. */
  readonly control?: RunControl;
  /** Continue from here instead of beginning. */
  readonly from?: RunState;
  /**
   * Called after every iteration with means to look at the run: `picture` is what would be kept if it ended now, `state`
   * what a checkpoint has to hold. Both are read from the device if they are there, and before the run goes on.
   */
  readonly onIteration?: (look: {
    picture: () => Later<Picture>;
    state: () => Later<RunState>;
  }) => Promise<void> | void;
  /** Pictures wanted on the way: each is what would be kept if the run ended after so many evaluations in all. */
  readonly snapshots?: {
    /** Those of coarser levels are of their smaller sizes. */
    readonly after: readonly number[];
    /** The run waits for it. A run that ends before, or with that evaluation, has no such snapshot but its result. */
    readonly keep: (snapshot: RunSnapshot) => Promise<void>;
  };
  /**
   * Where the picture, its gradient and the optimizer's vectors live. When missing: on the device, where the provider can
   * hold tensors and the optimizer supports it; otherwise on the host.
   */
  readonly vectors?: 'host' | 'device';
  /**
   * Memory that the process may take, bytes: levels that do not fit are painted in tiles, exactly. Without a limit, and where memory
   * does not run out, every level is painted in one piece.
   */
  readonly memoryBytes?: number;
  /** Folder for what is too large for memory; the system's temporary one when missing. */
  readonly scratch?: string;
  /**
   * Called before each tile of a level that is painted in tiles, with a means to look at the picture as it would be kept now; it has to be
   * read before this returns.
   */
  readonly onTile?: (progress: RunTile, picture: () => Later<Picture>) => void;
  /** Something a person should know, one sentence. */
  readonly onNote?: (note: string) => void;
}

/** Where a run is within an evaluation, or before a level's first one, in tiles. */
export interface RunTile extends TileProgress {
  /** From 0. */
  readonly level: number;
  /** Evaluations of the level that are done. */
  readonly evaluation: number;
  /** The paintings or the photo are measured; no evaluation has begun. */
  readonly preparing: boolean;
}

/** A run's picture on the way. */
export interface RunSnapshot {
  readonly picture: Picture;
  /** Evaluations behind it. */
  readonly total: number;
  /** The lowest so far at this size; Infinity before the first evaluation. */
  readonly loss: number;
}

export interface RunResult {
  readonly picture: Picture;
  readonly loss: number;
  readonly terms: readonly TermValue[];
  readonly evaluations: number;
  /** False when the run was stopped before its schedule ended. */
  readonly completed: boolean;
  /** The recipe that repeats this picture: the one that was given, with the weight changes made during the run. */
  readonly recipe: Recipe;
}

/** Thrown inside an optimizer where a weight change is due before the next evaluation; never leaves this file. */
class WeightsDue extends Error {}

/**
 * Executes a recipe: per level, measures the targets at that size and optimizes from the level before.
 * The same recipe, assets and provider give the same picture.
 *
 * @throws MadderError('optimization') when the picture diverges or turns out flat; nothing is returned then
 */
export async function run(recipe: Recipe, assets: RunAssets, options: RunOptions = {}): Promise<RunResult> {
  const { from, control = new RunControl() } = options;
  const painter = new Painter(from?.recipe ?? recipe, assets, options, control, from?.total ?? 0);
  const { schedule } = painter.recipe;
  const sizes = schedule.levels.map((_, level) => levelSize(schedule, level, painter.recipe.content));
  painter.checkMemory(sizes.at(-1)!);
  let outcome: LevelOutcome | undefined;
  for (let level = from?.level ?? 0; level < sizes.length; level++) {
    const size = sizes[level]!;
    const resumed = from?.level === level ? from : undefined;
    if (control.stopped && outcome) return painter.result({ ...outcome, completed: false });
    const origin =
      resumed ??
      new Start(
        outcome ? await resizePicture(outcome.picture, size.width, size.height) : await initial(recipe, assets, size),
      );
    outcome = undefined;
    outcome = await painter.level(level, sizes, origin);
    if (!outcome.completed) return painter.result(outcome);
  }
  refuseFlat(outcome!.picture, painter.subjects.photo);
  return painter.result(outcome!);
}

/** The picture that a level starts from, on its way to the optimizer: nobody else holds it, so that it exists once. */
class Start {
  #picture: Picture | undefined;

  constructor(picture: Picture) {
    this.#picture = picture;
  }

  take(): Picture {
    const picture = this.#picture!;
    this.#picture = undefined;
    return picture;
  }
}

interface LevelOutcome {
  readonly picture: Picture;
  readonly loss: number;
  readonly terms: readonly TermValue[];
  readonly completed: boolean;
}

/** A run in progress: what outlives a level. */
class Painter {
  /** Grows by the weight changes that are made while the run goes on. */
  recipe: Recipe;
  readonly subjects: Subjects;
  readonly #assets: RunAssets;
  readonly #options: RunOptions;
  readonly #control: RunControl;
  /** Evaluations so far, which is also the number, from 0, of the next one: the clock of the timeline. */
  #total: number;
  /** Whether the provider can hold tensors, once that has been tried. */
  #deviceWorks: boolean | undefined;
  /** Undefined where memory has no limit. */
  readonly #planner: MemoryPlanner | undefined;

  constructor(recipe: Recipe, assets: RunAssets, options: RunOptions, control: RunControl, total: number) {
    this.recipe = recipe;
    this.subjects = subjectsOf(recipe, assets);
    this.#assets = assets;
    this.#options = options;
    this.#control = control;
    this.#total = total;
    const { memoryBytes, from } = options;
    const held = Object.values(from?.optimizer.vectors ?? {}).reduce((sum, vector) => sum + vector.byteLength, 0);
    this.#planner = memoryBytes === undefined ? undefined : new MemoryPlanner(recipe, options, memoryBytes, held);
  }

  /** Refuses a size that will not fit into memory before hours are spent on smaller ones. */
  checkMemory(size: RunSize): void {
    this.#planner?.plan(this.#shape(), size);
  }

  async result(outcome: LevelOutcome): Promise<RunResult> {
    const finish = await finisherOf(this.recipe, this.#assets, outcome.picture);
    return { ...outcome, picture: finish(outcome.picture), evaluations: this.#total, recipe: this.recipe };
  }

  /** @param origin the picture that the level starts from, or a state of this level to go on from, whose vectors it takes over */
  async level(level: number, sizes: readonly RunSize[], origin: Start | RunState): Promise<LevelOutcome> {
    const size = sizes[level]!;
    const plan: LevelPlan = this.#planner?.plan(this.#shape(), size) ?? {
      tileBytes: undefined,
      optimizer: this.recipe.optimizer,
      lbfgs: {},
    };
    if (plan.note !== undefined) this.#options.onNote?.(plan.note);
    const inHalf = origin instanceof Start ? plan.lbfgs.pairPrecision === 'half' : hasHalf(origin.optimizer);
    // Whatever is painted in tiles is put together on the host, where alone pairs are in half precision.
    if (plan.tileBytes !== undefined || inHalf || !(await this.#usesDevice())) {
      const view = await MovingView.create(this.recipe, this.subjects, size, this.#options);
      try {
        return await this.#paint(hostPlace(parameterizationOf(this.recipe, size), view), level, sizes, origin, plan);
      } finally {
        await view?.release();
      }
    }
    const device = new Device(this.#options);
    try {
      const place = devicePlace(device, [1, 3, size.height, size.width]);
      return await this.#paint(place, level, sizes, origin, plan, device);
    } finally {
      await device.release();
    }
  }

  async #usesDevice(): Promise<boolean> {
    const { vectors } = this.#options;
    if (vectors === 'host' || !paintsOnDevice(this.recipe)) return false;
    return vectors === 'device' || (this.#deviceWorks ??= (await Device.refusal(this.#options)) === undefined);
  }

  async #paint<V extends Vector>(
    place: Place<V>,
    level: number,
    sizes: readonly RunSize[],
    origin: Start | RunState,
    plan: LevelPlan,
    device?: Device,
  ): Promise<LevelOutcome> {
    const size = sizes[level]!;
    const from = origin instanceof Start ? undefined : origin;
    const budget = this.recipe.schedule.levels[level]!.evaluations;
    const { snapshots } = this.#options;
    const timing = new Timing(
      this.recipe.schedule.levels,
      sizes.map((s) => s.width * s.height),
      level,
    );
    let evaluation = from?.evaluation ?? 0;
    const gate = async (progress?: TileProgress) => {
      const before = performance.now();
      if (await this.#control.gate()) timing.skip(performance.now() - before);
      if (!progress) return;
      const where = { ...progress, level, evaluation, preparing: objective === undefined };
      this.#options.onTile?.(where, () => afterwards(picture(), finish));
    };
    const options: LevelOptions = { ...this.#options, gate, device, scratch: this.#options.scratch ?? tmpdir() };
    let maker: ObjectiveMaker =
      plan.tileBytes === undefined
        ? inOnePiece(this.recipe, this.subjects, size, options)
        : new InTiles(this.recipe, this.subjects, size, plan.tileBytes, options);
    const finish = await finisherOf(this.recipe, this.#assets, size);
    // What held at the latest evaluation: a change that is due right after it must be seen as one.
    let weights = weightsAt(this.recipe, from?.evaluation ? this.#total - 1 : this.#total);
    let objective: LevelObjective | undefined;
    /** Does what needs memory, with smaller and smaller tiles while that runs out. */
    const withinMemory = async <T>(work: () => Promise<T>): Promise<T> => {
      for (;;) {
        try {
          return await work();
        } catch (error) {
          if (isDeviceFailure(error) !== 'memory' || device) throw error;
          await objective?.release();
          objective = undefined;
          maker = this.#withLess(maker, size, options);
          this.#options.onNote?.('Memory ran out; the picture is looked at in smaller pieces from here on.');
        }
      }
    };
    /** The number of the iteration whose movement holds. */
    let drawn: number | undefined;
    const draw = async (from: LevelObjective) => drawn !== undefined && place.draw?.(drawn, from);
    const prepared = async (): Promise<LevelObjective> => {
      if (objective) return objective;
      objective = await maker.make(this.#shape(), weightsOf(this.recipe, this.#total));
      await draw(objective);
      timing.restart();
      return objective;
    };
    let firstLoss = from?.firstLoss;
    /** Evaluations since the start of the level or the latest weight change: losses before it do not compare. */
    let comparable = 0;
    let best: RunState['best'] = from?.best ?? { loss: Infinity, terms: [] };

    const evaluate: Objective<V> = async (x) => {
      await gate();
      if (evaluation >= budget) throw new Stopped();
      if (this.#weightsDue(weights)) throw new WeightsDue();
      // Nothing has been decided of the evaluation that follows: a run that is stopped now keeps this very picture.
      if (snapshots?.after.includes(this.#total)) {
        const copy = { ...size, data: (await picture()).data.slice() };
        await snapshots.keep({ picture: finish(copy), total: this.#total, loss: best.loss });
        timing.restart();
      }
      const value = await withinMemory(async () => place.evaluate(await prepared(), x));
      evaluation++;
      comparable++;
      this.#total++;
      firstLoss ??= value.loss;
      if (value.loss < best.loss) best = { loss: value.loss, terms: value.terms };
      this.#options.onProgress?.({
        level,
        levels: sizes.length,
        ...size,
        evaluation,
        evaluations: budget,
        total: this.#total,
        loss: value.loss,
        terms: value.terms,
        ...timing.lap(evaluation),
      });
      return value;
    };

    const optimizer =
      origin instanceof Start
        ? place.begin({ ...this.recipe, optimizer: plan.optimizer }, evaluate, origin.take().data, plan.lbfgs)
        : place.resume(
            evaluate,
            // It may go on within less memory than it was begun with.
            plan.optimizer.kind === 'lbfgs'
              ? withFewerPairs(origin.optimizer, plan.optimizer.history, plan.lbfgs.pairPrecision ?? 'single')
              : origin.optimizer,
          );
    const picture = (): Later<Picture> => {
      const { x, factor } = shown(this.recipe, optimizer, place.draw !== undefined);
      return afterwards(place.read(x), (data) => ({
        ...size,
        data: place.picture(factor === 1 ? data : data.map((value) => value * factor)),
      }));
    };
    const state = (): Later<RunState> => {
      const now = { recipe: this.recipe, level, evaluation, total: this.#total, firstLoss, best, size };
      const { vectors, ...numbers } = optimizer.save();
      return afterwards(readAll(vectors, place), (read) => ({ ...now, optimizer: { ...numbers, vectors: read } }));
    };
    let exhausted = false;
    let rebase = false;
    try {
      while (evaluation < budget && !exhausted) {
        await gate();
        if (this.#weightsDue(weights)) {
          this.#recordChanges();
          weights = weightsAt(this.recipe, this.#total);
          objective = await this.#reweighted(await withinMemory(prepared));
          best = { loss: Infinity, terms: [] };
          firstLoss = undefined;
          comparable = 0;
          rebase = evaluation > 0;
        }
        drawn = this.#total;
        await withinMemory(async () => (objective ? draw(objective) : prepared()));
        try {
          if (rebase) await optimizer.rebase();
          // Adam evaluates anew in every step; a line search needs its start's loss in the draw that it is made in.
          else if (place.draw && optimizer instanceof Lbfgs) await optimizer.redraw();
          rebase = false;
          const { converged } = await optimizer.step();
          // A weight that has just been moved, or the next draw, may still move a picture that has converged.
          exhausted = converged !== undefined && !place.draw && !this.#weightsDue(weights);
        } catch (error) {
          if (!(error instanceof WeightsDue)) throw error;
          continue;
        }
        await this.#options.onIteration?.({ picture: () => afterwards(picture(), finish), state });
        timing.restart();
      }
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
    } finally {
      await objective?.release();
    }
    const completed = exhausted || evaluation >= budget;
    // The first evaluation is one of those that `best` is taken from, hence strictly lower; no loss is below zero.
    if (completed && !exhausted && comparable >= 10 && !from && firstLoss! > 0 && !(best.loss < firstLoss!)) {
      throw new MadderError(
        'optimization',
        `The picture did not get closer to the style in ${budget} evaluations; choose other weights, layers or another optimizer.`,
      );
    }
    // The optimizer's own vector, perhaps, which it does not need any more.
    const { data } = await picture();
    if (!data.every(Number.isFinite)) {
      throw new MadderError(
        'optimization',
        'The picture diverged; lower the weights or choose the optimizer with line search.',
      );
    }
    return { picture: { ...size, data }, ...best, completed };
  }

  /** Smaller tiles than before; tiles at all where there were none. */
  #withLess(maker: ObjectiveMaker, size: RunSize, options: LevelOptions): ObjectiveMaker {
    if (maker instanceof InTiles) {
      maker.halve();
      return maker;
    }
    const bytes = wholeBytes(this.#shape(), size, this.#options);
    return new InTiles(this.recipe, this.subjects, size, bytes, options, true);
  }

  #shape(): ObjectiveShape {
    return shapeOf(this.recipe, this.subjects);
  }

  /** The objective with the weights of now; undefined where it has to be made anew, since a term is weighed that it lacks. */
  async #reweighted(objective: LevelObjective): Promise<LevelObjective | undefined> {
    const { variation } = this.#shape();
    const has = (kind: string) => objective.terms.some((t) => t.kind === kind);
    if (variation.quadratic !== has('variation') || variation.l1 !== has('variation-l1')) {
      await objective.release();
      return undefined;
    }
    objective.setWeights(weightsOf(this.recipe, this.#total));
    return objective;
  }

  #weightsDue(inForce: ReturnType<typeof weightsAt>): boolean {
    return this.#control.hasChanges || JSON.stringify(weightsAt(this.recipe, this.#total)) !== JSON.stringify(inForce);
  }

  /** Changes made by hand enter the timeline at the evaluation before which they take effect. */
  #recordChanges(): void {
    const changes = this.#control.takeChanges();
    if (changes.length === 0) return;
    const entries = changes.map((weights) => ({ evaluation: this.#total, weights }));
    this.#options.onWeights?.(this.#total);
    const timeline = [...this.recipe.timeline, ...entries].sort((a, b) => a.evaluation - b.evaluation);
    this.recipe = { ...this.recipe, timeline };
  }
}

/** The weights of a recipe's objective before the given evaluation, by network key. */
function weightsOf(recipe: Recipe, evaluation: number): ObjectiveWeights {
  const { styleLayers, contentLayers, ...common } = weightsAt(recipe, evaluation);
  return {
    ...common,
    styleLayers: { style: styleLayers },
    contentLayers: { [recipe.networks.content ? 'content' : 'style']: contentLayers },
  };
}

/**
 * Adam's result is the average of its iterates, whose noise cancels, times a factor; otherwise the best iterate, and the
 * last one where losses of different draws do not compare.
 */
const shown = <V extends Vector>(recipe: Recipe, optimizer: Optimizer<V>, drawn: boolean): { x: V; factor: number } =>
  optimizer instanceof Adam && recipe.optimizer.kind === 'adam' && recipe.optimizer.averaging > 0
    ? (optimizer as Adam<V>).shown
    : { x: drawn ? optimizer.current : optimizer.best.x, factor: 1 };

/** A state's vectors as arrays; on the host, the live ones. */
function readAll<V>(vectors: OptimizerState<V>['vectors'], { read }: Place<V>): Later<OptimizerState['vectors']> {
  let all: Later<Record<string, Float32Array | Uint16Array>> = {};
  for (const [name, vector] of Object.entries(vectors)) {
    const content = vector instanceof Uint16Array ? vector : read(vector);
    all = afterwards(all, (others) => afterwards(content, (data) => ({ ...others, [name]: data })));
  }
  return all;
}

const hasHalf = ({ vectors }: OptimizerState): boolean =>
  Object.values(vectors).some((vector) => vector instanceof Uint16Array);

/** What comes of a value, at once where it is there. */
const afterwards = <T, R>(value: Later<T>, use: (value: T) => Later<R>): Later<R> =>
  value instanceof Promise ? value.then(use) : use(value);

/** The picture that a recipe starts from, in an array of its own. */
async function initial(recipe: Recipe, assets: RunAssets, size: RunSize): Promise<Picture> {
  const { start } = TREATMENTS[recipe.colour];
  if (recipe.init.kind === 'noise') {
    const parameterization = parameterizationOf(recipe, size);
    return start({ ...size, data: parameterization.decode(parameterization.noise(recipe.seed)) });
  }
  const image = imageOf(assets, recipe.init.kind === 'image' ? recipe.init.image : recipe.content);
  const picture = await start(await resizePicture(image, size.width, size.height));
  return picture.data === image.data ? { ...picture, data: picture.data.slice() } : picture;
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
