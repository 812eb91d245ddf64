import { totalmem } from 'node:os';
import { gigabytes } from '../../../shared/amounts.ts';
import { MadderError } from '../../../shared/errors.ts';
import type { Recipe } from '../../../shared/recipe.ts';
import { assembleObjective, type ObjectiveShape } from '../objective/assemble.ts';
import { blockedLayout, type RunSize } from '../objective/objective.ts';
import { pairBytes } from '../optimizers/history.ts';
import { movesPictures } from '../parameterizations/transforms.ts';
import type { LbfgsMemory } from './place.ts';
import type { SessionOptions } from '../runtime/session.ts';
import { costAt, sessionCost, type SessionCost } from '../tiling/memory.ts';
import { Tiling } from '../tiling/tiling.ts';

/** What a run takes of the memory that nobody uses when it begins, where it is not told how much it may ... */
const SHARE_OF_FREE = 0.8;
/** ... and of all memory at least: macOS counts as used what it gives up at once when it is asked. */
const SHARE_OF_ALL = 0.5;
/** Part of the memory that is planned with: arrays wait to be collected, and the allocator has gaps, the more the more sessions there are. */
const PLANNED_SHARE = { whole: 0.95, tiles: 0.92 } as const;
/** Curvature pairs below which L-BFGS hardly knows more than the gradient. */
const FEWEST_PAIRS = 2;
/**
 * What a session of a large picture takes beyond what those of tiles do: from its second run on the arena, which grows in powers of two,
 * finds no room for the largest values where they were. 0.94 at 1 megapixel, 1.08 at 2, 1.24 at 3, 1.13 at 4 and 1.10 at 5 with madder-vgg.
 */
const WHOLE_ARENA = 1.15;
/** Long side of the pictures from which the memory of larger ones is concluded, px. */
const MEASURED_SIDE = 1024;
/** Part of the memory for tiles that the photo's features may take. */
export const PHOTO_SHARE = 1 / 8;

/** How a level is painted within the memory that there is. */
export interface LevelPlan {
  /** Memory for looking at the picture in tiles; undefined where it is painted in one piece. */
  readonly tileBytes: number | undefined;
  /** The recipe's optimizer, with fewer curvature pairs where the recipe's do not fit. */
  readonly optimizer: Recipe['optimizer'];
  /**
   * Pairs in half precision where the recipe's do not all fit in single precision: twice as many are worth more than their digits. In
   * tiles, no room for a gradient that is seldom needed.
   */
  readonly lbfgs: LbfgsMemory;
  /** What a person should know of it, one sentence. */
  readonly note?: string;
}

/**
 * Memory that a run may take where nobody says how much, bytes, with what this process has already.
 * @param comingFree what others give back before the run begins, bytes
 */
export function usualMemory(comingFree = 0): number {
  const limit = process.constrainedMemory() || Infinity; // of a container
  const all = Math.min(totalmem(), limit);
  const free = Math.min(process.availableMemory() + comingFree, all);
  return Math.max(process.memoryUsage.rss() + SHARE_OF_FREE * free, SHARE_OF_ALL * all);
}

/** Memory of an objective that looks at the picture in one piece, bytes. */
export function wholeBytes(shape: ObjectiveShape, size: RunSize, options: SessionOptions): number {
  return costAt(wholeCost(shape, size, options), size.width * size.height);
}

/** Costs that were worked out, which are the same at all sizes from `MEASURED_SIDE` on. */
const wholeCosts = new WeakMap<ObjectiveShape, Map<boolean, SessionCost>>();

function wholeCost(shape: ObjectiveShape, size: RunSize, options: SessionOptions): SessionCost {
  if (Math.max(size.width, size.height) < MEASURED_SIDE) return costOfWhole(shape, size, options);
  const known = wholeCosts.get(shape) ?? new Map<boolean, SessionCost>();
  wholeCosts.set(shape, known);
  const isBlocked = blockedLayout(options);
  const cost = known.get(isBlocked) ?? costOfWhole(shape, size, options);
  known.set(isBlocked, cost);
  return cost;
}

