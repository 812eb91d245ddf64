import { MadderError } from '../../../shared/errors.ts';
import { floatTensor, intTensor, numbersOf, type Tensor } from '../../../shared/tensor.ts';
import { toFloat32 } from '../../formats/half.ts';
import {
  capturedNames,
  subGraphs,
  type AttributeValue,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
} from '../../formats/onnx.ts';
import { OPSET } from './graph.ts';
import { constantValue, intAttribute, intsAttribute, nodeError, stringAttribute } from './shapes.ts';

const OLDEST = 9;
const NEWEST = 25;

/** Replaces one node by nodes of opset 17 with the same meaning. */
type Upgrade = (node: OnnxNode, context: Context) => readonly OnnxNode[];

interface Context {
  readonly opset: number;
  /** Adds a constant and returns its name. */
  constant(tensor: Tensor, hint: string): string;
  /** The constant behind a name: an initializer or the result of a Constant node, of this graph or one around it. */
  tensor(name: string | undefined): Tensor | undefined;
  fresh(hint: string): string;
}

/**
 * The same network in the operator set that the engine speaks (17), from a file of opset 9 to 25. Nodes whose meaning
 * did not change pass as they are, even those that the engine refuses later. `Pad` may keep its axes input and `Resize`
 * its axes attribute (both opset 18): they need the rank, which is known when the graph is inlined. Operators that came
 * after opset 17 pass too: those that the engine knows are lowered when the graph is inlined.
 *
 * What the branches of an `If` read from outside becomes inputs of the node behind its condition, under the same names
 * inputs of the branches: whoever follows the inputs of nodes finds all that they depend on.
 *
 * Throws a MadderError of kind `network` for another opset and for what opset 17 cannot express.
 */
export function toOpset17(model: OnnxModel): OnnxModel {
  const { opset, graph } = model;
  if (!Number.isInteger(opset) || opset < OLDEST || opset > NEWEST) {
    throw new MadderError(
      'network',
      `The network uses operator set ${opset}, but Madder reads ${OLDEST} to ${NEWEST}; export it again with opset ${OPSET}.`,
    );
  }
  return { ...model, opset: OPSET, graph: upgraded(graph, opset, new Set(namesIn(graph)), () => undefined) };
}

/** All names of values in a graph and in its sub-graphs. */
const namesIn = (graph: OnnxGraph): string[] => [
  ...graph.initializers.keys(),
  ...graph.inputs.map((input) => input.name),
  ...graph.nodes.flatMap((node) => [...node.outputs, ...subGraphs(node).flatMap(([, inner]) => namesIn(inner))]),
];

/** A graph in opset 17; `outer` gives the constants of the graphs around it. */
function upgraded(graph: OnnxGraph, opset: number, taken: Set<string>, outer: Context['tensor']): OnnxGraph {
  const initializers = new Map(graph.initializers);
  const constants = new Map(
    graph.nodes.flatMap((node) =>
      node.op === 'Constant' && node.domain === '' ? [[node.outputs[0], node] as const] : [],
    ),
  );
  const context: Context = {
    opset,
    constant(tensor, hint) {
      const name = context.fresh(hint);
      initializers.set(name, tensor);
      return name;
    },
    tensor(name) {
      const made = constants.get(name ?? '');
      return made ? constantValue(made) : (initializers.get(name ?? '') ?? outer(name));
    },
    fresh(hint) {
      let name = hint;
      for (let i = 1; taken.has(name); i++) name = `${hint}~${i}`;
      taken.add(name);
      return name;
    },
  };
  const nodes = graph.nodes.flatMap((node) => {
    if (node.domain !== '') return [node];
    if (node.op === 'If') return [closed(node, (branch) => upgraded(branch, opset, taken, context.tensor))];
    return UPGRADES.get(node.op)?.(node, context) ?? [node];
  });
  return { ...graph, nodes, initializers };
}

/** The node with upgraded branches that read nothing but their inputs, which are those of the node but the first. */
function closed(node: OnnxNode, upgrade: (branch: OnnxGraph) => OnnxGraph): OnnxNode {
  const branches = subGraphs(node).map(([name, branch]) => [name, upgrade(branch)] as const);
  const captured = [...new Set(branches.flatMap(([, branch]) => capturedNames(branch)))];
  const inputs = captured.map((name) => ({ name, type: undefined, dims: undefined }));
  const attributes = Object.fromEntries(branches.map(([name, branch]) => [name, { ...branch, inputs }]));
  return { ...node, inputs: [...node.inputs.slice(0, 1), ...captured], attributes };
}

