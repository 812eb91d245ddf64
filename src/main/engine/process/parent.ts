/** The other side of fork.ts: how a forked module speaks to the program that started it. */

/** The port that Electron gives to modules in its utility processes. */
interface ParentPort {
  on(event: 'message', listener: (message: { readonly data: unknown }) => void): void;
  postMessage(message: unknown): void;
}

const port = (process as NodeJS.Process & { readonly parentPort?: ParentPort }).parentPort;

export const toParent = (message: object): void => (port ? port.postMessage(message) : void process.send?.(message));

export function onParentMessage(listener: (message: unknown) => void): void {
  if (port) port.on('message', ({ data }) => listener(data));
  else process.on('message', listener);
}

/** Ends this process in good order. */
export const leave = (): void => (port ? process.exit(0) : process.disconnect());

/** Electron ends its utility processes itself. */
export const onParentGone = (listener: () => void): void => void process.on('disconnect', listener);
