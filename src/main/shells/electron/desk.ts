/** What the window leaves to the system: dialogs, folders and links. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, extname, join } from 'node:path';
import { app, dialog, shell, type BrowserWindow } from 'electron';
import { z } from 'zod';
import { MadderError } from '../../../shared/errors.ts';
import type { ExportOptions } from '../../../shared/studio/contract.ts';
import { EXPORT_SUFFIXES } from '../../../shared/studio/export-plan.ts';
import type { DesktopServices } from '../../services/studio/studio.ts';
import { openLink } from './links.ts';
import type { Stored } from './stored.ts';

/** The folder that was last chosen, by what it was chosen for: Electron forgets it. */
export const foldersSchema = z.strictObject({ open: z.string().optional(), export: z.string().optional() });
export type Folders = z.output<typeof foldersSchema>;

/** What Madder reads; see src/main/codec/formats.ts. */
export const PICTURE_SUFFIXES = ['jpg', 'jpeg', 'png', 'webp', 'tif', 'tiff', 'gif', 'avif'];

export class Desk implements DesktopServices {
  readonly #window: () => BrowserWindow | undefined;
  readonly #folders: Stored<Folders>;
  /** Paths that a person chose in the save dialog: the window may name these, and no others. */
  readonly #chosen = new Set<string>();
  /** Files that were written: they may be shown. */
  readonly #written = new Set<string>();

  constructor(window: () => BrowserWindow | undefined, folders: Stored<Folders>) {
    this.#window = window;
    this.#folders = folders;
  }

  /** The system's dialog for pictures to open; empty where it was closed. */
  async choosePictures(title: string): Promise<readonly string[]> {
    const options = {
      title,
      defaultPath: this.#folders.value.open ?? picturesFolder(),
      filters: [{ name: title, extensions: PICTURE_SUFFIXES }],
      properties: ['openFile' as const, 'multiSelections' as const],
    };
    const window = this.#window();
    const { filePaths } = await (window ? dialog.showOpenDialog(window, options) : dialog.showOpenDialog(options));
    const first = filePaths[0];
    if (first !== undefined) this.#folders.value = { ...this.#folders.value, open: dirname(first) };
    return filePaths;
  }

  async chooseExportPath(suggested: {
    readonly path: string;
    readonly options: ExportOptions;
  }): Promise<string | null> {
    const { format } = suggested.options;
    const suffix = EXPORT_SUFFIXES[format];
    const folder = this.#folders.value.export;
    const settings = {
      defaultPath: folder === undefined ? suggested.path : join(folder, basename(suggested.path)),
      filters: [{ name: format.toUpperCase(), extensions: [suffix.slice(1)] }],
    };
    const window = this.#window();
    const { canceled, filePath } = await (window
      ? dialog.showSaveDialog(window, settings)
      : dialog.showSaveDialog(settings));
    if (canceled || !filePath) return null;
    this.#folders.value = { ...this.#folders.value, export: dirname(filePath) };
    // Not every system's dialog adds the suffix.
    const path = extname(filePath) === '' ? `${filePath}${suffix}` : filePath;
    this.#chosen.add(path);
    return path;
  }

  async chooseExportFolder(current: string): Promise<string | null> {
    const settings = {
      defaultPath: nearestFolder(current),
      properties: ['openDirectory' as const, 'createDirectory' as const],
    };
    const window = this.#window();
    const { filePaths } = await (window ? dialog.showOpenDialog(window, settings) : dialog.showOpenDialog(settings));
    return filePaths[0] ?? null;
  }

  /** @throws MadderError where nobody chose the path */
  checkChosen(path: string | undefined): void {
    if (path !== undefined && !this.#chosen.has(path)) {
      throw new MadderError('input', 'Choose the place of the picture in the dialog first.');
    }
  }

  /** A picture was exported to this file. */
  noteWritten(path: string): void {
    this.#written.add(path);
    app.addRecentDocument(path);
  }

  showInFolder(path: string): void {
    if (!this.#written.has(path)) throw new MadderError('input', 'Only exported pictures can be shown.');
    shell.showItemInFolder(path);
  }

  openLink = (url: string): Promise<void> => openLink(url);
}

/** The folder itself or, where it is not there yet, the nearest one above it. */
function nearestFolder(path: string): string {
  const above = dirname(path);
  return existsSync(path) || above === path ? path : nearestFolder(above);
}

/** Some systems have no folder for pictures. */
function picturesFolder(): string {
  try {
    return app.getPath('pictures');
  } catch {
    return homedir();
  }
}
