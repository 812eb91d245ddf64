import type * as ort from 'onnxruntime-node';
import { MadderError } from '../../../shared/errors.ts';
import type { Normalization } from '../../../shared/objective.ts';
import type { Device, DeviceVector } from '../runtime/device.ts';
import { GraphSession, type SessionOptions } from '../runtime/session.ts';
import {
  assembleObjective,
  assembleStatistics,
  balanceInput,
  COEFFICIENTS,
  contentInput,
  GRADIENT,
  gramInput,
  IMAGE,
  RAW,
  regionInput,
  termsOf,
  type NetworkUse,
  type ObjectiveShape,
  type Term,
} from './assemble.ts';
import { contentFactor, magnitudeOf, styleFactor } from './normalization.ts';
import type { LayerRegions } from './regions.ts';
import { Weighting } from './weighting.ts';

/** Statistics of a picture by name of the objective's input: Grams [C,C], of each region where there are several, and content features. */
export type Statistics = ReadonlyMap<string, Float32Array>;

/** The live weights: λ and the other terms' common weights, and a fader per layer. */
export interface ObjectiveWeights {
  readonly style: number;
  readonly content: number;
  readonly variation: number;
  readonly variationL1: number;
  /** Per network key and layer name; layers without an entry count 1. */
  readonly styleLayers: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly contentLayers: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** A term's value at a picture: normalised (`value`), and as it enters the loss (`weighted`). */
export interface TermValue extends Term {
  readonly value: number;
  readonly weighted: number;
}

export interface Evaluation<V = Float32Array> {
  readonly loss: number;
  /** dL/d(picture), planar [3,H,W]. */
  readonly gradient: V;
  readonly terms: readonly TermValue[];
}

export interface RunSize {
  readonly width: number;
  readonly height: number;
}

/** Whether graphs for these sessions are to keep the CPU provider in its blocked layout. */
export const blockedLayout = ({ provider = 'cpu' }: SessionOptions): boolean => provider === 'cpu';

/** Measures a picture (planar [3,H,W] in [0,1]): Grams at the style layers, features at the content layers. */
export async function measureStatistics(
  networks: readonly NetworkUse[],
  picture: Float32Array,
  size: RunSize,
  options: SessionOptions = {},
): Promise<Statistics> {
  const meter = await StatisticsMeter.create(networks, size, options);
  try {
    return await meter.measure(picture);
  } finally {
    await meter.release();
  }
}

/** Measures pictures of one size, one after another. */
export class StatisticsMeter {
  /** Undefined where nothing is to be measured. */
  readonly #session: GraphSession | undefined;

  private constructor(session: GraphSession | undefined) {
    this.#session = session;
  }

  static async create(
    networks: readonly NetworkUse[],
    size: RunSize,
    options: SessionOptions = {},
  ): Promise<StatisticsMeter> {
    const used = networks.filter((n) => n.style.length + n.content.length > 0);
    if (used.length === 0) return new StatisticsMeter(undefined);
    const graph = assembleStatistics(used, { ...size, blockedLayout: blockedLayout(options) });
    return new StatisticsMeter(await GraphSession.create(graph, options));
  }

