import type { OptimizerName } from '../../../shared/optimizers.ts';
import {
  GRID_PARAMETERS,
  type GridParameter,
  type PictureSettings,
  type Remedy,
} from '../../../shared/picture-studies.ts';
import type { RobustnessSettings } from '../../../shared/robustness.ts';
import { PRIORS, type Aim } from '../../../shared/visualization.ts';
import type { NetworkCard } from '../../../shared/studio/contract.ts';
import type { StudioDocument, StudioPicture } from '../../../shared/studio/document.ts';
import { effectiveSettings } from '../../../shared/studio/effective.ts';
import type { StudyKind, StudyRequest } from '../../../shared/studio/studies.ts';

/** Painters of the same picture that are told apart: own ones, or the first one's settings for all. */
export const RECIPES = ['own', 'same'] as const;
/** How the picture comes of what the optimizer moves, and how networks look at it. */
export const MEANS = ['pixels', 'fourier', 'transforms', 'fourierTransforms'] as const;
export type Means = (typeof MEANS)[number];
/** What can be varied by numbers or words that are typed or chosen here. */
export const VARIED = [
  'style',
  'content',
  'variation',
  'iterations',
  'size',
  'seed',
  'init',
  'optimizer',
  'pooling',
  'parameterization',
  'normalization',
  'colour',
  'remedy',
  'network',
  'painting',
] as const satisfies readonly GridParameter[];
export type Varied = (typeof VARIED)[number];

/** One axis of a grid as it is being set up. */
export interface AxisDraft {
  readonly parameter: Varied;
  /** Numbers as they are typed, separated by spaces or commas. */
  readonly numbers: string;
  /** Words, ids or hashes that are chosen. */
  readonly chosen: readonly string[];
}

/** A study of R(f) that there is already. */
export interface MeasuredStudy {
  readonly study: string;
  readonly title: string;
  /** What it has measured, by network. */
  readonly layers: Readonly<Record<string, readonly string[]>>;
}

/** A study that is being set up: one shape for all kinds, of which each uses its part. */
export interface Draft {
  /** Empty: what it is called follows from the rest. */
  readonly title: string;
  readonly photo: readonly StudioPicture[];
  readonly paintings: readonly StudioPicture[];
  readonly networks: readonly string[];
  /** Rows of `pairs`. */
  readonly contentNetworks: readonly string[];
  /** Layers by network, where they are not those that it suggests. */
  readonly layers: Readonly<Record<string, readonly string[]>>;
  readonly recipe: (typeof RECIPES)[number];
  /** What the studio has set up, where pictures are painted so; null: they begin with what suits each network. */
  readonly asInStudio: StudioDocument | null;
  readonly size: number;
  readonly iterations: number;
  readonly start: 'content' | 'noise';
  readonly means: Means;
  readonly seed: number;
  readonly judged: boolean;
  readonly axes: readonly AxisDraft[];
  readonly remedies: readonly Remedy[];
  readonly optimizers: readonly OptimizerName[];
  /** Of R(f), also in `layers` where it is wanted there. */
  readonly measured: boolean;
  /** The study that R(f) comes from; null: it is measured anew. */
  readonly given: MeasuredStudy | null;
  readonly photos: readonly StudioPicture[];
  readonly photoSize: number;
  readonly epsilon: number;
  readonly steps: number;
  readonly restarts: number;
  readonly gram: boolean;
  /** Of feature visualization. */
  readonly aim: Aim;
  readonly channels: number;
  readonly priors: readonly PriorName[];
}

export type PriorName = keyof typeof PRIORS;

export interface Around {
  readonly document: StudioDocument;
  /** All that are known. */
  readonly networks: readonly NetworkCard[];
  readonly samples: readonly { readonly kind: 'photo' | 'painting'; readonly picture: StudioPicture }[];
}

/** Sizes and numbers at which a study takes minutes on a processor, px and iterations. */
const SIZE = 192;
const ITERATIONS = 40;
const FEATURE_SIZE = 128;
const FEATURE_ITERATIONS = 128;
/** Networks that a new study begins with, at most: the first two of the installed ones tell something already. */
const FIRST_NETWORKS = 2;

export const isReady = ({ state }: Pick<NetworkCard, 'state'>): boolean => state !== 'available';

