import type { Graph } from '../graph/graph.ts';
import { reducedAxes } from '../graph/shapes.ts';
import { reshape } from './emit.ts';
import type { GradientRule } from './rule.ts';

/** A reduced value brought back to rank: every reduced axis has length 1. */
function keepAxes(graph: Graph, value: string, x: string, axes: readonly number[]): string {
  return reshape(
    graph,
    value,
    graph.dims(x).map((d, i) => (axes.includes(i) ? 1 : d)),
  );
}

/** Repeats a value to a larger shape. */
export const expand = (graph: Graph, value: string, dims: readonly number[]): string =>
  graph.op('Expand', [value, graph.ints(dims)]);

type Derivative = (graph: Graph, dy: string, x: string, y: string, axes: readonly number[], count: number) => string;

/** Gradients of reductions; dy and y arrive with the reduced axes kept as length 1. */
export const reduction =
  (derivative: Derivative): GradientRule =>
  ({ graph, node, outputGradients, wanted }) => {
    if (!wanted(0)) return [];
    const x = node.inputs[0]!;
    const second = node.inputs[1] ? graph.tensor(node.inputs[1]) : undefined;
    const axes = reducedAxes(node, graph.dims(x).length, second);
    const count = axes.reduce((n, a) => n * graph.dims(x)[a]!, 1);
    const dy = keepAxes(graph, outputGradients[0]!, x, axes);
    return [derivative(graph, dy, x, keepAxes(graph, node.outputs[0]!, x, axes), axes, count)];
  };
