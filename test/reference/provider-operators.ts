import type { Graph } from '../../src/main/engine/graph/graph.ts';
import type { OnnxNode } from '../../src/main/formats/onnx.ts';

/**
 * Standard operators with a float32 kernel at opset 17 or below, per execution provider of ONNX Runtime 1.30.
 *
 * Sources: docs/OperatorKernels.md of ONNX Runtime (cpu, cuda, dml), and for webgpu a probe of every operator with
 * `disable_cpu_ep_fallback`. The tables list what backward passes may want, not everything there is: an operator that is
 * missing here must be looked up (and for webgpu tried out) before a rule may emit it.
 */
const EVERYWHERE = [
  'Abs',
  'Add',
  'AveragePool',
  'BatchNormalization',
  'Cast',
  'Clip',
  'Concat',
  'Conv',
  'ConvTranspose',
  'Cos',
  'DepthToSpace',
  'Div',
  'Elu',
  'Equal',
  'Erf',
  'Exp',
  'Expand',
  'Flatten',
  'Gather',
  'Gemm',
  'GlobalAveragePool',
  'Greater',
  'HardSigmoid',
  'Identity',
  'InstanceNormalization',
  'Less',
  'Log',
  'MatMul',
  'Max',
  'MaxPool',
  'Min',
  'Mul',
  'Neg',
  'Pad',
  'Pow',
  'Reciprocal',
  'ReduceL2',
  'ReduceMax',
  'ReduceMean',
  'ReduceSum',
  'ReduceSumSquare',
  'Relu',
  'Reshape',
  'Resize',
  'Sigmoid',
  'Sin',
  'Slice',
  'Softmax',
  'Split',
  'Sqrt',
  'Squeeze',
  'Sub',
  'Tanh',
  'Tile',
  'Transpose',
  'Unsqueeze',
  'Where',
] as const;

/** Known to fall back to the cpu, or to fail, on webgpu: Sign, Sum, Mean, LRN, SpaceToDepth. */
const NOT_ON_WEBGPU = ['LRN', 'Mean', 'Sign', 'SpaceToDepth', 'Sum'] as const;

export const PROVIDER_OPERATORS: Readonly<Record<'cpu' | 'webgpu' | 'cuda' | 'dml', ReadonlySet<string>>> = {
  cpu: new Set([...EVERYWHERE, ...NOT_ON_WEBGPU, 'ScatterElements', 'ScatterND', 'Einsum', 'MaxUnpool']),
  webgpu: new Set([...EVERYWHERE, 'ScatterElements', 'ScatterND', 'Einsum']),
  // ScatterElements has no cuda kernel with `reduction` (onnxruntime#18381), and falls to the cpu on dml.
  cuda: new Set([...EVERYWHERE, ...NOT_ON_WEBGPU, 'Einsum']),
  dml: new Set([...EVERYWHERE, ...NOT_ON_WEBGPU, 'MaxUnpool']),
};

/** Inputs that hold shapes, axes or indices: they may be int64, and must be constant. */
const SHAPE_INPUTS: Readonly<Record<string, readonly number[]>> = {
  Reshape: [1],
  Expand: [1],
  Tile: [1],
  ReduceSum: [1],
  Squeeze: [1],
  Unsqueeze: [1],
  Split: [1],
  Slice: [1, 2, 3, 4],
  Pad: [1],
  Gather: [1],
  Resize: [3],
};

/** Inputs that must be constant although they are float32: providers read them when they plan, not when they run. */
const PLANNED_INPUTS: Readonly<Record<string, readonly number[]>> = { Resize: [1, 2], Pad: [2] };

/** Why a node may not run on every provider; empty for a portable one. */
export function portabilityProblems(graph: Graph, node: OnnxNode): string[] {
  const problems: string[] = [];
  for (const [provider, operators] of Object.entries(PROVIDER_OPERATORS)) {
    if (node.domain !== '' || !operators.has(node.op)) problems.push(`${provider} has no ${node.op}`);
  }
  if (node.attributes['auto_pad'] !== undefined)
    problems.push(`${node.op} with auto_pad (wrong on webgpu with strides)`);
  if (node.attributes['reduction'] !== undefined)
    problems.push(`${node.op} with reduction (falls back on cuda and dml)`);
  if (node.op === 'MaxPool' && node.outputs.length > 1) problems.push('MaxPool with Indices (fails on webgpu)');
  const mode = node.attributes['mode'];
  if (node.op === 'Resize' && mode !== undefined && mode !== 'nearest' && mode !== 'linear')
    problems.push('cubic Resize');
  return [
    ...problems,
    ...convolutionProblems(graph, node),
    ...typeProblems(graph, node),
    ...shapeProblems(graph, node),
  ];
}

/** What webgpu (onnxruntime 1.30) computes wrong, as found by trying kernels, strides, groups and numbers of channels. */
function convolutionProblems(graph: Graph, node: OnnxNode): string[] {
  const list = (name: string) => (node.attributes[name] as readonly number[] | undefined) ?? [];
  if (node.op !== 'Conv' || graph.dims(node.inputs[1]!).length !== 4) return [];
  const [outputs, inputs, ...kernel] = graph.dims(node.inputs[1]!) as [number, number, ...number[]];
  const isProduct = [...kernel, ...list('strides')].every((n) => n === 1);
  const isInThrees = inputs > 3 && inputs % 3 === 0 && inputs % 4 !== 0 && outputs % 4 === 0;
  const hasPads = list('pads').some((p) => p > 0) || graph.producer(node.inputs[0]!)?.op === 'Pad';
  if ((node.attributes['group'] ?? 1) !== 1) return [];
  return [
    ...(isInThrees && !isProduct ? [`Conv from ${inputs} to ${outputs} channels (wrong on webgpu)`] : []),
    ...(isProduct && hasPads ? ['Conv of one pixel with pads, its own or of a Pad before it (ignored on webgpu)'] : []),
  ];
}

function typeProblems(graph: Graph, node: OnnxNode): string[] {
  return node.inputs.flatMap((name, position) => {
    if (name === '') return [];
    const { type } = graph.value(name);
    const isConstant = graph.tensor(name) !== undefined;
    if (SHAPE_INPUTS[node.op]?.includes(position)) {
      return type === 'int64' && isConstant ? [] : [`input ${position} of ${node.op} is not an int64 constant`];
    }
    if (PLANNED_INPUTS[node.op]?.includes(position) && !isConstant) {
      return [`input ${position} of ${node.op} is not constant`];
    }
    if (node.op === 'Where' && position === 0) return type === 'bool' ? [] : ['Where without a bool condition'];
    return type === 'float32' ? [] : [`input ${position} of ${node.op} is ${type}`];
  });
}

function shapeProblems(graph: Graph, node: OnnxNode): string[] {
  return [...node.inputs, ...node.outputs].flatMap((name) => {
    if (name === '') return [];
    const { type, dims } = graph.value(name);
    // The shape of a scalar is an empty list.
    const smallest = type === 'int64' ? 0 : 1;
    if (dims.some((d) => !Number.isInteger(d) || d < smallest))
      return [`"${name}" of ${node.op} has shape [${dims.join()}]`];
    return dims.length > 8 ? [`"${name}" of ${node.op} has ${dims.length} axes (dml has 8 at most)`] : [];
  });
}
