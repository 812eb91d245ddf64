import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Lbfgs, type LbfgsOptions } from '../../../../src/main/engine/optimizers/lbfgs.ts';
import { UNIT_BOX, type Optimizer, type Step } from '../../../../src/main/engine/optimizers/optimizer.ts';
import { restoreOptimizer } from '../../../../src/main/engine/optimizers/restore.ts';
import { MadderError } from '../../../../src/shared/errors.ts';
import {
  bruteForceMinimum,
  objectiveOf,
  quadratic,
  random,
  randomQuadratic,
  randomVector,
  rosenbrock,
  separable,
  type Loss,
} from './problems.ts';

function lbfgs(loss: Loss, start: ArrayLike<number>, options: LbfgsOptions = {}): Lbfgs {
  return new Lbfgs(objectiveOf(loss, start.length), Float32Array.from(start), options);
}

/** Steps until the loss is low enough, nothing improves any more, or the evaluations are spent. */
async function run(optimizer: Optimizer, target: number, maxEvaluations: number): Promise<Step> {
  for (;;) {
    const step = await optimizer.step();
    if (step.loss <= target || step.converged || optimizer.evaluations >= maxEvaluations) return step;
  }
}

const filled = (n: number, value: number): Float32Array => new Float32Array(n).fill(value);

test('Rosenbrock in 2 and in 100 dimensions', async () => {
  const two = lbfgs(rosenbrock, [-1.2, 1]);
  expect((await run(two, 1e-10, 60)).loss).toBeLessThanOrEqual(1e-10);
  expect(two.current[0]).toBeCloseTo(1, 4);
  const hundred = lbfgs(rosenbrock, filled(100, -1));
  expect((await run(hundred, 1e-6, 700)).loss).toBeLessThanOrEqual(1e-6);
});

test('a quadratic of condition 1e6: clustered curvatures in few evaluations, nearly one per iteration', async () => {
  const n = 1000;
  const curvatures = Float64Array.from({ length: n }, (_, i) => 10 ** (i % 7));
  const optimizer = lbfgs(
    separable(curvatures, filled(n, 0.3)),
    Float32Array.from(curvatures, (_, i) => Math.sin(i)),
  );
  let iterations = 0;
  let step: Step;
  do {
    step = await optimizer.step();
    iterations++;
  } while (step.loss > 1e-4 && !step.converged && iterations < 300);
  expect(step.loss).toBeLessThanOrEqual(1e-4);
  expect(optimizer.evaluations).toBeLessThan(1.2 * iterations + 10);
});

test('a picture-like problem takes one evaluation per iteration after the first few', async () => {
  const n = 3 * 64 * 64;
  const next = random(1);
  const curvatures = Float64Array.from({ length: n }, () => 1e-7 * 10 ** (3 * next()));
  const optimizer = lbfgs(separable(curvatures, filled(n, 0.6)), randomVector(n, next).map(Math.abs), {
    box: UNIT_BOX,
  });
  for (let i = 0; i < 3; i++) await optimizer.step();
  const before = optimizer.evaluations;
  for (let i = 0; i < 40; i++) await optimizer.step();
  expect(optimizer.evaluations - before).toBeLessThanOrEqual(44);
});

test('without room for a kept gradient it takes the same way, with an evaluation more where it comes back to a trial', async () => {
  // A strict search, so that it has to come back.
  const [roomy, frugal] = [true, false].map((keepGradients) =>
    lbfgs(rosenbrock, filled(20, -1), { keepGradients, curvature: 0.01, maxEvaluations: 2 }),
  );
  for (let i = 0; i < 60; i++) {
    const [expected, step] = [await roomy!.step(), await frugal!.step()];
    expect(step.loss).toBe(expected.loss);
    expect(frugal!.current).toEqual(roomy!.current);
  }
  expect(frugal!.evaluations).toBeGreaterThan(roomy!.evaluations);
  expect(frugal!.evaluations).toBeLessThan(1.3 * roomy!.evaluations);
  expect(Object.keys(frugal!.save().vectors)).toEqual(Object.keys(roomy!.save().vectors));
});

