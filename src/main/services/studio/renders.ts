/** Pictures rendered large: what that would take, and how a finished picture becomes the beginning of a larger one. */
import { statfs } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { gigabytes } from '../../../shared/amounts.ts';
import type { PlanJob, RunPlan } from '../../../shared/engine-contract.ts';
import { MadderError } from '../../../shared/errors.ts';
import type { Recipe } from '../../../shared/recipe.ts';
import type { Job, Result } from '../../../shared/studio/contract.ts';
import type { StudioDocument, StudioPicture } from '../../../shared/studio/document.ts';
import {
  MOST_PIXELS,
  MOST_SIDE,
  renderSides,
  type RenderObstacle,
  type RenderPlan,
  type RenderRequest,
} from '../../../shared/studio/render.ts';
import { enlarging, levelSize } from '../../engine/runs/schedule.ts';
import { fullEvaluations } from '../enlarging.ts';
import type { PreparedRun } from '../painter.ts';
import type { Repetition } from './documents.ts';
import { scheduleOf, type PlannedLevel, type TimeSpan } from './estimates.ts';
import type { JobExtras } from './queue.ts';

/** Of a picture in 16 bits with its versions for the screen, where there is none to tell: bytes per pixel. */
const KEPT_PIXEL = 6.5;
/** The smallest size that can be set, px. */
const LEAST_SIZE = 64;

export interface RendersOptions {
  /** @throws MadderError where there is none */
  readonly result: (id: string) => Result;
  readonly job: (id: string) => Job;
  /** The document that repeats a recipe. */
  readonly repetition: (recipe: Recipe) => Repetition;
  readonly prepare: (document: StudioDocument) => Promise<PreparedRun>;
  /** A result as a picture of the library. */
  readonly toLibrary: (result: string) => Promise<StudioPicture>;
  readonly begin: (document: StudioDocument, extras: JobExtras) => Promise<string>;
  readonly plan: (job: PlanJob, isStale: () => boolean) => Promise<RunPlan>;
  readonly timeOf: (document: StudioDocument, levels: readonly PlannedLevel[]) => TimeSpan | null;
  readonly provider: () => PlanJob['provider'];
  /** Memory that comes free before the next run, bytes. */
  readonly comingFree: () => number;
  /** Where everything is kept. */
  readonly folder: string;
}

/** A picture that there is, or will be, and what it is painted with. */
interface Source {
  readonly name: string;
  /** Without a start picture. */
  readonly document: StudioDocument;
  readonly prepared: PreparedRun;
  readonly size: { readonly width: number; readonly height: number };
  readonly iterations: number;
  /** What becomes of it: it is finished, or this job ends in it. */
  readonly result: Result | undefined;
  readonly after: string | undefined;
}

export class Renders {
  readonly #options: RendersOptions;
  /** Plans that were asked for. */
  #asked = 0;
  /** What was prepared last: a person who chooses a size asks again and again for the same picture. */
  #prepared: { readonly key: string; readonly run: Promise<PreparedRun> } | undefined;

  constructor(options: RendersOptions) {
    this.#options = options;
  }

