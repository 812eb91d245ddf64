/** The small network on which providers are tried out. */
import { elementCount, floatTensor } from '../../../shared/tensor.ts';
import { appendBackward } from '../autodiff/reverse.ts';
import { Graph } from '../graph/graph.ts';
import { uniform } from '../runs/random.ts';

export interface ProbeSize {
  /** Height and width of the picture. */
  readonly side: number;
  /** Channels of the first convolution; the second has twice as many. */
  readonly channels: number;
}

/** Small enough that a slow driver compiles more than it computes. */
export const CHECK_SIZE: ProbeSize = { side: 46, channels: 8 };

/**
 * Speed is measured on the last of these, which is large enough that a graphics card is not judged by what it costs to
 * talk to it (3 thousand million multiplications, 60 ms of a desktop's cpu). The first one spares software drivers the
 * last, for which they would need minutes.
 */
export const SPEED_SIZES: readonly ProbeSize[] = [
  { side: 96, channels: 16 },
  { side: 256, channels: 64 },
];

export const PROBE_INPUT = 'image';
export const PROBE_OUTPUTS = { features: 'features', gradient: 'gradient' } as const;

/**
 * Loss and gradient as a run has them, of one style layer: convolutions with stride 1 and 2, ReLU, both kinds of max
 * pooling, average pooling and a Gram matrix, and back through all of them, which brings masks (HardSigmoid), Resize,
 * Pad, Slice and ConvTranspose. Weights are the same in every process.
 *
 * Input: `image` [1,3,side,side]. Outputs: `features`, the layer; `gradient` [1,3,side,side] of ‖F·Fᵀ/(H·W) − I‖².
 */
export function probeGraph({ side, channels }: ProbeSize, blockedLayout: boolean): Graph {
  const graph = new Graph();
  const random = uniform(20);
  const spread = (dims: readonly number[], deviation: number): string =>
    // Uniform numbers in ±√3 have deviation 1.
    graph.constant(
      floatTensor(
        dims,
        Float32Array.from({ length: elementCount(dims) }, () => (2 * random() - 1) * Math.sqrt(3) * deviation),
      ),
      'probe.weight',
    );
  const convolution = (x: string, outputs: number, stride: number): string => {
    const inputs = graph.dims(x)[1]!;
    // He 2015: activations keep their size through ReLUs.
    const weights = spread([outputs, inputs, 3, 3], Math.sqrt(2 / (9 * inputs)));
    const attributes = { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [stride, stride] };
    return graph.op('Relu', [graph.op('Conv', [x, weights, spread([outputs], 0.1)], attributes)]);
  };

  let x = graph.input(PROBE_INPUT, 'float32', [1, 3, side, side]);
  x = convolution(x, channels, 1);
  x = convolution(x, channels, 1);
  x = graph.op('MaxPool', [x], { kernel_shape: [2, 2], strides: [2, 2] });
  x = convolution(x, 2 * channels, 2);
  x = graph.op('MaxPool', [x], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
  x = convolution(x, 2 * channels, 1);
  x = graph.op('AveragePool', [x], { kernel_shape: [2, 2], strides: [2, 2] });

  const dims = graph.dims(x);
  const positions = dims[2]! * dims[3]!;
  const matrix = graph.op('Reshape', [x, graph.ints([dims[1]!, positions])]);
  const product = graph.op('MatMul', [matrix, graph.op('Transpose', [matrix], { perm: [1, 0] })]);
  const gram = graph.op('Mul', [product, graph.scalar(1 / positions)]);
  const identity = Float32Array.from({ length: dims[1]! ** 2 }, (_, i) => (i % (dims[1]! + 1) === 0 ? 1 : 0));
  const target = graph.constant(floatTensor([dims[1]!, dims[1]!], identity), 'probe.target');
  const multiplier = graph.op('Mul', [graph.op('Sub', [gram, target]), graph.scalar(4 / positions)]);
  const cotangent = graph.op('Reshape', [graph.op('MatMul', [multiplier, matrix]), graph.ints(dims)]);
  const gradient = appendBackward(graph, new Map([[x, cotangent]]), PROBE_INPUT, { blockedLayout });

  graph.output(graph.ops('Identity', [x], {}, [PROBE_OUTPUTS.features])[0]!);
  graph.output(graph.ops('Identity', [gradient], {}, [PROBE_OUTPUTS.gradient])[0]!);
  return graph;
}
