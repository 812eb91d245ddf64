/** The shells that the studio runs in, each with its real services and engine, as a person would start them. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { vi } from 'vitest';
import { WebSocket } from 'ws';
import type { Answer, MethodName, RequestOf, ResponseOf, StudioEvent } from '../../../../src/shared/studio/contract.ts';
import { chromiumPath } from '../../../support/chromium.ts';

export type Shell = 'browser' | 'desktop';

/** What is started, and what of it lies below the window. */
export interface Program {
  readonly shell: Shell;
  /** Library, history and settings. */
  readonly data: string;
  /** The window. */
  readonly page: Page;
  /** What the program has said since it was started, oldest first; it survives a reload of the window. */
  readonly heard: readonly StudioEvent[];
  /** What the browser complained about, of the security policy too. */
  readonly complaints: string[];
  /** Asks the program behind the window's back, to find out what is true. */
  ask<M extends MethodName>(method: M, request: RequestOf<M>): Promise<ResponseOf<M>>;
  /** Decides what the system's save dialog answers next, where there is one. */
  saveNextTo(path: string): void;
  /** The same for the dialog for a folder. */
  chooseNextFolder(path: string): void;
  /** Loads the window anew, as a person does with F5. */
  reload(): Promise<void>;
  close(): Promise<void>;
}

export interface LaunchOptions {
  /** A data folder that is there already, or is to outlive the program. */
  readonly data?: string;
  readonly viewport?: { readonly width: number; readonly height: number };
  /** Of the browser: what "as the system" means. */
  readonly locale?: string;
}

const ROOT = join(import.meta.dirname, '../../../..');
const MAIN: Readonly<Record<Shell, string>> = {
  browser: join(ROOT, 'dist/src/main/shells/web/main.js'),
  desktop: join(ROOT, 'dist/src/main/shells/electron/main.js'),
};
const BUILT: Readonly<Record<Shell, readonly string[]>> = {
  browser: [MAIN.browser, join(ROOT, 'dist/renderer/index.html')],
  desktop: [MAIN.desktop, join(ROOT, 'dist/renderer/index.html'), join(ROOT, 'dist/preload/index.cjs')],
};
const said = new Set<string>();

/** Why a shell's tests cannot run here; said once. */
export function missing(shell: Shell): boolean {
  const reason = !chromiumPath()
    ? 'there is no Chromium; name one in MADDER_CHROMIUM'
    : BUILT[shell].some((path) => !existsSync(path))
      ? 'it is not built; run npm run build'
      : undefined;
  if (reason !== undefined && !said.has(shell)) {
    console.warn(`The studio's tests in the ${shell} are skipped: ${reason}.`);
    said.add(shell);
  }
  return reason !== undefined;
}

export const launch = (shell: Shell, options: LaunchOptions = {}): Promise<Program> =>
  shell === 'browser' ? BrowserProgram.launch(options) : launchDesktop(options);

export const newFolder = (name = 'madder-studio-'): Promise<string> => mkdtemp(join(tmpdir(), name));

// ── browser ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** ms for a program to print its address, on a computer that is busy with other things. */
const STARTING = 60_000;

/** The browser shell as a process of its own, and a browser for it. */
export class BrowserProgram implements Program {
  readonly shell = 'browser';
  readonly data: string;
  readonly complaints: string[] = [];
  readonly heard: StudioEvent[] = [];
  readonly #options: LaunchOptions;
  readonly #ownData: boolean;
  #process!: ChildProcess;
  #address!: URL;
  #events!: WebSocket;
  #browser: Browser | undefined;
  #page: Page | undefined;

  private constructor(options: LaunchOptions, data: string) {
    this.#options = options;
    this.data = data;
    this.#ownData = options.data === undefined;
  }

  static async launch(options: LaunchOptions = {}): Promise<BrowserProgram> {
    const program = new BrowserProgram(options, options.data ?? (await newFolder()));
    try {
      await program.#start();
      program.#browser = await chromium.launch({ executablePath: chromiumPath()!, args: ['--no-sandbox'] });
      await program.openWindow();
      return program;
    } catch (error) {
      await program.close();
      throw error;
    }
  }

  get page(): Page {
    return this.#page!;
  }

