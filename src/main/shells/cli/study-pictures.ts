/** The commands of studies that paint pictures: compare, grid, pairs, layers, texture, optimizers. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { dirname, join } from 'node:path';
import { DEFAULT_NETWORK } from '../../services/defaults.ts';
import { chooseDevice } from '../../services/devices.ts';
import { checkRecipeFile, saveRecipe } from '../../services/recipes.ts';
import { ARTICLE_GRIDS } from '../../services/studies/pictures/article.ts';
import { exportPictures } from '../../services/studies/pictures/export.ts';
import { planPictures } from '../../services/studies/pictures/plan.ts';
import {
  findCell,
  largestPictureDifference,
  recipeOfCell,
  repeatPictures,
} from '../../services/studies/pictures/record.ts';
import { progressOf, runPictures, type PictureStudyProgress } from '../../services/studies/pictures/run.ts';
import { figuresOf, nameOf, pictureResultsOf } from '../../services/studies/pictures/tables.ts';
import { readRecordOf, writeRecord, type PictureRecord } from '../../services/studies/record.ts';
import { ROBUSTNESS_DEFAULTS } from '../../services/studies/robustness.ts';
import type { DeviceName } from '../../../shared/devices.ts';
import { MadderError } from '../../../shared/errors.ts';
import { poolingKindSchema, type PoolingKind } from '../../../shared/network-manifest.ts';
import { NORMALIZATIONS, type Normalization } from '../../../shared/objective.ts';
import { OPTIMIZER_NAMES, type OptimizerName } from '../../../shared/optimizers.ts';
import {
  DISTURBANCES,
  GRID_PARAMETER_NAMES,
  GRID_PARAMETERS,
  PICTURE_STUDIES,
  REMEDIES,
  type GridAxis,
  type GridParameter,
  type PictureStudyInput,
  type PictureStudyKind,
  type Remedy,
  type StudyCell,
} from '../../../shared/picture-studies.ts';
import { COLOURS, type Colour } from '../../../shared/recipe.ts';
import { deviceOption, sayProbing } from './devices.ts';
import { number, optional, several, whole } from './options.ts';
import { writeJson } from './output.ts';
import {
  beginStudy,
  carryOut,
  determining,
  layersOption,
  list,
  noteTo,
  studyOptions,
  type LayersOption,
  type StudyOptions,
} from './study-common.ts';
import { tableOf } from './table.ts';

/** What every study of pictures is asked for. */
interface PictureOptions extends StudyOptions {
  style?: string[];
  title?: string;
  preset?: string;
  size?: number;
  iterations?: number;
  strength?: number;
  contentWeight?: number;
  variation?: number;
  variationL1?: number;
  normalization?: Normalization;
  colour?: Colour;
  pooling?: PoolingKind;
  optimizer?: OptimizerName;
  init?: string;
  seed?: number;
  judges?: string[];
  judge?: string;
  device: DeviceName;
  lowPriority: boolean;
  pick?: string;
  saveRecipe?: string;
  // Of single kinds.
  networks?: string[];
  network?: string;
  contentNetwork?: string;
  contentNetworks?: string[];
  styleNetworks?: string[];
  recipe?: 'own' | 'same';
  axis?: GridAxis[];
  article?: keyof typeof ARTICLE_GRIDS;
  layers?: LayersOption[];
  robustness?: string;
  measureRobustness?: boolean;
  photos?: string[];
  count?: number;
  eps?: number;
  steps?: number;
  remedies?: Remedy[];
  optimizers?: OptimizerName[];
}

type Base = Pick<PictureStudyInput, 'styles' | 'settings' | 'title' | 'preset' | 'judges' | 'squeezenet'>;

interface Kind {
  readonly description: string;
  /** Adds the options that no other kind has. */
  readonly options: (command: Command) => Command;
  /** @param content the photo, where the kind has one */
  readonly request: (options: PictureOptions, base: Base, content: string) => PictureStudyInput;
}

const networksOption = (command: Command): Command =>
  command.option('--networks <list>', 'ids or files, with commas between them', list);
