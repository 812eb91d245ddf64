/** What an artist has set up: kept from one start to the next, turned into a run, and found again from a recipe. */
import type { PaintRequest } from '../painter.ts';
import { MadderError } from '../../../shared/errors.ts';
import type { NetworkManifest } from '../../../shared/network-manifest.ts';
import { networkIdSchema } from '../../../shared/network-manifest.ts';
import { PRESET_VERSION, presetSchema, type Preset } from '../../../shared/preset.ts';
import type { Recipe, RecipeImage, RecipeMask, RecipeNetwork } from '../../../shared/recipe.ts';
import { problemWords } from '../../../shared/recipe-words.ts';
import { weightsAt } from '../../../shared/recipe-timeline.ts';
import {
  audibleLayers,
  DOCUMENT_VERSION,
  documentSchema,
  emptyDocument,
  masksOf,
  takesPart,
  type StudioDocument,
  type StudioPicture,
} from '../../../shared/studio/document.ts';
import type { Log } from './log.ts';
import { readStored, Saver } from './stored.ts';

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * What turns version n into version n + 1, at index n - 1. Append only: documents of every version exist, and test/fixtures/documents
 * holds one of each. A step hands on what it does not understand for the schema to refuse.
 */
const STEPS: readonly ((document: Fields) => Fields)[] = [
  // 1: before masks.
  (document) => ({
    ...document,
    version: 2,
    photoMask: null,
    ...(Array.isArray(document['styles'])
      ? { styles: document['styles'].map((style: unknown) => (isFields(style) ? { ...style, mask: null } : style)) }
      : {}),
  }),
];

/**
 * A document of any version, as this program's.
 * @throws MadderError `input`, one sentence
 */
