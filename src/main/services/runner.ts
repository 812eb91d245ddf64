import { EngineClient, type EngineClientOptions, type EngineExit } from '../engine/process/client.ts';
import { readResult } from '../engine/process/result.ts';
import type { Picture } from '../codec/picture.ts';
import { MadderError, type ErrorKind } from '../../shared/errors.ts';
import type { EngineCommand, EngineEvent, EngineEventOf, EngineJob } from '../../shared/engine-contract.ts';
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
  /** Kills the engine at once; the checkpoint stays in the folder. */
  abandon(): void;
  /** Process id of the engine that is working now. */
  readonly pid: number | undefined;
}

/** An engine that dies this often without one evaluation in between will not do better the next time. */
const FRUITLESS_RESTARTS = 3;

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
  /** Deaths of the engine since the last evaluation. */
  #fruitless = 0;
  /** Weight changes that no checkpoint holds, and the evaluation before which they took effect, once they did. */
  #unkept: { readonly change: WeightChange; evaluation?: number }[] = [];
  #settle!: { resolve(outcome: RunOutcome): void; reject(error: unknown): void };

  constructor(job: EngineJob, options: RunnerOptions) {
    this.#job = job;
    this.#options = options;
    this.#provider = job.provider;
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

  abandon(): void {
    this.#end(new MadderError('runtime', 'The run was abandoned.'));
    this.#engine?.kill();
  }

  #launch(resume: boolean): void {
    this.#started = false;
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
        this.#engine!.send({ type: 'start', job: { ...this.#job, provider: this.#provider, resume } });
        this.#started = true;
        // What the engine before this one did with them went with it, as far as no checkpoint holds it.
        this.#unkept = this.#unkept.map(({ change }) => ({ change }));
        for (const { change } of this.#unkept) this.#tell({ type: 'weights', change });
        if (this.#paused) this.#tell({ type: 'pause' });
        if (this.#stopped) this.#tell({ type: 'stop' });
        break;
      case 'note':
        this.#options.onNote?.(event.message);
        break;
      case 'progress':
        this.#fruitless = 0;
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
        try {
          const { type: _, ...done } = event;
          this.#end({ ...done, picture: await readResult(this.#job.folder) });
        } catch (error) {
          this.#end(error);
        }
    }
    this.#options.onEvent?.(event);
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

  #lost({ code, signal, lastWords }: EngineExit): void {
    if (this.#ended) return;
    const how = signal ?? `code ${code ?? 'unknown'}`;
    const words = lastWords ? `: ${lastWords.split('\n').at(-1)}` : '';
    if (++this.#fruitless > FRUITLESS_RESTARTS) {
      this.#end(
        new MadderError(
          'runtime',
          `The engine ends again and again (${how}${words}); try a smaller size or another device.`,
        ),
      );
      return;
    }
    // Drivers that abort the process do so again.
    const elsewhere = this.#provider !== 'cpu' && this.#fruitless > 1;
    if (elsewhere) this.#moveToCpu();
    const where = elsewhere ? ' on the cpu' : '';
    this.#options.onNote?.(
      `The engine ended unexpectedly (${how}${words}); the run goes on${where}, from its last checkpoint.`,
    );
    this.#launch(true);
  }

  #end(outcome: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#engine?.send({ type: 'quit' });
    if (outcome instanceof Error) this.#settle.reject(outcome);
    else this.#settle.resolve(outcome as RunOutcome);
  }
}

function failure({ kind, message }: EngineEventOf<'failed'>): Error {
  return kind === 'defect' ? new Error(message) : new MadderError(kind satisfies ErrorKind, message);
}