const networkOption = (command: Command): Command =>
  command.option('-n, --network <id|file>', `the network (${DEFAULT_NETWORK})`);
const contentNetworkOption = (command: Command): Command =>
  command.option('--content-network <id|file>', 'one network for the content of all pictures');

const KINDS: Readonly<Record<PictureStudyKind, Kind>> = {
  compare: {
    description: 'one photo and one painting, networks side by side, and what each sees in the pictures of the others',
    options: (command) =>
      networksOption(command).addOption(
        new Option('--recipe <whose>', "each network's own settings, or the same for all: those of the first one")
          .choices(['own', 'same'])
          .default('own'),
      ),
    request: ({ networks, recipe }, base, content) => ({
      ...base,
      ...{ kind: 'compare', content, networks: needed(networks, '--networks'), ...optional('recipe', recipe) },
    }),
  },
  grid: {
    description: 'a grid of up to three settings over values, as a contact sheet to pick from',
    options: (command) =>
      contentNetworkOption(networkOption(command))
        .option(
          '--axis <name=list>',
          `values of a setting; up to three times. Settings: ${GRID_PARAMETER_NAMES.map(dashed).join(', ')}`,
          axisOption,
        )
        .addOption(new Option('--article <grid>', 'a grid of Nakano 2019 instead').choices(Object.keys(ARTICLE_GRIDS))),
    request(options, base, content) {
      const { article, axis: axes, contentNetwork } = options;
      if ((article === undefined) === (axes === undefined)) {
        throw new MadderError('input', 'Give settings and their values with --axis, or a grid with --article.');
      }
      const grid = article === undefined ? undefined : ARTICLE_GRIDS[article];
      const common = { ...base, kind: 'grid' as const, content, ...optional('contentNetwork', contentNetwork) };
      const network = options.network ?? grid?.network ?? DEFAULT_NETWORK;
      if (!grid) return { ...common, network, axes: axes! };
      return {
        ...common,
        network,
        axes: [...grid.axes],
        preset: base.preset ?? grid.preset,
        title: base.title ?? grid.title,
      };
    },
  },
  pairs: {
    description: 'every content network with every style network',
    options: (command) =>
      networksOption(command)
        .option('--content-networks <list>', 'those for the content, instead of --networks', list)
        .option('--style-networks <list>', 'those for the style, instead of --networks', list),
    request: ({ networks, contentNetworks, styleNetworks }, base, content) => ({
      ...{ ...base, kind: 'pairs', content },
      contentNetworks: needed(contentNetworks ?? networks, '--networks or --content-networks'),
      styleNetworks: needed(styleNetworks ?? networks, '--networks or --style-networks'),
    }),
  },
  layers: {
    description: 'style from a single layer: a picture for every layer of every network, with its R(f)',
    options: (command) =>
      contentNetworkOption(networksOption(command))
        .option('--layers <list>', 'layers of all networks, or NETWORK=list for one; may be given again', layersOption)
        .option('--robustness <file>', 'take R(f) from this record of madder study robustness')
        .option('--measure-robustness', 'measure R(f) now, on --photos')
        .option('--photos <path...>', 'pictures for R(f), or folders of them')
        .option('--count <number>', 'photos at most, drawn by the seed', whole(2), ROBUSTNESS_DEFAULTS.count)
        .option('--eps <radius>', 'radius of the L2 ball of R(f)', number(0), ROBUSTNESS_DEFAULTS.epsilon)
        .option('--steps <number>', 'gradient steps of an attack', whole(1), ROBUSTNESS_DEFAULTS.steps),
    request: (options, base, content) => ({
      ...{ ...base, kind: 'layers', content, networks: needed(options.networks, '--networks') },
      ...optional('layers', options.layers),
      ...optional('contentNetwork', options.contentNetwork),
      ...optional('robustness', robustnessOf(options)),
    }),
  },
  texture: {
    description: 'style alone, from noise: the texture that a network knows of a painting',
    options: (command) =>
      networksOption(command).option(
        '--remedies <list>',
        `what is done against fine patterns, each with a picture of its own: ${REMEDIES.join(', ')}`,
        choicesOf(REMEDIES),
      ),
    request: ({ networks, remedies }, base) => ({
      ...{ ...base, kind: 'texture', networks: needed(networks, '--networks') },
      ...optional('remedies', remedies),
    }),
  },
  optimizers: {
    description: 'one picture under several optimizers: their losses over evaluations and over seconds',
    options: (command) =>
      networkOption(command).option('--optimizers <list>', OPTIMIZER_NAMES.join(', '), choicesOf(OPTIMIZER_NAMES)),
    request: ({ network = DEFAULT_NETWORK, optimizers }, base, content) => ({
      ...{ ...base, kind: 'optimizers', content, network, ...optional('optimizers', optimizers) },
    }),
  },
};