export function migrateDocument(value: unknown): StudioDocument {
  const version = isFields(value) ? value['version'] : undefined;
  if (!isFields(value) || typeof version !== 'number' || !Number.isInteger(version) || version < 1) {
    throw new MadderError('input', 'This is not a document of Madder: it does not say which version it is.');
  }
  if (version > DOCUMENT_VERSION) {
    throw new MadderError('input', 'This document was written by a newer Madder; update Madder to use it.');
  }
  const current = STEPS.slice(version - 1).reduce<Fields>((fields, step) => step(fields), value);
  const parsed = documentSchema.safeParse(current, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw new MadderError('input', `This document cannot be used: ${problemWords(parsed.error)}.`);
}

/** The document that is being worked on. */
export class Documents {
  readonly #saver: Saver;
  #current: StudioDocument;

  private constructor(saver: Saver, current: StudioDocument) {
    this.#saver = saver;
    this.#current = current;
  }

  /** @param network that an empty document begins with */
  static async open(path: string, network: string, log: Log): Promise<Documents> {
    const stored = await readStored(path, migrateDocument, log);
    return new Documents(new Saver(path), stored ?? emptyDocument(network));
  }

  get current(): StudioDocument {
    return this.#current;
  }

  /** Resolves when it is on the disk. */
  save(document: StudioDocument): Promise<void> {
    this.#current = document;
    return this.#saver.save(document);
  }

  settle(): Promise<void> {
    return this.#saver.settle();
  }
}

/** What a run needs of what is around it. */
export interface Surroundings {
  /** Path of a picture of the library. */
  readonly original: (sha256: string) => string | undefined;
  /** Description of a network that can paint. */
  readonly manifest: (network: string) => NetworkManifest | undefined;
}

/**
 * The run that a document describes.
 * @throws MadderError `input` where something is missing, in one sentence
 */
export function requestOf(document: StudioDocument, surroundings: Surroundings): PaintRequest {
  const { photo, styles, photoMask, network, contentNetwork, settings } = document;
  if (!photo) throw new MadderError('input', 'There is no photo yet; add one.');
  if (styles.length === 0) throw new MadderError('input', 'There is no painting to take the style from yet; add one.');
  if (!styles.some(takesPart)) {
    throw new MadderError('input', 'All paintings have a share of zero; raise one of them.');
  }
  for (const id of [network, ...(contentNetwork === null ? [] : [contentNetwork])]) {
    if (surroundings.manifest(id)) continue;
    throw new MadderError('input', `The network "${id}" is not installed; download it, or choose another one.`);
  }
  const pathOf = ({ sha256, name }: StudioPicture): string => {
    const path = surroundings.original(sha256);
    if (path === undefined)
      throw new MadderError('input', `The picture "${name}" is not in the library; add it again.`);
    return path;
  };
  const { size, iterations, pooling, optimizer, parameterization, transforms, init, colour, seed } = settings;
  const preset = presetWith(document, surroundings);
  return {
    photo: pathOf(photo),
    styles: styles
      // A painting without a share would be measured for nothing.
      .filter(takesPart)
      .map(({ picture, weight, scale, mask }) => ({
        path: pathOf(picture),
        // In a region of its own no share counts, not even none.
        weight: weight || 1,
        scale,
        ...(mask ? { mask: pathOf(mask) } : {}),
      })),
    ...(photoMask ? { photoMask: pathOf(photoMask) } : {}),
    network,
    ...(contentNetwork === null ? {} : { contentNetwork }),
    ...(preset ? { preset } : {}),
    ...(size === undefined ? {} : { size }),
    ...(iterations === undefined ? {} : { iterations }),
    ...(pooling === undefined ? {} : { pooling }),
    ...(optimizer === undefined ? {} : { optimizer }),
    ...(parameterization === undefined ? {} : { parameterization }),
    ...(transforms === undefined ? {} : { transforms }),
    ...(init === undefined ? {} : { init: init.kind === 'image' ? pathOf(init.image) : init.kind }),
    ...(init?.kind === 'image' && init.begin !== undefined ? { begin: init.begin } : {}),
    ...(colour === undefined ? {} : { colour }),
    ...(seed === undefined ? {} : { seed }),
  };
}

/**
 * The document's preset with the weights that a person set: they are absolute, as a preset's are, and replace them.
 * Undefined where neither says anything.
 */
function presetWith(
  { preset, settings, faders, network }: StudySettings,
  { manifest }: Pick<Surroundings, 'manifest'>,
): Preset | undefined {
  const { normalization, style, content, variation, variationL1, styleLayers, contentLayers } = settings;
  const given = { normalization, style, content, variation, variationL1, styleLayers, contentLayers };
  const layers = styleLayers ?? preset?.value.objective?.styleLayers ?? manifest(network)!.styleLayers;
  const objective = {
    ...preset?.value.objective,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    ...(faders.muted.length > 0 || faders.solo !== null ? { styleLayers: audibleLayers(layers, faders) } : {}),
  };
  if (Object.keys(objective).length === 0) return preset?.value;
  return { ...(preset?.value ?? NO_PRESET), objective };
}

/** What a study takes over of a document: its settings, but for those that every study has of its own. */
export type StudySettings = Pick<StudioDocument, 'preset' | 'settings' | 'faders' | 'network'>;

/** Everything that a person set, on top of the document's preset, as a preset of its own. */
export function studyPreset(document: StudySettings, surroundings: Pick<Surroundings, 'manifest'>): Preset {
  const { optimizer, parameterization, transforms, colour } = document.settings;
  const given = { optimizer, parameterization, transforms, colour };
  return {
    ...(presetWith(document, surroundings) ?? NO_PRESET),
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  };
}

const NO_PRESET: Preset = {
  version: PRESET_VERSION,
  name: 'These settings',
  description: 'What was set by hand.',
};

/** The pictures that a document names, its masks too. */
export const picturesOf = (document: StudioDocument): StudioPicture[] => {
  const { photo, styles, settings } = document;
  return [
    ...(photo ? [photo] : []),
    ...styles.map((s) => s.picture),
    ...(settings.init?.kind === 'image' ? [settings.init.image] : []),
    ...masksOf(document),
  ];
};

/** A document that repeats a recipe, as far as that is possible here. */
export interface Repetition {
  readonly document: StudioDocument;
  /** Names of pictures that are not in the library; they are left out of the document. */
  readonly missing: string[];
  /** Where it differs from the recipe, a sentence each. */
  readonly notes: string[];
}

/** Bounds of what documents hold (see documentSchema). */
const SCALES = { least: 0.25, most: 4 };
const MOST_STYLES = 8;

/**
 * The document that repeats a recipe. All that documents have no settings for, such as levels and rewrites, goes into a
 * preset of its own.
 * @param known whether the library has a picture
 * @param networkId the id under which a network with these weights is installed here
 */
export function documentOf(
  recipe: Recipe,
  known: (sha256: string) => boolean,
  networkId: (network: RecipeNetwork) => string | undefined,
): Repetition {
  const missing = new Set<string>();
  const notes: string[] = [];
  const pictureOf = ({ sha256, name, width, height }: RecipeImage): StudioPicture | undefined => {
    if (!known(sha256)) missing.add(name);
    return known(sha256) ? { sha256, name: name.slice(-255), width, height } : undefined;
  };
  const idOf = (network: RecipeNetwork): string => {
    const id = networkId(network);
    if (id === undefined) notes.push(`The network "${network.id}" of this picture is not installed.`);
    return id ?? (networkIdSchema.safeParse(network.id).success ? network.id : 'unknown');
  };
  const photo = pictureOf(recipe.content) ?? null;
  // Shares are relative: the largest one counts as 1 where they are beyond what a document holds.
  const most = Math.max(1, ...recipe.styles.map(({ weight }) => weight));
  const scales = recipe.styles.map(({ scale }) => Math.min(Math.max(scale, SCALES.least), SCALES.most));
  if (recipe.styles.length > MOST_STYLES || scales.some((scale, i) => scale !== recipe.styles[i]!.scale)) {
    notes.push('The picture has more paintings, or other scales of them, than can be set here.');
  }
  const maskOf = (wanted: (region: RecipeMask['region']) => boolean): StudioPicture | null => {
    const mask = recipe.masks.find(({ region }) => wanted(region));
    return (mask && pictureOf(mask.image)) ?? null;
  };
  const styles = recipe.styles.slice(0, MOST_STYLES).flatMap(({ image, weight }, i) => {
    const picture = pictureOf(image);
    const mask = maskOf((region) => region.kind === 'style' && region.style === i);
    return picture ? [{ picture, weight: weight / most, scale: scales[i]!, mask }] : [];
  });
  if (recipe.timeline.length > 0) {
    notes.push('The faders were moved while this picture was painted; they stand where they were at its end.');
  }
  const { style, content } = recipe.networks;
  const init = recipe.init.kind === 'image' ? pictureOf(recipe.init.image) : undefined;
  const document: StudioDocument = {
    ...emptyDocument(idOf(style)),
    photo,
    styles,
    photoMask: maskOf(({ kind }) => kind === 'photo'),
    contentNetwork: content ? idOf(content) : null,
    preset: { id: 'recipe', value: presetOf(recipe) },
    settings: {
      seed: recipe.seed,
      ...(init ? { init: { kind: 'image', image: init } } : {}),
    },
  };
  return { document, missing: [...missing], notes };
}

/** Everything of a recipe that a preset can say. */
function presetOf(recipe: Recipe): Preset {
  const { networks, objective, schedule, parameterization, transforms, optimizer, init, colour } = recipe;
  const part = ({ rewrites, normalization }: RecipeNetwork) => ({
    rewrites,
    ...(normalization ? { normalization } : {}),
  });
  return presetSchema.parse({
    version: PRESET_VERSION,
    name: `As painted: ${recipe.content.name}`,
    description: 'The settings of a painted picture.',
    networks: {
      style: part(networks.style),
      ...(networks.content ? { content: part(networks.content) } : {}),
    },
    colour,
    objective: { ...objective, ...weightsAt(recipe, Infinity) },
    schedule,
    parameterization,
    transforms,
    optimizer,
    ...(init.kind === 'image' ? {} : { init }),
  });
}
