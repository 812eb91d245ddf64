import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import type { OnnxGraph } from '../../../../src/main/formats/onnx.ts';
import { writeOnnx } from '../../../../src/main/formats/onnx-codec.ts';
import { readSafetensorsFile } from '../../../../src/main/formats/safetensors.ts';
import { Graph } from '../../../../src/main/engine/graph/graph.ts';
import { inlineTemplate } from '../../../../src/main/engine/graph/inline.ts';
import type { Network } from '../../../../src/main/engine/networks/network.ts';
import type { Normalization } from '../../../../src/shared/network-manifest.ts';
import { numbersOf, type Tensor } from '../../../../src/shared/tensor.ts';

const ROOT = join(import.meta.dirname, '../../../..');

/** References computed by PyTorch in float64. */
export const goldenPath = (file: string): string => join(ROOT, 'test/golden/data', file);

/** Networks of other people, which never enter the repository; undefined where they are not at hand. */
export function thirdPartyPath(file: string): string | undefined {
  const path = join(ROOT, '../shared/third-party/networks', file);
  return existsSync(path) ? path : undefined;
}

export interface Golden {
  readonly image: Tensor<'float32'>;
  readonly normalization: Normalization;
  /** Tap name to the PyTorch module it belongs to. */
  readonly taps: Readonly<Record<string, string>>;
  readonly activation: (tap: string) => Tensor<'float32'>;
}

export async function readGolden(path: string): Promise<Golden> {
  const { tensors, metadata } = await readSafetensorsFile(path);
  const floats = (name: string) => tensors.get(name) as Tensor<'float32'>;
  const triple = (name: string) => numbersOf(floats(name)) as [number, number, number];
  return {
    image: floats('image'),
    normalization: { mean: triple('mean'), std: triple('std'), channels: 'RGB', scale: 1 },
    taps: JSON.parse(metadata['taps']!) as Record<string, string>,
    activation: (tap) => floats(`act.${tap}`),
  };
}

/** Runs a template on one picture, on the CPU, and returns the values asked for. */
export async function runTemplate(
  { graph, input }: Pick<Network, 'graph' | 'input'>,
  image: Tensor<'float32'>,
  values: readonly string[],
): Promise<Map<string, Tensor<'float32'>>> {
  const outputs = values.map((name) => ({ name, type: 'float32' as const, dims: undefined }));
  const open: OnnxGraph = { ...graph, outputs };
  const { bytes } = writeOnnx({ graph: open, opset: 17, producer: 'madder', metadata: {} });
  const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  try {
    const results = await session.run({ [input]: new ort.Tensor('float32', image.data, image.dims) });
    return new Map(
      values.map((name) => {
        const { dims, data } = results[name]!;
        return [name, { type: 'float32', dims, data: data as Float32Array }];
      }),
    );
  } finally {
    await session.release();
  }
}

/** Shapes of values once the template is replayed for a picture of the given shape. */
export function inlinedDims(
  { graph: template, input }: Pick<Network, 'graph' | 'input'>,
  picture: readonly number[],
  values: readonly string[],
): (readonly number[])[] {
  const graph = new Graph();
  const image = graph.input('image', 'float32', picture);
  const names = inlineTemplate(graph, template, new Map([[input, image]]), values, 'network/');
  return values.map((value) => graph.dims(names.get(value)!));
}

/** ||actual - expected|| / ||expected|| in the Euclidean norm; infinite where the shapes differ. */
export function relativeError(actual: Tensor<'float32'>, expected: Tensor<'float32'>): number {
  if (actual.dims.join() !== expected.dims.join()) return Infinity;
  let difference = 0;
  let norm = 0;
  expected.data.forEach((e, i) => {
    difference += (actual.data[i]! - e) ** 2;
    norm += e * e;
  });
  return Math.sqrt(difference / norm);
}
