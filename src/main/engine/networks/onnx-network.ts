import { MadderError } from '../../../shared/errors.ts';
import type { Normalization } from '../../../shared/network-manifest.ts';
import type { OnnxGraph, OnnxModel, OnnxValueInfo } from '../../formats/onnx.ts';
import { toOpset17 } from '../graph/upgrade.ts';
import type { Template } from './architectures/builder.ts';
import { isFinite32 } from './architectures/state-dict.ts';
import { findLayers, pickDefaults } from './layers.ts';
import { normalizationNodes } from './normalization.ts';
import { layerOutputs, nameMaker, pictureInput, pruned } from './template.ts';

/**
 * The feature part of an ONNX network: what its layers need, with the normalization before it.
 * @param file what to call the file in messages
 * @throws MadderError `network` where the file does not hold a network that looks at RGB pictures
 */
export function templateFromOnnx(model: OnnxModel, normalization: Normalization, file: string): Template {
  const { graph } = toOpset17(model);
  const picture = findPicture(graph, file);
  const input = nameMaker(graph)('picture');
  const { nodes, initializers } = normalizationNodes(normalization, input, picture.name);
  const whole: OnnxGraph = {
    ...graph,
    nodes: [...nodes, ...graph.nodes],
    initializers: new Map([...graph.initializers, ...initializers]),
    inputs: [pictureInput(input)],
  };
  const layers = findLayers(whole, input);
  if (layers.length === 0) {
    throw new MadderError('network', `${file} holds no convolutional layers to read features from; choose another network.`);
  }
  const features = pruned({ ...whole, outputs: layerOutputs(layers) });
  for (const [name, tensor] of features.initializers) {
    if (tensor.type === 'float32' && !isFinite32(tensor.data)) {
      throw new MadderError('network', `${file} holds infinite or undefined numbers in "${name}"; export it again.`);
    }
  }
  return { graph: features, input, layers, ...pickDefaults(layers) };
}

/** The one input that is fed: a float32 picture [1,3,H,W]. */
function findPicture(graph: OnnxGraph, file: string): OnnxValueInfo {
  const fed = graph.inputs.filter((i) => !graph.initializers.has(i.name));
  const refuse = (why: string): never => {
    throw new MadderError(
      'network',
      `${file} ${why}; export it with one float32 input of shape [1, 3, height, width].`,
    );
  };
  const picture = fed[0];
  if (!picture || fed.length > 1) return refuse(`has ${fed.length} inputs`);
  const { type, dims } = picture;
  if (type !== undefined && type !== 'float32') return refuse(`takes ${type} numbers`);
  if (dims && (dims.length !== 4 || (typeof dims[1] === 'number' && dims[1] !== 3))) {
    return refuse(`takes an input of shape [${dims.map((d) => d || '?').join(', ')}]`);
  }
  return picture;
}
