import { floatTensor } from '../../../../shared/tensor.ts';
import { mean, numberOf, positiveAxis, reshape } from '../../autodiff/emit.ts';
import type { Graph } from '../graph.ts';
import { intAttribute } from '../shapes.ts';
import type { Lowering } from './lowering.ts';

/** A value with another shape; a constant stays one. */
function reshaped(graph: Graph, x: string, dims: readonly number[]): string {
  const tensor = graph.tensor(x);
  return tensor ? graph.constant({ ...tensor, dims }, x) : reshape(graph, x, dims);
}

const filled = (graph: Graph, count: number, value: number): string =>
  graph.constant(floatTensor([count], new Float32Array(count).fill(value)), 'filled');

/** (x − μ)/√(σ² + ε) · γ + β, μ and σ per group of channels (Wu & He 2018); γ and β per group or per channel */
export const groupNormalization: Lowering = (graph, [x, gamma, beta], node, name) => {
  const dims = graph.dims(x!);
  const [batch, channels, ...space] = dims as [number, number, ...number[]];
  const groups = intAttribute(node, 'num_groups', 1);
  const isPerGroup = graph.dims(gamma!)[0] === groups && groups !== channels;
  const rows = graph.op('Reshape', [x!, graph.ints([batch, groups, graph.size(x!) / batch / groups])]);
  const parameters = isPerGroup ? [gamma!, beta!] : [filled(graph, groups, 1), filled(graph, groups, 0)];
  const epsilon = numberOf(node, 'epsilon', 1e-5);
  const normalized = graph.op('InstanceNormalization', [rows, ...parameters], { epsilon });
  if (isPerGroup) return graph.op('Reshape', [normalized, graph.ints(dims)], {}, name);
  const back = graph.op('Reshape', [normalized, graph.ints(dims)]);
  const perChannel = [channels, ...space.map(() => 1)];
  const scaled = graph.op('Mul', [back, reshaped(graph, gamma!, perChannel)]);
  return graph.op('Add', [scaled, reshaped(graph, beta!, perChannel)], {}, name);
};

/** x / √(mean x² + ε) · γ, the mean over the axes from `axis` on (Zhang & Sennrich 2019) */
export const rmsNormalization: Lowering = (graph, [x, gamma], node, name) => {
  const rank = graph.dims(x!).length;
  const axis = positiveAxis(intAttribute(node, 'axis', -1), rank);
  const axes = [...Array(rank).keys()].slice(axis);
  const square = mean(graph, graph.op('Mul', [x!, x!]), axes);
  const size = graph.op('Sqrt', [graph.op('Add', [square, graph.scalar(numberOf(node, 'epsilon', 1e-5))])]);
  return graph.op('Mul', [graph.op('Div', [x!, size]), gamma!], {}, name);
};
