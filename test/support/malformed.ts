import { METHODS, type MethodName } from '../../src/shared/studio/contract.ts';
import type { Random } from './random.ts';

const NAMES = Object.keys(METHODS) as MethodName[];

/** Names that no method has, but that objects or file systems might answer to. */
const STRANGE_NAMES = [
  '',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'Snapshot',
  'snapshot ',
  'snapshot\0',
  '../snapshot',
  'close',
  'subscribe',
  'asset',
  'eval',
  'x'.repeat(5000),
];

const SCALARS: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1e308,
  -0.5,
  2 ** 53,
  '',
  'text',
  '../../etc/passwd',
  'file:///etc/passwd',
  '\0',
  '😀'.repeat(50),
  'a'.repeat(300),
  '__proto__',
  '<script>alert(1)</script>',
];

/** Any JSON value, at most `depth` deep. */
export function anyValue(random: Random, depth = 4): unknown {
  const kind = depth > 0 ? random.integer(0, 4) : 0;
  if (kind <= 2) return random.pick(SCALARS);
  const length = random.integer(0, 4);
  if (kind === 3) return Array.from({ length }, () => anyValue(random, depth - 1));
  const keys = ['document', 'job', 'result', 'id', 'options', 'path', 'constructor', 'preferences', 'version', 'x'];
  return Object.fromEntries(Array.from({ length }, () => [random.pick(keys), anyValue(random, depth - 1)]));
}

/** A method and a request of which at least one is not of the contract. */
export function malformedCall(random: Random): { readonly method: unknown; readonly request: unknown } {
  if (random.next() < 0.2) return { method: random.pick(STRANGE_NAMES), request: anyValue(random) };
  const method = random.pick(NAMES);
  switch (random.integer(0, 3)) {
    case 0:
      return { method, request: random.pick(SCALARS) };
    case 1:
      return { method, request: [anyValue(random)] };
    case 2:
      // A name that no request knows.
      return { method, request: { ...(anyValue(random, 2) as object), surplus: anyValue(random) } };
    default: {
      // The right names with wrong values: a symbol of a value that no field takes.
      const names = Object.keys((METHODS[method].request as { shape?: object }).shape ?? {});
      const wrong = Object.fromEntries(names.map((name) => [name, [[anyValue(random, 2)]]]));
      return { method, request: names.length > 0 ? wrong : { surplus: 1 } };
    }
  }
}

/** Ways out of a folder, as paths of an address. */
export const PATH_TRICKS: readonly string[] = [
  '/../package.json',
  '/../../../../etc/passwd',
  '/..%2fpackage.json',
  '/%2e%2e/package.json',
  '/%2e%2e%2fpackage.json',
  '/%252e%252e/package.json',
  '/..\\package.json',
  '/..%5cpackage.json',
  '/assets/../../package.json',
  '/assets/%2e%2e/%2e%2e/package.json',
  '//etc/passwd',
  '/%2fetc/passwd',
  '/etc/passwd',
  '/index.html%00.js',
  '/index.html/../../package.json',
  '/.env',
  '/.git/config.json',
  '/link-to-outside.json',
  '/linked-folder/secret.json',
  '/C:/Windows/win.json',
  '/c:%5cwindows%5cwin.json',
  '/\u002e\u002e;/package.json',
  '/%c0%ae%c0%ae/package.json',
  '/%',
  '/%zz.js',
  '/assets',
  '/assets/',
  '/index.html::$DATA',
  '/con.js',
];

/** Kinds and ids that no picture has, as the rest of an address behind `asset/`. */
export const ASSET_TRICKS: readonly string[] = [
  'picture/../../etc/passwd',
  'picture/..%2f..%2fetc%2fpasswd',
  'picture/%2e%2e',
  'picture/..',
  'picture/.',
  'picture/.hidden',
  'picture/',
  'picture',
  '',
  'Picture/abc',
  'secret/abc',
  '__proto__/abc',
  'constructor/abc',
  'picture/abc/def',
  'picture/abc%00',
  'picture/%ff',
  'picture/a%20b',
  'picture/a;b',
  'picture/~root',
  'result/-../x',
  'download/C:%5cx',
  'download/\\x',
];
