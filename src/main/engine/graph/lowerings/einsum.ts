import { reshape, sum } from '../../autodiff/emit.ts';
import { parseEinsum } from '../einsum.ts';
import type { Graph } from '../graph.ts';
import { nodeError, stringAttribute } from '../shapes.ts';
import type { Lowering } from './lowering.ts';

/** A value with a label per axis. */
interface Labelled {
  readonly value: string;
  readonly labels: readonly string[];
}

/** Sums of products, one operand after the other joined by a matrix product. */
export const einsum: Lowering = (graph, inputs, node) => {
  if (inputs.some((input) => graph.value(input).type !== 'float32')) return undefined;
  const equation = stringAttribute(node, 'equation', '');
  const operands = inputs.map((input) => graph.dims(input));
  const { terms, output } = parseEinsum(equation, operands, (problem) => nodeError(node, problem));
  const labelled = inputs.map((value, i) => ({ value, labels: terms[i]! }));
  const joined = labelled.reduce((left, right, i) =>
    multiply(graph, left, right, new Set([...output, ...terms.slice(i + 1).flat()])),
  );
  const kept = sumOut(graph, joined, new Set(output));
  return arranged(graph, kept, output);
};

/** Sums over the axes whose labels nobody needs. */
function sumOut(graph: Graph, { value, labels }: Labelled, needed: ReadonlySet<string>): Labelled {
  const axes = labels.flatMap((label, axis) => (needed.has(label) ? [] : [axis]));
  if (axes.length === 0) return { value, labels };
  return { value: sum(graph, value, axes), labels: labels.filter((label) => needed.has(label)) };
}

/** The value with its axes in another order. */
function arranged(graph: Graph, { value, labels }: Labelled, order: readonly string[]): string {
  if (order.every((label, i) => label === labels[i])) return value;
  return graph.op('Transpose', [value], { perm: order.map((label) => labels.indexOf(label)) });
}

/** The product of two operands, summed over the labels that both have and nobody needs. */
function multiply(graph: Graph, first: Labelled, second: Labelled, needed: ReadonlySet<string>): Labelled {
  const a = sumOut(graph, first, new Set([...needed, ...second.labels]));
  const b = sumOut(graph, second, new Set([...needed, ...a.labels]));
  const shared = a.labels.filter((label) => b.labels.includes(label));
  const batch = shared.filter((label) => needed.has(label));
  const summed = shared.filter((label) => !needed.has(label));
  const rows = a.labels.filter((label) => !shared.includes(label));
  const columns = b.labels.filter((label) => !shared.includes(label));
  const dimsOf = ({ value, labels }: Labelled, of: readonly string[]) =>
    of.map((label) => graph.dims(value)[labels.indexOf(label)]!);
  const count = (dims: readonly number[]) => dims.reduce((product, d) => product * d, 1);
  const matrix = (operand: Labelled, before: readonly string[], after: readonly string[]) =>
    reshape(graph, arranged(graph, operand, [...batch, ...before, ...after]), [
      ...dimsOf(operand, batch),
      count(dimsOf(operand, before)),
      count(dimsOf(operand, after)),
    ]);
  const product = graph.op('MatMul', [matrix(a, rows, summed), matrix(b, summed, columns)]);
  const batchDims = graph.dims(product).slice(0, batch.length);
  const value = reshape(graph, product, [...batchDims, ...dimsOf(a, rows), ...dimsOf(b, columns)]);
  return { value, labels: [...batch, ...rows, ...columns] };
}