test('pairs in half precision lead to the minimum, too, in hardly more evaluations', async () => {
  const spent = async (problem: Loss, start: Float32Array, target: number, options: LbfgsOptions) => {
    const optimizer = lbfgs(problem, start, { ...options, pairPrecision: 'half' });
    expect((await run(optimizer, target, 2000)).loss).toBeLessThanOrEqual(target);
    const single = lbfgs(problem, start, options);
    await run(single, target, 2000);
    return optimizer.evaluations / single.evaluations;
  };
  expect(await spent(rosenbrock, filled(100, -1), 1e-6, {})).toBeLessThan(1.5);
  const n = 3 * 64 * 64;
  const next = random(1);
  const curvatures = Float64Array.from({ length: n }, () => 10 ** (3 * next()));
  const problem = separable(curvatures, filled(n, 0.6));
  const start = randomVector(n, next).map(Math.abs);
  const first = problem(start, new Float32Array(n));
  expect(await spent(problem, start, 1e-4 * first, { box: UNIT_BOX })).toBeLessThan(1.5);
});

test('the first trial moves a picture visibly and safely, whatever the scale of the loss', async () => {
  for (const scale of [1e-12, 1, 1e12]) {
    const next = random(2);
    const start = filled(3000, 0.5);
    const slopes = randomVector(3000, next).map((v) => scale * v ** 3);
    const seen: Float32Array[] = [];
    const optimizer = new Lbfgs(
      (x) => {
        seen.push(x.slice());
        return Promise.resolve({ loss: x.reduce((sum, v, i) => sum + slopes[i]! * v, 0), gradient: slopes });
      },
      start,
      { box: UNIT_BOX },
    );
    await optimizer.step();
    const moves = seen[1]!.map((v, i) => Math.abs(v - start[i]!));
    expect(moves.reduce((a, b) => a + b) / 3000).toBeCloseTo(0.01, 4);
    expect(Math.max(...moves)).toBeLessThanOrEqual(0.25);
  }
});

test('box-constrained quadratics reach the brute-force minimum, and every evaluation lies in the box', async () => {
  for (let seed = 0; seed < 12; seed++) {
    const problem = randomQuadratic(10 + 5 * seed, seed);
    const minimum = bruteForceMinimum(problem, 0, 1);
    const objective = objectiveOf(problem.loss, problem.n);
    const optimizer = new Lbfgs(
      (x) => {
        expect(x.every((v) => v >= 0 && v <= 1)).toBe(true);
        return objective(x);
      },
      randomVector(problem.n, random(seed)).map((v) => 3 * v),
      { box: UNIT_BOX },
    );
    const tolerance = 1e-5 * (1 + Math.abs(minimum));
    const { loss } = await run(optimizer, minimum + tolerance, 250);
    expect(loss, `seed ${seed}, ${optimizer.evaluations} evaluations`).toBeLessThanOrEqual(minimum + tolerance);
  }
});

test('strong coupling: where the Newton step, clamped, does not descend', async () => {
  for (const coupling of [0.9, -0.9, 0.999, -0.999]) {
    const problem = quadratic(2, Float64Array.of(1, coupling, coupling, 1), Float64Array.of(0.5, -1));
    const minimum = bruteForceMinimum(problem, 0, 1);
    for (const start of [
      [1, 0],
      [0, 1],
      [0.001, 0.001],
      [1, 1],
    ]) {
      const optimizer = lbfgs(problem.loss, start, { box: UNIT_BOX });
      const { loss } = await run(optimizer, minimum + 1e-6, 60);
      expect(loss).toBeLessThanOrEqual(minimum + 1e-6);
    }
  }
});

test('a minimum in a corner is recognised as stationary', async () => {
  const optimizer = lbfgs(separable([1, 3, 10], [-1, 2, -3]), [0.4, 0.5, 0.6], { box: UNIT_BOX });
  const step = await run(optimizer, -1, 60);
  expect(step.converged).toBe('gradient');
  expect([...optimizer.current]).toEqual([0, 1, 0]);
  expect(await optimizer.step()).toMatchObject({ converged: 'gradient', evaluations: 0 });
});

test('float32 exhausted: the line search says so instead of running for ever', async () => {
  const optimizer = lbfgs(rosenbrock, [-1.2, 1], { box: { lower: -0.5, upper: 0.8 } });
  const step = await run(optimizer, 0, 300);
  expect(step.converged).toBeDefined();
  expect(step.loss).toBeCloseTo(0.04, 4);
});

test('sums of |x| do not crash and come close to their minimum', async () => {
  const center = randomVector(40, random(9));
  const loss: Loss = (x, g) => {
    let sum = 0;
    for (let i = 0; i < x.length; i++) {
      const distance = x[i]! - center[i]!;
      g[i] = Math.sign(distance);
      sum += Math.abs(distance);
    }
    return sum;
  };
  const optimizer = lbfgs(loss, filled(40, 2));
  const first = (await optimizer.step()).loss;
  const { loss: last } = await run(optimizer, 0, 400);
  expect(last).toBeLessThan(0.1 * first);
});

