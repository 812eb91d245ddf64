/** What Electron's utility processes start with: the module that they are for needs the portable codec. */
import { pathToFileURL } from 'node:url';
import { usePortableCodec } from './codec.ts';
import { MODULE_VARIABLE } from './utility-module.ts';

usePortableCodec();
const [entry, ...args] = JSON.parse(process.env[MODULE_VARIABLE]!) as [string, ...string[]];
process.argv = [process.execPath, entry, ...args];
try {
  await import(pathToFileURL(entry).href);
} catch (error) {
  // Electron only warns of it, and whoever started the module would wait for ever.
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
}
