/** The two addresses of the desktop shell: the window's files, and the program's pictures. */
import { readFile } from 'node:fs/promises';
import { protocol } from 'electron';
import { ASSET_SCHEME } from '../../../shared/studio/bridge.ts';
import { checkAsset, type StudioProgram } from '../../../shared/studio/program.ts';
import { contentSecurityPolicy, PICTURE_POLICY, readWindowFile, STRICT_HEADERS } from '../window-files.ts';

const WINDOW_SCHEME = 'madder';
const WINDOW_HOST = 'studio';
/** Where the window comes from. */
export const WINDOW_ORIGIN = `${WINDOW_SCHEME}://${WINDOW_HOST}`;

/** To be called before the application is ready. */
export function registerSchemes(): void {
  const privileges = { standard: true, secure: true, supportFetchAPI: true };
  protocol.registerSchemesAsPrivileged([
    { scheme: WINDOW_SCHEME, privileges: { ...privileges, codeCache: true } },
    // The canvas reads pixels, which it may do only of pictures that allow it to this window.
    { scheme: ASSET_SCHEME, privileges: { ...privileges, corsEnabled: true } },
  ]);
}

export function serveProtocols(folder: string, program: StudioProgram): void {
  protocol.handle(WINDOW_SCHEME, (request) => windowFile(folder, request));
  protocol.handle(ASSET_SCHEME, (request) => picture(program, request));
}

const refusal = (status: number): Response => new Response(null, { status, headers: STRICT_HEADERS });

async function windowFile(folder: string, { url, method }: Request): Promise<Response> {
  const { host, pathname } = new URL(url);
  if (host !== WINDOW_HOST || method !== 'GET') return refusal(404);
  const file = await readWindowFile(folder, pathname);
  if (!file) return refusal(404);
  return new Response(bodyOf(file.bytes), {
    headers: {
      ...STRICT_HEADERS,
      'Content-Type': file.type,
      'Content-Security-Policy': contentSecurityPolicy({
        pictures: `${ASSET_SCHEME}:`,
        connections: `${ASSET_SCHEME}:`,
      }),
    },
  });
}

async function picture(program: StudioProgram, { url, method }: Request): Promise<Response> {
  const { host, pathname } = new URL(url);
  try {
    const { kind, id } = checkAsset(host, pathname.slice(1));
    const asset = method === 'GET' ? await program.asset(kind, id) : undefined;
    if (!asset) return refusal(404);
    const { content, type } = asset;
    const bytes = typeof content === 'string' ? await readFile(content) : content;
    return new Response(bodyOf(bytes), {
      headers: {
        ...STRICT_HEADERS,
        'Cross-Origin-Resource-Policy': 'cross-origin',
        'Access-Control-Allow-Origin': WINDOW_ORIGIN,
        'Content-Type': type,
        'Content-Security-Policy': PICTURE_POLICY,
      },
    });
  } catch {
    return refusal(404);
  }
}

/** `Response` takes bytes of any buffer; its types do not know of shared ones that a Uint8Array may lie in. */
const bodyOf = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => bytes as Uint8Array<ArrayBuffer>;
