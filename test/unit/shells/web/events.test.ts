import { once } from 'node:events';
import { connect } from 'node:net';
import { beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { WebServer, type Limits } from '../../../../src/main/shells/web/server.ts';
import type { StudioEvent } from '../../../../src/shared/studio/contract.ts';
import { FakeProgram, previewEvent, queueEvent } from '../../../support/fake-program.ts';

const program = new FakeProgram();
let server: WebServer;
let port: number;
let token: string;

async function start(limits: Partial<Limits> = {}): Promise<void> {
  server = await WebServer.start(program, { files: '/nowhere', limits });
  const address = new URL(server.address);
  port = Number(address.port);
  token = address.hash.slice('#token='.length);
}

beforeEach(() => () => server.close());

const origin = () => `http://127.0.0.1:${port}`;
const open = (headers: Record<string, string> = {}, protocol = `madder.${token}`, path = '/events') =>
  new WebSocket(`ws://127.0.0.1:${port}${path}`, protocol, { headers: { origin: origin(), ...headers } });

/** The status that a connection is refused with. */
const refused = (socket: WebSocket) =>
  new Promise((resolve) => {
    socket.on('error', () => {});
    socket.on('unexpected-response', (_, { statusCode }) => resolve(statusCode));
    socket.on('open', () => resolve('open'));
  });

function collect(socket: WebSocket): StudioEvent[] {
  const events: StudioEvent[] = [];
  socket.on('message', (data) => events.push(JSON.parse((data as Buffer).toString()) as StudioEvent));
  return events;
}

describe('the event socket', () => {
  it('carries events to every window, and to those that connect again', async () => {
    await start();
    const [first, second] = [open(), open()];
    const heard = [collect(first), collect(second)];
    await Promise.all([once(first, 'open'), once(second, 'open')]);
    expect(server.windows).toBe(2);
    program.emit(queueEvent(['a']));
    await expect.poll(() => heard).toEqual([[queueEvent(['a'])], [queueEvent(['a'])]]);
    first.terminate();
    await expect.poll(() => server.windows).toBe(1);
    const again = open();
    const heardAgain = collect(again);
    await once(again, 'open');
    program.emit(queueEvent(['b']));
    await expect.poll(() => heardAgain).toEqual([queueEvent(['b'])]);
  });

  it('is there again after the program was, on the same port', async () => {
    await start();
    const first = open();
    await once(first, 'open');
    const gone = once(first, 'close');
    await server.close();
    expect((await gone)[0]).toBe(1001);
    server = await WebServer.start(program, { files: '/nowhere', port });
    // The token of the start before does not open this one.
    expect(await refused(open())).toBe(401);
    token = new URL(server.address).hash.slice('#token='.length);
    expect(await refused(open())).toBe('open');
  });

  it('opens only for the own page with the token of this start', async () => {
    await start();
    expect(await refused(open({ origin: 'http://evil.example' }))).toBe(403);
    expect(await refused(open({ host: 'evil.example' }))).toBe(421);
    expect(await refused(open({}, 'madder.wrong'))).toBe(401);
    expect(await refused(open({}, token))).toBe(401);
    expect(await refused(open({}, `madder.${token}`, '/other'))).toBe(404);
    const without = new WebSocket(`ws://127.0.0.1:${port}/events`, `madder.${token}`);
    expect(await refused(without)).toBe(403);
    expect(server.windows).toBe(0);
  });

  it('listens to nothing', async () => {
    await start();
    const socket = open();
    await once(socket, 'open');
    socket.send('{"method":"snapshot"}');
    expect((await once(socket, 'close'))[0]).toBe(1008);
    const flood = open();
    await once(flood, 'open');
    flood.send('x'.repeat(100_000));
    await once(flood, 'close');
    expect(program.asked).toEqual([]);
  });

  it('gives up windows that no longer answer', async () => {
    await start({ pingMs: 50 });
    const socket = open();
    await once(socket, 'open');
    // Still there after several pings.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(server.windows).toBe(1);
    socket.pong = () => {};
    (socket as unknown as { _socket: { pause(): void } })._socket.pause();
    await expect.poll(() => server.windows).toBe(0);
    socket.terminate();
  });

  it('leaves out previews for a slow window but no end of a job, and gives up a stuck one', async () => {
    await start({ slowBytes: 100_000, stuckBytes: 30_000_000, pingMs: 60_000 });
    // A client that reads nothing at first.
    const socket = connect(port, '127.0.0.1');
    socket.write(
      `GET /events HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nOrigin: ${origin()}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: madder.${token}\r\n\r\n`,
    );
    await once(socket, 'readable');
    socket.pause();
    await expect.poll(() => server.windows).toBe(1);
    const long = queueEvent(Array.from({ length: 20_000 }, (_, k) => `job-${k}-${'x'.repeat(40)}`));
    for (let k = 0; k < 10; k++) program.emit(long);
    for (let k = 1; k <= 100; k++) program.emit(previewEvent(k));
    program.emit(queueEvent(['last']));
    let text = socket.read()?.toString('latin1') ?? '';
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    socket.resume();
    await expect.poll(() => text.includes('"last"'), { timeout: 10_000 }).toBe(true);
    expect(text.match(/job-19999-/g)).toHaveLength(10);
    expect(text).not.toContain('"preview"');
    // Fast again: previews come too.
    await expect.poll(() => (program.emit(previewEvent(7)), text.includes('"preview":7'))).toBe(true);
    socket.pause();
    for (let k = 0; k < 60; k++) program.emit(long);
    expect(server.windows).toBeLessThanOrEqual(1);
    await expect.poll(() => (program.emit(queueEvent()), server.windows)).toBe(0);
    socket.destroy();
  });
});
