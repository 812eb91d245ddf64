/** Finished pictures as files for others: any format, size and colour profile, with what the photo said of itself. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, rm, stat, statfs } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { writeImage, type WriteOptions } from '../../codec/encode.ts';
import { exifForResult } from '../../codec/exif.ts';
import { outputFormat } from '../../codec/formats.ts';
import type { FileRows } from '../../codec/large/read-png.ts';
import { checkCancelled } from '../../codec/large/blocks.ts';
import { pictureOf, resizedRows, type RowSource } from '../../codec/large/rows.ts';
import { WEBP_BYTES } from '../../codec/large/webp.ts';
import { writeRows } from '../../codec/large/write.ts';
import { formatFor, planOutput } from '../../codec/output.ts';
import { readPhotoMetadata, type PhotoMetadata } from '../../codec/photo-metadata.ts';
import { profileName } from '../../codec/profile.ts';
import { MAX_JPEG_XMP, writeXmp } from '../../formats/xmp.ts';
import { MadderError } from '../../../shared/errors.ts';
import type { ExportOptions, ResponseOf, Result, StudioEvent } from '../../../shared/studio/contract.ts';
import { EXPORT_SUFFIXES, exportName, exportSize, nameSourceOf } from '../../../shared/studio/export-plan.ts';
import type { StudioAsset } from '../../../shared/studio/program.ts';
import { freeName } from '../painter.ts';
import { newId } from './stored.ts';

type Exported = NonNullable<ResponseOf<'exportResult'>>;

/** Most pixels that are written: what the codec can read again. */
const MOST_PIXELS = 268e6;
/** Larger ones are written a few rows at a time: it takes seconds, so that people want to see how far it is and to end it. */
const WATCHED_PIXELS = 8e6;
/** Memory while a picture is encoded whole, bytes per pixel: the float picture, what the encoder makes of it, the file. */
const WORKING_BYTES = 40;
/** How often a window is told how far an export is, ms at least. */
const TELL_MS = 250;
/** What a pyramid adds to a picture: a quarter, a sixteenth ... */
const PYRAMID = 4 / 3;

export interface ExportContext {
  /** The picture as it was painted, row by row; it is closed after use. */
  readonly rows: (result: string) => Promise<FileRows>;
  /** The photo as it came in; undefined where it is not in the library any more. */
  readonly original: (sha256: string) => string | undefined;
  /** The folder that was chosen for exports. */
  readonly folder: () => string | null;
  /** Where files are kept for the browser to fetch; undefined where pictures are written to their place. */
  readonly downloads?: string | undefined;
  /** Told how far exports are. */
  readonly onEvent: (event: Extract<StudioEvent, { type: 'exporting' }>) => void;
}

/** What the window says of an export beside its options. */
interface Asked {
  /** The file that was chosen in a dialog. */
  readonly path?: string | undefined;
  /** Names the export for events and `cancel`. */
  readonly id?: string | undefined;
}

/** An export that is going on. */
interface Work {
  readonly signal: AbortSignal;
  readonly onProgress: (fraction: number) => void;
}

export class Exporter {
  readonly #context: ExportContext;
  readonly #downloads = new Map<string, string>();
  /** One at a time: each takes a free name, and much memory. */
  #turn: Promise<unknown> = Promise.resolve();
  /** Those that wait or are being written. */
  readonly #running = new Set<{ readonly id: string | undefined; readonly controller: AbortController }>();

  constructor(context: ExportContext) {
    this.#context = context;
  }

