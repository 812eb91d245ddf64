import { floatTensor } from '../../../../shared/tensor.ts';
import type { Graph } from '../../graph/graph.ts';
import { mean, numberOf } from '../emit.ts';
import type { GradientRule } from '../rule.ts';

/**
 * x̂ = (x − μ)/√(σ² + ε) with μ, σ taken from x itself over `axes`   ⇒   with ĝ = dy · γ
 * dx = (ĝ − mean(ĝ) − x̂ · mean(ĝ · x̂)) / √(σ² + ε)        (Ioffe & Szegedy 2015, section 3)
 */
function selfNormalized(graph: Graph, x: string, scaled: string, axes: readonly number[], epsilon: number): string {
  const centred = graph.op('Sub', [x, mean(graph, x, axes)]);
  const variance = mean(graph, graph.op('Mul', [centred, centred]), axes);
  const deviation = graph.op('Sqrt', [graph.op('Add', [variance, graph.scalar(epsilon)])]);
  const normalized = graph.op('Div', [centred, deviation]);
  const along = mean(graph, graph.op('Mul', [scaled, normalized]), axes);
  const reduced = graph.op('Sub', [scaled, mean(graph, scaled, axes)]);
  return graph.op('Div', [graph.op('Sub', [reduced, graph.op('Mul', [normalized, along])]), deviation]);
}

/** Normalised over positions, per picture and channel; γ per channel. */
export const instanceNormalizationGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  if (!wanted(0)) return [];
  const x = node.inputs[0]!;
  const dims = graph.dims(x);
  const gamma = graph.op('Reshape', [node.inputs[1]!, graph.ints([1, dims[1]!, ...dims.slice(2).map(() => 1)])]);
  const scaled = graph.op('Mul', [outputGradients[0]!, gamma]);
  const axes = dims.map((_, i) => i).slice(2);
  return [selfNormalized(graph, x, scaled, axes, numberOf(node, 'epsilon', 1e-5))];
};

/** Normalised over the last axes, from `axis` on; γ has their shape. */
export const layerNormalizationGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  if (!wanted(0)) return [];
  const x = node.inputs[0]!;
  const rank = graph.dims(x).length;
  const axis = numberOf(node, 'axis', -1);
  const axes = [...Array(rank).keys()].slice(axis < 0 ? axis + rank : axis);
  const scaled = graph.op('Mul', [outputGradients[0]!, node.inputs[1]!]);
  return [selfNormalized(graph, x, scaled, axes, numberOf(node, 'epsilon', 1e-5))];
};

/**
 * Local response normalization across channels (Krizhevsky 2012): s = k + α/n · Σ x² over a window of n channels, y = x s^−β
 * dx = dy · s^−β − (2αβ/n) · x · Σ' (dy · x · s^(−β−1)), Σ' over the channels whose window holds this one.
 * Both window sums are products with a constant band matrix: the LRN operator itself is missing on webgpu.
 */
export const lrnGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  if (!wanted(0)) return [];
  const x = node.inputs[0]!;
  const dy = outputGradients[0]!;
  const size = numberOf(node, 'size', 1);
  const alpha = numberOf(node, 'alpha', 1e-4);
  const beta = numberOf(node, 'beta', 0.75);
  const s = lrnScale(graph, x, size, alpha, numberOf(node, 'bias', 1));
  const power = graph.op('Pow', [s, graph.scalar(-beta)]);
  const direct = graph.op('Mul', [dy, power]);
  const inner = graph.op('Div', [graph.op('Mul', [direct, x]), s]);
  const around = bandSum(graph, inner, size, true);
  const indirect = graph.op('Mul', [graph.op('Mul', [x, around]), graph.scalar((2 * alpha * beta) / size)]);
  return [graph.op('Sub', [direct, indirect])];
};

/** s = bias + alpha/size · Σ x² over the channel window; shared with the portable forward pass of LRN. */
export function lrnScale(graph: Graph, x: string, size: number, alpha: number, bias: number): string {
  const squares = bandSum(graph, graph.op('Mul', [x, x]), size, false);
  return graph.op('Add', [graph.op('Mul', [squares, graph.scalar(alpha / size)]), graph.scalar(bias)]);
}

/** Sum over a window of `size` channels, from c − ⌊(size−1)/2⌋ to c + ⌈(size−1)/2⌉, or its adjoint. */
function bandSum(graph: Graph, x: string, size: number, adjoint: boolean): string {
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
