import type { PoolingKind } from '../network-manifest.ts';
import type { Preset } from '../preset.ts';
import { USUAL_ADAM_STEP } from '../recipe.ts';
import type { Estimate, NetworkCard } from './contract.ts';
import { audibleLayers, masksOf, takesPart, type StudioDocument, type StudioSettings } from './document.ts';

/** Every setting with the value that a start would use. Only pooling may be left open: then it is the network's own. */
export type EffectiveSettings = {
  readonly [K in keyof StudioSettings]-?: K extends 'pooling' ? PoolingKind | null : NonNullable<StudioSettings[K]>;
};
export type SettingName = keyof EffectiveSettings;

/** Who says what a setting is: the person, the preset, the network, or Madder where nobody else does. */
export type Origin = 'own' | 'preset' | 'network' | 'usual';

export interface Effective {
  readonly settings: EffectiveSettings;
  /** What the settings would be if the person had set nothing: where a reset goes, and what Strength is relative to. */
  readonly base: EffectiveSettings;
  readonly origin: Readonly<Record<SettingName, Origin>>;
  /** Which side of the picture `size` is. */
  readonly side: 'long' | 'short';
}

/** What holds where neither a person nor a preset nor the network says anything. */
const USUAL: EffectiveSettings = {
  normalization: 'relative',
  style: 1,
  content: 0.1,
  variation: 0.02,
  variationL1: 0,
  styleLayers: {},
  contentLayers: {},
  size: 512,
  iterations: 50,
  pooling: null,
  optimizer: { kind: 'lbfgs', history: 20, lineSearch: 'strong-wolfe' },
  parameterization: { kind: 'pixels' },
  transforms: { jitter: 0, scale: 0, rotate: 0 },
  init: { kind: 'content' },
  colour: 'style',
  seed: 0,
};

/**
 * What a start of this document would use: the person's settings before the preset's, those before what suits the network.
 * @param network the document's network; undefined while it is unknown
 * @param contentNetwork its network for the content, if it has one of its own
 */
export function effectiveSettings(
  { settings: own, preset }: Pick<StudioDocument, 'settings' | 'preset'>,
  network: NetworkCard | undefined,
  contentNetwork?: NetworkCard,
): Effective {
  const layers: readonly [Origin, Partial<EffectiveSettings>][] = [
    ['usual', USUAL],
    ['network', networkSettings(network, contentNetwork ?? network)],
    ['preset', preset ? presetSettings(preset.value) : {}],
  ];
  const origin = {} as Record<SettingName, Origin>;
  const lay = (target: EffectiveSettings, from: Origin, values: Partial<EffectiveSettings>): EffectiveSettings => {
    const given = Object.entries(values).filter(([, value]) => value !== undefined);
    for (const [name] of given) origin[name as SettingName] = from;
    return { ...target, ...Object.fromEntries(given) };
  };
  const base = layers.reduce((target, [from, values]) => lay(target, from, values), USUAL);
  const settings = lay(base, 'own', own as Partial<EffectiveSettings>);
  if (origin.optimizer === 'network' || origin.optimizer === 'usual') {
    return { settings: withUsualStep(settings), base: withUsualStep(base), origin, side: sideOf(preset) };
  }
  return { settings, base, origin, side: sideOf(preset) };
}

const sideOf = (preset: StudioDocument['preset']): Effective['side'] => preset?.value.schedule?.side ?? 'long';

/** An optimizer that nobody chose takes the step that suits what it moves. */
function withUsualStep(settings: EffectiveSettings): EffectiveSettings {
  const { optimizer, parameterization } = settings;
  if (optimizer.kind !== 'adam') return settings;
  return { ...settings, optimizer: { ...optimizer, stepSize: USUAL_ADAM_STEP[parameterization.kind] } };
}

function networkSettings(network?: NetworkCard, content?: NetworkCard): Partial<EffectiveSettings> {
  if (!network) return {};
  const { suggested } = network;
  return {
    style: suggested.style,
    content: suggested.content,
    variation: suggested.variation,
    styleLayers: suggested.styleLayers,
    contentLayers: (content ?? network).suggested.contentLayers,
    ...(suggested.pooling ? { pooling: suggested.pooling as PoolingKind } : {}),
    optimizer: suggested.optimizer === 'adam' ? { kind: 'adam', stepSize: 0.02, averaging: 0.99 } : USUAL.optimizer,
  };
}

