/** `npm run web` and `npm start` as they are built: the address they print, what it opens, and how they end. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { chromiumPath } from '../support/chromium.ts';

const ROOT = join(import.meta.dirname, '../..');
const WEB = join(ROOT, 'dist/src/main/shells/web/main.js');
const START = join(ROOT, 'dist/src/main/shells/start.js');
const BUILT = [WEB, START, join(ROOT, 'dist/renderer/index.html')].every((path) => existsSync(path));

let folder: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'madder-web-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

function run(script: string, ...args: string[]) {
  const env = { ...process.env, DISPLAY: '', WAYLAND_DISPLAY: '' };
  const child = spawn(process.execPath, [script, '--no-open', '--data', folder, ...args], { env });
  children.push(child);
  const said = { out: '', err: '' };
  child.stdout.on('data', (text: Buffer) => (said.out += text.toString()));
  child.stderr.on('data', (text: Buffer) => (said.err += text.toString()));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const address = () =>
    vi.waitFor(() => /http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{43}/.exec(said.out)![0], {
      timeout: 60_000,
      interval: 50,
    });
  return { child, said, ended, address };
}

describe.skipIf(!BUILT)('the browser shell', () => {
  it('prints its address, serves the window, and ends in good order', async () => {
    const { child, said, ended, address } = run(WEB);
    const { origin, hash } = new URL(await address());
    expect(said.out.trim().split('\n')).toHaveLength(1);
    expect(await (await fetch(origin)).text()).toContain('<title>Madder');
    const snapshot = await fetch(`${origin}/api/snapshot`, {
      method: 'POST',
      headers: { origin, 'x-madder-token': hash.slice('#token='.length) },
      body: '{}',
    });
    expect(await snapshot.json()).toMatchObject({ ok: true, value: { shell: 'browser' } });
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(said.err).toBe('');
    expect(existsSync(join(folder, '.madder-lock'))).toBe(false);
  });

  it.skipIf(!chromiumPath())('shows the window without a complaint about its strict policy', async () => {
    const { address } = run(WEB);
    const browser = await chromium.launch({ executablePath: chromiumPath()!, args: ['--no-sandbox'] });
    try {
      const page = await browser.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())));
      page.on('pageerror', (error) => complaints.push(String(error)));
      await page.goto(await address());
      await expect.poll(() => page.locator('img').count(), { timeout: 20_000 }).toBeGreaterThan(3);
      const broken = () => page.evaluate(`[...document.images].filter((image) => !image.naturalWidth).length`);
      await expect.poll(broken, { timeout: 20_000 }).toBe(0);
      // The token is taken out of the address.
      expect(page.url()).not.toContain('token');
      expect(complaints).toEqual([]);
    } finally {
      await browser.close();
    }
  });

  it('ends by itself when it was told to and nobody is there', async () => {
    const { ended, address } = run(WEB, '--idle-minutes', '0.02');
    await address();
    expect(await ended).toBe(0);
  });

  it('says in one sentence what it cannot do', async () => {
    const wrong = run(WEB, '--port', '70000');
    expect(await wrong.ended).toBe(1);
    expect(wrong.said.err).toContain('give a number from 0 to 65535');
    const first = run(WEB);
    const { port } = new URL(await first.address());
    const second = spawn(process.execPath, [WEB, '--no-open', '--data', join(folder, 'other'), '--port', port]);
    children.push(second);
    let error = '';
    second.stderr.on('data', (text: Buffer) => (error += text.toString()));
    expect(await new Promise((resolve) => second.on('close', resolve))).toBe(1);
    expect(error).toBe(`madder: Port ${port} is in use; choose another one with --port.\n`);
  });

  it.runIf(process.platform === 'linux')('is what npm start opens where there can be no window', async () => {
    const { said, address } = run(START);
    await address();
    expect(said.out.split('\n')[0]).toBe('madder: There is no display; Madder opens in the browser instead.');
  });
});
