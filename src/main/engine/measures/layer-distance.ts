import { MadderError } from '../../../shared/errors.ts';
import type { Statistic } from '../../../shared/robustness.ts';
import type { Network } from '../networks/network.ts';
import {
  assembleObjective,
  assembleStatistics,
  COEFFICIENTS,
  contentInput,
  GRADIENT,
  gramInput,
  IMAGE,
  RAW,
  type NetworkUse,
} from '../objective/assemble.ts';
import { GraphSession, type SessionOptions } from '../runtime/session.ts';
import type { Climb } from './attack.ts';

const KEY = 'measured';

/** One statistic f of one layer at one size: f(x), and ‖f(x) − f(y)‖² with its gradient, in two sessions for any photos. */
export class LayerDistance {
  readonly #forward: GraphSession;
  readonly #distance: GraphSession;
  /** The name of f(x) among the forward graph's outputs, and of f(y) among the distance graph's inputs. */
  readonly #name: string;
  readonly #what: string;

  private constructor(forward: GraphSession, distance: GraphSession, name: string, what: string) {
    this.#forward = forward;
    this.#distance = distance;
    this.#name = name;
    this.#what = what;
  }

  /**
   * @param size of the square pictures, px
   * @throws MadderError `input` naming a layer that is not there, `network` where it cannot be differentiated or the
   * pictures are too small for it, `runtime` where the runtime refuses it
   */
  static async create(
    network: Network,
    layer: string,
    statistic: Statistic,
    size: number,
    options: SessionOptions = {},
  ): Promise<LayerDistance> {
    const gram = statistic === 'gram';
    const use: NetworkUse = { key: KEY, network, style: gram ? [layer] : [], content: gram ? [] : [layer] };
    const shape = { width: size, height: size, blockedLayout: (options.provider ?? 'cpu') === 'cpu' };
    const forward = await GraphSession.create(assembleStatistics([use], shape), options);
    try {
      // The style and content terms without their factors are ‖G − A‖² and ‖F − P‖²: the distances to be made large.
      const terms = { networks: [use], variation: { quadratic: false, l1: false } };
      const distance = await GraphSession.create(assembleObjective(terms, shape), options);
      const name = (gram ? gramInput : contentInput)({ network: KEY, layer });
      return new LayerDistance(forward, distance, name, `The layer ${layer} of ${network.name}`);
    } catch (error) {
      await forward.release();
      throw error;
    }
  }

  /** f(x): features [C·h·w] or their Gram matrix [C·C], of a picture [3·size·size] in [0,1]. */
  async at(picture: Float32Array): Promise<Float32Array> {
    const results = await this.#forward.run({ [IMAGE]: this.#forward.tensor(IMAGE, picture) });
    const values = results[this.#name]!;
    if (!values.every(Number.isFinite)) this.#refuse();
    return values;
  }

  /** ‖f(x) − reference‖₂ as a function of x, with the gradient of its square, which points the same way. */
  from(reference: Float32Array): Climb {
    const session = this.#distance;
    const fixed = {
      [this.#name]: session.tensor(this.#name, reference),
      [COEFFICIENTS]: session.tensor(COEFFICIENTS, Float32Array.of(1)),
    };
    return async (picture) => {
      const results = await session.run({ ...fixed, [IMAGE]: session.tensor(IMAGE, picture) });
      const value = Math.sqrt(results[RAW]![0]!);
      if (!Number.isFinite(value)) this.#refuse();
      return { value, gradient: results[GRADIENT]! };
    };
  }

  /** Frees the runtime's memory. */
  async release(): Promise<void> {
    await this.#forward.release();
    await this.#distance.release();
  }

  #refuse(): never {
    throw new MadderError(
      'optimization',
      `${this.#what} is not finite; the network's weights or normalization do not fit.`,
    );
  }
}

/** ‖a − b‖₂. */
export function distance(a: Float32Array, b: Float32Array): number {
  let square = 0;
  for (let i = 0; i < a.length; i++) square += (a[i]! - b[i]!) ** 2;
  return Math.sqrt(square);
}
