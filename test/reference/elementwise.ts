import { broadcastAt, broadcastDims, floatAttribute, generate, input, numberAttribute } from './array.ts';
import type { Call, NdArray, Operator } from './array.ts';

type Unary = (x: number, call: Call) => number;

const unary =
  (f: Unary): Operator =>
  (call) => {
    const x = input(call, 0);
    return [{ dims: x.dims, data: x.data.map((value) => f(value, call)) }];
  };

/** An operator on broadcast inputs, folded from the left when there are more than two (Max, Min, Sum). */
const broadcasting =
  (f: (a: number, b: number) => number): Operator =>
  (call) => {
    const arrays = call.inputs.map((_, k) => input(call, k));
    const combine = (a: NdArray, b: NdArray): NdArray =>
      generate(broadcastDims(a.dims, b.dims), (index) => f(broadcastAt(a, index), broadcastAt(b, index)));
    return [arrays.reduce(combine)];
  };

const clamp = (x: number, low: number, high: number): number => Math.min(Math.max(x, low), high);
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** log(1 + e^x) without overflow. */
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** erf(x) = 2/sqrt(pi) e^(-x^2) sum 2^n x^(2n+1) / (2n+1)!! (Abramowitz & Stegun 7.1.6): all terms of one sign. */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) sum += term *= (2 * x * x) / (2 * n + 1);
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** The nearest integer; of two as near, the even one. */
function roundToEven(x: number): number {
  const low = Math.floor(x);
  if (x - low === 0.5) return low % 2 === 0 ? low : low + 1;
  return Math.round(x);
}

const hardSigmoid: Unary = (x, call) =>
  clamp(floatAttribute(call, 'alpha', 0.2) * x + floatAttribute(call, 'beta', 0.5), 0, 1);

const clip: Operator = (call) => {
  const low = call.inputs[1]?.data[0] ?? -Infinity;
  const high = call.inputs[2]?.data[0] ?? Infinity;
  return unary((x) => clamp(x, low, high))(call);
};

const where: Operator = (call) => {
  const [condition, a, b] = [input(call, 0), input(call, 1), input(call, 2)];
  const dims = broadcastDims(condition.dims, a.dims, b.dims);
  return [generate(dims, (index) => broadcastAt(broadcastAt(condition, index) ? a : b, index))];
};

/** TensorProto.DataType numbers of `to`: 9 is bool, the integers truncate, float types keep the double. */
const FLOAT_TYPES = [1, 10, 11, 16];
const cast: Unary = (x, call) => {
  const to = numberAttribute(call, 'to', 1);
  if (to === 9) return x === 0 ? 0 : 1;
  return FLOAT_TYPES.includes(to) ? x : Math.trunc(x);
};

export const elementwiseOperators: Record<string, Operator> = {
  Relu: unary((x) => Math.max(x, 0)),
  LeakyRelu: unary((x, call) => (x < 0 ? floatAttribute(call, 'alpha', 0.01) * x : x)),
  PRelu: broadcasting((x, slope) => (x < 0 ? slope * x : x)),
  Elu: unary((x, call) => (x < 0 ? floatAttribute(call, 'alpha', 1) * Math.expm1(x) : x)),
  Clip: clip,
  Sigmoid: unary(sigmoid),
  HardSigmoid: unary(hardSigmoid),
  HardSwish: unary((x) => x * clamp(x / 6 + 0.5, 0, 1)),
  Tanh: unary(Math.tanh),
  Softplus: unary(softplus),
  Erf: unary(erf),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Sqrt: unary(Math.sqrt),
  Neg: unary((x) => -x),
  Abs: unary(Math.abs),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Round: unary(roundToEven),
  Sign: unary(Math.sign),
  Sin: unary(Math.sin),
  Cos: unary(Math.cos),
  Atan: unary(Math.atan),
  Reciprocal: unary((x) => 1 / x),
  Not: unary((x) => (x === 0 ? 1 : 0)),
  Identity: unary((x) => x),
  Cast: unary(cast),
  Pow: broadcasting(Math.pow),
  Add: broadcasting((a, b) => a + b),
  Sub: broadcasting((a, b) => a - b),
  Mul: broadcasting((a, b) => a * b),
  Div: broadcasting((a, b) => a / b),
  Min: broadcasting(Math.min),
  Max: broadcasting(Math.max),
  Sum: broadcasting((a, b) => a + b),
  Greater: broadcasting((a, b) => Number(a > b)),
  Less: broadcasting((a, b) => Number(a < b)),
  Equal: broadcasting((a, b) => Number(a === b)),
  Where: where,
  // In inference every element is kept: the output is the input and the mask is all true.
  Dropout: (call) => [input(call, 0), { dims: input(call, 0).dims, data: input(call, 0).data.map(() => 1) }],
};
