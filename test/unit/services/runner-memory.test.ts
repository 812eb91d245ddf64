import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { OutOfMemory, startRun } from '../../../src/main/services/runner.ts';
import type { EngineJob } from '../../../src/shared/engine-contract.ts';
import { recipeSchema } from '../../../src/shared/recipe.ts';

const entry = fileURLToPath(new URL('../../fixtures/engine-of-little-memory.js', import.meta.url));
const job: EngineJob = {
  recipe: recipeSchema.parse({
    version: 1,
    content: { sha256: 'a'.repeat(64), name: 'a', width: 4, height: 3 },
    styles: [{ image: { sha256: 'b'.repeat(64), name: 'b', width: 4, height: 3 } }],
    networks: { style: { id: 'v', sha256: 'c'.repeat(64) } },
    objective: { style: 1, content: 1, styleLayers: { a: 1 }, contentLayers: {} },
    schedule: { size: 4, levels: [{ factor: 1, evaluations: 5 }] },
    optimizer: { kind: 'adam' },
    init: { kind: 'content' },
  }),
  images: {},
  networks: { style: 'v' },
  folder: '.',
  resume: false,
  provider: 'cpu',
  memoryBytes: 4e9,
};

/** Runs until the engine says how much it may take, or gives up. */
async function run(memory: number, death: 'words' | 'kill', changes: Partial<EngineJob> = {}) {
  vi.stubEnv('MADDER_TEST_MEMORY', String(memory));
  vi.stubEnv('MADDER_TEST_DEATH', death);
  const notes: string[] = [];
  const { outcome } = startRun({ ...job, ...changes }, { entry, onNote: (note) => notes.push(note) });
  const error = await outcome.then(
    () => undefined,
    (reason: unknown) => reason as Error,
  );
  return { error, notes };
}
afterEach(() => vi.unstubAllEnvs());

describe('an engine that dies for want of memory', () => {
  it('is followed by one that takes a quarter less, when it says so', async () => {
    const { error, notes } = await run(2.5e9, 'words');
    expect(error!.message).toBe('It may take 2250 MB.');
    expect(notes).toEqual([
      expect.stringMatching(
        /^The engine ended unexpectedly \(SIGABRT: .*bad_alloc.*\), most likely because memory ran out/,
      ),
      expect.stringMatching(/the run goes on within 2\.3 GB of memory, from its last checkpoint\.$/),
    ]);
  });

  it('is recognised by a second death without a reason of its own', async () => {
    const { error, notes } = await run(3.5e9, 'kill');
    expect(error!.message).toBe('It may take 3000 MB.');
    expect(notes).toEqual([
      'The engine ended unexpectedly (SIGKILL); the run goes on, from its last checkpoint.',
      'The engine ended unexpectedly (SIGKILL), most likely because memory ran out; the run goes on within 3.0 GB of memory, from its last checkpoint.',
    ]);
  });

  it('is given up in the end, with how much may be tried', async () => {
    const { error, notes } = await run(1, 'words');
    expect(notes).toHaveLength(3);
    expect(error).toBeInstanceOf(OutOfMemory);
    // 4 GB · 0.75⁴.
    expect((error as OutOfMemory).suggestedBytes).toBeCloseTo(1.265625e9);
    expect(error!.message).toMatch(
      /again and again .*memory runs out; .* at most 1\.3 GB, or choose a smaller size\.$/,
    );
  });

  it('takes no less than is of use', async () => {
    const { error } = await run(1, 'words', { memoryBytes: 700e6 });
    expect(error).not.toBeInstanceOf(OutOfMemory);
    expect(error!.message).toMatch(/again and again .* try a smaller size or another device\.$/);
  });
});
