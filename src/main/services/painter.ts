import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { decodeImage, type DecodedImage } from '../codec/decode.ts';
import { writeImage, type WriteOptions } from '../codec/encode.ts';
import { checkOutput, planOutput } from '../codec/output.ts';
import { withOpacityOf, type Picture } from '../codec/picture.ts';
import { loadNetwork } from '../engine/networks/load.ts';
import { findLayer, type Network } from '../engine/networks/network.ts';
import { applyRewrites } from '../engine/networks/rewrites/apply.ts';
import type { Plane } from '../engine/objective/windows.ts';
import { hasCheckpoint, notWritten, readCheckpointRecipe } from '../engine/runs/checkpoint.ts';
import { coarseToFine, enlarging, levelSize } from '../engine/runs/schedule.ts';
import { checkMasks, readMask } from '../engine/runs/masks.ts';
import type { EngineJob } from '../../shared/engine-contract.ts';
import { MadderError } from '../../shared/errors.ts';
import { sidesOf } from '../../shared/extent.ts';
import type { Preset } from '../../shared/preset.ts';
import {
  RECIPE_VERSION,
  USUAL_ADAM_STEP,
  type Recipe,
  type RecipeImage,
  type RecipeNetwork,
} from '../../shared/recipe.ts';
import { changeRewrites, changeSettings, type RecipeChanges } from '../../shared/recipe-changes.ts';
import { MAX_JPEG_XMP, writeXmp } from '../formats/xmp.ts';
import { findInstalled } from './networks.ts';
import { checkLayers, presetNotes, suits } from './presets.ts';
import { ended, enlargedSchedule } from './enlarging.ts';
import {
  changesNote,
  checkedRecipe,
  findImages,
  findNetwork,
  imagesOf,
  namedLayers,
  networkReference,
  openRecipeNetwork,
  orderedLayers,
  type RepeatRequest,
} from './recipes.ts';
import { startRun, type RunHandle, type RunnerOptions } from './runner.ts';

/** What a person asks for; everything but the pictures has a default that fits the network or the preset. */
export interface PaintRequest extends RecipeChanges {
  readonly photo: string;
  readonly styles: readonly {
    readonly path: string;
    readonly weight?: number;
    readonly scale?: number;
    /** A picture of where the style applies: white belongs to it. Styles without one share what is left. */
    readonly mask?: string;
  }[];
  /** A picture of where the photo stays as it is: white belongs to it. */
  readonly photoMask?: string;
  /** Id of an installed network, or a `.safetensors` or `.onnx` file. */
  readonly network: string;
  /** A network of its own for the content; the style's when not given. */
  readonly contentNetwork?: string;
  /** What the settings start from, instead of what suits the network. */
  readonly preset?: Preset;
  /** `content`, `noise` or the path of a picture. */
  readonly init?: string;
  /**
   * Side, px (the one that the schedule names), at which the start picture is finished: only what is larger is painted, whatever levels
   * the preset has.
   */
  readonly begin?: number;
  /** Where the picture will go: what its format cannot keep is said before the run. */
  readonly output?: string;
}

/** How transparent a picture is, and where. */
type Opacity = Pick<DecodedImage, 'width' | 'height' | 'alpha'>;

/** A recipe with where everything is that it names. */
export interface PreparedRun {
  readonly recipe: Recipe;
  /** Paths of the recipe's pictures by SHA-256. */
  readonly images: Readonly<Record<string, string>>;
  /** Ids or files of its networks. */
  readonly networks: EngineJob['networks'];
  /** The photo's, which the result gets too. */
  readonly opacity: Opacity;
  /** What a person should know before the run, one sentence each. */
  readonly notes: readonly string[];
}

