/** Carries a study of pictures out: paints, measures what was painted, and keeps everything in the record's folder. */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { readSnapshot } from '../../../engine/process/result.ts';
import { hasCheckpoint } from '../../../engine/runs/checkpoint.ts';
import type { Picture } from '../../../codec/picture.ts';
import type { EngineEvent, EngineEventOf, EngineJob, JudgeJob } from '../../../../shared/engine-contract.ts';
import { MadderError, type ErrorKind } from '../../../../shared/errors.ts';
import type { CurvePoint, StudyCell, StudyRun } from '../../../../shared/picture-studies.ts';
import { savePicture } from '../../painter.ts';
import { startRun, type RunOutcome } from '../../runner.ts';
import { workInEngine } from '../engine-work.ts';
import { exportRobustness } from '../export.ts';
import { readRecordOf, RECORD_VERSION, type PictureRecord, type RobustnessRecord } from '../record.ts';
import { makeFolder, RecordKeeper } from '../record-keeper.ts';
import { attacksDone, attacksOf, RECORD_FILE, runRobustness } from '../robustness.ts';
import { CurveFile } from './curve-file.ts';
import { robustnessOf } from './plan.ts';
import { evaluationsOf, recipeAfter } from './variation.ts';

/** Folders beside a record: of pictures, of runs that are not finished, and of the study of R(f). */
const PICTURES = 'pictures';
const RUNS = 'runs';
const ROBUSTNESS = 'robustness';

export interface PictureStudyProgress {
  /** Steps done, of all: evaluations, measurements of finished pictures and attacks. */
  readonly done: number;
  readonly total: number;
  readonly secondsLeft: number;
  /** What is being made now. */
  readonly now: string;
}

export interface PictureRunOptions {
  readonly onProgress?: (progress: PictureStudyProgress) => void;
  /** A picture was kept, or figures of one are known. */
  readonly onRecord?: (record: PictureRecord) => void;
  /** Something a person should know, one sentence. */
  readonly onNote?: (note: string) => void;
  /** Ends the work at once. What is finished is kept, and the run that was going on up to its last checkpoint. */
  readonly signal?: AbortSignal;
  readonly provider?: EngineJob['provider'];
  readonly threads?: number;
  readonly lowPriority?: boolean;
  /** Time between checkpoints, ms; five seconds when missing. */
  readonly checkpointMs?: number;
  /** The engine's module, where it is not beside its client. */
  readonly entry?: string;
}

/** What a run fails by for good. A file that is missing, or a full disk, can be put right: the study is gone on with then. */
const FAILURES: ReadonlySet<ErrorKind> = new Set(['optimization', 'network', 'runtime']);

/**
 * Does what a record lacks, and keeps the record in its file, which after every picture is a whole one to go on from.
 * What cannot be painted or measured is recorded with its sentence, and the study goes on.
 * @param file the record's; its folder is made where it is missing
 * @returns the record, without `finishedAt` where the signal ended the work
 * @throws MadderError `output` for what cannot be kept, `input` for what is missing or has changed, and where engines end
 * again and again while they measure; what was done until then is in the file
 */
export async function runPictures(
  begun: PictureRecord,
  file: string,
  options: PictureRunOptions = {},
): Promise<PictureRecord> {
  const study = new Study(begun, file, options);
  return study.carryOut();
}

class Study {
  #record: PictureRecord;
  readonly #folder: string;
  readonly #options: PictureRunOptions;
  readonly #keeper: RecordKeeper;
  readonly #clock: Clock;

  constructor(record: PictureRecord, file: string, options: PictureRunOptions) {
    this.#record = record;
    this.#folder = resolve(dirname(file));
    this.#options = options;
    this.#keeper = new RecordKeeper(file);
    this.#clock = new Clock(progressOf(record));
  }

