import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { engineEventSchema, type EngineCommand, type EngineEvent } from '../../../shared/engine-contract.ts';
import { forkModule, type ForkedModule } from './fork.ts';

/** How an engine process ended. */
export interface EngineExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last lines it wrote to its error stream: what native code says when it aborts. */
  readonly lastWords: string;
}

export interface EngineClientOptions {
  readonly onEvent: (event: EngineEvent) => void;
  /** Called once, when the process is gone for whatever reason. */
  readonly onExit: (exit: EngineExit) => void;
  /** The module to fork, where it is not beside this one. */
  readonly entry?: string;
}

/** Characters of the error stream that are remembered. */
const LAST_WORDS = 2000;

/** What an engine process is started with: glibc otherwise keeps the large blocks that preparing a session frees. */
export const ENGINE_ENVIRONMENT: Readonly<Record<string, string>> =
  process.platform === 'linux' ? { MALLOC_MMAP_THRESHOLD_: '65536' } : {};

/**
 * A process that runs the engine. `session.run` blocks its thread and a native fault kills its process, so neither
 * ever happens where the windows are; and it can be killed at any moment.
 */
export class EngineClient {
  readonly #module: ForkedModule;
  #lastWords = '';

  constructor({ onEvent, onExit, entry }: EngineClientOptions) {
    const beside = fileURLToPath(new URL(`./main${extname(import.meta.url)}`, import.meta.url));
    this.#module = forkModule(entry ?? beside, {
      env: { ...process.env, ...ENGINE_ENVIRONMENT },
      onMessage: (message) => {
        const event = engineEventSchema.safeParse(message);
        const problem = event.error?.issues[0];
        const said = `The engine said something unknown (${problem?.path.join('.') ?? ''}: ${problem?.message ?? ''}).`;
        onEvent(event.success ? event.data : { type: 'failed', kind: 'defect', message: said });
      },
      onErrorText: (text) => (this.#lastWords = (this.#lastWords + text).slice(-LAST_WORDS)),
      onExit: (code, signal) => onExit({ code, signal, lastWords: this.#lastWords.trim() }),
    });
  }

  get pid(): number | undefined {
    return this.#module.pid;
  }

  /** Says something to the engine; nothing happens when it is gone. */
  send(command: EngineCommand): void {
    this.#module.send(command);
  }

  /** Ends the process at once, whatever it does. */
  kill(): void {
    this.#module.kill();
  }
}
