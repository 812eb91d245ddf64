import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FeatureStore, removeLeftFeatures } from '../../../../src/main/engine/tiling/feature-store.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'madder-features-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const values = (from: number, count: number) => Float32Array.from({ length: count }, (_, i) => from + i);

describe('a store of features', () => {
  it('keeps what fits in memory and the rest in files, and gives back what was written last', async () => {
    const store = new FeatureStore({ memory: 48, folder });
    await store.write('a/b', 0, values(0, 10));
    await store.write('a/b', 1, values(100, 7));
    await store.write('../c', 0, values(200, 3));
    expect(readdirSync(folder)).toHaveLength(1);
    await store.write('a/b', 1, values(300, 7));
    await store.write('a/b', 0, values(400, 10));
    expect(await store.read('a/b', 0)).toEqual(values(400, 10));
    expect(await store.read('a/b', 1)).toEqual(values(300, 7));
    expect(await store.read('../c', 0)).toEqual(values(200, 3));
    await store.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('leaves nothing on disk where all fits in memory', async () => {
    const store = new FeatureStore({ memory: 1000, folder });
    await store.write('a', 0, values(0, 10));
    expect(readdirSync(folder)).toEqual([]);
    await store.release();
  });

  it('says when its files are gone', async () => {
    const store = new FeatureStore({ memory: 0, folder });
    await store.write('a', 0, values(0, 10));
    const [name] = readdirSync(folder);
    writeFileSync(join(folder, name!, '0.features'), '');
    await expect(store.read('a', 0)).rejects.toThrow(/are gone; leave that folder alone/);
    await store.release();
  });

  it('of a process that was killed is removed', async () => {
    mkdirSync(join(folder, 'features-0a1b2c3d'));
    writeFileSync(join(folder, 'checkpoint.safetensors'), '');
    await removeLeftFeatures(folder);
    expect(existsSync(join(folder, 'checkpoint.safetensors'))).toBe(true);
    expect(readdirSync(folder)).toHaveLength(1);
  });
});
