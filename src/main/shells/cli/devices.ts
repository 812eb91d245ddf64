import { Command, Option } from 'commander';
import { deviceReport, installCuda } from '../../services/devices.ts';
import { DEVICE_NAMES, type Verdict } from '../../../shared/devices.ts';
import { writeJson } from './output.ts';
import { tableOf } from './table.ts';

/** `--device`, for every command that paints. */
export const deviceOption = (): Option =>
  new Option('--device <name>', 'what computes; auto takes the fastest that works')
    .choices(DEVICE_NAMES)
    .default('auto');

/** Said while providers are tried out, which happens before the first picture and then every few days. */
export const sayProbing = (): void => {
  process.stderr.write("Trying this computer's devices out; this takes a few seconds.\n");
};

/** `madder devices`: what there is to compute with, and how each did. */
export function devicesCommand(): Command {
  return new Command('devices')
    .description('list what this computer can paint with: the cpu and graphics cards')
    .option('--json', 'print one JSON object a line', false)
    .option('--refresh', 'try everything out anew', false)
    .option('--install-cuda', 'download the CUDA libraries of ONNX Runtime (Linux on x64)', false)
    .action(async (options: { json: boolean; refresh: boolean; installCuda: boolean }) => {
      const { json } = options;
      if (options.installCuda) await installCuda((text) => process.stderr.write(text));
      const refresh = options.refresh || options.installCuda;
      const report = await deviceReport({ refresh, onProbe: sayProbing });
      const isDefault = ({ provider }: Verdict) => provider === report.default.provider;
      if (json) {
        for (const verdict of report.verdicts) {
          writeJson({ type: 'device', found: found(verdict), ...verdict, default: isDefault(verdict) });
        }
        return;
      }
      const rows = report.verdicts.map((verdict) => [
        isDefault(verdict) ? '*' : ' ',
        verdict.provider,
        found(verdict) ? 'yes' : 'no',
        found(verdict) ? verdict.outcome : '-',
        verdict.error?.toExponential(1) ?? '-',
        speed(verdict),
        verdict.reason ?? '',
      ]);
      const head = [' ', 'provider', 'found', 'verdict', 'error', 'speed', 'why it is not the default'];
      console.log(tableOf([head, ...rows]));
      console.log(`\n* is what --device auto takes. Error and speed are relative to the cpu's.`);
    });
}

const found = ({ outcome }: Verdict): boolean => outcome !== 'absent';

/** `12 x`, or `1/1400 x` for what is slower than the cpu. */
function speed({ speed: factor }: Verdict): string {
  if (factor === undefined) return '-';
  const round = (n: number) => Number(n.toPrecision(2));
  return factor >= 0.1 ? `${round(factor)} x` : `1/${round(1 / factor)} x`;
}
