/** The pictures that a person brought in, by content, and the samples. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { constants, copyFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { z } from 'zod';
import { decodeImage, identifyImage, type DecodedImage } from '../../codec/decode.ts';
import { encodeMask } from '../../codec/mask.ts';
import { encodeForScreen, type ScreenPicture } from '../../codec/screen.ts';
import { MadderError } from '../../../shared/errors.ts';
import { MASK_SIDE, pictureSchema, type StudioPicture } from '../../../shared/studio/document.ts';
import type { StudioAsset } from '../../../shared/studio/program.ts';
import { samples } from '../samples.ts';
import type { Log } from './log.ts';
import { dataError, flush, newId, readStored, setAside, writeBytes, writeStored } from './stored.ts';

/** Most pixels of the version for the canvas: browsers show no more at once without trouble. */
const CANVAS_PIXELS = 24e6;
/** Long side of thumbnails, px. */
export const THUMBNAIL_SIDE = 256;

const aboutSchema = z.strictObject({
  version: z.literal(1),
  picture: pictureSchema,
  /** Name of the file beside this one that is the picture as it came in. */
  original: z.string().regex(/^original(\.[a-z0-9]{1,5})?$/),
});

interface Entry {
  readonly picture: StudioPicture;
  /** The picture as it came in. */
  readonly original: string;
  /** Where its versions for the screen are kept. */
  readonly folder: string;
}

export interface LibrarySample {
  readonly kind: 'photo' | 'painting';
  readonly name: string;
  readonly title: string;
  readonly picture: StudioPicture;
}

export class Library {
  readonly samples: readonly LibrarySample[];
  readonly #folder: string;
  readonly #entries: Map<string, Entry>;
  /** Versions that are being made, by their folder and kind: whoever asks meanwhile waits for them. */
  readonly #making = new Map<string, Promise<void>>();
  /** One picture is decoded at a time: a folder of photos that is dropped must not fill the memory. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(folder: string, entries: Map<string, Entry>, found: readonly LibrarySample[]) {
    this.#folder = folder;
    this.#entries = entries;
    this.samples = found;
  }

  static async open(folder: string, log: Log): Promise<Library> {
    await mkdir(folder, { recursive: true });
    const entries = new Map<string, Entry>();
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      if (name.startsWith(STAGED)) await rm(path, { recursive: true, force: true });
      if (!pictureSchema.shape.sha256.safeParse(name).success) continue;
      const about = await readStored(join(path, ABOUT), (value) => aboutSchema.parse(value), log);
      if (about && about.picture.sha256 === name && existsSync(join(path, about.original))) {
        entries.set(name, { picture: about.picture, original: join(path, about.original), folder: path });
      } else {
        await setAside(path, log, 'the original or its description is missing');
      }
    }
    const found = await findSamples(folder, entries);
    return new Library(folder, entries, found);
  }

  has(sha256: string): boolean {
    return this.#entries.has(sha256);
  }

  /** The picture as it came in. */
  original(sha256: string): string | undefined {
    return this.#entries.get(sha256)?.original;
  }

  /** The same with the name that it came in with. @throws MadderError `input` where it is not there */
  file(sha256: string): { readonly path: string; readonly name: string } {
    const entry = this.#entries.get(sha256);
    if (!entry) throw new MadderError('input', 'A picture of this study is not in the library; add it again.');
    return { path: entry.original, name: entry.picture.name };
  }

  /**
   * Adds a copy of a picture file.
   * @param name the file's name without its folder
   * @throws MadderError `input` where it is no picture that can be used, `output` where there is no room for it
   */
  add(path: string, name: string): Promise<{ picture: StudioPicture; notes: string[] }> {
    const added = this.#turn.then(() => this.#add(path, name));
    this.#turn = added.catch(() => {});
    return added;
  }

