import { broadcastAt, broadcastDims, floatAttribute, generate, input, numberAttribute } from './array.ts';
import type { NdArray, Operator } from './array.ts';

/** Y = alpha A' B' + beta C, where ' transposes if asked to and C broadcasts to Y. */
const gemm: Operator = (call) => {
  const [a, b, c] = [input(call, 0), input(call, 1), call.inputs[2]];
  const alpha = floatAttribute(call, 'alpha', 1);
  const beta = floatAttribute(call, 'beta', 1);
  const left = numberAttribute(call, 'transA', 0) ? transposed(a) : a;
  const right = numberAttribute(call, 'transB', 0) ? transposed(b) : b;
  const product = multiply(left, right);
  const y = generate(
    product.dims,
    (index) => alpha * broadcastAt(product, index) + (c ? beta * broadcastAt(c, index) : 0),
  );
  return [y];
};

const transposed = (m: NdArray): NdArray =>
  generate([m.dims[1]!, m.dims[0]!], ([i, j]) => m.data[j! * m.dims[1]! + i!]!);

/** Matrix product of the last two axes, the axes before them broadcast (numpy.matmul). */
function multiply(a: NdArray, b: NdArray): NdArray {
  const [rows, inner] = a.dims.slice(-2) as [number, number];
  const [innerOfB, columns] = b.dims.slice(-2) as [number, number];
  if (inner !== innerOfB) throw new Error(`[${a.dims.join()}] times [${b.dims.join()}]`);
  const batch = broadcastDims(a.dims.slice(0, -2), b.dims.slice(0, -2));
  const rowOfA = [...batch, 0, 0];
  const columnOfB = [...batch, 0, 0];
  return generate([...batch, rows, columns], (index) => {
    const prefix = index.length - 2;
    for (let axis = 0; axis < prefix; axis++) rowOfA[axis] = columnOfB[axis] = index[axis]!;
    rowOfA[prefix] = index[prefix]!;
    columnOfB[prefix + 1] = index[prefix + 1]!;
    let sum = 0;
    for (let k = 0; k < inner; k++) {
      rowOfA[prefix + 1] = columnOfB[prefix] = k;
      sum += broadcastAt(a, rowOfA) * broadcastAt(b, columnOfB);
    }
    return sum;
  });
}

/** As numpy.matmul: a one-dimensional operand is a row on the left, a column on the right, and loses that axis after. */
const matMul: Operator = (call) => {
  const [a, b] = [input(call, 0), input(call, 1)];
  const left = a.dims.length === 1 ? { dims: [1, ...a.dims], data: a.data } : a;
  const right = b.dims.length === 1 ? { dims: [...b.dims, 1], data: b.data } : b;
  const product = multiply(left, right);
  const dims = [...product.dims];
  if (b.dims.length === 1) dims.splice(-1, 1);
  if (a.dims.length === 1) dims.splice(b.dims.length === 1 ? -1 : -2, 1);
  return [{ dims, data: product.data }];
};

export const matrixOperators: Record<string, Operator> = { Gemm: gemm, MatMul: matMul };
