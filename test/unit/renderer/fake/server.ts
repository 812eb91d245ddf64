import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import sharp from 'sharp';
import sirv from 'sirv';
import { WebSocketServer, type WebSocket } from 'ws';
import type { MethodName, Snapshot } from '../../../../src/shared/studio/contract.ts';
import type { StudioPicture } from '../../../../src/shared/studio/document.ts';
import { FakeTransport } from './transport.ts';

export const TOKEN = 'smoke';
const SAMPLES = 'resources/samples/samples.json';
/** As strict as the shells' own. */
const POLICY =
  "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; object-src 'none'";

/** The built window with a fake program behind it, over the browser shell's transport. */
export class FakeServer {
  readonly transport: FakeTransport;
  /** Files, or what was uploaded, by hash, and by `preview/<job>`. */
  readonly files = new Map<string, string | Buffer>();
  readonly #server: Server;
  readonly #sockets: WebSocketServer;

  static async start(folder: string, state: Partial<Snapshot> = {}): Promise<FakeServer> {
    const files = new Map<string, string>();
    const samples = await readSamples(files);
    const server = new FakeServer(folder, { samples, ...state }, files);
    await new Promise<void>((done) => server.#server.listen(0, '127.0.0.1', done));
    return server;
  }

  private constructor(folder: string, state: Partial<Snapshot>, files: Map<string, string>) {
    this.transport = new FakeTransport(state);
    for (const [key, file] of files) this.files.set(key, file);
    const serve = sirv(folder, { setHeaders: (response) => response.setHeader('content-security-policy', POLICY) });
    this.#server = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url!, 'http://localhost');
      const [, first = '', kind = '', id = ''] = pathname.split('/');
      if (first === 'api') void this.#api(kind as MethodName, request, response);
      else if (first === 'upload') void this.#upload(searchParams.get('name')!, request, response);
      else if (first === 'asset') this.#asset(kind, id, response);
      else serve(request, response);
    });
    this.#sockets = new WebSocketServer({ server: this.#server, path: '/events' });
    this.#sockets.on('connection', (socket: WebSocket) => {
      socket.on(
        'close',
        this.transport.subscribe((event) => socket.send(JSON.stringify(event))),
      );
    });
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/#token=${TOKEN}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  async #upload(name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const bytes = await buffer(request);
    const answer = await this.transport.upload(new Blob([bytes]), name);
    if (answer.ok) this.files.set(answer.value.picture.sha256, bytes);
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
  }

  async #api(method: MethodName, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.headers['x-madder-token'] !== TOKEN) {
      response.writeHead(401).end();
      return;
    }
    const answer = await this.transport.call(method, JSON.parse(await text(request)));
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
  }

  #asset(kind: string, id: string, response: ServerResponse): void {
    const file = this.files.get(`${kind}/${id}`) ?? this.files.get(id);
    if (!file) response.writeHead(404).end();
    else if (typeof file !== 'string') response.end(file);
    else createReadStream(file).pipe(response.setHeader('content-type', 'image/jpeg'));
  }
}

async function readSamples(files: Map<string, string>): Promise<Snapshot['samples']> {
  const list = JSON.parse(await readFile(SAMPLES, 'utf8')) as Record<'photos' | 'paintings', Sample[]>;
  const read = async (kind: 'photo' | 'painting', { file, title }: Sample): Promise<Snapshot['samples'][number]> => {
    const path = `resources/samples/${file}`;
    const name = file.split('/').at(-1)!;
    const sha256 = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
    const { width, height } = await sharp(path).metadata();
    files.set(sha256, path);
    return { kind, name, title, picture: { sha256, name, width, height } satisfies StudioPicture };
  };
  return Promise.all([
    ...list.photos.map((sample) => read('photo', sample)),
    ...list.paintings.map((sample) => read('painting', sample)),
  ]);
}

interface Sample {
  readonly file: string;
  readonly title: string;
}
