import { EngineClient, type EngineExit } from '../engine/process/client.ts';
import type { EngineEvent, PlanJob, RunPlan } from '../../shared/engine-contract.ts';
import { MadderError } from '../../shared/errors.ts';

/** An engine that nobody has asked for so long is ended, ms: it keeps networks in memory. */
const IDLE_MS = 30_000;

/**
 * Works out how runs would be painted, in an engine process of its own: that takes up to a second, and the runtime is never loaded where
 * the windows are.
 */
export class RunPlanner {
  readonly #entry: string | undefined;
  #engine: EngineClient | undefined;
  #isReady: Promise<void> | undefined;
  /** Who waits for an answer, and of which engine. */
  #asked: { readonly engine: EngineClient; readonly hear: (event: EngineEvent) => void } | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #idle: NodeJS.Timeout | undefined;

  /** @param entry the engine's module, where it is not beside its client */
  constructor(entry?: string) {
    this.#entry = entry;
  }

  /**
   * One plan after the other.
   * @param isStale whether nobody wants it any more when its turn has come
   * @throws MadderError for networks and layers that cannot be used, and for a plan that nobody wants
   */
  plan(job: PlanJob, isStale: () => boolean = () => false): Promise<RunPlan> {
    const planned = this.#turn.then(() => {
      if (isStale()) throw new MadderError('input', 'Something else was asked for meanwhile.');
      return this.#plan(job);
    });
    this.#turn = planned.catch(() => {});
    return planned;
  }

  close(): void {
    clearTimeout(this.#idle);
    const engine = this.#engine;
    this.#engine = undefined;
    engine?.kill();
  }

  async #plan(job: PlanJob): Promise<RunPlan> {
    clearTimeout(this.#idle);
    const engine = this.#start();
    try {
      return await new Promise<RunPlan>((resolve, reject) => {
        const hear = (event: EngineEvent) => {
          if (event.type === 'planned') resolve(event.plan);
          if (event.type !== 'failed') return;
          reject(event.kind === 'defect' ? new Error(event.message) : new MadderError(event.kind, event.message));
        };
        this.#asked = { engine, hear };
        this.#isReady!.then(() => engine.send({ type: 'plan', job }), reject);
      });
    } finally {
      this.#asked = undefined;
      this.#idle = setTimeout(() => this.close(), IDLE_MS);
      this.#idle.unref();
    }
  }

  #start(): EngineClient {
    if (this.#engine) return this.#engine;
    let ready!: () => void;
    this.#isReady = new Promise((resolve) => (ready = resolve));
    const engine: EngineClient = new EngineClient({
      ...(this.#entry === undefined ? {} : { entry: this.#entry }),
      onEvent: (event) => (event.type === 'ready' ? ready() : this.#tell(engine, event)),
      onExit: (exit) => this.#lost(engine, exit),
    });
    this.#engine = engine;
    return engine;
  }

  #lost(engine: EngineClient, { signal, code }: EngineExit): void {
    if (engine === this.#engine) this.#engine = undefined;
    const how = signal ?? `code ${code ?? 'unknown'}`;
    const message = `What the picture would take could not be worked out: the engine ended (${how}); try again.`;
    this.#tell(engine, { type: 'failed', kind: 'runtime', message });
  }

  #tell(engine: EngineClient, event: EngineEvent): void {
    if (this.#asked?.engine === engine) this.#asked.hear(event);
  }
}
