import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { PublishedLbfgs, type PublishedLbfgsOptions } from '../../../../src/main/engine/optimizers/lbfgs-published.ts';
import { Lbfgs } from '../../../../src/main/engine/optimizers/lbfgs.ts';
import { UNIT_BOX } from '../../../../src/main/engine/optimizers/optimizer.ts';
import { restoreOptimizer } from '../../../../src/main/engine/optimizers/restore.ts';
import { objectiveOf, rosenbrock, type Loss } from './problems.ts';

/*
 * torch-lbfgs.json was written with PyTorch 2.13.0 by
 *
 *     import json, math, torch
 *     torch.set_default_dtype(torch.float64)
 *
 *     def rosenbrock(x):
 *         return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()
 *
 *     n = 50
 *     i = torch.arange(n)
 *     A = torch.cos(1.7 * torch.outer(i + 1, i + 2)) / math.sqrt(n)
 *     b = torch.sin(2.3 * i)
 *     def quartic(x):
 *         return 0.5 * ((A @ x) ** 2).sum() + 0.05 * (x ** 4).sum() + 0.5 * (x ** 2).sum() - (b * x).sum()
 *
 *     def record(f, x0, calls, box=None, **options):
 *         x = torch.tensor(x0).requires_grad_()
 *         optimizer = torch.optim.LBFGS([x], **options)
 *         rows = []
 *         def closure():
 *             if box: x.data.clamp_(*box)
 *             optimizer.zero_grad()
 *             loss = f(x)
 *             loss.backward()
 *             rows.append({'loss': loss.item(), 'x': x.detach()[:4].tolist()})
 *             return loss
 *         for _ in range(calls): optimizer.step(closure)
 *         return rows
 *
 *     json.dump({
 *         'rosenbrock': record(rosenbrock, [-1.2, 1.0], 1),
 *         'rosenbrockShortCalls': record(rosenbrock, [-1.2, 1.0], 5, max_iter=4, history_size=3),
 *         'quartic': record(quartic, torch.sin(0.5 * i).tolist(), 1),
 *         'quarticShortCalls': record(quartic, torch.sin(0.5 * i).tolist(), 6, max_iter=4, history_size=4),
 *         'quarticClamped': record(quartic, torch.sin(0.5 * i).tolist(), 1, box=(0, 1), tolerance_grad=-1, tolerance_change=-1),
 *         'quarticLooseGradient': record(quartic, torch.sin(0.5 * i).tolist(), 3, tolerance_grad=1e-2, tolerance_change=-1),
 *         'quarticLooseChange': record(quartic, torch.sin(0.5 * i).tolist(), 3, tolerance_grad=-1, tolerance_change=0.02),
 *     }, open('torch-lbfgs.json', 'w'))
 */
type Evaluations = readonly { readonly loss: number; readonly x: readonly number[] }[];
const reference = JSON.parse(readFileSync(new URL('torch-lbfgs.json', import.meta.url), 'utf8')) as Record<
  | 'rosenbrock'
  | 'rosenbrockShortCalls'
  | 'quartic'
  | 'quarticShortCalls'
  | 'quarticClamped'
  | 'quarticLooseGradient'
  | 'quarticLooseChange',
  Evaluations
>;

const N = 50;
const matrix = Float64Array.from(
  { length: N * N },
  (_, k) => Math.cos(1.7 * (Math.floor(k / N) + 1) * ((k % N) + 2)) / Math.sqrt(N),
);
const quartic: Loss = (x, g) => {
  const residual = new Float64Array(N);
  let loss = 0;
  for (let i = 0; i < N; i++) {
    for (let j = 0; j < N; j++) residual[i]! += matrix[i * N + j]! * x[j]!;
    loss += 0.5 * residual[i]! ** 2 + 0.05 * x[i]! ** 4 + 0.5 * x[i]! ** 2 - Math.sin(2.3 * i) * x[i]!;
  }
  for (let j = 0; j < N; j++) {
    let product = 0;
    for (let i = 0; i < N; i++) product += matrix[i * N + j]! * residual[i]!;
    g[j] = product + 0.2 * x[j]! ** 3 + x[j]! - Math.sin(2.3 * j);
  }
  return loss;
};
const quarticStart = Float32Array.from({ length: N }, (_, i) => Math.sin(0.5 * i));
const rosenbrockStart = Float32Array.of(-1.2, 1);

/** What every evaluation of the first `count` sees. */
async function evaluations(
  loss: Loss,
  start: Float32Array,
  count: number,
  options: PublishedLbfgsOptions = {},
): Promise<Evaluations> {
  const rows: { loss: number; x: number[] }[] = [];
  const objective = objectiveOf(loss, start.length);
  const optimizer = new PublishedLbfgs(
    async (x) => {
      const evaluation = await objective(x);
      rows.push({ loss: evaluation.loss, x: [...x.subarray(0, 4)] });
      return evaluation;
    },
    start.slice(),
    options,
  );
  while (rows.length < count) await optimizer.step();
  return rows.slice(0, count);
}

