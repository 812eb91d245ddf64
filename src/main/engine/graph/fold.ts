import { elementCount, intTensor, numbersOf, type ElementType, type Tensor } from '../../../shared/tensor.ts';
import { ELEMENT_STORAGE } from '../../formats/onnx-codec.ts';
import type { OnnxNode } from '../../formats/onnx.ts';
import type { Value } from './graph.ts';
import {
  castType,
  constantValue,
  fillValue,
  inferShapes,
  intAttribute,
  intsAttribute,
  nodeError,
  reducedAxes,
  shapeRange,
  sliceRanges,
  triluKeeps,
} from './shapes.ts';

/** Results larger than this (16 MB of float32) are left to the graph, unless the inputs are as large. */
const MAX_FOLDED = 4 * 2 ** 20;

type Dims = readonly number[];
type Data = Tensor['data'];
/** Evaluates one output (or the list of all) from constant inputs; undefined where it will not. */
type Folder = (node: OnnxNode, inputs: readonly Tensor[], outputs: readonly Value[]) => Tensor | Tensor[] | undefined;
/**
 * An operation on elements. Elements of 64-bit integers are bigints at run time: JavaScript's operators work on both,
 * TypeScript's types cannot say so. Only the functions typed with `Elements` may be given them.
 */
type Elements = (...values: number[]) => number | boolean;

const isWide = (type: ElementType): boolean => type === 'int64' || type === 'uint64';
const isHalf = (type: ElementType): boolean => type === 'float16' || type === 'bfloat16';

const makeTensor = (type: ElementType, dims: Dims, data: Data): Tensor => ({ type, dims, data }) as Tensor;

/** Typed arrays written to as numbers; the caller makes sure that bigint arrays are given bigints. */
const storage = (type: ElementType, length: number): number[] & Data =>
  new ELEMENT_STORAGE[type](length) as unknown as number[] & Data;

const asNumbers = (data: Data): readonly number[] => data as unknown as readonly number[];

/** Row-major strides of a shape. */
function stridesOf(dims: Dims): number[] {
  const strides = new Array<number>(dims.length).fill(1);
  for (let i = dims.length - 2; i >= 0; i--) strides[i] = strides[i + 1]! * dims[i + 1]!;
  return strides;
}

/** Calls `visit(position, offset)` for every position of `dims` in row-major order, with the offset by `strides`. */
function walk(
  dims: Dims,
  strides: readonly number[],
  visit: (position: number, offset: number) => void,
  start = 0,
): void {
  const total = elementCount(dims);
  const index = new Array<number>(dims.length).fill(0);
  let offset = start;
  for (let position = 0; position < total; position++) {
    visit(position, offset);
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      offset += strides[axis]!;
      if (++index[axis]! < dims[axis]!) break;
      offset -= strides[axis]! * dims[axis]!;
      index[axis] = 0;
    }
  }
}

/** A new tensor that reads the data of `source` by strides (zero repeats, negative runs backwards). */
function restride(source: Tensor, dims: Dims, strides: readonly number[], start = 0): Tensor {
  const from = asNumbers(source.data);
  const data = storage(source.type, elementCount(dims));
  walk(dims, strides, (position, offset) => (data[position] = from[offset]!), start);
  return makeTensor(source.type, dims, data);
}

function broadcastTo(source: Tensor, dims: Dims): Tensor {
  if (source.dims.length === dims.length && source.dims.every((d, i) => d === dims[i])) return source;
  const own = stridesOf(source.dims);
  const lead = dims.length - source.dims.length;
  const strides = dims.map((_, i) => (i < lead || source.dims[i - lead] === 1 ? 0 : own[i - lead]!));
  return restride(source, dims, strides);
}

/** The same data under the inferred shape. */
const reshaped: Folder = (_node, [x], [out]) => makeTensor(x!.type, out!.dims, x!.data);

const elementwise =
  (operation: Elements): Folder =>
  (_node, inputs, [out]) => {
    const sources = inputs.map((input) => asNumbers(broadcastTo(input, out!.dims).data));
    const [a, b = a, c = a] = sources as [readonly number[], ...(readonly number[])[]];
    const data = storage(out!.type, elementCount(out!.dims));
    for (let i = 0; i < data.length; i++) data[i] = operation(a[i]!, b![i]!, c![i]!) as number;
    return makeTensor(out!.type, out!.dims, data);
  };

