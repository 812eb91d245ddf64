import type {
  Answer,
  AssetKind,
  Imported,
  MethodName,
  StudioEvent,
  StudioTransport,
} from '../../shared/studio/contract.ts';

/** Header and WebSocket protocol prefix under which the browser shell expects the token of its address. */
const TOKEN_HEADER = 'x-madder-token';
const TOKEN_PROTOCOL = 'madder.';
const TOKEN_KEY = 'madder-token';

const FIRST_RETRY = 500;
const LONGEST_RETRY = 10_000;

/**
 * The token that the shell put into the address, as a fragment, which no server log ever sees. It moves to the session's
 * storage, so that it is neither bookmarked nor shared with a copied address, and survives a reload.
 */
export function takeToken(): string {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given) {
    sessionStorage.setItem(TOKEN_KEY, given);
    history.replaceState(history.state, '', location.pathname + location.search);
  }
  return given ?? sessionStorage.getItem(TOKEN_KEY) ?? '';
}

/** Reaches a program that serves this very page: requests over HTTP, events over a WebSocket that is renewed when it breaks. */
export function browserTransport(token: string): StudioTransport {
  const events = new Set<(event: StudioEvent) => void>();
  const connections = new Set<(connected: boolean) => void>();
  let wait = FIRST_RETRY;
  let connected: boolean | undefined;
  const turn = (now: boolean): void => {
    if (connected === now) return;
    connected = now;
    for (const listener of connections) listener(now);
  };

  const connect = (): void => {
    const address = new URL('/events', location.href);
    address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(address, `${TOKEN_PROTOCOL}${token}`);
    socket.addEventListener('open', () => {
      wait = FIRST_RETRY;
      turn(true);
    });
    socket.addEventListener('message', ({ data }) => {
      const event = JSON.parse(String(data)) as StudioEvent;
      for (const listener of events) listener(event);
    });
    socket.addEventListener('close', () => {
      turn(false);
      setTimeout(connect, wait);
      wait = Math.min(LONGEST_RETRY, wait * 2);
    });
  };
  connect();

  const answer = async <T>(path: string, body: BodyInit, type: string): Promise<Answer<T>> => {
    try {
      const response = await fetch(path, {
        method: 'POST',
        headers: { [TOKEN_HEADER]: token, 'content-type': type },
        body,
      });
      return (await response.json()) as Answer<T>;
    } catch {
      return unreachable;
    }
  };

  return {
    call: (method: MethodName, request: unknown) =>
      answer<never>(`/api/${method}`, JSON.stringify(request), 'application/json'),
    upload: (file, name) =>
      answer<Imported>(`/upload?name=${encodeURIComponent(name)}`, file, 'application/octet-stream'),
    // Pictures are also fetched by `<img>`, which cannot send headers.
    assetUrl: (kind: AssetKind, id: string, version?: number) =>
      `/asset/${kind}/${encodeURIComponent(id)}?${new URLSearchParams({
        ...(version === undefined ? {} : { v: String(version) }),
        token,
      })}`,
    subscribe: (listener) => subscription(events, listener),
    onConnection: (listener) => {
      if (connected === false) listener(false);
      return subscription(connections, listener);
    },
  };
}

const unreachable: Answer<never> = {
  ok: false,
  problem: { kind: 'runtime', message: 'Madder does not answer; check that it is still running.' },
};

function subscription<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}
