import fc from 'fast-check';
import type { Graph } from '../../../src/main/engine/graph/graph.ts';
import { floatTensor } from '../../../src/shared/tensor.ts';
import type { Random } from '../random.ts';
import {
  awayFrom,
  constant,
  distinct,
  flags,
  gradientCase,
  shape,
  within,
  type GradientCase,
  type Problem,
} from './problem.ts';

type Dims = readonly number[];

/** A shape that broadcasts against `dims`: some axes of length 1, some leading axes gone, perhaps one more in front. */
function partner(dims: Dims, thin: readonly boolean[], lead: number): number[] {
  const thinned = dims.map((d, axis) => (thin[axis] ? 1 : d));
  return lead < 0 ? thinned.slice(Math.min(-lead, dims.length)) : [...Array<number>(lead).fill(2), ...thinned];
}

const partnerParameters = { dims: shape(), thin: flags, lead: fc.integer({ min: -2, max: 1 }) };

/** u itself averaged over some axes: a second operand that depends on the picture and broadcasts against u. */
function averaged(graph: Graph, u: string, thin: readonly boolean[]): string {
  const axes = graph.dims(u).flatMap((_, axis) => (thin[axis] ? [axis] : []));
  return axes.length ? graph.op('ReduceMean', [u], { axes, keepdims: 1 }) : graph.op('Sigmoid', [u]);
}

/** y = u ∘ constant, constant ∘ u, u ∘ f(u), f(u) ∘ u and u ∘ u. */
function binary(
  op: string,
  values: (random: Random, count: number) => Float64Array,
  low: number,
  high: number,
): GradientCase[] {
  return [
    gradientCase(`${op} with a constant`, { ...partnerParameters, left: fc.boolean() }, (p) => ({
      dims: p.dims,
      values,
      build: (graph, u, random) => {
        const c = constant(graph, random, partner(p.dims, p.thin, p.lead), low, high);
        return graph.op(op, p.left ? [c, u] : [u, c]);
      },
    })),
    gradientCase(
      `${op} of two values that depend on the picture`,
      { dims: shape(), thin: flags, left: fc.boolean() },
      (p) => ({
        dims: p.dims,
        values,
        build: (graph, u) => {
          const other = averaged(graph, u, p.thin);
          return graph.op(op, p.left ? [other, u] : [u, other]);
        },
      }),
    ),
    gradientCase(
      `${op} of a value and itself`,
      { dims: shape() },
      ({ dims }) => ({
        dims,
        values,
        build: (graph, u) => graph.op(op, [u, u]),
      }),
      8,
    ),
  ];
}

const reshapedPartner = gradientCase(
  'Mul of a value and a lower-ranked one that both depend on the picture',
  {
    rows: fc.integer({ min: 1, max: 3 }),
    columns: fc.integer({ min: 1, max: 3 }),
    op: fc.constantFrom('Add', 'Sub', 'Mul', 'Div'),
  },
  ({ rows, columns, op }): Problem => ({
    dims: [2, rows, columns],
    values: within(0.5, 2),
    build: (graph, u) => {
      const row = graph.op('ReduceMean', [u], { axes: [0, 1], keepdims: 0 });
      return graph.op(op, [row, u]);
    },
  }),
);

