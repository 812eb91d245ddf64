import { expect, test } from 'vitest';
import { Adam } from '../../../../src/main/engine/optimizers/adam.ts';
import { UNIT_BOX } from '../../../../src/main/engine/optimizers/optimizer.ts';
import { restoreOptimizer } from '../../../../src/main/engine/optimizers/restore.ts';
import { objectiveOf, random, randomVector, separable } from './problems.ts';

const filled = (n: number, value: number): Float32Array => new Float32Array(n).fill(value);

test('follows the formulas of Kingma & Ba and averages its iterates with bias correction', async () => {
  const [curvature, center] = [3, 0.2];
  const adam = new Adam(objectiveOf(separable([curvature], [center]), 1), Float32Array.of(0.9));
  let [x, m, v, average] = [0.9, 0, 0, 0];
  for (let k = 1; k <= 30; k++) {
    const g = curvature * (x - center);
    m = 0.9 * m + 0.1 * g;
    v = 0.99 * v + 0.01 * g * g;
    x -= (0.02 * (m / (1 - 0.9 ** k))) / (Math.sqrt(v / (1 - 0.99 ** k)) + 1e-8);
    average = 0.99 * average + 0.01 * x;
    await adam.step();
    expect(adam.current[0]).toBeCloseTo(x, 5);
    expect(adam.average()[0]).toBeCloseTo(average / (1 - 0.99 ** k), 5);
  }
});

test('stays in the box, whose corner it finds, and keeps the best point that it evaluated', async () => {
  const loss = separable([1, 1, 1], [-1, 0.5, 2]);
  const adam = new Adam(objectiveOf(loss, 3), Float32Array.of(0.5, 0.9, 0.5), { box: UNIT_BOX });
  let lowest = Infinity;
  for (let i = 0; i < 150; i++) {
    lowest = Math.min(lowest, (await adam.step()).loss);
    expect(adam.current.every((v) => v >= 0 && v <= 1)).toBe(true);
    expect(adam.best.loss).toBe(lowest);
  }
  expect(loss(adam.best.x, new Float32Array(3))).toBe(lowest);
  expect(adam.current[0]).toBe(0);
  expect(adam.current[1]).toBeCloseTo(0.5, 2);
  expect(adam.current[2]).toBe(1);
});

test('moves in place where only the average is wanted: the same way, in two vectors less', async () => {
  const loss = separable(filled(40, 2), randomVector(40, random(6)));
  const [usual, inPlace] = [true, false].map(
    (keepBest) => new Adam(objectiveOf(loss, 40), filled(40, 0.5), { box: UNIT_BOX, keepBest }),
  );
  const { current } = inPlace!;
  for (let i = 0; i < 30; i++) {
    expect(await inPlace!.step()).toEqual(await usual!.step());
    expect(inPlace!.current).toEqual(usual!.current);
    expect(inPlace!.average()).toEqual(usual!.average());
    expect(inPlace!.current).toBe(current);
  }
  expect(inPlace!.best).toEqual({ x: current, loss: usual!.best.loss });
  const state = structuredClone(inPlace!.save());
  expect(Object.keys(state.vectors)).toEqual(['x', 'first', 'second', 'average']);
  const restored = restoreOptimizer(objectiveOf(loss, 40), state) as Adam;
  for (let i = 0; i < 5; i++) expect(await restored.step()).toEqual(await inPlace!.step());
  expect(restored.current).toEqual(inPlace!.current);
});

test('the learning rate is live', async () => {
  const adam = new Adam(objectiveOf(separable([1], [100]), 1), Float32Array.of(0));
  await adam.step();
  expect(adam.current[0]).toBeCloseTo(0.02, 5);
  adam.learningRate = 1;
  await adam.step();
  expect(adam.current[0]).toBeCloseTo(1.02, 2);
});

test('changed weights: no jolt and no stall, whatever the new scale, and no wasted evaluation', async () => {
  for (const scale of [1e-6, 1e6]) {
    let weight = 1;
    const base = separable(filled(50, 1), randomVector(50, random(1)));
    const adam = new Adam(
      objectiveOf((x, g) => {
        const loss = weight * base(x, g);
        for (let i = 0; i < g.length; i++) g[i]! *= weight;
        return loss;
      }, 50),
      filled(50, 3),
    );
    for (let i = 0; i < 30; i++) await adam.step();
    weight = scale;
    await adam.rebase();
    expect(adam.best.x).toBe(adam.current);
    const before = adam.current.slice();
    expect(await adam.step()).toMatchObject({ evaluations: 0, loss: adam.best.loss });
    const moves = adam.current.map((v, i) => Math.abs(v - before[i]!));
    expect(Math.max(...moves)).toBeLessThan(0.03);
    expect(Math.min(...moves)).toBeGreaterThan(0.01);
  }
});

test('restored, a run continues bit-identically, also right after a rebase', async () => {
  for (const rebased of [false, true]) {
    const objective = objectiveOf(separable([1, 2, 5, 9], [0.1, -0.2, 0.3, 4]), 4);
    const original = new Adam(objective, filled(4, 0.5), { box: UNIT_BOX, averageDecay: 0.9 });
    for (let i = 0; i < 40; i++) await original.step();
    if (rebased) await original.rebase();
    const state = original.save();
    const restored = restoreOptimizer(objective, {
      ...state,
      numbers: JSON.parse(JSON.stringify(state.numbers)) as typeof state.numbers,
      vectors: structuredClone(state.vectors),
    }) as Adam;
    for (let i = 0; i < 10; i++) {
      expect(await restored.step()).toEqual(await original.step());
      expect(restored.current).toEqual(original.current);
      expect(restored.average()).toEqual(original.average());
      expect(restored.best).toEqual(original.best);
    }
  }
});

test('moments of another level are taken over', async () => {
  const objective = objectiveOf(separable([1, 1], [5, 5]), 2);
  const first = new Adam(objective, filled(2, 0));
  for (let i = 0; i < 20; i++) await first.step();
  const { moments } = first;
  const second = new Adam(objective, first.current, {}, moments);
  const expected = await first.step();
  expect(await second.step()).toEqual(expected);
  expect(second.current).toEqual(first.current);
  expect(() => new Adam(objective, filled(3, 0), {}, moments)).toThrow('Expected moments of 3 values');
});

test('a loss that is not finite is an optimization error, and nothing moves', async () => {
  const adam = new Adam(
    objectiveOf((_, g) => {
      g.fill(NaN);
      return 1;
    }, 2),
    filled(2, 0.5),
  );
  await expect(adam.step()).rejects.toMatchObject({ kind: 'optimization' });
  expect([...adam.current]).toEqual([0.5, 0.5]);
});
