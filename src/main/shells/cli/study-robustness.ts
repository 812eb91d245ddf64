import { Command } from 'commander';
import { exportRobustness } from '../../services/studies/export.ts';
import { readRecordOf, type RobustnessRecord } from '../../services/studies/record.ts';
import {
  attacksDone,
  attacksOf,
  largestDifference,
  planRobustness,
  repeatOf,
  ROBUSTNESS_DEFAULTS,
  runRobustness,
  type RobustnessProgress,
} from '../../services/studies/robustness.ts';
import { summaries } from '../../services/studies/tables.ts';
import { MadderError } from '../../../shared/errors.ts';
import { number, whole } from './options.ts';
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

interface RobustnessOptions extends StudyOptions {
  networks?: string[];
  layers?: LayersOption[];
  photos?: string[];
  eps: number;
  steps: number;
  stepLength: number;
  restarts: number;
  noiseDraws: number;
  size: number;
  count: number;
  seed: number;
  gram: boolean;
  pictures: boolean;
}

/** Where records go that nobody names a folder for. */
const FOLDER = 'madder-robustness';

/** `madder study robustness` */
export function robustnessCommand(): Command {
  const { size, epsilon, steps, stepLength, restarts, noiseDraws, seed, count } = ROBUSTNESS_DEFAULTS;
  const command = new Command('robustness')
    .description('measure R(f): how far a small change of a photo can move the layers of networks')
    .option('--networks <list>', 'ids or files, with commas between them', list)
    .option('--layers <list>', 'layers of all networks, or NETWORK=list for one; may be given again', layersOption)
    .option('--photos <path...>', 'pictures, or folders of them')
    .option('--count <number>', 'photos at most, drawn by the seed', whole(2), count)
    .option('--eps <radius>', 'radius of the L2 ball, the picture being 0 to 1', number(0), epsilon)
    .option('--steps <number>', 'gradient steps of an attack', whole(1), steps)
    .option('--step-length <number>', 'length of a step, in radii', number(0), stepLength)
    .option('--restarts <number>', 'random starts of an attack', whole(1), restarts)
    .option('--noise-draws <number>', 'random changes that attacks are compared with', whole(1), noiseDraws)
    .option('--size <px>', 'side of the squares that photos are brought to', whole(8), size)
    .option('--seed <number>', 'repeats the same random numbers', whole(0), seed)
    .option('--gram', "measure the layers' Gram matrices too, which is what style is", false)
    .option('--pictures', "keep pictures of each layer's worst case", false);
  return studyOptions(command, FOLDER).action(async (options: RobustnessOptions) => {
    process.exitCode = await studyRobustness(options, determining(command, ['pictures']));
  });
}

async function studyRobustness(options: RobustnessOptions, given: readonly string[]): Promise<number> {
  const begun = await beginStudy<RobustnessRecord>({
    ...{ options, given, folder: FOLDER, repeat: repeatOf },
    plan: () => planRobustness(requestOf(options)),
    read: (path) => readRecordOf(path, 'robustness'),
  });
  return carryOut<RobustnessRecord, RobustnessProgress>(begun, {
    ...{ command: 'robustness', options, exportTo: exportRobustness, difference: largestDifference },
    where: ({ network, layer }) => `${network} ${layer}`,
    run: (record, file, carrying) => runRobustness(record, file, { ...carrying, pictures: options.pictures }),
    summary: (record) => ({ results: summaries(record) }),
    print: printTable,
    made: 'Record, tables and figure',
    reached: (record) => `${attacksDone(record)} of ${attacksOf(record)} attacks`,
  });
}

function requestOf(options: RobustnessOptions) {
  const { networks, layers = [], photos, count, eps, gram } = options;
  if (networks === undefined || photos === undefined) {
    throw new MadderError(
      'input',
      'Give networks with --networks and photos with --photos, or a record with --record.',
    );
  }
  const { size, steps, stepLength, restarts, noiseDraws, seed } = options;
  const statistics: ('features' | 'gram')[] = gram ? ['features', 'gram'] : ['features'];
  const settings = { size, epsilon: eps, steps, stepLength, restarts, noiseDraws, seed, statistics };
  return { networks, layers, photos, count, settings };
}

function printTable(record: RobustnessRecord): void {
  const { epsilon, size, steps, statistics } = record.settings;
  const gram = statistics.includes('gram');
  const all = summaries(record);
  const rows = all
    .filter(({ statistic }) => statistic === 'features')
    .map(({ network, layer, robustness, ratio }) => {
      const ofGram = all.find((s) => s.statistic === 'gram' && s.network === network && s.layer === layer);
      return [
        ...[network, layer, estimate(robustness), ratio.value.toFixed(1)],
        ...(gram ? [ofGram ? estimate(ofGram.robustness) : '-', ofGram?.ratio.value.toFixed(1) ?? '-'] : []),
      ];
    });
  const head = ['network', 'layer', 'R(f)', 'over noise', ...(gram ? ['R(Gram)', 'over noise'] : [])];
  console.log(tableOf([head, ...rows]));
  console.log(
    `\n95 % intervals over ${record.photos.length} photos; L2 ball of radius ${epsilon} at ${size} px, ${steps} steps. Lower is more robust.`,
  );
}

/** `0.412 (0.380 to 0.451)` */
const estimate = ({ value, low, high }: { value: number; low: number; high: number }): string =>
  `${value.toPrecision(3)} (${low.toPrecision(3)} to ${high.toPrecision(3)})`;
