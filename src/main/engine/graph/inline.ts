import { MadderError } from '../../../shared/errors.ts';
import { floatTensor, intTensor, numbersOf, type Tensor } from '../../../shared/tensor.ts';
import { isFloatType, toFloat32 } from '../../formats/half.ts';
import { ELEMENT_TYPE_CODES } from '../../formats/onnx-codec.ts';
import { capturedNames, type AttributeValue, type OnnxGraph, type OnnxNode } from '../../formats/onnx.ts';
import { foldNode } from './fold.ts';
import type { Graph, Value } from './graph.ts';
import { lower } from './lower.ts';
import {
  castType,
  inferShapes,
  intAttribute,
  intsAttribute,
  nodeError,
  normalizeAxes,
  pooledSize,
  reducedAxes,
  sliceRanges,
  stringAttribute,
} from './shapes.ts';

/** A constant of the template that enters the graph when a node first reads it. */
interface Pending {
  readonly tensor: Tensor;
  readonly hint: string;
}

/** What a template value became: a value of the graph, or a constant that is not in it yet. */
type Entry = string | Pending;

/** Names of constants that inlining added, so that a network replayed twice shares its weights. */
const addedConstants = new WeakMap<Graph, WeakMap<Tensor, string>>();

/**
 * Replays into `graph`, which has concrete shapes, the nodes of `template` (opset 17, shapes possibly symbolic) that the
 * `wanted` template values need. `bindings` maps template values, usually its inputs, to values of the graph that stand
 * for them. Everything becomes float32: half and double precision constants and casts to them. Constant sub-graphs are
 * folded, nodes that do nothing are skipped, automatic padding becomes explicit and axes count from the front. Of an
 * `If` only the branch that is taken is replayed; a condition that depends on the picture is refused.
 *
 * Value names are the template's behind `prefix`, made unique. Returns, per template value that was replayed or bound,
 * its name in the graph. Throws a MadderError of kind `network` for unknown or unbound values and for nodes that are
 * not supported.
 */