  /** @param picture planar [3,H,W] in [0,1]; read, not kept */
  async measure(picture: Float32Array): Promise<Statistics> {
    if (!this.#session) return new Map();
    return new Map(Object.entries(await this.#session.run({ [IMAGE]: this.#session.tensor(IMAGE, picture) })));
  }

  async release(): Promise<void> {
    await this.#session?.release();
  }
}

/** Mixes the Grams of several styles linearly; weights are normalised to sum 1. */
export function mixStatistics(parts: readonly { statistics: Statistics; weight: number }[]): Statistics {
  const total = parts.reduce((sum, p) => sum + p.weight, 0);
  if (!(total > 0))
    throw new MadderError('input', 'The weights of the styles are all zero; give at least one style a weight above 0.');
  const mixed = new Map<string, Float32Array>();
  for (const { statistics, weight } of parts) {
    for (const [name, values] of statistics) {
      const sum = mixed.get(name) ?? new Float32Array(values.length);
      values.forEach((v, i) => (sum[i]! += (weight / total) * v));
      mixed.set(name, sum);
    }
  }
  return mixed;
}

/**
 * Normalization factors of style terms, 1 for all others, in the terms' order. Those of regions are part of their balances.
 * @throws MadderError naming the layer where the relative norm of a target is zero
 */
export function styleFactors(
  { regions }: ObjectiveShape,
  terms: readonly Term[],
  targets: Statistics,
  normalization: Normalization,
): number[] {
  return terms.map((term) => {
    if (term.kind !== 'style' || regions) return 1;
    const target = targets.get(gramInput(term))!;
    return styleFactor(normalization, target, Math.sqrt(target.length), term.layer);
  });
}

/** The regions of a style term's layer, and what each weighs (`balanceInput`). */
export interface TermRegions {
  readonly term: Term;
  readonly regions: LayerRegions;
  readonly balance: Float32Array;
}

/**
 * The regions of all style terms; none where the picture has no regions.
 * @param size of the picture
 * @param positions of a term's layer in the whole picture
 * @throws MadderError naming the layer where the relative norm of a target is zero
 */
export function regionsOf(
  shape: ObjectiveShape,
  targets: Statistics,
  size: RunSize,
  normalization: Normalization,
  positions: (term: Term) => RunSize,
): TermRegions[] {
  const { regions: all, networks } = shape;
  if (!all) return [];
  return termsOf(shape)
    .filter(({ kind }) => kind === 'style')
    .map((term) => {
      const { network } = networks.find(({ key }) => key === term.network)!;
      const regions = all.at(network, term.layer, size, positions(term));
      const grams = all.shares.map((_, r) => targets.get(gramInput(term, r))!);
      return { term, regions, balance: regions.balance(normalization, grams, term.layer) };
    });
}

/** The scalar to minimise over pictures of one size, with live weights. */
export class PictureObjective {
  readonly terms: readonly Term[];
  readonly #session: GraphSession;
  /** On the host, to be fed as they are. */
  readonly #feeds: Record<string, ort.Tensor> = {};
  /** Where pictures, gradients and the targets are; the host where there is none. */
  readonly #device: Device | undefined;
  readonly #targets: Record<string, DeviceVector> = {};
  /** The gradient on the device that was handed out last. */
  #gradient: DeviceVector | undefined;
  readonly #weighting: Weighting;

  private constructor(session: GraphSession, weighting: Weighting, targets: Statistics, device: Device | undefined) {
    this.#session = session;
    this.#device = device;
    this.#weighting = weighting;
    this.terms = weighting.terms;
    for (const [name, data] of targets) {
      if (!session.has(name)) continue;
      const tensor = session.tensor(name, data);
      if (device) this.#targets[name] = device.upload(data, tensor.dims);
      else this.#feeds[name] = tensor;
    }
    this.#feeds[COEFFICIENTS] = session.tensor(COEFFICIENTS, weighting.coefficients);
  }

  /**
   * @param targets Grams of the style and features of the photo at this size, by input name
   * @param device where pictures are, for `evaluateOnDevice`; it outlives the objective
   * @throws MadderError naming the layer where a target is zero or not finite, or that cannot be differentiated
   */
  static async create(
    shape: ObjectiveShape,
    targets: Statistics,
    size: RunSize,
    weights: ObjectiveWeights,
    normalization: Normalization,
    options: SessionOptions = {},
    device?: Device,
  ): Promise<PictureObjective> {
    const terms = termsOf(shape);
    const factors = styleFactors(shape, terms, targets, normalization).map((factor, i): number => {
      const term = terms[i]!;
      if (term.kind !== 'content') return factor;
      return contentFactor(normalization, magnitudeOf(targets.get(contentInput(term))!), term.layer);
    });
    const graph = assembleObjective(shape, { ...size, blockedLayout: blockedLayout(options) });
    const fed = new Map(targets);
    const positions = (term: Term): RunSize => {
      const [, , height, width] = graph.dims(regionInput(term, 0)) as [number, number, number, number];
      return { height, width };
    };
    for (const { term, regions, balance } of regionsOf(shape, targets, size, normalization, positions)) {
      const { height, width } = positions(term);
      const all = { top: 0, left: 0, bottom: height, right: width };
      fed.set(balanceInput(term), balance);
      balance.forEach((_, r) => fed.set(regionInput(term, r), new Float32Array(regions.weights(r, all))));
    }
    const session = await GraphSession.create(graph, options, device ? [GRADIENT] : []);
    const weighting = new Weighting(terms, factors, normalization);
    weighting.set(weights);
    return new PictureObjective(session, weighting, fed, device);
  }

  /** Takes effect at the next evaluation; nothing is rebuilt. Whoever optimizes must rebase (Optimizer.rebase). */
  setWeights(weights: ObjectiveWeights): void {
    this.#weighting.set(weights);
  }

  /**
   * Compares with other features from now on, on the host. What a term is divided by stays, so that its weight means the
   * same as before. Whoever optimizes must re-evaluate.
   * @param features by input name, in the shapes of those that the objective was created with
   */
  setContent(features: Statistics): void {
    if (this.#device) throw new Error('the objective was created for pictures on a device');
    for (const term of this.terms) {
      if (term.kind !== 'content') continue;
      const name = contentInput(term);
      this.#feeds[name] = this.#session.tensor(name, features.get(name)!);
    }
  }

  /** Loss, gradient and terms at a picture, planar [3,H,W]. The picture is read, not kept. */
  async evaluate(picture: Float32Array): Promise<Evaluation> {
    const results = await this.#session.run({ ...this.#feeds, [IMAGE]: this.#session.tensor(IMAGE, picture) });
    return { ...this.#weighting.valued(results[RAW]!), gradient: results[GRADIENT]! };
  }

  /** The same for a picture on the device [1,3,H,W]. The gradient stays there and lives until the next evaluation. */
  async evaluateOnDevice(picture: DeviceVector): Promise<Evaluation<DeviceVector>> {
    const device = this.#device;
    if (!device) throw new Error('the objective was created for pictures on the host');
    const feeds: Record<string, ort.Tensor> = { ...this.#feeds, [IMAGE]: await device.tensor(picture) };
    for (const [name, target] of Object.entries(this.#targets)) feeds[name] = await device.tensor(target);
    const results = await this.#session.runTensors(feeds);
    device.free(this.#gradient);
    this.#gradient = device.adopt(results[GRADIENT]!);
    return { ...this.#weighting.valued(results[RAW]!.data as Float32Array), gradient: this.#gradient };
  }

  async release(): Promise<void> {
    this.#device?.free(this.#gradient, ...Object.values(this.#targets));
    await this.#session.release();
  }
}
