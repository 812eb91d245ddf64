import { Command } from 'commander';
import type { DeviceName } from '../../../shared/devices.ts';
import { DEFAULT_NETWORK } from '../../services/defaults.ts';
import { freeName } from '../../services/painter.ts';
import { samples } from '../../services/samples.ts';
import { deviceOption } from './devices.ts';
import { whole } from './options.ts';
import { paintToFile } from './paint-to-file.ts';

/** `madder demo`: a first picture from the sample pictures, with the embedded network and its own settings. */
export function demoCommand(): Command {
  return new Command('demo')
    .description('paint a sample photo with the embedded network')
    .option('-o, --output <file>', 'where the picture goes (madder-demo.png, numbered if that exists)')
    .option('--size <px>', 'long side of the result', whole(1), 512)
    .addOption(deviceOption())
    .option('--json', 'print one JSON object a line, a summary last', false)
    .action(
      async ({ output, size, device, json }: { output?: string; size: number; device: DeviceName; json: boolean }) => {
        const { photos, paintings } = await samples();
        const photo = photos[0]!.path;
        const painting = paintings[0]!.path;
        const request = {
          photo,
          styles: [{ path: painting }],
          network: DEFAULT_NETWORK,
          size,
          strength: 1,
          layers: {},
          contentLayers: {},
          iterations: 50,
          init: 'content',
          seed: 0,
        } as const;
        const path = output ?? freeName('madder-demo.png');
        process.exitCode = await paintToFile(request, {
          destination: { path, overwrite: false, inputs: [photo, painting] },
          json,
          device,
        });
      },
    );
}
