import type { Graph } from '../graph/graph.ts';
import { scale, slice, total } from '../autodiff/emit.ts';

/** Rounding of |d| near zero, in image units: √(d² + ε²) has a derivative everywhere, which line searches need. */
const SOFTNESS = 1 / 1024;

/**
 * Total variation of a picture [1,3,H,W]: the mean over all values of the differences d to the right and lower
 * neighbour, squared (quadratic) or as √(d² + ε²) − ε (L1).
 *
 * @param weight name of the term's factor in the loss, one element
 * @param of how many values the mean is taken of, and, of a tile, which pixels [1,1,H,W] are its own: their differences count
 * @returns `raw`, the unweighted term [1], and the cotangents of the differences
 */
export function appendVariation(
  graph: Graph,
  image: string,
  weight: string,
  kind: 'quadratic' | 'l1',
  { values, own }: { readonly values: number; readonly own?: string | undefined },
) {
  const seeds = new Map<string, string>();
  const terms: string[] = [];
  for (const axis of [2, 3]) {
    const size = graph.dims(image)[axis]!;
    if (size < 2) continue;
    const all = graph.op('Sub', [
      slice(graph, image, [axis], [1], [size]),
      slice(graph, image, [axis], [0], [size - 1]),
    ]);
    const difference =
      own === undefined
        ? all
        : graph.op('Mul', [all, slice(graph, own, [axis], [0], [size - 1])], {}, 'own differences');
    const squared = graph.op('Mul', [difference, difference]);
    const factor = graph.op('Mul', [weight, graph.scalar(1 / values)]);
    if (kind === 'quadratic') {
      terms.push(total(graph, squared));
      seeds.set(difference, scale(graph, graph.op('Mul', [difference, factor]), 2));
    } else {
      const root = graph.op('Sqrt', [graph.op('Add', [squared, graph.scalar(SOFTNESS ** 2)])]);
      terms.push(total(graph, graph.op('Sub', [root, graph.scalar(SOFTNESS)])));
      seeds.set(difference, graph.op('Div', [graph.op('Mul', [difference, factor]), root]));
    }
  }
  const both = terms.reduce((a, b) => graph.op('Add', [a, b]), graph.scalar(0));
  const raw = graph.op('Mul', [both, graph.scalar(1 / values)]);
  return { raw: graph.op('Reshape', [raw, graph.ints([1])]), seeds };
}
