import fc from 'fast-check';
import { distinct, gradientCase, picture, small, type GradientCase } from './problem.ts';

interface Pool {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly pads: readonly number[];
  readonly ceil: boolean;
  readonly size: readonly [number, number];
}

/** Windows that networks use, on even and odd sizes. */
const KNOWN: readonly (readonly [kernel: number, stride: number, pad: number])[] = [
  [2, 2, 0],
  [3, 2, 0],
  [3, 2, 1],
  [3, 1, 1],
  [3, 1, 0],
  [5, 3, 0],
  [5, 3, 2],
  [2, 1, 0],
  [3, 3, 0],
];

const size = fc.tuple(fc.integer({ min: 5, max: 7 }), fc.integer({ min: 5, max: 8 }));

/**
 * Whether ceil_mode would add a window that begins behind the picture. ONNX Runtime 1.30 drops it when it computes but
 * not when it infers shapes, and then refuses its own graph: no network can ask for it.
 */
const addsWindowBehind = ({ kernel, strides, pads, size: sizes }: Omit<Pool, 'ceil'>): boolean =>
  kernel.some((k, axis) => {
    const outputs = Math.ceil((sizes[axis]! + pads[axis]! + pads[axis + 2]! - k) / strides[axis]!) + 1;
    return (outputs - 1) * strides[axis]! >= sizes[axis]! + pads[axis]!;
  });

export const knownPool: fc.Arbitrary<Pool> = fc
  .record({ window: fc.constantFrom(...KNOWN), ceil: fc.boolean(), size })
  .map(({ window: [k, s, p], ceil, size: s2 }) => ({
    kernel: [k, k],
    strides: [s, s],
    pads: [p, p, p, p],
    ceil,
    size: s2,
  }));

/** Any window; padding stays smaller than the kernel, as the operator demands. */
export const anyPool: fc.Arbitrary<Pool> = fc
  .record({
    kernel: fc.tuple(small(4), small(4)),
    strides: fc.tuple(small(4), small(4)),
    pads: fc.array(fc.nat(3), { minLength: 4, maxLength: 4 }),
    ceil: fc.boolean(),
    size,
  })
  .map((p) => ({ ...p, pads: p.pads.map((pad, k) => Math.min(pad, p.kernel[k % 2]! - 1)) }))
  .map((p) => ({ ...p, ceil: p.ceil && !addsWindowBehind(p) }));

/** The last rows of a little picture: the only window of an axis reaches over its end. */
const onlyWindow: fc.Arbitrary<Pool> = fc
  .tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 3 }))
  .map((s2) => ({ kernel: [2, 2], strides: [2, 2], pads: [0, 0, 0, 0], ceil: true, size: s2 }));

export const poolAttributes = ({ kernel, strides, pads, ceil }: Pool) => ({
  kernel_shape: kernel,
  strides,
  pads,
  ceil_mode: Number(ceil),
});

const maxPool = (name: string, pool: fc.Arbitrary<Pool>, runs: number): GradientCase =>
  gradientCase(
    name,
    { pool, channels: small(2) },
    (p) => ({
      dims: [1, p.channels, ...p.pool.size],
      values: distinct,
      build: (graph, u) => graph.op('MaxPool', [u], poolAttributes(p.pool)),
    }),
    runs,
  );

const averagePool = (name: string, pool: fc.Arbitrary<Pool>, runs: number): GradientCase =>
  gradientCase(
    name,
    { pool, channels: small(2), includePad: fc.nat(1) },
    (p) => ({
      dims: [1, p.channels, ...p.pool.size],
      build: (graph, u) => graph.op('AveragePool', [u], { ...poolAttributes(p.pool), count_include_pad: p.includePad }),
    }),
    runs,
  );

export const poolCases: readonly GradientCase[] = [
  maxPool('MaxPool, windows of known networks', knownPool, 24),
  maxPool('MaxPool, any window', anyPool, 24),
  averagePool('AveragePool, windows of known networks', knownPool, 24),
  averagePool('AveragePool, any window', anyPool, 24),
  maxPool('MaxPool, an only window over the end', onlyWindow, 6),
  averagePool('AveragePool, an only window over the end', onlyWindow, 6),
  gradientCase('pools without attributes', { max: fc.boolean() }, ({ max }) => ({
    dims: [1, 2, 4, 5],
    values: distinct,
    build: (graph, u) => graph.op(max ? 'MaxPool' : 'AveragePool', [u], { kernel_shape: [2, 3] }),
  })),
  gradientCase('GlobalAveragePool', { dims: picture }, ({ dims }) => ({
    dims,
    build: (graph, u) => graph.op('GlobalAveragePool', [u]),
  })),
  gradientCase('GlobalMaxPool', { dims: picture }, ({ dims }) => ({
    dims,
    values: distinct,
    build: (graph, u) => graph.op('GlobalMaxPool', [u]),
  })),
];
