import fc from 'fast-check';
import { appendBackward } from '../../../src/main/engine/autodiff/reverse.ts';
import { Graph } from '../../../src/main/engine/graph/graph.ts';
import type { OnnxNode } from '../../../src/main/formats/onnx.ts';
import { elementCount, floatTensor } from '../../../src/shared/tensor.ts';
import { arrayOf, type NdArray } from '../../reference/array.ts';
import { Random } from '../random.ts';

/** A function of a picture whose gradient is to be checked. */
export interface Problem {
  /** Shape of `u`, the operator's input. */
  readonly dims: readonly number[];
  /** Values of u, float32 numbers where the function is smooth; uniform in [-1, 1) unless given. */
  readonly values?: (random: Random, count: number) => Float64Array;
  /** Appends the function and returns its value or values, to which cotangents will be fed. */
  readonly build: (graph: Graph, u: string, random: Random) => string | readonly string[];
  /** The values of u cannot be kept away from kinks (compositions): skip points that finite differences find rough. */
  readonly mayBeRough?: boolean;
}

/** Problems of one kind, drawn by their parameters; the parameters are what a failure prints. */
export interface GradientCase<P = unknown> {
  readonly name: string;
  readonly parameters: fc.Arbitrary<P>;
  readonly problem: (parameters: P) => Problem;
  readonly runs: number;
}

/** Declares a case; its parameters' type stays inside. */
export function gradientCase<P>(
  name: string,
  parameters: { [K in keyof P]: fc.Arbitrary<P[K]> },
  problem: (parameters: P) => Problem,
  runs = 20,
): GradientCase {
  return { name, parameters: fc.record(parameters) as fc.Arbitrary<P>, problem, runs } as unknown as GradientCase;
}

/** A problem with its backward pass and numbers for all inputs. */
export interface Posed {
  readonly graph: Graph;
  readonly outputs: readonly string[];
  /** Per output, the input that holds its cotangent. */
  readonly seeds: readonly string[];
  readonly gradient: string;
  /** The nodes that `appendBackward` appended. */
  readonly emitted: readonly OnnxNode[];
  readonly feeds: Record<string, NdArray>;
}

/**
 * Builds u = x · c, the problem's function of u, and the backward pass to x. The factors c are ± powers of two: the
 * operator's input is a computed value, and still exactly what `values` drew.
 */
export function pose(problem: Problem, seed: number, blockedLayout: boolean): Posed {
  const random = new Random(seed);
  const { dims } = problem;
  const count = elementCount(dims);
  const u = problem.values?.(random, count) ?? random.numbers(count);
  const factors = Float64Array.from({ length: count }, () => random.pick([-2, -1, -0.5, 0.5, 1, 2]));

  const graph = new Graph();
  const x = graph.input('x', 'float32', dims);
  const built = problem.build(graph, graph.op('Mul', [x, graph.constant(floatTensor(dims, factors))], {}, 'u'), random);
  const outputs = typeof built === 'string' ? [built] : built;
  const seeds = outputs.map((y, k) => graph.input(`cotangent${k}`, 'float32', graph.dims(y)));
  const forward = graph.nodes.length;
  const gradient = appendBackward(graph, new Map(outputs.map((y, k) => [y, seeds[k]!])), x, { blockedLayout });
  for (const name of [gradient, ...outputs]) graph.output(name);

  const feeds: Record<string, NdArray> = {
    x: arrayOf(
      dims,
      u.map((value, k) => value / factors[k]!),
    ),
  };
  for (const name of seeds) feeds[name] = arrayOf(graph.dims(name), random.numbers(graph.size(name)));
  return { graph, outputs, seeds, gradient, emitted: graph.nodes.slice(forward), feeds };
}

/** Uniform in [low, high) but at least 0.02 away from every kink. */
export const awayFrom =
  (kinks: readonly number[], low = -2, high = 2) =>
  (random: Random, count: number): Float64Array =>
    Float64Array.from({ length: count }, () => {
      let value = random.between(low, high);
      while (kinks.some((kink) => Math.abs(value - kink) < 0.02)) value = random.between(low, high);
      return value;
    });

/** Uniform in [low, high). */
export const within =
  (low: number, high: number) =>
  (random: Random, count: number): Float64Array =>
    random.numbers(count, low, high);

/** Values of which no two are closer than 0.03: every maximum is clear. Near a multiple of 0.05, never near the middle. */
export const distinct = (random: Random, count: number): Float64Array => {
  const grid = random.shuffled(Array.from({ length: count }, (_, k) => (k - count / 2) * 0.05));
  return Float64Array.from(grid, (value) => Math.fround(value + random.between(-0.01, 0.01)));
};

/** A float32 constant of random numbers. */
export const constant = (graph: Graph, random: Random, dims: readonly number[], low = -1, high = 1): string =>
  graph.constant(floatTensor(dims, random.numbers(elementCount(dims), low, high)));

/** A small axis length. */
export const small = (max = 4) => fc.integer({ min: 1, max });

/** A shape of one to four axes. */
export const shape = (maxLength = 3): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: 1, max: maxLength }), { minLength: 1, maxLength: 4 });

/** A picture's shape: one or two pictures of a few channels. */
export const picture: fc.Arbitrary<number[]> = fc
  .tuple(small(2), small(3), fc.integer({ min: 2, max: 5 }), fc.integer({ min: 2, max: 5 }))
  .map((dims) => [...dims]);

/** Which axis of a shape: a fraction scaled to the rank, counted from either end. */
export const axisPick = fc.record({ place: fc.integer({ min: 0, max: 3 }), fromEnd: fc.boolean() });
export const axisOf = ({ place, fromEnd }: { place: number; fromEnd: boolean }, rank: number): number =>
  (place % rank) - (fromEnd ? rank : 0);

/** Axes chosen by a list of flags; at least one. */
export function axesOf(flags: readonly boolean[], rank: number): number[] {
  const axes = [...Array(rank).keys()].filter((axis) => flags[axis]);
  return axes.length ? axes : [rank - 1];
}

export const flags = fc.array(fc.boolean(), { minLength: 4, maxLength: 4 });
