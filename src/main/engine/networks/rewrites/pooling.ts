import { MadderError } from '../../../../shared/errors.ts';
import type { PoolingKind } from '../../../../shared/network-manifest.ts';
import { floatTensor, type Tensor } from '../../../../shared/tensor.ts';
import type { AttributeValue, OnnxGraph, OnnxNode } from '../../../formats/onnx.ts';
import { findLayer, type Network } from '../network.ts';
import { makeNode, nameMaker, producersOf } from '../template.ts';
import { blurredSubsampling } from './blur.ts';

export interface PoolingRewrite {
  readonly kind: PoolingKind;
  readonly layers?: readonly string[] | undefined;
  readonly scale?: number | undefined;
}

/** Keeps the root of L2 pooling differentiable where a window is all zero. */
const L2_EPSILON = 1e-12;

const isPool = (node: OnnxNode | undefined): node is OnnxNode => node?.op === 'MaxPool' || node?.op === 'AveragePool';

/**
 * Exchanges max and average poolings for another kind over the same windows; where several rewrites concern a pooling
 * the last one counts. Windows that reach beyond the edge average only what lies inside.
 *
 * `blur` keeps the kind: the windows are taken at every position, blurred and then subsampled (Zhang 2019, "Making
 * Convolutional Networks Shift-Invariant Again", section 3.2: MaxPool(k, s) = Subsample(s) ∘ Max(k), and in between
 * comes the blur). There are as many results as before, about the same centres.
 * @throws MadderError `input` where a named layer does not exist or is no pooling
 */
export function exchangePooling(network: Network, rewrites: readonly PoolingRewrite[]): Network {
  const wanted = new Map<OnnxNode, PoolingRewrite>();
  for (const rewrite of rewrites) for (const node of poolsOf(network, rewrite)) wanted.set(node, rewrite);
  const initializers = new Map(network.graph.initializers);
  const fresh = nameMaker(network.graph);
  const constant = (hint: string, value: number): string => {
    const name = fresh(hint);
    initializers.set(name, floatTensor([], [value]));
    return name;
  };
  const nodes = network.graph.nodes.flatMap((node) => {
    const rewrite = wanted.get(node);
    return rewrite ? exchanged(node, rewrite, fresh, constant) : [node];
  });
  return { ...network, graph: { ...network.graph, nodes, initializers: initializers as ReadonlyMap<string, Tensor> } };
}

function poolsOf({ graph, ...network }: Network, { layers }: PoolingRewrite): OnnxNode[] {
  if (!layers) return graph.nodes.filter(isPool);
  const producers = producersOf(graph satisfies OnnxGraph);
  return layers.map((name) => {
    const node = producers.get(findLayer(network, name).tensor);
    if (isPool(node)) return node;
    const pools = network.layers.filter((l) => l.kind === 'pool').map((l) => l.name);
    throw new MadderError(
      'input',
      `The layer "${name}" of the network ${network.name} is no pooling; its poolings are ${pools.join(', ') || 'none'}.`,
    );
  });
}

function exchanged(
  node: OnnxNode,
  { kind, scale = 1 }: PoolingRewrite,
  fresh: (hint: string) => string,
  constant: (hint: string, value: number) => string,
): OnnxNode[] {
  const input = node.inputs[0]!;
  const result = node.outputs[0]!;
  if (isDilated(node) || (node.outputs[1] ?? '') !== '') {
    throw new MadderError(
      'network',
      `The pooling "${result}" has gaps in its windows or is undone later, so it cannot be exchanged; leave it out.`,
    );
  }
  const nodes: OnnxNode[] = [];
  const emit = (op: string, inputs: string[], output: string, attributes?: Record<string, AttributeValue>): string => {
    nodes.push(makeNode(op, inputs, output, attributes));
    return output;
  };
  const pooled = scale === 1 ? result : fresh(`${result}.unscaled`);
  const average = { ...windowOf(node), count_include_pad: 0 };
  if (kind === 'max') {
    emit('MaxPool', [input], pooled, windowOf(node));
  } else if (kind === 'average') {
    emit('AveragePool', [input], pooled, average);
  } else if (kind === 'blur') {
    const { dense, strides, ...subsampling } = denseWindowOf(node);
    const window = { ...dense, ...(node.op === 'AveragePool' ? { count_include_pad: 0 } : {}) };
    const everywhere = emit(node.op, [input], strides.some((s) => s > 1) ? fresh(`${result}.dense`) : pooled, window);
    if (everywhere !== pooled) {
      nodes.push(...blurredSubsampling(everywhere, pooled, strides, fresh, subsampling));
    }
  } else {
    const squared = emit('Mul', [input, input], fresh(`${result}.squared`));
    const mean = emit('AveragePool', [squared], fresh(`${result}.mean`), average);
    const positive = emit('Add', [mean, constant(`${result}.epsilon`, L2_EPSILON)], fresh(`${result}.positive`));
    emit('Sqrt', [positive], pooled);
  }
  if (scale !== 1) emit('Mul', [pooled, constant(`${result}.scale`, scale)], result);
  return nodes;
}

/** The attributes that max and average pooling share. */
function windowOf(node: OnnxNode): Record<string, AttributeValue> {
  const shared = ['kernel_shape', 'strides', 'pads', 'ceil_mode', 'auto_pad'];
  return Object.fromEntries(Object.entries(node.attributes).filter(([name]) => shared.includes(name)));
}

/**
 * The same windows at every position, and how as many results come of them as before. Without pads they are taken s − 1
 * positions further at the far edges than strides s reach, so that sizes may be rounded up, as octaves have them; little
 * pictures would have no position left otherwise. With pads, octaves round down, and so does this.
 */
function denseWindowOf(node: OnnxNode) {
  const list = (name: string, missing: number, count: number): readonly number[] =>
    (node.attributes[name] as readonly number[] | undefined) ?? new Array<number>(count).fill(missing);
  const kernel = list('kernel_shape', 1, 2);
  const strides = list('strides', 1, kernel.length);
  const pads = list('pads', 0, 2 * kernel.length);
  const ceil = Number(node.attributes['ceil_mode'] ?? 0) !== 0;
  const padded = pads.some((pad) => pad > 0);
  const automatic = !['NOTSET', 'VALID'].includes(String(node.attributes['auto_pad'] ?? 'NOTSET'));
  if (automatic || (padded ? ceil : strides.some((stride, i) => stride > kernel[i]!))) {
    throw new MadderError(
      'network',
      `The pooling "${node.outputs[0]}" has strides that do not fit its windows or pads for a blur; leave it out.`,
    );
  }
  const extended = [...kernel.map(() => 0), ...strides.map((stride) => stride - 1)];
  const dense = { kernel_shape: [...kernel], pads: padded ? [...pads] : extended };
  return { dense, strides, beyond: padded ? ('nothing' as const) : ('given' as const), ceil };
}

const isDilated = (node: OnnxNode): boolean =>
  ((node.attributes['dilations'] as readonly number[] | undefined) ?? []).some((d) => d !== 1);