/** The node without some attributes. */
function without(node: OnnxNode, ...names: readonly string[]): OnnxNode {
  const attributes = Object.fromEntries(Object.entries(node.attributes).filter(([name]) => !names.includes(name)));
  return { ...node, attributes };
}

/** The node with the integer attributes of the given names turned into inputs, in this order after the first. */
function attributesToInputs(node: OnnxNode, names: readonly string[], context: Context): OnnxNode {
  const inputs = [node.inputs[0] ?? ''];
  for (const name of names) {
    const list = intsAttribute(node, name);
    inputs.push(list ? context.constant(intTensor(list), `${node.outputs[0]}/${name}`) : '');
  }
  while (inputs.at(-1) === '') inputs.pop();
  return { ...without(node, ...names), inputs };
}

/** Attributes that became inputs at opset `since`. */
const inputsSince =
  (since: number, ...names: readonly string[]): Upgrade =>
  (node, context) => [context.opset < since ? attributesToInputs(node, names, context) : node];

function floatAttribute(node: OnnxNode, name: string): number | undefined {
  const value = node.attributes[name];
  if (value === undefined || typeof value === 'number') return value;
  throw nodeError(node, `has an attribute ${name} that is not a number`);
}

/** Opset 18 made the axes of reductions an input; before, and at 17, they are an attribute. */
const reduction: Upgrade = (node, context) => {
  if (context.opset < 18) return [node];
  const name = node.inputs[1] ?? '';
  const axes = context.tensor(name);
  if (name !== '' && !axes) throw nodeError(node, 'computes its axes, which is not supported');
  const list = axes ? numbersOf(axes) : [];
  if (list.length === 0 && intAttribute(node, 'noop_with_empty_axes', 0) !== 0) {
    throw nodeError(node, 'reduces over no axes, which is not supported');
  }
  const upgraded = { ...without(node, 'noop_with_empty_axes'), inputs: node.inputs.slice(0, 1) };
  return [list.length === 0 ? upgraded : { ...upgraded, attributes: { ...upgraded.attributes, axes: list } }];
};

/** Opset 11 made the limits inputs. */
const clip: Upgrade = (node, context) => {
  if (context.opset >= 11) return [node];
  const limits = ['min', 'max'].map((name) => {
    const limit = floatAttribute(node, name);
    return limit === undefined ? '' : context.constant(floatTensor([], [limit]), `${node.outputs[0]}/${name}`);
  });
  return [{ ...without(node, 'min', 'max'), inputs: [node.inputs[0] ?? '', ...limits] }];
};

/** Opset 11 made pads and fill value inputs. */
const pad: Upgrade = (node, context) => {
  if (context.opset >= 11) return [node];
  const fill = floatAttribute(node, 'value') ?? 0;
  const padded = attributesToInputs(without(node, 'value'), ['pads'], context);
  if (fill === 0) return [padded];
  return [
    { ...padded, inputs: [...padded.inputs, context.constant(floatTensor([], [fill]), `${node.outputs[0]}/value`)] },
  ];
};

/** Only inference is wanted, where Dropout hands its input on; since opset 12 it can be told to train. */
const dropout: Upgrade = (node, context) => {
  const training = context.tensor(node.inputs[2]);
  if (training && numbersOf(training).some((v) => v !== 0)) {
    throw nodeError(node, 'is in training mode; export the network for inference');
  }
  return [{ ...node, inputs: node.inputs.slice(0, 1), attributes: {} }];
};

/** Upsample 9 and Resize 10 have scales alone and sample at `output / scale`. */
const resizeByScales: Upgrade = (node, context) => {
  const attributes: Record<string, AttributeValue> = {
    mode: stringAttribute(node, 'mode', 'nearest'),
    coordinate_transformation_mode: 'asymmetric',
  };
  if (attributes['mode'] === 'nearest') {
    // Per axis, onnxruntime's old rounding goes down when it enlarges and up when it shrinks; opset 17 has one rule.
    const tensor = context.tensor(node.inputs[1]);
    const scales = tensor ? Array.from(toFloat32(tensor).data) : [];
    const shrinks = scales.some((scale) => scale < 1);
    if (shrinks && scales.some((scale) => scale > 1)) throw nodeError(node, 'enlarges one axis and shrinks another');
    attributes['nearest_mode'] = shrinks ? 'ceil' : 'floor';
  }
  return [{ ...node, op: 'Resize', inputs: [node.inputs[0] ?? '', '', node.inputs[1] ?? ''], attributes }];
};

