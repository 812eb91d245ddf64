import { constants } from 'node:os';
import { EngineClient, type EngineClientOptions, type EngineExit } from '../engine/process/client.ts';
import { readResult } from '../engine/process/result.ts';
import type { Picture } from '../codec/picture.ts';
import { gigabytes } from '../../shared/amounts.ts';
import { MadderError, type ErrorKind } from '../../shared/errors.ts';
import type { EngineCommand, EngineEvent, EngineEventOf, EngineJob, Piece } from '../../shared/engine-contract.ts';
import type { WeightChange } from '../../shared/recipe.ts';
import type { SpareEngine } from './spare-engine.ts';

export interface RunOutcome extends Omit<EngineEventOf<'done'>, 'type'> {
  readonly picture: Picture;
}

export interface RunnerOptions {
  readonly onEvent?: (event: EngineEvent) => void;
  /** Something a person should know, one sentence. */
  readonly onNote?: (note: string) => void;
  /** The run goes on there and no longer where it was begun. */
  readonly onProvider?: (provider: EngineJob['provider']) => void;
  /** The engine's module, where it is not beside its client. */
  readonly entry?: string;
  /** Where an engine may be waiting already. */
  readonly spare?: SpareEngine;
}

/** A run that goes on in an engine process of its own. */
export interface RunHandle {
  /** The picture, also of a run that was stopped. Rejects with a MadderError; the checkpoint then stays in the folder. */
  readonly outcome: Promise<RunOutcome>;
  pause(): void;
  resume(): void;
  /** Ends before the next evaluation and keeps the best picture. */
  stop(): void;
  changeWeights(change: WeightChange): void;
  /** This piece of the picture is wanted with every preview, as `detail` events; null: none any more. */
  look(piece: Piece | null): void;
  /** Kills the engine at once; the checkpoint stays in the folder. */
  abandon(): void;
  /** Process id of the engine that is working now. */
  readonly pid: number | undefined;
}

/** An engine that dies this often without one evaluation in between will not do better the next time. */
const FRUITLESS_RESTARTS = 3;

/** Of the memory that ran out, what the next engine may take ... */
const LESS_MEMORY = 0.75;
/** ... and the least that is worth a try, bytes. */
const LEAST_MEMORY = 600e6;

/** A run ended because memory ran out, and with less for itself, which leaves more to everything else, it may succeed. */
export class OutOfMemory extends MadderError {
  /** bytes */
  readonly suggestedBytes: number;

  constructor(message: string, suggestedBytes: number) {
    super('runtime', message);
    this.suggestedBytes = suggestedBytes;
  }
}

/**
 * Starts a run. Should its engine process die, another one goes on from the checkpoint, with whatever was said to the
 * first: weight changes that no checkpoint holds yet are made again.
 */
export function startRun(job: EngineJob, options: RunnerOptions = {}): RunHandle {
  return new Supervisor(job, options);
}

class Supervisor implements RunHandle {
  readonly outcome: Promise<RunOutcome>;
  readonly #job: EngineJob;
  readonly #options: RunnerOptions;
  #engine: EngineClient | undefined;
  #started = false;
  #ended = false;
  #paused = false;
  #stopped = false;
  #provider: EngineJob['provider'];
  #deviceLost = false;
  /** What engines may take from now on; the first one's own choice when undefined. Bytes, as the following. */
  #memoryBytes: number | undefined;
  /** What the present one may take, as far as it has said, and what it had when it last said so. */
  #allowed: number | undefined;
  #taken = 0;
  #piece: Piece | null = null;
  /** The engine has done what it is for; that it ends is no news. */
  #isDone = false;
  /** Deaths of the engine since the last evaluation. */
  #fruitless = 0;
  /** Weight changes that no checkpoint holds, and the evaluation before which they took effect, once they did. */
  #unkept: { readonly change: WeightChange; evaluation?: number }[] = [];
  #settle!: { resolve(outcome: RunOutcome): void; reject(error: unknown): void };

