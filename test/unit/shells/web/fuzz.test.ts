/** 10,000 messages that are not of the contract: each is refused with a sentence, and none reaches the program. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { WebServer } from '../../../../src/main/shells/web/server.ts';
import { problemSchema } from '../../../../src/shared/studio/contract.ts';
import { FakeProgram } from '../../../support/fake-program.ts';
import { ASSET_TRICKS, malformedCall, PATH_TRICKS } from '../../../support/malformed.ts';
import { Random } from '../../../support/random.ts';
import { rawBytes, rawRequest, type RawAnswer } from '../../../support/raw-request.ts';

const CALLS = 9_400;
const ADDRESSES = 400;
const RAW = 200;

it('refuses 10,000 malformed messages and is as before', async () => {
  const files = await mkdtemp(join(tmpdir(), 'madder-fuzz-'));
  await writeFile(join(files, 'index.html'), 'the window');
  const program = new FakeProgram();
  const defects: unknown[] = [];
  const server = await WebServer.start(program, { files, onDefect: (error) => defects.push(error) });
  const { port: own, origin, hash } = new URL(server.address);
  const port = Number(own);
  const token = hash.slice('#token='.length);
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const random = new Random(20261123);
  const statuses = new Map<number, number>();

  const expectRefusal = ({ status, text }: RawAnswer, what: string) => {
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    expect(status, what).toBeGreaterThanOrEqual(400);
    expect(status, what).toBeLessThan(500);
    const body = JSON.parse(text) as { ok: boolean; problem: unknown };
    expect(body.ok, what).toBe(false);
    const problem = problemSchema.parse(body.problem);
    expect(problem.kind, what).toBe('input');
    expect(problem.message.length, what).toBeLessThan(400);
  };

  /** A call as it should not be: by its name, its JSON, its bytes, or who sends it. */
  const wrongCall = async () => {
    const { method, request } = malformedCall(random);
    const headers: Record<string, string> = { origin, 'x-madder-token': token };
    let body: string | Uint8Array = JSON.stringify(request) ?? '';
    const path = `/api/${encodeURIComponent(String(method)).slice(0, 6000)}`;
    switch (random.integer(0, 9)) {
      case 0:
        body = body.slice(0, random.integer(0, Math.max(0, body.length - 1)));
        break;
      case 1:
        body = Uint8Array.from({ length: random.integer(0, 200) }, () => random.integer(0, 255));
        break;
      case 2:
        headers.origin = random.pick(['http://evil.example', 'null', 'file://', `${origin}.evil.example`]);
        break;
      case 3:
        headers['x-madder-token'] = random.pick(['', token.slice(1), token.toUpperCase(), 'x'.repeat(43)]);
        break;
      case 4:
        headers.host = random.pick(['evil.example', `localhost:${port}`, '127.0.0.1', `[::1]:${port}`]);
    }
    return { answer: await rawRequest(port, path, { method: 'POST', headers, body, agent }), what: `${path} ${body}` };
  };

  for (let k = 0; k < CALLS; k += 4) {
    for (const { answer, what } of await Promise.all([wrongCall(), wrongCall(), wrongCall(), wrongCall()])) {
      expectRefusal(answer, what);
    }
  }
  const junk = () =>
    Array.from({ length: random.integer(0, 12) }, () =>
      random.pick(['..', '%2e', '/', '\\', 'a', '%00', '%25', ':']),
    ).join('');
  for (let k = 0; k < ADDRESSES; k++) {
    const path =
      k % 2 === 0
        ? `${random.pick(PATH_TRICKS)}${junk()}`
        : `/asset/${random.pick(ASSET_TRICKS)}${junk()}?token=${token}`;
    const sendable = encodeURI(path).replaceAll('%25', '%');
    expectRefusal(await rawRequest(port, sendable, { agent }), sendable);
  }
  for (let k = 0; k < RAW; k++) {
    const bytes = Uint8Array.from({ length: random.integer(1, 400) }, () => random.integer(0, 255));
    const head = random.pick([
      '',
      'GET /\r\n',
      'GET / HTTP/1.1\r\nHost: ',
      `POST /api/snapshot HTTP/1.1\r\n`,
      'GET /events HTTP/1.1\r\nUpgrade: ',
    ]);
    const answer = await rawBytes(port, Buffer.concat([Buffer.from(head), bytes]));
    expect(answer === '' || /^HTTP\/1\.1 4\d\d /.test(answer), answer).toBe(true);
  }

  expect(program.asked).toEqual([]);
  expect(defects).toEqual([]);
  expect((await rawRequest(port, '/')).text).toBe('the window');
  program.answers.diagnostics = { text: 'fine' };
  const still = await rawRequest(port, '/api/diagnostics', {
    method: 'POST',
    body: '{}',
    headers: { origin, 'x-madder-token': token },
  });
  expect(JSON.parse(still.text)).toEqual({ ok: true, value: { text: 'fine' } });
  console.log(
    `refused: ${[...statuses]
      .sort(([a], [b]) => a - b)
      .map(([status, n]) => `${n} × ${status}`)
      .join(', ')}, ${RAW} × raw bytes`,
  );
  agent.destroy();
  await server.close();
  await rm(files, { recursive: true });
});
