/** Madder in a browser: the window's files, its requests, pictures and events, for this computer only. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Socket, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Answer } from '../../../shared/studio/contract.ts';
import {
  answer,
  checkAsset,
  checkFileName,
  checkRequest,
  isMethodName,
  type StudioProgram,
} from '../../../shared/studio/program.ts';
import { MadderError } from '../../../shared/errors.ts';
import { contentSecurityPolicy, PICTURE_POLICY, readWindowFile, STRICT_HEADERS } from '../window-files.ts';
import { encodeJson, readJson, withUploadedFile } from './bodies.ts';
import { EventSockets, type EventLimits } from './events.ts';
import { Guard, newToken, PROTOCOL_PREFIX, Refusal } from './guard.ts';

export interface Limits extends EventLimits {
  readonly requestBytes: number;
  readonly uploadBytes: number;
  /** For the head of a request to arrive, and for its JSON. */
  readonly headMs: number;
  readonly requestMs: number;
  /** For the whole of an upload. */
  readonly uploadMs: number;
  /** A client that takes nothing of a picture for so long is gone. */
  readonly stalledMs: number;
  readonly connections: number;
}

const LIMITS: Limits = {
  // A batch may have a thousand documents of a few kilobytes.
  requestBytes: 16 * 2 ** 20,
  uploadBytes: 2 ** 30,
  headMs: 10_000,
  requestMs: 15_000,
  uploadMs: 300_000,
  stalledMs: 60_000,
  connections: 256,
  pingMs: 20_000,
  slowBytes: 2 ** 20,
  stuckBytes: 64 * 2 ** 20,
};

export interface WebServerOptions {
  /** Where the built window lies. */
  readonly files: string;
  /** 0: any that is free. */
  readonly port?: number;
  readonly limits?: Partial<Limits>;
  /** Errors that are the program's own. */
  readonly onDefect?: (error: unknown) => void;
}

/** How long a refused client may go on sending before the connection is cut: it reads the answer only afterwards. */
const LINGER_MS = 1000;

export class WebServer {
  readonly #program: StudioProgram;
  readonly #files: string;
  readonly #limits: Limits;
  readonly #onDefect: (error: unknown) => void;
  readonly #server: Server;
  readonly #events: EventSockets;
  readonly #unsubscribe: () => void;
  readonly #token = newToken();
  #guard!: Guard;
  #port = 0;
  #closing: Promise<void> | undefined;

  /** @throws MadderError where the port is taken */
  static async start(program: StudioProgram, options: WebServerOptions): Promise<WebServer> {
    const server = new WebServer(program, options);
    await server.#listen(options.port ?? 0);
    return server;
  }

  private constructor(program: StudioProgram, { files, limits, onDefect = () => {} }: WebServerOptions) {
    this.#program = program;
    this.#files = files;
    this.#limits = { ...LIMITS, ...limits };
    this.#onDefect = onDefect;
    this.#events = new EventSockets(this.#limits);
    this.#unsubscribe = program.subscribe((event) => this.#events.send(event));
    this.#server = createServer({
      headersTimeout: this.#limits.headMs,
      requestTimeout: Math.max(this.#limits.uploadMs, this.#limits.headMs),
      connectionsCheckingInterval: Math.min(1000, this.#limits.headMs),
      keepAliveTimeout: 5000,
    });
    this.#server.maxConnections = this.#limits.connections;
    this.#server.on('request', (request, response) => void this.#serve(request, response));
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    this.#server.on('clientError', refuseConnection);
  }

  /** What a person opens: the token is in the part of an address that browsers keep to themselves. */
  get address(): string {
    return `http://127.0.0.1:${this.#port}/#token=${this.#token}`;
  }

  /** Windows that are connected. */
  get windows(): number {
    return this.#events.count;
  }