export interface PaintOptions extends RunnerOptions {
  readonly provider?: EngineJob['provider'];
  readonly threads?: number;
  readonly lowPriority?: boolean;
  /** Memory that the engine may take, bytes; most of what is free when missing. */
  readonly memoryBytes?: number;
  /** Long side of previews, px; none when missing. */
  readonly previewSide?: number;
  /** Where the run keeps its checkpoints; a temporary folder when not given. It is removed when the run ends well. */
  readonly folder?: string;
  /** Go on from the folder's checkpoint. */
  readonly resume?: boolean;
  /** The folder stays when the run ends well: whoever has written its picture removes it with `leaveRun`. */
  readonly keepFolder?: boolean;
}

/** λ, content weight and quadratic variation of networks that suggest nothing themselves. */
const USUAL_WEIGHTS = { styleWeight: 1, contentWeight: 0.1, variationWeight: 0.02 };

/** What is taken where neither the person nor a preset says anything; `size` is px, `iterations` those at full size. */
export const DEFAULTS = { size: 512, iterations: 50, strength: 1, init: 'content', seed: 0, colour: 'style' } as const;

/**
 * Reads the pictures and networks of a request and turns it into a recipe; or finds what a recipe to be repeated names.
 * @throws MadderError in one sentence for anything that cannot be used
 */
export const prepareRun = (request: PaintRequest | RepeatRequest): Promise<PreparedRun> =>
  'recipe' in request ? prepareRepeat(request) : prepareNew(request);

async function prepareNew(request: PaintRequest): Promise<PreparedRun> {
  const { preset, begin, iterations = DEFAULTS.iterations } = request;
  const networks = {
    style: await findInstalled(request.network),
    ...(request.contentNetwork ? { content: await findInstalled(request.contentNetwork) } : {}),
  };
  const style = await openNetwork(networks.style, request, networks.content ? ['style'] : ['style', 'content']);
  const content = networks.content && (await openNetwork(networks.content, request, ['content']));
  const eye = content || style;
  const notes = [...notesOn(style, content || undefined), ...(preset ? presetNotes(preset, style) : [])];
  const pictures = new Pictures(notes);
  const photo = await pictures.open(request.photo);
  const styles = [];
  const masks: Recipe['masks'] = [];
  for (const [style, { path, weight, scale, mask }] of request.styles.entries()) {
    styles.push({ image: await pictures.open(path), weight, scale });
    if (mask !== undefined) masks.push({ image: await pictures.openMask(mask), region: { kind: 'style', style } });
  }
  if (request.photoMask !== undefined)
    masks.push({ image: await pictures.openMask(request.photoMask), region: { kind: 'photo' } });
  const init = await pictures.start(request.init ?? preset?.init?.kind ?? DEFAULTS.init);

  const changes = sized(request, photo, preset?.schedule?.side ?? 'long');
  const { size = DEFAULTS.size } = changes;
  const { iterations: _, ...others } = changes;
  const suggested = style.manifest.suggested ?? {};
  const usual = {
    normalization: 'relative' as const,
    style: suggested.styleWeight ?? USUAL_WEIGHTS.styleWeight,
    content: suggested.contentWeight ?? USUAL_WEIGHTS.contentWeight,
    variation: suggested.variationWeight ?? USUAL_WEIGHTS.variationWeight,
    variationL1: 0,
    styleLayers: style.styleLayers,
    contentLayers: eye.contentLayers,
  };
  const settings = changeSettings(
    {
      objective: { ...usual, ...(preset?.objective as Partial<Recipe['objective']>) },
      schedule: preset?.schedule ?? { size, side: 'long' as const, levels: coarseToFine(size, iterations) },
      timeline: [],
      transforms: preset?.transforms ?? { jitter: 0, scale: 0, rotate: 0 },
      seed: DEFAULTS.seed,
      colour: preset?.colour ?? DEFAULTS.colour,
    },
    // The usual schedule is made for so many iterations already.
    named(preset?.schedule ? changes : others, style, eye),
  );
  const { schedule } = settings;
  const parameterization = request.parameterization ?? preset?.parameterization ?? { kind: 'pixels' as const };
  const optimizer = request.optimizer ?? preset?.optimizer ?? { kind: suggested.optimizer ?? 'lbfgs' };
  const recipe = checkedRecipe({
    version: RECIPE_VERSION,
    content: photo,
    styles,
    masks,
    networks: { style: networkReference(style), ...(content ? { content: networkReference(content) } : {}) },
    ...settings,
    ...(begin === undefined ? {} : { schedule: { ...schedule, levels: enlarging(begin, schedule.size, iterations) } }),
    objective: orderedObjective(settings.objective, style, eye),
    parameterization,
    optimizer: {
      ...(optimizer.kind === 'adam' ? { stepSize: USUAL_ADAM_STEP[parameterization.kind] } : {}),
      ...optimizer,
    },
    init,
  });
  return { recipe, images: pictures.paths, networks, ...pictures.prospect(recipe, request.output) };
}

