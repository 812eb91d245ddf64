/** The desktop shell as it is built, over a stand-in for Electron: the window, its guards, and a picture painted in it. */
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Page } from 'playwright-core';
import type { MadderBridge } from '../../src/shared/studio/bridge.ts';
import type { Answer, Snapshot, StudioEvent } from '../../src/shared/studio/contract.ts';
import { chromiumPath } from '../support/chromium.ts';
import { app, standIn, type BrowserWindow } from '../support/electron-stand-in/index.ts';
import { ASSET_TRICKS, PATH_TRICKS } from '../support/malformed.ts';

vi.mock('electron', () => import('../support/electron-stand-in/index.ts'));

declare const madder: MadderBridge;

const ROOT = join(import.meta.dirname, '../..');
const MAIN = join(ROOT, 'dist/src/main/shells/electron/main.js');
const BUILT = ['dist/renderer/index.html', 'dist/preload/index.cjs'].every((path) => existsSync(join(ROOT, path)));
const SAMPLE = join(ROOT, 'resources/samples/photos');

let folder: string;
let window: BrowserWindow;
let page: Page;

/** Runs in the page, where `madder` is the bridge. */
const ask = (method: string, request: object): Promise<Answer<unknown>> =>
  page.evaluate(([name, given]) => madder.call(name as never, given as never), [method, request] as const);
const value = async <T>(method: string, request: object): Promise<T> => {
  const answer = await ask(method, request);
  if (!answer.ok) throw new Error(answer.problem.message);
  return answer.value as T;
};
const heard = (): Promise<StudioEvent[]> =>
  page.evaluate(() => (globalThis as unknown as { heard: StudioEvent[] }).heard);

