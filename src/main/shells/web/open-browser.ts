import { spawn } from 'node:child_process';

/** What opens an address with the program that the person prefers. */
const OPENERS: Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>> = {
  darwin: ['open'],
  // The empty string is the window's title, for which `start` would otherwise take the address.
  win32: ['cmd', '/c', 'start', ''],
};

/** Tries to open the person's browser; where there is none, the address has been printed. */
export function openBrowser(address: string): void {
  const [command, ...given] = OPENERS[process.platform] ?? ['xdg-open'];
  const child = spawn(command, [...given, address], { stdio: 'ignore', detached: true, windowsHide: true });
  child.on('error', () => {});
  child.unref();
}
