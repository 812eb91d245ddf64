import type { OnnxNode } from '../../../formats/onnx.ts';
import type { Graph } from '../graph.ts';

/**
 * Emits a node in terms of operators that every provider has and that have gradient rules. `inputs` are the graph's
 * values for those of `node`, whose shapes are known to fit; the result should be called `name`. Returns the value that
 * stands for the node's first output, or undefined where the node is better left as it is.
 */
export type Lowering = (graph: Graph, inputs: readonly string[], node: OnnxNode, name: string) => string | undefined;
