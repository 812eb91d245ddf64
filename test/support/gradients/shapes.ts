import fc from 'fast-check';
import { floatTensor, intTensor } from '../../../src/shared/tensor.ts';
import {
  axisOf,
  axisPick,
  constant,
  flags,
  gradientCase,
  picture,
  shape,
  small,
  type GradientCase,
} from './problem.ts';

const concat = gradientCase(
  'Concat of constants, the value and functions of it',
  { dims: shape(), axis: axisPick, order: fc.shuffledSubarray(['u', 'constant', 'tanh', 'u again'], { minLength: 1 }) },
  ({ dims, axis, order }) => ({
    dims,
    build: (graph, u, random) => {
      const position = axisOf(axis, dims.length);
      const parts: Record<string, () => string> = {
        u: () => u,
        constant: () => constant(graph, random, dims.with(position, 2)),
        tanh: () => graph.op('Tanh', [u]),
        'u again': () => u,
      };
      const used = order.includes('constant') && order.length === 1 ? [...order, 'u'] : order;
      return graph.op(
        'Concat',
        used.map((part) => parts[part]!()),
        { axis: position },
      );
    },
  }),
  30,
);

const split = gradientCase(
  'Split, some parts used',
  {
    dims: shape(),
    axis: axisPick,
    sizes: fc.array(small(3), { minLength: 1, maxLength: 3 }),
    equal: fc.boolean(),
    used: flags,
  },
  ({ dims, axis, sizes, equal, used }) => {
    const position = axisOf(axis, dims.length);
    const total = equal ? 2 * sizes.length : sizes.reduce((a, b) => a + b);
    return {
      dims: dims.with(position, total),
      build: (graph, u) => {
        const names = sizes.map((_, k) => graph.fresh(`part${k}`));
        const parts = graph.ops('Split', equal ? [u] : [u, graph.ints(sizes)], { axis: position }, names);
        const chosen = parts.filter((_, k) => used[k]);
        return chosen.length ? chosen : [parts[0]!];
      },
    };
  },
  30,
);

/** One axis' slice: positions as fractions of the size, so that every draw is valid. */
const range = fc.record({
  skip: fc.boolean(),
  step: fc.constantFrom(1, 2, 3, -1, -2, -3),
  from: fc.nat(5),
  length: fc.nat(4),
  open: fc.boolean(),
  negative: fc.boolean(),
});
const LARGE = 2 ** 31;

const slice = gradientCase(
  'Slice, any step',
  {
    dims: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 }),
    ranges: fc.array(range, { minLength: 3, maxLength: 3 }),
    axesOrder: fc.boolean(),
  },
  ({ dims, ranges, axesOrder }) => ({
    dims,
    build: (graph, u) => {
      const sliced = dims.flatMap((size, axis) => {
        const { skip, step, from, length, open, negative } = ranges[axis]!;
        if (skip) return [];
        const low = from % size;
        const high = Math.min(size - 1, low + length);
        const count = (position: number) => (negative ? position - size : position);
        // Taken: low ... high. Downwards the end is the position before `low`, which only an open end can name at 0.
        if (step > 0)
          return [{ axis, step, start: count(low), end: open || high + 1 >= size ? LARGE : count(high + 1) }];
        return [
          {
            axis,
            step,
            start: open && high === size - 1 ? LARGE : count(high),
            end: low === 0 ? -LARGE : count(low - 1),
          },
        ];
      });
      const ordered = axesOrder ? sliced : sliced.toReversed();
      const list = (key: 'axis' | 'step' | 'start' | 'end') => graph.ints(ordered.map((s) => s[key]));
      return graph.op('Slice', [u, list('start'), list('end'), list('axis'), list('step')]);
    },
  }),
  60,
);

const sliceDefaults = gradientCase(
  'Slice without axes and steps',
  { dims: picture },
  ({ dims }) => ({
    dims,
    build: (graph, u) => graph.op('Slice', [u, graph.ints([0, 0, 1]), graph.ints([1, 9, 9])]),
  }),
  4,
);

