import type { NetworkManifest, Normalization } from '../../../../shared/network-manifest.ts';
import { floatTensor, intTensor, type Tensor } from '../../../../shared/tensor.ts';
import type { AttributeValue, OnnxGraph, OnnxNode } from '../../../formats/onnx.ts';
import { chooseDefaults, describeLayers, type LayerDefaults, type LayerMark } from '../layers.ts';
import type { Layer } from '../network.ts';
import { normalizationNodes } from '../normalization.ts';
import { layerOutputs, makeNode, pictureInput } from '../template.ts';
import type { StateDict } from './state-dict.ts';

/** What an architecture makes of weights: the part of a network that does not depend on where it came from. */
export interface Template extends LayerDefaults {
  readonly graph: OnnxGraph;
  readonly input: string;
  readonly layers: readonly Layer[];
  /** Tensors of the file that nothing was made of, other than classifiers and counters. */
  readonly unused?: readonly string[];
}

/** A family of networks that can be built from a state dict alone. */
export interface Architecture {
  /** The member of the family that the weights belong to, such as `vgg19_bn`; undefined where they are of another. */
  recognise(state: StateDict): string | undefined;
  /** Channels relative to the published member; undefined where the family has no published widths. */
  width(state: StateDict): number | undefined;
  /** What new recipes start from with weights of this family, where that is not the usual. */
  readonly suggested?: NetworkManifest['suggested'];
  /** Builds the feature part; classifiers are ignored. */
  build(state: StateDict, normalization: Normalization): Template;
}

export interface ConvolutionOptions {
  /** Key of the weight and bias, without `.weight`. */
  readonly key: string;
  /** Key of the batch normalization that follows and is folded in. */
  readonly norm?: string | undefined;
  /** What the batch normalization adds to the variance; PyTorch's default where not given. */
  readonly epsilon?: number;
  /** False for a convolution that has neither bias nor batch normalization. */
  readonly bias?: false;
  readonly kernel: number;
  readonly stride?: number;
  readonly pad?: number;
  /** Whether the weight's shape may ask for groups. */
  readonly grouped?: boolean;
}

export interface PoolOptions {
  readonly kernel: number;
  readonly stride: number;
  readonly pad?: number;
  readonly ceil?: boolean;
  readonly kind?: 'MaxPool' | 'AveragePool';
  /** False for a pooling inside a block. */
  readonly layer?: false;
}

const INPUT = 'picture';
const NORMALIZED = 'normalized';

/** PyTorch's default. */
const BATCH_NORM_EPSILON = 1e-5;

/** What follows the features, and what training programs keep beside weights: no part of what is built. */
const CLASSIFIERS = /^(fc|linear|classifier|head|pre_logits|aux\d*)\./;
const COUNTERS = /(^|\.)(num_batches_tracked|total_ops|total_params)$/;

/**
 * Writes a feature extractor from a state dict, with picture height and width symbolic. Every method appends nodes,
 * names their result `name`, and returns it; a `kind` also makes it a layer. Tensors that are missing are collected,
 * and refused together by `finish`.
 */
export class TemplateBuilder {
  readonly #state: StateDict;
  readonly #member: string;
  readonly #taken = new Set<string>();
  readonly #missing: string[] = [];
  readonly #nodes: OnnxNode[];
  readonly #initializers: Map<string, Tensor>;
  readonly #marks: LayerMark[] = [];
  /** Undefined behind a missing tensor. */
  readonly #channels = new Map<string, number | undefined>([[NORMALIZED, 3]]);
  /** The normalized picture. */
  readonly start = NORMALIZED;

  /** @param member what the weights were recognised as, for messages */
  constructor(state: StateDict, normalization: Normalization, member: string) {
    this.#state = state;
    this.#member = member;
    ({ nodes: this.#nodes, initializers: this.#initializers } = normalizationNodes(normalization, INPUT, NORMALIZED));
  }

  /** Channels of a value; undefined behind a missing tensor. */
  channels(x: string): number | undefined {
    return this.#channels.get(x);
  }

  /** A square convolution, its batch normalization folded in: w' = w g / sqrt(v + e), b' = (b - m) g / sqrt(v + e) + b_n. */
  conv(x: string, name: string, options: ConvolutionOptions, kind?: Layer['kind']): string {
    const { key, norm, kernel, stride = 1, pad = 0, grouped = false } = options;
    const input = this.#channels.get(x);
    const weight = this.#take(`${key}.weight`, [undefined, grouped ? undefined : input, kernel, kernel]);
    const output = weight?.dims[0];
    const group = weight && input !== undefined ? input / weight.dims[1]! : 1;
    if (weight && (!Number.isInteger(group) || output! % group !== 0)) {
      this.#state.refuse(
        `holds "${key}.weight" as [${weight.dims.join(', ')}], which does not divide ${input} channels`,
      );
    }
    const hasBias = options.bias !== false && (norm === undefined || this.#state.has(`${key}.bias`));
    const bias = hasBias ? this.#take(`${key}.bias`, [output]) : undefined;
    const normalization = norm === undefined ? undefined : this.#normalization(norm, output, options.epsilon);
    this.#channels.set(name, output);
    const inputs = [x, `${name}.weight`];
    if (weight) {
      const folded = normalization ? foldNorm(weight, bias, normalization) : { weight, bias };
      this.#initializers.set(`${name}.weight`, folded.weight);
      if (folded.bias) {
        this.#initializers.set(`${name}.bias`, folded.bias);
        inputs.push(`${name}.bias`);
      }
    }
    return this.#emit('Conv', inputs, name, kind, {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
      dilations: [1, 1],
      group,
    });
  }

