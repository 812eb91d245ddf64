/** The laboratory's studies: each in a folder of its own with the record that the command line writes too. */
import { existsSync } from 'node:fs';
import { constants, copyFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { z } from 'zod';
import { MadderError } from '../../../../shared/errors.ts';
import { decodeImage } from '../../../codec/decode.ts';
import { toPicture, type Picture } from '../../../codec/picture.ts';
import { encodeForScreen } from '../../../codec/screen.ts';
import { spectrumPicture } from '../../../engine/measures/spectrum.ts';
import type { Preferences, Problem, ResponseOf, StudioEvent } from '../../../../shared/studio/contract.ts';
import type { Choice } from '../../devices.ts';
import type { StudioAsset } from '../../../../shared/studio/program.ts';
import type { Recipe } from '../../../../shared/recipe.ts';
import {
  STUDY_KINDS,
  STUDY_PICTURE_PATH,
  type StudyEntry,
  type StudyFolder,
  type StudyKind,
  type StudyRequest,
  type StudyView,
} from '../../../../shared/studio/studies.ts';
import { readRecordOf, writeRecord } from '../../studies/record.ts';
import { RECORD_FILE } from '../../studies/robustness.ts';
import { dataError, newId, readStored, writeBytes, writeStored } from '../stored.ts';
import type { Log } from '../log.ts';
import type { LaboratoryRecord, StudyDriver, Surroundings } from './driver.ts';
import { DRIVERS } from './drivers.ts';
import { Patterns, PATTERNS_FILE } from './patterns.ts';

/** Beside the record: what only the laboratory knows of a study. */
const ABOUT = 'study.json';
/** The pictures that studies were made of, by hash. */
const SOURCES = '.sources';
/** Folders that are not finished, or on their way out. */
const STAGED = '.new-';
const ID = /^[A-Za-z0-9_-]{1,64}$/;
/** What is offered of a study's folder, by suffix. */
const FILE_TYPES: Readonly<Record<string, string>> = {
  '.json': 'application/json',
  '.csv': 'text/csv',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.html': 'text/html',
};
/** Long side of spectra, px, at most. */
const SPECTRUM_SIDE = 1024;
/** Long side of what a study was made of, px, at most: no screen shows more. */
const MOST_ORIGINAL_SIDE = 8192;
/** Shortest time between two reports on a study, ms. */
const REPORT_MS = 250;

const aboutSchema = z.strictObject({
  version: z.literal(1),
  title: z.string().min(1),
  notes: z.array(z.string()),
  /** Why it ended before its end. */
  problem: z.string().optional(),
  /** The study that it repeats. */
  repeats: z
    .strictObject({
      study: z.string().regex(ID),
      title: z.string(),
      /** How far its numbers are from that study's, once both are finished; null where one lacks some of them. */
      difference: z.number().min(0).nullable().optional(),
    })
    .optional(),
});
type About = z.output<typeof aboutSchema>;

export interface LaboratoryOptions extends Pick<Surroundings, 'network' | 'manifest'> {
  /** File and name of a picture of the library. @throws MadderError `input` where it is not there */
  readonly picture: (sha256: string) => { readonly path: string; readonly name: string };
  readonly chooseDevice: () => Promise<Choice>;
  readonly emit: (event: StudioEvent) => void;
  readonly problemOf: (error: unknown) => Problem;
  readonly log: Log;
  readonly preferences: () => Preferences;
  /** Whether nothing is being painted and nothing is about to be. */
  readonly engineFree: () => boolean;
  /** A study has ended, and none waits. */
  readonly onIdle: () => void;
  /** The engine's module, where it is not beside its client; for tests. */
  readonly engine?: string;
}

/** A study in memory. */
interface Study {
  entry: StudyEntry;
  repeats: About['repeats'];
  /** What its folder holds, where it was read since it last changed. */
  record: LaboratoryRecord | undefined;
  /** Its pictures' files by place, as of that record. */
  pictures: ReadonlyMap<number, string> | undefined;
}

const NOTHING_READ = { record: undefined, pictures: undefined } as const;

interface Active {
  readonly id: string;
  readonly controller: AbortController;
  readonly ended: Promise<void>;
}

/** One study at a time is carried out, and none while a picture is painted: both want the whole computer. */
export class Laboratory {
  readonly #folder: string;
  readonly #options: LaboratoryOptions;
  readonly #studies: Map<string, Study>;
  readonly #patterns: Patterns;
  #active: Active | undefined;
  #closed = false;
  #lastReport = -Infinity;
  #dueReport: NodeJS.Timeout | undefined;

  private constructor(folder: string, options: LaboratoryOptions, studies: Map<string, Study>) {
    this.#folder = folder;
    this.#options = options;
    this.#studies = studies;
    this.#patterns = new Patterns(options.log);
  }

  /** Finds the studies of a folder. One that cannot be read stays where it is and is not listed. */
  static async open(folder: string, options: LaboratoryOptions): Promise<Laboratory> {
    await mkdir(folder, { recursive: true });
    const studies = new Map<string, Study>();
    for (const name of (await readdir(folder)).sort()) {
      const path = join(folder, name);
      if (name.startsWith(STAGED)) await rm(path, { recursive: true, force: true });
      if (!ID.test(name)) continue;
      try {
        const record = await readRecordOf(join(path, RECORD_FILE), ...STUDY_KINDS);
        const about = await readStored(join(path, ABOUT), (value) => aboutSchema.parse(value), options.log);
        studies.set(name, { ...NOTHING_READ, entry: entryOf(name, record, about), repeats: about?.repeats });
      } catch (error) {
        options.log.error(`The study ${name} could not be read`, error);
      }
    }
    const laboratory = new Laboratory(folder, options, studies);
    await laboratory.#tidy();
    return laboratory;
  }

  /** Newest first. */
  get studies(): StudyEntry[] {
    return [...this.#studies.values()].map(({ entry }) => entry).sort((a, b) => b.createdAt - a.createdAt);
  }

  /** Whether a study is being carried out. */
  get busy(): boolean {
    return this.#active !== undefined;
  }

  /**
   * Plans a study and begins it as soon as the engine is free.
   * @throws MadderError in one sentence for anything that cannot be used
   */
  async start(request: StudyRequest): Promise<string> {
    const driver = driverOf(request.kind);
    const source = (sha256: string) => this.#source(sha256);
    const { record, notes } = await driver.plan(request as never, {
      source,
      network: this.#options.network,
      manifest: this.#options.manifest,
      robustness: (study) => this.#robustness(study),
    });
    return this.#add(record, request.title, notes);
  }

  /** The same study with nothing done. */
  async repeat(id: string): Promise<string> {
    const { entry } = this.#study(id);
    const record = await this.#record(id);
    const { title } = entry;
    return this.#add(driverOf(record.kind).repeat(record as never), title, [], { study: id, title });
  }

  /**
   * Adds a study from elsewhere.
   * @throws MadderError `input`, one sentence, where it is no study that this Madder knows
   */
  async import({ name, record: text, pictures }: StudyFolder): Promise<string> {
    const id = newId();
    const staged = join(this.#folder, `${STAGED}${id}`);
    const about = { version: 1 as const, title: name, notes: [] };
    try {
      await mkdir(staged, { recursive: true });
      await writeBytes(join(staged, RECORD_FILE), new TextEncoder().encode(text));
      const record = await readRecordOf(join(staged, RECORD_FILE), ...STUDY_KINDS).catch((cause: unknown) => {
        throw new MadderError('input', `“${name}” is not the folder of a study that this Madder knows.`, { cause });
      });
      for (const { path, sha256 } of pictures) {
        await mkdir(dirname(join(staged, path)), { recursive: true });
        await copyFile(this.#options.picture(sha256).path, join(staged, path), constants.COPYFILE_FICLONE);
      }
      await writeStored(join(staged, ABOUT), about);
      await rename(staged, join(this.#folder, id));
      this.#studies.set(id, { ...NOTHING_READ, entry: entryOf(id, record, about), repeats: undefined });
    } catch (error) {
      await rm(staged, { recursive: true, force: true });
      throw dataError(error);
    }
    this.#change(id, {});
    return id;
  }

  /** Ends a study before its end; what it has found is kept. One that waits does so no more. */
  async stop(id: string): Promise<void> {
    const { entry } = this.#study(id);
    if (entry.state === 'waiting') {
      this.#change(id, { state: 'unfinished' });
      return;
    }
    if (this.#active?.id !== id) throw new MadderError('input', 'This study is not being carried out now.');
    this.#active.controller.abort();
    await this.#active.ended;
  }

  /** Goes on with a study that is not finished, as soon as the engine is free. */
  async continue(id: string): Promise<void> {
    const { entry } = this.#study(id);
    if (entry.state !== 'unfinished') {
      throw new MadderError('input', 'This study cannot be gone on with: it is finished, or not stopped.');
    }
    const { problem: _, ...rest } = entry;
    this.#study(id).entry = rest;
    this.#change(id, { state: 'waiting' });
    await this.#keep(id);
    this.goOn();
  }

  async rename(id: string, title: string): Promise<void> {
    this.#change(id, { title });
    await this.#keep(id);
  }

  /** @throws MadderError `input` while it is being carried out */
  async remove(id: string): Promise<void> {
    this.#study(id);
    if (this.#active?.id === id) throw new MadderError('input', 'This study is being carried out; stop it first.');
    this.#studies.delete(id);
    this.#options.emit({ type: 'studyGone', study: id });
    // Renamed first: whatever interrupts this, nothing half removed is found at the next start.
    const doomed = join(this.#folder, `${STAGED}${newId()}`);
    await rename(join(this.#folder, id), doomed);
    await rm(doomed, { recursive: true, force: true });
  }

  /** Everything that is shown of a study. */
  async view(id: string): Promise<StudyView> {
    const record = await this.#record(id);
    const folder = join(this.#folder, id);
    const repeats = await this.#comparison(id, record);
    const driver = driverOf(record.kind);
    const originals = await Promise.all(driver.originals(record as never).map((sha256) => this.#original(sha256)));
    return {
      study: id,
      program: record.program,
      ...driver.view(
        record as never,
        (place) => `${id}.${place}`,
        (place) => (originals[place] === undefined ? null : `${id}.s${place}`),
      ),
      ...(repeats ? { repeats } : {}),
      files: await filesIn(folder),
      folder,
    };
  }

  /** How far a study's numbers are from those of the study that it repeats; what was found outlives the other one. */
  async #comparison(id: string, record: LaboratoryRecord): Promise<StudyView['repeats']> {
    const study = this.#study(id);
    if (!study.repeats) return undefined;
    const original = this.#studies.get(study.repeats.study);
    const shown = { ...study.repeats, title: original?.entry.title ?? study.repeats.title };
    if (shown.difference !== undefined) return { ...shown, state: 'compared' };
    if (record.finishedAt === undefined) return { ...shown, state: 'unfinished' };
    const before = original && (await this.#record(shown.study).catch((error: unknown) => this.#unreadable(id, error)));
    if (!before) return { ...shown, state: 'gone' };
    if (before.finishedAt === undefined) return { ...shown, state: 'originalUnfinished' };
    const found = driverOf(record.kind).difference(before as never, record as never);
    const difference = Number.isFinite(found) ? found : null;
    study.repeats = { ...study.repeats, difference };
    await this.#keep(id);
    return { ...shown, difference, state: 'compared' };
  }

  #unreadable(id: string, error: unknown): undefined {
    this.#options.log.error(`What the study ${id} repeats could not be read`, error);
  }

  /** A picture of a study by place, or one of its files by name. */
  async asset(kind: 'study' | 'study-file' | 'study-spectrum', name: string): Promise<StudioAsset | undefined> {
    const at = name.indexOf('.');
    const [id, rest] = [name.slice(0, at), name.slice(at + 1)];
    if (at < 0 || !this.#studies.has(id)) return undefined;
    const folder = join(this.#folder, id);
    if (kind === 'study-file') {
      const file = (await filesIn(folder)).find((other) => other.name === rest);
      return file && { type: FILE_TYPES[extname(rest)]!, content: join(folder, rest), fileName: rest };
    }
    if (kind === 'study' && /^s\d{1,6}$/.test(rest)) return this.#shownOriginal(id, Number(rest.slice(1)));
    const inside = /^\d{1,6}$/.test(rest) ? await this.#pictureFile(id, Number(rest)) : undefined;
    if (inside === undefined) return undefined;
    const path = join(folder, inside);
    if (kind === 'study') return { type: 'image/png', content: path };
    const { type, bytes } = await encodeForScreen(spectrumPicture(await pictureIn(path)), SPECTRUM_SIDE, 95);
    return { type, content: bytes };
  }

  /** A picture that a study was made of, as large as the study's own: so the magnifiers show the same of both. */
  async #shownOriginal(id: string, place: number): Promise<StudioAsset | undefined> {
    const record = await this.#record(id);
    const driver = driverOf(record.kind);
    const sha256 = driver.originals(record as never)[place];
    const file = sha256 === undefined ? undefined : await this.#original(sha256);
    if (file === undefined) return undefined;
    const side = Math.min(MOST_ORIGINAL_SIDE, driver.longSide(record as never));
    const { type, bytes } = await encodeForScreen(await pictureIn(file, side), side, 100);
    return { type, content: bytes };
  }

  /** The file of a picture by its hash, wherever it is kept; records' own paths are not followed. */
  async #original(sha256: string): Promise<string | undefined> {
    const folder = join(this.#folder, SOURCES, sha256);
    const name = (await readdir(folder).catch(() => [])).find((other) => !other.endsWith(STAGED));
    if (name !== undefined) return join(folder, name);
    try {
      return this.#options.picture(sha256).path;
    } catch (error) {
      if (error instanceof MadderError && error.kind === 'input') return undefined;
      throw error;
    }
  }

  /** How much of a picture is a fine pattern. @throws MadderError `input` for one that is not there, or too small */
  async checkerboard(picture: string): Promise<ResponseOf<'checkerboard'>> {
    const [id, place] = picture.split('.');
    const file = await this.#pictureFile(id!, Number(place));
    if (file === undefined) throw new MadderError('input', 'That picture is not in this study.');
    return this.#patterns.of(join(this.#folder, id!), file);
  }

  /** The file of a picture by its place, inside the study's folder. */
  async #pictureFile(id: string, place: number): Promise<string | undefined> {
    await this.#record(id);
    const file = this.#study(id).pictures!.get(place);
    // Records may come from elsewhere: no name of theirs leads out of the study's folder.
    return file === undefined || !STUDY_PICTURE_PATH.test(file) ? undefined : file;
  }

  /** The recipe of a picture. @throws MadderError `input` where there is none */
  async recipe(id: string, cell: string): Promise<Recipe> {
    const record = await this.#record(id);
    return driverOf(record.kind).recipe(record as never, cell);
  }

  /** Marks the picture that a person likes best. @throws MadderError `input` while the study is being carried out */
  async pick(id: string, cell: string | null): Promise<void> {
    const record = await this.#record(id);
    // Its record is being written by whoever carries it out.
    if (this.#active?.id === id) throw new MadderError('input', 'This study is being carried out; stop it first.');
    const picked = driverOf(record.kind).pick(record as never, cell ?? undefined);
    await writeRecord(join(this.#folder, id, RECORD_FILE), picked);
    this.#change(id, {});
  }

  /** Whether a study that is carried out or waits uses a network. */
  async usesNetwork(network: string): Promise<boolean> {
    for (const { id, state } of this.studies) {
      if (state !== 'running' && state !== 'waiting') continue;
      const record = await this.#record(id);
      if (
        driverOf(record.kind)
          .uses(record as never)
          .networks.includes(network)
      )
        return true;
    }
    return false;
  }

  /** Pictures of the library that studies need to be gone on with or repeated, by hash. */
  async pictures(): Promise<string[]> {
    const all: string[] = [];
    for (const { id } of this.studies) {
      const record = await this.#record(id);
      all.push(...driverOf(record.kind).uses(record as never).pictures);
    }
    return all;
  }

  /** Removes copies of pictures that no study names any more. */
  async #tidy(): Promise<void> {
    const folder = join(this.#folder, SOURCES);
    const used = new Set(await this.pictures());
    for (const name of await readdir(folder).catch(() => [])) {
      if (!used.has(name)) await rm(join(folder, name), { recursive: true, force: true });
    }
  }

  /** Begins the next study that waits, if the engine is free. */
  goOn(): void {
    if (this.#active || this.#closed || !this.#options.engineFree()) return;
    const next = this.studies.findLast(({ state }) => state === 'waiting');
    if (next) this.#begin(next.id);
  }

  /** Ends the study that is carried out; it is found as unfinished at the next start. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#dueReport);
    this.#active?.controller.abort();
    await this.#active?.ended;
  }

  /** A copy of a picture under its own name, which the study's labels and record show; all studies share it. */
  async #source(sha256: string): Promise<string> {
    const { path, name } = this.#options.picture(sha256);
    const folder = join(this.#folder, SOURCES, sha256);
    const file = join(folder, name.replaceAll(/[\\/:*?"<>|]/g, '_'));
    if (existsSync(file)) return file;
    try {
      await mkdir(folder, { recursive: true });
      const staged = `${file}${STAGED}`;
      await copyFile(path, staged, constants.COPYFILE_FICLONE);
      await rename(staged, file);
      return file;
    } catch (error) {
      throw dataError(error);
    }
  }

  #robustness(id: string): string {
    const { kind, title } = this.#study(id).entry;
    if (kind === 'robustness') return join(this.#folder, id, RECORD_FILE);
    throw new MadderError('input', `“${title}” is not a study of R(f); choose one that is.`);
  }

  async #add(
    record: LaboratoryRecord,
    title: string,
    notes: readonly string[],
    repeats?: About['repeats'],
  ): Promise<string> {
    const id = newId();
    const staged = join(this.#folder, `${STAGED}${id}`);
    const about: About = { version: 1, title, notes: [...notes], ...(repeats ? { repeats } : {}) };
    try {
      await mkdir(staged, { recursive: true });
      await writeRecord(join(staged, RECORD_FILE), record);
      await writeStored(join(staged, ABOUT), about);
      await rename(staged, join(this.#folder, id));
    } catch (error) {
      await rm(staged, { recursive: true, force: true });
      throw dataError(error);
    }
    const entry = entryOf(id, record, about);
    this.#studies.set(id, { ...NOTHING_READ, entry, repeats });
    this.#change(id, { state: entry.state === 'finished' ? 'finished' : 'waiting' });
    this.goOn();
    return id;
  }

  #begin(id: string): void {
    const controller = new AbortController();
    // Taken before anything is awaited: nobody else may begin now.
    const active: Active = { id, controller, ended: Promise.resolve().then(() => this.#run(id, controller)) };
    this.#active = active;
    this.#change(id, { state: 'running' });
  }

  /** Never throws. */
  async #run(id: string, { signal }: AbortController): Promise<void> {
    const { log, problemOf, preferences, chooseDevice, engine } = this.#options;
    const folder = join(this.#folder, id);
    let problem: string | undefined;
    try {
      const before = await this.#record(id);
      const driver = driverOf(before.kind);
      const { threads, lowPriority } = preferences();
      const { provider, note } = driver.onDevice ? await chooseDevice() : { provider: 'cpu' as const };
      if (note !== undefined) this.#note(id, note);
      const record = await driver.run(before as never, join(folder, RECORD_FILE), {
        ...{ signal, provider, lowPriority },
        onChange: () => this.#report(id),
        onProgress: ({ done, total, secondsLeft, now }) => {
          const { secondsLeft: _, now: __, ...rest } = this.#study(id).entry;
          this.#study(id).entry = {
            ...rest,
            ...{ done, total },
            ...(secondsLeft === undefined ? {} : { secondsLeft }),
            ...(now === undefined ? {} : { now }),
          };
          this.#report(id);
        },
        onNote: (note) => this.#note(id, note),
        ...(threads === null ? {} : { threads }),
        ...(engine === undefined ? {} : { entry: engine }),
      });
      for (const note of await driver.write(record as never, folder)) this.#note(id, note);
    } catch (error) {
      problem = signal.aborted ? undefined : problemOf(error).message;
      if (signal.aborted) log.error(`The study ${id} did not end well`, error);
    }
    await this.#end(id, problem);
  }

  async #end(id: string, problem: string | undefined): Promise<void> {
    clearTimeout(this.#dueReport);
    this.#dueReport = undefined;
    this.#active = undefined;
    try {
      const study = this.#study(id);
      study.record = undefined;
      const { title, notes, createdAt, version } = study.entry;
      const record = await this.#record(id);
      study.entry = { ...entryOf(id, record, { title, notes, problem }), createdAt, version };
      await this.#comparison(id, record);
      this.#change(id, {});
      await this.#keep(id);
    } catch (error) {
      this.#options.log.error(`The study ${id} could not be read after its end`, error);
      this.#change(id, { state: 'unfinished', problem: problem ?? 'Its record could not be read.' });
    }
    if (this.#closed) return;
    this.#options.onIdle();
    this.goOn();
  }

  /** Newest wins, and the last one always arrives. */
  #report(id: string): void {
    const wait = this.#lastReport + REPORT_MS - performance.now();
    const report = (): void => {
      this.#dueReport = undefined;
      this.#lastReport = performance.now();
      if (this.#studies.has(id)) this.#change(id, {});
    };
    if (wait <= 0 && this.#dueReport === undefined) report();
    else this.#dueReport ??= setTimeout(report, Math.max(0, wait));
  }

  #note(id: string, note: string): void {
    const { notes } = this.#study(id).entry;
    if (!notes.includes(note)) this.#change(id, { notes: [...notes, note] });
  }

  /** Tells of a change; whoever shows the study looks at it again. */
  #change(id: string, change: Partial<StudyEntry>): void {
    const study = this.#study(id);
    study.record = undefined;
    study.entry = { ...study.entry, ...change, version: study.entry.version + 1 };
    this.#options.emit({ type: 'study', study: study.entry });
  }

  async #keep(id: string): Promise<void> {
    const { entry, repeats } = this.#study(id);
    const { title, notes, problem } = entry;
    const about: About = {
      ...{ version: 1, title, notes },
      ...(problem === undefined ? {} : { problem }),
      ...(repeats ? { repeats } : {}),
    };
    await writeStored(join(this.#folder, id, ABOUT), about);
  }

  async #record(id: string): Promise<LaboratoryRecord> {
    const study = this.#study(id);
    if (study.record) return study.record;
    const { version } = study.entry;
    const record = await readRecordOf(join(this.#folder, id, RECORD_FILE), ...STUDY_KINDS);
    const driver = driverOf(record.kind);
    const thumbnail = driver.thumbnail(record as never);
    study.pictures = driver.pictures(record as never);
    study.entry = { ...study.entry, thumbnail: thumbnail === undefined ? null : `${id}.${thumbnail}` };
    // What changed meanwhile is read again by whoever asks next.
    if (study.entry.version === version) study.record = record;
    return record;
  }

  #study(id: string): Study {
    const study = this.#studies.get(id);
    if (!study) throw new MadderError('input', 'That study is no longer in the laboratory.');
    return study;
  }
}

/** A driver for records of any kind: its record's kind is the one it was found by. */
const driverOf = (kind: StudyKind): StudyDriver<StudyKind, never> => DRIVERS[kind] as StudyDriver<StudyKind, never>;

function entryOf(
  id: string,
  record: LaboratoryRecord,
  about: { title: string; notes: string[]; problem?: string | undefined } | undefined,
): StudyEntry {
  const driver = driverOf(record.kind);
  const thumbnail = driver.thumbnail(record as never);
  const { done, total } = driver.progress(record as never);
  return {
    id,
    kind: record.kind,
    title: about?.title ?? id,
    createdAt: Date.parse(record.createdAt),
    state: record.finishedAt === undefined ? 'unfinished' : 'finished',
    ...{ done, total },
    version: 1,
    thumbnail: thumbnail === undefined ? null : `${id}.${thumbnail}`,
    notes: about?.notes ?? [],
    ...(about?.problem === undefined ? {} : { problem: about.problem }),
  };
}

/** @param longSide about what is wanted of it at most, px */
const pictureIn = async (path: string, longSide?: number): Promise<Picture> =>
  toPicture(await decodeImage(path, longSide === undefined ? {} : { longSide }));

/** The files of a study's folder that are offered, by name. */
async function filesIn(folder: string): Promise<{ name: string; bytes: number }[]> {
  const files: { name: string; bytes: number }[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const { name } = entry;
    if (
      !entry.isFile() ||
      name === ABOUT ||
      name === PATTERNS_FILE ||
      !/^[\w-][\w.-]*$/.test(name) ||
      !(extname(name) in FILE_TYPES)
    )
      continue;
    files.push({ name, bytes: (await stat(join(folder, name))).size });
  }
  return files.sort((a, b) => a.name.localeCompare(b.name));
}
