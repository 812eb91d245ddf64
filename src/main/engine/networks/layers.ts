import { numbersOf } from '../../../shared/tensor.ts';
import type { OnnxGraph, OnnxNode } from '../../formats/onnx.ts';
import type { Layer } from './network.ts';
import { fieldSize, POINTWISE, POOLS, receptiveFields, type Field } from './receptive-fields.ts';
import { producersOf } from './template.ts';

const ACTIVATIONS = new Set(
  (
    'Celu Clip Elu Gelu HardSigmoid HardSwish LeakyRelu Mish PRelu Relu Selu Sigmoid Softplus Softsign Tanh ' +
    'ThresholdedRelu'
  ).split(' '),
);

/** Nonlinearities that, multiplied with their own argument, make one activation: SiLU, Mish, GELU, hard swish. */
const GATES = new Set(['Sigmoid', 'HardSigmoid', 'Tanh', 'Erf', 'Clip', 'Relu']);

/** A place to read features from, before its field is known. */
export type LayerMark = Pick<Layer, 'name' | 'tensor' | 'kind'>;

/** Completes marks with what the graph says about them and sorts them from fine to coarse. */
export function describeLayers(graph: OnnxGraph, input: string, marks: readonly LayerMark[]): Layer[] {
  const fields = fieldsOf(graph, input);
  const layers = marks.flatMap((mark): Layer[] => {
    const field = fields.get(mark.tensor);
    if (!field) return [];
    const receptiveField = fieldSize(field);
    const stride = Math.max(...field.stride);
    return [{ ...mark, label: painterWords(receptiveField), channels: field.channels, stride, receptiveField }];
  });
  return layers.sort((a, b) => a.receptiveField - b.receptiveField);
}

/**
 * Finds the layers of any convolutional network: activations, outputs of residual and branching blocks, the values
 * before activations, and poolings. Chains in the pattern of VGG get its names (`conv1_1`, `relu1_1`, `pool1`); other
 * networks `stage3.act2`, `stage3.block1`, `stage3.act2.pre`, `stage3.pool1`, where a stage holds what shares a stride.
 */
export function findLayers(graph: OnnxGraph, input: string): Layer[] {
  const fields = fieldsOf(graph, input);
  const candidates = findCandidates(graph, fields);
  const marks = isChain(graph, candidates) ? nameLikeVgg(candidates) : nameByStage(candidates);
  return describeLayers(graph, input, marks);
}

/** Receptive fields, channel shuffles (Ma et al. 2018) passed over: they change the order of channels and nothing else. */
export function fieldsOf(graph: OnnxGraph, input: string): Map<string, Field> {
  const isShuffle = ({ op, attributes, inputs }: OnnxNode): boolean => {
    const order = op === 'Gather' && attributes['axis'] === 1 ? graph.initializers.get(inputs[1] ?? '') : undefined;
    return (
      order?.dims.length === 1 &&
      numbersOf(order)
        .sort((a, b) => a - b)
        .every((channel, i) => channel === i)
    );
  };
  const nodes = graph.nodes.map((node) => (isShuffle(node) ? { ...node, op: 'Identity' } : node));
  return receptiveFields({ ...graph, nodes }, input);
}

export interface LayerDefaults {
  readonly styleLayers: Record<string, number>;
  readonly contentLayers: Record<string, number>;
}

/**
 * Layers for networks that nobody has tuned: for style about five, spread over the strides (in residual and branching
 * networks the last block of each stage, in chains the first activation); for content one about two thirds deep.
 */
export function pickDefaults(layers: readonly Layer[]): LayerDefaults {
  const blocks = layers.filter((l) => l.kind === 'block');
  const features = layers.filter((l) => l.kind === 'block' || l.kind === 'activation');
  if (features.length === 0) return { styleLayers: {}, contentLayers: {} };
  const style = new Set<Layer>();
  for (const stride of new Set(features.map((l) => l.stride))) {
    const last = blocks.findLast((l) => l.stride === stride);
    style.add(last ?? features.find((l) => l.stride === stride)!);
  }
  const wanted = Math.min(5, features.length);
  for (const extra of [...style].slice(wanted)) style.delete(extra);
  while (style.size < wanted) style.add(farthest(features, style));
  const deep = blocks.length > 0 ? blocks : features;
  const content = deep[Math.round((2 / 3) * (deep.length - 1))]!;
  const names = features.filter((l) => style.has(l)).map((l) => l.name);
  return { styleLayers: evenWeights(names), contentLayers: { [content.name]: 1 } };
}

