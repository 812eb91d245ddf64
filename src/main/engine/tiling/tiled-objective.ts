import type * as ort from 'onnxruntime-node';
import type { Normalization } from '../../../shared/objective.ts';
import {
  COEFFICIENTS,
  contentInput,
  GRADIENT,
  gramInput,
  IMAGE,
  multiplierInput,
  ownInput,
  RAW,
  regionInput,
  termsOf,
  type ObjectiveShape,
  type Term,
} from '../objective/assemble.ts';
import { contentFactor, sumOfSquares, type ContentMagnitude } from '../objective/normalization.ts';
import {
  blockedLayout,
  regionsOf,
  styleFactors,
  type Evaluation,
  type ObjectiveWeights,
  type RunSize,
  type Statistics,
  type TermRegions,
} from '../objective/objective.ts';
import { Weighting } from '../objective/weighting.ts';
import { GraphSession, type SessionOptions } from '../runtime/session.ts';
import type { FeatureStore } from './feature-store.ts';
import { collectGarbage } from './garbage.ts';
import type { Rectangle, Tile } from './plan.ts';
import type { Placed, PlannedPart, Tiling, Work } from './tiling.ts';

/** Called before each tile of each pass: what it throws ends the evaluation, and it may wait. */
export type TileGate = (progress: TileProgress) => Promise<void>;

/** Tiles behind an evaluation or a measurement, both passes counted, and all of them. */
export interface TileProgress {
  readonly tile: number;
  readonly tiles: number;
}

export interface TiledOptions extends SessionOptions {
  readonly gate?: TileGate | undefined;
}

const NO_GATE: TileGate = async () => {};

/**
 * Gram matrices of a picture, measured tile by tile. What tiles add is summed in float64.
 * @param tiling of the picture's size
 * @param picture planar [3,H,W] in [0,1]
 */
export async function measureGrams(
  tiling: Tiling,
  picture: Float32Array,
  options: TiledOptions = {},
): Promise<Statistics> {
  const sessions = new Sessions(tiling, options);
  try {
    const count = new Counter(tilesOf(tiling, 'style'), options.gate);
    const grams = await sumGrams(sessions, tiling, picture, count);
    return new Map([...grams].map(([name, gram]) => [name, Float32Array.from(gram)]));
  } finally {
    await sessions.release();
  }
}

/**
 * The scalar to minimise over pictures of one size, evaluated tile by tile: the same loss and gradient as PictureObjective's,
 * with the activations of one tile in memory at a time.
 *
 * - Pass 1 sums F·Fᵀ of every style layer over the positions that each tile owns. With the Gram matrices of the whole
 *   picture, the style terms are known, and so is dL/dF = M·F with M = (4 w / (H·W)) · (G − A).
 * - Pass 2 runs every tile again, back-propagates M·F and the content differences of its own positions, and adds the tile's
 *   gradient to the picture's where it lies. Gradients are sums over positions, each of which is one tile's own.
 *
 * Where the picture has regions, each has its own sum and its own M, and a tile's own positions count by their weights in it.
 */
export class TiledObjective {
  readonly terms: readonly Term[];
  readonly #tiling: Tiling;
  readonly #sessions: Sessions;
  readonly #grams: Statistics;
  /** By the name of their layer's own positions; none where the picture has no regions. */
  readonly #regions: ReadonlyMap<string, TermRegions>;
  readonly #photo: FeatureStore;
  readonly #weighting: Weighting;
  readonly #size: RunSize;
  readonly #gate: TileGate | undefined;
  /** Of the latest evaluation. */
  #gradient: Float32Array | undefined;

  private constructor(
    tiling: Tiling,
    sessions: Sessions,
    grams: Statistics,
    regions: readonly TermRegions[],
    photo: FeatureStore,
    weighting: Weighting,
    gate: TileGate | undefined,
  ) {
    this.terms = weighting.terms;
    this.#tiling = tiling;
    this.#size = tiling.size;
    this.#sessions = sessions;
    this.#grams = grams;
    this.#regions = new Map(regions.map((r) => [ownInput(r.term), r]));
    this.#photo = photo;
    this.#weighting = weighting;
    this.#gate = gate;
  }

