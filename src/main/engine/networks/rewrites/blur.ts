import type { OnnxNode } from '../../../formats/onnx.ts';
import { makeNode } from '../template.ts';

export interface SubsamplingOptions {
  /**
   * What is beyond the far edges. `nothing`: D positions become floor((D − 1) / s) + 1. `given`: x has s − 1 positions more
   * than strides reach where nothing is left over; its D become floor((D − s) / s) + 1, or with `ceil` rounded up.
   */
  readonly beyond: 'nothing' | 'given';
  readonly ceil?: boolean;
}

/**
 * Every s-th position of a blurred x: y_i = Σ_t b_t · x_(i·s + t) over |t| < s, in each axis with its own stride s, where
 *
 *     b = (1, 2 … s … 2, 1) / s²,   for s = 2 the binomial (1, 2, 1) / 4
 *
 * which is two means of s neighbours, one after the other. Means at the edges are of what lies inside.
 *
 * Such a low-pass filter belongs before a subsampling (Zhang 2019, "Making Convolutional Networks Shift-Invariant
 * Again"). Backwards it spreads an even gradient evenly: whichever t it begins with, every s-th b_t sum to 1/s. Strided
 * windows with learned weights give some positions more than others, again and again with the period s, which is a
 * checkerboard (Odena, Dumoulin and Olah 2016, "Deconvolution and Checkerboard Artifacts").
 *
 * It is made of means because these need no weights, hence no number of channels, which a template may not know.
 */
export function blurredSubsampling(
  x: string,
  result: string,
  strides: readonly number[],
  fresh: (hint: string) => string,
  { beyond, ceil = false }: SubsamplingOptions,
): OnnxNode[] {
  const reach = strides.map((s) => s - 1);
  const none = strides.map(() => 0);
  const mean = fresh(`${result}.mean`);
  const common = { kernel_shape: [...strides], count_include_pad: 0 };
  return [
    makeNode('AveragePool', [x], mean, { ...common, strides: strides.map(() => 1), pads: [...reach, ...none] }),
    makeNode('AveragePool', [mean], result, {
      ...common,
      strides: [...strides],
      // Where it pads, octaves leave its number of results alone, as they do that of the convolution that it stands for.
      pads: [...none, ...(beyond === 'nothing' ? reach : none)],
      ceil_mode: Number(ceil),
    }),
  ];
}
