/**
 * Judges painted pictures with SqueezeNet 1.1, which took no part in painting them:
 *
 *     npm run judge -- STYLE PHOTO RESULT...
 *
 * Prints a table and, last, one JSON object. What the figures mean: src/main/engine/measures/judge.ts.
 */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { program } from 'commander';
import { decodeImage } from '../src/main/codec/decode.ts';
import { toPicture, type Picture } from '../src/main/codec/picture.ts';
import { Judge } from '../src/main/engine/measures/judge.ts';
import { MadderError } from '../src/shared/errors.ts';

/** Where a team's shared weights may lie beside the checkout. */
const SHARED = fileURLToPath(new URL('../../shared/third-party/networks/squeezenet1_1.safetensors', import.meta.url));

const read = async (path: string): Promise<Picture> => toPicture(await decodeImage(path));

async function main(style: string, photo: string, results: readonly string[], network?: string): Promise<void> {
  const judge = await Judge.load(network ?? (existsSync(SHARED) ? SHARED : 'squeezenet1_1'));
  const pictures = await Promise.all(results.map(read));
  const judgements = await judge.judge(await read(style), await read(photo), pictures);
  const width = Math.max(...results.map((r) => basename(r).length));
  console.log(`${'result'.padEnd(width)}  style  blurred  content`);
  const rows = judgements.map((judgement, i) => ({ result: basename(results[i]!), ...judgement }));
  for (const { result, style: s, blurredStyle, content } of rows) {
    const cells = [s.toFixed(3), blurredStyle.toFixed(3).padStart(7), content.toFixed(3).padStart(7)];
    console.log(`${result.padEnd(width)}  ${cells.join('  ')}`);
  }
  console.log(JSON.stringify({ style: basename(style), photo: basename(photo), results: rows }));
}

await program
  .name('judge')
  .description('Judges painted pictures with a network that took no part in painting them.')
  .argument('<style>', 'the painting')
  .argument('<photo>', 'the photo')
  .argument('<results...>', 'pictures painted from these two')
  .option('--network <id or file>', 'SqueezeNet 1.1, where it is not installed as squeezenet1_1')
  .action((style: string, photo: string, results: string[], { network }: { network?: string }) =>
    main(style, photo, results, network),
  )
  .parseAsync()
  .catch((error: unknown) => {
    console.error(error instanceof MadderError ? error.message : error);
    process.exitCode = 1;
  });
