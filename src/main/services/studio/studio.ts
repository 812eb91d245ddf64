/** The program behind the window, for every shell: src/shared/studio/contract.ts says what it can do. */
import { join } from 'node:path';
import { readXmp as readPacket } from '../../codec/xmp.ts';
import { readXmp } from '../../formats/xmp.ts';
import { MadderError } from '../../../shared/errors.ts';
import type { Recipe, RecipeNetwork } from '../../../shared/recipe.ts';
import { migrateRecipe } from '../../../shared/recipe-migrations.ts';
import type {
  AssetKind,
  Estimate,
  ExportOptions,
  Imported,
  MethodName,
  Problem,
  ResponseOf,
  Result,
  Snapshot,
  StudioEvent,
} from '../../../shared/studio/contract.ts';
import type { StudioDocument, StudioPicture } from '../../../shared/studio/document.ts';
import {
  isMethodName,
  problemOf,
  type CheckedRequestOf,
  type StudioAsset,
  type StudioProgram,
} from '../../../shared/studio/program.ts';
import { DEFAULT_NETWORK } from '../defaults.ts';
import { prepareRun, type PreparedRun } from '../painter.ts';
import { imagesOf } from '../recipes.ts';
import { applicationVersion } from '../resources.ts';
import { StudioDevices, type DeviceFinder } from './devices.ts';
import { diagnostics } from './diagnostics.ts';
import { documentOf, Documents, picturesOf, requestOf, type Repetition } from './documents.ts';
import { Estimates } from './estimates.ts';
import { Exporter } from './export.ts';
import { dataFolder, takeFolder } from './folder.ts';
import { History } from './history.ts';
import { Laboratory } from './laboratory/laboratory.ts';
import { Library } from './library.ts';
import { Log } from './log.ts';
import { StudioNetworks, type StudioNetworksOptions } from './networks.ts';
import { PreferencesFile } from './preferences.ts';
import { Queue } from './queue.ts';
import { Renders } from './renders.ts';
import { RunPlanner } from '../run-planner.ts';
import { SpareEngine } from '../spare-engine.ts';
import { UserPresets } from './user-presets.ts';

/** What only the system of a desktop can do. */
export interface DesktopServices {
  /** The save dialog; null where the person changed their mind. */
  chooseExportPath(suggested: { readonly path: string; readonly options: ExportOptions }): Promise<string | null>;
  /** The dialog for a folder, which begins in the one that exports go to now. */
  chooseExportFolder(current: string): Promise<string | null>;
  showInFolder(path: string): void | Promise<void>;
  openLink(url: string): void | Promise<void>;
}

export interface StudioOptions {
  readonly shell: 'desktop' | 'browser';
  /** Where library, history and settings are kept; the platform's place when not given. */
  readonly folder?: string;
  /** Where exports go unless the person says otherwise: `Madder` in the folder of pictures when not given. */
  readonly exportFolder?: string;
  readonly desktop?: DesktopServices;
  /** The engine's module, where it is not beside its client; for tests, as are the following. */
  readonly engine?: string;
  readonly devices?: DeviceFinder;
  readonly networks?: Pick<StudioNetworksOptions, 'download' | 'entryOf'>;
}

/** Pictures that nothing uses stay in the library for so long, ms: an undone step may still lead back to them. */
const KEEP_UNUSED_MS = 30 * 24 * 3600 * 1000;

interface Parts {
  readonly log: Log;
  readonly spare: SpareEngine;
  readonly library: Library;
  readonly documents: Documents;
  readonly preferences: PreferencesFile;
  readonly networks: StudioNetworks;
  readonly presets: UserPresets;
  readonly devices: StudioDevices;
  readonly estimates: Estimates;
  readonly history: History;
  readonly queue: Queue;
  readonly planner: RunPlanner;
  readonly renders: Renders;
  readonly laboratory: Laboratory;
  readonly exporter: Exporter;
  readonly release: () => void;
}

type Handlers = { readonly [M in MethodName]: (request: CheckedRequestOf<M>) => Promise<ResponseOf<M>> };

export class Studio implements StudioProgram {
  readonly #options: StudioOptions;
  readonly #listeners: Set<(event: StudioEvent) => void>;
  readonly #parts: Parts;
  readonly #handlers: Handlers;
  #closing: Promise<void> | undefined;

  private constructor(options: StudioOptions, listeners: Set<(event: StudioEvent) => void>, parts: Parts) {
    this.#options = options;
    this.#listeners = listeners;
    this.#parts = parts;
    this.#handlers = this.#makeHandlers();
  }

