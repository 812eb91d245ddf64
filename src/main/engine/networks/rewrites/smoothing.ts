import { floatTensor } from '../../../../shared/tensor.ts';
import type { AttributeValue, OnnxNode } from '../../../formats/onnx.ts';
import { findLayer, type Layer, type Network } from '../network.ts';
import { layerOutputs, makeNode, nameMaker } from '../template.ts';

export interface SmoothingRewrite {
  readonly over: 'all' | 'channels';
  readonly temperature?: number | undefined;
  readonly layers?: readonly string[] | undefined;
}

/**
 * Reads layers through a softmax: F becomes N · softmax(F / T), over all N values of a layer (`all`) or over its N
 * channels at each position. Wang, Li and Vasconcelos 2021, "Rethinking and Improving the Robustness of Image Style
 * Transfer" (SWAG): layers behind residual connections have few large peaks, which a Gram matrix sees
 * alone; smoothed ones do not. The network itself computes what it did, so deeper layers are the same.
 *
 * The factor N is ours: values then have the mean 1 whatever the layer's size, instead of about 1e-6 whose fourth powers
 * come near the end of float32. With `relative` normalization it changes nothing else; weights of the published ones for smoothed
 * features have to be divided by N⁴ (style) and N² (content). Where several rewrites concern a layer the last one counts.
 *
 * @throws MadderError `input` where a named layer does not exist
 */
export function smoothLayers(network: Network, rewrites: readonly SmoothingRewrite[]): Network {
  const wanted = new Map<Layer, SmoothingRewrite>();
  for (const rewrite of rewrites) {
    const layers = rewrite.layers?.map((name) => findLayer(network, name)) ?? network.layers;
    for (const layer of layers) wanted.set(layer, rewrite);
  }
  const fresh = nameMaker(network.graph);
  const initializers = new Map(network.graph.initializers);
  const nodes: OnnxNode[] = [...network.graph.nodes];
  const smoothed = ({ tensor }: Layer, { over, temperature = 1 }: SmoothingRewrite): string => {
    const emit = (op: string, inputs: string[], hint: string, attributes?: Record<string, AttributeValue>): string => {
      const output = fresh(`${tensor}.${hint}`);
      nodes.push(makeNode(op, inputs, output, attributes));
      return output;
    };
    const inverse = fresh(`${tensor}.inverse-temperature`);
    initializers.set(inverse, floatTensor([], [1 / temperature]));
    const cooled = temperature === 1 ? tensor : emit('Mul', [tensor, inverse], 'cooled');
    // softmax(x) times N, as e^(x − max) over its mean.
    const axes = over === 'all' ? [1, 2, 3] : [1];
    const largest = emit('ReduceMax', [cooled], 'largest', { axes, keepdims: 1 });
    const power = emit('Exp', [emit('Sub', [cooled, largest], 'below')], 'power');
    const mean = emit('ReduceMean', [power], 'mean', { axes, keepdims: 1 });
    return emit('Div', [power, mean], 'smoothed');
  };
  const layers = network.layers.map((layer): Layer => {
    const rewrite = wanted.get(layer);
    return rewrite ? { ...layer, tensor: smoothed(layer, rewrite) } : layer;
  });
  return { ...network, graph: { ...network.graph, nodes, initializers, outputs: layerOutputs(layers) }, layers };
}