function expectClose(actual: Evaluations, expected: Evaluations): void {
  actual.forEach(({ loss, x }, k) => {
    const { loss: expectedLoss, x: expectedX } = expected[k]!;
    expect(Math.abs(loss - expectedLoss), `loss of evaluation ${k}`).toBeLessThan(1e-4 * Math.abs(expectedLoss));
    x.forEach((v, i) => {
      expect(Math.abs(v - expectedX[i]!), `x of evaluation ${k}`).toBeLessThan(1e-4 * (1 + Math.abs(expectedX[i]!)));
    });
  });
}

test('evaluates where torch.optim.LBFGS does', async () => {
  expectClose(await evaluations(rosenbrock, rosenbrockStart, 10), reference.rosenbrock);
  expectClose(await evaluations(quartic, quarticStart, 8), reference.quartic);
});

test('the history goes on over calls, which evaluate once more, and drops its oldest pairs', async () => {
  const short = { maxIterations: 4 };
  expectClose(
    await evaluations(rosenbrock, rosenbrockStart, 10, { ...short, history: 3 }),
    reference.rosenbrockShortCalls,
  );
  expectClose(await evaluations(quartic, quarticStart, 9, { ...short, history: 4 }), reference.quarticShortCalls);
});

test('calls end by their tolerances as in PyTorch', async () => {
  for (const [options, name] of [
    [{ gradientTolerance: 1e-2, changeTolerance: -1 }, 'quarticLooseGradient'],
    [{ gradientTolerance: -1, changeTolerance: 0.02 }, 'quarticLooseChange'],
  ] as const) {
    const losses: number[] = [];
    const optimizer = new PublishedLbfgs(objectiveOf(quartic, N), quarticStart.slice(), {
      ...options,
      onEvaluation: (loss) => losses.push(loss),
    });
    for (let call = 0; call < 3; call++) {
      while (!(await optimizer.step()).converged);
    }
    const expected = reference[name];
    expect(losses).toHaveLength(expected.length);
    losses.forEach((loss, k) => expect(loss).toBeCloseTo(expected[k]!.loss, 3));
  }
});

test('clamping in the evaluation reproduces the stall of the published method, which the projected one avoids', async () => {
  const options = { box: UNIT_BOX, gradientTolerance: -1, changeTolerance: -1 };
  expectClose(await evaluations(quartic, quarticStart, 10, options), reference.quarticClamped);

  const published = new PublishedLbfgs(objectiveOf(quartic, N), quarticStart, options);
  for (let i = 0; i < 19; i++) await published.step();
  expect(published.best.loss).toBeCloseTo(Math.min(...reference.quarticClamped.map(({ loss }) => loss)), 3);
  expect(quartic(published.best.x, new Float32Array(N))).toBe(published.best.loss);

  const projected = new Lbfgs(objectiveOf(quartic, N), quarticStart, { box: UNIT_BOX });
  for (let i = 0; i < 15; i++) await projected.step();
  expect(projected.best.loss).toBeLessThan(published.best.loss);
});

test('changed weights start over as a fresh optimizer would', async () => {
  const optimizer = new PublishedLbfgs(objectiveOf(quartic, N), quarticStart);
  for (let i = 0; i < 3; i++) await optimizer.step();
  const fresh = new PublishedLbfgs(objectiveOf(quartic, N), optimizer.current);
  await optimizer.rebase();
  expect(optimizer.best.x).toEqual(optimizer.current);
  for (let i = 0; i < 5; i++) expect((await optimizer.step()).loss).toBe((await fresh.step()).loss);
});

test('restored, a run continues bit-identically, also across the ends of calls', async () => {
  for (const stepsBefore of [0, 1, 3, 4, 6]) {
    const objective = objectiveOf(rosenbrock, 2);
    const original = new PublishedLbfgs(objective, rosenbrockStart, { maxIterations: 4, box: { lower: -2, upper: 2 } });
    for (let i = 0; i < stepsBefore; i++) await original.step();
    const state = original.save();
    const restored = restoreOptimizer(objective, { ...state, vectors: structuredClone(state.vectors) });
    expect(restored.best).toEqual(original.best);
    for (let i = 0; i < 7; i++) {
      const expected = await original.step();
      expect(await restored.step()).toEqual(expected);
      expect(restored.current).toEqual(original.current);
      expect(restored.best).toEqual(original.best);
    }
  }
});

test('divergence to infinity is an optimization error that keeps the best picture', async () => {
  const explosive: Loss = (x, g) => {
    g[0] = Math.exp(Math.abs(x[0]!)) * Math.sign(x[0]!);
    return Math.exp(Math.abs(x[0]!));
  };
  const optimizer = new PublishedLbfgs(objectiveOf(explosive, 1), Float32Array.of(6), { learningRate: 1e6 });
  await expect(
    (async () => {
      for (let i = 0; i < 50; i++) await optimizer.step();
    })(),
  ).rejects.toMatchObject({ kind: 'optimization' });
  expect(optimizer.best.loss).toBeLessThanOrEqual(Math.exp(6) * 1.0001);
});
