import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { CatalogueEntry, CatalogueSource } from '../../../shared/catalogue.ts';
import { MadderError } from '../../../shared/errors.ts';
import type { NetworkManifest, Provenance } from '../../../shared/network-manifest.ts';
import { listNetworks } from '../../engine/networks/load.ts';
import { convertWeights, type Precision } from './convert.ts';
import { diskError, partialsFolder } from './disk.ts';
import { libraryFolder } from './folders.ts';
import { HttpProblem } from './http.ts';
import { installNetwork, toolName } from './install.ts';
import { takeLock } from './lock.ts';
import type { Range } from './partial-file.ts';
import { coalesce, planUntil, planWeights, type WeightsPlan } from './plan.ts';
import { RemoteFile, type RemoteFileOptions } from './remote-file.ts';
import { readStateDict } from './weights.ts';

export type DownloadEvent =
  | { readonly type: 'source'; readonly url: string }
  /** What the source's table of contents says: `bytes` of the file's `size` are needed, `kept` are there already. */
  | {
      readonly type: 'plan';
      readonly architecture: string;
      readonly tensors: number;
      readonly bytes: number;
      readonly kept: number;
      readonly size: number;
    }
  | {
      readonly type: 'progress';
      /** Bytes of those needed that are there. */
      readonly done: number;
      /** Bytes needed; undefined where the server does not say how long the file is. */
      readonly total: number | undefined;
      readonly bytesPerSecond: number;
      readonly secondsLeft: number | undefined;
    }
  | { readonly type: 'note'; readonly message: string };

export interface DownloadOptions extends Pick<
  RemoteFileOptions,
  'signal' | 'stallMs' | 'tries' | 'backoffMs' | 'proxyFor'
> {
  readonly library?: string;
  /** How kernels are stored (float16). */
  readonly precision?: Precision;
  /** Fetch nothing that lies deeper than this layer. */
  readonly until?: string;
  /** Fetch it although it is installed. */
  readonly again?: boolean;
  readonly onEvent?: (event: DownloadEvent) => void;
}

/** Needed ranges that lie closer together are fetched as one: what lies between costs less than another request. */
const GAP_BYTES = 256 * 1024;
/** Where so much of a file is needed and its hash is known, all of it is fetched, so that the hash can be checked. */
const NEARLY_WHOLE = 0.85;
/** How far a size that is only known roughly may be off. */
const ROUGHLY = 0.05;

/**
 * Downloads a network of the catalogue into the library: the table of contents first, then the tensors that its
 * architecture uses, from the first source that gives them. What was fetched is kept when it is interrupted.
 * @throws MadderError naming every source and why it failed; the signal's reason where it is aborted
 */
export async function downloadNetwork(entry: CatalogueEntry, options: DownloadOptions = {}): Promise<NetworkManifest> {
  const { library = libraryFolder(), onEvent } = options;
  const note = (message: string) => onEvent?.({ type: 'note', message });
  const folder = partialsFolder(library);
  try {
    const installed = (await listNetworks([library])).find((m) => m.id === entry.id);
    if (installed && !options.again) {
      note(`${entry.name} is installed already.`);
      return installed;
    }
    await mkdir(folder, { recursive: true });
    const release = await takeLock(join(folder, `${entry.id}.lock`), entry.name);
    try {
      return await fromFirstSource(entry, folder, { ...options, library }, note);
    } finally {
      await release();
      await removeIfEmpty(folder);
    }
  } catch (error) {
    throw diskError(library, error);
  }
}

