import type { Recipe } from '../../../shared/recipe.ts';
import { uniformAt } from '../runs/random.ts';

/** How far a picture is moved at most before the networks look at it; all 0: not at all. */
export type TransformRanges = Recipe['transforms'];

/** One movement of a picture about its centre: turned, enlarged, then shifted. */
export interface Movement {
  /** Degrees, clockwise on the screen. */
  readonly angle: number;
  /** Above 1 enlarges. */
  readonly scale: number;
  /** Whole pixels to the right and downwards. */
  readonly right: number;
  readonly down: number;
}

/** Whether a recipe has its pictures moved at all. */
export const movesPictures = ({ jitter, scale, rotate }: TransformRanges): boolean =>
  jitter > 0 || scale > 0 || rotate > 0;

/**
 * The movement of an iteration: shifts are uniform in the whole pixels of ±jitter, the scale in 1 ± scale, the angle in
 * ±rotate degrees. It depends on the seed and the iteration's number alone.
 */
export function drawMovement({ jitter, scale, rotate }: TransformRanges, seed: number, iteration: number): Movement {
  const next = uniformAt(seed, iteration);
  const about = (range: number) => range * (2 * next() - 1);
  const shift = () => Math.floor((2 * jitter + 1) * next()) - jitter;
  return { right: shift(), down: shift(), scale: 1 + about(scale), angle: about(rotate) };
}

/**
 * A movement of planar pictures of one size as one linear map R: every pixel of the result is the bilinear mean of the
 * four pixels around the place where it comes from. Beyond its edge a picture is continued by its mirror image, the
 * outermost pixels not repeated. A shift alone only moves pixels.
 *
 * The random movements that make a picture hold what it shows under small shifts, turns and sizes are those of Lucid
 * (`transform.standard_transforms`; see Mordvintsev et al. 2018, and Olah, Mordvintsev and Schubert 2017, "Feature
 * Visualization", on transformation robustness); Lucid crops where this mirrors, and shifts before and after.
 */
export class Resampling {
  readonly #width: number;
  readonly #height: number;
  /** Where result pixel (x, y) comes from: (a·x − b·y + left, b·x + a·y + top). */
  readonly #a: number;
  readonly #b: number;
  readonly #left: number;
  readonly #top: number;

  constructor(width: number, height: number, { angle, scale, right, down }: Movement) {
    this.#width = width;
    this.#height = height;
    const radians = (angle * Math.PI) / 180;
    const [a, b] = [Math.cos(radians) / scale, -Math.sin(radians) / scale];
    const [x, y] = [(width - 1) / 2, (height - 1) / 2];
    this.#a = a;
    this.#b = b;
    this.#left = x - (a * (x + right) - b * (y + down));
    this.#top = y - (b * (x + right) + a * (y + down));
  }

  /**
   * R of a picture.
   * @param picture planar [C,H,W]
   */
  apply(picture: Float32Array): Float32Array {
    const size = this.#width * this.#height;
    const result = new Float32Array(picture.length);
    this.#each((to, first, second, third, fourth, right, below) => {
      for (let c = 0; c < picture.length; c += size) {
        const top = (1 - right) * picture[c + first]! + right * picture[c + second]!;
        const bottom = (1 - right) * picture[c + third]! + right * picture[c + fourth]!;
        result[c + to] = (1 - below) * top + below * bottom;
      }
    });
    return result;
  }

  /**
   * Rᵀ of a gradient: every value goes back to the four pixels that it came from, summed in float64.
   * @param gradient planar [C,H,W]
   */
  adjoint(gradient: Float32Array): Float32Array {
    const size = this.#width * this.#height;
    const sums = new Float64Array(gradient.length);
    this.#each((to, first, second, third, fourth, right, below) => {
      for (let c = 0; c < gradient.length; c += size) {
        const top = (1 - below) * gradient[c + to]!;
        const bottom = below * gradient[c + to]!;
        sums[c + first]! += (1 - right) * top;
        sums[c + second]! += right * top;
        sums[c + third]! += (1 - right) * bottom;
        sums[c + fourth]! += right * bottom;
      }
    });
    return Float32Array.from(sums);
  }

  /**
   * Visits every pixel of the result with the four that it comes from and its place among them.
   * @param visit called with the pixel, the upper two and the lower two, and how far it is to the right and below, 0 to 1
   */
  #each(
    visit: (
      to: number,
      first: number,
      second: number,
      third: number,
      fourth: number,
      right: number,
      below: number,
    ) => void,
  ): void {
    const [width, height] = [this.#width, this.#height];
    for (let y = 0, to = 0; y < height; y++) {
      for (let x = 0; x < width; x++, to++) {
        const fromX = settled(this.#a * x - this.#b * y + this.#left);
        const fromY = settled(this.#b * x + this.#a * y + this.#top);
        const [column, row] = [Math.floor(fromX), Math.floor(fromY)];
        const [left, right] = [mirrored(column, width), mirrored(column + 1, width)];
        const [above, under] = [mirrored(row, height) * width, mirrored(row + 1, height) * width];
        visit(to, above + left, above + right, under + left, under + right, fromX - column, fromY - row);
      }
    }
  }
}

/** A place that is a whole pixel but for rounding is that pixel: a shift must not blur. */
function settled(place: number): number {
  const whole = Math.round(place);
  return Math.abs(place - whole) < 1e-9 ? whole : place;
}

/** The pixel that stands at a whole place, inside or beyond the edges 0 and size − 1. */
function mirrored(place: number, size: number): number {
  if (place >= 0 && place < size) return place;
  if (size === 1) return 0;
  const period = 2 * (size - 1);
  const within = ((place % period) + period) % period;
  return within < size ? within : period - within;
}
