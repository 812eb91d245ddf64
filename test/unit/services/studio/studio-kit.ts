/** A studio in a folder of its own, with the real engine on tiny pictures, and no devices but the cpu. */
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp, { type Sharp } from 'sharp';
import { afterAll, expect } from 'vitest';
import { Studio, type StudioOptions } from '../../../../src/main/services/studio/studio.ts';
import type { DeviceFinder } from '../../../../src/main/services/studio/devices.ts';
import {
  METHODS,
  studioEventSchema,
  type Answer,
  type Job,
  type MethodName,
  type RequestOf,
  type ResponseOf,
  type StudioEvent,
} from '../../../../src/shared/studio/contract.ts';
import { emptyDocument, type StudioDocument, type StudioPicture } from '../../../../src/shared/studio/document.ts';
import { answer, checkRequest } from '../../../../src/shared/studio/program.ts';

export const root = fileURLToPath(new URL('../../../../', import.meta.url));
const engine = join(root, 'dist/src/main/engine/process/main.js');

const base = mkdtempSync(join(tmpdir(), 'madder-studio-'));
const opened: TestStudio[] = [];
afterAll(async () => {
  for (const studio of opened) await studio.close();
  await rm(base, { recursive: true, force: true });
});

let files = 0;
export const file = (name: string): string => join(base, name);
export const newFolder = (): string => join(base, `data-${files++}`);

export const cpuOnly: DeviceFinder = {
  report: async () => ({
    verdicts: [{ provider: 'cpu', outcome: 'works', error: 0, speed: 1 }],
    default: { provider: 'cpu' },
  }),
  choose: async () => ({ provider: 'cpu' }),
};

export class TestStudio {
  readonly folder: string;
  readonly program: Studio;
  readonly events: StudioEvent[] = [];
  readonly #listeners = new Set<() => void>();

  private constructor(folder: string, program: Studio) {
    this.folder = folder;
    this.program = program;
    program.subscribe((event) => {
      // Everything that is said is in the contract.
      this.events.push(studioEventSchema.parse(event));
      for (const listener of this.#listeners) listener();
    });
  }

  static async open(options: Partial<StudioOptions> = {}): Promise<TestStudio> {
    const folder = options.folder ?? newFolder();
    const program = await Studio.open({ shell: 'desktop', engine, devices: cpuOnly, ...options, folder });
    const studio = new TestStudio(folder, program);
    opened.push(studio);
    const { value: preferences } = (await studio.ask('snapshot', {})) as { value: ResponseOf<'snapshot'> };
    await studio.do('savePreferences', {
      preferences: { ...preferences.preferences, device: 'cpu', threads: 1, lowPriority: false },
    });
    return studio;
  }

  /** As a shell asks: checked before and, here, after. */
  async ask<M extends MethodName>(method: M, request: unknown): Promise<Answer<ResponseOf<M>>> {
    const given = await answer(
      async () => this.program.call(method, checkRequest(method, request)),
      () => {},
    );
    if (given.ok) METHODS[method].response.parse(given.value);
    return given;
  }

  /** What must succeed. */
  async do<M extends MethodName>(method: M, request: RequestOf<M>): Promise<ResponseOf<M>> {
    const given = await this.ask(method, request);
    if (!given.ok) throw new Error(`${method}: ${given.problem.message}`);
    return given.value;
  }

  /** What must fail, with the sentence that it does. */
  async refused<M extends MethodName>(method: M, request: unknown): Promise<string> {
    const given = await this.ask(method, request);
    expect(given.ok).toBe(false);
    if (given.ok) throw new Error('unreachable');
    expect(given.problem.kind).not.toBe('defect');
    expect(given.problem.message).toMatch(/^\S.*\.$/);
    return given.problem.message;
  }

  /** Waits until the events so far satisfy `seen`. */
  async until<T>(seen: () => T | undefined | false): Promise<T> {
    for (;;) {
      const value = seen();
      if (value) return value;
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#listeners.delete(wake);
          resolve();
        };
        this.#listeners.add(wake);
      });
    }
  }

  job(id: string): Job | undefined {
    const last = this.events.findLast((event) => event.type === 'job' && event.job.id === id);
    return last?.type === 'job' ? last.job : undefined;
  }

  reaches(id: string, ...states: Job['state'][]): Promise<Job> {
    return this.until(() => {
      const job = this.job(id);
      return job && states.includes(job.state) && job;
    });
  }

  of<T extends StudioEvent['type']>(type: T): Extract<StudioEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<StudioEvent, { type: T }> => event.type === type);
  }

  close(): Promise<void> {
    return this.program.close();
  }
}

/** A picture file of waves, or of blocks. */
export async function pictureFile(
  name: string,
  { width = 72, height = 54, blocks = false, alpha = false, save = (image: Sharp) => image } = {},
): Promise<string> {
  const channels = alpha ? 4 : 3;
  const data = new Uint8Array(width * height * channels);
  for (let i = 0; i < data.length; i++) {
    const [pixel, c] = [Math.floor(i / channels), i % channels];
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    if (c === 3) data[i] = x < width / 2 ? 255 : 90;
    else if (blocks) data[i] = ((x >> 3) + (y >> 3) + c) % 3 === 0 ? 230 : 40 + 20 * c;
    else data[i] = 128 + 100 * Math.sin(x / (5 + c) + y / 9);
  }
  const path = file(name);
  await save(sharp(data, { raw: { width, height, channels } })).toFile(path);
  return path;
}

/** A document of two tiny pictures that takes a second to paint. */
export async function tinyDocument(
  studio: TestStudio,
  settings: StudioDocument['settings'] = {},
): Promise<StudioDocument> {
  const photo = await added(studio, await pictureFile('photo.png'), 'My photo.png');
  const style = await added(studio, await pictureFile('style.png', { blocks: true }), 'Blocks.png');
  return {
    ...emptyDocument('madder-vgg'),
    photo,
    styles: [{ picture: style, weight: 1, scale: 1, mask: null }],
    settings: {
      size: 64,
      iterations: 3,
      styleLayers: { relu1_1: 1, relu2_1: 0.5 },
      contentLayers: { relu2_2: 1 },
      ...settings,
    },
  };
}

export const added = async (studio: TestStudio, path: string, name: string): Promise<StudioPicture> =>
  (await studio.program.upload(path, name)).picture;
