import { numbersOf } from '../../../../shared/tensor.ts';
import type { OnnxNode } from '../../../formats/onnx.ts';
import type { Graph } from '../../graph/graph.ts';
import { listOf, notNegative, numberOf, reshape, scale, sum } from '../emit.ts';
import type { GradientRule } from '../rule.ts';

/** The axes a reduction runs over, from its attribute or its second input; all axes when it names none. */
function reducedAxes(graph: Graph, node: OnnxNode): readonly number[] {
  const rank = graph.dims(node.inputs[0]!).length;
  const all = [...Array(rank).keys()];
  const second = node.inputs[1] ? graph.tensor(node.inputs[1]) : undefined;
  const axes = second ? numbersOf(second) : listOf(node, 'axes', []);
  if (axes.length === 0) return numberOf(node, 'noop_with_empty_axes', 0) ? [] : all;
  return axes.map((a) => (a + rank) % rank);
}

/** A reduced value brought back to rank: every reduced axis has length 1. */
function keepAxes(graph: Graph, value: string, x: string, axes: readonly number[]): string {
  return reshape(graph, value, graph.dims(x).map((d, i) => (axes.includes(i) ? 1 : d)));
}

const expand = (graph: Graph, value: string, dims: readonly number[]): string =>
  graph.op('Expand', [value, graph.ints(dims)]);

type Derivative = (graph: Graph, dy: string, x: string, y: string, axes: readonly number[], count: number) => string;

/** Gradients of reductions; dy and y arrive with the reduced axes kept as length 1. */
const reduction =
  (derivative: Derivative): GradientRule =>
  ({ graph, node, outputGradients, wanted }) => {
    if (!wanted(0)) return [];
    const x = node.inputs[0]!;
    const axes = reducedAxes(graph, node);
    const count = axes.reduce((n, a) => n * graph.dims(x)[a]!, 1);
    const dy = keepAxes(graph, outputGradients[0]!, x, axes);
    return [derivative(graph, dy, x, keepAxes(graph, node.outputs[0]!, x, axes), axes, count)];
  };

/** y = Σ x   ⇒   dx = dy, repeated */
export const reduceSumGradient = reduction((graph, dy, x) => expand(graph, dy, graph.dims(x)));

/** y = Σ x / n   ⇒   dx = dy / n, repeated */
export const reduceMeanGradient = reduction((graph, dy, x, _y, _axes, n) =>
  expand(graph, scale(graph, dy, 1 / n), graph.dims(x)),
);

/** y = max x   ⇒   dx = dy where x is the maximum, shared equally between ties */
export const reduceMaxGradient = reduction((graph, dy, x, y, axes) => {
  const mask = notNegative(graph, graph.op('Sub', [x, y]));
  return graph.op('Mul', [mask, graph.op('Div', [dy, sum(graph, mask, axes, true)])]);
});

/** y = Σ x²   ⇒   dx = 2 x dy */
export const reduceSumSquareGradient = reduction((graph, dy, x) =>
  graph.op('Mul', [x, graph.op('Mul', [dy, graph.scalar(2)])]),
);

/** y = √Σ x²   ⇒   dx = x dy / y */
export const reduceL2Gradient = reduction((graph, dy, x, y) => graph.op('Mul', [x, graph.op('Div', [dy, y])]));

/** Mean over all positions: dx = dy / (H·W), repeated */
export const globalAveragePoolGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  if (!wanted(0)) return [];
  const dims = graph.dims(node.inputs[0]!);
  const positions = dims.slice(2).reduce((a, b) => a * b, 1);
  return [expand(graph, scale(graph, outputGradients[0]!, 1 / positions), dims)];
};

/** Largest of all positions: dx = dy there, shared equally between ties */
export const globalMaxPoolGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  if (!wanted(0)) return [];
  const x = node.inputs[0]!;
  const mask = notNegative(graph, graph.op('Sub', [x, node.outputs[0]!]));
  const axes = graph.dims(x).map((_, i) => i).slice(2);
  return [graph.op('Mul', [mask, graph.op('Div', [outputGradients[0]!, sum(graph, mask, axes, true)])])];
};