  /** Ends every connection. The program goes on. */
  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#unsubscribe();
      this.#events.close();
      this.#server.close(() => resolve());
      this.#server.closeIdleConnections();
      setTimeout(() => this.#server.closeAllConnections(), LINGER_MS).unref();
    });
    return this.#closing;
  }

  #listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', (cause: NodeJS.ErrnoException) => {
        this.#events.close();
        const why = cause.code === 'EADDRINUSE' ? 'is in use' : `cannot be used (${cause.code ?? cause.message})`;
        reject(new MadderError('input', `Port ${port} ${why}; choose another one with --port.`, { cause }));
      });
      this.#server.listen(port, '127.0.0.1', () => {
        this.#port = (this.#server.address() as AddressInfo).port;
        this.#guard = new Guard(this.#port, this.#token);
        resolve();
      });
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => {});
    request.on('error', () => {});
    for (const [name, value] of Object.entries(STRICT_HEADERS)) response.setHeader(name, value);
    try {
      await this.#route(request, response);
    } catch (error) {
      this.#refuse(request, response, error);
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', headers } = request;
    this.#guard.checkHost(headers);
    const { pathname, query } = splitTarget(request.url ?? '');
    if (method === 'GET' || method === 'HEAD') {
      this.#guard.checkOrigin(headers, true);
      const picture = /^\/asset\/([^/]+)\/([^/]+)$/.exec(pathname);
      if (picture) return this.#sendPicture(request, response, picture[1]!, picture[2]!, query);
      return this.#sendFile(request, response, pathname);
    }
    if (method !== 'POST') throw new Refusal(405, 'Madder is asked with GET and POST.');
    this.#guard.checkOrigin(headers, false);
    this.#guard.checkToken(headers['x-madder-token']);
    if (pathname === '/upload') return this.#upload(request, response, query);
    const name = /^\/api\/([A-Za-z]+)$/.exec(pathname)?.[1];
    if (!isMethodName(name)) throw new Refusal(404, 'There is no such request.');
    const { requestBytes, requestMs } = this.#limits;
    const checked = checkRequest(name, await readJson(request, requestBytes, requestMs));
    // In a browser nobody has chosen a place on the disk: the file is offered for download.
    if ('path' in checked && name === 'exportResult') throw new Refusal(400, 'Only the desktop window chooses a path.');
    this.#answer(response, await answer(() => this.#program.call(name, checked), this.#onDefect));
  }

  async #upload(request: IncomingMessage, response: ServerResponse, query: URLSearchParams): Promise<void> {
    const name = checkFileName(query.get('name'));
    const { uploadBytes } = this.#limits;
    const imported = await withUploadedFile(request, uploadBytes, (path) =>
      answer(() => this.#program.upload(path, name), this.#onDefect),
    );
    this.#answer(response, imported);
  }

  async #sendPicture(
    request: IncomingMessage,
    response: ServerResponse,
    rawKind: string,
    rawId: string,
    query: URLSearchParams,
  ): Promise<void> {
    this.#guard.checkToken(query.get('token'));
    // Kinds and ids consist of letters that no address encodes.
    const { kind, id } = checkAsset(rawKind, rawId);
    const asset = await this.#program.asset(kind, id);
    // A file may go while it is asked for: old results are removed, and every run has newer previews.
    const stats = typeof asset?.content === 'string' ? await stat(asset.content).catch(() => undefined) : undefined;
    if (!asset || (typeof asset.content === 'string' && !stats)) throw new Refusal(404, 'There is no such picture.');
    const { content, type, fileName } = asset;
    const mark = stats ? `${stats.size}-${stats.mtimeMs}` : createHash('sha256').update(content).digest('base64url');
    const byContent = kind === 'thumbnail' || kind === 'picture' || kind === 'mask';
    response.setHeader('Content-Security-Policy', PICTURE_POLICY);
    response.setHeader('ETag', `"${mark}"`);
    response.setHeader('Cache-Control', byContent || query.has('v') ? IMMUTABLE : 'private, no-cache');
    if (fileName !== undefined) {
      response.setHeader('Content-Disposition', `attachment; filename*=UTF-8''${encodeURIComponent(fileName)}`);
    }
    if (request.headers['if-none-match'] === `"${mark}"`) {
      response.writeHead(304).end();
      return;
    }
    response.writeHead(200, { 'Content-Type': type, 'Content-Length': stats?.size ?? content.length });
    if (request.method === 'HEAD') return void response.end();
    if (typeof content !== 'string') return void response.end(content);
    response.setTimeout(this.#limits.stalledMs, () => response.destroy());
    // A client that goes away in the middle is no news, nor is a file that does.
    await pipeline(createReadStream(content), response).catch(() => response.destroy());
  }

  async #sendFile(request: IncomingMessage, response: ServerResponse, pathname: string): Promise<void> {
    const file = await readWindowFile(this.#files, pathname);
    if (!file) throw new Refusal(404, 'There is no such file.');
    // Some browsers do not count an event socket at the page's own address among `'self'`.
    const connections = `ws://127.0.0.1:${this.#port}`;
    response.writeHead(200, {
      'Content-Type': file.type,
      'Content-Length': file.bytes.length,
      'Content-Security-Policy': contentSecurityPolicy({ connections }),
      'Cache-Control': file.immutable ? IMMUTABLE : 'no-cache',
    });
    response.end(request.method === 'HEAD' ? undefined : file.bytes);
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    try {
      const { headers } = request;
      this.#guard.checkHost(headers);
      this.#guard.checkOrigin(headers, false);
      const { pathname } = splitTarget(request.url ?? '');
      if (pathname !== '/events') throw new Refusal(404, 'There is no such connection.');
      const protocol = headers['sec-websocket-protocol'];
      if (!protocol?.startsWith(PROTOCOL_PREFIX)) throw new Refusal(401, 'The connection lacks its token.');
      this.#guard.checkToken(protocol.slice(PROTOCOL_PREFIX.length));
      if (this.#closing) throw new Refusal(503, 'Madder is closing.');
      this.#events.accept(request, socket, head);
    } catch (error) {
      const status = error instanceof Refusal ? error.status : 400;
      socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    }
  }

  #refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    if (response.headersSent || request.socket.destroyed) return void response.destroy();
    const status = error instanceof Refusal ? error.status : error instanceof MadderError ? 400 : 500;
    response.statusCode = status;
    if (!request.complete) {
      response.setHeader('Connection', 'close');
      request.resume();
      setTimeout(() => request.destroy(), LINGER_MS).unref();
    }
    void answer(() => Promise.reject(error as Error), this.#onDefect).then((refused) =>
      this.#answer(response, refused),
    );
  }

  #answer(response: ServerResponse, value: Answer<unknown>): void {
    const text = encodeJson(value);
    response.setHeader('Content-Type', 'application/json; charset=utf-8');
    response.setHeader('Cache-Control', 'no-store');
    response.end(text);
  }
}

const IMMUTABLE = 'private, max-age=31536000, immutable';

/**
 * Ends a connection on which no request can be read. One that nothing was asked on yet is closed without a word: browsers open such
 * connections in advance, and would take what is said there for the answer to a request that they send at that moment.
 */
function refuseConnection({ code }: NodeJS.ErrnoException, socket: Duplex): void {
  const unused = socket instanceof Socket && socket.bytesRead === 0;
  const status = code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
  if (!socket.writable || unused) socket.destroy();
  else socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n\r\n`);
}

/** Path and query as they were sent: nothing is decoded, and `..` is not resolved. */
function splitTarget(target: string): { readonly pathname: string; readonly query: URLSearchParams } {
  if (!target.startsWith('/')) throw new Refusal(400, 'The address is not one of Madder.');
  const mark = target.indexOf('?');
  const pathname = mark < 0 ? target : target.slice(0, mark);
  return { pathname, query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)) };
}
