/** How long a picture takes and how much memory it needs, from a simple model and what was measured on this computer. */
import os from 'node:os';
import { z } from 'zod';
import type { Provider } from '../../../shared/devices.ts';
import type { Recipe } from '../../../shared/recipe.ts';
import type { Estimate, JobProgress, NetworkCard } from '../../../shared/studio/contract.ts';
import type { StudioDocument } from '../../../shared/studio/document.ts';
import { coarseToFine, enlarging, levelSize } from '../../engine/runs/schedule.ts';
import { DEFAULTS } from '../painter.ts';
import type { Log } from './log.ts';
import { readStored, Saver } from './stored.ts';

/** An engine process with nothing to paint, bytes. */
const IDLE_BYTES = 160e6;
/** Copies of a network's weights while it is prepared. */
const WEIGHT_COPIES = 3;
/** Of a network's features, in their own size: forwards and backwards, many of them in each other's place. */
const FEATURE_COPIES = 1.2;
/** Pictures, gradients and the runtime's own, bytes per pixel. */
const PIXEL_BYTES = 200;
/** Vectors that Adam keeps, 12 bytes per pixel each; L-BFGS keeps two for every pair of its history and some more. */
const ADAM_VECTORS = 5;
const LBFGS_VECTORS = 8;
/** What a computer should keep for everything else. */
const SPARE = 0.9;

/** Smaller pictures tell little of what a pixel costs. */
const TELLING_PIXELS = 50_000;
/**
 * In tiles a picture is looked at once forwards and once forwards and backwards, which takes twice as long again as forwards: 4/3 of one
 * piece, for every tile, and those overlap.
 */
const TWO_PASSES = 4 / 3;
/** What a level takes beside its evaluations where nothing was measured, in evaluations: the paintings and the photo are looked at. */
const TARGETS = 0.7;
/** How far times may be off, each way: of sizes like those that were measured, of much larger ones, and of another network or device. */
const DOUBTS = { like: [0.85, 1.2], larger: [0.7, 1.4], other: [0.5, 2] } as const;
/** Pictures of at most so many times the largest measured pixels are like them. */
const LIKE = 4;
/** How much of a measured value a new one replaces. */
const FRESHNESS = 0.3;
/** Sizes that are remembered for one network on one device. */
const MOST_SIZES = 24;

const measurementSchema = z.strictObject({
  /** Seconds per evaluation by pixels. */
  seconds: z.record(z.string().regex(/^\d+$/), z.number().positive()),
  /** Seconds per level beside its evaluations: preparing it and measuring the paintings. */
  perLevel: z.number().min(0).optional(),
  /** Seconds per evaluation and pixel where pictures are looked at in tiles. */
  tiledPixel: z.number().positive().optional(),
  /** Bytes that the largest picture so far needed, and its pixels. */
  memory: z.strictObject({ pixels: z.number().positive(), bytes: z.number().positive() }).optional(),
});
type Measurement = z.output<typeof measurementSchema>;
const fileSchema = z.strictObject({ version: z.literal(1), measurements: z.record(z.string(), measurementSchema) });

/** What the cost of an evaluation depends on beside its pixels. */
export interface Workload {
  readonly network: string;
  readonly contentNetwork: string | null;
  readonly provider: Provider;
}

const keyOf = ({ network, contentNetwork, provider }: Workload): string =>
  [provider, network, ...(contentNetwork === null ? [] : [contentNetwork])].join(' ');

/** What is around a document. */
export interface EstimateContext {
  readonly card: (network: string) => NetworkCard | undefined;
  readonly provider: Provider;
  /** How much faster than the cpu a provider was when it was tried out. */
  readonly speed: (provider: string) => number;
  /** Memory that comes free before the next run, bytes. */
  readonly comingFree: number;
  /** Memory that a run may take, bytes; null: most of what is free. */
  readonly allowed: number | null;
}

/** A level that is to be painted. */
export interface PlannedLevel {
  readonly pixels: number;
  readonly evaluations: number;
  /** Area of its tiles divided by the picture's; null: it is painted in one piece. */
  readonly coverage: number | null;
}

/** Between what a run may take, seconds. */
export interface TimeSpan {
  readonly from: number;
  readonly to: number;
}

export class Estimates {
  readonly #saver: Saver;
  readonly #measurements: Map<string, Measurement>;

  private constructor(saver: Saver, measurements: Map<string, Measurement>) {
    this.#saver = saver;
    this.#measurements = measurements;
  }

  static async open(path: string, log: Log): Promise<Estimates> {
    const stored = await readStored(path, (value) => fileSchema.parse(value), log);
    return new Estimates(new Saver(path), new Map(Object.entries(stored?.measurements ?? {})));
  }

