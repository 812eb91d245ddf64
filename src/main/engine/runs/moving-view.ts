import { resizePicture } from '../../codec/picture.ts';
import type { Recipe } from '../../../shared/recipe.ts';
import { StatisticsMeter, type RunSize } from '../objective/objective.ts';
import { drawMovement, movesPictures, Resampling } from '../parameterizations/transforms.ts';
import type { SessionOptions } from '../runtime/session.ts';
import { TiledObjective } from '../tiling/tiled-objective.ts';
import type { LevelObjective } from './level-objective.ts';
import { networkUses, type Subjects } from './targets.ts';

/**
 * What the networks see of a picture whose recipe has `transforms`: in every iteration it is moved a little, as drawn by
 * the recipe's seed and the number of evaluations before that iteration.
 *
 * - **Style**: the paintings' Gram matrices stay. They are means over positions, which shifts hardly change; and a picture
 *   whose statistics fit although it is turned and enlarged a little is what is wanted. Moving the paintings as well, as Lucid
 *   does, would cost a forward pass over each of them in every iteration.
 * - **Content**: features are compared position by position, so the photo has to be moved as the picture is; anything
 *   else would pull the picture towards every photo of the draws at once, which is a blurred one. Its features are measured
 *   anew for every draw: one forward pass up to the content layers. (Leaving the content term at the unmoved picture
 *   would be as exact and cost a second forward and backward pass.) The term's normalization stays that of the photo
 *   as it is, so that its weight means the same in all draws.
 * - **Variation** is that of the picture as the networks see it, as in Lucid.
 */
export class MovingView {
  readonly #recipe: Recipe;
  readonly #size: RunSize;
  readonly #photo: Float32Array;
  readonly #makeMeter: () => Promise<StatisticsMeter>;
  /** Of the content layers; an objective in tiles measures them itself. */
  #meter: StatisticsMeter | undefined;
  #resampling: Resampling | undefined;

  private constructor(recipe: Recipe, size: RunSize, photo: Float32Array, makeMeter: () => Promise<StatisticsMeter>) {
    this.#recipe = recipe;
    this.#size = size;
    this.#photo = photo;
    this.#makeMeter = makeMeter;
  }

  /** The view of one level; undefined where the recipe has no transforms. */
  static async create(
    recipe: Recipe,
    subjects: Subjects,
    size: RunSize,
    options: SessionOptions,
  ): Promise<MovingView | undefined> {
    if (!movesPictures(recipe.transforms)) return undefined;
    const content = networkUses(recipe, subjects).map((use) => ({ ...use, style: [] }));
    const photo = await resizePicture(subjects.photo, size.width, size.height);
    return new MovingView(recipe, size, photo.data, () => StatisticsMeter.create(content, size, options));
  }

  /**
   * Draws the movement of an iteration, which holds until the next draw.
   * @param iteration its number: evaluations of the whole run before it
   * @param objective gets the content targets of the photo moved alike
   */
  async draw(iteration: number, objective: LevelObjective): Promise<void> {
    const { transforms, seed } = this.#recipe;
    const { width, height } = this.#size;
    const resampling = new Resampling(width, height, drawMovement(transforms, seed, iteration));
    this.#resampling = resampling;
    const photo = resampling.apply(this.#photo);
    if (objective instanceof TiledObjective) await objective.compareWith(photo);
    else objective.setContent(await (this.#meter ??= await this.#makeMeter()).measure(photo));
  }

  /** The picture as it is drawn. */
  see(picture: Float32Array): Float32Array {
    return this.#drawn.apply(picture);
  }

  /** The gradient by the picture, from that by what was seen of it. */
  pullback(gradient: Float32Array): Float32Array {
    return this.#drawn.adjoint(gradient);
  }

  async release(): Promise<void> {
    await this.#meter?.release();
  }

  get #drawn(): Resampling {
    if (!this.#resampling) throw new Error('a view is drawn before it is looked at');
    return this.#resampling;
  }
}
