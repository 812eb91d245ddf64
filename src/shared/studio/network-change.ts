import type { Preset } from '../preset.ts';
import type { NetworkCard } from './contract.ts';
import type { StudioDocument } from './document.ts';
import { effectiveSettings } from './effective.ts';

/** What a change of the network costs: some of the person's faders, all of them, or the preset. */
export type NetworkLoss = 'nothing' | 'some' | 'layers' | 'preset';

export interface NetworkChange {
  readonly document: StudioDocument;
  readonly lost: NetworkLoss;
}

type Layers = Readonly<Record<string, number>>;

/**
 * The document with another network. Layers are named by it: faders of layers that the new one has too stay, and where none
 * are left its own suggestions count. A preset that reads layers which it lacks is let go; its size and pace stay.
 */
export function changeNetwork(document: StudioDocument, network: NetworkCard): NetworkChange {
  const fitted = fitPreset({ ...document, network: network.id }, network);
  const style = fitFaders(fitted.settings.styleLayers, network);
  const content =
    document.contentNetwork === null
      ? fitFaders(fitted.settings.contentLayers, network)
      : { layers: fitted.settings.contentLayers, lost: 'nothing' as const };
  const names = new Set(network.layers.map(({ name }) => name));
  const { muted, solo, linked } = fitted.faders;
  const { styleLayers: _style, contentLayers: _content, ...others } = fitted.settings;
  const settings = {
    ...others,
    ...(style.layers ? { styleLayers: { ...style.layers } } : {}),
    ...(content.layers ? { contentLayers: { ...content.layers } } : {}),
  };
  const losses = [fitted.preset === document.preset ? 'nothing' : 'preset', style.lost, content.lost] as const;
  return {
    document: {
      ...fitted,
      settings,
      faders: {
        muted: muted.filter((name) => names.has(name)),
        solo: solo !== null && names.has(solo) ? solo : null,
        linked,
      },
    },
    lost: (['preset', 'layers', 'some'] as const).find((loss) => losses.includes(loss)) ?? 'nothing',
  };
}

/** Layers that a preset reads of the network that it is used with. */
export function presetLayers({ objective = {}, networks }: Preset, withContent = true): string[] {
  const rewritten = (networks?.style?.rewrites ?? []).flatMap((rewrite) => {
    if ('pooling' in rewrite) return rewrite.pooling.layers ?? [];
    return 'identityGradient' in rewrite ? rewrite.identityGradient : [];
  });
  const faders = { ...objective.styleLayers, ...(withContent ? objective.contentLayers : {}) };
  // Octaves show every layer once per size, as `name/2`.
  return [...new Set([...Object.keys(faders), ...rewritten].map((name) => name.replace(/\/\d+$/, '')))];
}

/** Whether a network that can paint has every layer that the preset reads. */
export function fitsNetwork(preset: Preset, { layers }: NetworkCard, withContent = true): boolean {
  const names = new Set(layers.map(({ name }) => name));
  return presetLayers(preset, withContent).every((name) => names.has(name));
}

function fitPreset(document: StudioDocument, network: NetworkCard): StudioDocument {
  const { preset, contentNetwork, settings, photo } = document;
  if (!preset || fitsNetwork(preset.value, network, contentNetwork === null)) return document;
  const { settings: held, origin, side } = effectiveSettings(document, undefined);
  const kept = Object.fromEntries(
    (['iterations', 'init'] as const).filter((name) => origin[name] === 'preset').map((name) => [name, held[name]]),
  );
  // Without the preset, size is the long side.
  const longer =
    side === 'short' && photo ? Math.max(photo.width, photo.height) / Math.min(photo.width, photo.height) : 1;
  const size = Math.min(16_384, Math.round(held.size * longer));
  return {
    ...document,
    preset: null,
    settings: { ...kept, ...settings, ...(origin.size === 'usual' ? {} : { size }) },
  };
}

function fitFaders(
  own: Layers | undefined,
  { layers }: NetworkCard,
): { layers: Layers | undefined; lost: NetworkLoss } {
  if (!own) return { layers: undefined, lost: 'nothing' };
  const names = new Set(layers.map(({ name }) => name));
  const kept = Object.fromEntries(Object.entries(own).filter(([name]) => names.has(name)));
  const count = Object.keys(kept).length;
  if (count === Object.keys(own).length) return { layers: own, lost: 'nothing' };
  if (count === 0 || Object.values(kept).every((weight) => weight === 0)) return { layers: undefined, lost: 'layers' };
  return { layers: kept, lost: 'some' };
}