const reshape = gradientCase(
  'Reshape, Flatten, Squeeze, Unsqueeze, Transpose',
  {
    how: fc.constantFrom(
      'reshape',
      'reshape 0',
      'flatten',
      'flatten -1',
      'flatten 0',
      'squeeze',
      'squeeze all',
      'unsqueeze',
      'transpose',
      'reverse',
    ),
    n: small(3),
    m: small(3),
    perm: fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }),
  },
  ({ how, n, m, perm }) => ({
    dims: [1, n, 1, m],
    build: (graph, u) => {
      switch (how) {
        case 'reshape':
          return graph.op('Reshape', [u, graph.ints([m, -1])]);
        case 'reshape 0':
          return graph.op('Reshape', [u, graph.ints([0, 0, -1])]);
        case 'flatten':
          return graph.op('Flatten', [u]);
        case 'flatten -1':
          return graph.op('Flatten', [u], { axis: -1 });
        case 'flatten 0':
          return graph.op('Flatten', [u], { axis: 0 });
        case 'squeeze':
          return graph.op('Squeeze', [u, graph.ints([-2])]);
        case 'squeeze all':
          return graph.op('Squeeze', [u]);
        case 'unsqueeze':
          return graph.op('Unsqueeze', [u, graph.ints([0, -1])]);
        case 'transpose':
          return graph.op('Transpose', [u], { perm });
        default:
          return graph.op('Transpose', [u]);
      }
    },
  }),
  40,
);

const expand = gradientCase(
  'Expand',
  { dims: shape(), thin: flags, lead: fc.nat(2), ones: flags },
  ({ dims, thin, lead, ones }) => ({
    dims: dims.map((d, axis) => (thin[axis] ? 1 : d)),
    build: (graph, u) => {
      const target = [...Array<number>(lead).fill(2), ...dims.map((d, axis) => (ones[axis] ? 1 : d))];
      return graph.op('Expand', [u, graph.ints(target)]);
    },
  }),
);

const tile = gradientCase(
  'Tile',
  { dims: shape(), repeats: fc.array(small(3), { minLength: 4, maxLength: 4 }) },
  (p) => ({
    dims: p.dims,
    build: (graph, u) => graph.op('Tile', [u, graph.ints(p.repeats.slice(0, p.dims.length))]),
  }),
);

const padding = fc.array(fc.nat(3), { minLength: 8, maxLength: 8 });

const pad = gradientCase(
  'Pad: constant, reflect, edge',
  {
    mode: fc.constantFrom('constant', 'reflect', 'edge'),
    size: fc.tuple(fc.integer({ min: 2, max: 5 }), fc.integer({ min: 2, max: 5 })),
    padding,
    channels: fc.boolean(),
    value: fc.option(fc.constantFrom(0, 0.5)),
  },
  ({ mode, size, padding: p, channels, value }) => {
    const dims = [1, 2, ...size];
    // A reflection reaches at most to the other border.
    const limit = (axis: number) => (mode === 'reflect' ? dims[axis]! - 1 : 3);
    const pads = p.map((width, k) => (k % 4 < 2 && !channels ? 0 : Math.min(width, limit(k % 4))));
    return {
      dims,
      build: (graph, u) => {
        const filler = mode === 'constant' && value !== null ? [graph.scalar(value)] : [];
        return graph.op('Pad', [u, graph.ints(pads), ...filler], { mode });
      },
    };
  },
  40,
);

const negativePad = gradientCase(
  'Pad with negative widths (a crop)',
  {
    mode: fc.constantFrom('constant', 'edge'),
    pads: fc.tuple(
      ...([0, 0, 0, 0].map(() => fc.integer({ min: -1, max: 2 })) as [
        fc.Arbitrary<number>,
        fc.Arbitrary<number>,
        fc.Arbitrary<number>,
        fc.Arbitrary<number>,
      ]),
    ),
  },
  ({ mode, pads: [top, left, bottom, right] }) => ({
    dims: [1, 2, 4, 5],
    build: (graph, u) => graph.op('Pad', [u, graph.ints([0, 0, top, left, 0, 0, bottom, right])], { mode }),
  }),
);

const resize = gradientCase(
  'Resize by scales or to sizes',
  {
    mode: fc.constantFrom('nearest', 'linear'),
    transformation: fc.constantFrom('half_pixel', 'pytorch_half_pixel', 'align_corners', 'asymmetric'),
    nearest: fc.constantFrom('round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'),
    dims: picture,
    scales: fc.tuple(
      fc.constantFrom(1, 2, 3, 0.5, 1.5, 1 / 3, 0.6, 2.3),
      fc.constantFrom(1, 2, 3, 0.5, 1.5, 1 / 3, 0.6, 2.3),
    ),
    sizes: fc.option(fc.tuple(small(9), small(9))),
  },
  ({ mode, transformation, nearest, dims, scales, sizes }) => ({
    dims: [dims[0]!, dims[1]!, dims[2]! + 1, dims[3]! + 1],
    build: (graph, u) => {
      const attributes = {
        mode,
        coordinate_transformation_mode: transformation,
        ...(mode === 'nearest' && { nearest_mode: nearest }),
      };
      if (sizes) return graph.op('Resize', [u, '', '', graph.ints([dims[0]!, dims[1]!, ...sizes])], attributes);
      return graph.op('Resize', [u, '', graph.constant(floatTensor([4], [1, 1, ...scales]))], attributes);
    },
  }),
  120,
);

