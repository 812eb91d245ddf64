import { Command, InvalidArgumentError, Option } from 'commander';
import { exportVisualization } from '../../services/studies/visualization/export.ts';
import { planVisualization, repeatOfVisualization } from '../../services/studies/visualization/plan.ts';
import {
  largestFeatureDifference,
  runVisualization,
  type VisualizationProgress,
} from '../../services/studies/visualization/run.ts';
import { readRecordOf, type FeaturesRecord } from '../../services/studies/record.ts';
import { MadderError } from '../../../shared/errors.ts';
import { poolingKindSchema, type PoolingKind } from '../../../shared/network-manifest.ts';
import { changeRewrites } from '../../../shared/recipe-changes.ts';
import { SHORTCUTS, STRIDES, type Shortcuts, type Strides } from '../../../shared/rewrites.ts';
import {
  PRIOR_NAMES,
  PRIORS,
  VISUALIZATION_DEFAULTS,
  type FeatureKey,
  type VisualizationRequest,
} from '../../../shared/visualization.ts';
import { number, optional, whole } from './options.ts';
import { writeJson } from './output.ts';
import {
  beginStudy,
  carryOut,
  determining,
  layersOption,
  list,
  studyOptions,
  type LayersOption,
  type StudyOptions,
} from './study-common.ts';
import { tableOf } from './table.ts';

type PriorName = (typeof PRIOR_NAMES)[number];

interface FeaturesOptions extends StudyOptions {
  network?: string[];
  layer?: LayersOption[];
  channels?: number[] | number | 'all';
  whole: boolean;
  neuron: boolean;
  priors: PriorName[];
  variation: number;
  size: number;
  iterations: number;
  seed: number;
  pooling?: PoolingKind;
  shortcuts?: Shortcuts;
  strides?: Strides;
}

const FOLDER = 'madder-features';

/** `madder study features` */
export function featuresCommand(): Command {
  const { size, iterations, seed } = VISUALIZATION_DEFAULTS;
  const command = new Command('features')
    .description('make pictures that channels or layers of networks answer to as strongly as they can')
    .option('--network <list>', 'ids or files, with commas between them', list)
    .option(
      '--layer <list>',
      'layers of all networks, or NETWORK=list for one; see "madder networks show"',
      layersOption,
    )
    .option('--channels <list>', 'channels by number, "first:N", or "all" (first:8)', channels)
    .option('--whole', "the whole layer instead: the squares of all its values, which is DeepDream's", false)
    .option('--neuron', "a channel's answer in the middle of the picture instead of everywhere", false)
    .option('--priors <list>', `${PRIOR_NAMES.join(', ')}, or both: what pictures are made of`, priors, [
      ...PRIOR_NAMES,
    ])
    .option('--variation <number>', 'weight of smoothness against the answer', number(0), 0)
    .option('--size <px>', 'side of the pictures', whole(16), size)
    .option('--iterations <number>', 'steps for each picture', whole(1), iterations)
    .option('--seed <number>', 'of the noise that they begin with', whole(0), seed)
    .addOption(new Option('--pooling <kind>', "exchange the networks' pooling").choices(poolingKindSchema.options))
    .addOption(new Option('--shortcuts <kind>', 'what strided shortcuts of ResNets read').choices(SHORTCUTS))
    .addOption(new Option('--strides <kind>', 'how other convolutions take their strides').choices(STRIDES));
  studyOptions(command, FOLDER).action(async (options: FeaturesOptions) => {
    process.exitCode = await studyFeatures(options, determining(command));
  });
  return command;
}

async function studyFeatures(options: FeaturesOptions, given: readonly string[]): Promise<number> {
  const begun = await beginStudy<FeaturesRecord>({
    ...{ options, given, folder: FOLDER, repeat: repeatOfVisualization },
    plan: () => planVisualization(requestOf(options)),
    read: (path) => readRecordOf(path, 'features'),
  });
  const onFeature = (feature: object): void => writeJson({ type: 'feature', ...feature });
  return carryOut<FeaturesRecord, VisualizationProgress>(begun, {
    ...{ command: 'features', options, exportTo: exportVisualization, difference: largestFeatureDifference },
    where: nameOf,
    run: (record, file, carrying) =>
      runVisualization(record, file, { ...carrying, ...(options.json ? { onFeature } : {}) }),
    summary: () => ({}),
    print: printTable,
    made: 'Record, pictures, tables and contact sheet',
    reached: ({ features, wanted }) => `${features.length} of ${wanted.length} pictures`,
  });
}

function requestOf(options: FeaturesOptions): VisualizationRequest {
  const { network, layer, whole: wholeLayer, neuron, priors: names, variation, size, iterations, seed } = options;
  if (network === undefined || layer === undefined) {
    throw new MadderError(
      'input',
      'Give a network with --network and its layer with --layer, or a record with --record.',
    );
  }
  if (wholeLayer && (neuron || options.channels !== undefined)) {
    throw new MadderError('input', '--whole is about all channels together; leave out --channels and --neuron.');
  }
  const { pooling, shortcuts, strides } = options;
  const changes = {
    ...optional('pooling', pooling),
    ...optional('shortcuts', shortcuts),
    ...optional('strides', strides),
  };
  return {
    networks: network,
    layers: layer,
    aim: wholeLayer ? 'layer' : neuron ? 'neuron' : 'channel',
    ...optional('channels', options.channels),
    settings: {
      ...{ size, iterations, seed },
      rewrites: changeRewrites([], changes),
      priors: names.map((name) => ({ ...PRIORS[name], variation })),
    },
  };
}

/** `0,5,7`, `first:12` or `all`. */
function channels(text: string): number[] | number | 'all' {
  if (text === 'all') return text;
  const first = /^first:(\d+)$/.exec(text);
  return first ? whole(1)(first[1]!) : list(text).map(whole(0));
}

function priors(text: string): PriorName[] {
  return list(text).map((name) => {
    const known = PRIOR_NAMES.find((prior) => prior === name);
    if (!known) throw new InvalidArgumentError(`Expected ${PRIOR_NAMES.join(' or ')}.`);
    return known;
  });
}

/** `madder-vgg relu3_1 5, plain` */
const nameOf = ({ network, layer, aim, channel, prior }: FeatureKey): string =>
  `${network} ${layer} ${aim === 'layer' ? 'whole' : channel}, ${prior}`;

function printTable({ features }: FeaturesRecord): void {
  const rows = features.map(({ network, layer, aim, channel, prior, before, after, unit }) => [
    ...[network, layer, aim === 'layer' ? 'whole' : `${channel}${aim === 'neuron' ? ', middle' : ''}`, prior],
    ...[before, after].map((value) => value.toPrecision(3)),
    (after / (aim === 'layer' ? unit ** 2 : unit)).toFixed(1),
  ]);
  console.log(tableOf([['network', 'layer', 'channel', 'prior', 'at first', 'at last', 'over noise'], ...rows]));
  console.log("\nOver noise: the answer in units of the root mean square of the layer's values for noise.");
}