  /** What a render would take. @throws MadderError where its picture, or what that was painted from, is gone */
  async plan(request: RenderRequest): Promise<RenderPlan> {
    // Whoever types a size asks faster than plans are made: the newest one counts.
    const number = ++this.#asked;
    return (await this.#planned(request, () => number !== this.#asked)).plan;
  }

  /** Begins a render; the id of its job. @throws MadderError where the plan has an obstacle */
  async start(request: RenderRequest): Promise<string> {
    const { plan, source, side } = await this.#planned(request);
    if (plan.obstacle) throw new MadderError('input', sentenceOf(plan.obstacle, plan));
    const extras = { name: source.name, memoryBytes: request.memoryBytes };
    const { iterations } = source;
    if (source.result) {
      return this.#options.begin(await this.#continuedFrom(source.result, { size: side, iterations }), extras);
    }
    const settings = { ...source.document.settings, size: side, iterations };
    return this.#options.begin({ ...source.document, settings }, { ...extras, after: source.after! });
  }

  /**
   * The document that goes on from a result, at the size and with the iterations of another document.
   * @throws MadderError where the result, or what it was painted from, is gone
   */
  continued(result: string, { settings }: StudioDocument): Promise<StudioDocument> {
    const { size, iterations } = settings;
    return this.#continuedFrom(this.#options.result(result), { size: size!, iterations: iterations! });
  }

  /**
   * How a run of a document would be painted, where it does not fit in one piece.
   * @param memoryBytes that it may take; null: most of what is free
   * @throws MadderError for what cannot be painted at all
   */
  async fit(document: StudioDocument, memoryBytes: number | null) {
    const { settings, ...rest } = document;
    const { size: _size, iterations: _iterations, ...others } = settings;
    const { recipe, networks } = await this.#prepare(JSON.stringify([rest, others]), document);
    const schedule = scheduleOf(document);
    const plan = await this.#ask({ ...recipe, schedule }, networks, memoryBytes, LEAST_SIZE);
    return { plan, seconds: this.#options.timeOf(document, levelsOf(plan)) };
  }

  async #planned(
    request: RenderRequest,
    isStale?: () => boolean,
  ): Promise<{ plan: RenderPlan; source: Source; side: number }> {
    const source = await this.#sourceOf(request.source);
    const { document, size: from, iterations, prepared } = source;
    const { recipe, networks } = prepared;
    const { side: named } = recipe.schedule;
    const sideOf = ({ width, height }: Source['size']) =>
      named === 'long' ? Math.max(width, height) : Math.min(width, height);
    const begin = sideOf(from);
    const sides = renderSides(request.size, recipe.content);
    const side = sides[named];
    const larger: Recipe = {
      ...recipe,
      schedule: { size: side, side: named, levels: enlarging(begin, side, iterations) },
      init: { kind: 'image', image: { ...from, sha256: START, name: 'start' } },
    };
    const only = [{ factor: 1, evaluations: iterations }];
    const result = levelSize({ size: side, side: named, levels: only }, 0, recipe.content);
    const free = await freeDisk(this.#options.folder);
    const basis = { ...result, from, levels: [], seconds: null };
    const nothing = { bytes: 0, allowed: 0, total: totalmem(), pairs: null };
    const refused = (obstacle: RenderObstacle) => ({
      plan: { ...basis, memory: nothing, disk: { working: 0, kept: 0, free }, obstacle },
      source,
      side,
    });
    if (sides.long > MOST_SIDE || result.width * result.height > MOST_PIXELS) {
      return refused({ kind: 'tooManyPixels', most: MOST_PIXELS });
    }
    if (side <= begin) return refused({ kind: 'notLarger' });

    const plan = await this.#ask(larger, networks, request.memoryBytes, begin + 1, isStale);
    const wanted = recipe.optimizer.kind === 'lbfgs' ? recipe.optimizer.history : 0;
    const last = plan.levels.at(-1)!;
    const pixels = result.width * result.height;
    const keptPixel = source.result ? source.result.bytes / (from.width * from.height) : KEPT_PIXEL;
    const disk = {
      working: plan.diskBytes,
      // The start picture becomes one of the library.
      kept: Math.round(keptPixel * (pixels + from.width * from.height)),
      free,
    };
    const obstacle = plan.refused
      ? memoryObstacle(plan.refused, sides.long / side)
      : disk.working + disk.kept > free
        ? ({ kind: 'disk' } as const)
        : null;
    return {
      plan: {
        ...basis,
        levels: plan.levels.map(({ width, height, evaluations, tiles }) => ({
          width,
          height,
          evaluations,
          pieces: tiles?.looks ?? null,
        })),
        seconds: plan.refused ? null : this.#options.timeOf(document, levelsOf(plan)),
        memory: {
          bytes: Math.max(...plan.levels.map(({ bytes }) => bytes)),
          allowed: plan.memoryBytes,
          total: totalmem(),
          pairs: last.pairs === null ? null : { kept: last.pairs, wanted },
        },
        disk,
        obstacle,
      },
      source,
      side,
    };
  }

  /** @param leastSide where the recipe's side does not fit, the largest one from here on that does is looked for */
  #ask(
    recipe: Recipe,
    networks: PreparedRun['networks'],
    memoryBytes: number | null,
    leastSide: number,
    isStale = () => false,
  ): Promise<RunPlan> {
    const { plan, provider, comingFree } = this.#options;
    const budget = memoryBytes === null ? {} : { memoryBytes };
    return plan({ recipe, networks, provider: provider(), comingFree: comingFree(), leastSide, ...budget }, isStale);
  }

  async #sourceOf({ kind, id }: RenderRequest['source']): Promise<Source> {
    const { result: resultOf, job: jobOf } = this.#options;
    const job = kind === 'job' ? jobOf(id) : undefined;
    const result = kind === 'result' ? resultOf(id) : job?.result === undefined ? undefined : resultOf(job.result);
    const painted = result ? this.#repeated(result) : job!.document;
    const { init: _, ...settings } = painted.settings;
    const document = { ...painted, settings };
    const prepared = await this.#prepare(`${kind} ${id} ${result?.id ?? ''}`, document);
    // A result's own recipe has the levels that it was painted with.
    const { schedule, content } = result?.recipe ?? prepared.recipe;
    return {
      name: (result ?? job!).name,
      document,
      prepared,
      size: result
        ? { width: result.width, height: result.height }
        : levelSize(schedule, schedule.levels.length - 1, content),
      iterations: (result ?? job!).document.settings.iterations ?? fullEvaluations(schedule),
      result,
      after: result ? undefined : id,
    };
  }

