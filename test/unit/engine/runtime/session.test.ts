import { describe, expect, it } from 'vitest';
import { Graph } from '../../../../src/main/engine/graph/graph.ts';
import { Device, Kernel } from '../../../../src/main/engine/runtime/device.ts';
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

describe('a device', () => {
  const dims = [1, 3, 2, 2];
  const values = Float32Array.from({ length: 12 }, (_, i) => i - 4);

  it('keeps vectors from one kernel to the next, and gives back numbers', async () => {
    const device = new Device({ provider: 'cpu' });
    const build = () => {
      const k = new Kernel(dims);
      const x = k.vector('x');
      k.result('y', k.mul(x, k.number('factor')));
      k.sum(x);
      k.max(k.abs(x));
      return k;
    };
    const x = device.upload(values, dims);
    const { vectors, sums, maxima } = await device.run('scaled', build, { x, factor: 2 });
    expect([sums, maxima]).toEqual([[18], [7]]);
    const again = await device.run('scaled', build, { x: vectors['y']!, factor: 0.5 });
    expect(again.sums).toEqual([36]);
    const copy = await device.copy(again.vectors['y']!);
    device.free(x, x, vectors['y'], undefined);
    expect(await device.read(copy)).toEqual(values);
    expect(device.liveVectors).toBe(2);
    await expect(device.tensor(x)).rejects.toThrow('freed');
    await device.release();
    expect(device.liveVectors).toBe(0);
  });

  it('is refused where the runtime keeps no tensors', async () => {
    expect(await Device.refusal({ provider: 'cpu' })).toMatch(/no tensors/);
    expect(() => new Device({}).upload(values, [1, 3, 2, 3])).toThrow('12 values');
  });

  it('sums millions of values to six digits', async () => {
    const large = [1, 3, 512, 512];
    const device = new Device({ provider: 'cpu' });
    const data = Float32Array.from({ length: 3 * 512 * 512 }, (_, i) => 0.5 + 0.3 * Math.sin(i));
    const build = () => {
      const k = new Kernel(large);
      k.sum(k.vector('x'));
      return k;
    };
    const { sums } = await device.run('sum', build, { x: device.upload(data, large) });
    const exact = data.reduce((sum, value) => sum + value, 0);
    expect(Math.abs(sums[0]! - exact)).toBeLessThan(1e-6 * exact);
    await device.release();
  });
});
