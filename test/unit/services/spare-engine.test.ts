import { afterEach, describe, expect, it } from 'vitest';
import type { EngineClient } from '../../../src/main/engine/process/client.ts';
import { SpareEngine } from '../../../src/main/services/spare-engine.ts';
import type { EngineEvent } from '../../../src/shared/engine-contract.ts';
import { fileURLToPath } from 'node:url';

const ENTRY = fileURLToPath(new URL('../../../dist/src/main/engine/process/main.js', import.meta.url));

const engines: EngineClient[] = [];
afterEach(() => engines.splice(0).forEach((engine) => engine.kill()));

/** Takes the engine; resolves with it when it is ready, and when it is gone. */
function taken(spare: SpareEngine) {
  let gone!: () => void;
  const exit = new Promise<void>((resolve) => (gone = resolve));
  const ready = new Promise<EngineEvent>((resolve) => {
    const engine = spare.take({ entry: ENTRY, onEvent: resolve, onExit: gone });
    engines.push(engine);
  });
  return { ready, exit, engine: engines.at(-1)! };
}

const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('a spare engine', () => {
  it('is handed over with what it said while it waited', async () => {
    const spare = new SpareEngine(ENTRY);
    spare.prepare();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const { ready, engine, exit } = taken(spare);
    expect(await ready).toEqual({ type: 'ready' });
    engine.send({ type: 'quit' });
    await exit;
  });

  it('is one only, and another one the next time', async () => {
    const spare = new SpareEngine(ENTRY);
    spare.prepare();
    spare.prepare();
    const first = taken(spare);
    const second = taken(spare);
    expect(first.engine.pid).not.toBe(second.engine.pid);
    await Promise.all([first.ready, second.ready]);
  });

  it('ends when it is not needed, and a new one takes the place of one that died', async () => {
    const spare = new SpareEngine(ENTRY);
    spare.prepare();
    const dead = taken(spare);
    await dead.ready;
    spare.prepare();
    spare.close();
    const { ready, engine } = taken(spare);
    await ready;
    engine.kill();
    dead.engine.kill();
    await dead.exit;
    expect(alive(dead.engine.pid!)).toBe(false);
  });
});
