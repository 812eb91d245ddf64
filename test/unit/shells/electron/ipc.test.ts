/** What the desktop window may say: who says it, and 10,000 messages that are not of the contract. */
import { mkdir, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, it, vi } from 'vitest';
import { handleMessages } from '../../../../src/main/shells/electron/ipc.ts';
import { MadderError } from '../../../../src/shared/errors.ts';
import { CHANNELS } from '../../../../src/shared/studio/channels.ts';
import { problemSchema, type Answer } from '../../../../src/shared/studio/contract.ts';
import { FakeProgram } from '../../../support/fake-program.ts';
import { anyValue, malformedCall } from '../../../support/malformed.ts';
import { Random } from '../../../support/random.ts';

type Listener = (event: object, ...args: unknown[]) => Promise<Answer<unknown>>;
const listeners = vi.hoisted(() => new Map<string, unknown>());
vi.mock('electron', () => ({
  ipcMain: { handle: (channel: string, listener: unknown) => listeners.set(channel, listener) },
  protocol: {},
}));

const program = new FakeProgram();
const defects: unknown[] = [];
const mainFrame = { url: 'madder://studio/index.html' };
const contents = { mainFrame };
handleMessages({ program, contents: () => contents as never, onDefect: (error) => defects.push(error) });
const own = { sender: contents, senderFrame: mainFrame };
const say = (channel: string, ...args: unknown[]) => (listeners.get(channel) as Listener)(own, ...args);
const messageOf = (answer: Answer<unknown>) => (answer.ok ? undefined : answer.problem.message);

it('has one channel per concern', () => {
  expect([...listeners.keys()]).toEqual([CHANNELS.call, CHANNELS.upload]);
});

it('answers its own window, with what was asked or what went wrong', async () => {
  program.answers.diagnostics = { text: 'fine' };
  expect(await say(CHANNELS.call, 'diagnostics', {})).toEqual({ ok: true, value: { text: 'fine' } });
  program.answers.diagnostics = new MadderError('output', 'The disk is full.');
  expect(await say(CHANNELS.call, 'diagnostics', {})).toEqual({
    ok: false,
    problem: { kind: 'output', message: 'The disk is full.' },
  });
  program.answers.diagnostics = new RangeError('defect');
  expect(await say(CHANNELS.call, 'diagnostics', {})).toEqual({
    ok: false,
    problem: { kind: 'defect', message: 'defect' },
  });
  expect(defects.splice(0)).toEqual([program.answers.diagnostics]);
});

it('takes files as bytes with a name, and leaves nothing behind', async () => {
  await mkdir(tmpdir(), { recursive: true });
  const leftOver = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('madder-upload-'));
  const before = await leftOver();
  const answer = await say(CHANNELS.upload, new Uint8Array([1, 2, 3]).buffer, 'sea.png');
  expect(answer).toMatchObject({ ok: true, value: { picture: { name: 'sea.png' } } });
  expect(program.asked.splice(0).at(-1)).toEqual({ upload: 'sea.png', bytes: Buffer.from([1, 2, 3]) });
  for (const name of ['../sea.png', 'a/b', '', '..', 'a\0', 7, null]) {
    expect((await say(CHANNELS.upload, new ArrayBuffer(1), name)).ok, String(name)).toBe(false);
  }
  for (const bytes of [null, 'text', [1, 2], { byteLength: 3 }, undefined]) {
    expect((await say(CHANNELS.upload, bytes, 'sea.png')).ok).toBe(false);
  }
  expect(program.asked).toEqual([]);
  expect(await leftOver()).toEqual(before);
});

it('answers nobody else', async () => {
  const others = [
    { sender: contents, senderFrame: { url: mainFrame.url } },
    { sender: contents, senderFrame: null },
    { sender: { mainFrame }, senderFrame: mainFrame },
  ];
  for (const event of others) {
    const answer = await (listeners.get(CHANNELS.call) as Listener)(event, 'snapshot', {});
    expect(messageOf(answer)).toBe('Only the window of Madder may ask.');
  }
  const before = mainFrame.url;
  for (const url of ['https://evil.example/', 'madder://studio.evil.example/', 'madder://other/', 'file:///etc', '']) {
    mainFrame.url = url;
    expect((await say(CHANNELS.call, 'snapshot', {})).ok, url).toBe(false);
  }
  mainFrame.url = before;
  expect(program.asked).toEqual([]);
});

it('refuses 10,000 malformed messages with a sentence each, and is as before', async () => {
  const random = new Random(20261123);
  for (let k = 0; k < 10_000; k++) {
    const { method, request } = malformedCall(random);
    const args = [method, request];
    switch (random.integer(0, 9)) {
      case 0:
        args.length = random.integer(0, 1);
        break;
      case 1:
        args.push(anyValue(random));
        break;
      case 2:
        args[0] = anyValue(random);
        // Not by chance the name of a method with the right request.
        args[1] = [request];
        break;
      case 3:
        args[1] = random.pick<unknown>([
          undefined,
          NaN,
          10n,
          () => 1,
          Symbol('s'),
          { surplus: new Map() },
          [new Date()],
        ]);
    }
    const answer = await say(k % 10 === 9 ? CHANNELS.upload : CHANNELS.call, ...args);
    const problem = problemSchema.parse(answer.ok ? undefined : answer.problem);
    expect(problem.kind).toBe('input');
    expect(problem.message.length).toBeLessThan(400);
  }
  expect(program.asked).toEqual([]);
  expect(defects).toEqual([]);
  program.answers.diagnostics = { text: 'still fine' };
  expect(await say(CHANNELS.call, 'diagnostics', {})).toEqual({ ok: true, value: { text: 'still fine' } });
});
