import { totalmem } from 'node:os';
import { MadderError } from '../../../shared/errors.ts';
import type { Recipe } from '../../../shared/recipe.ts';
import { assembleObjective, type ObjectiveShape } from '../objective/assemble.ts';
import { blockedLayout, type RunSize } from '../objective/objective.ts';
import { movesPictures } from '../parameterizations/transforms.ts';
import type { SessionOptions } from '../runtime/session.ts';
import { costAt, sessionCost, type SessionCost } from '../tiling/memory.ts';
import { gigabytes, Tiling } from '../tiling/tiling.ts';

/** What a run takes of the memory that nobody uses when it begins, where it is not told how much it may ... */
const SHARE_OF_FREE = 0.8;
/** ... and of all memory at least: macOS counts as used what it gives up at once when it is asked. */
const SHARE_OF_ALL = 0.5;
/** Curvature pairs below which L-BFGS hardly knows more than the gradient. */
const FEWEST_PAIRS = 2;
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
  /** What a person should know of it, one sentence. */
  readonly note?: string;
}

/** Memory that a run may take where nobody says how much, bytes, with what this process has already. */
export function usualMemory(): number {
  const limit = process.constrainedMemory() || Infinity; // of a container
  const all = Math.min(totalmem(), limit);
  const free = Math.min(process.availableMemory(), all);
  return Math.max(process.memoryUsage.rss() + SHARE_OF_FREE * free, SHARE_OF_ALL * all);
}

/** Memory of an objective that looks at the picture in one piece, bytes. */
export function wholeBytes(shape: ObjectiveShape, size: RunSize, options: SessionOptions): number {
  return costAt(wholeCost(shape, size, options), size.width * size.height);
}

function wholeCost(shape: ObjectiveShape, { width, height }: RunSize, options: SessionOptions): SessionCost {
  const blocked = { blockedLayout: blockedLayout(options) };
  // Of a smaller picture: the graph of a very large one has constants of its size, which cost time and memory.
  const scale = Math.min(1, MEASURED_SIDE / Math.max(width, height));
  const size = { width: Math.ceil(width * scale), height: Math.ceil(height * scale) };
  const graph = assembleObjective(shape, { ...size, ...blocked });
  return sessionCost(graph, size.width * size.height, blocked.blockedLayout);
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
   */
  constructor(recipe: Recipe, options: SessionOptions, bytes: number, held = 0) {
    this.#recipe = recipe;
    this.#options = options;
    this.#bytes = bytes;
    // Measured once: later on, memory that only waits to be collected would count, and a run be refused half way.
    this.#base = process.memoryUsage.rss() - held;
  }

  /**
   * The picture in one piece where that fits, otherwise the largest tiles that do.
   * @throws MadderError with figures where nothing fits, or naming the node that cannot be painted in tiles
   */
  plan(shape: ObjectiveShape, size: RunSize): LevelPlan {
    const { optimizer } = this.#recipe;
    const pixels = size.width * size.height;
    this.#cost ??= wholeCost(shape, size, this.#options);
    const free = this.#bytes - this.#base - vectorsBytes(this.#recipe, pixels);
    const pairs = optimizer.kind === 'lbfgs' ? optimizer.history : 0;
    const pairBytes = 2 * planeBytes(pixels);
    // Pairs and tiles share what there is: half as many pairs cost more iterations than smaller tiles cost overlap.
    const fewer = Math.min(pairs, Math.max(FEWEST_PAIRS, Math.floor(free / 2 / pairBytes)));
    const whole = costAt(this.#cost, pixels);
    if (whole + fewer * pairBytes <= free) {
      return this.#planned(undefined, size, Math.min(pairs, Math.floor((free - whole) / pairBytes)));
    }
    const tileBytes = free - fewer * pairBytes;
    this.#check(shape, size, tileBytes, fewer);
    return this.#planned(tileBytes, size, fewer);
  }

  #planned(tileBytes: number | undefined, { width, height }: RunSize, pairs: number): LevelPlan {
    const { optimizer } = this.#recipe;
    if (optimizer.kind !== 'lbfgs' || pairs === optimizer.history) return { tileBytes, optimizer };
    const note = `At ${width} x ${height} px, ${pairs} of the optimizer's ${optimizer.history} curvature pairs fit into memory; it takes more steps with fewer.`;
    return { tileBytes, optimizer: { ...optimizer, history: pairs }, note };
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

/** Bytes of a picture, or of its gradient: three planes of float32. */
const planeBytes = (pixels: number): number => 12 * pixels;

/**
 * What is kept of a level whatever its tiles are, curvature pairs left aside: the photo at this size, the start, the gradient of an
 * evaluation and the result; the vectors of the optimizer; and what lies between optimizer and networks.
 */
function vectorsBytes({ optimizer, parameterization, transforms, colour }: Recipe, pixels: number): number {
  const always = 4;
  // Current point, trial, direction, gradient and the gradient that is kept; or point, two moments and the average.
  const optimizers = optimizer.kind === 'lbfgs' ? 5 : 4;
  // The picture and its parameters' gradient, and planes of float64.
  const spectrum = parameterization.kind === 'fourier' ? 5 : 0;
  // The picture as it is seen, its gradient, and the photo moved.
  const moving = movesPictures(transforms) ? 4 : 0;
  // The photo whose colours the result gets, and the result with them.
  const finish = colour === 'luminance' ? 2 : 0;
  return (always + optimizers + spectrum + moving + finish) * planeBytes(pixels);
}
