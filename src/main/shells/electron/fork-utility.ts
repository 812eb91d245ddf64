import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { utilityProcess } from 'electron';
import type { Fork } from '../../services/engines.ts';
import { MODULE_VARIABLE } from './utility-module.ts';

/** Electron's binary is not Node once the fuse `runAsNode` is off: modules run in utility processes instead. */
export const forkUtility: Fork = (entry, { args = [], env = process.env, cwd, quiet, ...listeners }) => {
  const start = fileURLToPath(new URL(`./utility${extname(import.meta.url)}`, import.meta.url));
  const child = utilityProcess.fork(start, [], {
    env: { ...env, [MODULE_VARIABLE]: JSON.stringify([entry, ...args]) },
    stdio: ['ignore', quiet ? 'ignore' : 'inherit', 'pipe'],
    serviceName: 'Madder engine',
    ...(cwd === undefined ? {} : { cwd }),
  });
  let gone = false;
  child.stderr?.setEncoding('utf8' as BufferEncoding).on('data', listeners.onErrorText);
  child.on('message', listeners.onMessage);
  child.on('exit', (code) => {
    gone = true;
    listeners.onExit(code, null);
  });
  return {
    get pid() {
      return child.pid;
    },
    send: (message) => {
      if (!gone) child.postMessage(message);
    },
    kill: () => {
      // Electron's own kill asks the process to end, which one that is in native code does not hear.
      const end = () => child.pid !== undefined && process.kill(child.pid, 'SIGKILL');
      if (gone) return;
      if (child.pid === undefined) child.once('spawn', end);
      else end();
    },
  };
};