/** Float32 decides these: (0.5 / ⅓) − 0.5 is 1 there, and a little less in float64. */
const resizeOnWholeCoordinates = gradientCase(
  'Resize to the nearest element, coordinates on whole numbers and halves',
  {
    transformation: fc.constantFrom('half_pixel', 'asymmetric', 'align_corners'),
    nearest: fc.constantFrom('round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'),
    size: fc.integer({ min: 3, max: 10 }),
    scale: fc.constantFrom(1 / 3, 2 / 3, 0.2, 0.1, 0.4, 0.7, 1.2, 1.4),
    bySize: fc.boolean(),
  },
  ({ transformation, nearest, size, scale, bySize }) => ({
    dims: [1, 1, 2, size],
    build: (graph, u) => {
      const attributes = { mode: 'nearest', coordinate_transformation_mode: transformation, nearest_mode: nearest };
      const length = Math.max(1, Math.floor(size * scale + 1e-6));
      if (bySize || size * scale < 1) return graph.op('Resize', [u, '', '', graph.ints([1, 1, 2, length])], attributes);
      return graph.op('Resize', [u, '', graph.constant(floatTensor([4], [1, 1, 1, scale]))], attributes);
    },
  }),
  100,
);

const depthToSpace = gradientCase(
  'DepthToSpace',
  {
    mode: fc.constantFrom('DCR', 'CRD', undefined),
    block: small(3),
    channels: small(2),
    size: fc.tuple(small(3), small(3)),
  },
  ({ mode, block, channels, size }) => ({
    dims: [1, channels * block ** 2, ...size],
    build: (graph, u) => graph.op('DepthToSpace', [u], { blocksize: block, ...(mode && { mode }) }),
  }),
);

const gather = gradientCase(
  'Gather with constant indices',
  {
    dims: shape(4),
    axis: axisPick,
    kind: fc.constantFrom('scalar', 'list', 'table', 'permutation', 'one'),
    negative: fc.boolean(),
  },
  ({ dims, axis, kind, negative }) => ({
    dims,
    build: (graph, u, random) => {
      const position = axisOf(axis, dims.length);
      const size = dims.at(position)!;
      const indexDims = { scalar: [], list: [3], table: [2, 2], permutation: [size], one: [1] }[kind];
      const count = indexDims.reduce((n: number, d: number) => n * d, 1);
      const drawn =
        kind === 'permutation'
          ? random.shuffled([...Array(size).keys()])
          : Array.from({ length: count }, () => random.integer(0, size - 1));
      const indices = graph.constant(
        intTensor(
          drawn.map((i) => (negative ? i - size : i)),
          indexDims,
        ),
      );
      return graph.op('Gather', [u, indices], { axis: position });
    },
  }),
  40,
);

const gatherOften = gradientCase(
  'Gather from many elements, which the rule does not do by a matrix',
  { inner: small(2), axis: fc.nat(1) },
  ({ inner, axis }) => ({
    dims: axis === 0 ? [12, inner] : [inner, 12],
    build: (graph, u, random) => {
      const dims = graph.dims(u).with(axis, 2400);
      const repeats = [1, 1].with(axis, 200);
      const repeated = graph.op('Tile', [u, graph.ints(repeats)]);
      const indices = Array.from({ length: 40 }, () => random.integer(-dims[axis]!, dims[axis]! - 1));
      return graph.op('Gather', [repeated, graph.ints([...indices, ...indices.slice(0, 5)])], { axis });
    },
  }),
  4,
);

export const shapeCases: readonly GradientCase[] = [
  concat,
  split,
  slice,
  sliceDefaults,
  reshape,
  expand,
  tile,
  pad,
  negativePad,
  resize,
  resizeOnWholeCoordinates,
  depthToSpace,
  gather,
  gatherOften,
];
