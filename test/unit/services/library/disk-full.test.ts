import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CatalogueEntry } from '../../../../src/shared/catalogue.ts';
import { IMAGENET_NORMALIZATION } from '../../../../src/shared/network-manifest.ts';
import { downloadNetwork } from '../../../../src/main/services/library/download.ts';
import { importNetwork } from '../../../../src/main/services/library/import.ts';
import { FileServer } from '../../../support/file-server.ts';
import { fileOf } from '../../../support/virtual-file.ts';

/** Bytes that fit on the disk still. */
let room = Infinity;

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const take = (bytes: number) => {
    if (bytes > room) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
    room -= bytes;
  };
  return {
    ...real,
    open: async (...args: Parameters<typeof real.open>) => {
      const handle = await real.open(...args);
      const write = handle.write.bind(handle) as (...values: unknown[]) => Promise<unknown>;
      const writeWhole = handle.writeFile.bind(handle);
      handle.write = (async (bytes: Uint8Array, ...rest: unknown[]) => {
        take(rest[1] as number);
        return write(bytes, ...rest);
      }) as never;
      handle.writeFile = async (data) => {
        take((data as Uint8Array).byteLength ?? 0);
        return writeWhole(data);
      };
      return handle;
    },
  };
});

const path = 'test/golden/data/vgg16-thin.weights.safetensors';
const thin = await readFile(path);
let server: FileServer;
let library: string;
beforeAll(async () => (server = await FileServer.start()));
afterAll(() => server.stop());
beforeEach(async () => (library = await mkdtemp(join(tmpdir(), 'madder-full-'))));
afterEach(async () => {
  room = Infinity;
  await rm(library, { recursive: true, force: true });
});

const entry = (url: string): CatalogueEntry => ({
  id: 'thin',
  name: 'Thin VGG',
  architecture: 'vgg16',
  sources: [{ url }],
  normalization: IMAGENET_NORMALIZATION,
  layers: ['relu1_1'],
  styleLayers: { relu1_1: 1 },
  contentLayers: { relu1_1: 1 },
  licence: 'MIT',
  citation: 'nobody',
  description: 'Thin.',
});
const visible = async () => (await readdir(library)).filter((name) => !name.startsWith('.'));
const SENTENCE = /^Nothing could be installed in .* because the disk is full; free some space\.$/;

describe('a full disk', () => {
  it.each([
    ['while the file is fetched', 500_000],
    ['while the network is written', thin.byteLength + 100_000],
  ])('%s installs nothing, and the download goes on once there is room', async (what, bytes) => {
    const name = what.replaceAll(' ', '-');
    const url = server.serve(name, fileOf(thin));
    room = bytes;
    await expect(downloadNetwork(entry(url), { library })).rejects.toThrow(SENTENCE);
    expect(await visible()).toEqual([]);
    expect((await readdir(library)).filter((n) => n.endsWith('.tmp'))).toEqual([]);
    const before = server.sent(name);
    room = Infinity;
    await downloadNetwork(entry(url), { library });
    expect(await visible()).toEqual(['thin.json', 'thin.safetensors']);
    expect(server.sent(name) - before).toBeLessThan(thin.byteLength - 400_000);
  });

  it('leaves the network of before as it is', async () => {
    await importNetwork(path, { library, id: 'mine' });
    const contents = async () => Promise.all((await visible()).map((name) => readFile(join(library, name), 'latin1')));
    const before = await contents();
    room = 100_000;
    await expect(importNetwork(path, { library, id: 'mine', precision: 'float32' })).rejects.toThrow(SENTENCE);
    expect((await contents()).join() === before.join()).toBe(true);
  });

  it('is told from a folder that is none', async () => {
    const file = join(library, 'file');
    await writeFile(file, '');
    await expect(importNetwork(path, { library: join(file, 'networks') })).rejects.toThrow(
      /because it is not a folder/,
    );
    await expect(downloadNetwork(entry('http://127.0.0.1:9/'), { library: file })).rejects.toThrow(/is not a folder/);
  });
});