  async carryOut(): Promise<PictureRecord> {
    await makeFolder(join(this.#folder, PICTURES));
    await this.#keeper.keep(this.#record);
    try {
      for (const run of this.#record.runs.keys()) {
        if (this.#stopped) break;
        if (!isPainted(this.#record.runs[run]!)) await this.#paint(run);
      }
      if (!this.#stopped) await this.#judge();
      if (!this.#stopped) await this.#measureRobustness();
      if (!this.#stopped && this.#record.finishedAt === undefined) {
        this.#record = { ...this.#record, finishedAt: new Date().toISOString() };
        await rm(join(this.#folder, RUNS), { recursive: true, force: true });
      }
    } finally {
      await this.#keeper.keep(this.#record);
    }
    return this.#record;
  }

  get #stopped(): boolean {
    return this.#options.signal?.aborted === true;
  }

  // ── painting ────────────────────────────────────────────────────────────────────────────────────────────────────

  async #paint(place: number): Promise<void> {
    const { signal, onNote, entry, provider = 'cpu', threads, lowPriority, checkpointMs } = this.#options;
    const folder = join(this.#folder, RUNS, String(place + 1));
    await makeFolder(folder);
    const { recipe, networks, snapshots } = this.#record.runs[place]!;
    const losses = new CurveFile(folder);
    let used = provider;
    /** Snapshots are kept one after another, while the run goes on. */
    let keeping: Promise<void> = Promise.resolve();
    const handle = startRun(
      {
        ...{ recipe, folder, snapshots, provider, resume: hasCheckpoint(folder) },
        images: this.#images(),
        networks: {
          style: this.#pathOf(networks.style),
          ...(networks.content === undefined ? {} : { content: this.#pathOf(networks.content) }),
        },
        ...(threads === undefined ? {} : { threads }),
        ...(lowPriority === undefined ? {} : { lowPriority }),
        ...(checkpointMs === undefined ? {} : { checkpointMs }),
      },
      {
        onProvider: (next) => (used = next),
        onEvent: (event) => {
          this.#hear(place, event, losses);
          if (event.type !== 'snapshot') return;
          keeping = keeping.then(async () => {
            const picture = await readSnapshot(folder, event.total);
            if (picture) await this.#keepPicture(place, event.total, picture);
          });
          // A failure shows when the run has ended.
          keeping.catch(() => {});
        },
        ...(onNote ? { onNote } : {}),
        ...(entry === undefined ? {} : { entry }),
      },
    );
    const abandon = () => handle.abandon();
    signal?.addEventListener('abort', abandon);
    if (signal?.aborted) abandon();
    try {
      const outcome = await handle.outcome;
      await keeping;
      await this.#finish(place, folder, outcome, used);
    } catch (error) {
      await keeping;
      if (this.#stopped) return;
      if (!(error instanceof MadderError) || !FAILURES.has(error.kind)) throw error;
      // What lies on the way to where it failed is worth seeing.
      for (const total of snapshots) await this.#keepSnapshot(place, folder, total);
      this.#changeRun(place, { failed: error.message });
      onNote?.(`${this.#nameOf(place)} could not be painted: ${error.message}`);
    } finally {
      signal?.removeEventListener('abort', abandon);
    }
    await rm(folder, { recursive: true, force: true });
    await this.#keeper.keep(this.#record);
  }

  #hear(place: number, event: EngineEvent, losses: CurveFile): void {
    switch (event.type) {
      case 'started':
        // Behind its checkpoint an interrupted run evaluates once more what it had evaluated before.
        this.#changeRun(place, { curve: losses.upTo(event.total, this.#record.runs[place]!.curve) });
        break;
      case 'progress':
        this.#advance(place, event, losses);
        break;
      case 'checkpoint':
        // A failure shows when the study's last state is kept.
        this.#keeper.keep(this.#record).catch(() => {});
    }
  }

  #advance(place: number, { total, loss, seconds }: EngineEventOf<'progress'>, losses: CurveFile): void {
    const { curve } = this.#record.runs[place]!;
    const before = curve.at(-1)?.[1] ?? 0;
    // Appended in place: a run has thousands of evaluations, and the record is this object's own.
    const point: CurvePoint = [total, before + seconds, Number.isFinite(loss) ? loss : null];
    curve.push(point);
    losses.append(point);
    this.#progress(this.#nameOf(place));
  }

  async #finish(place: number, folder: string, outcome: RunOutcome, provider: string): Promise<void> {
    const { snapshots, curve } = this.#record.runs[place]!;
    const { picture, evaluations, loss, terms, width, height } = outcome;
    for (const total of snapshots) {
      // A run that can improve no further ends early: more evaluations would show the same picture.
      if (!(await this.#keepSnapshot(place, folder, total))) await this.#keepPicture(place, total, picture);
    }
    await this.#keepPicture(place, undefined, picture);
    const seconds = curve.at(-1)?.[1] ?? 0;
    this.#changeRun(place, { result: { loss, terms, evaluations, seconds, width, height, provider } });
  }

  /** @returns whether the run left that snapshot */
  async #keepSnapshot(place: number, folder: string, total: number): Promise<boolean> {
    const picture = await readSnapshot(folder, total);
    if (picture) await this.#keepPicture(place, total, picture);
    return picture !== undefined;
  }

  /** Writes a run's picture for every cell that shows it. @param total of a snapshot; the last picture where missing */
  async #keepPicture(place: number, total: number | undefined, picture: Picture): Promise<void> {
    const { recipe } = this.#record.runs[place]!;
    for (const { id, run, evaluation, picture: kept } of this.#record.cells) {
      if (run !== place || evaluation !== total || kept !== undefined) continue;
      const name = `${PICTURES}/${id}.png`;
      const carried = total === undefined ? recipe : recipeOfSnapshot(recipe, total);
      await savePicture({ path: join(this.#folder, name), inputs: [], overwrite: true }, picture, carried);
      this.#changeCell(id, (cell) => ({ ...cell, picture: name }));
    }
    this.#options.onRecord?.(this.#record);
  }

  // ── measuring ───────────────────────────────────────────────────────────────────────────────────────────────────

  async #judge(): Promise<void> {
    const { judges, squeezenet } = this.#record;
    if (judgementsLeft(this.#record) === 0) return;
    const { threads, onNote, signal, entry } = this.#options;
    const common = {
      images: this.#images(),
      judges: judges.map((judge) => ({ ...judge, path: this.#pathOf(judge.key) })),
      ...(squeezenet ? { squeezenet: { path: squeezenet.path, sha256: squeezenet.sha256 } } : {}),
      ...(threads === undefined ? {} : { threads }),
    };
    const begin = (): { type: 'judge'; job: JudgeJob } => ({
      type: 'judge',
      job: {
        ...common,
        pictures: this.#record.cells.flatMap(({ id, run, picture }) =>
          picture === undefined
            ? []
            : [{ cell: id, path: join(this.#folder, picture), recipe: this.#record.runs[run]!.recipe }],
        ),
        known: knownJudgements(this.#record),
      },
    });
    await workInEngine(
      { begin, hear: (event) => this.#hearJudge(event) },
      { ...(onNote ? { onNote } : {}), ...(signal ? { signal } : {}), ...(entry === undefined ? {} : { entry }) },
    );
  }

  #hearJudge(event: EngineEvent): boolean {
    switch (event.type) {
      case 'judged':
        this.#changeCell(event.cell, (cell) => ({ ...cell, elsewhere: [...(cell.elsewhere ?? []), event.elsewhere] }));
        break;
      case 'figures':
        this.#changeCell(event.cell, (cell) => ({ ...cell, judged: event.judged }));
        break;
      case 'unjudged': {
        const { judge, message: problem } = event;
        this.#changeCell(event.cell, (cell) => ({
          ...cell,
          unmeasured: [...(cell.unmeasured ?? []), { judge, problem }],
        }));
        break;
      }
      default:
        return false;
    }
    this.#keeper.keep(this.#record).catch(() => {});
    this.#options.onRecord?.(this.#record);
    this.#progress('measuring the pictures');
    return true;
  }

  /** The R(f) of the cells' layers, as a study of its own in a folder beside the pictures. */
  async #measureRobustness(): Promise<void> {
    const { robustness } = this.#record;
    if (!robustness || robustness.given || this.#record.cells.every((cell) => cell.robustness)) return;
    const { threads, onNote, signal, entry } = this.#options;
    const file = join(this.#folder, ROBUSTNESS, RECORD_FILE);
    const begun = existsSync(file) ? await readRecordOf(file, 'robustness') : robustnessRecord(this.#record);
    this.#clock.attacks(attacksDone(begun));
    const result = await runRobustness(begun, file, {
      onProgress: ({ done, network, layer }) => {
        this.#clock.attacks(done);
        this.#progress(`R(f) of ${network} ${layer}`);
      },
      ...(threads === undefined ? {} : { threads }),
      ...(onNote ? { onNote } : {}),
      ...(signal ? { signal } : {}),
      ...(entry === undefined ? {} : { entry }),
    });
    await exportRobustness(result, dirname(file));
    const { runs, cells } = this.#record;
    this.#record = {
      ...this.#record,
      cells: cells.map((cell) => {
        const { recipe } = runs[cell.run]!;
        const found = robustnessOf(result, recipe.networks.style.sha256, layerOf(recipe));
        return found ? { ...cell, robustness: found } : cell;
      }),
    };
  }

  // ── the record ──────────────────────────────────────────────────────────────────────────────────────────────────

  #progress(now: string): void {
    this.#options.onProgress?.({ ...this.#clock.at(progressOf(this.#record)), now });
  }

  #changeRun(place: number, change: Partial<StudyRun>): void {
    const runs = this.#record.runs.map((run, i) => (i === place ? { ...run, ...change } : run));
    this.#record = { ...this.#record, runs };
  }

  #changeCell(id: string, change: (cell: StudyCell) => StudyCell): void {
    this.#record = { ...this.#record, cells: this.#record.cells.map((cell) => (cell.id === id ? change(cell) : cell)) };
  }

  #images(): Record<string, string> {
    return Object.fromEntries(this.#record.images.map(({ sha256, path }) => [sha256, path]));
  }

  #pathOf(key: string): string {
    return this.#record.networks.find((network) => network.key === key)!.path;
  }

  /** What the last picture of a run is called. */
  #nameOf(place: number): string {
    return this.#record.cells.findLast(({ run }) => run === place)!.label;
  }
}

const isPainted = ({ result, failed }: StudyRun): boolean => result !== undefined || failed !== undefined;

/** What repeats a snapshot; undefined for the picture that a run begins with, which no recipe paints. */
const recipeOfSnapshot = (recipe: StudyRun['recipe'], total: number): StudyRun['recipe'] | undefined => {
  const { levels } = recipe.schedule;
  const begins = total <= evaluationsOf(recipe) - levels.at(-1)!.evaluations;
  return begins ? undefined : recipeAfter(recipe, total);
};

/** The one layer that a picture of a study of single layers takes its style from. */
const layerOf = ({ objective }: StudyRun['recipe']): string => Object.keys(objective.styleLayers)[0]!;

/** A study of R(f) over the layers that a study of single layers paints with, with nothing measured. */
function robustnessRecord({ robustness, runs, networks, program, createdAt }: PictureRecord): RobustnessRecord {
  const { settings, photos } = robustness!;
  return {
    ...{ version: RECORD_VERSION, kind: 'robustness', program, createdAt, photos, settings },
    networks: networks.flatMap((network) => {
      const layers = runs.filter((run) => run.networks.style === network.key).map(({ recipe }) => layerOf(recipe));
      return layers.length > 0 ? [{ ...network, layers: [...new Set(layers)] }] : [];
    }),
    measurements: [],
    worstCases: [],
  };
}

/** Judgements that are made or cannot be made, by cell; null is SqueezeNet. */
const knownJudgements = ({ cells }: PictureRecord): JudgeJob['known'] =>
  cells.flatMap(({ id, elsewhere = [], judged, unmeasured = [] }) => [
    ...elsewhere.map(({ judge }) => ({ cell: id, judge })),
    ...(judged ? [{ cell: id, judge: null }] : []),
    ...unmeasured.map(({ judge }) => ({ cell: id, judge })),
  ]);

/** Judgements of pictures that there will be: those of failed runs are not waited for. */
const judgementsOf = ({ cells, runs, judges, squeezenet }: PictureRecord): number =>
  cells.filter(({ run, picture }) => picture !== undefined || runs[run]!.failed === undefined).length *
  (judges.length + (squeezenet ? 1 : 0));

const judgementsLeft = (record: PictureRecord): number => judgementsOf(record) - knownJudgements(record).length;

/** Steps of a study, and those that it has behind it; attacks on layers count while they are made. */
export function progressOf(record: PictureRecord): { done: number; total: number } {
  const { runs, robustness, cells } = record;
  const attacks = robustness && !robustness.given ? attacksOf(robustnessRecord(record)) : 0;
  const measured = cells.every((cell) => cell.robustness) ? attacks : 0;
  const evaluations = runs.map((run) => {
    const total = evaluationsOf(run.recipe);
    // A run that converged or failed is done, however far it came.
    return { total, done: isPainted(run) ? total : Math.min(total, run.curve.at(-1)?.[0] ?? 0) };
  });
  const sum = (what: 'done' | 'total') => evaluations.reduce((all, run) => all + run[what], 0);
  return {
    done: sum('done') + knownJudgements(record).length + measured,
    total: sum('total') + judgementsOf(record) + attacks,
  };
}

/** Tells how long the rest will take, if a step takes as long as those of this session did. */
class Clock {
  readonly #before: number;
  readonly #began = performance.now();
  /** Attacks done, which the record does not know yet. */
  #attacks = 0;
  #attacksBefore: number | undefined;

  constructor({ done }: { readonly done: number }) {
    this.#before = done;
  }

  attacks(done: number): void {
    this.#attacksBefore ??= done;
    this.#attacks = done;
  }

  at({ done, total }: { readonly done: number; readonly total: number }): Omit<PictureStudyProgress, 'now'> {
    const all = Math.min(total, done + this.#attacks);
    const here = all - this.#before - (this.#attacksBefore ?? 0);
    const each = (performance.now() - this.#began) / 1000 / Math.max(1, here);
    return { done: all, total, secondsLeft: each * (total - all) };
  }
}
