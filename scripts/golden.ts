/**
 * Holds the engine against references that PyTorch computed:
 *
 *     npm run golden -- test/golden/data/*.golden.safetensors
 *
 * For every reference its `.onnx` and, where Madder builds the architecture, its `.weights.safetensors` are run forward
 * and backward, on the cpu or, with `--device`, entirely on another provider. Ends with `worst relative error: X`; the exit code is 1 where an error exceeds the bound or a
 * file cannot be used (which counts as an infinite error), or where nothing was measured. A reference whose network does
 * not lie beside it is skipped, and said to be.
 */
import { basename } from 'node:path';
import { InvalidArgumentError, Option, program } from 'commander';
import { measureGolden, type GoldenOptions, type GoldenReport } from '../src/main/engine/measures/golden.ts';
import { PROVIDERS, type Provider } from '../src/shared/devices.ts';
import { MadderError } from '../src/shared/errors.ts';

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('Expected a positive number.');
  return value;
}

const show = (error: number | undefined): string => error?.toExponential(2) ?? '-';

const worstActivation = (report: GoldenReport): number => Math.max(...report.taps.map((tap) => tap.error));

async function main(files: readonly string[], options: GoldenOptions): Promise<void> {
  const width = Math.max(...files.map((file) => basename(file).length));
  const line = (...cells: readonly string[]) => {
    const widths = [width, 7, 4, 10, 8];
    console.log(cells.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i] ?? 0))).join('  '));
  };
  line('file', 'source', 'taps', 'activation', 'gradient');
  let worst = 0;
  let measured = 0;
  for (const file of files) {
    try {
      const reports = await measureGolden(file, options);
      measured += reports.length;
      if (reports.length === 0) {
        line(basename(file), 'skipped');
        console.log('    no .onnx and no .weights.safetensors lies beside it; name its weights with --weights');
      }
      for (const report of reports) {
        const passed = report.worst <= report.bound;
        const cells = [`${report.taps.length}`, show(worstActivation(report)), show(report.gradientError)];
        line(basename(file), report.source, ...cells, ...(passed ? [] : [`beyond ${report.bound}`]));
        for (const remark of report.remarks) console.log(`    ${remark}`);
        worst = Math.max(worst, report.worst);
        if (!passed) process.exitCode = 1;
      }
    } catch (error) {
      // Whatever happens to one file, the others are still to be measured.
      line(basename(file), 'failed');
      console.log(
        `    ${error instanceof MadderError ? error.message : error instanceof Error ? error.stack : String(error)}`,
      );
      worst = Infinity;
      process.exitCode = 1;
    }
  }
  if (measured === 0) process.exitCode = 1;
  console.log(`worst relative error: ${worst.toPrecision(3)}`);
}

await program
  .name('golden')
  .description('Holds the engine against references computed with PyTorch.')
  .argument('<files...>', 'references, NAME.golden.safetensors')
  .option('--bound <number>', 'largest relative error that passes (default: 1e-4, for ResNet-50 1e-3)', positive)
  .option('--weights <file>', 'weights for references that have none beside them')
  .addOption(new Option('--device <provider>', 'what computes all of it').choices(PROVIDERS).default('cpu'))
  .action((files: string[], { device, ...options }: Omit<GoldenOptions, 'provider'> & { device: Provider }) =>
    main(files, { ...options, provider: device }),
  )
  .parseAsync();
