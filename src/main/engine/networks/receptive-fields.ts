import { numbersOf } from '../../../shared/tensor.ts';
import type { AttributeValue, OnnxGraph, OnnxNode } from '../../formats/onnx.ts';

/**
 * What a feature map sees of the picture. Along each spatial axis (rows, columns), the feature at position p sees the
 * pixels from `p * stride + first` to `p * stride + last`, whatever lies beyond the edges being padding.
 */
export interface Field {
  readonly channels: number | undefined;
  readonly stride: readonly [number, number];
  readonly first: readonly [number, number];
  readonly last: readonly [number, number];
  /**
   * Variance of where it looks, px², if all windows weigh evenly: variances of one window behind another add up (Luo et al. 2016,
   * "Understanding the Effective Receptive Field in Deep Convolutional Neural Networks", section 2). Of branches that meet, the largest.
   */
  readonly variance: readonly [number, number];
  /** Convolutions on the longest path from the picture. */
  readonly depth: number;
}

/** What is known of a value that depends on the picture: its field, or that it mixes the whole picture. */
type Sight = Field | 'everything';

/** Operators that work on every position by itself (given that their constants broadcast over positions). */
export const POINTWISE = new Set(
  (
    'Abs Add BatchNormalization Cast Celu Clip Div Dropout Elu Erf Exp Gelu HardSigmoid HardSwish Identity LRN ' +
    'LeakyRelu Log Max Mean Min Mish Mul Neg PRelu Pow Reciprocal Relu Selu Sigmoid Softplus Softsign Sqrt Sub Sum ' +
    'Tanh ThresholdedRelu'
  ).split(' '),
);

/** Operators that pool over windows. */
export const POOLS = new Set(['MaxPool', 'AveragePool', 'LpPool']);

/**
 * The fields of all values that depend on `input` and see a bounded part of it. Values behind global pooling, fully
 * connected layers, reductions and operators whose reach is unknown are left out.
 */
export function receptiveFields(graph: OnnxGraph, input: string): Map<string, Field> {
  const sights = new Map<string, Sight>([
    [input, { channels: 3, stride: [1, 1], first: [0, 0], last: [0, 0], variance: [0, 0], depth: 0 }],
  ]);
  for (const node of graph.nodes) {
    const seen = node.inputs.map((i) => sights.get(i));
    if (seen.every((s) => s === undefined)) continue;
    node.outputs.forEach((output, k) => {
      if (output !== '') sights.set(output, seen.includes('everything') ? 'everything' : through(graph, node, seen, k));
    });
  }
  return new Map([...sights].filter((entry): entry is [string, Field] => entry[1] !== 'everything'));
}

/** Side of the square that covers everything a feature sees. */
export const fieldSize = (field: Field): number =>
  Math.max(...[0, 1].map((axis) => field.last[axis]! - field.first[axis]! + 1));

/**
 * Side of the even window that looks as widely as a feature does in effect, px: the one with the field's variance. A single convolution's is
 * its field; that of deep layers, which hardly look at the rim of theirs, is about half as wide.
 */
export const windowSide = (field: Field, axis: Axis): number => Math.sqrt(1 + 12 * field.variance[axis]);

type Axis = 0 | 1;
const pair = (f: (axis: Axis) => number): [number, number] => [f(0), f(1)];