  /**
   * @returns null where it was cancelled: there is no file then, or the one that was there before
   * @throws MadderError `output` or `input`, one sentence
   */
  async export(result: Result, options: ExportOptions, { path, id }: Asked = {}): Promise<Exported | null> {
    const running = { id, controller: new AbortController() };
    const { signal } = running.controller;
    this.#running.add(running);
    const work: Work = { signal, onProgress: this.#teller(id) };
    const exported = this.#turn.then(() => (signal.aborted ? null : this.#export(result, options, path, work)));
    this.#turn = exported.catch(() => {});
    try {
      return await exported;
    } catch (error) {
      // The sentence that ends the work is not for the person who wanted it.
      if (signal.aborted && error instanceof MadderError) return null;
      throw error;
    } finally {
      this.#running.delete(running);
    }
  }

  /** Ends an export before its next block of rows. Nothing happens where it has ended by itself. */
  cancel(id: string): void {
    for (const running of this.#running) if (running.id === id) running.controller.abort();
  }

  /** Where files go for which no place was chosen. */
  get folder(): string {
    return this.#context.folder() ?? join(homedir(), 'Pictures', 'Madder');
  }

  /** Where a save dialog begins. */
  suggestedPath(result: Result, options: ExportOptions): string {
    return freeName(this.#templatePath(result, options, this.folder));
  }

  /** A file for the browser to fetch. */
  asset(id: string): StudioAsset | undefined {
    const content = this.#downloads.get(id);
    if (content === undefined) return undefined;
    return { type: `image/${outputFormat(content)!.name}`, content, fileName: basename(content) };
  }

  /** Tells the window a few times a second how far an export is, and when it begins; reading and writing both know. */
  #teller(id: string | undefined): (fraction: number) => void {
    let told = -Infinity;
    let furthest = 0;
    return (fraction) => {
      const now = performance.now();
      const begins = furthest === 0 && fraction > 0;
      furthest = Math.max(furthest, fraction);
      if (id === undefined || (!begins && now - told < TELL_MS)) return;
      told = now;
      this.#context.onEvent({ type: 'exporting', export: id, fraction: furthest });
    };
  }

  async #export(
    result: Result,
    options: ExportOptions,
    chosen: string | undefined,
    { signal, onProgress }: Work,
  ): Promise<Exported> {
    const notes: string[] = [];
    const { downloads } = this.#context;
    const download = downloads === undefined ? undefined : newId();
    const folder = download === undefined ? this.folder : join(downloads!, download);
    if (chosen === undefined) await mkdir(folder, { recursive: true }).catch(() => {});
    const target =
      chosen === undefined ? this.#templatePath(result, options, folder) : chosenPath(chosen, options, notes);
    const { width, height } = sizeOf(result, options, target);
    // The person has agreed to replace the file in the dialog where they chose it.
    const conflict = chosen === undefined ? options.onConflict : 'overwrite';
    if (existsSync(target) && conflict === 'skip') {
      const bytes = (await stat(target)).size;
      return { path: resolve(target), bytes, width, height, skipped: true, notes: [] };
    }
    const path = conflict === 'number' ? freeName(target) : target;
    await this.#checkNoSource(path, result);
    // Before anything is read or written.
    formatFor(path, { width, height });
    const write = {
      ...(await this.#writeOptions(path, result, options, notes)),
      ...{ quality: options.quality, signal, onProgress },
    };
    await checkRoom(path, { width, height }, write);
    onProgress(0);
    try {
      const painted = await this.#context.rows(result.id);
      try {
        notes.push(...planOutput(path, { width, height, transparent: painted.transparent }));
        const source = resizedRows(watched(painted, path, write), width, height);
        const pixels = Math.max(width * height, painted.width * painted.height);
        if (isStreamed(pixels)) await writeRows(path, source, write);
        else await writeImage(path, await pictureOf(source), write);
      } finally {
        await painted.close();
      }
    } catch (error) {
      if (download !== undefined) await rm(folder, { recursive: true, force: true }).catch(() => {});
      throw error;
    }
    if (download !== undefined) this.#downloads.set(download, path);
    return {
      path: resolve(path),
      bytes: (await stat(path)).size,
      width,
      height,
      skipped: false,
      notes,
      ...(download === undefined ? {} : { download }),
    };
  }

  /** Ends what is going on. */
  async close(): Promise<void> {
    for (const { controller } of this.#running) controller.abort();
    await this.#turn;
    await this.clear();
  }

  /** Removes the files for the browser. */
  async clear(): Promise<void> {
    this.#downloads.clear();
    if (this.#context.downloads !== undefined) await rm(this.#context.downloads, { recursive: true, force: true });
  }

  #templatePath(result: Result, options: ExportOptions, folder: string): string {
    const suffix = EXPORT_SUFFIXES[options.format];
    const source = nameSourceOf(result);
    const named = (n: number) => join(folder, `${exportName(options.nameTemplate, source, n)}${suffix}`);
    // The template's own number goes before the one that is added to names that are taken.
    let n = 1;
    if (options.nameTemplate.includes('{n}') && options.onConflict === 'number') while (existsSync(named(n))) n++;
    return named(n);
  }

  /** Refuses to replace a picture that this one was made from. */
  async #checkNoSource(path: string, { recipe }: Result): Promise<void> {
    if (!existsSync(path)) return;
    const hash = await hashOf(path);
    const sources = [recipe.content, ...recipe.styles.map(({ image }) => image)];
    if (!sources.some(({ sha256 }) => sha256 === hash)) return;
    throw new MadderError(
      'output',
      `"${basename(path)}" is one of the pictures that this one is made from; choose another name or folder.`,
    );
  }

  async #writeOptions(
    path: string,
    { recipe }: Result,
    options: ExportOptions,
    notes: string[],
  ): Promise<WriteOptions> {
    const { name: format, deep } = outputFormat(path)!;
    if (options.depth === 16 && !deep) notes.push('Only PNG and TIFF can have 16 bits per colour; 8 were written.');
    const original = this.#context.original(recipe.content.sha256);
    const wanted = options.exif || options.profile === 'photo';
    if (wanted && original === undefined) {
      notes.push('The photo is not in the library any more, so that its EXIF data and profile are not known.');
    }
    const photo = wanted && original !== undefined ? await readPhotoMetadata(original) : undefined;
    const profile = options.profile === 'photo' && photo ? profileOf(photo, notes) : undefined;
    const exif = options.exif && photo ? exifOf(photo, format, options.removePosition, notes) : undefined;
    const xmp = options.recipe ? writeXmp(recipe) : undefined;
    const tooLong = xmp !== undefined && format === 'jpeg' && Buffer.byteLength(xmp) > MAX_JPEG_XMP;
    if (tooLong)
      notes.push('The recipe is too long for a JPEG file and was left out; choose another format to keep it.');
    return {
      depth: deep ? options.depth : 8,
      pyramid: format === 'tiff' && options.pyramid,
      dpi: options.dpi,
      ...(profile ? { profile } : {}),
      metadata: { ...(exif ? { exif } : {}), ...(xmp !== undefined && !tooLong ? { xmp } : {}) },
    };
  }
}

/** The size of the file's picture, px. @throws MadderError `input` where it is too large */
function sizeOf(result: Pick<Result, 'width' | 'height'>, options: ExportOptions, path: string) {
  const { width, height } = exportSize(result, options);
  // Whatever was painted here can be written as it is.
  if (options.size.unit === 'own') return { width, height };
  const pixels = width * height;
  const most = mostPixels(path);
  if (pixels > most) {
    const side = Math.floor(Math.max(width, height) * Math.sqrt(most / pixels));
    throw new MadderError(
      'input',
      `${width} x ${height} pixels are too many for this computer; choose at most ${side} on the long side.`,
    );
  }
  return { width, height };
}

/** Most pixels that a file is written with here; of large pictures only WebP's encoder holds more than a few rows. */
function mostPixels(path: string): number {
  if (outputFormat(path)!.name !== 'webp') return MOST_PIXELS;
  return Math.min(MOST_PIXELS, process.availableMemory() / WEBP_BYTES);
}

/** What of an export's work reading and resizing is at most; for a small file of a large picture it is nearly all. */
const READING = 0.8;

/** A source that says how much of it is read, and ends where the export is cancelled. */
function watched(source: RowSource, path: string, { signal, onProgress }: Work): RowSource {
  return {
    ...source,
    async rows(from, to) {
      checkCancelled(path, signal);
      const block = await source.rows(from, to);
      onProgress((READING * to) / source.height);
      return block;
    },
  };
}

/** Whether a file is written a few rows at a time: it or what it is made of is large, or memory is short. */
const isStreamed = (pixels: number): boolean =>
  pixels > Math.min(WATCHED_PIXELS, process.availableMemory() / WORKING_BYTES);

/** A path from a dialog: what its name says goes before the options, so that no file has the wrong suffix. */
function chosenPath(path: string, { format }: ExportOptions, notes: string[]): string {
  const named = outputFormat(path);
  if (!named) return `${path}${EXPORT_SUFFIXES[format]}`;
  if (named.name !== format) notes.push(`Written as ${named.name.toUpperCase()}, as the name says.`);
  return path;
}

/** The photo's profile, unless it is sRGB as well or cannot be used. */
function profileOf({ profile }: PhotoMetadata, notes: string[]): Uint8Array | undefined {
  if (!profile) {
    notes.push('The photo has no colour profile for RGB; sRGB was used.');
    return undefined;
  }
  return profileName(profile)?.startsWith('sRGB') ? undefined : profile;
}

function exifOf(
  { exif }: PhotoMetadata,
  format: string,
  removePosition: boolean,
  notes: string[],
): Uint8Array | undefined {
  if (!exif) {
    notes.push('The photo has no EXIF data.');
    return undefined;
  }
  if (format === 'tiff') {
    notes.push('EXIF data cannot be written into TIFF files; choose another format to keep it.');
    return undefined;
  }
  const cleaned = exifForResult(exif, { position: !removePosition });
  if (!cleaned) notes.push('The EXIF data of the photo is damaged and was left out.');
  return cleaned;
}

/** Refuses, before the work, what would fill the disk. The picture without compression is the most that it can take. */
async function checkRoom(
  path: string,
  { width, height }: { readonly width: number; readonly height: number },
  { depth = 8, pyramid = false }: WriteOptions,
): Promise<void> {
  const disk = await statfs(dirname(path)).catch(() => undefined);
  if (!disk) return;
  const needed = width * height * 4 * (depth / 8) * (pyramid ? PYRAMID : 1);
  if (disk.bavail * disk.bsize >= needed) return;
  const megabytes = Math.ceil(needed / 1e6);
  throw new MadderError(
    'output',
    `There is too little room on the disk for "${basename(path)}" (up to ${megabytes} MB); free some space or choose another folder.`,
  );
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array);
  return hash.digest('hex');
}
