import { MadderError } from '../../../../shared/errors.ts';
import { intTensor } from '../../../../shared/tensor.ts';
import type { OnnxNode } from '../../../formats/onnx.ts';
import type { Network } from '../network.ts';
import { makeNode, nameMaker } from '../template.ts';

/**
 * What the first convolution sees beyond the picture's edge: nothing (`zero`, as networks are trained), the picture
 * mirrored, or its outermost pixels repeated. Mirrored and repeated edges keep frames and halos out of the result.
 */
export function padFirst(network: Network, padding: 'zero' | 'reflect' | 'edge'): Network {
  const { graph } = network;
  const index = graph.nodes.findIndex((node) => node.op === 'Conv');
  const node = graph.nodes[index];
  const pads = (node?.attributes['pads'] as readonly number[] | undefined) ?? [];
  const automatic = (node?.attributes['auto_pad'] ?? 'NOTSET') !== 'NOTSET';
  if (!node || automatic) {
    throw new MadderError(
      'network',
      `The first convolution of ${network.name} has no padding of its own that could be changed; leave it as it is.`,
    );
  }
  if (padding === 'zero' || pads.every((p) => p === 0)) return network;
  const fresh = nameMaker(graph);
  const [input, ...weights] = node.inputs as [string, ...string[]];
  const padded = fresh(`${input}.padded`);
  const amounts = fresh(`${input}.pads`);
  const [top, left, bottom, right] = pads as [number, number, number, number];
  const replacement: OnnxNode[] = [
    makeNode('Pad', [input, amounts], padded, { mode: padding }),
    { ...node, inputs: [padded, ...weights], attributes: { ...node.attributes, pads: [0, 0, 0, 0] } },
  ];
  const initializers = new Map(graph.initializers).set(amounts, intTensor([0, 0, top, left, 0, 0, bottom, right]));
  return { ...network, graph: { ...graph, nodes: graph.nodes.toSpliced(index, 1, ...replacement), initializers } };
}