function costOfWhole(shape: ObjectiveShape, { width, height }: RunSize, options: SessionOptions): SessionCost {
  const blocked = { blockedLayout: blockedLayout(options) };
  // Of a smaller picture: the graph of a very large one has constants of its size, which cost time and memory.
  const scale = Math.min(1, MEASURED_SIDE / Math.max(width, height));
  const size = { width: Math.ceil(width * scale), height: Math.ceil(height * scale) };
  const graph = assembleObjective(shape, { ...size, ...blocked });
  const { fixed, perPixel } = sessionCost(graph, size.width * size.height, blocked.blockedLayout);
  return { fixed, perPixel: WHOLE_ARENA * perPixel };
}

/** Plans the levels of one run. */
export class MemoryPlanner {
  readonly #recipe: Recipe;
  readonly #options: SessionOptions;
  readonly #bytes: number;
  /** Of the process, with networks and decoded pictures, before a level takes anything. */
  readonly #base: number;
  /** Of the objective in one piece; the same per pixel at all levels. */
  #cost: SessionCost | undefined;

  /**
   * @param bytes that the process may take in all
   * @param held what it has taken already of what a level takes: the vectors of a state that it goes on from
   * @param base what the process takes before a level takes anything; what this one has now, where it is the run's own
   */
  constructor(
    recipe: Recipe,
    options: SessionOptions,
    bytes: number,
    held = 0,
    base = process.memoryUsage.rss() - held,
  ) {
    this.#recipe = recipe;
    this.#options = options;
    this.#bytes = bytes;
    // Measured once: later on, memory that only waits to be collected would count, and a run be refused half way.
    this.#base = base;
  }

  /**
   * The picture in one piece where that fits, otherwise the largest tiles that do.
   * @throws MadderError with figures where nothing fits, or naming the node that cannot be painted in tiles
   */
  plan(shape: ObjectiveShape, size: RunSize): LevelPlan {
    const { optimizer } = this.#recipe;
    const pixels = size.width * size.height;
    this.#cost ??= wholeCost(shape, size, this.#options);
    const room = (tiled: boolean) =>
      PLANNED_SHARE[tiled ? 'tiles' : 'whole'] * this.#bytes - this.#base - vectorsBytes(this.#recipe, pixels, tiled);
    const pairs = optimizer.kind === 'lbfgs' ? optimizer.history : 0;
    const whole = costAt(this.#cost, pixels);
    const single = pairBytes(VALUES * pixels, 'single');
    const [free, freeInTiles] = [room(false), room(true)];
    if (whole + pairs * single <= free) return { tileBytes: undefined, optimizer, lbfgs: {} };
    // The published variant is what was published.
    const canHalve = optimizer.kind === 'lbfgs' && optimizer.lineSearch !== 'none';
    const wholePairs = pairBytes(VALUES * pixels, canHalve ? 'half' : 'single');
    // Pairs and tiles share what there is: half as many pairs cost more iterations than smaller tiles cost overlap.
    const share = (bytes: number, each: number) =>
      Math.min(pairs, Math.max(FEWEST_PAIRS, Math.floor(bytes / 2 / each)));
    // Two pairs cost two fifths more evaluations than 20 at most (docs/architecture.md), tiles three quarters more time for each.
    const least = canHalve ? Math.min(pairs, FEWEST_PAIRS) : share(free, wholePairs);
    if (whole + least * wholePairs <= free) {
      const most = Math.min(pairs, Math.floor((free - whole) / wholePairs));
      return this.#planned(undefined, size, most, canHalve ? { pairPrecision: 'half' } : {});
    }
    const halves = canHalve && share(freeInTiles, single) < pairs;
    const each = pairBytes(VALUES * pixels, halves ? 'half' : 'single');
    const kept = share(freeInTiles, each);
    const tileBytes = freeInTiles - kept * each;
    this.#check(shape, size, tileBytes, kept);
    return this.#planned(tileBytes, size, kept, { keepGradients: false, ...(halves ? { pairPrecision: 'half' } : {}) });
  }

  /**
   * What the process takes at most while a level is painted as planned, tiles left aside, and its checkpoints on the disk, bytes: curvature
   * pairs are written once, and one more than are kept; everything else is there twice while it is written.
   */
  takes(
    { width, height }: RunSize,
    { optimizer, lbfgs, tileBytes }: LevelPlan,
  ): { readonly bytes: number; readonly checkpoints: number } {
    const pixels = width * height;
    const isTiled = tileBytes !== undefined;
    const each = pairBytes(VALUES * pixels, lbfgs.pairPrecision ?? 'single');
    const pairs = optimizer.kind === 'lbfgs' ? optimizer.history * each : 0;
    const whole = !isTiled && this.#cost ? costAt(this.#cost, pixels) : 0;
    // Point and gradient; the others keep all their vectors.
    const isShort = optimizer.kind === 'lbfgs' && optimizer.lineSearch !== 'none';
    const others = (isShort ? 2 : 5) * planeBytes(pixels);
    return {
      bytes: this.#base + vectorsBytes(this.#recipe, pixels, isTiled) + pairs + whole,
      checkpoints: 2 * others + (pairs > 0 ? pairs + each : 0),
    };
  }

  #planned(tileBytes: number | undefined, { width, height }: RunSize, pairs: number, lbfgs: LbfgsMemory): LevelPlan {
    const { optimizer } = this.#recipe;
    if (optimizer.kind !== 'lbfgs' || pairs === optimizer.history) return { tileBytes, optimizer, lbfgs };
    const note = `At ${width} x ${height} px, ${pairs} of the optimizer's ${optimizer.history} curvature pairs fit into memory; it takes more steps with fewer.`;
    return { tileBytes, optimizer: { ...optimizer, history: pairs }, lbfgs, note };
  }