  /**
   * @param shape the same as the tiling's
   * @param grams of the style, or of each region's, by input name
   * @param photo what content terms compare with, planar [3,H,W] in [0,1]; read, not kept
   * @param store keeps the photo's features; released with the objective
   * @throws MadderError naming the layer where a target is zero or not finite, or that cannot be differentiated
   */
  static async create(
    shape: ObjectiveShape,
    tiling: Tiling,
    grams: Statistics,
    photo: Float32Array,
    store: FeatureStore,
    weights: ObjectiveWeights,
    normalization: Normalization,
    options: TiledOptions = {},
  ): Promise<TiledObjective> {
    const sessions = new Sessions(tiling, options);
    try {
      const magnitudes = await keepFeatures(sessions, tiling, photo, store, options.gate);
      const terms = termsOf(shape);
      const factors = styleFactors(shape, terms, grams, normalization).map((factor, i): number => {
        const term = terms[i]!;
        if (term.kind !== 'content') return factor;
        return contentFactor(normalization, magnitudes.get(contentInput(term))!, term.layer);
      });
      const regions = regionsOf(shape, grams, tiling.size, normalization, (term) => {
        const [height, width] = tiling.extent(term);
        return { height, width };
      });
      const weighting = new Weighting(terms, factors, normalization);
      weighting.set(weights);
      return new TiledObjective(tiling, sessions, grams, regions, store, weighting, options.gate);
    } catch (error) {
      await sessions.release();
      await store.release();
      throw error;
    }
  }

  /** Takes effect at the next evaluation; nothing is rebuilt. Whoever optimizes must rebase (Optimizer.rebase). */
  setWeights(weights: ObjectiveWeights): void {
    this.#weighting.set(weights);
  }

