/** The built window (`dist/renderer`), as both shells serve it: these files, read when they are asked for, and no others. */
import { readFile, realpath } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { applicationFolder } from '../services/resources.ts';

/** Types of the files that a built window consists of; anything else is not served. */
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.avif': 'image/avif',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
};

export interface WindowFile {
  readonly type: string;
  readonly bytes: Uint8Array;
  /** The build puts a hash of the content into the name: it can be kept for ever. */
  readonly immutable: boolean;
}

export const windowFolder = (): string => join(applicationFolder(), 'dist', 'renderer');

/**
 * The file at `pathname`, the undecoded path of an address; `/` is the window itself. `undefined` for whatever is not a
 * file of a known type whose real place lies in the folder, so that neither `..` nor a link leads out of it.
 */
export async function readWindowFile(folder: string, pathname: string): Promise<WindowFile | undefined> {
  let path: string;
  try {
    path = decodeURIComponent(pathname === '/' ? '/index.html' : pathname);
  } catch {
    return undefined;
  }
  const type = TYPES[extname(path)];
  if (type === undefined || !path.startsWith('/') || /[\\\0:]|\/\.|\/\//.test(path)) return undefined;
  try {
    const root = await realpath(folder);
    const file = await realpath(join(root, path));
    if (!file.startsWith(root + sep)) return undefined;
    return { type, bytes: await readFile(file), immutable: /^\/assets\/.*-[\w-]{8,}\.\w+$/.test(path) };
  } catch {
    return undefined;
  }
}

/** What the window may load; `pictures` and `connections` are what the shell adds to its own origin. */
export function contentSecurityPolicy({ pictures = '', connections = '' }): string {
  return [
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src 'self' blob: data: ${pictures}`.trimEnd(),
    `connect-src 'self' ${connections}`.trimEnd(),
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** Sent with every answer of both shells. */
export const STRICT_HEADERS: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=()',
};

/** A picture of the program is never a page: should a browser open one as such, nothing in it runs. */
export const PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