/** What a new study begins with: the studio's photo, painting and network, and what suits a first look. */
export function newDraft(kind: StudyKind, { document, networks, samples }: Around): Draft {
  // What has no weights of its own on the disk paints with random ones: of use as a comparison, not to begin with.
  const trained = (network: NetworkCard): number => (network.bytes > 0 ? 0 : 1);
  const ready = networks
    .filter(isReady)
    .sort((a, b) => trained(a) - trained(b))
    .map(({ id }) => id);
  const first = ready.includes(document.network) ? document.network : ready[0];
  const several = [...new Set([...(first === undefined ? [] : [first]), ...ready])].slice(0, FIRST_NETWORKS);
  const sampled = (wanted: 'photo' | 'painting'): StudioPicture[] =>
    samples.filter((sample) => sample.kind === wanted).map(({ picture }) => picture);
  const photo = document.photo ?? sampled('photo')[0];
  const painting = document.styles[0]?.picture ?? sampled('painting')[0];
  const network = networks.find(({ id }) => id === first);
  const suggested = effectiveSettings(document, network).base;
  const single = kind === 'grid' || kind === 'optimizers' || kind === 'texture';
  return {
    title: '',
    photo: photo ? [photo] : [],
    paintings: painting ? [painting] : [],
    networks: single || kind === 'layers' || kind === 'features' ? several.slice(0, 1) : several,
    contentNetworks: several,
    layers: {},
    recipe: 'own',
    asInStudio: null,
    size: kind === 'features' ? FEATURE_SIZE : SIZE,
    iterations: kind === 'features' ? FEATURE_ITERATIONS : ITERATIONS,
    start: kind === 'optimizers' ? 'noise' : 'content',
    means: 'pixels',
    seed: document.settings.seed ?? 0,
    judged: true,
    axes: [
      { parameter: 'style', numbers: tens(suggested.style), chosen: [] },
      { parameter: 'content', numbers: tens(suggested.content), chosen: [] },
    ],
    remedies: ['none', 'average-pooling', 'transforms'],
    optimizers: ['lbfgs', 'lbfgs-published', 'adam'],
    measured: false,
    given: null,
    photos: unique([...(document.photo ? [document.photo] : []), ...sampled('photo')]),
    photoSize: 64,
    epsilon: 0.5,
    steps: 20,
    restarts: 1,
    gram: false,
    aim: 'channel',
    channels: 4,
    priors: ['plain', 'fourier'],
  };
}

/** A value with those around it, as the article's grid has them: by tens. */
const tens = (value: number): string => [0.1, 1, 10].map((factor) => Number((value * factor).toPrecision(3))).join(' ');

const unique = (pictures: readonly StudioPicture[]): StudioPicture[] => [
  ...new Map(pictures.map((picture) => [picture.sha256, picture])).values(),
];

/** Why a study cannot begin yet; each is a sentence of the window's. */
export type Missing =
  'photo' | 'painting' | 'networks' | 'twoPhotos' | 'values' | 'numbers' | 'differentAxes' | 'choices' | 'noRobustness';

/** Which parts of a draft a kind uses. */
export const USES: Readonly<Record<StudyKind, readonly (keyof Draft)[]>> = {
  compare: [
    'photo',
    'paintings',
    'networks',
    'recipe',
    'asInStudio',
    'size',
    'iterations',
    'start',
    'means',
    'judged',
    'seed',
  ],
  grid: ['photo', 'paintings', 'networks', 'axes', 'asInStudio', 'size', 'iterations', 'start', 'means', 'seed'],
  pairs: ['photo', 'paintings', 'contentNetworks', 'networks', 'size', 'iterations', 'start', 'means', 'seed'],
  layers: ['photo', 'paintings', 'networks', 'layers', 'size', 'iterations', 'start', 'measured', 'seed'],
  texture: ['paintings', 'networks', 'remedies', 'size', 'iterations', 'seed'],
  optimizers: ['photo', 'paintings', 'networks', 'optimizers', 'asInStudio', 'size', 'iterations', 'start', 'seed'],
  features: ['networks', 'layers', 'aim', 'priors', 'size', 'iterations', 'seed'],
  robustness: ['photos', 'networks', 'layers', 'photoSize', 'epsilon', 'steps', 'restarts', 'gram', 'seed'],
};

export const uses = (kind: StudyKind, part: keyof Draft): boolean => USES[kind].includes(part);
/** Whether there is one recipe for all pictures, so that it can be the studio's. */
export const takesStudio = (kind: StudyKind, { recipe }: Draft): boolean =>
  uses(kind, 'asInStudio') && (kind !== 'compare' || recipe === 'same');
/** The studio's settings, where pictures are painted with them. */
export const studioOf = (kind: StudyKind, draft: Draft): StudioDocument | null =>
  takesStudio(kind, draft) ? draft.asInStudio : null;

