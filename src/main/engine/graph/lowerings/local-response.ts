import { floatTensor } from '../../../../shared/tensor.ts';
import { numberOf } from '../../autodiff/emit.ts';
import type { Graph } from '../graph.ts';
import type { Lowering } from './lowering.ts';

/** x · s^−β, s = k + α/n · Σ x² over a window of n channels (Krizhevsky 2012) */
export const localResponse: Lowering = (graph, [x], node, name) => {
  const s = lrnScale(graph, x!, numberOf(node, 'size', 1), numberOf(node, 'alpha', 1e-4), numberOf(node, 'bias', 1));
  return graph.op('Mul', [x!, graph.op('Pow', [s, graph.scalar(-numberOf(node, 'beta', 0.75))])], {}, name);
};

/** s = bias + alpha/size · Σ x² over a window of `size` channels. */
export function lrnScale(graph: Graph, x: string, size: number, alpha: number, bias: number): string {
  const squares = bandSum(graph, graph.op('Mul', [x, x]), size, false);
  return graph.op('Add', [graph.op('Mul', [squares, graph.scalar(alpha / size)]), graph.scalar(bias)]);
}

/** Sum over a window of `size` channels, from c − ⌊(size−1)/2⌋ to c + ⌈(size−1)/2⌉, or its adjoint. */
export function bandSum(graph: Graph, x: string, size: number, adjoint: boolean): string {
  const channels = graph.dims(x)[1]!;
  const band = new Float32Array(channels * channels);
  const before = Math.floor((size - 1) / 2);
  for (let c = 0; c < channels; c++) {
    for (let k = Math.max(0, c - before); k <= Math.min(channels - 1, c - before + size - 1); k++) {
      band[adjoint ? k * channels + c : c * channels + k] = 1;
    }
  }
  const weights = graph.constant(floatTensor([channels, channels, 1, 1], band), 'band');
  return graph.op('Conv', [x, weights], { kernel_shape: [1, 1] });
}
