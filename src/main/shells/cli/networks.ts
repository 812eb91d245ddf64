import { Command } from 'commander';
import { installedNetworks } from '../../services/networks.ts';
import { writeJson } from './output.ts';

/** `madder networks`: what there is to paint with. */
export function networksCommand(): Command {
  return new Command('networks')
    .description('list the networks that are installed')
    .option('--json', 'print one JSON object a line', false)
    .action(async ({ json }: { json: boolean }) => {
      for (const network of await installedNetworks()) {
        if (json) {
          writeJson({ type: 'network', ...network });
          continue;
        }
        const { manifest, layers } = network;
        console.log(`${manifest.id}\n  ${manifest.name}. ${manifest.description}`);
        console.log(`  licence ${manifest.licence || 'not stated'}; layers, fine to coarse:`);
        for (const layer of layers) {
          const use = [
            ...(layer.name in manifest.styleLayers ? [`style ${manifest.styleLayers[layer.name]}`] : []),
            ...(layer.name in manifest.contentLayers ? [`content ${manifest.contentLayers[layer.name]}`] : []),
          ].join(', ');
          const field = Number.isFinite(layer.receptiveField) ? `sees ${layer.receptiveField} px` : 'sees everything';
          console.log(`    ${layer.name.padEnd(14)} ${(layer.label ?? '').padEnd(22)} ${field.padEnd(14)} ${use}`);
        }
      }
    });
}
