import { MadderError } from '../../../shared/errors.ts';
import type { Normalization } from '../../../shared/network-manifest.ts';
import type { Tensor } from '../../../shared/tensor.ts';
import type { OnnxGraph, OnnxModel, OnnxNode, OnnxValueInfo } from '../../formats/onnx.ts';
import { isFloatType, toFloat32 } from '../../formats/half.ts';
import { constantValue } from '../graph/shapes.ts';
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
  const graph = withoutConstantNodes(toOpset17(model).graph);
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
    throw new MadderError(
      'network',
      `${file} holds no convolutional layers to read features from; choose another network.`,
    );
  }
  const features = pruned({ ...whole, outputs: layerOutputs(layers) });
  const constants = new Map<string, Tensor>();
  for (const [name, tensor] of features.initializers) {
    const constant = isFloatType(tensor.type) ? toFloat32(tensor) : tensor;
    if (constant.type === 'float32' && !isFinite32(constant.data)) {
      throw new MadderError('network', `${file} holds infinite or undefined numbers in "${name}"; export it again.`);
    }
    constants.set(name, constant);
  }
  return { graph: { ...features, initializers: constants }, input, layers, ...pickDefaults(layers) };
}

/** The graph with the values of its Constant nodes among the initializers, where layers are looked for. */
function withoutConstantNodes(graph: OnnxGraph): OnnxGraph {
  const isConstant = (node: OnnxNode) => node.op === 'Constant' && node.domain === '';
  const values = graph.nodes.filter(isConstant).map((node) => [node.outputs[0]!, constantValue(node)] as const);
  const nodes = graph.nodes.filter((node) => !isConstant(node));
  return { ...graph, nodes, initializers: new Map([...graph.initializers, ...values]) };
}

/** The one input that is fed: a picture [1,3,H,W] of real numbers. */
function findPicture(graph: OnnxGraph, file: string): OnnxValueInfo {
  const fed = graph.inputs.filter((i) => !graph.initializers.has(i.name));
  const refuse = (why: string): never => {
    throw new MadderError('network', `${file} ${why}; export it with one input of shape [1, 3, height, width].`);
  };
  const picture = fed[0];
  if (!picture || fed.length > 1) return refuse(`has ${fed.length} inputs`);
  const { type, dims } = picture;
  if (type !== undefined && !isFloatType(type)) return refuse(`takes ${type} numbers`);
  const isRgb = dims?.[1] === 3 || (typeof dims?.[1] === 'string' && dims[3] !== 3);
  if (dims && (dims.length !== 4 || !isRgb)) {
    return refuse(`takes an input of shape [${dims.map((d) => d || '?').join(', ')}]`);
  }
  return picture;
}
