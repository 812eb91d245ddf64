import type { OnnxNode } from '../../../formats/onnx.ts';
import type { Layer, Network } from '../network.ts';
import { layerOutputs, makeNode, nameMaker } from '../template.ts';

/** What a layer is called where the network looks at the picture shrunk by `factor`: `relu3_1/2`. */
const octaveName = (name: string, factor: number): string => `${name}/${factor}`;

/**
 * Lets a network look at the picture in several sizes at once: whole, and averaged down to a half, a quarter ... of its
 * sides. Each layer appears once per size, as `name`, `name/2`, `name/4`; layers of shrunken pictures see as many times
 * larger shapes. This is the pyramid of Snelgrove 2017, "High-resolution multi-scale neural texture synthesis", for any
 * network: it gives large strokes to networks that were trained on small pictures, for a third more work in all.
 * @param count sizes in all, at least 2
 */
export function addOctaves(network: Network, count: number): Network {
  const { graph } = network;
  const fresh = nameMaker(graph);
  const nodes: OnnxNode[] = [...graph.nodes];
  const layers: Layer[] = [...network.layers];
  const identityGradient = new Set(network.identityGradient);
  let picture = network.input;
  for (let octave = 1; octave < count; octave++) {
    const factor = 2 ** octave;
    const shrunk = fresh(octaveName(network.input, factor));
    nodes.push(makeNode('AveragePool', [picture], shrunk, HALVE));
    picture = shrunk;
    const names = new Map([[network.input, shrunk]]);
    for (const node of graph.nodes) {
      for (const output of node.outputs) if (output !== '') names.set(output, fresh(octaveName(output, factor)));
    }
    const renamed = (name: string): string => names.get(name) ?? name;
    for (const node of graph.nodes) {
      nodes.push({
        ...node,
        name: octaveName(node.name, factor),
        inputs: node.inputs.map(renamed),
        outputs: node.outputs.map(renamed),
        attributes: keepsEdges(node) ? { ...node.attributes, ceil_mode: 1 } : node.attributes,
      });
    }
    for (const layer of network.layers) layers.push({ ...octaveLayer(layer, factor), tensor: renamed(layer.tensor) });
    for (const value of network.identityGradient) identityGradient.add(renamed(value));
  }
  const factors = Array.from({ length: count - 1 }, (_, k) => 2 ** (k + 1));
  return {
    ...network,
    graph: { ...graph, nodes, outputs: layerOutputs(layers) },
    layers,
    styleLayers: Object.fromEntries([
      ...Object.entries(network.styleLayers),
      ...factors.flatMap((f) => Object.entries(network.styleLayers).map(([n, w]) => [octaveName(n, f), w] as const)),
    ]),
    identityGradient,
  };
}

/**
 * Whether a pooling drops what is left over at the edges. In the smaller sizes it must not: of a picture of 128x80 px, a
 * quarter has 20 px in height, and after four halvings nothing would be left to look at.
 */
const keepsEdges = ({ op, attributes }: OnnxNode): boolean =>
  (op === 'MaxPool' || op === 'AveragePool') &&
  !((attributes['pads'] as readonly number[] | undefined) ?? []).some((pad) => pad > 0);

const octaveLayer = (layer: Layer, factor: number): Layer => ({
  ...layer,
  name: octaveName(layer.name, factor),
  ...(layer.label === undefined ? {} : { label: `${layer.label}, ${factor} times as large` }),
  stride: layer.stride * factor,
  receptiveField: layer.receptiveField * factor,
});

/** The layers that a network with these ones has in `count` octaves; their tensors are known only once they are added. */
export const octaveLayers = (layers: readonly Layer[], count: number): Layer[] =>
  Array.from({ length: count }, (_, octave) =>
    octave === 0 ? layers : layers.map((layer) => octaveLayer(layer, 2 ** octave)),
  ).flat();

/** Means of 2x2 pixels; at an odd edge, of those that there are. */
const HALVE = { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1, count_include_pad: 0 };
