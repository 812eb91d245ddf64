import { numbersOf } from '../../../../shared/tensor.ts';
import type { Graph } from '../../graph/graph.ts';
import { binary } from '../binary.ts';

/** y = x^p   ⇒   dx = dy · p · x^(p−1),  dp = dy · y · log x */
export const powGradient = binary(
  (graph, dy, x, p) => {
    const exponent = derived(graph, p, (v) => v - 1) ?? graph.op('Sub', [p, graph.scalar(1)]);
    const power = graph.op('Pow', [x, exponent]);
    return graph.op('Mul', [dy, graph.op('Mul', [power, derived(graph, p, (v) => v) ?? p])]);
  },
  (graph, dy, x, _p, y) => graph.op('Mul', [dy, graph.op('Mul', [y, graph.op('Log', [x])])]),
);

/** A float32 constant made from each number of a constant, whatever its type; undefined for a computed value. */
function derived(graph: Graph, name: string, map: (value: number) => number): string | undefined {
  const tensor = graph.tensor(name);
  if (!tensor) return undefined;
  return graph.constant(
    { type: 'float32', dims: tensor.dims, data: Float32Array.from(numbersOf(tensor), map) },
    'exponent',
  );
}
