import { Command } from 'commander';
import type { CatalogueEntry } from '../../../shared/catalogue.ts';
import { MadderError } from '../../../shared/errors.ts';
import type { NetworkManifest, Provenance } from '../../../shared/network-manifest.ts';
import {
  catalogue,
  installedNetworks,
  libraryFolder,
  networkDetails,
  removeNetwork,
  verifyNetworks,
  type InstalledNetwork,
} from '../../services/networks.ts';
import { downloadCommand } from './networks-download.ts';
import { importCommand } from './networks-import.ts';
import { megabytes, writeJson } from './output.ts';

/** `madder networks`: what there is to paint with, and what can be had. */
export function networksCommand(): Command {
  const command = new Command('networks')
    .description('the networks to paint with: list them, download more, import your own')
    .option('--library <folder>', 'where yours are; MADDER_LIBRARY says so to every command')
    .hook('preAction', (networks) => {
      const { library } = networks.opts<{ library?: string }>();
      if (library !== undefined) process.env['MADDER_LIBRARY'] = library;
    })
    .addCommand(listCommand(), { isDefault: true })
    .addCommand(showCommand())
    .addCommand(downloadCommand())
    .addCommand(importCommand())
    .addCommand(verifyCommand())
    .addCommand(removeCommand());
  for (const subcommand of command.commands) subcommand.exitOverride();
  return command;
}

function listCommand(): Command {
  return new Command('list')
    .description('list the networks that are installed, and those that can be downloaded')
    .option('--json', 'print one JSON object a line', false)
    .action(async ({ json }: { json: boolean }) => {
      const installed = await installedNetworks();
      const { networks, families } = await catalogue();
      if (json) {
        for (const network of installed) writeJson({ type: 'network', ...network });
        for (const entry of networks) writeJson({ type: 'available', ...entry });
        for (const family of families) writeJson({ type: 'family', ...family });
        return;
      }
      for (const network of installed) printInstalled(network);
      const has = (id: string) => installed.some(({ manifest }) => manifest.id === id);
      console.log('\nTo be had with "madder networks download ID":');
      const inFamilies = new Set(families.flatMap(({ members }) => members.map(({ id }) => id)));
      for (const { id, description } of networks.filter((n) => !inFamilies.has(n.id) && !has(n.id))) {
        console.log(`  ${id.padEnd(28)} ${description}`);
      }
      for (const { label, members } of families) {
        console.log(`  ${label}, from its baseline to the most robust (* is installed):`);
        for (const line of lines(members.map(({ id }) => `${id}${has(id) ? '*' : ''}`))) console.log(`    ${line}`);
      }
    });
}

function showCommand(): Command {
  return new Command('show')
    .description('all that is known of a network')
    .argument('<id>', 'see "madder networks"')
    .option('--json', 'print one JSON object', false)
    .action(async (id: string, { json }: { json: boolean }) => {
      const details = await networkDetails(id);
      if (json) {
        writeJson({ type: 'details', ...details });
        return;
      }
      const { installed, entry, families } = details;
      if (installed) printInstalled(installed);
      else printEntry(entry!);
      const { architecture, normalization, citation } = installed?.manifest ?? entry!;
      const { mean, std, channels, scale, assumed } = normalization;
      console.log(`  architecture ${architecture}; cite: ${citation || 'not stated'}`);
      console.log(
        `  wants ${channels} of 0 to ${scale}, less ${mean.join(', ')}, over ${std.map((s) => Number(s.toPrecision(6))).join(', ')}${assumed ? ' (assumed)' : ''}`,
      );
      for (const { label, members } of families) {
        console.log(`  one of ${label}: ${members.map((m) => (m.id === id ? `[${m.epsilon}]` : m.epsilon)).join(' ')}`);
      }
      if (installed) printOrigin(installed.manifest);
    });
}

