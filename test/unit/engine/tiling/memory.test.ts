import { describe, expect, it } from 'vitest';
import { Graph } from '../../../../src/main/engine/graph/graph.ts';
import { costAt, liveBytes, sessionCost } from '../../../../src/main/engine/tiling/memory.ts';
import { floatTensor } from '../../../../src/shared/tensor.ts';

/** image → conv → relu → conv, of 16 channels each, and the sum of the relu and the last. */
function chain(side: number): Graph {
  const graph = new Graph();
  const image = graph.input('image', 'float32', [1, 3, side, side]);
  const weights = (from: number) => graph.constant(floatTensor([16, from, 1, 1], new Float32Array(16 * from)));
  const first = graph.op('Conv', [image, weights(3)], { kernel_shape: [1, 1] });
  const relu = graph.op('Relu', [first]);
  const second = graph.op('Conv', [relu, weights(16)], { kernel_shape: [1, 1] });
  graph.output(graph.op('Add', [relu, second], {}, 'sum'));
  graph.op('Exp', [second], {}, 'needed by nothing');
  return graph;
}

describe('the memory of a session', () => {
  it('is what lives at once: results from where they are computed to where they are last used', () => {
    const plane = 4 * 20 * 20;
    // The image, the relu in the place of its convolution, and the second convolution, in whose place the sum is.
    expect(liveBytes(chain(20), true)).toBe((3 + 16 + 16) * plane);
  });

  it('counts whole blocks of channels in the blocked layout', () => {
    const graph = new Graph();
    const image = graph.input('image', 'float32', [1, 3, 10, 10]);
    const weights = graph.constant(floatTensor([5, 3, 1, 1], new Float32Array(15)));
    graph.output(graph.op('Conv', [image, weights], { kernel_shape: [1, 1] }));
    expect(liveBytes(graph, false)).toBe(4 * (3 + 5) * 100);
    expect(liveBytes(graph, true)).toBe(4 * (3 + 16) * 100);
  });

  it('grows with the pixels', () => {
    const cost = sessionCost(chain(20), 400, true);
    const larger = sessionCost(chain(40), 1600, true);
    expect(larger.fixed).toBe(cost.fixed);
    expect(larger.perPixel).toBeCloseTo(cost.perPixel, 9);
    expect(costAt(cost, 1000) - costAt(cost, 0)).toBeCloseTo(1000 * cost.perPixel, 3);
  });
});
