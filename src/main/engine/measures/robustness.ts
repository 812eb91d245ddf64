/**
 * Layer robustness, from the reply of Ilyas et al. to Nakano 2019, "Adversarially Robust Neural Style Transfer"
 * (Distill, doi 10.23915/distill.00019.4):
 *
 *     R(f) = E_x [ max over ‖x' − x‖₂ ≤ ε of ‖f(x') − f(x)‖₂ ]  /  E_{x1,x2} ‖f(x1) − f(x2)‖₂
 *
 * How far a layer can be moved by a change that nobody sees, in units of how far apart photos are to it. The reply names
 * neither norm, ε, steps nor resolution; here they are settings, and R is meaningless without them.
 */
import type { Picture } from '../../codec/picture.ts';
import { MadderError } from '../../../shared/errors.ts';
import {
  measurementOf,
  withFinding,
  type Finding,
  type LayerMeasurement,
  type MeasurementKey,
  type RobustnessSettings,
} from '../../../shared/robustness.ts';
import type { Network } from '../networks/network.ts';
import type { SessionOptions } from '../runtime/session.ts';
import { attack, perturbed, type Attacked, type Climb } from './attack.ts';
import { bootstrap, weightedMean, weightedPairMean, type Estimate } from './bootstrap.ts';
import { distance, LayerDistance } from './layer-distance.ts';

/** A network and the layers at which it is measured. */
export interface Subject {
  /** What findings call the network. */
  readonly key: string;
  readonly network: Network;
  readonly layers: readonly string[];
}

/** A photo, brought to the square of the settings' size (square.ts). */
export interface MeasuredPhoto {
  /** Names its random numbers, so that they do not depend on the other photos: the file's hash. */
  readonly key: string;
  readonly picture: Picture;
}

/** The photo of a measurement that an attack moved farthest, and where to. */
export interface WorstCase extends MeasurementKey {
  /** Its place among the photos. */
  readonly photo: number;
  readonly original: Picture;
  readonly attacked: Picture;
}

export interface MeasureOptions extends SessionOptions {
  /** What an earlier call found: it is not measured again. */
  readonly from?: readonly LayerMeasurement[];
  /** Called for every finding, in an order that does not change; `withFinding` collects them into a state to go on from. */
  readonly onFinding?: (finding: Finding) => void;
  /** Called when a measurement is complete, where the pictures are wanted: one attack more for each. */
  readonly onWorstCase?: (worst: WorstCase) => void | Promise<void>;
  /** Ends the work before the next graph run: the reason is thrown. */
  readonly signal?: AbortSignal;
}

/** Bytes of f(x) that are held at a time while pairs are compared. */
const HELD_BYTES = 512e6;

/**
 * Measures every statistic of every layer of every network on the photos: the pairs' distances first, then photo after
 * photo the attack and the noise. One layer is prepared at a time, and for all photos once.
 *
 * Random numbers depend on the seed, the photo and the number of the draw alone: every network and layer is attacked from
 * the same starts, and a measurement that is interrupted and gone on with is the one that was not.
 *
 * @returns the measurements, those of `from` included
 * @throws MadderError `input` for fewer than two photos or an unknown layer, `optimization` for a layer that sees no
 * difference between the photos; the signal's reason when it is aborted
 */
export async function measureRobustness(
  subjects: readonly Subject[],
  photos: readonly MeasuredPhoto[],
  settings: RobustnessSettings,
  options: MeasureOptions = {},
): Promise<LayerMeasurement[]> {
  const { from = [], onFinding, onWorstCase, signal, ...session } = options;
  if (photos.length < 2) {
    throw new MadderError('input', 'Robustness is measured in units of the distance between photos; give two or more.');
  }
  let measurements = [...from];
  for (const { key, network, layers } of subjects) {
    for (const layer of layers) {
      for (const statistic of settings.statistics) {
        const name: MeasurementKey = { network: key, layer, statistic };
        const before = measurementOf(measurements, name);
        const wanted = before.attacked.length < photos.length || before.pairs.length === 0;
        if (!wanted && !onWorstCase) continue;
        signal?.throwIfAborted();
        const f = await LayerDistance.create(network, layer, statistic, settings.size, session);
        try {
          const measuring = new Measuring(f, photos, settings, signal);
          for await (const finding of measuring.missing(name, before)) {
            measurements = withFinding(measurements, finding);
            onFinding?.(finding);
          }
          await onWorstCase?.(await measuring.worst(measurementOf(measurements, name)));
        } finally {
          await f.release();
        }
      }
    }
  }
  return measurements;
}

/** The work at one layer. */
class Measuring {
  readonly #f: LayerDistance;
  readonly #photos: readonly MeasuredPhoto[];
  readonly #settings: RobustnessSettings;
  readonly #signal: AbortSignal | undefined;

  constructor(
    f: LayerDistance,
    photos: readonly MeasuredPhoto[],
    settings: RobustnessSettings,
    signal: AbortSignal | undefined,
  ) {
    this.#f = f;
    this.#photos = photos;
    this.#settings = settings;
    this.#signal = signal;
  }

