/** Events of the program for the windows that are connected, over one WebSocket each. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import type { StudioEvent } from '../../../shared/studio/contract.ts';
import { encodeJson } from './bodies.ts';

/** Events that a newer one of their kind replaces: a window that is slow does without them. */
const PASSING: ReadonlySet<StudioEvent['type']> = new Set(['progress', 'tile', 'preview', 'detail', 'download']);

export interface EventLimits {
  /** Between pings; a window that has not answered the last one is gone. */
  readonly pingMs: number;
  /** Unsent bytes from which on passing events are left out. */
  readonly slowBytes: number;
  /** Unsent bytes at which a window is given up; it connects again and asks how things stand. */
  readonly stuckBytes: number;
}

export class EventSockets {
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: 1024, perMessageDeflate: false });
  readonly #limits: EventLimits;
  readonly #answered = new WeakSet<WebSocket>();
  readonly #pings: NodeJS.Timeout;

  constructor(limits: EventLimits) {
    this.#limits = limits;
    this.#pings = setInterval(() => this.#ping(), limits.pingMs);
  }

  /** Windows that are connected. */
  get count(): number {
    return this.#server.clients.size;
  }

  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (client) => {
      this.#answered.add(client);
      client.on('pong', () => this.#answered.add(client));
      // Nothing is to be said here: requests go their own way.
      client.on('message', () => client.close(1008));
      client.on('error', () => client.terminate());
    });
  }

  send(event: StudioEvent): void {
    if (this.count === 0) return;
    const text = encodeJson(event);
    for (const client of this.#server.clients) {
      if (client.readyState !== WebSocket.OPEN) continue;
      if (client.bufferedAmount > this.#limits.stuckBytes) client.terminate();
      else if (client.bufferedAmount < this.#limits.slowBytes || !PASSING.has(event.type)) client.send(text);
    }
  }

  close(): void {
    clearInterval(this.#pings);
    for (const client of this.#server.clients) client.close(1001);
    this.#server.close();
  }

  #ping(): void {
    for (const client of this.#server.clients) {
      if (!this.#answered.delete(client)) client.terminate();
      else client.ping();
    }
  }
}
