/** Feature visualization: makes the pictures that a record lacks. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { sameFeature, type Feature, type FeatureKey, type FeatureProgress } from '../../../../shared/visualization.ts';
import { workInEngine, type EngineWorkOptions } from '../engine-work.ts';
import type { FeaturesRecord } from '../record.ts';
import { makeFolder, RecordKeeper } from '../record-keeper.ts';

/** Where pictures go, beside the record. */
export const FEATURES_FOLDER = 'pictures';

export interface VisualizationProgress extends FeatureKey {
  /** Pictures made, of all. */
  readonly done: number;
  readonly total: number;
  /** Steps of the picture that is being made. */
  readonly iteration: number;
  readonly secondsLeft: number;
}

export interface RunVisualizationOptions extends EngineWorkOptions {
  readonly onProgress?: (progress: VisualizationProgress) => void;
  /** A picture is made; the record with it is in its file, or will be at once. */
  readonly onFeature?: (feature: Feature) => void;
  readonly threads?: number;
}

/**
 * Makes what a record lacks and keeps the record in its file, which after every picture is a whole one to go on from. A
 * picture whose file is gone is made again.
 * @param file the record's; its folder is made where it is missing
 * @returns the record, without `finishedAt` where the signal ended the work
 * @throws MadderError for what cannot be made or kept; what was made until then is in the file
 */
export async function runVisualization(
  begun: FeaturesRecord,
  file: string,
  options: RunVisualizationOptions = {},
): Promise<FeaturesRecord> {
  const { onProgress, onFeature, threads, ...work } = options;
  const folder = join(resolve(dirname(file)), FEATURES_FOLDER);
  await makeFolder(folder);
  let record: FeaturesRecord = {
    ...begun,
    features: begun.features.filter((feature) => existsSync(join(folder, feature.file))),
  };
  const keeper = new RecordKeeper(file);
  await keeper.keep(record);
  const counter = new Counter(record);
  const { settings, networks } = record;
  const left = () =>
    record.wanted.flatMap((key, place) =>
      record.features.some((feature) => sameFeature(feature, key)) ? [] : [{ ...key, file: fileName(key, place) }],
    );
  try {
    const completed = await workInEngine(
      {
        begin: () => ({
          type: 'visualize',
          job: { settings, networks, wanted: left(), folder, ...(threads === undefined ? {} : { threads }) },
        }),
        hear: (event) => {
          if (event.type === 'feature-progress') onProgress?.(counter.during(event.progress));
          if (event.type !== 'feature') return false;
          record = { ...record, features: inOrder(record.wanted, [...record.features, event.feature]) };
          // A failure shows when the last state is kept.
          keeper.keep(record).catch(() => {});
          onFeature?.(event.feature);
          onProgress?.(counter.after(event.feature));
          return true;
        },
      },
      work,
    );
    if (completed) record = { ...record, finishedAt: new Date().toISOString() };
  } finally {
    await keeper.keep(record);
  }
  return record;
}

/** In the order in which the study names them, also where one was made again. */
const inOrder = (wanted: readonly FeatureKey[], features: readonly Feature[]): Feature[] =>
  wanted.flatMap((key) => features.filter((feature) => sameFeature(feature, key)));

/** Its place first: layers of ONNX files are called anything, and two of them may be written alike. */
function fileName({ network, layer, aim, channel, prior }: FeatureKey, place: number): string {
  const what = aim === 'layer' ? 'whole' : `${aim}-${channel}`;
  const words = `${network}-${layer}-${what}-${prior}`.replaceAll(/[^A-Za-z0-9._-]+/g, '-');
  return `${String(place + 1).padStart(4, '0')}-${words}.png`;
}

/** Pictures made and the time that the others will take, if they take as long as those of this session did. */
class Counter {
  readonly #total: number;
  readonly #before: number;
  readonly #began = performance.now();
  #done: number;

  constructor({ wanted, features }: FeaturesRecord) {
    this.#total = wanted.length;
    this.#before = features.length;
    this.#done = features.length;
  }

  during({ value: _, iterations, ...progress }: FeatureProgress): VisualizationProgress {
    const made = this.#done - this.#before + progress.iteration / iterations;
    const each = (performance.now() - this.#began) / 1000 / made;
    const left = this.#total - this.#before - made;
    return { ...progress, done: this.#done, total: this.#total, secondsLeft: Math.max(0, each * left) };
  }

  after({ network, layer, aim, channel, prior }: Feature): VisualizationProgress {
    this.#done++;
    const each = (performance.now() - this.#began) / 1000 / (this.#done - this.#before);
    return {
      ...{ network, layer, aim, prior, iteration: 0, done: this.#done, total: this.#total },
      ...(channel === undefined ? {} : { channel }),
      secondsLeft: each * (this.#total - this.#done),
    };
  }
}

/**
 * The largest relative difference between the numbers of two records of one study; Infinity where one lacks some of them.
 */
export function largestFeatureDifference(a: FeaturesRecord, b: FeaturesRecord): number {
  if (a.features.length !== b.features.length) return Infinity;
  let largest = 0;
  for (const own of a.features) {
    const other = b.features.find((feature) => sameFeature(feature, own));
    if (!other) return Infinity;
    for (const name of ['before', 'after', 'unit', 'variation'] as const) {
      const scale = Math.max(Math.abs(own[name]), Math.abs(other[name]));
      if (scale > 0) largest = Math.max(largest, Math.abs(own[name] - other[name]) / scale);
    }
  }
  return largest;
}
