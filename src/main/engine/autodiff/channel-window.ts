import { floatTensor } from '../../../shared/tensor.ts';
import type { Graph } from '../graph/graph.ts';

/** s = bias + alpha/size · Σ x² over the channel window; shared with the portable forward pass of LRN. */
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
