import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { appendBackward } from '../../../../src/main/engine/autodiff/reverse.ts';
import { Graph } from '../../../../src/main/engine/graph/graph.ts';
import { arrayOf, sizeOf } from '../../../reference/array.ts';
import { evaluate } from '../../../reference/evaluator.ts';
import { PROPERTY_SEED } from '../../../support/gradients/check.ts';
import { anyPool, knownPool, poolAttributes } from '../../../support/gradients/pools.ts';
import { Random } from '../../../support/random.ts';
import { runModel } from '../../../support/runtime.ts';

/** dx of y = build(x) for given x and dy; in float64, and the same by ONNX Runtime. */
async function gradientOf(
  dims: readonly number[],
  x: Float64Array,
  cotangent: (size: number) => Float64Array,
  build: (graph: Graph, x: string) => string,
) {
  const graph = new Graph();
  const y = build(graph, graph.input('x', 'float32', dims));
  graph.input('dy', 'float32', graph.dims(y));
  const gradient = appendBackward(graph, new Map([[y, 'dy']]), 'x');
  graph.output(gradient);
  const dy = arrayOf(graph.dims(y), cotangent(graph.size(y)));
  const feeds = { x: arrayOf(dims, x), dy };
  const exact = evaluate(graph, feeds, [gradient])[gradient]!.data;
  const inRuntime = (await runModel(graph.toModel(), feeds))[gradient]!.data;
  return { dy, exact, inRuntime };
}

const total = (data: Float64Array): number => data.reduce((a, b) => a + b, 0);

/** Few different values: almost every window has several maxima. */
const tiedValues = (random: Random, count: number) =>
  Float64Array.from({ length: count }, () => random.pick([0, 0, 0, 1, 0.5]));

describe('where several elements are the maximum', () => {
  it('every window of a MaxPool hands on its gradient exactly once', async () => {
    const property = fc.asyncProperty(
      fc.oneof(knownPool, anyPool),
      fc.nat(),
      fc.boolean(),
      async (pool, seed, flat) => {
        const random = new Random(seed);
        const dims = [1, 1, ...pool.size];
        const x = flat
          ? new Float64Array(sizeOf(dims)).fill(random.pick([0, -1, 3]))
          : tiedValues(random, sizeOf(dims));
        const build = (graph: Graph, name: string) => graph.op('MaxPool', [name], poolAttributes(pool));
        // One window after the other: its gradient arrives within the window, on maxima, and sums to what went in.
        const graph = new Graph();
        const y = build(graph, graph.input('x', 'float32', dims));
        const [rows, columns] = graph.dims(y).slice(2) as [number, number];
        const maxima = evaluate(graph, { x: arrayOf(dims, x) }, [y])[y]!.data;
        graph.input('dy', 'float32', graph.dims(y));
        const gradient = appendBackward(graph, new Map([[y, 'dy']]), 'x');
        for (let w = 0; w < rows * columns; w++) {
          const dy = arrayOf(
            graph.dims(y),
            Float64Array.from(maxima, (_, k) => Number(k === w)),
          );
          const dx = evaluate(graph, { x: arrayOf(dims, x), dy }, [gradient])[gradient]!.data;
          expect(total(dx), `sum of the gradient of window ${w}`).toBeCloseTo(1, 6);
          dx.forEach((g, k) => {
            if (g === 0) return;
            expect(g).toBeGreaterThan(0);
            expect(x[k], `element ${k} receives from window ${w}`).toBe(maxima[w]);
            const place = [Math.floor(k / pool.size[1]), k % pool.size[1]];
            const window = [Math.floor(w / columns), w % columns];
            place.forEach((p, axis) => {
              const start = window[axis]! * pool.strides[axis]! - pool.pads[axis]!;
              expect(p >= start && p < start + pool.kernel[axis]!, `element ${k} lies in window ${w}`).toBe(true);
            });
          });
        }
      },
    );
    await fc.assert(property, { seed: PROPERTY_SEED, numRuns: 25 });
  });

  it('ONNX Runtime computes the same sums', async () => {
    const property = fc.asyncProperty(fc.oneof(knownPool, anyPool), fc.nat(), async (pool, seed) => {
      const random = new Random(seed);
      const dims = [1, 2, ...pool.size];
      const { dy, exact, inRuntime } = await gradientOf(
        dims,
        tiedValues(random, sizeOf(dims)),
        (size) => random.numbers(size),
        (graph, x) => graph.op('MaxPool', [x], poolAttributes(pool)),
      );
      expect(total(exact)).toBeCloseTo(total(dy.data), 6);
      exact.forEach((g, k) => expect(inRuntime[k]).toBeCloseTo(g, 5));
    });
    await fc.assert(property, { seed: PROPERTY_SEED, numRuns: 25 });
  });

  it.each([
    ['GlobalMaxPool', (graph: Graph, x: string) => graph.op('GlobalMaxPool', [x])],
    ['ReduceMax', (graph: Graph, x: string) => graph.op('ReduceMax', [x], { axes: [2, 3], keepdims: 0 })],
    ['Max of x and x', (graph: Graph, x: string) => graph.op('Max', [x, x])],
    ['Min of x, x and x', (graph: Graph, x: string) => graph.op('Min', [x, x, x])],
  ])('%s hands on its gradient exactly once', async (_, build) => {
    for (let seed = 1; seed <= 10; seed++) {
      const random = new Random(seed);
      const dims = [1, 2, 3, 4];
      const { dy, exact, inRuntime } = await gradientOf(
        dims,
        tiedValues(random, 24),
        (size) => random.numbers(size),
        build,
      );
      expect(total(exact)).toBeCloseTo(total(dy.data), 6);
      expect(total(inRuntime)).toBeCloseTo(total(dy.data), 5);
    }
  });

  it('Max shares its gradient between a picture and a constant that tie', async () => {
    const { exact } = await gradientOf(
      [2],
      Float64Array.of(1, 2),
      () => Float64Array.of(1, 1),
      (graph, x) => graph.op('Max', [x, graph.scalar(1)]),
    );
    expect([...exact]).toEqual([0.5, 1]);
  });
});
