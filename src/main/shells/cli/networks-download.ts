import { Command, Option } from 'commander';
import {
  catalogueEntry,
  downloadNetwork,
  PRECISIONS,
  type DownloadEvent,
  type Precision,
} from '../../services/networks.ts';
import { optional } from './options.ts';
import { duration, INTERRUPTED, megabytes, writeJson } from './output.ts';
import { progressBar } from './progress-bar.ts';

interface DownloadCommandOptions {
  precision: Precision;
  until?: string;
  again: boolean;
  json: boolean;
}

/** How the weights of an installed network are stored. */
export const precisionOption = (): Option =>
  new Option('--precision <kind>', 'how weights are stored; float16 takes half the room and paints the same')
    .choices(PRECISIONS)
    .default('float16');

/** `madder networks download ID` */
export function downloadCommand(): Command {
  return new Command('download')
    .description('download networks of the catalogue, no more of each file than is needed')
    .argument('<id...>', 'see "madder networks"')
    .addOption(precisionOption())
    .option('--until <layer>', 'fetch nothing deeper than this layer: VGG-19 to relu5_1 is 52 MB instead of 80')
    .option('--again', 'download it although it is installed', false)
    .option('--json', 'print one JSON object a line', false)
    .action(async (ids: string[], { precision, until, again, json }: DownloadCommandOptions) => {
      const entries = await Promise.all(ids.map(catalogueEntry));
      const controller = new AbortController();
      const interrupt = () => controller.abort(new Error('interrupted'));
      process.once('SIGINT', interrupt);
      const display = json ? jsonDisplay() : barDisplay();
      try {
        for (const entry of entries) {
          const { signal } = controller;
          const manifest = await downloadNetwork(entry, {
            precision,
            ...optional('until', until),
            again,
            signal,
            onEvent: display.show,
          });
          display.end();
          const { id, provenance, licence } = manifest;
          if (json) writeJson({ type: 'installed', manifest });
          else {
            const fetched = megabytes(provenance?.transferred ?? 0);
            console.log(`${id} is installed: ${fetched} fetched from ${provenance?.url ?? 'elsewhere'}.`);
            console.log(
              `  licence ${licence || 'not stated'}; paint with: madder stylize PHOTO -s PAINTING -n ${id} -o OUT.png`,
            );
          }
        }
      } catch (error) {
        if (!controller.signal.aborted) throw error;
        display.end();
        if (json) writeJson({ type: 'interrupted' });
        else process.stderr.write('Stopped. What was fetched is kept: the same command goes on.\n');
        process.exitCode = INTERRUPTED;
      } finally {
        display.end();
        process.off('SIGINT', interrupt);
      }
    });
}

interface Display {
  show(event: DownloadEvent): void;
  end(): void;
}

const jsonDisplay = (): Display => ({ show: writeJson, end: () => {} });

/** A bar over the bytes that are needed; where the error stream is not a terminal, only what happens is said. */
function barDisplay(): Display {
  const { show, end } = progressBar('{bar} {done} of {size}  {speed}/s  {left} left');
  const say = (text: string) => {
    end();
    process.stderr.write(`${text}\n`);
  };
  return {
    show(event) {
      switch (event.type) {
        case 'source':
          return say(`From ${event.url}`);
        case 'plan': {
          const { architecture, tensors, bytes, kept, size } = event;
          const already = kept > 0 ? `, ${megabytes(kept)} of it there already` : '';
          return say(
            `${architecture}: ${tensors} tensors, ${megabytes(bytes)} of a file of ${megabytes(size)}${already}`,
          );
        }
        case 'note':
          return say(event.message);
        case 'progress': {
          const { done, total, bytesPerSecond, secondsLeft } = event;
          show(done, Math.max(1, total ?? done), {
            done: megabytes(done),
            size: total === undefined ? 'who knows' : megabytes(total),
            speed: megabytes(bytesPerSecond),
            left: secondsLeft === undefined ? '?' : duration(secondsLeft),
          });
        }
      }
    },
    end,
  };
}
