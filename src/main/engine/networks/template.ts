import type { AttributeValue, OnnxGraph, OnnxNode, OnnxValueInfo } from '../../formats/onnx.ts';
import type { Layer } from './network.ts';

/** A node of the standard operator set with one output, which also names the node. */
export function makeNode(
  op: string,
  inputs: readonly string[],
  output: string,
  attributes: Readonly<Record<string, AttributeValue>> = {},
): OnnxNode {
  return { op, domain: '', name: output, inputs, outputs: [output], attributes };
}

/** What every network's input looks like. */
export function pictureInput(name: string): OnnxValueInfo {
  return { name, type: 'float32', dims: [1, 3, 'H', 'W'] };
}

/** The layers as outputs of a graph. */
export function layerOutputs(layers: readonly Layer[]): OnnxValueInfo[] {
  return layers.map((l) => ({ name: l.tensor, type: 'float32', dims: [1, l.channels ?? '', '', ''] }));
}

/** The node behind every computed value. */
export function producersOf(graph: OnnxGraph): Map<string, OnnxNode> {
  return new Map(graph.nodes.flatMap((node) => node.outputs.filter((o) => o !== '').map((o) => [o, node] as const)));
}

/** Returns a function that makes value names which the graph does not have yet: `hint`, or `hint~N`. */
export function nameMaker(graph: OnnxGraph): (hint: string) => string {
  const taken = new Set([
    ...graph.inputs.map((i) => i.name),
    ...graph.initializers.keys(),
    ...graph.nodes.flatMap((n) => n.outputs),
  ]);
  return (hint) => {
    let name = hint;
    for (let n = 1; taken.has(name); n++) name = `${hint}~${n}`;
    taken.add(name);
    return name;
  };
}

/** The graph without the nodes and constants that its outputs do not need. */
export function pruned(graph: OnnxGraph): OnnxGraph {
  const used = new Set(graph.outputs.map((o) => o.name));
  const nodes: OnnxNode[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((o) => used.has(o))) continue;
    nodes.push(node);
    for (const input of node.inputs) used.add(input);
  }
  const initializers = new Map([...graph.initializers].filter(([name]) => used.has(name)));
  return { ...graph, nodes: nodes.reverse(), initializers };
}
