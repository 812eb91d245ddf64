import { extname } from 'node:path';
import { Command, Option } from 'commander';
import type { DeviceName } from '../../../shared/devices.ts';
import { MadderError } from '../../../shared/errors.ts';
import type { Extent, Paper } from '../../../shared/extent.ts';
import { COLOURS, PARAMETERIZATIONS, type Colour, type ParameterizationKind } from '../../../shared/recipe.ts';
import { NORMALIZATIONS, type Normalization } from '../../../shared/objective.ts';
import { OPTIMIZER_NAMES, OPTIMIZERS, type OptimizerName } from '../../../shared/optimizers.ts';
import { poolingKindSchema, type PoolingKind } from '../../../shared/network-manifest.ts';
import { DEFAULT_NETWORK } from '../../services/defaults.ts';
import { DEFAULTS, type PaintRequest } from '../../services/painter.ts';
import { findPreset } from '../../services/presets.ts';
import { readRecipe, type RepeatRequest } from '../../services/recipes.ts';
import type { RecipeChanges } from '../../../shared/recipe-changes.ts';
import { SHORTCUTS, STRIDES, type Shortcuts, type Strides } from '../../../shared/rewrites.ts';
import { deviceOption } from './devices.ts';
import { fader, memory, number, numbered, optional, paper, several, whole } from './options.ts';
import { paintToFile } from './paint-to-file.ts';
import { sayPlan } from './say-plan.ts';
import { checkRecipeOptions, givenOptions, recipeOptions, type RecipeOptions } from './recipe-options.ts';

interface StylizeOptions extends RecipeOptions {
  style?: string[];
  styleWeight?: number[];
  styleScale?: number[];
  strokeSize?: number;
  styleMask?: Record<number, string>;
  photoMask?: string;
  output: string;
  overwrite: boolean;
  network: string;
  contentNetwork?: string;
  size: number;
  megapixels?: number;
  print?: Paper;
  dpi?: number;
  depth: '8' | '16';
  pyramid: boolean;
  memory?: number;
  strength: number;
  layer?: Record<string, number>;
  contentLayer?: Record<string, number>;
  contentWeight?: number;
  variation?: number;
  variationL1?: number;
  normalization?: Normalization;
  colour?: Colour;
  pooling?: PoolingKind;
  firstPadding?: 'zero' | 'reflect' | 'edge';
  shortcuts?: Shortcuts;
  strides?: Strides;
  parameterization?: ParameterizationKind;
  decay?: number;
  jitter?: number;
  scaleRange?: number;
  rotate?: number;
  optimizer?: OptimizerName;
  history?: number;
  stepSize?: number;
  iterations: number;
  init: string;
  seed: number;
  threads?: number;
  device: DeviceName;
  lowPriority: boolean;
  enlarge: boolean;
  plan: boolean;
  resume: boolean;
  json: boolean;
}

/** What printers expect, pixels per inch. */
const PAPER_DPI = 300;

