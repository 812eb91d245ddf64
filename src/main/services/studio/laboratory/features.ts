/** Feature visualization in the laboratory. */
import { MadderError } from '../../../../shared/errors.ts';
import type { Sheet } from '../../../../shared/studio/studies.ts';
import { sameFeature, type FeatureKey } from '../../../../shared/visualization.ts';
import type { FeaturesRecord } from '../../studies/record.ts';
import { exportVisualization } from '../../studies/visualization/export.ts';
import { planVisualization, repeatOfVisualization } from '../../studies/visualization/plan.ts';
import { FEATURES_FOLDER, largestFeatureDifference, runVisualization } from '../../studies/visualization/run.ts';
import type { StudyDriver } from './driver.ts';

export const featuresDriver: StudyDriver<'features'> = {
  onDevice: false,

  plan: ({ networks, aim, channels, settings }, { network }) =>
    planVisualization({
      networks: networks.map(({ id }) => network(id)),
      layers: networks.map(({ id, layers }) => ({ network: id, layers })),
      ...{ aim, channels, settings },
    }),

  run: (record, file, { onProgress, onChange, signal, onNote, threads, entry }) =>
    runVisualization(record, file, {
      ...{ signal, onNote, onFeature: onChange },
      ...(threads === undefined ? {} : { threads }),
      ...(entry === undefined ? {} : { entry }),
      onProgress: ({ done, total, secondsLeft, network, layer, channel, prior }) =>
        onProgress({ done, total, secondsLeft, now: [network, layer, channel, prior].filter(isSaid).join(' ') }),
    }),

  write: async (record, folder) => (await exportVisualization(record, folder)).notes,
  repeat: repeatOfVisualization,
  difference: largestFeatureDifference,
  progress: ({ features, wanted }) => ({ done: features.length, total: wanted.length }),

  view(record, picture) {
    const { networks, settings, features } = record;
    return {
      sources: [],
      networks: networks.map(({ name }) => name),
      sheet: {
        ...sheetOf(record, (key, place) => {
          const feature = features.find((other) => sameFeature(other, key));
          return {
            label: labelOf(record, key),
            picture: feature ? picture(place) : null,
            ...{ width: settings.size, height: settings.size, recipe: false },
            ...(feature ? { answer: { before: feature.before, after: feature.after }, seconds: feature.seconds } : {}),
          };
        }),
        originals: [],
        judges: [],
        curves: [],
      },
    };
  },

  originals: () => [],
  longSide: ({ settings }) => settings.size,

  pictures: ({ wanted, features }) =>
    new Map(
      wanted.flatMap((key, place) => {
        const feature = features.find((other) => sameFeature(other, key));
        return feature ? [[place, `${FEATURES_FOLDER}/${feature.file}`] as const] : [];
      }),
    ),

  recipe() {
    throw new MadderError('input', 'These pictures are no paintings, so that they have no recipe for the studio.');
  },
  pick() {
    throw new MadderError('input', 'These pictures are what they are; there is none to pick.');
  },

  thumbnail({ wanted, features }) {
    const [first] = features;
    return first && wanted.findIndex((key) => sameFeature(key, first));
  },

  uses: ({ networks }) => ({ pictures: [], networks: networks.map(({ id }) => id) }),
};

const isSaid = (value: string | number | undefined): value is string | number => value !== undefined;

/** What people call a channel, or what is made large instead of one. */
const channelOf = ({ channel, aim }: FeatureKey): string => (channel === undefined ? aim : String(channel));

function labelOf({ networks, settings }: FeaturesRecord, key: FeatureKey): string {
  const { network, layer, prior } = key;
  const name = networks.length > 1 ? networks.find((other) => other.key === network)?.name : undefined;
  return [name, layer, channelOf(key), settings.priors.length > 1 ? prior : undefined].filter(isSaid).join(' ');
}

type Axis = Sheet['axes'][number] & { readonly of: (key: FeatureKey) => string; readonly keys: readonly string[] };

/** Axes with one value say nothing and are left out, but for the last. */
function sheetOf(
  { networks, wanted }: FeaturesRecord,
  cell: (key: FeatureKey, place: number) => Omit<Sheet['cells'][number], 'id' | 'at'>,
): Pick<Sheet, 'axes' | 'cells'> {
  const axis = (name: string, label: string, of: Axis['of'], words = (key: string): string => key): Axis => {
    const keys = [...new Set(wanted.map(of))];
    return { name, label, of, keys, values: keys.map((key) => ({ label: words(key) })) };
  };
  const all = [
    axis(
      'network',
      'network',
      ({ network }) => network,
      (key) => networks.find((other) => other.key === key)?.name ?? key,
    ),
    axis('layer', 'layer', ({ layer }) => layer),
    axis('prior', 'prior', ({ prior }) => prior),
    axis('channel', 'channel', channelOf),
  ];
  const telling = all.filter(({ keys }, i) => keys.length > 1 || i === all.length - 1);
  return {
    axes: telling.map(({ name, label, values }) => ({ name, label, values })),
    cells: wanted.map((key, place) => ({
      id: String(place),
      at: telling.map(({ of, keys }) => keys.indexOf(of(key))),
      ...cell(key, place),
    })),
  };
}