/** `madder study compare`, `grid`, `pairs` ... */
export const pictureCommands = (): Command[] => PICTURE_STUDIES.map(commandOf);

/** Options that are not about what is painted. */
const NEUTRAL = ['device', 'lowPriority', 'pick', 'saveRecipe'];

function commandOf(kind: PictureStudyKind): Command {
  const { description, options: addOptions } = KINDS[kind];
  const command = new Command(kind).description(description);
  if (kind !== 'texture') command.argument('[photo]', 'the photo; a record knows its own');
  command.option('-s, --style <painting>', 'the painting; repeat for several', several(String));
  addOptions(command)
    .option('--title <text>', 'what the study is called')
    .option('--preset <name|file>', 'start from published settings; see "madder presets"')
    .option('--size <px>', 'long side of the pictures', whole(1))
    .option('-i, --iterations <number>', 'evaluations at the full size', whole(1))
    .option('--strength <number>', 'style against content; 1 is the balance of the network or the preset', number(0))
    .option('--content-weight <number>', 'weight of the content terms', number(0))
    .option('--variation <number>', 'weight of the quadratic variation (smoothness)', number(0))
    .option('--variation-l1 <number>', 'weight of the L1 variation', number(0))
    .addOption(new Option('--normalization <kind>', 'how differences are measured').choices(NORMALIZATIONS))
    .addOption(new Option('--colour <kind>', 'whose colours').choices(COLOURS))
    .addOption(new Option('--pooling <kind>', "exchange the networks' pooling").choices(poolingKindSchema.options));
  if (kind !== 'optimizers') {
    command.addOption(new Option('--optimizer <kind>', "instead of the networks' own").choices(OPTIMIZER_NAMES));
  }
  command
    .option('--init <content|noise|file>', 'where the pictures start')
    .option('--seed <number>', 'repeats the same random numbers', whole(0))
    .option('--judges <list>', 'networks under which the style of every picture is measured again', list)
    .option('--judge <id|file>', "SqueezeNet 1.1, for the judge's figures")
    .addOption(deviceOption())
    .option('--low-priority', 'leave the processor to other programs that want it', false)
    .option('--pick <cell>', 'with --resume: write the recipe of this picture, such as 2-1, and paint nothing')
    .option('--save-recipe <file>', 'where the picked recipe goes (beside the record)');
  return studyOptions(command, folderOf(kind)).action(async (...args: unknown[]) => {
    const photo = kind === 'texture' ? undefined : (args[0] as string | undefined);
    const options = command.opts<PictureOptions>();
    process.exitCode = await (options.pick === undefined
      ? study(kind, photo, options, determining(command, NEUTRAL))
      : pick(kind, options.pick, options));
  });
}

/** Where records go that nobody names a folder for. */
const folderOf = (kind: PictureStudyKind): string => `madder-${kind}`;

