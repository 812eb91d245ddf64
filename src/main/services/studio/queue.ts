/** Runs, one at a time, and those that wait for their turn. */
import { existsSync, renameSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { EngineEvent, Piece } from '../../../shared/engine-contract.ts';
import { MadderError } from '../../../shared/errors.ts';
import type { Recipe, WeightChange } from '../../../shared/recipe.ts';
import {
  METHODS,
  type Job,
  type LossHistory,
  type Preferences,
  type Problem,
  type StudioEvent,
} from '../../../shared/studio/contract.ts';
import type { StudioDocument } from '../../../shared/studio/document.ts';
import type { StudioAsset } from '../../../shared/studio/program.ts';
import type { SpareEngine } from '../spare-engine.ts';
import { hasCheckpoint, readCheckpointRecipe } from '../../engine/runs/checkpoint.ts';
import { levelSize } from '../../engine/runs/schedule.ts';
import type { Choice } from '../devices.ts';
import { paint, type PreparedRun } from '../painter.ts';
import { OutOfMemory, type RunHandle, type RunOutcome } from '../runner.ts';
import type { Estimates, Workload } from './estimates.ts';
import type { Finished } from './history.ts';
import type { Log } from './log.ts';
import { Losses } from './losses.ts';
import { Newest } from './newest.ts';
import { Pace } from './pace.ts';
import { newId, readStored, Saver, setAside } from './stored.ts';
import { migrateDocument } from './documents.ts';

const jobSchema = METHODS.snapshot.response.shape.jobs.element;
const orderSchema = z.strictObject({ version: z.literal(1), jobs: z.array(z.string()), paused: z.boolean() });

const ABOUT = 'job.json';
/** Where the run keeps its checkpoints; see `#paint` for the second name. */
const RUN = 'run';
const FINISHED = 'finished';
const PREVIEW = 'preview.jpg';

/** Long side of previews, px. */
const PREVIEW_SIDE = 1024;
/** Shortest time between two reports of progress, ms: small pictures take hundreds of evaluations a second. */
const PROGRESS_MS = 60;
/** The same for tiles, which mostly take much longer. */
const TILE_MS = 250;

const NO_PICTURE = 'The picture that this one was to be rendered from ended without a result; choose another one.';

export interface QueueOptions {
  readonly emit: (event: StudioEvent) => void;
  readonly problemOf: (error: unknown) => Problem;
  readonly log: Log;
  readonly preferences: () => Preferences;
  /** Reads what a document names. */
  readonly prepare: (document: StudioDocument) => Promise<PreparedRun>;
  /** The document that renders a result of the history at the size of the given one. */
  readonly continued: (result: string, document: StudioDocument) => Promise<StudioDocument>;
  readonly chooseDevice: () => Promise<Choice>;
  /** Takes a finished picture into the history; the id that it gets there. */
  readonly finish: (finished: Finished) => Promise<string>;
  readonly estimates: Estimates;
  /** Whether nothing else works with an engine; while something does, jobs wait. */
  readonly engineFree: () => boolean;
  /** Nothing is painted, and nothing waits that may begin. */
  readonly onIdle: () => void;
  /** The engine's module, where it is not beside its client; for tests. */
  readonly engine?: string;
  readonly spare?: SpareEngine;
}

/** What a job has beside its document. */
export interface JobExtras {
  /** The name of the picture; that of its photo and painting when missing. */
  readonly name?: string;
  /** Memory that it may take, bytes; null: most of what is free. The preferences' when missing. */
  readonly memoryBytes?: number | null;
  /** It begins with the picture that this job ends in. */
  readonly after?: string;
}

/** The run that is going on. */
interface Active {
  readonly id: string;
  handle: RunHandle | undefined;
  recipe: Recipe | undefined;
  /** What was asked for before there was an engine. */
  stopped: boolean;
  cancelled: boolean;
  paused: boolean;
  /** Its engine is done, and the picture is on its way into the history. */
  finishing: boolean;
  readonly changes: WeightChange[];
  piece: Piece | null;
  pace: Pace | undefined;
  /** The level that is painted in pieces, if one is. */
  tiledLevel: number | undefined;
  /** Since when it is working, and for how long it did before, ms. */
  since: number | undefined;
  worked: number;
  /** Sum of its evaluations, seconds. */
  evaluating: number;
}

export class Queue {
  readonly #folder: string;
  readonly #options: QueueOptions;
  /** In the order of the list. */
  readonly #jobs: Map<string, Job>;
  readonly #savers = new Map<string, Saver>();
  readonly #orderSaver: Saver;
  readonly #previews = new Map<string, Uint8Array>();
  readonly #details = new Map<string, Uint8Array>();
  readonly #losses = new Losses();
  #paused: boolean;
  #active: Active | undefined;
  #running: Promise<void> | undefined;
  /** Begins when the one before has ended, even where the queue rests. */
  #urgent: string | undefined;
  #closed = false;
  readonly #newestProgress: Newest<string>;
  readonly #newestTile: Newest<string>;

  private constructor(folder: string, options: QueueOptions, jobs: Map<string, Job>, paused: boolean) {
    this.#folder = folder;
    this.#options = options;
    this.#jobs = jobs;
    this.#paused = paused;
    this.#orderSaver = new Saver(join(folder, 'queue.json'));
    this.#newestProgress = new Newest(PROGRESS_MS, (id) => {
      const progress = jobs.get(id)?.progress;
      if (progress) options.emit({ type: 'progress', job: id, progress });
    });
    this.#newestTile = new Newest(TILE_MS, (id) => {
      const tile = jobs.get(id)?.tile;
      if (tile) options.emit({ type: 'tile', job: id, tile });
    });
  }

  /**
   * Jobs of the time before: those that were being painted are `interrupted`, finished ones are in the history. Where
   * others wait, the queue rests until the person lets it go on: what ended the program may do so again.
   */
  static async open(folder: string, options: QueueOptions): Promise<Queue> {
    await mkdir(folder, { recursive: true });
    const { log } = options;
    const order = await readStored(join(folder, 'queue.json'), (value) => orderSchema.parse(value), log);
    const found = new Map<string, Job>();
    const previews = new Map<string, Uint8Array>();
    /** Results of jobs that ended just before. */
    const results = new Map<string, string>();
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      if (!/^[A-Za-z0-9_-]{1,64}$/.test(name)) continue;
      const job = await readStored(join(path, ABOUT), jobOf, log);
      if (job?.id !== name) await setAside(path, log, 'its description is missing');
      else if (job.state === 'done' || job.state === 'stopped') {
        if (job.result !== undefined) results.set(name, job.result);
        await rm(path, { recursive: true, force: true });
      } else {
        const preview = await readFile(join(path, PREVIEW)).catch(() => undefined);
        if (preview) previews.set(name, preview);
        const ended = job.state === 'running' || job.state === 'paused';
        found.set(name, { ...job, preview: preview ? 1 : 0, ...(ended ? { state: 'interrupted' } : {}) });
      }
    }
    const rest = [...found.keys()].filter((id) => !order?.jobs.includes(id)).sort();
    const ids = [...(order?.jobs ?? []).filter((id) => found.has(id)), ...rest];
    const jobs = new Map(ids.map((id) => [id, found.get(id)!]));
    const waiting = [...jobs.values()].some(({ state }) => state === 'waiting');
    const queue = new Queue(folder, options, jobs, waiting || (order?.paused ?? false));
    for (const [id, preview] of previews) queue.#previews.set(id, preview);
    for (const { id, after, state } of queue.jobs) {
      if (after === undefined || state !== 'waiting' || jobs.has(after)) continue;
      queue.#follow(id, results.get(after));
    }
    for (const job of jobs.values()) if (job.state === 'interrupted') queue.#change(job.id, {});
    return queue;
  }

  get jobs(): Job[] {
    return [...this.#jobs.values()];
  }

  /** @throws MadderError `input` where it is not on the list */
  get(id: string): Job {
    return this.#job(id);
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Whether nothing is being painted and nothing is about to be. */
  get idle(): boolean {
    return !this.#active && (this.#paused || !this.jobs.some(isReady));
  }

  /** Memory of the engine that is working, bytes. */
  get memoryBytes(): number {
    const progress = this.#active && this.#jobs.get(this.#active.id)?.progress;
    return progress?.memoryBytes ?? 0;
  }

  /** Results of the history that jobs are still to begin with. */
  get needed(): ReadonlySet<string> {
    return new Set(this.jobs.flatMap(({ state, from }) => (state === 'waiting' && from !== undefined ? [from] : [])));
  }

  /** Begins at once where nothing is being painted, a queue that rests notwithstanding; otherwise the job waits. */
  async start(document: StudioDocument, extras: JobExtras = {}): Promise<string> {
    const before = extras.after === undefined ? undefined : this.#job(extras.after);
    if (before && !mayDeliver(before)) throw new MadderError('input', NO_PICTURE);
    const id = await this.#enqueue(document, extras);
    this.#tellOrder();
    this.#beginSoon(id);
    return id;
  }

  async startBatch(documents: readonly StudioDocument[]): Promise<string[]> {
    const ids: string[] = [];
    for (const document of documents) ids.push(await this.#enqueue(document));
    this.#tellOrder();
    this.goOn();
    return ids;
  }

  pause(id: string): void {
    const active = this.#activeOne(id);
    if (active.paused) return;
    active.paused = true;
    this.#clock(active, false);
    active.handle?.pause();
    this.#change(id, { state: 'paused' });
  }

  resume(id: string): void {
    const active = this.#activeOne(id);
    if (!active.paused) return;
    active.paused = false;
    if (active.handle) this.#clock(active, true);
    active.handle?.resume();
    this.#change(id, { state: 'running' });
  }

  stop(id: string): void {
    const active = this.#activeOne(id);
    active.stopped = true;
    active.handle?.stop();
  }

  cancel(id: string): void {
    const { state } = this.#job(id);
    if (state !== 'waiting') {
      const active = this.#activeOne(id);
      active.cancelled = true;
      active.handle?.abandon();
    }
    this.#change(id, { state: 'cancelled' });
    this.#leaveFollowers(id);
  }

  /** A piece of the picture that is being painted is to be seen pixel by pixel; null: none any more. */
  lookAt(id: string, piece: Piece | null): void {
    const active = this.#activeOne(id);
    active.piece = piece;
    active.handle?.look(piece);
  }

  /**
   * Next in line; at once where nothing is being painted.
   * @param memoryBytes that it may take from now on; as before when undefined
   */
  retry(id: string, memoryBytes?: number | null): void {
    const { problem: _problem, tryMemoryBytes: _tried, ...job } = this.#job(id);
    if (job.state !== 'failed' && job.state !== 'cancelled' && job.state !== 'interrupted') {
      throw new MadderError('input', 'This picture cannot be tried again: it is being painted, or it is done.');
    }
    const before = job.after === undefined ? undefined : this.#jobs.get(job.after);
    if (job.after !== undefined && !(before && mayDeliver(before))) throw new MadderError('input', NO_PICTURE);
    this.#jobs.set(id, { ...job, state: 'waiting', ...(memoryBytes === undefined ? {} : { memoryBytes }) });
    this.#change(id, {});
    if (before?.result !== undefined) this.#follow(id, before.result);
    this.#place(id, 0);
    this.#beginSoon(id);
  }

  async dismiss(id: string): Promise<void> {
    const { state } = this.#job(id);
    if (state === 'waiting' || state === 'running' || state === 'paused') {
      throw new MadderError('input', 'This picture is still to be painted; cancel it first.');
    }
    this.#leaveFollowers(id);
    this.#jobs.delete(id);
    this.#previews.delete(id);
    this.#losses.forget(id);
    this.#tellOrder();
    await this.#savers.get(id)?.settle();
    this.#savers.delete(id);
    await rm(this.#folderOf(id), { recursive: true, force: true });
  }

  move(id: string, position: number): void {
    if (this.#job(id).state !== 'waiting') throw new MadderError('input', 'Only pictures that wait can be moved.');
    this.#place(id, position);
  }

  pauseQueue(paused: boolean): void {
    this.#paused = paused;
    this.#tellOrder();
    this.goOn();
  }

  /** @throws MadderError `input` for layers that the run does not have */
  changeWeights(id: string, change: WeightChange): void {
    const active = this.#activeOne(id);
    if (active.recipe) checkChange(active.recipe, change);
    if (active.handle) active.handle.changeWeights(change);
    else active.changes.push(change);
  }

  /** Null where nothing is remembered, as of runs before the program began. */
  losses(id: string): LossHistory | null {
    return this.#losses.of(id);
  }

  asset(kind: 'preview' | 'detail', id: string): StudioAsset | undefined {
    const content = (kind === 'preview' ? this.#previews : this.#details).get(id);
    return content && { type: 'image/jpeg', content };
  }

  /** Whether a run that is going on or waits uses a network. */
  usesNetwork(network: string): boolean {
    return this.jobs.some(
      ({ state, document }) =>
        ['waiting', 'running', 'paused'].includes(state) &&
        (document.network === network || document.contentNetwork === network),
    );
  }

  /** Ends the engine; its job is found as interrupted at the next start. A picture that is done is still kept. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#newestProgress.drop();
    this.#newestTile.drop();
    const active = this.#active;
    active?.handle?.abandon();
    await this.#running;
    if (active && !active.finishing) void this.#save(active.id);
    await Promise.all([...this.#savers.values(), this.#orderSaver].map((saver) => saver.settle()));
  }

  async #enqueue(document: StudioDocument, extras: JobExtras = {}): Promise<string> {
    const id = newId();
    const { photo, styles } = document;
    const names = [photo, styles[0]?.picture].map((picture) => picture?.name.replace(/\.[^.]*$/, ''));
    const job: Job = {
      id,
      name: extras.name ?? (names.filter(Boolean).join(' – ').slice(0, 200) || id),
      state: 'waiting',
      createdAt: Date.now(),
      document,
      preview: 0,
      notes: [],
      ...(extras.memoryBytes === undefined ? {} : { memoryBytes: extras.memoryBytes }),
      ...(extras.after === undefined ? {} : { after: extras.after }),
    };
    await mkdir(this.#folderOf(id), { recursive: true });
    this.#jobs.set(id, job);
    await this.#change(id, {});
    return id;
  }

  /** The next one that waits, unless one is being painted, the queue rests, or something else needs the computer. */
  goOn(): void {
    if (this.#active || this.#closed || !this.#options.engineFree()) return;
    const urgent = this.#urgent;
    this.#urgent = undefined;
    const waiting = this.jobs.filter(isReady);
    const next = waiting.find(({ id }) => id === urgent) ?? (this.#paused ? undefined : waiting[0]);
    if (next) this.#begin(next.id);
    else this.#options.onIdle();
  }

  /** Begins a job that a person asked for, unless another one is being painted; a queue that rests does not matter. */
  #beginSoon(id: string): void {
    // What was cancelled a moment ago is still ending, and so may be what else needs the computer.
    if (!this.#active || this.#active.cancelled) this.#urgent = id;
    this.goOn();
  }

  #begin(id: string): void {
    if (this.#closed) return;
    const active: Active = {
      id,
      handle: undefined,
      recipe: undefined,
      stopped: false,
      cancelled: false,
      paused: false,
      finishing: false,
      changes: [],
      piece: null,
      pace: undefined,
      tiledLevel: undefined,
      since: undefined,
      worked: 0,
      evaluating: 0,
    };
    this.#active = active;
    this.#change(id, { state: 'running' });
    this.#running = this.#run(active);
  }

  /** Never throws. */
  async #run(active: Active): Promise<void> {
    const { id } = active;
    try {
      const outcome = await this.#paint(active);
      if (outcome && outcome.evaluations > 0) await this.#finish(active, outcome);
      else if (!this.#closed) this.#end(active, { state: 'cancelled' });
    } catch (error) {
      if (active.cancelled) this.#end(active, {});
      else if (!this.#closed) {
        const problem = this.#options.problemOf(error);
        const tried = error instanceof OutOfMemory ? { tryMemoryBytes: error.suggestedBytes } : {};
        this.#end(active, { state: 'failed', problem, ...tried });
      } else this.#options.log.note(`job ${id} was interrupted`);
    }
  }

  async #finish(active: Active, { picture, completed, recipe }: RunOutcome): Promise<void> {
    const { id } = active;
    const { name, document } = this.#jobs.get(id)!;
    active.finishing = true;
    this.#clock(active, false);
    this.#newestProgress.flush();
    void this.#change(id, { saving: true });
    const seconds = active.worked / 1000;
    const result = await this.#options.finish({ name, picture, completed, seconds, document, recipe });
    // On the disk before anything is removed: a run that is found at the next start was not finished.
    await this.#end(active, { state: completed ? 'done' : 'stopped', result });
    for (const folder of [RUN, FINISHED]) {
      await rm(join(this.#folderOf(id), folder), { recursive: true, force: true }).catch((error: unknown) =>
        this.#options.log.error('What a run left was not removed', error),
      );
    }
  }

  /** Makes room for the next one, and tells how this one ended. */
  #end(active: Active, change: Partial<Job>): Promise<void> {
    this.#active = undefined;
    this.#newestProgress.drop();
    this.#newestTile.drop();
    this.#details.delete(active.id);
    const job = this.#jobs.get(active.id);
    if (job) {
      const { tile: _tile, detail: _detail, saving: _saving, ...plain } = job;
      this.#jobs.set(active.id, plain);
    }
    // It may be in line again already, or off the list.
    const kept = job?.state === 'waiting' ? Promise.resolve() : this.#change(active.id, change);
    const ended = this.#jobs.get(active.id);
    if (change.result !== undefined) this.#deliver(active.id, change.result);
    else if (ended && !mayDeliver(ended)) this.#leaveFollowers(active.id);
    this.goOn();
    return kept;
  }

  /** Jobs that begin with the picture of this one. */
  #followers(id: string): Job[] {
    return this.jobs.filter(({ after, state }) => after === id && state === 'waiting');
  }

  #deliver(id: string, result: string): void {
    for (const follower of this.#followers(id)) this.#follow(follower.id, result);
  }

  /** This job has come to nothing, and so have those that wait for its picture. */
  #leaveFollowers(id: string): void {
    for (const follower of this.#followers(id)) this.#follow(follower.id, undefined);
  }

  /** The picture that a job was waiting for is in the history, or will never be. */
  #follow(id: string, result: string | undefined): void {
    if (result === undefined) {
      const problem = { kind: 'input' as const, message: NO_PICTURE };
      void this.#change(id, { state: 'failed', problem });
      this.#leaveFollowers(id);
      return;
    }
    const { after: _, ...job } = this.#jobs.get(id)!;
    this.#jobs.set(id, job);
    void this.#change(id, { from: result });
  }

  /** What a job paints; one that begins with a picture of the history takes that over first. */
  async #documentOf(id: string): Promise<StudioDocument> {
    const { document, from } = this.#jobs.get(id)!;
    if (from === undefined) return document;
    const continued = await this.#options.continued(from, document);
    const { from: _, ...job } = this.#jobs.get(id)!;
    this.#jobs.set(id, job);
    this.#change(id, { document: continued });
    return continued;
  }

  /** The picture; undefined where the run was ended before its engine began. */
  async #paint(active: Active): Promise<RunOutcome | undefined> {
    const { id } = active;
    const { prepare, chooseDevice, preferences, estimates, engine, spare } = this.#options;
    const document = await this.#documentOf(id);
    const ended = () => active.cancelled || active.stopped || this.#closed;
    const prepared = await prepare(document);
    if (ended()) return undefined;
    const { provider, note } = await chooseDevice();
    const resume = await this.#hasUsableCheckpoint(id, prepared.recipe);
    if (ended()) return undefined;
    const known = new Set(this.#jobs.get(id)!.notes);
    const notes = [...prepared.notes, ...(note === undefined ? [] : [note])].filter((text) => !known.has(text));
    notes.forEach((text) => this.#note(id, text));
    this.#change(id, { provider });

    active.changes.forEach((change) => checkChange(prepared.recipe, change));
    let work: Workload = { network: document.network, contentNetwork: document.contentNetwork, provider };
    const { threads, lowPriority, memoryBytes: usual } = preferences();
    const { memoryBytes = usual } = this.#jobs.get(id)!;
    const { schedule, content } = prepared.recipe;
    active.pace = new Pace(
      schedule.levels.map(({ evaluations }, level) => ({ ...levelSize(schedule, level, content), evaluations })),
    );
    const handle = await paint(prepared, {
      folder: join(this.#folderOf(id), RUN),
      resume,
      provider,
      ...(threads === null ? {} : { threads }),
      lowPriority,
      ...(memoryBytes === null ? {} : { memoryBytes }),
      previewSide: PREVIEW_SIDE,
      ...(engine === undefined ? {} : { entry: engine }),
      ...(spare === undefined ? {} : { spare }),
      onNote: (text) => this.#note(id, text),
      onProvider: (next) => {
        work = { ...work, provider: next };
        this.#change(id, { provider: next });
      },
      onEvent: (event) => this.#hear(active, event, work),
    });
    active.handle = handle;
    active.recipe = prepared.recipe;
    const began = performance.now();
    if (!active.paused) this.#clock(active, true);
    active.changes.splice(0).forEach((change) => handle.changeWeights(change));
    if (active.piece) handle.look(active.piece);
    if (active.paused) handle.pause();
    if (active.stopped) handle.stop();
    if (ended() && !active.stopped) handle.abandon();
    const outcome = await handle.outcome;
    const whole = outcome.completed && outcome.evaluations === evaluationsOf(outcome.recipe);
    const seconds = (performance.now() - began) / 1000;
    if (whole && !active.paused && work.provider === provider && active.tiledLevel === undefined) {
      estimates.learnOverhead(work, (seconds - active.evaluating) / outcome.recipe.schedule.levels.length);
    }
    void estimates.save().catch((error: unknown) => this.#options.log.error('Measurements were not kept', error));
    return outcome;
  }

  /** Removes a checkpoint that belongs to other settings, or is damaged: the run then begins anew. */
  async #hasUsableCheckpoint(id: string, recipe: Recipe): Promise<boolean> {
    const folder = join(this.#folderOf(id), RUN);
    const finished = join(this.#folderOf(id), FINISHED);
    if (existsSync(finished)) {
      await rm(folder, { recursive: true, force: true });
      await rename(finished, folder);
    }
    if (!hasCheckpoint(folder)) return false;
    try {
      const begun = await readCheckpointRecipe(folder);
      const settings = ({ timeline: _, ...rest }: Recipe) => JSON.stringify(rest);
      if (begun && settings(begun) === settings(recipe)) return true;
      this.#note(id, 'The network or the program has changed since; the picture is begun anew.');
    } catch (error) {
      this.#options.log.error('A checkpoint could not be used', error);
      this.#note(id, 'What was painted before could not be read; the picture is begun anew.');
    }
    await rm(folder, { recursive: true, force: true });
    return false;
  }

  #hear(active: Active, event: EngineEvent, work: Workload): void {
    const { id } = active;
    // An engine that was given up may still have something to say.
    if (active.cancelled || this.#closed) return;
    switch (event.type) {
      case 'progress': {
        const { type: _, ...progress } = event;
        active.evaluating += progress.seconds;
        active.pace?.evaluated(progress, this.#worked(active));
        this.#options.estimates.learn(work, progress, active.tiledLevel === progress.level);
        this.#losses.append(id, progress);
        this.#jobs.set(id, { ...this.#jobs.get(id)!, progress });
        this.#newestProgress.say(id);
        break;
      }
      case 'tile': {
        const { type: _, ...place } = event;
        active.tiledLevel = place.level;
        if (!active.pace) break;
        const tile = active.pace.place(place, this.#worked(active));
        this.#jobs.set(id, { ...this.#jobs.get(id)!, tile });
        this.#newestTile.say(id);
        break;
      }
      case 'detail': {
        const { type: _, image, ...where } = event;
        this.#details.set(id, image);
        const job = this.#jobs.get(id)!;
        const detail = { ...where, version: (job.detail?.version ?? 0) + 1 };
        this.#jobs.set(id, { ...job, detail });
        this.#options.emit({ type: 'detail', job: id, detail });
        break;
      }
      case 'preview': {
        const { width, height, total, image } = event;
        this.#previews.set(id, image);
        const preview = this.#jobs.get(id)!.preview + 1;
        this.#jobs.set(id, { ...this.#jobs.get(id)!, preview });
        this.#options.emit({ type: 'preview', job: id, preview, width, height, total });
        break;
      }
      case 'weighed':
        this.#options.emit({ type: 'weighed', job: id, evaluation: event.evaluation });
        break;
      case 'checkpoint': {
        // How far it came is known after a crash too. A preview that is lost is no harm, so that nothing waits for it.
        this.#save(id);
        const preview = this.#previews.get(id);
        if (preview) void writeFile(join(this.#folderOf(id), PREVIEW), preview).catch(() => {});
        break;
      }
      case 'done':
        // The painter removes the folder of a run that ended well before the picture is in the history. Under another
        // name it stays until then: should the program end meanwhile, the run goes on from its last checkpoint.
        try {
          renameSync(join(this.#folderOf(id), RUN), join(this.#folderOf(id), FINISHED));
        } catch (error) {
          this.#options.log.error('A finished run could not be kept', error);
        }
    }
  }

  /** For how long a run has been working, pauses left out, seconds. */
  #worked({ since, worked }: Active): number {
    return (worked + (since === undefined ? 0 : performance.now() - since)) / 1000;
  }

  #clock(active: Active, running: boolean): void {
    const now = performance.now();
    if (active.since !== undefined) active.worked += now - active.since;
    active.since = running ? now : undefined;
  }

  #note(id: string, text: string): void {
    const job = this.#jobs.get(id);
    if (!job) return;
    this.#options.log.note(`job ${id}: ${text}`);
    this.#change(id, { notes: [...job.notes, text] });
  }

  /** Resolves when it is on the disk; that it could not be written is logged, and the run goes on. */
  #change(id: string, change: Partial<Job>): Promise<void> {
    const job = this.#jobs.get(id);
    // It was dismissed meanwhile.
    if (!job) return Promise.resolve();
    const changed = { ...job, ...change };
    this.#jobs.set(id, changed);
    this.#options.emit({ type: 'job', job: changed });
    return this.#save(id);
  }

  #save(id: string): Promise<void> {
    let saver = this.#savers.get(id);
    if (!saver) this.#savers.set(id, (saver = new Saver(join(this.#folderOf(id), ABOUT))));
    const job = this.#jobs.get(id);
    // What is looked at is over with the program.
    const { tile: _tile, detail: _detail, saving: _saving, ...kept } = job ?? {};
    return saver.save(job && kept).catch((error: unknown) => this.#options.log.error(`job ${id} was not kept`, error));
  }

  /** Puts a job among those that wait. */
  #place(id: string, position: number): void {
    const job = this.#jobs.get(id)!;
    const others = this.jobs.filter((other) => other.id !== id);
    const waiting = others.filter(({ state }) => state === 'waiting');
    const before = waiting[position];
    const at = before ? others.indexOf(before) : others.length;
    this.#jobs.clear();
    for (const other of [...others.slice(0, at), job, ...others.slice(at)]) this.#jobs.set(other.id, other);
    this.#tellOrder();
  }

  #tellOrder(): void {
    const jobs = [...this.#jobs.keys()];
    this.#options.emit({ type: 'queue', jobs, paused: this.#paused });
    void this.#orderSaver
      .save({ version: 1, jobs, paused: this.#paused })
      .catch((error: unknown) => this.#options.log.error('The order of the queue was not kept', error));
  }

  #job(id: string): Job {
    const job = this.#jobs.get(id);
    if (!job) throw new MadderError('input', 'That picture is no longer in the queue.');
    return job;
  }

  #activeOne(id: string): Active {
    this.#job(id);
    const active = this.#active?.id === id ? this.#active : undefined;
    if (active?.finishing) throw new MadderError('input', 'This picture is just being finished.');
    if (active && !active.cancelled) return active;
    throw new MadderError('input', 'This picture is not being painted now.');
  }

  #folderOf(id: string): string {
    return join(this.#folder, id);
  }
}

const jobOf = (value: unknown): Job => {
  const fields = value as Record<string, unknown>;
  return jobSchema.parse({ ...fields, document: migrateDocument(fields['document']) });
};

/** Waits for nothing but its turn. */
const isReady = ({ state, after }: Job): boolean => state === 'waiting' && after === undefined;

/** A job that has a result, or may still get one. */
const mayDeliver = ({ state, result }: Job): boolean =>
  result !== undefined || ['waiting', 'running', 'paused', 'interrupted'].includes(state);

const evaluationsOf = ({ schedule }: Recipe): number =>
  schedule.levels.reduce((sum, { evaluations }) => sum + evaluations, 0);

/** A fader that the run does not have would make its recipe unreadable. */
function checkChange({ objective }: Recipe, change: WeightChange): void {
  for (const kind of ['styleLayers', 'contentLayers'] as const) {
    for (const layer of Object.keys(change[kind] ?? {})) {
      if (Object.hasOwn(objective[kind], layer)) continue;
      throw new MadderError('input', `This picture is painted without the layer "${layer}"; begin a new one for it.`);
    }
  }
}
