import { positiveAxis, sum } from '../../autodiff/emit.ts';
import type { OnnxNode } from '../../../formats/onnx.ts';
import type { Graph } from '../graph.ts';
import { intAttribute, reducedAxes } from '../shapes.ts';
import type { Lowering } from './lowering.ts';

/** A product of more factors is left to the operator. */
const MOST_FACTORS = 64;

/** A reduction (axes an attribute) of float32 values by a function of x and its axes that keeps dimensions. */
const reduction =
  (reduce: (graph: Graph, x: string, axes: readonly number[]) => string | undefined): Lowering =>
  (graph, [x], node, name) => {
    if (graph.value(x!).type !== 'float32') return undefined;
    const dims = graph.dims(x!);
    const axes = reducedAxes(node, dims.length, undefined);
    const kept = reduce(graph, x!, axes);
    if (kept === undefined) return undefined;
    return drop(graph, kept, axes, node, name);
  };

/** Leaves out the reduced axes, unless the node keeps them. */
function drop(graph: Graph, kept: string, axes: readonly number[], node: OnnxNode, name: string): string {
  if (intAttribute(node, 'keepdims', 1) !== 0 || axes.length === 0) return kept;
  const dims = graph.dims(kept).filter((_, axis) => !axes.includes(axis));
  return graph.op('Reshape', [kept, graph.ints(dims)], {}, name);
}

const maximum = (graph: Graph, x: string, axes: readonly number[]): string =>
  graph.op('ReduceMax', [x], { axes: [...axes], keepdims: 1 });

/** −max(−x) */
export const reduceMin = reduction((graph, x, axes) => graph.op('Neg', [maximum(graph, graph.op('Neg', [x]), axes)]));

/** Σ |x| */
export const reduceL1 = reduction((graph, x, axes) => sum(graph, graph.op('Abs', [x]), axes, true));

/** log Σ x */
export const reduceLogSum = reduction((graph, x, axes) => graph.op('Log', [sum(graph, x, axes, true)]));

/** m + log Σ e^(x−m), m = max x: nothing overflows */
export const reduceLogSumExp = reduction((graph, x, axes) => {
  const most = maximum(graph, x, axes);
  const total = sum(graph, graph.op('Exp', [graph.op('Sub', [x, most])]), axes, true);
  return graph.op('Add', [most, graph.op('Log', [total])]);
});

/** x₁ · x₂ · … along each axis */
export const reduceProd = reduction((graph, x, axes) => {
  const dims = graph.dims(x);
  if (axes.some((axis) => dims[axis]! > MOST_FACTORS || dims[axis]! === 0)) return undefined;
  return axes.reduce((value, axis) => {
    const count = dims[axis]!;
    if (count === 1) return value;
    const names = Array.from({ length: count }, (_, i) => graph.fresh(`${value}.factor${i}`));
    const factors = graph.ops('Split', [value, graph.ints(names.map(() => 1))], { axis }, names);
    return factors.reduce((a, b) => graph.op('Mul', [a, b]));
  }, x);
});

/** x − m − log Σ e^(x−m), m = max x */
export const logSoftmax: Lowering = (graph, [x], node, name) => {
  const axis = positiveAxis(intAttribute(node, 'axis', -1), graph.dims(x!).length);
  const shifted = graph.op('Sub', [x!, maximum(graph, x!, [axis])]);
  const total = sum(graph, graph.op('Exp', [shifted]), [axis], true);
  return graph.op('Sub', [shifted, graph.op('Log', [total])], {}, name);
};