test('a region of NaN: the search steps back into where the loss exists', async () => {
  // log-barrier: not defined for x ≥ 0.5, minimum just below.
  const loss: Loss = (x, g) => {
    let sum = 0;
    for (let i = 0; i < x.length; i++) {
      const room = 0.5 - x[i]!;
      g[i] = -1 + 1e-3 / room;
      sum += -x[i]! - 1e-3 * Math.log(room);
    }
    return sum;
  };
  const optimizer = lbfgs(loss, [0.1, 0.2, 0.3], { firstStep: 5 });
  await run(optimizer, -Infinity, 200);
  for (const v of optimizer.current) expect(v).toBeCloseTo(0.499, 3);
});

test('gradients that are not finite fail a trial although the loss is finite', async () => {
  const loss: Loss = (x, g) => {
    const value = separable([1, 1], [0, 0])(x, g);
    if (x[0]! < 0.4) g[1] = Infinity;
    return value;
  };
  const optimizer = lbfgs(loss, [1, 1], { firstStep: 0.9 });
  for (let i = 0; i < 3; i++) await optimizer.step();
  expect(optimizer.current[0]).toBeGreaterThanOrEqual(0.4);
  expect(optimizer.best.loss).toBeLessThan(1);
});

test('nothing finite to stand on is an optimization error', async () => {
  const nowhere = lbfgs(() => NaN, [1, 2]);
  await expect(nowhere.step()).rejects.toThrow(MadderError);
  let calls = 0;
  const island = lbfgs(
    (_, g) => {
      g.fill(1);
      return calls++ === 0 ? 1 : Infinity;
    },
    [1, 2],
  );
  await expect(island.step()).rejects.toMatchObject({ kind: 'optimization' });
  expect([...island.current]).toEqual([1, 2]);
  expect(island.best.loss).toBe(1);
});

test('changed weights: rebase forgets curvature, re-evaluates, and goes for the new minimum', async () => {
  const next = random(4);
  const [first, second] = [randomVector(300, next), randomVector(300, next)];
  const curvatures = Float64Array.from({ length: 300 }, () => 10 ** (2 * next()));
  const weights = [1, 0.01];
  const [f, h] = [separable(curvatures, first), separable(curvatures, second)];
  const other = new Float32Array(300);
  const optimizer = lbfgs(
    (x, g) => {
      const loss = weights[0]! * f(x, g) + weights[1]! * h(x, other);
      for (let i = 0; i < g.length; i++) g[i] = weights[0]! * g[i]! + weights[1]! * other[i]!;
      return loss;
    },
    filled(300, 0),
  );
  for (let i = 0; i < 20; i++) await optimizer.step();
  expect(optimizer.pairs).toBeGreaterThan(10);
  const before = optimizer.evaluations;
  weights[0] = 0;
  weights[1] = 1000;
  await optimizer.rebase();
  expect(optimizer.evaluations).toBe(before + 1);
  expect(optimizer.pairs).toBe(0);
  const rebased = optimizer.best.loss;
  expect((await optimizer.step()).loss).toBeLessThan(rebased);
  expect((await run(optimizer, 1e-6 * rebased, before + 150)).loss).toBeLessThanOrEqual(1e-6 * rebased);
});

test('restored from JSON and vectors, a run continues bit-identically', async () => {
  const problem = randomQuadratic(60, 3);
  for (const stepsBefore of [0, 1, 4, 15]) {
    const objective = objectiveOf(problem.loss, problem.n);
    const original = new Lbfgs(objective, filled(60, 0.5), { box: UNIT_BOX, history: 6 });
    for (let i = 0; i < stepsBefore; i++) await original.step();
    const state = original.save();
    const numbers = JSON.parse(JSON.stringify(state.numbers)) as Record<string, number[]>;
    const restored = restoreOptimizer(objective, { ...state, numbers, vectors: structuredClone(state.vectors) });
    expect(restored.evaluations).toBe(original.evaluations);
    for (let i = 0; i < 8; i++) {
      const expected = await original.step();
      expect(await restored.step()).toEqual(expected);
      expect(restored.current).toEqual(original.current);
    }
  }
});

test('a damaged or foreign state is refused', () => {
  const objective = objectiveOf(rosenbrock, 2);
  const state = new Lbfgs(objective, filled(2, 0)).save();
  expect(() => restoreOptimizer(objective, { ...state, vectors: { x: filled(2, 0) } })).toThrow('damaged');
  expect(() => Lbfgs.restore(objective, { ...state, method: 'adam' })).toThrow('Expected the saved state of "lbfgs"');
});

