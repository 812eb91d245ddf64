import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { encodeJson } from '../../../../src/main/shells/web/bodies.ts';
import { WebServer } from '../../../../src/main/shells/web/server.ts';
import { MadderError } from '../../../../src/shared/errors.ts';
import { emptyDocument } from '../../../../src/shared/studio/document.ts';
import { FakeProgram } from '../../../support/fake-program.ts';
import { ASSET_TRICKS, PATH_TRICKS } from '../../../support/malformed.ts';
import { rawBytes, rawRequest, type RawRequest } from '../../../support/raw-request.ts';

const SHA = 'b'.repeat(64);
let folder: string;
let files: string;
let program: FakeProgram;
let server: WebServer;
let defects: unknown[] = [];
let port: number;
let token: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'madder-web-test-'));
  files = join(folder, 'renderer');
  await mkdir(join(files, 'assets'), { recursive: true });
  await writeFile(join(folder, 'package.json'), '{"secret": true}');
  await writeFile(join(folder, 'secret.json'), '{"secret": true}');
  await writeFile(join(files, 'index.html'), '<!doctype html><title>Madder</title>');
  await writeFile(join(files, 'assets', 'index-Ab3dE_9x.js'), 'export {};');
  await writeFile(join(files, 'readme'), 'no type');
  await symlink(join(folder, 'secret.json'), join(files, 'link-to-outside.json'));
  await symlink(folder, join(files, 'linked-folder'));
  await writeFile(join(folder, 'picture.png'), 'a picture');
});
afterAll(() => rm(folder, { recursive: true }));

beforeEach(async () => {
  program = new FakeProgram();
  defects = [];
  server = await WebServer.start(program, {
    files,
    onDefect: (error) => defects.push(error),
    limits: { requestBytes: 1000, uploadBytes: 100_000, headMs: 400, requestMs: 300, uploadMs: 800, connections: 50 },
  });
  const { port: own, hash } = new URL(server.address);
  port = Number(own);
  token = hash.slice('#token='.length);
  return () => server.close();
});

const origin = () => `http://127.0.0.1:${port}`;
const get = (path: string, options: RawRequest = {}) => rawRequest(port, path, options);
const post = (path: string, body: string | Uint8Array, headers: Record<string, string> = {}) =>
  rawRequest(port, path, { method: 'POST', body, headers: { origin: origin(), 'x-madder-token': token, ...headers } });
const problem = (text: string): { kind: string; message: string } =>
  (JSON.parse(text) as { ok: false; problem: { kind: string; message: string } }).problem;