/** A recipe's pictures and networks are found by their hashes; what the person says beside it goes before it. */
async function prepareRepeat(request: RepeatRequest): Promise<PreparedRun> {
  const { recipe, file, photo, styles, styleWeights = [], styleScales = [] } = request;
  const given = [...(photo === undefined ? [] : [photo]), ...styles.map((s) => s.path), ...(request.masks ?? [])];
  // A start that the person chooses instead need not be there.
  const hasStart = request.enlarge !== undefined || request.init !== undefined;
  const kept = hasStart ? { ...recipe, init: { kind: 'content' as const } } : recipe;
  const found = await findImages(kept, file, given);
  const style = await openForRepeat(recipe.networks.style, request.network, request);
  const content =
    recipe.networks.content || request.contentNetwork !== undefined
      ? await openForRepeat(recipe.networks.content, request.contentNetwork, request)
      : undefined;
  const eye = content?.network ?? style.network;
  const notes = notesOn(style.network, content?.network);
  const pictures = new Pictures(notes);
  for (const { sha256 } of imagesOf({ ...kept, masks: [] })) await pictures.open(found.get(sha256)!);
  for (const { image } of recipe.masks) await pictures.openMask(found.get(image.sha256)!);
  const painted = request.enlarge === undefined ? undefined : await pictures.open(request.enlarge);
  const chosen = request.init === undefined ? recipe.init : await pictures.start(request.init);
  const init = painted ? { kind: 'image' as const, image: painted } : chosen;

  const others = [...(style.other ? ['network'] : []), ...(content?.other ? ['content network'] : [])];
  const { size: _size, extent: _extent, ...settled } = request;
  // Another size is what enlarging is about.
  const note = changesNote(painted ? settled : request, others);
  if (note !== undefined) notes.push(note);
  const changes = sized(request, recipe.content, recipe.schedule.side);
  const changed = changeSettings(painted ? ended(recipe) : recipe, named(changes, style.network, eye));
  const settings = painted ? { ...changed, schedule: enlargedSchedule(recipe.schedule, painted, changes) } : changed;
  for (const [network, names] of [
    [style.network, settings.objective.styleLayers],
    [eye, settings.objective.contentLayers],
  ] as const) {
    for (const name of Object.keys(names)) findLayer(network, name);
  }
  const repeated = checkedRecipe({
    ...settings,
    styles: recipe.styles.map((s, i) => ({
      ...s,
      weight: styleWeights[i] ?? s.weight,
      scale: styleScales[i] ?? s.scale,
    })),
    networks: {
      style: networkReference(style.network),
      ...(content ? { content: networkReference(content.network) } : {}),
    },
    parameterization: request.parameterization ?? recipe.parameterization,
    optimizer: request.optimizer ?? recipe.optimizer,
    init,
  });
  const networks = { style: style.idOrPath, ...(content ? { content: content.idOrPath } : {}) };
  return { recipe: repeated, images: pictures.paths, networks, ...pictures.prospect(repeated, request.output) };
}

