import { fork, type ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { ForkOptions } from 'electron';

const SHIM = fileURLToPath(new URL('./parent-port.mjs', import.meta.url));

/** A child of Node that finds `process.parentPort` where one of Electron would. */
class UtilityProcess extends EventEmitter {
  readonly #child: ChildProcess;
  readonly stderr: Readable | null;

  constructor(path: string, args: string[], { env, stdio, cwd }: ForkOptions) {
    super();
    const [, output, errors] = stdio as ['ignore', 'ignore' | 'inherit', 'pipe'];
    this.#child = fork(path, args, {
      ...(env ? { env: env as NodeJS.ProcessEnv } : {}),
      execArgv: ['--import', SHIM],
      serialization: 'advanced',
      stdio: ['ignore', output, errors, 'ipc'],
      ...(cwd === undefined ? {} : { cwd }),
    });
    this.stderr = this.#child.stderr;
    this.#child.on('spawn', () => this.emit('spawn'));
    this.#child.on('message', (message) => this.emit('message', message));
    this.#child.on('close', (code) => this.emit('exit', code ?? 1));
  }

  get pid(): number | undefined {
    return this.#child.exitCode === null && this.#child.signalCode === null ? this.#child.pid : undefined;
  }

  postMessage = (message: object) => void this.#child.send(message);
  kill = () => this.#child.kill();
}

export const forkNode = (path: string, args: string[], options: ForkOptions): UtilityProcess =>
  new UtilityProcess(path, args, options);