/** The named layers where the network has them, each at weight 1; what is missing altogether is picked. */
export function chooseDefaults(
  layers: readonly Layer[],
  style: readonly string[],
  content: readonly string[],
): LayerDefaults {
  const present = (names: readonly string[]) => names.filter((name) => layers.some((l) => l.name === name));
  const picked = pickDefaults(layers);
  const [styleNames, contentNames] = [present(style), present(content)];
  return {
    styleLayers: styleNames.length > 0 ? evenWeights(styleNames) : picked.styleLayers,
    contentLayers: contentNames.length > 0 ? evenWeights(contentNames) : picked.contentLayers,
  };
}

const evenWeights = (names: readonly string[]): Record<string, number> => Object.fromEntries(names.map((n) => [n, 1]));

/** The candidate with the most other candidates between it and the chosen ones. */
function farthest(features: readonly Layer[], chosen: ReadonlySet<Layer>): Layer {
  const places = features.flatMap((l, i) => (chosen.has(l) ? [i] : []));
  const distance = (i: number) => Math.min(...places.map((p) => Math.abs(p - i)));
  return features.reduce((best, l, i) => (distance(i) > distance(features.indexOf(best)) ? l : best));
}

/** What a painter would call the marks that a layer of this receptive field (pixels) describes. */
export function painterWords(receptiveField: number): string {
  if (receptiveField <= 5) return 'finest strokes';
  if (receptiveField <= 18) return 'fine strokes';
  if (receptiveField <= 50) return 'strokes';
  if (receptiveField <= 120) return 'broad strokes';
  if (receptiveField <= 220) return 'shapes';
  return 'large shapes';
}

interface Candidate {
  readonly tensor: string;
  readonly kind: Layer['kind'];
  readonly stride: number;
  /** The activation that follows a pre-activation. */
  readonly activation?: string;
}

/** Candidate layers in graph order, each value once; all lie behind at least one convolution. */
function findCandidates(graph: OnnxGraph, fields: ReadonlyMap<string, Field>): Candidate[] {
  const producers = producersOf(graph);
  const isFeature = (name: string | undefined) => (fields.get(name ?? '')?.depth ?? 0) > 0;
  const activations = findActivations(graph, fields, producers);
  const activationAfter = new Map([...activations].map(([output, input]) => [input, output]));
  const joins = (value: string): boolean => {
    const node = producers.get(value);
    const joining = node?.op === 'Add' || node?.op === 'Sum' || node?.op === 'Concat';
    return joining && node.inputs.filter(isFeature).length > 1;
  };
  const classify = (value: string): Pick<Candidate, 'kind' | 'activation'> | undefined => {
    const before = activations.get(value);
    if (before !== undefined) return { kind: joins(before) ? 'block' : 'activation' };
    const activation = activationAfter.get(value);
    const node = producers.get(value)!;
    if (POOLS.has(node.op)) return isStrided(node) ? { kind: 'pool' } : undefined;
    if (activation !== undefined) return { kind: 'pre-activation', activation };
    return joins(value) ? { kind: 'block' } : undefined;
  };
  return graph.nodes.flatMap((node): Candidate[] => {
    const value = node.outputs[0] ?? '';
    const found = isFeature(value) ? classify(value) : undefined;
    return found ? [{ tensor: value, stride: Math.max(...fields.get(value)!.stride), ...found }] : [];
  });
}

const isStrided = (node: OnnxNode): boolean =>
  ((node.attributes['strides'] as readonly number[] | undefined) ?? []).some((s) => s > 1);

