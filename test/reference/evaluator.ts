import type { OnnxNode } from '../../src/main/formats/onnx.ts';
import type { Tensor } from '../../src/shared/tensor.ts';
import { fromTensor, type NdArray, type Operator } from './array.ts';
import { convolutionOperators } from './convolution.ts';
import { elementwiseOperators } from './elementwise.ts';
import { matrixOperators } from './matrix.ts';
import { normalizationOperators } from './normalization.ts';
import { poolingOperators } from './pooling.ts';
import { reductionOperators } from './reduction.ts';
import { resizeOperators } from './resize.ts';
import { shapeOperators } from './shape.ts';

export type { NdArray } from './array.ts';

/** The part of a graph that computing needs; both `Graph` and `OnnxGraph` have it. */
export interface EvaluableGraph {
  readonly nodes: readonly OnnxNode[];
  readonly initializers: ReadonlyMap<string, Tensor>;
}

const OPERATORS: ReadonlyMap<string, Operator> = new Map(
  Object.entries({
    ...convolutionOperators,
    ...elementwiseOperators,
    ...matrixOperators,
    ...normalizationOperators,
    ...poolingOperators,
    ...reductionOperators,
    ...resizeOperators,
    ...shapeOperators,
  }),
);

/** Operators that the evaluator knows. */
export const evaluableOperators = (): string[] => [...OPERATORS.keys()];

// Finite differences evaluate one graph thousands of times; its constants are converted once.
const converted = new WeakMap<Tensor, NdArray>();

/**
 * Computes values of a concrete-shape graph of opset 17 in float64, by direct loops written from the operator
 * specification. It shares nothing with the product but the graph's data types, and is slow on purpose: it is what
 * the rules, and ONNX Runtime's float32, are compared with.
 */
export function evaluate(
  graph: EvaluableGraph,
  feeds: Readonly<Record<string, NdArray>>,
  wanted: readonly string[],
): Record<string, NdArray> {
  const values = new Map<string, NdArray>(Object.entries(feeds));
  const lookUp = (name: string): NdArray => {
    const value = values.get(name) ?? constant(graph, name);
    if (!value) throw new Error(`no value named "${name}"`);
    return value;
  };
  for (const node of neededNodes(graph, wanted, feeds)) {
    const outputs = compute(node, lookUp);
    node.outputs.forEach((name, k) => name !== '' && values.set(name, outputs[k]!));
  }
  return Object.fromEntries(wanted.map((name) => [name, lookUp(name)]));
}

function constant(graph: EvaluableGraph, name: string): NdArray | undefined {
  const tensor = graph.initializers.get(name);
  if (!tensor) return undefined;
  let array = converted.get(tensor);
  if (!array) converted.set(tensor, (array = fromTensor(tensor)));
  return array;
}

function neededNodes(graph: EvaluableGraph, wanted: readonly string[], feeds: Readonly<Record<string, NdArray>>) {
  const needed = new Set(wanted);
  const nodes: OnnxNode[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((name) => name !== '' && needed.has(name) && !(name in feeds))) continue;
    nodes.push(node);
    for (const name of node.inputs) needed.add(name);
  }
  return nodes.reverse();
}

function compute(node: OnnxNode, lookUp: (name: string) => NdArray): readonly NdArray[] {
  const operator = node.domain === '' ? OPERATORS.get(node.op) : undefined;
  try {
    if (!operator) throw new Error('the evaluator does not know this operator');
    const inputs = node.inputs.map((name) => (name === '' ? undefined : lookUp(name)));
    const outputs = operator({ inputs, attributes: node.attributes, outputCount: node.outputs.length });
    if (outputs.length < node.outputs.length) throw new Error(`only ${outputs.length} outputs`);
    return outputs;
  } catch (cause) {
    throw new Error(`${node.op} "${node.name}": ${(cause as Error).message}`, { cause });
  }
}
