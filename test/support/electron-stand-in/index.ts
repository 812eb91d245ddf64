/**
 * As much of Electron's API as the desktop shell uses, over Chromium, for computers without Electron's binary. Tests put it
 * in Electron's place (`vi.mock('electron', () => import('…/electron-stand-in/index.ts'))`) and see through `standIn` what
 * the shell did. What it cannot show: isolated worlds, the sandbox, native menus and dialogs.
 */
import { EventEmitter } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  BrowserWindowConstructorOptions,
  IpcMainInvokeEvent,
  MenuItemConstructorOptions,
  Rectangle,
} from 'electron';
import { StandInPage, type Handlers } from './page.ts';
import { forkNode } from './utility-process.ts';

type InvokeListener = (event: IpcMainInvokeEvent, ...args: unknown[]) => unknown;

/** What the shell did, and what the test has the system do. */
export const standIn = {
  /** Holds every folder that Electron knows by name. */
  home: mkdtempSync(join(tmpdir(), 'madder-electron-')),
  locale: 'en-GB',
  lock: true,
  focused: true,
  displays: [{ id: 1, workArea: { x: 0, y: 0, width: 1920, height: 1040 } }] as { id: number; workArea: Rectangle }[],
  /** Answers of dialogs, first come first served. */
  answers: [] as object[],
  windows: [] as BrowserWindow[],
  menu: [] as MenuItemConstructorOptions[],
  /** What was done, in order. */
  done: [] as (readonly [what: string, ...details: unknown[]])[],
  schemes: [] as { scheme: string; privileges: Record<string, boolean> }[],
  protocols: new Map() as Handlers,
  invocations: new Map<string, InvokeListener>(),
  notifications: [] as Notification[],
  blockers: new Set<number>(),
  permissions: {} as {
    request?: (contents: unknown, permission: string, answer: (ok: boolean) => void, details: object) => void;
    check?: (contents: unknown, permission: string, origin: string) => boolean;
    device?: () => boolean;
  },
  ready: () => {},
  exited: undefined as number | undefined,
  /** Chooses an item of the menu by its id. */
  choose(id: string): void {
    const find = (items: readonly MenuItemConstructorOptions[]): MenuItemConstructorOptions | undefined => {
      for (const item of items) {
        if (item.id === id) return item;
        const below = Array.isArray(item.submenu) ? find(item.submenu) : undefined;
        if (below) return below;
      }
      return undefined;
    };
    const item = find(standIn.menu);
    if (!item?.click) throw new Error(`The menu has no ${id}.`);
    item.click(undefined as never, undefined, undefined as never);
  },
};

class Application extends EventEmitter {
  readonly isPackaged = false;
  readonly #paths = new Map<string, string>();
  readonly #ready = new Promise<void>((resolve) => (standIn.ready = resolve));

  requestSingleInstanceLock = () => standIn.lock;
  enableSandbox = () => void standIn.done.push(['enableSandbox']);
  setAppUserModelId = (id: string) => void standIn.done.push(['setAppUserModelId', id]);
  whenReady = () => this.#ready;
  getPath = (name: string) => this.#paths.get(name) ?? join(standIn.home, name);
  setPath = (name: string, path: string) => void this.#paths.set(name, path);
  getLocale = () => standIn.locale;
  addRecentDocument = (path: string) => void standIn.done.push(['addRecentDocument', path]);

  quit(): void {
    let prevented = false;
    this.emit('before-quit', { preventDefault: () => (prevented = true) });
    if (!prevented) this.exit(0);
  }

  exit(code: number): void {
    standIn.exited = code;
    for (const window of [...standIn.windows]) window.destroy();
  }
}
export const app = new Application();

export class WebContents extends EventEmitter {
  readonly page: StandInPage;
  readonly mainFrame: { readonly url: string };
  openHandler: (details: { url: string }) => { action: string } = () => ({ action: 'allow' });
  #destroyed = false;

  constructor(preload: string) {
    super();
    this.page = new StandInPage(preload, standIn.protocols, {
      onNavigation: (url) => {
        let prevented = false;
        this.emit('will-navigate', { url, preventDefault: () => (prevented = true) });
        return !prevented;
      },
      onOpen: (url) => void standIn.done.push(['open', url, this.openHandler({ url }).action]),
      invoke: (channel, args, inMainFrame) => {
        const senderFrame = inMainFrame ? this.mainFrame : { url: 'https://elsewhere.example/' };
        const event = { sender: this, senderFrame } as unknown as IpcMainInvokeEvent;
        const listener = standIn.invocations.get(channel);
        if (!listener) throw new Error(`No handler registered for '${channel}'`);
        return listener(event, ...args);
      },
    });
    const { page } = this;
    this.mainFrame = {
      get url() {
        return page.url;
      },
    };
    app.emit('web-contents-created', {}, this);
  }