async function fromFirstSource(
  entry: CatalogueEntry,
  folder: string,
  options: DownloadOptions & { readonly library: string },
  note: (message: string) => void,
): Promise<NetworkManifest> {
  const failures: string[] = [];
  for (const source of entry.sources) {
    try {
      const manifest = await fromSource(entry, source, join(folder, partialName(entry.id, source.url)), options, note);
      for (const { url } of entry.sources) {
        await rm(join(folder, partialName(entry.id, url)), { recursive: true, force: true });
      }
      return manifest;
    } catch (error) {
      options.signal?.throwIfAborted();
      const { host } = new URL(source.url);
      if (error instanceof HttpProblem) failures.push(`${host} ${error.message}`);
      else if (error instanceof MadderError && error.kind === 'network') failures.push(`${host}: ${error.message}`);
      else throw error;
      if (source !== entry.sources.at(-1)) note(`${failures.at(-1)!.replace(/\.$/, '')}. The next source is tried.`);
    }
  }
  const reasons = failures.map((failure) => failure.replace(/\.$/, '')).join('; ');
  throw new MadderError(
    'network',
    `${entry.name} could not be downloaded (${reasons}); try again later, or get the file by hand and use "madder networks import FILE --as ${entry.id}".`,
  );
}

async function fromSource(
  entry: CatalogueEntry,
  source: CatalogueSource,
  folder: string,
  options: DownloadOptions & { readonly library: string },
  note: (message: string) => void,
): Promise<NetworkManifest> {
  const { library, precision = 'float16', until, onEvent, signal } = options;
  onEvent?.({ type: 'source', url: source.url });
  const progress = new Progress((event) => onEvent?.(event));
  const file = fileName(source.url);
  const remote = await RemoteFile.open(source.url, folder, {
    ...options,
    onNote: note,
    onBytes: (bytes) => progress.add(bytes),
    checkSize: (size) => checkSize(source, size),
    onWhole: (size) => progress.expect(size),
  });
  let damaged = false;
  try {
    const { format, entries } = await readStateDict(remote, file);
    const whole = planWeights(entries, entry.normalization, file);
    if (whole.architecture !== entry.architecture) {
      throw new MadderError('network', `${file} holds ${whole.architecture} instead of ${entry.architecture}.`);
    }
    const plan = until === undefined ? whole : planUntil(until, whole, entry.normalization, file);
    const needed = coalesce(plan.needed.values(), GAP_BYTES);
    const everything = [{ begin: 0, end: remote.size }];
    const nearlyAll = source.sha256 !== undefined && lengthOf(needed) >= NEARLY_WHOLE * remote.size;
    const ranges = remote.whole || nearlyAll ? everything : needed;
    const bytes = lengthOf(ranges);
    const missing = remote.missing(ranges);
    const { architecture } = plan;
    onEvent?.({
      type: 'plan',
      architecture,
      tensors: plan.needed.size,
      bytes,
      kept: bytes - missing,
      size: remote.size,
    });
    progress.expect(bytes, bytes - missing);
    await remote.fetch(ranges);
    progress.end();
    signal?.throwIfAborted();
    const sha256 = remote.whole ? await remote.sha256() : undefined;
    if (sha256 !== undefined && source.sha256 !== undefined && !sha256.startsWith(source.sha256)) {
      throw new MadderError('network', `${file} is not the file that was published (SHA-256 ${sha256.slice(0, 8)}).`);
    }
    const converted = await convertWeights(remote, plan, precision, file);
    const provenance: Provenance = {
      url: source.url,
      file,
      format,
      bytes: remote.size,
      transferred: remote.transferred,
      ...(sha256 === undefined ? {} : { sha256 }),
      hashCheck: hashCheck(sha256 === undefined ? undefined : source.sha256),
      ...(until === undefined ? {} : { until }),
      date: new Date().toISOString(),
      tool: toolName(),
    };
    const facts = { ...factsOf(entry), ...layersWithin(plan.template, entry), source: source.url };
    return await installNetwork(library, { ...plan, ...converted, facts, provenance });
  } catch (error) {
    damaged = error instanceof MadderError && error.kind === 'network';
    throw error;
  } finally {
    // What is no network now will not be one after another attempt that begins with the same pieces.
    await (damaged ? remote.discard() : remote.close());
  }
}

/** @throws MadderError `network` where a file of this size cannot be the source's */
export function checkSize(source: CatalogueSource, size: number): void {
  const { bytes, approximateBytes } = source;
  const wrong =
    bytes === undefined
      ? approximateBytes !== undefined && Math.abs(size - approximateBytes) > ROUGHLY * approximateBytes
      : size !== bytes;
  if (!wrong) return;
  const expected = bytes ?? `about ${approximateBytes}`;
  throw new MadderError('network', `${fileName(source.url)} has ${size} bytes instead of ${expected}.`);
}