describe('the window', () => {
  it('is served with strict headers', async () => {
    const { status, headers, text } = await get('/');
    expect(status).toBe(200);
    expect(text).toContain('<title>Madder');
    expect(headers['content-security-policy']).toBe(
      "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; " +
        `connect-src 'self' ws://127.0.0.1:${port}; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-cache',
    });
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });

  it('keeps files whose names hold their hash', async () => {
    const { headers } = await get('/assets/index-Ab3dE_9x.js');
    expect(headers['cache-control']).toContain('immutable');
    expect(headers['content-type']).toBe('text/javascript; charset=utf-8');
  });

  it('is only that folder: tricks with paths, links and unknown types lead nowhere', async () => {
    for (const path of [...PATH_TRICKS, '/readme']) {
      const { status, text } = await get(path);
      expect(status, path).toBeGreaterThanOrEqual(400);
      expect(text, path).not.toContain('secret');
    }
  });
});

describe('who may ask', () => {
  it('has a new token of 256 bits at every start', async () => {
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    const other = await WebServer.start(program, { files });
    expect(other.address).not.toContain(token);
    await other.close();
  });

  it('is not a site whose name leads here', async () => {
    for (const host of ['evil.example', `evil.example:${port}`, `localhost:${port}`, `127.0.0.1:${port + 1}`]) {
      const { status, text } = await get('/', { headers: { host } });
      expect([host, status]).toEqual([host, 421]);
      expect(problem(text).kind).toBe('input');
    }
    expect(await rawBytes(port, 'GET / HTTP/1.1\r\nHost:\r\n\r\n')).toMatch(/^HTTP\/1.1 421 /);
    expect(await rawBytes(port, 'GET / HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1.1 421 /);
  });

  it('is no other page', async () => {
    const foreign = [
      'http://evil.example',
      'null',
      `http://localhost:${port}`,
      `https://127.0.0.1:${port}`,
      `${origin()}1`,
    ];
    for (const from of foreign) {
      expect((await post('/api/snapshot', '{}', { origin: from })).status, from).toBe(403);
      expect((await get('/', { headers: { origin: from } })).status, from).toBe(403);
    }
    const without = { method: 'POST', body: '{}', headers: { 'x-madder-token': token } };
    expect((await rawRequest(port, '/api/snapshot', without)).status).toBe(403);
    expect(program.asked).toEqual([]);
  });

  it('knows the token', async () => {
    for (const wrong of ['', 'x', token.slice(1), `${token}x`, token.toLowerCase(), `${token.slice(0, -1)}?`]) {
      expect((await post('/api/snapshot', '{}', { 'x-madder-token': wrong })).status).toBe(401);
      expect((await get(`/asset/picture/${SHA}?token=${wrong}`)).status).toBe(401);
    }
    expect((await get(`/asset/picture/${SHA}`)).status).toBe(401);
    expect((await post('/upload?name=a.png', 'x', { 'x-madder-token': 'no' })).status).toBe(401);
    expect(program.asked).toEqual([]);
  });

  it('asks with GET and POST, for what there is', async () => {
    for (const method of ['PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE']) {
      expect((await rawRequest(port, '/api/snapshot', { method })).status).toBe(405);
    }
    expect((await get('/api/snapshot')).status).toBe(404);
    expect((await post('/api/__proto__', '{}')).status).toBe(404);
    expect((await post('/api/toString', '{}')).status).toBe(404);
    expect((await post('/', '{}')).status).toBe(404);
    expect(
      (await rawBytes(port, `GET http://evil.example/ HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)).slice(0, 12),
    ).toBe('HTTP/1.1 400');
  });
});

describe('requests', () => {
  it('reach the program checked, and come back as answers', async () => {
    program.answers.estimate = { seconds: 3, bytes: 1, availableBytes: 2, fits: true };
    const document = emptyDocument('network');
    const { status, text, headers } = await post('/api/estimate', JSON.stringify({ document }));
    expect(status).toBe(200);
    expect(headers['cache-control']).toBe('no-store');
    expect(JSON.parse(text)).toEqual({ ok: true, value: program.answers.estimate });
    expect(program.asked).toEqual([{ method: 'estimate', request: { document } }]);
  });

  it('say what went wrong, and defects to the person who runs it too', async () => {
    program.answers.pause = new MadderError('runtime', 'The device is gone.');
    expect(problem((await post('/api/pause', '{"job":"a"}')).text)).toEqual({
      kind: 'runtime',
      message: 'The device is gone.',
    });
    expect(defects).toEqual([]);
    program.answers.pause = new TypeError('x is undefined');
    expect(problem((await post('/api/pause', '{"job":"a"}')).text).kind).toBe('defect');
    expect(defects).toEqual([program.answers.pause]);
  });

  it('are refused where they are not of the contract, too long, or too slow', async () => {
    const wrong = await post('/api/pause', '{"job":"../x"}');
    expect([wrong.status, problem(wrong.text).message]).toEqual([
      400,
      'pause was asked wrongly (job: letters, digits, "-" and "_").',
    ]);
    expect((await post('/api/pause', 'not json')).status).toBe(400);
    expect((await post('/api/pause', Buffer.from([0x22, 0xff, 0x22]))).status).toBe(400);
    expect((await post('/api/pause', '')).status).toBe(400);
    const long = await post('/api/pause', `"${'x'.repeat(1000)}"`);
    expect([long.status, problem(long.text).message]).toEqual([413, 'More than 1 KiB are not taken at once.']);
    const head = `POST /api/pause HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nOrigin: ${origin()}\r\nX-Madder-Token: ${token}\r\n`;
    expect(await rawBytes(port, `${head}Content-Length: 20\r\n\r\n{"job"`, true)).toMatch(/^HTTP\/1.1 408 /);
    const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n${'400\r\n'.concat('x'.repeat(1024), '\r\n')}`;
    expect(await rawBytes(port, chunked, true)).toMatch(/^HTTP\/1.1 413 /);
    expect(program.asked).toEqual([]);
  });

  it('do not wait for slow heads', async () => {
    const start = performance.now();
    expect(await rawBytes(port, 'GET / HTTP/1.1\r\nHost: 127.0', true)).toMatch(/^HTTP\/1.1 408 /);
    expect(performance.now() - start).toBeLessThan(5000);
  });

  it('are not answered before they are made: browsers open connections that they may need', async () => {
    expect(await rawBytes(port, '', true)).toBe('');
  });

  it('choose no paths on the disk', async () => {
    const body = { result: 'r', options: exportOptions, path: '/tmp/x.png' };
    // Long enough to need the usual limit.
    const usual = await WebServer.start(program, { files });
    const at = new URL(usual.address);
    const { status } = await rawRequest(Number(at.port), '/api/exportResult', {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { origin: at.origin, 'x-madder-token': at.hash.slice('#token='.length) },
    });
    await usual.close();
    expect([status, program.asked]).toEqual([400, []]);
  });
});

describe('uploads', () => {
  const leftOver = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('madder-upload-'));

  it('are streamed to a file that is gone afterwards', async () => {
    const before = await leftOver();
    const bytes = Buffer.alloc(90_000, 7);
    const { text } = await post(`/upload?name=${encodeURIComponent('Möwe am Meer.png')}`, bytes);
    expect(JSON.parse(text)).toMatchObject({ ok: true, value: { picture: { name: 'Möwe am Meer.png' } } });
    expect(program.asked).toEqual([{ upload: 'Möwe am Meer.png', bytes }]);
    expect(problem((await post('/upload?name=a.png', '')).text).message).toBe('a.png is empty; choose a picture.');
    expect(await leftOver()).toEqual(before);
  });

  it('are refused where they are too large or their name is a path', async () => {
    const before = await leftOver();
    expect((await post('/upload?name=a.png', Buffer.alloc(100_001))).status).toBe(413);
    const head = `POST /upload?name=a HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nOrigin: ${origin()}\r\nX-Madder-Token: ${token}\r\n`;
    const chunk = `8000\r\n${'x'.repeat(0x8000)}\r\n`;
    const chunked = await rawBytes(port, `${head}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(5)}`, true);
    expect(chunked).toMatch(/^HTTP\/1.1 413 /);
    const names = ['', '..', '.', '../a', 'a/b', 'a\\b', 'a%00b', 'a%0ab', '%2e%2e%2fa', 'x'.repeat(256)];
    for (const name of names) expect((await post(`/upload?name=${name}`, 'x')).status, name).toBe(400);
    expect((await post('/upload', 'x')).status).toBe(400);
    expect(program.asked).toEqual([]);
    expect(await leftOver()).toEqual(before);
  });

  it('that never end are ended', async () => {
    const before = await leftOver();
    const head = `POST /upload?name=a HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nOrigin: ${origin()}\r\nX-Madder-Token: ${token}\r\n`;
    await rawBytes(port, `${head}Content-Length: 1000\r\n\r\nabc`, true);
    await expect.poll(leftOver).toEqual(before);
    expect(program.asked).toEqual([]);
  });
});

describe('pictures', () => {
  it('are sent with a mark, kept where the address has a version, and never run', async () => {
    program.assets.set('preview/job', { type: 'image/jpeg', content: Buffer.from('jpeg') });
    const address = `/asset/preview/job?token=${token}`;
    const first = await get(address);
    expect([first.status, first.text, first.headers['content-type']]).toEqual([200, 'jpeg', 'image/jpeg']);
    expect(first.headers['cache-control']).toBe('private, no-cache');
    expect(first.headers['content-security-policy']).toContain('sandbox');
    const etag = first.headers.etag!;
    expect((await get(address, { headers: { 'if-none-match': etag } })).status).toBe(304);
    program.assets.set('preview/job', { type: 'image/jpeg', content: Buffer.from('newer') });
    expect((await get(`${address}&v=2`, { headers: { 'if-none-match': etag } })).text).toBe('newer');
    expect((await get(`${address}&v=2`)).headers['cache-control']).toContain('immutable');
  });

  it('come from files, some with a name for the download', async () => {
    program.assets.set(`picture/${SHA}`, { type: 'image/png', content: join(folder, 'picture.png') });
    const { text, headers } = await get(`/asset/picture/${SHA}?token=${token}`);
    expect([text, headers['content-length']]).toEqual(['a picture', '9']);
    expect(headers['cache-control']).toContain('immutable');
    expect((await get(`/asset/picture/${SHA}?token=${token}`, { method: 'HEAD' })).text).toBe('');
    program.assets.set('download/x', { type: 'image/png', content: Buffer.from('x'), fileName: 'Möwe "1".png' });
    expect((await get(`/asset/download/x?token=${token}`)).headers['content-disposition']).toBe(
      "attachment; filename*=UTF-8''M%C3%B6we%20%221%22.png",
    );
  });

  it('that are not there, or gone, are not found', async () => {
    expect((await get(`/asset/result/none?token=${token}`)).status).toBe(404);
    program.assets.set('result/gone', { type: 'image/png', content: join(folder, 'gone.png') });
    expect((await get(`/asset/result/gone?token=${token}`)).status).toBe(404);
    expect(defects).toEqual([]);
  });

  it('have kinds and ids, not paths', async () => {
    for (const trick of ASSET_TRICKS) {
      const { status } = await get(`/asset/${trick}?token=${token}`);
      expect(status, trick).toBeGreaterThanOrEqual(400);
    }
    expect(program.asked).toEqual([]);
  });
});

it('says when its port is taken', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const taken = (other.address() as { port: number }).port;
  await expect(WebServer.start(program, { files, port: taken })).rejects.toThrow(
    `Port ${taken} is in use; choose another one with --port.`,
  );
  other.close();
});

it('carries numbers that are not finite through JSON', () => {
  const value = { loss: Infinity, low: -Infinity, word: 'Infinity', fine: 1.5 };
  expect(JSON.parse(encodeJson(value))).toEqual(value);
});

const exportOptions = {
  format: 'png',
  depth: 8,
  quality: 90,
  size: { unit: 'own' },
  dpi: 300,
  profile: 'srgb',
  exif: true,
  removePosition: false,
  recipe: true,
  nameTemplate: '{photo}',
  onConflict: 'number',
};