/** Folds two or more inputs from the left. */
const chained =
  (operation: (a: number, b: number) => number): Folder =>
  (node, inputs, outputs) =>
    inputs.reduce((left, right) => elementwise(operation as Elements)(node, [left, right], outputs) as Tensor);

const isInteger = (type: ElementType): boolean => !type.startsWith('float') && type !== 'bfloat16' && type !== 'bool';

const divide: Folder = (node, inputs, outputs) => {
  const { type } = inputs[0]!;
  if (!isInteger(type)) return elementwise((a, b) => a! / b!)(node, inputs, outputs);
  if (asNumbers(inputs[1]!.data).some((b) => Number(b) === 0)) throw nodeError(node, 'divides by zero');
  // bigint division truncates by itself.
  return elementwise(isWide(type) ? (a, b) => a! / b! : (a, b) => Math.trunc(a! / b!))(node, inputs, outputs);
};

/** Remainder with the sign of the divisor, or of the dividend with the attribute fmod. */
const modulo: Folder = (node, inputs, outputs) => {
  if (isInteger(inputs[0]!.type) && asNumbers(inputs[1]!.data).some((b) => Number(b) === 0)) {
    throw nodeError(node, 'divides by zero');
  }
  const operation: Elements = intAttribute(node, 'fmod', 0) ? (a, b) => a! % b! : (a, b) => ((a! % b!) + b!) % b!;
  return elementwise(operation)(node, inputs, outputs);
};

const power: Folder = (node, [x, y], outputs) => {
  if (isInteger(x!.type)) return undefined;
  const exponent = makeTensor('float64', y!.dims, Float64Array.from(numbersOf(y!)));
  return elementwise((a, b) => a! ** b!)(node, [x!, exponent], outputs);
};

const cast: Folder = (node, [x]) => {
  const to = castType(node);
  if (isHalf(to)) return undefined;
  if (to === x!.type) return x;
  const from = asNumbers(x!.data);
  const data = storage(to, from.length);
  const whole = isInteger(to);
  for (let i = 0; i < from.length; i++) {
    const value: number | bigint = from[i]!;
    // What a number out of range becomes differs between providers: leave it to them.
    if (whole && typeof value === 'number' && !(Math.abs(value) < 2 ** 53)) return undefined;
    if (to === 'bool') data[i] = Number(Number(value) !== 0);
    else if (isWide(to)) data[i] = BigInt(Math.trunc(Number(value))) as unknown as number;
    else if (whole && typeof value === 'bigint') data[i] = Number(BigInt.asIntN(32, value));
    else data[i] = whole ? Math.trunc(Number(value)) : Number(value);
  }
  return makeTensor(to, x!.dims, data);
};

const gather: Folder = (node, [x, indices], [out]) => {
  const given = intAttribute(node, 'axis', 0);
  const axis = given < 0 ? given + x!.dims.length : given;
  const size = x!.dims[axis]!;
  const inner = elementCount(x!.dims.slice(axis + 1));
  const outer = elementCount(x!.dims.slice(0, axis));
  const picks = numbersOf(indices!).map((i) => (i < 0 ? i + size : i));
  if (picks.some((i) => i < 0 || i >= size)) throw nodeError(node, `picks outside of ${size} elements`);
  const from = asNumbers(x!.data);
  const data = storage(x!.type, elementCount(out!.dims));
  let at = 0;
  for (let o = 0; o < outer; o++) {
    for (const pick of picks) {
      const base = (o * size + pick) * inner;
      for (let k = 0; k < inner; k++) data[at++] = from[base + k]!;
    }
  }
  return makeTensor(x!.type, out!.dims, data);
};

const concat: Folder = (node, inputs, [out]) => {
  const { type, dims } = out!;
  const given = intAttribute(node, 'axis', 0);
  const axis = given < 0 ? given + dims.length : given;
  const outer = elementCount(dims.slice(0, axis));
  const data = storage(type, elementCount(dims));
  let at = 0;
  for (let o = 0; o < outer; o++) {
    for (const input of inputs) {
      const from = asNumbers(input.data);
      const run = from.length / outer;
      for (let k = 0; k < run; k++) data[at++] = from[o * run + k]!;
    }
  }
  return makeTensor(type, dims, data);
};

