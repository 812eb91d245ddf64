import { request as httpRequest, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as tlsConnect } from 'node:tls';
import { proxyFromEnvironment, type ProxyFor } from './proxy.ts';

export interface HttpOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** A server that says nothing for so long, ms, is given up (30 s). */
  readonly stallMs?: number;
  /** By default what the environment names. */
  readonly proxyFor?: ProxyFor;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** The address that answered, after redirects. */
  readonly url: string;
  /** Pieces of the body. Throws an HttpProblem where the connection breaks or stalls; ending it early closes that. */
  body(): AsyncGenerator<Uint8Array, void>;
  /** Closes the connection. */
  cancel(): void;
}

/** Why an address did not give what was asked for, in words that go on from its name. */
export class HttpProblem extends Error {
  /** Whether it may do so on another try. */
  readonly transient: boolean;
  /** How long the server asks to be left alone, ms. */
  readonly retryAfterMs: number | undefined;
  constructor(
    message: string,
    transient: boolean,
    options: { cause?: unknown; retryAfterMs?: number | undefined } = {},
  ) {
    super(message, { cause: options.cause });
    this.transient = transient;
    this.retryAfterMs = options.retryAfterMs;
  }
}

const STALL_MS = 30_000;
const MOST_REDIRECTS = 10;
/** What asks for patience rather than says no: timeouts, too many requests, a server's own trouble. */
const TRANSIENT = new Set([408, 425, 429, 500, 502, 503, 504]);

/**
 * Asks for an address and follows where it leads, but never from https to http.
 * @throws HttpProblem for anything but an answer of status 2xx; the signal's reason where it is aborted
 */
export async function httpGet(address: string, options: HttpOptions = {}): Promise<HttpResponse> {
  let url = new URL(address);
  for (let redirects = 0; ; redirects++) {
    const response = await ask(url, options);
    const { status, headers } = response;
    if (status >= 200 && status < 300) return response;
    response.cancel();
    if ([301, 302, 303, 307, 308].includes(status) && headers.location !== undefined) {
      if (redirects === MOST_REDIRECTS) throw new HttpProblem('leads from one address to the next without end', false);
      const next = URL.canParse(headers.location, url.href) ? new URL(headers.location, url) : undefined;
      if (!next || !['http:', 'https:'].includes(next.protocol)) {
        throw new HttpProblem(`leads to "${headers.location}", which is no address`, false);
      }
      if (url.protocol === 'https:' && next.protocol === 'http:') {
        throw new HttpProblem(`leads from a safe connection to an unsafe one (${next.host})`, false);
      }
      url = next;
      continue;
    }
    const meaning = status === 404 || status === 410 ? 'the file is not there any more' : `status ${status}`;
    const patience = Number(headers['retry-after']);
    throw new HttpProblem(`answers: ${meaning}`, TRANSIENT.has(status), {
      retryAfterMs: Number.isFinite(patience) ? patience * 1000 : undefined,
    });
  }
}

async function ask(url: URL, options: HttpOptions): Promise<HttpResponse> {
  const { signal, stallMs = STALL_MS, proxyFor = proxyFromEnvironment } = options;
  signal?.throwIfAborted();
  const proxy = await proxyFor(url);
  // Compressed, ranges would not be those of the file.
  const headers = { 'user-agent': 'Madder', accept: '*/*', 'accept-encoding': 'identity', ...options.headers };
  const patience = new Patience(stallMs, signal);
  try {
    const message = await patience.answer(
      proxy === undefined || url.protocol === 'http:'
        ? direct(url, headers, proxy)
        : tunnelled(url, headers, patience.own(throughTunnel(url, await tunnel(url, proxy, patience)))),
    );
    const encoding = message.headers['content-encoding'] ?? 'identity';
    if (encoding !== 'identity') {
      message.destroy();
      throw new HttpProblem(`sends the file in another form (${encoding})`, false);
    }
    return {
      status: message.statusCode ?? 0,
      headers: message.headers,
      url: url.href,
      body: () => patience.pieces(message),
      cancel: () => {
        message.destroy();
        patience.end();
      },
    };
  } catch (error) {
    patience.end();
    throw error;
  }
}

/** A request to the host itself; to a proxy, for http, by the whole address. */
function direct(url: URL, headers: Record<string, string>, proxy: URL | undefined): ClientRequest {
  if (!proxy) return (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, { headers });
  const { request, options } = toProxy(proxy);
  return request({ ...options, path: url.href, headers: { host: url.host, ...authorization(proxy), ...headers } });
}

const tunnelled = (url: URL, headers: Record<string, string>, socket: Duplex): ClientRequest =>
  httpsRequest(url, { headers, createConnection: () => socket });

/** TLS with the address's host over a connection through the proxy. */
function throughTunnel(url: URL, socket: Duplex): Duplex {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  // Certificates are checked against the host; as a server's name, TLS allows names only.
  return tlsConnect({ socket, host, ...(isIP(host) ? {} : { servername: host }) });
}

