import type { OnnxNode } from '../../formats/onnx.ts';
import type { Graph } from './graph.ts';
import {
  celu,
  gelu,
  hardSwish,
  mish,
  selu,
  shrink,
  signLowering,
  softsign,
  swish,
  tan,
  thresholdedRelu,
} from './lowerings/activations.ts';
import { attention } from './lowerings/attention.ts';
import { conv } from './lowerings/convolution.ts';
import { einsum } from './lowerings/einsum.ts';
import { localResponse } from './lowerings/local-response.ts';
import type { Lowering } from './lowerings/lowering.ts';
import { maxPool } from './lowerings/max-pool.ts';
import { cumSum, gatherNd, pad, spaceToDepth, trilu } from './lowerings/movements.ts';
import { groupNormalization, rmsNormalization } from './lowerings/normalizations.ts';
import { logSoftmax, reduceL1, reduceLogSum, reduceLogSumExp, reduceMin, reduceProd } from './lowerings/reductions.ts';
import { resize } from './lowerings/resize.ts';

/** Operators that some provider lacks or computes wrong, that are newer than opset 17, or that have no gradient rule. */
const LOWERINGS: ReadonlyMap<string, Lowering> = new Map<string, Lowering>([
  ['Attention', attention],
  ['Celu', celu],
  ['Conv', conv],
  ['CumSum', cumSum],
  ['Einsum', einsum],
  ['GatherND', gatherNd],
  ['Gelu', gelu],
  ['GroupNormalization', groupNormalization],
  ['HardSwish', hardSwish],
  ['LRN', localResponse],
  ['LogSoftmax', logSoftmax],
  ['MaxPool', maxPool],
  ['Mish', mish],
  ['Pad', pad],
  ['RMSNormalization', rmsNormalization],
  ['ReduceL1', reduceL1],
  ['ReduceLogSum', reduceLogSum],
  ['ReduceLogSumExp', reduceLogSumExp],
  ['ReduceMin', reduceMin],
  ['ReduceProd', reduceProd],
  ['Resize', resize],
  ['Selu', selu],
  ['Shrink', shrink],
  ['Sign', signLowering],
  ['Softsign', softsign],
  ['SpaceToDepth', spaceToDepth],
  // x₁ + x₂ + …
  ['Sum', (graph, inputs, _node, name) => inputs.reduce((a, b) => graph.op('Add', [a, b], {}, name))],
  ['Swish', swish],
  ['Tan', tan],
  ['ThresholdedRelu', thresholdedRelu],
  ['Trilu', trilu],
]);

/** Operators that `lower` may replace. */
export const loweredOperators = (): string[] => [...LOWERINGS.keys()];

/**
 * Emits a node in terms of portable operators with gradient rules and returns what stands for its first output;
 * undefined for a node that needs no such help. `inputs` are the graph's values for the node's inputs.
 */
export function lower(graph: Graph, node: OnnxNode, inputs: readonly string[], name: string): string | undefined {
  return LOWERINGS.get(node.op)?.(graph, inputs, node, name);
}
