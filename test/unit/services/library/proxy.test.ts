import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer as createHttpServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { httpGet, HttpProblem } from '../../../../src/main/services/library/http.ts';
import { proxyFromEnvironment } from '../../../../src/main/services/library/proxy.ts';

describe('proxyFromEnvironment', () => {
  const proxy = (url: string, env: NodeJS.ProcessEnv) => proxyFromEnvironment(new URL(url), env)?.href;

  it.each<[string, string, NodeJS.ProcessEnv, string | undefined]>([
    ['nothing', 'https://a.org/x', {}, undefined],
    ['the protocol', 'https://a.org/x', { HTTPS_PROXY: 'http://p:1', HTTP_PROXY: 'http://q:2' }, 'http://p:1/'],
    ['the other protocol', 'http://a.org/x', { HTTPS_PROXY: 'http://p:1', HTTP_PROXY: 'http://q:2' }, 'http://q:2/'],
    ['small letters first', 'https://a.org/x', { https_proxy: 'http://p:1', HTTPS_PROXY: 'http://q:2' }, 'http://p:1/'],
    ['ALL_PROXY for the rest', 'https://a.org/x', { ALL_PROXY: 'http://p:1' }, 'http://p:1/'],
    ['a host without protocol', 'https://a.org/x', { HTTPS_PROXY: 'proxy.school:3128' }, 'http://proxy.school:3128/'],
    [
      'no HTTP_PROXY that a visitor set',
      'http://a.org/x',
      { HTTP_PROXY: 'http://p:1', REQUEST_METHOD: 'GET' },
      undefined,
    ],
    ['an exception', 'https://a.org/x', { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'b.org, a.org' }, undefined],
    ['a host below', 'https://x.a.org/x', { HTTPS_PROXY: 'http://p:1', NO_PROXY: '.a.org' }, undefined],
    ['not a host that ends alike', 'https://ba.org/x', { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'a.org' }, 'http://p:1/'],
    ['a port', 'https://a.org/x', { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'a.org:8080' }, 'http://p:1/'],
    ['its port', 'https://a.org/x', { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'a.org:443' }, undefined],
    ['everything', 'https://a.org/x', { HTTPS_PROXY: 'http://p:1', NO_PROXY: '*' }, undefined],
    ['IPv6', 'http://[::1]:80/x', { HTTP_PROXY: 'http://p:1', NO_PROXY: '::1' }, undefined],
  ])('follows %s', (_what, url, env, expected) => {
    expect(proxy(url, env)).toBe(expected);
  });

  it('refuses what is no proxy of the web', () => {
    expect(() => proxy('https://a.org/', { HTTPS_PROXY: 'socks5://p:1' })).toThrow(/"socks5:\/\/p:1".*cannot use/);
  });
});

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** A proxy that leads everything to this computer, and remembers what it was asked. */
async function startProxy(): Promise<{ url: URL; asked: string[]; tunnels: Socket[] }> {
  const asked: string[] = [];
  const tunnels: Socket[] = [];
  const server = createHttpServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers['proxy-authorization'] ?? ''}`.trim());
    response.end('through the proxy');
  });
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    asked.push(`${request.method} ${request.url}`);
    tunnels.push(socket);
    const target = connect(Number(request.url!.split(':')[1]), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(target).pipe(socket);
    });
    target.on('error', () => socket.destroy());
    socket.on('error', () => target.destroy());
    // What is not read any more would not say that it ended either.
    target.on('close', () => socket.resume());
    socket.on('end', () => socket.destroy());
  });
  return { url: new URL(`http://127.0.0.1:${await listen(server)}`), asked, tunnels };
}

async function text(address: string, proxy: URL): Promise<string> {
  const response = await httpGet(address, { proxyFor: () => proxy, stallMs: 5000 });
  const pieces: Uint8Array[] = [];
  for await (const piece of response.body()) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

describe('a proxy', () => {
  it('is asked for http by the whole address, with the password that it wants', async () => {
    const { url, asked } = await startProxy();
    url.username = 'ann';
    url.password = 's%20t';
    expect(await text('http://weights.example/vgg.pth', url)).toBe('through the proxy');
    expect(asked).toEqual([`GET http://weights.example/vgg.pth Basic ${Buffer.from('ann:s t').toString('base64')}`]);
  });

  it('lets https through without reading it', async ({ skip }) => {
    const folder = await mkdtemp(join(tmpdir(), 'madder-tls-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    try {
      const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
      const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert];
      execFileSync('openssl', [...args, ...subject], { stdio: 'ignore' });
    } catch {
      await rm(folder, { recursive: true });
      return skip();
    }
    const pair = { key: await readFile(key), cert: await readFile(cert) };
    await rm(folder, { recursive: true });
    const secure = createHttpsServer(pair, (_request, response) => void response.end('a secret'));
    const port = await listen(secure);
    const { url, asked, tunnels } = await startProxy();
    const address = `https://localhost:${port}/vgg.pth`;
    // Nobody vouches for the certificate.
    await expect(text(address, url)).rejects.toThrow(/certificate that is not trusted/);
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      expect(await text(address, url)).toBe('a secret');
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    }
    expect(asked).toEqual([`CONNECT localhost:${port}`, `CONNECT localhost:${port}`]);
    // Nothing stays open that would keep the program from ending.
    await expect.poll(() => tunnels.map((socket) => socket.destroyed)).toEqual([true, true]);
  });

  it('that refuses is named', async () => {
    const server = createHttpServer();
    server.on('connect', (_request, socket: Socket) => socket.end('HTTP/1.1 407 Who are you?\r\n\r\n'));
    const proxy = new URL(`http://127.0.0.1:${await listen(server)}`);
    const refused = text('https://weights.example/vgg.pth', proxy);
    await expect(refused).rejects.toThrow(HttpProblem);
    await expect(refused).rejects.toThrow(/refused by the proxy \(status 407\)/);
  });
});