  setWindowOpenHandler(handler: (details: { url: string }) => { action: string }): void {
    this.openHandler = handler;
  }

  send = (channel: string, ...args: unknown[]) => void this.page.dispatch(channel, args);
  isDestroyed = () => this.#destroyed;

  destroy(): void {
    this.#destroyed = true;
    void this.page.close();
  }
}

export class BrowserWindow extends EventEmitter {
  readonly options: BrowserWindowConstructorOptions;
  readonly webContents: WebContents;
  readonly progress: (readonly [number, string | undefined])[] = [];
  minimized = false;
  maximized = false;

  constructor(options: BrowserWindowConstructorOptions) {
    super();
    this.options = options;
    this.webContents = new WebContents(options.webPreferences!.preload!);
    standIn.windows.push(this);
  }

  async loadURL(url: string): Promise<void> {
    this.webContents.emit('did-start-loading');
    await this.webContents.page.load(url);
    this.emit('ready-to-show');
  }

  close(): void {
    let prevented = false;
    this.emit('close', { preventDefault: () => (prevented = true) });
    if (!prevented) this.destroy();
  }

  destroy(): void {
    standIn.windows.splice(standIn.windows.indexOf(this), 1);
    this.webContents.destroy();
    this.emit('closed');
    if (standIn.windows.length === 0 && standIn.exited === undefined) app.emit('window-all-closed');
  }

  reload = () => void standIn.done.push(['reload']);
  show = () => void standIn.done.push(['show']);
  focus = () => void standIn.done.push(['focus']);
  restore = () => void (this.minimized = false);
  maximize = () => void (this.maximized = true);
  isMinimized = () => this.minimized;
  isMaximized = () => this.maximized;
  isFocused = () => standIn.focused;
  getNormalBounds = () => {
    const { x, y, width, height } = this.options;
    return { x, y, width, height };
  };
  setProgressBar = (value: number, options?: { mode: string }) => void this.progress.push([value, options?.mode]);
}

const dialogue =
  (what: string) =>
  async (...given: unknown[]): Promise<object> => {
    standIn.done.push([what, given.at(-1)]);
    return standIn.answers.shift() ?? { canceled: true, filePaths: [], response: 0 };
  };
export const dialog = {
  showOpenDialog: dialogue('showOpenDialog'),
  showSaveDialog: dialogue('showSaveDialog'),
  showMessageBox: dialogue('showMessageBox'),
  showErrorBox: (title: string, text: string) => void standIn.done.push(['showErrorBox', title, text]),
};

export const ipcMain = {
  handle: (channel: string, listener: InvokeListener) => void standIn.invocations.set(channel, listener),
};

export const Menu = {
  buildFromTemplate: (template: MenuItemConstructorOptions[]) => template,
  setApplicationMenu: (template: MenuItemConstructorOptions[]) => void (standIn.menu = template),
};

export class Notification extends EventEmitter {
  static isSupported = () => true;
  readonly options: { readonly title: string; readonly body: string };

  constructor(options: { title: string; body: string }) {
    super();
    this.options = options;
  }

  show = () => void standIn.notifications.push(this);
}

let blockers = 0;
export const powerSaveBlocker = {
  start: () => {
    standIn.blockers.add(++blockers);
    return blockers;
  },
  stop: (id: number) => void standIn.blockers.delete(id),
};

let ready = false;
void app.whenReady().then(() => (ready = true));
export const protocol = {
  registerSchemesAsPrivileged: (schemes: typeof standIn.schemes) => {
    if (ready) throw new Error('protocol.registerSchemesAsPrivileged should be called before app is ready');
    standIn.schemes = schemes;
  },
  handle: (scheme: string, handler: (request: Request) => Promise<Response>) => {
    if (!ready) throw new Error('protocol.handle should be called after app is ready');
    standIn.protocols.set(scheme, handler);
  },
};

export const screen = {
  getPrimaryDisplay: () => standIn.displays[0],
  getAllDisplays: () => standIn.displays,
};

export const session = {
  defaultSession: {
    setPermissionRequestHandler: (handler: typeof standIn.permissions.request) =>
      void (standIn.permissions.request = handler!),
    setPermissionCheckHandler: (handler: typeof standIn.permissions.check) =>
      void (standIn.permissions.check = handler!),
    setDevicePermissionHandler: (handler: typeof standIn.permissions.device) =>
      void (standIn.permissions.device = handler!),
  },
};

export const shell = {
  openExternal: async (url: string) => void standIn.done.push(['openExternal', url]),
  showItemInFolder: (path: string) => void standIn.done.push(['showItemInFolder', path]),
};

export const utilityProcess = { fork: forkNode };