const slice: Folder = (node, inputs, [out]) => {
  const x = inputs[0]!;
  const own = stridesOf(x.dims);
  const ranges = sliceRanges(node, x.dims, inputs);
  const start = ranges.reduce((sum, range, i) => sum + range.start * own[i]!, 0);
  return restride(
    x,
    out!.dims,
    ranges.map((range, i) => range.step * own[i]!),
    start,
  );
};

const split: Folder = (node, [x], outputs) => {
  const given = intAttribute(node, 'axis', 0);
  const axis = given < 0 ? given + x!.dims.length : given;
  const own = stridesOf(x!.dims);
  let start = 0;
  return outputs.map(({ dims }) => {
    const piece = restride(x!, dims, own, start);
    start += dims[axis]! * own[axis]!;
    return piece;
  });
};

const transpose: Folder = (node, [x], [out]) => {
  const own = stridesOf(x!.dims);
  const perm = intsAttribute(node, 'perm') ?? own.map((_, i) => own.length - 1 - i);
  return restride(
    x!,
    out!.dims,
    perm.map((p) => own[p]!),
  );
};

const tile: Folder = (_node, [x, repeats], [out]) => {
  const own = stridesOf(x!.dims);
  const times = numbersOf(repeats!);
  // Every axis as (repeat, element): the repeat does not move in the source.
  const dims = x!.dims.flatMap((d, i) => [times[i]!, d]);
  const tiled = restride(
    x!,
    dims,
    own.flatMap((stride) => [0, stride]),
  );
  return makeTensor(x!.type, out!.dims, tiled.data);
};

const range: Folder = (_node, [start, , delta], [out]) => {
  const [first, step] = [asNumbers(start!.data)[0]!, asNumbers(delta!.data)[0]!];
  const data = storage(out!.type, out!.dims[0]!);
  // Adding up works for bigints too and is exact for integers; onnxruntime adds up floats as well.
  let value = first;
  for (let i = 0; i < data.length; i++) {
    data[i] = value;
    value = data[i]! + step;
  }
  return makeTensor(out!.type, out!.dims, data);
};

const constantOfShape: Folder = (node, _inputs, [out]) => {
  const fill = fillValue(node);
  return makeTensor(fill.type, out!.dims, storage(fill.type, elementCount(out!.dims)).fill(asNumbers(fill.data)[0]!));
};

const trilu: Folder = (node, [x, diagonal]) => {
  const [rows, columns] = x!.dims.slice(-2) as [number, number];
  const keeps = triluKeeps(node, columns, diagonal);
  const from = asNumbers(x!.data);
  const data = storage(x!.type, from.length);
  for (let i = 0; i < data.length; i++) if (keeps(i % (rows * columns))) data[i] = from[i]!;
  return makeTensor(x!.type, x!.dims, data);
};

const reduce =
  (operation: (total: number, value: number) => number, from: 'zero' | 'one' | 'first', mean = false): Folder =>
  (node, [x, axesInput], [out]) => {
    const { type, dims } = x!;
    if (mean && isInteger(type)) return undefined;
    const axes = reducedAxes(node, dims.length, axesInput);
    const kept = dims.map((d, i) => (axes.includes(i) ? 1 : d));
    const keptStrides = stridesOf(kept);
    const count = elementCount(kept);
    const total = elementCount(dims);
    if (from === 'first' && total === 0) return undefined;
    const number = (value: number): number => (isWide(type) ? (BigInt(value) as unknown as number) : value);
    const initial = from === 'first' ? undefined : number(from === 'one' ? 1 : 0);
    // Plain numbers hold float64 sums until the end.
    const totals = new Array<number | undefined>(count).fill(initial);
    const source = asNumbers(x!.data);
    walk(
      dims,
      keptStrides.map((stride, i) => (axes.includes(i) ? 0 : stride)),
      (position, offset) => {
        const sum = totals[offset];
        totals[offset] = sum === undefined ? source[position]! : operation(sum, source[position]!);
      },
    );
    const data = storage(type, count);
    totals.forEach((value, i) => (data[i] = mean ? (value! * count) / total : value!));
    return makeTensor(type, out!.dims, data);
  };

