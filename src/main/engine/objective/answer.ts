import type { Aim } from '../../../shared/visualization.ts';
import { MadderError } from '../../../shared/errors.ts';
import { findLayer, type Network } from '../networks/network.ts';
import { passGradient } from '../networks/rewrites/identity-gradient.ts';
import { producersOf } from '../networks/template.ts';
import { GraphSession, type SessionOptions } from '../runtime/session.ts';
import { assembleAnswer, COEFFICIENTS, DIRECTION, GRADIENT, IMAGE, RAW } from './assemble.ts';

/** What of a layer is made large: one channel's mean or its middle, or the whole layer. */
export interface Target {
  readonly aim: Aim;
  /** From 0; of the aims `channel` and `neuron`. */
  readonly channel?: number | undefined;
}

/** A layer's answer to a picture. */
export interface Answer {
  /** What the target names: mean of a channel, one of its neurons, or mean of the squares of all values. */
  readonly value: number;
  /** Mean of the squares of all the layer's values. */
  readonly energy: number;
  /** Quadratic variation of the picture. */
  readonly variation: number;
  /** That of the weighted sum of value and variation by the picture, planar [3,H,W]. */
  readonly gradient: Float32Array;
}

/** Weights of value and variation in the sum that `Answer.gradient` is the gradient of. */
export interface AnswerWeights {
  readonly answer: number;
  readonly variation: number;
}

/** One layer of a network, asked for its answer to pictures of one size; one session for all its channels. */
export class LayerAnswer {
  /** [1,C,h,w] of the layer. */
  readonly dims: readonly [number, number, number, number];
  readonly #session: GraphSession;
  readonly #network: Network;
  readonly #layer: string;
  readonly #size: Size;
  readonly #options: SessionOptions;
  /** The same graph but for the layer's ReLU, which lets all gradients through; made when it is first needed. */
  #open: Promise<GraphSession> | undefined;

  private constructor(session: GraphSession, network: Network, layer: string, size: Size, options: SessionOptions) {
    this.#session = session;
    this.dims = session.dims(DIRECTION) as readonly [number, number, number, number];
    this.#network = network;
    this.#layer = layer;
    this.#size = size;
    this.#options = options;
  }

  /**
   * @throws MadderError `input` naming a layer that is not there, `network` where it cannot be differentiated or the
   * pictures are too small for it, `runtime` where the runtime refuses it
   */
  static async create(network: Network, layer: string, size: Size, options: SessionOptions = {}): Promise<LayerAnswer> {
    const session = await sessionOf(network, layer, size, options);
    return new LayerAnswer(session, network, layer, size, options);
  }

  /**
   * Where a channel answers with 0 everywhere, behind a ReLU, nothing would ever change: there the ReLU lets the gradient
   * through, as the article's `fake_relu` (Engstrom et al. 2019) does everywhere and Lucid's redirected ReLU at the start.
   * @param picture planar [3,H,W] in [0,1]; read, not kept
   * @throws MadderError `input` for a channel that is not there, `optimization` for an answer that is not finite
   */
  async to(picture: Float32Array, target: Target, weights: AnswerWeights): Promise<Answer> {
    const whole = target.aim === 'layer';
    const direction = this.#direction(target);
    const coefficients = Float32Array.of(...(whole ? [0, weights.answer] : [weights.answer, 0]), weights.variation);
    const run = (session: GraphSession) =>
      session.run({
        [IMAGE]: session.tensor(IMAGE, picture),
        [DIRECTION]: session.tensor(DIRECTION, direction),
        [COEFFICIENTS]: session.tensor(COEFFICIENTS, coefficients),
      });
    const results = await run(this.#session);
    const [along, energy, variation] = results[RAW]! as unknown as [number, number, number];
    const value = whole ? energy : along;
    if (!Number.isFinite(value)) {
      throw new MadderError(
        'optimization',
        `The layer ${this.#layer} of ${this.#network.name} is not finite; the network's weights or normalization do not fit.`,
      );
    }
    const silent = !whole && value === 0 && this.#endsInRelu;
    const { [GRADIENT]: gradient } = silent ? await run(await (this.#open ??= this.#openSession())) : results;
    return { value, energy, variation, gradient: gradient! };
  }

  /** Frees the runtime's memory. */
  async release(): Promise<void> {
    await this.#session.release();
    await (await this.#open)?.release();
  }

  get #endsInRelu(): boolean {
    const { tensor } = findLayer(this.#network, this.#layer);
    return producersOf(this.#network.graph).get(tensor)?.op === 'Relu';
  }

  #openSession(): Promise<GraphSession> {
    return sessionOf(passGradient(this.#network, [this.#layer]), this.#layer, this.#size, this.#options);
  }

  /** D with ⟨F, D⟩ the target's value. */
  #direction({ aim, channel }: Target): Float32Array {
    const [, channels, height, width] = this.dims;
    const direction = new Float32Array(channels * height * width);
    if (aim === 'layer') return direction;
    if (channel === undefined || channel >= channels) {
      throw new MadderError(
        'input',
        `The layer ${this.#layer} of ${this.#network.name} has ${channels} channels, counted from 0; there is no channel ${channel}.`,
      );
    }
    const first = channel * height * width;
    if (aim === 'channel') direction.fill(1 / (height * width), first, first + height * width);
    else direction[first + Math.floor(height / 2) * width + Math.floor(width / 2)] = 1;
    return direction;
  }
}

/**
 * Shape [1,C,h,w] of a layer's features of a picture.
 * @throws MadderError as `LayerAnswer.create` does, but for the runtime
 */
export function answerDims(network: Network, layer: string, size: Size): LayerAnswer['dims'] {
  const graph = assembleAnswer(network, layer, { ...size, blockedLayout: false });
  return graph.dims(DIRECTION) as LayerAnswer['dims'];
}

interface Size {
  readonly width: number;
  readonly height: number;
}

function sessionOf(network: Network, layer: string, size: Size, options: SessionOptions): Promise<GraphSession> {
  const blockedLayout = (options.provider ?? 'cpu') === 'cpu';
  return GraphSession.create(assembleAnswer(network, layer, { ...size, blockedLayout }), options);
}
