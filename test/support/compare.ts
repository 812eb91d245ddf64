import type { NdArray } from '../reference/array.ts';

/** Euclidean length. */
export const norm = (data: ArrayLike<number>): number => Math.sqrt(Array.from(data).reduce((sum, v) => sum + v * v, 0));

/** ‖actual - expected‖ / ‖expected‖; the plain difference where the expected array is all zero. */
export function relativeError(actual: NdArray, expected: NdArray): number {
  const difference = norm(actual.data.map((v, k) => v - expected.data[k]!));
  return difference / (norm(expected.data) || 1);
}

/** Throws a message with the first and the largest deviations unless the arrays agree. */
export function assertClose(what: string, actual: NdArray, expected: NdArray, tolerance: number): void {
  if (actual.dims.join() !== expected.dims.join()) {
    throw new Error(`${what}: shape [${actual.dims.join()}] instead of [${expected.dims.join()}]`);
  }
  const error = relativeError(actual, expected);
  if (error <= tolerance) return;
  const show = (array: NdArray) => Array.from(array.data.subarray(0, 48), (v) => Number(v.toPrecision(5))).join(' ');
  throw new Error(
    `${what}: relative error ${error.toExponential(2)}, allowed ${tolerance}, shape [${expected.dims.join()}]\n` +
      `actual   ${show(actual)}\nexpected ${show(expected)}`,
  );
}