  /** Refuses, with all figures, what cannot be painted with so much memory for tiles. */
  #check(shape: ObjectiveShape, size: RunSize, bytes: number, pairs: number): void {
    try {
      Tiling.fit(shape, size, (1 - PHOTO_SHARE) * bytes, { blockedLayout: blockedLayout(this.#options) });
    } catch (error) {
      if (!(error instanceof MadderError) || error.kind !== 'runtime') throw error;
      const rest = gigabytes(this.#bytes - bytes);
      const optimizer = pairs > 0 ? `its optimizer with ${pairs} curvature pairs` : 'its optimizer';
      throw new MadderError(
        'runtime',
        `A picture of ${size.width} x ${size.height} px does not fit into ${gigabytes(this.#bytes)} of memory: the picture, ${optimizer} and the photos take ${rest}, which leaves too little to look at it piece by piece; choose a smaller size or more memory.`,
        { cause: error },
      );
    }
  }
}

/** Values of a pixel. */
const VALUES = 3;
/** Bytes of a picture, or of its gradient: three planes of float32. */
const planeBytes = (pixels: number): number => 4 * VALUES * pixels;

/**
 * What is kept of a level whatever its tiles are, curvature pairs left aside: the gradient of an evaluation; the vectors of the
 * optimizer; and what lies between optimizer and networks.
 */
function vectorsBytes(
  { optimizer, parameterization, transforms, colour, masks }: Recipe,
  pixels: number,
  tiled: boolean,
): number {
  // In tiles the photo at this size is looked at while there is no gradient, in one piece beside the gradient of before.
  const always = tiled ? 1 : 2;
  // Current point, trial, direction and gradient; with tiles, none that is kept.
  const lbfgs = tiled && !(optimizer.kind === 'lbfgs' && optimizer.lineSearch === 'none') ? 4 : 5;
  // Point, two moments and the average; where no average is shown, the best point and room for the next.
  const adam = optimizer.kind === 'adam' && optimizer.averaging > 0 ? 4 : 6;
  const optimizers = optimizer.kind === 'lbfgs' ? lbfgs : adam;
  // The picture and its parameters' gradient, and planes of float64.
  const spectrum = parameterization.kind === 'fourier' ? 5 : 0;
  // The picture as it is seen, its gradient, and the photo moved.
  const moving = movesPictures(transforms) ? 4 : 0;
  // The photo whose colours the result gets, or that stays in places, and the result with them.
  const finish = colour === 'luminance' || masks.length > 0 ? 2 : 0;
  return (always + optimizers + spectrum + moving + finish) * planeBytes(pixels);
}
