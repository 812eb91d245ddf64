import { readFileSync } from 'node:fs';
import {
  chromium,
  type Browser,
  type BrowserContext,
  type Frame,
  type Page,
  type Request as PageRequest,
  type Route,
} from 'playwright-core';
import { ASSET_KINDS } from '../../../src/shared/studio/contract.ts';
import { chromiumPath } from '../chromium.ts';

export type Handlers = Map<string, (request: Request) => Promise<Response>>;

export interface PageHooks {
  /** Whether the page may go there. */
  readonly onNavigation: (url: string) => boolean;
  readonly onOpen: (url: string) => void;
  readonly invoke: (channel: string, args: unknown[], inMainFrame: boolean) => unknown;
}

/**
 * A page whose custom schemes are secure ones that Chromium knows: `madder://studio/` is `https://studio/`, and
 * `madder-asset://picture/x` is `https://picture/x`; both are answered by the shell's handlers and never leave the process.
 */
export class StandInPage {
  readonly #preload: string;
  readonly #handlers: Handlers;
  readonly #hooks: PageHooks;
  /** The headers of the window's file as the shell sent them. */
  headers: Record<string, string> = {};
  /** What the page said on its console as an error or a refused load. */
  readonly complaints: string[] = [];
  #browser: Browser | undefined;
  #page: Page | undefined;
  #closed = false;

  constructor(preload: string, handlers: Handlers, hooks: PageHooks) {
    this.#preload = preload;
    this.#handlers = handlers;
    this.#hooks = hooks;
  }

  /** Playwright's page, once there is one. */
  get page(): Page {
    return this.#page!;
  }

  get url(): string {
    return fromChromium(this.#page?.url() ?? '');
  }

  async load(url: string): Promise<void> {
    const executablePath = chromiumPath();
    if (executablePath === undefined) return;
    this.#browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    const context = await this.#browser.newContext({ viewport: { width: 1440, height: 900 } });
    await this.#furnish(context);
    this.#page = await context.newPage();
    this.#page.on('console', (message) => void (message.type() === 'error' && this.complaints.push(message.text())));
    this.#page.on('pageerror', (error) => this.complaints.push(String(error)));
    this.#page.on('popup', (popup) => void popup.close());
    await this.#page.goto(toChromium(url));
    if (this.#closed) await this.close();
  }

  async #furnish(context: BrowserContext): Promise<void> {
    await context.route('**/*', (route) => this.#serve(route));
    await context.exposeBinding('__standInInvoke', ({ frame, page }, channel: string, args: unknown[]) =>
      Promise.resolve(this.#hooks.invoke(channel, args.map(decode), frame === page.mainFrame())),
    );
    await context.addInitScript({ content: preloadScript(readFileSync(this.#preload, 'utf8')) });
  }

  async #serve(route: Route): Promise<void> {
    const request = route.request();
    const url = fromChromium(request.url());
    if (request.isNavigationRequest()) {
      const frame = frameOf(request);
      if (!frame) {
        this.#hooks.onOpen(url);
        return route.abort('aborted');
      }
      const page = frame.page();
      const leaves = frame === page.mainFrame() && page.url() !== 'about:blank';
      if (leaves && !this.#hooks.onNavigation(url)) return route.abort('aborted');
    }
    const handler = this.#handlers.get(url.slice(0, url.indexOf(':')));
    if (!handler) return route.abort('failed');
    const response = await handler(new Request(url, { method: request.method() }));
    const headers = Object.fromEntries(response.headers);
    let body = Buffer.from(await response.arrayBuffer());
    if (new URL(url).pathname === '/' && url.startsWith('madder:')) this.headers = { ...headers };
    const policy = headers['content-security-policy'];
    if (policy !== undefined) {
      const pictures = ASSET_KINDS.map((kind) => `https://${kind}`).join(' ');
      headers['content-security-policy'] = policy.replaceAll('madder-asset:', pictures);
    }
    const origin = headers['access-control-allow-origin'];
    if (origin !== undefined) headers['access-control-allow-origin'] = toChromium(origin);
    if (headers['content-type']?.startsWith('text/javascript')) {
      body = Buffer.from(body.toString().replaceAll('madder-asset', 'https'));
    }
    await route.fulfill({ status: response.status, headers, body });
  }

  /** A message to the page's preload script. */
  async dispatch(channel: string, args: unknown[]): Promise<void> {
    const send = ([name, given]: readonly [string, unknown[]]) => {
      const page = globalThis as unknown as { __standInDispatch?: (channel: string, args: unknown[]) => void };
      page.__standInDispatch?.(name, given);
    };
    await this.#page?.evaluate(send, [channel, args] as const).catch(() => {});
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#browser?.close();
  }
}

/** A window that is being opened has none yet. */
function frameOf(request: PageRequest): Frame | undefined {
  try {
    return request.frame();
  } catch {
    return undefined;
  }
}

const toChromium = (url: string): string => url.replace(/^madder(-asset)?:/, 'https:');

function fromChromium(url: string): string {
  const host = /^https:\/\/([a-z-]+)(\/|$)/.exec(url)?.[1];
  if (host === 'studio') return url.replace('https:', 'madder:');
  return ASSET_KINDS.some((kind) => kind === host) ? url.replace('https:', 'madder-asset:') : url;
}

/** Bytes do not pass Playwright's bindings. */
function decode(value: unknown): unknown {
  const bytes = (value as { base64?: string } | null)?.base64;
  if (bytes === undefined) return value;
  const buffer = Buffer.from(bytes, 'base64');
  return buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.length);
}

/** The preload bundle with what Electron's sandbox gives it: `require('electron')`, and neither Node nor modules. */
const preloadScript = (bundle: string): string => `(() => {
  const listeners = new Map();
  const of = (channel) => listeners.get(channel) ?? listeners.set(channel, new Set()).get(channel);
  const encode = (value) => {
    if (!(value instanceof ArrayBuffer)) return value;
    let text = '';
    for (const byte of new Uint8Array(value)) text += String.fromCharCode(byte);
    return { base64: btoa(text) };
  };
  const hidden = (name, value) => Object.defineProperty(globalThis, name, { value, enumerable: false });
  hidden('__standInDispatch', (channel, args) => { for (const listener of of(channel)) listener({}, ...args); });
  const electron = {
    ipcRenderer: {
      invoke: (channel, ...args) => globalThis.__standInInvoke(channel, args.map(encode)),
      on: (channel, listener) => of(channel).add(listener),
      off: (channel, listener) => of(channel).delete(listener),
    },
    contextBridge: {
      exposeInMainWorld: (name, api) => Object.defineProperty(globalThis, name, { value: Object.freeze({ ...api }) }),
    },
  };
  const require = (name) => {
    if (name !== 'electron') throw new Error('module not found: ' + name);
    return electron;
  };
  const module = { exports: {} };
  ((require, module, exports, process, Buffer) => {\n${bundle}\n})(require, module, module.exports);
})();`;