async function study(
  kind: PictureStudyKind,
  photo: string | undefined,
  options: PictureOptions,
  given: readonly string[],
): Promise<number> {
  if (options.saveRecipe !== undefined) {
    throw new MadderError('input', '--save-recipe belongs to --pick; leave it out, or pick a picture.');
  }
  if (photo !== undefined && (options.record !== undefined || options.resume !== undefined)) {
    throw new MadderError('input', 'The record knows its photo; leave it out, or begin a new study.');
  }
  const begun = await beginStudy<PictureRecord>({
    ...{ options, given, folder: folderOf(kind), repeat: repeatPictures },
    plan: () => planPictures(requestOf(kind, photo, options)),
    read: (path) => readRecordOf(path, kind),
  });
  const { provider, note } = await chooseDevice(options.device, { onProbe: sayProbing });
  const notes = [...begun.notes, ...(note === undefined ? [] : [note])];
  return carryOut<PictureRecord, PictureStudyProgress>(
    { ...begun, notes },
    {
      ...{ command: kind, options, exportTo: exportPictures, difference: largestPictureDifference },
      where: ({ now }) => now,
      run: (record, file, carrying) =>
        runPictures(record, file, { ...carrying, provider, lowPriority: options.lowPriority }),
      summary: (record) => ({ results: pictureResultsOf(record).pictures }),
      print: printTables,
      made: 'Record, pictures and tables',
      reached(record) {
        const { done, total } = progressOf(record);
        return `${done} of ${total} steps`;
      },
    },
  );
}

/** Writes the recipe of a picture, and what was picked into the record. */
async function pick(kind: PictureStudyKind, id: string, options: PictureOptions): Promise<number> {
  const { resume: file, json } = options;
  if (file === undefined) {
    throw new MadderError('input', '--pick picks from a study that has been begun; add --resume with its record.');
  }
  const record = await readRecordOf(file, kind);
  const cell = findCell(record, id);
  const path = options.saveRecipe ?? join(dirname(file), `picked-${id}.json`);
  checkRecipeFile(path, options.saveRecipe === undefined);
  await saveRecipe(path, recipeOfCell(record, cell));
  const picked = { ...record, chosen: id };
  await writeRecord(file, picked);
  const { files, notes } = await exportPictures(picked, dirname(file));
  notes.forEach(noteTo(json));
  if (json) writeJson({ type: 'picked', cell: id, label: cell.label, recipe: path, files });
  else process.stderr.write(`${cell.label}; paint it with: ${paintingCommand(record, cell, path)}\n`);
  return 0;
}

/** What paints a picture of a study by itself: its files may be anywhere, and recipes know only their names. */
function paintingCommand({ images, networks, runs }: PictureRecord, { run }: StudyCell, recipeFile: string): string {
  const { recipe, networks: used } = runs[run]!;
  const picture = (sha256: string) => quoted(images.find((image) => image.sha256 === sha256)!.path);
  const network = (key: string) => quoted(networks.find((other) => other.key === key)!.path);
  return [
    ...['madder stylize', picture(recipe.content.sha256)],
    ...recipe.styles.map(({ image }) => `-s ${picture(image.sha256)}`),
    `-n ${network(used.style)}`,
    ...(used.content === undefined ? [] : [`--content-network ${network(used.content)}`]),
    ...[`--recipe ${quoted(recipeFile)}`, '-o picture.png'],
  ].join(' ');
}

const quoted = (path: string): string => (/\s/.test(path) ? `"${path}"` : path);

function requestOf(kind: PictureStudyKind, photo: string | undefined, options: PictureOptions): PictureStudyInput {
  const { style = [] } = options;
  if (style.length === 0 || (photo === undefined && kind !== 'texture')) {
    const what = kind === 'texture' ? 'a painting with --style' : 'a photo and a painting with --style';
    throw new MadderError('input', `Give ${what}, or a record with --record.`);
  }
  const base: Base = {
    styles: style.map((path) => ({ path })),
    settings: {
      ...optional('size', options.size),
      ...optional('iterations', options.iterations),
      ...optional('strength', options.strength),
      ...optional('contentWeight', options.contentWeight),
      ...optional('variation', options.variation),
      ...optional('variationL1', options.variationL1),
      ...optional('normalization', options.normalization),
      ...optional('colour', options.colour),
      ...optional('pooling', options.pooling),
      ...optional('optimizer', options.optimizer),
      ...optional('init', options.init),
      ...optional('seed', options.seed),
    },
    ...optional('title', options.title),
    ...optional('preset', options.preset),
    ...optional('judges', options.judges),
    ...optional('squeezenet', options.judge),
  };
  return KINDS[kind].request(options, base, photo ?? '');
}