/** `madder stylize PHOTO --style PAINTING -o OUT.png` */
export function stylizeCommand(): Command {
  const command = new Command('stylize');
  command
    .description('paint a photo in the style of one or several paintings')
    .argument('[photo]', 'the photo; a recipe finds its own')
    .option('-s, --style <painting>', 'a painting whose look is wanted; repeat for a mix', several(String))
    .requiredOption('-o, --output <file>', 'where the picture goes: .png, .jpg, .webp or .tif')
    .option('--overwrite', 'replace the output if it exists', false)
    .addOption(new Option('--depth <bits>', 'bits per colour; 16 in PNG and TIFF').choices(['8', '16']).default('8'))
    .option('--pyramid', 'TIFF in tiles with smaller copies inside, for viewers of large pictures', false)
    .option('--style-weight <number>', 'share of each style, in the order of --style', several(number(0)))
    .option('--style-scale <number>', 'size of each painting relative to the picture', several(number(0.05)))
    .option(
      '--stroke-size <number>',
      'strokes so many times as large: every painting that much larger',
      number(0.05, 10),
    )
    .option('--style-mask <n=file>', 'where the n-th style applies: a picture, white there; repeatable', numbered)
    .option('--photo-mask <file>', 'where the photo stays as it is: a picture, white there')
    .option('-n, --network <id|file>', 'network that judges the picture; see "madder networks"', DEFAULT_NETWORK)
    .option('--content-network <id|file>', 'another network for the content')
    .option('--size <px>', 'long side of the result', whole(1), DEFAULTS.size)
    .option('--megapixels <number>', 'pixels of the result in millions, instead of --size', number(0.001))
    .option('--print <paper>', 'the result fills A0 ... A6, Letter, Tabloid, 60x40cm or 24x16in, at --dpi', paper)
    .option('--dpi <number>', 'pixels per inch of --print (300), and what the file says of it', number(1, 10_000))
    .option('--memory <amount>', 'memory to paint in, such as 8GB; what is larger is painted in tiles', memory)
    .option(
      '--strength <number>',
      'style against content; 1 is the balance of the network, the preset or the recipe',
      number(0),
      DEFAULTS.strength,
    )
    .option('--layer <name=weight>', 'fader of a style layer; repeatable, 0 mutes', fader)
    .option('--content-layer <name=weight>', 'fader of a content layer; repeatable', fader)
    .option('--content-weight <number>', 'weight of the content terms', number(0))
    .option('--variation <number>', 'weight of the quadratic variation (smoothness)', number(0))
    .option('--variation-l1 <number>', 'weight of the L1 variation', number(0))
    .addOption(new Option('--normalization <kind>', 'how differences are measured').choices(NORMALIZATIONS))
    .addOption(
      new Option(
        '--colour <kind>',
        "whose colours: the paintings', the photo's with only brightness painted, or paintings matched to the photo's",
      ).choices(COLOURS),
    )
    .addOption(
      new Option(
        '--pooling <kind>',
        "exchange the network's pooling; blur keeps its kind and takes strides after a blur",
      ).choices(poolingKindSchema.options),
    )
    .addOption(
      new Option(
        '--shortcuts <kind>',
        'what strided shortcuts of ResNets read instead of one position of four: their mean, or a blur',
      ).choices(SHORTCUTS),
    )
    .addOption(
      new Option('--strides <kind>', 'how other strided convolutions take their strides: after a blur').choices(
        STRIDES,
      ),
    )
    .addOption(
      new Option('--first-padding <kind>', 'what the first layer sees beyond the edge').choices([
        'zero',
        'reflect',
        'edge',
      ]),
    )
    .addOption(
      new Option(
        '--parameterization <kind>',
        "what the optimizer moves: the picture's pixels, or its spectrum, which paints shapes of all sizes at once",
      ).choices(PARAMETERIZATIONS),
    )
    .option('--decay <number>', "how the spectrum's strength falls with frequency; 1 is that of photos", number(0))
    .option('--jitter <px>', 'shift the picture at random before each look at it, up to so far', whole(0))
    .option('--scale-range <number>', 'enlarge or shrink it at random; 0.1 is up to 10 %', number(0))
    .option('--rotate <degrees>', 'turn it at random, up to so far', number(0))
    .addOption(
      new Option(
        '--optimizer <kind>',
        "instead of the network's own choice; lbfgs-published takes steps of 1 without line search",
      ).choices(OPTIMIZER_NAMES),
    )
    .option('--history <pairs>', 'curvature pairs of L-BFGS', whole(1))
    .option(
      '--step-size <number>',
      'step of Adam, the picture being 0 to 1; 0.02 suits pixels, 0.05 a spectrum',
      number(0),
    )
    .option(
      '-i, --iterations <number>',
      'evaluations at the full size; coarser levels take more',
      whole(1),
      DEFAULTS.iterations,
    )
    .option('--init <content|noise|file>', 'where the picture starts', DEFAULTS.init)
    .option('--seed <number>', 'repeats the same noise', whole(0), DEFAULTS.seed)
    .option('--threads <number>', 'processor threads', whole(1))
    .addOption(deviceOption())
    .option('--low-priority', 'leave the processor to other programs that want it', false)
    .option('--enlarge', 'paint the picture of --recipe on at the larger size that is asked for', false)
    .option('--plan', 'say what it would take of memory, disk and time, and paint nothing', false)
    .option('--resume', 'go on with a run of the same settings that was ended by force', false)
    .option('--json', 'print one JSON object a line, a summary last', false)
    .action(async (photo: string | undefined, options: StylizeOptions) => {
      const { output, overwrite, json, threads, device, lowPriority, resume, saveRecipe, carryRecipe } = options;
      // What is asked for is for the whole program: the engine has what this process leaves.
      const memoryBytes = options.memory && Math.max(1, options.memory - process.memoryUsage.rss());
      const start = ['content', 'noise'].includes(options.init) ? [] : [options.init];
      const recipeFile = options.recipe === undefined ? [] : [options.recipe];
      const pictures = [...(photo === undefined ? [] : [photo]), ...(options.style ?? []), ...masksOf(options)];
      const inputs = [...pictures, ...start, ...recipeFile];
      const request = await requestOf(photo, options, givenOptions(command, options));
      if (options.plan) {
        await sayPlan(request, { output, device, memoryBytes, json });
        return;
      }
      process.exitCode = await paintToFile(request, {
        destination: {
          ...{ path: output, overwrite, inputs, pyramid: options.pyramid },
          depth: options.depth === '16' ? 16 : 8,
          ...optional('dpi', options.dpi ?? (options.print && PAPER_DPI)),
        },
        json,
        threads,
        device,
        lowPriority,
        memoryBytes,
        resume,
        saveRecipe,
        carryRecipe,
      });
    });
  return recipeOptions(command);
}

