/** How this program starts modules in processes of their own: as children of Node, unless a shell has another way. */
import { fork } from 'node:child_process';

export interface ForkOptions {
  /** For the module, from `process.argv[2]` on. */
  readonly args?: readonly string[];
  /** For Node. */
  readonly execArgv?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** What the module prints is not shown. */
  readonly quiet?: boolean;
  readonly onMessage: (message: unknown) => void;
  /** Text of the error stream: what native code says when it aborts. */
  readonly onErrorText: (text: string) => void;
  /** Called once, when the process is gone and its error stream was read, or when it could not be started. */
  readonly onExit: (code: number | null, signal: NodeJS.Signals | null) => void;
}

export interface ForkedModule {
  readonly pid: number | undefined;
  /** Says something to the module; nothing happens when it is gone. */
  send(message: object): void;
  /** Ends the process at once, whatever it does. */
  kill(): void;
}

export type Fork = (entry: string, options: ForkOptions) => ForkedModule;

const forkChild: Fork = (entry, { args = [], execArgv, env, cwd, quiet, onMessage, onErrorText, onExit }) => {
  const child = fork(entry, args, {
    serialization: 'advanced',
    stdio: ['ignore', quiet ? 'ignore' : 'inherit', 'pipe', 'ipc'],
    ...(execArgv ? { execArgv: [...execArgv] } : {}),
    ...(env ? { env } : {}),
    ...(cwd === undefined ? {} : { cwd }),
  });
  child.stderr?.setEncoding('utf8').on('data', onErrorText);
  child.on('message', onMessage);
  let gone = false;
  const exited = (code: number | null, signal: NodeJS.Signals | null) => {
    if (!gone) onExit(code, signal);
    gone = true;
  };
  child.on('close', exited);
  child.on('error', (error) => {
    onErrorText(error.message);
    exited(null, null);
  });
  return {
    get pid() {
      return child.pid;
    },
    send: (message) => void (child.connected && child.send(message)),
    kill: () => void child.kill('SIGKILL'),
  };
};

let current: Fork = forkChild;

/** From now on modules are started in this way. For shells whose own binary is not Node. */
export function forkThrough(fork: Fork): void {
  current = fork;
}

export const forkModule: Fork = (entry, options) => current(entry, options);
