// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { browserTransport, takeToken } from '../../../src/renderer/transport/browser.ts';

class FakeSocket extends EventTarget {
  static readonly opened: FakeSocket[] = [];
  readonly url: string;
  readonly protocol: string;
  constructor(url: URL | string, protocol: string) {
    super();
    this.url = String(url);
    this.protocol = protocol;
    FakeSocket.opened.push(this);
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.opened.length = 0;
  vi.stubGlobal('WebSocket', FakeSocket);
  sessionStorage.clear();
  location.href = 'http://127.0.0.1:4000/';
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('the browser transport', () => {
  test('takes the token out of the address and remembers it for a reload', () => {
    location.hash = '#token=secret';
    expect(takeToken()).toBe('secret');
    expect(location.hash).toBe('');
    expect(takeToken()).toBe('secret');
  });

  test('sends the token as a header, and with pictures in the address', async () => {
    const fetched = vi.fn(async (..._: unknown[]) => new Response('{"ok":true,"value":{}}'));
    vi.stubGlobal('fetch', fetched);
    const transport = browserTransport('secret');
    expect(await transport.call('probeDevices', {})).toEqual({ ok: true, value: {} });
    expect(fetched.mock.calls[0]).toMatchObject(['/api/probeDevices', { headers: { 'x-madder-token': 'secret' } }]);
    expect(transport.assetUrl('preview', 'job-1', 3)).toBe('/asset/preview/job-1?v=3&token=secret');
  });

  test('says in a sentence that the program does not answer', async () => {
    vi.stubGlobal('fetch', async () => Promise.reject(new TypeError('failed')));
    expect(await browserTransport('x').call('probeDevices', {})).toMatchObject({ ok: false });
  });

  test('hands on events, and connects again when the connection breaks, ever more patiently', () => {
    const transport = browserTransport('secret');
    const events: unknown[] = [];
    const connections: boolean[] = [];
    transport.subscribe((event) => events.push(event));
    transport.onConnection((connected) => connections.push(connected));
    const [socket] = FakeSocket.opened;
    expect([socket!.url, socket!.protocol]).toEqual(['ws://127.0.0.1:4000/events', 'madder.secret']);
    socket!.dispatchEvent(new Event('open'));
    socket!.dispatchEvent(new MessageEvent('message', { data: '{"type":"weighed","job":"j","evaluation":1}' }));
    expect(events).toEqual([{ type: 'weighed', job: 'j', evaluation: 1 }]);

    socket!.dispatchEvent(new Event('close'));
    vi.advanceTimersByTime(500);
    expect(FakeSocket.opened).toHaveLength(2);
    FakeSocket.opened[1]!.dispatchEvent(new Event('close'));
    vi.advanceTimersByTime(500);
    expect(FakeSocket.opened).toHaveLength(2);
    vi.advanceTimersByTime(500);
    expect(FakeSocket.opened).toHaveLength(3);
    expect(connections).toEqual([true, false]);
  });
});
