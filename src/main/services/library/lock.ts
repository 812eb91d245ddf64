import { open, readFile, rm } from 'node:fs/promises';
import { MadderError } from '../../../shared/errors.ts';

/**
 * Keeps two programs from fetching the same thing at the same time. A lock whose program is gone does not count.
 * @returns what gives it back
 * @throws MadderError `input` saying which process has it
 */
export async function takeLock(path: string, what: string): Promise<() => Promise<void>> {
  for (let attempt = 0; ; attempt++) {
    try {
      const file = await open(path, 'wx');
      await file.writeFile(String(process.pid));
      await file.close();
      return () => rm(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt === 1) throw error;
    }
    const pid = Number(await readFile(path, 'utf8').catch(() => ''));
    if (isAlive(pid)) {
      throw new MadderError('input', `${what} is being downloaded by another Madder (process ${pid}); wait for it.`);
    }
    await rm(path, { force: true });
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
