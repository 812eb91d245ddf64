import * as ort from 'onnxruntime-node';
import { writeOnnx } from '../../../../src/main/formats/onnx-codec.ts';
import type { AttributeValue, OnnxModel } from '../../../../src/main/formats/onnx.ts';
import { elementCount, floatTensor, type ElementType, type Tensor } from '../../../../src/shared/tensor.ts';
import type { Random } from '../../../support/random.ts';

/** A model of one node whose inputs (undefined where omitted) are fed as `x0`, `x1`, ... and whose outputs are `y0`, ... */
export function oneNode(
  op: string,
  attributes: Record<string, AttributeValue>,
  inputs: readonly (Tensor | undefined)[],
  { opset = 17, outputs = 1 }: { opset?: number; outputs?: number } = {},
): OnnxModel {
  const names = Array.from({ length: outputs }, (_, i) => `y${i}`);
  const inputNames = inputs.map((input, i) => (input ? `x${i}` : ''));
  return {
    opset,
    producer: 'test',
    metadata: {},
    graph: {
      name: op,
      nodes: [{ op, domain: '', name: `the ${op}`, inputs: inputNames, outputs: names, attributes }],
      initializers: new Map(),
      inputs: inputs.flatMap((input, i) => (input ? [{ name: `x${i}`, type: input.type, dims: input.dims }] : [])),
      outputs: names.map((name) => ({ name, type: undefined, dims: undefined })),
    },
  };
}

/** Feeds for `oneNode`. */
export const feedsOf = (inputs: readonly (Tensor | undefined)[]): Map<string, Tensor> =>
  new Map(inputs.flatMap((input, i) => (input ? [[`x${i}`, input]] : [])));

/** Outputs of a model by onnxruntime on the cpu, without its graph optimizations. */
export async function runOnnx(
  model: OnnxModel | Uint8Array,
  feeds: ReadonlyMap<string, Tensor>,
): Promise<Map<string, Tensor>> {
  const bytes = model instanceof Uint8Array ? model : writeOnnx(model).bytes;
  const session = await ort.InferenceSession.create(bytes, {
    graphOptimizationLevel: 'disabled',
    intraOpNumThreads: 1,
    logSeverityLevel: 4,
  });
  try {
    const results = await session.run(
      Object.fromEntries(
        [...feeds].map(([name, { type, data, dims }]) => [
          name,
          new ort.Tensor(type as 'float32', data as Float32Array, dims),
        ]),
      ),
    );
    return new Map(
      session.outputNames.map((name) => {
        const { type, data, dims } = results[name]!;
        return [name, { type: type as ElementType, dims, data } as Tensor];
      }),
    );
  } finally {
    await session.release();
  }
}

/** A float tensor of random numbers. */
export const randomFloats = (random: Random, dims: readonly number[], low = -2, high = 2): Tensor<'float32'> =>
  floatTensor(dims, random.numbers(elementCount(dims), low, high));

/** Elements as numbers, bigints included. */
export const elements = (tensor: Tensor): number[] => Array.from(tensor.data as ArrayLike<number>, Number);

/** Largest difference of two tensors' elements, relative to the size of the largest element (at least 1). */
export function deviation(actual: Tensor, expected: Tensor): number {
  const [a, b] = [elements(actual), elements(expected)];
  const scale = b.reduce((m, v) => Math.max(m, Math.abs(v)), 1);
  return a.reduce((m, v, i) => (Object.is(v, b[i]!) || v === b[i] ? m : Math.max(m, Math.abs(v - b[i]!) / scale)), 0);
}
