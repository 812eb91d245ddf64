/** Presets that a person made, a file each, beside those that come with Madder. */
import { copyFile, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { z } from 'zod';
import { MadderError } from '../../../shared/errors.ts';
import { migratePreset, type Preset } from '../../../shared/preset.ts';
import type { PresetEntry } from '../../../shared/studio/contract.ts';
import type { StudioAsset } from '../../../shared/studio/program.ts';
import { builtInPresets } from '../presets.ts';
import { applicationFolder } from '../resources.ts';
import { versionIn } from './library.ts';
import type { Log } from './log.ts';
import { dataError, newId, readStored, Saver, writeBytes, writeStored } from './stored.ts';

const FAVOURITES = '.favourites.json';
const favouritesSchema = z.strictObject({ version: z.literal(1), ids: z.array(z.string()) });

/** Deleted presets that can be brought back: the newest ones. */
const MOST_DELETED = 20;

interface Deleted {
  readonly value: Preset;
  readonly favourite: boolean;
  readonly thumbnail: { readonly suffix: string; readonly bytes: Uint8Array } | undefined;
}

export class UserPresets {
  readonly #folder: string;
  readonly #onChange: (presets: PresetEntry[]) => void;
  readonly #builtIn = new Map(builtInPresets().map(({ id, preset }) => [id, preset]));
  readonly #own: Map<string, Preset>;
  readonly #favourites: Set<string>;
  readonly #deleted = new Map<string, Deleted>();
  readonly #saver: Saver;

  private constructor(
    folder: string,
    own: Map<string, Preset>,
    favourites: Set<string>,
    onChange: (presets: PresetEntry[]) => void,
  ) {
    this.#folder = folder;
    this.#own = own;
    this.#favourites = favourites;
    this.#onChange = onChange;
    this.#saver = new Saver(join(folder, FAVOURITES));
  }

  static async open(folder: string, log: Log, onChange: (presets: PresetEntry[]) => void): Promise<UserPresets> {
    await mkdir(folder, { recursive: true });
    const own = new Map<string, Preset>();
    for (const name of (await readdir(folder)).sort()) {
      const id = basename(name, '.json');
      if (extname(name) !== '.json' || !/^[A-Za-z0-9_-]{1,64}$/.test(id)) continue;
      const preset = await readStored(join(folder, name), migratePreset, log);
      if (preset) own.set(id, preset);
    }
    const stored = await readStored(join(folder, FAVOURITES), (value) => favouritesSchema.parse(value), log);
    return new UserPresets(folder, own, new Set(stored?.ids), onChange);
  }

  /** Those that come with Madder first. */
  get entries(): PresetEntry[] {
    return [...this.#builtIn.keys(), ...this.#own.keys()].map((id) => this.#entry(id));
  }

  /**
   * @param id of the preset that is replaced; null for a new one
   * @param thumbnail a picture to show for it; the old one stays where there is none
   */
  async save(id: string | null, value: Preset, thumbnail?: string): Promise<PresetEntry> {
    if (id !== null) this.#ownOnly(id);
    const place = id ?? this.#freeId(value.name);
    await writeStored(this.#file(place), value);
    if (thumbnail !== undefined) {
      try {
        await this.#removeThumbnail(place);
        await copyFile(thumbnail, join(this.#folder, `${place}${extname(thumbnail)}`));
      } catch (error) {
        throw dataError(error);
      }
    }
    this.#own.set(place, value);
    return this.#changed(place);
  }

  async delete(id: string): Promise<void> {
    this.#ownOnly(id);
    const deleted = { value: this.get(id), favourite: this.#favourites.has(id), thumbnail: await this.#thumbnail(id) };
    await rm(this.#file(id), { force: true });
    await this.#removeThumbnail(id);
    this.#own.delete(id);
    this.#favourites.delete(id);
    this.#deleted.delete(id);
    this.#deleted.set(id, deleted);
    if (this.#deleted.size > MOST_DELETED) this.#deleted.delete([...this.#deleted.keys()][0]!);
    await this.#saveFavourites();
    this.#onChange(this.entries);
  }

  /**
   * Brings a deleted preset back, under its id unless another one has that now.
   * @throws MadderError `input` where it was not deleted, or too long ago
   */
  async restore(id: string): Promise<PresetEntry> {
    const deleted = this.#deleted.get(id);
    if (!deleted) throw new MadderError('input', 'That preset cannot be brought back any more.');
    const { value, favourite, thumbnail } = deleted;
    const place = this.#own.has(id) ? this.#freeId(value.name) : id;
    if (thumbnail) await writeBytes(join(this.#folder, `${place}${thumbnail.suffix}`), thumbnail.bytes);
    await writeStored(this.#file(place), value);
    this.#own.set(place, value);
    this.#deleted.delete(id);
    if (favourite) {
      this.#favourites.add(place);
      await this.#saveFavourites();
    }
    return this.#changed(place);
  }

  async duplicate(id: string, name: string): Promise<PresetEntry> {
    const { content } = this.asset(id) ?? {};
    return this.save(null, { ...this.get(id), name }, typeof content === 'string' ? content : undefined);
  }

  async favourite(id: string, favourite: boolean): Promise<void> {
    this.get(id);
    if (favourite) this.#favourites.add(id);
    else this.#favourites.delete(id);
    await this.#saveFavourites();
    this.#onChange(this.entries);
  }

  /** @throws MadderError `input` where the text is no preset */
  async import(text: string): Promise<PresetEntry> {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      throw new MadderError('input', 'This file is no preset: it is not JSON; choose another file.', { cause });
    }
    return this.save(null, migratePreset(value));
  }

  export(id: string): { fileName: string; text: string } {
    const preset = this.get(id);
    return { fileName: `${slug(preset.name)}.json`, text: `${JSON.stringify(preset, null, 2)}\n` };
  }

  asset(id: string): StudioAsset | undefined {
    return this.#own.has(id)
      ? versionIn(this.#folder, id)
      : versionIn(join(applicationFolder(), 'resources/presets'), id);
  }

  /** @throws MadderError `input` */
  get(id: string): Preset {
    const preset = this.#own.get(id) ?? this.#builtIn.get(id);
    if (!preset) throw new MadderError('input', 'That preset is no longer there.');
    return preset;
  }

  settle(): Promise<void> {
    return this.#saver.settle();
  }

  #entry(id: string): PresetEntry {
    return {
      id,
      value: this.get(id),
      builtIn: !this.#own.has(id),
      favourite: this.#favourites.has(id),
      thumbnail: this.asset(id) !== undefined,
    };
  }

  #changed(id: string): PresetEntry {
    this.#onChange(this.entries);
    return this.#entry(id);
  }

  #ownOnly(id: string): void {
    const { name } = this.get(id);
    if (this.#own.has(id)) return;
    throw new MadderError('input', `The preset "${name}" comes with Madder and stays as it is; duplicate it first.`);
  }

  #freeId(name: string): string {
    const wanted = slug(name);
    const taken = this.#own.has(wanted) || this.#builtIn.has(wanted);
    return taken ? `${wanted.slice(0, 40)}-${newId()}` : wanted;
  }

  #file(id: string): string {
    return join(this.#folder, `${id}.json`);
  }

  async #thumbnail(id: string): Promise<Deleted['thumbnail']> {
    const { content } = this.asset(id) ?? {};
    if (typeof content !== 'string') return undefined;
    const bytes = await readFile(content).catch(() => undefined);
    return bytes && { suffix: extname(content), bytes };
  }

  async #removeThumbnail(id: string): Promise<void> {
    for (const suffix of ['jpg', 'png']) await rm(join(this.#folder, `${id}.${suffix}`), { force: true });
  }

  #saveFavourites(): Promise<void> {
    return this.#saver.save({ version: 1, ids: [...this.#favourites].sort() });
  }
}

/** A name as an id or the name of a file. */
const slug = (name: string): string =>
  name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 60) || 'preset';
