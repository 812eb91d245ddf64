import { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-node';
import { writeOnnx } from '../../src/main/formats/onnx-codec.ts';
import type { OnnxModel } from '../../src/main/formats/onnx.ts';
import { arrayOf, type NdArray } from '../reference/array.ts';

/** Runs a model with ONNX Runtime on the cpu; feeds are rounded to the model's input types. */
export async function runModel(
  model: OnnxModel,
  feeds: Readonly<Record<string, NdArray>>,
): Promise<Record<string, NdArray>> {
  const session = await InferenceSession.create(writeOnnx(model).bytes, {
    executionProviders: ['cpu'],
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  try {
    const tensors = model.graph.inputs.map(({ name, type }) => [name, runtimeTensor(type, feeds[name]!)] as const);
    const results = await session.run(Object.fromEntries(tensors));
    return Object.fromEntries(
      Object.entries(results).map(([name, tensor]) => [
        name,
        arrayOf(tensor.dims, Float64Array.from(tensor.data as Iterable<number | bigint>, Number)),
      ]),
    );
  } finally {
    await session.release();
  }
}

function runtimeTensor(type: string | undefined, { dims, data }: NdArray): RuntimeTensor {
  switch (type) {
    case 'int64':
      return new RuntimeTensor('int64', BigInt64Array.from(data, BigInt), dims);
    case 'bool':
      return new RuntimeTensor('bool', Uint8Array.from(data), dims);
    default:
      return new RuntimeTensor('float32', Float32Array.from(data), dims);
  }
}
