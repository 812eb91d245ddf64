import { afterEach, describe, expect, it } from 'vitest';
import { Adam } from '../../../../src/main/engine/optimizers/adam.ts';
import { deviceSpace } from '../../../../src/main/engine/optimizers/device-space.ts';
import { Lbfgs } from '../../../../src/main/engine/optimizers/lbfgs.ts';
import {
  UNIT_BOX,
  type Objective,
  type Optimizer,
  type OptimizerState,
} from '../../../../src/main/engine/optimizers/optimizer.ts';
import { Device, type DeviceVector } from '../../../../src/main/engine/runtime/device.ts';
import { objectiveOf, random, randomQuadratic, randomVector, rosenbrock, type Loss } from './problems.ts';

/** 3 channels of 4 rows of 5: sums by blocks have several of each. */
const DIMS = [1, 3, 4, 5];
const N = 60;

// The cpu provider cannot hold tensors, but it runs the same kernels.
let device = new Device({ provider: 'cpu', threads: 1 });
afterEach(async () => {
  await device.release();
  device = new Device({ provider: 'cpu', threads: 1 });
});

/** A loss of the host as an objective of the device, with gradients that are only valid until the next one. */
function onDevice(loss: Loss): Objective<DeviceVector> {
  let latest: DeviceVector | undefined;
  return async (x) => {
    const g = new Float32Array(N);
    const value = loss(await device.read(x), g);
    device.free(latest);
    latest = device.upload(g, DIMS);
    return { loss: value, gradient: latest };
  };
}

async function readState({ vectors, ...rest }: OptimizerState<DeviceVector>): Promise<OptimizerState> {
  const read: Record<string, Float32Array> = {};
  for (const [name, vector] of Object.entries(vectors)) read[name] = await device.read(vector as DeviceVector);
  return { ...rest, vectors: read };
}

const start = (): Float32Array => randomVector(N, random(3)).map((v) => 0.5 + 0.6 * v);
const problem = randomQuadratic(N, 11).loss;

const methods = [
  [
    'L-BFGS',
    () => new Lbfgs(objectiveOf(problem, N), start(), { box: UNIT_BOX, history: 5 }),
    (loss: Loss) =>
      new Lbfgs(
        onDevice(loss),
        start(),
        { box: UNIT_BOX, history: 5 },
        deviceSpace(device, DIMS),
      ) as Optimizer<DeviceVector>,
    Lbfgs.restore<DeviceVector>,
  ],
  [
    'Adam',
    () => new Adam(objectiveOf(problem, N), start(), { box: UNIT_BOX }),
    (loss: Loss) =>
      new Adam(
        onDevice(loss),
        start(),
        { box: UNIT_BOX },
        undefined,
        deviceSpace(device, DIMS),
      ) as Optimizer<DeviceVector>,
    Adam.restore<DeviceVector>,
  ],
] as const;

describe.each(methods)('%s on a device', (_name, host, make, restore) => {
  it('takes the steps that it takes on the host', async () => {
    const [there, here] = [make(problem), host()];
    for (let i = 0; i < 12; i++) {
      const [a, b] = [await there.step(), await here.step()];
      expect(a.evaluations).toBe(b.evaluations);
      expect(Math.abs(a.loss - b.loss)).toBeLessThan(1e-4 * Math.abs(b.loss));
    }
    const [x, expected] = [await device.read(there.current), here.current];
    x.forEach((v, i) => expect(Math.abs(v - expected[i]!)).toBeLessThan(2e-3));
    expect(x.every((v) => v >= 0 && v <= 1)).toBe(true);
    expect(await device.read(there.best.x)).toHaveLength(N);
  });

  it('continues from a saved state exactly, also on the way through a changed objective', async () => {
    let weight = 1;
    const weighted: Loss = (x, g) => {
      const loss = problem(x, g);
      g.forEach((v, i) => (g[i] = weight * v));
      return weight * loss;
    };
    const original = make(weighted);
    for (let i = 0; i < 8; i++) await original.step();
    weight = 3;
    await original.rebase();
    for (const steps of [0, 1, 6]) {
      const saved = await readState(original.save());
      const restored = restore(onDevice(weighted), saved, undefined, deviceSpace(device, DIMS)) as typeof original;
      for (let i = 0; i < steps; i++) {
        expect(await restored.step()).toEqual(await original.step());
        expect(await device.read(restored.current)).toEqual(await device.read(original.current));
        expect(await device.read(restored.best.x)).toEqual(await device.read(original.best.x));
        expect(restored.best.loss).toBe(original.best.loss);
      }
    }
  });

  it('keeps no vector that it has replaced', async () => {
    const optimizer = make(rosenbrock);
    const live: number[] = [];
    for (let i = 0; i < 40; i++) {
      await optimizer.step();
      live.push(device.liveVectors);
    }
    // The pairs of the history, two vectors each, are the most of them.
    expect(Math.max(...live)).toBeLessThanOrEqual(10 + 7);
    await device.release();
    expect(device.liveVectors).toBe(0);
  });
});

it('continues on the host what was begun on a device', async () => {
  const there = new Lbfgs(onDevice(problem), start(), { box: UNIT_BOX, history: 5 }, deviceSpace(device, DIMS));
  for (let i = 0; i < 6; i++) await there.step();
  const here = Lbfgs.restore(objectiveOf(problem, N), await readState(there.save()));
  const [a, b] = [await there.step(), await here.step()];
  expect(b.evaluations).toBe(a.evaluations);
  expect(b.loss).toBeCloseTo(a.loss, 5);
});

it('a gradient that is not finite is an error there, too', async () => {
  const broken: Loss = (_x, g) => (g.fill(NaN), 1);
  const lbfgs = new Lbfgs(onDevice(broken), start(), {}, deviceSpace(device, DIMS));
  await expect(lbfgs.step()).rejects.toThrow('not finite');
});