/** Whether a kind takes one network, not several. */
export const oneNetwork = (kind: StudyKind): boolean => kind === 'grid' || kind === 'optimizers';

/**
 * Everything that stands in the way of a start, in the order of the form.
 * @param known the networks that are known
 */
export function missing(kind: StudyKind, draft: Draft, known: readonly NetworkCard[]): Missing[] {
  const found: Missing[] = [];
  if (uses(kind, 'photo') && draft.photo.length === 0) found.push('photo');
  if (uses(kind, 'paintings') && draft.paintings.length === 0) found.push('painting');
  if (draft.networks.length === 0 || (kind === 'pairs' && draft.contentNetworks.length === 0)) found.push('networks');
  if (measuresRobustness(kind, draft) && draft.photos.length < 2) found.push('twoPhotos');
  if (kind === 'grid') {
    const values = draft.axes.map(valuesOf);
    if (draft.axes.length === 0 || values.some((list) => list !== undefined && list.length === 0)) found.push('values');
    if (values.includes(undefined)) found.push('numbers');
    if (new Set(draft.axes.map(({ parameter }) => parameter)).size < draft.axes.length) found.push('differentAxes');
  }
  if (kind === 'texture' && draft.remedies.length === 0) found.push('choices');
  if (kind === 'optimizers' && draft.optimizers.length === 0) found.push('choices');
  if (kind === 'features' && draft.priors.length === 0) found.push('choices');
  const without = unmeasured(kind, draft, known);
  if (without && without.length > 0 && without.length === layerCount(draft, known)) found.push('noRobustness');
  return found;
}

/** Whether attacks are carried out. */
export const measuresRobustness = (kind: StudyKind, { measured, given }: Draft): boolean =>
  kind === 'robustness' || (kind === 'layers' && measured && given === null);

/** Layers that get no R(f), since the study that it comes from did not measure them; undefined where none is given. */
export function unmeasured(kind: StudyKind, draft: Draft, known: readonly NetworkCard[]): string[] | undefined {
  const { measured, given } = draft;
  if (kind !== 'layers' || !measured || !given) return undefined;
  return chosenOf(draft, known).flatMap((network) =>
    layersOf(draft, network)
      .filter((layer) => !given.layers[network.id]?.includes(layer))
      .map((layer) => `${network.name} ${layer}`),
  );
}

const chosenOf = ({ networks }: Draft, known: readonly NetworkCard[]): NetworkCard[] =>
  known.filter(({ id }) => networks.includes(id));

const layerCount = (draft: Draft, known: readonly NetworkCard[]): number =>
  chosenOf(draft, known).reduce((sum, network) => sum + layersOf(draft, network).length, 0);

/** An axis' values; undefined where what is typed is no list of numbers that the parameter takes. */
export function valuesOf({ parameter, numbers, chosen }: AxisDraft): (number | string)[] | undefined {
  const allowed = GRID_PARAMETERS[parameter];
  if (allowed.kind !== 'number' && allowed.kind !== 'whole') return [...chosen];
  const values = numbers
    .split(/[\s;]+|,(?!\d)/)
    .filter(Boolean)
    .map((text) => Number(text.replace(',', '.')));
  const usable = values.every(
    (value) =>
      Number.isFinite(value) && value >= allowed.least && (allowed.kind === 'number' || Number.isInteger(value)),
  );
  return usable ? [...new Set(values)] : undefined;
}

/** Octaves show a layer once per size, as `name/2`; studies look at the layer itself. */
const isOctave = (name: string): boolean => name.includes('/');

/** Layers of a network that can be looked at, from fine to coarse: those that end a step of its work first. */
export function layersIn({ layers, manifest, suggested }: NetworkCard): {
  readonly usual: readonly string[];
  readonly others: readonly string[];
} {
  const names = layers.map(({ name }) => name).filter((name) => !isOctave(name));
  const known = new Set([...Object.keys(manifest?.styleLayers ?? suggested.styleLayers)]);
  const usual = names.filter((name) => known.has(name) || /relu/i.test(name));
  return { usual, others: names.filter((name) => !usual.includes(name)) };
}

/** Layers of a network that are looked at. */
export const layersOf = ({ layers }: Pick<Draft, 'layers'>, { id, manifest, suggested }: NetworkCard): string[] => [
  ...(layers[id] ?? Object.keys(manifest?.styleLayers ?? suggested.styleLayers).filter((name) => !isOctave(name))),
];

