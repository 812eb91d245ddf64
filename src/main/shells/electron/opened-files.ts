import { statSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { PICTURE_SUFFIXES } from './desk.ts';

/** More are opened by mistake. */
const MOST = 100;

/** The pictures that a command line names; what else the system or Chromium puts there is passed over. */
export function picturesOf(args: readonly string[], folder: string): string[] {
  return args
    .filter((arg) => !arg.startsWith('-') && PICTURE_SUFFIXES.includes(extname(arg).slice(1).toLowerCase()))
    .map((arg) => resolve(folder, arg))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
    .slice(0, MOST);
}