/** A connection through the proxy to the address's host, for https to be spoken over it. */
async function tunnel(url: URL, proxy: URL, patience: Patience): Promise<Duplex> {
  const target = `${url.hostname}:${url.port || 443}`;
  const { request, options } = toProxy(proxy);
  const asking = request({
    ...options,
    method: 'CONNECT',
    path: target,
    agent: false,
    headers: { host: target, ...authorization(proxy) },
  });
  return patience.connection(asking);
}

function toProxy(proxy: URL): { request: typeof httpsRequest; options: RequestOptions } {
  const secure = proxy.protocol === 'https:';
  const port = proxy.port || (secure ? 443 : 80);
  const hostname = proxy.hostname.replace(/^\[|\]$/g, '');
  return { request: secure ? httpsRequest : httpRequest, options: { hostname, port } };
}

function authorization({ username, password }: URL): Record<string, string> {
  if (username === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}

/** Gives a request up when it says nothing for too long, or when a signal says so. */
class Patience {
  readonly #stallMs: number;
  readonly #signal: AbortSignal | undefined;
  #timer: NodeJS.Timeout | undefined;
  #destroy: ((reason: Error) => void) | undefined;
  /** A connection that serves this request only. */
  #owned: Duplex | undefined;
  readonly #aborted = () => this.#destroy?.(this.#signal!.reason as Error);

  constructor(stallMs: number, signal: AbortSignal | undefined) {
    this.#stallMs = stallMs;
    this.#signal = signal;
    signal?.addEventListener('abort', this.#aborted);
  }

  own(connection: Duplex): Duplex {
    this.#owned = connection;
    return connection;
  }

  answer = (request: ClientRequest): Promise<IncomingMessage> => this.#hear(request, 'response');

  async connection(request: ClientRequest): Promise<Duplex> {
    const [message, socket] = await this.#hear<[IncomingMessage, Duplex]>(request, 'connect');
    if (message.statusCode === 200) return socket;
    socket.destroy();
    throw new HttpProblem(`is refused by the proxy (status ${message.statusCode})`, message.statusCode !== 407);
  }

  async *pieces(message: IncomingMessage): AsyncGenerator<Uint8Array, void> {
    this.#destroy = (reason) => message.destroy(reason);
    const iterator = message[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
    try {
      for (;;) {
        // Only the server is timed, not whoever takes the pieces.
        const { done, value } = await this.#timed(() => iterator.next());
        if (done) return;
        yield value;
      }
    } catch (error) {
      throw this.#explain(error);
    } finally {
      this.end();
      message.destroy();
    }
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#owned?.destroy();
    this.#signal?.removeEventListener('abort', this.#aborted);
  }

  async #hear<T>(request: ClientRequest, event: 'response' | 'connect'): Promise<T> {
    this.#destroy = (reason) => request.destroy(reason);
    // Errors that come after the answer reach its body; without a listener they would end the program.
    request.on('error', () => {});
    try {
      return await this.#timed(
        () =>
          new Promise<T>((resolve, reject) => {
            request.once(event, (...values: unknown[]) => resolve((event === 'connect' ? values : values[0]) as T));
            request.once('error', reject);
            request.end();
          }),
      );
    } catch (error) {
      throw this.#explain(error);
    }
  }

  async #timed<T>(wait: () => Promise<T>): Promise<T> {
    this.#signal?.throwIfAborted();
    this.#timer = setTimeout(() => {
      const seconds = Math.round(this.#stallMs / 1000);
      this.#destroy?.(new HttpProblem(`has said nothing for ${seconds} s`, true));
    }, this.#stallMs);
    try {
      return await wait();
    } finally {
      clearTimeout(this.#timer);
    }
  }

  #explain(error: unknown): unknown {
    if (this.#signal?.aborted) return this.#signal.reason;
    if (error instanceof HttpProblem) return error;
    const { code = '', message } = error as NodeJS.ErrnoException;
    const words: Readonly<Record<string, string>> = {
      ENOTFOUND: 'cannot be found; is this computer online?',
      EAI_AGAIN: 'cannot be found; is this computer online?',
      ECONNREFUSED: 'does not answer',
      EHOSTUNREACH: 'cannot be reached',
      ENETUNREACH: 'cannot be reached; is this computer online?',
      ETIMEDOUT: 'does not answer in time',
      ECONNRESET: 'broke the connection',
      EPIPE: 'broke the connection',
    };
    // A certificate that is not trusted will not be trusted on another try.
    const certificate = /CERT|SIGNATURE|ISSUER|SELF_SIGNED|ALTNAME/.test(code);
    const reason = certificate ? `has a certificate that is not trusted (${code})` : `failed (${code || message})`;
    return new HttpProblem(words[code] ?? reason, !certificate, { cause: error });
  }
}
