import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findStateDict } from '../../../src/main/engine/networks/state-dict-finder.ts';
import { memorySource } from '../../../src/main/formats/byte-source.ts';
import { readTensor, readWeightsIndex } from '../../../src/main/formats/weights-file.ts';
import { MadderError } from '../../../src/shared/errors.ts';
import { bombs, liars, mutatedFiles, programs, soundFiles, type HostileFile } from './hostile-corpus.ts';

const MUTATIONS = 2400;
const SEED = 20261123;
/** Milliseconds of computing for one file: what else this computer does must not fail a test. */
const PATIENCE = 2000;
const MEASURED_BYTES = 2 ** 25;
/** Peak memory in file sizes. */
const MEMORY = 3;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'madder-hostile-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const millisecondsSince = (begin: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(begin);
  return (user + system) / 1000;
};

/** Reads everything that can be read of a file; anything but a refusal is an error. */
async function exhaust({ name, file }: HostileFile): Promise<'read' | 'refused'> {
  const source = memorySource(file);
  const begin = process.cpuUsage();
  try {
    const index = await readWeightsIndex(source, 'hostile.pth');
    for (const entry of index.tensors.values()) {
      const read = await readTensor(source, entry);
      expect(read.data.byteLength, name).toBeLessThanOrEqual(Math.max(file.length, 2 ** 20));
    }
    await findStateDict(index, source, 'hostile.pth');
    return 'read';
  } catch (error) {
    if (!(error instanceof MadderError)) throw new Error(`${name}: ${String(error)}`, { cause: error });
    expect(error.kind, name).toBe('network');
    expect(error.message, name).toMatch(/^[\x20-\x7e\u00a1-\u024f]+\.$/);
    return 'refused';
  } finally {
    expect(millisecondsSince(begin), name).toBeLessThan(PATIENCE);
  }
}

describe('hostile weights files', () => {
  it(`${MUTATIONS} mutations are read or refused, and nothing else`, async () => {
    const counts = { read: 0, refused: 0 };
    for (const file of mutatedFiles(MUTATIONS, SEED)) counts[await exhaust(file)]++;
    // Otherwise the mutations were too gentle, or too rough, to test anything.
    expect(counts.read).toBeGreaterThan(MUTATIONS / 20);
    expect(counts.refused).toBeGreaterThan(MUTATIONS / 4);
  });

  it('every sound file is refused or read where it is cut anywhere', async () => {
    for (const { name, file } of soundFiles()) {
      for (let end = 0; end < file.length; end += 97) await exhaust({ name, file: file.subarray(0, end) });
    }
  });

  it('programs are not run', async () => {
    const marker = join(folder, 'ran');
    const before = Object.getOwnPropertyNames(Object.prototype);
    for (const file of programs(marker)) await exhaust(file);
    expect(existsSync(marker)).toBe(false);
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('what is declared is not believed', async () => {
    for (const file of liars()) expect(await exhaust(file), file.name).toBe('refused');
  });

  it('bombs do not go off', async () => {
    for (const [name, make] of Object.entries(bombs(2 ** 21))) await exhaust({ name, file: make() });
  });

  it.skipIf(process.platform !== 'linux')(
    `reading takes at most ${MEMORY} times the file's size in memory (skipped but for Linux, which tells the peak)`,
    async () => {
      // Each from a file on the disk, in a process of its own: the peak of a process never falls again.
      const script = fileURLToPath(new URL('peak-memory.ts', import.meta.url));
      const root = fileURLToPath(new URL('../../../', import.meta.url));
      const makers = bombs(MEASURED_BYTES);
      for (const name of ['marks', 'texts', 'zip', 'header']) {
        const path = join(folder, 'bomb.pth');
        await writeFile(path, makers[name]!());
        const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, path], {
          cwd: root,
        });
        const { peak, milliseconds } = JSON.parse(stdout) as { peak: number; milliseconds: number };
        expect(peak / MEASURED_BYTES, name).toBeLessThanOrEqual(MEMORY);
        // Less would mean that the measurement missed what is read for certain.
        expect(peak / MEASURED_BYTES, name).toBeGreaterThan(0.1);
        expect(milliseconds, name).toBeLessThan(PATIENCE);
      }
    },
  );
});