test('a stop thrown by onEvaluation leaves the optimizer where it was, ready to go on', async () => {
  let stopAt = Infinity;
  const losses: number[] = [];
  const optimizer = lbfgs(rosenbrock, [-1.2, 1], {
    onEvaluation: (loss, evaluations) => {
      losses.push(loss);
      if (evaluations === stopAt) throw new Error('stop');
    },
  });
  for (let i = 0; i < 5; i++) await optimizer.step();
  expect(losses).toHaveLength(optimizer.evaluations);
  const [x, { loss }] = [optimizer.current.slice(), optimizer.best];
  stopAt = optimizer.evaluations + 1;
  await expect(optimizer.step()).rejects.toThrow('stop');
  expect(optimizer.current).toEqual(x);
  expect(optimizer.best.loss).toBe(loss);
  expect((await optimizer.step()).loss).toBeLessThan(loss);
});

test('the history holds what was asked for, or what the memory allows, whichever is less', async () => {
  const n = 100;
  const objective = objectiveOf(rosenbrock, n);
  const capacity = (options: LbfgsOptions): number => new Lbfgs(objective, filled(n, 0), options).capacity;
  expect(capacity({})).toBe(20);
  expect(capacity({ history: 7 })).toBe(7);
  expect(capacity({ memoryBudgetBytes: 8 * n * 5 })).toBe(5);
  expect(capacity({ memoryBudgetBytes: 8 * n * 5, history: 3 })).toBe(3);
  expect(capacity({ memoryBudgetBytes: 8 * n * 5, history: 30 })).toBe(5);
  const optimizer = new Lbfgs(objective, filled(n, 0), { history: 4 });
  for (let i = 0; i < 12; i++) await optimizer.step();
  expect(optimizer.pairs).toBe(4);
});

test('accepted losses never rise, iterates stay in the box, and best is the lowest accepted', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer(),
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 8 }),
      fc.boolean(),
      async (seed, n, history, boxed) => {
        const next = random(seed);
        const { loss: base } = randomQuadratic(n, seed, 0.1);
        const wave = 3 * next();
        // Not convex: curvature pairs get skipped, searches get long.
        const loss: Loss = (x, g) => {
          let sum = base(x, g);
          for (let i = 0; i < n; i++) {
            sum += wave * Math.cos(3 * x[i]!);
            g[i]! -= 3 * wave * Math.sin(3 * x[i]!);
          }
          return sum;
        };
        const box = { lower: -0.3, upper: 0.7 };
        const optimizer = lbfgs(loss, randomVector(n, next), boxed ? { history, box } : { history });
        let previous = Infinity;
        for (let i = 0; i < 25; i++) {
          const step = await optimizer.step();
          expect(step.loss).toBeLessThanOrEqual(previous);
          expect(optimizer.best).toEqual({ x: optimizer.current, loss: step.loss });
          if (boxed) {
            const [lower, upper] = [Math.fround(box.lower), Math.fround(box.upper)];
            expect(optimizer.current.every((v) => v >= lower && v <= upper)).toBe(true);
          }
          previous = step.loss;
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('with an objective that is drawn anew for every line search, curvature is kept and the mean objective falls', async () => {
  const n = 200;
  const curvatures = Float64Array.from({ length: n }, (_, i) => 10 ** (i % 4));
  const next = random(8);
  // The draws differ by where their minima are: by little where the curvature is high.
  let shift = new Float64Array(n);
  const drawn: Loss = (x, g) =>
    separable(
      curvatures,
      shift.map((s) => 0.5 + s),
    )(x, g);
  const mean = (x: Float32Array) => separable(curvatures, filled(n, 0.5))(x, new Float32Array(n));
  const descend = async (keep: boolean): Promise<{ optimizer: Lbfgs; loss: number }> => {
    const optimizer = lbfgs(drawn, filled(n, 0), { box: UNIT_BOX });
    while (optimizer.evaluations < 60) {
      shift = curvatures.map((c) => (0.02 * (2 * next() - 1)) / c);
      await (keep ? optimizer.redraw() : optimizer.rebase());
      expect(optimizer.best.loss).toBeCloseTo(drawn(optimizer.current, new Float32Array(n)), 6);
      await optimizer.step();
    }
    return { optimizer, loss: mean(optimizer.current) };
  };
  const kept = await descend(true);
  const cleared = await descend(false);
  expect(kept.optimizer.pairs).toBeGreaterThan(5);
  expect(kept.loss).toBeLessThan(1e-4 * mean(filled(n, 0)));
  expect(kept.loss).toBeLessThan(0.1 * cleared.loss);
});
