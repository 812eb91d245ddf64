import { describe, expect, it } from 'vitest';
import { Graph } from '../../../../src/main/engine/graph/graph.ts';
import { GraphSession } from '../../../../src/main/engine/runtime/session.ts';
import { MadderError } from '../../../../src/shared/errors.ts';

function doubled(): Graph {
  const graph = new Graph();
  const x = graph.input('x', 'float32', [2]);
  graph.output(graph.ops('Mul', [x, graph.scalar(2)], {}, ['y'])[0]!);
  return graph;
}

describe('a session', () => {
  it('runs on the cpu, which may be asked to do everything itself', async () => {
    const session = await GraphSession.create(doubled(), { provider: 'cpu', exclusive: true });
    const { y } = await session.run({ x: session.tensor('x', Float32Array.of(1, 3)) });
    expect([...y!]).toEqual([2, 6]);
    await session.release();
  });

  it('says in one sentence that a provider is not there', async () => {
    const provider = process.platform === 'win32' ? 'coreml' : 'dml';
    const error: unknown = await GraphSession.create(doubled(), { provider }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(MadderError);
    expect((error as MadderError).kind).toBe('runtime');
    expect((error as MadderError).message).toMatch(new RegExp(`^${provider} could not prepare the network .*\\.$`));
    // A failure does not stand in the way of the next one.
    await expect(GraphSession.create(doubled(), { provider })).rejects.toThrow(MadderError);
  });
});
