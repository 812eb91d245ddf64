/** The desktop application: one window on one program. */
import { basename, join } from 'node:path';
import { app, dialog, Menu, session, type BrowserWindow } from 'electron';
import { CHANNELS } from '../../../shared/studio/channels.ts';
import type { Preferences, ResponseOf, StudioEvent } from '../../../shared/studio/contract.ts';
import { problemOf, type CheckedRequestOf, type StudioProgram } from '../../../shared/studio/program.ts';
import type { DesktopServices } from '../../services/studio/studio.ts';
import { windowFolder } from '../window-files.ts';
import { Attention } from './attention.ts';
import { Desk, foldersSchema } from './desk.ts';
import { handleMessages } from './ipc.ts';
import { menuTemplate } from './menu.ts';
import { picturesOf } from './opened-files.ts';
import { registerSchemes, serveProtocols } from './protocols.ts';
import { Stored } from './stored.ts';
import { denyPermissions, guardContents, openWindow } from './window.ts';
import { windowStateSchema } from './window-state.ts';
import { wordsOf, type Words } from './words.ts';

export interface DesktopOptions {
  readonly openProgram: (desk: DesktopServices) => Promise<StudioProgram>;
  readonly onDefect: (error: unknown) => void;
}

/** To be called at once when the process begins: some of it must happen before Electron is ready. */
export function startDesktop(options: DesktopOptions): void {
  // Chromium's files do not mix with the library, which some systems keep in the same place.
  app.setPath('userData', join(app.getPath('appData'), 'Madder', 'window'));
  if (!app.requestSingleInstanceLock()) {
    app.quit();
    return;
  }
  registerSchemes();
  app.enableSandbox();
  // Windows shows notifications only of programs that it knows by name.
  app.setAppUserModelId('art.madder.app');
  app.on('web-contents-created', (_, contents) => guardContents(contents));
  const desktop = new Desktop(options);
  app.on('second-instance', (_, args, folder) => desktop.show(picturesOf(args.slice(1), folder)));
  app.on('open-file', (event, path) => {
    event.preventDefault();
    desktop.show([path]);
  });
  app.on('window-all-closed', () => app.quit());
  app.on('before-quit', (event) => desktop.beforeQuit(event));
  desktop.show(picturesOf(process.argv.slice(app.isPackaged ? 1 : 2), process.cwd()));
  void app.whenReady().then(() => desktop.begin());
}