/** The smaller or larger of two elements; not a number wins, as in onnxruntime. */
const smaller = (a: number, b: number): number => (a < b || a !== a ? a : b);
const larger = (a: number, b: number): number => (a > b || a !== a ? a : b);

const FOLDERS: ReadonlyMap<string, Folder> = new Map<string, Folder>([
  ...['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Identity'].map((op) => [op, reshaped] as const),
  ['Constant', (node) => constantValue(node)],
  ['ConstantOfShape', constantOfShape],
  ['Cast', cast],
  ['Gather', gather],
  ['Concat', concat],
  ['Slice', slice],
  ['Split', split],
  ['Transpose', transpose],
  ['Expand', (_node, [x], [out]) => broadcastTo(x!, out!.dims)],
  ['Tile', tile],
  ['Trilu', trilu],
  ['Range', range],
  ['Add', elementwise((a, b) => a! + b!)],
  ['Sub', elementwise((a, b) => a! - b!)],
  ['Mul', elementwise((a, b) => a! * b!)],
  ['Div', divide],
  ['Mod', modulo],
  ['Pow', power],
  ['Neg', elementwise((a) => -a!)],
  ['Abs', elementwise((a) => (a! < 0 ? -a! : a!))],
  ['Sqrt', elementwise((a) => Math.sqrt(a!))],
  ['Exp', elementwise((a) => Math.exp(a!))],
  ['Reciprocal', elementwise((a) => 1 / a!)],
  ['Floor', elementwise((a) => Math.floor(a!))],
  ['Ceil', elementwise((a) => Math.ceil(a!))],
  ['Min', chained(smaller)],
  ['Max', chained(larger)],
  ['Equal', elementwise((a, b) => a === b)],
  ['Greater', elementwise((a, b) => a! > b!)],
  ['Less', elementwise((a, b) => a! < b!)],
  ['GreaterOrEqual', elementwise((a, b) => a! >= b!)],
  ['LessOrEqual', elementwise((a, b) => a! <= b!)],
  ['And', elementwise((a, b) => a! & b!)],
  ['Or', elementwise((a, b) => a! | b!)],
  ['Not', elementwise((a) => !a)],
  ['Where', elementwise((condition, a, b) => (condition ? a! : b!))],
  ['ReduceSum', reduce((a, b) => a + b, 'zero')],
  ['ReduceMean', reduce((a, b) => a + b, 'zero', true)],
  ['ReduceProd', reduce((a, b) => a * b, 'one')],
  ['ReduceMax', reduce(larger, 'first')],
  ['ReduceMin', reduce(smaller, 'first')],
]);

/**
 * Evaluates a node (opset 17) whose inputs are constants; `constants` has undefined for inputs that are computed or
 * omitted, `values` their shapes where known. `Shape` and `Size` need only the shape of their input. Returns one tensor
 * per output, or undefined when the node cannot or should not be folded: the operator is not covered, an input is not
 * constant or is half precision, or the result would be much larger than its inputs.
 * Throws a MadderError when the inputs do not fit the operator.
 */
export function foldNode(
  node: OnnxNode,
  constants: readonly (Tensor | undefined)[],
  values: readonly (Value | undefined)[] = constants,
): Tensor[] | undefined {
  if (node.domain !== '') return undefined;
  if (node.op === 'Shape' || node.op === 'Size') {
    const dims = values[0]?.dims;
    if (!dims) return undefined;
    return [
      node.op === 'Size'
        ? intTensor([elementCount(dims)], [])
        : intTensor(dims.slice(...shapeRange(node, dims.length))),
    ];
  }
  const fold = FOLDERS.get(node.op);
  const isOmitted = (i: number): boolean => node.inputs[i] === '';
  if (!fold || node.inputs.some((_, i) => !constants[i] && !isOmitted(i))) return undefined;
  if (constants.some((tensor) => tensor && isHalf(tensor.type))) return undefined;
  const outputs = inferShapes(node, values, constants);
  const sizes = outputs.map((output) => elementCount(output.dims));
  const given = constants.reduce((sum, tensor) => sum + (tensor?.data.length ?? 0), 0);
  if (Math.max(...sizes) > Math.max(MAX_FOLDED, given)) return undefined;
  const result = fold(node, constants as readonly Tensor[], outputs);
  return result === undefined || Array.isArray(result) ? result : [result];
}