  /** Batch normalization that stands before its convolution, where it cannot be folded. */
  normalize(x: string, name: string, key: string, kind?: Layer['kind']): string {
    const normalization = this.#normalization(key, this.#channels.get(x));
    if (normalization) {
      for (const part of ['gamma', 'beta', 'mean', 'variance'] as const) {
        const data = normalization[part];
        this.#initializers.set(`${name}.${part}`, floatTensor([data.length], data));
      }
    }
    const inputs = [x, ...['gamma', 'beta', 'mean', 'variance'].map((part) => `${name}.${part}`)];
    return this.#like(x, this.#emit('BatchNormalization', inputs, name, kind, { epsilon: BATCH_NORM_EPSILON }));
  }

  relu(x: string, name: string, kind?: Layer['kind']): string {
    return this.#like(x, this.#emit('Relu', [x], name, kind));
  }

  /** min(max(x, 0), 6) */
  relu6(x: string, name: string, kind?: Layer['kind']): string {
    this.#initializers.set('zero', floatTensor([], [0]));
    this.#initializers.set('six', floatTensor([], [6]));
    return this.#like(x, this.#emit('Clip', [x, 'zero', 'six'], name, kind));
  }

  add(a: string, b: string, name: string, kind?: Layer['kind']): string {
    const [left, right] = [this.#channels.get(a), this.#channels.get(b)];
    if (left !== right && left !== undefined && right !== undefined)
      this.#state.refuse(`adds ${left} to ${right} channels at "${name}"`);
    return this.#like(a, this.#emit('Add', [a, b], name, kind));
  }

  /** Concatenates channels. */
  concat(parts: readonly string[], name: string, kind?: Layer['kind']): string {
    const counts = parts.map((p) => this.#channels.get(p));
    this.#channels.set(name, counts.includes(undefined) ? undefined : counts.reduce<number>((n, c) => n + c!, 0));
    return this.#emit('Concat', parts, name, kind, { axis: 1 });
  }

  /** Halves of the channels, `NAME.0` and `NAME.1`. */
  halve(x: string, name: string): [string, string] {
    const channels = this.#channels.get(x);
    if (channels !== undefined && channels % 2 !== 0) {
      this.#state.refuse(`has ${channels} channels, an odd number, to be halved at "${name}"`);
    }
    const half = channels === undefined ? undefined : channels / 2;
    const parts: [string, string] = [`${name}.0`, `${name}.1`];
    for (const part of parts) this.#channels.set(part, half);
    this.#initializers.set(`${name}.sizes`, intTensor([half ?? 1, half ?? 1]));
    this.#nodes.push({ ...makeNode('Split', [x, `${name}.sizes`], name, { axis: 1 }), outputs: parts });
    return parts;
  }

  /** Interleaves two halves of the channels: a₀ b₀ a₁ b₁ … */
  shuffle(x: string, name: string, kind?: Layer['kind']): string {
    const channels = this.#channels.get(x) ?? 0;
    if (channels % 2 !== 0) this.#state.refuse(`has ${channels} channels, an odd number, to be shuffled at "${name}"`);
    const order = Array.from({ length: channels }, (_, i) => (i % 2) * (channels / 2) + Math.floor(i / 2));
    this.#initializers.set(`${name}.order`, intTensor(order));
    return this.#like(x, this.#emit('Gather', [x, `${name}.order`], name, kind, { axis: 1 }));
  }

  /**
   * Every `stride`-th position, between channels of zeros that widen x evenly to `output` channels. Written as a
   * convolution with a matrix of ones and zeros, which is exact and which providers add to the other branch at once.
   */
  subsample(x: string, name: string, stride: number, output: number | undefined): string {
    const input = this.#channels.get(x);
    this.#channels.set(name, output);
    if (input !== undefined && output !== undefined) {
      const before = (output - input) / 2;
      if (before < 0 || !Number.isInteger(before)) {
        this.#state.refuse(`widens ${input} to ${output} channels without weights at "${name}"`);
      }
      const matrix = new Float32Array(output * input);
      for (let c = 0; c < input; c++) matrix[(before + c) * input + c] = 1;
      this.#initializers.set(`${name}.selection`, floatTensor([output, input, 1, 1], matrix));
    }
    return this.#emit('Conv', [x, `${name}.selection`], name, undefined, {
      kernel_shape: [1, 1],
      strides: [stride, stride],
      pads: [0, 0, 0, 0],
      dilations: [1, 1],
      group: 1,
    });
  }

