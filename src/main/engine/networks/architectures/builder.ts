import type { NetworkManifest, Normalization } from '../../../../shared/network-manifest.ts';
import { floatTensor, type Tensor } from '../../../../shared/tensor.ts';
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
}

/** A family of networks that can be built from a state dict alone. */
export interface Architecture {
  /** The member of the family that the weights belong to, such as `vgg19_bn`; undefined where they are of another. */
  recognise(state: StateDict): string | undefined;
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
}

const INPUT = 'picture';
const NORMALIZED = 'normalized';

/** PyTorch's default, which torchvision never changes. */
const BATCH_NORM_EPSILON = 1e-5;

/**
 * Writes a feature extractor from a state dict, with picture height and width symbolic. Every method appends nodes,
 * names their result `name`, and returns it; a `kind` also makes it a layer.
 */
export class TemplateBuilder {
  readonly #state: StateDict;
  readonly #nodes: OnnxNode[];
  readonly #initializers: Map<string, Tensor>;
  readonly #marks: LayerMark[] = [];
  readonly #channels = new Map<string, number>([[NORMALIZED, 3]]);
  /** The normalized picture. */
  readonly start = NORMALIZED;

  constructor(state: StateDict, normalization: Normalization) {
    this.#state = state;
    ({ nodes: this.#nodes, initializers: this.#initializers } = normalizationNodes(normalization, INPUT, NORMALIZED));
  }

  /** A square convolution, its batch normalization folded in: w' = w g / sqrt(v + e), b' = (b - m) g / sqrt(v + e) + b_n. */
  conv(x: string, name: string, options: ConvolutionOptions, kind?: Layer['kind']): string {
    const { key, norm, kernel, stride = 1, pad = 0, grouped = false } = options;
    const state = this.#state;
    const input = this.#channels.get(x)!;
    const weight = state.float(`${key}.weight`, [undefined, grouped ? undefined : input, kernel, kernel]);
    const [output, perGroup] = weight.dims as [number, number];
    const group = input / perGroup;
    if (!Number.isInteger(group) || output % group !== 0) {
      state.refuse(`holds "${key}.weight" as [${weight.dims.join(', ')}], which does not divide ${input} channels`);
    }
    const hasBias = norm === undefined || state.has(`${key}.bias`);
    const bias = hasBias ? state.float(`${key}.bias`, [output]) : floatTensor([output], new Float32Array(output));
    const folded = norm === undefined ? { weight, bias } : foldNorm(state, norm, weight, bias);
    this.#initializers.set(`${name}.weight`, folded.weight);
    this.#initializers.set(`${name}.bias`, folded.bias);
    this.#channels.set(name, output);
    return this.#emit('Conv', [x, `${name}.weight`, `${name}.bias`], name, kind, {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
      dilations: [1, 1],
      group,
    });
  }

  relu(x: string, name: string, kind?: Layer['kind']): string {
    return this.#like(x, this.#emit('Relu', [x], name, kind));
  }

  add(a: string, b: string, name: string, kind?: Layer['kind']): string {
    const [left, right] = [this.#channels.get(a)!, this.#channels.get(b)!];
    if (left !== right) this.#state.refuse(`adds ${left} to ${right} channels at "${name}"`);
    return this.#like(a, this.#emit('Add', [a, b], name, kind));
  }

  /** Concatenates channels. */
  concat(parts: readonly string[], name: string, kind?: Layer['kind']): string {
    this.#channels.set(
      name,
      parts.reduce((n, p) => n + this.#channels.get(p)!, 0),
    );
    return this.#emit('Concat', parts, name, kind, { axis: 1 });
  }

  pool(x: string, name: string, { kernel, stride, pad = 0, ceil = false, kind = 'MaxPool' }: PoolOptions): string {
    const attributes = {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
      ceil_mode: ceil ? 1 : 0,
    };
    return this.#like(x, this.#emit(kind, [x], name, 'pool', attributes));
  }

  /** The finished template; `style` and `content` are the layers to prefer, each at weight 1. */
  finish(style: readonly string[], content: readonly string[]): Template {
    const inputs = [pictureInput(INPUT)];
    const open = { name: 'network', nodes: this.#nodes, initializers: this.#initializers, inputs, outputs: [] };
    const layers = describeLayers(open, INPUT, this.#marks);
    const graph = { ...open, outputs: layerOutputs(layers) };
    return { graph, input: INPUT, layers, ...chooseDefaults(layers, style, content) };
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
    this.#channels.set(name, this.#channels.get(x)!);
    return name;
  }
}

function foldNorm(state: StateDict, norm: string, weight: Tensor<'float32'>, bias: Tensor<'float32'>) {
  const channels = weight.dims[0]!;
  const perChannel = (name: string) => state.float(`${norm}.${name}`, [channels]).data;
  const [gamma, beta, mean, variance] = ['weight', 'bias', 'running_mean', 'running_var'].map(perChannel) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const w = new Float32Array(weight.data.length);
  const b = new Float32Array(channels);
  const size = w.length / channels;
  for (let c = 0; c < channels; c++) {
    const factor = gamma[c]! / Math.sqrt(variance[c]! + BATCH_NORM_EPSILON);
    for (let i = c * size; i < (c + 1) * size; i++) w[i] = weight.data[i]! * factor;
    b[c] = (bias.data[c]! - mean[c]!) * factor + beta[c]!;
  }
  return { weight: floatTensor(weight.dims, w), bias: floatTensor([channels], b) };
}
