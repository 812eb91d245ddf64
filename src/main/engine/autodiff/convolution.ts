import { floatTensor, type Tensor } from '../../../shared/tensor.ts';
import type { AttributeValue, OnnxNode } from '../../formats/onnx.ts';
import type { Graph } from '../graph/graph.ts';
import { pad } from './emit.ts';

/** What is needed of a two-dimensional convolution; all attributes are explicit. */
export interface Convolution {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly pads: readonly number[];
  readonly dilations: readonly number[];
  readonly group: number;
}

/**
 * Emits a convolution with constant weights in a form that all providers compute right; undefined where the plain node
 * is one. Two kinds are not, on webgpu (onnxruntime 1.30):
 *
 * - It reads wrong elements where the input channels are a multiple of three but not of four, and the output channels
 *   one of four: a channel of zeros is added.
 * - It ignores the pads of 1x1 windows of stride 1, which the runtime's optimizer also makes of a Pad before them: the
 *   window gets zeros behind it.
 */
export function portableConv(
  graph: Graph,
  x: string,
  weights: string,
  bias: string | undefined,
  options: Convolution,
  name?: string,
): string | undefined {
  const tensor = graph.tensor(weights);
  if (tensor?.type !== 'float32' || tensor.dims.length !== 4) return undefined;
  const hasPads = options.pads.some((p) => p > 0) || graph.producer(x)?.op === 'Pad';
  const losesPads = hasPads && isProduct(options);
  if (!losesPads && !misreads(tensor, options)) return undefined;

  let [input, kernel, adjusted] = [x, tensor, options];
  if (losesPads) {
    kernel = extended(kernel, [0, 0, 1, 1]);
    adjusted = { ...options, kernel: [2, 2], dilations: [1, 1], pads: options.pads.map((p, i) => (i < 2 ? p : p + 1)) };
  }
  if (misreads(kernel, adjusted)) {
    kernel = extended(kernel, [0, 1, 0, 0]);
    input = pad(graph, input, [0, 0, 0, 0], [0, 1, 0, 0]);
  }
  const inputs = [input, graph.constant(kernel, `${weights}.extended`), ...(bias === undefined ? [] : [bias])];
  return graph.op('Conv', inputs, attributesOf(adjusted), name);
}

/** A convolution without bias, in the plain form or the one that all providers compute right. */
export const convolve = (graph: Graph, x: string, weights: string, options: Convolution, name: string): string =>
  portableConv(graph, x, weights, undefined, options, name) ??
  graph.op('Conv', [x, weights], attributesOf(options), name);

const attributesOf = ({ kernel, ...others }: Convolution): OnnxNode['attributes'] =>
  ({ kernel_shape: kernel, ...others }) as Readonly<Record<string, AttributeValue>>;

/** Whether webgpu multiplies matrices instead. */
const isProduct = ({ kernel, strides, group }: Convolution): boolean =>
  group === 1 && [...kernel, ...strides].every((n) => n === 1);

function misreads({ dims }: Tensor, options: Convolution): boolean {
  const [outputs, inputs] = dims as [number, number];
  const isInThrees = inputs > 3 && inputs % 3 === 0 && inputs % 4 !== 0 && outputs % 4 === 0;
  return isInThrees && options.group === 1 && !isProduct(options);
}

/** The weights with `behind` zeros behind the elements of every axis. */
function extended({ dims, data }: Tensor<'float32'>, behind: readonly number[]): Tensor<'float32'> {
  const to = dims.map((d, axis) => d + behind[axis]!);
  const out = new Float32Array(to.reduce((n, d) => n * d, 1));
  const row = dims[3]!;
  for (let from = 0; from < data.length; from += row) {
    let [rest, index, step] = [from / row, 0, to[3]!];
    for (let axis = 2; axis >= 0; axis--) {
      index += (rest % dims[axis]!) * step;
      rest = Math.floor(rest / dims[axis]!);
      step *= to[axis]!;
    }
    out.set(data.subarray(from, from + row), index);
  }
  return floatTensor(to, out);
}