  async *missing(name: MeasurementKey, before: LayerMeasurement): AsyncGenerator<Finding> {
    let began = performance.now();
    const seconds = () => {
      const now = performance.now();
      const elapsed = (now - began) / 1000;
      began = now;
      return elapsed;
    };
    if (before.pairs.length === 0) {
      const pairs = await pairDistances(this.#photos.length, (i) => this.#at(this.#photos[i]!.picture.data));
      if (pairs.every((d) => d === 0)) {
        throw new MadderError(
          'optimization',
          `The layer ${name.layer} of ${name.network} sees no difference between the photos; choose another layer, or other photos.`,
        );
      }
      yield { kind: 'pairs', ...name, pairs, seconds: seconds() };
    }
    for (let photo = before.attacked.length; photo < this.#photos.length; photo++) {
      const { value: attacked } = await this.#attack(photo);
      yield { kind: 'photo', ...name, photo, attacked, noise: await this.#noise(photo), seconds: seconds() };
    }
  }

  async worst({ attacked, ...name }: LayerMeasurement): Promise<WorstCase> {
    const photo = attacked.indexOf(Math.max(...attacked));
    const original = this.#photos[photo]!.picture;
    const { picture } = await this.#attack(photo);
    const { network, layer, statistic } = name;
    return { network, layer, statistic, photo, original, attacked: { ...original, data: picture } };
  }

  async #attack(photo: number): Promise<Attacked> {
    const { key, picture } = this.#photos[photo]!;
    const climb = this.#f.from(await this.#at(picture.data));
    const steered: Climb = (x) => {
      this.#signal?.throwIfAborted();
      return climb(x);
    };
    return attack(steered, picture.data, this.#settings, (restart) => this.#drawSeed(key, 'start', restart));
  }

  async #noise(photo: number): Promise<number> {
    const { epsilon, noiseDraws } = this.#settings;
    const { key, picture } = this.#photos[photo]!;
    const clean = await this.#at(picture.data);
    let sum = 0;
    for (let draw = 0; draw < noiseDraws; draw++) {
      const noisy = perturbed(picture.data, epsilon, this.#drawSeed(key, 'noise', draw));
      sum += distance(await this.#at(noisy), clean);
    }
    return sum / noiseDraws;
  }

  #at(picture: Float32Array): Promise<Float32Array> {
    this.#signal?.throwIfAborted();
    return this.#f.at(picture);
  }

  /** 32 bits of a text (FNV-1a, Fowler, Noll & Vo) that names a photo's random draw. */
  #drawSeed(photo: string, purpose: 'start' | 'noise', draw: number): number {
    let hash = 0x811c9dc5;
    for (const character of `${this.#settings.seed} ${photo} ${purpose} ${draw}`) {
      hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193);
    }
    return hash >>> 0;
  }
}

/**
 * Distances of all pairs i < j, in the order 01, 02, … 12, …. Where not all values fit into the memory set aside for them,
 * they are computed again for every block of photos that does.
 */
export async function pairDistances(
  count: number,
  valuesAt: (i: number) => Promise<Float32Array>,
  heldBytes = HELD_BYTES,
): Promise<number[]> {
  const rows: number[][] = Array.from({ length: count }, () => []);
  for (let start = 0; start < count;) {
    const held: Float32Array[] = [];
    for (let j = start; j < count; j++) {
      const values = await valuesAt(j);
      held.forEach((own, k) => rows[start + k]!.push(distance(own, values)));
      // A block has no gaps: behind the first photo that finds no room all others are compared and forgotten.
      const room = held.length === 0 || (held.length + 1) * values.byteLength <= heldBytes;
      if (room && held.length === j - start) held.push(values);
    }
    start += held.length;
  }
  return rows.flat();
}

/** What a complete measurement amounts to, every number with its 95 % bootstrap interval over photos. */
export interface RobustnessSummary extends MeasurementKey {
  /** R(f). */
  readonly robustness: Estimate;
  /** The same with random perturbations instead of the worst. */
  readonly noise: Estimate;
  /** How much farther an attack moves the layer than noise of the same norm: R(f) over `noise`. */
  readonly ratio: Estimate;
  /** Mean distance that attacks reach: R(f)'s numerator. */
  readonly attacked: Estimate;
  /** Mean distance between photos: its denominator. */
  readonly between: Estimate;
}

/**
 * @param seed of the bootstrap
 * @returns for a photo drawn anew, its attack, its noise and its pairs together, as they belong together
 */
export function summarise(measurement: LayerMeasurement, seed: number): RobustnessSummary {
  const { network, layer, statistic, attacked, noise, pairs } = measurement;
  const estimate = (of: (weights: Float64Array) => number) => bootstrap(attacked.length, seed, of);
  const between = (weights: Float64Array) => weightedPairMean(pairs, weights);
  return {
    ...{ network, layer, statistic },
    robustness: estimate((w) => weightedMean(attacked, w) / between(w)),
    noise: estimate((w) => weightedMean(noise, w) / between(w)),
    ratio: estimate((w) => weightedMean(attacked, w) / weightedMean(noise, w)),
    attacked: estimate((w) => weightedMean(attacked, w)),
    between: estimate(between),
  };
}
