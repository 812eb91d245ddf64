import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(createRequire(import.meta.url).resolve('sharp'));
const PORTABLE = '@img/sharp-wasm32/sharp.node';

/**
 * On Linux, Electron's binary carries symbols of the system's GLib, with which sharp's native build crashes on many
 * systems. Its WebAssembly build needs no GLib, and is what sharp takes where the native one gives it nothing. To be
 * called before anything loads sharp, in every process that Electron's binary runs.
 */
export function usePortableCodec(platform: NodeJS.Platform = process.platform): void {
  const portable = found(PORTABLE);
  // A checkout without the WebAssembly build has no choice.
  if (platform !== 'linux' || portable === undefined) return;
  for (const libc of ['linux', 'linuxmusl']) {
    const native = found(`@img/sharp-${libc}-${process.arch}/sharp.node`);
    if (native !== undefined) require.cache[native] = { exports: undefined, loaded: true } as NodeJS.Module;
  }
  // It starts threads from its own file, and threads do not see into the packaged application's archive.
  const outside = portable.replace(/\bapp\.asar(?=\/)/, 'app.asar.unpacked');
  if (outside === portable || !existsSync(outside)) return;
  require(outside);
  require.cache[portable] = require.cache[outside];
}

function found(module: string): string | undefined {
  try {
    return require.resolve(module);
  } catch {
    return undefined;
  }
}
