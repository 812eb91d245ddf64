import { EngineClient, type EngineExit } from '../../engine/process/client.ts';
import type { EngineEvent, MeasureJob } from '../../../shared/engine-contract.ts';
import { MadderError } from '../../../shared/errors.ts';
import { withFinding, type Finding, type LayerMeasurement, type WorstCaseFiles } from '../../../shared/robustness.ts';

export interface MeasurementOptions {
  readonly onFinding: (finding: Finding) => void;
  readonly onWorstCase: (worst: WorstCaseFiles) => void;
  /** Something a person should know, one sentence. */
  readonly onNote?: (note: string) => void;
  /** Ends the work before the next graph run. */
  readonly signal?: AbortSignal;
  /** The engine's module, where it is not beside its client. */
  readonly entry?: string;
}

/** An engine that dies this often without one finding in between will not do better the next time. */
const FRUITLESS_RESTARTS = 3;

/**
 * Measures in an engine process. Should it die, another one goes on behind the last finding.
 * @returns whether all was measured; false where the signal ended it
 * @throws MadderError for what cannot be measured, or where engines end again and again
 */
export function measureInEngine(job: MeasureJob, options: MeasurementOptions): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const supervisor: Supervisor = new Supervisor(job, options, (outcome) => {
      options.signal?.removeEventListener('abort', stop);
      if (outcome instanceof Error) reject(outcome);
      else resolve(outcome);
    });
    const stop = () => supervisor.stop();
    options.signal?.addEventListener('abort', stop);
  });
}

class Supervisor {
  readonly #job: MeasureJob;
  readonly #options: MeasurementOptions;
  readonly #onEnd: (outcome: boolean | Error) => void;
  #engine!: EngineClient;
  #known: readonly LayerMeasurement[];
  #working = false;
  #ended = false;
  #fruitless = 0;

  constructor(job: MeasureJob, options: MeasurementOptions, onEnd: (outcome: boolean | Error) => void) {
    this.#job = job;
    this.#options = options;
    this.#onEnd = onEnd;
    this.#known = job.from;
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
        this.#engine.send({ type: 'measure', job: { ...this.#job, from: [...this.#known] } });
        this.#working = true;
        // Whoever stopped it before it had begun.
        if (this.#options.signal?.aborted) this.stop();
        break;
      case 'finding':
        this.#fruitless = 0;
        this.#known = withFinding(this.#known, event.finding);
        this.#options.onFinding(event.finding);
        break;
      case 'worst-case':
        this.#options.onWorstCase(event.worst);
        break;
      case 'measured':
        this.#end(event.completed);
        break;
      case 'failed':
        this.#end(event.kind === 'defect' ? new Error(event.message) : new MadderError(event.kind, event.message));
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
