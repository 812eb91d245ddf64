import type { Draft } from 'immer';
import { PRESET_VERSION, type Preset } from '../../../shared/preset.ts';
import type { Rewrite } from '../../../shared/rewrites.ts';
import type { NetworkCard, PresetEntry } from '../../../shared/studio/contract.ts';
import { audibleLayers, type StudioDocument } from '../../../shared/studio/document.ts';
import { effectiveSettings, type Effective, type SettingName } from '../../../shared/studio/effective.ts';
import { fitsNetwork } from '../../../shared/studio/network-change.ts';
import { isReady } from '../networks/groups.ts';

/** Weights are chosen together, so that a preset which speaks of some replaces a person's own ones all. */
const WEIGHTS = [
  'normalization',
  'style',
  'content',
  'variation',
  'variationL1',
  'styleLayers',
  'contentLayers',
] as const satisfies readonly SettingName[];

/** Starts from a preset. Pictures, seed and whatever it is silent about stay. */
export function applyPreset(draft: Draft<StudioDocument>, { id, value }: Pick<PresetEntry, 'id' | 'value'>): void {
  const { origin } = effectiveSettings({ settings: {}, preset: { id, value } }, undefined);
  const spoken = (Object.keys(origin) as SettingName[]).filter((name) => origin[name] === 'preset');
  const settings = { ...draft.settings };
  for (const name of [...WEIGHTS, ...spoken]) delete settings[name];
  if (value.networks?.style) delete settings.pooling;
  if (value.colour) delete settings.colour;
  draft.settings = settings;
  draft.faders = { ...draft.faders, muted: [], solo: null };
  draft.preset = { id, value: value as Draft<Preset> };
}

/** Back to no preset: what suits the network. */
export function leavePreset(draft: Draft<StudioDocument>): void {
  draft.preset = null;
}

/** What belongs to one picture and not to a way of painting; size and pace do so where the preset names none. */
const PERSONAL: readonly SettingName[] = ['seed'];
const PACE: readonly SettingName[] = ['size', 'iterations'];

/** Whether a person has changed something since the preset was applied. */
export function isModified(
  { settings, faders, preset }: Pick<StudioDocument, 'settings' | 'faders' | 'preset'>,
  { base }: Pick<Effective, 'base'>,
): boolean {
  if (faders.muted.length > 0 || faders.solo !== null) return true;
  const free = preset?.value.schedule ? PERSONAL : [...PERSONAL, ...PACE];
  return (Object.keys(settings) as SettingName[])
    .filter((name) => !free.includes(name) && settings[name] !== undefined)
    .some((name) => !same(settings[name], base[name]));
}

function same(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => same((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]))
  );
}

/** The settings of a document as a preset of one's own. */
export function presetFrom(
  { preset, settings: own, faders }: Pick<StudioDocument, 'preset' | 'settings' | 'faders'>,
  { settings, side, origin }: Effective,
  network: NetworkCard | undefined,
  about: { readonly name: string; readonly description: string },
): Preset {
  const { normalization, style, content, variation, variationL1, styleLayers, contentLayers, init } = settings;
  const from = preset?.value;
  const architecture = network?.manifest?.architecture ?? from?.networkArchitecture;
  const schedule = from?.schedule;
  const pace = schedule ? settings.iterations / schedule.levels.at(-1)!.evaluations : 1;
  const rewrites = (from?.networks?.style?.rewrites ?? octavesOf(network)).filter(
    (rewrite) => own.pooling === undefined || !('pooling' in rewrite),
  );
  const pooled = own.pooling === undefined ? rewrites : [...rewrites, { pooling: { kind: own.pooling } }];
  const colour = own.colour ?? from?.colour;
  return {
    version: PRESET_VERSION,
    ...about,
    ...(from?.citation === undefined ? {} : { citation: from.citation }),
    ...(from?.notes ? { notes: from.notes } : {}),
    ...(architecture === undefined ? {} : { networkArchitecture: architecture }),
    ...(from?.networks || pooled.length > 0
      ? { networks: { ...from?.networks, style: { ...from?.networks?.style, rewrites: pooled } } }
      : {}),
    ...(colour === undefined ? {} : { colour }),
    ...(origin.parameterization === 'usual' ? {} : { parameterization: settings.parameterization }),
    ...(origin.transforms === 'usual' ? {} : { transforms: settings.transforms }),
    objective: {
      normalization,
      style,
      content,
      variation,
      variationL1,
      styleLayers: audibleLayers(styleLayers, faders),
      contentLayers,
    },
    // Without one, size and pace stay as they are where the preset is used.
    ...(schedule
      ? {
          schedule: {
            size: settings.size,
            side,
            levels: schedule.levels.map((level) => ({
              ...level,
              evaluations: Math.max(1, Math.round(level.evaluations * pace)),
            })),
          },
        }
      : {}),
    ...(origin.optimizer === 'own' || origin.optimizer === 'preset' ? { optimizer: settings.optimizer } : {}),
    ...(init.kind === 'image' || origin.init === 'usual' ? {} : { init }),
  };
}

/** The rewrites that add the layers which a network has in several sizes: a preset that speaks of them needs them too. */
function octavesOf(network: NetworkCard | undefined): Rewrite[] {
  const { octaves, pooling } = network?.manifest ?? {};
  if (!octaves) return [];
  return [...(pooling ? [{ pooling: { kind: pooling } }] : []), { octaves: octaves.count }];
}

/** With which network a preset can be used. */
export type PresetFit =
  /** The document's own. */
  | { readonly kind: 'fits' }
  /** This one instead, which is at hand. */
  | { readonly kind: 'switch'; readonly network: NetworkCard }
  /** One that must be fetched first. */
  | { readonly kind: 'download'; readonly network: NetworkCard }
  | { readonly kind: 'none' };

/** The document's network where it has the layers; otherwise one that the preset was made for. */
export function fitOf(preset: Preset, document: StudioDocument, networks: readonly NetworkCard[]): PresetFit {
  const withContent = document.contentNetwork === null;
  const current = networks.find(({ id }) => id === document.network);
  if (current && isReady(current) && fitsNetwork(preset, current, withContent)) return { kind: 'fits' };
  const made = preset.networkArchitecture;
  const ready = networks.filter((network) => isReady(network) && fitsNetwork(preset, network, withContent));
  const at = ready.find(({ manifest }) => manifest?.architecture === made) ?? ready[0];
  if (at) return { kind: 'switch', network: at };
  const absent = networks.filter((network) => !isReady(network) && made !== undefined);
  const wanted = absent.find(({ id }) => id === made) ?? absent.find(({ id }) => id.includes(made ?? ''));
  return wanted ? { kind: 'download', network: wanted } : { kind: 'none' };
}

/** Whether a search finds a preset: every word in its name, description or source. */
export function matchesPreset({ value }: PresetEntry, search: string): boolean {
  const { name, description, citation = '', networkArchitecture = '' } = value;
  const text = [name, description, citation, networkArchitecture].join(' ').toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .filter(Boolean)
    .every((word) => text.includes(word));
}