export function inlineTemplate(
  graph: Graph,
  template: OnnxGraph,
  bindings: ReadonlyMap<string, string>,
  wanted: readonly string[],
  prefix = '',
): ReadonlyMap<string, string> {
  const { nodes, needed } = neededNodes(template, bindings, wanted);
  const outerOrigin = graph.origin;
  const entries = new Map<string, Entry>(bindings);

  const entryOf = (name: string): Entry => {
    let entry = entries.get(name);
    if (entry === undefined) {
      const tensor = template.initializers.get(name);
      if (!tensor) throw new MadderError('network', `The network has a value "${name}" that nothing was given for.`);
      entry = pending(name, tensor);
      entries.set(name, entry);
    }
    return entry;
  };
  const pending = (name: string, tensor: Tensor): Pending => ({ tensor: toSingle(tensor), hint: prefix + name });
  const valueOf = (name: string): Value => {
    const entry = entryOf(name);
    return typeof entry === 'string' ? graph.value(entry) : entry.tensor;
  };
  const constantOf = (name: string): Tensor | undefined => {
    const entry = entryOf(name);
    return typeof entry === 'string' ? graph.tensor(entry) : entry.tensor;
  };
  const nameOf = (name: string): string => {
    const entry = entryOf(name);
    if (typeof entry === 'string') return entry;
    const added = addedConstants.get(graph) ?? new WeakMap<Tensor, string>();
    addedConstants.set(graph, added);
    const known = added.get(entry.tensor) ?? graph.constant(entry.tensor, entry.hint);
    added.set(entry.tensor, known);
    return known;
  };

  /** Replays the branch of an `If` that is taken whatever the picture shows. */
  const replayBranch = (node: OnnxNode): void => {
    const branch = takenBranch(node, constantOf(node.inputs[0] ?? ''));
    const captured = new Set(capturedNames({ ...branch, inputs: [] }));
    const inner = new Map(
      branch.inputs.flatMap(({ name }, i) =>
        captured.has(name) ? [[name, nameOf(node.inputs[i + 1]!)] as const] : [],
      ),
    );
    const used = node.outputs.flatMap((name, i) => (needed.has(name) && !bindings.has(name) ? [i] : []));
    const results = used.map((i) => branch.outputs[i]!.name);
    const names = inlineTemplate(graph, branch, inner, results, prefix);
    used.forEach((i, k) => entries.set(node.outputs[i]!, names.get(results[k]!)!));
  };

  const replay = (original: OnnxNode): void => {
    if (original.op === 'If' && original.domain === '') return replayBranch(original);
    let values = original.inputs.map((name) => (name === '' ? undefined : valueOf(name)));
    let constants = original.inputs.map((name) => (name === '' ? undefined : constantOf(name)));
    let node = normalized(original, values);
    const spread = allAxes(node, values, constants);
    if (spread) {
      const name = `${node.outputs[0]}/${spread.what}`;
      entries.set(name, pending(name, spread.tensor));
      node = { ...spread.node, inputs: spread.node.inputs.with(spread.input, name) };
      values = spread.node.inputs.map((_, i) => (i === spread.input ? spread.tensor : values[i]));
      constants = spread.node.inputs.map((_, i) => (i === spread.input ? spread.tensor : constants[i]));
    }
    const folded = foldNode(node, constants, values);
    if (folded) {
      node.outputs.forEach((name, i) => {
        const tensor = folded[i];
        if (tensor && !bindings.has(name)) entries.set(name, pending(name, tensor));
      });
      return;
    }
    // Inferred here too, so that what does not fit is refused under the node's name in the file.
    const inferred = inferShapes(node, values, constants);
    if (doesNothing(node, values, constants, inferred[0]!)) {
      if (node.outputs.slice(1).some((name) => needed.has(name))) throw nodeError(node, 'has a mask that is used');
      entries.set(node.outputs[0]!, entryOf(node.inputs[0]!));
    } else {
      const inputs = node.inputs.map((name) => (name === '' ? '' : nameOf(name)));
      while (inputs.at(-1) === '') inputs.pop();
      const isSingle = node.outputs.slice(1).every((name) => !needed.has(name));
      const lowered = isSingle ? lower(graph, node, inputs, prefix + node.outputs[0]!) : undefined;
      if (lowered !== undefined) {
        if (!bindings.has(node.outputs[0]!)) entries.set(node.outputs[0]!, lowered);
        return;
      }
      const isKept = (name: string): boolean => name !== '' && (needed.has(name) || node.op === 'Split');
      const outputs = node.outputs.map((name) => (isKept(name) ? graph.fresh(prefix + name) : ''));
      while (outputs.at(-1) === '') outputs.pop();
      // Named like its first output: onnxruntime refuses graphs in which two nodes share a name.
      const name = outputs.find((output) => output !== '');
      graph.ops(node.op, inputs, { ...node.attributes }, outputs, name);
      node.outputs.forEach((name, i) => {
        if (outputs[i] && !bindings.has(name)) entries.set(name, outputs[i]);
      });
    }
  };

  try {
    for (const node of nodes) {
      graph.origin = node.name || undefined;
      replay(node);
    }
  } finally {
    graph.origin = outerOrigin;
  }

  const names = new Map(wanted.map((name) => [name, nameOf(name)]));
  for (const [name, entry] of entries) {
    const known = typeof entry === 'string' ? entry : addedConstants.get(graph)?.get(entry.tensor);
    if (known !== undefined) names.set(name, known);
  }
  return names;
}

/** The nodes that `wanted` depends on down to the bound values, in order, and the names of all values among them. */
function neededNodes(
  template: OnnxGraph,
  bindings: ReadonlyMap<string, string>,
  wanted: readonly string[],
): { nodes: OnnxNode[]; needed: ReadonlySet<string> } {
  const known = new Set([
    ...bindings.keys(),
    ...template.initializers.keys(),
    ...template.inputs.map((input) => input.name),
    ...template.nodes.flatMap((node) => node.outputs),
  ]);
  const unknown = wanted.find((name) => name === '' || !known.has(name));
  if (unknown !== undefined) throw new MadderError('network', `The network has no value named "${unknown}".`);
  const needed = new Set(wanted);
  const nodes = template.nodes
    .toReversed()
    .filter((node) => {
      if (!node.outputs.some((name) => name !== '' && needed.has(name) && !bindings.has(name))) return false;
      for (const name of node.inputs) if (name !== '') needed.add(name);
      return true;
    })
    .reverse();
  return { nodes, needed };
}

/** The branch of an `If` node (as toOpset17 leaves it) that its constant condition chooses. */
function takenBranch(node: OnnxNode, condition: Tensor | undefined): OnnxGraph {
  if (!condition) {
    throw nodeError(node, 'chooses what to compute by values that depend on the picture, which is not supported');
  }
  if (condition.data.length !== 1) throw nodeError(node, `has ${condition.data.length} conditions instead of one`);
  const name = numbersOf(condition)[0] === 0 ? 'else_branch' : 'then_branch';
  const branch = node.attributes[name];
  if (typeof branch !== 'object' || !('nodes' in branch)) throw nodeError(node, `lacks its ${name}`);
  if (branch.outputs.length !== node.outputs.length || branch.inputs.length !== node.inputs.length - 1) {
    throw nodeError(node, `has a ${name} that does not fit it`);
  }
  return branch;
}