describe.skipIf(!chromiumPath() || !BUILT || !existsSync(MAIN))('the desktop shell', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'madder-desktop-'));
    await mkdir(join(folder, 'exports'));
    await writeFile(join(folder, 'not-a-picture.png'), 'text');
    process.env['MADDER_DATA'] = join(folder, 'data');
    await import(/* @vite-ignore */ MAIN);
    standIn.ready();
    await vi.waitFor(() => expect(standIn.windows).toHaveLength(1), 60_000);
    window = standIn.windows[0]!;
    await vi.waitFor(() => expect(standIn.done).toContainEqual(['show']), 60_000);
    page = window.webContents.page.page;
    await page.evaluate(() => {
      const events: StudioEvent[] = [];
      (globalThis as unknown as { heard: StudioEvent[] }).heard = events;
      madder.subscribe((event) => events.push(event));
    });
  });
  afterAll(async () => {
    if (window) await window.webContents.page.close();
    await rm(folder, { recursive: true, force: true });
    await rm(standIn.home, { recursive: true, force: true });
  });

  it('opens one window, in a sandbox and without Node', () => {
    expect(window.options.webPreferences).toMatchObject({
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
    });
    expect(window.options.webPreferences!.preload).toBe(join(ROOT, 'dist/preload/index.cjs'));
    expect(standIn.done.map(([what]) => what)).toContain('enableSandbox');
    expect(standIn.schemes.map(({ scheme }) => scheme)).toEqual(['madder', 'madder-asset']);
    for (const { privileges } of standIn.schemes) expect(privileges).not.toHaveProperty('bypassCSP');
  });

  it('shows the window under a strict policy, without complaints', async () => {
    expect(window.webContents.mainFrame.url).toBe('madder://studio/');
    const { headers } = window.webContents.page;
    expect(headers['content-security-policy']).toContain("default-src 'self'; script-src 'self'; style-src 'self'");
    expect(headers['content-security-policy']).not.toContain('unsafe');
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cross-origin-opener-policy': 'same-origin' });
    await expect.poll(() => page.locator('img').count()).toBeGreaterThan(3);
    const broken = () => page.evaluate(`[...document.images].filter((image) => !image.naturalWidth).length`);
    await expect.poll(broken, { timeout: 20_000 }).toBe(0);
    expect(window.webContents.page.complaints).toEqual([]);
  });

  it('gives the page the bridge and nothing of Electron or Node', async () => {
    const names = await page.evaluate(() => Object.keys(madder).sort());
    expect(names).toEqual(['call', 'subscribe', 'upload']);
    const leaked = await page.evaluate(() =>
      ['require', 'process', 'Buffer', 'ipcRenderer', 'module', 'electron'].filter((name) => name in globalThis),
    );
    expect(leaked).toEqual([]);
  });

  it('refuses what is not of the contract, and paths that nobody chose', async () => {
    expect(await ask('pause', { job: '../x' })).toMatchObject({ ok: false, problem: { kind: 'input' } });
    expect(await ask('__proto__', {})).toMatchObject({ ok: false, problem: { kind: 'input' } });
    expect(await ask('showInFolder', { path: '/etc' })).toMatchObject({ ok: false, problem: { kind: 'input' } });
    expect(await ask('openLink', { url: 'https://evil.example/' })).toMatchObject({ ok: false });
  });

  it('serves its own files and pictures, and nothing beside them', async () => {
    const { protocols } = standIn;
    const link = join(ROOT, 'dist/renderer/link-to-outside.json');
    await symlink(join(ROOT, 'package.json'), link);
    try {
      for (const trick of PATH_TRICKS) {
        const response = await protocols.get('madder')!({ url: `madder://studio${trick}`, method: 'GET' } as Request);
        expect([trick, response.status]).toEqual([trick, 404]);
      }
      for (const host of ['other', 'studio.evil.example', '']) {
        const url = `madder://${host}/index.html`;
        expect((await protocols.get('madder')!({ url, method: 'GET' } as Request)).status).toBe(404);
      }
      for (const trick of ASSET_TRICKS) {
        const request = { url: `madder-asset://${trick}`, method: 'GET' } as Request;
        const status = await protocols.get('madder-asset')!(request).then(
          (response) => response.status,
          // Not even an address.
          () => 404,
        );
        expect([trick, status]).toEqual([trick, 404]);
      }
    } finally {
      await rm(link);
    }
  });

  it('goes nowhere else, and opens known sites in the person’s browser only', async () => {
    await page.evaluate(`void (location.href = 'https://evil.example/')`);
    await page.evaluate(`void window.open('https://arxiv.org/abs/1508.06576')`);
    await page.evaluate(`void window.open('https://evil.example/')`);
    await expect.poll(() => standIn.done.filter(([what]) => what === 'open').length).toBe(2);
    expect(standIn.done.filter(([what]) => what === 'open').map(([, , action]) => action)).toEqual(['deny', 'deny']);
    const outside = standIn.done.filter(([what]) => what === 'openExternal').map(([, url]) => url);
    expect(outside).toEqual(['https://arxiv.org/abs/1508.06576']);
    expect(window.webContents.mainFrame.url).toBe('madder://studio/');
  });

  it('denies permissions but the two that it uses, to its own page', () => {
    const { request, check, device } = standIn.permissions;
    const asked = (permission: string, requestingUrl: string) => {
      let answer: boolean | undefined;
      request!(undefined, permission, (ok) => (answer = ok), { requestingUrl });
      return answer;
    };
    for (const permission of ['media', 'geolocation', 'notifications', 'midi', 'openExternal', 'fileSystem', 'hid']) {
      expect(asked(permission, 'madder://studio/')).toBe(false);
      expect(check!(undefined, permission, 'madder://studio')).toBe(false);
    }
    expect(asked('clipboard-sanitized-write', 'madder://studio/')).toBe(true);
    expect(asked('clipboard-read', 'https://evil.example/')).toBe(false);
    expect(device!()).toBe(false);
  });

  it('sends the menu’s commands to the window', async () => {
    standIn.choose('openHistory');
    await expect.poll(heard).toContainEqual({ type: 'command', action: 'openHistory' });
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    standIn.choose('switchScreen');
    await page.getByRole('complementary', { name: 'Studies' }).waitFor();
    standIn.choose('switchScreen');
    await page.getByRole('complementary', { name: 'Studies' }).waitFor({ state: 'detached' });
  });

  it('opens pictures that come with a second start, and says what is none', async () => {
    const photo = (await import('node:fs')).readdirSync(SAMPLE).find((name) => /\.(jpe?g|png)$/.test(name))!;
    await cp(join(SAMPLE, photo), join(folder, photo));
    app.emit('second-instance', {}, ['madder', photo, '--flag', 'not-a-picture.png'], folder);
    await expect.poll(async () => (await heard()).filter(({ type }) => type === 'opened').length).toBe(1);
    expect((await heard()).find(({ type }) => type === 'opened')).toMatchObject({
      imported: { picture: { name: photo } },
    });
    await expect.poll(() => standIn.done.filter(([what]) => what === 'showErrorBox').length).toBe(1);
    expect(standIn.done).toContainEqual(['addRecentDocument', join(folder, photo)]);
    expect(standIn.done.some(([what]) => what === 'focus')).toBe(true);
  });

  it('takes files as bytes', async () => {
    const bytes = [...(await readFile(join(ROOT, 'src/renderer/public/icon.svg')).catch(() => Buffer.from('<svg/>')))];
    const answer = await page.evaluate((all) => madder.upload(new Uint8Array(all).buffer, 'drawing.svg'), bytes);
    expect(answer).toMatchObject({ ok: false, problem: { kind: 'input' } });
  });

  it('paints a picture in a utility process, tells of it, and exports it where the person chose', async () => {
    const { document, samples } = await value<Snapshot>('snapshot', {});
    const photo = samples.find(({ kind }) => kind === 'photo')!.picture;
    const painting = samples.find(({ kind }) => kind === 'painting')!.picture;
    standIn.focused = false;
    const { job } = await value<{ job: string }>('start', {
      document: {
        ...document,
        photo,
        styles: [{ picture: painting, weight: 1, scale: 1, mask: null }],
        settings: { ...document.settings, size: 96, iterations: 4 },
      },
    });
    const finished = async () =>
      (await heard())
        .flatMap((event) => (event.type === 'job' && event.job.id === job ? [event.job.state] : []))
        .at(-1);
    await expect.poll(finished, { timeout: 60_000 }).toBe('done');
    expect(window.progress.map(([, mode]) => mode)).toContain('normal');
    expect(window.progress.at(-1)).toEqual([-1, undefined]);
    expect(standIn.blockers.size).toBe(0);
    expect(standIn.notifications.map(({ options }) => options.title)).toEqual(['The picture is finished']);
    const { results, preferences } = await value<Snapshot>('snapshot', {});
    const result = results[0]!.id;
    const options = { ...preferences.export, format: 'png' };
    const path = join(folder, 'exports', 'sea.png');
    const refused = await ask('exportResult', { result, options, path });
    expect(refused).toMatchObject({
      ok: false,
      problem: { message: 'Choose the place of the picture in the dialog first.' },
    });
    standIn.answers.push({ canceled: false, filePath: path });
    expect(await value('chooseExportPath', { result, options })).toEqual({ path });
    expect(await value('exportResult', { result, options, path })).toMatchObject({ path, skipped: false });
    expect((await readFile(path)).subarray(1, 4).toString()).toBe('PNG');
    await value('showInFolder', { path });
    expect(standIn.done.at(-1)).toEqual(['showItemInFolder', path]);
  });

  it('remembers its place, and closes with its program', async () => {
    window.maximize();
    window.close();
    await expect.poll(() => standIn.exited, { timeout: 20_000 }).toBe(0);
    expect(standIn.windows).toEqual([]);
    const state = JSON.parse(await readFile(join(standIn.home, 'appData/Madder/window/window.json'), 'utf8')) as object;
    expect(state).toEqual({ bounds: { x: 240, y: 70, width: 1440, height: 900 }, maximized: true });
    expect(existsSync(join(folder, 'data', '.madder-lock'))).toBe(false);
  });
});
