/**
 * What the optimizers cost per iteration beyond the evaluation, on one core: `npx tsx benchmarks/optimizers.ts [side]`.
 * The objective is a separable quadratic inside the box, a tenth of whose minimum lies outside, so that some
 * components are held; its own time is measured and subtracted.
 */
import { Adam } from '../src/main/engine/optimizers/adam.ts';
import { PublishedLbfgs } from '../src/main/engine/optimizers/lbfgs-published.ts';
import { Lbfgs } from '../src/main/engine/optimizers/lbfgs.ts';
import { UNIT_BOX, type Objective, type Optimizer } from '../src/main/engine/optimizers/optimizer.ts';

const HISTORY = 20;
const MEASURED = 60;

const side = Number(process.argv[2] ?? 512);
const n = 3 * side * side;
const curvatures = Float32Array.from({ length: n }, (_, i) => 10 ** (-4 * (((i * 7919) % 1009) / 1009)));
const minimum = Float32Array.from({ length: n }, (_, i) => ((i * 104_729) % 1013) / 921 - 0.05);
const gradient = new Float32Array(n);
let objectiveTime = 0;

const objective: Objective = (x) => {
  const start = performance.now();
  let loss = 0;
  for (let i = 0; i < n; i++) {
    const distance = x[i]! - minimum[i]!;
    const slope = curvatures[i]! * distance;
    gradient[i] = slope;
    loss += 0.5 * slope * distance;
  }
  objectiveTime += performance.now() - start;
  return Promise.resolve({ loss, gradient });
};

async function measure(optimizer: Optimizer): Promise<Record<string, string | number>> {
  for (let i = 0; i < HISTORY + 5; i++) await optimizer.step();
  const before = optimizer.evaluations;
  const times: number[] = [];
  let loss = NaN;
  for (let i = 0; i < MEASURED; i++) {
    objectiveTime = 0;
    const start = performance.now();
    const step = await optimizer.step();
    times.push(performance.now() - start - objectiveTime);
    loss = step.loss;
  }
  times.sort((a, b) => a - b);
  return {
    'median ms': times[MEASURED >> 1]!.toFixed(1),
    'fastest ms': times[0]!.toFixed(1),
    'slowest ms': times[MEASURED - 1]!.toFixed(1),
    'evaluations/iteration': ((optimizer.evaluations - before) / MEASURED).toFixed(2),
    loss: loss.toPrecision(6),
  };
}

async function main(): Promise<void> {
  const start = new Float32Array(n).fill(0.5);
  const rows: Record<string, Record<string, string | number>> = {};
  rows[`L-BFGS, ${HISTORY} pairs`] = await measure(new Lbfgs(objective, start, { history: HISTORY }));
  rows[`L-BFGS, ${HISTORY} pairs, box`] = await measure(
    new Lbfgs(objective, start, { history: HISTORY, box: UNIT_BOX }),
  );
  rows[`L-BFGS as published, ${HISTORY} pairs`] = await measure(
    new PublishedLbfgs(objective, start, {
      history: HISTORY,
      box: UNIT_BOX,
      gradientTolerance: -1,
      changeTolerance: -1,
    }),
  );
  rows['Adam'] = await measure(new Adam(objective, start, { box: UNIT_BOX }));
  console.log(`N = ${n} (${side} x ${side}), overhead per iteration without the evaluation:`);
  console.table(rows);
}

await main();
