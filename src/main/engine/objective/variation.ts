import type { Graph } from '../graph/graph.ts';
import { scale, slice, sum } from '../autodiff/emit.ts';

/** Rounding of |d| near zero, in image units: √(d² + ε²) has a derivative everywhere, which line searches need. */
const SOFTNESS = 1 / 1024;

/**
 * Total variation of a picture [1,3,H,W]: the mean over all values of the differences d to the right and lower
 * neighbour, squared (quadratic) or as √(d² + ε²) − ε (L1).
 *
 * @param weight name of the term's factor in the loss, one element
 * @returns `raw`, the unweighted term [1], and the cotangents of the differences
 */
export function appendVariation(graph: Graph, image: string, weight: string, kind: 'quadratic' | 'l1') {
  const seeds = new Map<string, string>();
  const terms: string[] = [];
  for (const axis of [2, 3]) {
    const size = graph.dims(image)[axis]!;
    if (size < 2) continue;
    const difference = graph.op('Sub', [
      slice(graph, image, [axis], [1], [size]),
      slice(graph, image, [axis], [0], [size - 1]),
    ]);
    const squared = graph.op('Mul', [difference, difference]);
    const factor = graph.op('Mul', [weight, graph.scalar(1 / graph.size(image))]);
    if (kind === 'quadratic') {
      terms.push(sum(graph, squared, [0, 1, 2, 3]));
      seeds.set(difference, scale(graph, graph.op('Mul', [difference, factor]), 2));
    } else {
      const root = graph.op('Sqrt', [graph.op('Add', [squared, graph.scalar(SOFTNESS ** 2)])]);
      terms.push(sum(graph, graph.op('Sub', [root, graph.scalar(SOFTNESS)]), [0, 1, 2, 3]));
      seeds.set(difference, graph.op('Div', [graph.op('Mul', [difference, factor]), root]));
    }
  }
  const total = terms.reduce((a, b) => graph.op('Add', [a, b]), graph.scalar(0));
  const raw = graph.op('Mul', [total, graph.scalar(1 / graph.size(image))]);
  return { raw: graph.op('Reshape', [raw, graph.ints([1])]), seeds };
}
