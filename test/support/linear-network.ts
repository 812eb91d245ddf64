import { writeFileSync } from 'node:fs';
import { writeOnnx } from '../../src/main/formats/onnx-codec.ts';
import type { OnnxModel } from '../../src/main/formats/onnx.ts';
import type { Normalization } from '../../src/shared/network-manifest.ts';
import { floatTensor } from '../../src/shared/tensor.ts';

/** The layer that is linear in the picture. */
export const LINEAR_LAYER = 'conv1_1';

/** Pictures come to the linear networks as they are. */
export const NO_NORMALIZATION: Normalization = { mean: [0, 0, 0], std: [1, 1, 1], channels: 'RGB', scale: 1 };

/**
 * A network of one convolution without padding and bias, and a ReLU behind it, so that the convolution is a layer.
 * @param weight [channels, 3, kernel, kernel]; with a kernel as large as the picture it is a matrix
 */
export function linearModel(weight: Float32Array, channels: number, kernel: number): OnnxModel {
  const node = (op: string, inputs: string[], output: string) => ({
    ...{ op, domain: '', name: output, inputs, outputs: [output], attributes: {} },
  });
  return {
    opset: 17,
    producer: 'test',
    metadata: {},
    graph: {
      name: 'linear',
      nodes: [node('Conv', ['picture', 'weight'], 'linear'), node('Relu', ['linear'], 'rectified')],
      initializers: new Map([['weight', floatTensor([channels, 3, kernel, kernel], weight)]]),
      inputs: [{ name: 'picture', type: 'float32', dims: [1, 3, 'height', 'width'] }],
      outputs: [{ name: 'rectified', type: 'float32', dims: undefined }],
    },
  };
}

export function writeLinearNetwork(path: string, weight: Float32Array, channels: number, kernel: number): void {
  writeFileSync(path, writeOnnx(linearModel(weight, channels, kernel)).bytes);
}

/** Largest singular value of a matrix given by its rows, by power iteration on A·Aᵀ. */
export function largestSingularValue(rows: readonly Float64Array[]): number {
  let vector = rows.map((_, i) => 1 + (i % 7) / 10);
  let value = 0;
  for (let iteration = 0; iteration < 1000; iteration++) {
    const pulled = new Float64Array(rows[0]!.length);
    rows.forEach((row, i) => row.forEach((a, j) => (pulled[j]! += a * vector[i]!)));
    const pushed = rows.map((row) => row.reduce((sum, a, j) => sum + a * pulled[j]!, 0));
    const length = Math.hypot(...pushed);
    value = Math.sqrt(length);
    vector = pushed.map((v) => v / length);
  }
  return value;
}