function presetSettings({
  objective,
  schedule,
  optimizer,
  init,
  colour,
  networks,
  parameterization,
  transforms,
}: Preset): Partial<EffectiveSettings> {
  const pooling = networks?.style?.rewrites?.find((r) => 'pooling' in r && r.pooling.layers === undefined);
  return {
    ...(objective as Partial<EffectiveSettings>),
    ...(schedule ? { size: schedule.size, iterations: schedule.levels.at(-1)!.evaluations } : {}),
    ...(optimizer ? { optimizer } : {}),
    ...(init ? { init } : {}),
    ...(colour ? { colour } : {}),
    ...(parameterization ? { parameterization } : {}),
    ...(transforms ? { transforms } : {}),
    ...(pooling && 'pooling' in pooling ? { pooling: pooling.pooling.kind } : {}),
  };
}

/** Width and height, px, that a picture of this document would have at the end; undefined without a photo. */
export function finalSize(
  { photo }: Pick<StudioDocument, 'photo'>,
  { settings: { size }, side }: Effective,
): { readonly width: number; readonly height: number } | undefined {
  if (!photo) return undefined;
  const reference = side === 'long' ? Math.max(photo.width, photo.height) : Math.min(photo.width, photo.height);
  const scale = size / reference;
  return { width: Math.max(1, Math.round(photo.width * scale)), height: Math.max(1, Math.round(photo.height * scale)) };
}

/** Why a start is impossible now; each is one sentence of the window's, with these values. */
export type Obstacle =
  | { readonly kind: 'disconnected' }
  | { readonly kind: 'noPhoto' }
  | { readonly kind: 'noStyle' }
  | { readonly kind: 'styleWithoutWeight' }
  | { readonly kind: 'networkUnknown'; readonly network: string }
  | { readonly kind: 'networkAbsent'; readonly network: string }
  | { readonly kind: 'silent' }
  | { readonly kind: 'masksMoved' }
  | { readonly kind: 'layerUnknown'; readonly layer: string; readonly network: string }
  | { readonly kind: 'tooLarge'; readonly smallerSize: number | null };

export interface StartSituation {
  readonly connected: boolean;
  readonly networks: readonly NetworkCard[];
  readonly estimate?: Estimate | undefined;
}

/** Everything that stands in the way of a start, in the order in which a person would put it right; empty: go ahead. */
export function obstacles(document: StudioDocument, { connected, networks, estimate }: StartSituation): Obstacle[] {
  const found: Obstacle[] = [];
  if (!connected) found.push({ kind: 'disconnected' });
  if (!document.photo) found.push({ kind: 'noPhoto' });
  if (document.styles.length === 0) found.push({ kind: 'noStyle' });
  else if (!document.styles.some(takesPart)) found.push({ kind: 'styleWithoutWeight' });

  const card = (id: string): NetworkCard | undefined => {
    const network = networks.find((n) => n.id === id);
    if (!network) found.push({ kind: 'networkUnknown', network: id });
    else if (network.state === 'available') found.push({ kind: 'networkAbsent', network: network.name });
    return network && network.state !== 'available' ? network : undefined;
  };
  const network = card(document.network);
  const contentNetwork = document.contentNetwork === null ? network : card(document.contentNetwork);

  if (network) {
    const { settings } = effectiveSettings(document, network, contentNetwork);
    const heard = audibleLayers(settings.styleLayers, document.faders);
    if (settings.style === 0 || Object.values(heard).every((weight) => weight === 0)) found.push({ kind: 'silent' });
    // The picture would move below its masks, which stay where they are.
    if (masksOf(document).length > 0 && Object.values(settings.transforms).some((range) => range > 0)) {
      found.push({ kind: 'masksMoved' });
    }
    found.push(...unknownLayers(settings.styleLayers, network));
    if (contentNetwork) found.push(...unknownLayers(settings.contentLayers, contentNetwork));
  }
  if (estimate && !estimate.fits) found.push({ kind: 'tooLarge', smallerSize: estimate.smallerSize ?? null });
  return found;
}

function unknownLayers(weights: Readonly<Record<string, number>>, { layers, name }: NetworkCard): Obstacle[] {
  const known = new Set(layers.map((layer) => layer.name));
  return Object.keys(weights)
    .filter((layer) => !known.has(layer))
    .map((layer) => ({ kind: 'layerUnknown' as const, layer, network: name }));
}