  /**
   * Learns from a run: what its evaluations took and its engine needed. Kept with `save`.
   * @param tiled whether the picture was looked at in tiles, which tells how long that takes and not how much one piece would need
   */
  learn(work: Workload, { width, height, seconds, memoryBytes }: JobProgress, tiled = false): void {
    const pixels = width * height;
    const known: Measurement = this.#measurements.get(keyOf(work)) ?? { seconds: {} };
    if (tiled) {
      const rate = Math.max(seconds, 1e-6) / pixels;
      const earlier = known.tiledPixel ?? rate;
      this.#measurements.set(keyOf(work), { ...known, tiledPixel: earlier + FRESHNESS * (rate - earlier) });
      return;
    }
    const before = known.seconds[pixels];
    const blended = before === undefined ? seconds : before + FRESHNESS * (seconds - before);
    const largest = known.memory;
    const grown = !largest || pixels > largest.pixels || (pixels === largest.pixels && memoryBytes > largest.bytes);
    const sizes: Record<string, number> = { ...known.seconds, [pixels]: Math.max(blended, 1e-6) };
    this.#measurements.set(keyOf(work), {
      ...known,
      seconds: Object.fromEntries(Object.entries(sizes).slice(-MOST_SIZES)),
      ...(grown && memoryBytes > 0 ? { memory: { pixels, bytes: memoryBytes } } : {}),
    });
  }

  /** Learns what a run took beside its evaluations, seconds per level. */
  learnOverhead(work: Workload, perLevel: number): void {
    const known = this.#measurements.get(keyOf(work));
    if (!known || !(perLevel >= 0)) return;
    const before = known.perLevel ?? perLevel;
    this.#measurements.set(keyOf(work), { ...known, perLevel: before + FRESHNESS * (perLevel - before) });
  }

  save(): Promise<void> {
    return this.#saver.save({ version: 1, measurements: Object.fromEntries(this.#measurements) });
  }

  /** What a run of a document would take if it were painted in one piece. */
  estimate(document: StudioDocument, context: EstimateContext): Estimate {
    const schedule = scheduleOf(document);
    const photo = document.photo ?? { width: 4, height: 3 };
    const levels = schedule.levels.map(({ evaluations }, level) => {
      const { width, height } = levelSize(schedule, level, photo);
      return { pixels: width * height, evaluations };
    });
    const final = levels.at(-1)!.pixels;
    const free = availableMemory() + context.comingFree;
    const availableBytes = context.allowed ?? free;
    const most = context.allowed ?? SPARE * free;
    const bytesAt = (pixels: number) => this.#bytes(document, pixels, context);
    const bytes = Math.round(bytesAt(final));
    const fits = bytes <= most;
    const smallerSize = fits ? undefined : largestFitting(schedule.size, final, most, bytesAt);
    return {
      seconds: this.#seconds(document, levels, context),
      bytes,
      availableBytes,
      fits,
      pieces: null,
      ...(smallerSize === undefined ? {} : { smallerSize }),
    };
  }

  /** How long levels take that were planned; null before anything was measured on this computer. */
  timeOf(
    { network, contentNetwork }: Pick<StudioDocument, 'network' | 'contentNetwork'>,
    levels: readonly PlannedLevel[],
    { provider, card, speed }: Omit<EstimateContext, 'comingFree' | 'allowed'>,
  ): TimeSpan | null {
    const exact = this.#measurements.get(keyOf({ network, contentNetwork, provider }));
    const [measured, factor] = exact ? [exact, 1] : this.#nearest(network, provider, card, speed);
    if (!measured) return null;
    const largest = Math.max(0, ...Object.keys(measured.seconds).map(Number));
    const total = { from: 0, to: 0 };
    for (const { pixels, evaluations, coverage } of levels) {
      const inTiles = coverage !== null && measured.tiledPixel !== undefined;
      if (!inTiles && largest === 0) return null;
      const once = inTiles
        ? measured.tiledPixel! * pixels
        : secondsAt(measured.seconds, pixels) * (coverage === null ? 1 : TWO_PASSES * coverage);
      const seconds = factor * once * (evaluations + TARGETS) + (measured.perLevel ?? 0);
      const [least, most] = DOUBTS[!exact ? 'other' : inTiles || pixels <= LIKE * largest ? 'like' : 'larger'];
      total.from += least * seconds;
      total.to += most * seconds;
    }
    return total;
  }

  /** The model's memory, or what the engine reported where it has reported something telling. */
  #bytes(document: StudioDocument, pixels: number, context: EstimateContext): number {
    const { network, contentNetwork, settings, preset } = document;
    const cards = [network, ...(contentNetwork === null ? [] : [contentNetwork])].map((id) => context.card(id));
    const base = IDLE_BYTES + cards.reduce((sum, card) => sum + WEIGHT_COPIES * (card?.bytes ?? 0), 0);
    const features = cards.reduce((sum, card) => sum + FEATURE_COPIES * featureBytes(card), PIXEL_BYTES);
    const measured = this.#measurements.get(keyOf({ network, contentNetwork, provider: context.provider }))?.memory;
    const telling = measured && measured.pixels >= TELLING_PIXELS && measured.bytes > base;
    // A graphics card's memory is not seen by the engine, so that only the model knows of it.
    const perPixel = telling && context.provider === 'cpu' ? (measured.bytes - base) / measured.pixels : features;
    const optimizer = settings.optimizer ?? preset?.value.optimizer;
    const kind = optimizer?.kind ?? context.card(network)?.suggested.optimizer ?? 'lbfgs';
    const history = optimizer?.kind === 'lbfgs' ? optimizer.history : 20;
    const vectors = kind === 'adam' ? ADAM_VECTORS : LBFGS_VECTORS + 2 * history;
    return base + pixels * (perPixel + 12 * vectors);
  }

  #seconds(
    { network, contentNetwork }: StudioDocument,
    levels: readonly { readonly pixels: number; readonly evaluations: number }[],
    { provider, card, speed }: EstimateContext,
  ): number | null {
    const exact = this.#measurements.get(keyOf({ network, contentNetwork, provider }));
    const [measured, factor] = exact ? [exact, 1] : this.#nearest(network, provider, card, speed);
    if (!measured || Object.keys(measured.seconds).length === 0) return null;
    return levels.reduce(
      (sum, { pixels, evaluations }) =>
        sum + (measured.perLevel ?? 0) + evaluations * factor * secondsAt(measured.seconds, pixels),
      0,
    );
  }

  /** Of another network or device, and how much longer this one is expected to take. */
  #nearest(
    network: string,
    provider: Provider,
    card: EstimateContext['card'],
    speed: EstimateContext['speed'],
  ): [Measurement | undefined, number] {
    const others = [...this.#measurements].map(([key, measurement]) => {
      const [itsProvider, itsNetwork] = key.split(' ') as [string, string];
      return { measurement, itsProvider, itsNetwork };
    });
    const nearest =
      others.find((other) => other.itsNetwork === network) ??
      others.find((other) => other.itsProvider === provider) ??
      others[0];
    if (!nearest) return [undefined, 1];
    const devices = speed(nearest.itsProvider) / speed(provider);
    if (nearest.itsNetwork === network) return [nearest.measurement, devices];
    // Of networks of which nothing is known, nothing follows: one may take ten times as long as another.
    const [here, there] = [featureBytes(card(network)), featureBytes(card(nearest.itsNetwork))];
    return here > 0 && there > 0 ? [nearest.measurement, (devices * here) / there] : [undefined, 1];
  }
}

