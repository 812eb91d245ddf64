import { floatTensor } from '../../../../shared/tensor.ts';
import { nodeError } from '../../graph/shapes.ts';
import { convolve } from '../convolution.ts';
import { listOf, numberOf } from '../emit.ts';
import type { GradientRule } from '../rule.ts';
import { transposedPads } from './transposed-pads.ts';

/**
 * y = W ⋆ x (+ b)   ⇒   dx = Wᵀ ⋆ dy, the transposed convolution.
 *
 * With stride 1 that is a convolution with the kernel turned by 180°, input and output channels exchanged within each
 * group, and pads d(k−1) − p. A stride s > 1 needs ConvTranspose with the same W, strides and dilations.
 */
export const convGradient: GradientRule = ({ graph, node, outputGradients, wanted }) => {
  if (wanted(1) || wanted(2)) {
    throw nodeError(node, 'has weights that depend on the picture, which has no gradient rule');
  }
  if (!wanted(0)) return [];
  const dy = outputGradients[0]!;
  const x = graph.dims(node.inputs[0]!);
  const spatial = x.length - 2;
  const w = graph.dims(node.inputs[1]!);
  const kernel = w.slice(2);
  const ones = kernel.map(() => 1);
  const strides = listOf(node, 'strides', ones);
  const dilations = listOf(node, 'dilations', ones);
  const pads = listOf(node, 'pads', [...ones, ...ones].fill(0));
  const group = numberOf(node, 'group', 1);
  const reach = kernel.map((k, i) => dilations[i]! * (k - 1));
  const flippedPads = [...pads].map((p, i) => reach[i % spatial]! - p);
  const weights = graph.tensor(node.inputs[1]!);

  if (weights?.type === 'float32' && strides.every((s) => s === 1) && flippedPads.every((p) => p >= 0)) {
    const flipped = graph.constant(turn(weights, group), `${node.inputs[1]!}.turned`);
    const options = { kernel, strides: ones, dilations, pads: flippedPads, group };
    return [convolve(graph, dy, flipped, options, `d.${node.inputs[0]!}`)];
  }
  const { pads: transposed, outputPadding } = transposedPads(x.slice(2), graph.dims(dy).slice(2), reach, strides, pads);
  const attributes = {
    kernel_shape: kernel,
    strides,
    dilations,
    pads: transposed,
    output_padding: outputPadding,
    group,
  };
  return [graph.op('ConvTranspose', [dy, node.inputs[1]!], attributes, `d.${node.inputs[0]!}`)];
};

/**
 * Kernel turned by 180° with input and output channels exchanged inside each group:
 * [M, C/g, ...k] becomes [C, M/g, ...k].
 */
function turn(weights: { dims: readonly number[]; data: Float32Array }, group: number) {
  const [m, cPerGroup, ...kernel] = weights.dims as [number, number, ...number[]];
  const mPerGroup = m / group;
  const size = kernel.reduce((a, b) => a * b, 1);
  const out = new Float32Array(weights.data.length);
  for (let g = 0; g < group; g++) {
    for (let o = 0; o < mPerGroup; o++) {
      for (let c = 0; c < cPerGroup; c++) {
        const from = ((g * mPerGroup + o) * cPerGroup + c) * size;
        const to = ((g * cPerGroup + c) * mPerGroup + o) * size;
        for (let k = 0; k < size; k++) out[to + size - 1 - k] = weights.data[from + k]!;
      }
    }
  }
  return floatTensor([cPerGroup * group, mPerGroup, ...kernel], out);
}