  /** The document that repeats a result with the weights that it ended with. */
  #repeated({ recipe }: Result): StudioDocument {
    const { document, missing } = this.#options.repetition(recipe);
    if (missing.length === 0) return document;
    const names = missing.map((name) => `"${name}"`).join(', ');
    throw new MadderError(
      'input',
      `This picture was painted from ${names}, which is not in the library; add it again.`,
    );
  }

  async #continuedFrom(result: Result, { size, iterations }: { size: number; iterations: number }) {
    const document = this.#repeated(result);
    const { width, height } = result;
    const begin = result.recipe.schedule.side === 'long' ? Math.max(width, height) : Math.min(width, height);
    const image = await this.#options.toLibrary(result.id);
    const init = { kind: 'image' as const, image, begin };
    return { ...document, settings: { ...document.settings, size, iterations, init } };
  }

  #prepare(key: string, document: StudioDocument): Promise<PreparedRun> {
    if (this.#prepared?.key === key) return this.#prepared.run;
    const run = this.#options.prepare(document);
    this.#prepared = { key, run };
    // What failed may be there the next time.
    run.catch(() => this.#prepared?.run === run && (this.#prepared = undefined));
    return run;
  }
}

/** Stands for the start picture in plans, which look at sizes only. */
const START = '0'.repeat(64);

const levelsOf = ({ levels }: RunPlan): PlannedLevel[] =>
  levels.map(({ width, height, evaluations, tiles }) => ({
    pixels: width * height,
    evaluations,
    coverage: tiles?.coverage ?? null,
  }));

function memoryObstacle(refused: NonNullable<RunPlan['refused']>, longPerSide: number): RenderObstacle {
  const { leastBytes, side, message } = refused;
  if (leastBytes === null) return { kind: 'network', message };
  return { kind: 'memory', leastBytes, longSide: side === null ? null : Math.round(side * longPerSide) };
}

async function freeDisk(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

function sentenceOf(obstacle: RenderObstacle, { width, height, memory, disk }: RenderPlan): string {
  const size = `${width} x ${height} px`;
  switch (obstacle.kind) {
    case 'notLarger':
      return `The picture is ${size} large already; choose a larger size.`;
    case 'tooManyPixels':
      return `Pictures of more than ${obstacle.most / 1e6} megapixels cannot be opened again; choose a smaller size.`;
    case 'network':
      return obstacle.message;
    case 'disk':
      return `${size} need ${gigabytes(disk.working + disk.kept)} on the disk, where ${gigabytes(disk.free)} are free; make room, or choose a smaller size.`;
    case 'memory':
      return `${size} need ${gigabytes(obstacle.leastBytes ?? 0)} of memory, and ${gigabytes(memory.allowed)} may be used; allow more, or choose a smaller size.`;
  }
}