  /**
   * Compares with another photo of the same size from now on. What a term is divided by stays, so that its weight means the
   * same as before. Whoever optimizes must re-evaluate.
   * @param photo planar [3,H,W] in [0,1]; read, not kept
   */
  async compareWith(photo: Float32Array): Promise<void> {
    await keepFeatures(this.#sessions, this.#tiling, photo, this.#photo, this.#gate);
  }

  /**
   * Loss, gradient and terms at a picture, planar [3,H,W]. The picture is read, not kept; the gradient is the same array every time,
   * which is large.
   */
  async evaluate(picture: Float32Array): Promise<Evaluation> {
    const tiling = this.#tiling;
    const count = new Counter(tilesOf(tiling, 'style') + tilesOf(tiling, 'all'), this.#gate);
    const sums = await sumGrams(this.#sessions, tiling, picture, count, this.#regions);
    const raw = new Float64Array(this.terms.length);
    const multipliers = this.#multipliers(sums, raw);
    const gradient = (this.#gradient ??= new Float32Array(picture.length)).fill(0);
    for (const part of tiling.parts) {
      const session = await this.#sessions.of(part, 'gradient');
      const terms = termsOf(part.shape);
      const places = terms.map((term) => this.#placeOf(term));
      const coefficients = Float32Array.from(places, (place) => this.#weighting.coefficients[place]!);
      const seen = new Float32Array(3 * part.plan.height * part.plan.width);
      for (const [t, tile] of part.plan.tiles.entries()) {
        await count.next(part);
        cut(picture, this.#size, tile.picture, seen);
        const feeds: Record<string, ort.Tensor> = { [IMAGE]: session.tensor(IMAGE, seen) };
        if (session.has(COEFFICIENTS)) feeds[COEFFICIENTS] = session.tensor(COEFFICIENTS, coefficients);
        for (const term of terms) {
          own(feeds, session, term, tile);
          if (term.kind === 'style') {
            for (const region of this.#inRegions(term)) {
              const name = multiplierInput(term, region);
              feeds[name] = session.tensor(name, multipliers.get(name)!);
            }
            weigh(feeds, session, this.#regions.get(ownInput(term)), tiling.placed(part, tile, term));
          }
          if (term.kind === 'content') {
            const name = contentInput(term);
            const kept = await this.#photo.read(name, t);
            feeds[name] = session.tensor(name, spread(kept, tile.own.get(ownInput(term))!, session.dims(name)));
          }
        }
        const results = await session.run(feeds);
        results[RAW]!.forEach((value, i) => (raw[places[i]!]! += value));
        add(results[GRADIENT]!, tile.picture, gradient, this.#size);
      }
      await this.#sessions.done(part, 'gradient');
    }
    return { ...this.#weighting.valued(raw), gradient };
  }

  async release(): Promise<void> {
    await this.#sessions.release();
    await this.#photo.release();
  }

  /** A style term's regions by number; one without a number where the picture has none. */
  #inRegions(term: Term): readonly (number | undefined)[] {
    const regions = this.#regions.get(ownInput(term));
    return regions ? [...regions.balance.keys()] : [undefined];
  }

  #placeOf(term: Term): number {
    return this.terms.findIndex((t) => t.kind === term.kind && t.network === term.network && t.layer === term.layer);
  }

  /**
   * M = (4 w / (H·W)) · (G − A) for the style terms, w their factor in the loss, from the Gram matrices G; for those of regions M = 4 w b (G − A)
   * with the region's balance b.
   * @param raw receives ‖G − A‖², or Σ b ‖G − A‖²
   */
  #multipliers(grams: ReadonlyMap<string, Float64Array>, raw: Float64Array): Map<string, Float32Array> {
    const multipliers = new Map<string, Float32Array>();
    this.terms.forEach((term, i) => {
      if (term.kind !== 'style') return;
      const weight = this.#weighting.coefficients[i]!;
      const balance = this.#regions.get(ownInput(term))?.balance;
      for (const region of this.#inRegions(term)) {
        const gram = grams.get(gramInput(term, region))!;
        const target = this.#grams.get(gramInput(term, region))!;
        const share = region === undefined ? undefined : balance![region]!;
        const slope = share === undefined ? (4 * weight) / this.#tiling.positions(term) : 4 * weight * share;
        const multiplier = new Float32Array(gram.length);
        let squares = 0;
        for (let k = 0; k < gram.length; k++) {
          const difference = gram[k]! - target[k]!;
          squares += difference ** 2;
          multiplier[k] = slope * difference;
        }
        raw[i]! += (share ?? 1) * squares;
        multipliers.set(multiplierInput(term, region), multiplier);
      }
    });
    return multipliers;
  }
}

/** Pixels of tiles after which what they left is collected: some 50 bytes each. */
const COLLECTED_PIXELS = 2_000_000;

/** Says where in its tiles a piece of work is, and asks before each whether to go on. */
class Counter {
  readonly #tiles: number;
  readonly #gate: TileGate;
  #tile = 0;
  #pixels = 0;

  constructor(tiles: number, gate: TileGate = NO_GATE) {
    this.#tiles = tiles;
    this.#gate = gate;
  }

  /** Before a tile of a part. */
  async next({ plan }: PlannedPart): Promise<void> {
    await this.#gate({ tile: this.#tile++, tiles: this.#tiles });
    this.#pixels += plan.width * plan.height;
    if (this.#pixels < COLLECTED_PIXELS) return;
    this.#pixels = 0;
    collectGarbage();
  }
}

const tilesOf = ({ parts }: Tiling, kind: 'style' | 'content' | 'all'): number =>
  parts.reduce((sum, { shape, plan }) => {
    const counts = kind === 'all' || shape.networks.some((use) => use[kind].length > 0);
    return sum + (counts ? plan.tiles.length : 0);
  }, 0);

/** The sessions of a tiling, each made when it is first needed. One shape of tile, so one session per part and kind of work. */
class Sessions {
  readonly #tiling: Tiling;
  readonly #options: SessionOptions;
  readonly #open = new Map<string, GraphSession>();

  constructor(tiling: Tiling, options: SessionOptions) {
    this.#tiling = tiling;
    this.#options = options;
  }

  /** Open from its first use on. */
  async of(part: PlannedPart, work: Work): Promise<GraphSession> {
    const key = keyOf(this.#tiling, part, work);
    const open = this.#open.get(key);
    if (open) return open;
    const graph = this.#tiling.graph(part, work, blockedLayout(this.#options));
    const session = await GraphSession.create(graph, this.#options);
    this.#open.set(key, session);
    return session;
  }

  /** Work of this kind on a part has ended for now: where all sessions together would be too much, its own is closed. */
  async done(part: PlannedPart, work: Work): Promise<void> {
    // A photo is looked at once, or once in an iteration: not often enough to keep what that takes.
    if (this.#tiling.keepsSessions && work !== 'features') return;
    const key = keyOf(this.#tiling, part, work);
    await this.#open.get(key)?.release();
    this.#open.delete(key);
  }

  async release(): Promise<void> {
    for (const session of this.#open.values()) await session.release();
    this.#open.clear();
  }
}

const keyOf = ({ parts }: Tiling, part: PlannedPart, work: Work): string => `${parts.indexOf(part)} ${work}`;

/** Pass 1: Gram matrices of the whole picture, or of each of its regions, by input name, in float64. */
async function sumGrams(
  sessions: Sessions,
  tiling: Tiling,
  picture: Float32Array,
  count: Counter,
  regions: ReadonlyMap<string, TermRegions> = new Map(),
): Promise<Map<string, Float64Array>> {
  const sums = new Map<string, Float64Array>();
  for (const part of tiling.parts) {
    const layers = part.shape.networks.flatMap(({ key, style }) => style.map((layer) => ({ network: key, layer })));
    if (layers.length === 0) continue;
    const session = await sessions.of(part, 'grams');
    const seen = new Float32Array(3 * part.plan.height * part.plan.width);
    for (const tile of part.plan.tiles) {
      await count.next(part);
      cut(picture, tiling.size, tile.picture, seen);
      const feeds: Record<string, ort.Tensor> = { [IMAGE]: session.tensor(IMAGE, seen) };
      for (const layer of layers) {
        own(feeds, session, layer, tile);
        weigh(feeds, session, regions.get(ownInput(layer)), tiling.placed(part, tile, layer));
      }
      const results = await session.run(feeds);
      for (const [name, added] of Object.entries(results)) {
        const sum = sums.get(name) ?? new Float64Array(added.length);
        for (let k = 0; k < added.length; k++) sum[k]! += added[k]!;
        sums.set(name, sum);
      }
    }
    await sessions.done(part, 'grams');
  }
  return sums;
}

/** Measures a photo at the content layers and keeps each tile's own features. Returns what their normalization needs. */
async function keepFeatures(
  sessions: Sessions,
  tiling: Tiling,
  photo: Float32Array,
  store: FeatureStore,
  gate: TileGate | undefined,
): Promise<Map<string, ContentMagnitude>> {
  const magnitudes = new Map<string, ContentMagnitude>();
  const count = new Counter(tilesOf(tiling, 'content'), gate);
  for (const part of tiling.parts) {
    const layers = part.shape.networks.flatMap(({ key, content }) => content.map((layer) => ({ network: key, layer })));
    if (layers.length === 0) continue;
    const session = await sessions.of(part, 'features');
    const seen = new Float32Array(3 * part.plan.height * part.plan.width);
    for (const [t, tile] of part.plan.tiles.entries()) {
      await count.next(part);
      cut(photo, tiling.size, tile.picture, seen);
      const results = await session.run({ [IMAGE]: session.tensor(IMAGE, seen) });
      for (const layer of layers) {
        const name = contentInput(layer);
        const kept = crop(results[name]!, tile.own.get(ownInput(layer))!, tiling.layerSize(part, layer));
        const before = magnitudes.get(name) ?? { squares: 0, values: 0 };
        magnitudes.set(name, {
          squares: before.squares + sumOfSquares(kept),
          values: before.values + kept.length,
        });
        await store.write(name, t, kept);
      }
    }
    await sessions.done(part, 'features');
  }
  return magnitudes;
}

/** Feeds which positions of a layer (or pixels) are the tile's own. */
function own(
  feeds: Record<string, ort.Tensor>,
  session: GraphSession,
  term: Pick<Term, 'network' | 'layer'>,
  tile: Tile,
): void {
  const name = ownInput(term);
  if (feeds[name] || !session.has(name)) return;
  const [, , height, width] = session.dims(name) as [number, number, number, number];
  const mask = new Float32Array(height * width);
  const { top, left, bottom, right } = tile.own.get(name)!;
  for (let y = top; y < bottom; y++) mask.fill(1, y * width + left, y * width + right);
  feeds[name] = session.tensor(name, mask);
}

/** Feeds how much the tile's own positions of a style layer count in each region. */
function weigh(
  feeds: Record<string, ort.Tensor>,
  session: GraphSession,
  found: TermRegions | undefined,
  { own: { top, left, bottom, right }, origin }: Placed,
): void {
  if (!found) return;
  const { term, regions, balance } = found;
  const at = {
    top: origin.top + top,
    left: origin.left + left,
    bottom: origin.top + bottom,
    right: origin.left + right,
  };
  for (const region of balance.keys()) {
    const name = regionInput(term, region);
    const [, , height, width] = session.dims(name) as [number, number, number, number];
    const weights = regions.weights(region, at);
    const spread = new Float32Array(height * width);
    for (let y = top; y < bottom; y++) {
      spread.set(weights.subarray((y - top) * (right - left), (y - top + 1) * (right - left)), y * width + left);
    }
    feeds[name] = session.tensor(name, spread);
  }
}

/** A piece of planes [C,H,W]. */
function cut(planes: Float32Array, size: RunSize, { top, left, bottom, right }: Rectangle, into: Float32Array): void {
  const { height, width } = size;
  const channels = planes.length / (height * width);
  let at = 0;
  for (let c = 0; c < channels; c++) {
    for (let y = top; y < bottom; y++) {
      const row = (c * height + y) * width;
      into.set(planes.subarray(row + left, row + right), at);
      at += right - left;
    }
  }
}

function crop(features: Float32Array, rectangle: Rectangle, size: RunSize): Float32Array {
  const channels = features.length / (size.height * size.width);
  const { top, left, bottom, right } = rectangle;
  const piece = new Float32Array(channels * (bottom - top) * (right - left));
  cut(features, size, rectangle, piece);
  return piece;
}

/** Puts a piece back where it was cut out of planes [1,C,H,W], zeros around it. */
function spread(piece: Float32Array, { top, left, bottom, right }: Rectangle, dims: readonly number[]): Float32Array {
  const [, channels, height, width] = dims as [number, number, number, number];
  const planes = new Float32Array(channels * height * width);
  let at = 0;
  for (let c = 0; c < channels; c++) {
    for (let y = top; y < bottom; y++) {
      planes.set(piece.subarray(at, at + right - left), (c * height + y) * width + left);
      at += right - left;
    }
  }
  return planes;
}

/** Adds a tile's planes [3,h,w] to those of the picture. */
function add(tile: Float32Array, { top, left, bottom, right }: Rectangle, picture: Float32Array, size: RunSize): void {
  let at = 0;
  for (let c = 0; c < 3; c++) {
    for (let y = top; y < bottom; y++) {
      const row = (c * size.height + y) * size.width;
      for (let x = left; x < right; x++) picture[row + x]! += tile[at++]!;
    }
  }
}