/**
 * Long side at which a picture is looked at before a run, px: its opacity is wanted no finer, and the engine reads it
 * again at the size that it needs.
 */
const OPACITY_SIDE = 4096;

/** The pictures of a run: each is decoded once, so that a file that cannot be used is refused before the run. */
class Pictures {
  readonly paths: Record<string, string> = {};
  readonly #notes: string[];
  readonly #opacities = new Map<string, Opacity>();
  readonly #masks = new Map<string, Plane>();

  /** @param notes receives what was done to the pictures */
  constructor(notes: string[]) {
    this.#notes = notes;
  }

  async open(path: string): Promise<RecipeImage> {
    const decoded = await decodeImage(path, { longSide: OPACITY_SIDE });
    this.paths[decoded.sha256] = resolve(path);
    this.#notes.push(...decoded.notes);
    const { sha256, name, original, width, height, alpha } = decoded;
    this.#opacities.set(sha256, { width, height, ...(alpha ? { alpha } : {}) });
    return { sha256, name, width: original.width, height: original.height };
  }

  async openMask(path: string): Promise<RecipeImage> {
    const { mask, sha256, name, original, notes } = await readMask(path);
    this.paths[sha256] = resolve(path);
    this.#notes.push(...notes);
    this.#masks.set(sha256, mask);
    return { sha256, name, width: original.width, height: original.height };
  }

  async start(init: string): Promise<Recipe['init']> {
    return init === 'content' || init === 'noise' ? { kind: init } : { kind: 'image', image: await this.open(init) };
  }

