import { Command, Option } from 'commander';
import type { DeviceName } from '../../../shared/devices.ts';
import { MadderError } from '../../../shared/errors.ts';
import type { Extent, Paper } from '../../../shared/extent.ts';
import { COLOURS, PARAMETERIZATIONS, type Colour, type ParameterizationKind } from '../../../shared/recipe.ts';
import { NORMALIZATIONS, type Normalization } from '../../../shared/objective.ts';
import { poolingKindSchema, type PoolingKind } from '../../../shared/network-manifest.ts';
import { DEFAULT_NETWORK } from '../../services/defaults.ts';
import { DEFAULTS, type PaintRequest } from '../../services/painter.ts';
import { findPreset } from '../../services/presets.ts';
import { readRecipe, type RepeatRequest } from '../../services/recipes.ts';
import type { RecipeChanges } from '../../../shared/recipe-changes.ts';
import { SHORTCUTS, STRIDES, type Shortcuts, type Strides } from '../../../shared/rewrites.ts';
import { deviceOption } from './devices.ts';
import { fader, memory, number, optional, paper, several, whole } from './options.ts';
import { paintToFile } from './paint-to-file.ts';
import { checkRecipeOptions, givenOptions, recipeOptions, type RecipeOptions } from './recipe-options.ts';

interface StylizeOptions extends RecipeOptions {
  style?: string[];
  styleWeight?: number[];
  styleScale?: number[];
  output: string;
  overwrite: boolean;
  network: string;
  contentNetwork?: string;
  size: number;
  megapixels?: number;
  print?: Paper;
  dpi: number;
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
  optimizer?: 'lbfgs' | 'lbfgs-published' | 'adam';
  history?: number;
  stepSize?: number;
  iterations: number;
  init: string;
  seed: number;
  threads?: number;
  device: DeviceName;
  lowPriority: boolean;
  resume: boolean;
  json: boolean;
}

/** `madder stylize PHOTO --style PAINTING -o OUT.png` */
export function stylizeCommand(): Command {
  const command = new Command('stylize');
  command
    .description('paint a photo in the style of one or several paintings')
    .argument('[photo]', 'the photo; a recipe finds its own')
    .option('-s, --style <painting>', 'a painting whose look is wanted; repeat for a mix', several(String))
    .requiredOption('-o, --output <file>', 'where the picture goes: .png, .jpg, .webp or .tif')
    .option('--overwrite', 'replace the output if it exists', false)
    .option('--style-weight <number>', 'share of each style, in the order of --style', several(number(0)))
    .option('--style-scale <number>', 'size of each painting relative to the picture', several(number(0.05)))
    .option('-n, --network <id|file>', 'network that judges the picture; see "madder networks"', DEFAULT_NETWORK)
    .option('--content-network <id|file>', 'another network for the content')
    .option('--size <px>', 'long side of the result', whole(1), DEFAULTS.size)
    .option('--megapixels <number>', 'pixels of the result in millions, instead of --size', number(0.001))
    .option('--print <paper>', 'the result fills A0 ... A6, Letter, Tabloid, 60x40cm or 24x16in, at --dpi', paper)
    .option('--dpi <number>', 'pixels per inch of --print', number(1), 300)
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
      ).choices(['lbfgs', 'lbfgs-published', 'adam']),
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
    .option('--resume', 'go on with a run of the same settings that was ended by force', false)
    .option('--json', 'print one JSON object a line, a summary last', false)
    .action(async (photo: string | undefined, options: StylizeOptions) => {
      const { output, overwrite, json, threads, device, lowPriority, resume, saveRecipe, carryRecipe } = options;
      const memoryBytes = options.memory;
      const start = ['content', 'noise'].includes(options.init) ? [] : [options.init];
      const recipeFile = options.recipe === undefined ? [] : [options.recipe];
      const inputs = [...(photo === undefined ? [] : [photo]), ...(options.style ?? []), ...start, ...recipeFile];
      process.exitCode = await paintToFile(await requestOf(photo, options, givenOptions(command, options)), {
        destination: { path: output, overwrite, inputs },
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
  const { style = [], styleWeight = [], styleScale = [], output, network, contentNetwork, init } = given;
  checkRecipeOptions(options);
  const common = {
    ...changesOf(given),
    ...optional('init', init),
    ...optional('contentNetwork', contentNetwork),
    ...optional('output', output),
  };
  if (options.recipe !== undefined) {
    const recipe = await readRecipe(options.recipe);
    checkCounts(styleWeight, styleScale, recipe.styles.length);
    return {
      ...common,
      recipe,
      file: options.recipe,
      styles: style.map((path) => ({ path })),
      ...optional('photo', photo),
      ...optional('network', network),
      ...optional('styleWeights', given.styleWeight),
      ...optional('styleScales', given.styleScale),
    };
  }
  if (photo === undefined || style.length === 0) {
    throw new MadderError('input', 'Give a photo and at least one painting with --style, or a recipe with --recipe.');
  }
  checkCounts(styleWeight, styleScale, style.length);
  const preset = options.preset === undefined ? undefined : await findPreset(options.preset);
  return {
    ...common,
    photo,
    styles: style.map((path, i) => ({
      path,
      ...optional('weight', styleWeight[i]),
      ...optional('scale', styleScale[i]),
    })),
    network: network ?? preset?.networks?.style?.id ?? options.network,
    ...optional('contentNetwork', contentNetwork ?? preset?.networks?.content?.id),
    ...optional('preset', preset),
  };
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
  if (given.dpi !== undefined && given.print === undefined) {
    throw new MadderError('input', '--dpi belongs to a paper; add --print A2, for instance, or leave it out.');
  }
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
    ...optional('optimizer', optimizer && settingsOf(optimizer, history, stepSize)),
  };
}

function extentOf({ megapixels, print, dpi = 300 }: Partial<StylizeOptions>): Extent | undefined {
  if (megapixels !== undefined) return { kind: 'megapixels', megapixels };
  return print && { kind: 'print', paper: print, dpi };
}

/** The recipe's settings of an optimizer; the published L-BFGS keeps 100 pairs unless told otherwise. */
function settingsOf(kind: NonNullable<StylizeOptions['optimizer']>, history?: number, stepSize?: number) {
  if (kind === 'adam') return { kind, ...optional('stepSize', stepSize) } as const;
  const lineSearch = kind === 'lbfgs' ? 'strong-wolfe' : 'none';
  return {
    kind: 'lbfgs',
    lineSearch,
    ...optional('history', history ?? (kind === 'lbfgs' ? undefined : 100)),
  } as const;
}
