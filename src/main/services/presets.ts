import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import type { Network } from '../engine/networks/network.ts';
import { octaveLayers } from '../engine/networks/rewrites/octaves.ts';
import { MadderError } from '../../shared/errors.ts';
import { migratePreset, type Preset } from '../../shared/preset.ts';
import { nakanoResnet50, nakanoRobustResnet50, nakanoVgg19 } from './presets/article.ts';
import { boldStrokes, fineStrokes, freely, gentle, ownColours } from './presets/everyday.ts';
import { replyAlexnet } from './presets/reply.ts';
import { gatys2015, neuralStyle } from './presets/vgg.ts';

export interface BuiltInPreset {
  /** What is typed for it: the name in small letters, words joined by hyphens. */
  readonly id: string;
  readonly preset: Preset;
}

/** The presets that come with Madder: for every day, then the published recipes, oldest first. */
export const builtInPresets = (): BuiltInPreset[] =>
  [...EVERYDAY, ...PUBLISHED].map((input) => {
    const preset = migratePreset(input);
    return { id: idOf(preset.name), preset };
  });

const EVERYDAY = [gentle, ownColours, fineStrokes, boldStrokes, freely];
const PUBLISHED = [gatys2015, neuralStyle, nakanoVgg19, nakanoRobustResnet50, nakanoResnet50, replyAlexnet];

const idOf = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');

/**
 * A preset by its name (however it is capitalised and punctuated), or from a `.json` file.
 * @throws MadderError `input`
 */
export async function findPreset(nameOrFile: string): Promise<Preset> {
  if (extname(nameOrFile).toLowerCase() === '.json') return readPreset(nameOrFile);
  const presets = builtInPresets();
  const found = presets.find(({ id }) => id === idOf(nameOrFile));
  if (found) return found.preset;
  const known = presets.map(({ id }) => id).join(', ');
  throw new MadderError('input', `There is no preset "${nameOrFile}"; there are ${known}, or give a .json file.`);
}

async function readPreset(path: string): Promise<Preset> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new MadderError('input', `The preset ${path} could not be read; check that the file is there.`, { cause });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new MadderError('input', `The preset ${path} is not JSON; correct it or choose another file.`, { cause });
  }
  return migratePreset(value);
}

/** Whether the preset's settings were made for this network; ONNX files do not say what they are. */
export const suits = ({ networkArchitecture }: Preset, { manifest }: Pick<Network, 'manifest'>): boolean =>
  networkArchitecture === undefined || [networkArchitecture, 'onnx'].includes(manifest.architecture);

/** What to know before painting with a preset. */
export function presetNotes(preset: Preset, style: Network): string[] {
  const notes = (preset.notes ?? []).map((note) => `${preset.name}: ${note}`);
  if (suits(preset, style)) return notes;
  const made = `The preset "${preset.name}" is made for ${preset.networkArchitecture}, and ${style.name} is another network`;
  return [`${made}, which keeps its own normalization.`, ...notes];
}

/**
 * Refuses a network that lacks layers of a preset.
 * @param roles what the network does: one that does both reads all layers
 * @throws MadderError `input` naming the layers
 */
export function checkLayers(preset: Preset, network: Network, roles: readonly ('style' | 'content')[]): void {
  const { networks = {}, objective = {}, name, networkArchitecture } = preset;
  const faders = { style: objective.styleLayers, content: objective.contentLayers };
  const layers = [
    ...roles.flatMap((role) => Object.keys(faders[role] ?? {})),
    ...(networks[roles[0]!]?.rewrites ?? []).flatMap((rewrite) => {
      if ('pooling' in rewrite) return rewrite.pooling.layers ?? [];
      if ('smoothing' in rewrite) return rewrite.smoothing.layers ?? [];
      return 'identityGradient' in rewrite ? rewrite.identityGradient : [];
    }),
  ];
  const rewritten = networks[roles[0]!]?.rewrites;
  const octaves = rewritten ? rewritten.find((r) => 'octaves' in r)?.octaves : network.manifest.octaves?.count;
  const there = octaveLayers(network.layers, octaves ?? 1);
  const missing = new Set(layers.filter((n) => !there.some((l) => l.name === n || l.tensor === n)));
  if (missing.size === 0) return;
  const made = networkArchitecture ? `, being made for ${networkArchitecture}` : '';
  const lacking = [...missing].join(', ');
  throw new MadderError(
    'input',
    `The preset "${name}" reads layers that the network ${network.name} does not have (${lacking})${made}; choose another network or preset.`,
  );
}
