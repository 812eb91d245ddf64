import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Graph } from '../../../../src/main/engine/graph/graph.ts';
import { commonPlacements, placementsOf } from '../../../../src/main/engine/tiling/margins.ts';
import { commonMultiple } from '../../../../src/main/engine/tiling/plan.ts';
import { floatTensor } from '../../../../src/shared/tensor.ts';
import { evaluate } from '../../../reference/evaluator.ts';
import { Random } from '../../../support/random.ts';

/** Something that a network does with rows and columns. */
type Step = (graph: Graph, x: string, random: Random) => string;

const weights = (graph: Graph, random: Random, dims: readonly number[]) =>
  graph.constant(floatTensor(dims, Float32Array.from(random.numbers(dims.reduce((a, b) => a * b, 1)))), 'weights');

const window = fc.record({
  kernel: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
  stride: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 2 })),
  pad: fc.tuple(...Array.from({ length: 4 }, () => fc.integer({ min: 0, max: 1 }))),
  dilation: fc.integer({ min: 1, max: 2 }),
});

const steps: fc.Arbitrary<Step> = fc.oneof(
  window.map(
    ({ kernel, stride, pad, dilation }): Step =>
      (graph, x, random) =>
        graph.op('Conv', [x, weights(graph, random, [2, 2, ...kernel])], {
          kernel_shape: kernel,
          strides: stride,
          pads: pad,
          dilations: [dilation, 1],
        }),
  ),
  window.map(({ kernel, stride, pad }): Step => (graph, x) => {
    // A pad as wide as its window would see nothing at all.
    const pads = pad.map((p, i) => Math.min(p, kernel[i % 2]! - 1));
    return graph.op('AveragePool', [x], { kernel_shape: kernel, strides: stride, pads, count_include_pad: 0 });
  }),
  window.map(({ kernel, stride, pad }): Step => (graph, x) => {
    const pads = pad.map((p, i) => Math.min(p, kernel[i % 2]! - 1));
    return graph.op('MaxPool', [x], { kernel_shape: kernel, strides: stride, pads });
  }),
  window.map(
    ({ kernel, stride }): Step =>
      (graph, x, random) =>
        graph.op('ConvTranspose', [x, weights(graph, random, [2, 2, ...kernel])], {
          kernel_shape: kernel,
          strides: stride,
          pads: [0, 0, 0, 0],
        }),
  ),
  fc.record({ mode: fc.constantFrom('constant', 'reflect', 'edge'), amount: fc.integer({ min: 0, max: 2 }) }).map(
    ({ mode, amount }): Step =>
      (graph, x) =>
        graph.op('Pad', [x, graph.ints([0, 0, amount, 1, 0, 0, 0, amount])], { mode }),
  ),
  fc.record({ start: fc.integer({ min: 0, max: 2 }), step: fc.integer({ min: 1, max: 2 }) }).map(
    ({ start, step }): Step =>
      (graph, x) =>
        graph.op('Slice', [
          x,
          graph.ints([start, 0]),
          graph.ints([2 ** 30, -1]),
          graph.ints([2, 3]),
          graph.ints([step, 1]),
        ]),
  ),
  fc.constantFrom('nearest', 'linear').map(
    (mode): Step =>
      (graph, x) =>
        graph.op('Resize', [x, '', graph.constant(floatTensor([4], [1, 1, 2, 2]), 'scales')], {
          mode,
          coordinate_transformation_mode: 'asymmetric',
          nearest_mode: 'floor',
        }),
  ),
  fc.constant<Step>((graph, x) => {
    const [, , h, w] = graph.dims(x) as [number, number, number, number];
    const apart = graph.op('Reshape', [x, graph.ints([1, 2, 1, h, w])]);
    const turned = graph.op('Transpose', [apart], { perm: [0, 2, 1, 4, 3] });
    const back = graph.op('Transpose', [turned], { perm: [0, 2, 1, 4, 3] });
    return graph.op('Relu', [graph.op('Reshape', [back, graph.ints([1, 2, h, w])])]);
  }),
  fc.constant<Step>((graph, x) =>
    graph.op('DepthToSpace', [graph.op('Concat', [x, x, x, x], { axis: 1 })], { blocksize: 2 }),
  ),
);

const chains = fc.record({
  chain: fc.array(steps, { minLength: 1, maxLength: 4 }),
  seed: fc.nat(),
  extra: fc.tuple(fc.nat(), fc.nat()),
});

function build(chain: readonly Step[], seed: number, [height, width]: readonly [number, number]) {
  const graph = new Graph();
  const random = new Random(seed);
  const image = graph.input('image', 'float32', [1, 2, height, width]);
  const value = chain.reduce((x, step) => step(graph, x, random), image);
  graph.output(value);
  return { graph, value };
}