  /**
   * The opacity that the result gets, which is the photo's, and all notes, with those on masks and on where the result goes.
   * @throws MadderError where the masks leave nothing to paint
   */
  prospect(recipe: Recipe, output: string | undefined): Pick<PreparedRun, 'opacity' | 'notes'> {
    const { content, schedule } = recipe;
    const opacity = this.#opacities.get(content.sha256)!;
    const size = levelSize(schedule, schedule.levels.length - 1, content);
    const transparent = opacity.alpha !== undefined;
    return {
      opacity,
      notes: [
        ...this.#notes,
        ...checkMasks(recipe, ({ image }) => this.#masks.get(image.sha256)!, size),
        ...(output === undefined ? [] : planOutput(output, { ...size, transparent })),
      ],
    };
  }
}

/** Where the run that makes a picture keeps its progress: beside the picture, under a name that file systems take. */
export function runFolder(output: string): string {
  const name = basename(output);
  const short = Buffer.byteLength(name) > 240 ? createHash('sha256').update(name).digest('hex').slice(0, 16) : name;
  return join(dirname(output), `${short}.run`);
}

/**
 * Starts a prepared run in an engine process.
 * @throws MadderError where the folder holds an unfinished run of other settings, or one that is not to be resumed
 */
export async function paint(prepared: PreparedRun, options: PaintOptions = {}): Promise<RunHandle> {
  const { recipe, images, networks } = prepared;
  const {
    provider = 'cpu',
    threads,
    lowPriority,
    memoryBytes,
    previewSide,
    resume = false,
    folder,
    keepFolder = false,
    ...hooks
  } = options;
  const place = folder ?? (await mkdtemp(join(tmpdir(), 'madder-run-')));
  await checkRunFolder(place, recipe, resume);
  await mkdir(place, { recursive: true }).catch((cause: unknown) => {
    throw notWritten(place, cause);
  });
  const job: EngineJob = {
    recipe,
    images,
    networks,
    folder: resolve(place),
    resume,
    provider,
    ...(threads === undefined ? {} : { threads }),
    ...(lowPriority === undefined ? {} : { lowPriority }),
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...(previewSide === undefined ? {} : { previewSide }),
  };
  const handle = startRun(job, hooks);
  // What a failed run leaves can be resumed, unless nobody knows where it is.
  const failed = () => leaveRun(place, folder === undefined);
  handle.outcome.then(() => (keepFolder ? undefined : leaveRun(place, true)), failed).catch(() => {});
  return prepared.opacity.alpha ? underOpacity(handle, prepared.opacity) : handle;
}

/**
 * Removes a run's folder, or keeps it where its picture is not anywhere else and there is something to go on from.
 * @returns whether it is kept
 */
export async function leaveRun(folder: string, done: boolean): Promise<boolean> {
  if (!done && hasCheckpoint(folder)) return true;
  await rm(folder, { recursive: true, force: true });
  return false;
}

/** A run whose picture gets the photo's opacity when it is done: painting knows colours only. */
function underOpacity(run: RunHandle, opacity: Opacity): RunHandle {
  const outcome = run.outcome.then((o) => ({ ...o, picture: withOpacityOf(o.picture, opacity) }));
  // Whoever abandons a run does not wait for it.
  outcome.catch(() => {});
  return {
    outcome,
    pause: () => run.pause(),
    resume: () => run.resume(),
    stop: () => run.stop(),
    changeWeights: (change) => run.changeWeights(change),
    look: (piece) => run.look(piece),
    abandon: () => run.abandon(),
    get pid() {
      return run.pid;
    },
  };
}

/** Refuses to lose an unfinished run, and to mix it with another. */
async function checkRunFolder(folder: string, recipe: Recipe, resume: boolean): Promise<void> {
  const begun = await readCheckpointRecipe(folder);
  if (!begun) return;
  if (!resume) {
    throw new MadderError(
      'output',
      `${folder} holds an unfinished run; add --resume to go on with it, or remove that folder.`,
    );
  }
  const settings = ({ timeline: _, ...rest }: Recipe) => JSON.stringify(rest);
  if (settings(begun) !== settings(recipe)) {
    throw new MadderError(
      'input',
      `The run in ${folder} was begun with other settings; give the same ones, or remove that folder.`,
    );
  }
}

export interface Destination extends Pick<WriteOptions, 'depth' | 'dpi' | 'pyramid'> {
  readonly path: string;
  /** Files that the result must not replace, whatever their names. */
  readonly inputs: readonly string[];
  /** Whether a file that exists may be replaced. */
  readonly overwrite: boolean;
}

/**
 * Refuses, before any work is done, what could not be written at the end: an unknown suffix, a folder that is missing or
 * read-only, one of the run's own inputs, and an existing file unless it may be replaced.
 */
export async function checkDestination({ overwrite, path, ...output }: Destination): Promise<void> {
  await checkOutput(path, output);
  if (existsSync(path) && !overwrite) {
    throw new MadderError('output', `${path} exists already; choose another name, or add --overwrite to replace it.`);
  }
}

/**
 * Writes a result (see writeImage for what is promised) and returns where it is. A file that appeared during the run is
 * not replaced either: the picture then gets a number.
 * @param recipe is carried by the picture, in its metadata; where it does not fit, `note` says so
 */
export async function savePicture(
  { path, overwrite, ...output }: Destination,
  picture: Picture,
  recipe?: Recipe,
  hooks: Pick<WriteOptions, 'onProgress' | 'signal'> = {},
) {
  const free = overwrite ? path : freeName(path);
  const packet = recipe && writeXmp(recipe);
  const tooLong = packet !== undefined && isJpeg(path) && Buffer.byteLength(packet) > MAX_JPEG_XMP;
  await writeImage(free, picture, {
    ...output,
    ...hooks,
    ...(packet === undefined || tooLong ? {} : { metadata: { xmp: packet } }),
  });
  return {
    path: resolve(free),
    bytes: statSync(free).size,
    ...(tooLong ? { note: `The picture does not carry its recipe: ${RECIPE_TOO_LONG}` } : {}),
  };
}

const RECIPE_TOO_LONG = `a JPEG holds ${MAX_JPEG_XMP / 1000} kB of it and this one is longer; use --save-recipe, or another format.`;

const isJpeg = (path: string): boolean => ['.jpg', '.jpeg'].includes(extname(path).toLowerCase());

/** The path itself, or the first of `name-2.suffix`, `name-3.suffix` … that does not exist. */
export function freeName(path: string): string {
  const suffix = extname(path);
  const base = path.slice(0, path.length - suffix.length);
  let name = path;
  for (let n = 2; existsSync(name); n++) name = `${base}-${n}${suffix}`;
  return name;
}

/** A network with the rewrites that a preset or its description asks for, and the person's on top. */
async function openNetwork(
  idOrPath: string,
  request: PaintRequest,
  roles: readonly ['style' | 'content', ...'content'[]],
): Promise<Network> {
  const wanted = request.preset?.networks?.[roles[0]];
  const asLoaded = await loadNetwork(idOrPath);
  if (request.preset) checkLayers(request.preset, asLoaded, roles);
  // Published pixel statistics belong to the published weights; on others they would only be wrong.
  const published = request.preset && suits(request.preset, asLoaded) ? wanted?.normalization : undefined;
  const network = published ? await loadNetwork(idOrPath, { normalization: published }) : asLoaded;
  const { pooling, octaves } = network.manifest;
  const seen = roles[0] === 'style' ? octaves : undefined;
  const suggested = [...(pooling ? [{ pooling: { kind: pooling } }] : []), ...(seen ? [{ octaves: seen.count }] : [])];
  const rewrites = changeRewrites(wanted?.rewrites ?? suggested, request);
  const rewritten = rewrites.length ? applyRewrites(network, rewrites) : network;
  return seen && !wanted?.rewrites ? { ...rewritten, styleLayers: seen.styleLayers } : rewritten;
}

/** The recipe's network, or the one that the person gives: if it is the same one, the file only says where it is. */
async function openForRepeat(reference: RecipeNetwork | undefined, given: string | undefined, request: RepeatRequest) {
  const idOrPath = await (given === undefined ? findNetwork(reference!, request.file) : findInstalled(given));
  const chosen = await loadNetwork(idOrPath);
  const same = chosen.sha256 === reference?.sha256;
  const network = same ? await openRecipeNetwork(reference, idOrPath) : chosen;
  const rewrites = changeRewrites(reference?.rewrites ?? [], request);
  return { idOrPath, other: !same, network: rewrites.length ? applyRewrites(network, rewrites) : network };
}

/** What to know about networks that do not say everything. */
const notesOn = (style: Network, content: Network | undefined): string[] =>
  [style, ...(content ? [content] : [])]
    .filter(({ manifest }) => manifest.normalization.assumed)
    .map(({ name }) => `${name} does not say how it wants its pictures; ImageNet's mean and deviation are assumed.`);

/** A person's wish with its size as a side of the picture, in px. */
const sized = <T extends RecipeChanges>(changes: T, photo: RecipeImage, side: 'long' | 'short'): T =>
  changes.extent ? { ...changes, size: sidesOf(changes.extent, photo)[side] } : changes;

/** A person's faders under the names that the networks give their layers. @throws MadderError naming an unknown one */
const named = ({ layers, contentLayers, ...rest }: RecipeChanges, style: Network, content: Network): RecipeChanges => ({
  ...rest,
  ...(layers ? { layers: namedLayers(style, layers) } : {}),
  ...(contentLayers ? { contentLayers: namedLayers(content, contentLayers) } : {}),
});

/** Layer weights in the networks' order, from fine to coarse. */
const orderedObjective = (objective: Recipe['objective'], style: Network, content: Network): Recipe['objective'] => ({
  ...objective,
  styleLayers: orderedLayers(style, namedLayers(style, objective.styleLayers)),
  contentLayers: orderedLayers(content, namedLayers(content, objective.contentLayers)),
});
