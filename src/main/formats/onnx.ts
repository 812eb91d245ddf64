import type { Tensor } from '../../shared/tensor.ts';

/**
 * An attribute's value. Whether a number is written as ONNX `int` or `float` follows from the attribute's name
 * (see `FLOAT_ATTRIBUTES` in onnx-codec.ts), as in the operator specification.
 */
export type AttributeValue = number | string | readonly number[] | readonly string[] | Tensor | OnnxGraph;

export interface OnnxNode {
  /** Operator type, for instance `Conv`. */
  readonly op: string;
  /** Operator set domain; empty for the standard one. */
  readonly domain: string;
  /** Node name for messages; may be empty in files. */
  readonly name: string;
  /** In the engine's graphs, whose nodes are named like their outputs: the name of the file's node behind this one. */
  readonly origin?: string;
  /** Value names; an empty string is an omitted optional input. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

export interface OnnxValueInfo {
  readonly name: string;
  /** Element type name, undefined where the file does not say. */
  readonly type: Tensor['type'] | undefined;
  /** Numbers, or names of symbolic dimensions ('' where unknown); undefined where the file gives no shape. */
  readonly dims: readonly (number | string)[] | undefined;
}

/**
 * A graph as a file holds it: nodes in topological order, shapes possibly symbolic. The graphs that nodes have as
 * attributes (the branches of `If`) may read values of the graphs around them: see `capturedNames`.
 */
export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: ReadonlyMap<string, Tensor>;
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
}

export interface OnnxModel {
  readonly graph: OnnxGraph;
  /** Version of the standard operator set. */
  readonly opset: number;
  /** Program that wrote the file, e.g. `pytorch`. */
  readonly producer: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The graphs among a node's attributes, by attribute name. */
export function subGraphs(node: OnnxNode): [string, OnnxGraph][] {
  return Object.entries(node.attributes).flatMap(([name, value]) =>
    typeof value === 'object' && 'nodes' in value ? [[name, value] as [string, OnnxGraph]] : [],
  );
}

/** Values that a graph reads but does not make, so that they must come from a graph around it. */
export function capturedNames(graph: OnnxGraph): string[] {
  const own = new Set([
    '',
    ...graph.initializers.keys(),
    ...graph.inputs.map((input) => input.name),
    ...graph.nodes.flatMap((node) => node.outputs),
  ]);
  const read = [...graph.nodes.flatMap(readNames), ...graph.outputs.map((output) => output.name)];
  return [...new Set(read)].filter((name) => !own.has(name));
}

/** Values that a node reads: its inputs, and what the graphs among its attributes read from outside. */
export const readNames = (node: OnnxNode): string[] => [
  ...node.inputs,
  ...subGraphs(node).flatMap(([, graph]) => capturedNames(graph)),
];
