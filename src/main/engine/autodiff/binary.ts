import type { Graph } from '../graph/graph.ts';
import { notNegative, unbroadcast } from './emit.ts';
import type { GradientRule } from './rule.ts';

type Side = (graph: Graph, dy: string, a: string, b: string, y: string) => string;

/** Broadcasting functions of two values: each gradient is summed over the axes along which its input was repeated. */
export const binary =
  (left: Side, right: Side): GradientRule =>
  ({ graph, node, outputGradients, wanted }) => {
    const [a, b] = node.inputs as [string, string];
    const y = node.outputs[0]!;
    const dy = outputGradients[0]!;
    return [
      wanted(0) ? unbroadcast(graph, left(graph, dy, a, b, y), graph.dims(a)) : undefined,
      wanted(1) ? unbroadcast(graph, right(graph, dy, a, b, y), graph.dims(b)) : undefined,
    ];
  };

/** The selected input receives dy; inputs that tie share it equally, so that no gradient is counted twice. */
export const selection =
  (distance: (graph: Graph, x: string, y: string) => string): GradientRule =>
  ({ graph, node, outputGradients, wanted }) => {
    const y = node.outputs[0]!;
    const masks = node.inputs.map((x) => notNegative(graph, distance(graph, x, y)));
    const count = masks.reduce((a, b) => graph.op('Add', [a, b]));
    const share = graph.op('Div', [outputGradients[0]!, count]);
    return node.inputs.map((x, i) =>
      wanted(i) ? unbroadcast(graph, graph.op('Mul', [share, masks[i]!]), graph.dims(x)) : undefined,
    );
  };
