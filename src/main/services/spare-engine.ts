import { EngineClient, type EngineClientOptions, type EngineExit } from '../engine/process/client.ts';
import type { EngineEvent } from '../../shared/engine-contract.ts';

/**
 * An engine process that was started ahead of the run that will need it: half of the time between a start and the first
 * preview is otherwise spent on starting a process and loading the runtime.
 */
export class SpareEngine {
  #waiting: Waiting | undefined;
  readonly #entry: string | undefined;

  /** @param entry the engine's module, where it is not beside its client */
  constructor(entry?: string) {
    this.#entry = entry;
  }

  /** Starts one, unless one is waiting already. */
  prepare(): void {
    this.#waiting ??= new Waiting(this.#entry, () => (this.#waiting = undefined));
  }

  /** The engine that waits, or a new one; from now on it is the caller's. */
  take(options: EngineClientOptions): EngineClient {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting?.handOver(options) ?? new EngineClient(options);
  }

  /** Ends the engine that waits. */
  close(): void {
    this.#waiting?.engine.kill();
    this.#waiting = undefined;
  }
}

class Waiting {
  readonly engine: EngineClient;
  /** What it said before there was anybody to hear it. */
  readonly #said: EngineEvent[] = [];
  #owner: EngineClientOptions | undefined;

  constructor(entry: string | undefined, onGone: () => void) {
    this.engine = new EngineClient({
      ...(entry === undefined ? {} : { entry }),
      onEvent: (event) => (this.#owner ? this.#owner.onEvent(event) : void this.#said.push(event)),
      onExit: (exit: EngineExit) => (this.#owner ? this.#owner.onExit(exit) : onGone()),
    });
  }

  handOver(owner: EngineClientOptions): EngineClient {
    this.#owner = owner;
    const said = this.#said.splice(0);
    // The owner does not know its engine before this returns.
    queueMicrotask(() => {
      for (const event of said) owner.onEvent(event);
    });
    return this.engine;
  }
}