/** What output `k` of a node sees, given what its inputs see (undefined for constants; at least one is not). */
function through(graph: OnnxGraph, node: OnnxNode, seen: readonly (Sight | undefined)[], k: number): Sight {
  const fields = seen.filter((s): s is Field => s !== undefined && s !== 'everything');
  const field = seen[0] as Field | undefined;
  if (POINTWISE.has(node.op)) return union(fields);
  if (node.op === 'Concat') return isChannelAxis(node.attributes['axis']) ? concatenated(fields) : 'everything';
  if (!field || fields.length > 1) return 'everything';
  switch (node.op) {
    case 'Conv':
      return {
        ...windowed(graph, node, field),
        channels: constantDims(graph, node.inputs[1])?.[0],
        depth: field.depth + 1,
      };
    case 'ConvTranspose':
      return transposed(graph, node, field);
    case 'MaxPool':
    case 'AveragePool':
    case 'LpPool':
      return windowed(graph, node, field);
    case 'Pad':
      return padded(graph, node, field);
    case 'Split':
      return isChannelAxis(node.attributes['axis'])
        ? { ...field, channels: constantNumbers(graph, node.inputs[1])?.[k] }
        : 'everything';
    case 'Slice':
      return sliced(graph, node, field);
    case 'Resize':
    case 'Upsample':
      return resized(graph, node, field);
    default:
      return 'everything';
  }
}

/** Branches that meet: everything that any of them sees. */
function union(fields: readonly Field[]): Field {
  const channels = fields.flatMap((f) => f.channels ?? []);
  return {
    channels: channels.length > 0 ? Math.max(...channels) : undefined,
    stride: pair((a) => Math.max(...fields.map((f) => f.stride[a]))),
    first: pair((a) => Math.min(...fields.map((f) => f.first[a]))),
    last: pair((a) => Math.max(...fields.map((f) => f.last[a]))),
    variance: pair((a) => Math.max(...fields.map((f) => f.variance[a]))),
    depth: Math.max(...fields.map((f) => f.depth)),
  };
}

function concatenated(fields: readonly Field[]): Field {
  const known = fields.every((f) => f.channels !== undefined);
  return { ...union(fields), channels: known ? fields.reduce((n, f) => n + f.channels!, 0) : undefined };
}

/** A sliding window of k positions, d apart, every s positions, beginning p before the edge. */
function windowed(graph: OnnxGraph, node: OnnxNode, field: Field): Field {
  const window = windowOf(graph, node);
  return {
    ...field,
    stride: pair((a) => field.stride[a] * window.stride[a]),
    first: pair((a) => field.first[a] - window.pad[a] * field.stride[a]),
    last: pair((a) => field.last[a] + (window.extent[a] - 1 - window.pad[a]) * field.stride[a]),
    variance: pair((a) => field.variance[a] + window.variance[a] * field.stride[a] ** 2),
  };
}

/** Transposed convolution: output q gathers from the inputs p with 0 <= q + pad - p * s < extent. */
function transposed(graph: OnnxGraph, node: OnnxNode, field: Field): Field {
  const window = windowOf(graph, node);
  const perGroup = constantDims(graph, node.inputs[1])?.[1];
  const stride = pair((a) => field.stride[a] / window.stride[a]);
  return {
    channels: perGroup === undefined ? undefined : perGroup * ((node.attributes['group'] as number | undefined) ?? 1),
    stride,
    first: pair((a) => Math.floor(field.first[a] + (window.pad[a] - window.extent[a] + 1) * stride[a])),
    last: pair((a) => Math.ceil(field.last[a] + window.pad[a] * stride[a])),
    // An output gathers from every stride-th place of its window only.
    variance: pair((a) => {
      const gathered = Math.max(0, window.variance[a] - (window.stride[a] ** 2 - 1) / 12);
      return field.variance[a] + gathered * stride[a] ** 2;
    }),
    depth: field.depth + 1,
  };
}

/**
 * Enlarging or shrinking by constant factors; cubic interpolation reaches two positions to either side, others one. What that adds to the
 * variance is less than a position's, and is left out.
 */
function resized(graph: OnnxGraph, node: OnnxNode, field: Field): Sight {
  const factors = constantNumbers(graph, node.inputs[node.op === 'Resize' ? 2 : 1]);
  if (factors?.length !== 4 || factors[0] !== 1 || factors[1] !== 1) return 'everything';
  const reach = node.attributes['mode'] === 'cubic' ? 2 : 1;
  return {
    ...field,
    stride: pair((a) => field.stride[a] / factors[2 + a]!),
    first: pair((a) => field.first[a] - reach * field.stride[a]),
    last: pair((a) => field.last[a] + reach * field.stride[a]),
  };
}