class Desktop {
  readonly #options: DesktopOptions;
  readonly #desk = new Desk(() => this.#window, new Stored(remembered('folders'), foldersSchema, {}));
  readonly #state = new Stored(remembered('window'), windowStateSchema, { bounds: null, maximized: false });
  readonly #attention = new Attention(
    () => this.#window,
    () => this.#words,
  );
  #window: BrowserWindow | undefined;
  #program: StudioProgram | undefined;
  #words: Words = wordsOf('en', 'en');
  /** Files that nobody could be told of yet. */
  #waiting: string[] = [];
  /** The window has asked how things stand, and so hears events. */
  #listening = false;
  #leaving: 'no' | 'asked' | 'closing' | 'closed' = 'no';

  constructor(options: DesktopOptions) {
    this.#options = options;
  }

  async begin(): Promise<void> {
    try {
      const program = await this.#options.openProgram(this.#desk);
      this.#program = program;
      program.subscribe((event) => this.#hear(event));
      this.#speak((await program.call('snapshot', {})).preferences);
      denyPermissions(session.defaultSession);
      serveProtocols(windowFolder(), program);
      handleMessages({
        program: this.#watched(program),
        contents: () => this.#window?.webContents,
        onDefect: this.#options.onDefect,
      });
      this.#window = openWindow(this.#state);
      this.#window.on('close', (event) => this.#beforeClose(event));
      this.#window.on('closed', () => (this.#window = undefined));
      this.#window.webContents.on('did-start-loading', () => (this.#listening = false));
    } catch (error) {
      dialog.showErrorBox('Madder', problemOf(error, this.#options.onDefect).message);
      app.exit(1);
    }
  }

  /** Brings the window to the front, with pictures that were opened with the program. */
  show(paths: readonly string[]): void {
    this.#waiting.push(...paths);
    if (this.#window?.isMinimized()) this.#window.restore();
    this.#window?.focus();
    void this.#openWaiting();
  }

  /** Engines are ended before the program is, so that their checkpoints are whole. */
  beforeQuit(event: { preventDefault(): void }): void {
    if (this.#leaving === 'closed' || !this.#program) return;
    event.preventDefault();
    if (this.#leaving !== 'closing') void this.#leave();
  }

  /** A run is not ended by a window that was closed by mistake. */
  #beforeClose(event: { preventDefault(): void }): void {
    if (this.#leaving === 'closing' || this.#leaving === 'closed') return;
    event.preventDefault();
    void this.#leave();
  }

  async #leave(): Promise<void> {
    if (this.#leaving !== 'no') return;
    this.#leaving = 'asked';
    if (this.#attention.busy && this.#window) {
      const { quitTitle, quitDetail, quit, keepPainting } = this.#words;
      const { response } = await dialog.showMessageBox(this.#window, {
        type: 'question',
        message: quitTitle,
        detail: quitDetail,
        buttons: [keepPainting, quit],
        defaultId: 0,
        cancelId: 0,
      });
      if (response !== 1) {
        this.#leaving = 'no';
        return;
      }
    }
    this.#leaving = 'closing';
    this.#attention.close();
    this.#window?.close();
    await this.#program?.close().catch(this.#options.onDefect);
    this.#leaving = 'closed';
    app.quit();
  }

  /** The program, and what the shell learns from what passes. */
  #watched(program: StudioProgram): Pick<StudioProgram, 'call' | 'upload'> {
    return {
      upload: (path, name) => program.upload(path, name),
      call: async (method, request) => {
        if (method === 'exportResult') this.#desk.checkChosen((request as CheckedRequestOf<'exportResult'>).path);
        const response = await program.call(method, request);
        switch (method) {
          case 'exportResult': {
            const written = response as ResponseOf<'exportResult'>;
            if (written) this.#desk.noteWritten(written.path);
            break;
          }
          case 'savePreferences':
            this.#speak((request as CheckedRequestOf<'savePreferences'>).preferences);
            break;
          case 'snapshot':
            this.#listening = true;
            // After the answer, which the window needs first.
            setImmediate(() => void this.#openWaiting());
        }
        return response;
      },
    };
  }

  #hear(event: StudioEvent): void {
    this.#attention.hear(event);
    this.#tell(event);
  }

  #tell(event: StudioEvent): void {
    if (this.#window && !this.#window.webContents.isDestroyed()) this.#window.webContents.send(CHANNELS.event, event);
  }

  async #openWaiting(): Promise<void> {
    if (!this.#listening || !this.#program) return;
    for (const path of this.#waiting.splice(0)) {
      try {
        const imported = await this.#program.upload(path, basename(path));
        app.addRecentDocument(path);
        this.#tell({ type: 'opened', imported });
      } catch (error) {
        dialog.showErrorBox(basename(path), problemOf(error, this.#options.onDefect).message);
      }
    }
  }

  /** Menu and messages in the language that was chosen. */
  #speak({ language }: Preferences): void {
    this.#words = wordsOf(language, app.getLocale());
    const template = menuTemplate({
      words: this.#words,
      mac: process.platform === 'darwin',
      command: (action) => this.#tell({ type: 'command', action }),
      openPictures: () => void this.#desk.choosePictures(this.#words.open).then((paths) => this.show(paths)),
      developer: !app.isPackaged,
    });
    Menu.setApplicationMenu(Menu.buildFromTemplate(template));
  }
}

const remembered = (what: string): string => join(app.getPath('userData'), `${what}.json`);