/** The engine computes in float32 alone: other real numbers are converted once, when they enter. */
const toSingle = (tensor: Tensor): Tensor => (isFloatType(tensor.type) ? toFloat32(tensor) : tensor);

/** The node with float32 attributes and casts, axes counted from the front, and explicit padding. */
function normalized(node: OnnxNode, values: readonly (Value | undefined)[]): OnnxNode {
  const attributes: Record<string, AttributeValue> = {};
  for (const [name, value] of Object.entries(node.attributes)) {
    attributes[name] = typeof value === 'object' && 'data' in value ? toSingle(value) : value;
  }
  if (node.domain !== '') return node;
  const rank = values[0]?.dims.length ?? 0;
  if (node.op === 'Cast' && isFloatType(castType(node))) attributes['to'] = ELEMENT_TYPE_CODES.float32;
  const axis = intAttribute(node, 'axis', 0);
  if (axis < 0) attributes['axis'] = axis + rank;
  if (node.op.startsWith('Reduce') && intsAttribute(node, 'axes'))
    attributes['axes'] = reducedAxes(node, rank, undefined);
  Object.assign(attributes, explicitPadding(node, values));
  if (node.op === 'MaxPool' && intAttribute(node, 'ceil_mode', 0))
    Object.assign(attributes, explicitCeil(node, attributes, values));
  delete attributes['auto_pad'];
  delete attributes['output_shape'];
  return { ...node, attributes };
}

/**
 * `Pad` and `Resize` of opset 18 may speak of some axes only. Returns the node without the axes, and the constant that
 * says the same for all axes, with the input it belongs to; undefined when the node speaks of all axes anyway.
 */
function allAxes(
  node: OnnxNode,
  values: readonly (Value | undefined)[],
  constants: readonly (Tensor | undefined)[],
): { node: OnnxNode; input: number; what: string; tensor: Tensor } | undefined {
  const dims = values[0]?.dims;
  if (!dims) return undefined;
  const spread = (list: readonly number[], axes: readonly number[], rest: readonly number[]): number[] => {
    if (list.length !== axes.length)
      throw nodeError(node, `has ${axes.length} axes but ${list.length} numbers for them`);
    const at = normalizeAxes(node, axes, dims.length);
    return rest.map((value, axis) => (at.includes(axis) ? list[at.indexOf(axis)]! : value));
  };
  if (node.op === 'Pad' && node.inputs[3]) {
    const [pads, axes] = [constants[1], constants[3]];
    if (!pads || !axes) throw nodeError(node, 'needs constant pads and axes');
    const list = numbersOf(pads);
    const none = dims.map(() => 0);
    const half = list.length / 2;
    const all = [list.slice(0, half), list.slice(half)].flatMap((part) => spread(part, numbersOf(axes), none));
    return { node: { ...node, inputs: node.inputs.slice(0, 3) }, input: 1, what: 'pads', tensor: intTensor(all) };
  }
  const axes = node.op === 'Resize' ? intsAttribute(node, 'axes') : undefined;
  if (!axes) return undefined;
  const { axes: _, ...attributes } = node.attributes;
  const plain = { ...node, attributes };
  if (constants[3]) {
    return { node: plain, input: 3, what: 'sizes', tensor: intTensor(spread(numbersOf(constants[3]), axes, dims)) };
  }
  if (!constants[2]) throw nodeError(node, 'needs constant scales or sizes');
  const scales = spread(
    numbersOf(constants[2]),
    axes,
    dims.map(() => 1),
  );
  return { node: plain, input: 2, what: 'scales', tensor: floatTensor([scales.length], scales) };
}