  /**
   * Opens the data folder, restores what was there, and begins to try the devices out.
   * @throws MadderError `input` where another Madder has the folder, `output` where it cannot be written to
   */
  static async open(options: StudioOptions): Promise<Studio> {
    const folder = options.folder ?? dataFolder();
    const release = await takeFolder(folder);
    try {
      const listeners = new Set<(event: StudioEvent) => void>();
      const studio = new Studio(options, listeners, await openParts(folder, options, listeners, release));
      await studio.#tidy();
      studio.#parts.devices.probe(false);
      return studio;
    } catch (error) {
      release();
      throw error;
    }
  }

  async call<M extends MethodName>(method: M, request: CheckedRequestOf<M>): Promise<ResponseOf<M>> {
    if (!isMethodName(method)) throw new MadderError('input', 'The window asked for something that Madder cannot do.');
    if (this.#closing) throw new MadderError('runtime', 'Madder is closing.');
    try {
      return await this.#handlers[method](request);
    } catch (error) {
      if (error instanceof MadderError) throw error;
      this.#parts.log.error(`${method} failed`, error);
      throw new Error('Something went wrong inside Madder; "Copy diagnostics" has the details.', { cause: error });
    }
  }

  async upload(path: string, name: string): Promise<Imported> {
    const { library, log } = this.#parts;
    try {
      const { picture, notes } = await library.add(path, name);
      const painted = await this.#painted(path, notes);
      return { picture, notes, ...(painted ? { painted } : {}) };
    } catch (error) {
      log.error('A picture was not added', error);
      throw error;
    }
  }

  async asset(kind: AssetKind, id: string): Promise<StudioAsset | undefined> {
    const { library, queue, history, presets, networks, exporter, laboratory } = this.#parts;
    switch (kind) {
      case 'thumbnail':
      case 'picture':
      case 'mask':
        return library.asset(kind, id);
      case 'preview':
      case 'detail':
        return queue.asset(kind, id);
      case 'result':
      case 'result-thumbnail':
        return history.asset(kind, id);
      case 'preset-thumbnail':
        return presets.asset(id);
      case 'network-sample':
        return networks.asset(id);
      case 'download':
        return exporter.asset(id);
      case 'study':
      case 'study-file':
      case 'study-spectrum':
        return laboratory.asset(kind, id);
    }
  }

  subscribe(listener: (event: StudioEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    const { queue, laboratory, spare, networks, documents, preferences, presets, exporter, log, release } = this.#parts;
    networks.close();
    spare.close();
    this.#parts.planner.close();
    await Promise.all([queue.close(), laboratory.close()]);
    await Promise.all([documents.settle(), preferences.settle(), presets.settle(), exporter.close()]);
    await log.settle();
    release();
  }

  #makeHandlers(): Handlers {
    const { documents, preferences, networks, presets, devices, history, queue, exporter } = this.#parts;
    const { laboratory, renders } = this.#parts;
    return {
      snapshot: async () => this.#snapshot(),
      saveDocument: ({ document }) => documents.save(document),
      estimate: async ({ document }) => this.#estimate(document),

      start: async ({ document }) => {
        this.#checkStart(document);
        return { job: await queue.start(document) };
      },
      startBatch: async ({ documents: all }) => {
        all.forEach((document) => this.#checkStart(document));
        return { jobs: await queue.startBatch(all) };
      },
      pause: async ({ job }) => queue.pause(job),
      resume: async ({ job }) => queue.resume(job),
      stop: async ({ job }) => queue.stop(job),
      cancel: async ({ job }) => queue.cancel(job),
      retry: async ({ job, memoryBytes }) => queue.retry(job, memoryBytes),
      dismiss: ({ job }) => queue.dismiss(job),
      moveJob: async ({ job, position }) => queue.move(job, position),
      pauseQueue: async ({ paused }) => queue.pauseQueue(paused),
      losses: async ({ job }) => queue.losses(job),
      changeWeights: async ({ job, change }) => queue.changeWeights(job, change),

      renameResult: ({ result, name }) => history.rename(result, name),
      deleteResult: ({ result }) => history.delete(result),
      useResult: ({ result }) => toLibrary(this.#parts, result),

      planRender: (request) => renders.plan(request),
      startRender: async (request) => ({ job: await renders.start(request) }),
      lookAt: async ({ job, piece }) => queue.lookAt(job, piece),

      startStudy: async ({ request }) => ({ study: await laboratory.start(request) }),
      importStudy: async ({ folder }) => ({ study: await laboratory.import(folder) }),
      openStudy: ({ study }) => laboratory.view(study),
      stopStudy: ({ study }) => laboratory.stop(study),
      continueStudy: ({ study }) => laboratory.continue(study),
      repeatStudy: async ({ study }) => ({ study: await laboratory.repeat(study) }),
      pickCell: ({ study, cell }) => laboratory.pick(study, cell),
      checkerboard: ({ picture }) => laboratory.checkerboard(picture),
      studyRecipe: async ({ study, cell }) => this.#repetition(await laboratory.recipe(study, cell)),
      renameStudy: ({ study, title }) => laboratory.rename(study, title),
      removeStudy: ({ study }) => laboratory.remove(study),

      savePreset: async ({ id, value, result }) => {
        const { content } = (result !== null && history.asset('result-thumbnail', history.get(result).id)) || {};
        return presets.save(id, value, typeof content === 'string' ? content : undefined);
      },
      deletePreset: ({ id }) => presets.delete(id),
      restorePreset: ({ id }) => presets.restore(id),
      duplicatePreset: ({ id, name }) => presets.duplicate(id, name),
      favouritePreset: ({ id, favourite }) => presets.favourite(id, favourite),
      importPreset: ({ text }) => presets.import(text),
      exportPreset: async ({ id }) => presets.export(id),

      downloadNetwork: ({ id }) => networks.download(id),
      cancelDownload: async ({ id }) => networks.cancel(id),
      removeNetwork: async ({ id }) => {
        if (queue.usesNetwork(id)) {
          throw new MadderError(
            'input',
            'A picture that is painted or waits uses this network; wait for it or cancel it.',
          );
        }
        if (await laboratory.usesNetwork(id)) {
          throw new MadderError('input', 'A study uses this network; wait for its end or stop it.');
        }
        await networks.remove(id);
      },

      exportResult: ({ result, options, path, export: id }) =>
        exporter.export(history.get(result), options, { path, id }),
      cancelExport: async ({ export: id }) => exporter.cancel(id),
      chooseExportPath: async ({ result, options }) => {
        const path = exporter.suggestedPath(history.get(result), options);
        return { path: await this.#desktop().chooseExportPath({ path, options }) };
      },
      chooseExportFolder: async () => ({ path: await this.#desktop().chooseExportFolder(exporter.folder) }),
      showInFolder: async ({ path }) => this.#desktop().showInFolder(path),
      openLink: async ({ url }) => this.#desktop().openLink(url),

      savePreferences: async ({ preferences: changed }) => {
        await preferences.save(changed);
        devices.changed();
        await history.prune();
      },
      probeDevices: async () => devices.probe(true),
      diagnostics: async () => ({ text: this.#diagnostics() }),
    };
  }

  #snapshot(): Snapshot {
    const { library, documents, preferences, networks, presets, devices, history, queue, laboratory } = this.#parts;
    return {
      version: applicationVersion(),
      shell: this.#options.shell,
      platform: process.platform,
      document: documents.current,
      networks: [...networks.cards],
      presets: presets.entries,
      samples: [...library.samples],
      jobs: queue.jobs,
      queuePaused: queue.paused,
      results: history.results,
      studies: laboratory.studies,
      preferences: preferences.current,
      devices: devices.state,
    };
  }

  async #estimate(document: StudioDocument): Promise<Estimate> {
    const { estimates, queue, preferences, spare, renders } = this.#parts;
    const isWhole = document.photo !== null && document.styles.length > 0;
    // Whoever is told how long a run takes may start it next.
    if (isWhole) spare.prepare();
    const { memoryBytes: allowed } = preferences.current;
    const surroundings = { ...measured(this.#parts), comingFree: queue.memoryBytes, allowed };
    const inOnePiece = estimates.estimate(document, surroundings);
    if (inOnePiece.fits || !isWhole) return inOnePiece;
    try {
      const { plan, seconds } = await renders.fit(document, allowed);
      const smallerSize = plan.refused?.side ?? undefined;
      return {
        seconds: seconds && (seconds.from + seconds.to) / 2,
        bytes: plan.refused?.leastBytes ?? Math.max(...plan.levels.map(({ bytes }) => bytes)),
        availableBytes: plan.memoryBytes,
        fits: !plan.refused,
        pieces: plan.levels.at(-1)!.tiles?.looks ?? null,
        ...(smallerSize === undefined ? {} : { smallerSize }),
      };
    } catch (error) {
      // What stands in the way of a start is said where it is started.
      if (error instanceof MadderError) return inOnePiece;
      throw error;
    }
  }

  /** Refuses at once what could only fail later. */
  #checkStart(document: StudioDocument): void {
    requestOf(document, surroundings(this.#parts));
  }

  #desktop(): DesktopServices {
    const { desktop } = this.#options;
    if (!desktop) throw new MadderError('input', 'Only the desktop program can do that.');
    return desktop;
  }

  /** The document that repeats a painted picture; a recipe that cannot be read is said in `notes`. */
  async #painted(path: string, notes: string[]): Promise<Imported['painted']> {
    try {
      const packet = await readPacket(path);
      const value = packet === undefined ? undefined : readXmp(packet);
      if (value === undefined) return undefined;
      const repetition = this.#repetition(migrateRecipe(value));
      notes.push(...repetition.notes);
      return { document: repetition.document, missing: repetition.missing };
    } catch (error) {
      if (!(error instanceof MadderError)) throw error;
      notes.push(error.message);
      return undefined;
    }
  }

  #repetition(recipe: Recipe): Repetition {
    return repetition(recipe, this.#parts);
  }

  #diagnostics(): string {
    const { log, devices, networks, preferences, history, queue, library } = this.#parts;
    const pictures = [...queue.jobs, ...history.results].flatMap(({ name, document }) => [
      name,
      ...picturesOf(document).map((picture) => picture.name),
    ]);
    const samples = new Set(library.samples.map(({ name }) => name));
    return diagnostics({
      shell: this.#options.shell,
      devices: devices.state,
      networks: networks.cards.filter(({ state }) => state !== 'available'),
      preferences: preferences.current,
      lines: log.lines,
      names: [...new Set(pictures)].filter((name) => !samples.has(name)),
    });
  }

  /** Removes what nobody can get at any more. */
  async #tidy(): Promise<void> {
    const { library, documents, history, queue, laboratory, exporter, log } = this.#parts;
    const used = new Set([
      ...(await laboratory.pictures()),
      ...[
        ...picturesOf(documents.current),
        ...queue.jobs.flatMap(({ document }) => picturesOf(document)),
        ...history.results.flatMap(({ document, recipe }: Result) => [...picturesOf(document), ...imagesOf(recipe)]),
      ].map(({ sha256 }: Pick<StudioPicture, 'sha256'>) => sha256),
    ]);
    await library
      .prune(used, Date.now() - KEEP_UNUSED_MS)
      .catch((error: unknown) => log.error('The library was not tidied', error));
    await exporter.clear();
    await history.prune().catch((error: unknown) => log.error('The history was not tidied', error));
  }
}

/** The document that repeats a recipe, as far as its pictures and networks are here. */
function repetition(recipe: Recipe, { library, networks }: Pick<Parts, 'library' | 'networks'>): Repetition {
  const idOf = ({ sha256 }: RecipeNetwork) => networks.cards.find((card) => card.manifest?.sha256 === sha256)?.id;
  return documentOf(recipe, (sha256) => library.has(sha256), idOf);
}

/** A result of the history as a picture of the library. */
async function toLibrary({ library, history }: Pick<Parts, 'library' | 'history'>, id: string): Promise<StudioPicture> {
  const name = history.get(id).name.replaceAll(/[\\/]/g, '_').slice(0, 200);
  return (await library.add(history.master(id), `${name}.png`)).picture;
}

/** What times and memory are estimated from beside what was measured. */
const measured = ({ networks, devices }: Pick<Parts, 'networks' | 'devices'>) => ({
  card: (id: string) => networks.card(id),
  provider: devices.state.chosen,
  speed: (provider: string) => devices.speed(provider),
});

const surroundings = ({ library, networks }: Pick<Parts, 'library' | 'networks'>) => ({
  original: (sha256: string) => library.original(sha256),
  manifest: (id: string) => networks.manifest(id),
});

async function openParts(
  folder: string,
  options: StudioOptions,
  listeners: ReadonlySet<(event: StudioEvent) => void>,
  release: () => void,
): Promise<Parts> {
  const log = await Log.open(join(folder, 'madder.log'));
  log.note(`Madder ${applicationVersion()} begins (${options.shell})`);
  const emit = (event: StudioEvent): void => {
    for (const listener of listeners) {
      try {
        listener(event);
      } catch (error) {
        log.error(`A window could not take the event ${event.type}`, error);
      }
    }
  };
  const problem = (error: unknown): Problem => {
    if (error instanceof MadderError) log.error('A job or download failed', error.message);
    const { kind, message } = problemOf(error, (defect) => log.error('A defect', defect));
    if (kind !== 'defect') return { kind, message };
    return { kind, message: `Something went wrong inside Madder (${firstSentence(message)}); try again.` };
  };
  const preferences = await PreferencesFile.open(join(folder, 'preferences.json'), log);
  const devices = new StudioDevices({
    wanted: () => preferences.current.device,
    onChange: (state) => emit({ type: 'devices', devices: state }),
    log,
    ...(options.devices ? { finder: options.devices } : {}),
  });
  const [library, documents, networks, presets, estimates, history] = await Promise.all([
    Library.open(join(folder, 'library'), log),
    Documents.open(join(folder, 'document.json'), DEFAULT_NETWORK, log),
    StudioNetworks.open({ ...options.networks, log, emit, problemOf: problem }),
    UserPresets.open(join(folder, 'presets'), log, (entries) => emit({ type: 'presets', presets: entries })),
    Estimates.open(join(folder, 'measurements.json'), log),
    History.open(join(folder, 'history'), {
      cap: () => preferences.current.historyCap,
      onResult: (result) => emit({ type: 'result', result }),
      onGone: (results) => emit({ type: 'resultsGone', results }),
      needed: () => queue.needed,
      log,
    }),
  ]);
  const spare = new SpareEngine(options.engine);
  const planner = new RunPlanner(options.engine);
  // Each of the two waits for the other: whichever comes to rest tells it.
  const queue: Queue = await Queue.open(join(folder, 'jobs'), {
    emit,
    problemOf: problem,
    log,
    preferences: () => preferences.current,
    prepare: (document) => prepare(document, { library, networks }),
    continued: (result, document) => renders.continued(result, document),
    chooseDevice: () => devices.choose(),
    finish: async (finished) => (await history.add(finished)).id,
    estimates,
    spare,
    engineFree: () => !laboratory.busy,
    onIdle: () => laboratory.goOn(),
    ...(options.engine === undefined ? {} : { engine: options.engine }),
  });
  const renders: Renders = new Renders({
    result: (id) => history.get(id),
    job: (id) => queue.get(id),
    repetition: (recipe) => repetition(recipe, { library, networks }),
    prepare: (document) => prepare(document, { library, networks }),
    toLibrary: (id) => toLibrary({ library, history }, id),
    begin: (document, extras) => queue.start(document, extras),
    plan: (job, isStale) => planner.plan(job, isStale),
    timeOf: (document, levels) => estimates.timeOf(document, levels, measured({ networks, devices })),
    provider: () => devices.state.chosen,
    comingFree: () => queue.memoryBytes,
    folder,
  });
  const laboratory: Laboratory = await Laboratory.open(join(folder, 'studies'), {
    emit,
    problemOf: problem,
    log,
    preferences: () => preferences.current,
    engineFree: () => queue.idle,
    onIdle: () => queue.goOn(),
    picture: (sha256) => library.file(sha256),
    manifest: (id) => networks.manifest(id),
    network: (id) => {
      if (networks.manifest(id)) return id;
      throw new MadderError('input', `The network "${id}" is not installed; download it, or choose another one.`);
    },
    chooseDevice: () => devices.choose(),
    ...(options.engine === undefined ? {} : { engine: options.engine }),
  });
  const exporter = new Exporter({
    rows: (id) => history.rows(id),
    original: (sha256) => library.original(sha256),
    folder: () => preferences.current.exportFolder ?? options.exportFolder ?? null,
    onEvent: emit,
    ...(options.shell === 'browser' ? { downloads: join(folder, 'downloads') } : {}),
  });
  return {
    log,
    spare,
    library,
    documents,
    preferences,
    networks,
    presets,
    devices,
    estimates,
    history,
    queue,
    planner,
    renders,
    laboratory,
    exporter,
    release,
  };
}

/** A document's run; its pictures keep the names that they came in with, which their files in the library do not have. */
async function prepare(document: StudioDocument, parts: Pick<Parts, 'library' | 'networks'>): Promise<PreparedRun> {
  const prepared = await prepareRun(requestOf(document, surroundings(parts)));
  const names = new Map(picturesOf(document).map(({ sha256, name }) => [sha256, name]));
  const named = <T extends { sha256: string; name: string }>(image: T): T => ({
    ...image,
    name: names.get(image.sha256) ?? image.name,
  });
  const { recipe } = prepared;
  return {
    ...prepared,
    recipe: {
      ...recipe,
      content: named(recipe.content),
      styles: recipe.styles.map((style) => ({ ...style, image: named(style.image) })),
      masks: recipe.masks.map((mask) => ({ ...mask, image: named(mask.image) })),
      init: recipe.init.kind === 'image' ? { ...recipe.init, image: named(recipe.init.image) } : recipe.init,
    },
  };
}

const firstSentence = (text: string): string =>
  text
    .split('\n')[0]!
    .replace(/[.;\s]+$/, '')
    .slice(0, 200);
