/** Style distances of finished pictures under networks that need not have painted them. */
import { resizePicture, type Picture } from '../../codec/picture.ts';
import { MadderError } from '../../../shared/errors.ts';
import { DISTURBANCES, type Elsewhere } from '../../../shared/picture-studies.ts';
import type { Recipe } from '../../../shared/recipe.ts';
import type { Network } from '../networks/network.ts';
import { gramInput } from '../objective/assemble.ts';
import { StatisticsMeter, type RunSize, type Statistics } from '../objective/objective.ts';
import { measureTargets, networkUses, subjectsOf, type RunAssets } from '../runs/targets.ts';
import type { SessionOptions } from '../runtime/session.ts';
import { disturbed } from './disturb.ts';
import { relativeSquare } from './judge.ts';

/** Key of a network that a recipe reads style with. */
const STYLE = 'style';

/**
 * How far pictures of one size, painted from the same photo and paintings, are from the paintings in the eyes of one
 * network: the mean over layers of w ‖G − A‖² / ‖A‖², the weights w having the sum 1, with Grams G of a picture and A of the paintings, which
 * are measured as the recipe has them (their mix, scales and colours). Nothing is known of how a picture was painted.
 */
export class StyleMeter {
  readonly #recipe: Recipe;
  readonly #targets: Statistics;
  readonly #meter: StatisticsMeter;
  readonly #photo: Picture;

  private constructor(recipe: Recipe, targets: Statistics, meter: StatisticsMeter, photo: Picture) {
    this.#recipe = recipe;
    this.#targets = targets;
    this.#meter = meter;
    this.#photo = photo;
  }

  /**
   * @param recipe what the pictures were painted from; its networks and layers do not count
   * @param images the pictures that it names
   * @param network as it judges, rewrites applied
   * @param styleLayers weights by layer of the network
   * @throws MadderError `input` where all weights are zero or a layer is missing
   */
  static async create(
    recipe: Recipe,
    images: RunAssets['images'],
    network: Network,
    styleLayers: Readonly<Record<string, number>>,
    size: RunSize,
    options: SessionOptions = {},
  ): Promise<StyleMeter> {
    const weighed = Object.fromEntries(Object.entries(styleLayers).filter(([, weight]) => weight > 0));
    if (Object.keys(weighed).length === 0) {
      throw new MadderError('input', `No layer of ${network.name} has a weight; give one to judge style by.`);
    }
    const { content: _, ...networks } = recipe.networks;
    const judging = {
      ...{ ...recipe, networks },
      objective: { ...recipe.objective, styleLayers: weighed, contentLayers: {} },
    };
    const subjects = subjectsOf(judging, { images, networks: { style: network } });
    const targets = await measureTargets(judging, subjects, size, options);
    const meter = await StatisticsMeter.create(networkUses(judging, subjects), size, options);
    return new StyleMeter(judging, targets, meter, subjects.photo);
  }

  /** The distance of a picture. @throws MadderError `optimization` where it is not finite */
  async distance({ data }: Picture): Promise<number> {
    const statistics = await this.#meter.measure(data);
    let [sum, weights] = [0, 0];
    for (const [layer, weight] of Object.entries(this.#recipe.objective.styleLayers)) {
      const name = gramInput({ network: STYLE, layer });
      sum += weight * relativeSquare(statistics.get(name)!, this.#targets.get(name)!);
      weights += weight;
    }
    const distance = sum / weights;
    if (Number.isFinite(distance)) return distance;
    throw new MadderError(
      'optimization',
      'The style distance is not finite; the network answers to the painting with nothing, or with too much.',
    );
  }

  /** The distances of a picture as it is and disturbed, and that of the photo where it is none of the paintings. */
  async measure(picture: Picture, seed: number): Promise<Omit<Elsewhere, 'judge'>> {
    const { width, height } = picture;
    const distances: Partial<Record<(typeof DISTURBANCES)[number], number>> = {};
    for (const disturbance of DISTURBANCES) {
      distances[disturbance] = await this.distance(await disturbed(picture, disturbance, seed));
    }
    const { unchanged, shifted, jpeg, noisy } = distances as Required<typeof distances>;
    const { content, styles } = this.#recipe;
    const isPainting = styles.some(({ image }) => image.sha256 === content.sha256);
    return {
      ...(isPainting ? {} : { photo: await this.distance(await resizePicture(this.#photo, width, height)) }),
      ...{ unchanged, shifted, jpeg, noisy },
    };
  }

  /** Frees the runtime's memory. */
  async release(): Promise<void> {
    await this.#meter.release();
  }
}
