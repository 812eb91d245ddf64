/** The study of layer robustness: from a request to a record, and from a record on, or again. */
import { statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { loadNetwork } from '../../engine/networks/load.ts';
import { findLayer, type Network } from '../../engine/networks/network.ts';
import { MadderError } from '../../../shared/errors.ts';
import {
  isComplete,
  robustnessSettingsSchema,
  sameKey,
  withFinding,
  type Finding,
  type MeasurementKey,
  type RobustnessSettings,
  type StudyNetwork,
} from '../../../shared/robustness.ts';
import { problemWords } from '../../../shared/recipe-words.ts';
import { findInstalled } from '../networks.ts';
import { applicationVersion } from '../resources.ts';
import { measureInEngine } from './measurement.ts';
import { freeKey } from './keys.ts';
import { findPhotos } from './photos.ts';
import { RECORD_VERSION, type RobustnessRecord } from './record.ts';
import { makeFolder, RecordKeeper } from './record-keeper.ts';

/** Where a study keeps its record, and pictures beside it. */
export const RECORD_FILE = 'record.json';
const PICTURES_FOLDER = 'pictures';

/** What is measured unless a person says otherwise. */
export const ROBUSTNESS_DEFAULTS = {
  ...{ size: 64, epsilon: 0.5, steps: 20, stepLength: 1, restarts: 1, noiseDraws: 4, seed: 0, count: 32 },
} as const;

/** Layers to be measured, of all networks or of one. */
export interface LayerChoice {
  /** A network as it is named in the request, or its id; all that have no choice of their own where missing. */
  readonly network?: string;
  readonly layers: readonly string[];
}

export interface RobustnessRequest {
  /** Ids or files. */
  readonly networks: readonly string[];
  /** A network without a choice is measured at the layers that it suggests for style. */
  readonly layers: readonly LayerChoice[];
  /** Files and folders. */
  readonly photos: readonly string[];
  /** Photos at most. */
  readonly count: number;
  readonly settings: RobustnessSettings;
}

/**
 * Looks at everything that a study names and writes its record, with nothing measured yet.
 * @returns the record, and what a person should know, one sentence each
 * @throws MadderError `input` or `network` in one sentence for anything that cannot be used
 */
export async function planRobustness(
  request: RobustnessRequest,
): Promise<{ record: RobustnessRecord; notes: string[] }> {
  const settings = robustnessSettingsSchema.safeParse(request.settings, { reportInput: true });
  if (!settings.success) {
    throw new MadderError('input', `These settings cannot be used: ${problemWords(settings.error)}.`);
  }
  const { networks, notes } = await openNetworks(request);
  const found = await findPhotos(request.photos, request.count, request.settings.seed);
  const record: RobustnessRecord = {
    version: RECORD_VERSION,
    kind: 'robustness',
    program: applicationVersion(),
    createdAt: new Date().toISOString(),
    photos: found.photos,
    networks,
    settings: settings.data,
    measurements: [],
    worstCases: [],
  };
  return { record, notes: [...notes, ...found.notes] };
}

async function openNetworks({ networks: names, layers }: RobustnessRequest) {
  const networks: StudyNetwork[] = [];
  const notes: string[] = [];
  const used = new Set<LayerChoice>();
  for (const name of names) {
    const path = await findInstalled(name);
    const network = await loadNetwork(path);
    const { id, sha256, manifest } = network;
    if (networks.some((other) => other.sha256 === sha256)) {
      throw new MadderError('input', `The network ${name} is given twice; leave one out.`);
    }
    if (manifest.normalization.assumed) {
      notes.push(`${network.name} does not say how it wants its pictures; ImageNet's mean and deviation are assumed.`);
    }
    const choice =
      layers.find((c) => c.network !== undefined && [name, id].includes(c.network)) ??
      layers.find((c) => c.network === undefined);
    if (choice) used.add(choice);
    networks.push({
      ...{ key: freeKey(id, networks), id, name: network.name, sha256 },
      // A file is found again wherever the study is gone on with.
      path: statSync(path, { throwIfNoEntry: false })?.isFile() ? resolve(path) : path,
      normalization: manifest.normalization,
      layers: chosenLayers(network, choice?.layers),
    });
  }
  const stray = layers.find((choice) => choice.network !== undefined && !used.has(choice));
  if (stray) {
    throw new MadderError(
      'input',
      `Layers are given for ${stray.network}, which is none of the networks ${names.join(', ')}; correct its name.`,
    );
  }
  return { networks, notes };
}

/** From fine to coarse, each once. */
function chosenLayers(network: Network, names: readonly string[] = Object.keys(network.styleLayers)): string[] {
  const chosen = new Set(names.map((name) => findLayer(network, name)));
  return network.layers.filter((layer) => chosen.has(layer)).map(({ name }) => name);
}

/** The same study with nothing measured: what it finds can be held against the record. */
export function repeatOf({ finishedAt: _, ...record }: RobustnessRecord): RobustnessRecord {
  return {
    ...record,
    program: applicationVersion(),
    createdAt: new Date().toISOString(),
    measurements: [],
    worstCases: [],
  };
}

export interface RobustnessProgress extends MeasurementKey {
  /** Attacks done, of all. */
  readonly done: number;
  readonly total: number;
  readonly secondsLeft: number;
}

export interface RunOptions {
  readonly onProgress?: (progress: RobustnessProgress) => void;
  /** Something a person should know, one sentence. */
  readonly onNote?: (note: string) => void;
  /** Ends the work before the next graph run; what was found is kept. */
  readonly signal?: AbortSignal;
  /** Keep pictures of each layer's worst case in the record's folder. */
  readonly pictures?: boolean;
  readonly threads?: number;
  /** The engine's module, where it is not beside its client. */
  readonly entry?: string;
}

/**
 * Measures what a record lacks and keeps the record in its file, which after every finding is a whole one to go on from.
 * @param file the record's; its folder is made where it is missing
 * @returns the record, without `finishedAt` where the signal ended the work
 * @throws MadderError for what cannot be measured or kept; what was found until then is in the file
 */
export async function runRobustness(
  begun: RobustnessRecord,
  file: string,
  options: RunOptions = {},
): Promise<RobustnessRecord> {
  const { onProgress, signal, pictures: wantsPictures = false, threads, onNote, entry } = options;
  const pictures = join(resolve(dirname(file)), PICTURES_FOLDER);
  await makeFolder(wantsPictures ? pictures : dirname(file));
  let record = begun;
  const keeper = new RecordKeeper(file);
  await keeper.keep(record);
  const progress = new ProgressCounter(begun);
  const { settings, photos, networks, measurements } = begun;
  try {
    const completed = await measureInEngine(
      {
        ...{ settings, photos, networks, from: measurements },
        ...(wantsPictures ? { pictures } : {}),
        ...(threads === undefined ? {} : { threads }),
      },
      {
        onFinding: (finding) => {
          record = { ...record, measurements: withFinding(record.measurements, finding) };
          // A failure shows when the last state is kept.
          keeper.keep(record).catch(() => {});
          if (finding.kind === 'photo') onProgress?.(progress.after(finding));
        },
        onWorstCase: (worst) => {
          const others = record.worstCases.filter((other) => !sameKey(other, worst));
          record = { ...record, worstCases: [...others, worst] };
        },
        ...(onNote ? { onNote } : {}),
        ...(signal ? { signal } : {}),
        ...(entry === undefined ? {} : { entry }),
      },
    );
    if (completed) record = { ...record, finishedAt: new Date().toISOString() };
  } finally {
    await keeper.keep(record);
  }
  return record;
}

/** Attacks done and the time that the others will take, if they take as long as those of this session did. */
class ProgressCounter {
  readonly #total: number;
  readonly #before: number;
  readonly #began = performance.now();
  #done: number;

  constructor(record: RobustnessRecord) {
    this.#total = attacksOf(record);
    this.#before = attacksDone(record);
    this.#done = this.#before;
  }

  after({ network, layer, statistic }: Finding): RobustnessProgress {
    this.#done++;
    const each = (performance.now() - this.#began) / 1000 / (this.#done - this.#before);
    return {
      ...{ network, layer, statistic, done: this.#done, total: this.#total },
      secondsLeft: each * (this.#total - this.#done),
    };
  }
}

/** Attacks that a study consists of. */
export const attacksOf = ({ networks, photos, settings }: RobustnessRecord): number =>
  networks.reduce((sum, { layers }) => sum + layers.length, 0) * photos.length * settings.statistics.length;

/** Attacks that it has behind it. */
export const attacksDone = ({ measurements }: RobustnessRecord): number =>
  measurements.reduce((sum, { attacked }) => sum + attacked.length, 0);

/**
 * The largest relative difference between the numbers of two records of one study; Infinity where one lacks some of them.
 */
export function largestDifference(a: RobustnessRecord, b: RobustnessRecord): number {
  let largest = 0;
  for (const own of a.measurements) {
    const other = b.measurements.find((m) => sameKey(m, own));
    if (!other || !isComplete(own, a.photos.length) || !isComplete(other, b.photos.length)) return Infinity;
    for (const name of ['attacked', 'noise', 'pairs'] as const) {
      if (own[name].length !== other[name].length) return Infinity;
      own[name].forEach((value, i) => {
        const difference = Math.abs(value - other[name][i]!);
        if (difference > 0) largest = Math.max(largest, difference / Math.max(value, other[name][i]!));
      });
    }
  }
  return a.measurements.length === b.measurements.length ? largest : Infinity;
}