/** @param given the options without their defaults: a preset's or recipe's settings go before those */
async function requestOf(
  photo: string | undefined,
  options: StylizeOptions,
  given: Partial<StylizeOptions>,
): Promise<PaintRequest | RepeatRequest> {
  const { style = [], styleWeight = [], styleScale = [], styleMask = {}, photoMask } = given;
  const { output, network, contentNetwork, init } = given;
  checkRecipeOptions(options);
  if (options.enlarge) checkEnlarging(options);
  const common = {
    ...changesOf(given),
    ...optional('init', init),
    ...optional('contentNetwork', contentNetwork),
    ...optional('output', output),
  };
  if (options.recipe !== undefined) {
    const recipe = await readRecipe(options.recipe);
    checkCounts(styleWeight, styleScale, recipe.styles.length);
    const masks = masksOf(given);
    return {
      ...common,
      recipe,
      file: options.recipe,
      ...optional('enlarge', options.enlarge ? options.recipe : undefined),
      styles: style.map((path) => ({ path })),
      ...optional('photo', photo),
      ...optional('network', network),
      ...optional('styleWeights', given.styleWeight),
      ...optional('styleScales', scalesOf(given, recipe.styles)),
      ...optional('masks', masks.length > 0 ? masks : undefined),
    };
  }
  if (photo === undefined || style.length === 0) {
    throw new MadderError('input', 'Give a photo and at least one painting with --style, or a recipe with --recipe.');
  }
  checkCounts(styleWeight, styleScale, style.length);
  const scales = scalesOf(
    given,
    style.map(() => ({ scale: 1 })),
  );
  const beyond = Object.keys(styleMask).find((n) => Number(n) > style.length);
  if (beyond !== undefined) {
    throw new MadderError(
      'input',
      `--style-mask ${beyond}=${styleMask[Number(beyond)]} is for style ${beyond} of ${style.length}; count the styles from 1.`,
    );
  }
  const preset = options.preset === undefined ? undefined : await findPreset(options.preset);
  return {
    ...common,
    photo,
    styles: style.map((path, i) => ({
      path,
      ...optional('weight', styleWeight[i]),
      ...optional('scale', scales?.[i]),
      ...optional('mask', styleMask[i + 1]),
    })),
    network: network ?? preset?.networks?.style?.id ?? options.network,
    ...optional('contentNetwork', contentNetwork ?? preset?.networks?.content?.id),
    ...optional('photoMask', photoMask),
    ...optional('preset', preset),
  };
}