const selection = (op: 'Max' | 'Min'): GradientCase[] => [
  gradientCase(`${op} with constants`, { ...partnerParameters, count: fc.integer({ min: 1, max: 2 }) }, (p) => ({
    dims: p.dims,
    values: distinct,
    build: (graph, u, random) => {
      // u lies within 0.01 of the multiples of 0.05, these in the middle between them.
      const between = (dims: Dims) => {
        const length = dims.reduce((n, d) => n * d, 1);
        return graph.constant(
          floatTensor(
            dims,
            Array.from({ length }, () => random.integer(-8, 8) * 0.1 + 0.025),
          ),
        );
      };
      const constants = [between(partner(p.dims, p.thin, p.lead)), graph.scalar(-0.175)].slice(0, p.count);
      return graph.op(op, [u, ...constants]);
    },
  })),
  gradientCase(`${op} of values that depend on the picture`, { dims: shape(), thin: flags }, ({ dims, thin }) => ({
    dims,
    // distinct up to the sign too, as -u takes part
    values: (random, count) => distinct(random, count).map((v, k) => Math.abs(v) + (k + 1) * 0.06),
    build: (graph, u) => {
      const starts = dims.map(() => 0);
      const ends = dims.map((d, axis) => (thin[axis] ? 1 : d));
      const corner = graph.op('Slice', [u, graph.ints(starts), graph.ints(ends)]);
      return graph.op(op, [u, corner, graph.op('Neg', [u])]);
    },
    mayBeRough: true,
  })),
  gradientCase(
    `${op} of one value`,
    { dims: shape() },
    ({ dims }) => ({ dims, build: (graph, u) => graph.op(op, [u]) }),
    4,
  ),
];

const power = gradientCase(
  'Pow with constant exponents',
  { ...partnerParameters, exponents: fc.constantFrom(2, 3, 0.5, -1, -0.75, 1, 0, 1.7) },
  (p) => ({
    dims: p.dims,
    values: within(0.3, 2),
    build: (graph, u, random) => {
      const dims = partner(p.dims, p.thin, p.lead);
      const length = dims.reduce((n, d) => n * d, 1);
      const data = Array.from({ length }, (_, k) => (k === 0 ? p.exponents : random.pick([2, 3, -1, 0.5])));
      return graph.op('Pow', [u, graph.constant(floatTensor(dims, data))]);
    },
  }),
);

const computedPower = gradientCase(
  'Pow with an exponent that depends on the picture',
  { ...partnerParameters, both: fc.boolean() },
  ({ dims, thin, lead, both }) => ({
    dims,
    values: within(0.3, 2),
    build: (graph, u, random) => {
      const base = both ? averaged(graph, u, thin) : constant(graph, random, partner(dims, thin, lead), 0.3, 2);
      return graph.op('Pow', [base, u]);
    },
  }),
);

const integerPower = gradientCase(
  'Pow of negative numbers with a whole exponent',
  { dims: shape(), exponent: fc.constantFrom(1, 2, 3, 4) },
  ({ dims, exponent }) => ({
    dims,
    values: awayFrom([0]),
    build: (graph, u) => graph.op('Pow', [u, graph.scalar(exponent)]),
  }),
);

const summation = gradientCase('Sum of several values', partnerParameters, (p) => ({
  dims: p.dims,
  build: (graph, u, random) =>
    graph.op('Sum', [u, constant(graph, random, partner(p.dims, p.thin, p.lead)), averaged(graph, u, p.thin), u]),
}));

const where = gradientCase(
  'Where with a constant condition',
  { ...partnerParameters, swapped: fc.boolean(), both: fc.boolean() },
  (p) => ({
    dims: p.dims,
    build: (graph, u, random) => {
      const dims = partner(p.dims, p.thin, p.lead);
      const data = Uint8Array.from({ length: dims.reduce((n, d) => n * d, 1) }, () => random.integer(0, 1));
      const condition = graph.constant({ type: 'bool', dims, data });
      const other = p.both ? averaged(graph, u, p.thin) : constant(graph, random, dims);
      return graph.op('Where', p.swapped ? [condition, other, u] : [condition, u, other]);
    },
  }),
);

export const arithmeticCases: readonly GradientCase[] = [
  ...binary('Add', within(-1, 1), -1, 1),
  ...binary('Sub', within(-1, 1), -1, 1),
  ...binary('Mul', within(-1, 1), -1, 1),
  ...binary('Div', within(0.5, 2), 0.5, 2),
  reshapedPartner,
  ...selection('Max'),
  ...selection('Min'),
  power,
  integerPower,
  computedPower,
  summation,
  where,
];