describe('margins of tiles', () => {
  it('leave exactly what the untiled graph computes, at borders of the picture and inside', () => {
    fc.assert(
      fc.property(chains, ({ chain, seed, extra }) => {
        const probe = build(chain, seed, [48, 48]).graph;
        const courses = [...placementsOf(probe, 'image').values()].flat();
        const alignment = commonMultiple(
          courses.map(({ stride }) => {
            let n = 1;
            while (!Number.isInteger(n * stride)) n++;
            return n * stride;
          }),
        );
        if (alignment > 24) return;
        const tile = extra.map((e) => (e % alignment) + alignment * Math.ceil(28 / alignment)) as [number, number];
        const picture = tile.map((side) => side + 2 * alignment) as [number, number];
        const { graph: whole, value } = build(chain, seed, picture);
        const placements = commonPlacements((size) => build(chain, seed, size).graph, 'image', [tile, picture]);
        const data = new Random(seed + 1).numbers(2 * picture[0] * picture[1]);
        const wholly = evaluate(whole, { image: { dims: [1, 2, ...picture], data } }, [value])[value]!;
        const small = build(chain, seed, tile).graph;
        const placement = placements.get(value)!;
        let worst = 0;
        let compared = 0;
        for (const top of [0, alignment, 2 * alignment]) {
          for (const left of [0, alignment, 2 * alignment]) {
            const piece = Float64Array.from({ length: 2 * tile[0] * tile[1] }, (_, i) => {
              const [c, y, x] = [Math.floor(i / (tile[0] * tile[1])), Math.floor(i / tile[1]) % tile[0], i % tile[1]];
              return data[(c * picture[0] + top + y) * picture[1] + left + x]!;
            });
            const part = evaluate(small, { image: { dims: [1, 2, ...tile], data: piece } }, [value])[value]!;
            const [, , h, w] = part.dims as [number, number, number, number];
            const [, , H, W] = wholly.dims as [number, number, number, number];
            const range = (origin: number, side: number, length: number, axis: 0 | 1, count: number) => ({
              from: origin === 0 ? 0 : placement[axis].low,
              to: origin + side === length ? count : count - placement[axis].high,
              shift: origin / placement[axis].stride,
            });
            const [rows, columns] = [range(top, tile[0], picture[0], 0, h), range(left, tile[1], picture[1], 1, w)];
            for (let c = 0; c < 2; c++) {
              for (let y = rows.from; y < rows.to; y++) {
                for (let x = columns.from; x < columns.to; x++) {
                  const expected = wholly.data[(c * H + y + rows.shift) * W + x + columns.shift]!;
                  worst = Math.max(worst, Math.abs(part.data[(c * h + y) * w + x]! - expected));
                  compared++;
                }
              }
            }
          }
        }
        expect(worst).toBeLessThan(1e-9);
        expect(compared).toBeGreaterThan(0);
      }),
      { numRuns: 40 },
    );
  });

  it.each([
    ['GlobalAveragePool', (graph: Graph, x: string) => graph.op('GlobalAveragePool', [x])],
    ['ReduceMean', (graph: Graph, x: string) => graph.op('ReduceMean', [x], { axes: [2, 3], keepdims: 1 })],
    ['Softmax', (graph: Graph, x: string) => graph.op('Softmax', [x], { axis: 3 })],
    ['Reshape', (graph: Graph, x: string) => graph.op('Reshape', [x, graph.ints([1, 2, -1])])],
    [
      'InstanceNormalization',
      (graph: Graph, x: string) =>
        graph.op('InstanceNormalization', [
          x,
          graph.constant(floatTensor([2], [1, 1])),
          graph.constant(floatTensor([2], [0, 0])),
        ]),
    ],
    [
      'MatMul',
      (graph: Graph, x: string) => graph.op('MatMul', [x, graph.op('Transpose', [x], { perm: [0, 1, 3, 2] })]),
    ],
  ] as const)('refuse %s over the whole picture and name the node', (op, append) => {
    const graph = new Graph();
    const x = graph.input('image', 'float32', [1, 2, 20, 20]);
    graph.origin = 'the-node';
    append(graph, x);
    expect(() => placementsOf(graph, 'image')).toThrow(new RegExp(`operator \\w+ \\(node "the-node"\\).*in tiles`));
    expect(op).toBeTruthy();
  });

  it('refuse constants that differ from place to place, and what depends on the size', () => {
    const positional = new Graph();
    const x = positional.input('image', 'float32', [1, 2, 20, 20]);
    positional.op('Add', [x, positional.constant(floatTensor([1, 2, 20, 20], new Float32Array(800)))], {}, 'embedding');
    expect(() => placementsOf(positional, 'image')).toThrow(/node "embedding".*differ from place to place/);

    const cut = ([h, w]: readonly [number, number]) => {
      const graph = new Graph();
      const image = graph.input('image', 'float32', [1, 2, h, w]);
      graph.op('Slice', [image, graph.ints([0]), graph.ints([16]), graph.ints([2])], {}, 'first-rows');
      return graph;
    };
    expect(() => commonPlacements(cut, 'image', [[20, 20], [40, 40]])).toThrow(/node "first-rows".*size of the picture/); // prettier-ignore
  });
});