/** Pad: along rows and columns it shifts positions, along channels it adds some. */
function padded(graph: OnnxGraph, node: OnnxNode, field: Field): Sight {
  const pads = constantNumbers(graph, node.inputs[1]);
  const axes = node.inputs[3] ? constantNumbers(graph, node.inputs[3])?.map(fromFront) : [0, 1, 2, 3];
  if (!pads || !axes || pads.length !== 2 * axes.length) return 'everything';
  const amount = (axis: number, end: 0 | 1): number =>
    axes.includes(axis) ? pads[axes.indexOf(axis) + end * axes.length]! : 0;
  return {
    ...field,
    channels: field.channels === undefined ? undefined : field.channels + amount(1, 0) + amount(1, 1),
    first: pair((a) => field.first[a] - amount(2 + a, 0) * field.stride[a]),
    last: pair((a) => field.last[a] - amount(2 + a, 0) * field.stride[a]),
  };
}

/** Slice by constants: every `step`-th position from `start` on; negative starts and steps count from the far edge. */
function sliced(graph: OnnxGraph, node: OnnxNode, field: Field): Sight {
  const starts = constantNumbers(graph, node.inputs[1]);
  const axes = node.inputs[3] ? constantNumbers(graph, node.inputs[3])?.map(fromFront) : starts?.map((_, i) => i);
  const steps = node.inputs[4] ? constantNumbers(graph, node.inputs[4]) : starts?.map(() => 1);
  if (!starts || !axes || !steps) return 'everything';
  if (axes.some((axis, i) => axis > 1 && (starts[i]! < 0 || steps[i]! < 1))) return 'everything';
  const start = (a: Axis) => (starts[axes.indexOf(2 + a)] ?? 0) * field.stride[a];
  return {
    ...field,
    channels: axes.includes(1) ? undefined : field.channels,
    stride: pair((a) => field.stride[a] * (steps[axes.indexOf(2 + a)] ?? 1)),
    first: pair((a) => field.first[a] + start(a)),
    last: pair((a) => field.last[a] + start(a)),
  };
}

/** An axis of a picture-shaped value, counted from the front. */
const fromFront = (axis: number): number => (axis < 0 ? axis + 4 : axis);

function windowOf(graph: OnnxGraph, node: OnnxNode) {
  const list = (name: string) => node.attributes[name] as readonly number[] | undefined;
  const kernel = list('kernel_shape') ?? constantDims(graph, node.inputs[1])?.slice(2) ?? [1, 1];
  const stride = pair((a) => list('strides')?.[a] ?? 1);
  const dilation = pair((a) => list('dilations')?.[a] ?? 1);
  const extent = pair((a) => (kernel[a]! - 1) * dilation[a] + 1);
  const variance = pair((a) => (dilation[a] ** 2 * (kernel[a]! ** 2 - 1)) / 12);
  const automatic = node.attributes['auto_pad'];
  const pad = pair((a) => {
    const total = Math.max(extent[a] - stride[a], 0); // of SAME_*, for sizes that the stride divides
    if (automatic === 'SAME_UPPER') return Math.floor(total / 2);
    if (automatic === 'SAME_LOWER') return Math.ceil(total / 2);
    return automatic === 'VALID' ? 0 : (list('pads')?.[a] ?? 0);
  });
  return { stride, extent, variance, pad };
}

const constantDims = (graph: OnnxGraph, name: string | undefined): readonly number[] | undefined =>
  graph.initializers.get(name ?? '')?.dims;

function constantNumbers(graph: OnnxGraph, name: string | undefined): number[] | undefined {
  const tensor = graph.initializers.get(name ?? '');
  return tensor && numbersOf(tensor);
}

const isChannelAxis = (axis: AttributeValue | undefined): boolean => axis === 1 || axis === -3;
