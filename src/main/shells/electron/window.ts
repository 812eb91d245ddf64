/** The one window: what it is made with, what it may not do, and where it was. */
import { app, BrowserWindow, screen, type Session, type WebContents } from 'electron';
import { fileURLToPath } from 'node:url';
import { isKnownSite, openLink } from './links.ts';
import { WINDOW_ORIGIN } from './protocols.ts';
import type { Stored } from './stored.ts';
import { clampBounds, LEAST_SIZE, type WindowState } from './window-state.ts';

/** Bundled to one file, since the window's sandbox loads no modules. */
const PRELOAD = fileURLToPath(new URL('../../../../preload/index.cjs', import.meta.url));

/** Permissions that the window uses: it copies texts, and pastes pictures. All others are denied. */
const USED = ['clipboard-read', 'clipboard-sanitized-write'];

export function openWindow(state: Stored<WindowState>): BrowserWindow {
  const main = screen.getPrimaryDisplay();
  const others = screen.getAllDisplays().filter(({ id }) => id !== main.id);
  const window = new BrowserWindow({
    ...clampBounds(
      state.value.bounds,
      [main, ...others].map(({ workArea }) => workArea),
    ),
    minWidth: LEAST_SIZE.width,
    minHeight: LEAST_SIZE.height,
    title: 'Madder',
    // The neutral grey of the window: nothing flashes before it is drawn.
    backgroundColor: '#262626',
    show: false,
    webPreferences: {
      preload: PRELOAD,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
      spellcheck: false,
      devTools: !app.isPackaged,
    },
  });
  window.once('ready-to-show', () => {
    if (state.value.maximized) window.maximize();
    window.show();
  });
  window.on('close', () => {
    state.value = { bounds: window.getNormalBounds(), maximized: window.isMaximized() };
  });
  // The program goes on without its window's process, and a new one asks it how things stand.
  window.webContents.on('render-process-gone', (_, { reason }) => {
    if (reason !== 'clean-exit') window.reload();
  });
  void window.loadURL(`${WINDOW_ORIGIN}/`);
  return window;
}

/** For every page there will ever be: it goes nowhere, opens nothing, and links lead to the person's own browser. */
export function guardContents(contents: WebContents): void {
  const stay = (event: { preventDefault(): void }, url: string) => {
    if (!url.startsWith(`${WINDOW_ORIGIN}/`)) event.preventDefault();
  };
  contents.on('will-navigate', (event) => stay(event, event.url));
  contents.on('will-redirect', (event) => stay(event, event.url));
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => {
    if (isKnownSite(url)) void openLink(url);
    return { action: 'deny' };
  });
}

export function denyPermissions(session: Session): void {
  const own = (url: string | undefined) => url !== undefined && `${url}/`.startsWith(`${WINDOW_ORIGIN}/`);
  session.setPermissionRequestHandler((_, permission, answer, { requestingUrl }) =>
    answer(USED.includes(permission) && own(requestingUrl)),
  );
  session.setPermissionCheckHandler((_, permission, origin) => USED.includes(permission) && own(origin));
  session.setDevicePermissionHandler(() => false);
}
