import { Command } from 'commander';
import { builtInPresets } from '../../services/presets.ts';
import { writeJson } from './output.ts';

/** `madder presets`: recipes that were published, to start from. */
export function presetsCommand(): Command {
  return new Command('presets')
    .description('list the presets: published recipes for stylize --preset')
    .option('--json', 'print one JSON object a line', false)
    .action(({ json }: { json: boolean }) => {
      for (const { id, preset } of builtInPresets()) {
        if (json) {
          writeJson({ type: 'preset', id, preset });
          continue;
        }
        console.log(`${id}\n  ${preset.name}. ${preset.description}`);
        if (preset.networkArchitecture) console.log(`  for ${preset.networkArchitecture}`);
        if (preset.citation) console.log(`  ${preset.citation}`);
        for (const note of preset.notes ?? []) console.log(`  ${note}`);
      }
    });
}
