import type { Normalization } from '../../../shared/network-manifest.ts';
import { floatTensor, intTensor, type Tensor } from '../../../shared/tensor.ts';
import type { OnnxNode } from '../../formats/onnx.ts';
import { makeNode } from './template.ts';

/**
 * The nodes that turn a picture in [0,1] sRGB into what a network was trained to see: `(scale * x - mean) / std` per
 * channel, written as one multiplication and one addition, after the reordering of channels where the network wants BGR.
 * Constants and intermediate values are named after `output`.
 */
export function normalizationNodes(
  normalization: Normalization,
  input: string,
  output: string,
): { nodes: OnnxNode[]; initializers: Map<string, Tensor> } {
  const { mean, std, scale, channels } = normalization;
  const nodes: OnnxNode[] = [];
  const initializers = new Map<string, Tensor>();
  const constant = (name: string, tensor: Tensor): string => {
    initializers.set(`${output}.${name}`, tensor);
    return `${output}.${name}`;
  };
  let ordered = input;
  if (channels === 'BGR') {
    const [red, green, blue] = ['red', 'green', 'blue'].map((c) => `${output}.${c}`) as [string, string, string];
    const split = makeNode('Split', [input, constant('sizes', intTensor([1, 1, 1]))], red, { axis: 1 });
    nodes.push({ ...split, outputs: [red, green, blue] });
    ordered = `${output}.bgr`;
    nodes.push(makeNode('Concat', [blue, green, red], ordered, { axis: 1 }));
  }
  const factor = floatTensor(
    [1, 3, 1, 1],
    std.map((s) => scale / s),
  );
  const offset = floatTensor(
    [1, 3, 1, 1],
    mean.map((m, c) => -m / std[c]!),
  );
  nodes.push(makeNode('Mul', [ordered, constant('factor', factor)], `${output}.scaled`));
  nodes.push(makeNode('Add', [`${output}.scaled`, constant('offset', offset)], output));
  return { nodes, initializers };
}
