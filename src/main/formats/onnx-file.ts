import { closeSync, fstatSync, openSync, readFileSync, readSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { MadderError } from '../../shared/errors.ts';
import { readOnnx, type ExternalReader } from './onnx-codec.ts';
import type { OnnxModel } from './onnx.ts';

/**
 * Reads an ONNX file together with the weights that it keeps in files beside it (only in its own folder and below;
 * a location that leads elsewhere is refused). Synchronous: meant for the engine's own process.
 * Throws a MadderError: `input` for a file that cannot be read, `network` for one that holds no usable network.
 */
export function readOnnxFile(path: string): OnnxModel {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new MadderError('input', `The network file "${path}" cannot be read: ${reason(error)}.`, { cause: error });
  }
  if (bytes.length === 0) throw new MadderError('network', `The network file "${path}" is empty.`);
  try {
    return readOnnx(bytes, { external: externalIn(dirname(path)) });
  } catch (error) {
    if (!(error instanceof MadderError)) throw error;
    const message = error.message.replace(/^This /, `The file "${path}" `);
    throw new MadderError(error.kind, message, { cause: error });
  }
}

/** Reads external data from files inside `folder`. */
function externalIn(folder: string): ExternalReader {
  return (location, offset, length) => {
    // Both kinds of separator, on every system: the file may come from another one.
    if (isAbsolute(location) || /^[\\/]|^[a-z]:/i.test(location) || location.split(/[\\/]/).includes('..')) {
      throw new Error(`it keeps its weights outside its own folder, in "${location}"`);
    }
    let descriptor: number;
    try {
      const file = realpathSync(resolve(folder, location));
      const inside = relative(realpathSync(folder), file);
      if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) {
        throw new Error('a link leads outside its folder');
      }
      // Checked before it is opened: opening a pipe would wait for its writer.
      if (!statSync(file).isFile()) throw new Error('it is not a plain file');
      descriptor = openSync(file, 'r');
    } catch (error) {
      throw new Error(`its weights file "${location}" cannot be read (${reason(error)})`, { cause: error });
    }
    try {
      return readRange(descriptor, location, offset, length);
    } finally {
      closeSync(descriptor);
    }
  };
}

function readRange(descriptor: number, location: string, offset: number, length: number | undefined): Uint8Array {
  const available = fstatSync(descriptor).size - offset;
  const size = length ?? available;
  // Checked before memory is asked for: a corrupt length must not exhaust it.
  if (size < 0 || size > available) {
    throw new Error(`its weights file "${location}" is shorter than the network says`);
  }
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size;) {
    const count = readSync(descriptor, bytes, at, Math.min(size - at, 2 ** 30), offset + at);
    if (count === 0) throw new Error(`its weights file "${location}" became shorter while it was read`);
    at += count;
  }
  return bytes;
}

function reason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  const words: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    EISDIR: 'it is a folder',
    EACCES: 'permission was denied',
    ERR_FS_FILE_TOO_LARGE: 'files over 2 GB are not supported',
  };
  return words[code ?? ''] ?? (error instanceof Error ? error.message : String(error));
}
