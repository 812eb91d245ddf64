import { portableConv } from '../../autodiff/convolution.ts';
import { listOf, numberOf } from '../../autodiff/emit.ts';
import type { Lowering } from './lowering.ts';

/** Convolutions over two axes that some provider computes wrong. */
export const conv: Lowering = (graph, [x, weights, bias], node, name) => {
  const kernel = graph.dims(weights!).slice(2);
  if (kernel.length !== 2) return undefined;
  const options = {
    kernel,
    strides: listOf(node, 'strides', [1, 1]),
    pads: listOf(node, 'pads', [0, 0, 0, 0]),
    dilations: listOf(node, 'dilations', [1, 1]),
    group: numberOf(node, 'group', 1),
  };
  return portableConv(graph, x!, weights!, bias === '' ? undefined : bias, options, name);
};
