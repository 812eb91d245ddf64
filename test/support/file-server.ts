import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { VirtualFile } from './virtual-file.ts';

/** How a served file misbehaves. */
export interface Manners {
  /** False: the range of a request is ignored. */
  ranges?: boolean;
  /** Break the connection after so many bytes of an answer, that many times. */
  drop?: { after: number; times: number };
  /** Say nothing more after so many bytes of an answer, that many times. */
  stall?: { after: number; times: number };
  /** Answer with this status, that many times. */
  fail?: { status: number; times: number; headers?: Record<string, string> };
  /** Wait between pieces, ms. */
  pause?: number;
  /** Lead here instead. */
  redirect?: string;
  etag?: string;
  /** No length is said. */
  chunked?: boolean;
  headers?: Record<string, string>;
  /** Called before each answer. */
  onRequest?: (request: IncomingMessage) => void;
}

interface Served {
  readonly file: VirtualFile;
  readonly manners: Manners;
  /** Bytes of bodies that were sent. */
  sent: number;
  requests: number;
}

const PIECE = 64 * 1024;

/** A web server on this computer that counts what it sends. */
export class FileServer {
  readonly #server: Server;
  readonly #files = new Map<string, Served>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<FileServer> {
    const server = createServer();
    const files = new FileServer(server);
    server.on('request', (request, response) => void files.#answer(request, response).catch(() => response.destroy()));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return files;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Serves a file under a path; returns its address. */
  serve(path: string, file: VirtualFile, manners: Manners = {}): string {
    this.#files.set(`/${path}`, { file, manners, sent: 0, requests: 0 });
    return `${this.origin}/${path}`;
  }

  sent(path: string): number {
    return this.#files.get(`/${path}`)!.sent;
  }

  requests(path: string): number {
    return this.#files.get(`/${path}`)!.requests;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A proxy is asked by the whole address.
    const path = new URL(request.url!, this.origin).pathname;
    const served = this.#files.get(path);
    if (!served) return void response.writeHead(404).end('not here');
    served.requests++;
    const { file, manners } = served;
    manners.onRequest?.(request);
    if (manners.fail && manners.fail.times-- > 0) {
      return void response.writeHead(manners.fail.status, manners.fail.headers).end();
    }
    if (manners.redirect !== undefined) return void response.writeHead(302, { location: manners.redirect }).end();
    const asked = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    const partial = asked !== null && manners.ranges !== false;
    const begin = partial ? Number(asked[1]) : 0;
    const end = partial ? Math.min(file.size, Number(asked[2]) + 1) : file.size;
    response.writeHead(partial ? 206 : 200, {
      ...(partial ? { 'content-range': `bytes ${begin}-${end - 1}/${file.size}` } : {}),
      ...(manners.chunked ? {} : { 'content-length': end - begin }),
      ...(manners.etag ? { etag: manners.etag } : {}),
      ...manners.headers,
    });
    const { drop, stall, pause } = manners;
    const closed = once(response, 'close');
    for (let at = begin; at < end; at += PIECE) {
      if (drop && at - begin >= drop.after && drop.times > 0) {
        drop.times--;
        return void response.destroy();
      }
      if (stall && at - begin >= stall.after && stall.times > 0) {
        stall.times--;
        return;
      }
      const piece = file.read(at, Math.min(at + PIECE, end));
      if (response.destroyed) return;
      served.sent += piece.byteLength;
      // A slow reader is waited for; one that is gone will not read any more.
      if (!response.write(piece)) await Promise.race([once(response, 'drain'), closed]);
      if (pause) await delay(pause);
    }
    response.end();
  }
}
