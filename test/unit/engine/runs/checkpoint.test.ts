import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
    const options = { intervalMs: 0, copiedBytes, onWritten: ({ total }: { total: number }) => written.push(total) };
    const checkpointer = new Checkpointer(folder, options);
    const offered = state(3);
    await checkpointer.offer(() => offered);
    expect(written).toEqual(copiedBytes === 0 ? [3] : []);
    offered.optimizer.vectors['x']!.fill(99);
    await checkpointer.settle();
    expect(written).toEqual([3]);
    expect(await readCheckpoint(folder)).toEqual(state(3));
    expect(await readCheckpointRecipe(folder)).toEqual(recipe);
    expect(readdirSync(folder)).toHaveLength(1);
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