/** The scale of every style, where any is asked for: its own, times what all strokes are to be larger by. */
function scalesOf(
  { styleScale, strokeSize = 1 }: Partial<StylizeOptions>,
  styles: readonly { readonly scale: number }[],
): number[] | undefined {
  if (styleScale === undefined && strokeSize === 1) return undefined;
  return styles.map(({ scale }, i) => strokeSize * (styleScale?.[i] ?? scale));
}

/** The mask files that are given. */
const masksOf = ({ styleMask = {}, photoMask }: Partial<StylizeOptions>): string[] => [
  ...Object.values(styleMask),
  ...(photoMask === undefined ? [] : [photoMask]),
];

/** Refuses to enlarge what is no picture. */
function checkEnlarging({ recipe, init }: Pick<StylizeOptions, 'recipe' | 'init'>): void {
  if (recipe === undefined || extname(recipe).toLowerCase() === '.json') {
    throw new MadderError('input', '--enlarge goes on from a painted picture; give it with --recipe painted.png.');
  }
  if (init !== DEFAULTS.init) {
    throw new MadderError('input', '--enlarge starts from the painted picture; leave --init out.');
  }
}

/** One weight and one scale for each style at most. */
function checkCounts(weights: readonly number[], scales: readonly number[], styles: number): void {
  for (const [name, list] of Object.entries({ '--style-weight': weights, '--style-scale': scales })) {
    if (list.length > styles) {
      throw new MadderError('input', `${name} is given ${list.length} times for ${styles} styles; give one for each.`);
    }
  }
}

/** What a person says instead of the preset, the recipe or the network. */
function changesOf(given: Partial<StylizeOptions>): RecipeChanges {
  const { optimizer, history, stepSize, parameterization, decay, jitter, scaleRange, rotate } = given;
  if (stepSize !== undefined && optimizer !== 'adam') {
    throw new MadderError('input', '--step-size belongs to Adam; add --optimizer adam, or leave it out.');
  }
  if (history !== undefined && !optimizer?.startsWith('lbfgs')) {
    throw new MadderError('input', '--history belongs to L-BFGS; add --optimizer lbfgs, or leave it out.');
  }
  if (decay !== undefined && parameterization !== 'fourier') {
    throw new MadderError('input', '--decay belongs to a spectrum; add --parameterization fourier, or leave it out.');
  }
  const sizes = [given.size, given.megapixels, given.print].filter((wish) => wish !== undefined);
  if (sizes.length > 1) throw new MadderError('input', 'Give one of --size, --megapixels and --print.');
  const transforms = { ...optional('jitter', jitter), ...optional('scale', scaleRange), ...optional('rotate', rotate) };
  return {
    ...optional('size', given.size),
    ...optional('extent', extentOf(given)),
    ...optional('strength', given.strength),
    ...optional('layers', given.layer),
    ...optional('contentLayers', given.contentLayer),
    ...optional('contentWeight', given.contentWeight),
    ...optional('variation', given.variation),
    ...optional('variationL1', given.variationL1),
    ...optional('normalization', given.normalization),
    ...optional('colour', given.colour),
    ...optional('pooling', given.pooling),
    ...optional('firstPadding', given.firstPadding),
    ...optional('shortcuts', given.shortcuts),
    ...optional('strides', given.strides),
    ...optional('iterations', given.iterations),
    ...optional('seed', given.seed),
    ...optional('parameterization', parameterization && { kind: parameterization, ...optional('decay', decay) }),
    ...optional('transforms', Object.keys(transforms).length > 0 ? transforms : undefined),
    ...optional(
      'optimizer',
      optimizer && { ...OPTIMIZERS[optimizer], ...optional('history', history), ...optional('stepSize', stepSize) },
    ),
  };
}

function extentOf({ megapixels, print, dpi = PAPER_DPI }: Partial<StylizeOptions>): Extent | undefined {
  if (megapixels !== undefined) return { kind: 'megapixels', megapixels };
  return print && { kind: 'print', paper: print, dpi };
}
