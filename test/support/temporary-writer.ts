import type { AttributeValue, OnnxModel, OnnxNode } from '../../src/main/formats/onnx.ts';
import type { Tensor } from '../../src/shared/tensor.ts';
const TYPES: Record<string, number> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
};
const FLOATS = new Set([
  'alpha',
  'beta',
  'epsilon',
  'bias',
  'ratio',
  'momentum',
  'lambd',
  'gamma',
  'extrapolation_value',
  'cubic_coeff_a',
  'value_float',
  'value_floats',
]);
const varint = (v: number | bigint): Buffer => {
  let n = BigInt.asUintN(64, BigInt(v));
  const out: number[] = [];
  do {
    let b = Number(n & 127n);
    n >>= 7n;
    if (n) b |= 128;
    out.push(b);
  } while (n);
  return Buffer.from(out);
};
const int = (f: number, v: number | bigint) => Buffer.concat([varint(f << 3), varint(v)]);
const bytes = (f: number, b: Uint8Array | string) => {
  const d = typeof b === 'string' ? Buffer.from(b) : b;
  return Buffer.concat([varint((f << 3) | 2), varint(d.length), d]);
};
const float = (f: number, v: number) => {
  const b = Buffer.alloc(4);
  b.writeFloatLE(v);
  return Buffer.concat([varint((f << 3) | 5), b]);
};
const tensor = (t: Tensor, name: string) =>
  Buffer.concat([
    ...t.dims.map((d) => int(1, d)),
    int(2, TYPES[t.type]!),
    bytes(8, name),
    bytes(9, Buffer.from(t.data.buffer, t.data.byteOffset, t.data.byteLength)),
  ]);
function attribute(name: string, v: AttributeValue): Buffer {
  const head = bytes(1, name);
  if (typeof v === 'number')
    return FLOATS.has(name)
      ? Buffer.concat([head, float(2, v), int(20, 1)])
      : Buffer.concat([head, int(3, v), int(20, 2)]);
  if (typeof v === 'string') return Buffer.concat([head, bytes(4, v), int(20, 3)]);
  if (Array.isArray(v)) {
    return FLOATS.has(name)
      ? Buffer.concat([head, ...v.map((x) => float(7, x as number)), int(20, 6)])
      : Buffer.concat([head, ...v.map((x) => int(8, x as number)), int(20, 7)]);
  }
  return Buffer.concat([head, bytes(5, tensor(v as Tensor, '')), int(20, 4)]);
}
const node = (n: OnnxNode) =>
  Buffer.concat([
    ...n.inputs.map((i) => bytes(1, i)),
    ...n.outputs.map((o) => bytes(2, o)),
    bytes(3, n.name),
    bytes(4, n.op),
    ...Object.entries(n.attributes).map(([k, v]) => bytes(5, attribute(k, v))),
  ]);
const info = (v: { name: string; type: string | undefined; dims: readonly (number | string)[] | undefined }) => {
  const shape = v.dims ? bytes(2, Buffer.concat(v.dims.map((d) => bytes(1, int(1, d as number))))) : Buffer.alloc(0);
  return Buffer.concat([
    bytes(1, v.name),
    bytes(2, bytes(1, Buffer.concat([int(1, TYPES[v.type ?? 'float32']!), shape]))),
  ]);
};
export function writeModel(model: OnnxModel): Uint8Array {
  const g = model.graph;
  const graph = Buffer.concat([
    ...g.nodes.map((n) => bytes(1, node(n))),
    bytes(2, g.name),
    ...[...g.initializers].map(([k, t]) => bytes(5, tensor(t, k))),
    ...g.inputs.map((i) => bytes(11, info(i))),
    ...g.outputs.map((o) => bytes(12, info(o))),
  ]);
  return Buffer.concat([int(1, 8), bytes(2, 'madder'), bytes(7, graph), bytes(8, int(2, model.opset))]);
}
