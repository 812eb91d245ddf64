/** Work of a study in an engine process, piece by piece: should the engine die, another one goes on behind the last piece. */
import { EngineClient, type EngineExit } from '../../engine/process/client.ts';
import type { EngineCommand, EngineEvent } from '../../../shared/engine-contract.ts';
import { MadderError } from '../../../shared/errors.ts';

export interface EngineWork {
  /** What an engine is told to begin with: all that is left to be done. */
  readonly begin: () => EngineCommand;
  /** Takes what an engine says. @returns whether it is a piece of the work that is done */
  readonly hear: (event: EngineEvent) => boolean;
}

export interface EngineWorkOptions {
  /** Something a person should know, one sentence. */
  readonly onNote?: (note: string) => void;
  /** Ends the work before the next graph run. */
  readonly signal?: AbortSignal;
  /** The engine's module, where it is not beside its client. */
  readonly entry?: string;
}

/** An engine that dies this often without one piece in between will not do better the next time. */
const FRUITLESS_RESTARTS = 3;

/**
 * Does work whose engine says `measured` at its end.
 * @returns whether all was done; false where the signal ended it
 * @throws MadderError for what cannot be done, or where engines end again and again
 */
export function workInEngine(work: EngineWork, options: EngineWorkOptions = {}): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const supervisor: Supervisor = new Supervisor(work, options, (outcome) => {
      options.signal?.removeEventListener('abort', stop);
      if (outcome instanceof Error) reject(outcome);
      else resolve(outcome);
    });
    const stop = () => supervisor.stop();
    options.signal?.addEventListener('abort', stop);
  });
}

class Supervisor {
  readonly #work: EngineWork;
  readonly #options: EngineWorkOptions;
  readonly #onEnd: (outcome: boolean | Error) => void;
  #engine!: EngineClient;
  #working = false;
  #ended = false;
  #fruitless = 0;

  constructor(work: EngineWork, options: EngineWorkOptions, onEnd: (outcome: boolean | Error) => void) {
    this.#work = work;
    this.#options = options;
    this.#onEnd = onEnd;
    this.#launch();
  }

  stop(): void {
    if (this.#working) this.#engine.send({ type: 'stop' });
  }

  #launch(): void {
    const { entry } = this.#options;
    this.#working = false;
    this.#engine = new EngineClient({
      onEvent: (event) => this.#hear(event),
      onExit: (exit) => this.#lost(exit),
      ...(entry === undefined ? {} : { entry }),
    });
  }

  #hear(event: EngineEvent): void {
    switch (event.type) {
      case 'ready':
        this.#engine.send(this.#work.begin());
        this.#working = true;
        // Whoever stopped it before it had begun.
        if (this.#options.signal?.aborted) this.stop();
        break;
      case 'measured':
        this.#end(event.completed);
        break;
      case 'failed':
        this.#end(event.kind === 'defect' ? new Error(event.message) : new MadderError(event.kind, event.message));
        break;
      default:
        if (this.#work.hear(event)) this.#fruitless = 0;
    }
  }

  #lost({ code, signal, lastWords }: EngineExit): void {
    if (this.#ended) return;
    const words = lastWords ? `: ${lastWords.split('\n').at(-1)}` : '';
    const how = `${signal ?? `code ${code ?? 'unknown'}`}${words}`;
    if (++this.#fruitless > FRUITLESS_RESTARTS) {
      this.#end(new MadderError('runtime', `The engine ends again and again (${how}); try a smaller size.`));
      return;
    }
    this.#options.onNote?.(`The engine ended unexpectedly (${how}); another one goes on where it was.`);
    this.#launch();
  }

  #end(outcome: boolean | Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#engine.send({ type: 'quit' });
    this.#onEnd(outcome);
  }
}