/** The attributes that replace `auto_pad` and `output_shape`, if the node has them. */
function explicitPadding(node: OnnxNode, values: readonly (Value | undefined)[]): Record<string, readonly number[]> {
  const mode = stringAttribute(node, 'auto_pad', 'NOTSET');
  const outputShape = intsAttribute(node, 'output_shape');
  const space = values[0]?.dims.slice(2) ?? [];
  if (mode === 'VALID' && !outputShape) return { pads: new Array<number>(2 * space.length).fill(0) };
  if (mode === 'NOTSET' && !outputShape) return {};
  if (mode !== 'NOTSET' && mode !== 'VALID' && mode !== 'SAME_UPPER' && mode !== 'SAME_LOWER') {
    throw nodeError(node, `pads in the unknown way "${mode}"`);
  }
  const isPool = node.op === 'MaxPool' || node.op === 'AveragePool';
  const kernel = isPool ? intsAttribute(node, 'kernel_shape') : values[1]?.dims.slice(2);
  const perAxis = (name: string, fallback: number): readonly number[] =>
    intsAttribute(node, name) ?? space.map(() => fallback);
  const strides = perAxis('strides', 1);
  const dilations = perAxis('dilations', 1);
  const extra = perAxis('output_padding', 0);
  const wanted = outputShape?.slice(-space.length);
  const lists = [kernel ?? [], strides, dilations, extra, wanted ?? space];
  if (lists.some((list) => list.length !== space.length)) throw nodeError(node, 'has lists of wrong length');

  const windows = space.map((_, i) => dilations[i]! * (kernel![i]! - 1) + 1);
  const begins: number[] = [];
  const ends: number[] = [];
  const outputPadding: number[] = [];
  space.forEach((size, i) => {
    const stride = strides[i]!;
    let total: number;
    if (node.op === 'ConvTranspose') {
      total = stride * (size - 1) + extra[i]! + windows[i]! - (wanted?.[i] ?? size * stride);
      // A larger output than the windows reach: onnxruntime fills up an explicit shape, and ignores SAME there.
      outputPadding.push(extra[i]! + (wanted ? Math.max(0, -total) : 0));
    } else {
      total = (Math.ceil(size / stride) - 1) * stride + windows[i]! - size;
    }
    total = Math.max(0, total);
    const half = Math.floor(total / 2);
    // With an explicit output shape and no mode, the specification puts the odd one at the beginning.
    const begin = mode === 'SAME_UPPER' ? half : total - half;
    begins.push(begin);
    ends.push(total - begin);
  });
  const pads = [...begins, ...ends];
  return node.op === 'ConvTranspose' ? { pads, output_padding: outputPadding } : { pads };
}

/**
 * The end pads with which a max pool rounded down has the size that `ceil_mode` gives. Padding never wins a maximum, so
 * nothing else changes; onnxruntime's own shape inference counts windows in `ceil_mode` that its kernel then drops.
 */
function explicitCeil(
  node: OnnxNode,
  attributes: Readonly<Record<string, AttributeValue>>,
  values: readonly (Value | undefined)[],
): Record<string, AttributeValue> {
  const space = values[0]?.dims.slice(2) ?? [];
  const perAxis = (name: string, fallback: readonly number[]) => (attributes[name] as readonly number[]) ?? fallback;
  const ones = space.map(() => 1);
  const kernel = perAxis('kernel_shape', ones);
  const strides = perAxis('strides', ones);
  const dilations = perAxis('dilations', ones);
  const pads = perAxis('pads', [...space, ...space].fill(0));
  if ([kernel, strides, dilations].some((list) => list.length !== space.length))
    throw nodeError(node, 'has lists of wrong length');
  const ends = space.map((size, i) => {
    const [begin, end] = [pads[i]!, pads[i + space.length]!];
    const count = pooledSize(size, kernel[i]!, strides[i]!, dilations[i]!, begin, end, true);
    return Math.max(0, (count - 1) * strides[i]! + dilations[i]! * (kernel[i]! - 1) + 1 - size - begin);
  });
  return { pads: [...pads.slice(0, space.length), ...ends], ceil_mode: 0 };
}

/** Whether a node hands on its first input unchanged. */
function doesNothing(
  node: OnnxNode,
  values: readonly (Value | undefined)[],
  constants: readonly (Tensor | undefined)[],
  output: Value,
): boolean {
  const input = values[0];
  if (node.domain !== '' || !input) return false;
  const keepsShape = output.dims.join() === input.dims.join();
  switch (node.op) {
    case 'Identity':
    case 'Dropout':
      return true;
    case 'Cast':
      return castType(node) === input.type;
    case 'Reshape':
    case 'Flatten':
    case 'Squeeze':
    case 'Expand':
    case 'Tile':
    case 'Resize': // onnxruntime copies where no size changes, whatever the scales say
      return keepsShape;
    case 'Concat':
    case 'Sum':
    case 'Min':
    case 'Max':
      return node.inputs.length === 1;
    case 'Transpose':
      return intsAttribute(node, 'perm')?.every((p, i) => p === i) ?? input.dims.length < 2;
    case 'Pad':
      return constants[1] !== undefined && keepsShape && numbersOf(constants[1]).every((p) => p === 0);
    case 'Slice':
      return (
        keepsShape && sliceRanges(node, input.dims, constants).every(({ start, step }) => start === 0 && step === 1)
      );
    default:
      return false;
  }
}
