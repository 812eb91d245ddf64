import { Command, InvalidArgumentError, Option } from 'commander';
import { MadderError } from '../../../shared/errors.ts';
import { IMAGENET_NORMALIZATION, type Normalization } from '../../../shared/network-manifest.ts';
import { catalogueEntry, importNetwork, type Precision } from '../../services/networks.ts';
import { precisionOption } from './networks-download.ts';
import { optional } from './options.ts';
import { writeJson } from './output.ts';

type Triple = Normalization['mean'];

interface ImportCommandOptions {
  as?: string;
  id?: string;
  name?: string;
  mean?: Triple;
  std?: Triple;
  channels?: Normalization['channels'];
  range?: string;
  precision: Precision;
  json: boolean;
}

/** Parts that are shown; the others are counted. */
const SHOWN = 6;

/** `madder networks import FILE` */
export function importCommand(): Command {
  return new Command('import')
    .description('put a file of this computer into the library: safetensors, PyTorch or ONNX')
    .argument('<file>', '.safetensors, .pth, .pt, .ckpt or .onnx')
    .option('--as <id>', 'the file is this network of the catalogue, got by hand')
    .option('--id <id>', 'what to call it in commands; by default made from the name')
    .option('--name <text>', "what to call it in words; by default the file's name")
    .option('--mean <r,g,b>', "mean of the pictures it was trained with, in its channels' order", triple)
    .option('--std <r,g,b>', 'their deviation', triple)
    .addOption(new Option('--channels <order>', 'the order of colours it wants').choices(['RGB', 'BGR']))
    .addOption(new Option('--range <number>', 'the value of white that it wants').choices(['1', '255']))
    .addOption(precisionOption())
    .option('--json', 'print one JSON object a line', false)
    .action(async (file: string, options: ImportCommandOptions) => {
      const { json, id, name, precision } = options;
      const { manifest, unused, notes } = await importNetwork(file, {
        ...optional('as', options.as === undefined ? undefined : await catalogueEntry(options.as)),
        ...optional('id', id),
        ...optional('name', name),
        ...optional('normalization', normalizationOf(options)),
        precision,
      });
      if (json) {
        notes.forEach((message) => writeJson({ type: 'note', message }));
        writeJson({ type: 'installed', manifest, unused });
        return;
      }
      for (const note of notes) process.stderr.write(`${note}\n`);
      console.log(`${manifest.id} is installed: ${manifest.architecture} with ${manifest.layers.length} layers.`);
      if (unused.length > 0) {
        const more = unused.length > SHOWN ? ` and ${unused.length - SHOWN} more` : '';
        console.log(`  not needed for painting: ${unused.slice(0, SHOWN).join(', ')}${more}`);
      }
      console.log(`  paint with: madder stylize PHOTO -s PAINTING -n ${manifest.id} -o OUT.png`);
    });
}

/** What the options say together; undefined where they say nothing. */
function normalizationOf({ mean, std, channels, range }: ImportCommandOptions): Normalization | undefined {
  if ((mean === undefined) !== (std === undefined)) {
    throw new MadderError('input', '--mean and --std belong together; give both, or neither.');
  }
  if (mean === undefined && channels === undefined && range === undefined) return undefined;
  if (std?.some((value) => value <= 0)) throw new MadderError('input', 'Each value of --std must be greater than 0.');
  const scale = range === '255' ? 255 : 1;
  if (mean === undefined) {
    throw new MadderError('input', '--channels and --range need --mean and --std in the same order and range.');
  }
  return { mean, std: std!, channels: channels ?? IMAGENET_NORMALIZATION.channels, scale };
}

function triple(text: string): Triple {
  const values = text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  if (values.length !== 3 || !values.every(Number.isFinite)) {
    throw new InvalidArgumentError('Expected three numbers, for instance 0.485,0.456,0.406.');
  }
  return values as Triple;
}
