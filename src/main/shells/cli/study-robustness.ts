import cliProgress from 'cli-progress';
import { Command, InvalidArgumentError } from 'commander';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { freeName } from '../../services/painter.ts';
import { exportRobustness } from '../../services/studies/export.ts';
import { readRecord, type RobustnessRecord } from '../../services/studies/record.ts';
import {
  attacksDone,
  attacksOf,
  largestDifference,
  planRobustness,
  RECORD_FILE,
  repeatOf,
  ROBUSTNESS_DEFAULTS,
  runRobustness,
  type LayerChoice,
  type RobustnessProgress,
} from '../../services/studies/robustness.ts';
import { summaries } from '../../services/studies/tables.ts';
import { MadderError } from '../../../shared/errors.ts';
import { number, optional, whole } from './options.ts';
import { duration, INTERRUPTED, writeJson } from './output.ts';
import { tableOf } from './table.ts';

interface RobustnessOptions {
  networks?: string[];
  layers?: LayerChoice[];
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
  threads?: number;
  out?: string;
  record?: string;
  resume?: string;
  json: boolean;
}

/** Options that a record answers already. */
const DETERMINED = 'networks layers photos eps steps stepLength restarts noiseDraws size count seed gram'.split(' ');

/** `madder study robustness` */
export function robustnessCommand(): Command {
  const { size, epsilon, steps, stepLength, restarts, noiseDraws, seed, count } = ROBUSTNESS_DEFAULTS;
  return new Command('robustness')
    .description('measure R(f): how far a small change of a photo can move the layers of networks')
    .option('--networks <list>', 'ids or files, with commas between them', list)
    .option('--layers <list>', 'layers of all networks, or NETWORK=list for one; may be given again', choice)
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
    .option('--pictures', "keep pictures of each layer's worst case", false)
    .option('--threads <number>', 'processor threads', whole(1))
    .option('--out <folder>', 'where record, tables and figure go (madder-robustness, numbered if that exists)')
    .option('--record <file>', 'measure again what this record did')
    .option('--resume <file>', 'go on with the record of a study that was interrupted')
    .option('--json', 'print one JSON object a line, a summary last', false)
    .action(async (options: RobustnessOptions, command: Command) => {
      const given = DETERMINED.filter((name) => command.getOptionValueSource(name) === 'cli');
      process.exitCode = await studyRobustness(options, given);
    });
}

/** A study to be carried out. */
interface Begun {
  readonly record: RobustnessRecord;
  readonly file: string;
  readonly notes: readonly string[];
  /** The record that is repeated. */
  readonly original?: RobustnessRecord;
}

async function studyRobustness(options: RobustnessOptions, given: readonly string[]): Promise<number> {
  const { json, threads, pictures } = options;
  const { record, file, notes, original } = await begin(options, given);
  const note = (message: string) => {
    if (json) writeJson({ type: 'note', message });
    else process.stderr.write(`${message}\n`);
  };
  notes.forEach(note);
  const display = json ? jsonDisplay() : barDisplay();
  const controller = new AbortController();
  onInterrupt(() => controller.abort());
  let result: RobustnessRecord;
  try {
    result = await runRobustness(record, file, {
      onProgress: display.show,
      onNote: note,
      signal: controller.signal,
      pictures,
      ...optional('threads', threads),
    });
  } finally {
    display.end();
  }
  const folder = dirname(file);
  const exported = await exportRobustness(result, folder);
  exported.notes.forEach(note);
  const completed = result.finishedAt !== undefined;
  const difference = original && completed ? largestDifference(original, result) : undefined;
  if (json) {
    const results = summaries(result);
    writeJson({ type: 'done', completed, record: file, files: exported.files, difference, results });
  } else {
    printTable(result);
    if (difference !== undefined) console.log(`\nLargest relative difference from the record: ${difference}`);
    if (completed) process.stderr.write(`Record, tables and figure are in ${folder}\n`);
    else {
      const progress = `${attacksDone(result)} of ${attacksOf(result)} attacks`;
      process.stderr.write(
        `Stopped after ${progress}, which are kept; go on with: madder study robustness --resume ${file}\n`,
      );
    }
  }
  return completed ? 0 : INTERRUPTED;
}

async function begin(options: RobustnessOptions, given: readonly string[]): Promise<Begun> {
  const { record: repeated, resume, out } = options;
  const source = repeated ?? resume;
  if (source === undefined) {
    const folder = out ?? freeName('madder-robustness');
    const file = recordIn(folder);
    return { ...(await planRobustness(requestOf(options))), file };
  }
  if (repeated !== undefined && resume !== undefined) {
    throw new MadderError('input', '--record begins anew and --resume goes on; give one of them.');
  }
  if (given.length > 0) {
    const names = given.map((name) => `--${name.replaceAll(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`).join(', ');
    throw new MadderError('input', `The record says what to measure; leave out ${names}, or begin a new study.`);
  }
  const record = await readRecord(source);
  if (resume !== undefined) {
    if (out !== undefined)
      throw new MadderError('input', '--resume goes on in the folder of its record; leave out --out.');
    return { record, file: resume, notes: [] };
  }
  const file = recordIn(out ?? freeName('madder-robustness'));
  return { record: repeatOf(record), file, notes: [], original: record };
}

function recordIn(folder: string): string {
  const file = join(folder, RECORD_FILE);
  if (existsSync(file)) {
    throw new MadderError(
      'output',
      `${file} exists already; go on with it by --resume ${file}, or choose another folder with --out.`,
    );
  }
  return file;
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

/** Texts between commas. */
function list(text: string): string[] {
  const entries = text.split(',').map((entry) => entry.trim());
  if (entries.some((entry) => entry === '')) throw new InvalidArgumentError('Expected names with commas between them.');
  return entries;
}

/** `A,B` or `NETWORK=A,B`. */
function choice(text: string, before: readonly LayerChoice[] = []): LayerChoice[] {
  const at = text.lastIndexOf('=');
  const layers = list(text.slice(at + 1));
  return [...before, at < 0 ? { layers } : { network: text.slice(0, at), layers }];
}

/** Interrupts closer together than this are one key press. */
const SAME_KEY_PRESS_MS = 1000;

/**
 * The first Ctrl-C stops; a second one ends the program at once. Nobody stops listening: the other half of a key press may
 * arrive while tables are being written.
 */
function onInterrupt(stop: () => void): void {
  let interrupted: number | undefined;
  process.on('SIGINT', () => {
    const now = performance.now();
    // Programs that start others, npx among them, hand the terminal's Ctrl-C on: it arrives twice at once.
    if (interrupted !== undefined && now - interrupted > SAME_KEY_PRESS_MS) process.exit(INTERRUPTED);
    interrupted ??= now;
    stop();
  });
}

interface Display {
  readonly show: (progress: RobustnessProgress) => void;
  readonly end: () => void;
}

const jsonDisplay = (): Display => ({
  show: (progress) => writeJson({ type: 'progress', ...progress }),
  end: () => {},
});

/** A bar over all attacks; nothing moves where the error stream is not a terminal. */
function barDisplay(): Display {
  const bar = new cliProgress.SingleBar({
    format: '{bar} {value} of {total}  {where}  {left} left',
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
    stopOnComplete: false,
    // Ctrl-C is ours: it keeps what is finished.
    gracefulExit: false,
  });
  let started = false;
  return {
    show({ done, total, network, layer, secondsLeft }) {
      if (!started) bar.start(total, done, {});
      started = true;
      bar.update(done, { where: `${network} ${layer}`, left: duration(secondsLeft) });
    },
    end() {
      if (started) bar.stop();
      started = false;
    },
  };
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
