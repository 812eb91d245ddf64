import { mkdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { MadderError } from '../../../shared/errors.ts';
import { applicationFolder } from '../application-folder.ts';
import { dataError } from './stored.ts';

/** The folder for a person's library, history and settings: what MADDER_DATA names, or else the platform's. */
export function dataFolder(env: NodeJS.ProcessEnv = process.env, platform: string = process.platform): string {
  const chosen = env['MADDER_DATA'];
  return chosen ? resolve(chosen) : applicationFolder(env, platform);
}

/** A program that holds the folder says so this often, ms. */
const BEAT_MS = 5000;
/** One that has not said so for this long does not hold it, whatever process has its number now. */
const STALE_MS = 20_000;

/**
 * Makes a data folder this process's own: two programs would overwrite each other's files.
 * @returns what gives it back
 * @throws MadderError `input` where another Madder has it, `output` where it cannot be written to
 */
export async function takeFolder(folder: string): Promise<() => void> {
  const path = join(folder, '.madder-lock');
  try {
    await mkdir(folder, { recursive: true });
    const holder = Number(await readFile(path, 'utf8').catch(() => ''));
    const beat = await stat(path).then(
      (s) => s.mtimeMs,
      () => 0,
    );
    if (holder !== process.pid && isAlive(holder) && Date.now() - beat < STALE_MS) {
      throw new MadderError(
        'input',
        `Another Madder (process ${holder}) is using ${folder}; close it first, or choose another folder.`,
      );
    }
    await writeFile(path, String(process.pid));
  } catch (error) {
    throw dataError(error);
  }
  const timer = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => {}), BEAT_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    rmSync(path, { force: true });
  };
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
