import type { Graph } from '../graph/graph.ts';
import type { BackwardContext, GradientRule } from './rule.ts';

/** Functions applied to each element: dx = dy · f'(x), with the derivative given by `derivative`. */
export const elementwise =
  (derivative: (graph: Graph, x: string, y: string, context: BackwardContext) => string): GradientRule =>
  (context) => {
    if (!context.wanted(0)) return [];
    const { graph, node, outputGradients } = context;
    const d = derivative(graph, node.inputs[0]!, node.outputs[0]!, context);
    return [graph.op('Mul', [outputGradients[0]!, d], {}, `d.${node.inputs[0]!}`)];
  };