/** The schedule of the run that a document describes. */
export function scheduleOf({ preset, settings }: StudioDocument): Recipe['schedule'] {
  const { size, iterations, init } = settings;
  const schedule = preset?.value.schedule;
  if (init?.kind === 'image' && init.begin !== undefined) {
    const side = size ?? schedule?.size ?? DEFAULTS.size;
    const levels = enlarging(init.begin, side, iterations ?? DEFAULTS.iterations);
    return { size: side, side: schedule?.side ?? 'long', levels };
  }
  if (!schedule) {
    const side = size ?? DEFAULTS.size;
    return { size: side, side: 'long', levels: coarseToFine(side, iterations ?? DEFAULTS.iterations) };
  }
  const before = schedule.levels.at(-1)!.evaluations;
  const pace = (iterations ?? before) / before;
  return {
    ...schedule,
    size: size ?? schedule.size,
    levels: schedule.levels.map((level) => ({
      ...level,
      evaluations: Math.max(1, Math.round(level.evaluations * pace)),
    })),
  };
}

/** Bytes of all a network's features per pixel of the picture; 0 where its layers are not known. */
const featureBytes = (card: NetworkCard | undefined): number =>
  (card?.layers ?? []).reduce((sum, { channels = 0, stride }) => sum + (4 * channels) / stride ** 2, 0);

/** Between measured sizes in a straight line, beyond them in proportion. */
function secondsAt(measured: Measurement['seconds'], pixels: number): number {
  const points = Object.entries(measured)
    .map(([p, seconds]) => ({ pixels: Number(p), seconds }))
    .sort((a, b) => a.pixels - b.pixels);
  const above = points.find((point) => point.pixels >= pixels);
  const below = points.findLast((point) => point.pixels <= pixels);
  if (above && below) {
    if (above.pixels === below.pixels) return above.seconds;
    const part = (pixels - below.pixels) / (above.pixels - below.pixels);
    return below.seconds + part * (above.seconds - below.seconds);
  }
  const nearest = (above ?? below)!;
  return (nearest.seconds * pixels) / nearest.pixels;
}

/** The largest size, in steps of 16 px, whose memory is at most `most`; undefined where none is. */
function largestFitting(
  size: number,
  pixels: number,
  most: number,
  bytesAt: (pixels: number) => number,
): number | undefined {
  for (let smaller = Math.ceil(size / 16) * 16 - 16; smaller >= 64; smaller -= 16) {
    if (bytesAt(pixels * (smaller / size) ** 2) <= most) return smaller;
  }
  return undefined;
}

/** Bytes that a new process can have, by the system's account. */
function availableMemory(): number {
  const free = process.availableMemory();
  // On a Mac, memory that files are kept in counts as taken although it is given up at once.
  return process.platform === 'darwin' ? Math.max(free, os.totalmem() / 2) : free;
}