  /** A version for the screen; undefined where the picture is not known. */
  async asset(kind: 'thumbnail' | 'picture' | 'mask', sha256: string): Promise<StudioAsset | undefined> {
    const entry = this.#entries.get(sha256);
    if (!entry) return undefined;
    const there = versionIn(entry.folder, kind);
    if (there) return there;
    const key = join(entry.folder, kind === 'mask' ? 'mask' : 'screen');
    let making = this.#making.get(key);
    if (!making) {
      making = this.#turn
        .then(() => (kind === 'mask' ? writeMask(entry) : writeScreenVersions(entry)))
        .finally(() => this.#making.delete(key));
      this.#turn = making.catch(() => {});
      this.#making.set(key, making);
    }
    await making;
    return versionIn(entry.folder, kind);
  }

  /** Removes pictures that nothing uses and that came in before `before`, ms since 1970. */
  async prune(used: ReadonlySet<string>, before: number): Promise<void> {
    const sampled = new Set(this.samples.map(({ picture }) => picture.sha256));
    for (const [sha256, { folder }] of this.#entries) {
      if (used.has(sha256) || sampled.has(sha256)) continue;
      const { mtimeMs } = await stat(join(folder, ABOUT));
      if (mtimeMs >= before) continue;
      this.#entries.delete(sha256);
      await rm(folder, { recursive: true, force: true });
    }
  }

  async #add(path: string, name: string): Promise<{ picture: StudioPicture; notes: string[] }> {
    const decoded = await decodeImage(path, { fitPixels: CANVAS_PIXELS, name });
    const { sha256, original: size } = decoded;
    const picture = pictureSchema.parse({ sha256, name: name.slice(-255), ...size });
    const notes = [...decoded.notes];
    if (decoded.width < size.width) {
      const megapixels = Math.round((size.width * size.height) / 1e6);
      notes.push(`The picture has ${megapixels} megapixels; the canvas shows it at ${CANVAS_PIXELS / 1e6}.`);
    }
    if (!this.#entries.has(sha256)) await this.#keep(path, picture, decoded);
    return { picture, notes };
  }

  async #keep(path: string, picture: StudioPicture, decoded: DecodedImage): Promise<void> {
    const { sha256 } = picture;
    const staged = join(this.#folder, `${STAGED}${newId()}`);
    const folder = join(this.#folder, sha256);
    const suffix = /^\.[a-z0-9]{1,5}$/.exec(extname(picture.name).toLowerCase())?.[0] ?? '';
    const original = `original${suffix}`;
    try {
      await mkdir(staged);
      // File systems that can share the blocks of two files do so.
      await copyFile(path, join(staged, original), constants.COPYFILE_FICLONE);
      await flush(join(staged, original));
      if ((await hashOf(join(staged, original))) !== sha256) {
        throw new MadderError('input', `The picture "${picture.name}" changed while it was read; add it again.`);
      }
      await writeVersions(staged, decoded);
      await writeStored(join(staged, ABOUT), { version: 1, picture, original });
      await rename(staged, folder);
    } catch (error) {
      await rm(staged, { recursive: true, force: true });
      throw dataError(error);
    }
    this.#entries.set(sha256, { picture, original: join(folder, original), folder });
  }
}

const ABOUT = 'about.json';
/** Folders that are not finished. */
const STAGED = '.new-';

/** The samples come with the program: only their versions for the screen are kept here, once they are asked for. */
async function findSamples(folder: string, entries: Map<string, Entry>): Promise<LibrarySample[]> {
  const { photos, paintings } = await samples();
  const all = [
    ...photos.map((s) => ({ kind: 'photo' as const, ...s })),
    ...paintings.map((s) => ({ kind: 'painting' as const, ...s })),
  ];
  return Promise.all(
    all.map(async ({ kind, path, title }) => {
      const picture = await identifyImage(path);
      const own = entries.get(picture.sha256);
      entries.set(picture.sha256, {
        picture,
        original: path,
        folder: own?.folder ?? join(folder, 'samples', picture.sha256),
      });
      return { kind, name: basename(path), title, picture };
    }),
  );
}

const SUFFIXES: Readonly<Record<ScreenPicture['type'], string>> = { 'image/jpeg': 'jpg', 'image/png': 'png' };

/** A version that lies in a folder under the given name, whatever its format. */
export function versionIn(folder: string, name: string): StudioAsset | undefined {
  for (const [type, suffix] of Object.entries(SUFFIXES)) {
    const content = join(folder, `${name}.${suffix}`);
    if (existsSync(content)) return { type, content };
  }
  return undefined;
}

/** Writes the versions of a picture for the screen: one for the canvas, and a thumbnail. */
export async function writeVersions(folder: string, picture: Parameters<typeof encodeForScreen>[0]): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { width, height } = picture;
  const side = Math.floor(Math.max(width, height) * Math.min(1, Math.sqrt(CANVAS_PIXELS / (width * height))));
  for (const [name, longSide, quality] of [
    ['thumbnail', THUMBNAIL_SIDE, 85],
    // No one sees blocks at several times the size.
    ['picture', side, 95],
  ] as const) {
    const { type, bytes } = await encodeForScreen(picture, longSide, quality);
    await writeBytes(join(folder, `${name}.${SUFFIXES[type]}`), bytes);
  }
}

async function writeScreenVersions({ original, folder, picture }: Entry): Promise<void> {
  await writeVersions(folder, await decodeImage(original, { fitPixels: CANVAS_PIXELS, name: picture.name }));
}

/** The picture as a mask, of the size that masks are painted at. */
async function writeMask({ original, folder, picture }: Entry): Promise<void> {
  const bytes = await encodeMask(await decodeImage(original, { longSide: MASK_SIDE, name: picture.name }));
  await mkdir(folder, { recursive: true });
  await writeBytes(join(folder, 'mask.png'), bytes);
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array);
  return hash.digest('hex');
}