/** How many pictures are painted, and how many attacks carried out. */
export function amount(
  kind: StudyKind,
  draft: Draft,
  networks: readonly NetworkCard[],
): { readonly pictures: number; readonly attacks: number } {
  const { networks: chosen, contentNetworks, paintings, remedies, optimizers, axes, photos, gram } = draft;
  const layers = layerCount(draft, networks);
  const pictures: Readonly<Record<StudyKind, () => number>> = {
    compare: () => chosen.length,
    grid: () => axes.reduce((product, axis) => product * (valuesOf(axis)?.length ?? 0), 1),
    pairs: () => chosen.length * contentNetworks.length,
    layers: () => layers,
    texture: () => paintings.length * chosen.length * remedies.length,
    optimizers: () => optimizers.length,
    features: () => layers * draft.priors.length * (draft.aim === 'layer' ? 1 : draft.channels),
    robustness: () => 0,
  };
  return {
    pictures: pictures[kind](),
    attacks: measuresRobustness(kind, draft) ? layers * photos.length * (gram ? 2 : 1) : 0,
  };
}

const TRANSFORMS = { jitter: 8, scale: 0.05, rotate: 3 };

/**
 * The program's request; `missing` must be empty.
 * @param title what it is called where the person gave none
 * @param known the networks that are known
 */
export function requestOf(kind: StudyKind, draft: Draft, title: string, known: readonly NetworkCard[]): StudyRequest {
  const { networks, contentNetworks, size, iterations, start, means, seed } = draft;
  const [photo] = draft.photo;
  const [network] = networks;
  const studio = studioOf(kind, draft);
  // The studio's settings say by what means it paints.
  const own = uses(kind, 'means') && studio === null;
  const settings: Omit<PictureSettings, 'init'> & { init?: 'content' | 'noise' } = {
    size,
    iterations,
    seed,
    ...(uses(kind, 'start') ? { init: start } : {}),
    ...(own && means.startsWith('fourier') ? { parameterization: { kind: 'fourier' as const, decay: 1 } } : {}),
    ...(own && /transforms/i.test(means) ? { transforms: TRANSFORMS } : {}),
  };
  const robustness: RobustnessSettings = {
    size: draft.photoSize,
    epsilon: draft.epsilon,
    steps: draft.steps,
    stepLength: 1,
    restarts: draft.restarts,
    noiseDraws: 4,
    seed,
    statistics: draft.gram ? ['features', 'gram'] : ['features'],
  };
  const photos = draft.photos.map(({ sha256 }) => sha256);
  const studied = networks.map((id) => ({ id, ...(draft.layers[id] ? { layers: [...draft.layers[id]] } : {}) }));
  const named = { title: draft.title.trim() || title };
  const styles = draft.paintings.map(({ sha256 }) => {
    const scale = studio?.styles.find(({ picture }) => picture.sha256 === sha256)?.scale ?? 1;
    return { picture: sha256, weight: 1, scale };
  });
  const asInStudio = studio ? { asInStudio: settingsOf(studio) } : {};
  const painted = { ...named, settings, styles, photo: photo?.sha256 ?? '' };
  switch (kind) {
    case 'compare': {
      const judges = draft.judged ? { judges: [...networks] } : {};
      return { kind, ...painted, networks: [...networks], recipe: draft.recipe, ...judges, ...asInStudio };
    }
    case 'grid':
      return {
        kind,
        ...painted,
        ...asInStudio,
        network: network!,
        axes: draft.axes.map((axis) => ({ parameter: axis.parameter, values: valuesOf(axis) ?? [] })),
      };
    case 'pairs':
      return { kind, ...painted, contentNetworks: [...contentNetworks], styleNetworks: [...networks] };
    case 'layers':
      return {
        kind,
        ...painted,
        networks: studied,
        ...(draft.measured
          ? { robustness: draft.given ? { study: draft.given.study } : { photos, settings: robustness } }
          : {}),
      };
    case 'texture':
      return { kind, ...named, settings, styles, networks: [...networks], remedies: [...draft.remedies] };
    case 'optimizers':
      return { kind, ...painted, ...asInStudio, network: network!, optimizers: [...draft.optimizers] };
    case 'features':
      return {
        kind,
        ...named,
        networks: known
          .filter(({ id }) => networks.includes(id))
          .map((card) => ({ id: card.id, layers: layersOf(draft, card) })),
        aim: draft.aim,
        channels: draft.channels,
        settings: { size, iterations, seed, rewrites: [], priors: draft.priors.map((name) => ({ ...PRIORS[name] })) },
      };
    case 'robustness':
      return { kind, ...named, networks: studied, photos, settings: robustness };
  }
}

const settingsOf = ({ network, preset, settings, faders }: StudioDocument) => ({ network, preset, settings, faders });