/** Output to input of every activation, be it one node or a value multiplied with a gate made from itself. */
function findActivations(
  graph: OnnxGraph,
  fields: ReadonlyMap<string, Field>,
  producers: ReadonlyMap<string, OnnxNode>,
): Map<string, string> {
  const activations = new Map<string, string>();
  const insideGates = new Set<OnnxNode>();
  for (const node of graph.nodes) {
    if (node.op !== 'Mul') continue;
    const [a, b] = [node.inputs[0]!, node.inputs[1]!];
    for (const [source, gate] of [
      [a, b],
      [b, a],
    ] as const) {
      const nodes = gateBetween(source, gate, fields, producers);
      if (!nodes) continue;
      activations.set(node.outputs[0]!, source);
      for (const inside of nodes) insideGates.add(inside);
    }
  }
  for (const node of graph.nodes) {
    if (ACTIVATIONS.has(node.op) && !insideGates.has(node)) activations.set(node.outputs[0]!, node.inputs[0]!);
  }
  return activations;
}

/** The nodes that make `gate` from `source` alone, position by position, with a gating nonlinearity among them. */
function gateBetween(
  source: string,
  gate: string,
  fields: ReadonlyMap<string, Field>,
  producers: ReadonlyMap<string, OnnxNode>,
): OnnxNode[] | undefined {
  const longest = 6; // hard swish and tanh-GELU, spelled out, take fewer
  const nodes: OnnxNode[] = [];
  for (let value = gate; value !== source;) {
    const node = producers.get(value);
    const dependent = node?.inputs.filter((i) => fields.has(i)) ?? [];
    if (!node || !POINTWISE.has(node.op) || dependent.length !== 1 || nodes.length === longest) return undefined;
    nodes.push(node);
    value = dependent[0]!;
  }
  return nodes.some((n) => GATES.has(n.op)) ? nodes : undefined;
}

/** Whether a network is one line of convolutions (with batch normalization or not), each followed by its activation. */
function isChain(graph: OnnxGraph, candidates: readonly Candidate[]): boolean {
  const producers = producersOf(graph);
  return candidates.every(({ kind, tensor }, i) => {
    if (kind === 'pre-activation') return ['Conv', 'BatchNormalization'].includes(producers.get(tensor)!.op);
    return kind === 'pool' || (kind === 'activation' && candidates[i - 1]?.activation === tensor);
  });
}

/** Names in VGG's manner: a stage ends where the stride grows, by pooling or by a strided convolution. */
function nameLikeVgg(candidates: readonly Candidate[]): LayerMark[] {
  const unique = uniqueNames();
  let stage = 1;
  let index = 0;
  let stride: number | undefined;
  return candidates.map(({ kind, tensor, stride: own }) => {
    if (kind === 'pool') return { name: unique(`pool${stage}`), tensor, kind };
    if (kind === 'pre-activation') {
      if (stride !== undefined && own > stride) [stage, index] = [stage + 1, 0];
      stride = own;
      return { name: unique(`conv${stage}_${++index}`), tensor, kind };
    }
    return { name: unique(`relu${stage}_${index}`), tensor, kind };
  });
}

function nameByStage(candidates: readonly Candidate[]): LayerMark[] {
  const strides = [...new Set(candidates.filter((c) => c.kind !== 'pool').map((c) => c.stride))].sort((a, b) => a - b);
  const counts = new Map<string, number>();
  const words = { activation: 'act', block: 'block', pool: 'pool', 'pre-activation': '' };
  const names = new Map<string, string>();
  for (const { kind, tensor, stride } of candidates) {
    if (kind === 'pre-activation') continue;
    const place = `stage${strides.filter((s) => s < stride).length + 1}.${words[kind]}`;
    counts.set(place, (counts.get(place) ?? 0) + 1);
    names.set(tensor, `${place}${counts.get(place)}`);
  }
  return candidates.map(({ kind, tensor, activation }) => {
    const name = kind === 'pre-activation' ? `${names.get(activation!)}.pre` : names.get(tensor)!;
    return { name, tensor, kind };
  });
}

function uniqueNames(): (name: string) => string {
  const counts = new Map<string, number>();
  return (name) => {
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return count === 1 ? name : `${name}.${count}`;
  };
}