  pool(x: string, name: string, options: PoolOptions): string {
    const { kernel, stride, pad = 0, ceil = false, kind = 'MaxPool', layer } = options;
    const attributes = {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
      ceil_mode: ceil ? 1 : 0,
    };
    return this.#like(x, this.#emit(kind, [x], name, layer === false ? undefined : 'pool', attributes));
  }

  /**
   * The finished template; `style` and `content` are the layers to prefer, each at weight 1.
   * @throws MadderError `network` where tensors are missing, or where modules hold tensors that were not expected there,
   *   which happens when a network is like a known one but not the same
   */
  finish(style: readonly string[], content: readonly string[]): Template {
    const unused = [...this.#state.tensors.keys()].filter((name) => !this.#taken.has(name) && !COUNTERS.test(name));
    const modules = new Set([...this.#taken].map(topModule));
    const foreign = unused.filter((name) => modules.has(topModule(name)));
    const complaints = [
      ...(this.#missing.length > 0 ? [`lacks ${listed(this.#missing)}`] : []),
      ...(foreign.length > 0 ? [`holds ${listed(foreign)} that the architecture does not have`] : []),
    ];
    if (complaints.length > 0) this.#state.refuse(`looks like ${this.#member} but ${complaints.join(' and ')}`);
    const inputs = [pictureInput(INPUT)];
    const open = { name: 'network', nodes: this.#nodes, initializers: this.#initializers, inputs, outputs: [] };
    const layers = describeLayers(open, INPUT, this.#marks);
    const graph = { ...open, outputs: layerOutputs(layers) };
    return {
      graph,
      input: INPUT,
      layers,
      ...chooseDefaults(layers, style, content),
      unused: unused.filter((name) => !CLASSIFIERS.test(name)),
    };
  }

  /** Names the layer at `tensor` differently from the value that holds it. */
  rename(tensor: string, name: string): void {
    const i = this.#marks.findIndex((m) => m.tensor === tensor);
    this.#marks[i] = { ...this.#marks[i]!, name };
  }

  #emit(
    op: string,
    inputs: readonly string[],
    name: string,
    kind: Layer['kind'] | undefined,
    attributes: Record<string, AttributeValue> = {},
  ): string {
    this.#nodes.push(makeNode(op, inputs, name, attributes));
    if (kind) this.#marks.push({ name, tensor: name, kind });
    return name;
  }

  #like(x: string, name: string): string {
    this.#channels.set(name, this.#channels.get(x));
    return name;
  }

  /** A tensor of the state dict; undefined, and remembered, where it is missing. */
  #take(name: string, dims: readonly (number | undefined)[]): Tensor<'float32'> | undefined {
    this.#taken.add(name);
    if (this.#state.has(name)) return this.#state.float(name, dims);
    this.#missing.push(name);
    return undefined;
  }

  #normalization(
    key: string,
    channels: number | undefined,
    epsilon = BATCH_NORM_EPSILON,
  ): BatchNormalization | undefined {
    const perChannel = (name: string) => this.#take(`${key}.${name}`, [channels])?.data;
    const [gamma, beta] = [perChannel('weight'), perChannel('bias')];
    const [mean, variance] = [perChannel('running_mean'), perChannel('running_var')];
    return gamma && beta && mean && variance ? { gamma, beta, mean, variance, epsilon } : undefined;
  }
}

/** Per channel: (x - mean) gamma / sqrt(variance + epsilon) + beta. */
interface BatchNormalization {
  readonly gamma: Float32Array;
  readonly beta: Float32Array;
  readonly mean: Float32Array;
  readonly variance: Float32Array;
  readonly epsilon: number;
}

function foldNorm(
  weight: Tensor<'float32'>,
  bias: Tensor<'float32'> | undefined,
  { gamma, beta, mean, variance, epsilon }: BatchNormalization,
) {
  const channels = weight.dims[0]!;
  const source = weight.data;
  const w = new Float32Array(source.length);
  const b = new Float32Array(channels);
  const size = w.length / channels;
  for (let c = 0; c < channels; c++) {
    const factor = gamma[c]! / Math.sqrt(variance[c]! + epsilon);
    for (let i = c * size; i < (c + 1) * size; i++) w[i] = source[i]! * factor;
    b[c] = ((bias?.data[c] ?? 0) - mean[c]!) * factor + beta[c]!;
  }
  return { weight: floatTensor(weight.dims, w), bias: floatTensor([channels], b) };
}

/** First dimension of a tensor (output channels of a convolution) relative to the published one. */
export function relativeWidth(state: StateDict, name: string, published: number): number | undefined {
  const channels = state.dims(name)?.[0];
  return channels === undefined ? undefined : channels / published;
}

const topModule = (name: string): string => name.split('.')[0]!;

/** The first few names, and how many more there are. */
function listed(names: readonly string[]): string {
  if (names.length === 1) return `the tensor "${names[0]}"`;
  const first = names.slice(0, 3).map((name) => `"${name}"`);
  const more = names.length > 3 ? ` and ${names.length - 3} more` : '';
  return `${names.length} tensors (${first.join(', ')}${more})`;
}