/** What a hash was compared with. */
export const hashCheck = (expected: string | undefined): Provenance['hashCheck'] =>
  expected === undefined ? 'none' : expected.length === 64 ? 'whole' : 'beginning';

/** What the catalogue says of a network, as its manifest has it. */
export function factsOf(entry: CatalogueEntry) {
  const { sources: _sources, layers: _layers, architecture: _architecture, ...facts } = entry;
  return facts;
}

/** The chosen layers that a network has which was cut off; its own choice where it has none of them. */
function layersWithin(template: WeightsPlan['template'], { styleLayers, contentLayers }: CatalogueEntry) {
  const within = (chosen: Readonly<Record<string, number>>, otherwise: Readonly<Record<string, number>>) => {
    const present = Object.entries(chosen).filter(([name]) => template.layers.some((layer) => layer.name === name));
    return present.length > 0 ? Object.fromEntries(present) : otherwise;
  };
  return {
    styleLayers: within(styleLayers, template.styleLayers),
    contentLayers: within(contentLayers, template.contentLayers),
  };
}

/** The last part of an address's path. */
const fileName = (url: string): string => basename(decodeURIComponent(new URL(url).pathname));

const partialName = (id: string, url: string): string =>
  `${id}-${createHash('sha256').update(url).digest('hex').slice(0, 8)}`;

const lengthOf = (ranges: readonly Range[]): number => ranges.reduce((sum, { begin, end }) => sum + end - begin, 0);

async function removeIfEmpty(folder: string): Promise<void> {
  if (existsSync(folder) && (await readdir(folder)).length === 0) await rm(folder, { recursive: true });
}

/** Speed is that of the last seconds. */
const WINDOW_MS = 5000;
/** Shortest time between two reports, ms. */
const REPORT_MS = 200;

/** Counts bytes and says how fast they come, a few times a second. */
class Progress {
  readonly #report: (event: Extract<DownloadEvent, { type: 'progress' }>) => void;
  readonly #samples: { readonly time: number; readonly done: number }[] = [];
  #done = 0;
  #total: number | undefined;
  /** Nothing is said while the table of contents is read. */
  #silent = true;
  #reported = -Infinity;

  constructor(report: (event: Extract<DownloadEvent, { type: 'progress' }>) => void) {
    this.#report = report;
  }

  /** From now on `total` bytes (undefined: who knows) are expected, `done` of which are there. */
  expect(total: number | undefined, done = 0): void {
    this.#silent = false;
    this.#total = total;
    this.#done = done;
    this.#samples.length = 0;
    this.#reported = -Infinity;
  }

  add(bytes: number): void {
    const time = performance.now();
    if (this.#samples.length === 0) this.#samples.push({ time, done: this.#done });
    this.#done += bytes;
    if (this.#silent || time - this.#reported < REPORT_MS) return;
    this.#samples.push({ time, done: this.#done });
    while (this.#samples.length > 2 && time - this.#samples[0]!.time > WINDOW_MS) this.#samples.shift();
    this.#say(time);
  }

  /** Everything is there. */
  end(): void {
    this.#done = this.#total ?? this.#done;
    this.#say(performance.now());
  }

  #say(time: number): void {
    this.#reported = time;
    const first = this.#samples[0];
    const seconds = first ? (time - first.time) / 1000 : 0;
    const bytesPerSecond = first && seconds > 0 ? (this.#done - first.done) / seconds : 0;
    const total = this.#total;
    const left = total === undefined ? undefined : Math.max(0, total - this.#done);
    const secondsLeft = left === 0 ? 0 : left !== undefined && bytesPerSecond > 0 ? left / bytesPerSecond : undefined;
    this.#report({ type: 'progress', done: this.#done, total, bytesPerSecond, secondsLeft });
  }
}
