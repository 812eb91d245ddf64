import { preferencesSchema, type Preferences } from '../../../shared/studio/contract.ts';
import type { Log } from './log.ts';
import { readStored, Saver } from './stored.ts';

/** Of a studio that was never set up. */
export const DEFAULTS: Preferences = {
  theme: 'dark',
  surround: 0.2,
  language: 'system',
  device: 'auto',
  threads: null,
  lowPriority: true,
  memoryBytes: null,
  historyCap: 4 * 2 ** 30,
  exportFolder: null,
  export: {
    format: 'png',
    depth: 8,
    quality: 92,
    pyramid: false,
    size: { unit: 'own' },
    dpi: 300,
    profile: 'srgb',
    exif: false,
    removePosition: true,
    recipe: true,
    nameTemplate: '{photo} - {style}',
    onConflict: 'number',
  },
  singleKeyShortcuts: true,
};

/** How a person wants the program to be. */
export class PreferencesFile {
  readonly #saver: Saver;
  #current: Preferences;

  private constructor(saver: Saver, current: Preferences) {
    this.#saver = saver;
    this.#current = current;
  }

  static async open(path: string, log: Log): Promise<PreferencesFile> {
    const stored = await readStored(path, fieldsOf, log);
    return new PreferencesFile(new Saver(path), { ...DEFAULTS, ...stored });
  }

  get current(): Preferences {
    return this.#current;
  }

  /** Resolves when they are on the disk. */
  save(preferences: Preferences): Promise<void> {
    this.#current = preferences;
    return this.#saver.save(preferences);
  }

  settle(): Promise<void> {
    return this.#saver.settle();
  }
}

/** The fields that can be used: one that another version of the program wrote differently does not cost the others. */
function fieldsOf(value: unknown): Partial<Preferences> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('not a group of settings');
  return Object.fromEntries(
    Object.entries(preferencesSchema.shape).flatMap(([name, schema]) => {
      const parsed = schema.safeParse((value as Record<string, unknown>)[name]);
      return parsed.success ? [[name, parsed.data]] : [];
    }),
  );
}