  /** Another window in place of the one there was. */
  async openWindow(): Promise<void> {
    await this.#page?.context().close();
    const context = await this.#browser!.newContext({
      viewport: this.#options.viewport ?? { width: 1280, height: 800 },
      locale: this.#options.locale ?? 'en-GB',
      reducedMotion: 'reduce',
      acceptDownloads: true,
    });
    this.#page = await context.newPage();
    this.#page.setDefaultTimeout(20_000);
    this.#page.on('console', (message) => {
      if (message.type() !== 'error') return;
      // Which request was refused is not in the text.
      const { pathname } = new URL(message.location().url || this.#address.href);
      this.complaints.push(`${message.text()} (${pathname})`);
    });
    this.#page.on('pageerror', ({ message }) => this.complaints.push(message));
    await this.#page.goto(this.#address.href);
  }

  async ask<M extends MethodName>(method: M, request: RequestOf<M>): Promise<ResponseOf<M>> {
    const { origin } = this.#address;
    const response = await fetch(`${origin}/api/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-madder-token': this.#token, origin },
      body: JSON.stringify(request),
    });
    return valueOf((await response.json()) as Answer<ResponseOf<M>>);
  }

  saveNextTo(): void {
    // There is no dialog: the browser downloads.
  }

  chooseNextFolder(): void {
    // Nor one for folders: the browser has its own.
  }

  async reload(): Promise<void> {
    await this.page.reload();
  }

  /** Process id of the engine that is painting now, as the system knows it; undefined where there is none. */
  get enginePid(): number | undefined {
    return this.enginePids[0];
  }

  /** The same of all engines: one may be waiting for the next start, another one works out plans. */
  get enginePids(): number[] {
    const processes = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n');
    return processes
      .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [])
      .filter(
        ([, , parent, command]) => Number(parent) === this.#process.pid && command!.includes('engine/process/main'),
      )
      .map(([, pid]) => Number(pid));
  }

  /** Ends the program and its engine as a power cut does. */
  async kill(): Promise<void> {
    const engine = this.enginePid;
    const gone = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGKILL');
    if (engine !== undefined) process.kill(engine, 'SIGKILL');
    await gone;
  }

  /** Starts the program again where it was ended, with a new window on it. */
  async restart(): Promise<void> {
    this.#events.terminate();
    await this.#start();
    await this.openWindow();
  }

  async close(): Promise<void> {
    await this.#browser?.close();
    this.#events?.terminate();
    if (this.#process && this.#process.exitCode === null && this.#process.signalCode === null) {
      const gone = new Promise((resolve) => this.#process.once('exit', resolve));
      this.#process.kill('SIGTERM');
      await gone;
    }
    if (this.#ownData) await rm(this.data, { recursive: true, force: true, maxRetries: 3 });
  }

  get #token(): string {
    return new URLSearchParams(this.#address.hash.slice(1)).get('token')!;
  }

  async #start(): Promise<void> {
    this.#process = spawn(process.execPath, [MAIN.browser, '--no-open', '--data', this.data], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#address = new URL(await firstLine(this.#process));
    const socket = new URL('/events', this.#address);
    socket.protocol = 'ws:';
    socket.hash = '';
    this.#events = new WebSocket(socket, `madder.${this.#token}`, { origin: this.#address.origin });
    this.#events.on('error', () => {});
    this.#events.on('message', (data: Buffer) => this.heard.push(JSON.parse(data.toString()) as StudioEvent));
    await new Promise((resolve) => this.#events.once('open', resolve));
  }
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const late = setTimeout(() => reject(new Error('The program did not print its address.')), STARTING);
    child.stdout!.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      if (!text.includes('\n')) return;
      clearTimeout(late);
      resolve(text.slice(0, text.indexOf('\n')));
    });
    child.once('exit', (code) => reject(new Error(`The program ended with ${code} before it printed its address.`)));
  });
}

// ── desktop ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The desktop shell in this process, over the stand-in for Electron. One after another: Electron is there once only. */
async function launchDesktop(options: LaunchOptions): Promise<Program> {
  const data = options.data ?? (await newFolder());
  vi.resetModules();
  vi.doMock('electron', () => import('../../../support/electron-stand-in/index.ts'));
  const { app, standIn } = await import('../../../support/electron-stand-in/index.ts');
  const before = process.env['MADDER_DATA'];
  process.env['MADDER_DATA'] = data;
  await import(/* @vite-ignore */ MAIN.desktop);
  standIn.ready();
  await vi.waitFor(() => {
    if (!standIn.done.some(([what]) => what === 'show')) throw new Error('The window is not shown yet.');
  }, STARTING);
  if (before === undefined) delete process.env['MADDER_DATA'];
  else process.env['MADDER_DATA'] = before;
  const { webContents } = standIn.windows[0]!;
  const { page } = webContents.page;
  page.setDefaultTimeout(20_000);
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.setViewportSize(options.viewport ?? { width: 1280, height: 800 });

  const heard: StudioEvent[] = [];
  await page.exposeFunction('__heard', (event: StudioEvent) => void heard.push(event));
  const listen = (): Promise<unknown> => page.evaluate('madder.subscribe((event) => void __heard(event))');
  await listen();
  return {
    shell: 'desktop',
    data,
    page,
    heard,
    complaints: webContents.page.complaints,
    ask: async (method, request) =>
      valueOf(await page.evaluate<Answer<never>>(`madder.call(${JSON.stringify(method)}, ${JSON.stringify(request)})`)),
    saveNextTo: (filePath) => void standIn.answers.push({ canceled: false, filePath }),
    chooseNextFolder: (path) => void standIn.answers.push({ canceled: false, filePaths: [path] }),
    reload: async () => {
      await page.reload();
      await listen();
    },
    close: async () => {
      app.quit();
      await vi.waitFor(() => {
        if (standIn.exited === undefined) throw new Error('The program has not ended yet.');
      }, STARTING);
      await webContents.page.close();
      await rm(standIn.home, { recursive: true, force: true });
      if (options.data === undefined) await rm(data, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

function valueOf<T>(answer: Answer<T>): T {
  if (answer.ok) return answer.value;
  throw new Error(answer.problem.message);
}
