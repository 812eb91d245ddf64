import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  Checkpointer,
  hasCheckpoint,
  readCheckpoint,
  readCheckpointRecipe,
} from '../../../../src/main/engine/runs/checkpoint.ts';
import type { RunState } from '../../../../src/main/engine/runs/run.ts';
import { recipeSchema } from '../../../../src/shared/recipe.ts';

const recipe = recipeSchema.parse({
  version: 1,
  content: { sha256: 'a'.repeat(64), name: 'a', width: 4, height: 3 },
  styles: [{ image: { sha256: 'b'.repeat(64), name: 'b', width: 4, height: 3 } }],
  networks: { style: { id: 'v', sha256: 'c'.repeat(64) } },
  objective: { style: 1, content: 1, styleLayers: { relu1_1: 1 }, contentLayers: {} },
  schedule: { size: 4, levels: [{ factor: 1, evaluations: 5 }] },
  optimizer: { kind: 'adam' },
  init: { kind: 'content' },
});

const state = (total: number): RunState => ({
  recipe,
  level: 0,
  evaluation: total,
  total,
  firstLoss: undefined,
  best: { loss: Infinity, terms: [] },
  size: { width: 4, height: 3 },
  optimizer: {
    method: 'adam',
    version: 1,
    numbers: { steps: [total] },
    vectors: { x: new Float32Array(36).fill(total), first: Float32Array.from({ length: 36 }, (_, i) => i / 7) },
  } as unknown as RunState['optimizer'],
});

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'madder-checkpoint-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('checkpoints', () => {
  it.each([
    ['copied and written while the run goes on', 1e6],
    ['written while the run waits', 0],
  ])('hold the state as it was when it was offered: %s', async (_how, copiedBytes) => {
    const written: number[] = [];
    const onWritten = ({ total }: { total: number }) => written.push(total);
    const checkpointer = new Checkpointer(folder, { intervalMs: 0, copiedBytes, diskSpeed: 1, onWritten });
    const offered = state(3);
    await checkpointer.offer(() => offered);
    expect(written).toEqual(copiedBytes === 0 ? [3] : []);
    offered.optimizer.vectors['x']!.fill(99);
    await checkpointer.settle();
    expect(written).toEqual([3]);
    expect(await readCheckpoint(folder)).toEqual(state(3));
    expect(await readCheckpointRecipe(folder)).toEqual(recipe);
    expect(readdirSync(folder)).toHaveLength(copiedBytes === 0 ? 3 : 1);
  });

  const withPairs = (total: number, ids: number[]): RunState => {
    const pairs = ids.flatMap((id, i) =>
      ['s', 'y'].map((kind) => [`${kind}${i}`, new Uint16Array(36).fill(id)] as const),
    );
    const { optimizer, ...rest } = state(total);
    const vectors = { x: optimizer.vectors['x']!, ...Object.fromEntries(pairs) };
    return { ...rest, optimizer: { method: 'lbfgs', numbers: { ids }, vectors } };
  };

  /** A checkpointer that lets the run wait, and writes when it has rested. */
  function waiting(place: string) {
    let latest = 0;
    const onWritten = ({ total }: { total: number }) => void (latest = total);
    const checkpointer = new Checkpointer(place, { intervalMs: 0, copiedBytes: 0, onWritten });
    return async (offered: RunState) => {
      while (latest !== offered.total) {
        await checkpointer.offer(() => offered);
        await setTimeout(1);
      }
    };
  }

  it('of large states add new curvature pairs to those that lie there, and survive a death between any two writes', async () => {
    const keep = waiting(folder);
    const files = () => new Set(readdirSync(folder));
    await keep(withPairs(1, [0]));
    await keep(withPairs(2, [0, 1]));
    const before = files();
    const whole = mkdtempSync(join(tmpdir(), 'madder-checkpoint-copy-'));
    cpSync(folder, whole, { recursive: true });
    await keep(withPairs(3, [1, 2]));
    expect(await readCheckpoint(folder)).toEqual(withPairs(3, [1, 2]));
    const after = files();
    // Both vectors of pair 1 are those of before; x, and pair 2, which is written in the place of pair 0, are new.
    expect([...after].filter((name) => name.startsWith('vector-') && before.has(name))).toHaveLength(2);
    expect(after.size).toBe(1 + 1 + 2 * 2);

    // As if the process had died before the file that names them was renamed: what is new beside what was there.
    for (const name of after) if (!before.has(name)) cpSync(join(folder, name), join(whole, name));
    expect(await readCheckpoint(whole)).toEqual(withPairs(2, [0, 1]));
    await waiting(whole)(withPairs(3, [1, 2]));
    expect(await readCheckpoint(whole)).toEqual(withPairs(3, [1, 2]));
    expect(readdirSync(whole)).toHaveLength(6);
    // A vector that is missing is said, not painted around.
    rmSync(
      join(
        whole,
        readdirSync(whole).find((name) => name.startsWith('vector-x'))!,
      ),
    );
    await expect(readCheckpoint(whole)).rejects.toThrow(/vector-x.*begin the run anew/);
    // A small state needs none of them.
    const small = new Checkpointer(folder, { intervalMs: 0 });
    await small.offer(() => withPairs(4, [2]));
    await small.settle();
    expect(await readCheckpoint(folder)).toEqual(withPairs(4, [2]));
    expect(readdirSync(folder)).toEqual(['checkpoint.safetensors']);
    rmSync(whole, { recursive: true });
  });

  it('come into force while evaluations block the thread, and what a process that died left half written goes', async () => {
    const left = join(folder, 'checkpoint.safetensors.0123abcd.tmp');
    writeFileSync(left, 'half');
    const large = state(1);
    const vectors = { x: new Float32Array(5e6).fill(0.5), first: new Float32Array(3) };
    const offered = { ...large, optimizer: { ...large.optimizer, vectors } };
    const checkpointer = new Checkpointer(folder, { intervalMs: 0, diskSpeed: 1 });
    await checkpointer.offer(() => offered);
    let evaluations = 0;
    const block = new Int32Array(new SharedArrayBuffer(4));
    while (existsSync(left) && evaluations < 100) {
      Atomics.wait(block, 0, 0, 100);
      evaluations++;
      await setImmediate();
    }
    // The system answers once for the data, not once for every half megabyte of it.
    expect(evaluations).toBeLessThan(30);
    const { x } = (await readCheckpoint(folder))!.optimizer.vectors;
    expect(x!.every((value) => value === 0.5) && x!.length).toBe(5e6);
    expect(readdirSync(folder)).toEqual(['checkpoint.safetensors']);
  });

  it('are in force before the run goes on where writing takes little beside an iteration', async () => {
    const checkpointer = new Checkpointer(folder, { intervalMs: 0, diskSpeed: Infinity });
    await checkpointer.offer(() => state(1));
    expect((await readCheckpoint(folder))?.total).toBe(1);
  });

  it('come no more often than they are wanted', async () => {
    const checkpointer = new Checkpointer(folder, { intervalMs: 60_000 });
    await checkpointer.offer(() => state(1));
    await checkpointer.settle();
    expect(hasCheckpoint(folder)).toBe(false);
    expect(await readCheckpoint(folder)).toBeUndefined();
    expect(await readCheckpointRecipe(folder)).toBeUndefined();
  });

  it('that are damaged or of something else are refused by name', async () => {
    const path = join(folder, 'checkpoint.safetensors');
    writeFileSync(path, 'torn');
    await expect(readCheckpoint(folder)).rejects.toThrow(/checkpoint\.safetensors/);
    const checkpointer = new Checkpointer(folder, { intervalMs: 0 });
    await checkpointer.offer(() => state(1));
    await checkpointer.settle();
    expect((await readCheckpoint(folder))?.total).toBe(1);
  });
});