function verifyCommand(): Command {
  return new Command('verify')
    .description('read every installed network again and check it against its hash')
    .option('--json', 'print one JSON object a line', false)
    .action(async ({ json }: { json: boolean }) => {
      const verified = await verifyNetworks(({ id, problem }) => {
        if (json) writeJson({ type: 'verified', id, ok: problem === undefined, ...(problem ? { problem } : {}) });
        else console.log(`${id}: ${problem ?? 'as it should be'}`);
      });
      const broken = verified.filter(({ problem }) => problem !== undefined).map(({ id }) => id);
      if (broken.length > 0) {
        throw new MadderError(
          'network',
          `${broken.length} of ${verified.length} networks cannot be used (${broken.join(', ')}); remove them, and download or import them again.`,
        );
      }
    });
}

function removeCommand(): Command {
  return new Command('remove')
    .description('remove a network from the library')
    .argument('<id>', 'one that was downloaded or imported')
    .option('--json', 'print one JSON object', false)
    .action(async (id: string, { json }: { json: boolean }) => {
      await removeNetwork(id);
      if (json) writeJson({ type: 'removed', id });
      else console.log(`${id} is removed from ${libraryFolder()}.`);
    });
}

function printInstalled({ manifest, layers }: InstalledNetwork): void {
  console.log(`${manifest.id}\n  ${[manifest.name, manifest.description].filter(Boolean).join('. ')}`);
  console.log(`  licence ${manifest.licence || 'not stated'}; layers, fine to coarse:`);
  for (const layer of layers) {
    const use = [
      ...(layer.name in manifest.styleLayers ? [`style ${manifest.styleLayers[layer.name]}`] : []),
      ...(layer.name in manifest.contentLayers ? [`content ${manifest.contentLayers[layer.name]}`] : []),
    ].join(', ');
    const field = Number.isFinite(layer.receptiveField) ? `sees ${layer.receptiveField} px` : 'sees everything';
    const channels = layer.channels === undefined ? '' : `${layer.channels} channels`;
    const words = [layer.name.padEnd(14), (layer.label ?? '').padEnd(22), field.padEnd(14), channels.padEnd(13), use];
    console.log(`    ${words.join(' ').trimEnd()}`);
  }
}

function printEntry({ id, name, description, licence, layers, sources }: CatalogueEntry): void {
  console.log(`${id}\n  ${name}. ${description}`);
  console.log(`  licence ${licence}`);
  console.log(`  not installed; layers, fine to coarse: ${layers.join(', ')}`);
  for (const { url, bytes, approximateBytes, sha256 } of sources) {
    const size = bytes ?? approximateBytes;
    const facts = [
      ...(size === undefined ? [] : [`a file of ${megabytes(size)}`]),
      ...(sha256 === undefined ? [] : [`SHA-256 ${sha256}${sha256.length < 64 ? '…' : ''}`]),
    ];
    console.log(`  from ${url}${facts.length > 0 ? ` (${facts.join(', ')})` : ''}`);
  }
}

function printOrigin({ source, provenance }: NetworkManifest): void {
  if (!provenance) {
    console.log(`  ${source}`);
    return;
  }
  const { url, file, bytes, transferred, sha256, hashCheck, date, tool } = provenance;
  const amount = transferred === undefined ? '' : `${megabytes(transferred)} fetched of `;
  console.log(`  from ${url ?? file} (${amount}${megabytes(bytes)}), ${date.slice(0, 10)}, by ${tool}`);
  console.log(`  ${HASH_CHECKS[hashCheck]}${sha256 === undefined ? '' : `: ${sha256}`}`);
}

const HASH_CHECKS: Readonly<Record<Provenance['hashCheck'], string>> = {
  whole: 'its SHA-256 is the published one',
  beginning: 'its SHA-256 begins as was published',
  none: 'no published SHA-256 to compare with; names, shapes and numbers were checked',
};

/** Words joined by commas, in lines of at most 110 letters. */
function lines(words: readonly string[]): string[] {
  const result: string[] = [];
  for (const word of words) {
    const last = result.at(-1);
    if (last !== undefined && last.length + word.length < 108) result[result.length - 1] = `${last}, ${word}`;
    else result.push(word);
  }
  return result;
}