function needed<T>(value: T | undefined, option: string): T {
  if (value === undefined) throw new MadderError('input', `Give networks with ${option}, or a record with --record.`);
  return value;
}

function robustnessOf({ robustness, measureRobustness, photos, count, eps, steps, seed }: PictureOptions) {
  if (robustness !== undefined && measureRobustness) {
    throw new MadderError('input', '--robustness takes numbers and --measure-robustness makes them; give one of them.');
  }
  if (robustness !== undefined) return { record: robustness };
  if (!measureRobustness) return undefined;
  if (photos === undefined) {
    throw new MadderError('input', 'R(f) is measured on photos; give some with --photos.');
  }
  const { size, stepLength, restarts, noiseDraws } = ROBUSTNESS_DEFAULTS;
  return {
    photos,
    count: count!,
    settings: {
      ...{ size, epsilon: eps!, steps: steps!, stepLength, restarts, noiseDraws },
      seed: seed ?? ROBUSTNESS_DEFAULTS.seed,
      statistics: ['features' as const],
    },
  };
}

/** `contentLayers` as people type it. */
const dashed = (name: string): string => name.replaceAll(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);

/** Collects `style=1e8,1e9`. */
function axisOption(text: string, before: readonly GridAxis[] = []): GridAxis[] {
  const at = text.indexOf('=');
  const parameter = GRID_PARAMETER_NAMES.find((name) => dashed(name) === text.slice(0, at));
  if (at < 1 || parameter === undefined) {
    throw new InvalidArgumentError(
      `Expected a setting and its values, for instance style=1,10,100. Settings: ${GRID_PARAMETER_NAMES.map(dashed).join(', ')}.`,
    );
  }
  return [...before, { parameter, values: list(text.slice(at + 1)).map((value) => valueOf(parameter, value)) }];
}

function valueOf(parameter: GridParameter, text: string): number | string {
  const { kind } = GRID_PARAMETERS[parameter];
  return kind === 'number' || kind === 'whole' ? number()(text) : text;
}

/** A list of names out of those that there are. */
const choicesOf =
  <T extends string>(choices: readonly T[]) =>
  (text: string): T[] =>
    list(text).map((name) => {
      if ((choices as readonly string[]).includes(name)) return name as T;
      throw new InvalidArgumentError(`"${name}" is none of ${choices.join(', ')}.`);
    });

function printTables(record: PictureRecord): void {
  const short = (value: number | undefined) => (value === undefined ? '-' : value.toPrecision(3));
  const measured = record.cells.some(({ robustness }) => robustness);
  const judged = record.cells.some((cell) => cell.judged);
  const rows = figuresOf(record).map(({ id, label, evaluations, seconds, loss, problem }, i) => {
    const cell = record.cells[i];
    return [
      ...[id, label, evaluations === undefined ? '-' : String(evaluations), seconds?.toFixed(1) ?? '-', short(loss)],
      ...(measured ? [short(cell?.robustness?.value)] : []),
      ...(judged ? [short(cell?.judged?.style), short(cell?.judged?.blurredStyle), short(cell?.judged?.content)] : []),
      problem ?? '',
    ];
  });
  const head = [
    ...['cell', 'picture', 'evaluations', 'seconds', 'loss'],
    ...(measured ? ['R(f)'] : []),
    ...(judged ? ['judge: style', 'blurred', 'content'] : []),
    '',
  ];
  console.log(tableOf([head, ...rows]));
  const elsewhere = record.cells.flatMap(({ label, elsewhere: found = [] }) =>
    found.map(({ judge, photo, ...distances }) => [
      ...[label, nameOf(record, judge), short(photo)],
      ...DISTURBANCES.map((name) => short(distances[name])),
    ]),
  );
  if (elsewhere.length === 0) return;
  console.log(`\n${tableOf([['picture', 'style distance under', 'photo', ...DISTURBANCES], ...elsewhere])}`);
}
