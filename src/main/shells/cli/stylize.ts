import { Command, Option } from 'commander';
import { MadderError } from '../../../shared/errors.ts';
import { NORMALIZATIONS, type Normalization } from '../../../shared/objective.ts';
import type { PoolingKind } from '../../../shared/network-manifest.ts';
import { DEFAULT_NETWORK } from '../../services/defaults.ts';
import type { PaintRequest } from '../../services/painter.ts';
import { fader, number, several, whole } from './options.ts';
import { paintToFile } from './paint-to-file.ts';

interface StylizeOptions {
  style: string[];
  styleWeight?: number[];
  styleScale?: number[];
  output: string;
  overwrite: boolean;
  network: string;
  contentNetwork?: string;
  size: number;
  strength: number;
  layer?: Record<string, number>;
  contentLayer?: Record<string, number>;
  contentWeight?: number;
  variation?: number;
  variationL1?: number;
  normalization?: Normalization;
  pooling?: PoolingKind;
  firstPadding?: 'zero' | 'reflect' | 'edge';
  optimizer?: 'lbfgs' | 'lbfgs-published' | 'adam';
  history?: number;
  stepSize?: number;
  iterations: number;
  init: string;
  seed: number;
  threads?: number;
  json: boolean;
}

/** `madder stylize PHOTO --style PAINTING -o OUT.png` */
export function stylizeCommand(): Command {
  return new Command('stylize')
    .description('paint a photo in the style of one or several paintings')
    .argument('<photo>', 'the photo')
    .requiredOption('-s, --style <painting>', 'a painting whose look is wanted; repeat for a mix', several(String))
    .requiredOption('-o, --output <file>', 'where the picture goes: .png, .jpg, .webp or .tif')
    .option('--overwrite', 'replace the output if it exists', false)
    .option('--style-weight <number>', 'share of each style, in the order of --style', several(number(0)))
    .option('--style-scale <number>', 'size of each painting relative to the picture', several(number(0.05)))
    .option('-n, --network <id|file>', 'network that judges the picture; see "madder networks"', DEFAULT_NETWORK)
    .option('--content-network <id|file>', 'another network for the content')
    .option('--size <px>', 'long side of the result', whole(1), 512)
    .option('--strength <number>', 'style against content; 1 is the balance of the network', number(0), 1)
    .option('--layer <name=weight>', 'fader of a style layer; repeatable, 0 mutes', fader)
    .option('--content-layer <name=weight>', 'fader of a content layer; repeatable', fader)
    .option('--content-weight <number>', 'weight of the content terms', number(0))
    .option('--variation <number>', 'weight of the quadratic variation (smoothness)', number(0))
    .option('--variation-l1 <number>', 'weight of the L1 variation', number(0))
    .addOption(new Option('--normalization <kind>', 'how differences are measured').choices(NORMALIZATIONS))
    .addOption(new Option('--pooling <kind>', "exchange the network's pooling").choices(['max', 'average', 'l2']))
    .addOption(
      new Option('--first-padding <kind>', 'what the first layer sees beyond the edge').choices([
        'zero',
        'reflect',
        'edge',
      ]),
    )
    .addOption(
      new Option(
        '--optimizer <kind>',
        "instead of the network's own choice; lbfgs-published takes steps of 1 without line search",
      ).choices(['lbfgs', 'lbfgs-published', 'adam']),
    )
    .option('--history <pairs>', 'curvature pairs of L-BFGS', whole(1))
    .option('--step-size <number>', 'step of Adam, the picture being 0 to 1', number(0))
    .option('-i, --iterations <number>', 'evaluations at the full size; coarser levels take more', whole(1), 50)
    .option('--init <content|noise|file>', 'where the picture starts', 'content')
    .option('--seed <number>', 'repeats the same noise', whole(0), 0)
    .option('--threads <number>', 'processor threads', whole(1))
    .option('--json', 'print one JSON object a line, a summary last', false)
    .action(async (photo: string, options: StylizeOptions) => {
      const { output, overwrite, json, threads } = options;
      const start = ['content', 'noise'].includes(options.init) ? [] : [options.init];
      const destination = { path: output, overwrite, inputs: [photo, ...options.style, ...start] };
      process.exitCode = await paintToFile(requestOf(photo, options), { destination, json, threads });
    });
}

function requestOf(photo: string, options: StylizeOptions): PaintRequest {
  const {
    style,
    styleWeight = [],
    styleScale = [],
    optimizer,
    history,
    stepSize,
    layer,
    contentLayer,
    ...rest
  } = options;
  for (const [name, list] of Object.entries({ '--style-weight': styleWeight, '--style-scale': styleScale })) {
    if (list.length > style.length) {
      throw new MadderError(
        'input',
        `${name} is given ${list.length} times for ${style.length} styles; give one for each.`,
      );
    }
  }
  if (stepSize !== undefined && optimizer !== 'adam') {
    throw new MadderError('input', '--step-size belongs to Adam; add --optimizer adam, or leave it out.');
  }
  if (history !== undefined && !optimizer?.startsWith('lbfgs')) {
    throw new MadderError('input', '--history belongs to L-BFGS; add --optimizer lbfgs, or leave it out.');
  }
  return {
    ...rest,
    photo,
    styles: style.map((path, i) => ({
      path,
      ...optional('weight', styleWeight[i]),
      ...optional('scale', styleScale[i]),
    })),
    layers: layer ?? {},
    contentLayers: contentLayer ?? {},
    ...optional('optimizer', optimizer && settingsOf(optimizer, history, stepSize)),
  };
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

const optional = <K extends string, V>(key: K, value: V | undefined) => (value === undefined ? {} : { [key]: value });