const resize: Upgrade = (node, context) => {
  if (context.opset < 11) return resizeByScales(node, context);
  const policy = stringAttribute(node, 'keep_aspect_ratio_policy', 'stretch');
  if (policy !== 'stretch') throw nodeError(node, `resizes by the policy "${policy}", which is not supported`);
  const mode = stringAttribute(node, 'coordinate_transformation_mode', 'half_pixel');
  if (mode === 'half_pixel_symmetric' || mode === 'tf_half_pixel_for_nn') {
    throw nodeError(node, `places pixels by the rule "${mode}", which is not supported`);
  }
  // Left for inlining, which turns it into matrices; nearest resizing has none.
  const antialiases =
    intAttribute(node, 'antialias', 0) !== 0 && stringAttribute(node, 'mode', 'nearest') !== 'nearest';
  return [without(node, 'keep_aspect_ratio_policy', ...(antialiases ? [] : ['antialias']))];
};

/**
 * Before opset 13 the input counts as a matrix: axes from `axis` on form the rows that sum to one. The way through a
 * matrix and back disappears at inlining where the input is one already.
 */
const softmax: Upgrade = (node, context) => {
  if (context.opset >= 13) return [node];
  const axis = intAttribute(node, 'axis', 1);
  if (axis === -1) return [{ ...node, attributes: { axis } }];
  const [input = '', output = ''] = [node.inputs[0], node.outputs[0]];
  const shape = context.fresh(`${output}/shape`);
  const matrix = context.fresh(`${output}/matrix`);
  const rows = context.fresh(`${output}/rows`);
  const made = (
    op: string,
    inputs: string[],
    result: string,
    attributes: Record<string, AttributeValue> = {},
  ): OnnxNode => ({
    ...{ op, domain: '', name: node.name, inputs, outputs: [result], attributes },
  });
  return [
    made('Shape', [input], shape),
    made('Flatten', [input], matrix, { axis }),
    made(node.op, [matrix], rows, { axis: 1 }),
    made('Reshape', [rows, shape], output),
  ];
};

const averagePool: Upgrade = (node) => {
  if (intsAttribute(node, 'dilations')?.some((d) => d !== 1)) {
    throw nodeError(node, 'averages over dilated windows, which is not supported');
  }
  return [without(node, 'dilations')];
};

/** Before opset 14, more than one output means training. */
const batchNormalization: Upgrade = (node, context) => {
  if (context.opset < 14 && node.outputs.slice(1).some((name) => name !== '')) {
    throw nodeError(node, 'is in training mode; export the network for inference');
  }
  return [node];
};

/** Opset 18 can name the number of parts; at 17 the number of outputs says it, and the parts have to be equal. */
const split: Upgrade = (node, context) => {
  if (context.opset < 13) return [attributesToInputs(node, ['split'], context)];
  if (intAttribute(node, 'num_outputs', node.outputs.length) !== node.outputs.length) {
    throw nodeError(node, `has ${node.outputs.length} outputs but asks for another number`);
  }
  return [without(node, 'num_outputs')];
};

const UPGRADES: ReadonlyMap<string, Upgrade> = new Map<string, Upgrade>([
  ['Squeeze', inputsSince(13, 'axes')],
  ['Unsqueeze', inputsSince(13, 'axes')],
  ['ReduceSum', inputsSince(13, 'axes')],
  ['Slice', inputsSince(10, 'starts', 'ends', 'axes')],
  ...['Mean', 'Max', 'Min', 'Prod', 'L1', 'L2', 'SumSquare', 'LogSum', 'LogSumExp'].map(
    (kind) => [`Reduce${kind}`, reduction] as const,
  ),
  ['Split', split],
  ['Clip', clip],
  ['Pad', pad],
  ['Dropout', dropout],
  ['Upsample', resizeByScales],
  ['Resize', resize],
  ['Softmax', softmax],
  ['LogSoftmax', softmax],
  ['AveragePool', averagePool],
  ['BatchNormalization', batchNormalization],
  ['Cast', (node) => [without(node, 'saturate', 'round_mode')]],
]);
