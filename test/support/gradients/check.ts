import fc from 'fast-check';
import { describe, it } from 'vitest';
import { arrayOf, type NdArray } from '../../reference/array.ts';
import { evaluate } from '../../reference/evaluator.ts';
import { norm } from '../compare.ts';
import { Random } from '../random.ts';
import { runModel } from '../runtime.ts';
import { pose, type GradientCase, type Posed, type Problem } from './problem.ts';

/**
 * One seed for all property tests: fast-check prints it, and the path of a failing case, in its message. Other seeds, to
 * look for what this one misses: `MADDER_PROPERTY_SEED=7 npx vitest run test/unit/engine/autodiff`.
 */
export const PROPERTY_SEED = Number(process.env['MADDER_PROPERTY_SEED'] ?? 20261123);

/** Step of the finite differences: the fourth-order formula errs by about h^4 + 1e-16 / h. */
const STEP = 2e-5;
/** Largest relative error of the float64 gradient; constants that rules fold are rounded to float32 (6e-8). */
const DIFFERENCE_TOLERANCE = 1e-6;
/** Largest relative error of the same graph in ONNX Runtime's float32. */
const RUNTIME_TOLERANCE = 1e-5;

/** Checks the rules of one group, with and without the blocked layout. */
export function describeGradients(group: string, cases: readonly GradientCase[]): void {
  describe.each([false, true])(`gradients of ${group}, blockedLayout %s`, (blockedLayout) => {
    it.each(cases.map((one) => [one.name, one] as const))('%s', async (_, { parameters, problem, runs }) => {
      const property = fc.asyncProperty(parameters, fc.nat(), async (drawn, seed) => {
        await checkGradient(problem(drawn), seed, blockedLayout);
      });
      await fc.assert(property, { seed: PROPERTY_SEED, numRuns: runs });
    });
  });
}

/** Throws unless a problem's gradient agrees with finite differences and with ONNX Runtime. */
export async function checkGradient(problem: Problem, seed: number, blockedLayout: boolean): Promise<void> {
  const posed = pose(problem, seed, blockedLayout);
  const { graph, gradient, feeds, outputs } = posed;
  // A gradient that is (nearly) zero is compared on the scale of the cotangents that made it.
  const cotangents = norm(posed.seeds.flatMap((name) => [...feeds[name]!.data]));
  const floor = 1e-3 * cotangents;

  const values = evaluate(graph, feeds, [gradient, ...outputs]);
  const analytic = values[gradient]!;
  const scale = Math.max(norm(analytic.data), floor);
  const slopes = finiteDifferences(posed, scale);
  if (!slopes) {
    if (problem.mayBeRough) return fc.pre(false);
    throw new Error('this test is at fault: it asks for a gradient too near a kink');
  }
  compare('gradient against finite differences, per element', posed, analytic, slopes, DIFFERENCE_TOLERANCE, floor);
  compareDirections(posed, analytic, seed, scale);

  const inRuntime = await runModel(graph.toModel(), feeds).catch((error: unknown) => {
    throw new Error(`ONNX Runtime refuses the graph: ${(error as Error).message}\n${describeEmitted(posed)}`);
  });
  for (const name of [gradient, ...outputs]) {
    const least = name === gradient ? floor : 0.1;
    compare(
      `"${name}" in ONNX Runtime against the evaluator`,
      posed,
      inRuntime[name]!,
      values[name]!,
      RUNTIME_TOLERANCE,
      least,
    );
  }
}

/** Sum over outputs of <y, cotangent> at x + t · direction. */
function objectiveAlong(posed: Posed, direction: ArrayLike<number>, t: number): number {
  const { graph, outputs, seeds, feeds } = posed;
  const x = feeds['x']!;
  const moved = arrayOf(
    x.dims,
    x.data.map((value, k) => value + t * direction[k]!),
  );
  const values = evaluate(graph, { ...feeds, x: moved }, outputs);
  let sum = 0;
  outputs.forEach((name, k) => values[name]!.data.forEach((y, i) => (sum += y * feeds[seeds[k]!]!.data[i]!)));
  return sum;
}

/** Slope along a direction, of fourth order; undefined near a kink, where estimates with two steps disagree. */
function slopeAlong(posed: Posed, direction: ArrayLike<number>, scale: number): number | undefined {
  const central = (h: number) => (objectiveAlong(posed, direction, h) - objectiveAlong(posed, direction, -h)) / (2 * h);
  const [near, far] = [central(STEP), central(2 * STEP)];
  return Math.abs(near - far) > 1e-5 * scale ? undefined : (4 * near - far) / 3;
}

/** The slope along every element, or undefined as soon as one is rough. */
function finiteDifferences(posed: Posed, scale: number): NdArray | undefined {
  const { dims, data } = posed.feeds['x']!;
  const slopes = new Float64Array(data.length);
  for (let element = 0; element < data.length; element++) {
    const slope = slopeAlong(
      posed,
      data.map((_, i) => Number(i === element)),
      scale,
    );
    if (slope === undefined) return undefined;
    slopes[element] = slope;
  }
  return arrayOf(dims, slopes);
}

/** Slopes along random directions of length 1, where the function is smooth. */
function compareDirections(posed: Posed, analytic: NdArray, seed: number, scale: number): void {
  const random = new Random(seed ^ 0x5eed);
  for (let k = 0; k < 2; k++) {
    const drawn = random.numbers(analytic.data.length);
    const direction = drawn.map((v) => v / norm(drawn));
    const expected = slopeAlong(posed, direction, scale);
    if (expected === undefined) continue;
    const actual = analytic.data.reduce((sum, g, i) => sum + g * direction[i]!, 0);
    if (Math.abs(actual - expected) > DIFFERENCE_TOLERANCE * scale) {
      throw new Error(`slope along a random direction: ${actual} instead of ${expected}\n${describeEmitted(posed)}`);
    }
  }
}

function compare(
  what: string,
  posed: Posed,
  actual: NdArray,
  expected: NdArray,
  tolerance: number,
  floor: number,
): void {
  if (actual.dims.join() !== expected.dims.join()) {
    throw new Error(
      `${what}: shape [${actual.dims.join()}] instead of [${expected.dims.join()}]\n${describeEmitted(posed)}`,
    );
  }
  const error = norm(actual.data.map((v, k) => v - expected.data[k]!)) / Math.max(norm(expected.data), floor);
  if (error <= tolerance) return;
  const show = ({ data }: NdArray) => Array.from(data.subarray(0, 36), (v) => Number(v.toPrecision(4))).join(' ');
  throw new Error(
    `${what}: relative error ${error.toExponential(2)} (allowed ${tolerance}), shape [${expected.dims.join()}]\n` +
      `actual   ${show(actual)}\nexpected ${show(expected)}\n${describeEmitted(posed)}`,
  );
}

/** The graph in one line per node, for failure messages. */
function describeEmitted({ graph, emitted }: Posed): string {
  const line = (node: (typeof emitted)[number]) => {
    const inputs = node.inputs.map((name) => (name ? `${name}[${graph.dims(name).join()}]` : '-')).join(' ');
    return `  ${emitted.includes(node) ? 'backward' : 'forward '} ${node.op}(${inputs}) ${JSON.stringify(node.attributes)}`;
  };
  return graph.nodes.map(line).join('\n');
}
