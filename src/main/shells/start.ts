/** `npm start`: the desktop window, or the browser where there can be none. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A hundred megabytes on a slow line; behind some walls nothing is ever refused. */
const FETCH_MS = 5 * 60_000;

const require = createRequire(import.meta.url);

/** Electron's binary, fetched when it is missing, as its package does since version 42. */
function electronBinary(): string | undefined {
  let folder: string;
  try {
    folder = dirname(require.resolve('electron/package.json'));
  } catch {
    return undefined;
  }
  const installed = () => {
    const pathFile = join(folder, 'path.txt');
    const path = existsSync(pathFile) && join(folder, 'dist', readFileSync(pathFile, 'utf8'));
    return path && existsSync(path) ? path : undefined;
  };
  const there = installed();
  if (there !== undefined) return there;
  process.stdout.write('madder: Electron is being fetched, once …\n');
  spawnSync(process.execPath, [join(folder, 'install.js')], { stdio: 'ignore', timeout: FETCH_MS });
  return installed();
}

/** Why no window can be shown here, before anything is fetched for it. */
function obstacle(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  if (!process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']) return 'There is no display';
  if (process.getuid?.() === 0) return 'Electron does not run as root';
  return undefined;
}

const no = obstacle();
const electron = no === undefined ? electronBinary() : undefined;
if (electron === undefined) {
  process.stdout.write(`madder: ${no ?? 'Electron could not be fetched'}; Madder opens in the browser instead.\n`);
  await import('./web/main.ts');
} else {
  const main = fileURLToPath(new URL('./electron/main.js', import.meta.url));
  const child = spawn(electron, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  child.on('close', (code) => (process.exitCode = code ?? 1));
}
