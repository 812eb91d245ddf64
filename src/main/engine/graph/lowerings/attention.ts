import { floatTensor } from '../../../../shared/tensor.ts';
import { numberOf } from '../../autodiff/emit.ts';
import type { Graph } from '../graph.ts';
import { intAttribute } from '../shapes.ts';
import type { Lowering } from './lowering.ts';

/** Added to what must not be attended to: its share becomes exactly 0. */
const NEVER = -1e30;

/** softmax(s · Q Kᵀ + mask) V per head (Vaswani et al. 2017), s = 1/√size unless given */
export const attention: Lowering = (graph, [query, key, value, mask], node, name) => {
  const flat = graph.dims(query!).length === 3;
  const q = byHead(graph, query!, intAttribute(node, 'q_num_heads', 0));
  const [batch, heads, rows, size] = graph.dims(q) as [number, number, number, number];
  const k = repeatHeads(graph, byHead(graph, key!, intAttribute(node, 'kv_num_heads', 0)), heads);
  const v = repeatHeads(graph, byHead(graph, value!, intAttribute(node, 'kv_num_heads', 0)), heads);
  const columns = graph.dims(k)[2]!;
  const scaled = graph.op('Mul', [q, graph.scalar(numberOf(node, 'scale', 1 / Math.sqrt(size)))]);
  let scores = graph.op('MatMul', [scaled, graph.op('Transpose', [k], { perm: [0, 1, 3, 2] })]);
  if (mask) scores = graph.op('Add', [scores, additive(graph, mask)]);
  if (intAttribute(node, 'is_causal', 0) !== 0) {
    const later = Float32Array.from({ length: rows * columns }, (_, i) =>
      i % columns > Math.floor(i / columns) ? NEVER : 0,
    );
    scores = graph.op('Add', [scores, graph.constant(floatTensor([rows, columns], later), 'causal')]);
  }
  const shares = graph.op('Softmax', [scores], { axis: 3 });
  if (!flat) return graph.op('MatMul', [shares, v], {}, name);
  const joined = graph.op('Transpose', [graph.op('MatMul', [shares, v])], { perm: [0, 2, 1, 3] });
  return graph.op('Reshape', [joined, graph.ints([batch, rows, heads * graph.dims(v)[3]!])], {}, name);
};

/** [batch, length, heads · size] as [batch, heads, length, size]. */
function byHead(graph: Graph, x: string, heads: number): string {
  const dims = graph.dims(x);
  if (dims.length === 4) return x;
  const apart = graph.op('Reshape', [x, graph.ints([dims[0]!, dims[1]!, heads, dims[2]! / heads])]);
  return graph.op('Transpose', [apart], { perm: [0, 2, 1, 3] });
}

/** Every head as often as several query heads share it. */
function repeatHeads(graph: Graph, x: string, heads: number): string {
  const [batch, own, length, size] = graph.dims(x) as [number, number, number, number];
  if (own === heads) return x;
  const apart = graph.op('Reshape', [x, graph.ints([batch, own, 1, length, size])]);
  const repeated = graph.op('Expand', [apart, graph.ints([batch, own, heads / own, length, size])]);
  return graph.op('Reshape', [repeated, graph.ints([batch, heads, length, size])]);
}

/** A mask of true and false as numbers to add. */
const additive = (graph: Graph, mask: string): string =>
  graph.value(mask).type === 'bool' ? graph.op('Where', [mask, graph.scalar(0), graph.scalar(NEVER)]) : mask;
