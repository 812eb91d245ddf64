/** How a run would be painted within an amount of memory, worked out without painting it. */
import { MadderError } from '../../../shared/errors.ts';
import type { RunPlan } from '../../../shared/engine-contract.ts';
import type { Recipe } from '../../../shared/recipe.ts';
import { blockedLayout, type RunSize } from '../objective/objective.ts';
import type { SessionOptions } from '../runtime/session.ts';
import { ownInput, type ObjectiveShape } from '../objective/assemble.ts';
import { Tiling } from '../tiling/tiling.ts';
import { TREATMENTS } from './colour.ts';
import { MemoryPlanner, PHOTO_SHARE } from './memory.ts';
import { plannedRegions } from './masks.ts';
import { levelSize } from './schedule.ts';
import { shapeOf, type RunAssets } from './targets.ts';

type Level = RunPlan['levels'][number];

/** How exactly the memory is found that a refused picture would need: up to this factor too much. */
const PRECISION = 1.04;
/** Sides that are offered are multiples of it, px; so many are tried, each of which halves, in octaves, what is in question. */
const SIDE_STEP = 16;
const SIDE_ATTEMPTS = 6;
/** No computer has more, bytes. */
const MOST_MEMORY = 1e14;

export interface ForecastOptions extends SessionOptions {
  /** That the process may take in all, bytes. */
  readonly memoryBytes: number;
  /** The least side that is of use, px, where the recipe's does not fit; none is looked for when missing. */
  readonly leastSide?: number | undefined;
  /** What it takes before a level takes anything: itself, the networks and the decoded pictures, bytes. */
  readonly base: number;
}

/**
 * The levels of a run as its planner would plan them, with what they take of memory and disk.
 * @throws MadderError for networks and layers that cannot be used; what does not fit is said in `refused`
 */
export function forecast(recipe: Recipe, networks: RunAssets['networks'], options: ForecastOptions): RunPlan {
  const { network } = TREATMENTS[recipe.colour];
  const { style, content } = networks;
  const shape = shapeOf(recipe, {
    networks: { style: network(style), ...(content ? { content: network(content) } : {}) },
    painted: plannedRegions(recipe),
  });
  const sizes = recipe.schedule.levels.map((_, level) => levelSize(recipe.schedule, level, recipe.content));
  const { memoryBytes } = options;
  const largest = sizes.at(-1)!;
  const level = (i: number, rest: Omit<Level, keyof RunSize | 'evaluations'>): Level => ({
    ...sizes[i]!,
    evaluations: recipe.schedule.levels[i]!.evaluations,
    ...rest,
  });
  try {
    // The largest first: it is the one that does not fit.
    const top = planned(recipe, shape, largest, options);
    const plans = [...sizes.slice(0, -1).map((size) => planned(recipe, shape, size, options)), top];
    const levels = plans.map((plan, i) => level(i, plan.level));
    return { memoryBytes, levels, diskBytes: top.diskBytes + resultBytes(largest) };
  } catch (error) {
    // Figures where it is too large; the name of a node where it cannot be cut, which may still fit in one piece.
    if (!(error instanceof MadderError) || (error.kind !== 'runtime' && error.kind !== 'network')) throw error;
    const leastBytes = leastMemory(recipe, shape, largest, options);
    const levels = sizes.map((_, i) => level(i, { pairs: null, tiles: null, bytes: leastBytes ?? 0 }));
    const side = leastBytes === null ? null : largestSide(recipe, shape, options);
    const refused = { message: error.message, leastBytes, side };
    return { memoryBytes, levels, diskBytes: 0, refused };
  }
}

/** In float32, as it lies in the run's folder. */
const resultBytes = ({ width, height }: RunSize): number => 12 * width * height;

/** @throws MadderError where the level does not fit */
function planned(recipe: Recipe, shape: ObjectiveShape, size: RunSize, options: ForecastOptions) {
  const planner = new MemoryPlanner(recipe, options, options.memoryBytes, 0, options.base);
  const plan = planner.plan(shape, size);
  const { bytes, checkpoints } = planner.takes(size, plan);
  const pairs = plan.optimizer.kind === 'lbfgs' ? plan.optimizer.history : null;
  const { tileBytes } = plan;
  if (tileBytes === undefined) return { level: { pairs, tiles: null, bytes }, diskBytes: checkpoints };
  const tiling = Tiling.fit(shape, size, (1 - PHOTO_SHARE) * tileBytes, { blockedLayout: blockedLayout(options) });
  const features = featuresOf(shape, tiling);
  const kept = Math.min(features, PHOTO_SHARE * tileBytes);
  const tiles = { looks: tiling.tiles, coverage: tiling.coverage };
  const level = { pairs, tiles, bytes: bytes + tiling.bytes + kept };
  return { level, diskBytes: checkpoints + features - kept };
}

/** Bytes of the photo's features at the content layers, which are kept through a level. */
function featuresOf({ networks }: ObjectiveShape, tiling: Tiling): number {
  let bytes = 0;
  for (const { key, network, content } of networks) {
    for (const layer of content) {
      const channels = network.layers.find(({ name }) => name === layer)?.channels ?? 0;
      const part = tiling.parts.find(({ plan }) => plan.positions.has(ownInput({ network: key, layer })));
      const [rows, columns] = part?.plan.positions.get(ownInput({ network: key, layer })) ?? [0, 0];
      bytes += 4 * channels * rows * columns;
    }
  }
  return bytes;
}

/** About the largest side that fits where the recipe's does not; null where none does. */
function largestSide(recipe: Recipe, shape: ObjectiveShape, options: ForecastOptions): number | null {
  const { leastSide, memoryBytes } = options;
  if (leastSide === undefined) return null;
  const { schedule, content } = recipe;
  const steps = (px: number) => SIDE_STEP * Math.floor(px / SIDE_STEP);
  const top = (side: number) => levelSize({ ...schedule, size: side }, schedule.levels.length - 1, content);
  let fitting: number | null = null;
  let tooLarge = schedule.size;
  for (let attempt = 0; attempt < SIDE_ATTEMPTS; attempt++) {
    const tried = steps(Math.sqrt((fitting ?? leastSide) * tooLarge));
    if (tried < leastSide || tried === fitting) break;
    if (fits(recipe, shape, top(tried), memoryBytes, options)) fitting = tried;
    else tooLarge = tried;
  }
  return fitting;
}

function fits(
  recipe: Recipe,
  shape: ObjectiveShape,
  size: RunSize,
  memoryBytes: number,
  options: ForecastOptions,
): boolean {
  try {
    new MemoryPlanner(recipe, options, memoryBytes, 0, options.base).plan(shape, size);
    return true;
  } catch (error) {
    if (error instanceof MadderError) return false;
    throw error;
  }
}

/** The least memory that a level can be painted with, rounded up a little; null where no amount helps. */
function leastMemory(recipe: Recipe, shape: ObjectiveShape, size: RunSize, options: ForecastOptions): number | null {
  const isEnough = (memoryBytes: number) => fits(recipe, shape, size, memoryBytes, options);
  let most = options.base + resultBytes(size);
  while (!isEnough(most)) {
    most *= 2;
    if (most > MOST_MEMORY) return null;
  }
  let least = most / 2;
  while (most / least > PRECISION) {
    const middle = Math.sqrt(least * most);
    if (isEnough(middle)) most = middle;
    else least = middle;
  }
  return Math.ceil(most);
}
