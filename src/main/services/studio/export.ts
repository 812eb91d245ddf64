/** Finished pictures as files for others: any format, size and colour profile, with what the photo said of itself. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, rm, stat, statfs } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { STREAMED_PIXELS, writeImage, type WriteOptions } from '../../codec/encode.ts';
import { exifForResult } from '../../codec/exif.ts';
import { outputFormat } from '../../codec/formats.ts';
import { resizedRows } from '../../codec/large/rows.ts';
import { WEBP_BYTES } from '../../codec/large/webp.ts';
import { writeRows } from '../../codec/large/write.ts';
import { planOutput } from '../../codec/output.ts';
import { readPhotoMetadata, type PhotoMetadata } from '../../codec/photo-metadata.ts';
import { resizePicture, withOpacityOf, type Picture } from '../../codec/picture.ts';
import { profileName } from '../../codec/profile.ts';
import { MAX_JPEG_XMP, writeXmp } from '../../formats/xmp.ts';
import { MadderError } from '../../../shared/errors.ts';
import type { ExportOptions, ResponseOf, Result } from '../../../shared/studio/contract.ts';
import { EXPORT_SUFFIXES, exportName, exportSize, nameSourceOf } from '../../../shared/studio/export-plan.ts';
import type { StudioAsset } from '../../../shared/studio/program.ts';
import { freeName } from '../painter.ts';
import { newId } from './stored.ts';

type Exported = ResponseOf<'exportResult'>;

/** Most pixels that are written: what the codec can read again. */
const MOST_PIXELS = 268e6;
/** Memory while a picture is resized and encoded, bytes per pixel: two float pictures, the encoder's values, the file. */
const WORKING_BYTES = 40;

export interface ExportContext {
  /** The picture as it was painted. */
  readonly picture: (result: string) => Promise<Picture>;
  /** The photo as it came in; undefined where it is not in the library any more. */
  readonly original: (sha256: string) => string | undefined;
  /** The folder that was chosen for exports. */
  readonly folder: () => string | null;
  /** Where files are kept for the browser to fetch; undefined where pictures are written to their place. */
  readonly downloads?: string | undefined;
}

export class Exporter {
  readonly #context: ExportContext;
  readonly #downloads = new Map<string, string>();
  /** One at a time: each takes a free name, and much memory. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(context: ExportContext) {
    this.#context = context;
  }

  /** @throws MadderError `output` or `input`, one sentence */
  export(result: Result, options: ExportOptions, path?: string): Promise<Exported> {
    const exported = this.#turn.then(() => this.#export(result, options, path));
    this.#turn = exported.catch(() => {});
    return exported;
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

  async #export(result: Result, options: ExportOptions, chosen: string | undefined): Promise<Exported> {
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
    const painted = await this.#context.picture(result.id);
    notes.push(...planOutput(path, { width, height, transparent: painted.alpha !== undefined }));
    const write = await this.#writeOptions(path, result, options, notes);
    await checkRoom(path, { width, height }, write.depth ?? 8);
    if (isStreamed(width * height)) {
      await writeRows(path, resizedRows(painted, width, height), { ...write, quality: options.quality });
    } else await writeImage(path, await resized(painted, width, height), write);
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
      quality: options.quality,
      depth: deep ? options.depth : 8,
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

/** Whether a picture is resized and written a few rows at a time: it is large, or memory is short. */
const isStreamed = (pixels: number): boolean =>
  pixels > Math.min(STREAMED_PIXELS, process.availableMemory() / WORKING_BYTES);

/** Resizes colours and opacity. */
async function resized(picture: Picture, width: number, height: number): Promise<Picture> {
  const { alpha } = picture;
  const colours = await resizePicture(picture, width, height);
  if (!alpha || colours === picture) return colours;
  const words = Uint16Array.from(alpha, (value) => Math.round(65_535 * value));
  return withOpacityOf(colours, { width: picture.width, height: picture.height, alpha: words });
}

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
async function checkRoom(path: string, { width, height }: { width: number; height: number }, depth: 8 | 16) {
  const disk = await statfs(dirname(path)).catch(() => undefined);
  if (!disk) return;
  const needed = width * height * 4 * (depth / 8);
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
