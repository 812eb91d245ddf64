/** The study of layer robustness in the laboratory. */
import { summarise, type RobustnessSummary } from '../../../engine/measures/robustness.ts';
import { MadderError } from '../../../../shared/errors.ts';
import { isComplete, measurementOf, sameKey, type LayerMeasurement } from '../../../../shared/robustness.ts';
import { exportRobustness } from '../../studies/export.ts';
import type { RobustnessRecord } from '../../studies/record.ts';
import {
  attacksDone,
  attacksOf,
  largestDifference,
  planRobustness,
  repeatOf,
  runRobustness,
} from '../../studies/robustness.ts';
import type { StudyDriver } from './driver.ts';

/** Pictures of one worst case: the photo, what it became, and the difference. */
const PICTURES = ['original', 'attacked', 'difference'] as const;

export const robustnessDriver: StudyDriver<'robustness'> = {
  onDevice: false,

  async plan({ networks, photos, settings }, { source, network }) {
    const files = [];
    for (const photo of photos) files.push(await source(photo));
    return planRobustness({
      networks: networks.map(({ id }) => network(id)),
      layers: networks.flatMap(({ id, layers }) => (layers ? [{ network: id, layers }] : [])),
      photos: files,
      count: files.length,
      settings,
    });
  },

  run(record, file, { onProgress, signal, onNote, threads, entry }) {
    return runRobustness(record, file, {
      ...{ signal, onNote, pictures: true },
      ...(threads === undefined ? {} : { threads }),
      ...(entry === undefined ? {} : { entry }),
      onProgress: ({ done, total, secondsLeft, network, layer }) =>
        onProgress({ done, total, secondsLeft, now: `${network} ${layer}` }),
    });
  },

  write: async (record, folder) => (await exportRobustness(record, folder)).notes,
  repeat: repeatOf,
  difference: largestDifference,
  progress: (record) => ({ done: attacksDone(record), total: attacksOf(record) }),

  view(record, picture) {
    const { settings, photos, networks, worstCases } = record;
    return {
      sources: photos.map(({ name }) => name),
      networks: networks.map(({ name }) => name),
      robustness: {
        settings,
        photos: photos.map(({ name }) => name),
        networks: networks.map(({ key, id, name, layers }) => ({ key, id, name, layers })),
        results: complete(record).map((measurement) => {
          const { network, layer, statistic, robustness, ratio } = summaryOf(measurement, settings.seed);
          return { network, layer, statistic, robustness, ratio };
        }),
        worst: worstCases.map((worst) => {
          const { network, layer, statistic, photo, amplification } = worst;
          const [original, attacked, difference] = PICTURES.map((_, i) => picture(placeOf(record, worst, i)));
          return {
            ...{ network, layer, statistic, amplification, photo: photos[photo]?.name ?? '' },
            ...{ original: original!, attacked: attacked!, difference: difference! },
          };
        }),
      },
    };
  },

  originals: () => [],
  longSide: ({ settings }) => settings.size,

  pictures: (record) =>
    new Map(
      record.worstCases.flatMap((worst) =>
        PICTURES.map((name, i) => [placeOf(record, worst, i), `pictures/${worst[name]}`] as const),
      ),
    ),

  recipe() {
    throw new MadderError('input', 'This study paints no pictures, so that it has no recipe for the studio.');
  },
  pick() {
    throw new MadderError('input', 'This study has no pictures to pick from.');
  },

  thumbnail(record) {
    const [worst] = record.worstCases;
    return worst && placeOf(record, worst, 1);
  },

  uses: ({ photos, networks }) => ({
    pictures: photos.map(({ sha256 }) => sha256),
    networks: networks.map(({ id }) => id),
  }),
};

type Key = RobustnessRecord['worstCases'][number];

/** Pictures are numbered by what they show, whenever they were made. */
function placeOf({ networks, settings }: RobustnessRecord, key: Key, picture: number): number {
  const keys = networks.flatMap((network) =>
    network.layers.flatMap((layer) =>
      settings.statistics.map((statistic) => ({ network: network.key, layer, statistic })),
    ),
  );
  return keys.findIndex((other) => sameKey(other, key)) * PICTURES.length + picture;
}

/** In the record's order. */
const complete = ({ networks, settings, measurements, photos }: RobustnessRecord): LayerMeasurement[] =>
  networks
    .flatMap(({ key, layers }) =>
      layers.flatMap((layer) =>
        settings.statistics.map((statistic) => measurementOf(measurements, { network: key, layer, statistic })),
      ),
    )
    .filter((measurement) => isComplete(measurement, photos.length));

/** Intervals take thousands of resamplings: each measurement's are computed once while the program runs. */
const known = new Map<string, RobustnessSummary>();
const MOST_KNOWN = 2000;

function summaryOf(measurement: LayerMeasurement, seed: number): RobustnessSummary {
  const key = JSON.stringify([seed, measurement]);
  const before = known.get(key);
  if (before) return before;
  const summary = summarise(measurement, seed);
  if (known.size >= MOST_KNOWN) known.delete(known.keys().next().value!);
  known.set(key, summary);
  return summary;
}
