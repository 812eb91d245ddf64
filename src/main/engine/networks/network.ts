import { editDistance } from '../../../shared/edit-distance.ts';
import { MadderError } from '../../../shared/errors.ts';
import type { NetworkManifest } from '../../../shared/network-manifest.ts';
import type { Rewrite } from '../../../shared/rewrites.ts';
import type { OnnxGraph } from '../../formats/onnx.ts';

/** A place in a network where its features can be read. */
export interface Layer {
  /** Readable and stable: `relu1_1`, `fire2`, `stage3.block1`. */
  readonly name: string;
  /** The value of the network's graph that holds the features, [1, channels, H / stride, W / stride]. */
  readonly tensor: string;
  /** A painter's words for it, such as `finest strokes`. */
  readonly label?: string;
  /** Undefined where the graph does not say. */
  readonly channels: number | undefined;
  /** Picture pixels between neighbouring features. */
  readonly stride: number;
  /** Side of the square of picture pixels that one feature sees. */
  readonly receptiveField: number;
  readonly kind: 'activation' | 'pre-activation' | 'block' | 'pool';
}

/** A feature extractor: a graph with its weights, its input normalization, and its layers. */
export interface Network {
  readonly id: string;
  readonly name: string;
  /** SHA-256 of the file that the weights came from, hexadecimal. */
  readonly sha256: string;
  /**
   * Opset 17, with symbolic height and width. Its one input, float32 [1,3,H,W], receives the picture in [0,1] sRGB:
   * the normalization is part of the graph. Its outputs are the layers.
   */
  readonly graph: OnnxGraph;
  /** Name of the graph's input. */
  readonly input: string;
  /** From fine to coarse. */
  readonly layers: readonly Layer[];
  /** Weights of the layers that style is read from unless a recipe says otherwise. */
  readonly styleLayers: Readonly<Record<string, number>>;
  /** Weights of the layers that content is read from unless a recipe says otherwise. */
  readonly contentLayers: Readonly<Record<string, number>>;
  readonly manifest: NetworkManifest;
  /** Values (outputs of ReLUs) whose gradient passes through their ReLU unchanged. */
  readonly identityGradient: ReadonlySet<string>;
  /** The changes made since the network was loaded. */
  readonly rewrites: readonly Rewrite[];
}

/**
 * A layer by its name, or by the name of its value in the graph.
 * @throws MadderError `input` that lists the closest names
 */
export function findLayer(network: Pick<Network, 'name' | 'layers'>, name: string): Layer {
  const layer = network.layers.find((l) => l.name === name) ?? network.layers.find((l) => l.tensor === name);
  if (layer) return layer;
  const near = network.layers
    .map((l) => ({ name: l.name, distance: editDistance(name.toLowerCase(), l.name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 5)
    .map((l) => l.name);
  const advice = near.length > 0 ? `the closest names are ${near.join(', ')}` : 'it has no layers at all';
  throw new MadderError('input', `The network ${network.name} has no layer "${name}"; ${advice}.`);
}