  constructor(job: EngineJob, options: RunnerOptions) {
    this.#job = job;
    this.#options = options;
    this.#provider = job.provider;
    this.#memoryBytes = job.memoryBytes;
    this.outcome = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    // Whoever abandons a run does not wait for it.
    this.outcome.catch(() => {});
    this.#launch(job.resume);
  }

  get pid(): number | undefined {
    return this.#engine?.pid;
  }

  pause(): void {
    this.#paused = true;
    this.#tell({ type: 'pause' });
  }

  resume(): void {
    this.#paused = false;
    this.#tell({ type: 'resume' });
  }

  stop(): void {
    this.#stopped = true;
    this.#tell({ type: 'stop' });
  }

  changeWeights(change: WeightChange): void {
    this.#unkept.push({ change });
    this.#tell({ type: 'weights', change });
  }

  look(piece: Piece | null): void {
    this.#piece = piece;
    this.#tell({ type: 'detail', piece });
  }

  abandon(): void {
    this.#end(new MadderError('runtime', 'The run was abandoned.'));
    this.#engine?.kill();
  }

  #launch(resume: boolean): void {
    this.#started = false;
    this.#allowed = undefined;
    this.#taken = 0;
    const { entry, spare } = this.#options;
    const options: EngineClientOptions = {
      // An engine that was given up may still say something, or end.
      onEvent: (event) => void (engine === this.#engine && this.#hear(event, resume)),
      onExit: (exit) => void (engine === this.#engine && this.#lost(exit)),
      ...(entry === undefined ? {} : { entry }),
    };
    const engine: EngineClient = spare ? spare.take(options) : new EngineClient(options);
    this.#engine = engine;
  }

  /** Commands that come before the engine has begun are part of how it begins. */
  #tell(command: EngineCommand): void {
    if (this.#started) this.#engine?.send(command);
  }

  async #hear(event: EngineEvent, resume: boolean): Promise<void> {
    switch (event.type) {
      case 'ready':
        this.#engine!.send({ type: 'start', job: this.#nextJob(resume) });
        this.#started = true;
        // What the engine before this one did with them went with it, as far as no checkpoint holds it.
        this.#unkept = this.#unkept.map(({ change }) => ({ change }));
        for (const { change } of this.#unkept) this.#tell({ type: 'weights', change });
        if (this.#piece) this.#tell({ type: 'detail', piece: this.#piece });
        if (this.#paused) this.#tell({ type: 'pause' });
        if (this.#stopped) this.#tell({ type: 'stop' });
        break;
      case 'note':
        this.#options.onNote?.(event.message);
        break;
      case 'started':
        this.#allowed = event.memoryBytes;
        break;
      case 'progress':
        this.#fruitless = 0;
        this.#taken = event.memoryBytes;
        break;
      case 'weighed':
        for (const entry of this.#unkept) entry.evaluation ??= event.evaluation;
        break;
      case 'checkpoint':
        this.#unkept = this.#unkept.filter(({ evaluation }) => evaluation === undefined || evaluation >= event.total);
        break;
      case 'failed':
        if (!this.#goOnElsewhere(event)) this.#end(failure(event));
        break;
      case 'done':
        // Its memory is wanted for reading the picture.
        this.#isDone = true;
        this.#engine?.send({ type: 'quit' });
        try {
          const { type: _, ...done } = event;
          this.#end({ ...done, picture: await readResult(this.#job.folder) });
        } catch (error) {
          this.#end(error);
        }
    }
    this.#options.onEvent?.(event);
  }

  #nextJob(resume: boolean): EngineJob {
    const memory = this.#memoryBytes === undefined ? {} : { memoryBytes: this.#memoryBytes };
    return { ...this.#job, ...memory, provider: this.#provider, resume };
  }

  /** A lost device is tried once more in a new process; after that, and where memory ran out, the cpu goes on. */
  #goOnElsewhere({ device, message }: EngineEventOf<'failed'>): boolean {
    if (device === undefined || this.#provider === 'cpu') return false;
    const again = device === 'lost' && !this.#deviceLost;
    this.#deviceLost = true;
    const where = again ? 'in a new engine' : 'on the cpu';
    this.#options.onNote?.(`${message} The run goes on ${where}, from its last checkpoint.`);
    if (!again) this.#moveToCpu();
    this.#engine?.send({ type: 'quit' });
    this.#launch(true);
    return true;
  }

  #moveToCpu(): void {
    this.#provider = 'cpu';
    this.#options.onProvider?.('cpu');
  }

  #lost(exit: EngineExit): void {
    if (this.#ended || this.#isDone) return;
    const { code, signal, lastWords } = exit;
    const how = signal ?? `code ${code ?? 'unknown'}`;
    const lines = lastWords.split('\n');
    const telling = lines.find((line) => SAYS_MEMORY.test(line)) ?? lines.at(-1);
    const words = telling ? `: ${telling}` : '';
    this.#fruitless++;
    const less = this.#memoryRanOut(exit) ? this.#lessMemory() : undefined;
    if (this.#fruitless > FRUITLESS_RESTARTS) {
      const again = `The engine ends again and again (${how}${words})`;
      this.#end(
        less === undefined
          ? new MadderError('runtime', `${again}; try a smaller size or another device.`)
          : new OutOfMemory(
              `${again}, most likely because memory runs out; close other programs, let it take at most ${gigabytes(less)}, or choose a smaller size.`,
              less,
            ),
      );
      return;
    }
    // Drivers that abort the process do so again.
    const elsewhere = this.#provider !== 'cpu' && this.#fruitless > 1;
    if (elsewhere) this.#moveToCpu();
    const where = elsewhere ? ' on the cpu' : '';
    const why = less === undefined ? '' : ', most likely because memory ran out';
    const within = less === undefined ? '' : ` within ${gigabytes(less)} of memory`;
    this.#memoryBytes = less ?? this.#memoryBytes;
    this.#options.onNote?.(
      `The engine ended unexpectedly (${how}${words})${why}; the run goes on${where}${within}, from its last checkpoint.`,
    );
    this.#launch(true);
  }

  /**
   * Whether an engine died for want of memory. It says so itself, or the system ends it by SIGKILL, as people do too: it counts where the
   * engine had much of what it may take, or where nothing else explains that it dies again.
   */
  #memoryRanOut({ code, signal, lastWords }: EngineExit): boolean {
    if (SAYS_MEMORY.test(lastWords)) return true;
    // Electron hands on what waitpid says, which for a signal is its number; no engine leaves with it.
    const isKilled = signal === 'SIGKILL' || (signal === null && code === constants.signals.SIGKILL);
    if (!isKilled) return false;
    return this.#taken > (this.#allowed ?? Infinity) / 2 || this.#fruitless > 1;
  }

  /** What the next engine may take after one that took too much; undefined where it cannot be less. */
  #lessMemory(): number | undefined {
    const before = this.#allowed ?? this.#memoryBytes;
    const less = before === undefined ? 0 : Math.round(LESS_MEMORY * before);
    return less >= LEAST_MEMORY ? less : undefined;
  }

  #end(outcome: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#engine?.send({ type: 'quit' });
    if (outcome instanceof Error) this.#settle.reject(outcome);
    else this.#settle.resolve(outcome as RunOutcome);
  }
}

/** What V8, the C++ library and the runtime say when there is no memory left. */
const SAYS_MEMORY = /out of memory|bad[_ ]alloc|allocation failed|cannot allocate memory|failed to allocate memory/i;

function failure({ kind, message }: EngineEventOf<'failed'>): Error {
  return kind === 'defect' ? new Error(message) : new MadderError(kind satisfies ErrorKind, message);
}
